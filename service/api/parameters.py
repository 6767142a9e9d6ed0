"""What a request to the API may say: codes that exist, formats that are given, pages of one question."""

import hashlib
import itertools
from collections.abc import Callable, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from ingest.period import FOR_EVER, LOCAL_ZONE
from ingest.spelling import fits, nearest
from service.asking import as_of_moment, clock, end_of, named_moment
from service.cursors import ExactMoment, NotACursor, Place, read_cursor, write_cursor
from service.problems import Problem

Codes = Annotated[
    list[str] | None, Query(description="codes, separated by commas or repeated; `*` stands for any text")
]
# What people call a format that is near to none of our names.
_ALSO_CALLED = {
    "excel": "xlsx",
    "xls": "xlsx",
    "openxml": "xlsx",
    "spreadsheet": "xlsx",
    "ical": "ics",
    "icalendar": "ics",
    "rss": "atom",
    "prometheus": "openmetrics",
    "feather": "arrow",
    "ipc": "arrow",
    "jsonstat2": "json-stat",
    "text": "csv",
}
_FEW = 10  # codes that can all be named
PAGE, LARGEST_PAGE = 10_000, 100_000
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="how many at the most")]
Format = Annotated[str | None, Query(description="json or csv; else what Accept asks for")]
SheetToo = Annotated[str | None, Query(description="json, csv or xlsx; else what Accept asks for")]
JSON_OR_CSV = {"json": "application/json", "csv": "text/csv"}
Cursor = Annotated[str | None, Query(description="`next` of the page before")]


def codes(
    parameter: str,
    written: Sequence[str] | None,
    known: Callable[[], Sequence[str]],
    *,
    named: Callable[[str], Sequence[str]] | None = None,
) -> list[str] | None:
    """Those of the known codes that were asked for, wildcards spelled out; None where nothing was asked for.

    A wildcard may fit nothing; a code that does not exist is a problem with those that bear it as a name (`named`), or
    else the nearest that exist.
    """
    if written is None:
        return None
    there = known()
    asked = some(parameter, written)
    return list(itertools.chain.from_iterable(_matching(parameter, each, there, named) for each in asked))


def one_code(
    parameter: str,
    written: str,
    known: Callable[[], Sequence[str]],
    *,
    named: Callable[[str], Sequence[str]] | None = None,
) -> str:
    """The one of the known codes that was asked for; several, or a wildcard, are no code."""
    some(parameter, [written])
    return _existing(parameter, written.strip(), known(), named)


def some(parameter: str, written: Sequence[str]) -> list[str]:
    """What is listed, separated by commas or repeated; a problem where nothing is."""
    if not split(written):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "invalid-parameter",
            f"“{parameter}” is empty; say which, or leave it out.",
            parameter=parameter,
        )
    return split(written)


def split(written: Sequence[str]) -> list[str]:
    """The codes that are named, separated by commas or repeated."""
    return [code.strip() for each in written for code in each.split(",") if code.strip()]


def wanted_format(request: Request, written: str | None, offered: dict[str, str]) -> str:
    """The format asked for by `format=` or by Accept; `offered` maps names to media types, the default first."""
    if written is not None:
        if written.lower() in offered:
            return written.lower()
        near = [each for each in (_ALSO_CALLED.get(written.lower()),) if each in offered] or nearest(written, offered)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise Problem(
            HTTPStatus.NOT_ACCEPTABLE,
            "unknown-format",
            f"There is no format “{written}” here.{guess} There are: {', '.join(offered)}.",
            parameter="format",
            nearest=near,
            formats=list(offered),
        )
    # Which wish is the best is a matter of weights and of how much each says (RFC 9110, 12.5.1).
    wishes = parse_accept_header(request.headers.get("accept") or "*/*", MIMEAccept)
    best = wishes.best_match(offered.values())
    if best is not None:
        return next(name for name, media_type in offered.items() if media_type == best)
    if wishes.quality("text/html"):
        return next(iter(offered))
    raise Problem(
        HTTPStatus.NOT_ACCEPTABLE,
        "unknown-format",
        f"This is given as {', '.join(offered.values())}, not otherwise; ask for one of them by Accept or by “format”.",
        formats=list(offered),
    )


def json_or_csv(request: Request, format: Format = None) -> str:  # noqa: A002 - the parameter's public name
    """`json` or `csv`: which of them `format=` or Accept asks for."""
    return wanted_format(request, format, JSON_OR_CSV)


JsonOrCsv = Annotated[str, Depends(json_or_csv)]


def refuse_pages(request: Request, wanted: str) -> None:
    """Refuse to be asked for a page of what comes whole in the format that is wanted."""
    for name in ("limit", "cursor"):
        if name in request.query_params:
            sentence = f"{wanted.upper()} comes whole: leave out “limit” and “cursor”, or narrow what you ask for."
            raise Problem(HTTPStatus.BAD_REQUEST, f"{wanted}-has-no-pages", sentence, parameter=name)


def write_page(request: Request, moment: datetime, place: object) -> str:
    """The cursor of the next page of an answer, whose pages are all of one moment, one question and one day."""
    return write_cursor((_question(request), moment, today(request), place))


def today(request: Request) -> date:
    """The day on which this is asked, by the calendar of the country; of a further page that of the first."""
    if found := read_cursor(request.query_params.get("cursor"), tuple[str, ExactMoment, date, Any]):
        return found[2]
    return clock(request).astimezone(LOCAL_ZONE).date()


def read_page(request: Request, cursor: str | None, kind: type[Place]) -> tuple[datetime, Place] | None:
    """The moment that all pages of an answer are of, and the place to go on from; None on the first page.

    Raises NotACursor, also for a cursor of another question: it would answer neither the one nor the other.
    """
    found = read_cursor(cursor, tuple[str, ExactMoment, date, kind])
    if found is None:
        return None
    question, moment, day, place = found
    as_of = request.query_params.get("as_of")
    is_as_of_now = as_of in (None, FOR_EVER)
    # On its own day a day was now.
    was_now = as_of is not None and moment <= end_of(day) == named_moment("as_of", as_of)
    is_of_it = is_as_of_now or was_now or as_of_moment(request, as_of) == moment
    if question != _question(request) or not is_of_it:
        raise NotACursor("This cursor belongs to another question")
    return moment, place


def _question(request: Request) -> str:
    """What is asked, whatever page of it: of so many characters that two questions are never taken for each other."""
    said = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in ("as_of", "cursor", "limit"))
    return hashlib.blake2b(repr((request.url.path, said)).encode(), digest_size=9).hexdigest()


def unknown(what: str, written: str, near: Sequence[str]) -> Problem:
    """The problem of a code that there is not, with the nearest that there is."""
    guess = f" Did you mean {' or '.join(near)}?" if near else ""
    sentence = f"There is no {what.replace('_', ' ')} “{written}”.{guess}"
    return Problem(HTTPStatus.NOT_FOUND, "unknown-code", sentence, parameter=what, nearest=list(near))


def _matching(
    parameter: str, written: str, known: Sequence[str], named: Callable[[str], Sequence[str]] | None
) -> list[str]:
    wanted = written if written in known else written.upper()
    if "*" in wanted:
        return [code for code in known if fits(code, wanted)]
    return [_existing(parameter, written, known, named)]


def _existing(parameter: str, written: str, known: Sequence[str], named: Callable[[str], Sequence[str]] | None) -> str:
    for wanted in (written, written.upper()):
        if wanted in known:
            return wanted
    near = list(named(written) if named else ()) or nearest(split([written])[0], known)
    near = near or (list(known) if len(known) <= _FEW else [])
    guess = f" Did you mean {' or '.join(near)}?" if near else ""
    raise Problem(
        HTTPStatus.NOT_FOUND,
        "unknown-code",
        f"“{written}” is no {parameter.replace('_', ' ')}.{guess}",
        parameter=parameter,
        nearest=near,
    )

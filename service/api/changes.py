"""Change as a product: what is new since a moment or a cursor, page by page, as it happens, and as a feed of news."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import Field
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from ingest import registry
from ingest.catalogue import Catalogue
from service import database, writing
from service.api import addresses, announcing, answers
from service.api.announcing import LANGUAGES
from service.api.asked import Selected, selection
from service.api.parameters import PAGE, Codes, Limit, codes, wanted_format
from service.api.shapes import Number, Shape
from service.archive import feed, publications
from service.archive.feed import CHANGE_COLUMNS, KINDS, NOTHING, Look, Place
from service.archive.series import Selection
from service.asking import Reading, clock, named_moment, only_known
from service.cursors import NotACursor, read_cursor, write_cursor
from service.exact_json import as_json
from service.formats import atom
from service.news import News, TooManyListen
from service.origin import address_of, network_of
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1/changes",
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_FORMATS = {"json": "application/json", "csv": "text/csv", "atom": atom.MEDIA_TYPE}
_EVENTS = "text/event-stream"
_HEARTBEAT_SECONDS = 15
_AT_A_TIME = 500  # changes in one event
_ENTRIES = 50
_ONE_BEFORE = timedelta(microseconds=1)

Found = TypeVar("Found")


class FeedChange(Shape):
    """One change: of a figure that is or was public, or of the words of the catalogue."""

    kind: str = Field(description=", ".join(KINDS))
    series: str | None = Field(description="the key of the series; null where the catalogue was redefined")
    indicator: str | None
    reporting_unit: str | None
    period: str | None
    value: Number | None = Field(description="the figure that is public from `published_at`; null where there is none")
    status: str | None
    old_value: Number | None = Field(description="the figure that stood before; null where there was none")
    old_status: str | None
    unit_measure: str | None
    published_at: datetime | None = Field(description="with series and period it names the vintage")
    valid_to: datetime | None = Field(description="not null: history; another vintage replaced it then")
    recorded_at: datetime
    submission: int | None
    reason: str | None
    document: str | None
    comment: str | None
    data_from: date | None
    data_to: date | None
    redefined: dict[str, Any] | None = Field(description="what the catalogue said `before` and says `after`")


class Feed(Shape):
    """Changes since a moment or a cursor: the catalogue's first, then figures by series, period and published_at."""

    changes: list[FeedChange]
    next: str = Field(description="the `since` to go on from; always given")
    more: bool = Field(description="whether there is more by now; else ask again later")


@dataclass(frozen=True, slots=True)
class SeriesNamed:
    """The parameters that name series, as they are written: a stream holds no connection on which to look them up."""

    indicator: Codes = None
    reporting_unit: Codes = None
    frequency: Codes = None
    accumulation: Codes = None
    source: Codes = None
    breakdown: Codes = None

    def selection(self, connection: Connection) -> Selection:
        """The series that they name."""
        return selection(connection, **{field.name: getattr(self, field.name) for field in fields(self)})


Since = Annotated[
    str | None,
    Query(
        description="`next` of an earlier answer, or a moment: what is known since then; else from the beginning",
        examples=["2024-07-01"],
    ),
]
Kinds = Annotated[list[str] | None, Query(alias="kind", description=f"of {', '.join(KINDS)}; else all")]

_LISTED = answers.documented(Feed, csv_too=True)
_LISTED[200]["content"][atom.MEDIA_TYPE] = {"schema": {"type": "string"}}


@router.get("", responses=_LISTED, summary="What changed")
def changed(
    request: Request,
    connection: Reading,
    selected: Selected,
    since: Since = None,
    kind: Kinds = None,
    format: Annotated[str | None, Query(description="json, csv or atom; else what Accept asks for")] = None,  # noqa: A002
    limit: Limit = PAGE,
) -> Response:
    """Every change exactly once, to whoever goes on from `next`; in CSV `next` is in the header Link.

    Atom has an entry for each publication, the newest first, and neither cursor nor kinds.
    """
    wanted = wanted_format(request, format, _FORMATS)
    kinds = chosen_kinds(kind)
    if wanted == "atom":
        return _news(request, connection, selected)
    known = Place(NOTHING) if since is None else place_since(request, connection, since)
    found, place, more = feed.changes(connection, selected, known, kinds=kinds, limit=limit)
    onward = write_cursor(place)
    answer = (
        answers.table(found, CHANGE_COLUMNS)
        if wanted == "csv"
        else answers.json({"changes": found, "next": onward, "more": more})
    )
    answer.headers["Link"] = f'<{request.url.include_query_params(since=onward)}>; rel="next"'
    return answer


# OpenAPI describes answers that end, and whoever tries what it describes waits for that; docs/changes.md has this one.
@router.get("/stream", include_in_schema=False)
async def streamed(
    request: Request,
    named: Annotated[SeriesNamed, Depends()],
    since: Since = None,
    kind: Kinds = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Server-sent events: the same changes as GET /v1/changes in `data`, and in `id` the cursor after them.

    `Last-Event-ID` goes before `since`; without either from now on.
    """
    news: News = request.app.state.news
    network = network_of(address_of(request))
    news.refuse_more(network)
    kinds = chosen_kinds(kind)

    def first(connection: Connection) -> tuple[Selection, Place]:
        chosen, known = named.selection(connection), last_event_id or since
        place = Place(feed.look(connection)) if known is None else place_since(request, connection, known)
        return chosen, place

    chosen, place = await _asked(request, first)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if not getattr(request.state, "wants_body", True):  # a HEAD, which would not end
        return Response(media_type=_EVENTS, headers=headers)
    return StreamingResponse(_events(request, news, network, chosen, kinds, place), media_type=_EVENTS, headers=headers)


def chosen_kinds(written: list[str] | None) -> list[str] | None:
    """The kinds of change that are asked for; None for all.

    Raises a 404 problem for one that there is not, with the nearest.
    """
    known = {kind.upper(): kind for kind in KINDS}
    found = codes("kind", written, lambda: list(known))
    return None if found is None else [known[each] for each in found]


def place_since(request: Request, connection: Connection, since: str) -> Place:
    """The place that a cursor holds, or of who knows what was known at a moment.

    Raises a 400 problem for what is neither, and for a moment that is still to come.
    """
    if not since[:1].isdigit():
        try:
            return read_cursor(since, Place)
        except NotACursor as fault:
            raise Problem(HTTPStatus.BAD_REQUEST, "not-a-cursor", str(fault), parameter="since") from fault
    moment = named_moment("since", since, end_of_day=False)
    if moment > clock(request):
        sentence = f"“since” ({since}) is still to come; give a moment that has passed, or a cursor."
        raise Problem(HTTPStatus.BAD_REQUEST, "not-a-moment", sentence, parameter="since")
    return feed.place_of(connection, moment)


async def _asked(request: Request, question: Callable[[Connection], Found]) -> Found:
    """What the question finds, on a connection that is given back at once."""

    def ask() -> Found:
        with database.reading(request.app.state.engine) as connection:
            return question(connection)

    async with request.app.state.turn:
        return await run_in_threadpool(ask)


async def _events(
    request: Request, news: News, network: str, selected: Selection, kinds: list[str] | None, place: Place
) -> AsyncIterator[bytes]:
    def told(connection: Connection) -> tuple[list[dict[str, Any]], Place, bool]:
        return feed.changes(connection, selected, place, kinds=kinds, limit=_AT_A_TIME)

    try:
        async with news.heard(network):
            yield b": we are listening\n\n"
            while not news.ended:
                new = news.next()
                try:
                    found, place, more = await _asked(request, told)
                except SQLAlchemyError:
                    return  # the client comes again with the id of the last event, as EventSource does by itself
                if found:
                    data = as_json({"changes": found})
                    yield b"id: " + write_cursor(place).encode() + b"\nevent: changes\ndata: " + data + b"\n\n"
                while not more and not new.is_set() and not news.ended:
                    try:
                        await asyncio.wait_for(new.wait(), _HEARTBEAT_SECONDS)
                    except TimeoutError:
                        yield b": nothing new\n\n"
    except TooManyListen:
        return  # many came at once; who comes again is told so before a stream begins


def _news(request: Request, connection: Connection, selected: Selection) -> Response:
    """The last publications as Atom."""
    if said := {"since", "kind", "limit"} & set(request.query_params):
        sentence = f"Atom tells the last {_ENTRIES} publications; leave out {', '.join(sorted(said))}."
        raise Problem(HTTPStatus.BAD_REQUEST, "atom-has-no-pages", sentence)
    rows = publications.latest(connection, selected, limit=_ENTRIES)
    address = f"{addresses.root(request)}{request.url.path}"
    words = registry.read(connection)
    entries = [_entry(words, row, address) for row in rows]
    feed = atom.Feed(
        name="changes",
        title="Chiso: số liệu mới và sửa đổi / figures new and revised",
        address=addresses.asked(request),
        author="Chiso",
        updated=NOTHING.recorded,
    )
    return answers.feed(feed, entries)


def _entry(words: Catalogue, row: dict[str, Any], address: str) -> atom.Entry:
    moment, submission = row["moment"], row["submission"]
    # Between these two looks lies this publication alone, for ever.
    before = Look(moment, moment - _ONE_BEFORE) if row["embargo"] else Look(moment - _ONE_BEFORE, moment)
    cursor = write_cursor(Place(before, Look(moment, moment)))
    codes_named = "&".join(f"indicator={code}" for code in row["indicators"])
    vi, en = (_in_words(words, row, language) for language in LANGUAGES)
    told = [row["reason"] or f"Lần nộp số {submission}. / Submission {submission}."]
    if row["change"]:
        told = [announcing.said(words, row, language) for language in LANGUAGES] + told
    return atom.Entry(
        name=f"publication {moment.astimezone(UTC).isoformat()} {submission}",
        title=f"{vi} / {en}",
        summary="\n".join(told),
        link=f"{address}?since={cursor}&{codes_named}",
        published=moment,
        updated=moment,
    )


def _in_words(words: Catalogue, row: dict[str, Any], language: str) -> str:
    named = (announcing.named(words, what, row[what], language) for what in ("indicators", "reporting_units"))
    when = (
        writing.period_name(row["period"], language) if row["period"] else announcing.counted(row["figures"], language)
    )
    return " – ".join((*named, when))

"""Verdicts for programs that read: what the figures say of what was promised, with the arithmetic."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

import numpy as np
import pandas as pd
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from ingest.period import LOCAL_ZONE
from ingest.spelling import nearest
from service import caching
from service.api import answers
from service.api.asked import AsOf, Promised, Units, known_codes, reporting_units
from service.api.parameters import (
    Codes,
    Cursor,
    SheetToo,
    read_page,
    refuse_pages,
    split,
    wanted_format,
    write_page,
)
from service.api.verdict_shapes import Verdicts
from service.archive.verdicts import kept, reaching, sentences, states
from service.archive.verdicts.kept import Current
from service.archive.verdicts.reaching import Reached, Wanted
from service.asking import Reading, as_of_moment, clock, is_of_now, only_known
from service.formats import verdict_sheet
from service.formats.kinds import KINDS
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known), caching.VALIDATED],
    responses=caching.NOT_MODIFIED
    | responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

# A verdict is as long as a hundred figures: a page that is told in a moment has fewer.
PAGE, _LARGEST_PAGE = 100, 10_000
_MOST_REMEMBERED = 1_000  # of one question: 5 MB
FORMATS = {name: KINDS[name].media_type for name in ("json", "csv", "xlsx")}
_COLUMNS = (*reaching.ANSWER_COLUMNS, "sentence_vi", "sentence_en", "formula")
_STATES, _METHODS = states.words(states.State), states.words(states.Method)

AskedStates = Annotated[list[str] | None, Query(description=f"only these, by commas or repeated: {', '.join(_STATES)}")]
PageLimit = Annotated[int, Query(ge=1, le=_LARGEST_PAGE, description="how many at the most")]


def asked(
    connection: Reading,
    promised: Promised,
    reporting_unit: Units = None,
    source: Codes = None,
    method: Annotated[
        str | None, Query(description=f"one for all targets instead of each one's own: {', '.join(_METHODS)}")
    ] = None,
) -> Wanted:
    """Which verdicts the parameters ask for; each code must exist."""
    methods = None if method is None else _among("method", [method], _METHODS)
    return Wanted(
        promised,
        reporting_units=reporting_units(connection, reporting_unit),
        sources=known_codes(connection, "source", source),
        method=methods[0] if methods else None,
    )


Asked = Annotated[Wanted, Depends(asked)]


@router.get(
    "/verdicts",
    responses=answers.documented(Verdicts, csv_too=True, xlsx_too=True),
    summary="What the figures say of what was promised",
)
@caching.by_day
def verdicts(
    request: Request,
    connection: Reading,
    wanted: Asked,
    state: AskedStates = None,
    as_of: AsOf = None,
    format: SheetToo = None,  # noqa: A002 - the parameter's name
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """Verdicts on the targets that stood at a moment, from the figures that were known then.

    With `as_of` deadlines pass by the day of that moment, so that a past verdict is reached again exactly; without it
    by today. JSON comes in pages, all as of the moment of the first; CSV and XLSX come whole.
    """
    form = wanted_format(request, format, FORMATS)
    if form != "json":
        refuse_pages(request, form)
    page = read_page(request, cursor, int)
    judged = reached(request, connection, wanted, page[0] if page else moment_before_now(request, as_of))
    places = in_states(judged.reached.frame, state)
    if form == "csv":
        return answers.table(_told(judged.reached, places), _COLUMNS)
    if form == "xlsx":
        return workbook("verdicts", verdict_sheet.written(_told(judged.reached, places), judged.as_of), judged.as_of)
    shown, more = answers.page([place for place in places if page is None or place > page[1]], limit)
    body = {
        "as_of": judged.as_of,
        "today": judged.as_of.astimezone(LOCAL_ZONE).date(),
        "verdicts": _remembered(judged, shown),
        "next": write_page(request, judged.as_of, shown[-1]) if more else None,
    }
    return answers.json(body, request=request)


def reached(request: Request, connection: Connection, wanted: Wanted, moment: datetime | None) -> Current:
    """The verdicts of a moment, by the deadlines of its day; of now where it is None."""
    if moment is None:
        return kept.current(connection, wanted, now=clock(request))
    today = moment.astimezone(LOCAL_ZONE).date()
    return Current(moment, reaching.reached(connection, wanted, as_of=moment, today=today))


def moment_before_now(request: Request, as_of: str | None) -> datetime | None:
    """The moment that `as_of` names, by whose day deadlines pass; None for now, whose day is today's."""
    return None if is_of_now(request, as_of) else as_of_moment(request, as_of)


def _remembered(judged: Current, places: Sequence[int]) -> list[dict[str, Any]]:
    """A page that is asked for again and again is written once."""
    known = {place: row for place in places if (row := judged.told.get(place))}
    unknown = [place for place in places if place not in known]
    written = dict(zip(unknown, _told(judged.reached, unknown), strict=True))
    if len(judged.told) + len(written) > _MOST_REMEMBERED:
        judged.told.clear()
    judged.told.update(list(written.items())[:_MOST_REMEMBERED])
    known |= written
    return [known[place] for place in places]


def _told(judged: Reached, places: Sequence[int]) -> list[dict[str, Any]]:
    return [row | _sentences(row, judged) for row in judged.rows(places)]


def _sentences(row: Mapping[str, Any], judged: Reached) -> dict[str, str | None]:
    told = sentences.told(row, judged.catalogue)
    return {"sentence_vi": told.vi, "sentence_en": told.en, "formula": told.formula}


def in_states(frame: pd.DataFrame, asked: Sequence[str] | None) -> list[int]:
    """The places of the rows that are in one of the states asked for, all where None."""
    if asked is None:
        return list(range(len(frame)))
    return np.flatnonzero(frame["state"].isin(_among("state", split(asked), _STATES))).tolist()


def workbook(name: str, content: bytes, as_of: datetime) -> Response:
    """A workbook to be kept under this name and the day that it is of."""
    file = f"chiso-{name}-{as_of.astimezone(LOCAL_ZONE):%Y-%m-%d}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(content, headers=headers, media_type=KINDS["xlsx"].content_type)


def _among(parameter: str, written: Sequence[str], known: Sequence[str]) -> list[str]:
    """The words that are written, in lower case; one that is none is a problem that names those that there are."""
    for word in written or [""]:
        if word.lower() not in known:
            near = nearest(word, known)
            guess = f" Did you mean {' or '.join(near)}?" if near else ""
            sentence = f"“{word}” is no {parameter}.{guess} There are: {', '.join(known)}."
            raise Problem(
                HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter=parameter, nearest=near or list(known)
            )
    return [word.lower() for word in written]

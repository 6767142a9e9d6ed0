"""What was said when, for programs that read: vintages, revisions and releases, of one series or of many."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from ingest import period
from service import caching
from service.api import answers
from service.api import vintage_shapes as shapes
from service.api.asked import AskedWithin, AsOf, Key, Selected, Since, Within, known_key, since
from service.api.parameters import PAGE, Cursor, JsonOrCsv, Limit, read_page, refuse_pages, write_page
from service.archive import revisions, vintages
from service.archive.points import Statement
from service.archive.question import TooMany
from service.archive.revisions import REVISION_COLUMNS
from service.archive.series import Selection
from service.archive.vintages import VINTAGE_COLUMNS
from service.asking import Reading, as_of_moment, only_known
from service.formats import delimited
from service.problems import responses
from service.streamed import Streamed

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known), caching.VALIDATED],
    responses=caching.NOT_MODIFIED
    | responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

# After which series, period and publication the next page of an answer begins.
_Place = tuple[str, datetime, datetime]
_MOST_CELLS = 1_000_000  # of a triangle, which is laid out in memory

By = Annotated[
    Literal["series", "release"],
    Query(description="`series`, or `release`: what one submission made public at one moment"),
]


@router.get(
    "/series/{key}/vintages",
    responses=answers.documented(shapes.VintagesOrTriangle, csv_too=True)
    | responses(HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    summary="What was said when",
)
def series_vintages(
    request: Request,
    connection: Reading,
    key: Key,
    within: AskedWithin,
    wanted: JsonOrCsv,
    layout: Annotated[
        Literal["long", "triangle"], Query(description="`triangle`: one row a period, one column a vintage date")
    ] = "long",
) -> Response:
    """Every figure of one series that was ever public, with the span in which it stood; withdrawals included."""
    asked = known_key(connection, key)
    chosen = Selection.of(asked)
    if layout == "long" and wanted == "csv":
        whole = vintages.whole(connection, chosen, within.periods, as_of=within.as_of)
        return _streamed(request, connection, whole, VINTAGE_COLUMNS)
    told = vintages.rows(connection, chosen, within.periods, as_of=within.as_of)
    if layout == "long":
        return answers.json({"series": str(asked), "as_of": within.as_of, "vintages": told})
    return _triangle(str(asked), told, within.as_of, wanted)


@router.get(
    "/vintages",
    responses=answers.documented(shapes.VintagesOfMany, csv_too=True),
    summary="What was said when, of several series",
)
def vintages_of_many(
    request: Request,
    connection: Reading,
    selected: Selected,
    within: AskedWithin,
    wanted: JsonOrCsv,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """Every figure that was ever public of the series that the parameters name. CSV comes whole, JSON in pages."""
    if wanted == "csv":
        refuse_pages(request, "csv")
        whole = vintages.whole(connection, selected, within.periods, as_of=within.as_of)
        return _streamed(request, connection, whole, VINTAGE_COLUMNS)
    moment, after = read_page(request, cursor, _Place) or (within.as_of, None)
    told = vintages.rows(connection, selected, within.periods, as_of=moment, after=after, limit=limit + 1)
    return _paged(request, "vintages", told, moment, limit)


@router.get(
    "/series/{key}/vintage-dates",
    responses=answers.documented(shapes.VintageDates, csv_too=True),
    summary="On which days a series changed",
)
def series_vintage_dates(
    connection: Reading,
    key: Key,
    within: AskedWithin,
    wanted: JsonOrCsv,
) -> Response:
    """Every day on which something of the series became public, was revised or withdrawn; ascending, no cap."""
    return _dates(connection, Selection.of(known_key(connection, key)), within, wanted)


@router.get(
    "/vintage-dates",
    responses=answers.documented(shapes.VintageDates, csv_too=True),
    summary="On which days several series changed",
)
def vintage_dates_of_many(
    connection: Reading,
    selected: Selected,
    within: AskedWithin,
    wanted: JsonOrCsv,
) -> Response:
    """Every day on which something of any of these series became public, was revised or withdrawn; ascending."""
    return _dates(connection, selected, within, wanted)


@router.get(
    "/series/{key}/revisions",
    responses=answers.documented(shapes.Revisions, csv_too=True),
    summary="How a series was revised",
)
def series_revisions(
    request: Request,
    connection: Reading,
    key: Key,
    within: AskedWithin,
    wanted: JsonOrCsv,
    published_since: Since = None,
) -> Response:
    """Each change of a figure of the series: before and after, its size, why and by whom; no cap."""
    chosen, after = Selection.of(known_key(connection, key)), since(published_since)
    if wanted == "csv":
        whole = revisions.whole(connection, chosen, within.periods, as_of=within.as_of, since=after)
        return _streamed(request, connection, whole, REVISION_COLUMNS)
    told = revisions.rows(connection, chosen, within.periods, as_of=within.as_of, since=after)
    return answers.json({"as_of": within.as_of, "revisions": told, "next": None})


@router.get(
    "/revisions",
    responses=answers.documented(shapes.Revisions, csv_too=True),
    summary="How several series were revised",
)
def revisions_of_many(
    request: Request,
    connection: Reading,
    selected: Selected,
    within: AskedWithin,
    wanted: JsonOrCsv,
    published_since: Since = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """Each change of a figure of the series that the parameters name. CSV comes whole, JSON in pages."""
    periods, new_since = within.periods, since(published_since)
    if wanted == "csv":
        refuse_pages(request, "csv")
        whole = revisions.whole(connection, selected, periods, as_of=within.as_of, since=new_since)
        return _streamed(request, connection, whole, REVISION_COLUMNS)
    moment, after = read_page(request, cursor, _Place) or (within.as_of, None)
    told = revisions.rows(connection, selected, periods, as_of=moment, since=new_since, after=after, limit=limit + 1)
    return _paged(request, "revisions", told, moment, limit)


@router.get(
    "/series/{key}/revision-statistics",
    responses=answers.documented(shapes.Statistics, csv_too=True),
    summary="What the revisions of a series are like",
)
def series_revision_statistics(
    connection: Reading,
    key: Key,
    within: AskedWithin,
    wanted: JsonOrCsv,
    by: By = "series",
) -> Response:
    """How many revisions, how large, in which direction: from figure to figure and from the first to the latest."""
    return _statistics(connection, Selection.of(known_key(connection, key)), within, by, wanted)


@router.get(
    "/revision-statistics",
    responses=answers.documented(shapes.Statistics, csv_too=True),
    summary="What the revisions of several series are like",
)
def revision_statistics_of_many(
    connection: Reading,
    selected: Selected,
    within: AskedWithin,
    wanted: JsonOrCsv,
    by: By = "series",
) -> Response:
    """The same for each series that the parameters name, or for each release and indicator of theirs."""
    return _statistics(connection, selected, within, by, wanted)


@router.get("/releases", responses=answers.documented(shapes.Releases, csv_too=True), summary="Releases")
def releases(
    request: Request,
    connection: Reading,
    selected: Selected,
    wanted: JsonOrCsv,
    as_of: AsOf = None,
    published_since: Since = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """What each submission made public at one moment, the latest first: how many figures new, revised, withdrawn."""
    moment, before = read_page(request, cursor, tuple[datetime, int]) or (as_of_moment(request, as_of), None)
    told = revisions.releases(
        connection,
        selected,
        as_of=moment,
        since=since(published_since),
        before=before,
        limit=limit + 1,
    )
    shown, more = answers.page(told, limit)
    onward = write_page(request, moment, (shown[-1]["published_at"], shown[-1]["submission"])) if more else None
    if wanted == "csv":
        return answers.table(shown, revisions.RELEASE_COLUMNS, request=request, onward=onward)
    return answers.json({"as_of": moment, "releases": shown, "next": onward}, request=request)


def _triangle(key: str, told: Sequence[dict[str, Any]], moment: datetime, wanted: str) -> Response:
    cells = len({row["period"] for row in told}) * len({row["published_at"] for row in told})
    if cells > _MOST_CELLS:
        raise TooMany(
            cells, _MOST_CELLS, "cells", f"/v1/series/{key}/vintages?layout=triangle&from={told[-1]['period']}"
        )
    days, table = vintages.triangle(told)
    unit_measure = told[0]["unit_measure"] if told else None
    if wanted == "json":
        return answers.json(
            {
                "series": key,
                "as_of": moment,
                "unit_measure": unit_measure,
                "vintage_dates": days,
                "periods": table,
            }
        )
    # The values stand together, so that they are one block of numbers to whoever reads them; their statuses follow.
    values, statuses = [str(day) for day in days], [f"{day}:status" for day in days]
    rows = [
        {
            "series": key,
            "period": row["period"],
            "unit_measure": unit_measure,
            **dict(zip(values, row["values"], strict=True)),
            **dict(zip(statuses, row["statuses"], strict=True)),
        }
        for row in table
    ]
    return answers.table(rows, ["series", "period", "unit_measure", *values, *statuses])


def _dates(connection: Connection, chosen: Selection, within: Within, wanted: str) -> Response:
    days = vintages.dates(connection, chosen, within.periods, as_of=within.as_of)
    if wanted == "csv":
        return answers.table([{"vintage_date": day} for day in days], ["vintage_date"])
    return answers.json({"as_of": within.as_of, "vintage_dates": days})


def _statistics(connection: Connection, chosen: Selection, within: Within, by: str, wanted: str) -> Response:
    if by == "series":
        told, columns = revisions.of_series, revisions.SERIES_STATISTIC_COLUMNS
    else:
        told, columns = revisions.of_releases, revisions.RELEASE_STATISTIC_COLUMNS
    rows = told(connection, chosen, within.periods, as_of=within.as_of)
    if wanted == "csv":
        return answers.table(rows, columns)
    return answers.json({"as_of": within.as_of, "statistics": rows})


def _streamed(request: Request, connection: Connection, told: Statement, columns: Sequence[str]) -> Response:
    return Streamed(request, delimited.plain(connection, told, columns), media_type=answers.CSV, rows=None)


def _paged(request: Request, name: str, told: list[dict[str, Any]], moment: datetime, limit: int) -> Response:
    shown, more = answers.page(told, limit)
    onward = None
    if more:
        last = shown[-1]
        place = (last["series"], period.parse(last["period"]).start, last["published_at"])
        onward = write_page(request, moment, place)
    return answers.json({"as_of": moment, name: shown, "next": onward}, request=request)

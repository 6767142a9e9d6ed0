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
from service.api.asked import AsOf, From, Key, Selected, Since, To, known_key, since, span
from service.api.parameters import PAGE, Cursor, Format, Limit, read_page, refuse_pages, wanted_format, write_page
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

_FORMATS = {"json": "application/json", "csv": "text/csv"}

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
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    layout: Annotated[
        Literal["long", "triangle"], Query(description="`triangle`: one row a period, one column a vintage date")
    ] = "long",
    format: Format = None,  # noqa: A002 - the parameter's public name
) -> Response:
    """Every figure of one series that was ever public, with the span in which it stood; withdrawals included."""
    wanted = wanted_format(request, format, _FORMATS)
    asked, moment = known_key(connection, key), as_of_moment(request, as_of)
    chosen, periods = Selection.of(asked), span(first, to)
    if layout == "long" and wanted == "csv":
        whole = vintages.whole(connection, chosen, periods, as_of=moment)
        return _streamed(request, connection, whole, VINTAGE_COLUMNS)
    told = vintages.rows(connection, chosen, periods, as_of=moment)
    if layout == "long":
        return answers.json({"series": str(asked), "as_of": moment, "vintages": told})
    return _triangle(str(asked), told, moment, wanted)


@router.get(
    "/vintages",
    responses=answers.documented(shapes.VintagesOfMany, csv_too=True),
    summary="What was said when, of several series",
)
def vintages_of_many(
    request: Request,
    connection: Reading,
    selected: Selected,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    format: Format = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """Every figure that was ever public of the series that the parameters name. CSV comes whole, JSON in pages."""
    periods, moment = span(first, to), as_of_moment(request, as_of)
    if wanted_format(request, format, _FORMATS) == "csv":
        refuse_pages(request, "csv")
        whole = vintages.whole(connection, selected, periods, as_of=moment)
        return _streamed(request, connection, whole, VINTAGE_COLUMNS)
    moment, after = read_page(request, cursor, _Place) or (moment, None)
    told = vintages.rows(connection, selected, periods, as_of=moment, after=after, limit=limit + 1)
    return _paged(request, "vintages", told, moment, limit)


@router.get(
    "/series/{key}/vintage-dates",
    responses=answers.documented(shapes.VintageDates, csv_too=True),
    summary="On which days a series changed",
)
def series_vintage_dates(
    request: Request,
    connection: Reading,
    key: Key,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    format: Format = None,  # noqa: A002
) -> Response:
    """Every day on which something of the series became public, was revised or withdrawn; ascending, no cap."""
    chosen = Selection.of(known_key(connection, key))
    return _dates(request, connection, chosen, first, to, as_of, format)


@router.get(
    "/vintage-dates",
    responses=answers.documented(shapes.VintageDates, csv_too=True),
    summary="On which days several series changed",
)
def vintage_dates_of_many(
    request: Request,
    connection: Reading,
    selected: Selected,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    format: Format = None,  # noqa: A002
) -> Response:
    """Every day on which something of any of these series became public, was revised or withdrawn; ascending."""
    return _dates(request, connection, selected, first, to, as_of, format)


@router.get(
    "/series/{key}/revisions",
    responses=answers.documented(shapes.Revisions, csv_too=True),
    summary="How a series was revised",
)
def series_revisions(
    request: Request,
    connection: Reading,
    key: Key,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    published_since: Since = None,
    format: Format = None,  # noqa: A002
) -> Response:
    """Each change of a figure of the series: before and after, its size, why and by whom; no cap."""
    wanted = wanted_format(request, format, _FORMATS)
    chosen, periods, moment = Selection.of(known_key(connection, key)), span(first, to), as_of_moment(request, as_of)
    after = since(published_since)
    if wanted == "csv":
        told = revisions.whole(connection, chosen, periods, as_of=moment, since=after)
        return _streamed(request, connection, told, REVISION_COLUMNS)
    told = revisions.rows(connection, chosen, periods, as_of=moment, since=after)
    return answers.json({"as_of": moment, "revisions": told, "next": None})


@router.get(
    "/revisions",
    responses=answers.documented(shapes.Revisions, csv_too=True),
    summary="How several series were revised",
)
def revisions_of_many(
    request: Request,
    connection: Reading,
    selected: Selected,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    published_since: Since = None,
    format: Format = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """Each change of a figure of the series that the parameters name. CSV comes whole, JSON in pages."""
    periods, moment, after_moment = span(first, to), as_of_moment(request, as_of), since(published_since)
    if wanted_format(request, format, _FORMATS) == "csv":
        refuse_pages(request, "csv")
        told = revisions.whole(connection, selected, periods, as_of=moment, since=after_moment)
        return _streamed(request, connection, told, REVISION_COLUMNS)
    moment, after = read_page(request, cursor, _Place) or (moment, None)
    told = revisions.rows(connection, selected, periods, as_of=moment, since=after_moment, after=after, limit=limit + 1)
    return _paged(request, "revisions", told, moment, limit)


@router.get(
    "/series/{key}/revision-statistics",
    responses=answers.documented(shapes.Statistics, csv_too=True),
    summary="What the revisions of a series are like",
)
def series_revision_statistics(
    request: Request,
    connection: Reading,
    key: Key,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    by: By = "series",
    format: Format = None,  # noqa: A002
) -> Response:
    """How many revisions, how large, in which direction: from figure to figure and from the first to the latest."""
    chosen = Selection.of(known_key(connection, key))
    return _statistics(request, connection, chosen, first, to, as_of, by, format)


@router.get(
    "/revision-statistics",
    responses=answers.documented(shapes.Statistics, csv_too=True),
    summary="What the revisions of several series are like",
)
def revision_statistics_of_many(
    request: Request,
    connection: Reading,
    selected: Selected,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    by: By = "series",
    format: Format = None,  # noqa: A002
) -> Response:
    """The same for each series that the parameters name, or for each release and indicator of theirs."""
    return _statistics(request, connection, selected, first, to, as_of, by, format)


@router.get("/releases", responses=answers.documented(shapes.Releases, csv_too=True), summary="Releases")
def releases(
    request: Request,
    connection: Reading,
    selected: Selected,
    as_of: AsOf = None,
    published_since: Since = None,
    format: Format = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """What each submission made public at one moment, the latest first: how many figures new, revised, withdrawn."""
    wanted = wanted_format(request, format, _FORMATS)
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
    values, statuses = [str(day) for day in days], [f"{day} status" for day in days]
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


def _dates(
    request: Request,
    connection: Connection,
    chosen: Selection,
    first: str | None,
    to: str | None,
    as_of: str | None,
    format: str | None,  # noqa: A002
) -> Response:
    wanted, moment = wanted_format(request, format, _FORMATS), as_of_moment(request, as_of)
    days = vintages.dates(connection, chosen, span(first, to), as_of=moment)
    if wanted == "csv":
        return answers.table([{"vintage_date": day} for day in days], ["vintage_date"])
    return answers.json({"as_of": moment, "vintage_dates": days})


def _statistics(
    request: Request,
    connection: Connection,
    chosen: Selection,
    first: str | None,
    to: str | None,
    as_of: str | None,
    by: str,
    format: str | None,  # noqa: A002
) -> Response:
    wanted, moment, periods = wanted_format(request, format, _FORMATS), as_of_moment(request, as_of), span(first, to)
    if by == "series":
        told, columns = revisions.of_series, revisions.SERIES_STATISTIC_COLUMNS
    else:
        told, columns = revisions.of_releases, revisions.RELEASE_STATISTIC_COLUMNS
    rows = told(connection, chosen, periods, as_of=moment)
    if wanted == "csv":
        return answers.table(rows, columns)
    return answers.json({"as_of": moment, "statistics": rows})


def _streamed(request: Request, connection: Connection, told: Statement, columns: Sequence[str]) -> Response:
    return Streamed(request, delimited.plain(connection, told, columns), media_type=answers.CSV)


def _paged(request: Request, name: str, told: list[dict[str, Any]], moment: datetime, limit: int) -> Response:
    shown, more = answers.page(told, limit)
    onward = None
    if more:
        last = shown[-1]
        place = (last["series"], period.parse(last["period"]).start, last["published_at"])
        onward = write_page(request, moment, place)
    return answers.json({"as_of": moment, name: shown, "next": onward}, request=request)

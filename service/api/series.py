"""Figures for programs that read: series and their observations, today's or those of a past moment."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy import Connection

from ingest import period
from service.api import answers, shapes
from service.api.asked import (
    AsOf,
    From,
    InSight,
    Key,
    SeenAs,
    Selected,
    Sight,
    To,
    YearToDate,
    key_in_sight,
    known_key,
    seen_in,
    span,
)
from service.api.parameters import PAGE, Cursor, Format, Limit, read_cursor, wanted_format, write_cursor
from service.archive import changes, differences, question, series, vintages
from service.archive.question import Page, Question
from service.archive.series import Selection
from service.asking import Reading, as_of_moment, only_known
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_FORMATS = {"json": "application/json", "csv": "text/csv"}


@router.get("/series", responses=answers.documented(shapes.SeriesList, csv_too=True), summary="Series")
def series_listed(
    request: Request,
    connection: Reading,
    selected: Selected,
    format: Format = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """The series that have public figures, by key, with their span and count."""
    wanted = wanted_format(request, format, _FORMATS)
    rows = series.listed(connection, selected, after=read_cursor(cursor, str), limit=limit + 1)
    return answers.listed(request, "series", rows, limit, wanted, tuple(shapes.Series.model_fields), place="series")


@router.get(
    "/series/{key}/observations",
    responses=answers.documented(shapes.Observations, csv_too=True),
    summary="One series through time",
)
def series_observations(
    request: Request,
    connection: Reading,
    key: Key,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    seen_as: SeenAs = None,
    format: Format = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """One series' observations by period, as they are known now or were known at `as_of`."""
    seen = seen_in(request, connection, seen_as)
    chosen = Sight(Selection.of(key_in_sight(connection, key, seen)), seen)
    return _answered(request, connection, chosen, first, to, as_of, format, limit, cursor)


@router.get(
    "/series/{key}/vintages", responses=answers.documented(shapes.Vintages, csv_too=True), summary="What was said when"
)
def series_vintages(
    request: Request,
    connection: Reading,
    key: Key,
    first: From = None,
    to: To = None,
    format: Format = None,  # noqa: A002
) -> Response:
    """Every figure of one series that was ever public, with the span in which it stood; withdrawals included."""
    wanted = wanted_format(request, format, _FORMATS)
    asked = known_key(connection, key)
    rows = vintages.vintages(connection, asked, span(first, to))
    if wanted == "csv":
        return answers.table(rows, tuple(shapes.Vintage.model_fields))
    return answers.json({"series": str(asked), "vintages": rows})


@router.get("/series/{key}/changes", responses=answers.documented(shapes.Changes, csv_too=True), summary="Changes")
def series_changes(
    request: Request,
    connection: Reading,
    key: Key,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    format: Format = None,  # noqa: A002
) -> Response:
    """Each figure's change from the one before, with the sign that means better; all of one vintage."""
    wanted = wanted_format(request, format, _FORMATS)
    moment = as_of_moment(request, as_of)
    told = changes.changes(connection, known_key(connection, key), span(first, to), as_of=moment)
    if wanted == "csv":
        return answers.table(told, tuple(shapes.Change.model_fields))
    return answers.json({"as_of": moment, "changes": told})


@router.get(
    "/series/{key}/differences",
    responses=answers.documented(shapes.Differences, csv_too=True) | responses(HTTPStatus.UNPROCESSABLE_ENTITY),
    summary="Year to date, taken apart",
)
def series_differences(
    request: Request,
    connection: Reading,
    key: YearToDate,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    format: Format = None,  # noqa: A002
) -> Response:
    """What each period adds to a year-to-date series: derived, and only from figures that were published together."""
    wanted = wanted_format(request, format, _FORMATS)
    moment = as_of_moment(request, as_of)
    told = differences.differences(connection, known_key(connection, key), span(first, to), as_of=moment)
    if wanted == "csv":
        return answers.table(told, tuple(shapes.Difference.model_fields))
    return answers.json({"as_of": moment, "derived": True, "differences": told})


@router.get(
    "/series/{key}/shares", responses=answers.documented(shapes.Shares, csv_too=True), summary="Parts of a whole"
)
def series_shares(
    request: Request,
    connection: Reading,
    key: Key,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    format: Format = None,  # noqa: A002
) -> Response:
    """Each count's part of the whole that was published with it (7 of 63), and what is left (56)."""
    wanted = wanted_format(request, format, _FORMATS)
    moment = as_of_moment(request, as_of)
    told = changes.shares(connection, known_key(connection, key), span(first, to), as_of=moment)
    if wanted == "csv":
        return answers.table(told, tuple(shapes.Share.model_fields))
    return answers.json({"as_of": moment, "shares": told})


@router.get(
    "/observations",
    responses=answers.documented(shapes.Observations, csv_too=True),
    summary="Observations of several series",
)
def observations(
    request: Request,
    connection: Reading,
    chosen: InSight,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
    format: Format = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """The observations of all series that the parameters name, by series and period. CSV comes whole, JSON in pages."""
    return _answered(request, connection, chosen, first, to, as_of, format, limit, cursor)


def _answered(
    request: Request,
    connection: Connection,
    chosen: Sight,
    first: str | None,
    to: str | None,
    as_of: str | None,
    format: str | None,  # noqa: A002
    limit: int,
    cursor: str | None,
) -> Response:
    wanted = wanted_format(request, format, _FORMATS)
    asked = Question(chosen.selection, span(first, to), as_of_moment(request, as_of), chosen.geography)
    if wanted == "csv":
        if {"limit", "cursor"} & set(request.query_params):
            sentence = "CSV comes whole: leave out “limit” and “cursor”, or narrow what you ask for."
            raise Problem(HTTPStatus.BAD_REQUEST, "csv-has-no-pages", sentence)
        return StreamingResponse(question.csv(connection, asked), media_type=answers.CSV)
    # The pages of one answer are of one moment, whatever is published while they are turned.
    place = read_cursor(cursor, tuple[datetime, str, datetime])
    if place:
        asked = replace(asked, as_of=place[0])
    rows = question.rows(connection, asked, Page(place[1:] if place else None, limit + 1))
    shown, more = answers.page(rows, limit)
    onward = write_cursor((asked.as_of, shown[-1]["series"], period.parse(shown[-1]["period"]).start)) if more else None
    return answers.json({"as_of": asked.as_of, "observations": shown, "next": onward}, request=request)

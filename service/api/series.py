"""Series for programs that read: which there are, and how each changed and what part of a whole it is."""

from http import HTTPStatus

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from service import caching
from service.api import answers, shapes
from service.api.asked import AsOf, CountOf, From, Key, Selected, To, YearToDate, known_key, span
from service.api.parameters import PAGE, Cursor, Format, Limit, wanted_format
from service.archive import changes, differences, implied, series
from service.asking import Reading, as_of_moment, only_known
from service.cursors import read_cursor
from service.problems import responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known), caching.VALIDATED],
    responses=caching.NOT_MODIFIED
    | responses(
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
    "/series/{key}/shares",
    responses=answers.documented(shapes.Shares, csv_too=True) | responses(HTTPStatus.UNPROCESSABLE_ENTITY),
    summary="Parts of a whole",
)
def series_shares(
    request: Request,
    connection: Reading,
    key: CountOf,
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


@router.get("/series/{key}/implied", responses=answers.documented(shapes.ImpliedList), summary="Implied by words")
def series_implied(
    request: Request,
    connection: Reading,
    key: Key,
    first: From = None,
    to: To = None,
    as_of: AsOf = None,
) -> Response:
    """Earlier values that the words of figures imply (“up 17.5 % on 2021”), in every reading, beside those reported."""
    moment = as_of_moment(request, as_of)
    told = implied.implied(connection, known_key(connection, key), span(first, to), as_of=moment)
    return answers.json({"as_of": moment, "implied": told})

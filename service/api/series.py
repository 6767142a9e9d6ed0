"""Series for programs that read: which there are, and how each changed and what part of a whole it is."""

from http import HTTPStatus

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from service import caching
from service.api import addresses, answers, shapes
from service.api.asked import AskedWithin, CountOf, Key, Selected, YearToDate, known_key
from service.api.parameters import PAGE, Cursor, JsonOrCsv, Limit
from service.archive import changes, differences, implied, series
from service.archive.series import Selection
from service.asking import Reading, only_known
from service.cursors import read_cursor
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known), caching.VALIDATED],
    responses=caching.NOT_MODIFIED
    | responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)


@router.get("/series", responses=answers.documented(shapes.SeriesList, csv_too=True), summary="Series")
def series_listed(
    request: Request,
    connection: Reading,
    selected: Selected,
    wanted: JsonOrCsv,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """The series that have public figures, by key, with their span and count."""
    rows = series.listed(connection, selected, after=read_cursor(cursor, str), limit=limit + 1)
    return answers.listed(request, "series", rows, limit, wanted, tuple(shapes.Series.model_fields), place="series")


@router.get(
    "/series/{key}",
    responses=answers.documented(shapes.SeriesAnswer),
    summary="One series",
)
def one_series(request: Request, connection: Reading, key: Key) -> Response:
    """What there is of one series, with its span and count, and the addresses of what is told of it."""
    asked = known_key(connection, key)
    found = series.listed(connection, Selection.of(asked), after=None, limit=1)
    if not found:
        sentence = f"All of {asked} was withdrawn. What it said is at /v1/series/{asked}/vintages."
        raise Problem(HTTPStatus.NOT_FOUND, "nothing-public", sentence, parameter="key")
    here = f"{addresses.root(request)}/v1/series/{asked}"
    return answers.json({**found[0], "links": {name: f"{here}/{name}" for name in _TOLD_OF_ONE}})


_TOLD_OF_ONE = ("observations", "vintages", "vintage-dates", "revisions", "revision-statistics", "changes")


@router.get(
    "/series/{key}/changes",
    responses=answers.documented(shapes.Changes, csv_too=True) | responses(HTTPStatus.UNPROCESSABLE_ENTITY),
    summary="Changes",
)
def series_changes(
    connection: Reading,
    key: Key,
    within: AskedWithin,
    wanted: JsonOrCsv,
) -> Response:
    """Each figure's change from the one before, with the sign that means better; all of one vintage."""
    told = changes.changes(connection, known_key(connection, key), within.periods, as_of=within.as_of)
    if wanted == "csv":
        return answers.table(told, tuple(shapes.Change.model_fields))
    return answers.json({"as_of": within.as_of, "changes": told})


@router.get(
    "/series/{key}/differences",
    responses=answers.documented(shapes.Differences, csv_too=True) | responses(HTTPStatus.UNPROCESSABLE_ENTITY),
    summary="Year to date, taken apart",
)
def series_differences(
    connection: Reading,
    key: YearToDate,
    within: AskedWithin,
    wanted: JsonOrCsv,
) -> Response:
    """What each period adds to a year-to-date series: derived, and only from figures that were published together."""
    told = differences.differences(connection, known_key(connection, key), within.periods, as_of=within.as_of)
    if wanted == "csv":
        return answers.table(told, tuple(shapes.Difference.model_fields))
    return answers.json({"as_of": within.as_of, "derived": True, "differences": told})


@router.get(
    "/series/{key}/shares",
    responses=answers.documented(shapes.Shares, csv_too=True) | responses(HTTPStatus.UNPROCESSABLE_ENTITY),
    summary="Parts of a whole",
)
def series_shares(
    connection: Reading,
    key: CountOf,
    within: AskedWithin,
    wanted: JsonOrCsv,
) -> Response:
    """Each count's part of the whole of its period (7 of 63), and what is left (56)."""
    told = changes.shares(connection, known_key(connection, key), within.periods, as_of=within.as_of)
    if wanted == "csv":
        return answers.table(told, tuple(shapes.Share.model_fields))
    return answers.json({"as_of": within.as_of, "shares": told})


@router.get("/series/{key}/implied", responses=answers.documented(shapes.ImpliedList), summary="Implied by words")
def series_implied(
    connection: Reading,
    key: Key,
    within: AskedWithin,
) -> Response:
    """Earlier values that the words of figures imply (“up 17.5 % on 2021”), in every reading, beside those reported."""
    told = implied.implied(connection, known_key(connection, key), within.periods, as_of=within.as_of)
    return answers.json({"as_of": within.as_of, "implied": told})

"""The API for programs that read: indicators, reporting units, datasets, series and their observations."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy import Connection

from ingest import period
from ingest.indicator import Level, Pillar
from ingest.observation import ACCUMULATIONS, SeriesKey
from ingest.period import FREQUENCIES
from ingest.spelling import nearest
from service.api import answers, shapes
from service.api.parameters import (
    PAGE,
    Codes,
    Cursor,
    Format,
    Limit,
    codes,
    read_cursor,
    wanted_format,
    write_cursor,
)
from service.archive import catalogue, changes, differences, series, targets
from service.archive.series import Page, Selection, Span
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

Search = Annotated[str | None, Query(description="words that are all to be found; `dak lak` finds Đắk Lắk")]
From = Annotated[str | None, Query(alias="from", description="the first period, of any frequency", examples=["2018"])]
To = Annotated[str | None, Query(description="the last period; what ends later is left out", examples=["2024"])]
AsOf = Annotated[
    str | None,
    Query(
        description="the figures as they were known at this moment: a day (its end), or a time with its zone; else now",
        examples=["2021-01-01"],
    ),
]
Key = Annotated[
    str,
    Path(
        description="frequency.indicator.reporting_unit.accumulation.source.breakdown",
        examples=["A.EGDI_RANK.VN.PERIOD.UN._T"],
    ),
]
YearToDate = Annotated[
    str, Path(description="the key of a series with YTD", examples=["S.ICT_REVENUE.VN.YTD.REPORT._T"])
]


@router.get("/indicators", responses=answers.documented(shapes.Indicators, csv_too=True), summary="Indicators")
def indicators(
    request: Request,
    connection: Reading,
    q: Search = None,
    pillar: Annotated[str | None, Query(description="GOV, DATA, ECON, SOC, INFRA, SEC, INTL or DISC")] = None,
    format: Format = None,  # noqa: A002 - the parameter's public name
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """What is measured, by code: definition, formula, unit of measure, direction, and how each adds up."""
    wanted = wanted_format(request, format, _FORMATS)
    if pillar is not None and pillar not in _PILLARS:
        raise _unknown("pillar", pillar, nearest(pillar, _PILLARS) or list(_PILLARS))
    rows = catalogue.indicators(connection, search=q, pillar=pillar, after=read_cursor(cursor, str), limit=limit + 1)
    return _listed(request, "indicators", rows, limit, wanted, catalogue.INDICATOR_COLUMNS)


@router.get("/indicators/{code}", responses=answers.documented(shapes.IndicatorInFull), summary="One indicator")
def indicator(connection: Reading, code: str) -> Response:
    """One indicator, with its targets."""
    wanted = _code(connection, "indicator", code)
    return answers.json(catalogue.indicator(connection, wanted))


@router.get(
    "/reporting-units", responses=answers.documented(shapes.ReportingUnits, csv_too=True), summary="Reporting units"
)
def reporting_units(
    request: Request,
    connection: Reading,
    q: Search = None,
    level: Annotated[str | None, Query(description="nation, country, ministry, province or group")] = None,
    valid_on: Annotated[str | None, Query(description="only units that existed on this day")] = None,
    format: Format = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """Whom figures are about, by the Vietnamese alphabet. Units of all times, unless a day is given."""
    wanted = wanted_format(request, format, _FORMATS)
    if level is not None and level not in _LEVELS:
        raise _unknown("level", level, nearest(level, _LEVELS) or list(_LEVELS))
    rows = catalogue.reporting_units(
        connection,
        search=q,
        level=level,
        valid_on=None if valid_on is None else period.day_of(valid_on),
        after=read_cursor(cursor, int),
        limit=limit + 1,
    )
    shown, more = answers.page(rows, limit)
    onward = write_cursor(shown[-1]["position"]) if more else None
    if wanted == "csv":
        return answers.table(shown, catalogue.REPORTING_UNIT_COLUMNS)
    named = [{name: row[name] for name in catalogue.REPORTING_UNIT_COLUMNS} for row in shown]
    return answers.json({"reporting_units": named, "next": onward}, request=request)


@router.get(
    "/reporting-units/{code}", responses=answers.documented(shapes.ReportingUnitInFull), summary="One reporting unit"
)
def reporting_unit(connection: Reading, code: str) -> Response:
    """One reporting unit, with its codes in other schemes, and what it came from and became."""
    wanted = _code(connection, "reporting_unit", code)
    return answers.json(catalogue.reporting_unit(connection, wanted))


@router.get("/datasets", responses=answers.documented(shapes.Datasets, csv_too=True), summary="Datasets")
def datasets(
    request: Request,
    connection: Reading,
    q: Search = None,
    format: Format = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """The forms: which indicators, who owes them, and when."""
    wanted = wanted_format(request, format, _FORMATS)
    rows = catalogue.datasets(connection, search=q, after=read_cursor(cursor, str), limit=limit + 1)
    return _listed(request, "datasets", rows, limit, wanted, catalogue.DATASET_COLUMNS)


@router.get("/datasets/{code}", responses=answers.documented(shapes.Dataset), summary="One dataset")
def dataset(connection: Reading, code: str) -> Response:
    """One dataset."""
    wanted = _code(connection, "dataset", code)
    return answers.json(catalogue.dataset(connection, wanted))


@router.get("/rules", responses=answers.documented(shapes.Rules, csv_too=True), summary="Rules")
def rules(
    request: Request,
    connection: Reading,
    q: Search = None,
    format: Format = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """What figures are held against: severity, sentence in both languages, formula, where each applies."""
    wanted = wanted_format(request, format, _FORMATS)
    rows = catalogue.rules(connection, search=q, after=read_cursor(cursor, str), limit=limit + 1)
    return _listed(request, "rules", rows, limit, wanted, catalogue.RULE_COLUMNS)


@router.get("/rules/{code}", responses=answers.documented(shapes.Rule), summary="One rule")
def rule(connection: Reading, code: str) -> Response:
    """One rule; a finding names it in `rule`."""
    wanted = _code(connection, "rule", code)
    return answers.json(catalogue.rule(connection, wanted))


def selection(
    connection: Reading,
    indicator: Codes = None,
    reporting_unit: Codes = None,
    frequency: Codes = None,
    accumulation: Codes = None,
    source: Codes = None,
    breakdown: Codes = None,
) -> Selection:
    """The series that the parameters name; each code must exist, `*` stands for any text."""
    asked = {
        "indicator": codes("indicator", indicator, lambda: catalogue.codes(connection, "indicator")),
        "reporting_unit": codes(
            "reporting_unit", reporting_unit, lambda: catalogue.codes(connection, "reporting_unit")
        ),
        "source": codes("source", source, lambda: catalogue.codes(connection, "source")),
        "frequency": codes("frequency", frequency, lambda: list(FREQUENCIES)),
        "accumulation": codes("accumulation", accumulation, lambda: list(ACCUMULATIONS)),
        "breakdown": codes("breakdown", breakdown, lambda: series.breakdowns(connection)),
    }
    return Selection({name: wanted for name, wanted in asked.items() if wanted is not None})


Selected = Annotated[Selection, Depends(selection)]


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
    return _listed(request, "series", rows, limit, wanted, tuple(shapes.Series.model_fields), place="series")


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
    format: Format = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """One series' observations by period, as they are known now or were known at `as_of`."""
    number = _number(connection, key)
    return _observations(request, connection, [number], first, to, as_of, format, limit, cursor)


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
    rows = series.vintages(connection, _number(connection, key), _span(first, to))
    if wanted == "csv":
        return answers.table(rows, tuple(shapes.Vintage.model_fields))
    return answers.json({"series": str(SeriesKey.parse(key)), "vintages": rows})


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
    _number(connection, key)
    told = changes.changes(connection, SeriesKey.parse(key), _span(first, to), as_of=moment)
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
    _number(connection, key)
    told = differences.differences(connection, SeriesKey.parse(key), _span(first, to), as_of=moment)
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
    _number(connection, key)
    told = changes.shares(connection, SeriesKey.parse(key), _span(first, to), as_of=moment)
    if wanted == "csv":
        return answers.table(told, tuple(shapes.Share.model_fields))
    return answers.json({"as_of": moment, "shares": told})


@router.get("/targets", responses=answers.documented(shapes.Targets), summary="What was promised")
def targets_listed(
    request: Request,
    connection: Reading,
    indicator: Codes = None,
    scope: Annotated[list[str] | None, Query(description="a reporting unit's code, or a level")] = None,
    as_of: AsOf = None,
) -> Response:
    """Targets in the words of their documents, with what the figures of their own period say of them."""
    moment = as_of_moment(request, as_of)
    wanted = codes("indicator", indicator, lambda: catalogue.codes(connection, "indicator"))
    scopes = codes("scope", scope, lambda: [*_LEVELS, *catalogue.codes(connection, "reporting_unit")])
    told = targets.listed(connection, indicators=wanted, scopes=scopes, as_of=moment)
    return answers.json({"as_of": moment, "targets": told})


@router.get(
    "/observations",
    responses=answers.documented(shapes.Observations, csv_too=True),
    summary="Observations of several series",
)
def observations(
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
    """The observations of all series that the parameters name, by series and period. CSV comes whole, JSON in pages."""
    place = read_cursor(cursor, tuple[datetime, str, datetime])
    chosen = series.numbers(connection, selected, since=place and place[1])
    return _observations(request, connection, chosen, first, to, as_of, format, limit, cursor)


_PILLARS = get_args(Pillar)
_LEVELS = get_args(Level)


def _observations(
    request: Request,
    connection: Connection,
    chosen: list[int],
    first: str | None,
    to: str | None,
    as_of: str | None,
    format: str | None,  # noqa: A002
    limit: int,
    cursor: str | None,
) -> Response:
    wanted = wanted_format(request, format, _FORMATS)
    moment, span = as_of_moment(request, as_of), _span(first, to)
    if wanted == "csv":
        if {"limit", "cursor"} & set(request.query_params):
            sentence = "CSV comes whole: leave out “limit” and “cursor”, or narrow what you ask for."
            raise Problem(HTTPStatus.BAD_REQUEST, "csv-has-no-pages", sentence)
        return StreamingResponse(
            series.observations_as_csv(connection, chosen, span, as_of=moment), media_type=answers.CSV
        )
    # The pages of one answer are of one moment, whatever is published while they are turned.
    place = read_cursor(cursor, tuple[datetime, str, datetime])
    if place:
        moment = place[0]
    page = Page(place[1:] if place else None, limit + 1)
    rows = series.observations(connection, chosen, span, as_of=moment, page=page)
    shown, more = answers.page(rows, limit)
    onward = write_cursor((moment, shown[-1]["series"], period.parse(shown[-1]["period"]).start)) if more else None
    return answers.json({"as_of": moment, "observations": shown, "next": onward}, request=request)


def _listed(
    request: Request,
    name: str,
    rows: list[dict[str, Any]],
    limit: int,
    wanted: str,
    columns: tuple[str, ...],
    *,
    place: str = "code",
) -> Response:
    shown, more = answers.page(rows, limit)
    if wanted == "csv":
        return answers.table(shown, columns)
    onward = write_cursor(shown[-1][place]) if more else None
    return answers.json({name: shown, "next": onward}, request=request)


def _span(first: str | None, to: str | None) -> Span:
    span = Span.of(None if first is None else period.parse(first), None if to is None else period.parse(to))
    if span.start and span.end and span.start >= span.end:
        raise Problem(HTTPStatus.BAD_REQUEST, "empty-span", f"“from” ({first}) lies after “to” ({to}).")
    return span


def _number(connection: Connection, key: str) -> int:
    wanted = SeriesKey.parse(key)
    number = series.number(connection, wanted)
    if number is None:
        known = series.keys(connection, wanted.indicator)
        raise _unknown("series", key, nearest(str(wanted), known))
    return number


def _code(connection: Connection, table: str, written: str) -> str:
    found = codes(table, [written], lambda: catalogue.codes(connection, table)) or []
    if len(found) != 1:
        raise _unknown(table, written, found[:3])
    return found[0]


def _unknown(what: str, written: str, near: list[str]) -> Problem:
    guess = f" Did you mean {' or '.join(near)}?" if near else ""
    sentence = f"There is no {what.replace('_', ' ')} “{written}”.{guess}"
    return Problem(HTTPStatus.NOT_FOUND, "unknown-code", sentence, parameter=what, nearest=near)

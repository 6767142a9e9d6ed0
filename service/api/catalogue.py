"""The catalogue for programs that read: indicators, reporting units, datasets, sources, rules, promises."""

from http import HTTPStatus
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from ingest.indicator import Level, Pillar
from ingest.spelling import nearest
from service import caching
from service.api import answers, shapes
from service.api.asked import AsOf, known_codes
from service.api.parameters import PAGE, Cursor, JsonOrCsv, Limit, unknown
from service.archive import catalogue
from service.asking import Reading, as_of_moment, named_day, only_known
from service.cursors import read_cursor, write_cursor
from service.problems import responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known), caching.VALIDATED],
    responses=caching.NOT_MODIFIED
    | responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

Search = Annotated[str | None, Query(description="what `/v1/search` finds by these words; `dak lak` finds Đắk Lắk")]


@router.get("/indicators", responses=answers.documented(shapes.Indicators, csv_too=True), summary="Indicators")
def indicators(
    request: Request,
    connection: Reading,
    wanted: JsonOrCsv,
    q: Search = None,
    pillar: Annotated[str | None, Query(description="GOV, DATA, ECON, SOC, INFRA, SEC, INTL or DISC")] = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """What is measured, by code: definition, formula, unit of measure, direction, and how each adds up."""
    if pillar is not None and pillar not in _PILLARS:
        raise unknown("pillar", pillar, nearest(pillar, _PILLARS) or list(_PILLARS))
    rows = catalogue.indicators(connection, search=q, pillar=pillar, after=read_cursor(cursor, str), limit=limit + 1)
    return answers.listed(request, "indicators", rows, limit, wanted, catalogue.INDICATOR_COLUMNS)


@router.get("/indicators/{code}", responses=answers.documented(shapes.IndicatorInFull), summary="One indicator")
@caching.by_day
def indicator(
    request: Request,
    connection: Reading,
    code: Annotated[str, Path(description="the code of an indicator", examples=["EGDI_RANK"])],
    as_of: AsOf = None,
) -> Response:
    """One indicator, with the targets that stand, or stood."""
    wanted = _code(connection, "indicator", code)
    return answers.json(catalogue.indicator(connection, wanted, as_of=as_of_moment(request, as_of)))


@router.get(
    "/reporting-units", responses=answers.documented(shapes.ReportingUnits, csv_too=True), summary="Reporting units"
)
def reporting_units(
    request: Request,
    connection: Reading,
    wanted: JsonOrCsv,
    q: Search = None,
    level: Annotated[str | None, Query(description="nation, country, ministry, province or group")] = None,
    valid_on: Annotated[str | None, Query(description="only units that existed on this day")] = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """Whom figures are about, by the Vietnamese alphabet. Units of all times, unless a day is given."""
    if level is not None and level not in _LEVELS:
        raise unknown("level", level, nearest(level, _LEVELS) or list(_LEVELS))
    rows = catalogue.reporting_units(
        connection,
        search=q,
        level=level,
        valid_on=None if valid_on is None else named_day("valid_on", valid_on),
        after=read_cursor(cursor, int),
        limit=limit + 1,
    )
    shown, more = answers.page(rows, limit)
    onward = write_cursor(shown[-1]["position"]) if more else None
    if wanted == "csv":
        return answers.table(shown, catalogue.REPORTING_UNIT_COLUMNS, request=request, onward=onward)
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
    wanted: JsonOrCsv,
    q: Search = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """The forms: which indicators, who owes them, and when."""
    rows = catalogue.datasets(connection, search=q, after=read_cursor(cursor, str), limit=limit + 1)
    return answers.listed(request, "datasets", rows, limit, wanted, catalogue.DATASET_COLUMNS)


@router.get("/datasets/{code}", responses=answers.documented(shapes.Dataset), summary="One dataset")
def dataset(connection: Reading, code: str) -> Response:
    """One dataset."""
    wanted = _code(connection, "dataset", code)
    return answers.json(catalogue.dataset(connection, wanted))


@router.get("/sources", responses=answers.documented(shapes.Sources, csv_too=True), summary="Sources")
def sources(connection: Reading, wanted: JsonOrCsv) -> Response:
    """By which channels or methods figures are made, by code. Two of them are two series, never spliced."""
    rows = catalogue.sources(connection)
    return answers.table(rows, catalogue.SOURCE_COLUMNS) if wanted == "csv" else answers.json({"sources": rows})


@router.get("/rules", responses=answers.documented(shapes.Rules, csv_too=True), summary="Rules")
def rules(
    request: Request,
    connection: Reading,
    wanted: JsonOrCsv,
    q: Annotated[str | None, Query(description="words that are all to be found")] = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """What figures are held against: severity, sentence in both languages, formula, where each applies."""
    rows = catalogue.rules(connection, search=q, after=read_cursor(cursor, str), limit=limit + 1)
    return answers.listed(request, "rules", rows, limit, wanted, catalogue.RULE_COLUMNS)


@router.get("/rules/{code}", responses=answers.documented(shapes.Rule), summary="One rule")
def rule(connection: Reading, code: str) -> Response:
    """One rule; a finding names it in `rule`."""
    wanted = _code(connection, "rule", code)
    return answers.json(catalogue.rule(connection, wanted))


_PILLARS = get_args(Pillar)
_LEVELS = get_args(Level)


def _code(connection: Connection, table: str, written: str) -> str:
    found = known_codes(connection, table, [written]) or []
    if len(found) != 1:
        raise unknown(table, written, found[:3])
    return found[0]

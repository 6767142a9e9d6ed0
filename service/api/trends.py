"""Trends for programs that read: where the figures go of which nothing was promised."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from service import caching
from service.api import answers, verdicts
from service.api.asked import AsOf, Units, known_codes, reporting_units
from service.api.parameters import Codes, Cursor, SheetToo, read_page, refuse_pages, wanted_format, write_page
from service.api.verdict_shapes import Trends
from service.archive.verdicts import trends as archived
from service.archive.verdicts.trends import TREND_COLUMNS, Wanted
from service.asking import Reading, as_of_moment, only_known
from service.formats import trend_sheet
from service.problems import responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known), caching.VALIDATED],
    responses=caching.NOT_MODIFIED
    | responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)


def asked(connection: Reading, indicator: Codes = None, reporting_unit: Units = None, source: Codes = None) -> Wanted:
    """Which trends the parameters ask for; each code must exist."""
    return Wanted(
        indicators=known_codes(connection, "indicator", indicator),
        reporting_units=reporting_units(connection, reporting_unit),
        sources=known_codes(connection, "source", source),
    )


@router.get(
    "/trends",
    responses=answers.documented(Trends, csv_too=True, xlsx_too=True),
    summary="Where the figures go, promised or not",
)
def trends(
    request: Request,
    connection: Reading,
    wanted: Annotated[Wanted, Depends(asked)],
    state: verdicts.AskedStates = None,
    as_of: AsOf = None,
    format: SheetToo = None,  # noqa: A002 - the parameter's name
    limit: verdicts.PageLimit = verdicts.PAGE,
    cursor: Cursor = None,
) -> Response:
    """Trends of the figures that were known at a moment, each against the same period of five years before.

    Where there is no figure of then, the nearest of the years since answers. JSON comes in pages, all as of the moment
    of the first; CSV and XLSX come whole.
    """
    form = wanted_format(request, format, verdicts.FORMATS)
    if form != "json":
        refuse_pages(request, form)
    page = read_page(request, cursor, int)
    moment: datetime = page[0] if page else as_of_moment(request, as_of)
    judged = archived.judged(connection, wanted, as_of=moment)
    places = verdicts.in_states(judged.frame, state)
    if form == "csv":
        return answers.table(judged.rows(places), TREND_COLUMNS)
    if form == "xlsx":
        return verdicts.workbook("trends", trend_sheet.written(judged.rows(places), moment), moment)
    shown, more = answers.page([place for place in places if page is None or place > page[1]], limit)
    body = {
        "as_of": moment,
        "trends": judged.rows(shown),
        "next": write_page(request, moment, shown[-1]) if more else None,
    }
    return answers.json(body, request=request)

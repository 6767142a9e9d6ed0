"""The API's reporting discipline: how many returns were expected, and how many came and came in time."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field

from service.api import answers
from service.api.obligations import Chosen, Moment
from service.api.parameters import codes, wanted_format
from service.api.shapes import Number, Shape
from service.archive import compliance
from service.asking import Reading, only_known
from service.problems import responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_FORMATS = {"json": "application/json", "csv": "text/csv"}


class Count(Shape):
    """Returns of one group; a dimension that is not counted by is null."""

    dataset: str | None
    level: str | None
    reporting_unit: str | None
    period: str | None
    expected: int = Field(description="returns whose data had ended by the moment")
    received: int = Field(description="of those: on time, late, or without a deadline")
    on_time: int
    late: int
    overdue: int
    due: int = Field(description="not there, but the deadline had not passed")
    not_connected: int = Field(description="not there, of units whose machine never sent anything")
    rate_percent: Number | None = Field(description="received per 100 expected; null where nothing was expected")
    on_time_rate_percent: Number | None = Field(description="on time per 100 expected; likewise")


class Compliance(Shape):
    """Counts by the dimensions asked for."""

    as_of: datetime = Field(description="the moment asked for")
    compliance: list[Count]


@router.get("/compliance", responses=answers.documented(Compliance, csv_too=True), summary="Reporting discipline")
def counted(
    request: Request,
    connection: Reading,
    as_of: Moment,
    chosen: Chosen,
    by: Annotated[
        list[str] | None,
        Query(description="dataset, level, reporting_unit, period: any of them, by commas; else dataset,period"),
    ] = None,
    format: Annotated[str | None, Query(description="json or csv; else what Accept asks for")] = None,  # noqa: A002
) -> Response:
    """How many returns were expected, came, and came in time, as of a moment.

    Expected are returns whose data had ended by then: what is not due yet lowers no rate, and what came before its
    period ended raises none until then. Without a span or a period all that was ever owed is counted.
    """
    wanted = wanted_format(request, format, _FORMATS)
    dimensions = codes("by", by, lambda: list(compliance.DIMENSIONS)) or ["dataset", "period"]
    rows = compliance.counted(connection, chosen, by=dimensions, as_of=as_of)
    if wanted == "csv":
        return answers.table(rows, compliance.ANSWER_COLUMNS)
    return answers.json({"as_of": as_of, "compliance": rows})

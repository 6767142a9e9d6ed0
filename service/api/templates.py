"""The Excel template of a dataset, for the unit that fills it in."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from service.api.submissions import attachment
from service.archive import forms
from service.asking import Reading, clock, only_known
from service.problems import responses

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

router = APIRouter(prefix="/v1/datasets", dependencies=[Depends(only_known)])


@router.get(
    "/{dataset}/template",
    responses={200: {"content": {_XLSX: {"schema": {"type": "string", "format": "binary"}}}}}
    | responses(HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
    response_class=Response,
    summary="The Excel template of a dataset",
)
def template(
    request: Request,
    connection: Reading,
    dataset: str,
    reporting_unit: Annotated[
        str, Query(description="who fills it in: code, or name in the period", examples=["GSO24_2025"])
    ],
    period: Annotated[str, Query(description="the period: 2024-Q1, Quý I/2024, ...", examples=["2026-Q3"])],
) -> Response:
    """What the unit owes for the period, with the last period's and the last year's public figures beside it."""
    form = forms.form(connection, dataset, reporting_unit, period, now=clock(request))
    return attachment(form.content, form.file_name, _XLSX)

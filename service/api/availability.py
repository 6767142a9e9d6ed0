"""What there is, for programs: which codes still give data after a choice."""

from datetime import date, datetime
from http import HTTPStatus

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import Field

from service import caching
from service.api import answers
from service.api.asked import AsOf, Selected
from service.api.shapes import Shape
from service.archive import availability as archive
from service.asking import Reading, as_of_moment, only_known
from service.problems import responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known), caching.VALIDATED],
    responses=caching.NOT_MODIFIED
    | responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)


class There(Shape):
    """How much there is."""

    series: int
    observations: int
    first_day: date | None = Field(description="the first day of the data")
    last_day: date | None = Field(description="the last day of the data")
    last_published: datetime | None


class CodeThere(There):
    """How much there is of one code within the choices."""

    code: str
    name_vi: str | None
    name_en: str | None


class Replaced(Shape):
    """A chosen code that ended."""

    parameter: str
    code: str
    replaced_by: list[str] = Field(description="the codes that stand for it today")


class Availability(There):
    """Which codes still give data after the choices, and how much."""

    as_of: datetime
    dimensions: dict[str, list[CodeThere]]
    replaced: list[Replaced]


@router.get(
    "/availability",
    responses=answers.documented(Availability),
    summary="What there is",
)
def availability(request: Request, connection: Reading, selected: Selected, as_of: AsOf = None) -> Response:
    """Which codes of each part of the key still give data after these choices: counts, span, last publication."""
    moment = as_of_moment(request, as_of)
    told = archive.availability(connection, selected, as_of=None if as_of is None else moment)
    return answers.json({"as_of": moment, **told})

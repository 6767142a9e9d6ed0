"""Groups of reporting units for programs that read: regions, all provinces, all ministries, ASEAN."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from service import caching
from service.api import answers, shapes
from service.api.parameters import JsonOrCsv, codes, unknown
from service.archive import groups
from service.asking import Reading, named_day, only_known
from service.problems import responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known), caching.VALIDATED],
    responses=caching.NOT_MODIFIED
    | responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

ValidOn = Annotated[str | None, Query(description="only who belonged to it on this day")]


@router.get("/groups", responses=answers.documented(shapes.Groups, csv_too=True), summary="Groups of reporting units")
def groups_listed(
    connection: Reading,
    wanted: JsonOrCsv,
    valid_on: ValidOn = None,
) -> Response:
    """Reporting units that can be asked for together, as `reporting_unit=@ASEAN`. Members of all times, or of a day."""
    told = groups.listed(connection, on=None if valid_on is None else named_day("valid_on", valid_on))
    return answers.table(told, tuple(shapes.Group.model_fields)) if wanted == "csv" else answers.json({"groups": told})


@router.get("/groups/{code}", responses=answers.documented(shapes.GroupInFull, csv_too=True), summary="One group")
def group(
    connection: Reading,
    code: str,
    wanted: JsonOrCsv,
    valid_on: ValidOn = None,
) -> Response:
    """One group, with its members, from when to when and by which document each belongs to it."""
    known = codes("group", [code.removeprefix("@")], lambda: groups.codes(connection)) or []
    if len(known) != 1:
        raise unknown("group", code, known[:3])
    told = groups.group(connection, known[0], on=None if valid_on is None else named_day("valid_on", valid_on))
    if wanted == "csv":
        return answers.table(told["members"], tuple(shapes.Membership.model_fields))
    return answers.json(told)

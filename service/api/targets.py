"""What was promised, and what the figures say of it, for programs that read."""

from http import HTTPStatus

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from service import caching
from service.api import answers, shapes
from service.api.asked import AsOf, Promised
from service.api.parameters import JsonOrCsv
from service.archive import targets
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


@router.get("/targets", responses=answers.documented(shapes.Targets, csv_too=True), summary="What was promised")
@caching.by_day
def targets_listed(
    request: Request,
    connection: Reading,
    wanted: JsonOrCsv,
    asked: Promised,
    as_of: AsOf = None,
) -> Response:
    """Targets in the words of their documents, as they stood at a moment, by indicator and last day."""
    moment = as_of_moment(request, as_of)
    told = targets.listed(connection, asked, as_of=moment)
    if wanted == "csv":
        return answers.table(told, targets.TARGET_COLUMNS)
    return answers.json({"as_of": moment, "targets": told})

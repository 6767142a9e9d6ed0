"""What was promised, and what the figures say of it, for programs that read."""

from http import HTTPStatus
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from ingest.indicator import Level
from service import caching
from service.api import answers, shapes
from service.api.asked import AsOf
from service.api.parameters import Codes, JsonOrCsv, codes
from service.archive import catalogue, targets
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
    plan: Codes = None,
    indicator: Codes = None,
    scope: Annotated[list[str] | None, Query(description="a reporting unit's code, or a level")] = None,
    as_of: AsOf = None,
) -> Response:
    """Targets in the words of their documents, as they stood at a moment, by indicator and last day."""
    moment = as_of_moment(request, as_of)
    asked = targets.Wanted(
        plans=codes("plan", plan, lambda: targets.plans(connection)),
        indicators=codes("indicator", indicator, lambda: catalogue.codes(connection, "indicator")),
        scopes=codes("scope", scope, lambda: [*_LEVELS, *catalogue.codes(connection, "reporting_unit")]),
    )
    told = targets.listed(connection, asked, as_of=moment)
    if wanted == "csv":
        return answers.table(told, targets.TARGET_COLUMNS)
    return answers.json({"as_of": moment, "targets": told})


_LEVELS = get_args(Level)

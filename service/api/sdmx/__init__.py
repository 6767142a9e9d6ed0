"""The SDMX face: dataflows at the addresses of SDMX REST 1.5 (SDMX 2.1), which clients read unmodified (docs/sdmx.md).

This package only translates; what there is to be read stands in `flows`.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from ingest import period
from ingest.spelling import nearest
from service import caching
from service.api.parameters import unknown, wanted_format
from service.api.sdmx import asked, code_lists, data, structures
from service.asking import Reading, as_of_moment, clock, is_of_now, only_known
from service.problems import responses

router = APIRouter(
    prefix="/sdmx/2.1",
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_XML: dict[str, Any] = {"schema": {"type": "string"}}


def _documented(*media_types: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "A message.", "content": {each.partition(";")[0]: _XML for each in media_types}}}


# A verdict changes with the day, not only with the data, so only structures have validators.
_DATA: dict[str, Any] = {"responses": _documented(*data.MEDIA_TYPES.values())}
_STRUCTURES: dict[str, Any] = {
    "responses": _documented(structures.MEDIA_TYPE) | caching.NOT_MODIFIED,
    "dependencies": [caching.VALIDATED],
}
References = Literal["none", "children", "descendants", "parents", "parentsandsiblings", "all"]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which periods of the data are wanted, as of when, and how they are written."""

    start_period: str | None
    end_period: str | None
    detail: data.Detail
    as_of: str | None
    format: str | None


def wish(
    start_period: Annotated[str | None, Query(alias="startPeriod", description="the first period promised for")] = None,
    end_period: Annotated[str | None, Query(alias="endPeriod", description="the last period promised for")] = None,
    detail: data.Detail = "full",
    at_observation: Annotated[  # noqa: ARG001 - there is but one
        Literal["TIME_PERIOD"], Query(alias="dimensionAtObservation", description="what an observation is named by")
    ] = "TIME_PERIOD",
    as_of: Annotated[
        str | None, Query(alias="asOf", description="as it was known at this moment: a day (its end), or a time")
    ] = None,
    format: Annotated[str | None, Query(description=", ".join(data.MEDIA_TYPES))] = None,  # noqa: A002 - its public name
) -> Wish:
    """What the parameters say."""
    return Wish(start_period, end_period, detail, as_of, format)


@router.get("/data/{flow}/{key}", **_DATA, summary="Data of a key")
def observations(
    request: Request, connection: Reading, flow: str, key: str, wish: Annotated[Wish, Depends(wish)]
) -> Response:
    """The rows of a key as they were known at a moment; none is an empty data set."""
    asked_of = asked.flow(flow)
    media_format = wanted_format(request, wish.format, data.MEDIA_TYPES)
    moment = as_of_moment(request, wish.as_of, name="asOf")
    # A verdict of the past passes the deadlines that had passed then.
    today = (clock(request) if is_of_now(request, wish.as_of) else moment).astimezone(period.LOCAL_ZONE).date()
    chosen = asked.key(asked_of, key, code_lists.read(connection))
    rows = asked.within(asked_of.rows(connection, chosen, moment, today), wish.start_period, wish.end_period)
    body = data.written(asked_of, rows, media_format, detail=wish.detail, prepared=moment)
    return Response(body, media_type=data.MEDIA_TYPES[media_format])


# Before the structures, whose addresses have as many parts.
@router.get("/data/{flow}/{key}/{provider}", **_DATA, summary="Data of a key by a provider")
def provided_observations(
    request: Request, connection: Reading, flow: str, key: str, provider: str, wish: Annotated[Wish, Depends(wish)]
) -> Response:
    """The same: the one provider is CHISO, which `all` is too."""
    asked.of_our_figures(provider)
    return observations(request, connection, flow, key, wish)


@router.get("/data/{flow}", **_DATA, summary="Data of a dataflow")
def all_observations(
    request: Request, connection: Reading, flow: str, wish: Annotated[Wish, Depends(wish)]
) -> Response:
    """Every row of a dataflow."""
    return observations(request, connection, flow, "all", wish)


@router.get("/{kind}/{agency}/{code}/{version}", **_STRUCTURES, summary="Structures")
def structural_metadata(
    request: Request,
    connection: Reading,
    kind: str,
    agency: str,
    code: str,
    version: str,
    references: References = "none",
    detail: Annotated[  # noqa: ARG001 - there is but one
        Literal["full"], Query(description="stubs are not given: every artefact comes whole")
    ] = "full",
) -> Response:
    """Dataflows, their structures, code lists and concepts, in Vietnamese and English."""
    if kind not in structures.KINDS:
        raise unknown("kind of structure", kind, nearest(kind, structures.KINDS) or list(structures.KINDS))
    wanted_format(request, None, {"structure": structures.MEDIA_TYPE, "xml": "application/xml"})
    asked.of_ours(agency, version)
    lists = code_lists.read(connection)
    found = structures.found(lists, kind, None if asked.everything(code) else code, references)
    if not found:
        names = [each.id for each in structures.found(lists, kind, None, "none")]
        raise unknown(kind, code, nearest(code, names) or names)
    return Response(structures.written(found, prepared=as_of_moment(request, None)), media_type=structures.MEDIA_TYPE)

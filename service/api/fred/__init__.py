"""The FRED face: the addresses and answers of the St. Louis Fed's FRED and ALFRED, so that their clients read here.

`fredapi` and its kin work unmodified once they are told the address (docs/fred.md). This package only translates.
"""

from http import HTTPStatus

from fastapi import APIRouter, Depends

from ingest.spelling import nearest
from service.api.fred import catalogue, faults, observations
from service.asking import only_known
from service.problems import Problem

router = APIRouter(
    prefix="/fred",
    responses=faults.documented(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_URI_TOO_LONG,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
tells_problem = faults.told
for _part in (observations, catalogue):
    router.include_router(_part.router, dependencies=[Depends(only_known)])
_ADDRESSES = [f"/fred{route.path}" for part in (observations, catalogue) for route in part.router.routes]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - each has a path


@router.get("/{rest:path}", include_in_schema=False)
def nothing_here(rest: str) -> None:
    """Say in FRED's form that there is no such address, with the nearest that there is."""
    near = nearest(f"/fred/{rest}", _ADDRESSES) or sorted(_ADDRESSES)
    raise Problem(HTTPStatus.NOT_FOUND, "not-found", f"There is nothing at this address. There are: {', '.join(near)}.")

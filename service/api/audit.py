"""The API for who watches over the service: what was done by whom, and whether the record of it is whole."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field

from ingest import audit, authority, registry
from ingest.period import moment
from service.api import answers
from service.api.parameters import PAGE, Cursor, Limit, wanted_format
from service.api.shapes import Shape
from service.asking import Reading, only_known
from service.cursors import read_cursor, write_cursor
from service.identity import credentials
from service.problems import responses


class Act(Shape):
    """One act of somebody on an object, and its link in the chain."""

    ordinal: int | None = Field(description="the place in the chain; null: the act is not in it, which is a fault")
    hash: str | None = Field(description="SHA-256 of the hash before it and of this act as docs/audit.md writes it")
    id: int
    at: datetime
    actor: str
    origin: str | None = Field(description="from where: an address, or the program")
    act: str
    object: str = Field(examples=["submission 12"])
    before: dict[str, Any] | None = Field(description="what the act changed, as it was")
    after: dict[str, Any] | None = Field(description="what the act changed, as it is since")


class Acts(Shape):
    """Acts, the newest first."""

    acts: list[Act]
    next: str | None = Field(description="the `cursor` of the next page; null on the last")


class Fault(Shape):
    """What is wrong with one link of the chain."""

    ordinal: int | None = Field(description="the link; null: the head, or an act that no link holds")
    audit: int | None = Field(description="the `id` of the act")
    kind: str
    sentence: str


class Verification(Shape):
    """What the chain is, and the first fault in it."""

    count: int = Field(description="how many links there are")
    head: str = Field(description="the hash of the last link")
    broken: Fault | None = Field(description="the first fault; null where the chain is whole")


router = APIRouter(
    prefix="/v1/audit",
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_FORMATS = {"json": "application/json", "csv": "text/csv"}


def _who_may(action: str) -> Callable[..., None]:
    def check(asker: credentials.SignedIn, connection: Reading) -> None:
        # The audit is about no single reporting unit, so a grant for one unit does not reach it.
        if not authority.may(asker, action, "audit", registry.read(connection)):
            raise authority.NotYours("The audit is for administrators and operators of the whole; ask one of them.")

    return check


@router.get(
    "",
    responses=answers.documented(Acts, csv_too=True) | responses(HTTPStatus.NOT_ACCEPTABLE),
    summary="What was done",
    dependencies=[Depends(_who_may("read"))],
)
def listed(
    request: Request,
    connection: Reading,
    actor: Annotated[str | None, Query(description="who did it: an account, a machine or a program")] = None,
    act: Annotated[str | None, Query(description="what was done", examples=["publish"])] = None,
    thing: Annotated[
        str | None, Query(alias="object", description="to what it was done", examples=["submission 12"])
    ] = None,
    since: Annotated[str | None, Query(description="from this moment on: a day, or a time with its zone")] = None,
    until: Annotated[str | None, Query(description="up to this moment: a day (its end), or a time")] = None,
    format: Annotated[str | None, Query(description="json or csv; else what Accept asks for")] = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """Who did what to which object, when and from where, the newest first; with what the act changed."""
    wanted = wanted_format(request, format, _FORMATS)
    rows = audit.acts(
        connection,
        actor=actor,
        act=act,
        thing=thing,
        since=None if since is None else moment(since),
        until=None if until is None else moment(until, end_of_day=True),
        below=read_cursor(cursor, int),
        limit=limit + 1,
    )
    shown, more = answers.page(rows, limit)
    if wanted == "csv":
        return answers.table([asdict(each) for each in shown], list(Act.model_fields))
    return answers.json({"acts": shown, "next": write_cursor(shown[-1].id) if more else None}, request=request)


@router.get(
    "/verification",
    responses=answers.documented(Verification),
    summary="Is the audit whole?",
    dependencies=[Depends(_who_may("verify"))],
)
def verification(connection: Reading) -> Response:
    """Walk the whole chain: how many links there are, the hash of the last, and the first fault."""
    found = audit.verify(connection)
    fault = None if found.broken is None else asdict(found.broken) | {"sentence": str(found.broken)}
    return answers.json(asdict(found) | {"broken": fault})

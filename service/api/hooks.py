"""The API for web hooks: who is told of which changes at which address, and how it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import Connection

from ingest import authority
from service import database
from service.acting import Act, Acts
from service.api import answers
from service.api.asked import selection
from service.api.case_shapes import Said
from service.api.changes import chosen_kinds, place_since
from service.api.shapes import Shape
from service.archive import feed
from service.archive.feed import KINDS, Place
from service.asking import Reading, clock, only_known
from service.cursors import write_cursor
from service.hooks import address, subscriptions, telling
from service.hooks.subscriptions import Hook
from service.identity.credentials import SignedIn
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1/hooks",
    route_class=Act,
    dependencies=[Depends(only_known)],
    responses=responses(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)

LONGEST_URL = 2000


class Subscription(Said):
    """Which changes are to be told to which address; what is not named is not restricted."""

    url: str = Field(max_length=LONGEST_URL, description="https://, on the public network")
    indicator: list[str] | None = None
    reporting_unit: list[str] | None = None
    frequency: list[str] | None = None
    accumulation: list[str] | None = None
    source: list[str] | None = None
    breakdown: list[str] | None = None
    kind: list[str] | None = Field(None, description=", ".join(KINDS))
    since: str | None = Field(None, description="a moment or a cursor; else from now on")


class HookShape(Shape):
    """An address that is told of changes, and how it goes."""

    id: int
    url: str
    selection: Mapping[str, Sequence[str]] = Field(
        description="part of the key: codes that there were when it was made"
    )
    kinds: Sequence[str] | None
    created_by: str
    created_at: datetime
    state: str = Field(description="active, failing: a message is tried again, or dead: given up until a ping is taken")
    place: str = Field(description="the cursor up to which it was told, or of the message that waits")
    told_at: datetime | None = Field(description="when it last took a message")
    failures: int = Field(description="in a row")
    failing_since: datetime | None
    why: str | None = Field(description="what the last failure was")
    next_try_at: datetime
    dead_at: datetime | None


class NewHook(HookShape):
    """A new hook with its secret, which is shown this once."""

    secret: str = Field(description="signs every message, after Standard Webhooks")


class Hooks(Shape):
    """Hooks in the order in which they were made."""

    hooks: list[HookShape]


class Ping(Shape):
    """Whether a message that says nothing was taken."""

    taken: bool
    why: str | None = Field(description="why not")


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    summary="Be told of changes",
    responses={
        201: {"model": NewHook, "description": "from now on the address is told"},
        **responses(HTTPStatus.UNPROCESSABLE_ENTITY),
    },
)
def added(request: Request, act: Acts, said: Subscription) -> Response:
    """Post the changes of a selection to an address: signed, in order, at least once, again until they are taken.

    For administrators. The secret is shown in this answer only.
    """
    authority.refuse_others(act.by, "change", "hook")
    try:
        address.resolved(said.url, inside=request.app.state.hooks_inside)
    except address.NotAllowed as refusal:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not-allowed", str(refusal), parameter="url") from refusal
    connection = act.connection()
    chosen = selection(
        connection,
        said.indicator,
        said.reporting_unit,
        said.frequency,
        said.accumulation,
        said.source,
        said.breakdown,
    )
    place = Place(feed.look(connection)) if said.since is None else place_since(request, connection, said.since)
    kept = subscriptions.add(
        connection,
        said.url,
        chosen,
        kinds=chosen_kinds(said.kind),
        place=write_cursor(place),
        by=act.by,
        now=clock(request),
    )
    return answers.json(_told(kept) | {"secret": kept.secret}, status=HTTPStatus.CREATED)


@router.get("", responses=answers.documented(Hooks), summary="Who is told of changes")
def listed(asker: SignedIn, connection: Reading) -> Response:
    """All web hooks, without their secrets."""
    authority.refuse_others(asker, "read", "hook")
    return answers.json({"hooks": [_told(each) for each in subscriptions.listed(connection)]})


@router.get("/{number}", responses=answers.documented(HookShape), summary="One web hook")
def one(asker: SignedIn, connection: Reading, number: int) -> Response:
    """How it goes with one web hook."""
    authority.refuse_others(asker, "read", "hook")
    return answers.json(_told(_known(connection, number)))


@router.delete(
    "/{number}",
    status_code=HTTPStatus.NO_CONTENT,
    response_class=Response,
    summary="Be told no more",
    responses=responses(HTTPStatus.UNPROCESSABLE_ENTITY),
)
def removed(act: Acts, number: int) -> Response:
    """Remove a web hook; a message that waits is not posted any more."""
    authority.refuse_others(act.by, "change", "hook")
    subscriptions.remove(act.connection(), _known(act.connection(), number), by=act.by)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post(
    "/{number}/ping",
    summary="Try a web hook",
    responses=answers.documented(Ping) | responses(HTTPStatus.UNPROCESSABLE_ENTITY),
)
def pinged(request: Request, act: Acts, number: int) -> Response:
    """Post a message of the type `ping`, and say whether it was taken; one that is brings a dead hook back."""
    authority.refuse_others(act.by, "change", "hook")
    now = clock(request)
    with database.reading(request.app.state.engine) as connection:
        hook = _known(connection, number)
    why = telling.ping(hook, inside=request.app.state.hooks_inside, now=now)
    telling.pinged(act.connection(), hook, why, by=act.by, now=now)
    return answers.json({"taken": why is None, "why": why})


def _known(connection: Connection, number: int) -> Hook:
    hook = subscriptions.find(connection, number)
    if hook is None:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-hook", f"There is no hook {number}; GET /v1/hooks lists them.")
    return hook


def _told(hook: Hook) -> dict[str, Any]:
    return {name: value for name, value in asdict(hook).items() if name != "secret"} | {"state": hook.state}

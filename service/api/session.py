"""The API for people in a browser: sign in, who am I, sign out, another secret."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import Field

from ingest.authority import Actor, Grant
from ingest.period import LOCAL_ZONE
from service import database
from service.api import answers
from service.api.shapes import Shape
from service.asking import clock, only_known
from service.identity import accounts, credentials, sessions, sign_in
from service.origin import address_of
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1/session",
    dependencies=[Depends(only_known)],
    responses=credentials.REFUSALS | responses(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE),
)

# The challenge that makes no browser open a window of its own; there is no registered one for a form.
_CHALLENGE = f'Cookie realm="Chiso", cookie-name="{sessions.COOKIE}"'


class NameAndSecret(Shape):
    """What a person signs in with."""

    name: str
    secret: str


class OldAndNew(Shape):
    """The secret that a person has, and the one to have from now on."""

    old: str
    new: str = Field(description="12 to 1000 characters of any kind, and not the name")


class GrantShape(Shape):
    """A role, for a reporting unit and a dataset; null: whatever unit, whatever dataset."""

    role: str
    reporting_unit: str | None
    dataset: str | None


class WhoAsks(Shape):
    """Who asks, with what right, and until when what says so holds."""

    name: str = Field(description="`public` for everybody, `machine:<name>` for a token", examples=["lan"])
    grants: Sequence[GrantShape]
    until: datetime | None = Field(description="when the session or the token ends; null without one")


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    summary="Sign in",
    responses={201: {"model": WhoAsks, "description": "the session is in the cookie `chiso_session`"}},
)
def begin(request: Request, said: NameAndSecret) -> Response:
    """Begin a session: the cookie lasts 12 hours, and 30 minutes without a question.

    A session that the browser had before ends.
    """
    credentials.refuse_other_sites(request)
    now, engine, address = clock(request), request.app.state.engine, address_of(request)
    try:
        account = sign_in.by_secret(engine, said.name, said.secret, address=address, now=now)
    except Problem as problem:
        if problem.status == HTTPStatus.UNAUTHORIZED:
            problem.headers["WWW-Authenticate"] = _CHALLENGE
        raise
    actor = account.actor(address)
    with database.writing(engine) as connection:
        before = request.cookies.get(sessions.COOKIE)
        secret = sessions.begin(connection, actor, "secret", instead_of=before, now=now)
    response = _who(actor, sessions.Session(actor.name, now, now).until, HTTPStatus.CREATED)
    sessions.hand_over(request, response, secret)
    return response


@router.get("", responses=answers.documented(WhoAsks), summary="Who am I?")
def current(known: credentials.Known) -> Response:
    """Who asks; without credentials, or after the session has ended, that is the public."""
    return _who(known.actor, known.until)


@router.delete(
    "",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Sign out",
    responses={204: {"description": "there is no session any more"}},
)
def end(request: Request, known: credentials.Known) -> Response:
    """End the session here and take the cookie back; where there is none, that is well too."""
    if known.session:
        with database.writing(request.app.state.engine) as connection:
            sessions.end(connection, known.session, by=known.actor)
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    sessions.take_back(request, response)
    return response


@router.put(
    "/secret",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Change one's secret",
    responses={
        204: {"description": "the new secret is kept, and all other sessions of this person have ended"},
        **responses(HTTPStatus.UNPROCESSABLE_ENTITY),
    },
)
def change_secret(request: Request, known: credentials.Known, asker: credentials.SignedIn, said: OldAndNew) -> Response:
    """Keep the new secret in place of the old one."""
    now, engine = clock(request), request.app.state.engine
    if any(each.role == "machine" for each in asker.grants):
        sentence = "A machine has no secret to change; an administrator makes another token with `chiso token create`."
        raise Problem(HTTPStatus.FORBIDDEN, "not-a-person", sentence)
    try:
        account = sign_in.by_secret(engine, asker.name, said.old, address=address_of(request), now=now)
    except Problem as problem:
        if problem.kind == "wrong-secret":
            sentence = "The old secret is not yours; nothing was changed."
            raise Problem(HTTPStatus.FORBIDDEN, "wrong-secret", sentence) from problem
        raise
    try:
        with database.writing(engine) as connection:
            accounts.change_secret(connection, account, said.new, session=known.session, by=asker)
    except accounts.Refused as refused:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unfit-secret", str(refused)) from refused
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _who(actor: Actor, until: datetime | None, status: HTTPStatus = HTTPStatus.OK) -> Response:
    local = until and until.astimezone(LOCAL_ZONE)
    body = {"name": actor.name, "grants": [_grant(each) for each in actor.grants], "until": local}
    response = answers.json(body, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _grant(grant: Grant) -> dict[str, str | None]:
    return {"role": grant.role, "reporting_unit": grant.reporting_unit, "dataset": grant.dataset}

"""Who asks: a person by name and secret or by a session, a machine by a token, or the public.

Whatever says who asks is held against the database at every request, so that what was taken away is gone at once.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.http import HTTPBase
from sqlalchemy import Connection, Engine, text

from ingest import authority
from ingest.authority import PUBLIC, Actor, Grant
from service import database
from service.asking import clock
from service.identity import accounts, sessions, sign_in, tokens
from service.identity.accounts import ADMINISTRATOR
from service.origin import address_of
from service.problems import Problem, responses

# What a route that asks who asks can answer beside its own.
REFUSALS = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)

_FIRST_GRANTS = (Grant("administrator"), Grant("publisher"), Grant("operator"))
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# Not fastapi's HTTPBasic: that one takes no letter beyond ASCII, and people here have them in their secrets (RFC 7617).
_basic = HTTPBase(scheme="basic", scheme_name="Secret", description="name and secret of a person", auto_error=False)
_bearer = HTTPBearer(scheme_name="Token", description="token of a machine: chs_<id>_<secret>", auto_error=False)
_cookie = APIKeyCookie(name=sessions.COOKIE, scheme_name="Session", description="session of a person", auto_error=False)


@dataclass(frozen=True, slots=True)
class Credential:
    """Who asks, and what says so: `until` is when a session or a token ends, `session` the secret of the cookie."""

    actor: Actor
    until: datetime | None = None
    session: str | None = None


def first_secret(connection: Connection) -> str | None:
    """Make the first administrator and return the secret; None where there is an account already."""
    # Two that start together: the second waits here, and then finds the administrator there.
    connection.execute(text("lock table account in share row exclusive mode"))
    known = connection.execute(text("select exists (select from account)")).scalar_one()
    return None if known else new_secret(connection, by=authority.program("chiso", "start"))


def new_secret(connection: Connection, name: str = ADMINISTRATOR, *, by: Actor) -> str:
    """Give the account a new secret and let it in at once; the first administrator is made where there is none.

    Raises UnknownName.
    """
    if name == ADMINISTRATOR and accounts.find(connection, name) is None:
        secret = accounts.add(connection, name, *_FIRST_GRANTS, by=by)
        assert secret is not None  # noqa: S101 - it was asked for
        return secret
    sign_in.forget_failures(connection, name)
    return accounts.new_secret(connection, name, by=by)


def credential(
    request: Request,
    authorization: Annotated[HTTPAuthorizationCredentials | None, Depends(_basic)],
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    cookie: Annotated[str | None, Depends(_cookie)],
) -> Credential:
    """Who asks and by what: what the header says goes before the cookie, and nothing at all is the public.

    A session that ended is nothing at all: browsers go on sending it. Raises a 401 problem for a wrong secret or token,
    a 403 problem where another site makes the browser ask, and a 429 problem after too many failures.
    """
    if token:
        return _by_token(request, token.credentials)
    if authorization and authorization.scheme.lower() == "basic":
        return _by_secret(request, authorization.credentials)
    if "authorization" in request.headers:
        sentence = "The header Authorization says neither Basic, a name and a secret, nor Bearer, a machine's token."
        raise _unauthorized("not-understood", sentence)
    return _by_session(request, cookie) if cookie else Credential(PUBLIC)


def asker(credential: Annotated[Credential, Depends(credential)]) -> Actor:
    """Who asks: the public without credentials."""
    return credential.actor


def signed_in(request: Request, asker: Annotated[Actor, Depends(asker)]) -> Actor:
    """Who asks, and is somebody.

    Raises a 401 problem for the public.
    """
    if asker == PUBLIC:
        ended = "Your session has ended; sign in again. " if request.cookies.get(sessions.COOKIE) else ""
        raise _unauthorized(
            "not-signed-in",
            f"{ended}This needs a name and a secret (curl --user NAME:SECRET), a session (POST /v1/session), or a"
            " machine's token (curl --oauth2-bearer TOKEN).",
        )
    return asker


def refuse_other_sites(request: Request) -> None:
    """Refuse what another site made a browser ask with what the browser keeps for ours; programs send neither header.

    Raises a 403 problem.
    """
    if request.method in _SAFE_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = {request.headers.get("host", ""), _host(request.app.state.public_url)} - {""}
    if site in ("same-origin", "none") or (site is None and (origin is None or _host(origin) in ours)):
        return
    raise Problem(
        HTTPStatus.FORBIDDEN,
        "other-site",
        "Another site made your browser ask for this; nothing was done. Do it from our own pages, or with a program.",
    )


def _by_secret(request: Request, encoded: str) -> Credential:
    refuse_other_sites(request)  # browsers keep a name and a secret that were typed once, and send them along
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name = colon = secret = ""
    if not colon:
        sentence = "Basic asks for NAME:SECRET in base64 of UTF-8, as curl --user writes it."
        raise _unauthorized("not-understood", sentence)
    origin = address_of(request)
    try:
        account = sign_in.by_secret(request.app.state.engine, name, secret, address=origin, now=clock(request))
    except Problem as problem:
        if problem.status == HTTPStatus.UNAUTHORIZED:
            raise _unauthorized(problem.kind, problem.detail) from problem
        raise
    return Credential(account.actor(origin))


def _by_token(request: Request, written: str) -> Credential:
    engine: Engine = request.app.state.engine
    now = clock(request)
    with database.reading(engine) as connection:
        token = tokens.find(connection, written)
    refusal = token.refusal(now) if token else "This is no token of ours."
    if token is None or refusal:
        sentence = f"{refusal} An administrator makes a new one with `chiso token create`."
        raise _unauthorized("token-refused", sentence, 'Bearer realm="Chiso", error="invalid_token"')
    if token.is_to_be_marked(now):
        with database.writing(engine) as connection:
            tokens.mark_used(connection, token, now=now)
    return Credential(token.actor(address_of(request)), token.expires_at)


def _by_session(request: Request, secret: str) -> Credential:
    engine: Engine = request.app.state.engine
    now = clock(request)
    with database.reading(engine) as connection:
        session = sessions.find(connection, secret, now=now)
        account = accounts.find(connection, session.account) if session else None
    if session is None or account is None or account.disabled_at:
        return Credential(PUBLIC)
    refuse_other_sites(request)
    if session.is_to_be_seen(now):
        with database.writing(engine) as connection:
            session = sessions.see(connection, secret, session, now=now)
    return Credential(account.actor(address_of(request)), session.until, secret)


def _host(address: str) -> str:
    return address.partition("://")[2]


def _unauthorized(kind: str, sentence: str, challenge: str = 'Basic realm="Chiso", charset="UTF-8"') -> Problem:
    problem = Problem(HTTPStatus.UNAUTHORIZED, kind, sentence)
    problem.headers["WWW-Authenticate"] = challenge
    return problem


Known = Annotated[Credential, Depends(credential)]
Asker = Annotated[Actor, Depends(asker)]
SignedIn = Annotated[Actor, Depends(signed_in)]

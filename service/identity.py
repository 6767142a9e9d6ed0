"""Who asks: the administrator's account, whose secret is shown once and kept as an argon2id hash."""

import secrets
from http import HTTPStatus
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from fastapi import Depends, Request
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from sqlalchemy import Connection, Engine, text

from ingest import audit, authority
from ingest.authority import PUBLIC, Actor
from service import database
from service.problems import Problem

ADMINISTRATOR = "admin"

_hasher = PasswordHasher()
_basic = HTTPBasic(auto_error=False, description="the administrator's name and secret")
# Verified where there is no such account, so that the answer takes as long as for a wrong secret.
_NOBODY = _hasher.hash(secrets.token_urlsafe())


def first_secret(connection: Connection) -> str | None:
    """Make the first administrator and return the secret; None where there is one already."""
    # Two that start together: the second waits here, and then finds the administrator there.
    connection.execute(text("lock table account in share row exclusive mode"))
    known = connection.execute(text("select exists (select from account)")).scalar_one()
    return None if known else new_secret(connection, by=authority.program("chiso", "start"))


def new_secret(connection: Connection, *, by: Actor) -> str:
    """Give the administrator a new secret, which is kept nowhere but in the answer."""
    secret = secrets.token_urlsafe(24)
    connection.execute(
        text(
            "insert into account (name, role, secret_hash) values (:name, 'administrator', :hash)"
            " on conflict (name) do update set secret_hash = excluded.secret_hash"
        ),
        {"name": ADMINISTRATOR, "hash": _hasher.hash(secret)},
    )
    audit.record(connection, by, "new secret", f"account {ADMINISTRATOR}")
    return secret


def asker(request: Request, credentials: Annotated[HTTPBasicCredentials | None, Depends(_basic)]) -> Actor:
    """Who asks: the public without credentials.

    Raises a 401 problem for a wrong name or secret.
    """
    engine: Engine = request.app.state.engine
    if not credentials:
        return PUBLIC
    if credentials:
        with database.reading(engine) as connection:
            known = connection.execute(
                text("select secret_hash from account where name = :name"), {"name": credentials.username}
            ).scalar()
        try:
            _hasher.verify(known or _NOBODY, credentials.password)
        except VerifyMismatchError:
            known = None
        if known:
            return authority.program(credentials.username, request.client.host if request.client else "")
    raise _not_signed_in()


def signed_in(asker: Annotated[Actor, Depends(asker)]) -> Actor:
    """Who asks, and is somebody.

    Raises a 401 problem for the public.
    """
    if asker == PUBLIC:
        raise _not_signed_in()
    return asker


def _not_signed_in() -> Problem:
    problem = Problem(
        HTTPStatus.UNAUTHORIZED,
        "not-signed-in",
        "This needs the administrator's name and secret: curl --user admin:SECRET. `chiso secret` gives a new one.",
    )
    problem.headers["WWW-Authenticate"] = 'Basic realm="Chiso"'
    return problem


Asker = Annotated[Actor, Depends(asker)]
SignedIn = Annotated[Actor, Depends(signed_in)]

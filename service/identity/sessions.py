"""Sessions of people in a browser: a random secret in a cookie there, its hash and its times here."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection, text

from ingest import audit
from ingest.authority import Actor
from service.identity import hashes

COOKIE = "chiso_session"
IDLE_LIMIT = timedelta(minutes=30)
ABSOLUTE_LIMIT = timedelta(hours=12)
_SEEN_EVERY = timedelta(minutes=1)  # more often would make a write of every read


@dataclass(frozen=True, slots=True)
class Session:
    """Whose it is, when it began, and when it was last seen, to the minute."""

    account: str
    created_at: datetime
    last_seen_at: datetime

    @property
    def until(self) -> datetime:
        """When it ends if nothing more is asked."""
        return min(self.last_seen_at + IDLE_LIMIT, self.created_at + ABSOLUTE_LIMIT)

    def is_to_be_seen(self, now: datetime) -> bool:
        """Say whether `see` has something to write."""
        return now - self.last_seen_at >= _SEEN_EVERY


def begin(
    connection: Connection, by: Actor, how: Literal["secret", "oidc"], *, instead_of: str | None, now: datetime
) -> str:
    """Begin a session and return its secret. The one that the browser had before ends, and so do all that ran out."""
    connection.execute(
        text(
            "delete from session"
            " where secret_hash = :before or last_seen_at <= :now - :idle or created_at <= :now - :absolute"
        ),
        {
            "before": hashes.sha256(instead_of or ""),
            "now": now,
            "idle": IDLE_LIMIT,
            "absolute": ABSOLUTE_LIMIT,
        },
    )
    secret = hashes.made_up()
    connection.execute(
        text("insert into session values (:hash, :account, :now, :now, :address)"),
        {"hash": hashes.sha256(secret), "account": by.name, "now": now, "address": by.origin or ""},
    )
    audit.record(connection, by, "sign in", f"account {by.name}", after={"by": how})
    return secret


def find(connection: Connection, secret: str, *, now: datetime) -> Session | None:
    """The session of this secret, while it lasts."""
    row = connection.execute(
        text("select account, created_at, last_seen_at from session where secret_hash = :hash"),
        {"hash": hashes.sha256(secret)},
    ).one_or_none()
    found = None if row is None else Session(*row)
    return found if found and now < found.until else None


def see(connection: Connection, secret: str, session: Session, *, now: datetime) -> Session:
    """Keep that the session was used now, and return it so."""
    connection.execute(
        text("update session set last_seen_at = :now where secret_hash = :hash and last_seen_at < :now"),
        {"hash": hashes.sha256(secret), "now": now},
    )
    return replace(session, last_seen_at=now)


def end(connection: Connection, secret: str, *, by: Actor) -> None:
    """End this session."""
    connection.execute(text("delete from session where secret_hash = :hash"), {"hash": hashes.sha256(secret)})
    audit.record(connection, by, "sign out", f"account {by.name}")


def end_all(connection: Connection, account: str, *, but: str | None = None) -> None:
    """End all sessions of the account, except the one of this secret."""
    connection.execute(
        text("delete from session where account = :account and secret_hash <> :kept"),
        {"account": account, "kept": hashes.sha256(but or "")},
    )


def hand_over(request: Request, response: Response, secret: str) -> None:
    """Put the secret into the browser: no script reads it, no other site sends it, no clear line carries it.

    Without encryption (a machine of one's own) the cookie could not be Secure and still come back.
    """
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(ABSOLUTE_LIMIT.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def take_back(request: Request, response: Response) -> None:
    """Take the cookie out of the browser."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https")

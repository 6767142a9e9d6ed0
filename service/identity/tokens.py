"""Tokens of machines: each sends for one reporting unit and one dataset, until a day, and is shown once."""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, text

from ingest import audit, authority
from ingest.authority import Actor, Grant
from ingest.instructions import UnknownName
from ingest.period import LOCAL_ZONE
from ingest.spelling import nearest
from service.identity import hashes
from service.identity.accounts import Refused

PREFIX = "chs"  # what scanners for leaked secrets look for
_ID_BYTES = 6
_WRITTEN = re.compile(rf"{PREFIX}_([0-9a-f]{{{2 * _ID_BYTES}}})_([A-Za-z0-9_-]{{43}})")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_USED_EVERY = timedelta(minutes=1)  # more often would make a write of every read
_SELECT = """
select id, name, secret_hash, reporting_unit, dataset, created_by, created_at, expires_at, revoked_at, last_used_at
from token
"""


@dataclass(frozen=True, slots=True)
class Token:
    """A machine's token, without its secret. `last_used_at` is to the minute."""

    id: str
    name: str
    grant: Grant
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None

    def actor(self, origin: str) -> Actor:
        """The machine as one who acts from this address."""
        return Actor(f"machine:{self.name}", (self.grant,), origin)

    def refusal(self, now: datetime) -> str | None:
        """Why the token opens nothing any more, as a sentence; None while it does."""
        if self.revoked_at:
            return f"The token {self.name} was revoked on {_day(self.revoked_at)}."
        return None if now < self.expires_at else f"The token {self.name} expired on {_day(self.expires_at)}."

    def is_to_be_marked(self, now: datetime) -> bool:
        """Say whether `mark_used` has something to write."""
        return self.last_used_at is None or now - self.last_used_at >= _USED_EVERY


def create(connection: Connection, name: str, right: Grant, *, days: int, by: Actor, now: datetime) -> str:
    """Make a token for a machine and return it, written out; it is kept nowhere but in the answer.

    Raises Refused.
    """
    authority.refuse_others(by, "change", "token")
    assert right.role == "machine"  # noqa: S101 - the grant of a token is never a person's
    if not _NAME.fullmatch(name):
        raise Refused(f"“{name}” cannot be the name of a token: small letters, digits and . _ -, at most 64.")
    if any(each.name == name for each in listed(connection)):
        raise Refused(f"There is, or was, a token {name}; a name signs for ever, so give another.")
    identity, secret, expires_at = secrets.token_hex(_ID_BYTES), hashes.made_up(), now + timedelta(days=days)
    connection.execute(
        text(
            "insert into token"
            " (id, name, secret_hash, reporting_unit, dataset, created_by, created_at, expires_at)"
            " values (:id, :name, :hash, :reporting_unit, :dataset, :by, :now, :expires_at)"
        ),
        {
            "id": identity,
            "name": name,
            "hash": hashes.sha256(secret),
            "reporting_unit": right.reporting_unit,
            "dataset": right.dataset,
            "by": by.name,
            "now": now,
            "expires_at": expires_at,
        },
    )
    facts = {"reporting_unit": right.reporting_unit, "dataset": right.dataset, "expires_at": expires_at}
    audit.record(connection, by, "create", f"token {name}", after=facts)
    return f"{PREFIX}_{identity}_{secret}"


def listed(connection: Connection) -> list[Token]:
    """All tokens by name, also those that open nothing any more."""
    return [_token(row) for row in connection.execute(text(f"{_SELECT} order by name")).mappings()]


def find(connection: Connection, written: str) -> Token | None:
    """The token that is written so, also one that opens nothing any more; None where the secret is not its."""
    parts = _WRITTEN.fullmatch(written)
    if parts is None:
        return None
    row = connection.execute(text(f"{_SELECT} where id = :id"), {"id": parts[1]}).mappings().one_or_none()
    if row is None or not hmac.compare_digest(row["secret_hash"], hashes.sha256(parts[2])):
        return None
    return _token(row)


def mark_used(connection: Connection, token: Token, *, now: datetime) -> None:
    """Keep that the token was used now."""
    connection.execute(
        text("update token set last_used_at = :now where id = :id and (last_used_at is null or last_used_at < :now)"),
        {"id": token.id, "now": now},
    )


def revoke(connection: Connection, name: str, *, by: Actor, now: datetime) -> None:
    """Let the token open nothing from now on.

    Raises UnknownName, and Refused where it was revoked before.
    """
    authority.refuse_others(by, "change", "token")
    known = {each.name: each for each in listed(connection)}
    if name not in known:
        raise UnknownName("token", name, nearest(name, known))
    if known[name].revoked_at:
        raise Refused(known[name].refusal(now))
    connection.execute(text("update token set revoked_at = :now where name = :name"), {"name": name, "now": now})
    audit.record(connection, by, "revoke", f"token {name}", before={"revoked_at": None}, after={"revoked_at": now})


def _token(row: RowMapping) -> Token:
    right = Grant("machine", row["reporting_unit"], row["dataset"])
    facts = {name: row[name] for name in row if name not in ("secret_hash", "reporting_unit", "dataset")}
    return Token(**facts, grant=right)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(LOCAL_ZONE):%Y-%m-%d}"

"""The audit: who did what to which object, when and from where; a row is only ever appended, and each is chained.

The database keeps the chain (sql/versions/0008_audit.sql): what is committed has its link, whichever program wrote it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from ingest.authority import Actor

Facts = Mapping[str, Any]
Tell = Callable[[int, int], None]

_STEP = 10_000  # links that are verified in one question; some 50 ms

_SENTENCES = {
    "missing": "Link {ordinal} is missing, although later links are there.",
    "tail cut off": "Link {ordinal} and whatever came after it are cut off: the head counts more links than there are.",
    "inserted": "Link {ordinal} with act {audit} is inserted: the head counts fewer links.",
    "act missing": "Link {ordinal} holds act {audit}, which is missing.",
    "out of order": "Link {ordinal} with act {audit} is out of order: another link or another act belongs there.",
    "altered": "Link {ordinal} is altered: act {audit}, or the hash itself, is not what was chained.",
    "not in the chain": "Act {audit} is not in the chain: it is inserted, or its link is removed.",
    "head altered": "The head is altered or missing: it has not the hash of the last link.",
}


@dataclass(frozen=True, slots=True)
class Act:
    """One act of somebody on an object, and its link."""

    ordinal: int | None  # None: not in the chain, which no program of ours brings about
    hash: str | None  # in hexadecimal digits
    id: int
    at: datetime
    actor: str
    origin: str | None
    act: str
    object: str
    before: Facts | None
    after: Facts | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one link (none: with the head, or with an act that no link holds)."""

    ordinal: int | None
    audit: int | None
    kind: str  # see audit_faults in sql/versions/0008_audit.sql

    def __str__(self) -> str:
        """The sentence for a person."""
        return _SENTENCES[self.kind].format(ordinal=self.ordinal, audit=self.audit)


@dataclass(frozen=True, slots=True)
class Verification:
    """How many links there are, the hash of the last in hexadecimal digits, and the first fault."""

    count: int
    head: str
    broken: Fault | None


def record(
    connection: Connection, by: Actor, act: str, thing: str, *, before: Facts | None = None, after: Facts | None = None
) -> None:
    """Record one act, in the transaction of the act itself: what it changed, as it was and as it is.

    `thing` names the object: `submission 12`, `account lan`. Facts are plain values, without secrets.
    """
    connection.execute(
        text(
            "insert into audit (actor, origin, act, object, before, after)"
            " values (:actor, :origin, :act, :object, cast(:before as jsonb), cast(:after as jsonb))"
        ),
        {
            "actor": by.name,
            "origin": by.origin,
            "act": act,
            "object": thing,
            "before": _written(before),
            "after": _written(after),
        },
    )


def acts(
    connection: Connection,
    *,
    actor: str | None = None,
    act: str | None = None,
    thing: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    below: int | None = None,
    limit: int,
) -> list[Act]:
    """What was done, the newest first, from `since` to `until` with both; `below` is the id to go on from."""
    asked = {
        "actor = :actor": actor,
        "act = :act": act,
        "object = :thing": thing,
        "at >= :since": since,
        "at <= :until": until,
        "id < :below": below,
    }
    conditions = [condition for condition, value in asked.items() if value is not None]
    rows = connection.execute(
        text(
            "select ordinal, encode(hash, 'hex') as hash, id, at, actor, origin, act, object,"
            " before::text as before, after::text as after"
            " from audit left join audit_link on audit_link.audit = audit.id"
            f" where {' and '.join(['true', *conditions])} order by id desc limit :limit"
        ),
        {condition.split(":")[1]: value for condition, value in asked.items()} | {"limit": limit},
    )
    return [_act(row) for row in rows.mappings()]


def verify(connection: Connection, *, tell: Tell | None = None) -> Verification:
    """Walk the chain up to the first fault, telling how many links are done of how many.

    Who can write to every table can also compute the chain anew from the act they changed: that shows only in a hash
    that was noted elsewhere before, see `place`.
    """
    end = connection.execute(
        text("select ordinal, encode(hash, 'hex') from audit_link order by ordinal desc limit 1")
    ).one_or_none()
    count, head = end or (0, "00" * 32)
    steps = connection.execute(
        text("select ordinal from audit_link where ordinal % :step = 0 order by ordinal"), {"step": _STEP}
    ).scalars()
    bounds: list[int | None] = [None, *steps, None]
    for done, last in pairwise(bounds):
        fault = connection.execute(
            text("select ordinal, audit, fault from audit_faults(:first, cast(:last as bigint)) limit 1"),
            {"first": (done or 0) + 1, "last": last},
        ).one_or_none()
        if fault:
            return Verification(count, head, Fault(*fault))
        if tell:
            tell(last or count, count)
    return Verification(count, head, None)


def place(connection: Connection, noted: str) -> int | None:
    """The ordinal of the link with this hash, in hexadecimal digits; None where no link has it."""
    return connection.execute(
        text("select ordinal from audit_link where hash = :hash"), {"hash": bytes.fromhex(noted)}
    ).scalar()


def _written(facts: Facts | None) -> str | None:
    return None if facts is None else json.dumps(facts, default=str)


def _act(row: RowMapping) -> Act:
    told: dict[str, Any] = {str(name): value for name, value in row.items()}
    for name in ("before", "after"):
        if told[name] is not None:
            # Digits as they are stored, not the nearest binary fraction: whoever verifies a hash needs them.
            told[name] = json.loads(told[name], parse_float=Decimal)
    return Act(**told)

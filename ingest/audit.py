"""The audit: who did what to which object, when and from where; a row is only ever appended."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from ingest.authority import Actor

Facts = Mapping[str, Any]


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


def _written(facts: Facts | None) -> str | None:
    return None if facts is None else json.dumps(facts, default=str)

"""Web hooks as they are kept: who is told of what, how far they were told, and how it goes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from ingest import audit, authority
from ingest.authority import Actor
from service.archive.series import Selection
from service.hooks import message

_COLUMNS = (
    "id, url, secret, selection, kinds, created_by, created_at, place, told_at, failures, failing_since, why,"
    " next_try_at, dead_at"
)


@dataclass(frozen=True, slots=True)
class Hook:
    """One address that is told of changes."""

    id: int
    url: str
    secret: str = field(repr=False)
    selection: Mapping[str, Sequence[str]]
    kinds: Sequence[str] | None  # None: whatever kind
    created_by: str
    created_at: datetime
    place: str  # a cursor: up to where it was told, or of the message that waits
    told_at: datetime | None
    failures: int  # in a row
    failing_since: datetime | None
    why: str | None
    next_try_at: datetime
    dead_at: datetime | None

    @property
    def state(self) -> str:
        """How it goes: active, failing, or dead."""
        return "dead" if self.dead_at else "failing" if self.failures else "active"


def add(
    connection: Connection,
    url: str,
    selection: Selection,
    *,
    kinds: Sequence[str] | None,
    place: str,
    by: Actor,
    now: datetime,
) -> Hook:
    """Tell this address of the changes of a selection from that place on.

    Raises NotYours.
    """
    authority.refuse_others(by, "change", "hook")
    number = connection.execute(
        text(
            "insert into hook (url, secret, selection, kinds, created_by, created_at, place, next_try_at)"
            " values (:url, :secret, cast(:selection as jsonb), :kinds, :by, :now, :place, :now) returning id"
        ),
        {
            "url": url,
            "secret": message.new_secret(),
            "selection": json.dumps({name: list(codes) for name, codes in selection.codes.items()}),
            "kinds": kinds and list(kinds),
            "by": by.name,
            "now": now,
            "place": place,
        },
    ).scalar_one()
    kept = find(connection, number)
    assert kept is not None  # noqa: S101 - it was just written
    facts = {name: value for name, value in asdict(kept).items() if name in ("url", "selection", "kinds")}
    audit.record(connection, by, "add", f"hook {number}", after=facts)
    return kept


def remove(connection: Connection, hook: Hook, *, by: Actor) -> None:
    """Tell this address nothing more.

    Raises NotYours.
    """
    authority.refuse_others(by, "change", "hook")
    connection.execute(text("delete from hook where id = :id"), {"id": hook.id})
    audit.record(connection, by, "remove", f"hook {hook.id}", before={"url": hook.url})


def find(connection: Connection, number: int) -> Hook | None:
    """The hook of this number."""
    row = connection.execute(text(f"select {_COLUMNS} from hook where id = :id"), {"id": number}).mappings().first()
    return _hook(row) if row else None


def listed(connection: Connection) -> list[Hook]:
    """All hooks, in the order in which they were made."""
    return [_hook(row) for row in connection.execute(text(f"select {_COLUMNS} from hook order by id")).mappings()]


def to_be_told(connection: Connection, *, now: datetime) -> list[int]:
    """The hooks that are to be tried at this moment."""
    rows = connection.execute(
        text("select id from hook where dead_at is null and next_try_at <= :now order by id"), {"now": now}
    )
    return list(rows.scalars())


def move(connection: Connection, hook: Hook, place: str) -> bool:
    """Move a hook on to this place; False where somebody else moved it meanwhile, or it is there no more."""
    return bool(
        connection.execute(
            text("update hook set place = :place where id = :id and place = :known"),
            {"id": hook.id, "known": hook.place, "place": place},
        ).rowcount
    )


def taken(connection: Connection, hook: Hook, place: str, *, now: datetime) -> bool:
    """Keep that the message was taken, and where to go on; False as for `move`."""
    return bool(
        connection.execute(
            text(
                "update hook set place = :place, told_at = :now, failures = 0, failing_since = null, why = null,"
                " next_try_at = :now, dead_at = null where id = :id and place = :known"
            ),
            {"id": hook.id, "known": hook.place, "place": place, "now": now},
        ).rowcount
    )


def not_taken(
    connection: Connection, hook: Hook, why: str, *, now: datetime, next_try_at: datetime, dead: bool
) -> None:
    """Keep that the message was not taken, why, and when it is tried again; `dead` is never."""
    connection.execute(
        text(
            "update hook set failures = failures + 1, failing_since = coalesce(failing_since, :now), why = :why,"
            " next_try_at = :next_try_at, dead_at = case when :dead then cast(:now as timestamptz) end"
            " where id = :id and place = :known"
        ),
        {"id": hook.id, "known": hook.place, "why": why, "now": now, "next_try_at": next_try_at, "dead": dead},
    )


def _hook(row: RowMapping) -> Hook:
    told: dict[str, Any] = {str(name): value for name, value in row.items()}
    return Hook(**told)

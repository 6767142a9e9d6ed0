"""What was promised, as it stood at a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

TARGET_COLUMNS = (
    "plan",
    "indicator",
    "scope",
    "period",
    "kind",
    "value",
    "sense",
    "deadline",
    "last_day",
    "base_period",
    "base_value",
    "published_at",
    "promised_at",
    "document",
    "words",
    "note",
)
# What of a promise must change for it to be another one; the rest are words.
_SUBSTANCE = ("withdrawn", "kind", "value", "sense", "last_day", "base_period", "base_value")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which targets are asked for; None for all."""

    plans: Sequence[str] | None = None
    indicators: Sequence[str] | None = None
    scopes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """A target as it stood at a moment. `sense` is 1 where it is kept from its value upwards, -1 where downwards.

    `published_at` is when it was last said, `promised_at` since when the same has been promised, in whatever words;
    None where that was before our records. `last_day` is the last that is in time.
    """

    plan: str
    indicator: str
    scope: str
    period: str
    kind: str
    value: Decimal
    sense: int
    deadline: str | None
    last_day: date
    base_period: str | None
    base_value: Decimal | None
    published_at: datetime | None
    promised_at: datetime | None
    document: str
    words: str | None
    note: str | None


def standing(connection: Connection, wanted: Wanted, *, as_of: datetime) -> list[Promise]:
    """The targets that stood at a moment, by indicator, last day, scope and plan."""
    return [Promise(**row) for row in listed(connection, wanted, as_of=as_of)]


def listed(connection: Connection, wanted: Wanted, *, as_of: datetime) -> list[dict[str, Any]]:
    """The same as rows with TARGET_COLUMNS."""
    rows = connection.execute(
        text(_STANDING),
        {
            "as_of": as_of,
            "plans": wanted.plans,
            "indicators": wanted.indicators,
            "scopes": wanted.scopes,
        },
    )
    return [dict(row) for row in rows.mappings()]


def plans(connection: Connection) -> list[str]:
    """The codes of all plans that ever promised anything."""
    return list(connection.execute(text("select distinct plan from target order by plan")).scalars())


_TOLD = {name: f"nullif({name}, '-infinity') as {name}" for name in ("published_at", "promised_at")}
_STANDING = f"""
with word as (
    select distinct on (plan, indicator, scope, period, published_at) *
    from target
    where published_at <= :as_of
    order by plan, indicator, scope, period, published_at, recorded_at desc
),
compared as (
    select *, row({", ".join(_SUBSTANCE)}) is distinct from lag(row({", ".join(_SUBSTANCE)})) over so_far as is_another
    from word
    window so_far as (partition by plan, indicator, scope, period order by published_at)
),
promised as (
    select plan, indicator, scope, period, max(published_at) filter (where is_another) as promised_at
    from compared
    group by plan, indicator, scope, period
)
select {", ".join(_TOLD.get(name, name) for name in TARGET_COLUMNS)}
from target_as_of(:as_of)
join promised using (plan, indicator, scope, period)
where (cast(:plans as text[]) is null or plan = any(:plans))
    and (cast(:indicators as text[]) is null or indicator = any(:indicators))
    and (cast(:scopes as text[]) is null or scope = any(:scopes))
order by indicator, last_day, scope, plan
"""

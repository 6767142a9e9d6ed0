"""Targets in the database: what was promised is never rewritten, and what the files of the catalogue say now is added.

A file holds every vintage of a promise, each from its own day on. What it says otherwise than it did when it was loaded
before stands from this load on: what was promised at a moment in the past is told as it was told then.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, text

from ingest.indicator import Indicator
from ingest.target import Target, sense

# What a promise says; what identifies it, and since when it stood, is beside these.
CONTENT_COLUMNS = (
    "kind",
    "value",
    "sense",
    "deadline",
    "last_day",
    "base_period",
    "base_value",
    "document",
    "words",
    "note",
)
PROMISE_COLUMNS = ("plan", "indicator", "scope", "period")


def load(connection: Connection, targets: Sequence[Target], indicators: Mapping[str, Indicator]) -> None:
    """Add what these targets say that the database does not; what they no longer say is withdrawn from now on."""
    rows = [
        dataclasses.asdict(target)
        | {
            "sense": sense(target.kind, target.value, indicators[target.indicator].direction),
            "last_day": target.last_day,
        }
        for target in targets
    ]
    connection.execute(text(_LOAD), {"rows": json.dumps(rows, default=_plain)})


def read(connection: Connection) -> tuple[Target, ...]:
    """Every vintage of every promise that stands now, or will from a day to come on."""
    rows = connection.execute(text(_READ)).mappings()
    adapter: TypeAdapter[Target] = TypeAdapter(Target)
    return tuple(adapter.validate_python(dict(row)) for row in rows)


def _plain(value: Any) -> str:
    if isinstance(value, date | Decimal):
        return str(value)
    raise TypeError(type(value))


_PROMISE = ", ".join(PROMISE_COLUMNS)
_CONTENT = ", ".join(CONTENT_COLUMNS)

# A vintage of the file holds from its day to that of the next one of the same promise. Where the last that was recorded
# of that span says the same, nothing is new; where nothing was, the vintage comes with its own day, else from now on.
_LOAD = f"""
with clock as (
    select clock_timestamp() as now
),
file as (
    select *, lead(published_at, 1, 'infinity') over (partition by {_PROMISE} order by published_at) as until
    from (
        select {_PROMISE}, coalesce(local_moment(published_on), '-infinity') as published_at, {_CONTENT}
        from jsonb_to_recordset(cast(:rows as jsonb)) as row (
            plan text, indicator text, scope text, period text, published_on date, kind text, value numeric,
            sense smallint, deadline text, last_day date, base_period text, base_value numeric, document text,
            words text, note text
        )
    ) as written
),
compared as (
    select file.*, known.published_at is null as is_new, clock.now
    from file
    cross join clock
    left join lateral (
        select *
        from target
        where (target.plan, target.indicator, target.scope, target.period)
                = (file.plan, file.indicator, file.scope, file.period)
            and target.published_at >= file.published_at and target.published_at < file.until
        order by target.published_at desc, target.recorded_at desc
        limit 1
    ) as known on true
    where known.published_at is null
        or known.withdrawn
        or ({", ".join(f"known.{column}" for column in CONTENT_COLUMNS)})
            is distinct from ({", ".join(f"file.{column}" for column in CONTENT_COLUMNS)})
),
gone as (
    select distinct on ({_PROMISE}) *
    from target
    where not exists (
        select
        from file
        where (target.plan, target.indicator, target.scope, target.period)
            = (file.plan, file.indicator, file.scope, file.period)
    )
    order by {_PROMISE}, published_at desc, recorded_at desc
)
insert into target ({_PROMISE}, published_at, withdrawn, {_CONTENT})
select
    {_PROMISE},
    case when is_new or now >= until then published_at else greatest(published_at, now) end,
    false,
    {_CONTENT}
from compared
union all
select {_PROMISE}, greatest(published_at, clock.now), true, {_CONTENT}
from gone
cross join clock
where not withdrawn
"""

_READ = f"""
select {_PROMISE}, kind, value, document, deadline, base_period, base_value, words, note,
    case when published_at > '-infinity' then cast(published_at at time zone 'Asia/Ho_Chi_Minh' as date) end
        as published_on
from (
    select distinct on ({_PROMISE}, published_at)
        *,
        first_value(withdrawn) over (
            partition by {_PROMISE} order by published_at desc, recorded_at desc
        ) as is_gone
    from target
    order by {_PROMISE}, published_at, recorded_at desc
) as vintage
where not is_gone and not withdrawn
order by {_PROMISE}, published_at
"""

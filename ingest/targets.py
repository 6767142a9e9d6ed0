"""Targets in the database: what was promised is never rewritten, and what the files of the catalogue say now is added.

A file holds every vintage of a promise, each from its own day on. What it says otherwise than it did when it was loaded
before stands from this load on: what was promised at a moment in the past is told as it was told then. So a vintage
that another one had followed by now is never corrected; one with a day to come can be, and withdrawn too.
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


def load(
    connection: Connection, targets: Sequence[Target], indicators: Mapping[str, Indicator]
) -> list[dict[str, Any]]:
    """Add what these targets say that the database does not; what they no longer say is withdrawn from now on.

    What they say otherwise of a time that is over is left out: those vintages are returned, by PROMISE_COLUMNS and
    `published_on`.
    """
    rows = [
        dataclasses.asdict(target)
        | {
            "sense": sense(target.kind, target.value, indicators[target.indicator].direction),
            "last_day": target.last_day,
        }
        for target in targets
    ]
    values = {"rows": json.dumps(rows, default=_plain)}
    left_out = [dict(row) for row in connection.execute(text(_LATE), values).mappings()]
    connection.execute(text(_LOAD), values)
    return left_out


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

_SAME_PROMISE = " and ".join(f"{{0}}.{column} = {{1}}.{column}" for column in PROMISE_COLUMNS).format
_SAYS_OTHERWISE = (
    f"({', '.join(f'word.{column}' for column in CONTENT_COLUMNS)})"
    f" is distinct from ({', '.join(f'file.{column}' for column in CONTENT_COLUMNS)})"
)

# A vintage of the file holds from its day to that of the next one of the same promise, and so does a word of the
# database, which is the last that was recorded of its day.
_FILE_AND_WORDS = f"""
with clock as (
    select clock_timestamp() as now
),
file as (
    select *, lead(published_at, 1, 'infinity') over (partition by {_PROMISE} order by published_at) as until
    from (
        select {_PROMISE}, published_on, coalesce(local_moment(published_on), '-infinity') as published_at, {_CONTENT}
        from jsonb_to_recordset(cast(:rows as jsonb)) as row (
            plan text, indicator text, scope text, period text, published_on date, kind text, value numeric,
            sense smallint, deadline text, last_day date, base_period text, base_value numeric, document text,
            words text, note text
        )
    ) as written
),
word as (
    select *, lead(published_at, 1, 'infinity') over (partition by {_PROMISE} order by published_at) as until
    from (
        select distinct on ({_PROMISE}, published_at) *
        from target
        order by {_PROMISE}, published_at, recorded_at desc
    ) as last_word
)
"""

# Which vintages of the file do not say what was told last of their time, which is over?
_LATE = f"""
{_FILE_AND_WORDS}
select {", ".join(f"file.{column}" for column in PROMISE_COLUMNS)}, file.published_on
from file
cross join clock
join word on {_SAME_PROMISE("word", "file")}
    and word.published_at >= file.published_at and word.published_at < file.until and word.until >= file.until
where file.until <= now and (word.withdrawn or {_SAYS_OTHERWISE})
order by {_PROMISE}, file.published_at
"""

# A vintage of which nothing was told yet comes with its own day. The word that stands, and those of days to come, are
# followed by what the file says of now and of those days where it says otherwise, by a withdrawal where it is silent.
_LOAD = f"""
{_FILE_AND_WORDS},
ahead as (
    select word.*, greatest(published_at, now) as moment
    from word
    cross join clock
    where until > now
)
insert into target ({_PROMISE}, published_at, withdrawn, {_CONTENT})
select {_PROMISE}, published_at, false, {_CONTENT}
from file
cross join clock
where not exists (
    select
    from word
    where {_SAME_PROMISE("word", "file")} and word.published_at < file.until
        and word.published_at between file.published_at and greatest(file.published_at, now)
)
union all
select {", ".join(f"file.{column}" for column in PROMISE_COLUMNS)}, word.moment, false,
    {", ".join(f"file.{column}" for column in CONTENT_COLUMNS)}
from ahead as word
join file on {_SAME_PROMISE("word", "file")} and file.published_at <= word.published_at and file.until > word.moment
where word.withdrawn or {_SAYS_OTHERWISE}
union all
select {_PROMISE}, moment, true, {_CONTENT}
from ahead as word
where not withdrawn and not exists (
    select
    from file
    where {_SAME_PROMISE("word", "file")} and file.published_at <= word.moment and file.until > word.moment
)
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

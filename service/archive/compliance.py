"""How punctually returns come: counts of what was expected by a moment, and rates with both their counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from service.archive.obligations import OWED, Asked

# By what returns can be counted, and the columns that tell the groups apart, in the order in which they are sorted.
DIMENSIONS = {
    "dataset": ("dataset",),
    "level": ("level",),
    "reporting_unit": ("reporting_unit",),
    "period": ("period_start", "frequency", "period"),
}
ANSWER_COLUMNS = (
    *DIMENSIONS,
    "expected",
    "received",
    "on_time",
    "late",
    "overdue",
    "due",
    "not_connected",
    "rate_percent",
    "on_time_rate_percent",
)


def counted(connection: Connection, asked: Asked, *, by: Sequence[str], as_of: datetime) -> list[dict[str, Any]]:
    """Returns by some of DIMENSIONS, with ANSWER_COLUMNS; a dimension that is not counted by is None.

    Expected are those whose data had ended by the moment, and nothing else is counted: a return that came early counts
    from then on. `received` is on time, late, or without a deadline; received, overdue, due and not connected add up to
    expected. The rates are received and on time per 100 expected, to two decimals, None where nothing was expected.
    """
    told = ", ".join(name if name in by else f"null as {name}" for name in DIMENSIONS)
    groups = ", ".join(column for name in DIMENSIONS if name in by for column in DIMENSIONS[name])
    rows = connection.execute(
        text(
            f"""
            select
                {told}, expected, received, on_time, late, overdue, due, not_connected,
                round(100.0 * received / nullif(expected, 0), 2) as rate_percent,
                round(100.0 * on_time / nullif(expected, 0), 2) as on_time_rate_percent
            from (
                select
                    {groups},
                    count(*) filter (where ended) as expected,
                    count(*) filter (where ended and state in ('on_time', 'late', 'received')) as received,
                    count(*) filter (where ended and state = 'on_time') as on_time,
                    count(*) filter (where ended and state = 'late') as late,
                    count(*) filter (where ended and state = 'overdue') as overdue,
                    count(*) filter (where ended and state = 'due') as due,
                    count(*) filter (where ended and state = 'not_connected') as not_connected
                from {OWED}
                cross join lateral (select owed.ends_at <= :as_of as ended) as clock
                group by {groups}
            ) as counts
            order by {groups}
            """
        ),
        asked.values(as_of=as_of),
    )
    return [dict(row) for row in rows.mappings()]

"""The last figure carried forward over a gap, only where somebody asks for it, and marked: nothing is interpolated.

A gap lies between two figures of a line: nothing is carried beyond the last. What is carried is an estimate (status E)
that says of which period it is.
"""

from service.archive.derivation import LINE, traced
from service.archive.points import POINT_COLUMNS, Statement


def carried(found: Statement) -> Statement:
    """The points, with one for each period without a figure between the first and the last of its line."""
    return found.within(_CARRIED)


_CARRIED_ON = {
    "period_start": "gap_start",
    "status": "'E'",
    # Before the next figure was public nobody could know that there was a gap.
    "published_at": "greatest(published_at, gap_published, next_published)",
    "recorded_at": "greatest(recorded_at, gap_recorded, next_recorded)",
    "reason": "concat('There is no figure; this is the one of ', period_text(frequency, period_start), '.')",
    "derived": "derived || array['carried']",
}
# What was said of the gap itself, that a figure is missing or was withdrawn, and of the figure after it.
_AROUND = ("gap_published", "gap_recorded", "next_start", "next_published", "next_recorded")
_COLUMNS = ", ".join(POINT_COLUMNS)

_CARRIED = f"""
, placed as (
    select
        *,
        count(value) over (partition by {LINE} order by period_start) as before,
        count(value) over (partition by {LINE}) as in_all
    from points
),
gaps as (
    select
        *,
        max(published_at) filter (where value is null) over gap as gap_published,
        max(recorded_at) filter (where value is null) over gap as gap_recorded
    from placed
    window gap as (partition by {LINE}, before)
),
known as (
    select
        *,
        lead(period_start) over line as next_start,
        lead(published_at) over line as next_published,
        lead(recorded_at) over line as next_recorded
    from gaps
    where value is not null
    window line as (partition by {LINE} order by period_start)
)
select {", ".join(f"{_CARRIED_ON[name]} as {name}" if name in _CARRIED_ON else name for name in POINT_COLUMNS)}
from ({traced("known", *_AROUND)}) as known
cross join lateral (
    select generate_series(
        period_start + period_length(frequency), next_start - interval '1 second', period_length(frequency)
    ) as gap_start
) as gap
union all
-- What is missing between two figures has been filled; what is missing at either end stays missing.
select {_COLUMNS} from placed where value is not null or before = 0 or before = in_all
"""

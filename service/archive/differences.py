"""What happened within each period alone, computed from a series that counts up from 1 January.

Six months less the first quarter is the second quarter only where both were said together: a total of June that holds
a revised first quarter, less the first quarter as March knew it, is the figure of no period at all. So a difference is
taken inside one publication, of two figures that both still stand, and it says what it was computed from.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest.observation import SeriesKey
from service.archive.series import Span

# Of two figures the one that is less sure makes the difference no surer.
_LEAST_SURE = ("A", "B", "P", "E", "F")


class NotDifferenced(Exception):
    """The series does not count up from 1 January, or what it measures is no sum."""


def differences(connection: Connection, key: SeriesKey, span: Span, *, as_of: datetime) -> list[dict[str, Any]]:
    """For each observation of a year-to-date series what its last period adds, by period.

    `value` is `cumulated` less `previous_cumulated`, both of the publication `published_at`, in `unit_measure`; the
    first period of a year is its own total, and where only its PERIOD was published that is it. It is None where the
    period before has no figure, or was not said together with this one; `why` tells which. `status` is that of the
    less sure of the two.

    Raises NotDifferenced.
    """
    _refuse_others(connection, key)
    rows = connection.execute(
        text(_DIFFERENCES),
        {
            "key": str(key),
            "alone": str(replace(key, accumulation="PERIOD")),
            "start": span.start,
            "end": span.end,
            "as_of": as_of,
        },
    )
    return [_told(dict(row)) for row in rows.mappings()]


def _refuse_others(connection: Connection, key: SeriesKey) -> None:
    if key.accumulation != "YTD":
        raise NotDifferenced(f"{key} does not count up from 1 January: only a series with YTD is taken apart.")
    if key.frequency == "W":
        raise NotDifferenced(f"{key} is weekly: a week may lie in two years, so its total of the year has no parts.")
    adds = connection.execute(
        text("select adds_over_time from indicator where code = :code"), {"code": key.indicator}
    ).scalar_one_or_none()
    if adds not in (None, "sum"):
        raise NotDifferenced(
            f"{key.indicator} does not add up over time (a rate, a rank or an index): a total of it less another is no"
            " figure of the period between."
        )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    previous = row.pop("previous_status")
    if row["value"] is not None and previous is not None:
        row["status"] = max(row["status"], previous, key=_LEAST_SURE.index)
    return row


# What does each period add? Of its figure as of the moment the last publication that also said the period before.
_DIFFERENCES = """
with
    wanted as (
        select
            series.id, series.frequency, period_length(series.frequency) as length,
            unit_of(series.breakdown, indicator.unit_measure) as unit_measure
        from series
        join indicator on indicator.code = series.indicator
        where series.key = :key
    ),
    -- The first period of a year alone is its year to date; offices often print it as the one and not as the other.
    said as (
        select id, false as alone from wanted
        union all
        select id, true from series where key = :alone
    ),
    -- Confirmations too, which the view of vintages passes over: they tell what was said together.
    stated as (
        select distinct on (period_start, published_at)
            period_start, published_at, value, status::text as status, withdrawn
        from observation
        join said on said.id = observation.series_id
        where published_at <= :as_of and (not alone or period_start = date_trunc('year', period_start))
        order by period_start, published_at, alone, recorded_at desc
    ),
    known as (
        select distinct on (vintage.period_start)
            vintage.period_start, vintage.value, vintage.status, vintage.valid_from, said.alone
        from observation_as_of(:as_of) as vintage
        join said on said.id = vintage.series_id
        where vintage.value is not null
            and (not said.alone or vintage.period_start = date_trunc('year', vintage.period_start))
        order by vintage.period_start, said.alone
    )
select
    :key as series,
    period_text(wanted.frequency, known.period_start) as period,
    case when first.of_year then known.value else known.value - earlier.value end as value,
    known.status,
    wanted.unit_measure,
    coalesce(earlier.published_at, known.valid_from) as published_at,
    known.value as cumulated,
    case
        when not first.of_year then period_text(wanted.frequency, known.period_start - wanted.length)
    end as previous_period,
    earlier.value as previous_cumulated,
    case
        when first.of_year or earlier.value is not null then null
        when was.value is null then 'no_earlier_figure'
        else 'earlier_figure_of_another_vintage'
    end as why,
    earlier.status as previous_status
from known
cross join wanted
cross join lateral (select known.period_start = date_trunc('year', known.period_start) as of_year) as first
left join known as was on was.period_start = known.period_start - wanted.length and not first.of_year
left join lateral (
    select before.value, before.status, before.published_at
    from stated as same
    join stated as before
        on before.published_at = same.published_at
        and before.period_start = same.period_start - wanted.length
    where same.period_start = known.period_start
        and same.published_at >= known.valid_from
        and same.value = known.value
        and not same.withdrawn
        and before.value = was.value
        and not before.withdrawn
    order by same.published_at desc
    limit 1
) as earlier on true
where not known.alone
    and (cast(:start as timestamp) is null or known.period_start >= cast(:start as timestamp))
    and (cast(:end as timestamp) is null or known.period_start + wanted.length <= cast(:end as timestamp))
order by known.period_start
"""

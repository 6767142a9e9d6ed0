"""What happened within each period alone, computed from a series that counts up from 1 January.

Six months less the first quarter is the second quarter only where both were said together: a total of June that holds
a revised first quarter, less the first quarter as March knew it, is the figure of no period at all. So a difference is
taken inside one publication, of two figures that both still stand, and it says what it was computed from.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest.observation import SeriesKey
from service.archive import derivation, series
from service.archive.derivation import point
from service.archive.points import Statement
from service.archive.series import Selection, Span


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
    numbers = series.numbers(connection, Selection.of(key))
    statement = _differences(connection, numbers, as_of).within(_OF_ONE, start=span.start, end=span.end)
    return [dict(row) for row in connection.execute(text(statement.sql), statement.values).mappings()]


def stored(connection: Connection, chosen: Sequence[int], *, as_of: datetime) -> Statement:
    """What each period alone adds to these year-to-date series, as points: the transform `within`."""
    return _differences(connection, chosen, as_of).within(_AS_POINTS)


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


def _differences(connection: Connection, chosen: Sequence[int], as_of: datetime) -> Statement:
    # The first period of a year alone is its year to date; offices often print it as the one and not as the other.
    alone = connection.execute(text(_ALONE), {"series": list(chosen)}).scalars()
    return Statement(_DIFFERENCES, {"series": list(chosen), "said": [*chosen, *alone], "as_of": as_of})


_ALONE = """
select alone.id
from series
join series as alone using (frequency, indicator, reporting_unit, source, breakdown)
where series.id = any(:series) and series.accumulation = 'YTD' and alone.accumulation = 'PERIOD'
"""

# What does each period add? Of its figure as of the moment the last publication that also said the period before.
_DIFFERENCES = f"""
with
    line as (
        select
            series.id as line, said.id, said.accumulation = 'PERIOD' as alone, series.frequency, series.indicator,
            series.reporting_unit, series.accumulation, series.source, series.breakdown, said.key,
            period_length(series.frequency) as length,
            unit_of(series.breakdown, indicator.unit_measure) as unit_measure
        from series
        join indicator on indicator.code = series.indicator
        join series as said
            on said.frequency = series.frequency and said.indicator = series.indicator
            and said.reporting_unit = series.reporting_unit and said.source = series.source
            and said.breakdown = series.breakdown and said.accumulation in (series.accumulation, 'PERIOD')
        where series.id = any(cast(:series as integer[]))
    ),
    -- Confirmations too, which the view of vintages passes over: they tell what was said together.
    stated as (
        select distinct on (line, period_start, published_at)
            line, length, period_start, published_at, value, status::text as status, withdrawn, recorded_at,
            submission_id as submission, document_id, comment, data_from, data_to,
            key || '@' || period_text(frequency, period_start) as origin
        from observation
        join line on line.id = observation.series_id
        where observation.series_id = any(cast(:said as integer[])) and published_at <= least(:as_of, now())
            and (not alone or period_start = date_trunc('year', period_start))
        order by line, period_start, published_at, alone, recorded_at desc
    ),
    together as (
        select
            *,
            {
    ", ".join(
        f"lag({name}) over publication as was_{name}"
        for name in (
            *("period_start", "value", "status", "withdrawn", "recorded_at", "submission", "document_id", "comment"),
            *("data_from", "data_to", "origin"),
        )
    )
}
        from stated
        window publication as (partition by line, published_at order by period_start)
    ),
    known as (
        select distinct on (line, period_start)
            vintage.*, line.line, line.alone, line.length, line.frequency, line.indicator, line.reporting_unit,
            line.accumulation, line.source, line.breakdown, line.unit_measure,
            period_start = date_trunc('year', period_start) as is_first,
            key || '@' || period_text(frequency, period_start) as origin
        from vintage
        join line on line.id = vintage.series_id
        where vintage.series_id = any(cast(:said as integer[]))
            and vintage.valid_from <= :as_of and (vintage.valid_to is null or vintage.valid_to > :as_of)
            and (not alone or period_start = date_trunc('year', period_start))
        order by line, period_start, value is null, withdrawn, alone
    ),
    followed as (
        select
            *,
            lag(period_start) over line as was_start,
            lag(value) over line as was_value,
            lag(valid_from) over line as was_valid_from,
            lag(valid_to) over line as was_valid_to
        from known
        window line as (partition by line order by period_start)
    ),
    earlier as (
        select distinct on (known.line, known.period_start)
            known.line, known.period_start, together.published_at,
            {
    ", ".join(
        f"together.was_{name}"
        for name in (
            *("value", "status", "recorded_at", "submission", "document_id", "comment", "data_from", "data_to"),
            "origin",
        )
    )
}
        from followed as known
        join together using (line, period_start)
        where together.published_at >= known.valid_from
            and together.value = known.value
            and not together.withdrawn
            and together.was_period_start = known.period_start - known.length
            and known.was_start = known.period_start - known.length
            and together.was_value = known.was_value
            and not together.was_withdrawn
            and not known.is_first
        order by known.line, known.period_start, together.published_at desc
    )
select
    known.frequency,
    known.indicator,
    known.reporting_unit,
    known.accumulation,
    known.source,
    known.breakdown,
    known.period_start,
    case when is_first then known.value else known.value - earlier.was_value end as value,
    case when not known.withdrawn then known.status end as status,
    earlier.was_status as old_status,
    known.unit_measure,
    coalesce(earlier.published_at, known.valid_from) as published_at,
    -- Since when do the two stand side by side, or one of them alone?
    greatest(known.valid_from, case when known.was_start = known.period_start - known.length and not is_first
        then known.was_valid_from end) as side_by_side_at,
    known.data_to as own_data_to,
    earlier.was_data_to as old_data_to,
    least(known.valid_to, case when earlier.line is not null then known.was_valid_to end) as valid_to,
    greatest(known.recorded_at, earlier.was_recorded_at) as recorded_at,
    {
    ", ".join(
        f"case when earlier.line is null or known.{stored} is not distinct from earlier.was_{told}"
        f" then known.{stored} end as {told}"
        for stored, told in (
            ("submission_id", "submission"),
            ("document_id", "document_id"),
            ("comment", "comment"),
            ("data_from", "data_from"),
            ("data_to", "data_to"),
        )
    )
},
    known.reason,
    array_remove(array[known.origin, earlier.was_origin], null) as computed_from,
    known.alone,
    known.value as cumulated,
    case when not is_first then period_text(known.frequency, known.period_start - known.length) end as previous_period,
    earlier.was_value as previous_cumulated,
    case
        when is_first or earlier.line is not null then null
        when known.was_value is null or known.was_start <> known.period_start - known.length then 'no_earlier_figure'
        else 'earlier_figure_of_another_vintage'
    end as why
from followed as known
left join earlier on earlier.line = known.line and earlier.period_start = known.period_start
where not known.alone
"""

_STATUS = derivation.least_sure("status", "old_status")
_OF_ONE = f"""
select
    concat_ws('.', {derivation.LINE}) as series,
    period_text(frequency, period_start) as period,
    value,
    case when value is null then status else {_STATUS} end as status,
    unit_measure, published_at, cumulated, previous_period, previous_cumulated, why
from points
where cumulated is not null
    and (cast(:start as timestamp) is null or period_start >= cast(:start as timestamp))
    and (cast(:end as timestamp) is null or period_start + period_length(frequency) <= cast(:end as timestamp))
order by period_start
"""
_SENTENCE = """
case
    when cumulated is null then reason
    when why = 'no_earlier_figure' then 'There is no figure of ' || previous_period || ' to take off.'
    when why is not null then 'No publication says both this total and that of ' || previous_period || '.'
    when status = 'B' then 'The total begins anew here: nothing before the break is taken off.'
end
"""
_AS_POINTS = f"""
, told as (
    select
        points.*, document.reference as document, cast('{{}}' as text[]) as derived,
        case when value is null or (status = 'B' and previous_cumulated is not null) then {_SENTENCE} end as missing
    from points
    left join document on document.id = points.document_id
)
{
    point(
        "value",
        "missing",
        {name: name for name in derivation.TOLD}
        | {"status": _STATUS, "published_at": "greatest(published_at, side_by_side_at)"},
        "array[concat('transform:', 'within')]",
        note=derivation.each_once(
            derivation.other_days(derivation.PERIOD_BEFORE, "null", "old_data_to"),
            derivation.other_days(data_from="null", data_to="own_data_to"),
        ),
    )
} from told
"""

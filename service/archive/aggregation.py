"""Figures of a lower frequency, made by the indicator's own rule: summed, the last, averaged, or a rate recomputed.

What does not add up is refused with the reason: ranks, indices, weeks that lie in two months. A lower period that is
not whole is missing and says what it lacks, or is computed and flagged where that was asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from ingest.observation import DENOMINATOR, NUMERATOR
from service.archive import derivation
from service.archive.derivation import IS_BREAK, LINE, periods_between, point, traced
from service.archive.measures import DoesNotApply, Measure, measures, refuse_some
from service.archive.points import POINT_COLUMNS, Statement, significant

# From the highest frequency to the lowest.
_ORDER = "HDWMQSA"
FREQUENCIES = ("A", "S", "Q", "M", "W", "D")


@dataclass(frozen=True, slots=True)
class Aggregate:
    """To which frequency; by which rule, where not by the indicator's own; whether periods that lack some are told."""

    frequency: str
    rule: str | None = None
    incomplete: bool = False


def refuse(connection: Connection, series: Sequence[int], keys: Iterable[str], wanted: Aggregate) -> None:
    """Refuse what does not add up to the frequency; `keys` are those that are answered from these series.

    Raises DoesNotApply, with the series and the reason.
    """
    refuse_some(measures(connection, series), lambda each: _why_not(each, wanted), parameter="aggregate")
    frequencies: dict[str, list[str]] = defaultdict(list)
    for frequency, _, line in sorted(key.partition(".") for key in keys):
        frequencies[line].append(frequency)
    for line, several in frequencies.items():
        if len(several) > 1:
            raise DoesNotApply(
                f"{line} is there by several frequencies ({', '.join(several)}), which would become one series: name"
                f" one, as in frequency={several[0]}."
            )


def beside(connection: Connection, series: Sequence[int]) -> list[int]:
    """The numerators and denominators from which the rates among these series are recomputed."""
    return list(
        connection.execute(
            text(
                f"""
                select count.id
                from series as rate
                join indicator on indicator.code = rate.indicator and indicator.adds_over_time = 'ratio'
                join series as count using (frequency, indicator, reporting_unit, accumulation, source)
                where rate.id = any(:series) and rate.breakdown = '_T' and rate.accumulation = 'PERIOD'
                    and count.breakdown in ('{NUMERATOR}', '{DENOMINATOR}')
                """
            ),
            {"series": list(series)},
        ).scalars()
    )


def aggregated(found: Statement, counts: Statement, wanted: Aggregate, *, whole_periods: bool = False) -> Statement:
    """The points of the lower frequency; those that have it already stay as they are.

    `counts` are the numerators and denominators of the rates. `whole_periods` asks for all parts, also of the time when
    the reporting unit was not there: seen in another geography, it has the figures of those before it.
    """
    values: dict[str, Any] = {
        "to_frequency": wanted.frequency,
        "rule": wanted.rule,
        "flag": wanted.incomplete,
        "whole_periods": whole_periods,
    }
    return found.within_beside(counts, _AGGREGATED, **values)


def _why_not(each: Measure, wanted: Aggregate) -> str | None:
    if each.frequency == wanted.frequency:
        return None
    if _ORDER.index(each.frequency) > _ORDER.index(wanted.frequency):
        return f"its frequency {each.frequency} is lower than {wanted.frequency}, and nothing is interpolated"
    if each.frequency == "W":
        return "a week may lie in two months or years, so weeks do not add up to them"
    if wanted.rule in (None, "last"):
        own = each.accumulation == "PERIOD" and each.adds_over_time == "none" and wanted.rule is None
        return f"{each.named}, and the catalogue says that it does not add up over time" if own else None
    if each.kind != "quantity":
        return f"{each.named}, which is neither summed nor averaged"
    if each.accumulation in ("YTD", "SINCE_START"):
        return "it counts up already, so only the last of its totals says something of a longer period"
    if each.accumulation == "STOCK" and wanted.rule == "sum":
        return "it is a state at the end of a period, and states are not summed"
    return None


_SAID = derivation.of_all(only="used", order=" order by period_start", among="matters")
# Of a rate it is the counts that have to be whole.
_OF_COUNTS = ("used_periods", "there", "is_whole", "has_break", "has_break_inside", "cut")
# Only of the whole are there counts.
_FROM_COUNTS = "rule = 'ratio' and breakdown = '_T'"
_GROUP = f"{LINE}, asked, lower_start, rule"
_NAMES = (
    "case frequency when 'S' then 'half-years' when 'Q' then 'quarters' when 'M' then 'months' when 'W' then 'weeks'"
    " when 'D' then 'days' else 'hours' end"
)
_LOWER = "period_text(:to_frequency, lower_start)"
_LACKS = f"parts || ' of ' || due || ' ' || {_NAMES}"
_UNTIL = "cast(part_end - interval '1 microsecond' as date)"
_WHY = f"""
case
    when rule = 'ratio' and breakdown <> '_T' then
        'A rate is recomputed from its numerator and denominator, and those that are there are of the whole,'
        || ' not of the breakdown ' || breakdown || '.'
    when rule = 'ratio' and (numerator_value is null or denominator_value is null) then
        'A rate is recomputed from its numerator and denominator, and ' || {_LOWER} || ' lacks them.'
    when broken_inside and rule <> 'last' then 'A break in the series lies within ' || {_LOWER} || '.'
    when rule = 'ratio' and numerator_used_periods <> denominator_used_periods then
        'The numerator and the denominator are known for different parts of ' || {_LOWER} || '.'
    when rule = 'ratio' and denominator_value = 0 then 'The denominator of ' || {_LOWER} || ' is 0.'
    when rule <> 'ratio' and there = 0 then 'No part of ' || {_LOWER} || ' has a figure.'
    when :flag or whole then null
    when rule = 'last' then 'The last part of ' || {_LOWER} || ' has no figure.'
    else 'Only ' || {_LACKS} || ' have a figure.'
end
"""
_OTHER = {
    name: f"case when {_FROM_COUNTS} then {expression} else {name} end"
    for name, expression in derivation.of_both("numerator_", "denominator_").items()
}
_STEPS = (
    "array['aggregate:' || cast(:to_frequency as text)]",
    "case when broken then array['break'] else '{}' end",
    "case when part_start > lower_start then array['since:' || cast(part_start as date)] else '{}' end",
    f"case when part_end < lower_start + period_length(:to_frequency) then array['until:' || {_UNTIL}] else '{{}}' end",
    "case when why is null and not whole then array['incomplete'] else '{}' end",
)


_NOTE = f"""nullif(concat_ws(' ',
    case when part_start > lower_start then 'The reporting unit began on ' || cast(part_start as date) || '.' end,
    case when part_end < lower_start + period_length(:to_frequency) then
        'The reporting unit ended on ' || {_UNTIL} || '.' end,
    case when rule = 'ratio' then {derivation.each_once("numerator_cut", "denominator_cut")} else cut end,
    case when not whole then {_LACKS} end
), '')"""


def _made() -> str:
    # A rate whose counts are not there tells of itself; where they are, it has not been there before its own figures.
    said = _OTHER | {
        "published_at": f"greatest({_OTHER['published_at']}, published_at)",
        "valid_to": f"least({_OTHER['valid_to']}, valid_to)",
        "recorded_at": f"greatest({_OTHER['recorded_at']}, recorded_at)",
        **{name: f"coalesce({_OTHER[name]}, {name})" for name in ("derived", "computed_from")},
    }
    made = point("amount", "why", said, *_STEPS, note=_NOTE, withdrawn="is_withdrawn")
    return made.replace("select frequency,", "select cast(:to_frequency as text) as frequency,").replace(
        "period_start,", "lower_start as period_start,", 1
    )


# What is there is due, also where the catalogue has the reporting unit begin later or end earlier.
_PART_START = "least(max(first_due), min(period_start) filter (where value is not null))"
_PART_END = "greatest(max(end_due), max(period_start + period_length(frequency)) filter (where value is not null))"
_COUNTS_BREAK = "coalesce(numerator_{0}, false) or coalesce(denominator_{0}, false)"

_AGGREGATED = f"""
, traced as (
    {traced("points", "true as asked", f"{derivation.CUT_OFF} as own_cut")} where frequency <> :to_frequency
    union all
    {traced("beside", "false as asked", f"{derivation.CUT_OFF} as own_cut")} where frequency <> :to_frequency
),
placed as (
    select
        traced.*,
        lower_start,
        case
            when cast(:rule as text) is not null then cast(:rule as text)
            when accumulation <> 'PERIOD' then 'last'
            when adds_over_time = 'ratio' and breakdown in ('{NUMERATOR}', '{DENOMINATOR}') then 'sum'
            else adds_over_time
        end as rule,
        lower_end,
        -- Only while the reporting unit existed is a figure due.
        case when unit_start > lower_start and unit_start < lower_end then unit_start else lower_start end as first_due,
        case when unit_end > lower_start and unit_end < lower_end then unit_end else lower_end end as end_due
    from traced
    join (select code, adds_over_time from indicator) as indicator on indicator.code = traced.indicator
    join (select code, valid_from, valid_to from reporting_unit) as reporting_unit
        on reporting_unit.code = traced.reporting_unit
    cross join lateral (
        select
            period_start_of(:to_frequency, period_start) as lower_start,
            period_start_of(:to_frequency, period_start) + period_length(:to_frequency) as lower_end,
            case when not cast(:whole_periods as boolean) then
                period_start_of(frequency, cast(reporting_unit.valid_from as timestamp))
            end as unit_start,
            case when not cast(:whole_periods as boolean) then
                period_start_of(frequency, cast(reporting_unit.valid_to as timestamp)) + period_length(frequency)
            end as unit_end
        offset 0  -- computed once and not in each place where it is read
    ) as lower
),
used as (
    select
        *,
        value is not null and (
            rule <> 'last'
            or period_start = max(period_start) filter (where value is not null)
                over (partition by {_GROUP})
        ) as used,
        -- What came before the last figure says nothing of it.
        rule <> 'last' or period_start >= coalesce(
            max(period_start) filter (where value is not null) over (partition by {_GROUP}), period_start
        ) as matters
    from placed
),
grouped as (
    select
        {_GROUP},
        max(unit_measure) as unit_measure,
        bool_and(status is null) as is_withdrawn,
        count(value) as there,
        {_PART_START} as part_start,
        {_PART_END} as part_end,
        {periods_between(_PART_START, _PART_END)} as due,
        -- Of what is the last only the last has to be there.
        case
            when rule = 'last' then max(period_start) filter (where used) + period_length(frequency) = {_PART_END}
            else count(value) = {periods_between(_PART_START, _PART_END)}
        end as is_whole,
        bool_or({IS_BREAK}) as has_break,
        bool_or({IS_BREAK} and period_start > first_due) as has_break_inside,
        -- A single value keeps every digit.
        case
            when rule = 'mean' then {significant("sum(value) filter (where used) / count(value)")}
            else sum(value) filter (where used)
        end as value,
        array_agg(period_start order by period_start) filter (where used) as used_periods,
        {derivation.cut_off("used")} as cut,
        {", ".join(f"{expression} as {name}" for name, expression in _SAID.items())}
    from used
    group by {_GROUP}
),
counted as (
    select
        *,
        {derivation.found(f"not asked and breakdown = '{NUMERATOR}'", "counts", "numerator_", *_OF_COUNTS)},
        {derivation.found(f"not asked and breakdown = '{DENOMINATOR}'", "counts", "denominator_", *_OF_COUNTS)}
    from (select *, cast(null as text) as reason from grouped) as grouped
    window counts as (partition by frequency, indicator, reporting_unit, accumulation, source, lower_start)
),
amounts as (
    select
        *,
        has_break or {_FROM_COUNTS} and ({_COUNTS_BREAK.format("has_break")}) as broken,
        has_break_inside or {_FROM_COUNTS} and ({_COUNTS_BREAK.format("has_break_inside")}) as broken_inside,
        case when rule = 'ratio' then numerator_is_whole else is_whole end as whole,
        case when rule = 'ratio' then numerator_there else there end as parts,
        case
            when rule <> 'ratio' then value
            else {
    significant(
        "case when unit_measure in ('percent', 'per_100_people') then 100 else 1 end"
        " * numerator_value / nullif(denominator_value, 0)"
    )
}
        end as amount
    from counted
    where asked
),
told as (select *, {_WHY} as why from amounts)
{_made()} from told
union all
select {", ".join(POINT_COLUMNS)} from points where frequency = :to_frequency
"""

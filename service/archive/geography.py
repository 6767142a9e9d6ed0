"""Figures of all times, seen as the reporting units of one day.

A unit's own figure comes first and stays as it was reported. Where it has none for a period, the figures of the units
that cover the same (`territory`) stand for it: a unit that only got another code gives its figure on, several are added
up where the indicator adds up, and a rate is recomputed from the sums of its NUMERATOR and its DENOMINATOR. Whatever
cannot be computed is a missing value with the reason, never a part that passes for the whole.
docs/geography.md says the same with examples.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import Connection, text

from ingest import registry
from ingest.observation import DENOMINATOR, NUMERATOR, TOTAL, SeriesKey
from ingest.reporting_unit import Lineage, ReportingUnit
from service.archive import points, series, territory
from service.archive.points import Statement
from service.archive.series import Selection
from service.archive.territory import Cover


@dataclass(frozen=True, slots=True)
class Geography:
    """The reporting units of a day, and what covers them. `step` is what a point seen this way says of itself."""

    step: str
    day: date
    covers: tuple[Cover, ...]

    @property
    def said(self) -> tuple[str, str]:
        """What is seen, in Vietnamese and English."""
        if self.step == "geography:current":
            return "theo đơn vị báo cáo hiện nay", "in the reporting units of today"
        return f"theo đơn vị báo cáo ngày {self.day:%d/%m/%Y}", f"in the reporting units of {self.day}"

    @property
    def units(self) -> list[str]:
        """The units that there are on the day."""
        return list(dict.fromkeys(cover.unit for cover in self.covers))

    def instead_of(self, code: str) -> list[str]:
        """Units of the day that cover something of what this one covers, which is not there on the day."""
        return list(dict.fromkeys(cover.unit for cover in self.covers if cover.member.code == code))


@dataclass(frozen=True, slots=True)
class Line:
    """A series as it is to be answered, and the numbers of the stored series that its points come from.

    `own` are its own of all reporting units, `counts` the numerators and denominators of a rate.
    """

    key: str
    own: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def series(self) -> tuple[int, ...]:
        """All that its points come from."""
        return self.own + self.counts


class NotThere(Exception):
    """The reporting units did not exist on the day; ask for those that cover what they cover."""

    def __init__(self, units: Sequence[ReportingUnit], day: date, instead: Sequence[ReportingUnit]) -> None:
        """Name the units, and those of the day to ask for instead."""
        ask = f"Ask for what covers it then: {_list(instead)}." if instead else "Nothing of that day covers it."
        super().__init__(f"There is no reporting unit {_list(units)} on {day}. {ask}")
        self.nearest = [each.code for each in instead]


_FEW = 5  # units that a person reads


def _list(units: Sequence[ReportingUnit]) -> str:
    named = ", ".join(f"{each.code} ({each.name_en})" for each in units[:_FEW])
    return f"{named} and {len(units) - _FEW} more" if len(units) > _FEW else named


def on(connection: Connection, day: date, *, step: str) -> Geography:
    """The geography of a day."""
    catalogue = registry.read(connection)
    return Geography(step, day, _covers(day, tuple(catalogue.reporting_units), catalogue.lineage))


# The same for every request of a day, and a hundredth of a second of work.
@lru_cache(maxsize=8)
def _covers(day: date, units: tuple[ReportingUnit, ...], lineage: tuple[Lineage, ...]) -> tuple[Cover, ...]:
    return tuple(territory.on(day, units, lineage))


def require(connection: Connection, geography: Geography, codes: Sequence[str]) -> None:
    """Raise NotThere where none of these is a unit of the geography, and there is one of another day among them."""
    known = registry.read(connection).reporting_units
    there = set(geography.units)
    units = [unit for code in codes if (unit := known.get(code))]
    if units and not there.intersection(unit.code for unit in units):
        instead = dict.fromkeys(it for unit in units for it in geography.instead_of(unit.code))
        raise NotThere(units, geography.day, [each for it in instead if (each := known.get(it))])


def lines(
    connection: Connection,
    selection: Selection,
    geography: Geography,
    *,
    since: str | None = None,
    frequency: str | None = None,
) -> list[Line]:
    """The series of a selection as this geography has them, by key from that key on; not all need have points.

    `frequency` stands in their keys for their own, where the answer will be of that frequency.
    """
    rest = {part: list(codes) for part, codes in selection.codes.items() if part not in ("reporting_unit", "breakdown")}
    assert set(rest) <= set(SeriesKey.__slots__)  # noqa: S101 - names of columns, never the asker's words
    wanted = set(selection.codes.get("reporting_unit", geography.units))
    pairs = sorted({(cover.unit, cover.member.code) for cover in geography.covers if cover.unit in wanted})
    found = connection.execute(
        text(_LINES.format(where="".join(f" and line.{part} = any(:{part})" for part in rest))),
        rest
        | {
            "units": [unit for unit, _ in pairs],
            "members": [member for _, member in pairs],
            "breakdowns": list(selection.codes["breakdown"]) if "breakdown" in selection.codes else None,
            "total": TOTAL,
            "parts": [NUMERATOR, DENOMINATOR],
            "since": since,
            "lower": frequency,
        },
    )
    return [Line(key, tuple(own), tuple(counts)) for key, own, counts in found]


def lines_of(connection: Connection, numbers: Sequence[int], geography: Geography) -> list[Line]:
    """The lines that come from one of these stored series, whatever reporting units they are of."""
    kinds = connection.execute(
        text(
            "select distinct frequency, indicator, accumulation, source, breakdown from series where id = any(:series)"
        ),
        {"series": list(numbers)},
    ).all()
    parts = ("frequency", "indicator", "accumulation", "source", "breakdown")
    selection = Selection({part: sorted({kind[at] for kind in kinds}) for at, part in enumerate(parts)})
    wanted = set(numbers)
    return [line for line in lines(connection, selection, geography) if wanted.intersection(line.series)]


def has_been_public(connection: Connection, selection: Selection, geography: Geography) -> bool:
    """Whether something was public of these lines themselves, and not only of a rate's counts."""
    numbers = [number for line in lines(connection, selection, geography) for number in line.own]
    return bool(series.public(connection, numbers))


def seen(found: Statement, chosen: Sequence[Line], geography: Geography) -> Statement:
    """The points of these lines: own figures as they are, and what the points of other units make of the rest."""
    units = {SeriesKey.parse(line.key).reporting_unit for line in chosen}
    covers = [cover for cover in geography.covers if cover.unit in units]
    return found.within(
        _SEEN,
        step=geography.step,
        lines=[line.key for line in chosen],
        cover_unit=[cover.unit for cover in covers],
        cover_piece=[cover.piece for cover in covers],
        cover_member=[cover.member.code for cover in covers],
        cover_first=[cover.member.first for cover in covers],
        cover_last=[cover.member.last for cover in covers],
        cover_distance=[cover.distance for cover in covers],
        cover_whole=[cover.whole for cover in covers],
        cover_pieces=[cover.pieces for cover in covers],
        total=TOTAL,
        numerator=NUMERATOR,
        denominator=DENOMINATOR,
    )


# Which lines are there, and of which stored series? A rate's come with those of its numerator and denominator. Their
# order is that of the database, as it is where pages of the answer begin.
_LINES = """
with line as (
    select
        line.frequency, line.indicator, cover.unit as reporting_unit, line.accumulation, line.source, line.breakdown,
        line.id, indicator.adds_over_units = 'ratio' and line.breakdown = :total as is_rate
    from unnest(cast(:units as text[]), cast(:members as text[])) as cover (unit, member)
    join series as line on line.reporting_unit = cover.member
    join indicator on indicator.code = line.indicator
    where true{where}
),
part as (
    select frequency, indicator, reporting_unit, accumulation, source, array_agg(id) as numbers
    from line
    where breakdown = any(cast(:parts as text[]))
    group by 1, 2, 3, 4, 5
),
keyed as (
    select
        concat_ws('.', frequency, indicator, reporting_unit, accumulation, source, breakdown) as key,
        array_agg(id) as own,
        case when is_rate then coalesce(numbers, '{{}}') else '{{}}' end as counts
    from line
    left join part using (frequency, indicator, reporting_unit, accumulation, source)
    where (cast(:breakdowns as text[]) is null or breakdown = any(cast(:breakdowns as text[])))
    group by frequency, indicator, reporting_unit, accumulation, source, breakdown, is_rate, numbers
)
select key, own, counts
from keyed
cross join lateral (
    select case when cast(:lower as text) is null then key else :lower || substr(key, 2) end as told
) as answer
where cast(:since as text) is null or told >= :since
order by told, key
"""

_KEPT_WHERE_ALL_AGREE = ("submission", "document", "comment", "data_from", "data_to")
_FIGURE = "frequency, indicator, unit, accumulation, source, breakdown, period_start"


def _agreed(name: str, of: str = "") -> str:
    """What all points say alike."""
    alike = f"count({name}) {of} = count(*) {of} and min({name}) {of} = max({name}) {of}"
    return f"case when {alike} then min({name}) {of} end as {name}"


def _named(which: str) -> str:
    """The names of reporting units, in a row."""
    return (
        "(select string_agg(name.name_en || ' (' || name.code || ')', ', ' order by name.code)"
        f" from reporting_unit as name where {which})"
    )


# Whose figure is wanting? Of each piece without one the nearest unit that there was in the period.
_WANTING = _named(
    """name.code in (
        select distinct on (cover.piece) cover.member
        from cover
        join reporting_unit as there on there.code = cover.member
        where cover.unit = together.unit and cover.piece <> all(together.covered)
            and (there.valid_from is null or there.valid_from < period_start + period_length(frequency))
            and (there.valid_to is null or there.valid_to >= cast(period_start as date))
        order by cover.piece, cover.distance = 0, cover.distance
    )"""
)

# Until when do the figures count that were added up?
_CUT_OFFS = (
    "(select string_agg(name.name_en || ' (' || name.code || ') until ' || cut.day, ', ' order by name.code)"
    " from unnest(cut_units, cut_days) as cut (unit, day) join reporting_unit as name on name.code = cut.unit)"
)
_UNLIKE = "'Not all are of the same cut-off: ' || cut_offs || '.'"
# Which units began or ended inside the days of their figures, so that half a year passes for no whole one?
_BOUNDS = """(
    select code, name_en, 'since' as step, 'began' as verb, valid_from as day
    from reporting_unit where code = any(began_units)
    union all
    select code, name_en, 'until', 'ended', valid_to from reporting_unit where code = any(ended_units)
) as bound"""
_IS_BOUND = "began_units is not null or ended_units is not null"
_WHOSE_BOUNDS = (
    "(select string_agg(name_en || ' (' || code || ') ' || verb || ' on ' || day || '.', ' ' order by day, code)"
    f" from {_BOUNDS})"
)
# A break in one of them is not always the status of the whole, and nothing is compared across it.
_STEPS = (
    "array[cast(:step as text)] || case when has_break then array['break'] else '{}' end"
    " || array(select distinct unnest(bounds) order by 1)"
)
_NOTE = f"nullif(concat_ws(' ', whose_bounds, case when data_to is null then {_UNLIKE} end), '')"


def _where_whole(names: str, is_whole: str) -> str:
    """What was said with the figures, where there is a value; of one that is missing no part speaks for all."""
    return ", ".join(f"case when {is_whole} then {name} end" for name in names.split(", "))


# The first of the days that are counted in a point, of which a state has none, and the day to which it belongs, the
# last of its period.
_FIRST_DAY = """case accumulation
    when 'PERIOD' then cast(period_start as date)
    when 'YTD' then cast(date_trunc('year', period_start) as date)
end"""
_LAST_DAY = "cast(period_start + period_length(frequency) - interval '1 microsecond' as date)"
_PLACE = "points.frequency, points.indicator, cover.unit, points.accumulation, points.source"
_RATE_LINE = f"concat_ws('.', {_PLACE}, cast(:total as text))"
_LINE_OF_POINT = f"concat_ws('.', {_PLACE}, points.breakdown)"

# No step joins what the one before made with itself: of such joins the planner knows nothing, and takes nested loops
# (95 s for 26,000 figures that now take 3).
_SEEN = f"""
, cover as materialized (
    select *
    from unnest(
        cast(:cover_unit as text[]), cast(:cover_piece as integer[]), cast(:cover_member as text[]),
        cast(:cover_first as date[]), cast(:cover_last as date[]), cast(:cover_distance as integer[]),
        cast(:cover_whole as boolean[]), cast(:cover_pieces as integer[])
    ) as cover (unit, piece, member, first_day, last_day, distance, whole, pieces)
),
extent as materialized (
    select unit, count(*) filter (where distance = 0) as pieces from cover group by unit
),
-- Every figure under each unit that it goes into, piece by piece, with what a rate is recomputed from.
placed as (
    select
        points.*, cover.unit, cover.piece, cover.distance, cover.whole, cover.pieces,
        {_LINE_OF_POINT} = any(cast(:lines as text[])) as is_asked,
        case
            when indicator.daily_mean_of is not null and points.breakdown = :denominator then 'none'  -- days
            when points.breakdown in (:numerator, :denominator) then 'sum'
            else indicator.adds_over_units
        end as rule,
        case
            when indicator.daily_mean_of is not null then null  -- its denominator counts days, not something of a unit
            when indicator.formula = '100 * numerator / denominator' then 100
            when indicator.formula = 'numerator / denominator' then 1
        end as factor,
        there.valid_from > {_FIRST_DAY} and there.valid_from <= {_LAST_DAY} as began_inside,
        there.valid_to >= {_FIRST_DAY} and there.valid_to < {_LAST_DAY} as ended_inside
    from points
    join cover
        on cover.member = points.reporting_unit
        and {_LAST_DAY} between coalesce(cover.first_day, '-infinity') and coalesce(cover.last_day, 'infinity')
    join indicator on indicator.code = points.indicator
    join reporting_unit as there on there.code = points.reporting_unit
    where {_LINE_OF_POINT} = any(cast(:lines as text[]))
        or points.breakdown in (:numerator, :denominator) and indicator.adds_over_units = 'ratio'
            and {_RATE_LINE} = any(cast(:lines as text[]))
),
-- A figure that was withdrawn is news of what stands for it now: of what is not nearer than it was.
nearest as (
    select *, min(distance) filter (where status is not null) over (partition by {_FIGURE}, piece) as nearest
    from placed
),
news as (
    select
        *,
        count(status) over figure as standing,
        max(published_at) filter (where status is null and distance < coalesce(nearest, distance + 1)) over figure
            as withdrawn_at,
        max(recorded_at) filter (where status is null and distance < coalesce(nearest, distance + 1)) over figure
            as withdrawal_recorded_at
    from nearest
    window figure as (partition by {_FIGURE})
),
-- Of each piece the figure that counts: the unit's own, then one with a value, then the nearest.
piece as (
    select distinct on (frequency, indicator, unit, accumulation, source, breakdown, period_start, piece) *
    from news
    where status is not null
    order by
        frequency, indicator, unit, accumulation, source, breakdown, period_start, piece,
        distance > 0, value is null, distance
),
used as (
    select *, row_number() over figure as nth, count(*) over (partition by {_FIGURE}, reporting_unit) as taken_for
    from piece
    window figure as (partition by {_FIGURE}, reporting_unit order by piece)
),
together as (
    select
        frequency, indicator, unit, accumulation, source, breakdown, period_start, rule, factor, is_asked,
        case when bool_and(value is not null) then sum(value) filter (where nth = 1) end as value,
        substr('ABPEF', max(strpos('ABPEF', status)), 1) as status,
        min(unit_measure) as unit_measure,
        greatest(max(published_at), max(withdrawn_at)) as published_at,
        min(valid_to) as valid_to,
        greatest(max(recorded_at), max(withdrawal_recorded_at)) as recorded_at,
        {", ".join(_agreed(name) for name in _KEPT_WHERE_ALL_AGREE)},
        min(status) as own_status,
        min(reason) as own_reason,
        array_agg(
            concat_ws('.', frequency, indicator, reporting_unit, accumulation, source, breakdown)
                || '@' || period_text(frequency, period_start)
            order by reporting_unit
        ) filter (where nth = 1) as computed_from,
        array_agg(piece) as covered,
        count(*) as pieces,
        -- One figure that covers the same: the unit's own, or that of a unit which only got another code.
        count(*) filter (where nth = 1) = 1 and bool_and(whole) and min(pieces) = count(*) as is_one,
        min(distance) = 0 as is_own,
        bool_or(status = 'B') as has_break,
        array_agg(reporting_unit order by reporting_unit) filter (where nth = 1 and data_to is not null) as cut_units,
        array_agg(data_to order by reporting_unit) filter (where nth = 1 and data_to is not null) as cut_days,
        array_agg(reporting_unit) filter (where nth = 1 and began_inside) as began_units,
        array_agg(reporting_unit) filter (where nth = 1 and ended_inside) as ended_units,
        -- Neither a part of something larger, nor figures from before and after a change of which one holds the other.
        array_agg(reporting_unit order by reporting_unit)
            filter (where nth = 1 and (not whole or pieces <> taken_for)) as inseparable,
        array_agg(reporting_unit order by reporting_unit) filter (where nth = 1 and value is null) as without_value
    from used
    group by
        frequency, indicator, unit, accumulation, source, breakdown, period_start, rule, factor, is_asked
),
-- Why there is no value; null where there is one.
told as (
    select
        together.*,
        is_one and together.pieces = extent.pieces as is_as_reported,
        case when cut_units is not null then {_CUT_OFFS} end as cut_offs,
        case when {_IS_BOUND} then array(select distinct step || ':' || day from {_BOUNDS} order by 1) end as bounds,
        case when {_IS_BOUND} then {_WHOSE_BOUNDS} end as whose_bounds,
        case
            when is_one and together.pieces = extent.pieces then null
            when inseparable is not null
                then {_named("name.code = any(inseparable)")} || ' also covers other reporting units, or is counted'
                    || ' in with others, and cannot be taken apart.'
            when rule = 'ratio' then null
            when rule = 'none' and breakdown = :denominator then 'Days do not add up over reporting units.'
            when rule = 'none' and unit_measure = 'rank' then 'A rank among other reporting units does not add up.'
            when rule = 'none' and unit_measure like 'index%' then 'An index without weights does not add up.'
            when rule = 'none' then 'This indicator does not add up over reporting units.'
            when rule = 'mean' then 'A mean without weights does not add up.'
            when together.pieces < extent.pieces
                then 'There is no figure of ' || {_WANTING} || ', without which the sum is not whole.'
            when without_value is not null
                then 'The value of ' || {_named("name.code = any(without_value)")}
                    || ' is missing, without which the sum is not whole.'
        end as why
    from together
    join extent on extent.unit = together.unit
),
-- A rate beside the sums of its two counts.
rate as (
    select
        frequency, indicator, unit, accumulation, source, period_start,
        min(breakdown) filter (where is_rate) as breakdown,
        min(unit_measure) filter (where is_rate) as unit_measure,
        min(factor) as factor,
        min(why) filter (where is_rate) as why,
        min(why) filter (where not is_rate) as part_why,
        min(value) filter (where breakdown = :numerator) as numerator,
        min(value) filter (where breakdown = :denominator) as denominator,
        count(*) filter (where not is_rate) as parts,
        bool_or(has_break) as has_break,
        string_agg(distinct cut_offs, ', ') filter (where not is_rate) as cut_offs,
        string_to_array(string_agg(array_to_string(bounds, ' '), ' ') filter (where not is_rate), ' ') as bounds,
        string_agg(distinct whose_bounds, ' ') filter (where not is_rate) as whose_bounds,
        substr('ABPEF', max(strpos('ABPEF', status)) filter (where not is_rate), 1) as status,
        -- Also of the rates themselves, without which nobody knew that there is one to recompute.
        max(published_at) as published_at,
        min(valid_to) as valid_to,
        max(recorded_at) as recorded_at,
        {", ".join(_agreed(name, "filter (where not is_rate)") for name in _KEPT_WHERE_ALL_AGREE)},
        min(computed_from) filter (where is_rate) as from_rates,
        min(computed_from) filter (where breakdown = :numerator) as from_numerators,
        min(computed_from) filter (where breakdown = :denominator) as from_denominators
    from (select *, breakdown not in (:numerator, :denominator) as is_rate from told) as told
    where breakdown in (:total, :numerator, :denominator) and (rule = 'ratio' or not is_rate)
    group by frequency, indicator, unit, accumulation, source, period_start
    having bool_or(is_rate and is_asked and not is_as_reported)
),
recomputed as (
    select
        *,
        factor * numerator / nullif(denominator, 0) as unrounded,
        coalesce(
            why,
            case
                when factor is null
                    then 'This rate cannot be recomputed from a numerator and a denominator;'
                        || ' rates are never averaged.'
                when parts < 2
                    then 'There is no numerator or no denominator to recompute it from, and rates are never averaged.'
                when part_why is not null then 'The rate cannot be recomputed. ' || part_why
                when numerator is null or denominator is null
                    then 'The rate cannot be recomputed, as its numerator or its denominator is missing.'
                when denominator = 0 then 'The rate cannot be recomputed, as its denominator is 0.'
            end
        ) as why_not
    from rate
)
-- As it was reported, or given on to another code.
select
    frequency, indicator, unit as reporting_unit, accumulation, source, breakdown, period_start, value,
    own_status as status, unit_measure, published_at, valid_to, recorded_at, submission,
    case when is_own then own_reason else nullif(concat_ws(' ', own_reason, whose_bounds), '') end as reason, document,
    comment, data_from, data_to,
    case when not is_own then array[cast(:step as text)] || bounds end as derived,
    case when not is_own then computed_from end as computed_from
from told
where is_as_reported and is_asked
union all
-- Added up, or a rate of a part, which has no counts of its own.
select
    frequency, indicator, unit, accumulation, source, breakdown, period_start,
    case when why is null and rule = 'sum' then value end,
    case when why is null and rule = 'sum' then status else 'M' end,
    unit_measure, published_at, valid_to, recorded_at, {_where_whole("submission", "why is null and rule = 'sum'")},
    case
        when why is not null then why
        when rule = 'ratio'
            then 'This rate cannot be recomputed from a numerator and a denominator; rates are never averaged.'
        else {_NOTE}
    end,
    {_where_whole("document, comment, data_from, data_to", "why is null and rule = 'sum'")},
    {_STEPS}, computed_from
from told
where not is_as_reported and is_asked and (rule <> 'ratio' or breakdown <> :total)
union all
select
    frequency, indicator, unit, accumulation, source, breakdown, period_start,
    case when why_not is null then {points.significant("unrounded")} end,
    case when why_not is null then status else 'M' end,
    unit_measure, published_at, valid_to, recorded_at, {_where_whole("submission", "why_not is null")},
    coalesce(why_not, {_NOTE}),
    {_where_whole("document, comment, data_from, data_to", "why_not is null")},
    {_STEPS},
    case when parts > 0 then coalesce(from_numerators || from_denominators, from_numerators, from_denominators)
        else from_rates
    end
from recomputed
union all
-- Withdrawn, all that would stand here.
select
    frequency, indicator, unit, accumulation, source, breakdown, period_start, null, null, min(unit_measure),
    max(published_at), min(valid_to), max(recorded_at), null, null, null, null, null, null, null, null
from news
where standing = 0 and is_asked
group by {_FIGURE}
"""

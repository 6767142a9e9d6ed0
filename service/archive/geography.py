"""Figures of all times, seen as the reporting units of one day.

A unit's own figure comes first and stays as it was reported. Where it has none for a period, the figures of the units
that cover the same (`territory`) stand for it: a unit that only got another code gives its figure on, several are added
up where the indicator adds up, and a rate is recomputed from the sums of its NUMERATOR and its DENOMINATOR. Whatever
cannot be computed is a missing value with the reason, never a part that passes for the whole.
docs/geography.md says the same with examples.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache

from sqlalchemy import Connection, text

from ingest import registry
from ingest.observation import DENOMINATOR, NUMERATOR, TOTAL, SeriesKey
from ingest.reporting_unit import Lineage, ReportingUnit
from service.archive import points, territory
from service.archive.points import POINT_COLUMNS, Statement
from service.archive.series import Selection
from service.archive.territory import Cover


@dataclass(frozen=True, slots=True)
class Geography:
    """The reporting units of a day, and what covers them. `step` is what a point seen this way says of itself."""

    step: str
    day: date
    covers: tuple[Cover, ...]

    @property
    def units(self) -> list[str]:
        """The units that there are on the day."""
        return list(dict.fromkeys(cover.unit for cover in self.covers))

    def instead_of(self, code: str) -> list[str]:
        """Units of the day that cover something of what this one covers, which is not there on the day."""
        return list(dict.fromkeys(cover.unit for cover in self.covers if cover.member.code == code))


@dataclass(frozen=True, slots=True)
class Line:
    """A series as it is to be answered, and the numbers of the stored series that its points come from."""

    key: str
    series: tuple[int, ...]


class NotThere(Exception):
    """The reporting unit did not exist on the day; ask for those that cover what it covers."""

    def __init__(self, unit: ReportingUnit, day: date, instead: Sequence[ReportingUnit]) -> None:
        """Name the unit, and those of the day to ask for instead."""
        named = ", ".join(f"{each.code} ({each.name_en})" for each in instead)
        ask = f"Ask for what covers it then: {named}." if instead else "Nothing of that day covers what it covered."
        super().__init__(f"There is no reporting unit {unit.code} ({unit.name_en}) on {day}. {ask}")
        self.code, self.nearest = unit.code, [each.code for each in instead]


def on(connection: Connection, day: date, *, step: str) -> Geography:
    """The geography of a day."""
    catalogue = registry.read(connection)
    return Geography(step, day, _covers(day, tuple(catalogue.reporting_units), catalogue.lineage))


# The same for every request of a day, and a hundredth of a second of work.
@lru_cache(maxsize=8)
def _covers(day: date, units: tuple[ReportingUnit, ...], lineage: tuple[Lineage, ...]) -> tuple[Cover, ...]:
    return tuple(territory.on(day, units, lineage))


def require(connection: Connection, geography: Geography, codes: Sequence[str]) -> None:
    """Raise NotThere for a unit that is not one of the geography's."""
    known = registry.read(connection).reporting_units
    there = set(geography.units)
    for code in codes:
        unit = known.get(code)
        if unit and code not in there:
            raise NotThere(unit, geography.day, [each for it in geography.instead_of(code) if (each := known.get(it))])


def lines(
    connection: Connection, selection: Selection, geography: Geography, *, since: str | None = None
) -> list[Line]:
    """The series of a selection as this geography has them, by key from that key on; not all need have points."""
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
            "since": since,
            "total": TOTAL,
            "parts": [NUMERATOR, DENOMINATOR],
        },
    )
    return [Line(key, tuple(numbers)) for key, numbers in found]


def has_been_public(connection: Connection, selection: Selection, geography: Geography) -> bool:
    """Whether something was public of a series that these lines come from."""
    numbers = [number for line in lines(connection, selection, geography) for number in line.series]
    return connection.execute(
        text("select exists (select from observation where series_id = any(:numbers) and published_at <= now())"),
        {"numbers": numbers},
    ).scalar_one()


def seen(found: Statement, chosen: Sequence[Line], geography: Geography) -> Statement:
    """The points of these lines: own figures as they are, and what the points of other units make of the rest."""
    keys = [SeriesKey.parse(line.key) for line in chosen]
    units = {key.reporting_unit for key in keys}
    covers = [cover for cover in geography.covers if cover.unit in units]
    return found.within(
        _SEEN,
        step=geography.step,
        **{
            f"line_{part}": [getattr(key, part) for key in keys] for part in (field.name for field in fields(SeriesKey))
        },
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


# Which lines are there, and of which stored series? A rate's come with those of its numerator and denominator.
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
)
select
    concat_ws('.', frequency, indicator, reporting_unit, accumulation, source, breakdown) as key,
    array_agg(id) || case when is_rate then coalesce(numbers, '{{}}') else '{{}}' end as numbers
from line
left join part using (frequency, indicator, reporting_unit, accumulation, source)
where (cast(:breakdowns as text[]) is null or breakdown = any(cast(:breakdowns as text[])))
group by frequency, indicator, reporting_unit, accumulation, source, breakdown, is_rate, numbers
having cast(:since as text) is null
    or concat_ws('.', frequency, indicator, reporting_unit, accumulation, source, breakdown) >= :since
order by key
"""

_KEPT_WHERE_ALL_AGREE = ("submission", "document", "comment", "data_from", "data_to")
_LINE = ("frequency", "indicator", "reporting_unit", "accumulation", "source", "breakdown")


def _place(table: str, *, breakdown: str = "") -> str:
    """The line and the period of a row, to be compared as one."""
    parts = [breakdown if breakdown and part == "breakdown" else f"{table}.{part}" for part in _LINE]
    return f"({', '.join([*parts, f'{table}.period_start'])})"


def _agreed(name: str) -> str:
    return f"case when count({name}) = count(*) and min({name}) = max({name}) then min({name}) end as {name}"


def _alike(one: str, other: str) -> str:
    """What two points say alike."""
    return ", ".join(
        f"case when {one}.{name} = {other}.{name} then {one}.{name} end as {name}" for name in _KEPT_WHERE_ALL_AGREE
    )


# The day to which a point belongs: the last of its period.
_LAST_DAY = "cast(period_start + period_length(frequency) - interval '1 microsecond' as date)"

_SEEN = f"""
, cover as materialized (
    select *
    from unnest(
        cast(:cover_unit as text[]), cast(:cover_piece as integer[]), cast(:cover_member as text[]),
        cast(:cover_first as date[]), cast(:cover_last as date[]), cast(:cover_distance as integer[]),
        cast(:cover_whole as boolean[]), cast(:cover_pieces as integer[])
    ) as cover (unit, piece, member, first_day, last_day, distance, whole, pieces)
),
-- What is asked for, and for a rate what it is recomputed from.
line as materialized (
    select *
    from unnest(
        {", ".join(f"cast(:line_{part} as text[])" for part in _LINE)}
    ) as asked ({", ".join(_LINE)})
),
needed as materialized (
    select
        line.frequency, line.indicator, line.reporting_unit, line.accumulation, line.source, part.breakdown,
        case when part.breakdown in (:numerator, :denominator) then 'sum' else indicator.adds_over_units end as rule,
        case
            when indicator.daily_mean_of is not null then null  -- its denominator counts days, not something of a unit
            when indicator.formula = '100 * numerator / denominator' then 100
            when indicator.formula = 'numerator / denominator' then 1
        end as factor,
        bool_or(part.breakdown = line.breakdown) as is_asked
    from line
    join indicator on indicator.code = line.indicator
    cross join lateral (
        select line.breakdown
        union
        select unnest(array[cast(:numerator as text), cast(:denominator as text)])
        where indicator.adds_over_units = 'ratio' and line.breakdown = :total
    ) as part
    group by 1, 2, 3, 4, 5, 6, 7, 8
),
-- Of each piece of a line the figure that counts: its own, then one with a value, then the nearest.
piece as materialized (
    select distinct on ({", ".join(f"needed.{part}" for part in _LINE)}, points.period_start, cover.piece)
        needed.reporting_unit as line_unit, needed.rule, needed.factor, needed.is_asked,
        cover.piece, cover.distance, cover.whole, cover.pieces, {", ".join(f"points.{name}" for name in POINT_COLUMNS)}
    from points
    join cover
        on cover.member = points.reporting_unit
        and {_LAST_DAY} between coalesce(cover.first_day, '-infinity') and coalesce(cover.last_day, 'infinity')
    join needed
        on (needed.frequency, needed.indicator, needed.accumulation, needed.source, needed.breakdown)
            = (points.frequency, points.indicator, points.accumulation, points.source, points.breakdown)
        and needed.reporting_unit = cover.unit
    order by
        {", ".join(f"needed.{part}" for part in _LINE)}, points.period_start, cover.piece,
        cover.distance > 0, points.value is null, cover.distance
),
-- Each figure once, with how many pieces it was taken for.
used as materialized (
    select distinct on (frequency, indicator, line_unit, accumulation, source, breakdown, period_start, reporting_unit)
        *,
        count(*) over (
            partition by frequency, indicator, line_unit, accumulation, source, breakdown, period_start, reporting_unit
        ) as taken_for
    from piece
    order by frequency, indicator, line_unit, accumulation, source, breakdown, period_start, reporting_unit
),
extent as materialized (
    select unit, count(distinct piece) as pieces from cover group by unit
),
together as materialized (
    select
        used.frequency, used.indicator, used.line_unit as reporting_unit, used.accumulation, used.source,
        used.breakdown, used.period_start, used.rule, used.factor, used.is_asked,
        case when bool_and(used.value is not null) then sum(used.value) end as value,
        substr('ABPEF', max(strpos('ABPEF', used.status)), 1) as status,
        min(used.unit_measure) as unit_measure,
        max(used.published_at) as published_at,
        min(used.valid_to) as valid_to,
        max(used.recorded_at) as recorded_at,
        {", ".join(_agreed(f"{name}") for name in _KEPT_WHERE_ALL_AGREE)},
        array_agg(
            concat_ws('.', used.frequency, used.indicator, used.reporting_unit, used.accumulation, used.source,
                used.breakdown) || '@' || period_text(used.frequency, used.period_start)
            order by used.reporting_unit
        ) as computed_from,
        -- One figure that covers the same: the unit's own, or that of a unit which only got another code.
        count(*) = 1 and bool_and(used.whole) and min(used.pieces) = min(extent.pieces) as is_one,
        min(used.distance) = 0 as is_own,
        sum(used.taken_for) = min(extent.pieces) as is_whole,
        -- A part of something larger, or figures from before and after a change, of which one holds the other.
        bool_and(used.whole and used.pieces = used.taken_for) as is_apart,
        string_agg(
            name.name_en || ' (' || used.reporting_unit || ')', ', ' order by used.reporting_unit
        ) filter (where not used.whole or used.pieces <> used.taken_for) as inseparable,
        string_agg(
            name.name_en || ' (' || used.reporting_unit || ')', ', ' order by used.reporting_unit
        ) filter (where used.value is null) as without_value
    from used
    join extent on extent.unit = used.line_unit
    join reporting_unit as name on name.code = used.reporting_unit
    group by
        used.frequency, used.indicator, used.line_unit, used.accumulation, used.source, used.breakdown,
        used.period_start, used.rule, used.factor, used.is_asked
),
-- Whose figure is wanting? Of each piece without one the nearest unit that there was in the period.
wanting as materialized (
    select
        lack.frequency, lack.indicator, lack.reporting_unit, lack.accumulation, lack.source, lack.breakdown,
        lack.period_start, string_agg(distinct lack.name, ', ') as names
    from (
        select distinct on ({", ".join(f"together.{part}" for part in _LINE)}, together.period_start, cover.piece)
            {", ".join(f"together.{part}" for part in _LINE)}, together.period_start,
            name.name_en || ' (' || name.code || ')' as name
        from together
        join cover on cover.unit = together.reporting_unit
        join reporting_unit as name
            on name.code = cover.member
            and (name.valid_from is null or name.valid_from < period_start + period_length(frequency))
            and (name.valid_to is null or name.valid_to >= period_start)
        where not together.is_whole
            and not exists (
                select from piece
                where (piece.frequency, piece.indicator, piece.line_unit, piece.accumulation, piece.source,
                        piece.breakdown, piece.period_start, piece.piece)
                    = ({", ".join(f"together.{part}" for part in _LINE)}, together.period_start, cover.piece)
            )
        order by {", ".join(f"together.{part}" for part in _LINE)}, together.period_start, cover.piece,
            cover.distance = 0, cover.distance
    ) as lack
    group by 1, 2, 3, 4, 5, 6, 7
),
-- Why there is no value; null where there is one.
told as materialized (
    select
        together.*,
        case
            when is_one then null
            when not is_apart then inseparable || ' also covers other reporting units, or is counted in with others,'
                || ' and cannot be taken apart.'
            when rule = 'ratio' then null
            when rule = 'none' and unit_measure = 'rank' then 'A rank among other reporting units does not add up.'
            when rule = 'none' and unit_measure like 'index%' then 'An index without weights does not add up.'
            when rule = 'none' then 'This indicator does not add up over reporting units.'
            when rule = 'mean' then 'A mean without weights does not add up.'
            when wanting.names is not null
                then 'There is no figure of ' || wanting.names || ', without which the sum is not whole.'
            when not is_whole then 'There are not figures of all that it covers, so that the sum is not whole.'
            when without_value is not null
                then 'The value of ' || without_value || ' is missing, without which the sum is not whole.'
        end as why
    from together
    left join wanting using ({", ".join(_LINE)}, period_start)
),
recomputed as materialized (
    select
        rate.frequency, rate.indicator, rate.reporting_unit, rate.accumulation, rate.source, rate.breakdown,
        rate.period_start, rate.unit_measure,
        case
            when rate.why is null and upper_part.why is null and lower_part.why is null
            then {points.fifteen_digits("rate.factor * upper_part.value / nullif(lower_part.value, 0)")}
        end as value,
        substr('ABPEF', greatest(strpos('ABPEF', upper_part.status), strpos('ABPEF', lower_part.status)), 1) as status,
        coalesce(greatest(upper_part.published_at, lower_part.published_at), rate.published_at) as published_at,
        case
            when upper_part.published_at is null and lower_part.published_at is null then rate.valid_to
            else least(upper_part.valid_to, lower_part.valid_to)
        end as valid_to,
        coalesce(greatest(upper_part.recorded_at, lower_part.recorded_at), rate.recorded_at) as recorded_at,
        {_alike("upper_part", "lower_part")},
        coalesce(
            upper_part.computed_from || lower_part.computed_from, upper_part.computed_from, lower_part.computed_from,
            rate.computed_from
        ) as computed_from,
        case
            when rate.why is not null then rate.why
            when rate.factor is null or rate.breakdown <> :total
                then 'This rate cannot be recomputed from a numerator and a denominator, and rates are never averaged.'
            when upper_part.reporting_unit is null or lower_part.reporting_unit is null
                then 'There is no numerator or no denominator to recompute it from, and rates are never averaged.'
            when coalesce(upper_part.why, lower_part.why) is not null
                then 'The rate cannot be recomputed. ' || coalesce(upper_part.why, lower_part.why)
            when upper_part.value is null or lower_part.value is null
                then 'The rate cannot be recomputed, as its numerator or its denominator is missing.'
            when lower_part.value = 0 then 'The rate cannot be recomputed, as its denominator is 0.'
        end as why
    from told as rate
    left join told as upper_part
        on {_place("upper_part")} = {_place("rate", breakdown=":numerator")}
    left join told as lower_part
        on {_place("lower_part")} = {_place("rate", breakdown=":denominator")}
    where rate.rule = 'ratio' and not rate.is_one and rate.is_asked
)
-- As it was reported, or given on to another code.
select
    told.frequency, told.indicator, told.reporting_unit, told.accumulation, told.source, told.breakdown,
    told.period_start, used.value, used.status, used.unit_measure, used.published_at, used.valid_to, used.recorded_at,
    used.submission, used.reason, used.document, used.comment, used.data_from, used.data_to,
    case when told.is_own then used.derived else array_append(used.derived, cast(:step as text)) end as derived,
    case when told.is_own then used.computed_from else told.computed_from end as computed_from
from told
join used
    on (used.frequency, used.indicator, used.line_unit, used.accumulation, used.source, used.breakdown,
            used.period_start)
        = ({", ".join(f"told.{part}" for part in _LINE)}, told.period_start)
where told.is_one and told.is_asked
union all
select
    frequency, indicator, reporting_unit, accumulation, source, breakdown, period_start,
    case when why is null then value end,
    case when why is null then status else 'M' end,
    unit_measure, published_at, valid_to, recorded_at, submission, why, document, comment, data_from, data_to,
    array[cast(:step as text)], computed_from
from (
    select {", ".join(_LINE)}, period_start, value, status, unit_measure, published_at, valid_to, recorded_at,
        submission, why, document, comment, data_from, data_to, computed_from
    from told
    where not is_one and is_asked and rule <> 'ratio'
    union all
    select {", ".join(_LINE)}, period_start, value, status, unit_measure, published_at, valid_to, recorded_at,
        submission, why, document, comment, data_from, data_to, computed_from
    from recomputed
) as computed
"""

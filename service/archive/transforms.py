"""Transforms: changes, indices, sums, averages, shares, ranks, computed from the points of one vintage.

The formulas are in docs/transforms.md. What is before a point is the period before it and not the row before it;
nothing is compared across a break; a point that cannot be computed is missing and says why, and a transform that has
no meaning for what a series measures is refused as a whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from ingest.period import Period
from service.archive import derivation
from service.archive.derivation import (
    ERA,
    LINE,
    PER_YEAR,
    PERIOD_BEFORE,
    SLOT,
    YEAR_BEFORE,
    periods_between,
    point,
    traced,
)
from service.archive.measures import Measure, measures, refuse_some
from service.archive.points import Statement, significant

CHANGES = ("chg", "ch1")
# Of a rate these are told in percentage points, unless asked otherwise.
RELATIVE = ("pch", "pc1", "pca", "cch", "cca")
# What looks at other reporting units or at the whole, which may not be among the series that are asked for.
_RANKS = ("rank", "rank_dense")
_WITH_OTHERS = ("share", "contribution", *_RANKS)
NAMES = (*CHANGES, *RELATIVE, "log", "index", "ytd", "cumulative", "within", "ma", *_WITH_OTHERS)
LONGEST_AVERAGE = 1000


class NotATransform(ValueError):
    """The text is no transform."""


@dataclass(frozen=True, slots=True)
class Transform:
    """What is to be computed; `periods` of a moving average, `base` of an index, `relative` where a rate's change is
    wanted in percent of itself and not in points.
    """

    name: str
    periods: int | None = None
    base: Period | None = None
    relative: bool = False

    @classmethod
    def parse(cls, written: str, *, base: Period | None = None, relative: bool = False) -> "Transform | None":
        """The transform of this name, None for `lin`, the figures as they are.

        Raises NotATransform, with what there is.
        """
        name, _, number = written.strip().lower().partition(":")
        if name not in (*NAMES, "lin") or (number and name != "ma"):
            there = ", ".join(("lin", *(f"{each}:N" if each == "ma" else each for each in NAMES)))
            raise NotATransform(f"“{written}” is no transform. There are: {there}.")
        if name == "ma" and not (re.fullmatch(r"[0-9]{1,4}", number) and 2 <= int(number) <= LONGEST_AVERAGE):
            raise NotATransform(f"“{written}” is no moving average; write ma:4 for four periods, at the most 1000.")
        if (name == "index") != (base is not None):
            raise NotATransform("An index needs “base”, the period that is 100, as in transform=index&base=2010.")
        if relative and name not in RELATIVE:
            raise NotATransform(f"“relative” goes with {', '.join(RELATIVE)}, whose answer for a rate it changes.")
        return None if name == "lin" else cls(name, int(number) if number else None, base, relative)

    def __str__(self) -> str:
        """The transform as it is told in an answer: `ma:4`, `index:2010`."""
        detail = self.periods or self.base
        return f"{self.name}:{detail}" if detail else self.name


def refuse(connection: Connection, series: Sequence[int], wanted: Transform, *, frequency: str | None = None) -> None:
    """Refuse a transform that has no meaning for one of these series, once they are of that frequency.

    Raises DoesNotApply, with the series and the reason.
    """
    refuse_some(
        [replace(each, frequency=frequency or each.frequency) for each in measures(connection, series)],
        lambda each: _why_not(each, wanted),
    )


def beside(connection: Connection, series: Sequence[int], wanted: Transform) -> list[int] | None:
    """The series that are looked at beside these: the wholes of a share, the peers of a rank; None where none are."""
    if wanted.name not in _WITH_OTHERS:
        return None
    question = _WHOLES if wanted.name in ("share", "contribution") else _PEERS
    return list(connection.execute(text(question), {"series": list(series)}).scalars())


def transformed(
    found: Statement, others: Statement | None, wanted: Transform, *, units_of: date | None = None
) -> Statement:
    """The points with their values transformed, each with the unit of measure that its value then has.

    `others` are the points of the series beside; `within` is made in `differences`, and not here. Ranks are among the
    reporting units that there were in the period itself, or on the day `units_of`.
    """
    name = wanted.name
    values: dict[str, Any] = {"transform": f"transform:{wanted}"}
    if others is not None:
        if name in _RANKS:
            values |= {"units_of": units_of}
        return found.within_beside(others, _BESIDE[name], **values)
    if name == "ma":
        assert wanted.periods is not None  # noqa: S101 - `parse` sees to it
        return found.within(_moving_average(wanted.periods), **values)
    if name == "index":
        assert wanted.base is not None  # noqa: S101 - `parse` sees to it
        base = {"base": str(wanted.base), "base_start": wanted.base.start, "base_end": wanted.base.end}
        return found.within(_index(wanted.base), **values, **base)
    if name in RELATIVE:
        return found.within(_ALONE[name], **values, relative=wanted.relative)
    return found.within(_ALONE[name], **values)


_WHOLES = """
select whole.id
from series as part
join series as whole using (frequency, indicator, accumulation, source)
join reporting_unit on reporting_unit.code = whole.reporting_unit
where part.id = any(:series) and whole.breakdown = '_T'
    and case when part.breakdown = '_T' then level = 'nation' else whole.reporting_unit = part.reporting_unit end
group by whole.id
"""
_PEERS = """
select peer.id
from series as one
join series as peer using (frequency, indicator, accumulation, source, breakdown)
join reporting_unit as of_one on of_one.code = one.reporting_unit
join reporting_unit as of_peer on of_peer.code = peer.reporting_unit
where one.id = any(:series) and of_one.level = of_peer.level
group by peer.id
"""


def _why_not(each: Measure, wanted: Transform) -> str | None:
    name, kind = wanted.name, each.kind
    reasons: list[tuple[bool, str]] = []
    # A total since January less the one before it says nothing in January, and elsewhere mixes publications.
    counts_up = each.accumulation == "YTD" and each.frequency != "A"
    next_to_it = counts_up and name in ("chg", "pch", "pca", "cch", "cca", "contribution")
    reasons.append(
        (
            next_to_it,
            "it counts up from 1 January, so compare with a year earlier (ch1, pc1), or take it apart (within)",
        )
    )
    if name in (*RELATIVE, "log", "index"):
        reasons.append((kind == "rank", "it is a rank, and a rank has no percentage"))
    if name == "index":
        moving = each.unit_measure.startswith("index_previous")
        reasons.append((moving, "it is an index already whose base moves with it"))
        longer = counts_up and wanted.base is not None and wanted.base.frequency != each.frequency
        reasons.append((longer, f"it counts up from 1 January; name a base of its own frequency {each.frequency}"))
    if name in ("ytd", "cumulative"):
        reasons += [
            (kind != "quantity", f"{each.named}, which is not summed"),
            (each.accumulation in ("YTD", "SINCE_START"), "it counts up already"),
            (each.accumulation == "STOCK", "it is a state at the end of a period, and states are not summed"),
            (not _adds(each), "the catalogue says that it does not add up over time"),
            (name == "ytd" and each.frequency == "W", "a week may lie in two years"),
        ]
    if name == "within":
        reasons += [
            (each.accumulation != "YTD", "only what counts up from 1 January (YTD) is taken apart"),
            (each.frequency == "W", "a week may lie in two years, so its total of the year has no parts"),
            (not _adds(each), f"{each.named}, and a total of it less another is no figure of the period between"),
        ]
    if name == "ma":
        reasons += [
            (kind != "quantity", f"{each.named}, which is not averaged"),
            (each.accumulation in ("YTD", "SINCE_START"), "it counts up, and totals are not averaged"),
        ]
    if name in ("share", "contribution"):
        apart = each.breakdown == "_T" and each.level != "nation"
        reasons += [
            (kind != "quantity", f"{each.named}, which has no parts that add up"),
            (each.breakdown not in ("_T", "*"), "it is a count behind a rate, and no part of a total"),
            (apart and each.adds_over_units != "sum", "its reporting units do not add up to the nation"),
            (apart and each.level in ("country", "group"), "it is no part of the nation"),
        ]
    if name in ("rank", "rank_dense"):
        reasons += [
            (kind == "rank", "it is a rank already"),
            (each.direction == "none", "the catalogue says of neither direction that it is better"),
            (each.breakdown not in ("_T", "*"), "it is a count behind a rate"),
        ]
    return next((reason for applies, reason in reasons if applies), None)


def _adds(each: Measure) -> bool:
    return each.adds_over_time == "sum" or (each.adds_over_time == "ratio" and each.breakdown not in ("_T", "*"))


_STEP = "array[cast(:transform as text)]"
_NO_FIGURE = "'There is no figure of '"
_AGO = "period_text(frequency, ago)"
_BROKEN = f"'A break in the series lies between ' || {_AGO} || ' and ' || period_text(frequency, period_start) || '.'"
_MISSING = "when value is null then coalesce(reason, 'There is no figure.')"
_UNLIKE = f"""
    {_MISSING}
    when ago is null then 'The year before has no such period.'
    when old_period_start is distinct from ago or old_value is null then {_NO_FIGURE} || {_AGO} || '.'
    when old_era <> era then {_BROKEN}
    when {derivation.is_part()} or {derivation.is_part("old_derived")} then
        'The reporting unit was there only for a part of '
        || period_text(frequency, case when {derivation.is_part()} then period_start else ago end)
        || ', which is not compared with a whole period.'
"""
# A rate in percent: its change is told in points, unless it is asked for in percent of itself.
_IN_POINTS = "(unit_measure = 'percent' and not cast(:relative as boolean))"
_RATIO = "round(value, 40) / nullif(old_value, 0)"  # more digits than are told, for what is close to 1
_UNDEFINED = "'A change in percent is undefined where a value is zero or less (' || trim_scale({}) || ').'"


def _pair(ago: str, apart: str, value: str, why: str, unit: str, *steps: str) -> str:
    """Each point against one earlier one; `apart` keeps the rows of a line from each other that are never compared."""
    told = point("amount", "why", derivation.of_both("", "old_", same_period=False), _STEP, *steps, unit=unit)
    return f"""
    , line as ({traced("points", f"{ERA} as era", f"{ago} as ago", f"{SLOT} as slot")}),
    pairs as (
        select *, {derivation.before("earlier", "old_", "era")}
        from line
        window earlier as (partition by {LINE}{apart} order by period_start)
    ),
    told as (select *, case {_UNLIKE} {why} end as why from pairs),
    amounts as (select *, case when why is null then {value} end as amount from told)
    {told} from amounts
    """


def _changes() -> dict[str, str]:
    points_unit = "case when unit_measure = 'percent' then 'percentage_point' else unit_measure end"
    relative_unit = f"case when {_IN_POINTS} then 'percentage_point' else 'percent' end"
    step = f"case when {_IN_POINTS} then array['points'] else '{{}}' end"
    log_ratio = f"ln({_RATIO}) * 100"
    growth = "(value - old_value) * 100 / nullif(old_value, 0)"
    annual = f"(power({_RATIO}, {PER_YEAR}) - 1) * 100"
    # exp(690) is nearly all that a double can hold.
    huge = f"{PER_YEAR} * ln(cast(abs(greatest(value, 1e-200) / nullif(old_value, 0)) as double precision)) > 680"
    vanishing = f"{PER_YEAR} * ln(cast(abs(greatest(value, 1e-200) / nullif(old_value, 0)) as double precision)) < -680"
    old_not_positive = f"when not {_IN_POINTS} and old_value <= 0 then {_UNDEFINED.format('old_value')}"
    new_negative = f"when not {_IN_POINTS} and value < 0 then {_UNDEFINED.format('value')}"
    new_not_positive = f"when not {_IN_POINTS} and value <= 0 then {_UNDEFINED.format('value')}"
    too_large = f"when not {_IN_POINTS} and {huge} then 'Over a whole year this is more than can be told.'"

    def either(points: str, percent: str) -> str:
        return f"case when {_IN_POINTS} then {points} else {significant(percent)} end"

    before, year = (PERIOD_BEFORE, ""), (YEAR_BEFORE, ", slot")
    difference = "value - old_value"
    return {
        "chg": _pair(*before, difference, "", points_unit),
        "ch1": _pair(*year, difference, "", points_unit),
        "pch": _pair(*before, either(difference, growth), old_not_positive, relative_unit, step),
        "pc1": _pair(*year, either(difference, growth), old_not_positive, relative_unit, step),
        "pca": _pair(
            *before,
            either(f"({difference}) * {PER_YEAR}", f"case when {vanishing} then -100 else {annual} end"),
            f"{old_not_positive} {new_negative} {too_large}",
            relative_unit,
            step,
        ),
        "cch": _pair(
            *before, either(difference, log_ratio), f"{old_not_positive} {new_not_positive}", relative_unit, step
        ),
        "cca": _pair(
            *before,
            either(f"({difference}) * {PER_YEAR}", f"{log_ratio} * {PER_YEAR}"),
            f"{old_not_positive} {new_not_positive}",
            relative_unit,
            step,
        ),
    }


_ITSELF = derivation.of_both("")


def _logarithm() -> str:
    told = point("amount", "why", _ITSELF, _STEP, unit="'natural_log'")
    not_positive = "when value <= 0 then 'A logarithm is undefined for zero or less (' || trim_scale(value) || ').'"
    return f"""
    , line as ({traced("points", f"case {_MISSING} {not_positive} end as why")}),
    amounts as (select *, case when why is null then {significant("ln(round(value, 40))")} end as amount from line)
    {told} from amounts
    """


def _index(base: Period) -> str:
    """The base is a period, or the mean over all periods of this frequency that lie in it, as Eurostat does."""
    due = " ".join(f"when '{each}' then {_periods_in(base, each)}" for each in "ASQMWDH")
    whole = "period_start >= cast(:base_start as timestamp) and period_start + period_length(frequency) <= cast(:base_end as timestamp)"  # noqa: E501
    base_said = derivation.of_all(" over line", f"{whole} and value is not null")
    told = point("amount", "why", derivation.of_both("", "base_", same_period=False), _STEP, unit="'index'")
    return f"""
    , line as ({traced("points", f"{ERA} as era", f"case frequency {due} end as base_due")}),
    based as (
        select
            *,
            count(value) filter (where {whole}) over line as base_there,
            sum(value) filter (where {whole}) over line as base_total,
            min(era) filter (where {whole}) over line as base_era,
            max(era) filter (where {whole}) over line as last_base_era,
            bool_or({derivation.is_part()}) filter (where {whole}) over line as base_is_part,
            {", ".join(f"{expression} as base_{column}" for column, expression in base_said.items())}
        from line
        window line as (partition by {LINE})
    ),
    told as (
        select
            *,
            case
                {_MISSING}
                when base_due = 0 then 'The base ' || :base || ' is shorter than the periods of this series.'
                when base_there = 0 then 'There is no figure of the base ' || :base || '.'
                when base_there < base_due then
                    'Only ' || base_there || ' of ' || base_due || ' figures of the base ' || :base || ' are there.'
                when era <> base_era or era <> last_base_era then
                    'A break in the series lies between the base ' || :base || ' and '
                    || period_text(frequency, period_start) || '.'
                when base_is_part or {derivation.is_part()} then
                    'The reporting unit was there only for a part of '
                    || case when base_is_part then :base else period_text(frequency, period_start) end
                    || ', which is not compared with a whole period.'
                when base_total <= 0 then 'The figure of the base ' || :base || ' is zero or less.'
            end as why
        from based
    ),
    amounts as (
        select *, case when why is null then {significant("value * 100 * base_there / base_total")} end as amount
        from told
    )
    {told} from amounts
    """


def _periods_in(base: Period, frequency: str) -> int:
    """How many periods of the frequency lie wholly in the base."""
    first = _first_start(base.start, frequency)
    if frequency in "ASQM":
        months = {"A": 12, "S": 6, "Q": 3, "M": 1}[frequency]
        between = (base.end.year - first.year) * 12 + base.end.month - first.month
        return max(between // months, 0) if base.end > first else 0
    length = {"W": timedelta(7), "D": timedelta(1), "H": timedelta(hours=1)}[frequency]
    return max((base.end - first) // length, 0)


def _first_start(moment: datetime, frequency: str) -> datetime:
    """The first beginning of a period of the frequency, from this moment on."""
    if frequency == "W":
        return moment + timedelta(-moment.weekday() % 7)
    if frequency in "DH":
        return moment
    months = {"A": 12, "S": 6, "Q": 3, "M": 1}[frequency]
    at_hand = moment.month - 1 + (1 if (moment.day, moment.hour) != (1, 0) else 0)
    years, month = divmod(-(-at_hand // months) * months, 12)
    return datetime(moment.year + years, month + 1, 1)  # noqa: DTZ001 - local by definition


def _window(frame: str, due: str, value: str, lacking: str, unlike: str = "") -> str:
    """Each point with those before it in a window of its line, all of which have to be there."""
    own = (f"{ERA} as era", f"{derivation.is_part()} as is_part", f"{derivation.CUT_OFF} as own_cut")
    said = derivation.of_all(" over run", "value is not null")
    told = point("amount", "why", derivation.beside_itself(said, "of_"), _STEP, note="cut")
    return f"""
    , line as ({traced("points", *own)}),
    runs as (
        select
            *,
            count(value) over run as there,
            sum(value) over run as total,
            min(era) over run as first_era,
            min(period_start) over run as run_start,
            bool_or(is_part) over run as has_part,
            {derivation.cut_off("value is not null", " over run")} as cut,
            {", ".join(f"{expression} as of_{name}" for name, expression in said.items())}
        from line
        window run as ({frame})
    ),
    told as (
        select
            *,
            case
                {_MISSING}
                when there < {due} then {lacking}
                when era <> first_era then
                    'A break in the series lies before ' || period_text(frequency, period_start) || '.'
                {unlike}
            end as why
        from runs
    ),
    amounts as (select *, case when why is null then {value} end as amount from told)
    {told} from amounts
    """


def _moving_average(periods: int) -> str:
    # Rows that a gap pushed into the frame are too early, so that the run begins before it should.
    return _window(
        f"partition by {LINE} order by period_start rows between {periods - 1} preceding and current row",
        f"{periods} or {periods_between('run_start', 'period_start')} > {periods - 1}",
        significant(f"total / {periods}"),
        f"'Not all of the {periods} periods up to ' || period_text(frequency, period_start) || ' have a figure.'",
        f"when has_part then 'Of the {periods} periods up to ' || period_text(frequency, period_start)"
        " || ' the reporting unit was there only for a part of one.'",
    )


_YEAR = "date_trunc('year', period_start)"


def _running(name: str) -> str:
    since = f"{_YEAR}" if name == "ytd" else "run_start"
    apart = f", {_YEAR}" if name == "ytd" else ""
    return _window(
        f"partition by {LINE}{apart} order by period_start",
        f"{periods_between(since, 'period_start')} + 1",
        "total",
        "'A period before ' || period_text(frequency, period_start) || ' has no figure.'",
    )


# Of which frequency the stored figures are: those of another one are neither peers nor wholes.
_STORED = "coalesce(left(computed_from[1], 1), frequency) as stored_frequency"
_TAGGED = f"({traced('points', 'true as asked', _STORED)} union all {traced('beside', 'false as asked', _STORED)})"


def _share() -> str:
    told = point("amount", "why", derivation.of_both("", "whole_"), _STEP, unit="'percent'")
    return f"""
    , members as {_TAGGED},
    wholes as (
        select *, {derivation.found("is_whole", "family", "whole_")}
        from ({_families("members")}) as member
        window family as (
            partition by stored_frequency, frequency, indicator, accumulation, source, family, period_start
        )
    ),
    told as (
        select
            *,
            case
                {_MISSING}
                when whole_value is null then
                    'The total of ' || period_text(frequency, period_start) || ' has no figure.'
                when whole_value = 0 then 'The total of ' || period_text(frequency, period_start) || ' is 0.'
            end as why
        from wholes
        where asked
    ),
    amounts as (select *, case when why is null then {significant("value * 100 / whole_value")} end as amount from told)
    {told} from amounts
    """


def _families(name: str) -> str:
    """Parts and their wholes under one name: a whole is in the family of its breakdowns, the nation also in that of its
    reporting units.
    """
    return f"""
    select {name}.*, false as is_whole, case when breakdown = '_T' then '' else reporting_unit end as family
    from {name} where asked
    union all
    select {name}.*, true as is_whole, reporting_unit as family
    from {name} where not asked
    union all
    select {name}.*, true as is_whole, '' as family
    from {name}
    join (select code, level from reporting_unit) as nation
        on nation.code = {name}.reporting_unit and nation.level = 'nation'
    where not asked
    """


def _contribution() -> str:
    said = derivation.of_both("", "old_", "whole_old_", same_period=False)
    told = point("amount", "why", said, _STEP, unit="'percentage_point'")
    old = [f"old_{name}" for name in ("value", *derivation.SAID)]
    wholes = ", ".join(
        f"max({name}) filter (where is_whole) over family as whole_{name}"
        if name in ("old_derived", "old_computed_from")
        else f"(array_agg({name}) filter (where is_whole) over family)[1] as whole_{name}"
        for name in old
    )
    return f"""
    , members as {_TAGGED},
    line as (
        select
            *, {PERIOD_BEFORE} as ago,
            sum(case when {derivation.IS_BREAK} then 1 else 0 end)
                over (partition by asked, stored_frequency, {LINE} order by period_start) as era
        from members
    ),
    pairs as (
        select *, {derivation.before("earlier", "old_", "era")}
        from line
        window earlier as (partition by asked, stored_frequency, {LINE} order by period_start)
    ),
    wholes as (
        select
            *,
            bool_or(old_period_start = ago and old_era = era) filter (where is_whole) over family as whole_goes_on,
            {wholes}
        from ({_families("pairs")}) as member
        window family as (
            partition by stored_frequency, frequency, indicator, accumulation, source, family, period_start
        )
    ),
    told as (
        select
            *,
            case
                {_UNLIKE}
                when whole_goes_on is not true or whole_old_value is null then
                    'There is no total of ' || {_AGO} || ' to compare with.'
                when whole_old_value <= 0 then 'The total of ' || {_AGO} || ' is zero or less.'
            end as why
        from wholes
        where asked
    ),
    amounts as (
        select *, case when why is null then {significant("(value - old_value) * 100 / whole_old_value")} end as amount
        from told
    )
    {told} from amounts
    """


_LEVELS = (
    "case level when 'country' then 'countries' when 'ministry' then 'ministries' when 'province' then 'provinces'"
    " when 'group' then 'groups' else 'nations' end"
)
_PEERS_OF = (
    "stored_frequency, frequency, indicator, accumulation, source, breakdown, level, period_start"  # once a unit
)


def _rank(function: str) -> str:
    said = derivation.of_all(" over peers", "not asked and value is not null")
    # Of all peers' figures the own one is named, and the others as a selection writes them.
    all_of_them = (
        "array[concat_ws('.', frequency, indicator, '*', accumulation, source, breakdown)"
        " || '@' || period_text(frequency, period_start)]"
    )
    others = "nullif(of_status, 'B')"
    few = derivation.least_sure("status", others, "'E'")
    told = point(
        "amount",
        "why",
        derivation.beside_itself(said, "of_")
        | {
            "status": f"case when among < due then {few} else {derivation.least_sure('status', others)} end",
            "derived": "derived",
            "computed_from": f"computed_from || {all_of_them}",
        },
        _STEP,
        "array[level || ':' || among]",
        unit="'rank'",
        note=f"case when among < due then among || ' of ' || due || ' ' || {_LEVELS} || ' have a figure.' end",
    )
    return f"""
    , members as (
        select tagged.*, reporting_unit.level,
            case indicator.direction when 'up' then -value else value end as badness
        from {_TAGGED} as tagged
        join (select code, level from reporting_unit) as reporting_unit
            on reporting_unit.code = tagged.reporting_unit
        join (select code, direction from indicator) as indicator on indicator.code = tagged.indicator
    ),
    ranked as (
        select
            *,
            {function}() over (
                partition by asked, {_PEERS_OF}
                order by badness nulls last
            ) as place
        from members
    ),
    amid as (
        select
            *,
            count(value) filter (where not asked) over peers as among,
            {", ".join(f"{expression} as of_{name}" for name, expression in said.items())}
        from ranked
        window peers as (partition by {_PEERS_OF})
    ),
    -- How many reporting units of the level were there? Asked once a period and not once a figure.
    expected as materialized (
        select at.level, at.frequency, at.period_start, count(*) as due
        from (select distinct level, frequency, period_start from members) as at
        join (select level, valid_from, valid_to from reporting_unit) as unit
            on unit.level = at.level
            and (
                unit.valid_from is null
                or unit.valid_from <= coalesce(
                    cast(:units_of as date), cast(at.period_start + period_length(at.frequency) as date) - 1
                )
            )
            and (
                unit.valid_to is null
                or unit.valid_to >= coalesce(cast(:units_of as date), cast(at.period_start as date))
            )
        group by at.level, at.frequency, at.period_start
    ),
    placed as (
        select
            amid.*, expected.due,
            max(place) filter (where not asked) over (partition by stored_frequency, {LINE}, period_start) as own_place
        from amid
        left join expected using (level, frequency, period_start)
    ),
    told as (
        select
            *,
            case
                {_MISSING}
                when among < 2 then
                    'No other reporting unit of its level has a figure of '
                    || period_text(frequency, period_start) || '.'
            end as why
        from placed
        where asked
    ),
    amounts as (select *, cast(own_place as numeric) as amount from told)
    {told} from amounts
    """


_ALONE: dict[str, str] = {
    **_changes(),
    "log": _logarithm(),
    "ytd": _running("ytd"),
    "cumulative": _running("cumulative"),
}
_BESIDE: dict[str, str] = {
    "share": _share(),
    "contribution": _contribution(),
    "rank": _rank("rank"),
    "rank_dense": _rank("dense_rank"),
}

"""The rules between figures, one function a kind: figures and a rule in, the rows that break it out.

Each looks at whole columns. What series a rule brings together is settled once for each series, of which there are
few; their values are then found by series and period in one sorted array. Figures that are public already stand beside
those of the file (`row` is -1), and are never what a finding is about.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy
import pandas

from ingest.catalogue import Catalogue
from ingest.figures import PERIODS_A_YEAR, Figures, Numbers, year_of
from ingest.observation import DENOMINATOR, NUMERATOR, TOTAL, SeriesKey
from ingest.rule import (
    ChangeCheck,
    ComparisonCheck,
    CumulativeCheck,
    DailyMeanCheck,
    OutlierCheck,
    PartsCheck,
    RankFieldCheck,
    Rule,
    StatedChangeCheck,
    SumOverTimeCheck,
    Term,
    Tolerance,
)

_NOTHING = pandas.DataFrame({"row": numpy.array([], dtype="int64"), "at": numpy.array([], dtype="int64")})
_HALF = 0.5 + 1e-9  # of the last digit; the rest is what a double adds to 0.5
_EXACT = 1e-9  # two decimals of 15 digits that are further apart, relative to their size, are different


def broken(figures: Figures, rule: Rule) -> pandas.DataFrame:
    """The rows of the file that break the rule, with the facts of each; in their order, each once.

    `row` is the row, `at` the figure it was held against, or -1; every other column is a fact for the sentence.
    """
    named = _held_together(rule) or {*rule.scope.indicators}
    if named and named.isdisjoint(figures.indicators):  # most rules are about a few indicators, and most files not
        return _NOTHING
    found = _KINDS[rule.kind](figures, rule)
    if found.empty:
        return _NOTHING
    found = found[found["row"] >= 0].sort_values("row", kind="stable").drop_duplicates("row")
    return found.reset_index(drop=True)


def wanted(written: pandas.DataFrame, catalogue: Catalogue) -> pandas.DataFrame:
    """What to look up beside the figures of a file: indicator, reporting_unit, and its first and last period_start.

    Those of the file, and the indicators that some rule holds them against, of the same reporting units.
    """
    spans = written.groupby("series", sort=False)["period_start"].agg(["min", "max"])
    parts = pandas.DataFrame([key.split(".")[1:3] for key in spans.index], columns=["indicator", "reporting_unit"])
    asked = parts.assign(first=spans["min"].to_numpy(), last=spans["max"].to_numpy())
    beside = _beside(catalogue)
    asked["indicator"] = [sorted({code} | beside.get(code, set())) for code in asked["indicator"]]
    spread = asked.explode("indicator").groupby(["indicator", "reporting_unit"], sort=False)
    return spread.agg(first=("first", "min"), last=("last", "max")).reset_index()


def _held_together(rule: Rule) -> set[str]:
    """The indicators that a rule holds against each other; none where it takes them as they come."""
    match rule.check:
        case ComparisonCheck() as check:
            return {term.indicator for term in (*check.left, *check.right)}
        case PartsCheck(indicator=str() as total) as check:
            return {total, *check.indicators}
        case StatedChangeCheck(indicator=str() as value, change_indicator=str() as change):
            return {value, change}
        case _:
            return set()


def _beside(catalogue: Catalogue) -> dict[str, set[str]]:
    """For each indicator the others that some rule holds it against."""
    groups: list[set[str]] = [
        {each.code, each.daily_mean_of} for each in catalogue.indicators.values() if each.daily_mean_of
    ]
    groups += [_held_together(rule) for rule in catalogue.rules.values()]
    beside: dict[str, set[str]] = {}
    for group in groups:
        for code in group:
            beside.setdefault(code, set()).update(group)
    return beside


def _comparison(figures: Figures, rule: Rule) -> pandas.DataFrame:
    check = cast(ComparisonCheck, rule.check)
    return _compared(figures, rule, check.left, check.operator, check.right, check.tolerance, check.missing)


def _parts(figures: Figures, rule: Rule) -> pandas.DataFrame:
    check = cast(PartsCheck, rule.check)
    operator = "<=" if check.incomplete else "="
    if check.level:
        return _units_within_nation(figures, rule, check, operator)
    found = [_NOTHING]
    for indicator in (check.indicator,) if check.indicator else rule.scope.indicators:
        total = Term(indicator, breakdown=check.total)
        parts = (
            *(Term(indicator, breakdown=each) for each in check.breakdowns),
            *(Term(each) for each in check.indicators),
        )
        found.append(_compared(figures, rule, parts, operator, (total,), check.tolerance, check.missing))
    return pandas.concat(found, ignore_index=True)


def _compared(
    figures: Figures,
    rule: Rule,
    left: tuple[Term, ...],
    operator: str,
    right: tuple[Term, ...],
    tolerance: Tolerance,
    missing: str,
) -> pandas.DataFrame:
    """Hold the two sums against each other, wherever the file has one of their terms."""
    terms = (*left, *right)
    same = ["frequency", "reporting_unit"]
    same += [name for name in ("accumulation", "source") if all(getattr(term, name) is None for term in terms)]
    lines = figures.lines
    codes = [_is_term(lines, term) & figures.within(rule.scope) for term in terms]
    if not all(code.any() for code in codes) and missing == "skip":
        return _NOTHING
    concerned = numpy.logical_or.reduce(codes)
    groups = lines.loc[concerned, same].drop_duplicates().reset_index(drop=True)
    # Of each group of series that are to be compared: which of them is the first term, the second …
    group_of = numpy.full(len(lines), -1)
    group_of[concerned] = lines.loc[concerned, same].merge(groups.assign(group=groups.index), on=same)["group"]
    members = numpy.full((len(groups), len(terms)), -1)
    for number, code in enumerate(codes):
        members[group_of[code], number] = numpy.flatnonzero(code)
    asked = numpy.unique(
        numpy.column_stack([group_of[figures.line], figures.ordinal])[
            (figures.row >= 0) & (group_of[figures.line] >= 0)
        ],
        axis=0,
    )
    if not len(asked):
        return _NOTHING
    at = numpy.column_stack([figures.find(members[asked[:, 0], n], asked[:, 1]) for n in range(len(terms))])
    values = figures.value_at(at) * numpy.array([float(term.times) for term in terms])
    given = ~numpy.isnan(values)
    whole = given.all(axis=1)
    sides = [values[:, : len(left)], values[:, len(left) :]]
    found, expected = (numpy.nansum(side, axis=1) for side in sides)
    some = numpy.logical_and.reduce([(~numpy.isnan(side)).any(axis=1) for side in sides])
    comparable = some if missing == "partial" else whole
    # A sum of what is given says nothing of the operator "at least": the rest could be there.
    wrong = comparable & ~_holds(found, operator, expected, tolerance)
    absent = missing == "require"
    told = wrong | (absent & ~whole & given.any(axis=1))
    rows = _first_of_file(figures, at[:, ::-1])  # the total, where the file has it
    names = numpy.array([_term_name(term) for term in terms], dtype=object)
    without = [", ".join(names[~there]) for there in given[told]]
    return pandas.DataFrame(
        {
            "row": rows[told],
            "at": -1,
            "found": found[told],
            "expected": expected[told],
            "difference": (found - expected)[told],
            "missing": without,
            "rule": ["terms_are_given" if absent and each else rule.code for each in without],
        }
    )


def _units_within_nation(figures: Figures, rule: Rule, check: PartsCheck, operator: str) -> pandas.DataFrame:
    """The sum over a level's reporting units against the nation, for what adds up over units; only within one file."""
    lines = figures.lines
    counted = (lines["adds_over_units"] == "sum").to_numpy() & figures.within(rule.scope)
    same = ["frequency", "indicator", "accumulation", "source", "breakdown"]
    nation = lines[counted & (lines["level"] == "nation").to_numpy()]
    if check.indicator:  # one breakdown of the nation is what the units are parts of
        nation = nation[(nation["indicator"] == check.indicator) & (nation["breakdown"] == check.total)]
        nation = nation.assign(breakdown=TOTAL)
    nation = nation[same].assign(nation=nation.index)
    if nation.empty:
        return _NOTHING
    part = counted & (lines["level"] == check.level).to_numpy()
    nation_of = numpy.full(len(lines), -1)
    nation_of[part] = lines.loc[part, same].merge(nation, on=same, how="left")["nation"].fillna(-1).to_numpy("int64")
    mine = (nation_of[figures.line] >= 0) & (figures.row >= 0) & ~numpy.isnan(figures.value)
    sums = (
        pandas.DataFrame(
            {
                "nation": nation_of[figures.line][mine],
                "ordinal": figures.ordinal[mine],
                "found": figures.value[mine],
            }
        )
        .groupby(["nation", "ordinal"], as_index=False)["found"]
        .sum()
    )
    at = figures.find(sums["nation"].to_numpy(), sums["ordinal"].to_numpy())
    found, expected = sums["found"].to_numpy(), figures.value_at(at)
    wrong = ~numpy.isnan(expected) & ~_holds(found, operator, expected, check.tolerance)
    return _told(
        figures, at, wrong, found=found, expected=expected, difference=found - expected, missing=[""] * len(sums)
    )


def _ratio(figures: Figures, rule: Rule) -> pandas.DataFrame:
    lines = figures.lines
    rates = lines[
        (lines["unit_measure"] == "percent").to_numpy() & (lines["breakdown"] == TOTAL) & figures.within(rule.scope)
    ]
    if rates.empty or not (lines["breakdown"] == NUMERATOR).any():
        return _NOTHING
    of = [name for name in SeriesKey.__slots__ if name != "breakdown"]
    counts = [figures.matched(rates.assign(breakdown=each), [*of, "breakdown"]) for each in (NUMERATOR, DENOMINATOR)]
    behind = numpy.full((len(lines), 2), -1)
    behind[rates.index] = numpy.column_stack(counts)
    at = numpy.flatnonzero((behind[figures.line] >= 0).all(axis=1))
    over, under = (figures.find(behind[figures.line[at], n], figures.ordinal[at]) for n in (0, 1))
    numerator, denominator = figures.value_at(over), figures.value_at(under)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        computed = 100 * numerator / denominator
    digits = _printed_decimals(figures.column("value").iloc[at])
    printed = figures.value[at]
    wrong = numpy.isfinite(computed) & (numpy.abs(computed - printed) > _HALF * 10.0**-digits)  # n / 0 is no rate
    rows = _first_of_file(figures, numpy.column_stack([at, over, under]))
    return _told(
        figures, at, wrong, rows=rows, found=printed, expected=computed.round(4),
        numerator=numerator, denominator=denominator,
    )  # fmt: skip


def _cumulative(figures: Figures, rule: Rule) -> pandas.DataFrame:
    check, lines = cast(CumulativeCheck, rule.check), figures.lines
    grows = (lines["accumulation"] == check.accumulation) & lines["adds_over_time"].isin(("sum", "last"))
    grows &= ~lines["unit_measure"].isin(("percent", "rank")) & lines["never_negative"]
    mine = (grows.to_numpy() & figures.within(rule.scope))[figures.line] & ~numpy.isnan(figures.value)
    at = numpy.flatnonzero(mine)
    before, after = at[:-1], at[1:]  # by series and period, so that neighbours follow each other
    follows = figures.line[before] == figures.line[after]
    if check.accumulation == "YTD":
        follows &= year_of(figures.start[before]) == year_of(figures.start[after])
    before, after = before[follows], after[follows]
    wrong = figures.value[after] < figures.value[before] * (1 - _EXACT)
    rows = _first_of_file(figures, numpy.column_stack([after, before]))
    return _told(
        figures, before, wrong, rows=rows, found=figures.value[after], expected=figures.value[before],
        later=[str(figures.period(int(each))) if lower else "" for each, lower in zip(after, wrong, strict=True)],
    )  # fmt: skip


def _daily_mean(figures: Figures, rule: Rule) -> pandas.DataFrame:
    check, lines = cast(DailyMeanCheck, rule.check), figures.lines
    means = lines[lines["daily_mean_of"].notna() & figures.within(rule.scope)]
    if means.empty:
        return _NOTHING
    totals = figures.matched(means.assign(indicator=means["daily_mean_of"]), list(SeriesKey.__slots__))
    total_of = numpy.full(len(lines), -1)
    total_of[means.index] = totals
    mean_at = numpy.flatnonzero(total_of[figures.line] >= 0)
    total_at = figures.find(total_of[figures.line[mean_at]], figures.ordinal[mean_at])
    mean_at, total_at = mean_at[total_at >= 0], total_at[total_at >= 0]
    days = _days(figures, total_at)
    mean, of_total = figures.value[mean_at], figures.value[total_at] / days
    wrong = numpy.abs(of_total - mean) > float(check.percent) / 100 * mean
    rows = _first_of_file(figures, numpy.column_stack([mean_at, total_at]))
    return _told(figures, total_at, wrong, rows=rows, found=mean, expected=of_total.round())


def _days(figures: Figures, at: Numbers) -> Numbers:
    """How many days each total is about: those of its cut-off, or else of its period."""
    periods = [figures.period(int(each)) for each in at]
    first = figures.column("data_from").iloc[at].fillna(pandas.Series([each.start.date() for each in periods], at))
    last = figures.column("data_to").iloc[at].fillna(pandas.Series([each.last_day for each in periods], at))
    return (pandas.to_datetime(last) - pandas.to_datetime(first)).dt.days.to_numpy("float64") + 1


def _change(figures: Figures, rule: Rule) -> pandas.DataFrame:
    check = cast(ChangeCheck, rule.check)
    mine = figures.judged(rule.scope)
    at, base = _bases(figures, check, mine)
    value = mine["value"].to_numpy()
    change = value - base
    with numpy.errstate(divide="ignore", invalid="ignore"):
        moved = change / numpy.abs(base) * 100 if check.measure == "percent" else change
    wrong = (moved > float(check.rise) * (1 + _EXACT)) | (moved < -float(check.fall) * (1 + _EXACT))
    wrong &= (base != 0) & (numpy.maximum(numpy.abs(base), numpy.abs(value)) >= float(check.base))
    wrong = _last_of_each(mine, wrong)
    rows = mine["row"].to_numpy()
    return _told(figures, at, wrong, rows=rows, found=value, expected=base.round(3), change=moved.round(1))


def _last_of_each(mine: pandas.DataFrame, wrong: Numbers) -> Numbers:
    """Of the wrong vintages of one figure the last: a history of many tells one thing once."""
    wrong = wrong.copy()
    those = numpy.flatnonzero(wrong)
    figure = mine["at"].to_numpy()[those]
    wrong[those[:-1][figure[:-1] == figure[1:]]] = False
    return wrong


def _bases(figures: Figures, check: ChangeCheck, mine: pandas.DataFrame) -> tuple[Numbers, Numbers]:
    """Against which figure each is held, and against which value of it."""
    own, moment = mine["at"].to_numpy(), mine["moment"].to_numpy()
    line, ordinal = figures.line[own], figures.ordinal[own]
    if check.against == "last_vintage":
        return own, mine["earlier"].to_numpy()
    if check.against == "share_of_last_year":
        yearly = figures.matched(figures.lines.assign(frequency="A"), list(SeriesKey.__slots__))
        parts = figures.lines["frequency"].map(PERIODS_A_YEAR).fillna(1).to_numpy("int64")
        fits = (parts > 1) & (figures.lines["adds_over_time"] == "sum").to_numpy()
        fits &= (figures.lines["accumulation"] == "PERIOD").to_numpy()
        at = figures.find(numpy.where(fits, yearly, -1)[line], year_of(figures.start[own]) - 1)
        return at, figures.value_then(at, moment) / parts[line]
    at = figures.find(line, ordinal - 1 if check.against == "last_period" else figures.year_before[own])
    return at, figures.value_then(at, moment)


def _outlier(figures: Figures, rule: Rule) -> pandas.DataFrame:
    check = cast(OutlierCheck, rule.check)
    mine = figures.judged(rule.scope).dropna(subset="value")
    own, moment = mine["at"].to_numpy(), mine["moment"].to_numpy()
    reference = numpy.column_stack(
        [
            figures.value_then(figures.find(figures.line[own], figures.ordinal[own] - back), moment)
            for back in range(1, check.periods + 1)
        ]
    )
    enough = (~numpy.isnan(reference)).sum(axis=1) >= check.points
    mine, reference = mine[enough], reference[enough]
    if not len(mine):
        return _NOTHING
    value, median = mine["value"].to_numpy(), numpy.nanmedian(reference, axis=1)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        if check.method == "modified_z":
            apart = numpy.abs(reference - median[:, None])
            spread = numpy.nanmedian(apart, axis=1) / 0.6745
            # Most of them are the same: then the mean deviation counts, the value's own with it.
            with_own = numpy.column_stack([apart, numpy.abs(value - median)])
            spread = numpy.where(spread > 0, spread, 1.253314 * numpy.nanmean(with_own, axis=1))
            score = numpy.where(spread > 0, (value - median) / spread, 0)
        else:
            score = numpy.where((value > 0) & (median > 0), numpy.maximum(value / median, median / value), 0)
    wrong = numpy.abs(score) > float(check.limit)
    wrong &= numpy.abs(value - median) >= float(check.percent) / 100 * numpy.abs(median)
    wrong = _last_of_each(mine, wrong)
    points = (~numpy.isnan(reference)).sum(axis=1)
    return _told(
        figures, numpy.full(len(mine), -1), wrong, rows=mine["row"].to_numpy(), found=value, expected=median.round(4),
        score=score.round(1), points=points,
    )  # fmt: skip


def _rank_field(figures: Figures, rule: Rule) -> pandas.DataFrame:
    check, lines = cast(RankFieldCheck, rule.check), figures.lines
    found = [_NOTHING]
    for field in check.fields:
        of_field = (lines["indicator"] == field.indicator) & (lines["breakdown"] == TOTAL)
        if field.level:
            of_field &= lines["level"] == field.level
        at = numpy.flatnonzero(
            (of_field.to_numpy() & figures.within(rule.scope))[figures.line] & ~numpy.isnan(figures.value)
        )
        if not len(at):
            continue
        if check.ties:
            found.append(_ties(figures, at) if field.shared_ranks_skip else _NOTHING)
        else:
            size = _field_sizes(figures, at, field.size, field.level)
            found.append(
                _told(
                    figures, at, figures.value[at] > size, rows=figures.row[at], found=figures.value[at], expected=size
                )
            )
    return pandas.concat(found, ignore_index=True)


def _field_sizes(figures: Figures, at: Numbers, size: int | None, level: str | None) -> Numbers:
    """How many were ranked with each: as many as the field always has, or the level's units at the period's end."""
    if size is not None:
        return numpy.full(len(at), size)
    ends = [figures.period(int(each)).last_day for each in at]
    units = figures.catalogue.reporting_units
    count = {day: sum(unit.level == level and unit.valid_on(day) for unit in units) for day in set(ends)}
    return numpy.array([count[day] for day in ends])


def _ties(figures: Figures, at: Numbers) -> pandas.DataFrame:
    """Of n units on one rank the next n - 1 ranks stay empty: who stands on one of them stands wrong."""
    lines = figures.lines.iloc[figures.line[at]]
    table = pandas.DataFrame({"position": at, "rank": figures.value[at], "ordinal": figures.ordinal[at]})
    for name in ("frequency", "accumulation", "source"):
        table[name] = lines[name].to_numpy(object)
    ranking = ["frequency", "accumulation", "source", "ordinal"]
    shared = table.groupby([*ranking, "rank"], as_index=False).size().sort_values([*ranking, "rank"], ignore_index=True)
    following = shared.groupby(ranking)["rank"].shift(-1)
    crowded = shared[following < shared["rank"] + shared["size"]].assign(wrong=following)
    told = table.merge(crowded, left_on=[*ranking, "rank"], right_on=[*ranking, "wrong"], suffixes=("", "_above"))
    rows = figures.row[told["position"].to_numpy("int64")]
    return pandas.DataFrame(
        {"row": rows, "at": -1, "found": told["rank"], "expected": told["rank_above"], "shared": told["size"]}
    )


def _stated_change(figures: Figures, rule: Rule) -> pandas.DataFrame:
    check, lines = cast(StatedChangeCheck, rule.check), figures.lines
    named = "indicator" if check.change_indicator else "breakdown"
    changes = lines[named] == (check.change_indicator or check.change)
    stated = lines[changes.to_numpy() & figures.within(rule.scope)]
    if stated.empty:
        return _NOTHING
    told = stated.assign(indicator=check.indicator) if check.change_indicator else stated.assign(breakdown=TOTAL)
    value_of = numpy.full(len(lines), -1)
    value_of[stated.index] = figures.matched(told, list(SeriesKey.__slots__))
    change_at = numpy.flatnonzero(value_of[figures.line] >= 0)
    line, ordinal = value_of[figures.line[change_at]], figures.ordinal[change_at]
    back = ordinal - 1 if check.against == "last_period" else figures.year_before[change_at]
    new_at, old_at = figures.find(line, ordinal), figures.find(line, back)
    new, old, change = figures.value_at(new_at), figures.value_at(old_at), figures.value[change_at]
    with numpy.errstate(divide="ignore", invalid="ignore"):
        computed = {
            "points": new - old,
            "percent": (new / old - 1) * 100,
            "index": new / old * 100,
            "times": new / old,
        }[check.stated_in]
    allowed = _HALF * 10.0 ** -_printed_decimals(figures.column("value").iloc[change_at])
    allowed = numpy.maximum(allowed, float(check.tolerance.absolute))
    allowed = numpy.maximum(allowed, float(check.tolerance.percent) / 100 * numpy.abs(computed))
    wrong = numpy.isfinite(computed) & (numpy.abs(computed - change) > allowed)
    rows = _first_of_file(figures, numpy.column_stack([change_at, new_at, old_at]))
    return _told(
        figures, old_at, wrong, rows=rows, found=change, expected=computed.round(4), new=new, old=old,
    )  # fmt: skip


def _sum_over_time(figures: Figures, rule: Rule) -> pandas.DataFrame:
    check, lines = cast(SumOverTimeCheck, rule.check), figures.lines
    summed = (lines["adds_over_time"] == "sum").to_numpy() & figures.within(rule.scope)
    found = [_NOTHING]
    totals = lines["frequency"] == "A" if check.against == "year" else lines["accumulation"] == "YTD"
    if not totals.any():
        return found[0]
    for frequency, count in PERIODS_A_YEAR.items():
        parts = summed & (lines["frequency"] == frequency).to_numpy()
        if count == 1 or not parts.any():
            continue
        alone = parts & (lines["accumulation"] == "PERIOD").to_numpy()
        if check.against == "year":
            found.append(_held_againstyear_of(figures, check, lines[alone], count))
            to_date = lines[parts & (lines["accumulation"] == "YTD").to_numpy()]
            found.append(_held_againstyear_of(figures, check, to_date, count, to_date=True))
        else:
            found.append(_held_against_to_date(figures, check, lines[alone], count))
    return pandas.concat(found, ignore_index=True)


def _held_againstyear_of(
    figures: Figures, check: SumOverTimeCheck, lines: pandas.DataFrame, count: int, *, to_date: bool = False
) -> pandas.DataFrame:
    """All periods of a year, or the last one to date, against the figure of the year."""
    yearly = figures.matched(lines.assign(frequency="A", accumulation="PERIOD"), list(SeriesKey.__slots__))
    line = lines.index.to_numpy()[yearly >= 0]
    if not len(line):
        return _NOTHING
    pairs = _years(figures, line, yearly[yearly >= 0])
    year_at = figures.find(pairs["yearly"].to_numpy(), pairs["year"].to_numpy())
    first = pairs["year"].to_numpy() * count
    steps = [count - 1] if to_date else range(count)
    at = numpy.column_stack([figures.find(pairs["line"].to_numpy(), first + step) for step in steps])
    return _sums(figures, check, at, year_at)


def _held_against_to_date(
    figures: Figures, check: SumOverTimeCheck, lines: pandas.DataFrame, count: int
) -> pandas.DataFrame:
    """The periods so far against the year to date."""
    to_date = figures.matched(lines.assign(accumulation="YTD"), list(SeriesKey.__slots__))
    line = lines.index.to_numpy()[to_date >= 0]
    if not len(line):
        return _NOTHING
    pairs = _years(figures, line, to_date[to_date >= 0])
    first = pairs["year"].to_numpy() * count
    at = numpy.column_stack([figures.find(pairs["line"].to_numpy(), first + step) for step in range(count)])
    found = [
        _sums(figures, check, at[:, : step + 1], figures.find(pairs["yearly"].to_numpy(), first + step))
        for step in range(count)
    ]
    return pandas.concat([_NOTHING, *found], ignore_index=True)


def _years(figures: Figures, line: Numbers, other: Numbers) -> pandas.DataFrame:
    """Each year of which the file has a figure of the series, or of the other one that belongs to it."""
    mate = numpy.full(len(figures.lines), -1)
    mate[line] = line
    mate[other] = line
    mine = (mate[figures.line] >= 0) & (figures.row >= 0)
    pairs = pandas.DataFrame({"line": mate[figures.line[mine]], "year": year_of(figures.start[mine])}).drop_duplicates()
    of = dict(zip(line.tolist(), other.tolist(), strict=True))
    return pairs.assign(yearly=pairs["line"].map(of).astype("int64"))


def _sums(figures: Figures, check: SumOverTimeCheck, at: Numbers, total_at: Numbers) -> pandas.DataFrame:
    total, summed = figures.value_at(total_at), figures.value_at(at).sum(axis=1)
    whole = ~numpy.isnan(total) & ~numpy.isnan(summed)
    # A quarter that is revised today makes no fault of a total that was printed before, and is not printed again.
    whole &= (figures.row[total_at] >= 0) | ~figures.is_revised(at).any(axis=1)
    wrong = whole & ~_holds(summed, "=", total, check.tolerance)
    rows = _first_of_file(figures, numpy.column_stack([total_at, at[:, ::-1]]))
    return _told(
        figures, total_at, wrong, rows=rows, found=total, expected=summed.round(6), difference=(total - summed).round(6)
    )  # fmt: skip


_KINDS: dict[str, Callable[[Figures, Rule], pandas.DataFrame]] = {
    "comparison": _comparison,
    "parts": _parts,
    "ratio": _ratio,
    "cumulative": _cumulative,
    "daily_mean": _daily_mean,
    "change": _change,
    "outlier": _outlier,
    "rank_field": _rank_field,
    "stated_change": _stated_change,
    "quarters_and_year": _sum_over_time,
}


def _told(
    figures: Figures, at: Numbers, wrong: Numbers, *, rows: Numbers | None = None, **facts: Any
) -> pandas.DataFrame:
    """Of all that was compared what is wrong; `rows` are those of the figures at `at` unless given."""
    if not wrong.any():
        return _NOTHING
    rows = numpy.where(at >= 0, figures.row[at], -1) if rows is None else rows
    table = pandas.DataFrame({"row": rows[wrong], "at": at[wrong]})
    return table.assign(**{name: numpy.asarray(value)[wrong] for name, value in facts.items()})


def _first_of_file(figures: Figures, at: Numbers) -> Numbers:
    """Of the figures in each row of `at` the row of the first that is the file's; -1 where none is."""
    rows = numpy.where(at >= 0, figures.row[at], -1)
    first = (rows >= 0).argmax(axis=1)
    return rows[numpy.arange(len(rows)), first]


def _holds(left: Numbers, operator: str, right: Numbers, tolerance: Tolerance) -> Numbers:
    allowed = numpy.maximum(float(tolerance.absolute), float(tolerance.percent) / 100 * numpy.abs(right))
    allowed = allowed + _EXACT * numpy.maximum(numpy.abs(left), numpy.abs(right))
    match operator:
        case "=":
            return numpy.abs(left - right) <= allowed
        case "!=":
            return numpy.abs(left - right) > allowed
        case "<=":
            return left <= right + allowed
        case ">=":
            return left >= right - allowed
        case "<":
            return left < right - _EXACT * numpy.abs(right)
        case _:
            return left > right + _EXACT * numpy.abs(right)


def _is_term(lines: pandas.DataFrame, term: Term) -> Numbers:
    there = (lines["indicator"] == term.indicator) & (lines["breakdown"] == term.breakdown)
    if term.accumulation:
        there &= lines["accumulation"] == term.accumulation
    if term.source:
        there &= lines["source"] == term.source
    return there.to_numpy()


def _term_name(term: Term) -> str:
    return term.indicator if term.breakdown == TOTAL else f"{term.indicator}.{term.breakdown}"


def _printed_decimals(values: pandas.Series) -> Numbers:
    """With how many decimals each value was printed: 27.5 has one, 29 none."""
    return values.astype("string").str.extract(r"\.([0-9]+)$", expand=False).str.len().fillna(0).to_numpy("float64")

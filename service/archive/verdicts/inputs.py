"""What a verdict rests on: for each target and each reporting unit that it binds, the figures that answer it.

Of several series that could answer a target one does, and no two are spliced: that of the first of the indicator's
sources that has a figure in time; then the one with the latest such figure; then one of the target's own frequency,
else of the longest periods; then that of the first of the indicator's accumulations. A sum answers in the target's own
frequency only: a month's is no part of what a year asks.

The base is what the document says. Where it says nothing, it is the last figure of a period that had ended when the
promise was made, or where there is none, the first figure. Of a promise that nobody dates there is no base.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection

from ingest import registry
from ingest.catalogue import Catalogue
from ingest.indicator import Indicator
from ingest.observation import DENOMINATOR
from ingest.period import LOCAL_ZONE, Period, parse
from ingest.reporting_unit import ReportingUnit
from ingest.spelling import alphabetical
from service.archive import targets
from service.archive.targets import Promise
from service.archive.verdicts import figures
from service.archive.verdicts.figures import Figures, Line, decimal_year

# Which promise (its place in `Inputs.promises`) and which unit, and which figures answer it.
PLACE_COLUMNS = ("target", "reporting_unit", "line", "value_at", "base_at", "base_stated")
# What the methods compute with; floats, NaN where there is none. Times are decimal years of the ends of periods, `step`
# is the years from one figure to the next, `over` whether the deadline has passed.
NUMBER_COLUMNS = (
    "kind",
    "sense",
    "promised",
    "change",
    "base",
    "base_time",
    "value",
    "value_time",
    "due_time",
    "over",
    "step",
    "minimum",
    "maximum",
    "rank",
    "field",
    "broken",
    "points",
    "path_from_time",
    "path_from_value",
    "path_to_time",
    "path_to_value",
)
_COARSEST_FIRST = "ASQMWDH"
# How long a period is.
YEARS = {"A": 1.0, "S": 1 / 2, "Q": 1 / 4, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25, "H": 1 / 8766}


@dataclass(frozen=True, slots=True)
class Inputs:
    """The promises, what was known, and one row of `frame` (PLACE_COLUMNS, NUMBER_COLUMNS) for each promise and unit.

    `history` has the figures from base to value of each row of the frame: row, time, value, in order of time.
    """

    promises: Sequence[Promise]
    known: Figures
    frame: pd.DataFrame
    history: pd.DataFrame


def gathered(
    connection: Connection,
    wanted: targets.Wanted,
    *,
    as_of: datetime,
    today: date,
    reporting_units: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
) -> Inputs:
    """What is known at a moment of the targets that stood at it; of these units and sources only where they are given.

    `today` decides whether a deadline has passed. A level binds its units that exist on that day, or on the target's
    last day where that is before it. Rows are by indicator, last day, scope and plan, then by the alphabet of the
    units.
    """
    catalogue = registry.read(connection)
    promises = targets.standing(connection, wanted, as_of=as_of)
    bound = _Bound(catalogue, reporting_units)
    pairs = [
        (number, unit)
        for number, each in enumerate(promises)
        for unit in bound.by(each.scope, min(today, each.last_day))
    ]
    asked = ({each.indicator for each in promises}, {unit for _, unit in pairs})
    known = figures.known(connection, *asked, as_of=as_of)
    wholes = figures.known(connection, *asked, as_of=as_of, breakdown=DENOMINATOR)
    answering = _Answering(catalogue, known, sources)
    spans = [_Span.of(each) for each in promises]
    rows = [
        _row(number, unit, spans[number], answering.line(promises[number], unit, spans[number]), known)
        for number, unit in pairs
    ]
    used = ((row.line, at) for row in rows if row.line for at in (row.value_at, row.base_at) if at >= 0)
    figures.date_restated(connection, known, used, as_of=as_of)
    frame = _frame(rows, spans, promises, catalogue, known, wholes, today)
    return Inputs(promises, known, frame, _history(rows, known))


def by_alphabet(catalogue: Catalogue, asked: Sequence[str] | None) -> list[ReportingUnit]:
    """The reporting units that are asked for, all where None, by the Vietnamese alphabet of their short names."""
    units = (unit for unit in catalogue.reporting_units if asked is None or unit.code in asked)
    return sorted(units, key=lambda unit: (alphabetical(unit.short_vi), unit.code))


def preferred(
    lines: Sequence[Line], indicator: Indicator, known: Figures, *, due: float = np.inf, frequency: str | None = None
) -> Line | None:
    """Which of several lines of an indicator and a unit answers: that of the first by preference, None of none.

    Each has a figure by `due`, a decimal year. Of the latest figures, one of this `frequency` goes first.
    """
    if len(lines) < 2:  # as a rule
        return lines[0] if lines else None

    def preference(line: Line) -> tuple[Any, ...]:
        times = known.times[line.first : line.end]
        return (
            indicator.sources.index(line.source) if line.source in indicator.sources else len(indicator.sources),
            -times[times.searchsorted(due, "right") - 1],
            line.frequency != frequency,
            _COARSEST_FIRST.index(line.frequency),
            indicator.accumulations.index(line.accumulation) if line.accumulation in indicator.accumulations else 9,
            line.key,
        )

    return min(lines, key=preference)


class _Bound:
    """Whom a scope binds on a day."""

    def __init__(self, catalogue: Catalogue, asked: Sequence[str] | None) -> None:
        self._by_scope: dict[str, list[ReportingUnit]] = defaultdict(list)
        for unit in by_alphabet(catalogue, asked):
            self._by_scope[unit.code].append(unit)
            self._by_scope[unit.level].append(unit)
        self._known: dict[tuple[str, date], list[str]] = {}

    def by(self, scope: str, day: date) -> list[str]:
        """The codes of the units, by their alphabet; one that is named is bound on every day."""
        found = self._known.get((scope, day))
        if found is None:
            units = self._by_scope[scope]
            found = [unit.code for unit in units if unit.code == scope or unit.valid_on(day)]
            self._known[scope, day] = found
        return found


class _Answering:
    """Which of the lines of an indicator and a unit answers a promise."""

    def __init__(self, catalogue: Catalogue, known: Figures, sources: Sequence[str] | None) -> None:
        self._catalogue, self._known, self._sources = catalogue, known, sources

    def line(self, promise: Promise, unit: str, span: "_Span") -> Line | None:
        """The first by preference that has a figure in time."""
        indicator = self._catalogue.indicators[promise.indicator]
        lines = self._known.lines.get((promise.indicator, unit), ())
        able = [
            line for line in lines if self._known.times[line.first] <= span.due and self._is_able(line, indicator, span)
        ]
        return preferred(able, indicator, self._known, due=span.due, frequency=span.frequency)

    def _is_able(self, line: Line, indicator: Indicator, span: "_Span") -> bool:
        comparable = (
            line.frequency == span.frequency
            or line.accumulation in ("STOCK", "SINCE_START")
            or indicator.adds_over_time != "sum"
        )
        return comparable and (self._sources is None or line.source in self._sources)


class _Row(NamedTuple):
    """Which figures answer a promise: places in the arrays of Figures, -1 where there is none.

    `first_at` is where the way from the base to the value begins among the figures.
    """

    target: int
    reporting_unit: str
    line: Line | None
    value_at: int = -1
    base_at: int = -1
    first_at: int = -1


def _row(number: int, unit: str, span: "_Span", line: Line | None, known: Figures) -> _Row:
    if line is None:
        return _Row(number, unit, None)
    times = known.times[line.first : line.end]
    value_at = line.first + int(times.searchsorted(span.due, "right")) - 1
    if not np.isnan(span.stated_base):
        first_at = line.first + int(times.searchsorted(span.base, "right"))
        return _Row(number, unit, line, value_at, -1, min(first_at, value_at))
    if span.base_period is not None:
        named = span.base_period.frequency == line.frequency
        base_at = line.first + int(times.searchsorted(span.base)) if named else line.end
        there = base_at < line.end and known.times[base_at] == span.base
        return _Row(number, unit, line, value_at, base_at if there else -1, min(base_at, value_at))
    if np.isnan(span.base):
        return _Row(number, unit, line, value_at, -1, value_at)
    base_at = line.first + max(int(times.searchsorted(span.base, "right")) - 1, 0)
    return _Row(number, unit, line, value_at, min(base_at, value_at), min(base_at, value_at))


@dataclass(frozen=True, slots=True)
class _Span:
    """From when to when a promise runs: its base and its end as decimal years, and the base its document states."""

    frequency: str
    due: float
    base: float
    stated_base: float
    base_period: Period | None

    @classmethod
    def of(cls, promise: Promise) -> "_Span":
        period = None if promise.base_period is None else parse(promise.base_period)
        if period is not None:
            base = decimal_year(period.end)
        elif promise.promised_at is not None:
            base = decimal_year(promise.promised_at.astimezone(LOCAL_ZONE))
        else:
            base = np.nan
        stated = np.nan if promise.base_value is None else float(promise.base_value)
        due = decimal_year(promise.last_day + timedelta(days=1))
        return cls(parse(promise.period).frequency, due, base, stated, period)


def _frame(
    rows: Sequence[_Row],
    spans: Sequence[_Span],
    promises: Sequence[Promise],
    catalogue: Catalogue,
    known: Figures,
    wholes: Figures,
    today: date,
) -> pd.DataFrame:
    target = np.array([row.target for row in rows], dtype=np.intp)
    value_at, base_at, first_at = (
        np.array([getattr(row, name) for row in rows], dtype=np.intp) for name in ("value_at", "base_at", "first_at")
    )
    indicators = [catalogue.indicators[each.indicator] for each in promises]

    def each_promise(values: Iterable[Any], dtype: Any = np.float64) -> NDArray[Any]:
        return np.array(list(values), dtype=dtype)[target] if rows else np.array([], dtype=dtype)

    def at(values: NDArray[Any], place: NDArray[np.intp]) -> NDArray[Any]:
        return np.where(place >= 0, values[place], np.nan) if len(values) else np.full(len(place), np.nan)

    stated = each_promise(span.stated_base for span in spans)
    base = np.where(np.isnan(stated), at(known.values, base_at), stated)
    base_time = np.where(np.isnan(stated), at(known.times, base_at), each_promise(span.base for span in spans))
    kind = each_promise((each.kind for each in promises), dtype=object)
    value = each_promise(float(each.value) for each in promises)
    is_change = kind == "change_from_base"
    columns = {
        "target": target,
        "value_at": value_at,
        "base_at": base_at,
        "base_stated": ~np.isnan(stated),
        "kind": kind,
        "sense": each_promise(float(each.sense) for each in promises),
        "promised": np.where(is_change, base + value, value),
        "change": np.where(is_change, value, np.nan),
        "base": base,
        "base_time": base_time,
        "value": at(known.values, value_at),
        "value_time": at(known.times, value_at),
        "due_time": each_promise(span.due for span in spans),
        "over": each_promise((today > each.last_day for each in promises), dtype=bool),
        "step": np.array([_step(row, known) for row in rows]),
        "minimum": each_promise(_number(each.minimum) for each in indicators),
        "maximum": each_promise(_number(each.maximum) for each in indicators),
        "rank": each_promise((each.unit_measure == "rank" for each in indicators), dtype=bool),
        "field": np.array([_whole(row, promises[row.target], known, wholes) for row in rows]),
        # A break at the base itself is behind it.
        "broken": known.broken(np.maximum(np.where(base_at >= 0, base_at, first_at - 1), -1), value_at),
        "points": np.where(value_at >= 0, value_at - first_at + 1 + ((base_at < 0) & ~np.isnan(base)), 0.0),
    }
    named = {"reporting_unit": [row.reporting_unit for row in rows], "line": [row.line for row in rows]}
    return pd.DataFrame(
        {**named, **columns, **_segments(columns, promises, spans)}, columns=[*PLACE_COLUMNS, *NUMBER_COLUMNS]
    )


def _step(row: _Row, known: Figures) -> float:
    """The years between the last two figures, or the length of a period where there is only one."""
    if row.line is None:
        return np.nan
    if row.value_at > row.line.first:
        return float(known.times[row.value_at] - known.times[row.value_at - 1])
    return YEARS[row.line.frequency]


def _whole(row: _Row, promise: Promise, known: Figures, wholes: Figures) -> float:
    """Of how many the value is a part, where that was reported for the same period."""
    if row.line is None:
        return np.nan
    start = known.starts[row.value_at]
    key = row.line.key.rpartition(".")[0]
    for line in wholes.lines.get((promise.indicator, row.reporting_unit), ()):
        if line.key.rpartition(".")[0] == key:
            at = line.first + int(wholes.starts[line.first : line.end].searchsorted(start))
            if at < line.end and wholes.starts[at] == start:
                return float(wholes.values[at])
    return np.nan


def _segments(
    columns: dict[str, NDArray[Any]], promises: Sequence[Promise], spans: Sequence[_Span]
) -> dict[str, NDArray[np.float64]]:
    """The promised way around each value: from base to promise, or between two milestones of a path."""
    way = np.array([columns[name] for name in ("base_time", "base", "due_time", "promised")], dtype=np.float64)
    milestones: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    for promise, span in zip(promises, spans, strict=True):
        if promise.kind == "path":
            milestones[promise.plan, promise.indicator, promise.scope].append((span.due, float(promise.value)))
    for row in np.flatnonzero(columns["kind"] == "path"):
        promise = promises[columns["target"][row]]
        base_time, base = float(way[0, row]), float(way[1, row])
        stones = sorted(milestones[promise.plan, promise.indicator, promise.scope])
        stops = [(base_time, base), *(stone for stone in stones if not stone[0] <= base_time)]
        ahead = (leg for leg in pairwise(stops) if columns["value_time"][row] <= leg[1][0])
        if leg := next(ahead, None):
            way[:, row] = (*leg[0], *leg[1])
    return dict(zip(("path_from_time", "path_from_value", "path_to_time", "path_to_value"), way, strict=True))


def _history(rows: Sequence[_Row], known: Figures) -> pd.DataFrame:
    first = np.array([row.first_at for row in rows], dtype=np.intp)
    count = np.array([row.value_at for row in rows], dtype=np.intp) - first + (first >= 0)
    number = np.repeat(np.arange(len(rows)), count)
    place = np.arange(count.sum()) - np.repeat(count.cumsum() - count, count) + np.repeat(first, count)
    return pd.DataFrame({"row": number, "time": known.times[place], "value": known.values[place]})


def _number(limit: Decimal | None) -> float:
    return np.nan if limit is None else float(limit)

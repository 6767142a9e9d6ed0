"""The figures of a file beside those that are public, arranged so that any of them is found at once.

Each series is a line with a number, each period a number among those of its frequency; series and period together are
one sorted array. `row` is the row of the file, or -1 for a figure that is public already.
"""

from typing import Any, TypeAlias

import numpy
import pandas

from ingest.catalogue import Catalogue
from ingest.dataset import Dataset
from ingest.observation import DENOMINATOR, NUMERATOR, SeriesKey
from ingest.period import Period
from ingest.rule import Scope

# What `Figures` is made of; `value` is the decimal text as it was printed.
WRITTEN_COLUMNS = ("series", "period_start", "published_at", "value", "data_from", "data_to")
PERIODS_A_YEAR = {"A": 1, "S": 2, "Q": 4, "M": 12}

_NEVER = -(2**30)  # a period that no figure has

Numbers: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]]


class Figures:
    """The figures of a file, and beside them those that are public: at most one for each series and period.

    Of several the one that was published last counts, the file's where both were at once. `lines` has a row for each
    series: the parts of its key and what the catalogue says of its indicator. The other arrays have an element for each
    figure, by series and period: `line` the row of its series, `row` that of the file or -1, `value` NaN where there is
    none. `vintages` has all of them, each with `at` (its figure), `row`, `value`, `earlier` (the value of the vintage
    before, NaN where there is none) and `moment`, the number of its publication among all.
    """

    def __init__(
        self, written: pandas.DataFrame, known: pandas.DataFrame, catalogue: Catalogue, dataset: Dataset
    ) -> None:
        """Bring the rows of the file (its index says which) and the known figures together, both WRITTEN_COLUMNS."""
        self.catalogue, self.dataset = catalogue, dataset
        columns = list(WRITTEN_COLUMNS)
        rows = pandas.concat(
            [written[columns].assign(row=written.index)] + ([known[columns].assign(row=-1)] if len(known) else []),
            ignore_index=True,
        )
        line, keys = pandas.factorize(rows["series"].astype(object))
        self.lines = _lines([str(key) for key in keys], catalogue)
        self.indicators = frozenset(self.lines["indicator"])
        start = rows["period_start"].to_numpy("datetime64[us]")
        frequency = self.lines["frequency"].to_numpy(object)[line]
        ordinal, year_before = _ordinals(start, frequency)
        value = pandas.to_numeric(rows["value"], errors="coerce").to_numpy("float64")
        published = rows["published_at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
        order = numpy.lexsort((rows["row"].to_numpy() >= 0, published, ordinal, line))
        key = _key(line, ordinal)[order]
        last = numpy.append(key[1:] != key[:-1], True)
        before = numpy.full(len(key), numpy.nan)
        before[1:] = numpy.where(
            (key[1:] == key[:-1]) & (published[order][1:] > published[order][:-1]), value[order][:-1], numpy.nan
        )
        kept = order[last]
        self._key = key[last]
        self.vintages = pandas.DataFrame(
            {
                "at": numpy.cumsum(numpy.append(0, last[:-1])) if len(key) else numpy.array([], "int64"),
                "row": rows["row"].to_numpy("int64")[order],
                "value": value[order],
                "earlier": before,
                "moment": numpy.unique(published, return_inverse=True)[1][order],
            }
        )
        self.line, self.ordinal, self.year_before = line[kept], ordinal[kept], year_before[kept]
        self.start, self.value, self.row = start[kept], value[kept], rows["row"].to_numpy("int64")[kept]
        self._rows, self._kept = rows, kept

    def column(self, name: str) -> pandas.Series:
        """A column of WRITTEN_COLUMNS, an element for each figure."""
        return self._rows[name].iloc[self._kept].reset_index(drop=True)

    def find(self, line: Numbers, ordinal: Numbers) -> Numbers:
        """Where the figure of each series and period stands, or -1; series -1 is none."""
        wanted = _key(line, ordinal)
        at = numpy.searchsorted(self._key, wanted).clip(max=max(len(self._key) - 1, 0))
        there = (line >= 0) & (self._key[at] == wanted) if len(self._key) else numpy.zeros(len(wanted), bool)
        return numpy.where(there, at, -1)

    def is_revised(self, at: Numbers) -> numpy.ndarray[Any, Any]:
        """Which of the figures that stand there the file says otherwise than it was public before."""
        revised = numpy.zeros(len(self.value) + 1, dtype=bool)  # the last is that of -1
        of_file = self.vintages[(self.vintages["row"] >= 0) & self.vintages["earlier"].notna()]
        revised[of_file["at"].to_numpy()] = True
        return revised[at]

    def value_at(self, at: Numbers) -> Numbers:
        """The values that stand there; NaN at -1."""
        return numpy.where(at >= 0, self.value[at], numpy.nan)

    def value_then(self, at: Numbers, moment: Numbers) -> Numbers:
        """The values that stand there as they were published at those moments, or first after; NaN at -1."""
        if not len(self.vintages):
            return numpy.full(len(at), numpy.nan)
        figure, moments = self.vintages["at"].to_numpy(), self.vintages["moment"].to_numpy()
        count = int(moments.max()) + 1
        last = numpy.searchsorted(figure * count + moments, at * count + moment, side="right") - 1
        before = (last >= 0) & (figure[last] == at)
        found = numpy.where(before, last, last + 1).clip(max=len(figure) - 1)
        return numpy.where(at >= 0, self.vintages["value"].to_numpy()[found], numpy.nan)

    def judged(self, scope: Scope) -> pandas.DataFrame:
        """The file's vintages that a rule of this scope is about, each to be held against what was known with it."""
        inside = self.within(scope)[self.line][self.vintages["at"].to_numpy()]
        return self.vintages[inside & (self.vintages["row"] >= 0).to_numpy()]

    def within(self, scope: Scope) -> Numbers:
        """Which of the series a rule of this scope is about."""
        lines = self.lines
        inside = numpy.full(len(lines), not scope.datasets or self.dataset.code in scope.datasets)
        for name, wanted in (
            ("indicator", scope.indicators),
            ("unit_measure", scope.unit_measures),
            ("frequency", scope.frequencies),
            ("accumulation", scope.accumulations),
            ("source", scope.sources),
        ):
            if wanted:
                inside &= lines[name].isin(wanted).to_numpy()
        if scope.except_indicators:
            inside &= ~lines["indicator"].isin(scope.except_indicators).to_numpy()
        return inside

    def period(self, at: int) -> Period:
        """The period of the figure that stands there."""
        start = pandas.Timestamp(self.start[at]).to_pydatetime()
        return Period(start, str(self.lines["frequency"].iloc[int(self.line[at])]))

    def matched(self, pairs: pandas.DataFrame, of: list[str], missing: int = -1) -> Numbers:
        """For each row of `pairs` the number of the series whose columns `of` are the same, or -1."""
        if pairs.empty:
            return numpy.array([], "int64")
        numbered = self.lines[of].assign(number=numpy.arange(len(self.lines))).drop_duplicates(of)
        return pairs[of].merge(numbered, on=of, how="left")["number"].fillna(missing).to_numpy("int64")


def year_of(start: Numbers) -> Numbers:
    """The year in which each period begins."""
    return start.astype("datetime64[Y]").astype("int64") + 1970


def _lines(keys: list[str], catalogue: Catalogue) -> pandas.DataFrame:
    lines = pandas.DataFrame([key.split(".") for key in keys], columns=list(SeriesKey.__slots__), dtype=object)
    indicators = catalogue.indicators
    for name in ("unit_measure", "adds_over_time", "adds_over_units", "daily_mean_of"):
        told = {code: getattr(it, name) for code, it in indicators.items()}
        lines[name] = lines["indicator"].map(told).astype(object)
    lines["level"] = lines["reporting_unit"].map({unit.code: unit.level for unit in catalogue.reporting_units})
    never = {code: it.minimum is not None and it.minimum >= 0 for code, it in indicators.items()}
    lines["never_negative"] = lines["indicator"].map(never).astype(bool)
    # The counts behind a rate are counts, and change as they like while it is computed.
    counts = lines["breakdown"].isin([NUMERATOR, DENOMINATOR])
    return lines.assign(
        unit_measure=lines["unit_measure"].mask(counts, "count"), daily_mean_of=lines["daily_mean_of"].mask(counts)
    )


def _ordinals(start: Numbers, frequency: Numbers) -> tuple[Numbers, Numbers]:
    """The number of each period among those of its frequency, and that of the same period a year before."""
    ordinal = _ordinal(start, frequency)
    year_before = ordinal - pandas.Series(frequency, dtype=object).map(PERIODS_A_YEAR).fillna(0).to_numpy("int64")
    for each in ("W", "D", "H"):  # of which not every year has as many
        those = frequency == each
        if those.any():
            found, which = numpy.unique(start[those], return_inverse=True)
            before = numpy.array([_year_before(day, each) for day in found], "datetime64[us]")
            numbers = _ordinal(before, numpy.full(len(before), each))
            year_before[those] = numpy.where(numpy.isnat(before), _NEVER, numbers)[which]
    return ordinal, year_before


def _ordinal(start: Numbers, frequency: Numbers) -> Numbers:
    months = start.astype("datetime64[M]").astype("int64") + 1970 * 12
    days = start.astype("datetime64[D]").astype("int64")
    hours = start.astype("datetime64[h]").astype("int64")
    weeks = (days + 3) // 7  # 1 January 1970 was a Thursday
    units = {"A": months // 12, "S": months // 6, "Q": months // 3, "M": months, "W": weeks, "D": days, "H": hours}
    return numpy.select([frequency == each for each in units], list(units.values()))


def _year_before(start: Any, frequency: str) -> Any:
    before = Period(pandas.Timestamp(start).to_pydatetime(), frequency).a_year_earlier()
    return numpy.datetime64("NaT") if before is None else numpy.datetime64(before.start, "us")


def _key(line: Numbers, ordinal: Numbers) -> Numbers:
    return line.astype("int64") * 2**32 + (ordinal.astype("int64") + 2**31)

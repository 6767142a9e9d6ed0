"""Where the figures are heading: the least-squares line through each row's history, read at the deadline.

All rows at once: a sum over a row's figures is one bincount, 8,500 rows have no loop.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from service.archive.verdicts.promises import Flags, Promises
from service.archive.verdicts.states import Numbers

# Of a line through three figures one degree of freedom is left, and its 80 % interval is as wide as 3.08 deviations.
FEWEST_FOR_A_BAND = 4
UPPER_TENTH = 0.90
# Later than this is never: the trend of a hundred years says nothing, and calendars end.
HORIZON_YEARS = 100.0


@dataclass(frozen=True)
class Projection:
    """What the trend so far says: at the deadline, with a band of 80 %, and when it reaches the promise.

    NaN where the history has fewer than two times, the series is broken, the deadline is unknown or over; a trend that
    never reaches the promise has no `reaching_time`.
    """

    value: Numbers
    low: Numbers
    high: Numbers
    reaching_time: Numbers


@dataclass(frozen=True)
class _Line:
    figures: Numbers
    mean_time: Numbers
    mean: Numbers
    slope: Numbers
    spread: Numbers
    squares_left: Numbers

    def at(self, time: Numbers) -> Numbers:
        return self.mean + self.slope * (time - self.mean_time)

    def half_width(self, time: Numbers) -> Numbers:
        """Half of the 80 % prediction interval of one more figure at a time (Student's t, n - 2 degrees of freedom)."""
        free = np.where(self.figures >= FEWEST_FOR_A_BAND, self.figures - 2, np.nan)
        away = 1 + 1 / self.figures + (time - self.mean_time) ** 2 / self.spread
        # The quantile is the slowest step, and 8,500 rows have a dozen lengths.
        lengths, length = np.unique(free, return_inverse=True)
        return stdtrit(lengths, UPPER_TENTH)[length] * np.sqrt(self.squares_left / free * away)


def projected(
    promises: Promises, index: pd.Index, history: pd.DataFrame, *, growing: Flags, recent_first: Flags
) -> Projection:
    """The projection of each promise from its history (HISTORY_COLUMNS; `row` is a label of the index).

    A `growing` row grows by a constant rate: its line runs through the logarithms, where all its figures are above
    zero. In a `recent_first` row a figure weighs the more the nearer it is to the deadline, as (T - t1) / (T - ti), and
    there is no band. From the deadline's own period on the value is the projection.

    Raises KeyError at a history of a row that is not in the index.
    """
    row, time, figure = _figures(index, history)
    count = len(index)
    logarithmic = growing & (np.bincount(row[figure <= 0], minlength=count) == 0)
    height, weight = figure.copy(), np.ones_like(time)
    grown, recent = logarithmic[row], recent_first[row]
    height[grown] = np.log(figure[grown])
    weight[recent] = _weights(row[recent], time[recent], promises.due_time)
    line = _fitted(row, time, height, weight, count)

    def outside(line_height: Numbers) -> Numbers:
        return np.where(logarithmic, np.exp(np.where(logarithmic, line_height, 0.0)), line_height)

    due = promises.due_time
    known = ~promises.over & ~promises.broken & np.isfinite(due)
    arrived = promises.value_time >= due
    at_due = np.where(known, line.at(due), np.nan)
    half = np.where(recent_first | arrived, np.nan, line.half_width(due))
    return Projection(
        value=promises.within_limits(np.where(known & arrived, promises.value, outside(at_due))),
        low=promises.within_limits(outside(at_due - half)),
        high=promises.within_limits(outside(at_due + half)),
        reaching_time=_reaching_time(promises, line, logarithmic),
    )


def _figures(index: pd.Index, history: pd.DataFrame) -> tuple[npt.NDArray[np.intp], Numbers, Numbers]:
    row = index.get_indexer(pd.Index(history["row"]))
    if (row < 0).any():
        raise KeyError(f"The history of {history['row'].iloc[int(np.argmin(row))]} belongs to no row.")
    time, figure = history["time"].to_numpy(dtype=np.float64), history["value"].to_numpy(dtype=np.float64)
    there = np.isfinite(time) & np.isfinite(figure)
    return row[there], time[there], figure[there]


def _weights(row: npt.NDArray[np.intp], time: Numbers, due_time: Numbers) -> Numbers:
    first = np.full(len(due_time), np.inf)
    np.minimum.at(first, row, time)
    left = due_time[row] - time
    return np.where(left > 0, (due_time - first)[row] / left, 1.0)


def _fitted(row: npt.NDArray[np.intp], time: Numbers, height: Numbers, weight: Numbers, count: int) -> _Line:
    def summed(what: Numbers) -> Numbers:
        return np.bincount(row, what, minlength=count).astype(np.float64, copy=False)

    total = summed(weight)
    mean_time, mean = summed(weight * time) / total, summed(weight * height) / total
    apart, above = time - mean_time[row], height - mean[row]
    spread = summed(weight * apart**2)
    spread = np.where(spread > 0, spread, np.nan)
    slope = summed(weight * apart * above) / spread
    left = above - slope[row] * apart
    return _Line(summed(np.ones_like(time)), mean_time, mean, slope, spread, summed(left**2))


def _reaching_time(promises: Promises, line: _Line, logarithmic: Flags) -> Numbers:
    promised = np.where(logarithmic & (promises.promised <= 0), np.nan, promises.promised)
    height = np.where(logarithmic, np.log(np.where(logarithmic, promised, 1.0)), promised)
    towards = promises.direction * line.slope > 0
    reached = np.maximum(line.mean_time + (height - line.mean) / line.slope, promises.value_time)
    possible = (
        towards & ~promises.over & ~promises.broken & (promises.within_limits(promises.promised) == promises.promised)
    )
    soon = reached <= promises.value_time + HORIZON_YEARS
    return np.where(promises.reached(), promises.value_time, np.where(possible & soon, reached, np.nan))

"""The words of a verdict, and the published bands and scores that lead from a number to a word.

Eurostat's bands and scores are taken as Statistics Canada wrote them down for Open SDG, "Progress Measurement
Methodology for the Sustainable Development Goals" (open-sdg/open-sdg, docs/progress-methodology.md at 26d2e387), which
names Eurostat (2021), "Sustainable development in the European Union", as its source.
"""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]


class State(IntEnum):
    """What a verdict says, from worst to best; only `cannot_be_judged` has no place in the order."""

    CANNOT_BE_JUDGED = 0
    MOVING_AWAY = 1
    OFF_TRACK = 2
    ACCELERATION_NEEDED = 3
    ON_TRACK = 4
    REACHED = 5


class Reason(IntEnum):
    """Why a promise cannot be judged."""

    NO_FIGURE = 0
    GROWTH_OF_A_RANK = 1
    NOT_APPLICABLE = 2
    NO_DIRECTION = 3
    NO_BASE = 4
    ONE_POINT = 5
    BREAK_IN_SERIES = 6
    NO_DEADLINE = 7
    ZERO_BASE = 8
    ZERO_TARGET = 9
    SIGN_CHANGE = 10
    NOT_REPORTED_YET = 11


class Method(IntEnum):
    """How a verdict was reached: docs/verdicts.md."""

    LINEAR_PATH = 0
    COMPOUND_GROWTH = 1
    TREND = 2
    CURRENT_STATUS = 3
    ANTICIPATED_PROGRESS = 4
    PLACES = 5
    COUNT_DOWN = 6
    MEMBERSHIP = 7


def words(codes: type[IntEnum]) -> list[str]:
    """The words of a code list as they leave the service, in the order of the codes."""
    return [code.name.lower() for code in codes]


# The part of what was asked by now: Eurostat, "Indicators with quantitative targets".
ON_TRACK_PACE = 0.95
ACCELERATION_PACE = 0.60
# Growth per year in the wanted direction: Open SDG, "Indicators without quantitative targets".
ON_TRACK_GROWTH = 0.015
ACCELERATION_GROWTH = 0.005
# The part of the way that will be made by the deadline: a gap of at most 10 % is met with minor effort, of more than
# 100 % a trend to be reversed. Between them ESCAP knows no band, so nothing is off track.
ON_TRACK_ANTICIPATED = 0.90
ACCELERATION_ANTICIPATED = 0.0

# A ratio of two decimal figures misses its own threshold by the last bit; no figure has as many digits.
DECIMALS = 12


def banded(pace: Numbers, on_track: Numbers | float, acceleration_needed: Numbers | float) -> Codes:
    """The state of each pace: at least the one threshold, at least the other, at least nothing, less than nothing."""
    pace = np.round(pace, DECIMALS)
    state = np.full(pace.shape, State.MOVING_AWAY, dtype=np.int8)
    state[pace >= 0] = State.OFF_TRACK
    state[pace >= acceleration_needed] = State.ACCELERATION_NEEDED
    state[pace >= on_track] = State.ON_TRACK
    return state


def ratio_score(pace: Numbers) -> Numbers:
    """Eurostat's score of a ratio: -60 % is -5, 60 % is 0, 130 % is 5 (Open SDG, figure 2)."""
    return np.interp(pace, [-0.6, 0.6, 1.3], [-5.0, 0.0, 5.0])


def growth_score(growth: Numbers, scale: Numbers) -> Numbers:
    """Open SDG's score of a growth rate: -2 %, 0, 0.5 %, 1.5 %, 2 % are -5, -2.5, 0, 2.5, 5 (figure 1).

    Rates above zero are measured in the scale that the nearness of a natural limit leaves; at the limit itself
    (scale 0) staying there is 5.
    """
    measured = np.where(growth < 0, growth, np.where(scale > 0, growth / scale, np.inf))
    score = np.interp(measured, [-0.02, 0.0, 0.005, 0.015, 0.02], [-5.0, -2.5, 0.0, 2.5, 5.0])
    return np.where(np.isnan(growth), np.nan, score)


# What leaves "on track" attainable for fifteen years at any distance to a limit (Open SDG, "The scaling factor";
# the exponent stands in open-sdg/sdg-build, sdg/ProgressMeasure.py).
LIMIT_EXPONENT = 4.44


def limit_scale(base: Numbers, limit: Numbers, towards: Numbers) -> Numbers:
    """How far a base lies from the natural limit it moves to: 1 far away or without a limit, 0 at the limit.

    `towards` is +1 where the amount is to grow to the limit, -1 where it is to fall to it. A limit of the other sign
    is far away.
    """
    amount, bound = np.abs(base), np.abs(limit)
    near = np.where(towards > 0, np.minimum(amount / bound, 1.0), np.clip(2.0 - amount / bound, 0.0, 1.0))
    measured = np.isfinite(limit) & (bound > 0) & (np.sign(base) == np.sign(limit))
    return np.where(measured, 1.0 - near**LIMIT_EXPONENT, 1.0)

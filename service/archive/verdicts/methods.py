"""The methods by which a verdict is reached: which one an indicator's nature asks for, and its formula.

Formulas, bands and sources as a person reads them: docs/verdicts.md.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from service.archive.verdicts import states
from service.archive.verdicts.projection import Projection, projected
from service.archive.verdicts.promises import Flags, Kind, Promises
from service.archive.verdicts.states import Codes, Method, Numbers, Reason, State

VERDICT_COLUMNS = (
    "state",
    "reason",
    "method",
    "progress",
    "pace",
    "score",
    "index",
    "path_value",
    "gap",
    "projected_value",
    "projected_low",
    "projected_high",
    "reaching_time",
    "needed_value",
    "needed_time",
    "done",
    "done_share",
)

STATES = pd.CategoricalDtype(states.words(State), ordered=True)
REASONS = pd.CategoricalDtype(states.words(Reason))
METHODS = pd.CategoricalDtype(states.words(Method))

NO_REASON = -1
_SAME_TIME = 1e-6  # in years: half a minute
# The method is meant for other promises than this one, and none of its numbers means anything here.
MISFITS = (
    Reason.GROWTH_OF_A_RANK,
    Reason.NOT_APPLICABLE,
    Reason.NO_DIRECTION,
    Reason.ZERO_BASE,
    Reason.ZERO_TARGET,
    Reason.SIGN_CHANGE,
)


def judged(inputs: pd.DataFrame, history: pd.DataFrame, *, method: str | None = None) -> pd.DataFrame:
    """The verdict on each promise, with VERDICT_COLUMNS and the index of the inputs.

    Inputs have INPUT_COLUMNS, history has HISTORY_COLUMNS: the figures from base to value, whose `row` is a label of
    the inputs' index. Times are decimal years of the end of a period: 2024 is 2025.0, 2024-Q1 is 2024.25.

    The method follows from the nature of each indicator; one that is named is used for all, and where it does not
    apply the promise cannot be judged. `state` is ordered from worst to best; `reason` is missing unless the state is
    cannot_be_judged. Numbers that are not known are NaN.

    Raises ValueError at an unknown kind or method, KeyError at a history of no row.
    """
    promises = Promises.of(inputs)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        chosen = _chosen(promises) if method is None else np.full(len(inputs), _named(method), dtype=np.int8)
        projection = projected(
            promises,
            inputs.index,
            history,
            growing=chosen == Method.COMPOUND_GROWTH,
            recent_first=chosen == Method.ANTICIPATED_PROGRESS,
        )
        return pd.DataFrame(_columns(promises, chosen, projection), index=inputs.index, columns=list(VERDICT_COLUMNS))


@dataclass(frozen=True)
class _Way:
    """The way from base to promise in the wanted direction: all of it, what was made, what is asked by now.

    `path` is the value that the promise asks for at the time of the value.
    """

    whole: Numbers
    made: Numbers
    asked: Numbers
    path: Numbers


def _named(method: str) -> Method:
    if method not in states.words(Method):
        raise ValueError(f"{method!r} is no method: {', '.join(states.words(Method))}.")
    return Method[method.upper()]


def _chosen(promises: Promises) -> Codes:
    """The method that the nature of each indicator asks for."""
    kind = promises.kind
    grows_without_limit = (
        (kind != Kind.PATH)
        & (kind != Kind.YES_ALL)
        & ~np.isfinite(promises.maximum)
        & (promises.base > 0)
        & (promises.value > 0)
        & (promises.promised > 0)
    )
    return np.select(
        [kind == Kind.NONE, kind == Kind.ZERO_LEFT, kind == Kind.TOP_N, promises.rank, grows_without_limit],
        [Method.TREND, Method.COUNT_DOWN, Method.MEMBERSHIP, Method.PLACES, Method.COMPOUND_GROWTH],
        Method.LINEAR_PATH,
    ).astype(np.int8)


def _columns(promises: Promises, chosen: Codes, projection: Projection) -> dict[str, object]:
    way = _way(promises, chosen)
    pace = _pace(promises, chosen, way, projection)
    reached = promises.reached()
    reason = _reason(promises, chosen, reached, way, projection)
    state = _state(promises, chosen, reached, way, pace)
    state[reason != NO_REASON] = State.CANNOT_BE_JUDGED

    # A promised change was promised of the old series: after a break nothing is known of it.
    fits = ~np.isin(reason, MISFITS) & ~((promises.kind == Kind.CHANGE_FROM_BASE) & promises.broken)
    later = (promises.points >= 2) & (promises.value_time > promises.base_time)
    measured = fits & later & ~promises.broken
    judged_by = measured & np.isfinite(pace) & (reason != Reason.NOT_REPORTED_YET)
    shown = np.where(judged_by, pace, np.nan)
    path = np.where(promises.over, promises.promised, np.where(measured, way.path, np.nan))
    path[~fits] = np.nan
    needed_value, needed_time = _needed(promises, chosen, reached)
    left = promises.kind == Kind.ZERO_LEFT
    done = np.where(left, promises.field - promises.value, np.nan)
    done_share = np.where(promises.field > 0, done / promises.field, np.nan)
    progress = np.where(measured & (way.whole > 0), way.made / way.whole, np.nan)
    return {
        "state": pd.Categorical.from_codes(state, dtype=STATES),
        "reason": pd.Categorical.from_codes(reason, dtype=REASONS),
        "method": pd.Categorical.from_codes(chosen, dtype=METHODS),
        "progress": np.where(left & np.isnan(promises.base), done_share, progress),
        "pace": shown,
        "score": _score(promises, chosen, state, shown),
        "index": _index(chosen, progress, shown),
        "path_value": path,
        "gap": np.where(
            fits, promises.direction * (promises.value - np.where(np.isnan(path), promises.promised, path)), np.nan
        ),
        "projected_value": projection.value,
        "projected_low": projection.low,
        "projected_high": projection.high,
        "reaching_time": projection.reaching_time,
        "needed_value": np.where(fits, needed_value, np.nan),
        "needed_time": np.where(fits & ~np.isnan(needed_value), needed_time, np.nan),
        "done": done,
        "done_share": done_share,
    }


def _way(promises: Promises, chosen: Codes) -> _Way:
    """A straight line from base to promise, a constant growth, or the segment of a promised path."""
    passed, allowed = _years(promises)
    elapsed = passed / allowed
    straight = promises.base + (promises.promised - promises.base) * elapsed
    growing = promises.base * (promises.promised / promises.base) ** elapsed

    segment_years = promises.path_to_time - promises.path_from_time
    into = np.clip((promises.value_time - promises.path_from_time) / segment_years, 0, 1)
    segment = promises.path_from_value + (promises.path_to_value - promises.path_from_value) * into
    segment = np.where(segment_years > 0, segment, promises.path_to_value)

    on_segment = (promises.kind == Kind.PATH) & (chosen == Method.LINEAR_PATH) & np.isfinite(segment)
    path = np.where(on_segment, segment, np.where(chosen == Method.COMPOUND_GROWTH, growing, straight))
    path[promises.kind == Kind.NONE] = np.nan
    return _Way(
        whole=promises.direction * (promises.promised - promises.base),
        made=promises.direction * (promises.value - promises.base),
        asked=promises.direction * (path - promises.base),
        path=path,
    )


def _years(promises: Promises) -> tuple[Numbers, Numbers]:
    """The years that passed from base to value, and those that the promise allows; all of them at the deadline.

    A deadline that is not after the base allows what has passed.
    """
    passed = promises.value_time - promises.base_time
    allowed = promises.due_time - promises.base_time
    early = allowed <= 0
    return np.where(early, passed, np.minimum(passed, allowed)), np.where(early, passed, allowed)


def _pace(promises: Promises, chosen: Codes, way: _Way, projection: Projection) -> Numbers:
    """The number that is banded: what was made of what was asked by now, or the growth per year where nothing was.

    Where nothing was asked by now (the base kept the promise, or the path dips) the pace is without bound: upwards on
    the path, downwards below it.
    """
    kept = np.where(promises.direction * (promises.value - way.path) >= 0, np.inf, -np.inf)
    kept[np.isnan(way.path) | np.isnan(promises.value)] = np.nan
    along = np.where(way.asked > 0, way.made / way.asked, kept)

    passed, allowed = _years(promises)
    upwards = promises.direction * np.sign(promises.base)
    growth = upwards * ((promises.value / promises.base) ** (1 / passed) - 1)
    required = upwards * ((promises.promised / promises.base) ** (1 / allowed) - 1)
    ratio = np.where(required > 0, growth / required, kept)

    years = promises.value_time - promises.base_time
    trend = upwards * ((promises.value / promises.base) ** (1 / years) - 1)
    crossed = promises.value * promises.base < 0
    trend = np.where(crossed, np.where(way.made > 0, np.inf, -np.inf), trend)

    anticipated = promises.direction * (projection.value - promises.base) / way.whole
    anticipated = np.where(way.whole > 0, anticipated, -np.inf)
    return np.select(
        [chosen == Method.COMPOUND_GROWTH, chosen == Method.TREND, chosen == Method.ANTICIPATED_PROGRESS],
        [ratio, trend, anticipated],
        along,
    )


def _reason(promises: Promises, chosen: Codes, reached: Flags, way: _Way, projection: Projection) -> Codes:
    """Why a promise cannot be judged, the first reason of several; NO_REASON where it can."""
    none = promises.kind == Kind.NONE
    by_growth = (chosen == Method.COMPOUND_GROWTH) | (chosen == Method.TREND)
    by_trend = chosen == Method.TREND
    misfit = (
        (none & ~by_trend)
        | ((chosen == Method.PLACES) & ~promises.rank)
        | ((chosen == Method.MEMBERSHIP) & (promises.kind != Kind.TOP_N))
        | ((chosen == Method.COUNT_DOWN) & (promises.kind != Kind.ZERO_LEFT))
    )
    from_base = promises.kind == Kind.CHANGE_FROM_BASE
    settled = reached | promises.over
    # The figure of the last period that counts has not come.
    awaited = promises.over & ~reached & (promises.value_time + promises.step <= promises.due_time + _SAME_TIME)
    crossed = promises.value * promises.base < 0
    unlike = crossed | (promises.promised * promises.base < 0)
    return np.select(
        [
            np.isnan(promises.value) | np.isnan(promises.value_time),
            by_growth & promises.rank,
            misfit,
            promises.direction == 0,
            from_base & np.isnan(promises.promised),
            ~none & np.isnan(promises.promised),
            from_base & promises.broken,
            awaited,
            settled,
            np.isnan(promises.base) | np.isnan(promises.base_time),
            (promises.points < 2) | (promises.value_time <= promises.base_time),
            promises.broken,
            ~by_trend & np.isnan(promises.due_time) & np.isnan(way.path),
            by_growth & (promises.base == 0),
            (chosen == Method.COMPOUND_GROWTH) & (promises.promised == 0),
            ((chosen == Method.COMPOUND_GROWTH) & unlike) | (by_trend & crossed & (way.made < 0)),
            (chosen == Method.ANTICIPATED_PROGRESS) & np.isnan(projection.value),
        ],
        [
            Reason.NO_FIGURE,
            Reason.GROWTH_OF_A_RANK,
            Reason.NOT_APPLICABLE,
            Reason.NO_DIRECTION,
            Reason.NO_BASE,
            Reason.NOT_APPLICABLE,
            Reason.BREAK_IN_SERIES,
            Reason.NOT_REPORTED_YET,
            NO_REASON,
            Reason.NO_BASE,
            Reason.ONE_POINT,
            Reason.BREAK_IN_SERIES,
            Reason.NO_DEADLINE,
            Reason.ZERO_BASE,
            Reason.ZERO_TARGET,
            Reason.SIGN_CHANGE,
            Reason.ONE_POINT,
        ],
        NO_REASON,
    ).astype(np.int8)


def _state(promises: Promises, chosen: Codes, reached: Flags, way: _Way, pace: Numbers) -> Codes:
    """What the pace says before the deadline; after it a promise was kept or it was not."""
    scale = _limit_scale(promises)
    by_trend, anticipated = chosen == Method.TREND, chosen == Method.ANTICIPATED_PROGRESS
    state = states.banded(
        pace,
        np.select(
            [by_trend, anticipated],
            [states.ON_TRACK_GROWTH * scale, states.ON_TRACK_ANTICIPATED],
            states.ON_TRACK_PACE,
        ),
        np.select(
            [by_trend, anticipated],
            [states.ACCELERATION_GROWTH * scale, states.ACCELERATION_ANTICIPATED],
            states.ACCELERATION_PACE,
        ),
    )
    worse = (way.made < 0) & ~promises.broken
    state = np.where(promises.over, np.where(worse, State.MOVING_AWAY, State.OFF_TRACK), state)
    return np.where(reached, State.REACHED, state).astype(np.int8)


def _limit_scale(promises: Promises) -> Numbers:
    limit = np.where(promises.direction > 0, promises.maximum, promises.minimum)
    return states.limit_scale(promises.base, limit, promises.direction * np.sign(promises.base))


def _score(promises: Promises, chosen: Codes, state: Codes, pace: Numbers) -> Numbers:
    """-5 to +5 for the two methods that publish a score; a promise that was kept is 5."""
    by_ratio = np.where(state == State.REACHED, 5.0, states.ratio_score(pace))
    by_growth = states.growth_score(pace, _limit_scale(promises))
    return np.select([chosen == Method.COMPOUND_GROWTH, chosen == Method.TREND], [by_ratio, by_growth], np.nan)


def _index(chosen: Codes, progress: Numbers, pace: Numbers) -> Numbers:
    """The current status index (0 to 10 is base to target) or anticipated progress index (gap in percent)."""
    return np.select(
        [chosen == Method.CURRENT_STATUS, chosen == Method.ANTICIPATED_PROGRESS],
        [10 * progress, 100 * np.maximum(1 - pace, 0)],
        np.nan,
    )


def _needed(promises: Promises, chosen: Codes, reached: Flags) -> tuple[Numbers, Numbers]:
    """What the next figure must be, and when it is: on the way from the value to the promise or the next milestone.

    A place or a count is a whole number, and the better one of the two beside the line.
    """
    ahead = promises.direction * (promises.path_to_value - promises.value) > 0
    milestone = (promises.kind == Kind.PATH) & ahead & (promises.path_to_time > promises.value_time)
    goal = np.where(milestone, promises.path_to_value, promises.promised)
    goal_time = np.where(milestone, promises.path_to_time, promises.due_time)

    time = np.fmin(promises.value_time + promises.step, goal_time)
    share = (time - promises.value_time) / (goal_time - promises.value_time)
    straight = promises.value + (goal - promises.value) * share
    growing = promises.value * (goal / promises.value) ** share
    by_growth = (chosen == Method.COMPOUND_GROWTH) & (goal * promises.value > 0)
    needed = np.where(by_growth, growing, straight)
    whole = promises.rank | (promises.kind == Kind.ZERO_LEFT)
    better = np.where(promises.direction > 0, np.ceil(needed - 1e-9), np.floor(needed + 1e-9))
    needed = np.where(reached, promises.promised, np.where(whole, better, needed))
    to_come = (time > promises.value_time) & ~promises.over & (promises.kind != Kind.NONE)
    return np.where(to_come, needed, np.nan), time

"""Verdicts as gauges: the state that holds, the value promised, how far ahead the figure is, what the next must be.

Only of verdicts with a figure: what nobody reported is told by the discipline of reporting.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import numpy as np
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service import database
from service.archive.verdicts import kept, states
from service.archive.verdicts.reaching import Reached, Wanted
from service.archive.verdicts.states import State

LABELS = ("plan", "indicator", "reporting_unit", "period")


class Verdicts(Collector):
    """The verdicts of now, asked at each scrape; where the database is down there are none."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        """Keep the pool and the clock."""
        self._engine, self._clock = engine, clock

    def collect(self) -> Iterable[Metric]:
        """The gauges, in the order of the verdicts."""
        try:
            with database.reading(self._engine) as connection:
                reached = kept.current(connection, Wanted(), now=self._clock()).reached
        except SQLAlchemyError:
            return []
        labels = _labels(reached)
        state = GaugeMetricFamily(
            "chiso_verdict_state", "1 for the state that holds, 0 for the others.", labels=(*LABELS, "state")
        )
        for each, holds in zip(labels.values(), reached.frame["state"].iloc[list(labels)], strict=True):
            for word in _STATES:
                state.add_metric([*each, word], float(word == holds))
        return [state, *_numbers(reached, labels)]

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering does not ask the database."""
        return []


_STATES = states.words(State)
_NUMBERS = {
    "promised": ("chiso_target_value", "The value that keeps the promise, in the indicator's unit of measure."),
    "gap": (
        "chiso_target_gap",
        "How far the value is ahead of the path, or where there is none of the promise; negative is behind.",
    ),
    "needed_value": ("chiso_target_needed_value", "What the next figure must be, in the indicator's unit of measure."),
}


def _labels(reached: Reached) -> dict[int, tuple[str, ...]]:
    """The places of the verdicts with a figure, and what LABELS say of them.

    Where a level and the unit itself promise under the same labels, the unit's own promise is told.
    """
    frame, promises = reached.inputs.frame, reached.inputs.promises
    found: dict[tuple[str, ...], int] = {}
    with_figure = np.flatnonzero(frame["value"].notna())
    targets, units = frame["target"].tolist(), frame["reporting_unit"].tolist()
    for place in with_figure.tolist():
        promise, unit = promises[targets[place]], units[place]
        labels = (promise.plan, promise.indicator, unit, promise.period)
        if labels not in found or promise.scope == unit:
            found[labels] = place
    return {place: labels for labels, place in found.items()}


def _numbers(reached: Reached, labels: dict[int, tuple[str, ...]]) -> Iterator[Metric]:
    columns = {name: reached.frame[name] for name in ("gap", "needed_value")} | {
        "promised": reached.inputs.frame["promised"]
    }
    for column, (name, words) in _NUMBERS.items():
        family = GaugeMetricFamily(name, words, labels=LABELS)
        numbers = columns[column].to_numpy()
        for place, each in labels.items():
            if np.isfinite(numbers[place]):
                family.add_metric(each, float(numbers[place]))
        yield family

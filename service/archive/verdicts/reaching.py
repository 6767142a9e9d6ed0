"""Verdicts as they leave the archive: inputs judged, with the periods, days and vintages that a person reads.

The same targets, figures and day give the same verdict, so that one of the past is reached again from `as_of`. What an
indicator is (its limits, sources, and how it adds up) is today's catalogue's: a definition that was mended is mended
for the past too, and one that changed is another indicator.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from ingest import registry
from ingest.catalogue import Catalogue
from ingest.period import containing
from service.archive import targets
from service.archive.verdicts import inputs, methods
from service.archive.verdicts.figures import Said
from service.archive.verdicts.inputs import Inputs

# In this order in every format. Values are in `unit_measure`; a gap is positive where the figure is ahead of the path.
# Progress is the part of the whole way that was made, pace what was made of what the path asks by now (in a trend it is
# the growth a year), both in percent. Of a count-down `done` of `whole` are done.
ANSWER_COLUMNS = (
    "plan",
    "indicator",
    "scope",
    "period",
    "reporting_unit",
    "kind",
    "target",
    "promised",
    "last_day",
    "deadline",
    "state",
    "reason",
    "method",
    "series",
    "unit_measure",
    "value",
    "value_period",
    "value_status",
    "value_published_at",
    "base",
    "base_period",
    "base_status",
    "base_published_at",
    "base_stated",
    "path_value",
    "gap",
    "progress_percent",
    "pace_percent",
    "score",
    "index",
    "needed_value",
    "needed_period",
    "projected_value",
    "projected_low",
    "projected_high",
    "reaching_day",
    "done",
    "whole",
    "done_percent",
    "document",
    "words",
    "note",
    "target_published_at",
    "target_promised_at",
)
_SIGNIFICANT = 12  # binary arithmetic leaves its dust behind them
_PERIODS_IN_MONTHS = {12: "A", 6: "S", 3: "Q", 1: "M"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which verdicts are asked for; None for all. `method` is one for all targets instead of each one's own."""

    promised: targets.Wanted = field(default_factory=targets.Wanted)
    reporting_units: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """All verdicts asked for: what they rest on, and one row of `frame` (methods.VERDICT_COLUMNS) for each.

    The rows are those of `inputs.frame`, in its order.
    """

    catalogue: Catalogue
    inputs: Inputs
    frame: pd.DataFrame

    def rows(self, places: Iterable[int] | None = None) -> list[dict[str, Any]]:
        """The verdicts in these places, all where None, as rows with ANSWER_COLUMNS."""
        chosen = slice(None) if places is None else list(places)
        parts = (self.inputs.frame.iloc[chosen], self.frame.iloc[chosen])
        columns = {name: part[name].tolist() for part in parts for name in part.columns}
        return [self._row(dict(zip(columns, told, strict=True))) for told in zip(*columns.values(), strict=True)]

    def _row(self, told: dict[str, Any]) -> dict[str, Any]:
        promise, line, known = self.inputs.promises[told["target"]], told["line"], self.inputs.known
        stated = told["base_stated"]
        value, base = known.said(line, told["value_at"]), Said() if stated else known.said(line, told["base_at"])
        row = {
            "plan": promise.plan,
            "indicator": promise.indicator,
            "scope": promise.scope,
            "period": promise.period,
            "reporting_unit": told["reporting_unit"],
            "kind": promise.kind,
            "target": promise.value,
            "promised": number(told["promised"]),
            "last_day": promise.last_day,
            "deadline": promise.deadline,
            "state": told["state"],
            "reason": told["reason"] if isinstance(told["reason"], str) else None,
            "method": told["method"],
            "series": None if line is None else line.key,
            "unit_measure": self.catalogue.indicators[promise.indicator].unit_measure,
            "value": number(told["value"]),
            "value_period": value.period,
            "value_status": value.status,
            "value_published_at": value.published_at,
            "base": number(told["base"]),
            "base_period": promise.base_period if stated else base.period,
            "base_status": base.status,
            "base_published_at": base.published_at,
            "base_stated": stated,
            "progress_percent": number(100 * told["progress"]),
            "pace_percent": number(100 * told["pace"]),
            "needed_period": _period_ending(told["needed_time"], told["step"]),
            "reaching_day": _day(told["reaching_time"]),
            "whole": number(told["field"]),
            "done_percent": number(100 * told["done_share"]),
            "document": promise.document,
            "words": promise.words,
            "note": promise.note,
            "target_published_at": promise.published_at,
            "target_promised_at": promise.promised_at,
        }
        numbers = ("path_value", "gap", "score", "index", "needed_value", "done")
        projected = ("projected_value", "projected_low", "projected_high")
        row |= {name: number(told[name]) for name in (*numbers, *projected)}
        return {name: row[name] for name in ANSWER_COLUMNS}


def reached(connection: Connection, wanted: Wanted, *, as_of: datetime, today: date) -> Reached:
    """The verdicts on the targets that stood at a moment, from what was known then; `today` passes deadlines.

    They are by indicator, last day, scope and plan, then by the alphabet of the units. Raises ValueError at a method
    that is none.
    """
    gathered = inputs.gathered(
        connection,
        wanted.promised,
        as_of=as_of,
        today=today,
        reporting_units=wanted.reporting_units,
        sources=wanted.sources,
    )
    frame = methods.judged(gathered.frame, gathered.history, method=wanted.method)
    return Reached(registry.read(connection), gathered, frame)


def number(value: float) -> float | int | None:
    """A number as it is told; what is whole is written so, what is none is None."""
    if not np.isfinite(value):
        return None
    rounded = float(f"{value:.{_SIGNIFICANT}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded


def _moment(year: float) -> datetime:
    """The local moment of a decimal year, in which a month is a twelfth."""
    months = round(year * 12, 6)
    first = datetime(int(months // 12), int(months % 12) + 1, 1)  # noqa: DTZ001 - local, as periods are
    following = (first + timedelta(days=32)).replace(day=1)
    return first + (following - first) * (months % 1)


def _day(year: float) -> date | None:
    """The last day before a moment: that on which what comes true by then has come true."""
    return None if not 1 <= year < 9999 else (_moment(year) - timedelta(seconds=1)).date()


def _period_ending(year: float, step: float) -> str | None:
    """The period that ends at a decimal year, as long as the step is, or a year where figures come more rarely."""
    if (last := _day(year)) is None:
        return None
    months = round(step * 12, 3)
    longest = next((length for length in _PERIODS_IN_MONTHS if length <= months), None)
    frequency = _PERIODS_IN_MONTHS[longest] if longest else "D"
    return str(containing(last, frequency))

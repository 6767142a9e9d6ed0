"""Trends of what nobody promised: the last figure of each indicator and unit beside that of some years before.

The method `trend` judges the growth of a year, and what it judges is a figure of the same period of an earlier year: a
season is compared with its like, and a total since January with one of as many months. Five years are Eurostat's;
where there is no figure of then, the first of the years since answers (Open SDG). Sources: docs/verdicts.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection

from ingest import registry
from ingest.catalogue import Catalogue
from service.archive.verdicts import figures, methods, promises, sentences
from service.archive.verdicts.figures import Figures, Line
from service.archive.verdicts.inputs import YEARS, by_alphabet, preferred
from service.archive.verdicts.reaching import number

# In this order in every format. Values are in `unit_measure`; growth is that of a year, in percent, above zero where
# it is in the wanted direction; `years` are those from the end of the base's period to the end of the value's.
TREND_COLUMNS = (
    "indicator",
    "reporting_unit",
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
    "years",
    "growth_percent",
    "score",
    "sentence_vi",
    "sentence_en",
    "formula",
)
_YEARS_BACK = np.array([5, 4, 3, 2, 1])  # the first of which there is a figure
_SECONDS_OF_A_YEAR = 365.25 * 86_400
_SENSES = {"up": 1.0, "down": -1.0, "none": 0.0}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which trends are asked for; None for all."""

    indicators: Sequence[str] | None = None
    reporting_units: Sequence[str] | None = None
    sources: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Trends:
    """All trends asked for: a row of `frame` for each indicator and unit that has figures, in the order of answers.

    It has indicator, reporting_unit, line, the places `value_at` and `base_at` in the arrays of `known` (-1 where
    there is no base), and of promises.INPUT_COLUMNS and methods.VERDICT_COLUMNS what a trend tells.
    """

    catalogue: Catalogue
    known: Figures
    frame: pd.DataFrame

    def rows(self, places: Iterable[int] | None = None) -> list[dict[str, Any]]:
        """The trends in these places, all where None, as rows with TREND_COLUMNS."""
        chosen = self.frame if places is None else self.frame.iloc[list(places)]
        columns = {name: chosen[name].tolist() for name in chosen.columns}
        return [self._row(dict(zip(columns, told, strict=True))) for told in zip(*columns.values(), strict=True)]

    def _row(self, told: dict[str, Any]) -> dict[str, Any]:
        line, has_base = told["line"], told["base_at"] >= 0
        value, base = (self.known.said(line, told[name]) for name in ("value_at", "base_at"))
        row = {
            "indicator": told["indicator"],
            "reporting_unit": told["reporting_unit"],
            "state": told["state"],
            "reason": told["reason"] if isinstance(told["reason"], str) else None,
            "method": told["method"],
            "series": line.key,
            "unit_measure": self.catalogue.indicators[told["indicator"]].unit_measure,
            "value": number(told["value"]),
            "value_period": value.period,
            "value_status": value.status,
            "value_published_at": value.published_at,
            "base": number(told["base"]) if has_base else None,
            "base_period": base.period,
            "base_status": base.status,
            "base_published_at": base.published_at,
            "years": number(told["value_time"] - told["base_time"]) if has_base else None,
            "growth_percent": number(100 * told["pace"]),
            "score": number(told["score"]),
        }
        said = sentences.trend_told(row, self.catalogue)
        return row | {"sentence_vi": said.vi, "sentence_en": said.en, "formula": said.formula}


def judged(connection: Connection, wanted: Wanted, *, as_of: datetime) -> Trends:
    """The trends of what was known at a moment, by indicator, then by the alphabet of the units."""
    catalogue = registry.read(connection)
    indicators = catalogue.indicators if wanted.indicators is None else wanted.indicators
    units = {unit.code: place for place, unit in enumerate(by_alphabet(catalogue, wanted.reporting_units))}
    known = figures.known(connection, indicators, units, as_of=as_of)
    answering = {
        (indicator, unit): line
        for indicator, unit in sorted(known.lines, key=lambda pair: (pair[0], units[pair[1]]))
        if (line := _answering(catalogue, known, indicator, unit, wanted.sources))
    }
    frame = _frame(answering, catalogue, known)
    used = [
        (line, at)
        for name in ("value_at", "base_at")
        for line, at in zip(frame["line"], frame[name], strict=True)
        if at >= 0
    ]
    figures.date_restated(connection, known, used, as_of=as_of)
    return Trends(catalogue, known, frame)


def _answering(
    catalogue: Catalogue, known: Figures, indicator: str, unit: str, sources: Sequence[str] | None
) -> Line | None:
    lines = [line for line in known.lines[indicator, unit] if sources is None or line.source in sources]
    return preferred(lines, catalogue.indicators[indicator], known)


def _frame(answering: dict[tuple[str, str], Line], catalogue: Catalogue, known: Figures) -> pd.DataFrame:
    lines = list(answering.values())
    indicators = [catalogue.indicators[indicator] for indicator, _ in answering]
    value_at = np.array([line.end - 1 for line in lines], dtype=np.intp)
    base_at = np.array([_base_at(line, known) for line in lines], dtype=np.intp)
    # To the methods a series without a base begins with its value.
    first_at = np.where(base_at >= 0, base_at, value_at)
    told = {
        "kind": np.full(len(lines), "none", dtype=object),
        "sense": np.array([_SENSES[each.direction] for each in indicators]),
        "base": known.values[first_at],
        "base_time": known.times[first_at],
        "value": known.values[value_at],
        "value_time": known.times[value_at],
        "minimum": np.array([each.minimum for each in indicators], dtype=np.float64),
        "maximum": np.array([each.maximum for each in indicators], dtype=np.float64),
        "rank": np.array([each.unit_measure == "rank" for each in indicators], dtype=bool),
        "broken": known.broken(first_at, value_at),
        "points": np.where(base_at >= 0, 2.0, 1.0),
    }
    nothing = dict.fromkeys(promises.NUMBERS, np.nan) | dict.fromkeys(promises.FLAGS, False)
    inputs = pd.DataFrame(nothing | told, index=range(len(lines)))
    no_history = pd.DataFrame(columns=list(promises.HISTORY_COLUMNS), dtype=np.float64)
    verdicts = methods.judged(inputs, no_history)
    return pd.DataFrame(
        {
            "indicator": [indicator for indicator, _ in answering],
            "reporting_unit": [unit for _, unit in answering],
            "line": lines,
            "value_at": value_at,
            "base_at": base_at,
            **{name: inputs[name] for name in ("value", "value_time", "base", "base_time")},
            **{name: verdicts[name] for name in ("state", "reason", "method", "pace", "score")},
        }
    )


def _base_at(line: Line, known: Figures) -> int:
    """The place of the figure with which the last one of a line is compared, -1 where there is none.

    Weeks and days lie otherwise in every year: what is no further than half a step from the same day is the same.
    """
    starts = known.starts[line.first : line.end]
    wanted = _years_before(starts[-1])
    nearest = np.abs(starts - wanted[:, None]).argmin(axis=1)
    half_a_step = YEARS[line.frequency] / 2 * _SECONDS_OF_A_YEAR
    there = np.abs(starts[nearest] - wanted) <= half_a_step
    return line.first + int(nearest[there][0]) if there.any() else -1


def _years_before(start: float) -> NDArray[np.float64]:
    """The same moment of the calendar as many years before as _YEARS_BACK says, in seconds since 1970."""
    moment = np.float64(start).astype("datetime64[s]")
    month = moment.astype("datetime64[M]")
    earlier = (month - 12 * _YEARS_BACK).astype("datetime64[s]") + (moment - month.astype("datetime64[s]"))
    return earlier.astype(np.float64)

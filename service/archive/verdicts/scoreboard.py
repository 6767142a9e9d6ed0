"""The scoreboard: indicators by reporting units, one verdict a cell, and how many cells are in each state.

States are counted and never averaged: a score of one promise says nothing of another. Several promises of one indicator
bind the same unit, and a cell has the verdict on the one that matters: the next deadline that is not over, else the
last one that was; of those with the same deadline the promise that was made last, then the first plan by its code, then
the unit's own promise before that of its level.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ingest.catalogue import Catalogue
from ingest.indicator import Indicator
from ingest.spelling import alphabetical
from service.archive.targets import Promise
from service.archive.verdicts.reaching import Reached
from service.archive.verdicts.states import Reason, State, words

# What a scoreboard shows of a verdict. `lead` are those of the day, `promises` counts all of the indicator and unit,
# `over` says that the deadline of the one that matters has passed.
CELL_COLUMNS = (
    "pillar",
    "indicator",
    "lead",
    "level",
    "reporting_unit",
    "promises",
    "plan",
    "scope",
    "period",
    "last_day",
    "over",
    "kind",
    "promised",
    "state",
    "reason",
    "method",
    "series",
    "unit_measure",
    "value",
    "value_period",
    "value_status",
    "value_published_at",
    "gap",
    "needed_value",
    "needed_period",
    "document",
)
# By what cells are counted. An indicator may have several lead units, and its cells then count for each of them.
DIMENSIONS = ("pillar", "level", "lead", "reporting_unit")
# From best to worst, then what cannot be judged.
STATES = tuple(words(State)[::-1])
# `without_figure` are those of `cannot_be_judged` of which nothing was reported, or not what the deadline asks for.
COUNT_COLUMNS = ("by", "code", "cells", *STATES, "without_figure")
_UNREPORTED = tuple(reason.name.lower() for reason in (Reason.NO_FIGURE, Reason.NOT_REPORTED_YET))


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which verdicts come on the scoreboard, before the one that matters is taken; None for all.

    `periods` are those of the targets, `leads` whoever leads the indicator on the day of the scoreboard.
    """

    plans: Sequence[str] | None = None
    periods: Sequence[str] | None = None
    indicators: Sequence[str] | None = None
    pillars: Sequence[str] | None = None
    levels: Sequence[str] | None = None
    leads: Sequence[str] | None = None
    reporting_units: Sequence[str] | None = None


def cells(reached: Reached, chosen: Chosen, *, today: date) -> list[dict[str, Any]]:
    """One row for each indicator and each unit that it binds, by the indicator's code, then by the units' alphabet.

    A row has CELL_COLUMNS and all of the verdict (reaching.ANSWER_COLUMNS).
    """
    catalogue, promises, frame = reached.catalogue, reached.inputs.promises, reached.inputs.frame
    units = {unit.code: unit for unit in catalogue.reporting_units}
    leads = {promise.indicator: leading(catalogue.indicators[promise.indicator], today) for promise in promises}
    wanted = [_fits(chosen, each, catalogue, leads[each.indicator]) for each in promises]
    bound = {
        code: _is_among(chosen.reporting_units, code) and _is_among(chosen.levels, unit.level)
        for code, unit in units.items()
    }
    kept = [
        place
        for place, (target, unit) in enumerate(zip(frame["target"].tolist(), frame["reporting_unit"], strict=True))
        if wanted[target] and bound[unit]
    ]
    mattering = _mattering(reached, kept)
    # By code and alphabet, whatever promise a cell has in the end.
    alphabet = sorted(units, key=lambda code: (alphabetical(units[code].short_vi), code))
    position = {code: number for number, code in enumerate(alphabet)}
    mattering["position"] = mattering["reporting_unit"].map(position)
    mattering = mattering.sort_values(["indicator", "position"])
    told = reached.rows(mattering["place"].tolist())
    return [
        {
            "pillar": catalogue.indicators[row["indicator"]].pillar,
            "level": units[row["reporting_unit"]].level,
            "lead": leads[row["indicator"]],
            "promises": promised,
            "over": over,
            **row,
        }
        for row, promised, over in zip(told, mattering["promises"].tolist(), mattering["over"].tolist(), strict=True)
    ]


def counted(cells: Iterable[Mapping[str, Any]], by: Sequence[str] = DIMENSIONS) -> list[dict[str, Any]]:
    """How many cells are in each state, with COUNT_COLUMNS: in total, then by these of DIMENSIONS and their codes."""
    tallies: dict[tuple[str, str | None], Counter[str]] = {("total", None): Counter()}
    for cell in cells:
        belongs = {"total": (None,)} | {name: cell[name] if name == "lead" else (cell[name],) for name in by}
        for name, codes in belongs.items():
            for code in codes:
                tally = tallies.setdefault((name, code), Counter())
                tally.update(("cells", cell["state"], *(("without_figure",) if is_without_figure(cell) else ())))
    order = ("total", *by)
    found = sorted(tallies, key=lambda group: (order.index(group[0]), group[1] or ""))
    return [
        {"by": group[0], "code": group[1]} | {name: tallies[group][name] for name in COUNT_COLUMNS[2:]}
        for group in found
    ]


def is_without_figure(cell: Mapping[str, Any]) -> bool:
    """Say whether a promise binds the unit and the figure that could answer it was not reported."""
    return cell["reason"] in _UNREPORTED


def leading(indicator: Indicator, day: date) -> list[str]:
    """The codes of the units that lead an indicator on a day."""
    return [
        each.reporting_unit
        for each in indicator.lead
        if (each.valid_from or date.min) <= day <= (each.valid_to or date.max)
    ]


def _fits(chosen: Chosen, promise: Promise, catalogue: Catalogue, leads: Iterable[str]) -> bool:
    return (
        _is_among(chosen.plans, promise.plan)
        and _is_among(chosen.periods, promise.period)
        and _is_among(chosen.indicators, promise.indicator)
        and _is_among(chosen.pillars, catalogue.indicators[promise.indicator].pillar)
        and (chosen.leads is None or not set(chosen.leads).isdisjoint(leads))
    )


def _is_among(asked: Sequence[str] | None, code: str) -> bool:
    return asked is None or code in asked


def _mattering(reached: Reached, kept: Sequence[int]) -> pd.DataFrame:
    """The verdict that matters of each indicator and unit: its place, and how many promises there are."""
    promises, frame = reached.inputs.promises, reached.inputs.frame.iloc[list(kept)]
    target = frame["target"].to_numpy()
    made = np.array([each.promised_at.timestamp() if each.promised_at else -np.inf for each in promises])
    scope = np.array([each.scope for each in promises], dtype=object)
    over = frame["over"].to_numpy(dtype=bool)
    due = frame["due_time"].to_numpy(dtype=np.float64)
    known = pd.DataFrame(
        {
            "place": kept,
            "indicator": np.array([each.indicator for each in promises], dtype=object)[target],
            "reporting_unit": frame["reporting_unit"].to_numpy(dtype=object),
            "over": over,
            "distance": np.where(over, -due, due),
            "made_before": -made[target],
            "plan": np.array([each.plan for each in promises], dtype=object)[target],
            "is_of_level": scope[target] != frame["reporting_unit"].to_numpy(dtype=object),
        }
    )
    pair = ["indicator", "reporting_unit"]
    known["promises"] = known.groupby(pair)["place"].transform("size")
    first = ["over", "distance", "made_before", "plan", "is_of_level"]
    return known.sort_values([*pair, *first]).drop_duplicates(pair)

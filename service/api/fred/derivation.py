"""FRED's words for what is computed from a series, and the one place where they become a question to the archive."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Query

from ingest.observation import SeriesKey
from service.api.fred import faults
from service.archive.question import Question

Units = Annotated[
    Literal["lin", "chg", "ch1", "pch", "pc1", "pca", "cch", "cca", "log"],
    Query(description="the figures as they are, or what changed: docs/transforms.md has the formulas"),
]
Frequency = Annotated[
    Literal["d", "w", "bw", "m", "q", "sa", "a", "wef", "weth", "wew", "wetu", "wem", "wesu", "wesa", "bwew", "bwem"]
    | None,
    Query(description="d, w, m, q, sa or a: a frequency that is lower than that of the series"),
]
Method = Annotated[
    Literal["avg", "sum", "eop"] | None,
    Query(description="how figures of a lower frequency are made; else as the catalogue says of the indicator"),
]

_FREQUENCIES = {"d": "D", "w": "W", "m": "M", "q": "Q", "sa": "S", "a": "A"}
_RULES = {"avg": "mean", "sum": "sum", "eop": "last"}


@dataclass(frozen=True, slots=True)
class Derivation:
    """What is computed: first figures of a lower frequency by a rule, then the transform; each None where not asked."""

    frequency: str | None
    rule: str | None
    transform: str | None


def of(key: SeriesKey, units: str, frequency: str | None, method: str | None) -> Derivation | None:
    """What these parameters ask to compute; None where they ask for the figures as they are."""
    wanted = None
    if frequency is not None:
        if frequency not in _FREQUENCIES:
            there = ", ".join(_FREQUENCIES)
            raise faults.refused(f"Nothing is kept here by the frequency “{frequency}”. There are: {there}.")
        wanted = _FREQUENCIES[frequency]
    if wanted == key.frequency:
        wanted = None
    if wanted is None and units == "lin":
        return None
    return Derivation(wanted, _RULES.get(method or "") if wanted else None, None if units == "lin" else units)


def question(key: SeriesKey, wanted: Derivation) -> Question:
    """The question that computes it, as of no day yet."""
    named = " and ".join(filter(None, (wanted.transform, wanted.frequency)))
    raise faults.refused(f"“{named}” is not computed here; ask for {key} by units=lin and by its own frequency.")

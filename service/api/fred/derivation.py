"""FRED's words for what is computed from a series, and the one place where they become a question to the archive."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Query

from ingest.observation import SeriesKey
from service.api.fred import faults
from service.archive.aggregation import Aggregate
from service.archive.question import Question
from service.archive.series import Selection, Span
from service.archive.transforms import RELATIVE, Transform

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


def of(key: SeriesKey, units: str, frequency: str | None, method: str | None) -> Question | None:
    """What these parameters ask to compute, as of no day yet; None where they ask for the figures as they are."""
    wanted = None
    if frequency is not None:
        if frequency not in _FREQUENCIES:
            there = ", ".join(_FREQUENCIES)
            raise faults.refused(f"Nothing is kept here by the frequency “{frequency}”. There are: {there}.")
        wanted = _FREQUENCIES[frequency]
    aggregate = None if wanted in (None, key.frequency) else Aggregate(wanted, rule=_RULES.get(method or ""))
    # FRED divides by a rate too, where we would tell points.
    transform = None if units == "lin" else Transform(units, relative=units in RELATIVE)
    if aggregate is None and transform is None:
        return None
    return Question(
        Selection.of(key), Span(), datetime.max.replace(tzinfo=UTC), aggregate=aggregate, transform=transform
    )

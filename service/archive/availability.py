"""Which codes still give data after some were chosen, and how much: what a person who narrows a question needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from ingest import registry
from ingest.catalogue import Catalogue
from ingest.observation import SeriesKey
from ingest.period import FREQUENCIES
from service.archive import succession
from service.archive.series import Selection
from service.archive.summary import Summary, summaries

DIMENSIONS = tuple(SeriesKey.__slots__)
COUNT_COLUMNS = ("series", "observations", "first_day", "last_day", "last_published")


@dataclass(slots=True)
class _Count:
    """How much there is; `ends` is the first moment after the data."""

    series: int = 0
    observations: int = 0
    starts: datetime | None = None
    ends: datetime | None = None
    last_published: datetime | None = None

    def add(self, summary: Summary) -> None:
        self.series += 1
        self.observations += summary.observations
        if summary.starts and (self.starts is None or summary.starts < self.starts):
            self.starts = summary.starts
        if summary.ends and (self.ends is None or summary.ends > self.ends):
            self.ends = summary.ends
        if summary.last_published and (self.last_published is None or summary.last_published > self.last_published):
            self.last_published = summary.last_published

    def told(self) -> dict[str, Any]:
        last_day: date | None = self.ends and (self.ends - timedelta(microseconds=1)).date()
        first_day = self.starts and self.starts.date()
        figures = (self.series, self.observations, first_day, last_day, self.last_published)
        return dict(zip(COUNT_COLUMNS, figures, strict=True))


def availability(connection: Connection, selection: Selection, *, as_of: datetime | None) -> dict[str, Any]:
    """For each of DIMENSIONS its codes that have data within the selection, with COUNT_COLUMNS; and for all together.

    As of now where `as_of` is None. `replaced` names those of the chosen codes that ended, and what stands for them.
    """
    total = _Count()
    counts: dict[str, dict[str, _Count]] = {dimension: {} for dimension in DIMENSIONS}
    for summary in summaries(connection, selection, as_of=as_of):
        if not summary.observations:
            continue
        total.add(summary)
        for dimension, of_dimension in counts.items():
            of_dimension.setdefault(getattr(summary.key, dimension), _Count()).add(summary)
    words = registry.read(connection)
    return {
        **total.told(),
        "dimensions": {
            dimension: [
                {"code": code, **_names(words, dimension, code), **count.told()}
                for code, count in sorted(of_dimension.items())
            ]
            for dimension, of_dimension in counts.items()
        },
        "replaced": _replaced(words, selection),
    }


def _names(words: Catalogue, dimension: str, code: str) -> Mapping[str, str | None]:
    if dimension == "frequency":
        return dict(zip(("name_vi", "name_en"), FREQUENCIES[code], strict=True))
    named = {
        "indicator": lambda: words.indicators.get(code),
        "source": lambda: words.sources.get(code),
        "reporting_unit": lambda: words.reporting_units.get(code),
    }.get(dimension, lambda: None)()
    return {"name_vi": named and named.name_vi, "name_en": named and named.name_en}


def _replaced(words: Catalogue, selection: Selection) -> list[dict[str, Any]]:
    return [
        {"parameter": word, "code": code, "replaced_by": list(after)}
        for word in ("indicator", "reporting_unit")
        for code in selection.codes.get(word, ())
        if (after := succession.replaced_by(words, word, code))
    ]

"""Which codes still give data after some were chosen, and how much: what a person who narrows a question needs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection

from ingest import registry
from ingest.catalogue import Catalogue
from ingest.observation import ACCUMULATIONS, BREAKDOWNS, SeriesKey
from ingest.period import FREQUENCIES
from service.archive import succession
from service.archive.series import Selection
from service.archive.summary import Summary, summaries

DIMENSIONS = tuple(SeriesKey.__slots__)
COUNT_COLUMNS = ("series", "observations", "first_day", "last_day", "last_published")


def availability(connection: Connection, selection: Selection, *, as_of: datetime | None) -> dict[str, Any]:
    """For each of DIMENSIONS its codes that have data within the selection, with COUNT_COLUMNS; and for all together.

    As of now where `as_of` is None. `replaced` names those of the chosen codes that ended, and what stands for them.
    """
    there = [each for each in summaries(connection, selection, as_of=as_of) if each.observations]
    words = registry.read(connection)
    return {
        **_counted(there),
        "dimensions": {
            dimension: [
                {"code": code, **_names(words, dimension, code), **_counted(of_code)}
                for code, of_code in sorted(_by(dimension, there).items())
            ]
            for dimension in DIMENSIONS
        },
        "replaced": _replaced(words, selection),
    }


def _by(dimension: str, there: Sequence[Summary]) -> Mapping[str, Sequence[Summary]]:
    code_of = attrgetter(f"key.{dimension}")
    by_code: dict[str, list[Summary]] = defaultdict(list)
    for each in there:
        by_code[code_of(each)].append(each)
    return by_code


def _counted(there: Sequence[Summary]) -> dict[str, Any]:
    """COUNT_COLUMNS of series that all have observations; each of them is gone through in C, as there are many."""
    starts, ends, last_published = (
        best(map(attrgetter(name), there), default=None)
        for name, best in (("starts", min), ("ends", max), ("last_published", max))
    )
    first_day, last_day = starts and starts.date(), ends and (ends - timedelta(microseconds=1)).date()
    figures = (len(there), sum(each.observations for each in there), first_day, last_day, last_published)
    return dict(zip(COUNT_COLUMNS, figures, strict=True))


def _names(words: Catalogue, dimension: str, code: str) -> Mapping[str, str | None]:
    if said := _SAID.get(dimension):
        return dict(zip(("name_vi", "name_en"), said.get(code, (None, None)), strict=True))
    named = {
        "indicator": lambda: words.indicators.get(code),
        "source": lambda: words.sources.get(code),
        "reporting_unit": lambda: words.reporting_units.get(code),
    }.get(dimension, lambda: None)()
    return {"name_vi": named and named.name_vi, "name_en": named and named.name_en}


# What the codes mean that no catalogue names.
_SAID = {"frequency": FREQUENCIES, "accumulation": ACCUMULATIONS, "breakdown": BREAKDOWNS}


def _replaced(words: Catalogue, selection: Selection) -> list[dict[str, Any]]:
    return [
        {"parameter": word, "code": code, "replaced_by": list(after)}
        for word in ("indicator", "reporting_unit")
        for code in selection.codes.get(word, ())
        if (after := succession.replaced_by(words, word, code))
    ]

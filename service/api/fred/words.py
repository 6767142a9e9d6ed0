"""Our catalogue in FRED's words: a dataset is a release, a pillar a category, and what a series is, its tags.

FRED numbers releases, categories and sources. A number here is the CRC-32 of the code, without its first bit: it is the
same in every installation, and stays when others come or go.
"""

import functools
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ingest.observation import ACCUMULATIONS, TOTAL
from ingest.period import LOCAL_ZONE
from ingest.spelling import fits, fold

PILLARS = {
    "GOV": "Digital government",
    "DATA": "Data",
    "ECON": "Digital economy",
    "SOC": "Digital society",
    "INFRA": "Infrastructure",
    "SEC": "Cybersecurity",
    "INTL": "International indices",
    "DISC": "Discipline",
}
FREQUENCIES = {
    "A": ("Annual", "A"),
    "S": ("Semiannual", "SA"),
    "Q": ("Quarterly", "Q"),
    "M": ("Monthly", "M"),
    "W": ("Weekly", "W"),
    "D": ("Daily", "D"),
    "H": ("Hourly", "H"),
}
# FRED's groups of tags: frequency, kind of place, place, source, release, and what the figures are.
TAG_GROUPS = ("freq", "geot", "geo", "src", "rls", "gen")
ROOT = 0
NOT_SAID = ("Not Applicable", "NA")  # the catalogue does not tell whether figures are seasonally adjusted

Row = Mapping[str, Any]


def number(code: str) -> int:
    """The number of a dataset, pillar or source."""
    return zlib.crc32(code.encode()) & 0x7FFFFFFF


def numbered(codes: Iterable[str], wanted: int) -> str | None:
    """The code that has this number, or None."""
    return next((code for code in codes if number(code) == wanted), None)


def title(row: Row) -> str:
    """What a series is called: the indicator, the reporting unit, and what tells it from others of theirs."""
    parts = [row["name_en"], row["reporting_unit_en"]]
    if row["accumulation"] != "PERIOD":
        parts.append(ACCUMULATIONS[row["accumulation"]][1])
    if row["breakdown"] != TOTAL:
        parts.append(row["breakdown"])
    return f"{', '.join(parts)} ({row['source']})"


def series(row: Row, extent: Row, heading: Row) -> dict[str, Any]:
    """A series as FRED describes it."""
    frequency, short = FREQUENCIES[row["frequency"]]
    adjustment, adjustment_short = NOT_SAID
    return {
        "id": row["key"],
        **heading,
        "title": title(row),
        "observation_start": str(extent["first_start"].date()),
        "observation_end": str(extent["last_start"].date()),
        "frequency": frequency,
        "frequency_short": short,
        "units": row["unit_measure_en"],
        "units_short": row["unit_measure_symbol"] or row["unit_measure_en"],
        "seasonal_adjustment": adjustment,
        "seasonal_adjustment_short": adjustment_short,
        "last_updated": moment(extent["last_published"]),
        "popularity": 0,
        "notes": f"{row['name_vi']}, {row['reporting_unit_vi']}. {row['definition_en']} {row['definition_vi']}"
        f" ({row['document']})",
    }


def moment(when: datetime) -> str:
    """A time as FRED writes it, in the zone of the country: 2024-10-15 09:00:00+07."""
    return f"{when.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M:%S}+07"


def tags(row: Row) -> dict[str, str]:
    """The words by which a series is found, each with its group."""
    words = {
        "freq": FREQUENCIES[row["frequency"]][0],
        "geot": row["level"],
        "geo": row["reporting_unit"],
        "src": row["source"],
        "rls": row["dataset"],
    }
    told = {word.lower(): group for group, word in words.items()}
    general = (row["unit_measure"], row["pillar"], row["accumulation"], row["indicator"])
    return told | {word.lower(): "gen" for word in general if word.lower() not in told}


def counted_tags(rows: Iterable[Row], *, created: datetime) -> list[dict[str, Any]]:
    """Every tag of these series, with the number of series that have it, by name."""
    count = Counter((name, group) for row in rows for name, group in tags(row).items())
    return [
        {
            "name": name,
            "group_id": group,
            "notes": "",
            "created": moment(created),
            "popularity": 0,
            "series_count": number_of_series,
        }
        for (name, group), number_of_series in sorted(count.items())
    ]


def with_tags(rows: Iterable[Row], wanted: str | None, unwanted: str | None) -> list[Row]:
    """The series that have all the wanted tags and none of the unwanted; names are separated by semicolons."""
    must, must_not = set(_names(wanted)), set(_names(unwanted))
    return [row for row in rows if must <= (there := set(tags(row))) and not must_not & there]


def found(rows: Sequence[Row], words: str) -> list[Row]:
    """The series in whose key, names or definitions every word begins a word; first those named so, then by key.

    Both languages, diacritics and case aside.
    """
    asked = fold(words).split()
    folded = functools.cache(lambda text: f" {fold(text)}")
    named: list[Row] = []
    told: list[Row] = []
    for row in rows:
        name = folded(row["key"]) + "".join(folded(row[each]) for each in _NAMES)
        if all(f" {word}" in name for word in asked):
            named.append(row)
        elif all(f" {word}" in name + "".join(folded(row[each]) for each in _TEXTS) for word in asked):
            told.append(row)
    return named + told


def with_key(rows: Sequence[Row], written: str) -> list[Row]:
    """The series whose key has the text in it; `*` stands for any text, and then the key is the whole of it."""
    wanted = written.strip().upper()
    if "*" not in wanted:
        return [row for row in rows if wanted in row["key"]]
    return [row for row in rows if fits(row["key"], wanted)]


def _names(written: str | None) -> list[str]:
    return [name.strip().lower() for name in (written or "").split(";") if name.strip()]


_NAMES = ("name_en", "name_vi", "reporting_unit_en", "reporting_unit_vi")
_TEXTS = ("definition_en", "definition_vi", "document", "unit_measure_en", "source", "dataset", "pillar")
# By what a list of series can be put in order, and how; the first is the default where nothing was searched.
ORDERS: dict[str, Callable[[Row, Row], Any]] = {
    "series_id": lambda row, _: row["key"],
    "title": lambda row, _: title(row).casefold(),
    "units": lambda row, _: row["unit_measure_en"].casefold(),
    "frequency": lambda row, _: FREQUENCIES[row["frequency"]][0],
    "seasonal_adjustment": lambda *_: NOT_SAID[0],
    "realtime_start": lambda *_: date.min,
    "realtime_end": lambda *_: date.min,
    "last_updated": lambda _, extent: extent["last_published"],
    "observation_start": lambda _, extent: extent["first_start"],
    "observation_end": lambda _, extent: extent["last_start"],
    "popularity": lambda *_: 0,
    "group_popularity": lambda *_: 0,
}

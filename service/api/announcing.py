"""How feeds and the calendar tell people what was published: Vietnamese and English, numbers as each writes them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ingest.catalogue import Catalogue
from service import writing

LANGUAGES = ("vi", "en")
# What a feed without an entry was updated at: it never was, and an answer does not change with the clock.
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_NAMED = 3
_MORE = {
    "indicators": {"vi": " và {} chỉ tiêu khác", "en": " and {} more"},
    "reporting_units": {"vi": " và {} đơn vị khác", "en": " and {} more"},
}
_SAID = {
    "new": {"vi": "Số liệu mới: {value}.", "en": "New figure: {value}."},
    "revised": {"vi": "Sửa từ {previous} thành {value}.", "en": "Revised from {previous} to {value}."},
    "reflagged": {"vi": "Vẫn là {value}, trạng thái khác.", "en": "Still {value}, with another status."},
    "withdrawn": {"vi": "Đã rút số liệu, trước là {previous}.", "en": "Withdrawn; it was {previous}."},
}


def named(words: Catalogue, what: str, codes: Sequence[str], language: str) -> str:
    """The names of these `indicators` or `reporting_units`: of the first three, and how many more there are."""
    known = words.indicators if what == "indicators" else words.reporting_units
    found = [known.get(code) for code in codes[:_NAMED]]
    names = [getattr(each, f"name_{language}") if each else code for each, code in zip(found, codes, strict=False)]
    more = len(codes) - len(names)
    return "; ".join(names) + (_MORE[what][language].format(more) if more else "")


def counted(number: int, language: str) -> str:
    """How many figures: `1.200 số liệu`, `1 figure`."""
    written = writing.number(Decimal(number), language)
    return f"{written} số liệu" if language == "vi" else f"{written} figure{'s' * (number != 1)}"


def said(words: Catalogue, row: Mapping[str, Any], language: str) -> str:
    """What became of the figure: `Sửa từ 13,17 % thành 13,2 %.` Of a row it takes change, both values, and the unit."""
    unit = words.units_of_measure[row["unit_measure"]]
    symbol = unit.symbol_vi if language == "vi" else unit.symbol_en

    def written(value: Decimal | None) -> str:
        return "…" if value is None else writing.measured(value, unit.code, symbol, language)

    sentence = _SAID[row["change"]][language]
    return sentence.format(value=written(row["value"]), previous=written(row["previous_value"]))

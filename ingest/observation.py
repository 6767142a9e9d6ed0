"""Series and observations: the words, and the columns in which tables of them travel."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

# SDMX CL_OBS_STATUS, the part of it that is used here.
STATUSES = {
    "A": ("chính thức", "official"),
    "P": ("sơ bộ", "provisional"),
    "E": ("ước tính", "estimated"),
    "F": ("dự báo", "forecast"),
    "B": ("gián đoạn chuỗi", "break in the series"),
    "M": ("thiếu", "missing"),
}
# How statistical tables head their columns, beside the names above.
STATUS_WORDS = {
    "ước": "E",
    "ước thực hiện": "E",
    "số ước tính": "E",
    "số sơ bộ": "P",
    "thực hiện": "A",
    "số chính thức": "A",
}
ACCUMULATIONS = {
    "PERIOD": ("trong kỳ", "the period alone"),
    "YTD": ("lũy kế từ đầu năm", "from 1 January to the end of the period"),
    "STOCK": ("tại cuối kỳ", "a state at the end of the period"),
    "SINCE_START": ("lũy kế từ khi bắt đầu", "since the beginning"),
}
# How people say them, beside the names above.
ACCUMULATION_WORDS = {
    "kỳ báo cáo": "PERIOD",
    "lũy kế": "YTD",
    "cộng dồn": "YTD",
    "lũy kế năm": "YTD",
    "cộng dồn từ đầu năm": "YTD",
    "cuối kỳ": "STOCK",
    "đến cuối kỳ": "STOCK",
}
TOTAL = "_T"
# The two counts that a rate, or a count "of so many", was computed from, where they were published with it.
NUMERATOR, DENOMINATOR = "NUMERATOR", "DENOMINATOR"
BREAKDOWNS = {
    TOTAL: ("tổng số", "total"),
    NUMERATOR: ("tử số", "numerator"),
    DENOMINATOR: ("mẫu số", "denominator"),
}
GENERATED = "GENERATED"  # the source of demonstration figures, and of nothing else

# A figure as somebody wrote it: all text, NA where nothing was given. `line` counts from 1.
WRITTEN_COLUMNS = (
    "indicator",
    "reporting_unit",
    "period",
    "value",
    "frequency",
    "accumulation",
    "source",
    "breakdown",
    "status",
    "published_at",
    "data_from",
    "data_to",
    "withdrawn",
    "reason",
    "document",
    "comment",
)
# `unit_column` is where the name of the reporting unit stands, in a sheet where one name has many figures beside it.
READING_COLUMNS = (*WRITTEN_COLUMNS, "scheme", "sheet", "line", "column", "unit_column")

# A figure that was understood: codes of the catalogue, `period_start` local, `value` the decimal text or NA.
OBSERVATION_COLUMNS = (
    "series",
    "period_start",
    "published_at",
    "value",
    "status",
    "withdrawn",
    "reason",
    "document",
    "comment",
    "data_from",
    "data_to",
)

_CODE = r"[A-Z0-9_@$-]+"


class NotASeriesKey(ValueError):
    """The text is no series key."""

    def __init__(self, text: str) -> None:
        """Keep the text as it was written."""
        super().__init__(
            f"“{text}” is no series key; it reads frequency.indicator.reporting_unit.accumulation.source.breakdown,"
            " for example A.EGDI_RANK.VN.PERIOD.UN._T"
        )
        self.text = text


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """One line through time, named by the six things that tell it from every other."""

    frequency: str
    indicator: str
    reporting_unit: str
    accumulation: str
    source: str
    breakdown: str = TOTAL

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a key as it is written in an address.

        Raises NotASeriesKey.
        """
        parts = text.strip().upper().split(".")
        if len(parts) != 6 or not all(re.fullmatch(_CODE, part) for part in parts):
            raise NotASeriesKey(text)
        return cls(*parts)

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Self:
        """The key of a row that has its six columns."""
        return cls(*(row[name] for name in cls.__slots__))

    def __str__(self) -> str:
        """The key as it is written in an address."""
        return ".".join(getattr(self, name) for name in self.__slots__)

"""Trends as a workbook, with the headings that verdicts have."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from service.archive.verdicts.trends import TREND_COLUMNS
from service.formats import verdict_sheet

_KNOWN = {
    **verdict_sheet.HEADINGS,
    "years": ("Số năm từ kỳ gốc", "Years from the base", 10),
    "growth_percent": ("Tốc độ cải thiện bình quân năm (%)", "Growth a year in the wanted direction (%)", 14),
}
# By the names of the answer: Vietnamese, English, and how wide the column is in characters.
HEADINGS: Mapping[str, tuple[str, str, int]] = {name: _KNOWN[name] for name in TREND_COLUMNS}


def written(rows: Sequence[Mapping[str, Any]], as_of: datetime) -> bytes:
    """The trends of a moment as a workbook; the same trends are the same bytes."""
    return verdict_sheet.written(rows, as_of, headings=HEADINGS, names=("Xu hướng", "Trends"))

"""The scoreboard as a workbook: a sheet of cells and a sheet of counts, with numbers and dates that are ones."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from xlsxwriter import Workbook

from ingest.period import LOCAL_ZONE
from service.archive.verdicts.scoreboard import CELL_COLUMNS, COUNT_COLUMNS
from service.formats.verdict_sheet import HEADINGS
from service.formats.workbook import Sheet

# What a verdict alone does not have: Vietnamese, English, and how wide the column is in characters.
_CELLS: Mapping[str, tuple[str, str, int]] = {
    **HEADINGS,
    "pillar": ("Nhóm chỉ tiêu", "Pillar", 10),
    "lead": ("Cơ quan chủ trì", "Lead unit", 14),
    "level": ("Cấp", "Level", 10),
    "promises": ("Số mục tiêu", "Targets of the indicator", 10),
    "over": ("Đã hết hạn", "Deadline has passed", 10),
}
_COUNTS = {
    "by": ("Đếm theo", "By", 16),
    "code": ("Mã", "Code", 16),
    "cells": ("Tổng", "All", 12),
    "reached": ("Đã đạt", "Reached", 12),
    "on_track": ("Đúng tiến độ", "On track", 12),
    "acceleration_needed": ("Cần tăng tốc", "Acceleration needed", 12),
    "off_track": ("Chậm tiến độ", "Off track", 12),
    "moving_away": ("Xa dần mục tiêu", "Moving away", 12),
    "cannot_be_judged": ("Chưa đánh giá được", "Cannot be judged", 12),
    "without_figure": ("Trong đó chưa có số liệu", "Of these without a figure", 14),
}


def written(cells: Sequence[Mapping[str, Any]], counts: Sequence[Mapping[str, Any]], *, as_of: datetime) -> bytes:
    """The workbook of a moment; the same scoreboard is the same bytes."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        local = as_of.astimezone(LOCAL_ZONE).replace(tzinfo=None, microsecond=0)
        book.set_properties({"title": "Bảng theo dõi / Scoreboard", "comments": as_of.isoformat(), "created": local})
        _filled(Sheet(book, "Scoreboard"), CELL_COLUMNS, _CELLS, cells)
        _filled(Sheet(book, "Counts"), COUNT_COLUMNS, _COUNTS, counts)
    return file.getvalue()


def _filled(
    sheet: Sheet,
    columns: Sequence[str],
    headings: Mapping[str, tuple[str, str, int]],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    sheet.columns(headings[name][2] for name in columns)
    sheet.heading([headings[name][:2] for name in columns])
    sheet.sheet.freeze_panes(1, 0)
    sheet.sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
    for row in rows:
        for column, name in enumerate(columns):
            _put(sheet, column, row[name])
        sheet.row += 1


def _put(sheet: Sheet, column: int, value: Any) -> None:
    match value:
        case bool():
            sheet.put(column, str(value).lower())
        case list():
            sheet.put(column, " ".join(value))
        case int() | float():
            sheet.put(column, value, num_format="General")
        case _:
            sheet.put(column, value)

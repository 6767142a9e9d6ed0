"""Verdicts as a workbook: one sheet, a row a verdict, what is read first in sight at the left."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from xlsxwriter import Workbook

from ingest.period import LOCAL_ZONE
from service.formats.workbook import Sheet

# By the names of the answer: Vietnamese, English, and how wide the column is in characters.
HEADINGS: Mapping[str, tuple[str, str, int]] = {
    "indicator": ("Chỉ tiêu", "Indicator", 26),
    "reporting_unit": ("Đơn vị báo cáo", "Reporting unit", 15),
    "period": ("Kỳ của mục tiêu", "Period of the target", 12),
    "state": ("Trạng thái", "State", 20),
    "value": ("Giá trị", "Value", 14),
    "value_period": ("Kỳ của giá trị", "Period of the value", 12),
    "promised": ("Mức phải đạt", "Value that keeps the promise", 14),
    "unit_measure": ("Đơn vị tính", "Unit of measure", 12),
    "gap": ("Chênh lệch so với lộ trình hoặc mục tiêu (dương là tốt hơn)", "Gap (positive is ahead)", 14),
    "needed_value": ("Mức cần đạt ở kỳ tiếp theo", "Needed next", 14),
    "needed_period": ("Kỳ tiếp theo", "Period of what is needed", 12),
    "sentence_vi": ("Kết luận", "Verdict in Vietnamese", 60),
    "sentence_en": ("Kết luận (tiếng Anh)", "Verdict", 60),
    "formula": ("Công thức", "Formula", 44),
    "plan": ("Kế hoạch", "Plan", 18),
    "scope": ("Phạm vi", "Scope", 14),
    "kind": ("Loại", "Kind", 16),
    "target": ("Mục tiêu", "Target", 14),
    "last_day": ("Ngày cuối của thời hạn", "Last day in time", 12),
    "deadline": ("Thời hạn ghi trong văn bản", "Deadline as written", 20),
    "reason": ("Vì sao chưa đánh giá được", "Why it cannot be judged", 20),
    "method": ("Phương pháp", "Method", 20),
    "series": ("Chuỗi", "Series", 44),
    "value_status": ("Trạng thái số liệu", "Status of the value", 10),
    "value_published_at": ("Thời điểm công bố giá trị", "Value published at (UTC+7)", 19),
    "base": ("Mức gốc", "Base", 14),
    "base_period": ("Kỳ gốc", "Period of the base", 12),
    "base_status": ("Trạng thái số liệu kỳ gốc", "Status of the base", 10),
    "base_published_at": ("Thời điểm công bố mức gốc", "Base published at (UTC+7)", 19),
    "base_stated": ("Mức gốc do văn bản nêu", "Base stated by the document", 10),
    "path_value": ("Mức theo lộ trình", "Value on the path", 14),
    "progress_percent": ("Tiến độ (%)", "Progress (%)", 12),
    "pace_percent": ("Nhịp độ (%)", "Pace (%)", 12),
    "score": ("Điểm (−5 đến 5)", "Score (-5 to 5)", 10),
    "index": ("Chỉ số hiện trạng hoặc dự kiến", "Index of status or anticipation", 14),
    "projected_value": ("Dự báo đến hạn", "Projected at the deadline", 14),
    "projected_low": ("Dự báo, cận dưới 80 %", "Projected, lower end of 80 %", 14),
    "projected_high": ("Dự báo, cận trên 80 %", "Projected, upper end of 80 %", 14),
    "reaching_day": ("Ngày đạt (thực tế hoặc dự kiến)", "Day of reaching", 12),
    "done": ("Đã hoàn thành", "Done", 12),
    "whole": ("Tổng số", "Whole", 12),
    "done_percent": ("Đã hoàn thành (%)", "Done (%)", 12),
    "document": ("Văn bản", "Document", 36),
    "words": ("Trích từ nguồn", "Words of the document", 36),
    "note": ("Ghi chú", "Note", 36),
    "target_published_at": ("Mục tiêu có hiệu lực từ", "Target stood from (UTC+7)", 19),
    "target_promised_at": ("Ngày đề ra mục tiêu", "Promised since (UTC+7)", 19),
}
_FROZEN = 2


def written(
    rows: Sequence[Mapping[str, Any]],
    as_of: datetime,
    *,
    headings: Mapping[str, tuple[str, str, int]] = HEADINGS,
    names: tuple[str, str] = ("Kết luận", "Verdicts"),
) -> bytes:
    """The verdicts of a moment as a workbook; the same verdicts are the same bytes.

    `names` are those of what it holds, in Vietnamese and in English; the English one is the sheet's.
    """
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        local = as_of.astimezone(LOCAL_ZONE).replace(tzinfo=None, microsecond=0)
        book.set_properties({"title": " / ".join(names), "comments": as_of.isoformat(), "created": local})
        sheet = Sheet(book, names[1])
        sheet.columns(width for _, _, width in headings.values())
        sheet.heading([(vi, en) for vi, en, _ in headings.values()])
        sheet.sheet.freeze_panes(1, _FROZEN)
        sheet.sheet.autofilter(0, 0, max(len(rows), 1), len(headings) - 1)
        for row in rows:
            for column, name in enumerate(headings):
                _put(sheet, column, row[name])
            sheet.row += 1
    return file.getvalue()


def _put(sheet: Sheet, column: int, value: Any) -> None:
    match value:
        case bool():
            sheet.put(column, str(value).lower())
        case str():
            sheet.put(column, value, text_wrap=True)
        case int() | float():
            sheet.put(column, value, num_format="General")
        case _:
            sheet.put(column, value)

"""What a cell of a sheet can hold that is no value, and what the person can do about it."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from ingest.readers.package import Hidden
from ingest.readers.sheets import cell_text
from ingest.submission import Finding

MISSING_MARKS: Final = frozenset({"-", "–", "—", "...", "…", "..", "x", "X"})


def unfit(where: str, cell: str, value: Any, hidden: Hidden) -> Finding | None:
    """Why a cell holds no value at all, or None."""
    if cell in hidden.errors:
        return _excel_error(where, hidden.errors[cell])
    if cell in hidden.uncalculated:
        return _not_calculated(where)
    if isinstance(value, (date, datetime, time, timedelta)):
        return _date_for_number(where, cell_text(value))
    return None


def percent(where: str, stored: str, shown: str) -> Finding:
    """A cell that shows a percentage and holds its hundredth, where no percentage is wanted."""
    return Finding(
        "percent_cell",
        "error",
        where,
        f"{shown} %",
        stored,
        f"Ô định dạng phần trăm: hiển thị {_comma(shown)} % nhưng giá trị là {_comma(stored)}."
        " Hãy đổi định dạng thành Số (Number) và nhập giá trị theo đơn vị tính của chỉ tiêu.",
        f"The cell is formatted as percent: it shows {shown} % but holds {stored}."
        " Format it as a number and type the value in the indicator's unit of measure.",
    )


def percent_read(where: str, shown: str) -> Finding:
    """A cell that shows a percentage, read as it shows it."""
    return Finding(
        "percent_cell",
        "information",
        where,
        f"{shown} %",
        shown,
        f"Ô định dạng phần trăm được đọc là {_comma(shown)} %.",
        f"The cell is formatted as percent and was read as {shown} %.",
    )


def _excel_error(where: str, found: str) -> Finding:
    return Finding(
        "excel_error",
        "error",
        where,
        found,
        "",
        f"Ô này chứa lỗi {found} của Excel. Hãy sửa công thức hoặc nhập trực tiếp giá trị.",
        f"This cell holds the Excel error {found}. Mend the formula or type the value.",
    )


def _not_calculated(where: str) -> Finding:
    return Finding(
        "not_calculated",
        "error",
        where,
        "=…",
        "",
        "Ô này là công thức chưa được tính. Hãy mở tệp trong Excel, lưu lại rồi gửi lại.",
        "This cell is a formula without a result. Open the file in Excel, save it and send it again.",
    )


def _date_for_number(where: str, found: str) -> Finding:
    return Finding(
        "date_for_number",
        "error",
        where,
        found,
        "",
        f"Excel đã hiểu ô này là ngày hoặc giờ ({found}). Hãy đổi định dạng ô thành Số (Number) và nhập lại giá trị.",
        f"Excel took this cell for a date or a time ({found}). Format it as a number and type the value again.",
    )


def _comma(number: str) -> str:
    return number.replace(".", ",")

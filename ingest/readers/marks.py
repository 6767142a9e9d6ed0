"""What Chiso writes into a workbook that it gives back, so that a reader passes over it when the workbook comes again.

Only cells that say what Chiso says are passed over: what a person typed into the column is still read, or refused.
"""

from collections.abc import Sequence
from typing import Any, Final

FINDINGS_SHEET: Final = "Kiểm tra – Chiso"
RESULT_HEADING: Final = "Kết quả / Result"
PASSED: Final = "Đạt"
SEVERITIES: Final = {
    "error": ("LỖI", "ERROR"),
    "warning": ("CẢNH BÁO", "WARNING"),
    "information": ("THÔNG TIN", "INFORMATION"),
}
_BEGINNINGS: Final = tuple(f"{vi}: " for vi, _ in SEVERITIES.values())


def clear(rows: Sequence[list[Any]]) -> tuple[tuple[int, int], ...]:
    """Empty the cells of our result columns, and say where they stood: (row, column) counted from 0."""
    cleared: list[tuple[int, int]] = []
    for at, row in enumerate(rows):
        if RESULT_HEADING in row:
            column = row.index(RESULT_HEADING)
            cleared += [(line, column) for line in range(at, len(rows)) if _is_ours(rows[line][column])]
            for line, _ in cleared:
                rows[line][column] = ""
    return tuple(cleared)


def _is_ours(cell: Any) -> bool:
    return isinstance(cell, str) and (cell in (RESULT_HEADING, PASSED) or cell.startswith(_BEGINNINGS))

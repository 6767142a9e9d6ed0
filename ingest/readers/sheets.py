"""The sheets of a workbook, whatever kind of file it is: cells as they stand, and what their formats say of them.

Nothing here asks what a sheet means. A formula is its cached value, and is never evaluated.
"""

import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import python_calamine

from ingest.readers import marks
from ingest.readers.marks import FINDINGS_SHEET
from ingest.readers.package import Hidden, damaged, look
from ingest.readers.table import Unreadable

# A text, a number, a yes or no, a date or time; "" where nothing stands.
Cell: TypeAlias = Any
# First and last cell of a merged range, each (row, column) counted from 0; only the first of its cells holds a value.
Range: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: `rows` from the first one on, all of one width; `hidden` is what a cell's value does not tell.

    `results` are the cells, (row, column) counted from 0, that Chiso wrote when it gave the workbook back; they are
    empty in `rows`.
    """

    name: str
    rows: list[list[Cell]]
    merged: tuple[Range, ...] = ()
    hidden: Hidden = field(default_factory=Hidden)
    results: tuple[tuple[int, int], ...] = ()


class Book:
    """A workbook; a sheet is read when it is asked for."""

    def __init__(self, content: bytes) -> None:
        """Open an XLSX or XLSM workbook.

        Raises Unreadable where it is none, or would burst the memory.
        """
        self._hidden = look(content)
        self._book = _guarded(lambda: python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)))
        visible = python_calamine.SheetVisibleEnum.Visible
        self._visible = {each.name: each.visible == visible for each in self._book.sheets_metadata}

    @property
    def names(self) -> list[str]:
        """The names of all sheets that hold cells, hidden ones too, in their order, without our list of findings."""
        return [name for name in self._book.sheet_names if name in self._hidden and name != FINDINGS_SHEET]

    def is_visible(self, name: str) -> bool:
        """Whether Excel shows the sheet."""
        return self._visible[name]

    def sheet(self, name: str) -> Sheet:
        """The sheet of that name.

        Raises Unreadable where its part of the file is damaged.
        """
        found = _guarded(lambda: self._book.get_sheet_by_name(name))
        rows = _guarded(lambda: found.to_python(skip_empty_area=False))
        return Sheet(name, rows, tuple(found.merged_cell_ranges or ()), self._hidden[name], marks.clear(rows))


def cell_text(cell: Cell) -> str:
    """A cell as text: a number as short as 15 significant digits allow, which is all that Excel keeps."""
    if isinstance(cell, str):
        if not cell.isascii():
            cell = unicodedata.normalize("NFC", cell).replace("\xa0", " ")
        return cell.strip()
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, (float, int)):
        text = f"{cell:.15g}"
        return plain(Decimal(text)) if "e" in text else text
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def plain(number: Decimal) -> str:
    """A number in digits, without an exponent and without zeros behind its decimals."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _guarded(step: Callable[[], _Result]) -> _Result:
    try:
        return step()
    except python_calamine.PasswordError as fault:
        raise Unreadable(damaged(str(fault))) from fault
    except BaseException as fault:
        # A panic in Rust is no Exception, and whatever calamine stumbles over is the file's fault.
        if isinstance(fault, Exception) or type(fault).__name__ == "PanicException":
            raise Unreadable(damaged(str(fault))) from fault
        raise

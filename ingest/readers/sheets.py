"""The sheets of a workbook, whatever kind of file it is: cells as they stand, and what their formats say of them.

Nothing here asks what a sheet means. A formula is its cached value, and is never evaluated.
"""

import io
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeVar

import python_calamine

from ingest import old_fonts
from ingest.old_fonts import Decoded
from ingest.place import column_letters, place
from ingest.readers import biff, marks, opendocument, package
from ingest.readers.encoding import decoded_text
from ingest.readers.marks import FINDINGS_SHEET
from ingest.readers.package import Hidden, Range, damaged
from ingest.readers.table import Unreadable
from ingest.submission import Finding

# A text, a number, a yes or no, a date or time; "" where nothing stands.
Cell: TypeAlias = Any
FIRST_BYTES: Final = (b"PK\x03\x04", b"PK\x05\x06", biff.FIRST_BYTES)
_Result = TypeVar("_Result")
_CELL = re.compile(r"([A-Z]+)([0-9]+)")


def kind(content: bytes) -> str | None:
    """Which kind of workbook the bytes begin as: xlsx (or a zip of another kind), ods or xls; None for none."""
    if content.startswith(biff.FIRST_BYTES):
        return "xls"
    if content.startswith(FIRST_BYTES):
        return "ods" if opendocument.is_meant(content) else "xlsx"
    return None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: `rows` from the first one on, all of one width; `hidden` is what a cell's value does not tell.

    Texts in an old Vietnamese font stand in `rows` as they are meant; `decoded` says, by cell, what the file holds.
    `results` are the cells, (row, column) counted from 0, that Chiso wrote when it gave the workbook back; they are
    empty in `rows`.
    """

    name: str
    rows: list[list[Cell]]
    merged: tuple[Range, ...] = ()
    hidden: Hidden = field(default_factory=Hidden)
    decoded: dict[str, Decoded] = field(default_factory=dict[str, Decoded])
    results: tuple[tuple[int, int], ...] = ()


class Book:
    """A workbook, XLSX, XLSM, XLS or ODS; a sheet is read when it is asked for.

    `remarks` are what is to be told of it beside what its sheets mean: of macros, and of each sheet that was read and
    of which texts were decoded.
    """

    def __init__(self, content: bytes) -> None:
        """Open a workbook.

        Raises Unreadable where it is none, or would burst the memory.
        """
        self._book = biff.Workbook(content) if content.startswith(biff.FIRST_BYTES) else _ByCalamine(content)
        self._sheets: dict[str, Sheet] = {}
        self.remarks: list[Finding] = [_macros()] if self._book.has_macros else []

    @property
    def names(self) -> list[str]:
        """The names of all sheets that hold cells, hidden ones too, in their order, without our list of findings."""
        return [name for name in self._book.names if name != FINDINGS_SHEET]

    def is_visible(self, name: str) -> bool:
        """Whether Excel shows the sheet."""
        return self._book.is_visible(name)

    def sheet(self, name: str) -> Sheet:
        """The sheet of that name.

        Raises Unreadable where its part of the file is damaged.
        """
        if name not in self._sheets:
            rows, merged, hidden = self._book.read(name)
            results = marks.clear(rows)
            self._sheets[name] = Sheet(name, rows, merged, hidden, _decode(rows, hidden), results)
            if decoded := self._sheets[name].decoded:
                self.remarks.append(_decoded(name, decoded))
        return self._sheets[name]


class _ByCalamine:
    """An XLSX or an ODS: calamine reads the values, a look into the zip finds what they do not tell."""

    def __init__(self, content: bytes) -> None:
        self._look = opendocument.look(content) if opendocument.is_meant(content) else package.look(content)
        self.has_macros = self._look.has_macros
        self._book = _guarded(lambda: python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)))
        self.names = [name for name in self._book.sheet_names if name in self._look.sheets]
        visible = python_calamine.SheetVisibleEnum.Visible
        self._visible = {each.name: each.visible == visible for each in self._book.sheets_metadata}

    def is_visible(self, name: str) -> bool:
        return self._visible[name]

    def read(self, name: str) -> tuple[list[list[Cell]], tuple[Range, ...], Hidden]:
        sheet = _guarded(lambda: self._book.get_sheet_by_name(name))
        rows = _guarded(lambda: sheet.to_python(skip_empty_area=False))
        return rows, self._look.merged.get(name) or tuple(sheet.merged_cell_ranges or ()), self._look.sheets[name]


def _decode(rows: list[list[Cell]], hidden: Hidden) -> dict[str, Decoded]:
    """Put the texts of old fonts into the rows as they are meant; by cell, which they are."""
    found: dict[str, Decoded] = {}
    for cell in {*hidden.fonts, *hidden.runs}:
        row, column = _at(cell)
        if row < len(rows) and column < len(rows[row]) and isinstance(rows[row][column], str):
            own = hidden.fonts.get(cell, "")
            runs = hidden.runs.get(cell) or ((rows[row][column], None),)
            rows[row][column] = "".join(text for text, _ in runs)
            if decoded := old_fonts.by_fonts((text, own if font is None else font) for text, font in runs):
                found[cell] = decoded
    seen: dict[str, Decoded | None] = {}
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            if not isinstance(text, str) or text.isascii():
                continue
            if text not in seen:
                seen[text] = old_fonts.by_letters(text)
            if decoded := seen[text]:
                cell = f"{column_letters(column)}{at + 1}"
                if cell not in hidden.fonts:
                    found.setdefault(cell, decoded)
    for cell, decoded in found.items():
        row, column = _at(cell)
        rows[row][column] = decoded.text
    return found


def _at(cell: str) -> tuple[int, int]:
    found = _CELL.fullmatch(cell)
    letters, line = found.groups() if found else ("A", "1")
    return int(line) - 1, package.column_number(letters.encode()) - 1


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


def shown_percent(cell: float) -> str:
    """What a cell that is formatted as percent shows: `12.5` where it holds 0.125."""
    return plain(Decimal(cell_text(cell)) * 100)


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


def _macros() -> Finding:
    return Finding(
        "macros_not_run",
        "information",
        "",
        "VBA",
        "",
        "Tệp có macro. Macro không được chạy và không được xem xét; chỉ đọc các giá trị đã lưu trong ô.",
        "The workbook carries macros. They were not run and not looked at;"
        " only the values saved in the cells were read.",
    )


def _decoded(sheet: str, decoded: dict[str, Decoded]) -> Finding:
    cell = min(decoded, key=_at)
    row, column = _at(cell)
    fonts = {each.font for each in decoded.values() if each.font}
    return decoded_text(place(sheet, row + 1, column_letters(column)), len(decoded), decoded[cell], fonts)

"""XLS, the workbook of Excel 5 to 2003: an OLE2 file with a stream of BIFF records.

xlrd reads it and not calamine, because xlrd tells fonts, number formats and the fonts inside a text; pandas reads XLS
with it too. Nothing is written to the terminal, and whatever it stumbles over is the file's fault.
"""

import io
import struct
from collections.abc import Callable, Iterator
from datetime import datetime, time
from typing import Any, Final, TypeVar

import xlrd
from xlrd import xldate
from xlrd.compdoc import CompDoc

from ingest.old_fonts import is_old
from ingest.place import column_letters
from ingest.readers.package import (
    MOST_CELLS,
    Hidden,
    Range,
    Runs,
    check_sheet_count,
    damaged,
    encrypted,
    macro_sheet,
    shows_percent,
    too_large,
)
from ingest.readers.table import Unreadable
from ingest.submission import Finding

FIRST_BYTES: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What else an OLE2 file can be, by a stream in it.
_OTHERS = {
    "WordDocument": "DOC",
    "PowerPoint Document": "PPT",
    "VisioDocument": "VSD",
    "__properties_version1.0": "MSG",
}
_END, _PASSWORD, _SHEET = 0x0A, 0x2F, 0x85
_MACRO_SHEET = 1
_Result = TypeVar("_Result")


class Workbook:
    """An XLS workbook; a sheet is read when it is asked for."""

    def __init__(self, content: bytes) -> None:
        """Open it.

        Raises Unreadable where it is no workbook, or has a password or a sheet of macros.
        """
        document = _guarded(lambda: CompDoc(content, logfile=io.StringIO()))
        streams = {entry.name for entry in document.dirlist}
        _check(streams)
        stream = next(name for name in ("Workbook", "Book") if name in streams)
        _check_records(_guarded(lambda: document.get_named_stream(stream)) or b"")
        self.has_macros = bool(streams & {"_VBA_PROJECT_CUR", "_VBA_PROJECT"})
        self._book = _guarded(
            lambda: xlrd.open_workbook(
                file_contents=content, formatting_info=True, on_demand=True, ragged_rows=True, logfile=io.StringIO()
            )
        )
        self.names: list[str] = list(self._book.sheet_names())
        self._percents = _guarded(
            lambda: {at for at, each in enumerate(self._book.xf_list) if shows_percent(self._format(each))}
        )
        self._fonts: dict[int, str] = {at: each.name for at, each in enumerate(self._book.font_list)}
        self._old = {
            at: font
            for at, style in enumerate(self._book.xf_list)
            if is_old(font := self._fonts.get(style.font_index, ""))
        }

    def is_visible(self, name: str) -> bool:
        """Whether Excel shows the sheet."""
        return self._sheet(name).visibility == 0

    def read(self, name: str) -> tuple[list[list[Any]], tuple[Range, ...], Hidden]:
        """The cells of a sheet, its merged ranges, and what the cells do not tell.

        Raises Unreadable where its records are damaged, or it would burst the memory.
        """
        sheet = self._sheet(name)
        if sheet.nrows * sheet.ncols > MOST_CELLS:
            raise Unreadable(too_large(f"{column_letters(sheet.ncols - 1)}{sheet.nrows}", name))
        hidden = _guarded(lambda: self._hidden(sheet))
        rows = _guarded(lambda: [self._row(sheet, at) for at in range(sheet.nrows)])
        merged = tuple(((top, left), (under - 1, beyond - 1)) for top, under, left, beyond in sheet.merged_cells)
        return rows, merged, hidden

    def _sheet(self, name: str) -> Any:
        return _guarded(lambda: self._book.sheet_by_name(name))

    def _format(self, style: Any) -> str:
        known = self._book.format_map.get(style.format_key)
        return known.format_str if known else ""

    def _row(self, sheet: Any, at: int) -> list[Any]:
        kinds, values = sheet.row_types(at), sheet.row_values(at)
        row = [self._value(kind, value) for kind, value in zip(kinds, values, strict=True)]
        return row + [""] * (sheet.ncols - len(row))

    def _value(self, kind: int, value: Any) -> Any:
        if kind == xlrd.XL_CELL_DATE:
            return self._moment(value)
        if kind == xlrd.XL_CELL_BOOLEAN:
            return bool(value)
        return "" if kind == xlrd.XL_CELL_ERROR else value

    def _moment(self, number: float) -> Any:
        try:
            moment: datetime = xldate.xldate_as_datetime(number, self._book.datemode)
        except (ValueError, OverflowError):
            return number
        return moment.time() if 0 <= number < 1 else moment.date() if moment.time() == time() else moment

    def _hidden(self, sheet: Any) -> Hidden:
        errors: dict[str, str] = {}
        percents: set[str] = set()
        fonts: dict[str, str] = {}
        runs: dict[str, Runs] = {}
        for row, column, kind, style in _cells(sheet):
            cell = f"{column_letters(column)}{row + 1}"
            if kind == xlrd.XL_CELL_ERROR:
                errors[cell] = xlrd.error_text_from_code.get(sheet.cell_value(row, column), "#?")
            elif kind == xlrd.XL_CELL_NUMBER and style in self._percents:
                percents.add(cell)
            elif kind == xlrd.XL_CELL_TEXT:
                if style in self._old:
                    fonts[cell] = self._old[style]
                if changes := sheet.rich_text_runlist_map.get((row, column)):
                    parts = tuple(self._runs(sheet.cell_value(row, column), changes))
                    if any(font and is_old(font) for _, font in parts):
                        runs[cell] = parts
        return Hidden(errors, frozenset(percents), frozenset(), fonts, runs)

    def _runs(self, text: str, changes: list[tuple[int, int]]) -> Iterator[tuple[str, str | None]]:
        """The parts of a text; the first has the font of the cell."""
        ends = [at for at, _ in changes] + [len(text)]
        yield text[: ends[0]], None
        for (start, font), end in zip(changes, ends[1:], strict=True):
            yield text[start:end], self._fonts.get(font)


def _cells(sheet: Any) -> Iterator[tuple[int, int, int, int]]:
    """Row, column, kind and style of each filled cell."""
    for row in range(sheet.nrows):
        kinds = sheet.row_types(row)
        for column, kind in enumerate(kinds):
            if kind not in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
                yield row, column, kind, sheet.cell_xf_index(row, column)


def _check(streams: set[str]) -> None:
    if "EncryptedPackage" in streams:  # an XLSX with a password
        raise Unreadable(encrypted())
    if not streams & {"Workbook", "Book"}:
        raise Unreadable(_another(next((kind for name, kind in _OTHERS.items() if name in streams), "OLE2")))


def _check_records(stream: bytes) -> None:
    """Refuse what the first records say should not be opened.

    Raises Unreadable.
    """
    at = sheets = 0
    while at + 4 <= len(stream):
        record, size = struct.unpack_from("<HH", stream, at)
        if record == _PASSWORD:
            raise Unreadable(encrypted())
        if record == _SHEET and size > 5:
            sheets += 1
            if stream[at + 9] == _MACRO_SHEET:
                raise Unreadable(macro_sheet())
        if record == _END:
            break
        at += 4 + size
    check_sheet_count(sheets)


def _guarded(step: Callable[[], _Result]) -> _Result:
    try:
        return step()
    except Unreadable:
        raise
    except Exception as fault:  # xlrd asserts, indexes and unpacks what a broken file holds
        raise Unreadable(damaged(str(fault))) from fault


def _another(kind: str) -> Finding:
    return Finding(
        "unsupported_format",
        "error",
        "",
        kind,
        "CSV, XLSX, XLS, ODS, JSON",
        f"Đây là tệp {kind}, không phải bảng tính. Hãy gửi tệp CSV, XLSX, XLS, ODS hoặc JSON.",
        f"This is a file of the kind {kind}, not a workbook. Send a CSV, XLSX, XLS, ODS or JSON file.",
    )

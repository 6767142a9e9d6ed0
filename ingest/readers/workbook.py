"""Excel workbooks: our own template, or a sheet in our long format.

Our template is known by its very hidden sheet, which says what was asked of whom. Its rows are known by a key in a
hidden column, so that a row that was moved still means what it meant; its columns by their headings.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy
import pyarrow

from ingest.observation import STATUSES
from ingest.place import column_letters, place
from ingest.readers import headings
from ingest.readers.cell_faults import MISSING_MARKS, percent, percent_read, unfit
from ingest.readers.decimals import asked_about, by_evidence
from ingest.readers.package import Hidden
from ingest.readers.sheets import Book, Sheet, cell_text, shown_percent
from ingest.readers.table import MISSING_REASON, Table, Unreadable, clean, compute, excerpt, for_each, frame_of_rows
from ingest.submission import Finding, Reading

MARKER: Final = "Chiso template v1"
INPUT_SHEET: Final = "Nhập liệu"
META_SHEET: Final = "chiso"
KEY_HEADING: Final = "Khóa"
VALUE_HEADING: Final = "Giá trị kỳ này"
STATUS_HEADING: Final = "Trạng thái"
NOTE_HEADING: Final = "Ghi chú"
ANNOUNCED: Final = ("dataset", "reporting_unit", "period")
ITEM_COLUMNS: Final = ("key", "indicator", "frequency", "accumulation", "source", "breakdown", "unit_measure")
STATUS_LABELS: Final = {f"{code} – {STATUSES[code][0]}": code for code in ("A", "P", "E", "M")}
_SHEETS_SHOWN = 20

_Rows = list[list[Any]]


def is_ours(book: Book) -> bool:
    """Whether the workbook is our template, or its first sheet is in our long format."""
    if META_SHEET in book.names and _has_marker(book.sheet(META_SHEET).rows):
        return True
    first = _first_visible(book)
    return first is not None and _has_our_headings(book.sheet(first).rows)


def read(book: Book) -> Reading:
    """Read our template, or the first sheet where it is in our long format: a workbook that is ours.

    Raises Unreadable.
    """
    if META_SHEET in book.names and _has_marker(meta := book.sheet(META_SHEET).rows):
        if INPUT_SHEET not in book.names:
            raise Unreadable(_no_input_sheet(book.names))
        return _Template(meta, book.sheet(INPUT_SHEET)).read()
    return headings.read(_table(book.sheet(_first_visible(book) or "")))


def _has_marker(meta: _Rows) -> bool:
    return bool(meta) and cell_text(meta[0][0]) == MARKER


def _first_visible(book: Book) -> str | None:
    return next((name for name in book.names if book.is_visible(name)), None)


_NUMERAL = re.compile(r"^[\s(+-]*[\d.,]+[\s%)]*$")


class _Template:
    """One of our templates as it came back."""

    def __init__(self, meta: _Rows, sheet: Sheet) -> None:
        self.rows = sheet.rows
        self.hidden = sheet.hidden
        self.findings: list[Finding] = []
        told = {cell_text(row[0]): cell_text(row[1]) for row in meta if len(row) > 1}
        self.announced = {name: told[name] for name in ANNOUNCED if told.get(name)}
        self.shown = [told[name] for name in ("shown reporting unit", "shown period") if told.get(name)]
        at = next((at for at, row in enumerate(meta) if cell_text(row[0]) == ITEM_COLUMNS[0]), len(meta))
        self.settled: dict[str, str | None] = {}
        self.items: dict[str, dict[str, str]] = {
            cell_text(row[0]): dict(zip(map(str, ITEM_COLUMNS), map(cell_text, row), strict=False))
            for row in meta[at + 1 :]
            if cell_text(row[0])
        }

    def read(self) -> Reading:
        start = next((at for at, row in enumerate(self.rows) if cell_text(row[0]) == KEY_HEADING), None)
        titles = [cell_text(cell).split("\n")[0] for cell in self.rows[start]] if start is not None else []
        absent = [name for name in (VALUE_HEADING, STATUS_HEADING, NOTE_HEADING) if name not in titles]
        if start is None or absent or not self.items or len(self.announced) < len(ANNOUNCED):
            raise Unreadable(_template_changed(", ".join(absent) or KEY_HEADING))
        head = {cell_text(cell) for row in self.rows[:start] for cell in row}
        if changed := [text for text in self.shown if text not in head]:
            raise Unreadable(_heading_changed(changed[0]))
        value_at, status_at, note_at = (titles.index(name) for name in (VALUE_HEADING, STATUS_HEADING, NOTE_HEADING))
        self.settled = self._typed_as_text(start + 1, value_at)
        figures: list[dict[str, Any]] = []
        seen: set[str] = set()
        for line, row in enumerate(self.rows[start + 1 :], start + 2):
            key = cell_text(row[0])
            written = place(INPUT_SHEET, line, column_letters(value_at))
            cells = [_cell_text(row, at) for at in (value_at, status_at, note_at)]
            if key in self.items and key not in seen:
                seen.add(key)
                figure = self._figure(self.items[key], f"{column_letters(value_at)}{line}", row[value_at], *cells[1:])
                if figure is not None:
                    at_cell = {"sheet": INPUT_SHEET, "line": line, "column": column_letters(value_at)}
                    figures.append(figure | at_cell)
            elif key or _NUMERAL.search(cells[0]):
                self.findings.append(_foreign_row(written, key, repeated=key in seen))
            elif cells[0]:  # people sign below the table
                self.findings.append(_no_figure(written, cells[0]))
        gone = [key for key in self.items if key not in seen]
        self.findings += for_each(gone, _row_gone)
        letters = {"status": column_letters(status_at), "reason": column_letters(note_at)}
        return Reading(frame_of_rows(figures), self.findings, "template", self.announced, letters)

    def _figure(self, item: dict[str, str], cell: str, value: Any, status: str, note: str) -> dict[str, Any] | None:
        """The figure that a row holds; None where nothing was typed or what was typed cannot be one."""
        where = f'Sheet "{INPUT_SHEET}", {cell}'
        status = STATUS_LABELS.get(status, status)
        text = self._value(item, where, cell, value)
        if text is None:
            return None
        if text in MISSING_MARKS or (not text and status == "M"):
            self.findings.append(_taken_as_missing(where, text, note or MISSING_REASON))
            return self._row(item) | {"status": "M", "reason": note or MISSING_REASON}
        if not text:
            if note or status:
                self.findings.append(_note_without_value(where, note or status))
            return None
        return self._row(item) | {"value": text, "status": status or None, "comment": note or None}

    def _value(self, item: dict[str, str], where: str, cell: str, value: Any) -> str | None:
        fault = unfit(where, cell, value, self.hidden)
        if fault is not None:
            self.findings.append(fault)
            return None
        if cell in self.hidden.percents and isinstance(value, (float, int)):
            shown = shown_percent(value)
            if not item["unit_measure"].startswith("percent"):
                self.findings.append(percent(where, cell_text(value), shown))
                return None
            self.findings.append(percent_read(where, shown))
            return shown
        text = cell_text(value)
        settled = self.settled.get(cell, text)
        if settled is None:
            self.findings.append(asked_about(where, text))
        return settled

    def _typed_as_text(self, start: int, at: int) -> dict[str, str | None]:
        """The texts in the column of values with a decimal point, by cell; None for those that can be two numbers."""
        rows = [(line, row[at]) for line, row in enumerate(self.rows[start:], start + 1) if cell_text(row[0])]
        cells = [f"{column_letters(at)}{line}" for line, value in rows if isinstance(value, str)]
        texts = [cell_text(value) for _, value in rows if isinstance(value, str)]
        values, asked = by_evidence(pyarrow.chunked_array([pyarrow.array(texts, pyarrow.string())]))
        settled = compute.if_else(asked, pyarrow.scalar(None, pyarrow.string()), values)
        return dict(zip(cells, settled.to_pylist(), strict=True))

    def _row(self, item: dict[str, str]) -> dict[str, Any]:
        asked = {name: item[name] for name in ("indicator", "frequency", "accumulation", "source", "breakdown")}
        return asked | {name: self.announced[name] for name in ("reporting_unit", "period")}


def _has_our_headings(rows: _Rows) -> bool:
    first = next((row for row in rows if any(cell_text(cell) for cell in row)), [])
    meanings = {headings.meaning(cell_text(cell)) for cell in first}
    return bool(meanings & {"indicator", "value"})


def _table(sheet: Sheet) -> Table:
    """The sheet's cells as texts under the headings of its first row with text; empty rows are passed over."""
    rows, hidden = sheet.rows, sheet.hidden
    at = next(at for at, row in enumerate(rows) if any(cell_text(cell) for cell in row))
    titles = tuple(cell_text(cell) for cell in rows[at])
    body, lines = rows[at + 1 :], numpy.arange(at + 2, len(rows) + 1)
    texts = [[cell_text(row[position]) for row in body] for position in range(len(titles))]
    columns = tuple(clean(pyarrow.chunked_array([pyarrow.array(column, pyarrow.string())])) for column in texts)
    empty = numpy.ones(len(body), dtype=bool)
    for column in columns:
        empty &= column.is_null().to_numpy()
    empty[[row for row, line in enumerate(lines.tolist()) if _hides_something(line, len(titles), hidden)]] = False
    letters = tuple(column_letters(position) for position in range(len(titles)))
    whole = Table(titles, columns, pyarrow.array(lines), at + 1, "workbook", sheet=sheet.name, letters=letters)
    whole = replace(whole, texts=_typed_as_text(titles, body))
    faults = _faults(whole, body, lines.tolist(), hidden)
    refused = numpy.zeros(len(body), dtype=bool)
    refused[[row for row, _ in faults]] = True
    whole.findings.extend(for_each(faults, lambda fault: fault[1]))
    if bool(empty.all()):
        raise Unreadable(_no_rows(sheet.name))
    return whole.without(empty | refused)


def _typed_as_text(titles: Sequence[str], body: _Rows) -> dict[int, Any]:
    """Which cells of the column of values hold a text, by the position of the column."""
    at = next((at for at, title in enumerate(titles) if headings.meaning(title) == "value"), None)
    return {} if at is None else {at: pyarrow.array([isinstance(row[at], str) for row in body], pyarrow.bool_())}


def _hides_something(line: int, width: int, hidden: Hidden) -> bool:
    if not hidden.errors and not hidden.uncalculated:
        return False
    cells = [f"{column_letters(position)}{line}" for position in range(width)]
    return any(cell in hidden.errors or cell in hidden.uncalculated for cell in cells)


def _faults(whole: Table, body: _Rows, lines: list[int], hidden: Hidden) -> list[tuple[int, Finding]]:
    """The first thing in each row that is no text and no number, and why."""
    value_at = next((at for at, title in enumerate(whole.headings) if headings.meaning(title) == "value"), None)
    named = [at for at, title in enumerate(whole.headings) if title]
    faults: list[tuple[int, Finding]] = []
    suspicious = bool(hidden.errors or hidden.uncalculated)
    for row, (line, cells) in enumerate(zip(lines, body, strict=True)):
        for at in named if suspicious else (() if value_at is None else (value_at,)):
            cell = f"{whole.letters[at]}{line}"
            where = place(whole.sheet, line, whole.letters[at])
            value = cells[at] if at == value_at else ""
            fault = unfit(where, cell, value, hidden)
            if fault is None and cell in hidden.percents and at == value_at and isinstance(value, (float, int)):
                fault = percent(where, cell_text(value), shown_percent(value))
            if fault is not None:
                faults.append((row, fault))
                break
    return faults


def _cell_text(row: Sequence[Any], at: int) -> str:
    return cell_text(row[at]) if at < len(row) else ""


def _shown(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{excerpt(name, 31)}”" for name in names[:_SHEETS_SHOWN])
    return shown + (f", … ({len(names)})" if len(names) > _SHEETS_SHOWN else "")


def _no_input_sheet(names: Sequence[str]) -> Finding:
    return Finding(
        "missing_sheet",
        "error",
        "",
        _shown(names),
        INPUT_SHEET,
        f"Không thấy trang tính “{INPUT_SHEET}”; các trang tính trong tệp: {_shown(names)}."
        " Hãy đặt lại tên trang tính, hoặc tải biểu mẫu mới (chiso template).",
        f"The sheet “{INPUT_SHEET}” is missing; the workbook has {_shown(names)}."
        " Give the sheet its name back, or take a new template (chiso template).",
    )


def _template_changed(what: str) -> Finding:
    return Finding(
        "template_changed",
        "error",
        f'Sheet "{INPUT_SHEET}"',
        what,
        f"{KEY_HEADING}, {VALUE_HEADING}, {STATUS_HEADING}, {NOTE_HEADING}",
        f"Dòng tiêu đề hoặc trang ẩn của biểu mẫu đã bị sửa (không thấy “{what}”)."
        " Hãy tải biểu mẫu mới (chiso template) và chép số liệu sang.",
        f"The headings or the hidden sheet of the template were changed (“{what}” is not there)."
        " Take a new template (chiso template) and copy the figures over.",
    )


def _heading_changed(shown: str) -> Finding:
    return Finding(
        "template_changed",
        "error",
        f'Sheet "{INPUT_SHEET}"',
        "",
        shown,
        f"Phần đầu biểu mẫu không còn ghi “{excerpt(shown)}”. Biểu mẫu này chỉ dùng cho đơn vị và kỳ đó;"
        " hãy tạo biểu mẫu mới (chiso template) cho đơn vị hoặc kỳ khác.",
        f"The head of the template no longer says “{excerpt(shown)}”. It is for that unit and period only;"
        " make a new template (chiso template) for another.",
    )


def _no_figure(where: str, text: str) -> Finding:
    return Finding(
        "text_below_table",
        "information",
        where,
        excerpt(text),
        "",
        "Dòng chữ này nằm ngoài các chỉ tiêu của biểu mẫu nên không được đọc.",
        "This line of text belongs to no figure of the template and was not read.",
    )


def _foreign_row(where: str, key: str, *, repeated: bool) -> Finding:
    what_vi = "lặp lại một dòng đã có" if repeated else "không thuộc biểu mẫu"
    what_en = "repeats a row that stands above" if repeated else "does not belong to the template"
    return Finding(
        "foreign_row",
        "error",
        where,
        excerpt(key),
        "",
        f"Dòng này {what_vi} nên không được đọc. Hãy xóa dòng, hoặc gửi chỉ tiêu thêm bằng tệp CSV.",
        f"This row {what_en} and was not read. Delete it, or send further indicators as CSV.",
    )


def _row_gone(key: str) -> Finding:
    return Finding(
        "row_gone",
        "warning",
        f'Sheet "{INPUT_SHEET}"',
        "",
        key,
        f"Dòng {key} của biểu mẫu đã bị xóa. Nếu không có số liệu, hãy giữ dòng và nhập “-”.",
        f"The row {key} of the template was deleted. Where there is no figure keep the row and type “-”.",
    )


def _taken_as_missing(where: str, text: str, reason: str) -> Finding:
    return Finding(
        "taken_as_missing",
        "information",
        where,
        text,
        "",
        f"“{text}” được ghi nhận là thiếu số liệu, lý do: {excerpt(reason)}.",
        f"“{text}” was taken as missing, with the reason: {excerpt(reason)}.",
    )


def _note_without_value(where: str, note: str) -> Finding:
    return Finding(
        "note_without_value",
        "warning",
        where,
        excerpt(note),
        "",
        f"Có trạng thái hoặc ghi chú (“{excerpt(note)}”) nhưng ô giá trị trống, nên dòng này không được đọc."
        " Nếu không có số liệu, hãy nhập “-”.",
        f"There is a status or a note (“{excerpt(note)}”) but no value, and the row was not read."
        " Where there is no figure, type “-”.",
    )


def _no_rows(sheet: str) -> Finding:
    return Finding(
        "no_rows",
        "error",
        place(sheet, None, None),
        "0",
        "≥ 1",
        "Trang tính chỉ có dòng tiêu đề, không có số liệu. Hãy thêm ít nhất một dòng.",
        "The sheet has headings but no figures. Add at least one row.",
    )

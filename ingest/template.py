"""Our Excel template: the form of one reporting unit for one dataset and period, with everything known filled in.

What a person needs stands in `Nhập liệu`, how to fill it in stands in `Hướng dẫn`, and what the reader needs to know it
again stands in a sheet that Excel does not offer to show. Protection has no password: it is against slips, not people.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Alignment, Border, Color, Font, PatternFill, Protection, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ingest.dataset import Dataset, DatasetItem
from ingest.indicator import Indicator, UnitOfMeasure
from ingest.observation import ACCUMULATIONS, TOTAL
from ingest.period import Period
from ingest.readers.workbook import (
    INPUT_SHEET,
    ITEM_COLUMNS,
    KEY_HEADING,
    MARKER,
    META_SHEET,
    NOTE_HEADING,
    STATUS_HEADING,
    STATUS_LABELS,
    VALUE_HEADING,
)
from ingest.reporting_unit import ReportingUnit

HELP_SHEET: Final = "Hướng dẫn"

# (heading, the same in English, width in characters)
_COLUMNS: Final = (
    (KEY_HEADING, "", 4.0),
    ("STT", "No.", 5.5),
    ("Chỉ tiêu", "Indicator", 52.0),
    ("Đơn vị tính", "Unit", 13.0),
    ("Kiểu số liệu", "Accumulation", 15.0),
    ("Cùng kỳ năm trước", "Same period last year", 14.0),
    ("Kỳ trước", "Last period", 14.0),
    (VALUE_HEADING, "This period", 16.0),
    (STATUS_HEADING, "Status", 15.0),
    (NOTE_HEADING, "Note", 32.0),
)
_STT, _NAME, _UNIT, _ACCUMULATION, _YEAR_AGO, _LAST, _VALUE, _STATUS, _NOTE = range(2, len(_COLUMNS) + 1)
_HEADING_ROW: Final = 8

_DARK, _PALE, _INPUT, _GREY, _LINE = "1F3864", "EEF2F8", "FFF9DB", "6B7280", "BFC7D5"
_FONT: Final = "Arial"  # every office has it, with all Vietnamese letters
_EDGE = Side(style="thin", color=_LINE)
_BOX = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)


@dataclass(frozen=True, slots=True)
class TemplateCell:
    """One figure that is owed, with what was said of it before.

    `last` and `year_ago` are the values of the period before and of the same period a year before, None where none is.
    """

    item: DatasetItem
    indicator: Indicator
    unit_measure: UnitOfMeasure
    last: Decimal | None = None
    year_ago: Decimal | None = None

    def key(self, frequency: str) -> str:
        """The key of the row: the series key without the reporting unit, which is the same for all."""
        item = self.item
        return f"{frequency}.{item.indicator}.{item.accumulation}.{item.source}.{item.breakdown}"


def write(dataset: Dataset, reporting_unit: ReportingUnit, period: Period, cells: Sequence[TemplateCell]) -> bytes:
    """Write the template as XLSX, one row for each cell in their order.

    `ingest.readers.workbook` reads it back.
    """
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = INPUT_SHEET
    _write_head(sheet, dataset, reporting_unit, period)
    _write_headings(sheet)
    for row, cell in enumerate(cells, _HEADING_ROW + 1):
        _write_row(sheet, row, cell, period.frequency)
    _add_status_list(sheet, len(cells))
    _set_up(sheet, _HEADING_ROW + len(cells))
    _write_help(book.create_sheet(HELP_SHEET), dataset)
    _write_meta(book.create_sheet(META_SHEET), dataset, reporting_unit, period, cells)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _write_head(sheet: Worksheet, dataset: Dataset, reporting_unit: ReportingUnit, period: Period) -> None:
    _put(sheet, 1, _STT, dataset.name_vi.upper(), Font(name=_FONT, size=15, bold=True, color=_DARK))
    _put(sheet, 2, _STT, dataset.name_en, Font(name=_FONT, size=10, italic=True, color=_GREY))
    due = dataset.due.due(period.last_day) if dataset.due else None
    facts = (
        ("Đơn vị báo cáo:", "Reporting unit", reporting_unit.name_vi),
        ("Kỳ báo cáo:", "Period", _shown_period(period)),
        ("Hạn gửi:", "Due", _day(due) if due else "không quy định / none"),
        ("Mã biểu mẫu:", "Dataset", dataset.code),
    )
    for row, (vi, en, said) in enumerate(facts, 3):
        text = CellRichText(_block(vi, 10), _block(f" {en}", 8, color=_GREY, italic=True))
        _put(sheet, row, _STT, text, Font(name=_FONT, size=10))
        _put(sheet, row, _UNIT, said, Font(name=_FONT, size=11, bold=True))
    hint = "Chỉ nhập vào các ô màu vàng. Không có số liệu: nhập “-” và ghi lý do. / Fill in the yellow cells only."
    _put(sheet, 7, _STT, hint, Font(name=_FONT, size=9, italic=True, color=_GREY))


def _shown_period(period: Period) -> str:
    return f"{period.in_vietnamese} ({period})"


def _write_headings(sheet: Worksheet) -> None:
    for column, (vi, en, width) in enumerate(_COLUMNS, 1):
        text = CellRichText(_block(vi, 10, color="FFFFFF", bold=True), _block(f"\n{en}", 8, color="D6DEEB"))
        cell = _put(
            sheet, _HEADING_ROW, column, text if en else vi, Font(name=_FONT, size=10, bold=True, color="FFFFFF")
        )
        cell.fill = PatternFill("solid", fgColor=_DARK)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = _BOX
        sheet.column_dimensions[_letter(column)].width = width
    sheet.row_dimensions[_HEADING_ROW].height = 42


def _write_row(sheet: Worksheet, row: int, owed: TemplateCell, frequency: str) -> None:
    indicator = owed.indicator
    number_format = "#,##0" + ("." + "0" * indicator.decimals if indicator.decimals else "")
    part = "" if owed.item.breakdown == TOTAL else f" – phân tổ {owed.item.breakdown}"
    must = " *" if owed.item.required else ""
    name = CellRichText(
        _block(f"{indicator.name_vi}{part}{must}", 10),
        _block(f"\n{indicator.name_en} · {indicator.code}", 8, color=_GREY),
    )
    texts: dict[int, Any] = {
        1: owed.key(frequency),
        _STT: row - _HEADING_ROW,
        _NAME: name,
        _UNIT: owed.unit_measure.symbol_vi or owed.unit_measure.name_vi,
        _ACCUMULATION: ACCUMULATIONS[owed.item.accumulation][0],
        _YEAR_AGO: owed.year_ago,
        _LAST: owed.last,
        _VALUE: None,
        _STATUS: None,
        _NOTE: None,
    }
    for column, text in texts.items():
        cell = _put(sheet, row, column, text, Font(name=_FONT, size=10))
        cell.border = _BOX
        cell.alignment = _alignment(column)
        if column in (_YEAR_AGO, _LAST, _VALUE):
            cell.number_format = number_format
        if column in (_YEAR_AGO, _LAST):
            cell.font = Font(name=_FONT, size=10, color=_GREY)
            cell.fill = PatternFill("solid", fgColor=_PALE)
        if column in (_VALUE, _STATUS, _NOTE):
            cell.fill = PatternFill("solid", fgColor=_INPUT)
            cell.protection = Protection(locked=False)
    sheet.cell(row, _VALUE).font = Font(name=_FONT, size=11, bold=True)
    # Excel does not grow a row for wrapped rich text: count the lines of the two names.
    width = _COLUMNS[_NAME - 1][2]
    names = (f"{indicator.name_vi}{part}{must}", f"{indicator.name_en} · {indicator.code}")
    lines = -(-len(names[0]) // int(width * 1.1)), -(-len(names[1]) // int(width * 1.4))
    sheet.row_dimensions[row].height = 8 + 14 * lines[0] + 11.5 * lines[1]
    sheet.add_data_validation(_value_rule(owed, sheet.cell(row, _VALUE).coordinate))


def _alignment(column: int) -> Alignment:
    if column in (_YEAR_AGO, _LAST, _VALUE):
        return Alignment(horizontal="right", vertical="center", indent=1)
    if column in (_NAME, _NOTE):
        return Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1)
    return Alignment(horizontal="center", vertical="center", wrap_text=True)


def _value_rule(owed: TemplateCell, cell: str) -> DataValidation:
    """A number within the range, or a mark that says there is none; one message a cell, because ranges differ."""
    indicator, unit = owed.indicator, owed.unit_measure
    least = indicator.minimum if indicator.minimum is not None else unit.minimum
    most = indicator.maximum if indicator.maximum is not None else unit.maximum
    tests = [f"ISNUMBER({cell})"]
    tests += [f"{cell}>={least}"] if least is not None else []
    tests += [f"{cell}<={most}"] if most is not None else []
    rule = DataValidation(
        type="custom", formula1=f'OR({cell}="-",{cell}="...",{cell}="…",AND({",".join(tests)}))', allow_blank=True
    )
    bounds = [f"từ {_decimal(least)}"] if least is not None else []
    bounds += [f"đến {_decimal(most)}"] if most is not None else []
    span = f" {' '.join(bounds)}" if bounds else ""
    decimals = f", {indicator.decimals} chữ số thập phân" if indicator.decimals else ", số nguyên"
    symbol = unit.symbol_vi or unit.name_vi.lower()
    rule.promptTitle = "Giá trị kỳ này"
    rule.prompt = f"Nhập một số{span} ({symbol}{decimals}). Không có số liệu: nhập “-” và ghi lý do ở cột Ghi chú."[
        :255
    ]
    rule.errorTitle = "Giá trị không hợp lệ"
    rule.error = (
        f"Phải là một số{span}, hoặc “-” nếu không có số liệu."
        " Nếu Excel coi số của bạn là chữ, hãy dùng dấu thập phân theo cài đặt của máy."
    )[:255]
    rule.showErrorMessage = rule.showInputMessage = True
    rule.add(cell)
    return rule


def _add_status_list(sheet: Worksheet, count: int) -> None:
    rule = DataValidation(type="list", formula1=f'"{",".join(STATUS_LABELS)}"', allow_blank=True)
    rule.errorTitle = "Trạng thái không hợp lệ"
    rule.error = "Hãy chọn một trạng thái trong danh sách; để trống nghĩa là chính thức."
    rule.showErrorMessage = True
    if count:
        rule.add(f"{_letter(_STATUS)}{_HEADING_ROW + 1}:{_letter(_STATUS)}{_HEADING_ROW + count}")
        sheet.add_data_validation(rule)


def _set_up(sheet: Worksheet, last_row: int) -> None:
    sheet.sheet_view.showGridLines = False
    sheet.freeze_panes = sheet.cell(_HEADING_ROW + 1, _UNIT).coordinate
    sheet.column_dimensions["A"].hidden = True
    sheet.row_dimensions[1].height = 24
    sheet.protection.sheet = True
    # Widths and heights may be changed, and the filter used: that moves no figure.
    sheet.protection.formatColumns = sheet.protection.formatRows = sheet.protection.formatCells = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    if sheet.sheet_properties.pageSetUpPr is not None:
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{_HEADING_ROW}:{_HEADING_ROW}"
    sheet.print_area = f"B1:{_letter(_NOTE)}{last_row}"
    margins = sheet.page_margins
    margins.left = margins.right = 0.4
    margins.top, margins.bottom, margins.footer = 0.5, 0.75, 0.35
    footer: Any = sheet.oddFooter
    footer.left.text, footer.right.text = "&A", "Trang &P/&N"
    for selection in sheet.sheet_view.selection:
        selection.activeCell = selection.sqref = f"{_letter(_VALUE)}{_HEADING_ROW + 1}"


_HELP: Final = (
    ("Cách điền", "How to fill it in"),
    (
        "1. Mở trang “Nhập liệu” và chỉ nhập vào các ô màu vàng; các ô khác được khóa (không có mật khẩu).",
        "Fill in the yellow cells of the sheet “Nhập liệu”; the others are protected, without a password.",
    ),
    (
        "2. Nhập số theo đúng đơn vị tính ghi trong bảng. Ví dụ tỷ lệ 52,8 % thì nhập 52,8, không nhập 0,528.",
        "Give numbers in the unit shown: for a rate of 52.8 % type 52.8, not 0.528.",
    ),
    (
        "3. Không có số liệu: nhập “-” và ghi lý do ở cột Ghi chú. Không nhập số 0 thay cho số liệu còn thiếu.",
        "Where there is no figure type “-” and give the reason in the note. Never type 0 for a missing figure.",
    ),
    (
        "4. Trạng thái: A – chính thức (mặc định khi để trống), P – sơ bộ, E – ước tính, M – thiếu.",
        "Status: A official (when left empty), P provisional, E estimated, M missing.",
    ),
    (
        "5. Dấu * sau tên chỉ tiêu nghĩa là bắt buộc. Số của kỳ trước và cùng kỳ năm trước chỉ để đối chiếu.",
        "An asterisk marks what is required. Earlier figures are shown for comparison only.",
    ),
    (
        "6. Lưu dưới dạng .xlsx rồi gửi. Không đổi tên trang tính, không thêm cột; chỉ tiêu thêm gửi bằng tệp CSV.",
        "Save as .xlsx and send it. Do not rename sheets or add columns; send further indicators as CSV.",
    ),
    (
        "7. Cần sửa số đã gửi: nhập lại giá trị đúng và gửi lại kèm lý do; số cũ vẫn được lưu để đối chiếu.",
        "To correct a figure, send the right one with a reason; the earlier one is kept for the record.",
    ),
)


def _write_help(sheet: Worksheet, dataset: Dataset) -> None:
    sheet.sheet_view.showGridLines = False
    sheet.column_dimensions["A"].width = 3
    sheet.column_dimensions["B"].width = 110
    for row, (vi, en) in enumerate(_HELP, 2):
        size = 14 if row == 2 else 11
        text = CellRichText(_block(vi, size, bold=row == 2), _block(f"\n{en}", size - 2, color=_GREY))
        cell = _put(sheet, row, 2, text, Font(name=_FONT, size=size))
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[row].height = 42 if row == 2 else 36
    basis = _put(sheet, len(_HELP) + 3, 2, f"Căn cứ / Basis: {dataset.document}", Font(name=_FONT, size=9, color=_GREY))
    basis.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.protection.sheet = True
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    if sheet.sheet_properties.pageSetUpPr is not None:
        sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _write_meta(
    sheet: Worksheet, dataset: Dataset, reporting_unit: ReportingUnit, period: Period, cells: Sequence[TemplateCell]
) -> None:
    """What `ingest.readers.workbook` asks: the marker, who and when, and the meaning of each row's key."""
    sheet.sheet_state = "veryHidden"
    sheet.append([MARKER])
    sheet.append(["dataset", dataset.code])
    sheet.append(["reporting_unit", reporting_unit.code])
    sheet.append(["period", str(period)])
    sheet.append(["shown reporting unit", reporting_unit.name_vi])
    sheet.append(["shown period", _shown_period(period)])
    sheet.append([])
    sheet.append(list(ITEM_COLUMNS))
    for owed in cells:
        item, frequency = owed.item, period.frequency
        sheet.append(
            [
                owed.key(frequency),
                item.indicator,
                frequency,
                item.accumulation,
                item.source,
                item.breakdown,
                owed.unit_measure.code,
            ]
        )
    for row in sheet.iter_rows():
        for cell in row:
            _run_nothing(cell)
            cell.number_format = "@"


def _put(sheet: Worksheet, row: int, column: int, text: Any, font: Font) -> Cell | MergedCell:
    cell = sheet.cell(row, column, text)
    cell.font = font
    _run_nothing(cell)
    return cell


def _run_nothing(cell: Cell | MergedCell) -> None:
    """Keep a text that begins as a formula does a text, also where somebody edits it: none of ours is a formula."""
    if isinstance(cell, Cell) and isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")):
        cell.data_type = "s"
        cell.quotePrefix = True


def _block(text: str, size: float, *, color: str = "000000", bold: bool = False, italic: bool = False) -> TextBlock:
    return TextBlock(InlineFont(rFont=_FONT, sz=size, color=Color(color), b=bold, i=italic), text)


def _letter(column: int) -> str:
    return chr(ord("A") + column - 1)


def _decimal(number: Decimal) -> str:
    return f"{number.normalize():f}".replace(".", ",")


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"

"""Our Excel template: what it asks, and that what was typed into it comes back."""

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from ingest import formats, period
from ingest.dataset import Dataset, DatasetItem, DueRule
from ingest.indicator import Indicator, UnitOfMeasure
from ingest.readers.workbook import INPUT_SHEET, META_SHEET
from ingest.reporting_unit import ReportingUnit
from ingest.submission import Reading
from ingest.template import TemplateCell, write

FIRST_ROW = 9
VALUE, STATUS, NOTE = "H", "I", "J"

PERCENT = UnitOfMeasure("percent", "Phần trăm", "Percent", "%", "%", Decimal(0), Decimal(100))
COUNT = UnitOfMeasure("count", "Số lượng", "Count", "", "", Decimal(0))


def indicator(code: str, unit: UnitOfMeasure, decimals: int) -> Indicator:
    return Indicator(
        code, f"Tên của {code}", f"Name of {code}", "GOV", "", "", "", unit.code, decimals, "up", ("Q",),
        ("PERIOD", "YTD"), ("REPORT",), "none", "none", ("province",), (), "",
    )  # fmt: skip


RATE, DEEDS = indicator("ONLINE_FILING_RATE", PERCENT, 2), indicator("NDXP_TRANSACTIONS", COUNT, 0)
CELLS = [
    TemplateCell(
        DatasetItem("ONLINE_FILING_RATE", "PERIOD", "REPORT"), RATE, PERCENT, Decimal("45.8"), Decimal("30.1")
    ),
    TemplateCell(DatasetItem("ONLINE_FILING_RATE", "YTD", "REPORT"), RATE, PERCENT),
    TemplateCell(
        DatasetItem("NDXP_TRANSACTIONS", "PERIOD", "REPORT", required=False), DEEDS, COUNT, Decimal(1_234_567)
    ),
]
DATASET = Dataset(
    "PROVINCE_QUARTERLY", "Báo cáo quý của tỉnh", "Quarterly return", "Nghị định 09/2019/NĐ-CP",
    frequency="Q", items=tuple(cell.item for cell in CELLS),
    due=DueRule("ours", months_after=1, day=14),
)  # fmt: skip
UNIT = ReportingUnit("GSO66_2025", "province", "province", "Tỉnh Đắk Lắk", "Dak Lak", "Đắk Lắk")


@pytest.fixture
def template() -> bytes:
    return write(DATASET, UNIT, period.parse("2026-Q3"), CELLS)


def filled(template: bytes, cells: dict[str, Any], change: Any = None) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(template), rich_text=True)
    for cell, typed in cells.items():
        book[INPUT_SHEET][cell] = typed
    if change:
        change(book)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def opened(template: bytes) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(template))[INPUT_SHEET]


def findings(reading: Reading) -> list[tuple[str, str, str]]:
    return [(each.rule, each.severity, each.place) for each in reading.findings]


def test_it_says_for_whom_for_when_and_until_when(template: bytes) -> None:
    texts = [str(cell.value) for row in opened(template).iter_rows(max_row=6) for cell in row if cell.value]
    for text in ("BÁO CÁO QUÝ CỦA TỈNH", "Tỉnh Đắk Lắk", "Quý III/2026 (2026-Q3)", "14/10/2026", "PROVINCE_QUARTERLY"):
        assert text in texts


def test_it_shows_name_unit_of_measure_and_earlier_values_of_each_figure(template: bytes) -> None:
    row = [cell.value for cell in opened(template)[FIRST_ROW]][1:]
    name = "Tên của ONLINE_FILING_RATE *\nName of ONLINE_FILING_RATE · ONLINE_FILING_RATE"
    assert row[:6] == [1, name, "%", "trong kỳ", 30.1, 45.8]
    last = [cell.value for cell in opened(template)[FIRST_ROW + 2]][1:]
    assert "*" not in str(last[1])
    assert last[2:6] == ["Số lượng", "trong kỳ", None, 1234567]


def test_only_value_status_and_note_can_be_written(template: bytes) -> None:
    sheet = opened(template)
    assert sheet.protection.sheet
    assert not sheet.protection.password
    unlocked = {
        cell.coordinate[0] for row in sheet.iter_rows(min_row=FIRST_ROW) for cell in row if not cell.protection.locked
    }
    assert unlocked == {VALUE, STATUS, NOTE}
    assert all(cell.protection.locked for row in sheet.iter_rows(max_row=FIRST_ROW - 1) for cell in row)
    assert sheet.freeze_panes == "D9"


def test_a_value_is_held_to_its_range_and_decimals_and_a_status_to_its_list(template: bytes) -> None:
    sheet = opened(template)
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert rules["H9"].formula1 == 'OR(H9="-",H9="...",H9="…",AND(ISNUMBER(H9),H9>=0,H9<=100))'
    assert rules["H11"].formula1 == 'OR(H11="-",H11="...",H11="…",AND(ISNUMBER(H11),H11>=0))'
    assert "từ 0 đến 100" in str(rules["H9"].error)
    assert rules["I9:I11"].formula1 == '"A – chính thức,P – sơ bộ,E – ước tính,M – thiếu"'
    assert (sheet["H9"].number_format, sheet["H11"].number_format) == ("#,##0.00", "#,##0")


def test_it_prints_on_a4_across(template: bytes) -> None:
    sheet = opened(template)
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.page_setup.fitToWidth == 1
    assert sheet.column_dimensions["A"].hidden


def test_an_empty_template_holds_no_figure_and_no_fault(template: bytes) -> None:
    reading = formats.read(template)
    assert reading.format == "template"
    assert reading.announced == {"dataset": "PROVINCE_QUARTERLY", "reporting_unit": "GSO66_2025", "period": "2026-Q3"}
    assert reading.frame.empty
    assert reading.findings == []


def test_what_was_typed_comes_back_with_its_cell(template: bytes) -> None:
    reading = formats.read(
        filled(template, {"H9": 52.8, "I9": "P – sơ bộ", "J9": "theo cổng dịch vụ công", "H11": 1e6})
    )
    assert reading.findings == []
    first, second = reading.frame.to_dict("records")
    assert {name: text for name, text in first.items() if isinstance(text, (str, int))} == {
        "indicator": "ONLINE_FILING_RATE", "reporting_unit": "GSO66_2025", "period": "2026-Q3", "value": "52.8",
        "frequency": "Q", "accumulation": "PERIOD", "source": "REPORT", "breakdown": "_T", "status": "P",
        "comment": "theo cổng dịch vụ công", "sheet": "Nhập liệu", "line": 9, "column": "H",
    }  # fmt: skip
    assert (second["indicator"], second["value"], second["line"]) == ("NDXP_TRANSACTIONS", "1000000", 11)


@pytest.mark.parametrize(
    ("typed", "read"),
    [(0.1 + 0.2, "0.3"), (97.1, "97.1"), (1 / 3, "0.333333333333333"), (12345678901234567, "12345678901234600"),
     (0, "0"), (1e-7, "0.0000001"), ("52,8", "52.8"), ("52,8%", "52.8%"), ("0,5", "0.5"), ("abc", "abc"), (" 5 ", "5")],
)  # fmt: skip
def test_a_number_comes_as_short_as_fifteen_digits_allow_and_a_text_as_it_is(
    template: bytes, typed: Any, read: str
) -> None:
    assert formats.read(filled(template, {"H9": typed})).frame["value"].tolist() == [read]


def test_a_number_typed_as_text_that_can_be_two_is_asked_about_and_settled_by_the_texts_beside_it(
    template: bytes,
) -> None:
    asked = formats.read(filled(template, {"H9": "1.234", "H10": 9543.1}))
    assert asked.frame["value"].tolist() == ["9543.1"]
    assert findings(asked) == [("ambiguous_number", "error", 'Sheet "Nhập liệu", H9')]
    assert "no other number" not in asked.findings[0].en
    settled = formats.read(filled(template, {"H9": "52,8", "H11": "1.234"}))
    assert settled.frame["value"].tolist() == ["52.8", "1234"]
    assert settled.findings == []


@pytest.mark.parametrize("mark", ["-", "–", "...", "…", "x"])
def test_a_mark_for_no_figure_is_missing_with_a_reason(template: bytes, mark: str) -> None:
    reading = formats.read(filled(template, {"H9": mark, "H10": mark, "J10": "hệ thống ngừng"}))
    assert reading.frame["status"].tolist() == ["M", "M"]
    assert reading.frame["value"].isna().all()
    assert reading.frame["reason"].tolist() == ["không có số liệu", "hệ thống ngừng"]
    assert findings(reading)[0] == ("taken_as_missing", "information", 'Sheet "Nhập liệu", H9')


def test_the_status_missing_needs_no_mark(template: bytes) -> None:
    reading = formats.read(filled(template, {"I9": "M – thiếu", "J9": "chưa thống kê"}))
    assert reading.frame[["status", "reason"]].to_dict("records") == [{"status": "M", "reason": "chưa thống kê"}]


def test_a_note_without_a_value_is_not_passed_over_in_silence(template: bytes) -> None:
    reading = formats.read(filled(template, {"J9": "sẽ gửi sau"}))
    assert reading.frame.empty
    assert findings(reading) == [("note_without_value", "warning", 'Sheet "Nhập liệu", H9')]


def test_a_percent_cell_is_read_as_it_shows_where_the_unit_is_percent_and_refused_elsewhere(template: bytes) -> None:
    def as_percent(book: Any) -> None:
        book[INPUT_SHEET]["H9"].number_format = book[INPUT_SHEET]["H11"].number_format = "0.0%"

    reading = formats.read(filled(template, {"H9": 0.528, "H11": 0.5}, as_percent))
    assert reading.frame["value"].tolist() == ["52.8"]
    assert findings(reading) == [
        ("percent_cell", "information", 'Sheet "Nhập liệu", H9'),
        ("percent_cell", "error", 'Sheet "Nhập liệu", H11'),
    ]


def test_dates_errors_and_formulas_without_a_result_are_refused_with_their_cell(template: bytes) -> None:
    def spoil(book: Any) -> None:
        book[INPUT_SHEET]["H9"].number_format = "dd/mm/yyyy"
        book[INPUT_SHEET]["H10"].data_type = "e"

    reading = formats.read(filled(template, {"H9": 45_000, "H10": "#REF!", "H11": "=1+1"}, spoil))
    assert reading.frame.empty
    assert findings(reading) == [
        ("date_for_number", "error", 'Sheet "Nhập liệu", H9'),
        ("excel_error", "error", 'Sheet "Nhập liệu", H10'),
        ("not_calculated", "error", 'Sheet "Nhập liệu", H11'),
    ]
    assert reading.findings[1].found == "#REF!"


def test_rows_that_were_moved_keep_their_meaning(template: bytes) -> None:
    def swap(book: Any) -> None:
        sheet = book[INPUT_SHEET]
        for column in "ACDE":
            sheet[f"{column}9"].value, sheet[f"{column}11"].value = (
                sheet[f"{column}11"].value,
                sheet[f"{column}9"].value,
            )

    frame = formats.read(filled(template, {"H9": 7, "H11": 52.8}, swap)).frame
    assert dict(zip(frame["indicator"], frame["value"], strict=True)) == {
        "NDXP_TRANSACTIONS": "7",
        "ONLINE_FILING_RATE": "52.8",
    }


def test_rows_that_were_added_repeated_or_deleted_are_told(template: bytes) -> None:
    def change(book: Any) -> None:
        sheet = book[INPUT_SHEET]
        sheet["A10"] = sheet["A9"].value
        sheet["H12"] = 5

    reading = formats.read(filled(template, {"H9": 1, "H10": 2}, change))
    assert reading.frame["value"].tolist() == ["1"]
    assert findings(reading) == [
        ("foreign_row", "error", 'Sheet "Nhập liệu", H10'),
        ("foreign_row", "error", 'Sheet "Nhập liệu", H12'),
        ("row_gone", "warning", 'Sheet "Nhập liệu"'),
    ]


@pytest.mark.parametrize("cell", ["A8", "H8"])
def test_changed_headings_are_refused(template: bytes, cell: str) -> None:
    reading = formats.read(filled(template, {cell: "khác", "H9": 1}))
    assert findings(reading) == [("template_changed", "error", 'Sheet "Nhập liệu"')]


def test_a_template_without_its_sheet_says_which_sheets_there_are(template: bytes) -> None:
    def rename(book: Any) -> None:
        book[INPUT_SHEET].title = "Sheet1"

    (finding,) = formats.read(filled(template, {}, rename)).findings
    assert finding.rule == "missing_sheet"
    assert f"“Sheet1”, “Hướng dẫn”, “{META_SHEET}”" in finding.en

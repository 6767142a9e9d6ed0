"""CSV and its relatives: what stands in the file comes out, with the line an editor shows."""

import codecs
import csv
import io
import time
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ingest import old_fonts
from ingest.observation import READING_COLUMNS
from ingest.old_fonts import by_letters
from ingest.readers import delimited
from ingest.readers.table import FINDINGS_LIMIT, LONGEST_TEXT, Unreadable
from ingest.submission import Finding, Reading

HEAD = "indicator,reporting_unit,period,value\n"


def read(text: str) -> Reading:
    return delimited.read(text.encode())


def refused(content: bytes | str) -> list[Finding]:
    with pytest.raises(Unreadable) as caught:
        delimited.read(content if isinstance(content, bytes) else content.encode())
    return caught.value.findings


def wrong(reading: Reading) -> list[Finding]:
    return [each for each in reading.findings if each.rule != "read_as"]


def values(reading: Reading) -> list[str]:
    return reading.frame["value"].tolist()


def test_a_reading_has_the_columns_of_a_reading_as_text_and_the_line_as_a_number() -> None:
    frame = read(HEAD + "EGDI_RANK,VN,2022,86\n").frame
    assert tuple(frame.columns) == READING_COLUMNS
    assert set(frame.dtypes.drop("line").astype(str)) == {"string"}
    assert str(frame["line"].dtype) == "Int64"
    assert frame.dropna(axis=1).to_dict("records") == [
        {
            "indicator": "EGDI_RANK",
            "reporting_unit": "VN",
            "period": "2022",
            "value": "86",
            "line": 2,
            "column": "value",
        }
    ]


def test_texts_come_out_composed_and_without_spaces_at_the_edges() -> None:
    decomposed = unicodedata.normalize("NFD", "Đắk Lắk")
    (row,) = read(HEAD + f"A,\u00a0{decomposed} ,\u200b2024\t, 1.50 \n").frame.to_dict("records")
    assert [row[name] for name in ("reporting_unit", "period", "value")] == ["Đắk Lắk", "2024", "1.50"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_the_first_heading(encoding: str) -> None:
    frame = delimited.read((HEAD + "A,Huế,2024,1\n").encode(encoding)).frame
    assert frame["reporting_unit"].tolist() == ["Huế"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_an_editor_despite_blank_lines_and_quoted_line_breaks(line_end: str) -> None:
    lines = [
        "",
        "indicator,period,value",
        "A,2021,1",
        "",
        "B,2022,2",
        '"C',
        'c",2023,3',
        ",,",
        "D,2024,4",
        "  ",
        "E,2025,5",
    ]
    reading = read(line_end.join(lines))
    assert reading.findings == []
    assert reading.frame["line"].tolist() == [3, 5, 6, 9, 11]
    assert reading.frame["indicator"].tolist() == ["A", "B", "C\nc", "D", "E"]


def test_a_line_with_too_few_or_too_many_fields_is_refused_with_its_line_and_the_rest_is_read() -> None:
    reading = read(HEAD + 'A,VN,2020,1\nA,VN,2021\n"A\na",VN,2022,3\nA,VN,2023,4,5\nA,VN,2024,6\n')
    assert values(reading) == ["1", "3", "6"]
    assert reading.frame["line"].tolist() == [2, 4, 7]
    assert [(each.rule, each.severity, each.place, each.found) for each in reading.findings] == [
        ("field_count", "error", "line 3", "3"),
        ("field_count", "error", "line 6", "5"),
    ]


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_lines_in_silence() -> None:
    reading = read('indicator,period,value\nA,2023,1\nB,2024,"2\nC,2024,3\nD,2024,4\n')
    assert values(reading) == ["1"]
    assert [(each.rule, each.place) for each in reading.findings] == [("open_quote", "line 3")]
    assert "3-5" in reading.findings[0].en


def test_a_quotation_mark_that_closes_in_the_wrong_place_does_not_swallow_a_line_in_silence() -> None:
    reading = read('indicator,value\nA,"1\nB,"2"\nC,3\n')
    assert values(reading) == ["3"]
    assert [(each.rule, each.place) for each in reading.findings] == [("open_quote", "line 2")]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_decimal_comma_of_the_vietnamese_locale_becomes_a_point(delimiter: str) -> None:
    text = "chỉ tiêu,kỳ,giá trị\nA,2024,52&8\nB,2024,1.234\nC,2024,1.234.567&5\nD,2024,-0&6077\nE,2024,-\nF,2024,105\n"
    reading = read(text.replace(",", delimiter).replace("&", ","))
    assert values(reading) == ["52.8", "1234", "1234567.5", "-0.6077", "-", "105"]
    assert wrong(reading) == []


def test_a_decimal_point_in_a_semicolon_file_stays_one_where_a_neighbour_shows_it() -> None:
    assert values(read("indicator;value\nA;1.234\nB;438.9\nC;1,234.5\n")) == ["1.234", "438.9", "1234.5"]


def test_a_number_that_can_be_read_both_ways_is_asked_about_and_not_guessed() -> None:
    reading = read("indicator;value\nA;1.234\nB;17\nC;2,345\n")
    assert values(reading) == ["17"]
    assert [(each.rule, each.place, each.expected) for each in wrong(reading)] == [
        ("ambiguous_number", 'line 2, column "value"', "1234 | 1.234"),
        ("ambiguous_number", 'line 4, column "value"', "2345 | 2.345"),
    ]
    assert wrong(reading)[0].en == (
        "“1.234” can be 1234 or 1.234; the signs of the other numbers written as text in the column"
        " do not settle which. Write 1234, or 1.2340 with one more decimal."
    )


def test_the_question_about_a_percentage_keeps_its_sign_behind_the_number() -> None:
    (finding,) = wrong(read("indicator;value\nA;1.234 %\nB;17\n"))
    assert finding.expected == "1234% | 1.234%"
    assert "Hãy viết 1234%, hoặc 1,2340% với thêm" in finding.vi
    assert "Write 1234%, or 1.2340% with one more decimal." in finding.en


def test_neighbours_that_contradict_each_other_settle_nothing() -> None:
    reading = read("indicator;value\nA;1.234\nB;52,8\nC;438.9\n")
    assert values(reading) == ["52.8", "438.9"]
    assert [each.found for each in wrong(reading)] == ["1.234"]


@pytest.mark.parametrize(
    ("text", "neighbours"),
    [
        *((grouped, ["1.086", "5.5"]) for grouped in ("1,234.5", "1,234,567")),
        *((open_, ["5.5"]) for open_ in ("52,8", "1.234.567", "-1,5")),
        ("1,086", ["1.086", "5.5"]),
    ],
)
def test_a_comma_file_has_a_decimal_point_and_no_grouping_and_asks_where_a_neighbour_groups_by_points(
    text: str, neighbours: list[str]
) -> None:
    reading = read(f'indicator,value\nA,"{text}"\nB,1.086\nC,5.5\n')
    assert values(reading) == neighbours
    refused = [("decimal_point_wanted", 'line 2, column "value"', text)]
    asked = [("ambiguous_number", 'line 3, column "value"', "1.086")]
    assert [(each.rule, each.place, each.found) for each in reading.findings] == refused + (
        [] if "1.086" in neighbours else asked
    )


def test_a_comma_file_whose_only_neighbour_can_be_read_both_ways_asks_about_both() -> None:
    reading = read('indicator,value\nA,"1,086"\nB,1.086\nC,17\n')
    assert values(reading) == ["17"]
    assert [each.rule for each in reading.findings] == ["decimal_point_wanted", "ambiguous_number"]


@pytest.mark.parametrize("text", ["12.5", "-", "...", "1e5", "abc", "52.8%", "1 23", "100.", "3,abc"])
def test_what_is_no_question_of_the_decimal_sign_stays_as_it_was_written(text: str) -> None:
    assert values(read(f'indicator,value\nA,"{text}"\n')) == [text]


def test_excels_line_that_names_the_delimiter_is_obeyed() -> None:
    reading = read("sep=;\nindicator;value\nA;52,8\n")
    assert (values(reading), reading.frame["line"].tolist()) == (["52.8"], [3])


def test_headings_may_be_vietnamese_with_or_without_marks_and_in_any_case() -> None:
    (row,) = read("CHỈ TIÊU,don vi bao cao,Kỳ,Giá trị,Lũy kế,ghi chú\nA,VN,2024,1,YTD,x\n").frame.to_dict("records")
    assert [row[name] for name in ("indicator", "reporting_unit", "period", "value")] == ["A", "VN", "2024", "1"]
    assert [row[name] for name in ("accumulation", "comment", "column")] == ["YTD", "x", "Giá trị"]


def test_an_unknown_column_is_refused_with_the_nearest_name() -> None:
    (finding,) = refused("indicator,reporting_unt,period,value\nA,VN,2024,1\n")
    assert (finding.rule, finding.place, finding.expected.split(", ")[0]) == (
        "unknown_column", 'line 1, column "reporting_unt"', "reporting_unit",
    )  # fmt: skip
    assert "Did you mean “reporting_unit”?" in finding.en
    assert "Có phải “đơn vị báo cáo” (reporting_unit) không?" in finding.vi


def test_everything_that_is_wrong_with_the_headings_is_said_at_once() -> None:
    findings = refused("indicator,Chỉ tiêu,valeu,xyzzy\nA,B,1,2\n")
    assert [each.rule for each in findings] == [
        "duplicate_column", "unknown_column", "unknown_column", "missing_column",
    ]  # fmt: skip


def test_a_table_of_somebody_else_is_one_finding_and_not_one_a_column() -> None:
    (finding,) = refused("Survey Year,Country Name,E-Government Rank\n2020,Iraq,143\n")
    assert finding.rule == "not_our_columns"
    assert "Survey Year, Country Name, E-Government Rank" in finding.en


def test_an_empty_column_without_a_heading_is_nobodys() -> None:
    assert values(read("indicator,value,\nA,1,\n")) == ["1"]
    assert [each.rule for each in refused("indicator,value,\nA,1,lost\n")] == ["unknown_column"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty_file"),
        (codecs.BOM_UTF8 + b" \r\n\r\n", "empty_file"),
        (b"indicator,value", "no_rows"),
        (b"indicator,value\n\n\n", "no_rows"),
        (b"indicator,value\nA,\0", "nul_byte"),
        ("indicator,value\nA,1\n".encode("utf-16-le"), "nul_byte"),
        ("indicator,value\nA,1\n".encode("utf-16") + b"\x00", "not_utf8"),
        ("indicator,value\nĐắk Lắk,1\n".encode("cp1258", errors="replace") + b"\xd0", "not_utf8"),
        (b"x" * 5_000_000, "line_too_long"),
        (b"a," * 40_000 + b"a\n1\n", "too_many_columns"),
        (b'"indicator,value\nA,1\n', "open_quote"),
    ],
)
def test_what_is_no_table_is_one_clear_finding(content: bytes, rule: str) -> None:
    (finding,) = refused(content)
    assert (finding.rule, finding.severity) == (rule, "error")
    assert finding.vi.endswith(".")
    assert finding.en.endswith(".")


def test_a_byte_that_is_not_utf_8_is_named_with_its_line_and_how_to_save_the_file() -> None:
    (finding,) = refused(b"indicator,value\nB\xadc Ninh,1\n")
    assert finding.place == "byte 18 (line 2)"
    assert "CSV UTF-8" in finding.vi
    assert "TCVN3" in finding.en


def test_a_text_longer_than_a_cell_of_excel_is_refused_with_its_line() -> None:
    reading = read("indicator,value,comment\nA,1,short\nB,2," + "x" * (LONGEST_TEXT + 1) + "\nC,3,short\n")
    assert values(reading) == ["1", "3"]
    assert [(each.rule, each.place) for each in reading.findings] == [("text_too_long", 'line 3, column "comment"')]


def test_of_a_great_many_faults_the_first_are_shown_and_the_rest_is_counted() -> None:
    reading = read("indicator,value\n" + "A\n" * (FINDINGS_LIMIT + 500))
    assert len(reading.findings) == FINDINGS_LIMIT + 1
    last = reading.findings[-1]
    assert (last.rule, last.severity, last.found, last.expected) == ("more_of_the_same", "error", "500", "field_count")


def test_two_hundred_thousand_lines_are_read_in_less_than_three_seconds() -> None:
    body = "".join(f'IND_{i % 50},"GSO{i % 63:02}",2024-Q1,{i / 7:.2f}\n' for i in range(200_000))
    started = time.process_time()
    reading = read(HEAD + body)
    assert time.process_time() - started < 3
    assert len(reading.frame) == 200_000
    assert reading.frame["line"].iloc[-1] == 200_001


TEXT = st.text("aĐạ\u0323\u0301,;\t\"'\n\r \u00a0\u037e.-=%0", max_size=8)
EDGES = " \t\n\r\u00a0"


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip(EDGES)


@given(
    st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=12),
    st.sampled_from(",;\t"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_any_table_that_a_csv_writer_writes_reads_back_the_same(
    rows: list[tuple[str, str, str]], delimiter: str, quoting: int
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["one", "two", "three"])
    writer.writerows(rows)
    assume(not any(by_letters(composed(text)) for row in rows for text in row))
    expected = [[composed(text) for text in row] for row in rows]
    if not any(any(row) for row in expected):
        with pytest.raises(Unreadable, match="no line of figures"):
            delimited.table(written.getvalue().encode())
        return
    table = delimited.table(written.getvalue().encode())
    read_back = zip(*(column.to_pylist() for column in table.columns), strict=True)
    assert [[text or "" for text in row] for row in read_back] == [row for row in expected if any(row)]
    assert [each.rule for each in table.findings] == ([] if delimiter == "," else ["read_as"])


@pytest.mark.parametrize("text", ["1 086", "1\u00a0086", "1\u2009086", "1\u202f086"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_space_of_any_width_between_groups_of_three_digits_means_thousands(text: str, delimiter: str) -> None:
    assert values(read(f"indicator,value\nA,{text}\nB,-{text}\n".replace(",", delimiter))) == ["1086", "-1086"]


def test_spaces_that_group_nothing_are_left_for_the_rules_to_refuse() -> None:
    assert values(read("indicator,value\nA,1 08\nB,12 34\nC,1234 567\n")) == ["1 08", "12 34", "1234 567"]


def test_a_percent_sign_is_handed_on_behind_its_number_and_hinders_no_decimal_comma() -> None:
    reading = read("indicator;value\nA;52,8%\nB;1.086,5 %\nC;7\u00a0%\nD;1.234\n")
    assert values(reading) == ["52.8%", "1086.5%", "7%", "1234"]
    assert values(read("indicator,value\nA,52.8 %\nB,5\n")) == ["52.8%", "5"]
    assert [each.rule for each in wrong(read('indicator,value\nA,"52,8%"\n'))] == ["decimal_point_wanted"]


def test_the_minus_sign_of_typography_is_a_minus() -> None:
    assert values(read("indicator,value\nA,−5\nB,−0.5\n")) == ["-5", "-0.5"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("\ufeffindicator,value\nA,5\n", "UTF-8 with byte order mark, comma, decimal point"),
        ("\ufeffindicator;value\nA;5,25\n", "UTF-8 with byte order mark, semicolon, decimal comma"),
        ("indicator\tvalue\nA\t5.25\n", "UTF-8, tab, decimal point"),
        ("indicator;value\nA;5\n", "UTF-8, semicolon"),
    ],
)
def test_what_was_decided_about_a_file_is_told_in_one_information(content: str, found: str) -> None:
    told = [each for each in read(content).findings if each.rule == "read_as"]
    assert [(each.severity, each.found) for each in told] == [("information", found)]
    assert found in told[0].en


def test_a_file_that_is_plain_utf8_with_commas_needed_no_decision() -> None:
    assert read("indicator,value\nA,5.25\nB,Huế\n").findings == []


OLD_ROWS = "indicator,reporting_unit,value,comment\nA,Thừa Thiên Huế,1,số liệu sơ bộ\nB,Đắk Lắk,2,ước tính\n"


def in_1258(text: str) -> bytes:
    """As Windows writes it: tones behind their letters, but for those that the code page has whole."""
    written = b""
    for letter in text:
        base, *marks = unicodedata.normalize("NFD", letter)
        tone = [mark for mark in marks if mark in "\u0300\u0309\u0303\u0301\u0323"]
        vowel = unicodedata.normalize("NFC", base + "".join(mark for mark in marks if mark not in tone))
        try:
            written += letter.encode("cp1258")
        except UnicodeEncodeError:
            written += "".join([vowel, *tone]).encode("cp1258")
    return written


def in_tcvn3(text: str) -> bytes:
    codes = {letter: code for code, letter in old_fonts._FROM_TCVN3.items()}
    return "".join(codes.get(letter, letter) for letter in text).encode("latin-1")


@pytest.mark.parametrize(
    ("content", "encoding"), [(in_1258(OLD_ROWS), "Windows-1258"), (in_tcvn3(OLD_ROWS), "TCVN3 (ABC)")]
)
def test_bytes_from_before_unicode_are_read_with_a_warning_where_one_encoding_makes_vietnamese_of_all(
    content: bytes, encoding: str
) -> None:
    reading = delimited.read(content)
    assert reading.frame["reporting_unit"].tolist() == ["Thừa Thiên Huế", "Đắk Lắk"]
    assert reading.frame["comment"].tolist() == ["số liệu sơ bộ", "ước tính"]
    warning, told = reading.findings
    assert (warning.rule, warning.severity, warning.place, warning.found) == (
        "old_encoding",
        "warning",
        "line 2",
        encoding,
    )
    assert "for example “Thừa Thiên Huế”" in warning.en
    assert told.found == f"{encoding}, comma, decimal point"


@pytest.mark.parametrize(
    "text",
    [
        "Côte d'Ivoire".encode("latin-1"),  # no Vietnamese in any encoding
        "thé".encode("latin-1"),  # Vietnamese in two
        in_1258("Thừa Thiên Huế") + b"," + in_tcvn3("Đắk Lắk"),  # one half each
    ],
)
def test_bytes_that_several_encodings_or_none_explain_are_refused_as_before(text: bytes) -> None:
    assert refused(b"indicator,comment,more\nA," + text + b",x\n")[0].rule == "not_utf8"


def test_letters_of_an_old_font_that_were_pasted_into_a_csv_are_decoded_and_told() -> None:
    reading = read(HEAD + "A,Hµ Néi,2024,1\nA,Côte d'Ivoire,2024,2\nA,§µ N½ng,2024,3\nA,H­ng Yªn,2024,4\n")
    assert reading.frame["reporting_unit"].tolist() == ["Hà Nội", "Côte d'Ivoire", "Đà Nẵng", "Hưng Yên"]
    (told,) = reading.findings
    assert (told.rule, told.place, told.found, told.expected) == (
        "decoded_text",
        'line 2, column "reporting_unit"',
        "Hµ Néi",
        "Hà Nội",
    )
    assert told.en.startswith("3 texts were turned from TCVN3 (ABC) into Unicode by their letters")

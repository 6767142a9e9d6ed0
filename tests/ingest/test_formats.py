"""The bytes say what they are; what cannot be read is one clear finding and never an exception."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from ingest import formats
from ingest.mapping import Mapping, ValuePlace
from ingest.observation import READING_COLUMNS
from ingest.place import column_letters, in_vietnamese, place
from ingest.submission import TREE_SIZE_LIMIT_BYTES, Finding
from tests.ingest.old_workbooks import compound


def only_finding(content: bytes, mapping: Mapping | None = None) -> Finding:
    reading = formats.read(content, mapping=mapping)
    assert tuple(reading.frame.columns) == READING_COLUMNS
    assert reading.frame.empty
    (finding,) = reading.findings
    assert finding.severity == "error"
    assert finding.vi
    assert finding.en.endswith(".")
    return finding


def zipped(*names: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in names:
            archive.writestr(name, "<a/>")
    return written.getvalue()


MESSAGES = (
    b"PAR1\0",
    b"ARROW1\0\0",
    b"\xff\xff\xff\xff\0",
    b'<m:GenericData xmlns:m="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"><m:DataSet>',
    b'{"dataSets": [',
    b"DATAFLOW,INDICATOR,OBS_VALUE\n",
)
OLD_WORKBOOK = compound({"Workbook": bytes(4096)})


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (compound({"WordDocument": bytes(4096)}), "DOC"),
        (compound({"PowerPoint Document": bytes(4096)}), "PPT"),
        (compound({"Something": bytes(4096)}), "OLE2"),
        (b"%PDF-1.7\n...", "PDF"),
        (b"MZ\x90\0\x03", "EXE"),
        (b"\x7fELF\x02", "ELF"),
        (gzip.compress(b"indicator,value\nA,1\n", mtime=0), "GZIP"),
        (b"Rar!\x1a\x07\x01", "RAR"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"FEA1\0\0", "Feather 1"),
        (b"PARE\0\0", "Parquet (encrypted)"),
        (b"<!DOCTYPE html><html><table>", "HTML"),
        (zipped("figures.csv", "readme.txt"), "ZIP (figures.csv, readme.txt)"),
        (zipped("[Content_Types].xml", "word/document.xml"), "DOCX"),
        (zipped("mimetype", "META-INF/manifest.xml", "content.xml"), "OpenDocument"),
        (zipped("[Content_Types].xml", "xl/workbook.bin"), "XLSB"),
    ],
)
def test_a_file_that_is_no_table_is_named_by_its_bytes(content: bytes, found: str) -> None:
    finding = only_finding(content)
    assert (finding.rule, finding.found) == ("unsupported_format", found)


def test_letters_that_only_look_like_a_program_are_a_csv() -> None:
    assert formats.read(b"MZ,indicator,value\n1,A,2\n").findings[0].rule == "unknown_column"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"indicator,value\n", "csv"),
        (b"DATAFLOW,FREQ,OBS_VALUE\n", "sdmx-csv"),
        (b"\xef\xbb\xbfSTRUCTURE[;],STRUCTURE_ID,ACTION\n", "sdmx-csv"),
        (b"[1]", "json"),
        (b'{"meta": {}, "data": {"dataSets": []}}', "sdmx-json"),
        (b"<order/>", "xml"),
        (MESSAGES[3], "sdmx-ml"),
        (b"PAR1\0", "parquet"),
        (b"ARROW1\0\0", "arrow"),
        (b"PK\x03\x04", "xlsx"),
        (OLD_WORKBOOK, "xls"),
    ],
)
def test_a_kind_of_file_is_known_by_its_first_bytes(content: bytes, kind: str) -> None:
    assert formats.recognise(content) == kind


def test_a_text_without_columns_is_told_from_a_table_with_others() -> None:
    assert only_finding("# Ghi chú\n\nChỉ có chữ.\n".encode()).rule == "no_columns"
    assert only_finding(b"code,name\n1,A\n").rule == "not_our_columns"
    assert only_finding(b"code,name,source,document,pillar\n1,A,B,C,D\n").rule == "not_our_columns"


def test_an_encrypted_workbook_is_told_from_an_old_one() -> None:
    assert only_finding(compound({"EncryptedPackage": bytes(4096)})).rule == "encrypted_workbook"


def test_a_file_of_a_hundred_megabytes_is_refused_with_both_sizes() -> None:
    finding = only_finding(b"<" + bytes(100 * 2**20 - 1))
    assert finding.rule == "too_large"
    assert finding.en.startswith(f"The file has 100.0 MB; at most {TREE_SIZE_LIMIT_BYTES // 2**20} MB")


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file_says_that_it_is_empty(content: bytes) -> None:
    assert only_finding(content).rule == "empty_file"


ROWS = [
    {"indicator": "EGDI_RANK", "reporting_unit": "VN", "period": "2022", "value": "86"},
    {"indicator": "EGDI_SCORE", "reporting_unit": "VN", "period": "2022", "value": "0.67870"},
]


@pytest.mark.parametrize(
    ("content", "name", "lines"),
    [
        (b"indicator,reporting_unit,period,value\nEGDI_RANK,VN,2022,86\nEGDI_SCORE,VN,2022,0.67870\n", "csv", [2, 3]),
        (json.dumps(ROWS).encode(), "json", [1, 2]),
        (json.dumps({"observations": ROWS, "note": "x"}).encode("utf-8-sig"), "json", [1, 2]),
        (b"\n\n".join(json.dumps(row).encode() for row in ROWS) + b"\n", "ndjson", [1, 3]),
        (json.dumps(ROWS).replace('"86"', "86").replace('"0.67870"', "0.67870").encode(), "json", [1, 2]),
    ],
)
def test_the_same_figures_read_the_same_in_every_format(content: bytes, name: str, lines: list[int]) -> None:
    reading = formats.read(content)
    assert reading.findings == []
    assert reading.format == name
    assert reading.frame[list(ROWS[0])].to_dict("records") == ROWS
    assert reading.frame["line"].tolist() == lines


def test_json_keeps_the_digits_of_a_number_and_null_is_nothing() -> None:
    text = '[{"indicator": "A", "value": 97.10, "reason": null, "withdrawn": true},{"chỉ tiêu": "B", "value": 1e21}]'
    reading = formats.read(text.replace('"chỉ tiêu"', '"indicator"').encode())
    assert reading.frame["value"].tolist() == ["97.10", "1e21"]
    assert reading.frame.loc[0, "withdrawn"] == "yes"
    assert reading.frame["reason"].isna().all()


def as_json(values: list[str | float]) -> bytes:
    return json.dumps([{"indicator": "A", "value": value} for value in values]).encode()


def as_parquet(values: list[str | float]) -> bytes:
    written = io.BytesIO()
    texts = pyarrow.array([str(value) for value in values]).dictionary_encode()
    parquet.write_table(pyarrow.table({"indicator": ["A"] * len(values), "value": texts}), written)
    return written.getvalue()


@pytest.mark.parametrize("write", [as_json, as_parquet])
def test_numbers_that_a_file_holds_as_texts_are_read_as_their_column_shows_and_a_lone_one_is_asked_about(
    write: Callable[[list[str | float]], bytes],
) -> None:
    for neighbour, meant in (("1.234.567", ["1234567", "1234"]), ("52,8", ["52.8", "1234"]), ("0.5", ["0.5", "1.234"])):
        reading = formats.read(write([neighbour, "1.234"]))
        assert (reading.frame["value"].tolist(), reading.findings) == (meant, [])
    asked = formats.read(write(["1.234", 17]))
    assert asked.frame["value"].tolist() == ["17"]
    assert [(each.rule, each.found) for each in asked.findings] == [("ambiguous_number", "1.234")]


def test_a_number_of_json_has_a_decimal_point_whatever_the_texts_beside_it_show() -> None:
    reading = formats.read(as_json([1.234, "52,8", "1.234"]))
    assert (reading.frame["value"].tolist(), reading.findings) == (["1.234", "52.8", "1234"], [])


def test_json_names_its_unknown_columns_with_the_nearest() -> None:
    finding = only_finding(b'[{"indicator": "A", "value": 1, "perod": "2024"}]')
    assert (finding.rule, finding.place, finding.expected) == ("unknown_column", 'column "perod"', "period")


@pytest.mark.parametrize(
    ("content", "rule", "where"),
    [
        (b'[{"indicator": "A", "value": 1}', "broken_json", "line 1"),
        (b'{"indicator": "A",\n"value": }', "broken_json", "line 2"),
        (b"[" * 200_000, "broken_json", ""),
        (b'[{"value": 1, "value": 2}]', "broken_json", ""),
        (b'{"observations": 3}', "no_records", ""),
        (b"[]", "no_rows", ""),
        (b"[1]", "no_object", "record 1"),
    ],
)
def test_broken_json_is_a_finding_with_its_place(content: bytes, rule: str, where: str) -> None:
    finding = only_finding(content)
    assert (finding.rule, finding.place) == (rule, where)


def test_one_bad_object_is_refused_and_the_others_are_read() -> None:
    listed = formats.read(b'[{"indicator": "A", "value": 1}, 7, {"indicator": ["B"], "value": 2}]')
    assert listed.frame["line"].tolist() == [1]
    assert [(each.rule, each.place) for each in listed.findings] == [
        ("no_object", "record 2"),
        ("nested_value", 'record 3, "indicator"'),
    ]
    lined = formats.read(b'{"indicator": "A", "value": 1}\n{"indicator": "B", "val\n{"indicator": "C", "value": 3}\n')
    assert lined.frame["line"].tolist() == [1, 3]
    assert [(each.rule, each.place) for each in lined.findings] == [("broken_json", "line 2")]


def test_a_mapping_reads_only_files_of_its_format() -> None:
    value = ValuePlace("EGDI_RANK", "UN", "PERIOD", column="rank")
    mapping = Mapping("SOME_CSV", "", "", "", "csv", (value,))
    assert only_finding(b'[{"rank": 1}]', mapping).rule == "wrong_format"
    assert only_finding(zipped("xl/workbook.xml"), mapping).rule == "wrong_format"
    assert only_finding(OLD_WORKBOOK, mapping).rule == "wrong_format"


def test_every_real_file_that_is_not_in_our_format_is_refused_with_a_sentence(shared_data: Path) -> None:
    files = [file for file in sorted(shared_data.rglob("*")) if file.is_file()]
    assert len(files) > 30
    for file in files:
        reading = formats.read(file.read_bytes())
        assert reading.frame.empty, file
        assert reading.findings, file
        assert all(finding.severity == "error" and finding.en.endswith(".") for finding in reading.findings), file


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"PK\x03\x04", b"{", b"[", b'[{"value":', b"indicator,value\n", *MESSAGES]),
)
def test_no_bytes_make_it_raise(content: bytes, beginning: bytes) -> None:
    reading = formats.read(beginning + content)
    assert len(reading.frame) or reading.findings


@pytest.mark.parametrize(
    ("written", "vietnamese"),
    [
        (place("Nhập liệu", 7, "C"), 'Trang tính "Nhập liệu", ô C7'),
        (place("Nhập liệu", 7, None), 'Trang tính "Nhập liệu", dòng 7'),
        (place("Nhập liệu", None, None), 'Trang tính "Nhập liệu"'),
        (place(None, 7, "value"), 'dòng 7, cột "value"'),
        (place(None, 7, None), "dòng 7"),
        (place(None, None, "value"), 'cột "value"'),
        (place(None, 7, "value", format="json"), 'bản ghi 7, "value"'),
        ("byte 3", "byte 3"),
    ],
)
def test_a_place_can_be_said_in_vietnamese(written: str, vietnamese: str) -> None:
    assert in_vietnamese(written) == vietnamese


def test_columns_are_lettered_as_in_a_sheet() -> None:
    assert [column_letters(at) for at in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]

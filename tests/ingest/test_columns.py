"""Parquet and Arrow: every value becomes the text that a person would write, and what cannot is refused by its type."""

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy
import pandas
import pyarrow
import pytest
from pyarrow import feather, ipc, parquet

from ingest import formats
from ingest.mapping import Mapping, PeriodPlace, UnitPlace, ValuePlace
from ingest.readers import columns
from ingest.submission import Finding

ROWS = {
    "indicator": ["EGDI_RANK", "EGDI_SCORE"],
    "reporting_unit": ["VN", "VN"],
    "period": ["2022", "2022"],
    "value": ["86", "0.67870"],
}


def as_parquet(table: Any, **options: Any) -> bytes:
    written = io.BytesIO()
    parquet.write_table(table, written, **options)
    return written.getvalue()


def as_file(table: Any) -> bytes:
    written = io.BytesIO()
    with ipc.new_file(written, table.schema) as writer:
        writer.write_table(table)
    return written.getvalue()


def as_stream(table: Any) -> bytes:
    written = io.BytesIO()
    with ipc.new_stream(written, table.schema) as writer:
        writer.write_table(table)
    return written.getvalue()


def as_feather(table: Any) -> bytes:
    written = io.BytesIO()
    feather.write_feather(table, written, compression="zstd")
    return written.getvalue()


WRITERS = [as_parquet, as_file, as_stream, as_feather]


def only_finding(content: bytes) -> Finding:
    reading = formats.read(content)
    assert reading.frame.empty
    (finding,) = reading.findings
    assert finding.severity == "error"
    assert finding.en.endswith(".")
    assert finding.vi.endswith(".")
    return finding


@pytest.mark.parametrize("write", WRITERS)
def test_our_long_columns_read_the_same_from_every_file_of_columns(write: Callable[[Any], bytes]) -> None:
    reading = formats.read(write(pyarrow.table(ROWS)))
    assert reading.findings == []
    assert reading.format == ("parquet" if write is as_parquet else "arrow")
    assert reading.frame[list(ROWS)].to_dict("list") == ROWS
    assert reading.frame["line"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pyarrow.array([123456789012345678, None]), ["123456789012345678", None]),
        (pyarrow.array([18446744073709551615, 0], pyarrow.uint64()), ["18446744073709551615", "0"]),
        (pyarrow.array([Decimal("97.10"), Decimal("0.05")]), ["97.10", "0.05"]),
        (pyarrow.array([Decimal("14094688429.598200000"), None]), ["14094688429.598200000", None]),
        (pyarrow.array([0.1 + 0.2, float("nan")]), ["0.3", None]),
        (pyarrow.array([14094688429.5982, 1e21]), ["14094688429.5982", "1e+21"]),
        (pyarrow.array([0.1, 1234567.9], pyarrow.float32()), ["0.1", "1234567.9"]),
        (pyarrow.array([0.5, float("nan")], pyarrow.float32()), ["0.5", None]),
        (pyarrow.array([True, False]), ["yes", "no"]),
        (pyarrow.array([date(2024, 3, 15), None]), ["2024-03-15", None]),
        (pyarrow.array([datetime(2024, 3, 15), datetime(2024, 3, 15, 9)]), ["2024-03-15", "2024-03-15T09:00:00"]),
        (
            pyarrow.array([datetime(2024, 3, 15, tzinfo=UTC)] * 2, pyarrow.timestamp("us", "Asia/Ho_Chi_Minh")),
            ["2024-03-15T07:00:00+07:00"] * 2,
        ),
        (pyarrow.array(["x", " y "]).dictionary_encode(), ["x", "y"]),
        (pyarrow.array([7, 8]).dictionary_encode(), ["7", "8"]),
        (pyarrow.array(["Hòa", "Hòa"], pyarrow.large_string()), ["Hòa", "Hòa"]),
        (pyarrow.nulls(2), [None, None]),
    ],
)
def test_a_value_keeps_its_digits_and_a_day_is_written_in_iso(values: Any, texts: list[str | None]) -> None:
    content = as_stream(pyarrow.table({"indicator": ["A", "B"], "value": ["1", "2"], "comment": values}))
    comments = formats.read(content).frame["comment"].astype(object)
    assert comments.where(comments.notna(), None).tolist() == texts


@pytest.mark.parametrize(
    "values",
    [
        pyarrow.array([[1], [2]]),
        pyarrow.array([{"a": 1}, {"a": 2}]),
        pyarrow.array([b"x", b"y"]),
        pyarrow.array([1, 2], pyarrow.duration("s")),
    ],
)
def test_a_column_that_is_not_one_value_a_cell_is_refused_by_its_type(values: Any) -> None:
    finding = only_finding(as_stream(pyarrow.table({"indicator": ["A", "B"], "value": values})))
    assert (finding.rule, finding.place, finding.found) == ("column_type", 'column "value"', str(values.type))


def test_places_are_rows_and_columns() -> None:
    finding = formats.read(as_parquet(pyarrow.table({"indicator": ["A"], "value": ["1"], "perod": ["2024"]}))).findings[
        0
    ]
    assert (finding.rule, finding.place, finding.expected) == ("unknown_column", 'column "perod"', "period")
    long = as_parquet(pyarrow.table({"indicator": ["A", "B"], "value": ["1", "2"], "comment": ["", "x" * 40_000]}))
    (finding,) = formats.read(long).findings
    assert (finding.rule, finding.place) == ("text_too_long", 'row 2, "comment"')


def test_the_index_that_pandas_writes_by_itself_is_told_and_left_out() -> None:
    written = io.BytesIO()
    pandas.DataFrame(ROWS, index=[5, 7]).to_parquet(written)
    reading = formats.read(written.getvalue())
    assert [(each.rule, each.severity) for each in reading.findings] == [("not_a_column", "information")]
    assert reading.frame["value"].tolist() == ROWS["value"]


def test_a_mapping_of_columns_reads_them_by_their_names() -> None:
    value = ValuePlace("EGDI_RANK", "UN", "PERIOD", column="Rank")
    mapping = Mapping(
        "EGDI_CSV",
        "",
        "",
        "",
        "csv",
        (value,),
        header_line=3,
        reporting_unit=UnitPlace(column="Country"),
        period=PeriodPlace(column="Year"),
    )
    content = as_parquet(pyarrow.table({"Country": ["Viet Nam"], "Year": [2022], "Rank": [86]}))
    frame = formats.read(content, mapping=mapping).frame
    assert frame[["reporting_unit", "period", "value"]].to_numpy().tolist() == [["Viet Nam", "2022", "86"]]
    wrong = formats.read(content, mapping=Mapping("X_JSON", "", "", "", "json", (value,), records="x"))
    assert [(each.rule, each.found) for each in wrong.findings] == [("wrong_format", "Parquet")]


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_that_is_cut_off_or_empty_says_so(write: Callable[[Any], bytes]) -> None:
    whole = write(pyarrow.table(ROWS))
    assert only_finding(whole[: len(whole) // 2]).rule == "damaged_file"
    assert only_finding(write(pyarrow.table(ROWS).slice(0, 0))).rule == "no_rows"


def test_letters_that_only_look_like_columns_are_a_csv() -> None:
    assert formats.read(b"PAR1,indicator,value\n1,A,2\n").findings[0].rule == "unknown_column"


@pytest.mark.parametrize("write", [as_parquet, as_stream])
def test_a_small_file_with_too_much_in_it_is_stopped_before_it_is_unfolded(
    write: Callable[[Any], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "MOST_BYTES", 50 * 10**6)
    indices = pyarrow.array(numpy.zeros(100_000, dtype=numpy.int32))
    repeated = pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(["x" * 1_000]))
    content = write(pyarrow.table({"indicator": repeated, "value": repeated}))
    assert len(content) < 10**6
    assert only_finding(content).rule == "too_large"
    monkeypatch.setattr(columns, "MOST_ROWS", 99_999)
    assert only_finding(content).rule == "too_large"


def test_bytes_that_are_no_text_are_found_before_anything_looks_into_them() -> None:
    invalid = pyarrow.StringArray.from_buffers(
        2, pyarrow.py_buffer(numpy.array([0, 1, 2], dtype=numpy.int32)), pyarrow.py_buffer(b"\xff\xfe")
    )
    content = as_stream(pyarrow.table({"indicator": ["A", "B"], "value": invalid}))
    assert only_finding(content).rule == "damaged_file"


def test_numbers_of_json_keep_their_digits_and_what_is_nested_is_refused_with_its_place() -> None:
    lines = '{"indicator": "A", "value": 97.10}\n{"indicator": "B", "value": 12345678901234567890}\n'
    assert formats.read(lines.encode()).frame["value"].tolist() == ["97.10", "12345678901234567890"]
    nested = json.dumps([{"indicator": "A", "value": {"amount": 1}}, {"indicator": "B", "value": 2}])
    reading = formats.read(nested.encode())
    assert [(each.rule, each.place) for each in reading.findings] == [("nested_value", 'record 1, "value"')]
    assert reading.frame["value"].tolist() == ["2"]

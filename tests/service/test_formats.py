"""Formats: what programs, spreadsheets and warehouses get, and that nothing is lost on the way there."""

import csv
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pandas
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from openpyxl.utils import column_index_from_string, get_column_letter
from sqlalchemy import Connection, Engine

from service import app
from service.archive import metadata, transforms
from service.archive.metadata import Metadata
from service.archive.points import Statement
from service.archive.question import ANSWER_COLUMNS, Question
from service.archive.series import Selection, Span
from service.formats import arrow, delimited, json_stat, open_metrics, workbook
from service.formats.kinds import KINDS
from tests.service.country import served

EGDI = "A.EGDI_RANK.VN.PERIOD.UN._T"
NATION = {"reporting_unit": "VN"}
# A figure that was computed, one that is missing, and texts that a spreadsheet would run.
HARD = """
select * from (values
    ('A.EGDI_RANK.VN.PERIOD.UN._T', '1850', 71, 'A', 'rank', timestamptz '1899-12-30 10:00+07',
        cast(null as timestamptz), timestamptz '2026-01-01 00:00:00.123456+07', cast(7 as bigint), cast(null as text),
        '', '=1+1', cast(null as date), cast(null as date), cast(null as text[]), cast(null as text[])),
    ('A.EGDI_RANK.VN.PERIOD.UN._T', '2024', 1234567890.12345, 'P', 'percent', timestamptz '2024-09-17 00:00+07',
        null, timestamptz '2026-01-01 00:00+07', null, '＝1+1', E'Số 15,\\n"b"', null, date '2024-01-01',
        date '2024-12-31', array['aggregate:A', 'transform:pch'],
        array['Q.GDP.VN.PERIOD.GSO._T@2024-Q1', 'Q.GDP.VN.PERIOD.GSO._T@2024-Q2']),
    ('Q.EGDI_RANK.VN.PERIOD.UN._T', '2024-Q1', null, 'M', 'rank', timestamptz '2024-09-17 00:00+07',
        null, timestamptz '2026-01-01 00:00+07', 8, '-', null, null, null, null, null, null)
) as told(series, period, value, status, unit_measure, published_at, valid_to, recorded_at, submission, reason,
    document, comment, data_from, data_to, derived, computed_from)
order by series, period
"""


def get(client: TestClient, wanted: str, **parameters: str) -> Any:
    answer = client.get("/v1/observations", params={**parameters, "format": wanted})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == KINDS[wanted].content_type
    return answer


def in_json(client: TestClient, **parameters: str) -> list[dict[str, Any]]:
    return client.get("/v1/observations", params={**parameters, "limit": "100000"}).json()["observations"]


@pytest.fixture
def hard(connection: Connection) -> tuple[Connection, Statement, Metadata]:
    """A statement whose answer has everything that is hard to write, and what is to be known about it."""
    asked = Question(Selection({"indicator": ["EGDI_RANK"], "reporting_unit": ["VN"]}), Span(), datetime.now(UTC))
    told = metadata.gathered(connection, asked, as_of=None, address="http://chiso.example/v1/observations")
    (annual,) = told.series
    told.series.append(annual | {"series": f"Q{annual['series'][1:]}", "frequency": "Q"})
    return connection, Statement(HARD), told


def test_every_typed_format_has_the_same_figures_as_json(client: TestClient) -> None:
    ours = in_json(client, **NATION)
    by_parquet = pq.read_table(io.BytesIO(get(client, "parquet", **NATION).content))
    by_arrow = pa.ipc.open_stream(get(client, "arrow", **NATION).content).read_all()
    assert by_parquet.schema.names == by_arrow.schema.names == list(ANSWER_COLUMNS)
    assert by_parquet.to_pylist() == by_arrow.to_pylist()
    assert len(ours) == by_arrow.num_rows > 150
    for theirs, row in zip(by_arrow.to_pylist(), ours, strict=True):
        for name in ("series", "period", "value", "status", "unit_measure", "submission", "reason", "document"):
            assert theirs[name] == row[name]
        assert theirs["published_at"] == datetime.fromisoformat(row["published_at"])
    assert by_arrow.schema.field("published_at").type == pa.timestamp("us", tz="UTC")
    assert pa.types.is_dictionary(by_arrow.schema.field("series").type)


def test_a_typed_format_says_what_its_codes_mean_and_of_which_moment_it_is(client: TestClient) -> None:
    table = pq.read_table(io.BytesIO(get(client, "parquet", **NATION, as_of="2021-01-01").content))
    told = json.loads(table.schema.metadata[b"chiso"])
    assert told["as_of"].startswith("2021-01-0")
    assert told["query"].endswith("/v1/observations?reporting_unit=VN&as_of=2021-01-01")
    (rank,) = [each for each in told["indicators"] if each["code"] == "EGDI_RANK"]
    assert (rank["unit_measure"], rank["decimals"]) == ("rank", 0)
    assert [each["name_vi"] for each in told["reporting_units"]] == ["Việt Nam"]
    assert {each["code"] for each in told["statuses"]} == set("APEFBM")
    assert [each["name"] for each in told["columns"]] == list(ANSWER_COLUMNS)
    assert told["citation_en"].startswith("Chiso, “")


@pytest.mark.parametrize("write", [arrow.parquet, arrow.stream])
def test_nulls_empty_texts_lists_and_line_breaks_survive_in_columns(write: Any, hard: Any) -> None:
    whole = b"".join(write(*hard))
    table = pq.read_table(io.BytesIO(whole)) if write is arrow.parquet else pa.ipc.open_stream(whole).read_all()
    reported, computed, missing = table.to_pylist()
    assert (reported["document"], reported["comment"], reported["reason"]) == ("", "=1+1", None)
    assert reported["recorded_at"] == datetime(2025, 12, 31, 17, 0, 0, 123456, UTC)
    assert (computed["value"], computed["submission"], computed["document"]) == (1234567890.12345, None, 'Số 15,\n"b"')
    assert computed["derived"] == ["aggregate:A", "transform:pch"]
    assert len(computed["computed_from"]) == 2
    assert computed["data_to"] == date(2024, 12, 31)
    assert (missing["value"], missing["status"], missing["derived"]) == (None, "M", None)


def test_a_csv_of_computed_figures_is_escaped_for_spreadsheets_and_only_there(hard: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(b"".join(delimited.long(*hard[:2], "id", None)).decode(), newline="")))
    assert [row["comment"] for row in rows] == ["'=1+1", "", ""]
    assert [row["reason"] for row in rows] == ["", "'＝1+1", "'-"]
    assert rows[1]["computed_from"] == "Q.GDP.VN.PERIOD.GSO._T@2024-Q1 Q.GDP.VN.PERIOD.GSO._T@2024-Q2"
    assert rows[1]["value"] == "1234567890.12345"


def test_labels_are_codes_names_or_both(client: TestClient) -> None:
    both = pandas.read_csv(io.StringIO(get(client, "csv", indicator="EGDI_RANK", labels="both", **NATION).text))
    last = both.iloc[-1]
    assert (last["series"], last["indicator"], last["reporting_unit"]) == (EGDI, "EGDI_RANK", "VN")
    assert last["indicator_vi"].startswith("Xếp hạng Chỉ số phát triển Chính phủ điện tử")
    assert (last["reporting_unit_en"], last["status_vi"], last["unit_measure_en"]) == ("Viet Nam", "chính thức", "Rank")
    names = pandas.read_csv(io.StringIO(get(client, "csv", indicator="EGDI_RANK", labels="name", **NATION).text))
    assert set(names.columns) < set(both.columns)
    assert not {"series", "indicator", "status", "unit_measure"} & set(names.columns)
    assert names["value"].tolist() == both["value"].tolist()


SHARE = "A.DIGITAL_ECONOMY_GDP_SHARE.VN.PERIOD.GSO._T"


@pytest.mark.parametrize(
    ("asked", "measure", "title_vi", "title_en"),
    [
        (
            {"transform": "pch"},
            ("Điểm phần trăm", "Percentage points"),
            "thay đổi phần trăm so với kỳ trước",
            "percent change on the period before",
        ),
        (
            {"transform": "pch", "relative": "true"},
            ("Phần trăm", "Percent"),
            "thay đổi phần trăm so với kỳ trước, so với chính tỷ lệ",
            "percent change on the period before, relative to the rate itself",
        ),
        (
            {"transform": "log", "geography": "at:2024-12-31"},
            ("Lô-ga-rít tự nhiên", "Natural logarithm"),
            "theo đơn vị báo cáo ngày 31/12/2024; lô-ga-rít tự nhiên",
            "in the reporting units of 2024-12-31; natural logarithm",
        ),
        (
            {"transform": "index", "base": "2022"},
            ("Chỉ số (kỳ gốc = 100)", "Index (base period = 100)"),
            "chỉ số, 2022 = 100",
            "index, 2022 = 100",
        ),
    ],
)
def test_what_was_computed_and_what_it_is_measured_in_is_told_in_words_everywhere(
    client: TestClient, asked: dict[str, str], measure: tuple[str, str], title_vi: str, title_en: str
) -> None:
    def of(wanted: str, **more: str) -> Any:
        answer = client.get(f"/v1/series/{SHARE}/observations", params={**asked, **more, "format": wanted})
        assert answer.status_code == 200, answer.text
        return answer

    for labels in ("name", "both"):
        row = list(csv.DictReader(io.StringIO(of("csv", labels=labels).text)))[-1]
        assert (row["unit_measure_vi"], row["unit_measure_en"]) == measure
    told = of("json-stat").json()
    unit = told["dimension"]["indicator"]["category"]["unit"]["DIGITAL_ECONOMY_GDP_SHARE"]
    assert unit == {"label": " / ".join(measure), "decimals": 2}
    about = told["extension"]["chiso"]
    assert about["title_vi"].endswith(f" ({title_vi})")
    assert about["title_en"].endswith(f" ({title_en})")
    assert about["title_vi"] in about["citation_vi"]
    assert "percent" in {each["code"] for each in about["units_of_measure"]}
    book = openpyxl.load_workbook(io.BytesIO(of("xlsx").content))
    cells = {cell.value for name in ("Data", "Metadata") for row in book[name].iter_rows() for cell in row}
    assert {" / ".join(measure), "Phần trăm / Percent", f"{about['title_vi']} / {about['title_en']}"} <= cells


def test_every_transform_says_what_it_is_in_both_languages() -> None:
    for name in transforms.NAMES:
        vi, en = transforms.Transform(name, periods=4, base=None).said
        assert vi
        assert en
        assert vi != en


def test_how_a_figure_was_computed_is_printed_where_one_was(client: TestClient) -> None:
    for asked, shown in (({}, False), ({"transform": "chg"}, True)):
        found = client.get(f"/v1/series/{SHARE}/observations", params={**asked, "format": "xlsx"})
        data = openpyxl.load_workbook(io.BytesIO(found.content))["Data"]
        printed = data[str(data.print_area).replace("$", "").split("!")[-1]]
        names = [str(cell.value).split("\n")[1] for cell in next(iter(printed))]
        assert ("Derived" in names) is shown
        assert sum(data.column_dimensions[get_column_letter(at)].width for at in range(1, len(names) + 1)) <= 224


def test_a_row_that_is_missing_has_its_colour_in_every_cell(hard: Any) -> None:
    data = openpyxl.load_workbook(io.BytesIO(b"".join(workbook.written(*hard))))["Data"]
    colours = [{cell.fill.fgColor.rgb for cell in row} for row in data.iter_rows(min_row=2)]
    assert [len(each) for each in colours] == [1, 1, 1]
    assert colours[0] == colours[1] != colours[2]


def test_the_whole_of_a_breakdown_has_a_name_and_a_source_of_one_name_has_it_once(client: TestClient) -> None:
    row = next(csv.DictReader(io.StringIO(get(client, "csv", labels="name", **NATION).text)))
    assert (row["breakdown_vi"], row["breakdown_en"]) == ("tổng số", "total")
    data = openpyxl.load_workbook(io.BytesIO(get(client, "xlsx", **NATION).content))["Data"]
    heading, *rows = data.iter_rows(values_only=True)
    names = [str(each).split("\n")[1] for each in heading]
    assert {row[names.index("Breakdown")] for row in rows} >= {"tổng số / total"}
    for row in rows:
        vi, _, en = str(row[names.index("Source")]).partition(" / ")
        assert vi != en


def test_a_name_that_a_spreadsheet_would_run_is_escaped(hard: Any) -> None:
    connection, statement, about = hard
    about.indicators[0] = about.indicators[0] | {"name_vi": "=HYPERLINK(1)"}
    text = b"".join(delimited.long(connection, statement, "both", about)).decode()
    assert {row["indicator_vi"] for row in csv.DictReader(io.StringIO(text, newline=""))} == {"'=HYPERLINK(1)"}


def test_a_wide_table_has_a_row_a_period_and_each_value_beside_its_status(client: TestClient) -> None:
    ours = in_json(client, **NATION)
    rows = list(csv.DictReader(io.StringIO(get(client, "csv", layout="wide", **NATION).text)))
    assert [row["period"] for row in rows] == sorted({row["period"] for row in ours})
    wide = {
        (key, row["period"]): (row[key] and float(row[key]), row[f"{key}:status"])
        for row in rows
        for key in row
        if key != "period" and not key.endswith(":status") and row[f"{key}:status"]
    }
    assert wide == {
        (row["series"], row["period"]): ("" if row["value"] is None else row["value"], row["status"]) for row in ours
    }


def test_a_workbook_opens_with_numbers_dates_filters_and_a_heading_that_stays(client: TestClient) -> None:
    ours = in_json(client, **NATION)
    book = openpyxl.load_workbook(io.BytesIO(get(client, "xlsx", **NATION).content))
    assert book.sheetnames == ["Data", "Metadata", "Notes"]
    data = book["Data"]
    assert (data.freeze_panes, data.auto_filter.ref) == ("G2", f"A1:Y{len(ours) + 1}")
    heading, *rows = data.iter_rows()
    at = {str(cell.value).split("\n")[1]: number for number, cell in enumerate(heading)}
    assert all(len(str(cell.value).split("\n")) == 2 for cell in heading)
    assert len(rows) == len(ours)
    for row, told in zip(rows, ours, strict=True):
        assert row[at["Value"]].value == told["value"]
        assert row[at["Period"]].value == told["period"]
        assert row[at["Published at (UTC+7)"]].value == datetime.fromisoformat(told["published_at"]).replace(
            tzinfo=None
        )
        assert row[at["Series"]].value == told["series"]
    (rank,) = [row for row, told in zip(rows, ours, strict=True) if (told["series"], told["period"]) == (EGDI, "2024")]
    assert rank[at["Value"]].number_format == "#,##0"
    assert rank[at["Last day of period"]].value == datetime(2024, 12, 31)
    assert rank[at["Indicator (Vietnamese)"]].value.startswith("Xếp hạng Chỉ số phát triển")
    told = [str(cell.value) for row in book["Metadata"].iter_rows() for cell in row if cell.value]
    assert "EGDI_RANK" in told
    assert {"Truy vấn / Query", "Số liệu tính đến / As known at (UTC+7)"} < set(told)
    assert "Số chữ số thập phân\nDecimals" in told
    assert "Cách cộng dồn\nAccumulation" in [
        cell.value for row in (*book["Notes"].iter_rows(), heading) for cell in row
    ]
    assert any(text.startswith("Chiso, “") for text in told)


def test_two_series_of_two_sources_are_told_apart_on_screen_and_on_paper(client: TestClient) -> None:
    book = openpyxl.load_workbook(io.BytesIO(get(client, "xlsx", **NATION).content))
    data = book["Data"]
    heading, *rows = data.iter_rows()
    names = [str(cell.value).split("\n")[1] for cell in heading]
    frozen = names[: names.index("Value")]
    assert data.freeze_panes == heading[len(frozen)].column_letter + "2"
    assert {"Indicator (Vietnamese)", "Source", "Accumulation", "Breakdown", "Period"} < set(frozen)
    of_one = {tuple(cell.value for cell in row[: len(frozen)]) for row in rows}
    assert len(of_one) == len({(row[names.index("Series")].value, row[names.index("Period")].value) for row in rows})
    printed = next(iter(data[str(data.print_area).replace("$", "").split("!")[-1]]))
    assert {*frozen, "Value", "Published at (UTC+7)", "Indicator"} <= set(names[: len(printed)])


def test_what_is_printed_is_wrapped_and_as_wide_as_what_can_be_read_on_paper(client: TestClient) -> None:
    book = openpyxl.load_workbook(io.BytesIO(get(client, "xlsx", **NATION).content))
    data, told = book["Data"], book["Metadata"]
    last = str(data.print_area).split("$")[3]
    # Some 220 characters of ten points are 7 points high where they fill the width of A4.
    for sheet, columns in ((data, column_index_from_string(last)), (told, told.max_column)):
        letters = [get_column_letter(number) for number in range(1, columns + 1)]
        assert sum(sheet.column_dimensions[letter].width for letter in letters) <= 220
        texts = [cell for row in sheet[f"A2:{last}200"] for cell in row if len(str(cell.value or "")) > 40]
        assert texts
        assert all(cell.alignment.wrap_text for cell in texts)
    row = next(row for row in data.iter_rows(min_row=2) if len(str(row[3].value)) > 60)
    assert data.row_dimensions[row[0].row].height > 40


def test_a_value_does_not_touch_its_unit_and_a_day_has_no_time_of_day(client: TestClient) -> None:
    data = openpyxl.load_workbook(io.BytesIO(get(client, "xlsx", **NATION).content))["Data"]
    heading, *rows = data.iter_rows()
    at = {str(cell.value).split("\n")[1]: number for number, cell in enumerate(heading)}
    assert all(row[at["Unit of measure"]].alignment.indent for row in rows)
    for row in rows:
        moment = row[at["Published at (UTC+7)"]]
        assert ("hh" in moment.number_format) == (moment.value.time() != time())


def test_a_workbook_runs_nothing_and_takes_what_excel_has_no_word_for(hard: Any) -> None:
    book = openpyxl.load_workbook(io.BytesIO(b"".join(workbook.written(*hard))))
    cells = [cell for row in book["Data"].iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert all(cell.data_type != "f" for cell in cells)
    suspicious = [cell for cell in cells if str(cell.value).startswith(("=", "＝", "-"))]
    assert {cell.value for cell in suspicious} == {"=1+1", "＝1+1", "-"}
    assert all(cell.quotePrefix for cell in suspicious)
    # Excel has no day before 1900; such a day stays what it is, as text.
    old = [cell.value[:10] for cell in cells if str(cell.value).startswith("18")]
    assert old == [
        "1850",
        "1899-12-30",
        "1850-12-31",
    ]
    (computed,) = [cell for cell in cells if cell.value == 1234567890.12345]
    assert computed.number_format == "#,##0.00"


def test_json_stat_keeps_the_rules_of_its_specification(client: TestClient) -> None:
    ours = in_json(client, **NATION)
    told = get(client, "json-stat", **NATION).json()
    assert (told["version"], told["class"]) == ("2.0", "dataset")
    allowed = {"version", "class", "href", "label", "note", "link", "updated", "source", "error", "extension"}
    assert set(told) <= allowed | {"id", "size", "role", "dimension", "value", "status"}
    assert [len(told["dimension"][name]["category"]["index"]) for name in told["id"]] == told["size"]
    assert set(told["role"]) == {"time", "geo", "metric"}
    for dimension in told["dimension"].values():
        assert set(dimension) == {"label", "category"}
        category = dimension["category"]
        assert set(category) <= {"index", "label", "unit"}
        assert sorted(category["label"]) == sorted(category["index"])
    indicators = told["dimension"]["indicator"]["category"]
    assert set(indicators["unit"]) == set(indicators["index"])
    # Every cell back to what it says, by the arithmetic of the specification.
    found = {}
    for at, value in told["value"].items():
        rest, codes = int(at), []
        for name, size in zip(reversed(told["id"]), reversed(told["size"]), strict=True):
            rest, place = divmod(rest, size)
            codes.insert(0, told["dimension"][name]["category"]["index"][place])
        assert rest == 0
        found[".".join(codes[:-1]), codes[-1]] = (value, told["status"][at])
        assert told["extension"]["observations"]["published_at"][at]
    assert found == {(row["series"], row["period"]): (row["value"], row["status"]) for row in ours}


def test_computed_figures_say_so_in_json_stat(hard: Any) -> None:
    told = json.loads(b"".join(json_stat.dataset(*hard)))
    assert list(told["extension"]["observations"]["derived"].values()) == [["aggregate:A", "transform:pch"]]
    assert [told["value"][at] for at, status in told["status"].items() if status == "M"] == [None]


def test_open_metrics_gives_each_figure_at_the_end_of_its_period(client: TestClient) -> None:
    lines = get(client, "openmetrics", **NATION).text.splitlines()
    assert lines[-1] == "# EOF"
    assert [line for line in lines if line.startswith("# TYPE")] == [
        "# TYPE chiso_indicator_value gauge",
        "# TYPE chiso_indicator_status gauge",
        "# TYPE chiso_indicator_published_timestamp_seconds gauge",
    ]
    (rank,) = [
        line for line in lines if line.startswith('chiso_indicator_value{indicator="EGDI_RANK"') and " 71 " in line
    ]
    # The first moment of 2025 in Viet Nam.
    assert rank.endswith(f'unit_measure="rank"}} 71 {int(datetime(2024, 12, 31, 17, tzinfo=UTC).timestamp())}')
    ours = in_json(client, **NATION)
    values = [line for line in lines if line.startswith("chiso_indicator_value{")]
    statuses = [line for line in lines if line.startswith("chiso_indicator_status{")]
    assert (len(values), len(statuses)) == (sum(row["value"] is not None for row in ours), len(ours))


def test_a_missing_value_is_no_sample_and_has_a_status(hard: Any) -> None:
    lines = b"".join(open_metrics.samples(*hard)).decode().splitlines()
    assert sum(line.startswith("chiso_indicator_value{") for line in lines) == 2
    assert sum('status="M"} 1' in line for line in lines) == 1


def test_promtool_makes_blocks_of_open_metrics(client: TestClient, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")
    file = tmp_path / "figures.om"
    file.write_bytes(get(client, "openmetrics", indicator="EGDI_RANK", **NATION).content)
    command = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(file), str(tmp_path / "data")]
    subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "data" / "wal").mkdir()  # without which it takes the blocks for no database
    dumped = subprocess.run(
        [promtool, "tsdb", "dump", str(tmp_path / "data")], check=True, capture_output=True, text=True
    ).stdout
    assert '"chiso_indicator_value"' in dumped
    assert " 71 1735664400000" in dumped


def test_a_zip_proves_itself_and_is_the_same_bytes_again(client: TestClient) -> None:
    first, second = (get(client, "zip", indicator="EGDI_RANK", **NATION).content for _ in range(2))
    assert first == second
    archive = zipfile.ZipFile(io.BytesIO(first))
    assert archive.namelist() == ["data.csv", "metadata.json", "README.md", "SHA256SUMS"]
    assert archive.testzip() is None
    for line in archive.read("SHA256SUMS").decode().splitlines():
        total, name = line.split("  ")
        assert hashlib.sha256(archive.read(name)).hexdigest() == total
    assert archive.read("data.csv") == get(client, "csv", indicator="EGDI_RANK", **NATION).content
    told = json.loads(archive.read("metadata.json"))
    assert told["observations"] == 12
    readme = archive.read("README.md").decode()
    assert "- Truy vấn: http" in readme
    assert "- Số liệu tính đến: 2" in readme
    for said in (told["as_of"], told["query"], told["citation_vi"], told["citation_en"], told["licence_vi"]):
        assert said in readme


def test_a_question_is_cited_without_how_its_answer_was_written(client: TestClient) -> None:
    asked = {"format": "parquet", "indicator": "EGDI_RANK", "source": "UN,WIPO", "from": "2018"}
    metadata = pq.read_table(io.BytesIO(client.get("/v1/observations", params=asked).content)).schema.metadata
    told = json.loads(metadata[b"chiso"])
    assert told["query"] == "http://testserver/v1/observations?indicator=EGDI_RANK&source=UN%2CWIPO&from=2018"
    assert told["citation_vi"].endswith(told["query"])
    assert told["citation_en"].endswith(told["query"])
    alone = client.get(f"/v1/series/{EGDI}/observations", params={"format": "arrow"}).content
    schema = pa.ipc.open_stream(alone).schema
    assert json.loads(schema.metadata[b"chiso"])["query"] == f"http://testserver/v1/series/{EGDI}/observations"


@pytest.mark.parametrize("name", [name for name in KINDS if name != "json"])
def test_every_file_of_nothing_is_still_a_file(client: TestClient, name: str) -> None:
    answer = get(client, name, indicator="EGDI_RANK", **{"from": "2199", "to": "2199"})
    assert answer.content
    assert answer.headers["content-disposition"].startswith('attachment; filename="chiso-observations-')


def test_the_address_alone_is_enough_for_pandas(engine: Engine, tmp_path: Path) -> None:
    with served(app.create(engine)) as root:
        address = f"{root}/v1/series/{EGDI}/observations?format="
        by_csv = pandas.read_csv(f"{address}csv", index_col="period", parse_dates=["published_at"])
        by_parquet = pandas.read_parquet(f"{address}parquet").set_index("period")
        by_excel = pandas.read_excel(f"{address}xlsx", sheet_name="Data", engine="openpyxl")
    assert by_csv["value"].tolist() == by_parquet["value"].tolist() == by_excel["Giá trị\nValue"].tolist()
    assert by_csv["value"].tolist()[-1] == 71
    assert str(by_parquet["published_at"].dtype) == "datetime64[us, UTC]"


def test_a_file_is_named_for_what_is_in_it(client: TestClient) -> None:
    answer = get(client, "csv", indicator="EGDI_RANK", as_of="2021-01-01")
    assert answer.headers["content-disposition"] == 'attachment; filename="chiso-EGDI_RANK-2021-01-01.csv"'


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/csv, application/json;q=0.9", "text/csv; charset=utf-8"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/csv, */*", "text/csv; charset=utf-8"),
        ("application/json;q=0, */*", "text/csv; charset=utf-8"),
        ("text/*", "text/csv; charset=utf-8"),
        ("TEXT/CSV", "text/csv; charset=utf-8"),
    ],
)
def test_accept_is_weighed(client: TestClient, accept: str, content_type: str) -> None:
    answer = client.get(f"/v1/series/{EGDI}/observations", headers={"Accept": accept})
    assert answer.headers["content-type"] == content_type


@pytest.mark.parametrize(
    ("parameters", "headers", "status", "kind", "sentence"),
    [
        ({"format": "parket"}, {}, 406, "unknown-format", "Did you mean parquet? There are: json, csv, xlsx, parquet"),
        ({}, {"Accept": "image/png"}, 406, "unknown-format", "This is given as application/json, text/csv"),
        ({}, {"Accept": "text/csv;q=0"}, 406, "unknown-format", "This is given as"),
        ({"format": "xlsx", "limit": "5"}, {}, 400, "xlsx-has-no-pages", "XLSX comes whole"),
        ({"format": "xlsx", "labels": "both"}, {}, 400, "invalid-parameter", "“labels” is for CSV"),
        ({"layout": "wide"}, {}, 400, "invalid-parameter", "“layout” is for CSV"),
        ({"format": "csv", "layout": "wide", "labels": "name"}, {}, 400, "invalid-parameter", "headed by the keys"),
        (
            {"format": "csv", "labels": "nmae"},
            {},
            400,
            "invalid-parameter",
            "Did you mean name? There are: id, name, both.",
        ),
        ({"format": "excel"}, {}, 406, "unknown-format", "Did you mean xlsx?"),
    ],
)
def test_a_wrong_format_is_answered_with_what_there_is(
    client: TestClient, parameters: dict[str, str], headers: dict[str, str], status: int, kind: str, sentence: str
) -> None:
    answer = client.get(f"/v1/series/{EGDI}/observations", params=parameters, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert sentence in answer.json()["detail"]


@pytest.mark.parametrize(
    ("limit", "parameters", "what"),
    [
        ((workbook, "MOST_ROWS"), {"format": "xlsx"}, "observations"),
        ((json_stat, "MOST_OBSERVATIONS"), {"format": "json-stat"}, "observations"),
        ((json_stat, "MOST_CELLS"), {"format": "json-stat"}, "cells"),
        ((delimited, "MOST_WIDE_SERIES"), {"format": "csv", "layout": "wide"}, "series"),
    ],
)
def test_too_large_an_answer_says_how_large_and_names_a_part_that_fits(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, limit: Any, parameters: dict[str, str], what: str
) -> None:
    monkeypatch.setattr(*limit, 40)
    answer = client.get("/v1/observations", params={**NATION, **parameters})
    told = answer.json()
    assert (answer.status_code, told["type"], told["what"], told["limit"]) == (413, "/problems/too-many", what, 40)
    assert told["count"] > 40
    assert f"{told['count']:,}" in told["detail"]
    assert told["example"] in told["detail"]
    narrower = client.get(told["example"])
    assert narrower.status_code == 200
    assert narrower.headers["content-type"] == KINDS[parameters["format"]].content_type


@pytest.mark.parametrize(
    "path",
    [
        "observations?indicator=ICT_REVENUE&frequency=Q&accumulation=YTD&",
        "series/Q.ICT_REVENUE.VN.YTD.REPORT._T/observations?",
    ],
)
def test_the_part_of_an_answer_of_a_lower_frequency_is_made_of_the_figures_that_were_asked_for(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    whole = client.get(f"/v1/{path}aggregate=A").json()["observations"]
    assert len(whole) == 2
    monkeypatch.setattr(workbook, "MOST_ROWS", 1)
    told = client.get(f"/v1/{path}aggregate=A&format=xlsx").json()
    assert told["type"] == "/problems/too-many"
    part = client.get(told["example"].replace("format=xlsx", "format=json"))
    assert part.json()["observations"] == whole


MANY = """
select
    'A.EGDI_RANK.VN.PERIOD.UN._T' as series, '2024' as period, number as value, 'A' as status, 'rank' as unit_measure,
    now() as published_at, cast(null as timestamptz) as valid_to, now() as recorded_at, cast(1 as bigint) as submission,
    cast(null as text) as reason, md5(number::text) as document,
    (select string_agg(md5(number::text || part), '') from generate_series(1, {size} / 32) as part) as comment,
    cast(null as date) as data_from, cast(null as date) as data_to, cast(null as text[]) as derived,
    array[md5(number::text)] as computed_from
from generate_series(1, {rows}) as number
"""


@pytest.mark.parametrize(
    ("write", "rows", "size_bytes"),
    [
        (lambda *told: delimited.long(*told[:2], "both", told[2]), 50_000, 960),
        (arrow.parquet, 50_000, 960),
        (arrow.stream, 50_000, 960),
        (workbook.written, 700, 32_000),
    ],
    ids=["csv", "parquet", "arrow", "xlsx"],
)
def test_some_fifty_megabytes_pass_through_in_little_memory(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, write: Any, rows: int, size_bytes: int
) -> None:
    monkeypatch.setattr(arrow, "BATCH_ROWS", 2_000)
    asked = Question(Selection({"indicator": ["EGDI_RANK"], "reporting_unit": ["VN"]}), Span(), datetime.now(UTC))
    about = metadata.gathered(connection, asked, as_of=None, address="http://chiso.example/")
    process = psutil.Process()

    def growth(count: int) -> int:
        before = most = process.memory_info().rss
        for _ in write(connection, Statement(MANY.format(rows=count, size=size_bytes)), about):
            most = max(most, process.memory_info().rss)
        return most - before

    growth(rows // 10)  # what the libraries take for themselves
    assert growth(rows) < 25e6

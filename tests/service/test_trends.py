"""Trends of what nobody promised: with which figure the last is compared, what is said of it, and how it is asked for.

Where a test publishes, it asks as of the end of 2009, when no shipped figure of these indicators was public.
"""

import csv
import io
import json
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine

from ingest import catalogue
from ingest.observation import TOTAL
from ingest.period import LOCAL_ZONE, now
from service import app, database
from service.api.verdict_shapes import Trends
from service.archive.verdicts import sentences, trends
from service.archive.verdicts.trends import TREND_COLUMNS, Wanted
from service.archive.verdicts.wording import TREND_REASONS, TRENDS
from service.formats import trend_sheet
from tests.conftest import Clock
from tests.ingest.test_ledger import append
from tests.service.test_verdict_inputs import publish

END_OF_2009 = datetime(2009, 12, 31, 23, 59, tzinfo=LOCAL_ZONE)
RATE, LIMITED, RANK, STOCK, DOWN, NEITHER = (
    "ONLINE_FILING_RATE",
    "COVERAGE_5G",
    "EGDI_RANK",
    "DIGITAL_FIRMS",
    "VILLAGE_SIGNAL_GAPS",
    "BUDGET_REVENUE",
)


def told(connection: Connection, *, as_of: datetime = END_OF_2009, **wanted: Any) -> list[dict[str, Any]]:
    return trends.judged(connection, Wanted(**wanted), as_of=as_of).rows()


def only(connection: Connection, indicator: str = RATE, **wanted: Any) -> dict[str, Any]:
    (row,) = told(connection, indicators=[indicator], reporting_units=["VN"], **wanted)
    return row


def rises(connection: Connection, key: str, *periods: str) -> None:
    """A series that is 1 in the first of these periods, 2 in the second, and so on."""
    values = {f"_{period.replace('-', '_')}": place for place, period in enumerate(periods, 1)}
    publish(connection, key, "2009-12-30", **values)


# With which figure


@pytest.mark.parametrize(
    ("periods", "base"),
    [
        (("2002", "2003", "2004", "2005", "2006", "2007", "2008", "2009"), "2004"),
        (("2003", "2006", "2007", "2009"), "2006"),  # six years before is too far
        (("2008", "2009"), "2008"),
        (("2003", "2009"), None),
        (("2009",), None),
        (("2004-Q3", "2008-Q3", "2009-Q2", "2009-Q3"), "2004-Q3"),
        (("2004-Q2", "2004-Q4", "2007-Q3", "2009-Q2", "2009-Q3"), "2007-Q3"),
        (("2008-Q4", "2009-Q3"), None),
        (("2005-11", "2004-12", "2005-12", "2009-12"), "2004-12"),
        (("2004-12-14", "2004-12-15", "2004-12-16", "2009-12-15"), "2004-12-15"),
        (("2004-12-14", "2006-12-15", "2009-12-15"), "2006-12-15"),
        (("2004-W52", "2004-W53", "2009-W53"), "2004-W53"),
        (("2004-W07", "2004-W08", "2009-W08"), "2004-W08"),
        (("2004-W06", "2005-W07", "2005-W08", "2009-W08"), "2005-W07"),
    ],
)
def test_the_base_is_the_same_period_of_five_years_before_or_the_nearest_to_it(
    connection: Connection, periods: tuple[str, ...], base: str | None
) -> None:
    frequency = periods[0][5:6] if periods[0][5:6].isalpha() else "AMD"[periods[0].count("-")]
    rises(connection, f"{frequency}.{RATE}.VN.PERIOD.REPORT", *sorted(periods))
    row = only(connection)
    assert (row["value_period"], row["base_period"]) == (periods[-1], base)
    assert row["reason"] == (None if base else "one_point")
    assert (row["base"] is None) == (row["years"] is None) == (row["growth_percent"] is None) == (base is None)


def test_a_total_since_january_is_compared_with_one_of_as_many_months(connection: Connection) -> None:
    key = "Q.ICT_REVENUE.VN.YTD.REPORT"
    publish(connection, key, "2009-12-30", _2005_Q3=30, _2005_Q4=50, _2008_Q4=80, _2009_Q2=20, _2009_Q3=35)
    row = only(connection, "ICT_REVENUE")
    assert (row["value"], row["value_period"], row["base"], row["base_period"]) == (35, "2009-Q3", 30, "2005-Q3")
    assert (row["years"], row["growth_percent"]) == (4, pytest.approx(100 * ((35 / 30) ** (1 / 4) - 1)))
    assert row["state"] == "on_track"
    assert "so với mức 30 tỷ USD lũy kế từ đầu năm đến hết quý III/2005" in _spaced(row["sentence_vi"])


def test_one_line_answers_and_it_is_the_one_that_verdicts_prefer(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.NPSP", "2009-12-30", _2004=10, _2009=20)
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", "2009-12-30", _2003=1, _2008=2)
    publish(connection, f"Q.{RATE}.VN.YTD.REPORT", "2009-12-30", _2003_Q4=3, _2008_Q4=4)
    publish(connection, f"Q.{RATE}.VN.PERIOD.REPORT", "2009-12-30", _2003_Q4=5, _2008_Q4=6)
    assert only(connection)["series"] == f"A.{RATE}.VN.PERIOD.REPORT.{TOTAL}"
    assert only(connection, sources=["NPSP"])["value"] == 20
    assert told(connection, indicators=[RATE], sources=["DERIVED"]) == []
    publish(connection, f"Q.{RATE}.VN.YTD.REPORT", "2009-12-31", _2009_Q1=7)
    publish(connection, f"Q.{RATE}.VN.PERIOD.REPORT", "2009-12-31", _2009_Q1=8)
    assert only(connection)["value"] == 8


def test_forecasts_and_what_is_missing_or_withdrawn_are_no_figures(connection: Connection) -> None:
    key = f"A.{RATE}.VN.PERIOD.REPORT"
    publish(connection, key, "2009-12-01", _2002=5, _2003=10, _2007=20, _2008=30)
    usual = {"series": f"{key}.{TOTAL}", "published_at": "2009-12-02", "reason": "test"}
    append(
        connection,
        {**usual, "period": "2009", "value": "60", "status": "F"},
        {**usual, "period": "2008", "value": None, "status": "M"},
        {**usual, "period": "2002", "value": None, "withdrawn": True},
    )
    row = only(connection)
    assert (row["value_period"], row["base_period"]) == ("2007", "2003")


def test_the_past_is_told_again_exactly_though_figures_were_revised_since(connection: Connection) -> None:
    key = f"A.{RATE}.VN.PERIOD.REPORT"
    publish(connection, key, "2009-06-01", _2003=10, _2004=20, _2008=30)
    then = datetime(2009, 7, 1, tzinfo=LOCAL_ZONE)
    before = only(connection, as_of=then)
    publish(connection, key, "2009-08-01", _2003=15, _2008=40)
    publish(connection, key, "2009-09-01", _2003=15, _2009=10)
    assert only(connection, as_of=then) == before
    assert (before["base"], before["value"]) == (10, 30)
    after = only(connection)
    assert (after["base_period"], after["value"], after["state"]) == ("2004", 10, "moving_away")
    assert before["value_published_at"].isoformat() == "2009-06-01T00:00:00+07:00"
    assert after["value_published_at"].isoformat() == "2009-09-01T00:00:00+07:00"
    between = only(connection, as_of=datetime(2009, 8, 15, tzinfo=LOCAL_ZONE))
    assert (between["base"], between["value"]) == (15, 40)
    assert between["base_published_at"].isoformat() == "2009-08-01T00:00:00+07:00"
    assert told(connection, indicators=[RATE], as_of=datetime(2009, 5, 1, tzinfo=LOCAL_ZONE)) == []


def test_trends_are_by_indicator_and_then_by_the_alphabet_of_the_units(connection: Connection) -> None:
    for unit in ("VN", "GSO37", "GSO89", "GSO48"):
        rises(connection, f"A.{STOCK}.{unit}.STOCK.REPORT", "2004", "2009")
    rises(connection, f"A.{RATE}.GSO48.PERIOD.REPORT", "2004", "2009")
    rows = told(connection, indicators=[RATE, STOCK])
    assert [(row["indicator"], row["reporting_unit"]) for row in rows] == [
        *((STOCK, unit) for unit in ("GSO89", "GSO48", "GSO37", "VN")),  # An Giang, Đà Nẵng, Ninh Bình, Việt Nam
        (RATE, "GSO48"),
    ]


# What is said of it

VALUE_OF_RATE = "Tỷ lệ hồ sơ thủ tục hành chính xử lý trực tuyến của Việt Nam năm 2009 là"
FOR_RATE = "in 2009 for “Files processed online”"
TOLD: dict[str, tuple[str, tuple[Any, Any], tuple[str, str | None], str, str, str | None]] = {
    "much": (
        RATE,
        (20, 23.4),
        ("on_track", None),
        "23,4 %, tiến bộ rõ rệt (tốc độ cải thiện bình quân 3,2 %/năm so với mức 20 % năm 2004).",
        "significant progress (3.2% better a year, from 20% in 2004).",
        "(23.4/20)^(1/5) − 1 = 3.2 %",
    ),
    "some": (
        RATE,
        (20, 21),
        ("acceleration_needed", None),
        "21 %, tiến bộ vừa phải (tốc độ cải thiện bình quân 1 %/năm so với mức 20 % năm 2004).",
        "moderate progress (1% better a year, from 20% in 2004).",
        "(21/20)^(1/5) − 1 = 1 %",
    ),
    "none": (
        RATE,
        (20, 20),
        ("off_track", None),
        "20 %, gần như không tiến bộ (tốc độ cải thiện bình quân 0 %/năm so với mức 20 % năm 2004).",
        "hardly any progress (0% better a year, from 20% in 2004).",
        "(20/20)^(1/5) − 1 = 0 %",
    ),
    "the wrong way": (
        DOWN,
        (20, 30),
        ("moving_away", None),
        "30, đi ngược hướng mong muốn (tốc độ suy giảm bình quân 8,4 %/năm so với mức 20 năm 2004).",
        "moving the wrong way (8.4% worse a year, from 20 in 2004).",
        "−((30/20)^(1/5) − 1) = −8.4 %",
    ),
    "down, as is wanted": (
        DOWN,
        (20, 0),
        ("on_track", None),
        "0, tiến bộ rõ rệt (tốc độ cải thiện bình quân 100 %/năm so với mức 20 năm 2004).",
        "significant progress (100% better a year, from 20 in 2004).",
        "−((0/20)^(1/5) − 1) = 100 %",
    ),
    "at the limit": (
        LIMITED,
        (100, 100),
        ("on_track", None),
        "100 %, giữ vững ở mức tốt nhất (tốc độ cải thiện bình quân 0 %/năm so với mức 100 % năm 2004).",
        "held at the best that there is (0% better a year, from 100% in 2004).",
        "(100/100)^(1/5) − 1 = 0 %",
    ),
    "near the limit": (
        LIMITED,
        (99, 99.5),
        ("on_track", None),
        "99,5 %, tiến bộ rõ rệt (tốc độ cải thiện bình quân 0,1 %/năm so với mức 99 % năm 2004).",
        "significant progress (0.1% better a year, from 99% in 2004).",
        "(99.5/99)^(1/5) − 1 = 0.1 %",
    ),
    "across zero, as is wanted": (
        STOCK,
        (-2, 3),
        ("on_track", None),
        "3, tiến bộ rõ rệt (so với mức -2 năm 2004).",
        "significant progress (from -2 in 2004).",
        None,
    ),
    "across zero": (
        STOCK,
        (2, -3),
        ("cannot_be_judged", "sign_change"),
        "-3, chưa đánh giá được xu hướng vì giá trị đổi dấu nên không có tốc độ tăng trưởng; cần so sánh trực tiếp"
        " hai giá trị.",
        "the trend cannot be judged because there is no growth rate across zero; the two values have to be compared as"
        " they are.",
        None,
    ),
    "from zero": (
        STOCK,
        (0, 3),
        ("cannot_be_judged", "zero_base"),
        "3, chưa đánh giá được xu hướng vì mức gốc bằng 0 nên không có tốc độ tăng trưởng; cần so sánh trực tiếp hai"
        " giá trị.",
        "the trend cannot be judged because nothing grows by a rate from a base of 0; the two values have to be"
        " compared as they are.",
        None,
    ),
    "a break": (
        RATE,
        (20, "30B"),
        ("cannot_be_judged", "break_in_series"),
        "30 % (gián đoạn chuỗi), chưa đánh giá được xu hướng vì chuỗi số liệu bị gián đoạn do thay đổi phương pháp tính"
        " sau kỳ gốc; cần có số liệu kỳ gốc theo phương pháp mới.",
        "the trend cannot be judged because the series is broken by a new method after its base; it can be judged once"
        " there is a base by the new method.",
        None,
    ),
    "a break behind the base": (
        RATE,
        ("20B", 20.6),
        ("acceleration_needed", None),
        "20,6 %, tiến bộ vừa phải (tốc độ cải thiện bình quân 0,6 %/năm so với mức 20 % (gián đoạn chuỗi) năm 2004).",
        "moderate progress (0.6% better a year, from 20% (break in the series) in 2004).",
        "(20.6/20)^(1/5) − 1 = 0.6 %",
    ),
    "one figure": (
        RATE,
        (None, 30),
        ("cannot_be_judged", "one_point"),
        "30 %, chưa đánh giá được xu hướng vì chưa có số liệu cùng kỳ của năm nào trong 5 năm trước để so sánh; sẽ"
        " đánh giá được khi có số liệu đó.",
        "the trend cannot be judged because there is no figure of the same period of any of the five years before; it"
        " can be judged once there is one.",
        None,
    ),
    "a rank": (
        RANK,
        (90, 80),
        ("cannot_be_judged", "growth_of_a_rank"),
        "chưa đánh giá được xu hướng vì thứ hạng không có tốc độ tăng trưởng; cần so sánh số bậc xếp hạng giữa các kỳ.",
        "the trend cannot be judged because a rank has no growth rate; its places have to be compared.",
        None,
    ),
    "nobody says what is better": (
        NEITHER,
        (2, 3),
        ("cannot_be_judged", "no_direction"),
        "chưa đánh giá được xu hướng vì chưa xác định chỉ tiêu tăng hay giảm là tốt; cần bổ sung chiều của chỉ tiêu"
        " trong danh mục.",
        "the trend cannot be judged because nobody has said whether more or less is better; the catalogue has to say"
        " it.",
        None,
    ),
}


def said(connection: Connection, indicator: str, figures: tuple[Any, Any], unit: str = "VN") -> dict[str, Any]:
    """What is said where these are the figures of 2004 and 2009."""
    values = {year: value for year, value in zip(("_2004", "_2009"), figures, strict=True) if value is not None}
    publish(connection, f"A.{indicator}.{unit}.STOCK.REPORT", "2009-12-30", **values)
    (row,) = told(connection, indicators=[indicator], reporting_units=[unit], sources=["REPORT"])
    return row


@pytest.mark.parametrize("name", TOLD)
def test_a_trend_is_told_as_an_official_would_write_it(name: str, connection: Connection) -> None:
    indicator, figures, (state, reason), vi, en, formula = TOLD[name]
    row = said(connection, indicator, figures)
    assert (row["state"], row["reason"], row["formula"]) == (state, reason, formula)
    assert _spaced(row["sentence_vi"]).endswith(vi)
    assert row["sentence_en"].endswith(f": {en}")
    assert set(row) == set(TREND_COLUMNS)
    assert row["method"] == "trend"


def test_a_sentence_is_whole(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", "2009-12-30", _2004=20, _2009=23.4)
    row = only(connection)
    assert _spaced(row["sentence_vi"]) == f"{VALUE_OF_RATE} {TOLD['much'][3]}"
    assert row["sentence_en"] == f"Viet Nam stood at 23.4% {FOR_RATE}: {TOLD['much'][4]}"
    assert row["score"] == 5


def test_every_phrase_and_every_reason_of_a_trend_is_told(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[str] = set()

    class Watched(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            used.add(key)
            return super().__getitem__(key)

    monkeypatch.setattr(sentences, "TRENDS", Watched(TRENDS))
    monkeypatch.setattr(sentences, "TREND_REASONS", Watched(TREND_REASONS))
    for unit, (indicator, figures, *_) in zip(catalogue.read().reporting_units, TOLD.values(), strict=False):
        said(connection, indicator, figures, unit.code)
    assert {*TRENDS, *TREND_REASONS} - used == set()


def _spaced(sentence: str) -> str:
    return sentence.replace("\u00a0", " ")


# Asking for them


def get(client: TestClient, **parameters: Any) -> dict[str, Any]:
    answer = client.get("/v1/trends", params=parameters)
    assert answer.status_code == 200, answer.text
    Trends.model_validate(json.loads(answer.text))
    return answer.json()


def test_there_is_one_trend_for_each_indicator_and_unit_with_figures(client: TestClient) -> None:
    rows = get(client, limit=10_000)["trends"]
    assert len(rows) > 200
    assert tuple(rows[0]) == TREND_COLUMNS
    pairs = [(row["indicator"], row["reporting_unit"]) for row in rows]
    assert len(set(pairs)) == len(pairs)
    figures = client.get("/v1/observations", params={"breakdown": TOTAL, "limit": 100_000}).json()["observations"]
    there = {each["series"] for each in figures if each["value"] is not None and each["status"] != "F"}
    assert set(pairs) == {tuple(key.split(".")[1:3]) for key in there}


def test_every_parameter_leaves_out_what_it_does_not_name(client: TestClient) -> None:
    everything = get(client, limit=10_000)["trends"]
    for name in ("indicator", "reporting_unit", "state"):
        word = everything[-1][name]
        some = get(client, limit=10_000, **{name: word})["trends"]
        assert some == [row for row in everything if row[name] == word], name
        assert 0 < len(some) < len(everything), name
    two = get(client, limit=10_000, state="on_track,moving_away")["trends"]
    assert {row["state"] for row in two} == {"on_track", "moving_away"}
    from_un = get(client, limit=10_000, source="UN")["trends"]
    assert {row["series"].split(".")[4] for row in from_un} == {"UN"}
    members = client.get("/v1/groups/RED_RIVER_DELTA").json()["members"]
    some = get(client, limit=10_000, reporting_unit="@RED_RIVER_DELTA")["trends"]
    codes = {each["reporting_unit"] for each in members}
    assert some == [row for row in everything if row["reporting_unit"] in codes]
    assert some


def test_pages_are_of_one_moment_and_make_the_whole(client: TestClient) -> None:
    whole = get(client, limit=10_000)
    page, rows, moments = get(client, limit=90), [], set()
    while True:
        rows += page["trends"]
        moments.add(page["as_of"])
        if page["next"] is None:
            break
        page = get(client, limit=90, cursor=page["next"])
    assert rows == whole["trends"]
    assert moments == {whole["as_of"]}
    other = client.get("/v1/trends", params={"state": "on_track", "cursor": get(client, limit=90)["next"]})
    assert other.json()["type"] == "/problems/not-a-cursor"


def test_csv_and_xlsx_hold_the_same_trends(client: TestClient) -> None:
    rows = get(client, limit=10_000)["trends"]
    listed = list(csv.DictReader(io.StringIO(client.get("/v1/trends", params={"format": "csv"}).text)))
    assert tuple(listed[0]) == TREND_COLUMNS
    assert listed == [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]
    answer = client.get("/v1/trends", params={"format": "xlsx"})
    assert answer.headers["content-disposition"].startswith('attachment; filename="chiso-trends-2')
    (sheet,) = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets
    heading, *cells = ([cell.value for cell in row] for row in sheet.iter_rows())
    assert heading[:2] == ["Chỉ tiêu\nIndicator", "Đơn vị báo cáo\nReporting unit"]
    assert tuple(trend_sheet.HEADINGS) == TREND_COLUMNS
    for row, of_row in zip(rows, cells, strict=True):
        for value, cell in zip(row.values(), of_row, strict=True):
            assert value == cell or isinstance(cell, datetime)
    assert client.get("/v1/trends", params={"format": "xlsx"}).content == answer.content


def test_an_answer_holds_until_a_figure_comes_though_days_begin(own_engine: Engine) -> None:
    clock = Clock(now() + timedelta(days=1))
    with TestClient(app.create(own_engine, clock=clock)) as client:
        held = {"If-None-Match": client.get("/v1/trends").headers["etag"]}
        clock.go_on(days=40)
        assert client.get("/v1/trends", headers=held).status_code == 304
        with database.writing(own_engine) as connection:
            publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", now().isoformat(), _2025=80)
        assert client.get("/v1/trends", headers=held).status_code == 200
        assert get(client, indicator=RATE, reporting_unit="VN")["trends"][0]["value"] == 80


@pytest.mark.parametrize(
    ("parameters", "status", "kind", "sentence"),
    [
        ({"indicator": "EGDI_RNK"}, 404, "unknown-code", "Did you mean EGDI_RANK"),
        ({"reporting_unit": "@NOBODY"}, 404, "unknown-code", "“@NOBODY” is no reporting unit"),
        ({"source": "UNO"}, 404, "unknown-code", "“UNO” is no source"),
        ({"state": "on track"}, 400, "invalid-parameter", "There are: cannot_be_judged, moving_away, off_track"),
        ({"format": "csv", "limit": "5"}, 400, "csv-has-no-pages", "CSV comes whole"),
        ({"format": "parquet"}, 406, "unknown-format", "There are: json, csv, xlsx"),
        ({"plan": "QD749_2020"}, 400, "unknown-parameter", "There are: as_of"),
        ({"as_of": "gestern"}, 400, "not-a-moment", "“gestern” is no day"),
    ],
)
def test_a_wrong_question_is_answered_with_what_there_is(
    client: TestClient, parameters: dict[str, str], status: int, kind: str, sentence: str
) -> None:
    problem = client.get("/v1/trends", params=parameters).json()
    assert (problem["status"], problem["type"]) == (status, f"/problems/{kind}")
    assert sentence in problem["detail"]


def test_of_the_past_is_told_what_was_known_then(client: TestClient) -> None:
    assert get(client, indicator=RATE, as_of="1990-01-01")["trends"] == []
    told = get(client, indicator="EGDI_SCORE", reporting_unit="VN", as_of="2021-01-01")
    assert told["as_of"].startswith("2021-01-01T23:59:59.999999")
    assert [(row["value_period"], row["base_period"]) for row in told["trends"]] == [("2020", "2016")]

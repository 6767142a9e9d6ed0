"""The API for programs that read, on the figures that every first start loads."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas
import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import Engine

from ingest import period
from service import app
from service.api import shapes, vintage_shapes
from service.archive.question import ANSWER_COLUMNS
from tests.conftest import Clock

EGDI = "A.EGDI_RANK.VN.PERIOD.UN._T"


def get(client: TestClient, path: str, **parameters: str) -> dict[str, Any]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(client: TestClient, path: str, status: int, **parameters: str) -> dict[str, Any]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["instance"] == path.split("?")[0]
    return told


def test_the_rank_of_viet_nam_in_twelve_editions(client: TestClient) -> None:
    rows = get(client, "/v1/observations", indicator="EGDI_RANK", reporting_unit="VN")["observations"]
    ranks = {row["period"]: row["value"] for row in rows}
    assert len(rows) == 12
    assert (ranks["2003"], ranks["2020"], ranks["2022"], ranks["2024"]) == (97, 86, 86, 71)
    assert all(row["unit_measure"] == "rank" and row["status"] == "A" and row["document"] for row in rows)


def test_as_of_the_first_of_january_2021_the_last_rank_is_86(client: TestClient) -> None:
    rows = get(client, "/v1/observations", indicator="EGDI_RANK", reporting_unit="VN", as_of="2021-01-01")
    assert (rows["observations"][-1]["period"], rows["observations"][-1]["value"]) == ("2020", 86)


def test_a_day_of_publication_is_in_its_own_as_of_and_not_in_the_day_before(client: TestClient) -> None:
    path = f"/v1/series/{EGDI}/observations"
    assert get(client, path, as_of="2024-09-17")["observations"][-1]["period"] == "2024"
    assert get(client, path, as_of="2024-09-16")["observations"][-1]["period"] == "2022"
    assert get(client, path, as_of="2024-09-16T23:59:59.999999+07:00")["observations"][-1]["period"] == "2022"
    assert get(client, path, as_of="2024-09-17T00:00:00+07:00")["observations"][-1]["period"] == "2024"


def test_as_of_for_ever_is_what_is_public_now(client: TestClient) -> None:
    path = f"/v1/series/{EGDI}/observations"
    assert get(client, path, as_of="9999-12-31") == get(client, path)
    page = get(client, "/v1/observations", as_of="9999-12-31", limit="5")
    assert len(get(client, "/v1/observations", as_of="9999-12-31", limit="5", cursor=page["next"])["observations"]) == 5


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/series/{EGDI}/observations",
        f"/v1/series/{EGDI}/vintages",
        f"/v1/series/{EGDI}/changes",
        "/v1/observations?indicator=EGDI_RANK&format=csv",
        "/v1/latest",
        "/v1/calendar",
        "/v1/obligations",
        "/v1/verdicts?indicator=EGDI_RANK",
        "/v1/scoreboard",
        "/v1/targets",
        "/v1/availability",
        "/v1/indicators/EGDI_RANK",
    ],
)
def test_nobody_knows_what_is_known_at_a_moment_to_come(client: TestClient, path: str) -> None:
    today = period.now().astimezone(period.LOCAL_ZONE).date()
    asked = f"{path}{'&' if '?' in path else '?'}as_of="
    assert client.get(f"{asked}{today}").status_code == 200
    for ahead in (today + timedelta(1), "2999", "2999-12-31T00:00:00Z"):
        answer = client.get(f"{asked}{ahead}")
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-parameter")
        assert answer.json()["parameter"] == "as_of"


def test_today_is_now_and_later_the_end_of_its_day(engine: Engine) -> None:
    clock = Clock(datetime(2040, 3, 1, 5, tzinfo=UTC))
    with TestClient(app.create(engine, clock=clock)) as client:
        path = f"/v1/series/{EGDI}/observations"
        now, today = (client.get(path, params=asked) for asked in ({}, {"as_of": "2040-03-01"}))
        assert today.json() == now.json()
        assert "ETag" not in today.headers  # the same address means another moment tomorrow
        files = [client.get(f"{path}?format=json-stat{each}").json() for each in ("", "&as_of=2040-03-01")]
        assert len({file["extension"]["chiso"]["as_of"] for file in files}) == 1
        page = get(client, "/v1/observations", as_of="2040-03-01", limit="5")
        clock.go_on(days=1)
        assert get(client, "/v1/observations", as_of="2040-03-01", limit="5", cursor=page["next"])["observations"]
        assert get(client, path, as_of="2040-03-01")["as_of"] == "2040-03-01T23:59:59.999999+07:00"


@pytest.mark.parametrize(("written", "end"), [("2021", "12-31"), ("2021-01", "01-31"), ("2021-W05", "02-07")])
def test_a_period_in_the_place_of_a_moment_means_its_end(client: TestClient, written: str, end: str) -> None:
    told = get(client, f"/v1/series/{EGDI}/observations", as_of=written)
    assert told["as_of"] == f"2021-{end}T23:59:59.999999+07:00"


@pytest.mark.parametrize("written", ["03/04/2021", "3.4.2021", "20210403", "quý I/2021", "03-04-2021"])
@pytest.mark.parametrize("parameter", ["as_of", "revised_since"])
def test_a_moment_that_can_be_read_in_two_ways_is_refused(client: TestClient, parameter: str, written: str) -> None:
    answer = client.get("/v1/observations", params={parameter: written})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/not-a-moment")
    assert answer.json()["parameter"] == parameter
    assert ("write 2021-04-03" in answer.json()["detail"]) == written.startswith(("03", "3"))


@pytest.mark.parametrize(
    ("asked", "parameter", "near"),
    [
        ({"as_of": "yesterday"}, "as_of", None),
        ({"geography": "at:2024"}, "geography", None),
        ({"transform": "yoy"}, "transform", None),
        ({"transform": "pcg"}, "transform", "pch"),
        ({"transform": "index"}, "base", None),
        ({"transform": "chg", "relative": "true"}, "relative", None),
        ({"transform": "pch", "indicator": "EGDI_RANK"}, "transform", None),
        ({"aggregate": "S", "indicator": "EGDI_RANK", "frequency": "A"}, "aggregate", None),
        ({"aggregate": "Y"}, "aggregate", "A"),
        ({"aggregate": "quarterly"}, "aggregate", "Q"),
        ({"from": "2020-13"}, "from", None),
        ({"to": "2020-13"}, "to", None),
        ({"from": "2024", "to": "2020"}, "from", None),
        ({"format": "cvs"}, "format", "csv"),
        ({"format": "csv", "limit": "5"}, "limit", None),
        ({"cursor": "x"}, "cursor", None),
        ({"reporting_unit": "@ASEN"}, "reporting_unit", "@ASEAN"),
        ({"unit": "VN"}, "unit", "reporting_unit"),
        ({"layout": "wyde", "format": "csv"}, "layout", "wide"),
    ],
)
def test_a_refusal_names_the_parameter_and_what_was_probably_meant(
    client: TestClient, asked: dict[str, str], parameter: str, near: str | None
) -> None:
    answer = client.get("/v1/observations", params=asked)
    assert 400 <= answer.status_code < 500
    told = answer.json()
    assert told["parameter"] == parameter
    assert near is None or near in told["nearest"]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/changes?since=x", "since"),
        ("/v1/changes?since=2021-13-01", "since"),
        ("/v1/calendar?from=soon", "from"),
        ("/v1/groups?valid_on=soon", "valid_on"),
        ("/v1/reporting-units?valid_on=soon", "valid_on"),
        ("/v1/revisions?since=soon", "since"),
        ("/v1/series/EGDI/observations", "key"),
    ],
)
def test_so_does_one_of_another_address(client: TestClient, path: str, parameter: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)


def test_one_series_is_its_row_and_leads_to_what_is_told_of_it(client: TestClient) -> None:
    told = get(client, f"/v1/series/{EGDI}")
    links = told.pop("links")
    (row,) = get(client, "/v1/series", indicator="EGDI_RANK", reporting_unit="VN", source="UN")["series"]
    assert told == row
    assert {"observations", "vintages", "changes"} < set(links)
    assert {client.get(address).status_code for address in links.values()} == {200}
    unknown = problem(client, f"/v1/series/{EGDI.replace('VN', 'VM')}", 404)
    assert EGDI in unknown["nearest"]


def test_a_citation_of_many_sources_counts_them(client: TestClient) -> None:
    def source(**asked: str) -> str:
        told = client.get("/v1/observations", params={**asked, "reporting_unit": "VN", "format": "json-stat"}).json()
        return told["extension"]["chiso"]["citation_en"].partition("(source: ")[2].partition("), as published")[0]

    assert source(indicator="EGDI_RANK,GII_RANK", source="UN,WIPO").count("; ") == 1
    assert re.fullmatch(r"\d+ sources", source())


def test_moments_are_told_in_the_zone_of_the_country(client: TestClient) -> None:
    for path in ("/v1/calendar", "/v1/latest", "/v1/observations?limit=1"):
        assert client.get(path).json()["as_of"].endswith("+07:00"), path


def test_three_vintages_of_one_share_stand_with_their_spans_and_reasons(client: TestClient) -> None:
    key = "A.DIGITAL_ECONOMY_GDP_SHARE.VN.PERIOD.GSO._T"
    rows = get(client, f"/v1/series/{key}/vintages", **{"from": "2022", "to": "2022"})["vintages"]
    assert [row["value"] for row in rows] == [12.86, 12.67, 12.83]
    assert [row["valid_to"] for row in rows] == [rows[1]["published_at"], rows[2]["published_at"], None]
    assert rows[0]["reason"] is None
    assert all(row["reason"] for row in rows[1:])
    as_of = get(client, f"/v1/series/{key}/observations", as_of="2023-10-01", **{"from": "2022", "to": "2022"})
    assert as_of["observations"] == [
        {name: rows[0].get(name) for name in ANSWER_COLUMNS}  # neither derived nor computed from anything
    ]


def test_conflicting_sources_stand_side_by_side(client: TestClient) -> None:
    rows = get(client, "/v1/observations", indicator="GCI_SCORE", reporting_unit="VN", **{"from": "2020", "to": "2020"})
    assert {row["series"].split(".")[4]: row["value"] for row in rows["observations"]} == {
        "ITU": 94.59,
        "BLAVATNIK": 94.55,
    }


def test_numbers_are_written_with_the_digits_that_were_reported(client: TestClient) -> None:
    text = client.get(
        "/v1/observations", params={"indicator": "EGDI_SCORE", "reporting_unit": "VN", "from": "2024"}
    ).text
    assert '"value":0.77092' in text


def test_several_indicators_by_commas_repetition_and_wildcard(client: TestClient) -> None:
    by_comma = get(client, "/v1/observations", indicator="GCI_RANK,GII_RANK", reporting_unit="VN")["observations"]
    repeated = client.get("/v1/observations?indicator=GCI_RANK&indicator=GII_RANK&reporting_unit=VN").json()
    wildcard = get(client, "/v1/observations", indicator="G*_RANK", reporting_unit="VN")["observations"]
    assert by_comma == repeated["observations"]
    assert {row["series"].split(".")[1] for row in by_comma} == {"GCI_RANK", "GII_RANK"}
    assert [row for row in wildcard if row in by_comma] == by_comma


def test_a_star_stands_for_any_text_wherever_it_is(client: TestClient) -> None:
    for written in ("*GCI*RANK", "GCI_R*", "*I_RANK*"):
        rows = get(client, "/v1/observations", indicator=written, reporting_unit="VN")["observations"]
        assert "GCI_RANK" in {row["series"].split(".")[1] for row in rows}, written


def test_to_leaves_out_what_ends_later(client: TestClient) -> None:
    rows = get(client, "/v1/observations", reporting_unit="VN", to="2024-Q1")["observations"]
    assert {row["period"] for row in rows if row["period"].startswith("2024")} <= {
        "2024-Q1",
        "2024-01",
        "2024-02",
        "2024-03",
    }


def test_a_page_that_is_turned_is_of_the_moment_of_the_first(client: TestClient) -> None:
    first = get(client, "/v1/observations", reporting_unit="VN", limit="3", as_of="2022-01-01")
    second = get(client, "/v1/observations", reporting_unit="VN", limit="3", cursor=first["next"])
    assert second["as_of"] == first["as_of"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/v1/indicators", "/v1/nothing"])
def test_head_is_get_without_the_body(client: TestClient, path: str) -> None:
    head, whole = client.head(path), client.get(path)
    assert (head.status_code, head.text) == (whole.status_code, "")
    assert head.headers["content-type"] == whole.headers["content-type"]


def test_pages_follow_each_other_and_leave_nothing_out(client: TestClient) -> None:
    whole = get(client, "/v1/observations", reporting_unit="VN")["observations"]
    pages: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = client.get("/v1/observations", params={"reporting_unit": "VN", "limit": "50"} | cursor)
        pages += answer.json()["observations"]
        if answer.json()["next"] is None:
            assert set(answer.links) == {"first"}
            break
        assert f"cursor={answer.json()['next']}" in answer.headers["link"]
        cursor = {"cursor": answer.json()["next"]}
    assert pages == whole
    assert len(whole) > 150


def test_csv_has_the_same_names_and_the_same_figures_as_json(client: TestClient) -> None:
    rows = get(client, "/v1/observations", reporting_unit="VN", limit="100000")["observations"]
    answer = client.get("/v1/observations", params={"reporting_unit": "VN", "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(table[0]) == list(ANSWER_COLUMNS)
    assert [(row["series"], row["period"], row["status"]) for row in table] == [
        (row["series"], row["period"], row["status"]) for row in rows
    ]
    for ours, theirs in zip(table, rows, strict=True):
        assert ours["published_at"] == theirs["published_at"]
        assert (float(ours["value"]) if ours["value"] else None) == theirs["value"]
        assert (ours["comment"] or None) == theirs["comment"]
    by_accept = client.get("/v1/observations?reporting_unit=VN", headers={"Accept": "text/csv"})
    assert by_accept.text == answer.text


def test_pandas_reads_the_csv_as_it_is(client: TestClient) -> None:
    answer = client.get(f"/v1/series/{EGDI}/observations", params={"format": "csv"})
    frame = pandas.read_csv(io.StringIO(answer.text), parse_dates=["published_at"])
    assert frame["value"].tolist()[-1] == 71
    assert str(frame["published_at"].dtype).startswith("datetime64")


@pytest.mark.parametrize(
    ("path", "parameters", "status", "kind", "sentence"),
    [
        ("/v1/observations", {"indicatr": "X"}, 400, "unknown-parameter", "Did you mean indicator?"),
        ("/v1/observations", {"indicator": "EGDI_RNK"}, 404, "unknown-code", "Did you mean EGDI_RANK"),
        ("/v1/observations", {"reporting_unit": "Atlantis"}, 404, "unknown-code", "“Atlantis” is no reporting unit"),
        ("/v1/observations", {"as_of": "gestern"}, 400, "not-a-moment", "“gestern” is no day or time"),
        ("/v1/observations", {"from": "9999"}, 400, "not-a-period", "“9999” is no period"),
        ("/v1/observations", {"from": "2024-Q9"}, 400, "not-a-period", "“2024-Q9” is no period"),
        ("/v1/observations", {"from": "2024", "to": "2020"}, 400, "empty-span", "lies after"),
        ("/v1/observations", {"indicator": ","}, 400, "invalid-parameter", "“indicator” is empty"),
        ("/v1/observations", {"frequency": "Z"}, 404, "unknown-code", "Did you mean A or S or Q"),
        ("/v1/observations", {"format": "csv", "limit": "5"}, 400, "csv-has-no-pages", "CSV comes whole"),
        ("/v1/observations", {"breakdown": "a\0b"}, 400, "invalid-parameter", "NUL"),
        ("/v1/targets", {"scope": "ATLANTIS"}, 404, "unknown-code", "“ATLANTIS” is no scope"),
        ("/v1/indicators", {"pillar": "GOOV"}, 404, "unknown-code", "Did you mean GOV"),
        ("/v1/observations", {"format": "xml"}, 406, "unknown-format", "no format “xml”"),
        ("/v1/observations", {"limit": "0"}, 400, "invalid-parameter", "“limit” is “0”"),
        ("/v1/observations", {"cursor": "x"}, 400, "not-a-cursor", "none of ours"),
        ("/v1/series/EGDI/observations", {}, 400, "not-a-series-key", "“EGDI” is no series key"),
        ("/v1/series/A.EGDI_RANK.VN.PERIOD.WB._T/observations", {}, 404, "unknown-code", f"Did you mean {EGDI}"),
        ("/v1/indicators/EGDI_RNK", {}, 404, "unknown-code", "Did you mean EGDI_RANK"),
        ("/v1/reporting-units", {"level": "provnce"}, 404, "unknown-code", "Did you mean province"),
        ("/v1/reporting-units", {"valid_on": "soon"}, 400, "not-a-moment", "“soon” is no day or time"),
        ("/v1/nothing", {}, 404, "not-found", "nothing at this address"),
        ("/healthz", {"x": "1"}, 400, "unknown-parameter", "There are: none"),
    ],
)
def test_a_wrong_question_is_answered_with_a_sentence(
    client: TestClient, path: str, parameters: dict[str, str], status: int, kind: str, sentence: str
) -> None:
    told = problem(client, path, status, **parameters)
    assert told["type"] == f"/problems/{kind}"
    assert sentence in told["detail"]


def test_a_parameter_that_is_one_thing_cannot_be_said_twice(client: TestClient) -> None:
    answer = client.get("/v1/observations?as_of=2020&as_of=2021")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/repeated-parameter")


def test_dak_lak_is_found_without_diacritics_and_in_all_its_times(client: TestClient) -> None:
    for written in ("dak lak", "Đăk Lăk", "ĐẮK LẮK", "đắc lắc"):
        rows = get(client, "/v1/reporting-units", q=written)["reporting_units"]
        assert [row["code"] for row in rows] == ["GSO66", "GSO66_2004", "GSO66_2025"], written


def test_63_provinces_became_34_and_huế_and_ha_noi_have_their_own_days(client: TestClient) -> None:
    def there(day: str) -> dict[str, str]:
        rows = get(client, "/v1/reporting-units", level="province", valid_on=day)["reporting_units"]
        return {row["code"]: row["name_vi"] for row in rows}

    assert (len(there("2025-06-30")), len(there("2025-07-01"))) == (63, 34)
    assert "GSO46" in there("2024-12-31")
    assert "GSO46_2025" in there("2025-01-01")
    assert {"GSO01", "GSO28"} <= set(there("2008-07-31"))
    assert "GSO28" not in there("2008-08-01")


def test_units_are_sorted_by_the_vietnamese_alphabet(client: TestClient) -> None:
    rows = get(client, "/v1/reporting-units", level="province", valid_on="2025-07-01")["reporting_units"]
    names = [row["short_vi"] for row in rows]
    assert names.index("Cần Thơ") > names.index("Cà Mau")
    assert names.index("Đà Nẵng") > names.index("Cao Bằng")
    assert names.index("Đồng Tháp") < names.index("Gia Lai")


def test_a_reporting_unit_tells_what_it_came_from(client: TestClient) -> None:
    bac_ninh = get(client, "/v1/reporting-units/gso24_2025")
    assert {kin["reporting_unit"] for kin in bac_ninh["predecessors"]} == {"GSO24", "GSO27"}
    assert "202/2025/QH15" in bac_ninh["predecessors"][0]["legal_act"]
    assert {"scheme": "GSO", "code": "24", "valid_from": "2025-07-01", "valid_to": None} in bac_ninh["codes"]


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("indicators", "indicator", "dich vu cong truc tuyn"),
        ("indicators", "indicator", "hosotructuyen"),
        ("reporting_units", "reporting_unit", "dac lac"),
        ("reporting_units", "reporting_unit", "bac gian"),
        ("datasets", "dataset", "quy"),
    ],
)
def test_a_list_has_what_the_search_finds(client: TestClient, path: str, kind: str, words: str) -> None:
    listed = get(client, f"/v1/{path.replace('_', '-')}", q=words)[path]
    found = get(client, "/v1/search", q=words, type=kind, limit="1000")["hits"]
    assert found
    assert sorted(row["code"] for row in listed) == sorted(hit["code"] for hit in found)


def test_sources_are_listed_with_their_names_in_both_languages(client: TestClient) -> None:
    told = get(client, "/v1/sources")["sources"]
    assert [row["code"] for row in told] == sorted(row["code"] for row in told)
    named = {row["code"]: row for row in told}
    assert all(named["UN"][name] for name in ("name_vi", "name_en"))
    keys = [row["series"] for row in get(client, "/v1/series")["series"]]
    assert {key.split(".")[4] for key in keys} <= set(named)
    lines = client.get("/v1/sources", params={"format": "csv"}).text.splitlines()
    assert (lines[0], len(lines)) == ("code,name_vi,name_en", len(told) + 1)


def test_indicators_are_found_in_both_languages(client: TestClient) -> None:
    for words in ("hồ sơ trực tuyến", "ho so truc tuyen", "files processed online"):
        assert "ONLINE_FILING_RATE" in [row["code"] for row in get(client, "/v1/indicators", q=words)["indicators"]]
    rate = get(client, "/v1/indicators/ONLINE_FILING_RATE")
    assert rate["numerator_vi"]
    assert rate["denominator_vi"]
    assert rate["targets"]
    assert len(get(client, "/v1/indicators")["indicators"]) >= 55


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/v1/indicators", shapes.Indicators),
        ("/v1/indicators/EGDI_RANK", shapes.IndicatorInFull),
        ("/v1/reporting-units?limit=7", shapes.ReportingUnits),
        ("/v1/reporting-units/GSO24_2025", shapes.ReportingUnitInFull),
        ("/v1/datasets", shapes.Datasets),
        ("/v1/datasets/PROVINCE_QUARTERLY", shapes.Dataset),
        ("/v1/rules", shapes.Rules),
        ("/v1/rules/rate_agrees_with_counts", shapes.Rule),
        ("/v1/series?limit=5", shapes.SeriesList),
        ("/v1/observations?reporting_unit=VN", shapes.Observations),
        (f"/v1/series/{EGDI}/observations", shapes.Observations),
        (f"/v1/series/{EGDI}/vintages", vintage_shapes.Vintages),
        ("/healthz", shapes.Health),
        ("/readyz", shapes.Readiness),
    ],
)
def test_every_answer_has_the_shape_that_openapi_gives(client: TestClient, path: str, shape: type[BaseModel]) -> None:
    shape.model_validate_json(client.get(path).text)


def is_needed(parameter: dict[str, Any]) -> bool:
    return parameter["in"] == "query" and parameter["required"]


def test_every_example_in_openapi_is_answered(sender: TestClient) -> None:
    description = sender.get("/openapi.json").json()
    tried = 0
    for path, methods in description["paths"].items():
        named = methods.get("get", {}).get("parameters", [])
        whole = path
        for each in named:
            if each["in"] == "path":
                whole = whole.replace(f"{{{each['name']}}}", each["schema"].get("examples", [EGDI])[0])
        needed = {each["name"]: each["schema"].get("examples", [None])[0] for each in named if is_needed(each)}
        if None in needed.values():
            continue  # numbers that the service gives out, which nobody has by heart
        for parameter in named:
            for example in parameter.get("schema", {}).get("examples", []) or parameter.get("examples", []):
                if parameter["in"] == "path":
                    answer = sender.get(path.replace(f"{{{parameter['name']}}}", example))
                else:
                    answer = sender.get(whole, params=needed | {parameter["name"]: example})
                assert answer.status_code == 200, (path, parameter["name"], answer.text)
                tried += 1
    assert tried >= 10


def test_every_route_says_what_it_does_and_how_it_fails(client: TestClient) -> None:
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, route in methods.items():
            assert route.get("summary"), (method, path)
            assert route.get("description"), (method, path)
            failure = "text/xml" if path.startswith("/fred/") else "application/problem+json"
            assert failure in route["responses"]["400"]["content"], (method, path)


def test_an_unforeseen_failure_is_a_problem_without_a_trace(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("service.archive.catalogue.indicators", broken)
    told = problem(client, "/v1/indicators", 500)
    assert "secret" not in json.dumps(told)
    assert told["number"] in told["detail"]


def test_moments_carry_their_zone(client: TestClient) -> None:
    row = get(client, f"/v1/series/{EGDI}/observations")["observations"][-1]
    assert row["published_at"] == "2024-09-17T00:00:00+07:00"
    assert datetime.fromisoformat(row["recorded_at"]).tzinfo is not None


def test_any_site_may_read(client: TestClient) -> None:
    answer = client.get("/v1/observations?indicator=EGDI_RNK", headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/v1/observations", "/v1/vintages"])
def test_a_cursor_of_another_question_is_refused(client: TestClient, path: str) -> None:
    cursor = get(client, path, indicator="EGDI_RANK", limit=3)["next"]
    assert get(client, path, indicator="EGDI_RANK", limit=4, cursor=cursor)
    for other in ({"indicator": "DTI_RANK"}, {"indicator": "EGDI_RANK", "as_of": "2021-01-01"}):
        answer = client.get(path, params=other | {"cursor": cursor})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/not-a-cursor")


def test_a_page_of_csv_leads_on_to_the_next(client: TestClient) -> None:
    first = client.get("/v1/series", params={"format": "csv", "limit": 3})
    second = client.get(first.links["next"]["url"])
    assert len(second.text.splitlines()) == 4
    assert not set(first.text.splitlines()[1:]) & set(second.text.splitlines()[1:])


def test_a_triangle_of_too_many_cells_is_refused_with_a_part_that_fits(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.vintages._MOST_CELLS", 5)
    answer = client.get(f"/v1/series/{EGDI}/vintages", params={"layout": "triangle"})
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-many")
    assert client.get(answer.json()["example"]).status_code == 200

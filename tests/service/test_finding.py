"""Finding: by words, by what is there, by what changed lately, by when figures come."""

import csv
import io
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from pydantic import BaseModel
from sqlalchemy import Connection, Engine, text

from ingest.catalogue import Catalogue
from ingest.observation import SeriesKey
from ingest.period import moment, parse
from ingest.spelling import fold
from service import database
from service.api import availability, calendar, latest, searching
from service.archive import search, succession, summary, vintages
from service.archive.series import Selection, Span
from service.archive.summary import summaries
from service.formats import atom
from tests.ingest.test_ledger import append


def get(client: TestClient, path: str, **parameters: str) -> dict[str, Any]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def found(client: TestClient, q: str, **parameters: str) -> list[tuple[str, str]]:
    return [(hit["code"], hit["match"]) for hit in get(client, "/v1/search", q=q, **parameters)["hits"]]


def codes(client: TestClient, q: str, **parameters: str) -> list[str]:
    return [code for code, _ in found(client, q, **parameters)]


# Words


@pytest.mark.parametrize("q", ["EGDI_RANK", "egdi_rank", "Egdi Rank"])
def test_a_code_finds_its_own_before_all_else(client: TestClient, q: str) -> None:
    assert found(client, q)[0] == ("EGDI_RANK", "code")


@pytest.mark.parametrize(
    "q", ["dịch vụ công trực tuyến toàn trình", "dich vu cong truc tuyen toan trinh", "TOAN TRINH truc tuyen DICH VU"]
)
def test_words_are_found_without_marks_and_in_any_order(client: TestClient, q: str) -> None:
    assert "WHOLE_SERVICE_RATE" in codes(client, q)[:3]


@pytest.mark.parametrize("q", ["Đắk Lắk", "dak lak", "ĐẮC LẮC", "đăk lăk"])
def test_one_name_in_every_spelling_finds_the_unit_of_today_first(client: TestClient, q: str) -> None:
    assert found(client, q)[0] == ("GSO66_2025", "name")


def test_words_run_together_are_still_words(client: TestClient) -> None:
    assert "WHOLE_SERVICE_RATE" in codes(client, "dichvucong")


def test_initials_find_the_name_they_stand_for(client: TestClient) -> None:
    assert ("WHOLE_SERVICE_RATE", "initials") in found(client, "DVC")


@pytest.mark.parametrize(
    ("q", "code"),
    [("bac gian", "GSO24"), ("Hải Phogn", "GSO31_2025"), ("goverment development", "EGDI_RANK")],
)
def test_a_mistyped_letter_is_forgiven(client: TestClient, q: str, code: str) -> None:
    assert code in codes(client, q)[:3]


@pytest.mark.parametrize("q", ["xyzzyqwk", "12345678901", "zz", "_", "?!", "\U000e9ffe\b", "đđđđđđđ"])
def test_nothing_is_found_where_nothing_is_near(client: TestClient, q: str) -> None:
    assert get(client, "/v1/search", q=q)["hits"] == []
    assert client.get(f"/v1/indicators/{quote(q)}").status_code == 404


def test_what_fits_better_is_told_first(client: TestClient) -> None:
    order = ["code", "name", "words", "prefix", "initials", "fuzzy", "some"]
    for q in ("dich vu", "EGDI_RANK", "thong tin", "ha noi", "dvc", "bac gian"):
        places = [order.index(match) for _, match in found(client, q, limit="1000")]
        assert places
        assert places == sorted(places)


def test_words_that_stand_side_by_side_come_first_though_one_is_mistyped(client: TestClient) -> None:
    hits = get(client, "/v1/search", q="dihc vu cong")["hits"]
    side_by_side = ["dich vu cong" in fold(hit["name_vi"]) for hit in hits]
    assert {hit["match"] for hit in hits} == {"fuzzy"}
    assert side_by_side == sorted(side_by_side, reverse=True)
    assert sum(side_by_side) > 5


def test_where_nothing_has_all_words_what_has_most_is_told(client: TestClient) -> None:
    matches = found(client, "thông tin truyền thông xyzzyqwk")
    assert matches
    assert {match for _, match in matches} == {"some"}


def test_a_legal_act_is_found_by_its_number_with_its_indicators(client: TestClient) -> None:
    hit = get(client, "/v1/search", q="749/QĐ-TTg", type="document")["hits"][0]
    assert hit["code"] == "Quyết định 749/QĐ-TTg (03/06/2020)"
    assert "LEVEL4_SERVICE_RATE" in hit["indicators"]


def test_the_words_of_a_target_find_its_document(client: TestClient) -> None:
    assert "Quyết định 749/QĐ-TTg (03/06/2020)" in codes(client, "thiết bị di động", type="document")


def test_highlights_are_ranges_of_the_very_words(client: TestClient) -> None:
    hit = next(hit for hit in get(client, "/v1/search", q="toan trinh")["hits"] if hit["code"] == "WHOLE_SERVICE_RATE")
    name = next(each for each in hit["highlights"] if each["field"] == "name_vi")
    assert name["text"] == hit["name_vi"]
    assert [name["text"][start:end] for start, end in name["ranges"]] == ["toàn", "trình"]


def test_every_highlight_of_every_answer_is_in_order_and_inside_its_text(client: TestClient) -> None:
    for q in ("dvc", "dichvucong", "bac gian", "chính phủ điện tử", "24", "100 %"):
        for hit in get(client, "/v1/search", q=q, limit="1000")["hits"]:
            assert hit["highlights"], (q, hit["code"])
            for each in hit["highlights"]:
                flat = [place for span in each["ranges"] for place in span]
                assert flat == sorted(set(flat))
                assert 0 <= flat[0] < flat[-1] <= len(each["text"])


def test_facets_count_what_a_further_choice_would_leave(client: TestClient) -> None:
    told = get(client, "/v1/search", q="dịch vụ")
    for facet, counts in told["facets"].items():
        for each in counts[:3]:
            assert get(client, "/v1/search", q="dịch vụ", **{facet: each["code"]})["total"] == each["count"]


def test_a_facet_that_is_chosen_still_shows_what_else_there_was(client: TestClient) -> None:
    of_all = get(client, "/v1/search", q="dịch vụ")["facets"]["type"]
    assert get(client, "/v1/search", q="dịch vụ", type="source")["facets"]["type"] == of_all
    assert len(of_all) >= 3


def test_without_words_the_facets_tell_what_there_is(client: TestClient, words: Catalogue) -> None:
    told = get(client, "/v1/search", type="indicator", limit="1")
    assert told["total"] == len(words.indicators)
    assert told["hits"][0]["match"] is None
    assert get(client, "/v1/search", pillar="SEC", type="indicator", limit="1")["total"] == sum(
        indicator.pillar == "SEC" for indicator in words.indicators.values()
    )


@pytest.mark.parametrize("format", ["json", "csv"])
def test_pages_of_a_search_make_the_whole_without_repetition(client: TestClient, format: str) -> None:  # noqa: A002
    whole = codes(client, "dich vu", limit="1000")
    parts: list[str] = []
    answer = client.get("/v1/search", params={"q": "dich vu", "limit": "7", "format": format})
    while True:
        hits = answer.json()["hits"] if format == "json" else csv.DictReader(io.StringIO(answer.text))
        parts += [hit["code"] for hit in hits]
        if "next" not in answer.links:
            break
        answer = client.get(answer.links["next"]["url"])
    assert parts == whole
    assert len(parts) > 14


def test_one_language_looks_at_no_text_in_the_other(client: TestClient) -> None:
    assert "EGDI_RANK" not in codes(client, "government development", language="vi", type="indicator")
    assert "EGDI_RANK" in codes(client, "government development", language="en", type="indicator")
    fields = {
        each["field"]
        for hit in get(client, "/v1/search", q="trực tuyến", language="vi")["hits"]
        for each in hit["highlights"]
    }
    assert fields
    assert not any(field.endswith("_en") for field in fields)


@pytest.mark.parametrize(
    ("parameter", "written", "near"),
    [
        ("type", "indikator", "indicator"),
        ("pillar", "GOVV", "GOV"),
        ("language", "v", "vi"),
        ("source", "REPRT", "REPORT"),
    ],
)
def test_an_unknown_facet_code_is_refused_with_the_nearest(
    client: TestClient, parameter: str, written: str, near: str
) -> None:
    answer = client.get("/v1/search", params={"q": "x", parameter: written})
    assert answer.status_code == 404
    assert near in answer.json()["nearest"]


def test_a_search_can_be_read_as_csv(client: TestClient) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/v1/search?q=bac+giang&format=csv").text)))
    assert rows[0]["code"] == "GSO24"
    assert rows[0]["replaced_by"] == "GSO24_2025"


def test_the_index_is_made_anew_for_another_catalogue(words: Catalogue) -> None:
    assert search.index(words) is search.index(words)
    assert search.index(words, "vi") is not search.index(words)


# Old codes


def test_an_old_indicator_answers_with_the_one_that_replaced_it(client: TestClient) -> None:
    hit = get(client, "/v1/search", q="LEVEL4_SERVICE_RATE")["hits"][0]
    assert (hit["replaced_by"], hit["valid_to"]) == (["WHOLE_SERVICE_RATE"], "2022-08-15")


def test_a_chain_of_changes_is_followed_to_what_stands_today(words: Catalogue) -> None:
    for unit in words.reporting_units:
        after = succession.replaced_by(words, "reporting_unit", unit.code)
        assert unit.code not in after
        assert after == () or unit.valid_to is not None
        assert all(words.reporting_units.get(code).valid_to is None for code in after)  # type: ignore[union-attr]
    # Đắk Lắk of before 2004 became itself and Đắk Nông; they are in Đắk Lắk and Lâm Đồng of 2025.
    assert succession.replaced_by(words, "reporting_unit", "GSO66") == ("GSO66_2025", "GSO68_2025")


def test_a_choice_of_an_old_code_says_what_stands_for_it(client: TestClient) -> None:
    told = get(client, "/v1/availability", reporting_unit="GSO24", indicator="EGDI_RANK")
    assert (told["series"], told["first_day"]) == (0, None)
    assert told["replaced"] == [{"parameter": "reporting_unit", "code": "GSO24", "replaced_by": ["GSO24_2025"]}]


@pytest.mark.parametrize(
    ("path", "parameters", "written", "meant"),
    [
        ("/v1/series", {"reporting_unit": "Bắc Giang"}, "Bắc Giang", "GSO24_2025"),
        ("/v1/observations", {"reporting_unit": "Bo Thong tin va Truyen thong"}, "Bo Thong", "MOST_2025"),
        ("/v1/availability", {"indicator": "xep hang chinh phu dien tu"}, "xep hang", "EGDI_RANK"),
        ("/v1/reporting-units/Bắc Giang", {}, "Bắc Giang", "GSO24_2025"),
        ("/v1/indicators/xep hang chinh phu dien tu", {}, "xep hang", "EGDI_RANK"),
    ],
)
def test_a_name_in_the_place_of_a_code_is_answered_with_the_code_of_today(
    client: TestClient, path: str, parameters: dict[str, str], written: str, meant: str
) -> None:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 404
    assert meant in answer.json()["nearest"]
    assert written in answer.json()["detail"]
    assert meant in answer.json()["detail"]


# Availability


def counted(client: TestClient, **chosen: str) -> dict[str, Any]:
    """The same from the list of series, which counts in its own way."""
    return get(client, "/v1/series", limit="100000", **chosen)["series"]  # type: ignore[return-value]


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"indicator": "EGDI_*"},
        {"reporting_unit": "VN"},
        {"frequency": "Q", "source": "GSO"},
        {"accumulation": "YTD"},
        {"indicator": "EGDI_RANK", "frequency": "M"},
    ],
)
def test_availability_is_what_the_list_of_series_says(client: TestClient, chosen: dict[str, str]) -> None:
    told, rows = get(client, "/v1/availability", **chosen), list(counted(client, **chosen))
    assert (told["series"], told["observations"]) == (len(rows), sum(row["observations"] for row in rows))
    assert told["last_published"] == max((row["last_published"] for row in rows), default=None)
    for dimension, there in told["dimensions"].items():
        assert {each["code"]: (each["series"], each["observations"]) for each in there} == {
            code: (len(of_code), sum(row["observations"] for row in of_code))
            for code in {row[dimension] for row in rows}
            if (of_code := [row for row in rows if row[dimension] == code])
        }


def test_availability_tells_the_span_of_the_data_by_day(client: TestClient) -> None:
    told = get(client, "/v1/availability", indicator="EGDI_RANK", reporting_unit="VN")
    assert (told["first_day"], told["last_day"]) == ("2003-01-01", "2024-12-31")


def test_availability_as_of_a_past_day_is_what_was_known_then(client: TestClient) -> None:
    told = get(client, "/v1/availability", indicator="EGDI_RANK", reporting_unit="VN", as_of="2021-01-01")
    assert (told["observations"], told["last_day"]) == (10, "2020-12-31")
    assert get(client, "/v1/availability", as_of="1950-01-01")["series"] == 0


# What changed


def test_latest_tells_the_newest_publications_first(client: TestClient) -> None:
    rows = get(client, "/v1/latest", limit="50")["latest"]
    assert len(rows) == 50
    moments = [datetime.fromisoformat(row["published_at"]) for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert moments[0] == datetime.fromisoformat(get(client, "/v1/availability")["last_published"])


def test_latest_as_of_a_past_day_tells_the_old_value_beside_the_new(client: TestClient) -> None:
    key = "A.DIGITAL_ECONOMY_GDP_SHARE.VN.PERIOD.GSO._T"
    vintages = get(client, f"/v1/series/{key}/vintages", **{"from": "2022", "to": "2022"})["vintages"]
    day = vintages[1]["published_at"][:10]
    rows = get(client, "/v1/latest", indicator="DIGITAL_ECONOMY_GDP_SHARE", source="GSO", as_of=day)["latest"]
    (row,) = [row for row in rows if row["series"] == key]
    if row["period"] == "2022":
        assert (row["change"], row["previous_value"], row["value"]) == ("revised", 12.86, 12.67)
    assert row["published_at"] == vintages[1]["published_at"]


def test_latest_can_be_read_as_csv_and_as_a_feed(client: TestClient) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/v1/latest?limit=5&format=csv").text)))
    feed = read_feed(client, "/v1/latest?limit=5&format=atom")
    assert len(rows) == len(feed.findall(f"{ATOM}entry")) == 5
    title = feed.findtext(f"{ATOM}entry/{ATOM}title", "")
    assert all(rows[0][name] in title for name in ("indicator_vi", "indicator_en", "reporting_unit_vi"))
    written = Decimal(rows[0]["value"])
    assert f"{written:,f}".translate(str.maketrans(",.", ".,")) in feed.findtext(f"{ATOM}entry/{ATOM}summary", "")


# The calendar

ATOM = "{http://www.w3.org/2005/Atom}"


def read_feed(client: TestClient, address: str) -> ET.Element:
    """The feed, where it is one by RFC 4287."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(answer.content)
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert len(element.findall(ATOM + name)) == 1
        moment = element.findtext(f"{ATOM}updated", "")
        assert datetime.fromisoformat(moment).tzinfo
        assert element.findtext(f"{ATOM}id", "").startswith("urn:uuid:")
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    (own,) = [link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert str(own.get("href")).endswith(address)
    identities = [element.findtext(f"{ATOM}id") for element in (feed, *entries)]
    assert len(set(identities)) == len(identities)
    assert all(entry.find(f"{ATOM}link[@rel='alternate']") is not None for entry in entries)
    return feed


def test_the_calendar_tells_what_is_due_by_dataset_and_period(client: TestClient) -> None:
    rows = get(client, "/v1/calendar", dataset="PROVINCE_QUARTERLY", kind="planned", **{"from": "2024", "to": "2025"})
    told = {row["period"]: row for row in rows["releases"]}
    assert told["2024-Q1"]["at"] == "2024-04-14T23:59:59+07:00"
    assert told["2024-Q1"]["reporting_units"] == 63
    assert told["2025-Q3"]["reporting_units"] == 34
    assert told["2024-Q1"]["id"] == "planned.PROVINCE_QUARTERLY.2024-Q1"
    assert "ONLINE_FILING_RATE" in told["2024-Q1"]["indicators"]


def test_the_calendar_tells_what_came_by_dataset_and_day(client: TestClient) -> None:
    rows = get(client, "/v1/calendar", indicator="EGDI_RANK", kind="published", **{"from": "2024-09", "to": "2024-09"})
    (row,) = rows["releases"]
    assert row["id"].endswith(".2024-09-17")
    assert row["indicators"] == ["EGDI_RANK"]
    assert row["figures"] >= 1


def test_the_calendar_as_of_a_past_day_knows_nothing_later(client: TestClient) -> None:
    span = {"from": "2024-09", "to": "2024-09", "kind": "published"}
    assert get(client, "/v1/calendar", indicator="EGDI_RANK", as_of="2024-09-16", **span)["releases"] == []


def test_the_calendar_is_one_that_programs_subscribe_to(client: TestClient) -> None:
    span = {"from": "2024", "to": "2025"}
    rows = get(client, "/v1/calendar", **span)["releases"]
    answer = client.get("/v1/calendar", params={**span, "format": "ics"})
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    events = list(calendar.walk("VEVENT"))
    assert [str(event["uid"]) for event in events] == [f"{row['id']}@chiso" for row in rows]
    assert len({str(event["uid"]) for event in events}) == len(events) > 10
    assert {str(event["dtstart"].params["TZID"]) for event in events} == {"Asia/Ho_Chi_Minh"}
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["Asia/Ho_Chi_Minh"]
    assert all(
        event["dtstart"].dt.astimezone(UTC) == datetime.fromisoformat(row["at"]).astimezone(UTC)
        for event, row in zip(events, rows, strict=True)
    )
    assert client.get("/v1/calendar", params={**span, "format": "ics"}).content == answer.content


def test_what_was_published_is_told_by_its_indicators_and_counts(client: TestClient) -> None:
    span = {"from": "2024", "to": "2025", "kind": "published"}
    rows = get(client, "/v1/calendar", **span)["releases"]
    events = Calendar.from_ical(client.get("/v1/calendar", params={**span, "format": "ics"}).content).walk("VEVENT")
    told = {str(event["uid"]).removesuffix("@chiso"): event for event in events}
    names = {each["code"]: each for each in get(client, "/v1/indicators")["indicators"]}
    for row in rows:
        title, text = str(told[row["id"]]["summary"]), str(told[row["id"]]["description"])
        for code in row["indicators"][:3]:
            assert names[code]["name_vi"] in title
            assert names[code]["name_en"] in text
        assert (f" và {len(row['indicators']) - 3} chỉ tiêu khác" in title) == (len(row["indicators"]) > 3)
        assert title.endswith(f"({row['figures']} số liệu)")
        assert text.endswith(f": {row['figures']} figure{'s' * (row['figures'] > 1)}.")
    assert {len(row["indicators"]) > 3 for row in rows} == {row["figures"] > 1 for row in rows} == {True, False}


def test_the_calendar_is_a_feed_newest_first(client: TestClient) -> None:
    feed = read_feed(client, "/v1/calendar?from=2024&to=2025&format=atom")
    assert len(feed.findall(f"{ATOM}entry")) > 10


def test_a_feed_without_an_entry_is_still_a_feed(client: TestClient) -> None:
    feed = read_feed(client, "/v1/calendar?from=1950&to=1951&format=atom")
    assert feed.findall(f"{ATOM}entry") == []


def test_what_xml_cannot_say_does_not_break_a_feed() -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    entry = atom.Entry("a", "<b>\x07 & “Đắk”", "]]>\x00", "https://example.org/?a=1&b=2", at, at, ["\x1b"])
    root = ET.fromstring(atom.written(atom.Feed("f", "t", "https://example.org/", "Chiso", at), [entry]))
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == "<b>\ufffd & “Đắk”"


@pytest.mark.parametrize(
    ("span", "kind"),
    [
        ({"from": "2025", "to": "2024"}, "empty-span"),
        ({"to": "2199"}, "too-far-ahead"),
        ({"from": "0001-01-01", "to": "soon"}, "not-a-moment"),
    ],
)
def test_a_span_that_is_none_is_refused(client: TestClient, span: dict[str, str], kind: str) -> None:
    answer = client.get("/v1/calendar", params=span)
    assert (answer.status_code, answer.json()["type"]) == (400, f"/problems/{kind}")


# In a database of our own: what a batch changes, and what an embargo hides

OURS = "A.NRI_RANK.VN.PERIOD.PRESS._T"


def publish(engine: Engine, *rows: dict[str, Any]) -> None:
    with database.writing(engine) as connection:
        append(connection, *rows, reason="a test")


def news(client: TestClient) -> list[tuple[str, str, Any, Any]]:
    rows = get(client, "/v1/latest", indicator="NRI_RANK", source="PRESS")["latest"]
    return [(row["period"], row["change"], row["previous_value"], row["value"]) for row in rows]


def figures_told(client: TestClient) -> list[Any]:
    """What is told of figures, without the moment at which it was asked."""
    told = [get(client, "/v1/availability"), get(client, "/v1/latest", limit="1000")]
    return [{name: each for name, each in answer.items() if name != "as_of"} for answer in told]


def days_told(client: TestClient) -> list[bytes]:
    """What the calendar tells in every form of what was or will be published."""
    ahead = datetime.now(UTC) + timedelta(days=600)
    asked = {"from": "2026", "to": f"{ahead:%Y-%m-%d}", "kind": "published"}
    return [client.get("/v1/calendar", params=asked | {"format": name}).content for name in ("csv", "ics", "atom")]


def test_under_embargo_not_even_the_existence_of_a_figure_is_told(sender: TestClient, own_engine: Engine) -> None:
    before, days = figures_told(sender), days_told(sender)
    far = {"published_at": "2199-01-01", "value": "5"}
    publish(own_engine, {"period": "2031", **far}, {"series": "A.NRI_RANK.VN.PERIOD.EMC._T", **far})
    near = {"published_at": f"{datetime.now(UTC) + timedelta(days=200):%Y-%m-%d}", "value": "5"}
    publish(own_engine, {"series": "A.NRI_RANK.VN.PERIOD.EMC._T", "period": "2030", **near})
    assert (figures_told(sender), days_told(sender)) == (before, days)
    summary._kept.clear()
    assert figures_told(sender) == before


def test_every_change_is_told_with_what_was_said_before(sender: TestClient, own_engine: Engine) -> None:
    steps: list[tuple[dict[str, Any], tuple[str, str, Any, Any]]] = [
        ({"value": "51"}, ("2024", "new", None, 51)),
        ({"value": "52"}, ("2024", "revised", 51, 52)),
        ({"value": "52", "status": "P"}, ("2024", "reflagged", 52, 52)),
        ({"value": None, "withdrawn": True, "reason": "wrong year"}, ("2024", "withdrawn", 52, None)),
        ({"value": "53"}, ("2024", "new", None, 53)),
    ]
    summaries: list[str] = []
    for day, (row, told) in enumerate(steps, 1):
        publish(own_engine, row | {"published_at": f"2026-10-{day:02}"})
        assert news(sender) == [told]
        feed = read_feed(sender, "/v1/latest?indicator=NRI_RANK&source=PRESS&format=atom")
        summaries.append(feed.findtext(f"{ATOM}entry/{ATOM}summary", "").splitlines()[0])
    rank = "hạng\u00a0"
    assert summaries == [
        f"Số liệu mới: {rank}51.",
        f"Sửa từ {rank}51 thành {rank}52.",
        f"Vẫn là {rank}52, trạng thái khác.",
        f"Đã rút số liệu, trước là {rank}52.",
        f"Số liệu mới: {rank}53.",
    ]
    # What is told of a past day is what was told then.
    for day, (_, told) in enumerate(steps, 1):
        asked = {"indicator": "NRI_RANK", "source": "PRESS", "as_of": f"2026-10-{day:02}"}
        (row,) = get(sender, "/v1/latest", **asked)["latest"]
        assert (row["period"], row["change"], row["previous_value"], row["value"]) == told


def test_what_a_batch_touched_is_counted_as_if_all_were_counted_anew(sender: TestClient, own_engine: Engine) -> None:
    get(sender, "/v1/availability")  # from here on only what is touched is counted
    for number, row in enumerate(
        (
            {"period": "2019", "value": "60"},
            {"period": "2018", "value": "61"},
            {"period": "2019", "value": None, "withdrawn": True, "reason": "not theirs"},
            {"series": "A.NRI_RANK.VN.PERIOD.UN._T", "period": "2020", "value": "1"},
        )
    ):
        publish(own_engine, row | {"published_at": f"2026-10-{number + 10}"})
        told = figures_told(sender)
        summary._kept.clear()
        assert figures_told(sender) == told


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.lists(
        st.tuples(
            st.sampled_from(["2001", "2002", "2003"]),
            st.sampled_from(["2004-01-01", "2004-02-01", "2004-03-01"]),
            st.sampled_from(["1", "1", "2", None]),
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda each: each[:2],
    )
)
def test_what_there_is_of_a_series_is_what_its_vintages_say_whatever_was_said_of_it(
    connection: Connection, said: list[tuple[str, str, str | None]]
) -> None:
    key = SeriesKey.parse("A.CYBER_INCIDENTS.MPS.PERIOD.MPS._T")
    usual = {"series": str(key), "status": "A", "reason": "test"}
    with connection.begin_nested() as undone:
        for day in sorted({day for _, day, _ in said}):
            rows = [
                usual | {"period": year, "published_at": day, "value": value, "withdrawn": value is None}
                for year, on, value in said
                if on == day
            ]
            append(connection, *rows, reason="test")
        for as_of in ("2004-01-15", "2004-02-15", "2004-03-15"):
            found = [
                (each.observations, each.starts, each.ends, each.last_published, each.last_changed)
                for each in summaries(connection, Selection.of(key), as_of=moment(as_of))
            ]
            told = vintages.rows(connection, Selection.of(key), Span(), as_of=moment(as_of))
            last = [row for row in told if row["valid_to"] is None or row["valid_to"] > moment(as_of)]
            there = [row for row in last if not row["withdrawn"]]
            expected = (
                len(there),
                min((parse(row["period"]).start for row in there), default=None),
                max((parse(row["period"]).end for row in there), default=None),
                max((row["published_at"] for row in there), default=None),
                max((row["published_at"] for row in last), default=None),
            )
            assert found == ([expected] if last else [])
        undone.rollback()


def test_what_a_look_saw_that_began_before_a_batch_is_not_kept(sender: TestClient, own_engine: Engine) -> None:
    whole = Selection()
    summary._kept.clear()
    with own_engine.connect() as early:
        early.execute(text("select now()"))
        now = {"published_at": f"{datetime.now(UTC).isoformat()}", "value": "9"}
        series = "A.NRI_RANK.VN.PERIOD.MIC._T"
        publish(own_engine, {"series": series, "period": "2001", "published_at": "2002-01-01", "value": "8"})
        publish(own_engine, {"series": series, "period": "2002", **now})
        summary.summaries(early, whole, as_of=None)
    told = get(sender, "/v1/availability", indicator="NRI_RANK", source="MIC")["observations"]
    summary._kept.clear()
    assert told == get(sender, "/v1/availability", indicator="NRI_RANK", source="MIC")["observations"] == 2


def test_a_figure_appears_when_its_embargo_ends_though_no_batch_comes(sender: TestClient, own_engine: Engine) -> None:
    asked = {"indicator": "NRI_RANK", "source": "ITU"}
    get(sender, "/v1/availability")  # what is known now is kept
    until = datetime.now(UTC) + timedelta(seconds=2)
    publish(
        own_engine,
        {"series": "A.NRI_RANK.VN.PERIOD.ITU._T", "period": "2022", "published_at": until.isoformat(), "value": "1"},
    )
    told = get(sender, "/v1/availability", **asked)
    assert told["observations"] == 0 or datetime.now(UTC) >= until
    give_up = time.monotonic() + 30
    while get(sender, "/v1/availability", **asked)["observations"] == 0:
        assert time.monotonic() < give_up
    assert datetime.now(UTC) >= until
    assert [row["value"] for row in get(sender, "/v1/latest", **asked)["latest"]] == [1]


# Documents

DOCUMENT = Path(__file__).parents[2] / "docs" / "finding.md"


@pytest.mark.parametrize("name", [match.name.lower() for match in search.Match])
def test_every_kind_of_match_is_documented(name: str) -> None:
    assert f"| `{name}` |" in DOCUMENT.read_text()


# Shapes


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/v1/search?q=dich+vu", searching.Hits),
        ("/v1/search", searching.Hits),
        ("/v1/availability", availability.Availability),
        ("/v1/availability?reporting_unit=GSO24", availability.Availability),
        ("/v1/latest", latest.Lately),
        ("/v1/calendar?from=2024&to=2025", calendar.ReleaseCalendar),
    ],
)
def test_answers_look_as_they_are_documented(client: TestClient, path: str, shape: type[BaseModel]) -> None:
    shape.model_validate_json(client.get(path).content, strict=True)

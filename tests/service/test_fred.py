"""The FRED face: clients of FRED and ALFRED read here, unmodified, and get what ALFRED would say."""

import csv
import io
import itertools
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import fredapi
import httpx2
import numpy
import pandas
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, event

from ingest import catalogue, registry
from ingest.submission import Instructions
from service import app, database, intake
from service.api.fred import observations
from service.limits import ADDRESS_LIMIT_BYTES, JSON_LIMIT_BYTES
from service.settings import Rates
from tests.conftest import ACCEPTANCE_CATALOGUE, NOW, TEST
from tests.ingest.test_ledger import append
from tests.service.country import served

GDP = "Q.US_GDP.US.PERIOD.ALFRED._T"
RANK = "A.EGDI_RANK.VN.PERIOD.UN._T"
SHARE = "A.DIGITAL_ECONOMY_GDP_SHARE.VN.PERIOD.GSO._T"
DOCUMENT = (Path(__file__).parents[2] / "docs" / "fred.md").read_text(encoding="utf-8")
ALL = {"realtime_start": "1776-07-04", "realtime_end": "9999-12-31"}


@pytest.fixture(scope="module")
def address(own_engine: Engine, shared_data: Path) -> Iterator[str]:
    """A service on a socket, with every release that ALFRED has of the GDP of the United States."""
    with database.writing(own_engine) as connection:
        registry.load(connection, catalogue.read(catalogue.FOLDER, ACCEPTANCE_CATALOGUE), by=TEST)
    file = shared_data / "alfred" / "GDP_all_releases.json"
    said = Instructions("PUBLISHED_FIGURES", mapping="ALFRED_GDP_JSON", reason="release of the BEA")
    assert intake.take_in(own_engine, file.read_bytes(), file.name, said, by=TEST, now=NOW)[1].stored
    with served(app.create(own_engine)) as url:
        yield url


@pytest.fixture(scope="module")
def fred(address: str) -> fredapi.Fred:
    """The client as it is; only its address is another."""
    fred = fredapi.Fred(api_key="a" * 32)
    fred.root_url = f"{address}/fred"
    return fred


@pytest.fixture(scope="module")
def releases(shared_data: Path) -> dict[str, Any]:
    """ALFRED's own answer: every release of GDP."""
    return json.loads((shared_data / "alfred" / "GDP_all_releases.json").read_text())


@pytest.fixture(scope="module")
def ask(address: str) -> Iterator[Any]:
    with httpx2.Client(base_url=f"{address}/fred", params={"api_key": "a" * 32, "file_type": "json"}) as client:

        def asked(path: str, **parameters: str) -> dict[str, Any]:
            answer = client.get(path, params=parameters)
            assert answer.status_code == 200, answer.text
            return answer.json()

        yield asked


def number(value: str) -> float:
    return float("nan") if value == "." else float(value)


def day(written: str) -> datetime:
    return datetime.fromisoformat(written)


def told_on(releases: dict[str, Any], on: str) -> dict[datetime, float]:
    """What ALFRED's rule says of a day, from its own data."""
    return {
        day(row["date"]): number(row["value"])
        for row in releases["observations"]
        if row["realtime_start"] <= on <= row["realtime_end"]
    }


def test_the_answer_with_all_releases_is_alfreds_to_the_letter(ask: Any, releases: dict[str, Any]) -> None:
    assert ask("/series/observations", series_id=GDP, **ALL) == releases


def test_the_vintage_dates_are_alfreds_to_the_letter(ask: Any, shared_data: Path) -> None:
    theirs = json.loads((shared_data / "alfred" / "GDP_vintagedates.json").read_text())
    assert ask("/series/vintagedates", series_id=GDP) == theirs


def test_t10_the_initial_releases_are_alfreds_to_the_letter(ask: Any, shared_data: Path) -> None:
    theirs = json.loads((shared_data / "alfred" / "GDP_initial_release.json").read_text())
    assert ask("/series/observations", series_id=GDP, output_type="4", **ALL) == theirs


def test_fredapi_reads_all_releases(fred: fredapi.Fred, releases: dict[str, Any]) -> None:
    rows = releases["observations"]
    frame = fred.get_series_all_releases(GDP)
    assert len(frame) == 3199
    assert list(frame["date"]) == [day(row["date"]) for row in rows]
    assert list(frame["realtime_start"]) == [day(row["realtime_start"]) for row in rows]
    theirs = numpy.array([number(row["value"]) for row in rows])
    # In a frame whose columns are dates and numbers fredapi's missing value comes out as NaT.
    ours = numpy.array([float("nan") if pandas.isna(value) else value for value in frame["value"]])
    assert numpy.array_equal(ours, theirs, equal_nan=True)


def test_fredapi_reads_vintage_dates(fred: fredapi.Fred, shared_data: Path) -> None:
    theirs = json.loads((shared_data / "alfred" / "GDP_vintagedates.json").read_text())["vintage_dates"]
    assert fred.get_series_vintage_dates(GDP) == [day(each) for each in theirs]


def test_fredapi_reads_first_releases(fred: fredapi.Fred, shared_data: Path) -> None:
    first = fred.get_series_first_release(GDP).dropna()
    initial = json.loads((shared_data / "alfred" / "GDP_initial_release.json").read_text())["observations"]
    assert {row["date"]: number(row["value"]) for row in initial}.items() <= {
        str(on.date()): value for on, value in first.items()
    }.items()
    assert len(initial) == 132


@pytest.mark.parametrize("on", ["2009-01-29", "2009-01-30", "2009-02-26", "2009-02-27", "2009-07-31"])
def test_t9_fredapi_reads_what_was_known_on_a_day(fred: fredapi.Fred, releases: dict[str, Any], on: str) -> None:
    told = fred.get_series(GDP, realtime_start=on, realtime_end=on)
    theirs = told_on(releases, on)
    assert numpy.array_equal(told.to_numpy(), numpy.array(list(theirs.values())), equal_nan=True)
    assert list(told.index) == list(theirs)
    until = fred.get_series_as_of_date(GDP, on)
    known = [row for row in releases["observations"] if row["realtime_start"] <= on]
    assert len(until) == len(known)


def test_t9_the_last_quarter_of_2008(fred: fredapi.Fred) -> None:
    said = {
        on: fred.get_series(GDP, realtime_start=on, realtime_end=on).get("2008-10-01")
        for on in ("2009-01-29", "2009-01-30", "2009-02-26", "2009-02-27", "2009-07-31")
    }
    assert list(said.values()) == [None, 14264.6, 14264.6, 14200.3, 14347.3]
    assert fred.get_series_latest_release(GDP)["2008-10-01"] == 14608.209


def test_fredapi_reads_the_latest_release(fred: fredapi.Fred, releases: dict[str, Any]) -> None:
    latest = fred.get_series_latest_release(GDP)
    theirs = told_on(releases, "9999-12-31")
    assert latest.to_dict().keys() == theirs.keys()
    assert numpy.array_equal(latest.to_numpy(), numpy.array(list(theirs.values())), equal_nan=True)


def test_every_vintage_date_is_a_column_and_each_column_what_was_known(ask: Any, releases: dict[str, Any]) -> None:
    table = ask("/series/observations", series_id=GDP, output_type="2", **ALL)
    dates = ask("/series/vintagedates", series_id=GDP)["vintage_dates"]
    rows = {row["date"]: row for row in table["observations"]}
    assert len(rows) == table["count"] == len({row["date"] for row in releases["observations"]})
    for on in dates:
        name = f"{GDP}_{on.replace('-', '')}"
        theirs = {str(each.date()): value for each, value in told_on(releases, on).items()}
        ours = {each: number(row[name]) for each, row in rows.items() if row[name] != "."}
        assert ours == {each: value for each, value in theirs.items() if value == value}


def test_a_table_by_vintage_has_the_periods_of_which_something_was_known_and_no_others(ask: Any) -> None:
    day = {"series_id": GDP, "realtime_start": "2009-03-01", "realtime_end": "2009-03-01"}
    known = [row["date"] for row in ask("/series/observations", **day)["observations"]]
    for table in (
        ask("/series/observations", output_type="2", **day),
        ask("/series/observations", output_type="2", series_id=GDP, vintage_dates="2009-03-01"),
    ):
        assert [row["date"] for row in table["observations"]] == known
        assert table["count"] == len(known) > 0
    last = ask("/series/observations", output_type="2", sort_order="desc", limit="1", **day)["observations"]
    assert [row["date"] for row in last] == known[-1:]


def test_new_and_revised_figures_are_those_that_a_vintage_brought(ask: Any, releases: dict[str, Any]) -> None:
    table = ask("/series/observations", series_id=GDP, output_type="3", **ALL)
    ours = {
        (row["date"], name.removeprefix(f"{GDP}_"), value)
        for row in table["observations"]
        for name, value in row.items()
        if name != "date"
    }
    theirs = {(row["date"], row["realtime_start"].replace("-", ""), row["value"]) for row in releases["observations"]}
    assert ours == theirs


FORMULAS = {
    "chg": lambda x, before, _: x - before,
    "ch1": lambda x, _, year: x - year,
    "pch": lambda x, before, _: (x / before - 1) * 100,
    "pc1": lambda x, _, year: (x / year - 1) * 100,
    "pca": lambda x, before, _: ((x / before) ** 4 - 1) * 100,
    "cch": lambda x, before, _: (numpy.log(x) - numpy.log(before)) * 100,
    "cca": lambda x, before, _: (numpy.log(x) - numpy.log(before)) * 400,
    "log": lambda x, *_: numpy.log(x),
}


@pytest.mark.parametrize("units", FORMULAS)
def test_units_are_computed_by_freds_formulas(fred: fredapi.Fred, releases: dict[str, Any], units: str) -> None:
    levels = pandas.Series(told_on(releases, "2009-03-01"))
    theirs = FORMULAS[units](levels, levels.shift(1), levels.shift(4))
    ours = fred.get_series(GDP, units=units, realtime_start="2009-03-01", realtime_end="2009-03-01")
    assert list(ours.index) == list(theirs.index)
    assert numpy.allclose(ours.to_numpy(), theirs.to_numpy(), rtol=1e-9, equal_nan=True)
    assert ours.notna().sum() > 200


@pytest.mark.parametrize(("method", "of_quarters"), [("avg", "mean"), ("sum", "sum"), ("eop", "last")])
def test_a_lower_frequency_is_made_of_whole_periods(
    fred: fredapi.Fred, releases: dict[str, Any], method: str, of_quarters: str
) -> None:
    levels = pandas.Series(told_on(releases, "2009-08-01")).dropna()
    years = levels.groupby(levels.index.year)
    theirs = getattr(years, of_quarters)()[years.count() == 4]
    ours = fred.get_series(
        GDP, frequency="a", aggregation_method=method, realtime_start="2009-08-01", realtime_end="2009-08-01"
    )
    assert ours["2009-01-01"] != ours["2009-01-01"]  # two quarters of 2009 were known
    ours = ours.dropna()
    assert list(ours.index.year) == list(theirs.index)
    assert numpy.allclose(ours.to_numpy(), theirs.to_numpy(), rtol=1e-9)
    changed = fred.get_series(
        GDP,
        frequency="a",
        aggregation_method=method,
        units="pch",
        realtime_start="2009-08-01",
        realtime_end="2009-08-01",
    )
    assert changed["2008-01-01"] == pytest.approx((theirs[2008] / theirs[2007] - 1) * 100)


def test_every_vintage_is_computed_by_itself(ask: Any, releases: dict[str, Any]) -> None:
    span = {"realtime_start": "2009-01-01", "realtime_end": "2009-12-31", "observation_start": "2008-10-01"}
    rows = ask("/series/observations", series_id=GDP, units="pch", **span)["observations"]
    q3, q4 = datetime(2008, 7, 1), datetime(2008, 10, 1)
    for row in rows:
        if row["date"] == "2008-10-01":
            known = told_on(releases, row["realtime_start"])
            assert float(row["value"]) == pytest.approx((known[q4] / known[q3] - 1) * 100)
    assert [row["realtime_start"] for row in rows if row["date"] == "2008-10-01"] == [
        "2009-01-30",
        "2009-02-27",
        "2009-07-31",
    ]
    table = ask("/series/observations", series_id=GDP, units="pch", output_type="2", **span)["observations"]
    first = next(row for row in table if row["date"] == "2008-10-01")
    assert first[f"{GDP}_20090130"] == next(row["value"] for row in rows if row["realtime_start"] == "2009-01-30")
    assert first[f"{GDP}_20090101"] == "."


def test_all_vintages_are_computed_in_one_statement_and_each_as_if_alone(
    address: str, own_engine: Engine, releases: dict[str, Any]
) -> None:
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(own_engine, "before_cursor_execute", note)
    try:
        asked = {"series_id": GDP, "units": "pch", "file_type": "json", **ALL}
        answer = httpx2.get(f"{address}/fred/series/observations", params=asked, timeout=120)
    finally:
        event.remove(own_engine, "before_cursor_execute", note)
    assert len(said) < 20
    rows = answer.json()["observations"]
    for on in ("1995-05-01", "2009-08-01", "2020-04-29"):
        known = sorted(told_on(releases, on).items())
        expected = {
            f"{at:%Y-%m-%d}": (value / before - 1) * 100 for (_, before), (at, value) in itertools.pairwise(known)
        }
        stood = {
            row["date"]: number(row["value"]) for row in rows if row["realtime_start"] <= on <= row["realtime_end"]
        }
        assert {at: stood[at] for at in expected} == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("asked", [{"output_type": "2"}, {"output_type": "3"}, {"units": "pch"}])
def test_more_vintages_than_fred_takes_are_refused_in_its_words_and_reported_ones_never(
    fred: fredapi.Fred, ask: Any, asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observations, "_MOST_VINTAGES", 392)
    words = (
        r"There are 393 vintage dates .*1776-07-04 to 9999-12-31.*exceeds the maximum number of vintage dates allowed"
    )
    with pytest.raises(ValueError, match=words):
        fred.get_series(GDP, **ALL, **asked)
    assert len(fred.get_series_all_releases(GDP)) == 3199
    ask("/series/observations", series_id=GDP, realtime_start="2009-01-01", realtime_end="2009-12-31", **asked)


def test_a_table_by_vintage_date_has_a_largest_size(fred: fredapi.Fred, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "_MOST_CELLS", 1000)
    with pytest.raises(ValueError, match=r"a table of .* cells, and there may be 1,000"):
        fred.get_series(GDP, output_type="2", **ALL)


@pytest.mark.parametrize("units", ["pch", "pc1", "pca", "cch", "cca"])
def test_the_change_of_a_rate_is_in_percent_of_the_rate_as_freds_is(client: TestClient, units: str) -> None:
    asked = {"series_id": SHARE, "units": units, "file_type": "json"}
    rows = client.get("/fred/series/observations", params=asked).json()["observations"]
    told = {row["date"]: number(row["value"]) for row in rows}
    as_they_are = client.get("/fred/series/observations", params=asked | {"units": "lin"}).json()["observations"]
    levels = {row["date"]: number(row["value"]) for row in as_they_are}
    before, now = levels["2020-01-01"], levels["2021-01-01"]
    assert (before, now) == (12.66, 12.87)
    by_logarithm = numpy.log(now / before) * 100
    assert told["2021-01-01"] == pytest.approx(by_logarithm if units in ("cch", "cca") else (now / before - 1) * 100)
    assert f"{told['2021-01-01']:.2f}" == ("1.65" if units in ("cch", "cca") else "1.66")


def test_the_points_of_a_rate_are_its_difference(client: TestClient) -> None:
    asked = {"series_id": SHARE, "units": "chg", "file_type": "json"}
    rows = client.get("/fred/series/observations", params=asked).json()["observations"]
    assert {row["date"]: row["value"] for row in rows}["2021-01-01"] == "0.21"


def test_a_rate_is_recomputed_on_each_day_on_which_one_of_its_counts_was_revised(own_engine: Engine, ask: Any) -> None:
    key = "S.ONLINE_FILING_RATE.GSO04.PERIOD.REPORT."

    def say(connection: Connection, on: str, part: str, *values: str) -> None:
        rows = [
            {"series": key + part, "period": f"2021-S{half}", "published_at": on, "value": value}
            for half, value in enumerate(values, 1)
        ]
        append(connection, *rows, reason="a test")

    with database.writing(own_engine) as connection:
        say(connection, "2022-01-10", "_T", "50", "50")
        say(connection, "2022-01-10", "NUMERATOR", "1", "2")
        say(connection, "2022-01-10", "DENOMINATOR", "2", "4")
        say(connection, "2022-03-10", "NUMERATOR", "1", "1")
        say(connection, "2022-05-10", "DENOMINATOR", "2", "6")
    rows = ask("/series/observations", series_id=f"{key}_T", frequency="a", **ALL)["observations"]
    assert [(row["realtime_start"], float(row["value"])) for row in rows] == [
        ("2022-01-10", 50),
        ("2022-03-10", pytest.approx(100 / 3)),
        ("2022-05-10", 25),
    ]


def test_what_has_no_meaning_is_refused_with_the_reason(client: TestClient) -> None:
    asked = {"series_id": RANK, "units": "pch", "file_type": "json"}
    answer = client.get("/fred/series/observations", params=asked)
    assert answer.status_code == 400
    assert "rank" in answer.json()["error_message"]
    higher = client.get("/fred/series/observations", params={"series_id": RANK, "frequency": "q", "file_type": "json"})
    assert (higher.status_code, "lower" in higher.json()["error_message"]) == (400, True)


def test_a_span_of_days_clips_what_stood_in_it(ask: Any) -> None:
    asked = {"observation_start": "2008-10-01", "observation_end": "2008-10-01"}
    rows = ask("/series/observations", series_id=GDP, realtime_start="2009-02-01", realtime_end="2009-07-31", **asked)
    assert [(row["realtime_start"], row["realtime_end"], row["value"]) for row in rows["observations"]] == [
        ("2009-02-01", "2009-02-26", "14264.6"),
        ("2009-02-27", "2009-07-30", "14200.3"),
        ("2009-07-31", "2009-07-31", "14347.3"),
    ]
    named = ask("/series/observations", series_id=GDP, vintage_dates="2009-03-01,2009-01-30,2009-02-10", **asked)
    assert (named["realtime_start"], named["realtime_end"]) == ("2009-01-30", "2009-03-01")
    assert [(row["realtime_start"], row["realtime_end"], row["value"]) for row in named["observations"]] == [
        ("2009-01-30", "2009-02-10", "14264.6"),
        ("2009-03-01", "2009-03-01", "14200.3"),
    ]
    news = ask("/series/observations", series_id=GDP, vintage_dates="2009-01-29,2009-03-01", output_type="3", **asked)
    assert news["observations"] == [{"date": "2008-10-01", f"{GDP}_20090301": "14200.3"}]


def test_xml_says_what_json_says(address: str, ask: Any) -> None:
    asked = {"series_id": GDP, "api_key": "a", "observation_start": "2024-01-01", **ALL}
    answer = httpx2.get(f"{address}/fred/series/observations", params=asked)
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.text)
    body = ask("/series/observations", **asked)
    rows = body.pop("observations")
    assert root.tag == "observations"
    assert root.attrib == {name: str(value) for name, value in body.items()} | {"file_type": "xml"}
    assert [(child.tag, child.attrib) for child in root] == [("observation", row) for row in rows]
    assert len(rows) > 3


def test_csv_says_what_json_says(address: str, ask: Any) -> None:
    asked = {"series_id": GDP, "observation_start": "2023-01-01", **ALL}
    answer = httpx2.get(f"{address}/fred/series/observations", params={**asked, "file_type": "csv"})
    assert list(csv.DictReader(io.StringIO(answer.text))) == ask("/series/observations", **asked)["observations"]


def test_a_page_of_the_answer_is_a_part_of_the_whole(ask: Any) -> None:
    whole = ask("/series/observations", series_id=GDP, sort_order="desc", **ALL)
    part = ask("/series/observations", series_id=GDP, sort_order="desc", limit="7", offset="100", **ALL)
    assert part["observations"] == whole["observations"][100:107]
    assert (part["count"], part["offset"], part["limit"]) == (3199, 100, 7)
    days = [row["date"] for row in whole["observations"]]
    assert days == sorted(days, reverse=True)


def test_fredapi_says_what_a_series_is(fred: fredapi.Fred) -> None:
    told = fred.get_series_info(RANK)
    assert told["id"] == RANK
    assert told["title"].startswith("E-government rank") or "rank" in told["title"].lower()
    assert (told["frequency"], told["frequency_short"], told["popularity"]) == ("Annual", "A", "0")
    assert (told["observation_start"], told["observation_end"]) == ("2003-01-01", "2024-01-01")
    assert told["last_updated"].endswith("+07")
    assert "xếp hạng" in told["notes"].lower() or "thứ hạng" in told["notes"].lower()


def test_fredapi_searches_by_words_of_either_language(fred: fredapi.Fred) -> None:
    found = fred.search("chinh phu dien tu viet nam")
    assert RANK in found.index
    assert found.loc[RANK, "observation_start"] == datetime(2003, 1, 1)
    assert found.loc[RANK, "last_updated"].tzinfo is not None
    assert RANK in fred.search("e-government rank", order_by="last_updated", sort_order="desc").index
    assert fred.search("nothing of this kind whatsoever") is None
    yearly = fred.search("rank", filter=("frequency", "Annual"))
    assert set(yearly["frequency"]) == {"Annual"}
    assert fred.search("rank", filter=("frequency", "Daily")) is None


def test_fredapi_searches_by_release_and_by_category(fred: fredapi.Fred, ask: Any) -> None:
    [release] = ask("/series/release", series_id=RANK)["releases"]
    [category] = ask("/series/categories", series_id=RANK)["categories"]
    assert RANK in fred.search_by_release(release["id"], order_by="title").index
    of_category = fred.search_by_category(category["id"], limit=0)
    assert RANK in of_category.index
    assert all("INTL" not in key for key in of_category.index)
    with pytest.raises(ValueError, match="release does not exist"):
        fred.search_by_release(1)
    with pytest.raises(ValueError, match="category does not exist"):
        fred.search_by_category(1)


def test_what_is_numbered_has_a_number_of_its_own_and_is_found_by_it(ask: Any) -> None:
    releases = ask("/releases")["releases"]
    sources = ask("/sources")["sources"]
    categories = ask("/category/children", category_id="0")["categories"]
    assert len({each["id"] for each in (*releases, *sources, *categories)}) == len([*releases, *sources, *categories])
    for each in releases:
        assert ask("/release", release_id=str(each["id"]))["releases"] == [each]
    for each in sources:
        assert ask("/source", source_id=str(each["id"]))["sources"] == [each]
    for each in categories:
        assert ask("/category", category_id=str(each["id"]))["categories"] == [each]
        assert ask("/category/children", category_id=str(each["id"]))["categories"] == []
    assert ask("/category")["categories"][0]["id"] == 0
    # The numbers are in other people's programs.
    assert {each["name"]: each["id"] for each in categories}["Digital government"] == 2138957148


def test_a_release_knows_its_days_sources_and_series(ask: Any) -> None:
    [release] = ask("/series/release", series_id=GDP)["releases"]
    dates = ask("/release/dates", release_id=str(release["id"]))["release_dates"]
    theirs = ask("/series/vintagedates", series_id=GDP)["vintage_dates"]
    assert set(theirs) <= {each["date"] for each in dates}
    assert dates == sorted(dates, key=lambda each: each["date"])
    every = ask("/releases/dates", realtime_start="2024-10-01", sort_order="asc")["release_dates"]
    assert {"release_id": release["id"], "release_name": release["name"], "date": "2024-10-30"} in every
    assert all(each["date"] >= "2024-10-01" for each in every)
    names = {each["id"] for each in ask("/release/sources", release_id=str(release["id"]))["sources"]}
    alfred = next(each for each in ask("/sources")["sources"] if "ALFRED" in each["name"])
    assert alfred["id"] in names
    assert [each["id"] for each in ask("/source/releases", source_id=str(alfred["id"]))["releases"]] == [release["id"]]


def test_lists_are_in_the_order_that_is_asked_for(ask: Any) -> None:
    for path, kind in (("/releases", "releases"), ("/sources", "sources")):
        names = [each["name"] for each in ask(path, order_by="name", sort_order="desc")[kind]]
        numbers = [each["id"] for each in ask(path)[kind]]
        assert (names, numbers) == (sorted(names, reverse=True), sorted(numbers))
        assert ask(path, limit="2", offset="1")[kind] == ask(path)[kind][1:3]
    counts = [each["series_count"] for each in ask("/tags", order_by="series_count", sort_order="desc")["tags"]]
    assert counts == sorted(counts, reverse=True)
    by_title = [
        each["title"].casefold() for each in ask("/series/search", search_text="rank", order_by="title")["seriess"]
    ]
    assert by_title == sorted(by_title)


def test_tags_lead_to_series(ask: Any) -> None:
    tags = {tag["name"]: tag for tag in ask("/series/tags", series_id=RANK)["tags"]}
    assert {"annual", "un", "rank", "nation", "vn"} <= set(tags)
    assert (tags["annual"]["group_id"], tags["un"]["group_id"]) == ("freq", "src")
    both = ask("/tags/series", tag_names="annual;UN")
    keys = [each["id"] for each in both["seriess"]]
    assert RANK in keys
    assert all(key.startswith("A.") and ".UN." in key for key in keys)
    assert ask("/tags", tag_names="un")["tags"] == [tags["un"]]
    assert {tag["group_id"] for tag in ask("/tags", tag_group_id="freq")["tags"]} == {"freq"}
    without = ask("/series/search", search_text="rank", exclude_tag_names="un")["seriess"]
    assert without
    assert not any(".UN." in each["id"] for each in without)
    assert "annual" in {tag["name"] for tag in ask("/series/search/tags", series_search_text="rank")["tags"]}


def test_a_search_by_key_takes_a_wildcard(ask: Any) -> None:
    found = ask("/series/search", search_text="a.egdi*.vn.*_t", search_type="series_id")
    keys = [each["id"] for each in found["seriess"]]
    assert RANK in keys
    assert all(key.startswith("A.EGDI") and ".VN." in key for key in keys)
    assert keys == [
        each["id"] for each in ask("/series/search", search_text="A.EGDI*.VN.*_T", search_type="series_id")["seriess"]
    ]


def test_updates_come_newest_first(ask: Any) -> None:
    told = ask("/series/updates", limit="50")
    updated = [each["last_updated"] for each in told["seriess"]]
    assert updated == sorted(updated, reverse=True)
    assert len(updated) == 50
    some = ask("/series/updates", start_time="202410300000", end_time="202410302359")["seriess"]
    assert GDP in [each["id"] for each in some]
    assert all(each["last_updated"].startswith("2024-10-30") for each in some)
    units = {each["id"].split(".")[2] for each in ask("/series/updates", filter_value="macro")["seriess"]}
    assert units == {"VN"}


@pytest.mark.parametrize(
    ("path", "asked", "message"),
    [
        ("series", {"series_id": "A.EGDI_RANK.VM.PERIOD.UN._T"}, f"The series does not exist. Did you mean {RANK}"),
        ("series/observations", {"series_id": "EGDI_RANKS"}, "The series does not exist. Did you mean A.EGDI_RANK."),
        ("series/vintagedates", {"series_id": "?"}, "The series does not exist."),
        ("series", {}, "“series_id” is missing."),
        ("series", {"series_id": RANK, "realtime_starts": "2020-01-01"}, "Did you mean realtime_start"),
        ("series/observations", {"series_id": RANK, "limit": "0"}, "“limit” is “0”"),
        ("series/observations", {"series_id": RANK, "limit": "100001"}, "“limit” is “100001”"),
        ("series/observations", {"series_id": RANK, "units": "pct"}, "“units” is not “pct”"),
        ("series/observations", {"series_id": RANK, "output_type": "5"}, "“output_type” is not “5”"),
        ("series/observations", {"series_id": RANK, "frequency": "bw"}, "frequency “bw”"),
        ("series/observations", {"series_id": RANK, "observation_start": "1/1/2020"}, "write it as 2024-09-17"),
        ("series/observations", {"series_id": RANK, "observation_start": "2020-02-30"}, "which is no day"),
        ("series/observations", {"series_id": RANK, "realtime_start": "9998-01-01"}, "lies after today"),
        (
            "series/observations",
            {"series_id": RANK, "realtime_start": "2020-01-01", "realtime_end": "2019-01-01"},
            "lies after “realtime_end”",
        ),
        (
            "series/observations",
            {"series_id": RANK, "vintage_dates": "2020-01-01", "realtime_end": "2020-01-01"},
            "names the days already",
        ),
        ("series/observations", {"series_id": RANK, "file_type": "xlsx"}, "There are: xml, json, csv"),
        ("series", {"series_id": RANK, "file_type": "csv"}, "There are: xml, json"),
        ("series", {"series_id": RANK, "realtime_end": "2003-01-01", "realtime_start": "2003-01-01"}, "on 2003-01-01"),
        ("series/search", {"search_text": "x", "filter_variable": "units"}, "go together"),
        ("series/search", {"search_text": "?"}, "no word in what is searched"),
        ("release", {"release_id": "x"}, "“release_id” is “x”"),
        ("source", {"source_id": "5"}, "The source does not exist."),
        ("tags", {"tag_group_id": "frequency"}, "There are: freq"),
        ("tags/series", {}, "“tag_names” is missing"),
        ("series/updates", {"start_time": "2024"}, "which is no minute"),
    ],
)
def test_an_error_is_told_as_fred_tells_it(client: TestClient, path: str, asked: dict[str, str], message: str) -> None:
    answer = client.get(f"/fred/{path}", params={"api_key": "a"} | asked)
    assert answer.status_code == 400
    root = ElementTree.fromstring(answer.text)
    assert (root.tag, root.get("code")) == ("error", "400")
    assert (root.get("message") or "").startswith("Bad Request. ")
    assert message in (root.get("message") or "")
    if "file_type" not in asked:
        told = client.get(f"/fred/{path}", params={"api_key": "a", "file_type": "json"} | asked)
        assert (told.status_code, told.json()) == (400, {"error_code": 400, "error_message": root.get("message")})


def test_fredapi_shows_the_message(fred: fredapi.Fred) -> None:
    with pytest.raises(ValueError, match=r"Bad Request\. The series does not exist\. Did you mean"):
        fred.get_series("A.EGDI_RANK.VM.PERIOD.UN._T")


def test_an_address_that_fred_does_not_have_is_not_found_in_its_own_form(client: TestClient) -> None:
    answer = client.get("/fred/series/observation", params={"file_type": "json"})
    assert answer.status_code == 404
    assert "/fred/series/observations" in answer.json()["error_message"]


def refusal(answer: Any, file_type: str) -> tuple[int, str]:
    """The number and the message of an error, in FRED's form."""
    if file_type == "json":
        told = answer.json()
        assert set(told) == {"error_code", "error_message"}
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        return told["error_code"], told["error_message"]
    root = ElementTree.fromstring(answer.text)
    assert (root.tag, set(root.keys())) == ("error", {"code", "message"})
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    return int(root.get("code") or 0), root.get("message") or ""


@pytest.mark.parametrize("file_type", ["xml", "json"])
@pytest.mark.parametrize(
    ("method", "path", "how", "status", "message"),
    [
        ("POST", "/fred/series", {}, 405, "Method Not Allowed. This address does not take this method"),
        ("DELETE", "/fred/series/observations", {}, 405, "Method Not Allowed. "),
        ("PUT", "/fred/nothing", {}, 405, "Method Not Allowed. "),
        ("GET", "/fred/nothing/at/all", {}, 404, "Not Found. There is nothing at this address. There are: /fred/"),
        ("GET", "/fred/", {}, 404, "Not Found. "),
        ("POST", "/fred/series", {"headers": {"Content-Length": str(JSON_LIMIT_BYTES + 1)}}, 413, "Request Entity Too"),
        ("GET", "/fred/series", {"params": {"series_id": "A" * ADDRESS_LIMIT_BYTES}}, 414, "Request-URI Too Long. "),
    ],
)
def test_what_never_gets_to_an_address_is_told_in_freds_form(
    client: TestClient, method: str, path: str, how: dict[str, Any], status: int, message: str, file_type: str
) -> None:
    how = {**how, "params": how.get("params", {}) | ({"file_type": "json"} if file_type == "json" else {})}
    answer = client.request(method, path, **how)
    told, said = refusal(answer, file_type)
    assert answer.status_code == told == status
    assert said.startswith((message, message.replace("Request Entity", "Content").replace("Request-URI", "URI")))


@pytest.mark.parametrize("file_type", ["xml", "json"])
def test_who_asks_too_often_is_told_so_in_freds_form(engine: Engine, file_type: str) -> None:
    with TestClient(app.create(engine, allowed=Rates(per_address=1, per_token=0))) as client:
        assert client.get("/fred/sources", params={"file_type": file_type}).status_code == 200
        answer = client.get("/fred/sources", params={"file_type": file_type})
        elsewhere = client.get("/v1/indicators", params={"file_type": file_type})
    told, message = refusal(answer, file_type)
    assert answer.status_code == told == 429
    assert message.startswith("Too Many Requests. This address may ask 1 times a minute")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit-remaining"] == "0"
    # Other faces keep their own.
    assert elsewhere.json()["type"] == "/problems/too-often"


def test_an_address_that_only_begins_as_freds_is_none_of_its(client: TestClient) -> None:
    assert client.get("/frederic/series").headers["content-type"] == "application/problem+json"


def test_the_failures_of_every_address_are_described_in_freds_form(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in (each for each in paths if each.startswith("/fred/")):
        described = paths[path]["get"]["responses"]
        for status in ("400", "414", "429", "503"):
            assert set(described[status]["content"]) == {"text/xml", "application/json"}, (path, status)


def test_a_request_that_nobody_foresaw_fails_in_freds_form(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("service.archive.realtime.told", broken)
    with TestClient(app.create(engine), raise_server_exceptions=False) as client:
        answer = client.get("/fred/series/observations", params={"series_id": RANK})
    assert answer.status_code == 500
    assert "in the log under" in (ElementTree.fromstring(answer.text).get("message") or "")


OVERDUE = "D.TASKS_OVERDUE.VN.STOCK.REPORT._T"
HISTORY = """indicator,reporting_unit,frequency,period,value,status,withdrawn,published_at,reason
TASKS_OVERDUE,VN,D,2024-03-15,5,P,,2024-04-01T08:00:00+07:00,
TASKS_OVERDUE,VN,D,2024-03-15,7,P,,2024-04-01T18:00:00+07:00,corrected
TASKS_OVERDUE,VN,D,2024-03-15,7,A,,2024-04-02T08:00:00+07:00,confirmed
TASKS_OVERDUE,VN,D,2024-03-15,9,A,,2024-04-03T08:00:00+07:00,mistaken
TASKS_OVERDUE,VN,D,2024-03-15,7,A,,2024-04-03T20:00:00+07:00,taken back
TASKS_OVERDUE,VN,D,2024-03-15,8,A,,2024-04-03T17:30:00+00:00,counted anew
TASKS_OVERDUE,VN,D,2024-03-15,,,true,2024-04-06,counted twice
TASKS_OVERDUE,VN,D,2024-03-16,6,A,,2024-04-01T08:00:00+07:00,
TASKS_OVERDUE,VN,D,2024-03-16,,,true,2024-04-01T09:00:00+07:00,not ours
TASKS_OVERDUE,VN,D,2024-03-17,,M,,2024-04-01T08:00:00+07:00,the counter was down
TASKS_OVERDUE,VN,D,2024-03-17,3,E,,2024-04-05,estimated
TASKS_OVERDUE,VN,D,2024-03-18,4,A,,2099-01-01,
TASKS_OVERDUE,VN,M,2024-03,4,A,,2099-01-01,
"""


@pytest.fixture(scope="module")
def overdue(own_engine: Engine, address: str) -> None:
    said = Instructions("PUBLISHED_FIGURES", reason="a history with all that happens")
    outcome = intake.take_in(own_engine, HISTORY.encode(), "history.csv", said, by=TEST, now=NOW)[1]
    assert outcome.stored, outcome.findings


@pytest.mark.usefixtures("overdue")
def test_a_day_is_the_countrys_and_its_last_word_stands(ask: Any) -> None:
    rows = ask("/series/observations", series_id=OVERDUE, **ALL)["observations"]
    told = [(row["date"], row["realtime_start"], row["realtime_end"], row["value"], row.get("status")) for row in rows]
    assert told == [
        ("2024-03-15", "2024-04-01", "2024-04-01", "7", "P"),
        ("2024-03-15", "2024-04-02", "2024-04-03", "7", None),
        ("2024-03-15", "2024-04-04", "2024-04-05", "8", None),
        ("2024-03-15", "2024-04-06", "9999-12-31", ".", None),
        ("2024-03-17", "2024-04-01", "2024-04-04", ".", "M"),
        ("2024-03-17", "2024-04-05", "9999-12-31", "3", "E"),
    ]
    assert ask("/series/vintagedates", series_id=OVERDUE)["vintage_dates"] == [
        f"2024-04-0{each}" for each in (1, 2, 4, 5, 6)
    ]
    some = ask(
        "/series/vintagedates",
        series_id=OVERDUE,
        realtime_start="2024-04-02",
        realtime_end="2024-04-05",
        sort_order="desc",
    )
    assert some["vintage_dates"] == ["2024-04-05", "2024-04-04", "2024-04-02"]


@pytest.mark.usefixtures("overdue")
def test_each_vintage_has_a_column_and_a_withdrawal_is_news(ask: Any) -> None:
    asked = {"series_id": OVERDUE, "realtime_start": "2024-04-03", "realtime_end": "2024-04-06"}
    columns = [f"{OVERDUE}_2024040{each}" for each in (3, 4, 5, 6)]
    table = ask("/series/observations", output_type="2", **asked)["observations"]
    assert table == [
        {"date": "2024-03-15"} | dict(zip(columns, ("7", "8", "8", "."), strict=True)),
        {"date": "2024-03-17"} | dict(zip(columns, (".", ".", "3", "3"), strict=True)),
    ]
    news = ask("/series/observations", output_type="3", **asked)["observations"]
    assert news == [
        {"date": "2024-03-15", columns[1]: "8", columns[3]: "."},
        {"date": "2024-03-17", columns[2]: "3"},
    ]


@pytest.mark.usefixtures("overdue")
def test_of_what_is_under_embargo_nothing_is_told(address: str, ask: Any) -> None:
    secret = OVERDUE.replace("D.", "M.", 1)
    answer = httpx2.get(f"{address}/fred/series", params={"series_id": secret})
    assert (answer.status_code, secret in answer.text) == (400, False)
    found = ask("/series/search", search_text="TASKS_OVERDUE")["seriess"]
    assert [each["id"] for each in found if each["id"].startswith(("D.", "M."))] == [OVERDUE]
    assert "2099-01-01" not in str(ask("/releases/dates", realtime_start="2024-01-01", limit="1000"))
    [told] = ask("/series", series_id=OVERDUE)["seriess"]
    assert (told["observation_start"], told["observation_end"]) == ("2024-03-17", "2024-03-17")
    then = {"realtime_start": "2024-04-02", "realtime_end": "2024-04-02"}
    [told] = ask("/series", series_id=OVERDUE, **then)["seriess"]
    assert (told["observation_start"], told["last_updated"]) == ("2024-03-15", "2024-04-02 08:00:00+07")


def test_history_that_nobody_saw_come_out_has_no_first_release(ask: Any) -> None:
    first = ask("/series/observations", series_id=RANK, output_type="4", **ALL)["observations"]
    every = ask("/series/observations", series_id=RANK, **ALL)["observations"]
    assert first[0] == every[0]
    assert len({row["date"] for row in first}) == len(first)


def test_a_text_that_xml_cannot_hold_is_told_without_it(client: TestClient) -> None:
    answer = client.get("/fred/series", params={"series_id": "\x01<&\ud7ff\ufffe"})
    assert "does not exist" in (ElementTree.fromstring(answer.content).get("message") or "")
    unknown = client.get("/fred/series", params={"\x02\x03<": "1"})
    assert "There is no parameter" in (ElementTree.fromstring(unknown.content).get("message") or "")


def test_the_document_lists_every_address(client: TestClient) -> None:
    described = {path for path in client.get("/openapi.json").json()["paths"] if path.startswith("/fred/")}
    assert set(re.findall(r"^\| `(/fred/[a-z/]+)`", DOCUMENT, re.MULTILINE)) == described

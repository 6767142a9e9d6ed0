"""Every release of the GDP of the United States, and every day on which one came: the answer is ALFRED's, in full.

The rule is ALFRED's own, in plain Python on its file: a figure is known on the days from `realtime_start` to
`realtime_end`, and "." is no value.
"""

import csv
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from ingest import catalogue, registry
from ingest.period import containing, moment
from ingest.submission import Instructions
from service import app, database, intake
from tests.conftest import ACCEPTANCE_CATALOGUE, NOW, TEST

KEY = "Q.US_GDP.US.PERIOD.ALFRED._T"


@pytest.fixture(scope="module")
def asked(own_engine: Engine, shared_data: Path) -> Iterator[TestClient]:
    with database.writing(own_engine) as connection:
        registry.load(connection, catalogue.read(catalogue.FOLDER, ACCEPTANCE_CATALOGUE), by=TEST)
    file = shared_data / "alfred/GDP_all_releases.json"
    said = Instructions("PUBLISHED_FIGURES", mapping="ALFRED_GDP_JSON", reason="release of the BEA")
    _, outcome, _ = intake.take_in(own_engine, file.read_bytes(), file.name, said, by=TEST, now=NOW)
    assert outcome.stored, outcome.findings[:3]
    counts = outcome.summary
    assert (counts.created + counts.revised + counts.unchanged, counts.refused) == (3199, 0)
    with TestClient(app.create(own_engine)) as client:
        yield client


@pytest.fixture(scope="module")
def releases(shared_data: Path) -> list[dict[str, str]]:
    rows = json.loads((shared_data / "alfred/GDP_all_releases.json").read_text())["observations"]
    assert len(rows) == 3199
    return rows


@pytest.fixture(scope="module")
def days(shared_data: Path) -> list[str]:
    dates = json.loads((shared_data / "alfred/GDP_vintagedates.json").read_text())["vintage_dates"]
    assert len(dates) == 393
    return dates


def quarter(day: str) -> str:
    return str(containing(datetime.fromisoformat(day).date(), "Q"))


def known_to_alfred(releases: list[dict[str, str]], day: str) -> dict[str, Decimal]:
    return {
        quarter(row["date"]): Decimal(row["value"])
        for row in releases
        if row["realtime_start"] <= day <= row["realtime_end"] and row["value"] != "."
    }


def table(client: TestClient, **parameters: str) -> list[dict[str, str]]:
    answer = client.get(f"/v1/series/{KEY}/observations", params=parameters | {"format": "csv"})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(answer.text.splitlines()))


def test_each_of_393_days_answers_what_alfred_answers(
    asked: TestClient, releases: list[dict[str, str]], days: list[str]
) -> None:
    compared = 0
    for day in days:
        rows = table(asked, as_of=day)
        known = {row["period"]: Decimal(row["value"]) for row in rows}
        assert known == known_to_alfred(releases, day), day
        assert len(known) == len(rows), f"more than one row a period on {day}"
        compared += len(rows)
    assert compared > 50_000


@pytest.mark.parametrize(
    ("as_of", "value"),
    [
        ("2009-01-29", None),
        ("2009-01-30", "14264.6"),
        ("2009-02-26", "14264.6"),
        ("2009-02-27", "14200.3"),
        ("2009-07-31", "14347.3"),
        (None, "14608.209"),
    ],
)
def test_t9_the_last_quarter_of_2008_as_it_was_known(asked: TestClient, as_of: str | None, value: str | None) -> None:
    when = {} if as_of is None else {"as_of": as_of}
    rows = table(asked, **{"from": "2008-Q4", "to": "2008-Q4"}, **when)
    assert [row["value"] for row in rows] == ([] if value is None else [value])


def test_the_day_before_a_release_knows_nothing_of_it(
    asked: TestClient, releases: list[dict[str, str]], days: list[str]
) -> None:
    for day in days[1::40]:
        eve = str(datetime.fromisoformat(day).date() - timedelta(1))
        assert {row["period"]: Decimal(row["value"]) for row in table(asked, as_of=eve)} == known_to_alfred(
            releases, eve
        )


def test_each_row_of_a_past_day_has_its_own_validity_and_not_that_of_the_question(
    asked: TestClient, releases: list[dict[str, str]]
) -> None:
    day = "2009-02-27"
    # ALFRED ends a row where the same value is stated anew; a figure that is only confirmed stands on with us.
    spans: dict[str, tuple[str, str]] = {}
    for date, rows in groupby(releases, key=lambda row: row["date"]):
        for _, same in groupby(rows, key=lambda row: row["value"]):
            stated = list(same)
            if stated[0]["realtime_start"] <= day <= stated[-1]["realtime_end"] and stated[0]["value"] != ".":
                spans[quarter(date)] = (stated[0]["realtime_start"], stated[-1]["realtime_end"])
    told = {row["period"]: (row["published_at"], row["valid_to"]) for row in table(asked, as_of=day)}
    assert told.keys() == spans.keys()
    for period, (since, until) in spans.items():
        end = "" if until == "9999-12-31" else (moment(until) + timedelta(1)).isoformat()
        assert told[period] == (moment(since).isoformat(), end)
    assert any(until for _, until in told.values())


def test_the_days_of_change_are_those_on_which_a_value_changed_for_alfred(
    asked: TestClient, releases: list[dict[str, str]], days: list[str]
) -> None:
    changed: set[str] = set()
    for _, rows in groupby(releases, key=lambda row: row["date"]):
        before = "."
        for row in rows:
            if row["value"] != before:
                changed.add(row["realtime_start"])
            before = row["value"]
    told = asked.get(f"/v1/series/{KEY}/vintage-dates").json()["vintage_dates"]
    assert told == sorted(changed)
    assert told == days


def test_t10_the_first_releases_are_those_that_alfred_calls_initial(asked: TestClient, shared_data: Path) -> None:
    initial = json.loads((shared_data / "alfred/GDP_initial_release.json").read_text())["observations"]
    theirs = {quarter(row["date"]): (Decimal(row["value"]), moment(row["realtime_start"])) for row in initial}
    assert len(theirs) == 132
    ours = {
        row["period"]: (Decimal(row["value"]), moment(row["published_at"])) for row in table(asked, release="first")
    }
    assert {period: ours[period] for period in theirs} == theirs
    known_by_2000 = table(asked, release="first", as_of="2000-01-01")
    assert {row["period"]: Decimal(row["value"]) for row in known_by_2000} == {
        period: value for period, (value, published) in ours.items() if published <= moment("2000-01-01")
    }


def test_what_is_new_between_two_days_is_what_differs_between_their_answers(asked: TestClient, days: list[str]) -> None:
    for early, late in (days[9:11], days[100:102], (days[200], days[-1])):
        before = {row["period"]: row for row in table(asked, as_of=early)}
        after = {row["period"]: row for row in table(asked, as_of=late)}
        told = {row["period"]: row for row in table(asked, as_of=late, revised_since=early)}
        assert told == {period: row for period, row in after.items() if before.get(period) != row}
        assert told


def test_the_triangle_is_the_answer_of_every_day_side_by_side(
    asked: TestClient, releases: list[dict[str, str]], days: list[str]
) -> None:
    rows = list(csv.DictReader(asked.get(f"/v1/series/{KEY}/vintages?layout=triangle&format=csv").text.splitlines()))
    assert len(rows[0]) == 3 + 2 * 393
    for day in days[::30]:
        assert {row["period"]: Decimal(row[day]) for row in rows if row[day]} == known_to_alfred(releases, day)
        assert {row["period"] for row in rows if row[f"{day}:status"] == "A"} == known_to_alfred(releases, day).keys()


def steps(releases: list[dict[str, str]]) -> list[tuple[str, Decimal, Decimal, str]]:
    """Each change from one value to another: quarter, before, after, day."""
    told: list[tuple[str, Decimal, Decimal, str]] = []
    for date, rows in groupby(releases, key=lambda row: row["date"]):
        before = "."
        for row in rows:
            if row["value"] != before and "." not in (row["value"], before):
                told.append((quarter(date), Decimal(before), Decimal(row["value"]), row["realtime_start"]))
            before = row["value"]
    return told


def test_revisions_and_their_statistics_are_those_of_plain_arithmetic(
    asked: TestClient, releases: list[dict[str, str]]
) -> None:
    def numbers(address: str) -> list[dict[str, Any]]:
        return json.loads(asked.get(address).text, parse_float=Decimal, parse_int=Decimal)

    told: Any = numbers(f"/v1/series/{KEY}/revisions")
    revised = [row for row in told["revisions"] if row["kind"] == "revised"]
    expected = steps(releases)
    assert [(row["period"], row["previous_value"], row["value"], moment(row["published_at"])) for row in revised] == [
        (period, before, after, moment(day)) for period, before, after, day in expected
    ]
    assert all(row["size"] == row["value"] - row["previous_value"] for row in revised)
    assert {row["reason"] for row in revised} == {"release of the BEA"}
    assert all(row["reason"] for row in told["revisions"])
    assert {(row["author_kind"], row["author"]) for row in told["revisions"]} == {("source", "ALFRED")}

    statistics: Any = numbers(f"/v1/series/{KEY}/revision-statistics")
    by_measure = {row["measure"]: row for row in statistics["statistics"]}
    sizes = [after - before for _, before, after, _ in expected]
    latest = known_to_alfred(releases, "9999-12-31")
    first: dict[str, Decimal] = {}
    for row in releases:
        if row["value"] != ".":
            first.setdefault(quarter(row["date"]), Decimal(row["value"]))
    whole = [latest[period] - first[period] for period in first if period in latest]
    for measure, of in (("step", sizes), ("first_to_latest", whole)):
        row = by_measure[measure]
        assert row["count"] == len(of)
        assert abs(row["mean"] - sum(of) / len(of)) < Decimal("1e-9")
        assert abs(row["mean_absolute"] - sum(map(abs, of)) / len(of)) < Decimal("1e-9")
        assert abs(row["largest"]) == max(map(abs, of))
        assert (row["up"], row["down"]) == (sum(size > 0 for size in of), sum(size < 0 for size in of))
        assert row["periods"] == len(first)
    assert by_measure["step"]["periods_revised"] == len({period for period, *_ in expected})

    day = "2013-07-31"  # a comprehensive revision
    released: Any = numbers(f"/v1/series/{KEY}/revision-statistics?by=release")
    (of_day,) = [row for row in released["statistics"] if moment(row["published_at"]) == moment(day)]
    sizes_of_day = [after - before for _, before, after, when in expected if when == day]
    assert of_day["revised"] == of_day["count"] == len(sizes_of_day) > 0
    assert abs(of_day["mean"] - sum(sizes_of_day) / len(sizes_of_day)) < Decimal("1e-9")
    assert abs(of_day["largest"]) == max(map(abs, sizes_of_day))

    listed: Any = numbers("/v1/releases?indicator=US_GDP&limit=1000")
    assert len(listed["releases"]) == 393
    (listed_day,) = [row for row in listed["releases"] if moment(row["published_at"]) == moment(day)]
    assert listed_day["revised"] == of_day["revised"]


def test_growth_is_computed_from_the_vintage_that_was_known(asked: TestClient) -> None:
    def told(transform: str, as_of: str = "2009-01-30") -> pandas.Series:
        rows = table(asked, as_of=as_of, transform=transform)
        return pandas.Series({row["period"]: float(row["value"] or "nan") for row in rows})

    known = told("lin")
    growth = known.pct_change(fill_method=None)
    for name, expected in (
        ("pch", growth * 100),
        ("pca", ((1 + growth) ** 4 - 1) * 100),
        ("pc1", known.pct_change(4, fill_method=None) * 100),
        ("chg", known.diff()),
    ):
        pandas.testing.assert_series_equal(told(name), expected, rtol=1e-9)
    # As the bureau printed it that day: down 4.1 percent at an annual rate.
    assert round(told("pca")["2008-Q4"], 1) == -4.1
    assert told("pch")["2008-Q4"] != told("pch", "2009-02-27")["2008-Q4"]

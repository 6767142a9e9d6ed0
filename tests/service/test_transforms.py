"""Transforms: the numbers that pandas gives, missing where nothing can be said, refused where they have no meaning."""

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from ingest import period
from ingest.observation import SeriesKey
from ingest.period import Period
from service.archive import changes, transforms
from service.archive.measures import DoesNotApply
from service.archive.points import POINT_COLUMNS, Statement
from service.archive.series import Span
from service.archive.transforms import NAMES, Transform
from tests.ingest.test_ledger import append

# Points of no ledger: what a transform says of numbers, it says of any.
_KINDS = {
    "period_start": "timestamp",
    "value": "numeric",
    "published_at": "timestamptz",
    "valid_to": "timestamptz",
    "recorded_at": "timestamptz",
    "submission": "bigint",
    "data_from": "date",
    "data_to": "date",
    "derived": "text[]",
    "computed_from": "text[]",
}
_GIVEN = (
    "select * from json_to_recordset(cast(:{name} as json)) as point ("
    + ", ".join(f"{name} {_KINDS.get(name, 'text')}" for name in POINT_COLUMNS)
    + ")"
)
QUARTERLY = "Q.CYBER_INCIDENTS.VN.PERIOD.REPORT._T"
RATE = "Q.ONLINE_FILING_RATE.VN.PERIOD.REPORT._T"


def points(*lines: tuple[str, dict[str, Any]], name: str = "given") -> Statement:
    """Points as they leave the ledger: of each key its values by period, a status of one letter instead for missing.

    A dictionary is a value with further columns.
    """
    rows: list[dict[str, Any]] = []
    for key, values in lines:
        parts = SeriesKey.parse(key)
        for written, told in values.items():
            also = told if isinstance(told, dict) else {}
            told = also.get("value", told)
            value, status = told if isinstance(told, tuple) else (told, "A" if told is not None else "M")
            rows.append(
                {part: getattr(parts, part) for part in SeriesKey.__slots__}
                | {
                    "period_start": period.parse(written).start.isoformat(),
                    "value": None if value is None else str(value),
                    "status": status,
                    "unit_measure": "percent" if "_RATE" in parts.indicator else "count",
                    "published_at": f"{written[:4]}-12-30T00:00:00Z",
                    "recorded_at": "2026-01-01T00:00:00Z",
                    "submission": 1,
                    "reason": "not collected" if value is None else None,
                }
                | {name: each for name, each in also.items() if name != "value"}
            )
    return Statement(_GIVEN.format(name=name), {name: json.dumps(rows)})


def answered(connection: Connection, statement: Statement) -> dict[tuple[str, str], dict[str, Any]]:
    """The points of a statement by key and period."""
    rows = connection.execute(text(statement.sql), statement.values).mappings()
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = str(SeriesKey(*(row[name] for name in SeriesKey.__slots__)))
        assert set(row) == set(POINT_COLUMNS)
        assert (row["value"] is None) == (row["status"] == "M")
        assert row["value"] is not None or row["reason"]
        told[key, str(Period(row["period_start"], row["frequency"]))] = dict(row)
    return told


def told(
    connection: Connection, wanted: str, values: dict[str, Any], key: str = QUARTERLY, **options: Any
) -> dict[str, dict[str, Any]]:
    """The transform of one line, by period."""
    transform = Transform.parse(wanted, **options)
    assert transform is not None
    found = answered(connection, transforms.transformed(points((key, values)), None, transform))
    return {name: row for (_, name), row in found.items()}


def periods(frequency: str, first: str, number: int) -> list[str]:
    """So many periods in a row."""
    found = period.parse(first)
    written = []
    for _ in range(number):
        written.append(str(found))
        found = Period(found.end, frequency)
    return written


FIRST = {"A": "1990", "S": "2001-S2", "Q": "2019-Q3", "M": "2019-11", "W": "2020-W50", "D": "2020-02-27"}
PER_YEAR = {"A": 1, "S": 2, "Q": 4, "M": 12, "W": 52, "D": 365}
# Of weeks and days a year is no fixed number of rows.
_A_YEAR = {"A": 1, "S": 2, "Q": 4, "M": 12}
VALUES = st.lists(
    st.one_of(st.none(), st.integers(1, 10**12).map(lambda n: Decimal(n).scaleb(-4))), min_size=1, max_size=30
)


def pandas_says(name: str, series: "pandas.Series[float]", n: int, year: int) -> "pandas.Series[float]":
    """What pandas gives for a transform."""
    log = series.map(math.log)
    match name:
        case "chg":
            return series.diff()
        case "ch1":
            return series.diff(year)
        case "pch":
            return series.pct_change(fill_method=None) * 100
        case "pc1":
            return series.pct_change(year, fill_method=None) * 100
        case "pca":
            return ((series.pct_change(fill_method=None) + 1) ** n - 1) * 100
        case "cch":
            return log.diff() * 100
        case "cca":
            return log.diff() * 100 * n
        case "log":
            return log
        case "cumulative":
            return series.cumsum().where(series.notna().cummin())
        case _:
            return series.rolling(3).mean()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(("chg", "ch1", "pch", "pc1", "pca", "cch", "cca", "log", "cumulative", "ma:3")),
    frequency=st.sampled_from(sorted(FIRST)),
    values=VALUES,
    gaps=st.sets(st.integers(0, 29), max_size=3),
)
def test_whatever_the_figures_are_pandas_gives_the_same(
    connection: Connection, name: str, frequency: str, values: list[Decimal | None], gaps: set[int]
) -> None:
    if name in ("ch1", "pc1") and frequency not in _A_YEAR:
        frequency = "Q"
    names = periods(frequency, FIRST[frequency], len(values))
    # A gap is a row that is not there at all, beside those that say that they are missing.
    written = {key: value for number, (key, value) in enumerate(zip(names, values, strict=True)) if number not in gaps}
    # A total since the first figure begins with the first that there is.
    first = next(iter(written), None)
    if first is None:
        return
    span = names[names.index(first) :]
    series = pandas.Series([float(written[key]) if written.get(key) is not None else math.nan for key in span], span)
    expected = pandas_says(name, series, PER_YEAR[frequency], _A_YEAR.get(frequency, 1))
    found = told(connection, name, written, QUARTERLY.replace("Q.", f"{frequency}.", 1))
    assert set(found) == set(written)
    for key, row in found.items():
        if math.isnan(expected[key]) or math.isinf(expected[key]) or abs(expected[key]) > 1e290:
            assert row["value"] is None, key
        else:
            # A double loses what is equal in both of two numbers that are close.
            slack = 1e-13 * max(abs(value) for value in series if not math.isnan(value))
            assert float(row["value"]) == pytest.approx(expected[key], rel=1e-7, abs=1e-9 + slack)


def test_a_change_is_exact_to_the_last_digit_that_was_reported(connection: Connection) -> None:
    found = told(connection, "chg", {"2024-Q1": "1399516.73", "2024-Q2": "1508387.01"})
    assert found["2024-Q2"]["value"] == Decimal("108870.28")
    found = told(connection, "pch", {"2024-Q1": 3, "2024-Q2": 4})
    assert str(found["2024-Q2"]["value"]) == "33.3333333333333"


def test_before_is_the_period_before_and_not_the_row_before(connection: Connection) -> None:
    found = told(connection, "chg", {"2023-Q4": 10, "2024-Q2": 30, "2024-Q3": 35})
    assert found["2024-Q2"]["reason"] == "There is no figure of 2024-Q1."
    assert found["2024-Q3"]["value"] == 5


@pytest.mark.parametrize(
    ("key", "values", "compared"),
    [
        ("D", {"2023-02-28": 1, "2024-02-28": 4, "2024-02-29": 9}, {"2024-02-28": 3, "2024-02-29": None}),
        ("W", {"2019-W52": 1, "2020-W52": 4, "2020-W53": 9, "2021-W53": 9}, {"2020-W52": 3, "2020-W53": None}),
        ("W", {"2020-W53": 1, "2021-W01": 5, "2022-W01": 7}, {"2022-W01": 2, "2021-W01": None}),
        ("H", {"2023-05-01T09": 1, "2024-05-01T09": 4, "2024-05-01T10": 5}, {"2024-05-01T09": 3}),
        ("M", {"2023-02": 1, "2024-02": 4}, {"2024-02": 3}),
    ],
)
def test_a_year_earlier_is_the_same_day_or_week(
    connection: Connection, key: str, values: dict[str, int], compared: dict[str, int | None]
) -> None:
    given = {name: value for name, value in values.items() if name != "2021-W53"}
    found = told(connection, "ch1", given, QUARTERLY.replace("Q.", f"{key}.", 1))
    assert {name: found[name]["value"] for name in compared} == compared


def test_nothing_is_compared_across_a_break(connection: Connection) -> None:
    values: dict[str, Any] = {"2023-Q1": 10, "2023-Q2": (20, "B"), "2023-Q3": 30, "2024-Q1": 40, "2024-Q2": 50}
    found = told(connection, "pch", values)
    assert found["2023-Q2"]["reason"] == "A break in the series lies between 2023-Q1 and 2023-Q2."
    assert found["2023-Q3"]["value"] == 50
    found = told(connection, "pc1", values)
    assert (found["2024-Q1"]["value"], found["2024-Q2"]["value"]) == (None, 150)
    assert told(connection, "cumulative", values)["2023-Q2"]["value"] is None
    assert told(connection, "ma:2", values)["2023-Q2"]["value"] is None
    assert told(connection, "ma:2", values)["2023-Q3"]["value"] == 25
    assert told(connection, "index", values, base=period.parse("2023-Q1"))["2023-Q3"]["value"] is None


@pytest.mark.parametrize(
    ("name", "old", "new", "value"),
    [
        ("pch", 0, 5, None),
        ("pch", -2, 5, None),
        ("pch", 5, 0, -100),
        ("pca", 5, 0, -100),
        ("pca", 5, -1, None),
        ("cch", 5, 0, None),
        ("cca", 0, 5, None),
        ("pca", "0.0001", "1000000000000000", Decimal("1E78")),
    ],
)
def test_a_percentage_of_zero_or_less_is_missing_with_the_reason(
    connection: Connection, name: str, old: Any, new: Any, value: Any
) -> None:
    row = told(connection, name, {"2024-Q1": old, "2024-Q2": new})["2024-Q2"]
    if value == Decimal("1E78"):
        assert row["value"] == pytest.approx(Decimal("1E78"))
    else:
        assert row["value"] == value
    assert row["value"] is not None or "undefined" in row["reason"]


def test_what_no_number_can_hold_is_missing_with_the_reason(connection: Connection) -> None:
    row = told(connection, "pca", {"2024-01-01": 1, "2024-01-02": 1000}, QUARTERLY.replace("Q.", "D."))["2024-01-02"]
    assert (row["value"], row["reason"]) == (None, "Over a whole year this is more than can be told.")
    row = told(connection, "pca", {"2024-01-01": 1000, "2024-01-02": 1}, QUARTERLY.replace("Q.", "D."))["2024-01-02"]
    assert row["value"] == -100


def test_the_change_of_a_rate_is_told_in_points_unless_it_is_asked_for_in_percent(connection: Connection) -> None:
    values = {"2024-Q1": "40", "2024-Q2": "50"}
    for name, points_told in (("chg", 10), ("pch", 10), ("pca", 40), ("cch", 10), ("cca", 40)):
        row = told(connection, name, values, RATE)["2024-Q2"]
        assert (row["value"], row["unit_measure"]) == (points_told, "percentage_point")
        assert ("points" in row["derived"]) == (name != "chg")
    row = told(connection, "pch", values, RATE, relative=True)["2024-Q2"]
    assert (row["value"], row["unit_measure"], row["derived"]) == (25, "percent", ["transform:pch"])


def test_a_computed_point_says_from_what_and_is_no_surer_than_that(connection: Connection) -> None:
    row = told(connection, "pch", {"2023-Q4": (10, "P"), "2024-Q1": (11, "E")})["2024-Q1"]
    assert row["computed_from"] == [f"{QUARTERLY}@2024-Q1", f"{QUARTERLY}@2023-Q4"]
    assert (row["status"], row["published_at"].year, row["submission"]) == ("E", 2024, 1)
    row = told(connection, "ytd", {"2024-Q1": (10, "P"), "2024-Q2": (11, "A")})["2024-Q2"]
    assert (row["value"], row["status"]) == (21, "P")
    assert row["computed_from"] == [f"{QUARTERLY}@2024-Q1", f"{QUARTERLY}@2024-Q2"]


def test_a_break_is_said_of_the_figure_itself_and_not_of_those_after_it(connection: Connection) -> None:
    values: dict[str, Any] = {"2023-Q1": (10, "B"), "2023-Q2": 20, "2023-Q3": 40, "2024-Q1": 50}
    assert told(connection, "pch", values)["2023-Q2"]["status"] == "A"
    assert told(connection, "pc1", values)["2024-Q1"]["status"] == "A"
    assert told(connection, "ma:2", values)["2023-Q2"]["status"] == "A"
    found = told(connection, "ytd", values)
    assert (found["2023-Q1"]["status"], found["2023-Q2"]["status"]) == ("B", "A")
    found = told(connection, "index", values, base=period.parse("2023-Q1"))
    assert (found["2023-Q1"]["status"], found["2023-Q2"]["status"]) == ("B", "A")
    provisional = told(connection, "pch", values | {"2023-Q1": (10, "P")})
    assert provisional["2023-Q2"]["status"] == "P"
    whole = (QUARTERLY, values)
    part = (PARTS, {"2023-Q1": (5, "B"), "2023-Q2": 6})
    assert among(connection, "contribution", [part], whole)[PARTS, "2023-Q2"]["status"] == "A"


def test_a_sum_tells_which_of_its_figures_has_data_of_other_days_than_the_calendars(connection: Connection) -> None:
    cut: dict[str, Any] = {
        "2023-Q3": {"value": 3, "data_from": "2023-07-01", "data_to": "2023-09-30"},
        "2023-Q4": {"value": 4, "data_to": "2023-12-10"},
    }
    found = told(connection, "cumulative", cut | {"2024-Q1": 1})
    assert [row["reason"] for row in found.values()] == [
        None,
        *["2023-Q4 has data to 2023-12-10 only."] * 2,
    ]
    many = {
        name: {"value": 1, "data_to": f"{name}-20", "data_from": f"{name}-02"} for name in periods("M", "2023-01", 4)
    }
    found = told(connection, "ytd", many, QUARTERLY.replace("Q.", "M."))
    assert found["2023-01"]["reason"] == "2023-01 has data from 2023-01-02 to 2023-01-20 only."
    assert found["2023-04"]["reason"] == "4 of the periods have data of other days than the calendar's."


def test_a_long_run_is_named_by_its_ends(connection: Connection) -> None:
    row = told(connection, "cumulative", dict.fromkeys(periods("Q", "2001-Q1", 30), 1))["2008-Q2"]
    assert (row["value"], row["computed_from"]) == (30, [f"{QUARTERLY}@2001-Q1/2008-Q2"])


def test_a_running_total_begins_anew_in_january_and_ends_at_a_gap(connection: Connection) -> None:
    values = {"2023-Q3": 1, "2023-Q4": 2, "2024-Q1": 3, "2024-Q2": 4, "2024-Q4": 5}
    found = told(connection, "ytd", values)
    assert {name: row["value"] for name, row in found.items()} == {
        "2023-Q3": None,
        "2023-Q4": None,
        "2024-Q1": 3,
        "2024-Q2": 7,
        "2024-Q4": None,
    }
    assert found["2024-Q4"]["reason"] == "A period before 2024-Q4 has no figure."


def test_the_base_of_an_index_is_a_period_or_the_mean_of_all_that_lie_in_it(connection: Connection) -> None:
    values: dict[str, Any] = {"2010-Q1": 10, "2010-Q2": 20, "2010-Q3": 30, "2010-Q4": 40, "2011-Q1": 50}
    found = told(connection, "index", values, base=period.parse("2010"))
    assert {name: row["value"] for name, row in found.items()} == {name: value * 4 for name, value in values.items()}
    assert found["2011-Q1"]["unit_measure"] == "index"
    found = told(connection, "index", values, base=period.parse("2010-Q2"))
    assert found["2010-Q1"]["value"] == 50
    for base, why in (
        ("2011", "Only 1 of 4 figures of the base 2011 are there."),
        ("2009", "There is no figure of the base 2009."),
        ("2010-02", "The base 2010-02 is shorter than the periods of this series."),
    ):
        assert {row["reason"] for row in told(connection, "index", values, base=period.parse(base)).values()} == {why}


def test_the_mean_of_the_base_is_one_hundred_for_every_frequency(connection: Connection) -> None:
    for frequency, first, number in (("M", "2024-01", 12), ("D", "2024-01-01", 366), ("W", "2024-W01", 52)):
        values = {name: 1 + place for place, name in enumerate(periods(frequency, first, number))}
        found = told(
            connection, "index", values, QUARTERLY.replace("Q.", f"{frequency}.", 1), base=period.parse("2024")
        )
        assert sum(row["value"] for row in found.values()) / number == pytest.approx(Decimal(100))


# Parts and wholes, peers


def among(
    connection: Connection, name: str, asked: Sequence[tuple[str, dict[str, Any]]], *others: tuple[str, dict[str, Any]]
) -> dict[tuple[str, str], dict[str, Any]]:
    wanted = Transform.parse(name)
    assert wanted is not None
    return answered(connection, transforms.transformed(points(*asked), points(*others, name="others"), wanted))


PARTS = "Q.CYBER_INCIDENTS.VN.PERIOD.REPORT.PART"


def test_a_share_is_of_the_total_of_the_same_period(connection: Connection) -> None:
    part = (PARTS, {"2024-Q1": 1, "2024-Q2": 1, "2024-Q3": 1})
    whole = (QUARTERLY, {"2024-Q1": 4, "2024-Q2": 0})
    found = among(connection, "share", [part], whole)
    assert [row["value"] for row in found.values()] == [25, None, None]
    row = found[PARTS, "2024-Q1"]
    assert row["computed_from"] == [f"{PARTS}@2024-Q1", f"{QUARTERLY}@2024-Q1"]
    assert row["unit_measure"] == "percent"
    assert found[PARTS, "2024-Q3"]["reason"] == "The total of 2024-Q3 has no figure."


def test_of_a_reporting_unit_the_nation_is_the_whole_and_of_the_nation_itself(connection: Connection) -> None:
    ministry = QUARTERLY.replace("VN", "MIC")
    nation = (QUARTERLY, {"2024-Q1": 8})
    found = among(connection, "share", [(ministry, {"2024-Q1": 2}), nation], nation)
    assert {key: row["value"] for (key, _), row in found.items()} == {ministry: 25, QUARTERLY: 100}


def test_contributions_add_up_to_the_change_of_the_total(connection: Connection) -> None:
    one = (PARTS, {"2023-Q4": 10, "2024-Q1": 15, "2024-Q3": 7})
    rest = (PARTS.replace("PART", "REST"), {"2023-Q4": 30, "2024-Q1": 29})
    whole = (QUARTERLY, {"2023-Q4": 40, "2024-Q1": 44})
    found = among(connection, "contribution", [one, rest, whole], whole)
    told_of = {key.split(".")[-1]: row["value"] for (key, name), row in found.items() if name == "2024-Q1"}
    assert told_of == {"PART": Decimal("12.5"), "REST": Decimal("-2.5"), "_T": 10}
    row = found[PARTS, "2024-Q1"]
    assert row["unit_measure"] == "percentage_point"
    assert row["computed_from"] == [f"{PARTS}@2024-Q1", f"{PARTS}@2023-Q4", f"{QUARTERLY}@2023-Q4"]
    assert found[PARTS, "2024-Q3"]["reason"] == "There is no figure of 2024-Q2."


def test_who_are_equal_share_a_rank_and_the_next_has_the_number_of_those_before(connection: Connection) -> None:
    key = "A.DTI_SCORE.{}.PERIOD.MIC._T"
    scores = {"GSO01_2008": 9, "GSO24": 7, "GSO27": 7, "GSO30": 5}
    peers = [(key.format(unit), {"2022": score}) for unit, score in scores.items()]
    for name, expected in (("rank", [1, 2, 2, 4]), ("rank_dense", [1, 2, 2, 3])):
        found = among(connection, name, peers, *peers)
        assert [found[key.format(unit), "2022"]["value"] for unit in scores] == expected
    row = among(connection, "rank", [peers[3]], *peers)[key.format("GSO30"), "2022"]
    assert (row["value"], row["unit_measure"], row["derived"]) == (4, "rank", ["transform:rank", "province:4"])
    assert row["computed_from"] == ["A.DTI_SCORE.GSO30.PERIOD.MIC._T@2022", "A.DTI_SCORE.*.PERIOD.MIC._T@2022"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=4, max_size=4))
def test_ranks_are_those_of_pandas_whichever_way_is_better(connection: Connection, values: list[int | None]) -> None:
    units = ["GSO01_2008", "GSO24", "GSO27", "GSO30"]
    for indicator, ascending in (("TASKS_OVERDUE", True), ("DATABASES_COUNT", False)):
        peers = [
            (f"Q.{indicator}.{unit}.STOCK.REPORT._T", {"2022-Q1": value})
            for unit, value in zip(units, values, strict=True)
        ]
        series = pandas.Series(values, dtype="float64")
        for name, method in (("rank", "min"), ("rank_dense", "dense")):
            expected = series.rank(method=method, ascending=ascending)  # pyright: ignore[reportArgumentType]
            found = among(connection, name, peers, *peers)
            for (key, _), place in zip(peers, expected, strict=True):
                value = found[key, "2022-Q1"]["value"]
                assert value == (None if math.isnan(place) or series.count() < 2 else place)


def test_a_rank_among_few_of_its_level_is_an_estimate_and_says_among_how_many(connection: Connection) -> None:
    key = "A.DTI_SCORE.{}.PERIOD.MIC._T"
    peers = [(key.format(unit), {"2022": score}) for unit, score in (("GSO24", 7), ("GSO27", 8))]
    row = among(connection, "rank", peers, *peers)[key.format("GSO24"), "2022"]
    assert (row["value"], row["status"], row["reason"]) == (2, "E", "2 of 63 provinces have a figure.")
    units = connection.execute(
        text(
            "select code from reporting_unit where level = 'province'"
            " and coalesce(valid_from, '2022-01-01') < '2023-01-01' and coalesce(valid_to, '2022-01-01') > '2021-12-31'"
        )
    ).scalars()
    every = [(key.format(unit), {"2022": (place, "B" if place else "A")}) for place, unit in enumerate(units)]
    row = among(connection, "rank", every[:1], *every)[every[0][0], "2022"]
    assert (row["value"], row["status"], row["reason"]) == (63, "A", None)


# Through the API


def asked(client: TestClient, key: str, **parameters: Any) -> dict[str, dict[str, Any]]:
    answer = client.get(f"/v1/series/{key}/observations", params=parameters)
    assert answer.status_code == 200, answer.text
    return {row["period"]: row for row in answer.json()["observations"]}


def test_t24_the_points_and_the_percent_of_a_rate(client: TestClient) -> None:
    key = "A.ONLINE_FILING_RATE.VN.PERIOD.REPORT._T"
    row = asked(client, key, transform="pch", **{"from": "2022", "to": "2022"})["2022"]
    assert (row["value"], row["unit_measure"], row["derived"]) == (
        23.0,
        "percentage_point",
        ["transform:pch", "points"],
    )
    row = asked(client, key, transform="pch", relative="true", **{"from": "2022", "to": "2022"})["2022"]
    assert (round(row["value"], 2), row["unit_measure"]) == (77.18, "percent")
    assert row["computed_from"] == [f"{key}@2022", f"{key}@2021"]


def test_t2_and_t8_the_change_of_a_rank_and_of_a_count(client: TestClient) -> None:
    row = asked(client, "A.EGDI_RANK.VN.PERIOD.UN._T", transform="chg")["2022"]
    assert (row["status"], row["reason"]) == ("M", "There is no figure of 2021.")
    key = "A.NDXP_TRANSACTIONS.VN.PERIOD.REPORT._T"
    row = asked(client, key, transform="pc1")["2022"]
    assert round(1 + row["value"] / 100, 4) == 4.7535


@pytest.mark.parametrize(
    ("key", "parameters", "why"),
    [
        ("A.EGDI_RANK.VN.PERIOD.UN._T", "transform=pch", "a rank has no percentage"),
        ("A.EGDI_RANK.VN.PERIOD.UN._T", "transform=ma:2", "which is not averaged"),
        ("A.EGDI_RANK.VN.PERIOD.UN._T", "transform=contribution", "which has no parts that add up"),
        ("A.EGDI_RANK.VN.PERIOD.UN._T", "transform=rank", "it is a rank already"),
        ("A.ONLINE_FILING_RATE.VN.PERIOD.REPORT._T", "transform=cumulative", "it is a rate, which is not summed"),
        ("S.ICT_REVENUE.VN.YTD.REPORT._T", "transform=ytd", "it counts up already"),
        ("S.ICT_REVENUE.VN.YTD.REPORT._T", "transform=pch", "compare with a year earlier"),
        ("A.EGDI_RANK.VN.PERIOD.UN._T", "transform=within", "only what counts up from 1 January"),
    ],
)
def test_what_has_no_meaning_is_refused_with_the_reason_as_json_and_as_csv(
    client: TestClient, key: str, parameters: str, why: str
) -> None:
    for kind in ("json", "csv"):
        answer = client.get(f"/v1/series/{key}/observations?{parameters}&format={kind}")
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/does-not-apply")
        assert why in answer.json()["detail"]
        assert key.split(".")[1] in answer.json()["detail"]


def test_one_that_does_not_apply_is_named_among_many(client: TestClient) -> None:
    answer = client.get("/v1/observations?indicator=EGDI_RANK,GCI_RANK,ICT_REVENUE&accumulation=PERIOD&transform=pch")
    assert answer.status_code == 422
    assert "EGDI_RANK" in answer.json()["detail"]
    assert "GCI_RANK" in answer.json()["detail"]
    assert "ICT_REVENUE" not in answer.json()["detail"]


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ("transform=pchh", "There are: lin, chg"),
        ("transform=", "“” is no transform"),
        ("transform=ma", "write ma:4"),
        ("transform=ma:1", "write ma:4"),
        ("transform=pch:4", "is no transform"),
        ("transform=index", "needs “base”"),
        ("transform=pch&base=2010", "needs “base”"),
        ("base=2010", "says nothing without “transform”"),
        ("relative=true", "says nothing without “transform”"),
        ("transform=chg&relative=true", "goes with pch"),
        ("incomplete=flag", "says nothing without “aggregate”"),
        ("aggregate=X", "is no value of “aggregate”"),
        ("aggregate=A&incomplete=yes", "is no value of “incomplete”"),
        ("fill=linear", "is no value of “fill”"),
        ("fill=forward&transform=chg", "goes without a transform"),
        ("transform=within&aggregate=A", "goes without “aggregate”"),
    ],
)
def test_a_parameter_that_says_nothing_is_refused_and_never_ignored(
    client: TestClient, parameters: str, why: str
) -> None:
    answer = client.get(f"/v1/series/S.ICT_REVENUE.VN.YTD.REPORT._T/observations?{parameters}")
    assert answer.status_code == 400
    assert why in answer.json()["detail"]


def test_lin_is_the_figures_as_they_are(client: TestClient) -> None:
    key = "A.EGDI_RANK.VN.PERIOD.UN._T"
    assert asked(client, key, transform="lin") == asked(client, key)


def test_pages_of_a_transform_together_are_the_whole_as_csv_is(client: TestClient) -> None:
    address = "/v1/observations?indicator=ICT_REVENUE,NDXP_TRANSACTIONS,ECOMMERCE_REVENUE&accumulation=PERIOD"
    address += "&transform=pc1"
    whole = client.get(address).json()["observations"]
    turned, cursor = [], None
    while True:
        page = client.get(address + "&limit=2" + (f"&cursor={cursor}" if cursor else "")).json()
        turned += page["observations"]
        cursor = page["next"]
        if cursor is None:
            break
    assert turned == whole
    lines = client.get(address + "&format=csv").text.splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [[row["series"], row["period"]] for row in whole]


@pytest.mark.parametrize("name", NAMES)
def test_every_transform_is_the_same_as_csv_and_of_nothing_is_nothing(client: TestClient, name: str) -> None:
    series = "ICT_REVENUE&accumulation=YTD" if name == "within" else "NDXP_TRANSACTIONS&accumulation=PERIOD&frequency=A"
    wanted = {"ma": "ma:2", "index": "index&base=2022"}.get(name, name)
    for chosen in (f"indicator={series}", f"indicator={series}&reporting_unit=GSO2*"):
        address = f"/v1/observations?{chosen}&transform={wanted}"
        rows = client.get(address).json()["observations"]
        lines = [*csv.DictReader(io.StringIO(client.get(f"{address}&format=csv").text))]
        assert bool(rows) == ("GSO2" not in chosen)
        assert [(line["series"], line["period"], line["status"]) for line in lines] == [
            (row["series"], row["period"], row["status"]) for row in rows
        ]
        assert [float(line["value"]) if line["value"] else None for line in lines] == [row["value"] for row in rows]
        assert all(row["derived"] and row["computed_from"] for row in rows)


def test_a_rank_without_peers_is_missing_and_says_why(client: TestClient) -> None:
    rows = client.get("/v1/observations?indicator=NDXP_TRANSACTIONS&frequency=A&transform=rank").json()["observations"]
    assert rows
    assert {(row["status"], row["reason"]) for row in rows} == {
        ("M", f"No other reporting unit of its level has a figure of {row['period']}.") for row in rows
    }


def test_within_is_what_the_route_of_differences_tells(client: TestClient) -> None:
    missing: list[dict[str, Any]] = []
    for key in ("S.ICT_REVENUE.VN.YTD.REPORT._T", "Q.ICT_REVENUE.VN.YTD.REPORT._T"):
        found = asked(client, key, transform="within")
        there = client.get(f"/v1/series/{key}/differences").json()["differences"]
        assert there
        for row in there:
            assert (found[row["period"]]["value"], found[row["period"]]["status"]) == (
                row["value"],
                row["status"] if row["value"] is not None else "M",
            )
        missing += [row for row in found.values() if row["value"] is None]
    assert missing
    assert all("to take off" in row["reason"] or "No publication" in row["reason"] for row in missing)


def test_a_carried_figure_is_marked_and_lies_only_between_two(client: TestClient) -> None:
    key = "A.EGDI_RANK.VN.PERIOD.UN._T"
    plain, filled = asked(client, key), asked(client, key, fill="forward")
    years = sorted(plain)
    assert sorted(filled) == [str(year) for year in range(int(years[0]), int(years[-1]) + 1)]
    assert {name: row for name, row in filled.items() if name in plain} == plain
    assert (filled["2019"]["value"], filled["2019"]["status"]) == (plain["2018"]["value"], "E")
    assert (filled["2019"]["derived"], filled["2019"]["computed_from"]) == (["carried"], [f"{key}@2018"])
    assert filled["2019"]["reason"] == "There is no figure; this is the one of 2018."
    # That 2019 has no figure was known when 2020 had one.
    assert filled["2019"]["published_at"] == plain["2020"]["published_at"] > plain["2018"]["published_at"]


# The document


DOCUMENT = (Path(__file__).parents[2] / "docs" / "transforms.md").read_text(encoding="utf-8")


def test_the_document_has_every_transform_and_no_other() -> None:
    written = re.findall(r"^\| `(\w+)(?::N)?` \|", DOCUMENT, re.MULTILINE)
    assert written == ["lin", *NAMES]


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("chg", "2023-Q3 has data to 2023-09-10 only. 2023-Q4 has data to 2023-12-10 only."),
        ("pch", "2023-Q3 has data to 2023-09-10 only. 2023-Q4 has data to 2023-12-10 only."),
        ("log", "2023-Q4 has data to 2023-12-10 only."),
        ("index", "2023-Q3 has data to 2023-09-10 only. 2023-Q4 has data to 2023-12-10 only."),
    ],
)
def test_whatever_is_computed_of_figures_tells_the_days_that_these_are_of(
    connection: Connection, wanted: str, says: str
) -> None:
    values = {
        "2023-Q3": {"value": 1, "data_to": "2023-09-10"},
        "2023-Q4": {"value": 2, "data_to": "2023-12-10"},
    }
    base = {"base": period.parse("2023-Q3")} if wanted == "index" else {}
    assert told(connection, wanted, values, **base)["2023-Q4"]["reason"] == says


def test_a_share_and_a_rank_tell_of_the_days_of_the_whole_and_of_the_others(connection: Connection) -> None:
    part, other = QUARTERLY.replace("VN", "GSO24"), QUARTERLY.replace("VN", "GSO27")
    cut = {"2023-Q4": {"value": 4, "data_to": "2023-12-10"}}

    def beside(name: str, others: Statement) -> dict[str, Any]:
        found = transforms.transformed(points((part, {"2023-Q4": 2})), others, Transform(name))
        return answered(connection, found)[part, "2023-Q4"]

    whole = points((QUARTERLY, cut), name="others")
    assert beside("share", whole)["reason"] == "2023-Q4 has data to 2023-12-10 only."
    peers = points((part, {"2023-Q4": 2}), (other, cut), name="others")
    assert beside("rank", peers)["reason"].endswith("1 of the figures have data of other days than the calendar's.")


def test_the_document_of_a_figure_is_none_of_what_could_not_be_computed_from_it(connection: Connection) -> None:
    row = told(connection, "pch", {"2023-Q4": {"value": 2, "document": "report 7", "comment": "early"}})["2023-Q4"]
    assert (row["value"], row["document"], row["comment"], row["submission"]) == (None, None, None, None)


# The routes that tell each figure beside the one before it, and beside its whole.


def test_totals_since_january_are_not_compared_from_one_to_the_next(connection: Connection) -> None:
    said = {"published_at": "2002-06-01"}
    quarterly, annual = "Q.CYBER_INCIDENTS.VN.YTD.REPORT._T", "A.CYBER_INCIDENTS.VN.YTD.REPORT._T"
    append(
        connection,
        {"series": quarterly, "period": "2001-Q4", "value": "100", **said},
        {"series": quarterly, "period": "2002-Q1", "value": "25", **said},
        {"series": annual, "period": "2000", "value": "80", **said},
        {"series": annual, "period": "2001", "value": "100", **said},
    )
    now = period.moment("2003-01-01")
    with pytest.raises(DoesNotApply, match="it counts up from 1 January, so compare with a year earlier"):
        changes.changes(connection, SeriesKey.parse(quarterly), Span(), as_of=now)
    (row,) = changes.changes(connection, SeriesKey.parse(annual), Span(), as_of=now)
    assert (row["difference"], row["change_unit"]) == (20, "count")


def test_the_change_of_a_percentage_is_in_points_and_known_when_both_figures_are(connection: Connection) -> None:
    rate = "A.ONLINE_FILING_RATE.GSO24.PERIOD.REPORT._T"
    append(
        connection,
        {"series": rate, "period": "2001", "value": "40", "published_at": "2002-01-01"},
        {"series": rate, "period": "2002", "value": "50", "published_at": "2003-01-01"},
        {"series": rate, "period": "2001", "value": "45", "published_at": "2004-01-01"},
        reason="counted again",
    )
    (row,) = changes.changes(connection, SeriesKey.parse(rate), Span(), as_of=period.moment("2005-01-01"))
    assert (row["difference"], row["unit_measure"], row["change_unit"]) == (5, "percent", "percentage_point")
    assert row["published_at"] == period.moment("2004-01-01")


def test_a_share_is_known_when_its_whole_is(connection: Connection) -> None:
    key = SeriesKey.parse("A.ESSENTIAL_SERVICES_LEFT.VN.STOCK.REPORT._T")
    whole = str(key).replace("_T", "DENOMINATOR")
    append(
        connection,
        {"series": str(key), "period": "2001", "value": "7", "published_at": "2002-01-01"},
        {"series": whole, "period": "2001", "value": "63", "published_at": "2002-01-01"},
        {"series": whole, "period": "2001", "value": "70", "published_at": "2003-01-01"},
        reason="counted again",
    )
    (row,) = changes.shares(connection, key, Span(), as_of=period.moment("2002-06-01"))
    assert (row["whole"], row["complement"], row["published_at"]) == (63, 56, period.moment("2002-01-01"))
    (row,) = changes.shares(connection, key, Span(), as_of=period.moment("2004-01-01"))
    assert (row["share_percent"], row["published_at"]) == (10, period.moment("2003-01-01"))


def test_the_route_of_changes_refuses_what_counts_up(client: TestClient) -> None:
    answer = client.get("/v1/series/S.ICT_REVENUE.VN.YTD.REPORT._T/changes")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/does-not-apply")

"""Which figures answer a promise: of which source, frequency and accumulation, from which base, along which milestones.

Everything is of the years from 2000 to 2006, which no shipped figure knows.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, text

from ingest import catalogue, targets
from ingest.observation import DENOMINATOR, TOTAL
from ingest.target import Target
from service.archive import targets as archived
from service.archive.verdicts import reaching
from service.archive.verdicts.reaching import Wanted
from tests.ingest.test_ledger import append

PLAN = "TEST"
TODAY = date(2003, 7, 1)
RATE, COUNT, STOCK = "ONLINE_FILING_RATE", "CYBER_INCIDENTS", "DIGITAL_FIRMS"


def promise(indicator: str, value: int, **more: Any) -> Target:
    usual: dict[str, Any] = {"scope": "VN", "period": "2005", "kind": "at_least", "published_on": date(2000, 1, 1)}
    return Target(PLAN, indicator, value=Decimal(value), document="a test", **usual | more)


def publish(connection: Connection, key: str, published_at: str = "2003-06-01", **values: Any) -> None:
    """A series by its key without breakdown, and its values by period: `_2002_Q1` is 2002-Q1; `B` marks a break."""
    key = key if key.count(".") == 5 else f"{key}.{TOTAL}"
    rows = [
        {
            "series": key,
            "period": name.strip("_").replace("_", "-"),
            "value": str(value).rstrip("B"),
            "status": "B" if str(value).endswith("B") else "A",
            "published_at": published_at,
        }
        for name, value in values.items()
    ]
    append(connection, *rows, reason="test")


def reach(connection: Connection, *promises: Target, today: date = TODAY, **wanted: Any) -> list[dict[str, Any]]:
    targets.load(connection, promises, catalogue.read().indicators)
    moment = connection.execute(text("select clock_timestamp()")).scalar_one()
    asked = Wanted(archived.Wanted(plans=[PLAN]), **wanted)
    return reaching.reached(connection, asked, as_of=moment, today=today).rows()


def only(connection: Connection, promised: Target, **wanted: Any) -> dict[str, Any]:
    (row,) = reach(connection, promised, **wanted)
    return row


# Which line


def test_the_first_source_answers_though_another_has_a_later_figure(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2001=40)
    publish(connection, f"A.{RATE}.VN.PERIOD.NPSP", _2001=41, _2002=50)
    assert only(connection, promise(RATE, 80))["series"] == f"A.{RATE}.VN.PERIOD.REPORT.{TOTAL}"
    asked = only(connection, promise(RATE, 80), sources=["NPSP"])
    assert (asked["series"], asked["value"]) == (f"A.{RATE}.VN.PERIOD.NPSP.{TOTAL}", 50)


@pytest.mark.parametrize(
    ("yearly", "half_yearly", "quarterly", "answers"),
    [
        ("2001", "2001-S2", "2002-Q1", "Q"),  # the latest
        ("2002", "2002-S2", "2002-Q4", "A"),  # else one of the target's own frequency
        ("2001", "2002-S2", "2002-Q4", "S"),  # else one of the longest periods
    ],
)
def test_of_one_source_the_latest_answers_then_its_own_frequency_then_the_longest_periods(
    connection: Connection, yearly: str, half_yearly: str, quarterly: str, answers: str
) -> None:
    for period, letter in ((yearly, "A"), (half_yearly, "S"), (quarterly, "Q")):
        publish(connection, f"{letter}.{RATE}.VN.PERIOD.REPORT", **{f"_{period.replace('-', '_')}": 40})
    assert only(connection, promise(RATE, 80))["series"][0] == answers


def test_of_the_same_period_the_first_accumulation_of_the_indicator_answers(connection: Connection) -> None:
    publish(connection, f"Q.{RATE}.VN.YTD.REPORT", _2002_Q4=40)
    publish(connection, f"Q.{RATE}.VN.PERIOD.REPORT", _2002_Q4=41)
    assert only(connection, promise(RATE, 80))["value"] == 41


def test_a_sum_of_shorter_periods_is_no_part_of_what_a_year_asks(connection: Connection) -> None:
    publish(connection, f"M.{COUNT}.VN.PERIOD.REPORT", _2002_12=40)
    assert only(connection, promise(COUNT, 80, kind="at_most"))["reason"] == "no_figure"
    assert only(connection, promise(COUNT, 80, kind="at_most", period="2005-12"))["value"] == 40
    publish(connection, "M.NDXP_TRANSACTIONS.VN.SINCE_START.REPORT", _2002_12=40)
    assert only(connection, promise("NDXP_TRANSACTIONS", 80))["value"] == 40


def test_what_comes_after_the_deadline_answers_nothing(connection: Connection) -> None:
    publish(connection, f"Q.{RATE}.VN.PERIOD.REPORT", _2002_Q1=40, _2002_Q2=45, _2002_Q3=90)
    row = only(connection, promise(RATE, 80, period="2002-Q2"))
    assert (row["value_period"], row["state"]) == ("2002-Q2", "off_track")


def test_forecasts_and_what_is_missing_or_withdrawn_answer_nothing(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2001=40, _2002=50)
    key = f"A.{RATE}.VN.PERIOD.REPORT.{TOTAL}"
    usual = {"series": key, "published_at": "2003-06-02", "reason": "test"}
    append(
        connection,
        {**usual, "period": "2002", "value": None, "withdrawn": True},
        {**usual, "period": "2003", "value": "60", "status": "F"},
        {**usual, "period": "2004", "value": None, "status": "M"},
    )
    assert only(connection, promise(RATE, 80))["value_period"] == "2001"


def test_a_figure_is_as_old_as_the_vintage_that_it_confirms(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2001=40, _2002=50)
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", "2003-06-20", _2001=42, _2002=50)
    row = only(connection, promise(RATE, 80, base_period="2001"))
    assert (row["base"], row["base_published_at"].date()) == (42, date(2003, 6, 20))
    assert (row["value"], row["value_published_at"].date()) == (50, date(2003, 6, 1))


# From which base


def test_a_base_that_the_document_states_goes_before_the_figure(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2000=10, _2001=40, _2002=50)
    row = only(connection, promise(RATE, 80, base_period="2000", base_value=Decimal(20)))
    assert (row["base"], row["base_period"], row["base_stated"]) == (20, "2000", True)
    assert row["base_published_at"] is None
    assert row["path_value"] == pytest.approx(20 + 60 * 2 / 5)


def test_a_base_of_which_only_the_period_is_named_is_the_figure_of_that_period(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2000=10, _2001=40, _2002=50)
    row = only(connection, promise(RATE, 80, base_period="2001"))
    assert (row["base"], row["base_period"], row["base_stated"]) == (40, "2001", False)
    assert only(connection, promise(RATE, 80, base_period="1999"))["reason"] == "no_base"
    assert only(connection, promise(RATE, 80, base_period="2001-Q4"))["reason"] == "no_base"


@pytest.mark.parametrize(("day", "base"), [("2002-01-01", "2001"), ("2001-12-31", "2000"), ("1999-01-01", "2000")])
def test_else_the_base_is_the_last_figure_that_had_ended_when_the_promise_was_made_or_the_first(
    connection: Connection, day: str, base: str
) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2000=10, _2001=40, _2002=50)
    assert only(connection, promise(RATE, 80, published_on=date.fromisoformat(day)))["base_period"] == base


def test_a_promise_that_nobody_dates_has_no_base(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2000=10, _2002=50)
    row = only(connection, promise(RATE, 80, published_on=None))
    assert (row["state"], row["reason"], row["gap"]) == ("cannot_be_judged", "no_base", -30)


def test_a_break_at_the_base_is_behind_it_and_one_after_it_divides_the_series(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2000="10B", _2001=40, _2002="50B")
    assert only(connection, promise(RATE, 80, base_period="2000"))["reason"] == "break_in_series"
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", "2003-06-02", _2002=50)
    row = only(connection, promise(RATE, 80, base_period="2000"))
    assert (row["reason"], row["state"]) == (None, "on_track")


def test_before_the_figure_of_the_last_period_came_nobody_says_that_a_promise_failed(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2000=10, _2001=40)
    late = promise(RATE, 80, period="2002")
    row = only(connection, late)
    assert (row["reason"], row["gap"], row["reaching_day"], row["needed_value"]) == (
        "not_reported_yet",
        -40,
        None,
        None,
    )
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2002=50)
    row = only(connection, late)
    assert (row["state"], row["gap"], row["reaching_day"]) == ("off_track", -30, None)
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", "2003-06-02", _2001=80)
    assert only(connection, promise(RATE, 80, period="2001"))["state"] == "reached"


# Along which milestones


def test_a_path_runs_from_the_base_through_the_milestones_of_its_plan(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2000=10, _2001=20, _2002=25)
    milestones = [
        promise(RATE, value, kind="path", period=period, base_period="2001")
        for period, value in (("2003", 40), ("2006", 70))
    ]
    first, last = reach(connection, *milestones)
    for row in (first, last):
        assert (row["value"], row["path_value"], row["pace_percent"]) == (25, 30, 50)
        assert (row["needed_value"], row["needed_period"]) == (40, "2003")
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", "2003-06-02", _2004=50)
    assert reach(connection, *milestones)[1]["path_value"] == 50


def test_a_path_that_nobody_dates_begins_with_its_first_milestone(connection: Connection) -> None:
    publish(connection, f"A.{RATE}.VN.PERIOD.REPORT", _2002=36)
    undated = [
        promise(RATE, value, kind="path", period=period, published_on=None)
        for period, value in (("2001", 30), ("2003", 50), ("2005", 70))
    ]
    told = {row["period"]: row for row in reach(connection, *undated)}
    assert (told["2003"]["path_value"], told["2003"]["pace_percent"]) == (40, 60)
    assert told["2005"]["state"] == told["2003"]["state"] == "acceleration_needed"


# Of how many, and of whom


def test_of_a_backlog_the_whole_is_what_was_reported_of_the_same_period(connection: Connection) -> None:
    key = "M.ESSENTIAL_SERVICES_LEFT.VN.STOCK.REPORT"
    publish(connection, key, _2002_04=12, _2002_03=20)
    publish(connection, f"{key}.{DENOMINATOR}", _2002_04=53, _2002_03=54)
    row = only(connection, promise("ESSENTIAL_SERVICES_LEFT", 0, kind="zero_left"))
    assert (row["done"], row["whole"], row["done_percent"]) == (41, 53, pytest.approx(77.36, abs=0.005))


@pytest.mark.parametrize(("today", "count"), [(date(2025, 6, 30), 63), (date(2025, 7, 1), 34)])
def test_a_level_binds_its_units_of_the_day(connection: Connection, today: date, count: int) -> None:
    rows = reach(connection, promise(STOCK, 100, scope="province", period="2030"), today=today)
    assert len({row["reporting_unit"] for row in rows}) == len(rows) == count


def test_a_level_binds_those_of_the_last_day_once_that_is_over(connection: Connection) -> None:
    rows = reach(connection, promise(STOCK, 100, scope="province", period="2024"), today=date(2026, 1, 1))
    assert len(rows) == 63

"""Figures of all times, seen as the reporting units of one day: whole sums, recomputed rates, and reasons."""

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from ingest import catalogue
from ingest.catalogue import Catalogue
from ingest.period import moment
from ingest.reporting_unit import Lineage, ReportingUnit
from service import app
from service.archive import geography, question, territory
from service.archive.question import ANSWER_COLUMNS, Page, Question
from service.archive.series import Selection, Span
from service.archive.transforms import Transform
from service.formats import delimited
from tests.conftest import Clock
from tests.ingest.test_ledger import append

DOCUMENT = (Path(__file__).parents[2] / "docs" / "geography.md").read_text(encoding="utf-8")
SAID = "2026-09-01"
BAC_GIANG, OLD_BAC_NINH, BAC_NINH = "GSO24", "GSO27", "GSO24_2025"


def say(connection: Connection, **figures: str | None) -> None:
    """Publish firms of the year 2023, as `GSO24="10"`; None is a value that is missing."""
    say_of(connection, "A.DIGITAL_FIRMS.{}.STOCK.REPORT._T", "2023", **figures)


def say_of(connection: Connection, series: str, period: str, **figures: str | None) -> None:
    rows = [
        {
            "series": series.format(unit),
            "period": period,
            "published_at": SAID,
            "value": value,
            "status": "M" if value is None else "A",
            "reason": "the office was flooded" if value is None else None,
        }
        for unit, value in figures.items()
    ]
    append(connection, *rows, reason="test")


def seen(
    connection: Connection,
    day: str = "2026-11-22",
    limit: int | None = None,
    transform: str | None = None,
    **codes: str,
) -> list[dict[str, Any]]:
    """The answer as the units of a day have it; `codes` are separated by a space."""
    asked = Question(
        Selection({part: written.split() for part, written in codes.items()}),
        Span(),
        moment(SAID, end_of_day=True),
        geography=geography.on(connection, date.fromisoformat(day), step="geography:test"),
        transform=transform and Transform(transform),
    )
    rows: list[dict[str, Any]] = []
    if limit is None:
        return question.rows(connection, asked)
    while True:
        after = None if not rows else (rows[-1]["series"], start_of(connection, rows[-1]))
        page = question.rows(connection, asked, Page(after, limit))
        if not page:
            return rows
        rows += page


def start_of(connection: Connection, row: dict[str, Any]) -> Any:
    frequency = row["series"].split(".")[0]
    written = f"{row['period']}-01-01" if frequency == "A" else f"{row['period']}-01"
    return connection.execute(text("select cast(:written as timestamp)"), {"written": written}).scalar_one()


def of_2022(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["period"] == "2022" and ".PERIOD.MIC." in row["series"]]


def firms(connection: Connection, unit: str, day: str = "2026-11-22") -> dict[str, Any]:
    (row,) = seen(connection, day, indicator="DIGITAL_FIRMS", source="REPORT", reporting_unit=unit)
    return row


def test_counts_of_a_merged_province_are_the_sum_of_all_that_went_into_it(connection: Connection) -> None:
    say(connection, GSO24="39", GSO27="224")
    row = firms(connection, BAC_NINH)
    assert (row["series"], row["value"], row["status"]) == ("A.DIGITAL_FIRMS.GSO24_2025.STOCK.REPORT._T", 263, "A")
    assert row["derived"] == ["geography:test"]
    assert row["computed_from"] == [
        "A.DIGITAL_FIRMS.GSO24.STOCK.REPORT._T@2023",
        "A.DIGITAL_FIRMS.GSO27.STOCK.REPORT._T@2023",
    ]
    assert (row["published_at"], row["valid_to"], row["reason"]) == (moment(SAID), None, None)


def test_without_one_of_them_there_is_no_sum_and_the_reason_names_whose_figure_is_missing(
    connection: Connection,
) -> None:
    say(connection, GSO27="224")
    row = firms(connection, BAC_NINH)
    assert (row["value"], row["status"]) == (None, "M")
    assert row["reason"] == "There is no figure of Bac Giang (GSO24), without which the sum is not whole."
    assert row["derived"] == ["geography:test"]
    say(connection, GSO24=None)
    row = firms(connection, BAC_NINH)
    assert (row["value"], row["status"]) == (None, "M")
    assert row["reason"] == "The value of Bac Giang (GSO24) is missing, without which the sum is not whole."


def test_the_least_sure_of_the_figures_says_how_sure_the_sum_is(connection: Connection) -> None:
    key = "A.DIGITAL_FIRMS.{}.STOCK.REPORT._T"
    append(
        connection,
        {"series": key.format(BAC_GIANG), "period": "2023", "published_at": "2024-02-01", "value": "1", "status": "E"},
        {
            "series": key.format(OLD_BAC_NINH),
            "period": "2023",
            "published_at": "2024-03-01",
            "value": "2",
            "status": "P",
        },
        reason="test",
    )
    row = firms(connection, BAC_NINH)
    assert (row["value"], row["status"], row["published_at"]) == (3, "E", moment("2024-03-01"))


def test_a_break_in_one_of_the_figures_is_a_break_in_the_sum(connection: Connection) -> None:
    key = "A.DIGITAL_FIRMS.{}.STOCK.REPORT._T"
    said = {"period": "2023", "published_at": SAID, "value": "1"}
    append(
        connection,
        {"series": key.format(BAC_GIANG), "status": "B", **said},
        {"series": key.format(OLD_BAC_NINH), "status": "P", **said},
    )
    row = firms(connection, BAC_NINH)
    assert (row["value"], row["status"], row["derived"]) == (2, "P", ["geography:test", "break"])
    rate = "A.WHOLE_FILING_RATE.{}.PERIOD.EMC.{}"
    append(
        connection,
        *(
            {"series": rate.format(unit, part), **said, "status": "B" if part == "DENOMINATOR" else "E"}
            for unit in (BAC_GIANG, OLD_BAC_NINH)
            for part in ("_T", "NUMERATOR", "DENOMINATOR")
        ),
    )
    (row,) = seen(connection, indicator="WHOLE_FILING_RATE", source="EMC", breakdown="_T", reporting_unit=BAC_NINH)
    assert (row["value"], row["status"], row["derived"]) == (100, "E", ["geography:test", "break"])


def test_figures_until_different_days_are_added_up_and_it_is_said(connection: Connection) -> None:
    key = "A.DIGITAL_FIRMS.{}.STOCK.REPORT._T"
    said = {"period": "2023", "published_at": SAID, "value": "1"}
    append(
        connection,
        {"series": key.format(BAC_GIANG), "data_to": date(2023, 11, 30), **said},
        {"series": key.format(OLD_BAC_NINH), **said},
    )
    row = firms(connection, BAC_NINH)
    assert (row["value"], row["status"], row["data_to"]) == (2, "A", None)
    assert row["reason"] == "Not all are of the same cut-off: Bac Giang (GSO24) until 2023-11-30."
    append(connection, {"series": key.format(OLD_BAC_NINH), "data_to": date(2023, 11, 30), **said}, reason="test")
    row = firms(connection, BAC_NINH)
    assert (row["value"], row["reason"], row["data_to"]) == (2, None, date(2023, 11, 30))


def test_half_a_year_that_is_added_up_says_that_it_is_none_and_is_compared_with_no_whole_one(
    connection: Connection,
) -> None:
    key = "A.NDXP_TRANSACTIONS.{}.PERIOD.REPORT._T"
    for year, value in (("2024", "30"), ("2025", "10")):
        say_of(connection, key, year, GSO24=value, GSO27=value)
    say_of(connection, key, "2026", GSO24_2025="70")
    asked = {"indicator": "NDXP_TRANSACTIONS", "source": "REPORT", "frequency": "A", "reporting_unit": BAC_NINH}
    whole, half, own = seen(connection, **asked)
    assert (whole["value"], whole["derived"], whole["reason"]) == (60, ["geography:test"], None)
    assert (half["value"], half["status"]) == (20, "A")
    assert half["derived"] == ["geography:test", "until:2025-06-30"]
    assert half["reason"] == "Bac Giang (GSO24) ended on 2025-06-30. Bac Ninh (GSO27) ended on 2025-06-30."
    assert (own["value"], own["derived"]) == (70, None)
    changes = seen(connection, transform="pch", **asked)
    assert [(row["period"], row["value"]) for row in changes] == [("2024", None), ("2025", None), ("2026", None)]
    assert {row["reason"] for row in changes[1:]} == {
        "The reporting unit was there only for a part of 2025, which is not compared with a whole period."
    }


def test_what_is_given_on_to_another_code_says_of_what_part_it_is_forwards_and_backwards(
    connection: Connection,
) -> None:
    said = {"indicator": "NDXP_TRANSACTIONS", "source": "REPORT"}
    say_of(connection, "A.NDXP_TRANSACTIONS.{}.PERIOD.REPORT._T", "2025", CEMA="5")
    (row,) = seen(connection, **said, frequency="A", reporting_unit="MERA")
    assert (row["value"], row["derived"]) == (5, ["geography:test", "until:2025-02-28"])
    assert row["reason"] == "Committee for Ethnic Minority Affairs (CEMA) ended on 2025-02-28."
    # A total since January is of part of the year also where its last quarter is whole.
    say_of(connection, "Q.NDXP_TRANSACTIONS.{}.YTD.REPORT._T", "2025-Q4", MERA="9")
    (row,) = seen(connection, "2025-01-01", **said, frequency="Q", reporting_unit="CEMA")
    assert (row["value"], row["derived"]) == (9, ["geography:test", "since:2025-03-01"])
    say_of(connection, "Q.NDXP_TRANSACTIONS.{}.PERIOD.REPORT._T", "2025-Q4", MERA="4")
    row = seen(connection, "2025-01-01", **said, frequency="Q", reporting_unit="CEMA")[0]
    assert (row["value"], row["derived"], row["reason"]) == (4, ["geography:test"], None)
    (row,) = seen(connection, **said, frequency="Q", accumulation="YTD", reporting_unit="MERA")
    assert (row["value"], row["derived"], row["reason"]) == (9, None, None)


def test_a_rate_of_half_a_year_says_so_and_a_state_is_of_one_day(connection: Connection) -> None:
    key = "A.WHOLE_FILING_RATE.{}.PERIOD.EMC."
    for part, value in (("_T", "50"), ("NUMERATOR", "1"), ("DENOMINATOR", "2")):
        say_of(connection, f"{key}{part}", "2025", GSO24=value, GSO27=value)
    (row,) = seen(connection, indicator="WHOLE_FILING_RATE", source="EMC", breakdown="_T", reporting_unit=BAC_NINH)
    assert (row["value"], row["derived"]) == (50, ["geography:test", "until:2025-06-30"])
    assert row["reason"] == "Bac Giang (GSO24) ended on 2025-06-30. Bac Ninh (GSO27) ended on 2025-06-30."
    say_of(connection, "A.DIGITAL_FIRMS.{}.STOCK.REPORT._T", "2025", GSO24="1", GSO27="2")
    row = firms(connection, BAC_NINH)
    assert (row["value"], row["derived"], row["reason"]) == (3, ["geography:test"], None)


def test_the_comment_on_one_part_is_none_on_a_sum_that_is_missing(connection: Connection) -> None:
    said = {"period": "2023", "published_at": SAID, "value": "1", "comment": "until November", "document": "a letter"}
    append(
        connection,
        {"series": "A.DIGITAL_FIRMS.GSO24.STOCK.REPORT._T", "data_to": date(2023, 11, 30), **said},
        {"series": "A.WHOLE_FILING_RATE.GSO24.PERIOD.EMC._T", **said},
        {"series": "A.WHOLE_FILING_RATE.GSO24.PERIOD.EMC.NUMERATOR", **said},
    )
    (rate,) = seen(connection, indicator="WHOLE_FILING_RATE", source="EMC", breakdown="_T", reporting_unit=BAC_NINH)
    for row in (firms(connection, BAC_NINH), rate):
        assert row["status"] == "M"
        assert {row[name] for name in ("submission", "document", "comment", "data_from", "data_to")} == {None}


def test_days_are_not_added_up_over_provinces(connection: Connection) -> None:
    key = "A.NDXP_DAILY_MEAN.{}.PERIOD.REPORT."
    for part, value in (("_T", "10"), ("NUMERATOR", "3660"), ("DENOMINATOR", "366")):
        say_of(connection, f"{key}{part}", "2024", GSO24=value, GSO27=value)
    asked = {"indicator": "NDXP_DAILY_MEAN", "source": "REPORT", "reporting_unit": BAC_NINH}
    told = {row["series"].split(".")[-1]: (row["value"], row["reason"]) for row in seen(connection, **asked)}
    assert told["DENOMINATOR"] == (None, "Days do not add up over reporting units.")
    assert told["NUMERATOR"] == (7320, None)
    assert told["_T"][0] is None


def test_the_rank_of_a_rate_is_of_the_rates_and_not_of_their_counts(connection: Connection) -> None:
    key = "A.WHOLE_FILING_RATE.{}.PERIOD.EMC."
    for part, values in (("_T", ("50", "25")), ("NUMERATOR", ("1", "1")), ("DENOMINATOR", ("2", "4"))):
        say_of(connection, f"{key}{part}", "2023", GSO04=values[0], GSO24=values[1], GSO27=values[1])
    asked = Question(
        Selection({"indicator": ["WHOLE_FILING_RATE"], "source": ["EMC"], "breakdown": ["_T"], "frequency": ["A"]}),
        Span(),
        moment(SAID, end_of_day=True),
        geography=geography.on(connection, date(2026, 11, 22), step="geography:test"),
        transform=Transform("rank"),
    )
    ranks = {row["series"].split(".")[2]: row["value"] for row in question.rows(connection, asked)}
    assert (ranks["GSO04"], ranks[BAC_NINH]) == (1, 2)


def test_a_province_that_did_not_change_stays_as_it_was_reported(connection: Connection) -> None:
    say(connection, GSO04="7")
    row = firms(connection, "GSO04")
    assert (row["value"], row["derived"], row["computed_from"], row["submission"] is None) == (7, None, None, False)


def test_a_figure_is_given_on_to_another_code_whatever_it_measures(connection: Connection) -> None:
    say_of(connection, "A.DTI_RANK.{}.PERIOD.MIC._T", "2022", GSO46="2")
    (row,) = of_2022(seen(connection, indicator="DTI_RANK", reporting_unit="GSO46_2025"))
    assert (row["series"], row["value"], row["status"]) == ("A.DTI_RANK.GSO46_2025.PERIOD.MIC._T", 2, "A")
    assert (row["derived"], row["computed_from"]) == (["geography:test"], ["A.DTI_RANK.GSO46.PERIOD.MIC._T@2022"])
    # And back: on the day before it got its new code.
    say_of(connection, "A.DIGITAL_FIRMS.{}.STOCK.REPORT._T", "2025", GSO46_2025="12")
    row = firms(connection, "GSO46", "2024-12-31")
    assert (row["period"], row["value"], row["derived"]) == ("2025", 12, ["geography:test"])


def test_ranks_are_never_added_up(connection: Connection) -> None:
    say_of(connection, "A.DTI_RANK.{}.PERIOD.MIC._T", "2022", GSO24="12", GSO27="9")
    (row,) = of_2022(seen(connection, indicator="DTI_RANK", reporting_unit=BAC_NINH))
    assert (row["value"], row["status"], row["unit_measure"]) == (None, "M", "rank")
    assert row["reason"] == "A rank among other reporting units does not add up."


def test_the_units_own_figure_comes_first(connection: Connection) -> None:
    say_of(connection, "A.DIGITAL_FIRMS.{}.STOCK.REPORT._T", "2025", GSO24="39", GSO27="224", GSO24_2025="300")
    row = firms(connection, BAC_NINH)
    assert (row["value"], row["derived"]) == (300, None)


def test_a_figure_of_a_later_unit_cannot_be_taken_apart(connection: Connection) -> None:
    say_of(connection, "A.DIGITAL_FIRMS.{}.STOCK.REPORT._T", "2025", GSO24_2025="300")
    for unit in (BAC_GIANG, OLD_BAC_NINH):
        row = firms(connection, unit, "2025-06-30")
        assert (row["value"], row["status"]) == (None, "M")
        assert row["reason"].startswith("Bac Ninh (GSO24_2025) also covers other reporting units")


def test_a_province_that_was_divided_and_put_together_again_is_whole(connection: Connection) -> None:
    # Cần Thơ was divided in 2004 into a city and Hậu Giang; both went into the new city of 2025, with Sóc Trăng.
    say_of(connection, "A.DIGITAL_FIRMS.{}.STOCK.REPORT._T", "2003", GSO92="10", GSO94="5")
    assert firms(connection, "GSO92_2025")["value"] == 15
    for half in ("GSO92_2004", "GSO93"):
        row = firms(connection, half, "2024-12-31")
        assert row["value"] is None
        assert row["reason"].startswith("Can Tho (GSO92) also covers other reporting units")
    # Đắk Lắk of then is the two of later, added up.
    say_of(connection, "A.DIGITAL_FIRMS.{}.STOCK.REPORT._T", "2010", GSO66_2004="3", GSO67="4")
    (row,) = seen(connection, "2003-12-31", reporting_unit="GSO66", indicator="DIGITAL_FIRMS")
    assert (row["value"], row["derived"]) == (7, ["geography:test"])


def test_a_rate_is_recomputed_from_the_sums_of_what_it_was_computed_from(connection: Connection) -> None:
    key = "A.WHOLE_FILING_RATE.{}.PERIOD.EMC."
    say_of(connection, f"{key}_T", "2023", GSO24="50", GSO27="25")
    asked = {"indicator": "WHOLE_FILING_RATE", "source": "EMC", "breakdown": "_T", "reporting_unit": BAC_NINH}
    (row,) = seen(connection, **asked)
    assert (row["value"], row["status"]) == (None, "M")
    assert row["reason"] == (
        "There is no numerator or no denominator to recompute it from, and rates are never averaged."
    )
    say_of(connection, f"{key}NUMERATOR", "2023", GSO24="1", GSO27="2")
    say_of(connection, f"{key}DENOMINATOR", "2023", GSO24="2")
    (row,) = seen(connection, **asked)
    assert (row["value"], row["status"]) == (None, "M")
    assert "Bac Ninh (GSO27)" in row["reason"]
    say_of(connection, f"{key}DENOMINATOR", "2023", GSO27="7")
    (row,) = seen(connection, **asked)
    assert (row["value"], row["unit_measure"]) == (Decimal("33.3333333333333"), "percent")
    assert row["computed_from"] == [
        f"{key.format(unit)}{part}@2023" for part in ("NUMERATOR", "DENOMINATOR") for unit in ("GSO24", "GSO27")
    ]
    # Nobody asked for the counts, so they are no rows; asked for, they are sums.
    (row,) = seen(connection, **{**asked, "breakdown": "DENOMINATOR"})
    assert (row["value"], row["unit_measure"], row["derived"]) == (9, "count", ["geography:test"])


def test_a_rate_of_nothing_is_missing_and_says_so(connection: Connection) -> None:
    key = "A.WHOLE_FILING_RATE.{}.PERIOD.EMC."
    say_of(connection, f"{key}_T", "2023", GSO24="0", GSO27="0")
    say_of(connection, f"{key}NUMERATOR", "2023", GSO24="0", GSO27="0")
    say_of(connection, f"{key}DENOMINATOR", "2023", GSO24="3", GSO27="4")
    (row,) = seen(connection, indicator="WHOLE_FILING_RATE", breakdown="_T", reporting_unit=BAC_NINH)
    assert (row["value"], row["status"]) == (0, "A")
    say_of(connection, f"{key}_T", "2022", GSO24="0", GSO27="0")
    say_of(connection, f"{key}NUMERATOR", "2022", GSO24="0", GSO27="0")
    say_of(connection, f"{key}DENOMINATOR", "2022", GSO24="0", GSO27="0")
    row = seen(connection, indicator="WHOLE_FILING_RATE", breakdown="_T", reporting_unit=BAC_NINH)[0]
    assert (row["period"], row["value"]) == ("2022", None)
    assert row["reason"] == "The rate cannot be recomputed, as its denominator is 0."


def test_ministries_are_seen_through_mergers_with_all_that_they_took_in(connection: Connection) -> None:
    key = "Q.TASKS_OVERDUE.{}.STOCK.OOG._T"
    sources = connection.execute(
        text("select sources, accumulations, frequencies from indicator where code = 'TASKS_OVERDUE'")
    ).one()
    key = f"{sources.frequencies[0]}.TASKS_OVERDUE.{{}}.{sources.accumulations[0]}.{sources.sources[0]}._T"
    period = {"A": "2023", "Q": "2023-Q1", "M": "2023-01"}[sources.frequencies[0]]
    say_of(connection, key, period, MOF="1", MPI="2", VSS="4")
    asked = {"indicator": "TASKS_OVERDUE", "reporting_unit": "MOF_2025"}
    (row,) = [each for each in seen(connection, **asked) if each["period"] == period]
    assert row["value"] is None
    assert "(CMSC)" in row["reason"]
    say_of(connection, key, period, CMSC="8")
    (row,) = [each for each in seen(connection, **asked) if each["period"] == period]
    assert row["value"] == 15


def test_all_provinces_of_today_are_34_and_pages_say_the_same_as_the_whole(
    connection: Connection, words: Catalogue
) -> None:
    old = [unit for unit in words.reporting_units if unit.level == "province" and unit.valid_on(date(2023, 12, 31))]
    assert len(old) == 63
    say(connection, **{unit.code: str(place) for place, unit in enumerate(old)})
    asked = {"indicator": "DIGITAL_FIRMS", "source": "REPORT", "accumulation": "STOCK", "frequency": "A"}
    rows = [row for row in seen(connection, **asked) if ".GSO" in row["series"] and row["period"] == "2023"]
    assert len(rows) == 34
    assert sum(row["value"] for row in rows) == sum(range(63))
    assert [row["series"] for row in rows] == sorted(row["series"] for row in rows)
    whole = seen(connection, **asked)
    assert seen(connection, limit=5, **asked) == whole
    assert seen(connection, limit=1, **asked, reporting_unit="GSO24_2025 GSO46_2025") == seen(
        connection, **asked, reporting_unit="GSO24_2025 GSO46_2025"
    )


def test_csv_and_json_say_the_same(connection: Connection) -> None:
    say(connection, GSO24="39", GSO27="224")
    asked = Question(
        Selection({"indicator": ["DIGITAL_FIRMS"], "reporting_unit": [BAC_NINH]}),
        Span(),
        moment(SAID, end_of_day=True),
        geography=geography.on(connection, date(2026, 11, 22), step="geography:current"),
    )
    written = (
        b"".join(delimited.plain(connection, question.whole(connection, asked), ANSWER_COLUMNS)).decode().splitlines()
    )
    assert len(written) == 2
    assert written[1].startswith("A.DIGITAL_FIRMS.GSO24_2025.STOCK.REPORT._T,2023,263,A,count,")
    assert ",geography:current,A.DIGITAL_FIRMS.GSO24.STOCK.REPORT._T@2023 A.DIGITAL_FIRMS.GSO27" in written[1]


# What covers what, without figures.


def unit(code: str, first: str | None = None, last: str | None = None) -> ReportingUnit:
    def day(written: str | None) -> date | None:
        return None if written is None else date.fromisoformat(written)

    return ReportingUnit(code, "ministry", "ministry", code, code, code, day(first), day(last), "an act")


def step(before: str, after: str, day: str, kind: Any = "merged") -> Lineage:
    return Lineage(before, after, date.fromisoformat(day), kind, "an act")


def test_a_unit_that_takes_in_another_and_keeps_its_code_is_more_than_it_was() -> None:
    units = [unit("ALL"), unit("PART", last="2019-12-31")]
    lineage = [step("PART", "ALL", "2020-01-01", "absorbed")]
    after = territory.on(date(2021, 1, 1), units, lineage)
    assert {(each.member.code, each.member.last, each.distance, each.whole) for each in after} == {
        ("ALL", None, 0, True),
        ("ALL", date(2019, 12, 31), 1, True),
        ("PART", None, 1, True),
    }
    before = territory.on(date(2019, 1, 1), units, lineage)
    later = {
        (each.unit, each.whole) for each in before if each.member == territory.Stage("ALL", date(2020, 1, 1), None)
    }
    assert later == {("ALL", False), ("PART", False)}


@given(st.lists(st.tuples(st.sampled_from(["merge", "split", "rename"]), st.integers(0, 9)), max_size=7), st.data())
@settings(max_examples=60, deadline=None)
def test_on_every_day_the_units_cover_every_piece_once(changes: list[tuple[str, int]], data: st.DataObject) -> None:
    day, alive, number = date(2000, 1, 1), ["U0", "U1", "U2"], 3
    spans: dict[str, list[date | None]] = {code: [None, None] for code in alive}
    lineage: list[Lineage] = []
    for kind, place in changes:
        day += timedelta(365)
        gone = [alive[place % len(alive)]]
        if kind == "merge" and len(alive) > 1:
            gone.append(alive[(place + 1) % len(alive)])
        new = [f"U{number + each}" for each in range(2 if kind == "split" else 1)]
        number += len(new)
        for code in gone:
            spans[code][1] = day - timedelta(1)
            alive.remove(code)
        spans |= {code: [day, None] for code in new}
        alive += new
        lineage += [Lineage(before, after, day, "merged", "an act") for before in gone for after in new]
    units = [
        ReportingUnit(code, "ministry", "ministry", code, code, code, first, last, "an act")
        for code, (first, last) in spans.items()
    ]
    asked = date(2000, 1, 1) + timedelta(data.draw(st.integers(-10, 365 * 8)))
    covers = territory.on(asked, units, lineage)
    pieces = sorted({each.piece for each in covers})
    own = sorted(each.piece for each in covers if each.distance == 0)
    assert own == pieces
    assert {each.unit for each in covers} == {each.code for each in units if each.valid_on(asked)}
    # On any other day the units that there are cover every piece of every unit of the day once too.
    other = date(2000, 1, 1) + timedelta(data.draw(st.integers(-10, 365 * 8)))
    there = {each.code for each in units if each.valid_on(other)}
    assert sorted(each.piece for each in covers if each.member.code in there) == pieces
    # Within wholly is: all its pieces are of the one unit.
    for each in covers:
        of = {cover.piece for cover in covers if cover.member == each.member}
        within = {cover.piece for cover in covers if cover.member == each.member and cover.unit == each.unit}
        assert each.whole == (of == within)
        assert each.pieces == len(of)


# As it is asked over HTTP.


def get(client: TestClient, path: str, status: int = 200, **parameters: str) -> dict[str, Any]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_the_pages_of_an_answer_are_of_the_day_on_which_the_first_was_asked(own_engine: Engine) -> None:
    clock = Clock(moment("2025-06-30T23:50:00+07:00"))
    with TestClient(app.create(own_engine, clock=clock)) as client:
        asked = {"indicator": "DTI_RANK", "geography": "current", "limit": "40"}
        page = get(client, "/v1/observations", **asked)
        clock.is_now("2025-07-01T00:10:00")
        rows = page["observations"]
        while page["next"]:
            page = get(client, "/v1/observations", **asked, cursor=page["next"])
            rows += page["observations"]
        whole = get(client, "/v1/observations", **asked | {"geography": "at:2025-06-30", "limit": "10000"})
        assert [row["series"] for row in rows] == [row["series"] for row in whole["observations"]]
        assert len(rows) > 40
        answer = client.get("/v1/observations", params={**asked, "cursor": "bm9uc2Vuc2U"})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/not-a-cursor")


@pytest.mark.parametrize("seen_as", ["as_reported", "current", "at:2024-12-31", "at:31/12/2024"])
def test_what_has_no_lineage_is_the_same_in_every_geography(client: TestClient, seen_as: str) -> None:
    path = "/v1/series/A.EGDI_RANK.VN.PERIOD.UN._T/observations"
    assert get(client, path, geography=seen_as)["observations"] == get(client, path)["observations"]
    asked = {"indicator": "EGDI_*", "reporting_unit": "VN", "as_of": "2026-01-01"}
    reported = get(client, "/v1/observations", **asked)["observations"]
    assert get(client, "/v1/observations", **asked, geography=seen_as)["observations"] == reported


def test_a_unit_of_another_day_is_refused_with_those_to_ask_for(client: TestClient) -> None:
    told = get(client, "/v1/observations", 404, reporting_unit="GSO27", geography="current")
    assert told["type"] == "/problems/not-in-geography"
    assert told["detail"].endswith("Ask for what covers it then: GSO24_2025 (Bac Ninh).")
    assert told["nearest"] == ["GSO24_2025"]
    told = get(client, "/v1/observations", 404, reporting_unit="gso24_2025,VN", geography="at:2024-12-31")
    assert told["nearest"] == ["GSO24", "GSO27"]
    key = "A.DTI_RANK.GSO27.PERIOD.MIC._T"
    told = get(client, f"/v1/series/{key}/observations", 404, geography="current")
    assert told["nearest"] == ["GSO24_2025"]


def test_a_wildcard_that_means_only_units_of_another_day_is_refused_as_they_are(client: TestClient) -> None:
    asked = {"reporting_unit": "GSO24_202*", "geography": "at:2024-12-31"}
    told = get(client, "/v1/observations", 404, **asked)
    assert (told["type"], told["nearest"]) == ("/problems/not-in-geography", ["GSO24", "GSO27"])
    told = get(client, "/v1/observations", 404, **asked | {"reporting_unit": "VN,*_2025"})
    assert {"GSO24", "GSO27"} < set(told["nearest"])
    assert re.search(r"There is no reporting unit (\w+ \([^)]+\)(, )?){5} and \d+ more on 2024-12-31", told["detail"])


def test_first_releases_are_not_carried_forward(client: TestClient) -> None:
    asked = {"indicator": "EGDI_RANK", "reporting_unit": "VN", "release": "first"}
    told = get(client, "/v1/observations", 400, **asked, fill="forward")
    assert (told["type"], told["parameter"]) == ("/problems/invalid-parameter", "release")


def test_a_wildcard_means_the_units_of_the_geography(client: TestClient) -> None:
    rows = get(client, "/v1/observations", reporting_unit="GSO*", geography="current", limit="100000")["observations"]
    units = {row["series"].split(".")[2] for row in rows}
    known = get(client, "/v1/reporting-units", level="province", valid_on="2026-11-22")["reporting_units"]
    assert units <= {each["code"] for each in known}


@pytest.mark.parametrize(
    ("written", "kind"), [("currant", "unknown-geography"), ("at:2024", "not-a-moment"), ("", "unknown-geography")]
)
def test_a_geography_that_there_is_not_is_refused_with_those_that_there_are(
    client: TestClient, written: str, kind: str
) -> None:
    told = get(client, "/v1/observations", 400, geography=written)
    assert told["type"] == f"/problems/{kind}"


def test_groups_are_listed_with_their_members_of_a_day(client: TestClient) -> None:
    def of(code: str, day: str) -> list[str]:
        return [each["reporting_unit"] for each in get(client, f"/v1/groups/{code}", valid_on=day)["members"]]

    assert [len(of("PROVINCES", day)) for day in ("2007-01-01", "2024-12-31", "2026-01-01")] == [64, 63, 34]
    assert [len(of("MUNICIPALITIES", day)) for day in ("2003-01-01", "2024-12-31", "2025-01-01")] == [4, 5, 6]
    assert [len(of("ASEAN", day)) for day in ("1996-01-01", "2024-12-31", "2026-01-01")] == [7, 10, 11]
    assert [len(of("MINISTRIES", day)) for day in ("2024-12-31", "2026-01-01")] == [22, 17]
    regions = {
        day: [get(client, f"/v1/groups/{code}", valid_on=day)["members"] for code in REGIONS]
        for day in ("2024-12-31", "2026-01-01")
    }
    for day, count in (("2024-12-31", 63), ("2026-01-01", 34)):
        units = [each["reporting_unit"] for each in chain.from_iterable(regions[day])]
        assert len(units) == len(set(units)) == count
        assert set(units) == set(of("PROVINCES", day))
        assert len([each for each in regions[day] if each]) == 6
    listed = get(client, "/v1/groups")["groups"]
    assert {*REGIONS, "ASEAN", "PROVINCES"} <= {each["code"] for each in listed}
    assert client.get("/v1/groups/ASEAN?format=csv").text.splitlines()[0].startswith("reporting_unit,name_vi")


REGIONS = (
    "NORTHERN_MIDLANDS",
    "RED_RIVER_DELTA",
    "NORTH_CENTRAL_COAST",
    "CENTRAL_HIGHLANDS",
    "NORTH_CENTRAL",
    "SOUTH_CENTRAL_HIGHLANDS",
    "SOUTHEAST",
    "MEKONG_DELTA",
)


def test_a_group_is_asked_for_with_an_at_and_beside_other_codes(client: TestClient) -> None:
    def units(written: str) -> set[str]:
        rows = get(client, "/v1/series", indicator="EGDI_RANK", reporting_unit=written)["series"]
        return {row["reporting_unit"] for row in rows}

    assert units("@ASEAN") == units("VN,TH,ID,MY,SG,PH,BN,KH,LA,MM,TL")
    assert units("@asean,@PROVINCES") == units("@ASEAN")
    assert units("@AS*") == units("@ASEAN")
    told = get(client, "/v1/series", 404, reporting_unit="@ASEA")
    assert told["nearest"] == ["@ASEAN"]
    told = get(client, "/v1/groups/MEKONG", 404)
    assert told["nearest"] == ["MEKONG_DELTA"]


def test_a_group_without_members_on_the_day_of_the_geography_is_refused(client: TestClient) -> None:
    told = get(client, "/v1/observations", 404, reporting_unit="@CENTRAL_HIGHLANDS", geography="current")
    assert told["type"] == "/problems/no-members"
    assert "/v1/groups/CENTRAL_HIGHLANDS" in told["detail"]
    assert get(client, "/v1/observations", reporting_unit="@CENTRAL_HIGHLANDS")["observations"] is not None


def test_a_key_that_nothing_leads_to_is_told_the_nearest_that_something_does(client: TestClient) -> None:
    told = get(client, "/v1/series/A.DTI_RANK.GSO24_2025.PERIOD.XXX._T/observations", 404, geography="current")
    assert told["type"] == "/problems/unknown-code"
    assert told["nearest"]


def test_the_document_names_every_group(words: Catalogue) -> None:
    assert set(words.groups) <= set(re.findall(r"`@?([A-Z_]+)`", DOCUMENT))


# The file of groups, as `chiso catalogue check` reads it.


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("joined: [{reporting_units: [GSO99], document: d}]", "there is no reporting unit"),
        ("joined: [{reporting_units: [VN]}]", 'the key "joined.0.document" is missing'),
        ("joined: [{reporting_units: [], document: d}]", "is empty"),
        ("joined: [{reporting_units: [VN, VN], document: d}]", "twice on the same day"),
        ("joined: [{reporting_units: [GSO28], document: d, valid_from: 2010-01-01}]", "never belongs to it"),
        ("joined: [{reporting_units: [VN], document: d, valid_from: 2010-01-01, valid_to: 2009-01-01}]", "beginning"),
        ("kinds: [region]", "must be one of"),
        ("member: [VN]", "is no key of Group"),
        ("kinds: []", 'either "kinds" or "joined"'),
    ],
)
def test_a_fault_in_the_file_of_groups_is_told_with_its_line(tmp_path: Path, written: str, fault: str) -> None:
    (tmp_path / "groups.yaml").write_text(f"- code: MINE\n  name: {{vi: a, en: b}}\n  {written}\n", encoding="utf-8")
    told = [str(each) for each in catalogue.check(catalogue.FOLDER, tmp_path)]
    assert told
    assert all(each.startswith("groups.yaml, line ") for each in told)
    assert any(fault in each for each in told), told

"""Figures of a lower frequency: by the indicator's own rule, whole or missing, never a sum of what does not add up."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pandas
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from ingest import period
from ingest.observation import SeriesKey
from ingest.period import moment
from service.archive import aggregation, geography, question, transforms
from service.archive.aggregation import Aggregate
from service.archive.measures import DoesNotApply
from service.archive.question import ANSWER_COLUMNS, Question
from service.archive.series import Selection, Span
from service.archive.transforms import Transform
from service.formats import delimited
from tests.ingest.test_ledger import append
from tests.service.test_transforms import answered, periods, points

COUNT = "Q.CYBER_INCIDENTS.VN.PERIOD.REPORT._T"
STOCK = "Q.DATABASES_COUNT.VN.STOCK.REPORT._T"
RATE = "Q.ONLINE_FILING_RATE.VN.PERIOD.REPORT._T"


def lower(
    connection: Connection,
    to: str,
    *lines: tuple[str, dict[str, Any]],
    counts: tuple[tuple[str, dict[str, Any]], ...] = (),
    rule: str | None = None,
    incomplete: bool = False,
) -> dict[str, dict[str, Any]]:
    """The points of a lower frequency, by period."""
    wanted = Aggregate(to, rule, incomplete)
    statement = aggregation.aggregated(points(*lines), points(*counts, name="others"), wanted)
    return {name: row for (_, name), row in answered(connection, statement).items()}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ends=st.sampled_from(
        [("Q", "A"), ("Q", "S"), ("M", "A"), ("M", "Q"), ("S", "A"), ("D", "M"), ("D", "W"), ("M", "S")]
    ),
    rule=st.sampled_from(["sum", "mean", "last"]),
    values=st.lists(st.one_of(st.integers(0, 10**9), st.none()), min_size=1, max_size=80),
)
def test_whatever_the_figures_are_pandas_resamples_them_the_same(
    connection: Connection, ends: tuple[str, str], rule: str, values: list[int | None]
) -> None:
    frequency, to = ends
    first = {"Q": "2019-Q2", "M": "2019-11", "S": "2019-S2", "D": "2019-12-20"}[frequency]
    names = periods(frequency, first, len(values))
    key = COUNT.replace("Q.", f"{frequency}.", 1)
    found = lower(connection, to, (key, dict(zip(names, values, strict=True))), rule=rule)
    start = {"Q": "2019-04-01", "M": "2019-11-01", "S": "2019-07-01", "D": "2019-12-20"}[frequency]
    step = {"Q": "QS", "M": "MS", "S": "6MS", "D": "D"}[frequency]
    series = pandas.Series(values, pandas.date_range(start, periods=len(values), freq=step), dtype="float64")
    due = {"A": {"Q": 4, "M": 12, "S": 2}, "S": {"Q": 2, "M": 6}, "Q": {"M": 3}, "W": {"D": 7}}
    for label, group in series.groupby(pandas.DatetimeIndex([_start(day, to) for day in series.index])):
        name = _name(label, to)
        number = due[to][frequency] if to in due else label.days_in_month
        whole = len(group) == number and group.notna().all()
        if rule == "last":
            whole = group.notna().iloc[-1] and _ends(group.index[-1], frequency, to)
        expected = {"sum": group.sum, "mean": group.mean, "last": lambda group=group: group.iloc[-1]}[rule]()
        if whole:
            assert float(found[name]["value"]) == pytest.approx(expected, rel=1e-13)
        else:
            assert found[name]["value"] is None, name


def _start(day: pandas.Timestamp, to: str) -> pandas.Timestamp:
    if to == "W":
        return day - pandas.Timedelta(days=day.weekday())
    months = {"A": 12, "S": 6, "Q": 3, "M": 1}[to]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def _name(day: pandas.Timestamp, to: str) -> str:
    match to:
        case "A":
            return f"{day.year}"
        case "S":
            return f"{day.year}-S{day.month // 6 + 1}"
        case "Q":
            return f"{day.year}-Q{day.quarter}"
        case "M":
            return f"{day:%Y-%m}"
        case _:
            return f"{day:%G-W%V}"


def _ends(day: pandas.Timestamp, frequency: str, to: str) -> bool:
    """Does the lower period end where this one does?"""
    after = day + {
        "Q": pandas.DateOffset(months=3),
        "M": pandas.DateOffset(months=1),
        "S": pandas.DateOffset(months=6),
    }.get(frequency, pandas.DateOffset(days=1))
    return (
        after.weekday() == 0
        if to == "W"
        else bool(after.day == 1 and (after.month - 1) % {"A": 12, "S": 6, "Q": 3, "M": 1}[to] == 0)
    )


def test_a_year_of_quarters_is_their_sum_and_says_so(connection: Connection) -> None:
    found = lower(connection, "A", (COUNT, {"2023-Q1": 1, "2023-Q2": (2, "P"), "2023-Q3": 3, "2023-Q4": 4}))
    row = found["2023"]
    assert (row["value"], row["status"], row["frequency"], row["unit_measure"]) == (10, "P", "A", "count")
    assert row["derived"] == ["aggregate:A"]
    assert row["computed_from"] == [f"{COUNT}@2023-Q{number}" for number in (1, 2, 3, 4)]


def test_a_period_that_lacks_a_part_is_missing_or_flagged_where_that_is_asked_for(connection: Connection) -> None:
    line = (COUNT, {"2023-Q1": 1, "2023-Q2": 2, "2023-Q3": None, "2023-Q4": 4})
    row = lower(connection, "A", line)["2023"]
    assert (row["value"], row["reason"]) == (None, "Only 3 of 4 quarters have a figure.")
    row = lower(connection, "A", line, incomplete=True)["2023"]
    assert (row["value"], row["status"], row["reason"]) == (7, "A", "3 of 4 quarters")
    assert row["derived"] == ["aggregate:A", "incomplete"]
    assert row["computed_from"] == [f"{COUNT}@2023-Q{number}" for number in (1, 2, 4)]


def test_of_a_state_or_of_a_total_since_january_the_last_counts(connection: Connection) -> None:
    for key in (STOCK, "Q.CYBER_INCIDENTS.VN.YTD.REPORT._T", RATE.replace("PERIOD", "YTD")):
        row = lower(connection, "A", (key, {"2023-Q2": 2, "2023-Q4": 9}))["2023"]
        assert (row["value"], row["computed_from"]) == (9, [f"{key}@2023-Q4"])
        lacking = (key, {"2023-Q1": 1, "2023-Q2": 2})
        row = lower(connection, "A", lacking)["2023"]
        assert (row["value"], row["reason"]) == (None, "The last part of 2023 has no figure.")
        row = lower(connection, "A", lacking, incomplete=True)["2023"]
        assert (row["value"], row["derived"][-1], row["computed_from"]) == (2, "incomplete", [f"{key}@2023-Q2"])


def test_a_rate_is_recomputed_from_its_counts_and_never_averaged(connection: Connection) -> None:
    def beside(breakdown: str, *values: int) -> tuple[str, dict[str, Any]]:
        names = periods("Q", "2023-Q1", len(values))
        return RATE.replace("_T", breakdown), dict(zip(names, values, strict=True))

    rate = (RATE, {"2023-Q1": 50, "2023-Q2": 10, "2023-Q3": 10, "2023-Q4": 10})
    counts = (beside("NUMERATOR", 1, 10, 10, 10), beside("DENOMINATOR", 2, 100, 100, 100))
    row = lower(connection, "A", rate, counts=counts)["2023"]
    assert row["value"] == Decimal("10.2649006622517")  # 31 of 302, where the mean of the rates is 20
    assert row["computed_from"] == [
        f"{RATE.replace('_T', part)}@2023-Q{number}" for part in ("NUMERATOR", "DENOMINATOR") for number in (1, 2, 3, 4)
    ]
    assert "lacks them" in lower(connection, "A", rate)["2023"]["reason"]
    shorter = (beside("NUMERATOR", 1, 10, 10), beside("DENOMINATOR", 2, 100, 100, 100))
    assert lower(connection, "A", rate, counts=shorter)["2023"]["value"] is None
    assert "different parts" in lower(connection, "A", rate, counts=shorter, incomplete=True)["2023"]["reason"]
    three = (beside("NUMERATOR", 1, 10, 10), beside("DENOMINATOR", 2, 100, 100))
    assert lower(connection, "A", rate, counts=three)["2023"]["reason"] == "Only 3 of 4 quarters have a figure."
    row = lower(connection, "A", rate, counts=three, incomplete=True)["2023"]
    assert (row["value"], row["reason"]) == (Decimal("10.3960396039604"), "3 of 4 quarters")
    nothing = (beside("NUMERATOR", 0, 0, 0, 0), beside("DENOMINATOR", 0, 0, 0, 0))
    assert lower(connection, "A", rate, counts=nothing)["2023"]["reason"] == "The denominator of 2023 is 0."


def test_a_break_inside_is_no_sum_and_goes_on_as_a_break(connection: Connection) -> None:
    line: dict[str, Any] = dict.fromkeys(periods("Q", "2021-Q1", 16), 10)
    line |= {"2022-Q2": (10, "B"), "2024-Q1": (20, "B")}
    found = lower(connection, "A", (COUNT, line))
    assert found["2022"]["reason"] == "A break in the series lies within 2022."
    assert (found["2024"]["value"], found["2024"]["status"]) == (50, "B")
    yearly = aggregation.aggregated(points((COUNT, line)), points(name="others"), Aggregate("A"))
    index = answered(connection, transforms.transformed(yearly, None, Transform("pch")))
    assert [row["value"] for row in index.values()] == [None] * 4
    index = answered(connection, transforms.transformed(yearly, None, Transform("cumulative")))
    assert [row["value"] for row in index.values()][1:] == [None] * 3


def test_only_while_a_reporting_unit_exists_are_its_figures_due(connection: Connection) -> None:
    # The Ministry of Information and Communications ended with February 2025.
    key = COUNT.replace("VN", "MIC").replace("Q.", "M.")
    found = lower(connection, "A", (key, {"2025-01": 1, "2025-02": 2}))
    assert found["2025"]["value"] == 3
    found = lower(connection, "A", (key, {"2025-01": 1}))
    assert found["2025"]["reason"] == "Only 1 of 2 months have a figure."


def test_a_year_in_which_a_reporting_unit_ended_says_so_and_is_not_compared_with_a_whole_one(
    connection: Connection,
) -> None:
    key = COUNT.replace("VN", "GSO24")
    line = (key, dict.fromkeys(periods("Q", "2023-Q1", 10), 10))
    row = lower(connection, "A", line)["2025"]
    assert (row["value"], row["reason"]) == (20, "The reporting unit ended on 2025-06-30.")
    assert row["derived"] == ["aggregate:A", "until:2025-06-30"]
    yearly = aggregation.aggregated(points(line), points(name="others"), Aggregate("A"))
    for name in ("chg", "pch", "ma:2", "index"):
        wanted = Transform.parse(name, base=period.parse("2023") if name == "index" else None)
        assert wanted
        found = answered(connection, transforms.transformed(yearly, None, wanted))
        assert found[key.replace("Q.", "A.", 1), "2024"]["value"] is not None
        row = found[key.replace("Q.", "A.", 1), "2025"]
        assert (row["value"], "only for a part" in row["reason"]) == (None, True)
    # A month of its own is whole.
    months = dict.fromkeys(periods("M", "2025-01", 6), 1)
    assert lower(connection, "Q", (key.replace("Q.", "M."), months))["2025-Q2"]["derived"] == ["aggregate:Q"]


def test_figures_from_before_a_reporting_unit_began_never_make_what_is_due_negative(connection: Connection) -> None:
    key = COUNT.replace("VN", "GSO24_2025")
    line = (key, {"2001-Q1": 1, "2001-Q2": 1, "2025-Q2": 1, "2025-Q3": 1, "2025-Q4": 1})
    found = lower(connection, "A", line)
    assert found["2001"]["reason"] == "Only 2 of 4 quarters have a figure."
    assert (found["2025"]["value"], found["2025"]["derived"][-1]) == (3, "since:2025-04-01")


def test_a_sum_tells_the_cut_off_of_its_figures(connection: Connection) -> None:
    line: dict[str, Any] = dict.fromkeys(periods("Q", "2023-Q1", 3), 1)
    line |= {"2023-Q4": {"value": 1, "data_to": "2023-12-10"}}
    row = lower(connection, "A", (COUNT, line))["2023"]
    assert (row["value"], row["status"], row["reason"]) == (4, "A", "2023-Q4 has data to 2023-12-10 only.")
    yearly = aggregation.aggregated(points((COUNT, line)), points(name="others"), Aggregate("A"))
    (row,) = answered(connection, transforms.transformed(yearly, None, Transform("cumulative"))).values()
    assert row["reason"] == "2023: 2023-Q4 has data to 2023-12-10 only."


def test_a_breakdown_of_a_rate_does_not_get_the_rate_of_the_whole(connection: Connection) -> None:
    quarters = periods("Q", "2023-Q1", 4)
    counts = tuple((RATE.replace("_T", part), dict.fromkeys(quarters, 1)) for part in ("NUMERATOR", "DENOMINATOR"))
    row = lower(connection, "A", (RATE.replace("_T", "PART"), dict.fromkeys(quarters, 40)), counts=counts)["2023"]
    assert (row["value"], "not of the breakdown PART" in row["reason"]) == (None, True)
    assert row["computed_from"] == [f"{RATE.replace('_T', 'PART')}@{name}" for name in quarters]


def test_a_break_in_the_counts_is_a_break_of_the_rate(connection: Connection) -> None:
    quarters = periods("Q", "2023-Q1", 8)
    rate = (RATE, dict.fromkeys(quarters, 50))
    above = (RATE.replace("_T", "NUMERATOR"), dict.fromkeys(quarters, 1))
    for broken, why in (("2024-Q3", "A break in the series lies within 2024."), ("2024-Q1", None)):
        below = (RATE.replace("_T", "DENOMINATOR"), dict.fromkeys(quarters, 2) | {broken: (2, "B")})
        row = lower(connection, "A", rate, counts=(above, below))["2024"]
        assert (row["reason"], "break" in row["derived"]) == (why, True)
        assert (row["value"] is None) == (why is not None)


def test_days_and_hours_are_counted_by_the_calendar(connection: Connection) -> None:
    days = dict.fromkeys(periods("D", "2024-02-01", 28), 1)
    key = COUNT.replace("Q.", "D.")
    assert lower(connection, "M", (key, days))["2024-02"]["reason"] == "Only 28 of 29 days have a figure."
    row = lower(connection, "M", (key, {**days, "2024-02-29": 1}))["2024-02"]
    assert (row["value"], row["computed_from"]) == (29, [f"{key}@2024-02-01/2024-02-29"])
    hours = dict.fromkeys(periods("H", "2024-02-29T00", 24), 1)
    assert lower(connection, "D", (COUNT.replace("Q.", "H."), hours))["2024-02-29"]["value"] == 24


# Through the ledger


def asked(connection: Connection, key: str, wanted: Aggregate, transform: Transform | None = None) -> dict[str, Any]:
    asking = Question(
        Selection.of(SeriesKey.parse(key)), Span(), moment("2026-11-01"), aggregate=wanted, transform=transform
    )
    rows = question.rows(connection, asking)
    csv = (
        b"".join(delimited.plain(connection, question.whole(connection, asking), ANSWER_COLUMNS)).decode().splitlines()
    )
    assert [line.split(",")[1] for line in csv[1:]] == [row["period"] for row in rows]
    return {row["period"]: row for row in rows}


def say(connection: Connection, key: str, **values: str) -> None:
    append(
        connection,
        *(
            {
                "series": key,
                "period": name.replace("_", "-").removeprefix("y"),
                "published_at": "2004-07-01",
                "value": value,
            }
            for name, value in values.items()
        ),
        reason="test",
    )


def test_first_the_frequency_and_then_the_transform(connection: Connection) -> None:
    key = COUNT.replace("CYBER_INCIDENTS.VN", "CYBER_INCIDENTS.MPS").replace("REPORT", "MPS")
    say(connection, key, y2001_Q1="1", y2001_Q2="2", y2001_Q3="3", y2001_Q4="4", y2002_Q1="2", y2002_Q2="4")
    say(connection, key, y2002_Q3="6", y2002_Q4="8")
    row = asked(connection, key, Aggregate("A"), Transform("pch"))["2002"]
    assert (row["series"], row["value"]) == (key.replace("Q.", "A.", 1), 100)
    assert row["derived"] == ["aggregate:A", "transform:pch"]
    assert len(row["computed_from"]) == 8


def test_the_counts_of_a_rate_are_found_though_nobody_asked_for_them(connection: Connection) -> None:
    for breakdown, values in (("_T", ("50", "10")), ("NUMERATOR", ("1", "10")), ("DENOMINATOR", ("2", "100"))):
        say(connection, RATE.replace("VN", "MPS").replace("_T", breakdown), y2001_Q1=values[0], y2001_Q2=values[1])
    row = asked(connection, RATE.replace("VN", "MPS"), Aggregate("S"))["2001-S1"]
    assert row["value"] == Decimal("10.7843137254902")
    # The counts themselves are counts, and added.
    row = asked(connection, RATE.replace("VN", "MPS").replace("_T", "NUMERATOR"), Aggregate("S"))["2001-S1"]
    assert (row["value"], row["unit_measure"]) == (11, "count")


def test_in_another_geography_a_half_year_of_those_before_is_no_whole_year(connection: Connection) -> None:
    for unit in ("GSO24", "GSO27"):
        say(connection, COUNT.replace("VN", unit), y2001_Q1="1", y2001_Q2="2", y2001_Q3="3", y2001_Q4="4")
        say(connection, COUNT.replace("VN", unit), y2002_Q1="1", y2002_Q2="2")
        append(
            connection,
            *(
                {
                    "series": COUNT.replace("VN", unit),
                    "period": name,
                    "published_at": "2025-10-01",
                    "value": "5",
                }
                for name in ("2025-Q1", "2025-Q2")
            ),
            reason="test",
        )
    asking = Question(
        Selection.of(SeriesKey.parse(COUNT.replace("VN", "GSO24_2025"))),
        Span(),
        moment("2026-11-01"),
        geography=geography.on(connection, date(2026, 1, 1), step="geography:current"),
        aggregate=Aggregate("A"),
    )
    found = {row["period"]: row for row in question.rows(connection, asking)}
    assert found["2001"]["value"] == 20
    assert found["2001"]["derived"] == ["geography:current", "aggregate:A"]
    for year in ("2002", "2025"):
        assert (found[year]["value"], found[year]["reason"]) == (None, "Only 2 of 4 quarters have a figure.")


def test_in_another_geography_ranks_are_among_the_reporting_units_of_its_day(connection: Connection) -> None:
    for unit in ("GSO24", "GSO27", "GSO22"):
        say(connection, COUNT.replace("VN", unit), y2001_Q1="1")
    asking = Question(
        Selection.of(SeriesKey.parse(COUNT.replace("VN", "GSO24_2025"))),
        Span(),
        moment("2026-11-01"),
        geography=geography.on(connection, date(2026, 1, 1), step="geography:current"),
        transform=Transform("rank"),
    )
    row = {row["period"]: row for row in question.rows(connection, asking)}["2001-Q1"]
    assert (row["status"], row["reason"]) == ("E", "2 of 34 provinces have a figure.")


def test_a_rank_is_the_same_alone_and_together_with_series_of_another_frequency(connection: Connection) -> None:
    key = "{}.CYBER_INCIDENTS.{}.PERIOD.REPORT._T"
    quarters, months = periods("Q", "2001-Q1", 4), periods("M", "2001-01", 12)
    for frequency, unit, names, value in (
        ("Q", "GSO24", quarters, "30"),
        ("Q", "GSO27", quarters, "20"),
        ("M", "GSO24", months, "10"),
        ("M", "GSO30", months, "1"),
        ("M", "GSO31", months, "2"),
    ):
        say(connection, key.format(frequency, unit), **{f"y{name.replace('-', '_')}": value for name in names})

    def ranks(*wanted: tuple[str, str]) -> dict[str, tuple[Any, ...]]:
        asking = Question(
            Selection(
                {
                    "frequency": sorted({frequency for frequency, _ in wanted}),
                    "indicator": ["CYBER_INCIDENTS"],
                    "reporting_unit": [unit for _, unit in wanted],
                    "accumulation": ["PERIOD"],
                }
            ),
            Span(),
            moment("2026-11-01"),
            aggregate=Aggregate("A"),
            transform=Transform("rank"),
        )
        told = question.rows(connection, asking)
        return {row["series"]: (row["value"], row["derived"]) for row in told if row["period"] == "2001"}

    together = ranks(("Q", "GSO27"), ("M", "GSO30"))
    assert len(together) == 2
    assert together == ranks(("Q", "GSO27")) | ranks(("M", "GSO30"))
    assert {derived[-1] for _, derived in together.values()} == {"province:2", "province:3"}


def test_the_whole_year_of_a_total_since_january_is_compared_with_the_year_before(connection: Connection) -> None:
    key = COUNT.replace("VN", "MPS").replace("PERIOD", "YTD")
    say(connection, key, y2001_Q4="10", y2002_Q3="9", y2002_Q4="15")
    assert asked(connection, key, Aggregate("A"), Transform("pch"))["2002"]["value"] == 50
    with pytest.raises(DoesNotApply, match="counts up from 1 January"):
        asked(connection, key, Aggregate("S"), Transform("pch"))


@pytest.mark.parametrize(
    ("key", "wanted", "why"),
    [
        ("M.INDEX766_TOTAL.MPS.STOCK.NPSP._T", Aggregate("A", "sum"), "it is an index, which is neither"),
        ("A.EGDI_RANK.VN.PERIOD.UN._T", Aggregate("Q"), "nothing is interpolated"),
        ("Q.GDP_INDEX.VN.PERIOD.GSO._T", Aggregate("A"), "does not add up over time"),
        ("Q.ONLINE_FILING_RATE.MPS.PERIOD.REPORT._T", Aggregate("A", "mean"), "it is a rate, which is neither"),
        ("W.CYBER_INCIDENTS.MPS.PERIOD.REPORT._T", Aggregate("A"), "weeks do not add up"),
        ("Q.DATABASES_COUNT.MPS.STOCK.REPORT._T", Aggregate("A", "sum"), "states are not summed"),
    ],
)
def test_what_does_not_add_up_is_refused_with_the_reason(
    connection: Connection, key: str, wanted: Aggregate, why: str
) -> None:
    frequency = key[0]
    first = {"A": "y2001", "Q": "y2001_Q1", "M": "y2001_01", "W": "y2001_W01"}[frequency]
    if "EGDI" not in key:
        say(connection, key, **{first: "7"})
    with pytest.raises(DoesNotApply, match=why):
        asked(connection, key, wanted)


def test_one_line_by_two_frequencies_would_become_one_series_and_is_refused(connection: Connection) -> None:
    say(connection, COUNT.replace("VN", "MPS"), y2001_Q1="1")
    say(connection, COUNT.replace("VN", "MPS").replace("Q.", "M."), y2001_01="1")
    asking = Question(
        Selection({"indicator": ["CYBER_INCIDENTS"], "reporting_unit": ["MPS"]}),
        Span(),
        moment("2026-11-01"),
        aggregate=Aggregate("A"),
    )
    with pytest.raises(DoesNotApply, match="several frequencies"):
        question.rows(connection, asking)


def test_parts_by_two_frequencies_would_become_one_series_of_the_whole_and_are_refused(connection: Connection) -> None:
    say(connection, COUNT.replace("VN", "GSO24"), y2001_Q1="1")
    say(connection, COUNT.replace("VN", "GSO27").replace("Q.", "M."), y2001_01="1")
    asking = Question(
        Selection({"indicator": ["CYBER_INCIDENTS"], "reporting_unit": ["GSO24_2025"]}),
        Span(),
        moment("2026-11-01"),
        geography=geography.on(connection, date(2026, 1, 1), step="geography:current"),
        aggregate=Aggregate("A"),
    )
    with pytest.raises(DoesNotApply, match=r"GSO24_2025.* is there by several frequencies \(M, Q\)"):
        question.rows(connection, asking)
    (row,) = question.rows(
        connection, replace(asking, selection=Selection({**asking.selection.codes, "frequency": ["Q"]}))
    )
    assert row["value"] is None


def test_of_a_sum_that_is_missing_no_part_speaks(connection: Connection) -> None:
    part = {"value": 1, "document": "report 7", "comment": "early", "data_to": "2023-03-10"}
    row = lower(connection, "A", (COUNT, {"2023-Q1": part}))["2023"]
    names = ("value", "submission", "document", "comment", "data_to")
    assert [row[name] for name in names] == [None] * len(names)


def test_the_last_figure_of_a_year_tells_the_days_that_it_is_of(connection: Connection) -> None:
    row = lower(connection, "A", (STOCK, {"2023-Q4": {"value": 1, "data_to": "2023-12-10"}}))["2023"]
    assert (row["value"], row["reason"]) == (1, "2023-Q4 has data to 2023-12-10 only.")


def test_the_api_refuses_a_lower_frequency_of_a_rank(client: TestClient) -> None:
    answer = client.get("/v1/series/A.EGDI_RANK.VN.PERIOD.UN._T/observations?aggregate=Q")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/does-not-apply")
    same = client.get("/v1/series/A.EGDI_RANK.VN.PERIOD.UN._T/observations")
    asked_for_years = client.get("/v1/series/A.EGDI_RANK.VN.PERIOD.UN._T/observations?aggregate=A")
    assert asked_for_years.json()["observations"] == same.json()["observations"]

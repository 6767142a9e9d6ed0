"""Figures are held against each other: where each kind of rule holds, where it does not, where nothing is known."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from ingest import catalogue, ledger, relations
from ingest.catalogue import Catalogue
from ingest.figures import WRITTEN_COLUMNS, Figures
from ingest.period import parse
from ingest.rule import (
    INTRINSIC,
    ChangeCheck,
    ComparisonCheck,
    CumulativeCheck,
    OutlierCheck,
    PartsCheck,
    RankField,
    RankFieldCheck,
    RatioCheck,
    Rule,
    StatedChangeCheck,
    SumOverTimeCheck,
    Term,
    Tolerance,
)

PUBLISHED = datetime(2026, 11, 22, tzinfo=UTC)
BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
COUNT = "Q.NDXP_TRANSACTIONS.VN.PERIOD.REPORT._T"
TO_DATE = "Q.NDXP_TRANSACTIONS.VN.YTD.REPORT._T"
SINCE = "Q.EDOCS_EXCHANGED.VN.SINCE_START.REPORT._T"
RATE = "A.PLAN_TARGETS_DONE_RATE.VN.STOCK.REPORT"
GCI = "A.GCI_{}.VN.PERIOD.ITU._T"


@pytest.fixture(scope="module")
def ours() -> Catalogue:
    return catalogue.read()


def frame(*rows: tuple[str, str, Any], published: datetime = PUBLISHED) -> pandas.DataFrame:
    """Figures as the importer has them: series, period and printed value."""
    table = pandas.DataFrame(
        [(series, parse(period).start, published, value, None, None) for series, period, value in rows],
        columns=list(WRITTEN_COLUMNS),
    )
    moments = pandas.to_datetime(table["published_at"], utc=True)
    return table.assign(period_start=table["period_start"].astype("datetime64[us]"), published_at=moments)


def found(ours: Catalogue, rule: Rule | Any, *rows: tuple[str, str, Any], known: Any = ()) -> list[dict[str, Any]]:
    """What breaks the rule, or a rule of this check, among these rows beside what is public."""
    if not isinstance(rule, Rule):
        rule = replace(ours.rules["rate_agrees_with_counts"], code="tried", check=rule)
    figures = Figures(frame(*rows), frame(*known, published=BEFORE), ours, ours.datasets["PUBLISHED_FIGURES"])
    return relations.broken(figures, rule).to_dict("records")


def rows_of(found: list[dict[str, Any]]) -> list[int]:
    return [each["row"] for each in found]


def counted(value: str, numerator: str | None, denominator: str | None) -> list[tuple[str, str, Any]]:
    parts = (("_T", value), ("NUMERATOR", numerator), ("DENOMINATOR", denominator))
    return [(f"{RATE}.{part}", "2023", given) for part, given in parts if given is not None]


@pytest.mark.parametrize(
    ("printed", "numerator", "denominator", "fits"),
    [
        ("29", "18", "62", True),  # I13: 29.03
        ("43.5", "27", "62", True),  # 43.55, exactly within half a unit
        ("27.5", "17", "62", False),  # 27.42, off by 0.08
        ("81", "102", "126", True),
        ("12.5", "1", "8", True),
        ("0.5", "1", "100", False),
        ("1.5", "1", "100", False),
        ("50", "0", "0", True),  # there is no such rate to compare with
        ("50", None, "100", True),
        ("50", "1", None, True),
    ],
)
def test_a_printed_rate_is_within_half_a_unit_of_its_last_digit(
    ours: Catalogue, printed: str, numerator: str | None, denominator: str | None, fits: bool
) -> None:
    told = found(ours, RatioCheck("ratio"), *counted(printed, numerator, denominator))
    assert (told == []) is fits
    assert rows_of(told) == ([] if fits else [0])


def test_the_counts_behind_a_rate_may_be_public_already(ours: Catalogue) -> None:
    rate, *counts = counted("27.5", "17", "62")
    told = found(ours, RatioCheck("ratio"), rate, known=counts)
    assert [(each["row"], each["expected"]) for each in told] == [(0, 27.4194)]
    assert rows_of(found(ours, RatioCheck("ratio"), *counts, known=[rate])) == [0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 3), st.integers(-2, 2))
def test_a_rate_printed_with_any_digits_passes_exactly_where_decimals_say_so(
    ours: Catalogue, numerator: int, denominator: int, digits: int, off: int
) -> None:
    exact = Decimal(100 * numerator) / denominator
    printed = round(exact, digits) + off * Decimal(10) ** -digits
    fits = abs(exact - printed) <= Decimal("0.5000000001") * Decimal(10) ** -digits
    told = found(ours, RatioCheck("ratio"), *counted(f"{printed:f}", str(numerator), str(denominator)))
    assert (told == []) is fits


def pillars(total: str, *values: str | None) -> list[tuple[str, str, Any]]:
    names = ("LEGAL", "TECHNICAL", "ORGANISATIONAL", "CAPACITY", "COOPERATION")
    given = zip((*names, "SCORE"), (*values, total), strict=True)
    return [(GCI.format(name), "2020", value) for name, value in given if value is not None]


def test_parts_that_do_not_add_up_are_told_at_the_total(ours: Catalogue) -> None:
    sums = ours.rules["gci_pillars_add_up"]
    assert found(ours, sums, *pillars("94.55", "20", "16.31", "18.98", "19.26", "20")) == []
    assert found(ours, sums, *pillars("94.58", "20", "16.31", "18.98", "19.26", "20")) == []  # six rounded values
    told = found(ours, sums, *pillars("94.59", "20", "16.31", "18.98", "19.26", "20"))
    assert [(each["row"], each["found"], each["expected"]) for each in told] == [(5, pytest.approx(94.55), 94.59)]
    assert found(ours, sums, *pillars("94.59", None, None, None, None, None)) == []


def test_a_missing_term_is_skipped_compared_without_or_asked_for(ours: Catalogue) -> None:
    sums, rows = ours.rules["gci_pillars_add_up"], pillars("7.46", "8.19", "4.62", "3.92", "0", None)
    told = found(ours, sums, *rows)
    assert [(each["found"], each["missing"], each["rule"]) for each in told] == [
        (pytest.approx(16.73), "GCI_COOPERATION", "gci_pillars_add_up")
    ]
    assert isinstance(sums.check, ComparisonCheck)
    skips = replace(sums, check=replace(sums.check, missing="skip"))
    assert found(ours, skips, *rows) == []
    requires = replace(sums, check=replace(sums.check, missing="require"))
    assert [(each["missing"], each["rule"]) for each in found(ours, requires, *rows)] == [
        ("GCI_COOPERATION", "terms_are_given")
    ]


def test_a_total_is_held_against_parts_that_are_public_and_the_other_way_round(ours: Catalogue) -> None:
    sums = ours.rules["gci_pillars_add_up"]
    *parts, total = pillars("94.59", "20", "16.31", "18.98", "19.26", "20")
    assert rows_of(found(ours, sums, total, known=parts)) == [0]
    assert rows_of(found(ours, sums, parts[0], known=[*parts[1:], total])) == [0]
    assert found(ours, sums, known=[*parts, total]) == []


def test_terms_of_two_sources_are_never_mixed_unasked(ours: Catalogue) -> None:
    *parts, total = pillars("94.59", "20", "16.31", "18.98", "19.26", "20")
    other = [(series.replace(".ITU.", ".BLAVATNIK."), period, value) for series, period, value in parts]
    assert found(ours, ours.rules["gci_pillars_add_up"], *other, total) == []
    assert rows_of(found(ours, ours.rules["gci_published_total_agrees_with_pillars"], *other, total)) == [5]


@pytest.mark.parametrize(
    ("operator", "left", "holds"),
    [("=", 10.5, True), ("=", 10.6, False), ("<=", 10.5, True), ("<=", 10.6, False), (">=", 9.5, True),
     (">=", 9.4, False), ("<", 10, False), ("<", 9.9, True), (">", 10, False), (">", 10.1, True), ("!=", 11, True),
     ("!=", 10.5, False)],
)  # fmt: skip
def test_an_operator_holds_to_its_tolerance(ours: Catalogue, operator: Any, left: float, holds: bool) -> None:
    sides = (Term("GCI_LEGAL"),), operator, (Term("GCI_TECHNICAL"),)
    for tolerance in (Tolerance(absolute=Decimal("0.5")), Tolerance(percent=Decimal(5))):
        check = ComparisonCheck("comparison", *sides, tolerance)
        rows = [(GCI.format("LEGAL"), "2020", str(left)), (GCI.format("TECHNICAL"), "2020", "10")]
        assert (found(ours, check, *rows) == []) is holds


def test_a_partial_list_may_be_less_than_its_total_and_never_more(ours: Catalogue) -> None:
    units = PartsCheck("parts", level="province", incomplete=True)
    total = ("A.DATABASES_COUNT.VN.STOCK.REPORT._T", "2024", "100")
    some = [(f"A.DATABASES_COUNT.{unit}.STOCK.REPORT._T", "2024", "40") for unit in ("GSO01_2008", "GSO79", "GSO48")]
    assert found(ours, units, total, *some[:2]) == []
    assert [(each["row"], each["found"]) for each in found(ours, units, total, *some)] == [(0, 120)]
    assert found(ours, units, *some) == []
    equal = replace(units, incomplete=False)
    assert [each["difference"] for each in found(ours, equal, total, *some[:2])] == [-20]


def test_parts_of_one_indicator_add_up_to_its_total(ours: Catalogue) -> None:
    series = "Q.STATE_INVESTMENT.VN.PERIOD.GSO.{}"
    rows = [
        (series.format(part), "2024-Q1", value) for part, value in (("CENTRAL", "1.5"), ("LOCAL", "2"), ("_T", "9"))
    ]
    told = found(ours, ours.rules["state_investment_adds_up"], *rows)
    assert [(each["row"], each["found"], each["expected"]) for each in told] == [(2, 3.5, 9)]


def test_the_provinces_of_a_budget_plan_are_the_nation(ours: Catalogue) -> None:
    series = "A.{}.{}.PERIOD.BUDGET_PLAN._T"

    def plan(indicator: str, nation: str, *provinces: str) -> list[tuple[str, str, Any]]:
        units = ("VN", "GSO01_2008", "GSO79", "GSO48")
        rows = zip(units, (nation, *provinces), strict=False)
        return [(series.format(indicator, unit), "2010", value) for unit, value in rows]

    whole = ours.rules["budget_provinces_add_up"]
    assert found(ours, whole, *plan("BUDGET_REVENUE", "1000", "500", "300", "180")) == []
    told = found(ours, whole, *plan("BUDGET_REVENUE", "1000", "500", "300"))
    assert [(each["row"], each["difference"]) for each in told] == [(0, -200)]
    assert found(ours, whole, *plan("BUDGET_REVENUE", "1000", "500")[1:]) == []
    nearly = ours.rules["budget_provinces_add_up_but_for_reserves"]
    assert found(ours, nearly, *plan("CENTRAL_TRANSFER", "1000", "500", "300", "160")) == []
    assert rows_of(found(ours, nearly, *plan("CENTRAL_TRANSFER", "1000", "500", "300"))) == [0]


def test_the_regions_of_a_budget_plan_are_the_nation(ours: Catalogue) -> None:
    regions = (
        "NORTHERN_MOUNTAINS", "RED_RIVER_DELTA", "CENTRAL_COAST", "CENTRAL_HIGHLANDS", "SOUTH_EAST", "MEKONG_DELTA",
    )  # fmt: skip

    def plan(indicator: str, *values: str) -> list[tuple[str, str, Any]]:
        series = "A.{}.VN.PERIOD.BUDGET_PLAN.{}"
        parts = zip(("_T", *regions), values, strict=False)
        return [(series.format(indicator, part), "2010", value) for part, value in parts]

    rule = ours.rules["budget_regions_add_up"]
    fits = plan("BUDGET_REVENUE", "6000", *["1000"] * 6)
    assert found(ours, rule, *fits, *plan("LOCAL_BUDGET_EXPENDITURE", "1200", *["200"] * 6)) == []
    tenfold = plan("LOCAL_BUDGET_EXPENDITURE", "1200", "2000", *["200"] * 5)
    assert rows_of(found(ours, rule, *fits, *tenfold)) == [7]
    told = found(ours, rule, *fits[:-1])
    assert [(each["row"], each["missing"]) for each in told] == [(0, "BUDGET_REVENUE.MEKONG_DELTA")]


def test_a_year_to_date_falls_only_from_year_to_year(ours: Catalogue) -> None:
    to_date = CumulativeCheck("cumulative", "YTD")
    values = [("2023-Q3", "80"), ("2023-Q4", "100"), ("2024-Q1", "20"), ("2024-Q2", "20"), ("2024-Q4", "19")]
    told = found(ours, to_date, *[(TO_DATE, *each) for each in values])
    assert [(each["row"], each["expected"], each["later"]) for each in told] == [(4, 20, "2024-Q4")]
    assert rows_of(found(ours, to_date, (TO_DATE, "2024-Q1", "30"), known=[(TO_DATE, "2024-Q2", "20")])) == [0]


def test_a_rate_to_date_may_fall_and_what_can_be_negative_too(ours: Catalogue) -> None:
    to_date = CumulativeCheck("cumulative", "YTD")
    rate = TO_DATE.replace("NDXP_TRANSACTIONS", "ONLINE_FILING_RATE")
    adjusted = "M.FDI_ADJUSTED_CAPITAL.VN.YTD.GSO._T"
    assert found(ours, to_date, (rate, "2024-Q1", "30"), (rate, "2024-Q2", "20")) == []
    assert found(ours, to_date, (adjusted, "2024-01", "30"), (adjusted, "2024-02", "-2")) == []


def test_what_accumulates_since_the_start_never_falls(ours: Catalogue) -> None:
    since = CumulativeCheck("cumulative", "SINCE_START")
    told = found(ours, since, (SINCE, "2024-Q1", "5"), known=[(SINCE, "2023-Q4", "6"), (SINCE, "2023-Q3", "4")])
    assert [(each["row"], each["expected"]) for each in told] == [(0, 6)]
    assert found(ours, since, (SINCE, "2024-Q1", "6"), known=[(SINCE, "2023-Q4", "6")]) == []


@pytest.mark.parametrize(
    ("against", "known", "value", "fits"),
    [
        ("last_period", (COUNT, "2023-Q4", "1000"), "5000", True),  # 400 % is the limit
        ("last_period", (COUNT, "2023-Q4", "1000"), "5010", False),
        ("last_period", (COUNT, "2023-Q3", "1000"), "9000", True),  # the last period is not known
        ("last_period", (COUNT, "2023-Q4", "0"), "9000", True),  # nothing grew by a percentage
        ("same_period_last_year", (COUNT, "2023-Q1", "1000"), "190", False),
        ("same_period_last_year", (COUNT, "2023-Q1", "1000"), "200", True),
        ("last_vintage", (COUNT, "2024-Q1", "1000"), "190", False),
        ("last_vintage", (COUNT, "2024-Q1", "1000"), "1000", True),
        ("share_of_last_year", (COUNT.replace("Q.", "A."), "2023", "4000"), "190", False),
        ("share_of_last_year", (COUNT.replace("Q.", "A."), "2023", "4000"), "1000", True),
        ("share_of_last_year", (COUNT.replace("Q.", "A."), "2022", "4000"), "190", True),
        ("last_period", (COUNT, "2023-Q4", "1"), "9", True),  # both are too small to say anything
    ],
)
def test_a_value_is_held_against_what_it_was(
    ours: Catalogue, against: Any, known: tuple[str, str, str], value: str, fits: bool
) -> None:
    check = ChangeCheck("change", against, "percent", Decimal(400), Decimal(80), Decimal(100))
    told = found(ours, check, (COUNT, "2024-Q1", value), known=[known])
    assert (told == []) is fits


def test_half_a_year_of_transactions_is_far_below_the_year_before(ours: Catalogue) -> None:
    rows = [("S.NDXP_TRANSACTIONS.VN.PERIOD.REPORT._T", "2023-S1", "276900000")]
    known = [("A.NDXP_TRANSACTIONS.VN.PERIOD.REPORT._T", "2022", "860000000")]
    told = found(ours, ours.rules["amount_is_a_share_of_last_year"], *rows, known=known)
    assert [(each["expected"], each["change"]) for each in told] == [(430000000, -35.6)]


# A figure of these is within bounds, or has no size that another unit of measure would change.
WITHOUT_A_RULE_ON_SIZE = {
    "rank", "score_0_1", "score_0_10", "score_0_18", "score_0_20", "score_0_22", "score_0_100", "score_papi", "mbps",
    "per_100_people", "index_previous_year", "index_previous_month",
}  # fmt: skip


def test_every_unit_of_measure_has_a_rule_on_size_or_is_known_to_need_none(ours: Catalogue) -> None:
    changes = [rule for rule in ours.rules.values() if isinstance(rule.check, ChangeCheck)]
    for against in ("last_period", "same_period_last_year", "last_vintage"):
        covered = {
            unit
            for rule in changes
            if isinstance(rule.check, ChangeCheck) and rule.check.against == against
            for unit in rule.scope.unit_measures
        }
        rates = {"percent"} if against == "same_period_last_year" else set[str]()
        assert set(ours.units_of_measure) == covered | WITHOUT_A_RULE_ON_SIZE | rates, against
        assert covered.isdisjoint(WITHOUT_A_RULE_ON_SIZE)


@pytest.mark.parametrize(
    ("rule", "series", "was", "now"),
    [
        ("amount_moves_with_last_period", "Q.STATE_INVESTMENT.VN.PERIOD.GSO._T", "2023-Q4", "2024-Q1"),
        ("amount_moves_with_last_year", "M.RETAIL_SALES.VN.YTD.GSO._T", "2023-06", "2024-06"),
        ("amount_moves_with_last_period", "A.BUDGET_REVENUE.GSO24.PERIOD.BUDGET_PLAN._T", "2009", "2010"),
        ("amount_moves_with_last_vintage", "M.FDI_NEW_CAPITAL.GSO24.YTD.GSO._T", "2024-06", "2024-06"),
    ],
)
def test_an_official_figure_given_in_thousands_is_asked_about(
    ours: Catalogue, rule: str, series: str, was: str, now: str
) -> None:
    known = [(series, was, "48000")]
    assert rows_of(found(ours, ours.rules[rule], (series, now, "48000000"), known=known)) == [0]
    assert found(ours, ours.rules[rule], (series, now, "51000"), known=known) == []


def test_the_29th_of_february_has_no_same_day_last_year(ours: Catalogue) -> None:
    day = "D.NDXP_TRANSACTIONS.VN.PERIOD.REPORT._T"
    check = ChangeCheck("change", "same_period_last_year", "percent", Decimal(10), Decimal(10))
    assert found(ours, check, (day, "2024-02-29", "900"), known=[(day, "2023-03-01", "100")]) == []
    told = found(ours, check, (day, "2024-03-01", "900"), known=[(day, "2023-03-01", "100")])
    assert rows_of(told) == [0]


def test_a_rate_moves_in_points(ours: Catalogue) -> None:
    series = "Q.ONLINE_FILING_RATE.VN.PERIOD.REPORT._T"
    check = ChangeCheck("change", "last_period", "points", Decimal(50), Decimal(50))
    assert found(ours, check, (series, "2024-Q1", "60"), known=[(series, "2023-Q4", "10")]) == []
    told = found(ours, check, (series, "2024-Q1", "61"), known=[(series, "2023-Q4", "10")])
    assert [each["change"] for each in told] == [51]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=0, max_size=14), st.integers(1, 4000))
def test_outliers_are_those_that_plain_pandas_finds(ours: Catalogue, past: list[int], value: int) -> None:
    quarters = [str(parse("2024-Q1").earlier(back)) for back in range(1, len(past) + 1)]
    known = [(COUNT, quarter, str(each)) for quarter, each in zip(quarters, past, strict=True)]
    reference = pandas.Series(past[:12], dtype=float)
    median = reference.median()
    spread = (reference - median).abs().median()
    mean_spread = (pandas.Series([*past[:12], value], dtype=float) - median).abs().mean()
    z = abs(0.6745 * (value - median) / spread) if spread else 0
    if not spread and mean_spread:
        z = abs((value - median) / (1.253314 * mean_spread))
    far = abs(value - median) >= 0.25 * median
    check = OutlierCheck("outlier", "modified_z", Decimal("3.5"), 12, 8, Decimal(25))
    told = found(ours, check, (COUNT, "2024-Q1", str(value)), known=known)
    assert bool(told) == (len(past) >= 8 and z > 3.5 and far)
    size = OutlierCheck("outlier", "median_ratio", Decimal(20), 12, 3)
    ratio = max(value / median, median / value) if past else 0
    assert bool(found(ours, size, (COUNT, "2024-Q1", str(value)), known=known)) == (len(past) >= 3 and ratio > 20)


@pytest.mark.parametrize(("value", "fits"), [("4900", False), ("1200", True), ("1000", True)])
def test_a_series_that_never_moved_has_outliers_too(ours: Catalogue, value: str, fits: bool) -> None:
    known = [(COUNT, str(parse("2024-Q1").earlier(back)), "1000") for back in range(1, 13)]
    told = found(ours, ours.rules["value_is_no_outlier"], (COUNT, "2024-Q1", value), known=known)
    assert (told == []) is fits
    assert [each["score"] for each in told] == ([] if fits else [10.4])


def test_a_rate_of_nothing_is_held_against_nothing(ours: Catalogue) -> None:
    assert found(ours, ours.rules["rate_agrees_with_counts"], *counted("50", "5", "0")) == []


def ranked(*ranks: int) -> list[tuple[str, str, Any]]:
    units = ("ISL", "SWE", "FIN", "DNK", "EST", "KOR")
    return [(f"A.EGDI_RANK.{unit}.PERIOD.UN._T", "2022", str(rank)) for unit, rank in zip(units, ranks, strict=False)]


def test_a_shared_rank_leaves_the_next_ones_empty(ours: Catalogue) -> None:
    ties = ours.rules["shared_ranks_leave_ranks_empty"]
    assert found(ours, ties, *ranked(4, 5, 5, 7)) == []
    assert found(ours, ties, *ranked(5, 5, 5, 8)) == []
    told = found(ours, ties, *ranked(4, 5, 5, 6))
    assert [(each["row"], each["found"], each["expected"], each["shared"]) for each in told] == [(3, 6, 5, 2)]
    assert rows_of(found(ours, ties, *ranked(5, 5, 5, 7))) == [3]


def test_a_rank_is_within_its_field_of_the_time(ours: Catalogue) -> None:
    field = ours.rules["rank_is_within_its_field"]
    assert found(ours, field, *ranked(193)) == []
    assert [each["expected"] for each in found(ours, field, *ranked(194))] == [193]
    rank = "A.DTI_RANK.GSO01_2008.PERIOD.REPORT._T"
    assert found(ours, field, (rank, "2024", "63")) == []
    assert [each["expected"] for each in found(ours, field, (rank, "2025", "63"))] == [34]
    none = RankFieldCheck("rank_field", (RankField("GCI_RANK", size=195),))
    assert found(ours, none, *ranked(500)) == []


@pytest.mark.parametrize(
    ("stated_in", "change", "fits"),
    [
        ("points", "-1.35", False),  # I5: 38.33 - 36.47 is 1.86
        ("points", "-1.86", True),
        ("points", "-1.9", True),
        ("percent", "-4.9", True),
        ("percent", "-4.8", False),
        ("index", "95.15", True),
        ("index", "5.15", False),
        ("times", "1.0", True),
    ],
)
def test_a_stated_change_is_held_against_the_two_values(
    ours: Catalogue, stated_in: Any, change: str, fits: bool
) -> None:
    series = "A.GDP_SHARE.VN.PERIOD.GSO.{}"
    check = StatedChangeCheck("stated_change", stated_in, "last_period", change="CHANGE")
    rows = [(series.format("_T"), "2021", "36.47"), (series.format("CHANGE"), "2021", change)]
    told = found(ours, check, *rows, known=[(series.format("_T"), "2020", "38.33")])
    assert rows_of(told) == ([] if fits else [1])
    assert found(ours, check, *rows) == []


def test_an_index_is_held_against_the_values_of_its_own_part(ours: Catalogue) -> None:
    value, index = ("Q.GDP_2010_PRICES.VN.PERIOD.GSO.C", "Q.GDP_INDEX.VN.PERIOD.GSO.C")
    known = [(value, "2023-Q2", "100")]
    rule = ours.rules["gdp_index_agrees_with_values"]
    assert found(ours, rule, (value, "2024-Q2", "106"), (index, "2024-Q2", "105.9"), known=known) == []
    assert rows_of(found(ours, rule, (value, "2024-Q2", "106"), (index, "2024-Q2", "5.9"), known=known)) == [1]


def test_four_quarters_make_the_year_across_vintages(ours: Catalogue) -> None:
    year = SumOverTimeCheck("quarters_and_year", "year", Tolerance(percent=Decimal(1)))
    quarters = [(COUNT, f"2024-Q{number}", "25") for number in (1, 2, 3, 4)]
    whole = COUNT.replace("Q.", "A.")
    assert found(ours, year, (whole, "2024", "100"), known=quarters) == []
    assert found(ours, year, (whole, "2024", "101"), known=quarters) == []
    told = found(ours, year, (whole, "2024", "110"), known=quarters)
    assert [(each["found"], each["expected"]) for each in told] == [(110, 100)]
    assert found(ours, year, (whole, "2024", "110"), known=quarters[:3]) == []
    assert rows_of(found(ours, year, quarters[3], known=[*quarters[:3], (whole, "2024", "110")])) == [0]
    # The last quarter was revised: the file's vintage counts, not the public one.
    assert found(ours, year, (COUNT, "2024-Q4", "35"), known=[*quarters, (whole, "2024", "110")]) == []


def test_the_quarters_so_far_make_the_year_to_date(ours: Catalogue) -> None:
    check = SumOverTimeCheck("quarters_and_year", "year_to_date")
    quarters = [(COUNT, f"2024-Q{number}", "25") for number in (1, 2, 3)]
    assert found(ours, check, *quarters, (TO_DATE, "2024-Q3", "75")) == []
    assert rows_of(found(ours, check, *quarters, (TO_DATE, "2024-Q3", "80"))) == [3]
    assert found(ours, check, *quarters[1:], (TO_DATE, "2024-Q3", "80")) == []


def test_only_what_adds_up_over_time_is_summed(ours: Catalogue) -> None:
    year = SumOverTimeCheck("quarters_and_year", "year")
    rate = "{}.ONLINE_FILING_RATE.VN.PERIOD.REPORT._T"
    rows = [(rate.format("Q"), f"2024-Q{number}", "25") for number in (1, 2, 3, 4)]
    assert found(ours, year, *rows, (rate.format("A"), "2024", "25")) == []


def test_a_figure_of_the_past_is_not_held_against_what_replaced_it(ours: Catalogue) -> None:
    check = ChangeCheck("change", "last_vintage", "percent", Decimal(10), Decimal(10))
    later = frame((COUNT, "2024-Q1", "900"), published=datetime(2027, 1, 1, tzinfo=UTC))
    rule = replace(ours.rules["rate_agrees_with_counts"], check=check)
    figures = Figures(frame((COUNT, "2024-Q1", "100")), later, ours, ours.datasets["PUBLISHED_FIGURES"])
    assert relations.broken(figures, rule).empty


def test_each_vintage_of_a_file_is_held_against_what_was_known_with_it(ours: Catalogue) -> None:
    """A slip in the old vintage is told where it stands, though the file has the corrected one too."""
    days = [datetime(2024, month, 1, tzinfo=UTC) for month in (2, 5, 6)]
    rows = pandas.concat(
        [
            frame((COUNT, "2023-Q4", "48000"), published=days[0]),
            frame((COUNT, "2024-Q1", "48000000"), published=days[1]),
            frame((COUNT, "2024-Q1", "50000"), published=days[2]),
            frame((COUNT, "2023-Q4", "49000"), published=days[2]),
        ],
        ignore_index=True,
    )
    figures = Figures(rows, frame(), ours, ours.datasets["PUBLISHED_FIGURES"])

    def broken(rule: str) -> list[dict[str, Any]]:
        return relations.broken(figures, ours.rules[rule]).to_dict("records")

    told = broken("amount_moves_with_last_period")
    assert [(each["row"], each["found"], each["expected"]) for each in told] == [(1, 48000000, 48000)]
    assert [(each["row"], each["expected"]) for each in broken("amount_moves_with_last_vintage")] == [(2, 48000000)]


def test_a_history_of_many_vintages_tells_of_each_figure_once(ours: Catalogue) -> None:
    vintages = [
        frame((COUNT, "2023-Q4", "1000"), (COUNT, "2024-Q1", "9000"), published=datetime(2024, month, 1, tzinfo=UTC))
        for month in range(1, 13)
    ]
    figures = Figures(pandas.concat(vintages, ignore_index=True), frame(), ours, ours.datasets["PUBLISHED_FIGURES"])
    told = relations.broken(figures, ours.rules["amount_moves_with_last_period"])
    assert told["row"].tolist() == [23]


def test_what_is_looked_up_is_what_some_rule_names(ours: Catalogue) -> None:
    rows = frame((GCI.format("LEGAL"), "2020", "20"), (GCI.format("LEGAL"), "2022", "20"), (COUNT, "2024-Q1", "1"))
    wanted = relations.wanted(rows, ours).set_index("indicator")
    assert {"GCI_SCORE", "GCI_COOPERATION", "NDXP_TRANSACTIONS", "NDXP_DAILY_MEAN"} <= set(wanted.index)
    assert "EGDI_SCORE" not in wanted.index
    assert [day.year for day in wanted.loc["GCI_SCORE", ["first", "last"]]] == [2020, 2022]


def test_figures_of_unrelated_series_break_no_rule(ours: Catalogue) -> None:
    quarterly = [(series, "2024-Q1", "55") for series in (COUNT, TO_DATE, SINCE)]
    rows = frame(*quarterly, (GCI.format("SCORE"), "2024", "55"), (f"{RATE}._T", "2024", "55"))
    figures = Figures(rows, frame(), ours, ours.datasets["PUBLISHED_FIGURES"])
    for rule in ours.rules.values():
        assert rule.code in INTRINSIC or relations.broken(figures, rule).empty, rule.code


def test_what_is_public_is_looked_up_as_of_the_moment(connection: Connection) -> None:
    asked = pandas.DataFrame(
        [
            ("EGDI_RANK", "VN", datetime(2022, 1, 1), datetime(2022, 1, 1)),
            ("NO_SUCH", "VN", *[datetime(2022, 1, 1)] * 2),
        ],
        columns=["indicator", "reporting_unit", "first", "last"],
    )
    now = ledger.beside(connection, asked, as_of=PUBLISHED)
    assert list(now.columns) == list(WRITTEN_COLUMNS)
    ranks = dict(zip(now["period_start"].dt.year, now["value"], strict=True))
    assert (ranks[2018], ranks[2020], ranks[2022]) == ("88", "86", "86")
    assert 2024 not in ranks  # after the last that is asked about
    assert min(ranks) >= 2010  # 12 years before the first
    earlier = ledger.beside(connection, asked, as_of=datetime(2021, 1, 1, tzinfo=UTC))
    assert max(earlier["period_start"].dt.year) == 2020

"""Every figure becomes an observation or a finding, with its place and what to do."""

from decimal import Decimal

import pandas
import pytest

from ingest import formats, rules
from ingest.catalogue import Catalogue
from ingest.period import moment
from ingest.rules import Checked
from ingest.submission import Instructions
from tests.conftest import NOW

HEADING = (
    "indicator,reporting_unit,period,value,accumulation,status,reason,published_at,withdrawn,source,breakdown,frequency"
)
GOOD = "ONLINE_FILING_RATE,Hà Nội,2024-Q1,45.5,PERIOD,,,2024-04-12,,,,"


def check(words: Catalogue, *lines: str, heading: str = HEADING, **said: str) -> Checked:
    dataset = said.pop("dataset", "PUBLISHED_FIGURES")
    content = "\n".join([heading, *lines]).encode()
    reading = formats.read(content)
    return rules.check(reading, words, words.datasets[dataset], Instructions(dataset, **said), now=NOW)


def test_a_sound_row_becomes_an_observation_of_its_series(words: Catalogue) -> None:
    checked = check(words, GOOD)
    assert checked.findings == []
    row = checked.observations.iloc[0]
    assert row["series"] == "Q.ONLINE_FILING_RATE.GSO01_2008.PERIOD.REPORT._T"
    assert row["period_start"] == pandas.Timestamp("2024-01-01")
    assert row["published_at"] == moment("2024-04-12")
    assert (row["value"], row["status"], row["withdrawn"]) == ("45.5", "A", False)


# One row that breaks the rule, the place that the finding must name, and a word of what it must say.
BROKEN = [
    ("period_is_given", GOOD.replace("2024-Q1", ""), "period", "missing"),
    ("period_is_readable", GOOD.replace("2024-Q1", "2024-Q7"), "period", "“2024-Q7” is no period"),
    ("period_fits_frequency", GOOD + "M", "period", "does not have the frequency M"),
    ("indicator_is_given", GOOD.replace("ONLINE_FILING_RATE", ""), "indicator", "missing"),
    (
        "indicator_is_known",
        GOOD.replace("ONLINE_FILING", "ONLINE_FILNG"),
        "indicator",
        "Did you mean ONLINE_FILING_RATE",
    ),
    ("frequency_suits_indicator", GOOD.replace("2024-Q1", "2024-W05"), "indicator", "It has A, S, Q, M"),
    ("reporting_unit_is_given", GOOD.replace("Hà Nội", ""), "reporting_unit", "missing"),
    ("reporting_unit_is_known", GOOD.replace("Hà Nội", "Hà Nôị Mới"), "reporting_unit", "no reporting unit called"),
    ("reporting_unit_is_valid_in_period", GOOD.replace("Hà Nội", "Hà Tây"), "reporting_unit", "2008-07-31"),
    ("reporting_unit_is_valid_in_period", GOOD.replace("Hà Nội", "GSO24_2025"), "reporting_unit", "2025-07-01"),
    ("level_suits_indicator", GOOD.replace("Hà Nội", "Iceland"), "reporting_unit", "level"),
    ("accumulation_is_given", GOOD.replace("PERIOD", ""), "accumulation", "Write PERIOD / YTD"),
    ("accumulation_is_allowed", GOOD.replace("PERIOD", "STOCK"), "accumulation", "Write PERIOD / YTD"),
    ("source_is_allowed", GOOD.replace(",2024-04-12,,,", ",2024-04-12,,UN,"), "source", "no source of this indicator"),
    ("breakdown_is_a_code", GOOD.replace(",2024-04-12,,,,", ",2024-04-12,,,a b,"), "breakdown", "no code"),
    ("status_is_known", GOOD.replace("PERIOD,,", "PERIOD,Q,"), "status", "“Q” is no status"),
    ("value_is_given", GOOD.replace("45.5", ""), "value", "missing"),
    ("value_is_a_number", GOOD.replace("45.5", "nhiều"), "value", "“nhiều” is no number"),
    ("value_is_a_number", GOOD.replace("45.5", "nan"), "value", "no number"),
    ("value_is_a_number", GOOD.replace("45.5", "0x1F"), "value", "no number"),
    ("value_is_a_number", GOOD.replace("45.5", "1e999"), "value", "no number"),
    ("value_is_a_number", GOOD.replace("45.5", "５２"), "value", "no number"),
    ("value_is_given", GOOD.replace("45.5", "…"), "value", "missing"),
    ("value_is_given", GOOD.replace("45.5", "x"), "value", "missing"),
    ("value_is_no_error", GOOD.replace("45.5", "#REF!"), "value", "“#REF!” is an error of Excel"),
    ("value_is_no_error", GOOD.replace("45.5", "#N/A"), "value", "Mend the formula"),
    ("value_is_no_error", GOOD.replace("45.5", "Err:502"), "value", "Mend the formula"),
    ("value_is_not_in_brackets", GOOD.replace("45.5", "(5)"), "value", "with a minus"),
    ("percent_sign_suits_unit", "EGDI_RANK,VN,2024,86%,PERIOD,,,2025-01-01,,,,", "value", "not measured in percent"),
    ("value_has_15_digits", GOOD.replace("45.5", "45.50000000000001"), "value", "more than 15"),
    ("value_is_in_range", GOOD.replace("45.5", "145.5"), "value", "outside the range 0 – 100"),
    ("value_is_in_range", GOOD.replace("45.5", "-1"), "value", "outside the range 0 – 100"),
    ("value_is_a_number", GOOD.replace("45.5", "٤٥"), "value", "no number"),
    ("value_is_a_number", GOOD.replace("45.5", "1e-99"), "value", "no number"),
    ("period_is_readable", GOOD.replace("2024-Q1", "0999-Q1"), "period", "is no period"),
    ("published_at_is_readable", GOOD.replace("2024-04-12", "0001-01-01"), "published_at", "no moment"),
    ("withdrawn_is_yes_or_no", GOOD.replace("2024-04-12,,", "2024-04-12,rút,"), "withdrawn", "neither yes nor no"),
    ("value_is_whole", "NDXP_TRANSACTIONS,VN,2024,1.234,PERIOD,,,2025-01-01,,,,", "value", "write 1234 and not 1.234"),
    ("period_has_begun", GOOD.replace("2024-Q1", "2027-Q1"), "period", "has not begun"),
    ("missing_has_no_value", GOOD.replace("PERIOD,,", "PERIOD,M,not counted"), "value", "“45.5” stands there"),
    ("missing_has_a_reason", GOOD.replace("45.5,PERIOD,", ",PERIOD,M"), "reason", "needs a reason"),
    ("published_at_is_readable", GOOD.replace("2024-04-12", "hôm qua"), "published_at", "no moment of publication"),
]


@pytest.mark.parametrize(("rule", "line", "column", "sentence"), BROKEN, ids=[broken[0] for broken in BROKEN])
def test_a_broken_row_is_a_finding_with_its_place_and_what_to_do(
    words: Catalogue, rule: str, line: str, column: str, sentence: str
) -> None:
    checked = check(words, GOOD.replace("2024-Q1", "2023-Q1"), line)
    errors = [finding for finding in checked.findings if finding.severity == "error"]
    assert [finding.rule for finding in errors] == [rule]
    assert errors[0].place == f'line 3, column "{column}"'
    assert sentence in errors[0].en
    assert errors[0].vi != errors[0].en
    assert "{" not in errors[0].vi + errors[0].en
    assert (len(checked.observations), checked.refused) == (1, 1)


def test_nine_months_are_the_third_quarter_to_date(words: Catalogue) -> None:
    checked = check(words, GOOD.replace("2024-Q1", "9 tháng 2024").replace("PERIOD", ""))
    assert checked.observations["series"].tolist() == ["Q.ONLINE_FILING_RATE.GSO01_2008.YTD.REPORT._T"]
    assert checked.observations["period_start"].tolist() == [pandas.Timestamp("2024-07-01")]


@pytest.mark.parametrize("days", ["2024-06-31,", ",gestern", "2024-06-30,2024-06-01"])
def test_a_cut_off_that_is_no_span_of_days_is_refused(words: Catalogue, days: str) -> None:
    heading = "indicator,reporting_unit,period,value,accumulation,data_from,data_to"
    checked = check(words, f"ONLINE_FILING_RATE,VN,2024-Q1,45.5,PERIOD,{days}", heading=heading)
    assert [finding.rule for finding in checked.findings] == ["data_dates_are_readable"]


def test_a_name_that_two_units_have_asks_which(words: Catalogue) -> None:
    line = GOOD.replace("Hà Nội", "Huế").replace("2024-Q1", "2024-Q4")
    rules_broken = {finding.rule for finding in check(words, line).findings}
    assert rules_broken <= {"reporting_unit_is_one", "reporting_unit_is_known", "reporting_unit_is_valid_in_period"}
    assert rules_broken


def test_a_forecast_may_be_given_ahead(words: Catalogue) -> None:
    assert check(words, GOOD.replace("2024-Q1", "2027-Q1").replace("PERIOD,,", "PERIOD,F,")).findings == []


def test_an_accumulation_can_be_said_in_words(words: Catalogue) -> None:
    checked = check(words, GOOD.replace("PERIOD", "trong kỳ"), GOOD.replace("PERIOD", "Lũy kế từ đầu năm"))
    assert [key.split(".")[3] for key in checked.observations["series"]] == ["PERIOD", "YTD"]


def test_places_are_vietnamese_in_vietnamese_sentences(words: Catalogue) -> None:
    assert "dòng 2, cột" in check(words, GOOD, GOOD).findings[0].vi


def test_a_row_that_stands_twice_is_refused_with_the_place_of_the_first(words: Catalogue) -> None:
    checked = check(words, GOOD, GOOD.replace("45.5", "46"))
    assert [(found.rule, found.place) for found in checked.findings] == [
        ("row_is_not_a_duplicate", 'line 3, column "value"')
    ]
    assert "line 2" in checked.findings[0].en
    assert checked.observations["value"].tolist() == ["45.5"]


def test_a_percentage_over_100_is_found_by_the_unit_of_measure(words: Catalogue) -> None:
    assert words.indicators["ONLINE_FILING_RATE"].maximum == Decimal(100)


def test_a_code_of_the_statistics_office_means_the_unit_of_the_time(words: Catalogue) -> None:
    checked = check(words, GOOD.replace("Hà Nội", "24"), GOOD.replace("Hà Nội", "24").replace("2024-Q1", "2026-Q1"))
    units = [key.split(".")[2] for key in checked.observations["series"]]
    assert units == ["GSO24", "GSO24_2025"]


def test_what_the_sender_says_stands_for_what_the_rows_do_not(words: Catalogue) -> None:
    checked = check(
        words,
        "ONLINE_FILING_RATE,45.5,PERIOD",
        heading="indicator,value,accumulation",
        reporting_unit="GSO01_2008",
        period="2024-Q1",
    )
    assert checked.observations["series"].tolist() == ["Q.ONLINE_FILING_RATE.GSO01_2008.PERIOD.REPORT._T"]
    assert checked.observations["published_at"].tolist() == [pandas.Timestamp(NOW)]


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"reporting_unit": "GSO04"}, "reporting_unit_is_the_senders"),
        ({"period": "2024-Q2"}, "period_is_the_senders"),
    ],
)
def test_a_row_about_something_else_than_the_sender_said_is_refused(
    words: Catalogue, said: dict[str, str], rule: str
) -> None:
    assert [finding.rule for finding in check(words, GOOD, **said).findings] == [rule]


def test_an_indicator_that_the_form_does_not_ask_for_is_refused(words: Catalogue) -> None:
    checked = check(words, GOOD.replace("ONLINE_FILING_RATE", "EGDI_RANK"), dataset="PROVINCE_QUARTERLY")
    assert [finding.rule for finding in checked.findings] == ["indicator_is_in_dataset"]


def test_a_figure_outside_the_definitions_time_is_kept_with_a_warning(words: Catalogue) -> None:
    line = "LEVEL4_SERVICE_RATE,VN,2024,100,STOCK,,,2024-12-31,,,,"
    checked = check(words, line)
    assert [(finding.rule, finding.severity) for finding in checked.findings] == [
        ("indicator_is_valid_in_period", "warning")
    ]
    assert len(checked.observations) == 1


def test_a_unit_that_ended_within_the_period_can_be_named_by_its_code(words: Catalogue) -> None:
    checked = check(
        words, GOOD.replace("Hà Nội", "GSO24").replace("2024-Q1", "2025").replace("2024-04-12", "2025-08-01")
    )
    assert checked.findings == []


def test_a_file_without_figures_says_so(words: Catalogue) -> None:
    checked = check(words)
    assert [finding.severity for finding in checked.findings] == ["error"]


def test_many_rows_with_the_same_fault_are_told_once_over_a_thousand_and_then_counted(words: Catalogue) -> None:
    quarters = [f"{year}-Q{quarter}" for year in range(1750, 2125) for quarter in (1, 2, 3, 4)]
    lines = [GOOD.replace("45.5", "z").replace("2024-Q1", quarter) for quarter in quarters]
    checked = check(words, *(line.replace("Hà Nội", "VN") for line in lines))
    told = [finding for finding in checked.findings if finding.rule == "value_is_a_number"]
    rest = [
        finding for finding in checked.findings if finding.rule == "more_of_the_same" and finding.severity == "error"
    ]
    assert (len(told), [finding.found for finding in rest], checked.refused) == (1000, ["500"], 1500)


def test_findings_come_in_the_order_of_the_lines(words: Catalogue) -> None:
    checked = check(words, GOOD.replace("45.5", "x"), GOOD.replace("2024-Q1", "2024-Q7"), GOOD.replace("45.5", "y"))
    assert [finding.place.split(",")[0] for finding in checked.findings] == ["line 2", "line 3", "line 4"]


def test_a_hundred_thousand_different_faults_are_told_and_counted_in_seconds(words: Catalogue) -> None:
    lines = [GOOD.replace("2024-Q1", f"kỳ {number}") for number in range(100_000)]
    checked = check(words, *lines)
    assert [finding.rule for finding in checked.findings].count("period_is_readable") == 1000
    assert [finding.found for finding in checked.findings if finding.rule == "more_of_the_same"] == ["99000"]
    assert checked.refused == 100_000


def test_a_file_that_repeats_one_row_is_told_so_with_the_first_place(words: Catalogue) -> None:
    checked = check(words, *[GOOD] * 5_000)
    assert len(checked.observations) == 1
    assert checked.refused == 4_999
    assert all("line 2" in finding.en for finding in checked.findings[:1000])


def test_a_missing_mean_of_a_day_is_compared_with_nothing(words: Catalogue) -> None:
    heading = "indicator,reporting_unit,period,value,status,reason,accumulation"
    checked = check(
        words,
        "NDXP_DAILY_MEAN,VN,2024,,M,not counted,PERIOD",
        "NDXP_TRANSACTIONS,VN,2024,1000,,,PERIOD",
        heading=heading,
    )
    assert checked.findings == []


@pytest.mark.parametrize("written", ["45.5%", "45.5 %", "45.5\u00a0%"])
def test_a_percent_sign_is_taken_off_where_the_indicator_is_measured_in_percent(words: Catalogue, written: str) -> None:
    checked = check(words, GOOD.replace("45.5", written))
    assert checked.findings == []
    assert checked.observations["value"].tolist() == ["45.5"]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("ước tính", "E"),
        ("ước", "E"),
        ("Ước thực hiện", "E"),
        ("Sơ bộ", "P"),
        ("số sơ bộ", "P"),
        ("CHÍNH THỨC", "A"),
        ("thực hiện", "A"),
        ("dự báo", "F"),
    ],
)
def test_a_status_is_read_as_statisticians_write_it(words: Catalogue, written: str, status: str) -> None:
    checked = check(words, GOOD.replace("PERIOD,,", f"PERIOD,{written},"))
    assert checked.observations["status"].tolist() == [status]

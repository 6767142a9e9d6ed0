import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import period
from ingest.period import NotAPeriod, Period, containing, parse, parse_span

days = st.dates(min_value=date(1950, 1, 1), max_value=date(2090, 12, 31))
frequencies = st.sampled_from("ASQMWD")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024", "2024"),
        ("Năm 2024", "2024"),
        ("2024-S1", "2024-S1"),
        ("2024S1", "2024-S1"),
        ("6 tháng đầu năm 2024", "2024-S1"),
        ("6 tháng cuối năm 2024", "2024-S2"),
        ("6 tháng 2024", "2024-S1"),
        ("2024-Q1", "2024-Q1"),
        ("2024Q1", "2024-Q1"),
        ("Q1/2024", "2024-Q1"),
        ("Quý I/2024", "2024-Q1"),
        ("QI/2024", "2024-Q1"),
        ("QIII 2024", "2024-Q3"),
        ("q.iv/2024", "2024-Q4"),
        ("2024/06", "2024-06"),
        ("2024/06/15", "2024-06-15"),
        ("06-2024", "2024-06"),
        ("QUÝ IV/2024", "2024-Q4"),
        ("quý 3 năm 2024", "2024-Q3"),
        ("Quí II/2024", "2024-Q2"),
        ("2024-03", "2024-03"),
        ("202403", "2024-03"),
        ("Tháng 3/2024", "2024-03"),
        ("tháng 12 năm 2024", "2024-12"),
        ("03/2024", "2024-03"),
        ("2024-W05", "2024-W05"),
        ("2024-03-15", "2024-03-15"),
        ("15/03/2024", "2024-03-15"),
        ("10-10-2022", "2022-10-10"),
        ("2024-03-15T09", "2024-03-15T09"),
        ("cả năm 2024", "2024"),
        ("12 tháng năm 2024", "2024"),
        ("quý I năm 2024", "2024-Q1"),
        ("QUÝ 1-2024", "2024-Q1"),
        ("Quý I - 2024", "2024-Q1"),
        ("Quý III, năm 2024", "2024-Q3"),
        ("quý I/năm 2024", "2024-Q1"),
        ("Quý IV.2024", "2024-Q4"),
        ("quý tư năm 2024", "2024-Q4"),
        ("quy I/2024", "2024-Q1"),
        ("3 tháng đầu năm 2024", "2024-Q1"),
        ("6T/2024", "2024-S1"),
        ("6T2024", "2024-S1"),
        ("6 thang dau nam 2024", "2024-S1"),
        ("Sáu tháng đầu năm 2024", "2024-S1"),
        ("nửa cuối năm 2024", "2024-S2"),
        ("T3/2024", "2024-03"),
        ("T.3/2024", "2024-03"),
        ("T12-2024", "2024-12"),
        ("tháng 3 năm 2024", "2024-03"),
        ("Tháng Tư năm 2024", "2024-04"),
        ("tháng năm năm 2024", "2024-05"),
        ("Tháng Năm/2024", "2024-05"),
        ("tháng mười hai 2024", "2024-12"),
        ("ngày 15 tháng 3 năm 2024", "2024-03-15"),
        ("15 tháng 3 năm 2024", "2024-03-15"),
        ("ngày 01/07/2025", "2025-07-01"),
        ("03/04/2024", "2024-04-03"),
        (unicodedata.normalize("NFD", "Quý I/2024"), "2024-Q1"),
        ("Quý\u00a0I/2024", "2024-Q1"),
    ],
)
def test_a_period_is_read_as_machines_and_as_people_write_it(written: str, meant: str) -> None:
    assert str(parse(written)) == meant


@pytest.mark.parametrize(
    "written",
    ["", "24", "2024-13", "2024-Q5", "2024-Q0", "2024-S3", "2024-W54", "31/02/2024", "Quý V/2024", "hôm qua", "1.086"],
)
def test_what_is_no_period_is_refused_with_the_text_in_the_sentence(written: str) -> None:
    with pytest.raises(NotAPeriod, match=f"“{written}” is no period"):
        parse(written)


@pytest.mark.parametrize(
    "written",
    [
        "03/15/2024",  # the day stands first, and there is no month 15
        "tháng năm 2024",  # May, or a month that nobody named
        "tháng 13/2024",
        "tháng 6/24",  # a year of two digits may be a day
        "2011/12",  # December, or from one year into the next
        "2023/24",
        "13-2024",
        "QV/2024",
        "ước 6 tháng 2024",
        "cộng dồn 6 tháng",
        "6 tháng",
        "Quý I",
        "0 tháng 2024",
        "13 tháng 2024",
        "ước quý I/2024",  # a status is not part of a period
        "giai đoạn 2022-2025",
        "12024",
        "lũy kế",
    ],
)
def test_what_leaves_open_which_period_is_meant_is_no_period(written: str) -> None:
    with pytest.raises(NotAPeriod):
        parse_span(written)


def test_nine_months_are_a_span_and_not_a_period() -> None:
    span, accumulation = parse_span("9 tháng 2024")
    assert (str(span), accumulation) == ("2024-Q3", "YTD")
    with pytest.raises(NotAPeriod):
        parse("9 tháng 2024")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("9 tháng đầu năm 2024", "2024-Q3"),
        ("9T/2024", "2024-Q3"),
        ("chín tháng năm 2024", "2024-Q3"),
        ("5 tháng đầu năm 2024", "2024-05"),
        ("11 tháng/2024", "2024-11"),
        ("lũy kế 9 tháng năm 2024", "2024-Q3"),
        ("luỹ kế 9 tháng năm 2024", "2024-Q3"),
        ("Lũy kế 6 tháng năm 2024", "2024-Q2"),
        ("cộng dồn 6 tháng đầu năm 2024", "2024-Q2"),
        ("cộng dồn từ đầu năm đến hết tháng 8 năm 2024", "2024-08"),
        ("lũy kế đến quý III/2024", "2024-Q3"),
        ("số lũy kế cả năm 2024", "2024"),
    ],
)
def test_a_span_from_january_is_the_year_to_date_of_the_period_in_which_it_ends(written: str, meant: str) -> None:
    span, accumulation = parse_span(written)
    assert (str(span), accumulation) == (meant, "YTD")


@given(days)
def test_the_day_stands_before_the_month_in_whatever_way_it_is_written(day: date) -> None:
    for written in (
        f"{day:%d/%m/%Y}",
        f"{day.day}-{day.month}-{day.year}",
        f"ngày {day:%d} tháng {day:%m} năm {day:%Y}",
    ):
        assert str(parse(written)) == day.isoformat()


@given(days, frequencies)
def test_every_period_reads_back_from_what_it_writes_in_both_ways(day: date, frequency: str) -> None:
    there = containing(day, frequency)
    assert parse(str(there)) == there
    if frequency != "W":
        assert parse(there.in_vietnamese) == there


@given(days, frequencies)
def test_periods_follow_each_other_without_gap_or_overlap(day: date, frequency: str) -> None:
    here = containing(day, frequency)
    assert here.start.date() <= day <= here.last_day
    assert here.earlier().end == here.start
    assert containing(here.end.date(), frequency).earlier() == here


@pytest.mark.parametrize(
    ("written", "before"),
    [
        ("2024", "2023"),
        ("2024-S2", "2023-S2"),
        ("2024-Q1", "2023-Q1"),
        ("2024-12", "2023-12"),
        ("2026-W05", "2025-W05"),
        ("2025-W01", "2024-W01"),  # begins in December
        ("2026-W53", None),  # 2025 had 52 weeks
        ("2026-03-15", "2025-03-15"),
        ("2024-02-29", None),
        ("2025-02-28", "2024-02-28"),
        ("2026-03-15T09", "2025-03-15T09"),
        ("2024-02-29T23", None),
    ],
)
def test_a_year_earlier_is_the_same_period_of_that_year_or_none(written: str, before: str | None) -> None:
    earlier = parse(written).a_year_earlier()
    assert earlier == (before and parse(before))


def test_officials_write_quarters_in_roman_numerals() -> None:
    assert parse("2024-Q3").in_vietnamese == "Quý III/2024"
    assert parse("2024-S1").in_vietnamese == "6 tháng đầu năm 2024"
    assert parse("2024-03").in_vietnamese == "Tháng 03/2024"


def test_an_hour_is_written_before_its_day() -> None:
    assert parse("2025-03-15T09").in_vietnamese == "09 giờ ngày 15/03/2025"


def test_a_day_of_publication_begins_in_ha_noi() -> None:
    assert period.moment("2024-09-17") == datetime(2024, 9, 16, 17, tzinfo=UTC)
    assert period.moment("2024-09-17", end_of_day=True) == datetime(2024, 9, 17, 16, 59, 59, 999999, tzinfo=UTC)


def test_a_publication_known_by_its_month_or_year_counts_from_the_last_day() -> None:
    assert period.moment("2021-06") == period.moment("2021-06-30")
    assert period.moment("2021") == period.moment("2021-12-31")


def test_an_hour_of_publication_is_that_hour_and_not_its_day() -> None:
    assert period.moment("2024-07-01T09") == datetime(2024, 7, 1, 2, tzinfo=UTC)
    assert period.moment("2024-07-01T09", end_of_day=True) == datetime(2024, 7, 1, 2, 59, 59, 999999, tzinfo=UTC)


def test_a_plus_that_became_a_space_in_an_address_is_still_a_zone() -> None:
    assert period.moment("2024-07-01T09:00:00 07:00") == datetime(2024, 7, 1, 2, tzinfo=UTC)
    assert period.moment("2024-07-01T09:00:00Z") == datetime(2024, 7, 1, 9, tzinfo=UTC)
    assert period.moment("2024-07-01T09:00") == datetime(2024, 7, 1, 2, tzinfo=UTC)


def test_the_end_of_time_is_a_moment_and_no_period() -> None:
    assert period.moment("9999-12-31").year == 9999
    for written in ("9999", "9999-12-31", "0000", "0000-Q1"):
        with pytest.raises(NotAPeriod):
            parse(written)


def test_periods_are_ordered_by_time() -> None:
    assert sorted([parse("2024-Q2"), parse("2023-Q4")]) == [parse("2023-Q4"), parse("2024-Q2")]
    assert isinstance(parse("2024"), Period)

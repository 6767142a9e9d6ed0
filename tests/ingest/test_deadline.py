"""Deadlines as people write them, and the last day that is in time."""

import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.deadline import NotADeadline, last_day
from ingest.period import parse


@pytest.mark.parametrize(
    ("written", "last"),
    [
        # ACCEPTANCE T23
        ("trước tháng 12/2024", "2024-11-30"),
        ("trong quý IV/2022", "2022-12-31"),
        ("trước ngày 15/12/2021", "2021-12-14"),
        ("trong tháng 5/2024", "2024-05-31"),
        # more of the same four kinds
        ("hoàn thành trong tháng 5/2024", "2024-05-31"),
        ("Phải hoàn thành xong trước ngày 15 tháng 12 năm 2021.", "2021-12-14"),
        ("chậm nhất ngày 14/7/2025", "2025-07-14"),
        ("Chậm nhất là ngày 14/07/2025", "2025-07-14"),
        ("muộn nhất đến hết tháng 6 năm 2025", "2025-06-30"),
        ("đến hết ngày 14/7/2025", "2025-07-14"),
        ("đến cuối quý III/2025", "2025-09-30"),
        ("ngày 14/7/2025", "2025-07-14"),
        ("14/7/2025", "2025-07-14"),
        ("2025-07-14", "2025-07-14"),
        ("hạn chót: 14/7/2025", "2025-07-14"),
        ("trước ngày 01/3/2024", "2024-02-29"),
        ("trước năm 2025", "2024-12-31"),
        ("trước quý II năm 2025", "2025-03-31"),
        ("hết năm 2025", "2025-12-31"),
        ("trong 6 tháng đầu năm 2025", "2025-06-30"),
        ("trong quí 4/2022", "2022-12-31"),
        (unicodedata.normalize("NFD", "trước tháng 12/2024"), "2024-11-30"),
    ],
)
def test_a_deadline_has_a_last_day_that_is_in_time(written: str, last: str) -> None:
    assert last_day(written) == date.fromisoformat(last)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "sớm nhất",
        "trước",
        "trước ngày 15/12",  # of which year?
        "trước 17 giờ ngày 14/7/2025",  # the day alone would be too late, or too early
        "2025-07-14T09",
        "trong 9 tháng 2024",
        "ngày 31/6/2025",
        "trước 0001",
        "9999",
    ],
)
def test_what_names_no_day_is_refused_with_examples(written: str) -> None:
    with pytest.raises(NotADeadline, match="trước ngày 15/7/2025, trong tháng 7/2025"):
        last_day(written)


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)))
def test_before_a_day_ends_where_the_day_begins(day: date) -> None:
    written = f"{day.day}/{day.month}/{day.year}"
    assert last_day(f"trước ngày {written}") + timedelta(1) == last_day(f"chậm nhất ngày {written}") == day
    assert last_day(f"trong tháng {day:%m/%Y}") == parse(f"{day:%Y-%m}").last_day
    assert last_day(f"trước tháng {day.month}/{day.year}") == day.replace(day=1) - timedelta(1)

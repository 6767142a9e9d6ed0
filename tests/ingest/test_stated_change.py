"""Changes as documents state them in words."""

from decimal import Decimal

import pytest

from ingest import period
from ingest.stated_change import stated_changes


@pytest.mark.parametrize(
    ("words", "about", "unit_measure", "amount", "against", "readings"),
    [
        ("đạt 52,8%, vượt 2% so với kế hoạch năm 2022 và tăng 17,5% so với năm 2021", "2022", "percent", "17.5", "2021",
         ("points", "percent")),
        ("đạt 29,80% (tăng 6,82% so với cùng kỳ năm 2020)", "2021", "percent", "6.82", "2020", ("points", "percent")),
        ("đạt khoảng 33%, tăng 11 điểm % so với tháng 12/2024", "2025-06", "percent", "11", "2024-12", ("points",)),
        ("giảm 0,5 điểm phần trăm so với quý trước", "2024-Q1", "percent", "-0.5", "2023-Q4", ("points",)),
        ("đạt 148 tỷ USD, tăng trưởng 8% so với năm 2021", "2022", "usd_billion", "8", "2021", ("percent",)),
        ("tăng 13% so với cùng kỳ", "2024-Q3", "usd_billion", "13", "2023-Q3", ("percent",)),
        ("tăng 21% so với năm trước", "2025-S1", "usd_billion", "21", "2024-S1", ("percent",)),
        ("tăng thêm khoảng 4 tỷ USD (tăng 25%) so với năm 2022", "2023", "usd_billion", "25", "2022", ("percent",)),
        ("gấp 4,8 lần so với năm 2021", "2022", "count", "4.8", "2021", ("times",)),
        ("tăng gấp 4,8 lần năm 2021", "2022", "count", "4.8", "2021", ("times",)),
        ("tăng 4,8 lần so với năm 2021", "2022", "count", "4.8", "2021", ("times", "times_more")),
        ("tăng 15 bậc so với 2022", "2024", "rank", "15", "2022", ("places",)),
        ("Tăng 7,09% so với quý II năm 2023", "2024-Q2", "vnd_billion", "7.09", "2023-Q2", ("percent",)),
    ],
)  # fmt: skip
def test_the_words_say_how_much_and_against_what(
    words: str, about: str, unit_measure: str, amount: str, against: str, readings: tuple[str, ...]
) -> None:
    (change,) = stated_changes(words, period.parse(about), unit_measure)
    assert (change.amount, str(change.against), change.readings) == (Decimal(amount), against, readings)


@pytest.mark.parametrize(
    ("words", "about", "unit_measure"),
    [
        ("tăng 548 doanh nghiệp so với tháng 3/2022", "2022-04", "count"),
        ("tăng 3.422 doanh nghiệp so với tháng 12/2021", "2022-12", "count"),
        ("tăng 17,5% so với kế hoạch năm 2022", "2022", "percent"),
        ("tăng 8% so với năm 2021", "2022-Q1", "percent"),  # a quarter against a year
        ("tăng 5 bậc so với năm 2022", "2023", "percent"),
        ("tăng 5% so với năm 2022", "2023", "rank"),
        ("tăng 8% so với năm 2030", "2022", "percent"),
        ("tăng gấp 5 lần so với cả giai đoạn trước năm 2020", "2022", "count"),
        ("tăng cường 5 lần", "2022", "count"),
    ],
)
def test_what_names_no_earlier_period_or_another_measure_states_nothing(
    words: str, about: str, unit_measure: str
) -> None:
    assert not [*stated_changes(words, period.parse(about), unit_measure)]

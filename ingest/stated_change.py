"""What a document says in words of the change from an earlier period: “tăng 17,5% so với năm 2021”.

The words leave open what they mean: 17,5 % of a rate is so many points, or so much of itself. All readings are told,
and none is chosen.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ingest import period
from ingest.period import NotAPeriod, Period

# points: so many points of percent; percent: so much of the earlier value; times: so many times the earlier value;
# times_more: the earlier value and so many times it again; places: so many ranks.
Reading = Literal["points", "percent", "times", "times_more", "places"]


@dataclass(frozen=True, slots=True)
class StatedChange:
    """A change as a sentence has it: `amount` with the sign of the words, `against` which period, in which readings."""

    words: str
    amount: Decimal
    against: Period
    readings: tuple[Reading, ...]


def stated_changes(words: str, about: Period, unit_measure: str) -> Iterator[StatedChange]:
    """The changes that the words state of a figure about this period, in their order.

    Only those that name their earlier period are told: a year, a period of the figure's own frequency, the same period
    of the year before (`cùng kỳ`), or the one before (`quý trước`).
    """
    for found in _CHANGE.finditer(words):
        against = _against(found, about)
        readings = _readings(found, unit_measure)
        if against is not None and against < about and readings:
            amount = Decimal(found["amount"].replace(",", "."))
            yield StatedChange(found[0], -amount if found["verb"].lower() == "giảm" else amount, against, readings)


# A number with a decimal comma or point; three digits behind a point would be thousands.
_CHANGE = re.compile(
    r"""
    \b(?P<verb>tăng|giảm|gấp)\b (?:\s+(?:trưởng|thêm))? (?P<multiple>\s+gấp)? (?:\s+(?:khoảng|hơn|gần|trên))?
    \s+(?P<amount>\d+(?:,\d+|\.\d{1,2})?) \s*
    (?P<unit>điểm\s*(?:%|phần\s+trăm) | %\s*điểm | % | lần | bậc) (?!\w) \)?
    \s+(?:so\s+với|của)?\s*
    (?:
        (?P<same>cùng\s+kỳ) (?:\s+(?:năm\s+)?(?P<same_year>\d{4})|\s+năm\s+(?:trước|ngoái))? (?![\w/])
        | (?P<before>(?:năm|quý|tháng|tuần)\s+trước)
        | (?P<named>(?:năm\s+)?\d{4} | (?:quý|tháng)\s+\w+(?:\s*/\s*|\s+năm\s+)\d{4}) (?![\w/])
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_OF = {"năm": "A", "quý": "Q", "tháng": "M", "tuần": "W"}


def _against(found: re.Match[str], about: Period) -> Period | None:
    if found["same"]:
        earlier = about.a_year_earlier()
        if not found["same_year"] or earlier is None:
            return earlier
        return _years_earlier(about, int(found["same_year"]))
    if found["before"]:
        if _OF[found["before"].split()[0].lower()] == about.frequency:
            return about.earlier()
        return about.a_year_earlier() if found["before"].lower().startswith("năm") else None
    try:
        named = period.parse(found["named"])
    except NotAPeriod:
        return None
    return named if named.frequency == about.frequency else None


def _years_earlier(about: Period, year: int) -> Period | None:
    earlier: Period | None = about
    while earlier is not None and earlier.start.year > year:
        earlier = earlier.a_year_earlier()
    return earlier if earlier is not None and earlier.start.year == year else None


def _readings(found: re.Match[str], unit_measure: str) -> tuple[Reading, ...]:
    unit, rate = found["unit"].lower(), unit_measure == "percent"
    if unit == "bậc":
        return ("places",) if unit_measure == "rank" else ()
    if unit_measure == "rank":
        return ()
    if unit == "lần":
        if found["multiple"] or found["verb"].lower() == "gấp":
            return ("times",)
        return ("times", "times_more") if found["verb"].lower() == "tăng" else ()
    if found["verb"].lower() == "gấp":
        return ()
    if unit != "%":
        return ("points",) if rate else ()
    return ("points", "percent") if rate else ("percent",)

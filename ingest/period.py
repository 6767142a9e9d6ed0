"""Periods: what a figure is about.

A period is a frequency and the moment it begins, on the local calendar; its written form is SDMX's. The database keeps
the same two things, so that `2024-Q1` means the same here and in `sql/`.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

FREQUENCIES = {
    "A": ("năm", "year"),
    "S": ("nửa năm", "half-year"),
    "Q": ("quý", "quarter"),
    "M": ("tháng", "month"),
    "W": ("tuần", "week"),
    "D": ("ngày", "day"),
    "H": ("giờ", "hour"),
}
# As quarters and months are written in words, without marks.
_NUMBERS = {
    "i": 1,
    "ii": 2,
    "iii": 3,
    "iv": 4,
    "gieng": 1,
    "mot": 1,
    "hai": 2,
    "ba": 3,
    "tu": 4,
    "bon": 4,
    "nam": 5,
    "sau": 6,
    "bay": 7,
    "tam": 8,
    "chin": 9,
    "muoi": 10,
    "muoi mot": 11,
    "muoi hai": 12,
}
_MONTHS = {"A": 12, "S": 6, "Q": 3, "M": 1}


class NotAPeriod(ValueError):
    """The text is no period."""

    def __init__(self, text: str) -> None:
        """Keep the text as it was written."""
        super().__init__(f"“{text}” is no period; write 2024, 2024-S1, 2024-Q1, 2024-03, 2024-W05 or 2024-03-15")
        self.text = text


class NotAMoment(NotAPeriod):
    """The text is no day and no time."""

    def __init__(self, text: str) -> None:
        """Keep the text as it was written."""
        ValueError.__init__(self, f"“{text}” is no day or time; write 2024-07-01 or 2024-07-01T09:00:00+07:00")
        self.text = text


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One period of one frequency; `start` is local and carries no zone."""

    start: datetime
    frequency: str

    @property
    def end(self) -> datetime:
        """The first moment after the period."""
        if self.frequency in _MONTHS:
            return _months_later(self.start, _MONTHS[self.frequency])
        return self.start + {"W": timedelta(7), "D": timedelta(1), "H": timedelta(hours=1)}[self.frequency]

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return (self.end - timedelta(microseconds=1)).date()

    def earlier(self, by: int = 1) -> Self:
        """The period that lies `by` periods before this one."""
        if self.frequency in _MONTHS:
            return type(self)(_months_later(self.start, -by * _MONTHS[self.frequency]), self.frequency)
        return type(self)(self.start - by * (self.end - self.start), self.frequency)

    def a_year_earlier(self) -> Self | None:
        """The same period a year before: the same quarter, calendar day, hour of the day, or ISO week.

        None where that year had none: for a 29 February, or a week 53.
        """
        try:
            if self.frequency == "W":
                year, week, _ = self.start.isocalendar()
                return type(self)(datetime.fromisocalendar(year - 1, week, 1), "W")
            return type(self)(self.start.replace(year=self.start.year - 1), self.frequency)
        except ValueError:
            return None

    def __str__(self) -> str:
        """The period as SDMX writes it."""
        return _WRITTEN[self.frequency](self.start)

    @property
    def in_vietnamese(self) -> str:
        """The period as Vietnamese officials write it: `Quý I/2024`, `6 tháng đầu năm 2024`."""
        start = self.start
        match self.frequency:
            case "A":
                return f"Năm {start.year}"
            case "S":
                return f"6 tháng {'đầu' if start.month == 1 else 'cuối'} năm {start.year}"
            case "Q":
                return f"Quý {('I', 'II', 'III', 'IV')[start.month // 3]}/{start.year}"
            case "M":
                return f"Tháng {start.month:02}/{start.year}"
            case "W":
                return f"Tuần {start.isocalendar().week}/{start.isocalendar().year}"
            case "D":
                return f"{start:%d/%m/%Y}"
            case _:
                return f"{start:%H giờ ngày %d/%m/%Y}"


_WRITTEN: dict[str, Callable[[datetime], str]] = {
    "A": lambda t: f"{t.year:04}",
    "S": lambda t: f"{t.year:04}-S{t.month // 6 + 1}",
    "Q": lambda t: f"{t.year:04}-Q{t.month // 3 + 1}",
    "M": lambda t: f"{t.year:04}-{t.month:02}",
    "W": lambda t: f"{t.isocalendar().year:04}-W{t.isocalendar().week:02}",
    "D": lambda t: f"{t.date()}",
    "H": lambda t: f"{t.date()}T{t.hour:02}",
}


def containing(day: date, frequency: str) -> Period:
    """The period of that frequency in which the day lies; for hours, its first hour."""
    start = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - local by definition
    if frequency in _MONTHS:
        months = _MONTHS[frequency]
        return Period(start.replace(month=(day.month - 1) // months * months + 1, day=1), frequency)
    return Period(start - timedelta(start.weekday()) if frequency == "W" else start, frequency)


def parse(text: str) -> Period:
    """The period that the text names, as SDMX writes it, as DHIS2 does (2024Q1, 202403), or as people do.

    SDMX also writes 2024-A1, 2024-M03 and 2024-D075, the 75th day of the year.
    People write `Quý I/2024`, `QI/2024`, `quý 1 năm 2024`, `6 tháng đầu năm 2024`, `6T/2024`, `tháng 3/2024`,
    `T3/2024`, `03-2024`, `2024/03`, `cả năm 2024`, `15/03/2024`, `ngày 15 tháng 3 năm 2024`: the day always before the
    month, unless the year stands first.
    `9 tháng 2024` names a span, not a period: see `parse_span`.

    Raises NotAPeriod.
    """
    period, accumulation = parse_span(text)
    if accumulation:
        raise NotAPeriod(text)
    return period


def parse_span(text: str) -> tuple[Period, str | None]:
    """The period, and the accumulation where the words say one: `9 tháng 2024` is 2024-Q3, YTD.

    So is `lũy kế 6 tháng năm 2024` 2024-Q2, and `lũy kế đến tháng 5/2024` 2024-05; `6 tháng 2024` alone is 2024-S1.

    Raises NotAPeriod.
    """
    plain = _without_marks(re.sub(r"\s+", " ", text.strip().casefold()))
    for pattern, made in _FORMS:
        if found := pattern.fullmatch(plain):
            try:
                meant, accumulation = made(*found.groups())
                _ = meant.end  # the last year that a calendar has is none of ours
            except (ValueError, OverflowError):
                break
            return meant, accumulation
    raise NotAPeriod(text)


def _without_marks(text: str) -> str:
    letters = (each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
    return "".join(letters).replace("đ", "d").replace("–", "-")


def day_of(text: str) -> date:
    """The day that the text names: ISO, or day first as `30/11/2021`, `10-10-2022`.

    Raises NotAMoment.
    """
    try:
        period = parse(text)
    except NotAPeriod as fault:
        raise NotAMoment(text) from fault
    if period.frequency != "D":
        raise NotAMoment(text)
    return period.start.date()


FOR_EVER = "9999-12-31"  # as other services write it


def moment(text: str, *, end_of_day: bool = False) -> datetime:
    """A moment with its zone: an ISO time as it stands, a bare day its beginning (or its end) in the local zone.

    A publication known only by its month counts from the month's last day, by its year from 31 December: from then on
    it was known for certain. FOR_EVER is after all of them.

    Raises NotAMoment.
    """
    if text == FOR_EVER:
        return datetime.max.replace(tzinfo=UTC)
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:.*", text):
        try:
            # A "+" typed into an address arrives as a space.
            exact = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text))
        except ValueError as fault:
            raise NotAMoment(text) from fault
        return exact if exact.tzinfo else exact.replace(tzinfo=LOCAL_ZONE)
    try:
        period = parse(text)
    except NotAPeriod as fault:
        raise NotAMoment(text) from fault
    if period.frequency == "H":
        hour = period.end - timedelta(microseconds=1) if end_of_day else period.start
        return hour.replace(tzinfo=LOCAL_ZONE)
    day = period.last_day
    start = datetime(day.year, day.month, day.day, tzinfo=LOCAL_ZONE)
    return start + timedelta(1, microseconds=-1) if end_of_day else start


def now() -> datetime:
    """The clock of this machine; everything below the programs is handed a moment and never asks."""
    return datetime.now(UTC)


def _months_later(start: datetime, months: int) -> datetime:
    years, month = divmod(start.month - 1 + months, 12)
    return start.replace(year=start.year + years, month=month + 1)


def _number(word: str | int) -> int:
    return int(_NUMBERS.get(str(word), word))


def _of_year(frequency: str, number: str | int, year: str) -> tuple[Period, None]:
    within = _number(number)
    return Period(datetime(int(year), (within - 1) * _MONTHS[frequency] + 1, 1), frequency), None  # noqa: DTZ001


def _year_and_month(year: str, month: str) -> tuple[Period, None]:
    if len(month) == 2 and int(month) == (int(year) + 1) % 100:
        raise ValueError(month)  # 2011/12 is December, or from one year into the next
    return _of_year("M", month, year)


def _week(year: str, week: str) -> tuple[Period, None]:
    monday = date.fromisocalendar(int(year), int(week), 1)
    return containing(monday, "W"), None


def _day(year: str, month: str, day: str) -> tuple[Period, None]:
    return containing(date(int(year), int(month), int(day)), "D"), None


def _day_of_year(year: str, day: str) -> tuple[Period, None]:
    meant = date(int(year), 1, 1) + timedelta(int(day) - 1)
    if meant.year != int(year):
        raise ValueError(day)
    return containing(meant, "D"), None


def _hour(year: str, month: str, day: str, hour: str) -> tuple[Period, None]:
    return Period(datetime(int(year), int(month), int(day), int(hour)), "H"), None  # noqa: DTZ001


def _to_the_end(frequency: str, number: str | int, year: str) -> tuple[Period, str]:
    return _of_year(frequency, number, year)[0], "YTD"


def _months_to(months: str, year: str) -> tuple[Period, str]:
    """From January to the end of that month: the quarter, where it ends one, as returns are owed by the quarter."""
    last = _number(months)
    if not 1 <= last <= 12:
        raise ValueError(months)
    frequency, number = ("M", last) if last % 3 else ("Q", last // 3)
    return _to_the_end(frequency, number, year)


def _first_months(months: str, year: str) -> tuple[Period, str | None]:
    """What people call so many months of a year; three of them are a quarter, and all of them the year."""
    whole = {3: "Q", 6: "S", 12: "A"}.get(_number(months))
    return _of_year(whole, 1, year) if whole else _months_to(months, year)


_YEAR = r"(\d{4})"
_OF_YEAR = rf"(?: ?[/.-] ?|,? ?nam |,? )?(?:nam )?{_YEAR}"  # /2024, năm 2024, /năm 2024
_QUARTER = r"([1-4]|i{1,3}|iv|mot|hai|ba|tu|bon)"
# "tháng năm 2024" is May, or a month of 2024 that somebody forgot to name.
_MONTH = rf"(\d{{1,2}}|{'|'.join(_NUMBERS)})(?<!thang nam(?= \d))"
_SPAN = rf"(\d{{1,2}}|{'|'.join(_NUMBERS)}) ?(?:thang|t)(?: dau)?"
# "Accumulated" turns a span into the year to date, however long it is.
_CUMULATED = r"(?:so )?(?:luy ke|cong don)(?: tu dau nam)?(?: (?:den het|den|het|toi))?"
_Form = Callable[..., tuple[Period, str | None]]
# The texts without their marks: none of these words becomes another without them.
_FORMS: list[tuple[re.Pattern[str], _Form]] = [
    (re.compile(pattern), made)
    for pattern, made in (
        (rf"(?:nam |ca nam |tron nam )?{_YEAR}", lambda y: _of_year("A", 1, y)),
        (
            rf"{_YEAR}-?([sqm])(\d{{1,2}})",
            lambda y, f, n: _of_year(f.upper(), n, y),
        ),
        (rf"{_YEAR}-a1", lambda y: _of_year("A", 1, y)),
        (rf"{_YEAR}-d(\d{{3}})", _day_of_year),
        (rf"{_YEAR}-?(0[1-9]|1[0-2])", lambda y, n: _of_year("M", n, y)),
        (rf"{_YEAR}-?w(\d{{1,2}})", _week),
        (rf"{_YEAR}-(\d\d)-(\d\d)", _day),
        (rf"{_YEAR}-(\d\d)-(\d\d)[t ](\d\d)(?::00){{0,2}}", _hour),
        (rf"(?:ngay )?(\d{{1,2}})[/.-](\d{{1,2}})[/.-]{_YEAR}", lambda d, m, y: _day(y, m, d)),
        (rf"(?:ngay )?(\d{{1,2}}) thang (\d{{1,2}}),? nam {_YEAR}", lambda d, m, y: _day(y, m, d)),
        (rf"qu[yi] ?{_QUARTER}{_OF_YEAR}", lambda n, y: _of_year("Q", n, y)),
        (rf"q\.?([1-4]|i{{1,3}}|iv)(?: ?[/-] ?| )?{_YEAR}", lambda n, y: _of_year("Q", n, y)),
        (rf"thang ?{_MONTH}{_OF_YEAR}", lambda n, y: _of_year("M", n, y)),
        (rf"t\.? ?(\d{{1,2}}){_OF_YEAR}", lambda n, y: _of_year("M", n, y)),
        (rf"(\d{{1,2}}) ?[/-] ?{_YEAR}", lambda n, y: _of_year("M", n, y)),
        (rf"{_YEAR}/(\d{{1,2}})", _year_and_month),
        (rf"{_YEAR}/(\d{{1,2}})/(\d{{1,2}})", _day),
        (rf"{_SPAN}{_OF_YEAR}", lambda n, y: _first_months(n, y)),
        (rf"(?:6|sau) ?(?:thang|t) cuoi{_OF_YEAR}", lambda y: _of_year("S", 2, y)),
        (rf"nua dau{_OF_YEAR}", lambda y: _of_year("S", 1, y)),
        (rf"nua cuoi{_OF_YEAR}", lambda y: _of_year("S", 2, y)),
        (rf"{_CUMULATED} {_SPAN}{_OF_YEAR}", lambda n, y: _months_to(n, y)),
        (rf"{_CUMULATED} thang ?{_MONTH}{_OF_YEAR}", lambda n, y: _to_the_end("M", n, y)),
        (rf"{_CUMULATED} qu[yi] ?{_QUARTER}{_OF_YEAR}", lambda n, y: _to_the_end("Q", n, y)),
        (rf"{_CUMULATED}(?: ca)? nam {_YEAR}", lambda y: _to_the_end("A", 1, y)),
    )
]

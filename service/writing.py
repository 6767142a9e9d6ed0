"""How figures, periods and moments are written for people: as Vietnamese officials do, or in plain English."""

import re
from calendar import month_abbr, month_name
from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from ingest import period
from ingest.period import LOCAL_ZONE

_ADDRESS = re.compile(r"https?://[^\s<>\"“”]+[^\s<>\"“”.,;:)\]]")
NO_BREAK = "\u00a0"


def number(value: Decimal, language: str) -> str:
    """The digits that were reported, no more and no fewer: `860.000.000`, `52,8`; in English `860,000,000`, `52.8`."""
    english = f"{value:,f}"
    return english if language == "en" else english.translate(str.maketrans(",.", ".,"))


def rounded(value: float, places: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """A computed number with at most so many decimals, and without zeros at their end."""
    near = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding).normalize()
    return near.quantize(Decimal(1)) if near == near.to_integral_value() else near


def measured(value: Decimal, unit_measure: str, symbol: str, language: str) -> str:
    """The number with its unit of measure: `52,8 %`, `hạng 71`, `81,2/100 dân`, `US$158 billion`."""
    written = number(value, language)
    if unit_measure == "rank":
        return f"{symbol}{NO_BREAK}{written}"
    if symbol.startswith("US$"):
        return NO_BREAK.join((f"US${written}", *symbol.split()[1:]))
    touching = not symbol or symbol.startswith("/") or (symbol == "%" and language == "en")
    return written + symbol if touching else f"{written}{NO_BREAK}{symbol}"


def period_name(text: str, language: str) -> str:
    """The period that SDMX's text names: `Quý I/2024`, `6 tháng đầu năm 2024`; in English `Q1 2024`."""
    named = period.parse(text)
    if language == "vi":
        return named.in_vietnamese
    start = named.start
    match named.frequency:
        case "S":
            return f"{'First' if start.month == 1 else 'Second'} half of {start.year}"
        case "Q":
            return f"Q{start.month // 3 + 1} {start.year}"
        case "M":
            return f"{month_name[start.month]} {start.year}"
        case "W":
            return f"Week {start.isocalendar().week} of {start.isocalendar().year}"
        case "D":
            return day(start.date(), language)
        case "H":
            return f"{start:%H:00}, {day(start.date(), language)}"
        case _:
            return str(start.year)


def period_within(text: str, language: str) -> str:
    """The same inside a sentence: `quý I/2024`, `năm 2024`; in English `the first half of 2024`."""
    name = period_name(text, language)
    lowered = name[:1].lower() + name[1:]
    if language == "vi":
        return lowered
    return f"the {lowered}" if "half of" in name else lowered if name.startswith("Week") else name


def day(value: date, language: str) -> str:
    """`01/07/2025`; in English `1 Jul 2025`."""
    if language == "vi":
        return f"{value:%d/%m/%Y}"
    return NO_BREAK.join((str(value.day), month_abbr[value.month], str(value.year)))


def moment(value: datetime, language: str) -> str:
    """A moment on the clock of Viet Nam: its day alone where it is the first or the last moment of that day."""
    local = value.astimezone(LOCAL_ZONE)
    written = day(local.date(), language)
    if (local.hour, local.minute) in ((0, 0), (23, 59)):
        return written
    return f"{local:%H:%M} {written}" if language == "vi" else f"{written}, {local:%H:%M}"


def linked(text: str) -> Iterator[tuple[str, str | None]]:
    """The text in pieces, each with the address that it stands for; an address alone is shown as its host."""
    if _ADDRESS.fullmatch(text):
        yield _host(text), text
        return
    done = 0
    for found in _ADDRESS.finditer(text):
        yield text[done : found.start()], None
        yield _host(found.group()), found.group()
        done = found.end()
    yield text[done:], None


def _host(address: str) -> str:
    return address.split("/")[2].removeprefix("www.")

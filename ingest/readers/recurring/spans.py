"""Which period the words of a heading and of its title say, by the groups of their patterns (`ingest.layout`)."""

from datetime import date

from ingest import period
from ingest.readers.printed import YEARS

_ENDS = ("month", "months", "quarter", "day", "to_month")
_NUMBERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "sau": 6, "chin": 9}


def span(said: dict[str, str], of_title: dict[str, str], frequency: str) -> tuple[str, str | None, str | None]:
    """The period of that frequency in which the span ends, and the days of a cut-off.

    Raises ValueError where the words say none, or two.
    """
    words = {name: text for name, text in of_title.items() if name == "year" or not any(end in said for end in _ENDS)}
    words |= said
    year = _number(words["year"]) if "year" in words else 0
    if year not in YEARS:
        raise ValueError(words.get("year", ""))
    day = date(year, _last_month(words), _number(words["day"]) if "day" in words else 1)
    data_from, data_to = _cut_off(words, year)
    return str(period.containing(day, frequency)), data_from, data_to


def _last_month(words: dict[str, str]) -> int:
    months = {
        _number(words[name]) * (3 if name == "quarter" else 1)
        for name in ("month", "months", "quarter")
        if name in words
    } or {_number(words["to_month"]) if "to_month" in words else 12}
    if len(months) > 1:
        raise ValueError(str(months))
    return months.pop()


def _cut_off(words: dict[str, str], year: int) -> tuple[str | None, str | None]:
    first = date(year, _number(words["from_month"]), _number(words["from_day"])) if "from_day" in words else None
    last = date(year, _number(words["to_month"]), _number(words["to_day"])) if "to_day" in words else None
    if first and last and first > last:  # from 15 December of the year before
        first = first.replace(year=year - 1)
    return first and first.isoformat(), last and last.isoformat()


def _number(text: str) -> int:
    return _NUMBERS[text] if text in _NUMBERS else int(text)

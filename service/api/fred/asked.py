"""What a FRED client says: how it wants the answer, of which days, how much of it, and of which series."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from sqlalchemy import Connection

from ingest.observation import NotASeriesKey, SeriesKey
from ingest.period import LOCAL_ZONE
from ingest.spelling import nearest
from service.api.fred import faults
from service.archive import catalogue, realtime, series
from service.asking import clock

# Where the real-time periods of FRED begin and end.
EARLIEST, LATEST = date(1776, 7, 4), realtime.FOR_EVER
FILE_TYPES = ("xml", "json")

Day = Annotated[str | None, Query(description="a day, as 2024-09-17")]
SortOrder = Literal["asc", "desc"]
Offset = Annotated[int, Query(ge=0, le=2**31, description="how many of the list to pass over")]
SeriesId = Annotated[str, Query(description="the key of a series", examples=["A.EGDI_RANK.VN.PERIOD.UN._T"])]
Number = Annotated[int, Query(ge=0, le=2**31, description="the number of a release, category or source")]


@dataclass(frozen=True, slots=True)
class Asking:
    """How the answer is wanted, and what day it is."""

    file_type: str
    today: date


def asking(
    request: Request,
    api_key: Annotated[str | None, Query(description="what FRED's clients must send; nothing here needs it")] = None,  # noqa: ARG001
    file_type: Annotated[str, Query(description="xml or json; of observations csv too")] = "xml",
) -> Asking:
    """What is said with every request; an api_key is taken and not looked at, as everything here is open."""
    return Asking(file_type.lower(), clock(request).astimezone(LOCAL_ZONE).date())


AskingAny = Annotated[Asking, Depends(asking)]


def asking_plainly(asked: AskingAny) -> Asking:
    """What is said with a request that is answered as XML or JSON only."""
    return of_type(asked, FILE_TYPES)


def of_type(asked: Asking, offered: tuple[str, ...]) -> Asking:
    """The same, where its file_type is one of those that are offered."""
    if asked.file_type not in offered:
        raise faults.refused(f"There is no file_type “{asked.file_type}” here. There are: {', '.join(offered)}.")
    return asked


AskingPlainly = Annotated[Asking, Depends(asking_plainly)]


@dataclass(frozen=True, slots=True)
class RealTime:
    """The days of which is asked what was known then."""

    first: date
    last: date

    @property
    def heading(self) -> dict[str, str]:
        """The days as every answer repeats them."""
        return {"realtime_start": str(self.first), "realtime_end": str(self.last)}


def real_time(asked: AskingAny, realtime_start: Day = None, realtime_end: Day = None) -> RealTime:
    """The days that are named, else today."""
    return span(asked.today, realtime_start, realtime_end, default=(asked.today, asked.today))


AskedRealTime = Annotated[RealTime, Depends(real_time)]


def span(today: date, first: str | None, last: str | None, *, default: tuple[date, date]) -> RealTime:
    """The real-time period from one day to another, as far as they are named; it lies in the past, or has no end."""
    named = RealTime(
        default[0] if first is None else day("realtime_start", first),
        default[1] if last is None else day("realtime_end", last),
    )
    for name, on in (("realtime_start", named.first), ("realtime_end", named.last)):
        if today < on < LATEST:
            raise faults.refused(f"“{name}” ({on}) lies after today ({today}); name an earlier day, or {LATEST}.")
    if named.first > named.last:
        raise faults.refused(f"“realtime_start” ({named.first}) lies after “realtime_end” ({named.last}).")
    return named


def day(name: str, written: str) -> date:
    """The day of a parameter; FRED has one way of writing it."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", written, re.ASCII):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise faults.refused(f"“{name}” is “{written}”, which is no day; write it as 2024-09-17.")


def known_series(connection: Connection, series_id: str) -> SeriesKey:
    """The key of a series of which something is or was public; else FRED's error with the nearest that is."""
    try:
        wanted = SeriesKey.parse(series_id)
    except NotASeriesKey:
        wanted = None
    if wanted is not None and series.number(connection, wanted) is not None:
        return wanted
    raise faults.missing("series", _near(connection, series_id, wanted))


def _near(connection: Connection, written: str, wanted: SeriesKey | None) -> list[str]:
    if wanted is not None:
        return nearest(str(wanted), series.keys(connection, wanted.indicator))
    # Who wrote no key may have written the code of an indicator, in whole or nearly.
    meant = nearest(written, catalogue.codes(connection, "indicator"), limit=1)
    return series.keys(connection, meant[0])[:3] if meant else nearest(written, series.keys(connection, ""))

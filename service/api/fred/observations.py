"""Figures for FRED's clients: what is said of a series, what was said when, and on which days."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import Connection

from ingest.observation import SeriesKey
from service.api.fred import derivation, faults, shapes, writing
from service.api.fred.asked import (
    EARLIEST,
    LATEST,
    AskingAny,
    AskingPlainly,
    Day,
    Offset,
    RealTime,
    SeriesId,
    SortOrder,
    day,
    known_series,
    of_type,
    span,
)
from service.api.fred.derivation import Frequency, Method, Units
from service.archive import aggregation, realtime, series
from service.archive.question import Question
from service.archive.realtime import Told
from service.asking import Reading

router = APIRouter()

# FRED's own answers begin here where a request names no day, whatever its documentation says.
_FIRST_DAY = "1600-01-01"
_MOST_OBSERVATIONS, _MOST_VINTAGE_DATES = 100_000, 10_000
# FRED's own limit, here of answers that have a column for each vintage, or are computed for each.
_MOST_VINTAGES = 2_000
_MOST_CELLS = 1_000_000  # of a table by vintage date, which is laid out in memory
_OFFICIAL = "A"

VintageDates = Annotated[
    str | None, Query(description="days, separated by commas: only what was known on them", examples=["2024-09-17"])
]
OutputType = Annotated[
    Literal["1", "2", "3", "4"],
    Query(description="1 by real-time period, 2 all by vintage date, 3 only new and revised ones, 4 first releases"),
]


@router.get(
    "/series/observations",
    responses=dict(shapes.documented(shapes.FredObservations, csv_too=True)),
    summary="Observations, and every vintage of them",
)
def observations(
    asked: AskingAny,
    connection: Reading,
    series_id: SeriesId,
    realtime_start: Day = None,
    realtime_end: Day = None,
    vintage_dates: VintageDates = None,
    observation_start: Day = None,
    observation_end: Day = None,
    units: Units = "lin",
    frequency: Frequency = None,
    aggregation_method: Method = None,
    output_type: OutputType = "1",
    sort_order: SortOrder = "asc",
    limit: Annotated[int, Query(ge=1, le=_MOST_OBSERVATIONS)] = _MOST_OBSERVATIONS,
    offset: Offset = 0,
) -> Response:
    """One series' observations as they were known on each of the days asked for; today, where none is named."""
    of_type(asked, ("xml", "json", "csv"))
    key = known_series(connection, series_id)
    named = None if vintage_dates is None else _named(asked.today, vintage_dates)
    if named and (realtime_start is not None or realtime_end is not None):
        raise faults.refused("“vintage_dates” names the days already; leave out realtime_start and realtime_end.")
    today = (asked.today, asked.today)
    real_time = (
        RealTime(named[0], named[-1]) if named else span(asked.today, realtime_start, realtime_end, default=today)
    )
    first = day("observation_start", observation_start or _FIRST_DAY)
    last = day("observation_end", observation_end or str(LATEST))
    if first > last:
        raise faults.refused(f"“observation_start” ({first}) lies after “observation_end” ({last}).")
    said = _said(connection, key, real_time, named, derivation.of(key, units, frequency, aggregation_method))
    rows = _rows(key, [row for row in said if first <= row.day <= last], output_type, real_time, named, said)
    # The sort is stable: of one day the vintages stay in their order.
    rows.sort(key=lambda row: row["date"], reverse=sort_order == "desc")
    shown = rows[offset : offset + limit]
    if asked.file_type == "csv":
        return writing.table(shown, tuple(dict.fromkeys(name for row in rows for name in row)))
    heading = real_time.heading | {
        "observation_start": str(first),
        "observation_end": str(last),
        "units": units,
        "output_type": int(output_type),
        "file_type": asked.file_type,
        "order_by": "observation_date",
        "sort_order": sort_order,
        "count": len(rows),
        "offset": offset,
        "limit": limit,
    }
    return writing.answer(asked.file_type, writing.OBSERVATIONS, heading, shown)


@router.get(
    "/series/vintagedates",
    responses=dict(shapes.documented(shapes.FredVintageDates)),
    summary="When something new was said",
)
def vintage_dates(
    asked: AskingPlainly,
    connection: Reading,
    series_id: SeriesId,
    realtime_start: Day = None,
    realtime_end: Day = None,
    sort_order: SortOrder = "asc",
    limit: Annotated[int, Query(ge=1, le=_MOST_VINTAGE_DATES)] = _MOST_VINTAGE_DATES,
    offset: Offset = 0,
) -> Response:
    """The days on which a figure of the series was published, revised or withdrawn; all, unless a span is named."""
    real_time = span(asked.today, realtime_start, realtime_end, default=(EARLIEST, LATEST))
    said = realtime.told(connection, known_series(connection, series_id))
    days = [on for on in realtime.vintage_dates(said) if real_time.first <= on <= real_time.last]
    days.sort(reverse=sort_order == "desc")
    heading = real_time.heading | {
        "order_by": "vintage_date",
        "sort_order": sort_order,
        "count": len(days),
        "offset": offset,
        "limit": limit,
    }
    shown = [str(on) for on in days[offset : offset + limit]]
    return writing.answer(asked.file_type, writing.VINTAGE_DATES, heading, shown)


def _named(today: date, written: str) -> list[date]:
    days = sorted({day("vintage_dates", each.strip()) for each in written.split(",")})
    if days[-1] > today:
        raise faults.refused(f"“vintage_dates” names {days[-1]}, which lies after today ({today}).")
    return days


def _said(
    connection: Connection,
    key: SeriesKey,
    real_time: RealTime,
    named: Sequence[date] | None,
    computing: Question | None,
) -> list[Told]:
    """Everything that was said of the series; where it is computed, what each vintage gives of the days asked for."""
    if key.frequency == "H" and (computing is None or computing.aggregate is None):
        raise faults.refused(
            f"FRED knows days and no hours; ask /v1/series/{key}/observations, or for a lower frequency."
        )
    reported = realtime.told(connection, key)
    if computing is None:
        return reported
    changes = realtime.vintage_dates(reported)
    if computing.aggregate is not None:  # a rate is recomputed from its counts, which have vintages of their own
        counts = aggregation.beside(connection, series.numbers(connection, computing.selection))
        changes = sorted({*changes, *realtime.publication_days(connection, counts)})
    days = sorted({_standing(changes, on) for on in named}) if named else _within(changes, real_time)
    _refuse_many(days, real_time)
    same = reported if computing.aggregate is None else []
    return realtime.computed(connection, computing, days, same)


def _refuse_many(vintages: Sequence[date], real_time: RealTime) -> None:
    """Refuse more vintages than FRED takes, in its words, by which its clients know to ask for a shorter span."""
    if len(vintages) > _MOST_VINTAGES:
        raise faults.refused(
            f"There are {len(vintages)} vintage dates in the specified real-time period: {real_time.first} to"
            f" {real_time.last}. This exceeds the maximum number of vintage dates allowed ({_MOST_VINTAGES})."
        )


def _rows(
    key: SeriesKey,
    wanted: Sequence[Told],
    output_type: str,
    real_time: RealTime,
    named: Sequence[date] | None,
    said: Sequence[Told],
) -> list[dict[str, Any]]:
    if output_type in ("2", "3"):
        days = named or _columns(said, real_time)
        _refuse_many(days, real_time)
        cells = len(days) * len({row.day for row in wanted})
        if cells > _MOST_CELLS:
            raise faults.refused(
                f"This would be a table of {cells:,} cells, and there may be {_MOST_CELLS:,}; name fewer vintage dates,"
                " or fewer days with observation_start and observation_end, or take output_type=1."
            )
        return _by_vintage(key, wanted, days, only_news=output_type == "3")
    if output_type == "4":
        among = {row.day for row in wanted}
        wanted = [row for row in realtime.first_releases(said) if row.day in among]
    standing = (
        realtime.standing_on(wanted, named) if named else realtime.standing(wanted, real_time.first, real_time.last)
    )
    return [_row(row) for row in standing]


def _columns(said: Iterable[Told], real_time: RealTime) -> list[date]:
    """The vintages of a span of days: what stood on its first day, and those that were published later in it."""
    there = list(said)
    begun = [real_time.first] if realtime.standing(there, real_time.first, real_time.first) else []
    later = [on for on in realtime.vintage_dates(there) if real_time.first < on <= real_time.last]
    return begun + later


def _by_vintage(
    key: SeriesKey, wanted: Sequence[Told], days: Sequence[date], *, only_news: bool
) -> list[dict[str, Any]]:
    names = [f"{key}_{on:%Y%m%d}" for on in days]
    rows: list[dict[str, Any]] = []
    for period_day, cells in realtime.by_day(wanted, days):
        if not any(cells):
            continue  # of which nothing was known on any of these days
        told = {
            names[at]: _value(cell and cell.value)
            for at, cell in enumerate(cells)
            if not only_news or (cell is not None and (cell is not cells[at - 1] if at else cell.first == days[0]))
        }
        if told:
            rows.append({"date": str(period_day), **told})
    return rows


def _row(row: Told) -> dict[str, Any]:
    told = {
        "realtime_start": str(row.first),
        "realtime_end": str(row.last),
        "date": str(row.day),
        "value": _value(row.value),
    }
    # FRED has no word for it; a figure that is not official says so beside its value, whatever asks.
    return told if row.status in (None, _OFFICIAL) else told | {"status": row.status}


def _value(value: Decimal | None) -> str:
    return "." if value is None else format(value, "f")


def _within(changes: Sequence[date], real_time: RealTime) -> list[date]:
    before = [on for on in changes if on <= real_time.first][-1:]
    return before + [on for on in changes if real_time.first < on <= real_time.last]


def _standing(changes: Sequence[date], on: date) -> date:
    return max((change for change in changes if change <= on), default=on)

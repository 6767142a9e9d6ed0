"""The figures that can answer targets: what was known of each series at a moment, laid end to end in arrays."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from psycopg import postgres
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from sqlalchemy import Connection, text

from ingest import driver
from ingest.observation import TOTAL
from ingest.period import LOCAL_ZONE, Period


@dataclass(frozen=True, slots=True)
class Line:
    """One series and where its figures lie: from `first` on, before `end`, in order of time."""

    number: int
    key: str
    frequency: str
    accumulation: str
    source: str
    first: int
    end: int


class Said(NamedTuple):
    """What is said with a figure; None of all where there is none. The status is of SDMX's CL_OBS_STATUS."""

    period: str | None = None
    status: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Lines by indicator and reporting unit, and what they say.

    For each figure: `starts` of its period in seconds of the local calendar since 1970, `times` of its end as decimal
    years, its value, its status, and when it was `published`, in seconds since 1970: said last, which of a figure that
    was `restated` need not be since when it stands (`date_restated`).
    """

    lines: dict[tuple[str, str], list[Line]]
    starts: NDArray[np.float64]
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    statuses: NDArray[np.str_]
    published: NDArray[np.float64]
    restated: NDArray[np.bool_]

    def said(self, line: Line | None, at: int) -> Said:
        """What is said with the figure in this place of the arrays; a place before the first is no figure."""
        if line is None or at < 0:
            return Said()
        start = datetime.fromtimestamp(self.starts[at], UTC).replace(tzinfo=None)
        return Said(
            str(Period(start, line.frequency)),
            str(self.statuses[at]),
            datetime.fromtimestamp(self.published[at], LOCAL_ZONE),
        )

    def broken(self, after: NDArray[np.intp], until: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether a break lies between two places of the arrays: behind the first, up to the second and with it."""
        breaks = np.concatenate([[0], np.cumsum(self.statuses == "B")])
        return breaks[until + 1] > breaks[after + 1]


def known(
    connection: Connection,
    indicators: Iterable[str],
    reporting_units: Iterable[str],
    *,
    as_of: datetime,
    breakdown: str = TOTAL,
) -> Figures:
    """What was known at a moment of these indicators and units; forecasts and what is missing are not among it."""
    asked = {"indicators": list(indicators), "reporting_units": list(reporting_units), "breakdown": breakdown}
    series = {row.id: row for row in connection.execute(text(_SERIES), asked)}
    with driver.cursor(connection, binary=True) as cursor:
        cursor.adapters.register_loader(_ARRAY_OF_NUMBERS, _Numbers)
        told = cursor.execute(_KNOWN, {"as_of": as_of, "series": list(series)}).fetchall()
    told.sort(key=lambda row: series[row[0]].key)
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    end = 0
    for number, numbers, *_ in told:
        each, first, end = series[number], end, end + len(numbers)
        lines[each.indicator, each.reporting_unit].append(
            Line(number, each.key, each.frequency, each.accumulation, each.source, first, end)
        )
    _, values, starts, published, statuses, restated = zip(*told, strict=True) if told else [()] * 6
    starts = _joined(starts)
    frequencies = np.repeat([series[row[0]].frequency for row in told], [len(row[1]) for row in told])
    return Figures(
        lines=dict(lines),
        starts=starts,
        times=decimal_years(_ends(starts, frequencies)),
        values=_joined(values),
        statuses=_letters(statuses),
        published=_joined(published),
        restated=_letters(restated) == "t",
    )


def date_restated(
    connection: Connection, known: Figures, places: Iterable[tuple[Line, int]], *, as_of: datetime
) -> None:
    """Say of the figures in these places of the arrays since when each stands, where it was restated."""
    restated = {(line.number, at) for line, at in places if known.restated[at]}
    if not restated:
        return
    numbers, at = (list(column) for column in zip(*sorted(restated), strict=True))
    asked = {"as_of": as_of, "series": numbers, "starts": known.starts[at].tolist(), "at": at}
    for row in connection.execute(text(_STANDS_SINCE), asked):
        known.published[row.at] = row.seconds


class _Numbers(Loader):
    """An array of numbers as the database sends it, without an object for each: 20 bytes of head, each with its length.

    The format is that of `array_send` (PostgreSQL, src/backend/utils/adt/arrayfuncs.c); none of the numbers is null.
    """

    format = Format.BINARY

    def load(self, data: Buffer) -> NDArray[np.float64]:
        """The numbers in their order."""
        return np.frombuffer(data, dtype=[("bytes", ">i4"), ("number", ">f8")], offset=20)["number"]


def _joined(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate(parts).astype(np.float64) if parts else np.array([], dtype=np.float64)


def _letters(parts: Iterable[str]) -> NDArray[np.str_]:
    return np.frombuffer("".join(parts).encode("ascii"), dtype="S1").astype("U1")


def _ends(starts: NDArray[np.float64], frequencies: NDArray[np.str_]) -> NDArray[np.float64]:
    ends = np.empty_like(starts)
    for frequency in np.unique(frequencies):
        its = frequencies == frequency
        if months := _MONTHS.get(frequency):
            ends[its] = (starts[its].astype("datetime64[s]").astype("datetime64[M]") + months).astype("datetime64[s]")
        else:
            ends[its] = starts[its] + _SECONDS[frequency]
    return ends


def decimal_years(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moments of the local calendar, in seconds since 1970, as years; a month is a twelfth.

    So the ends of years, quarters and months lie evenly: the end of 2024-Q1 is 2024.25.
    """
    moments = seconds.astype("datetime64[s]")
    months = moments.astype("datetime64[M]")
    length = (months + 1).astype("datetime64[s]") - months.astype("datetime64[s]")
    into = (moments - months.astype("datetime64[s]")) / length
    return 1970 + (months.astype(np.int64) + into) / 12


def decimal_year(moment: datetime | date) -> float:
    """One moment of the local calendar, or the beginning of a day, as `decimal_years` has it."""
    start = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    seconds = start.timestamp()
    if isinstance(moment, datetime):
        seconds += timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second).total_seconds()
    return float(decimal_years(np.array([seconds]))[0])


_MONTHS = {"A": 12, "S": 6, "Q": 3, "M": 1}
_SECONDS = {"W": 7 * 86_400, "D": 86_400, "H": 3_600}

_ARRAY_OF_NUMBERS = postgres.types["float8"].array_oid

_SERIES = """
select id, key, indicator, reporting_unit, frequency, accumulation, source
from series
where indicator = any(cast(:indicators as text[]))
    and reporting_unit = any(cast(:reporting_units as text[]))
    and breakdown = :breakdown
order by key collate "C"
"""

_KNOWN = """
select
    series_id,
    array_agg(cast(value as double precision) order by period_start),
    array_agg(date_part('epoch', period_start) order by period_start),
    array_agg(date_part('epoch', published_at) order by period_start),
    string_agg(status::text, '' order by period_start),
    string_agg(case when restated then 't' else 'f' end, '' order by period_start)
from figure_as_of(%(as_of)s)
where series_id = any(%(series)s::integer[]) and value is not null and status <> 'F'
group by series_id
"""

# Asked figure by figure: joined as a whole, every vintage there is would be looked at.
_STANDS_SINCE = """
select asked.at, date_part('epoch', known.valid_from) as seconds
from unnest(cast(:series as integer[]), cast(:starts as double precision[]), cast(:at as integer[]))
    as asked (series_id, start, at)
cross join lateral (
    select valid_from
    from observation_as_of(:as_of) as vintage
    where vintage.series_id = asked.series_id
        and vintage.period_start = timestamp 'epoch' + asked.start * interval '1 second'
    offset 0
) as known
"""

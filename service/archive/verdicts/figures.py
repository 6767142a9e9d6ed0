"""The figures that can answer targets: what was known of each series at a moment, laid end to end in arrays."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from ingest.observation import TOTAL


@dataclass(frozen=True, slots=True)
class Line:
    """One series and where its figures lie: from `first` on, before `end`, in order of time."""

    key: str
    frequency: str
    accumulation: str
    source: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Lines by indicator and reporting unit, and what they say.

    For each figure: `starts` of its period in seconds of the local calendar since 1970, `times` of its end as decimal
    years, its value, its status, and since when it was public, in seconds since 1970.
    """

    lines: dict[tuple[str, str], list[Line]]
    starts: NDArray[np.float64]
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    statuses: NDArray[np.str_]
    published: NDArray[np.float64]


def known(
    connection: Connection,
    indicators: Iterable[str],
    reporting_units: Iterable[str],
    *,
    as_of: datetime,
    breakdown: str = TOTAL,
) -> Figures:
    """What was known at a moment of these indicators and units; forecasts and what is missing are not among it."""
    series = {
        row.id: row
        for row in connection.execute(
            text(_SERIES),
            {
                "indicators": list(indicators),
                "reporting_units": list(reporting_units),
                "breakdown": breakdown,
            },
        )
    }
    rows = connection.execute(text(_KNOWN), {"as_of": as_of, "series": list(series)}).all()
    told = sorted(rows, key=lambda row: series[row.series_id].key)
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    end = 0
    for row in told:
        each, first, end = series[row.series_id], end, end + len(row.numbers)
        lines[each.indicator, each.reporting_unit].append(
            Line(each.key, each.frequency, each.accumulation, each.source, first, end)
        )
    starts = _joined(row.starts for row in told)
    frequencies = np.repeat([series[row.series_id].frequency for row in told], [len(row.numbers) for row in told])
    return Figures(
        lines=dict(lines),
        starts=starts,
        times=decimal_years(_ends(starts, frequencies)),
        values=_joined(row.numbers for row in told),
        statuses=np.array(list("".join(row.statuses for row in told)), dtype="U1"),
        published=_joined(row.published for row in told),
    )


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


def _joined(parts: Iterable[Sequence[Any]]) -> NDArray[np.float64]:
    return np.fromiter(chain.from_iterable(parts), dtype=np.float64)


_MONTHS = {"A": 12, "S": 6, "Q": 3, "M": 1}
_SECONDS = {"W": 7 * 86_400, "D": 86_400, "H": 3_600}

_SERIES = """
select id, key, indicator, reporting_unit, frequency, accumulation, source
from series
where indicator = any(cast(:indicators as text[]))
    and reporting_unit = any(cast(:reporting_units as text[]))
    and breakdown = :breakdown
"""

_KNOWN = """
select
    series_id,
    array_agg(cast(extract(epoch from period_start) as double precision) order by period_start) as starts,
    array_agg(cast(value as double precision) order by period_start) as numbers,
    string_agg(status, '' order by period_start) as statuses,
    array_agg(cast(extract(epoch from valid_from) as double precision) order by period_start) as published
from observation_as_of(:as_of)
where series_id = any(cast(:series as integer[])) and value is not null and status <> 'F'
group by series_id
"""

"""Which series there are, what there is of each, and every vintage of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest.observation import SeriesKey
from ingest.period import Period


@dataclass(frozen=True, slots=True)
class Selection:
    """Which series: for each part of the key the codes that are wanted; a part that is not named is not restricted."""

    codes: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    @classmethod
    def of(cls, key: SeriesKey) -> "Selection":
        """The one series of this key."""
        return cls({part: [getattr(key, part)] for part in SeriesKey.__slots__})


@dataclass(frozen=True, slots=True)
class Span:
    """Which periods: those that begin at or after `start` and end at or before `end`; None does not restrict."""

    start: datetime | None = None
    end: datetime | None = None

    @classmethod
    def of(cls, first: Period | None, last: Period | None) -> "Span":
        """From the beginning of the first period to the end of the last."""
        return cls(first and first.start, last and last.end)


def listed(connection: Connection, selection: Selection, *, after: str | None, limit: int) -> list[dict[str, Any]]:
    """The series of a selection that have figures that are public now, by key, with span and count.

    Each has the six parts of its key, `unit_measure`, `first_period`, `last_period`, `observations`, `last_published`.
    """
    where, values = _where(selection)
    rows = connection.execute(
        text(
            f"""
            select
                series.key as series, series.frequency, series.indicator, series.reporting_unit, series.accumulation,
                series.source, series.breakdown, unit_of(series.breakdown, indicator.unit_measure) as unit_measure,
                period_text(series.frequency, known.first_start) as first_period,
                period_text(series.frequency, known.last_start) as last_period,
                known.observations, known.last_published
            from series
            join indicator on indicator.code = series.indicator
            cross join lateral (
                select
                    min(period_start) as first_start, max(period_start) as last_start, count(*) as observations,
                    max(valid_from) as last_published
                from current_observation
                where series_id = series.id
            ) as known
            where {where} and known.observations > 0 and (cast(:after as text) is null or series.key > :after)
            order by series.key
            limit :limit
            """
        ),
        values | {"after": after, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def numbers(
    connection: Connection, selection: Selection, *, since: str | None = None, frequency: str | None = None
) -> list[int]:
    """The numbers of the series of a selection by key, from that key on; whether or not they have figures.

    `frequency` stands in their keys for their own, where the answer will be of that frequency.
    """
    where, values = _where(selection)
    found = connection.execute(
        text(
            f"""
            select id
            from series
            cross join lateral (
                select case when cast(:lower as text) is null then key else :lower || substr(key, 2) end as told
            ) as answer
            where {where} and (cast(:since as text) is null or told >= :since)
            order by told
            """
        ),
        values | {"since": since, "lower": frequency},
    )
    return list(found.scalars())


def number(connection: Connection, key: SeriesKey) -> int | None:
    """The number of one series, or None where there is none of which something was public."""
    return connection.execute(
        text(f"select id from series where key = :key and {_HAS_BEEN_PUBLIC}"), {"key": str(key)}
    ).scalar()


def keys(connection: Connection, indicator: str) -> list[str]:
    """The keys of an indicator's series; of all series where the indicator has none."""
    found = connection.execute(
        text(
            f"select key from series where {_HAS_BEEN_PUBLIC} and (indicator = :indicator"
            " or not exists (select from series where indicator = :indicator))"
        ),
        {"indicator": indicator},
    )
    return list(found.scalars())


def breakdowns(connection: Connection) -> list[str]:
    """The breakdowns of which something was public."""
    return list(
        connection.execute(text(f"select distinct breakdown from series where {_HAS_BEEN_PUBLIC} order by 1")).scalars()
    )


def public(connection: Connection, numbers: Sequence[int]) -> list[int]:
    """Those of these series of which something was public."""
    found = connection.execute(
        text(f"select id from series where id = any(:numbers) and {_HAS_BEEN_PUBLIC} order by id"),
        {"numbers": list(numbers)},
    )
    return list(found.scalars())


# Of what is under embargo not even the name leaks.
_HAS_BEEN_PUBLIC = "exists (select from observation where series_id = series.id and published_at <= now())"


def _where(selection: Selection) -> tuple[str, dict[str, Any]]:
    assert set(selection.codes) <= set(SeriesKey.__slots__)  # noqa: S101 - names of columns, never the asker's words
    tests = [f"series.{part} = any(:{part})" for part in selection.codes]
    return " and ".join(tests) or "true", {part: list(codes) for part, codes in selection.codes.items()}

"""Which series there are, and what they say: today, as of a past moment, or in every vintage."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest.observation import SeriesKey
from ingest.period import Period

# Every answer carries these, in this order, in every format.
ANSWER_COLUMNS = (
    "series",
    "period",
    "value",
    "status",
    "unit_measure",
    "published_at",
    "valid_to",
    "recorded_at",
    "submission",
    "reason",
    "document",
    "comment",
    "data_from",
    "data_to",
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which series: for each part of the key the codes that are wanted; a part that is not named is not restricted."""

    codes: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


@dataclass(frozen=True, slots=True)
class Span:
    """Which periods: those that begin at or after `start` and end at or before `end`; None does not restrict."""

    start: datetime | None = None
    end: datetime | None = None

    @classmethod
    def of(cls, first: Period | None, last: Period | None) -> "Span":
        """From the beginning of the first period to the end of the last."""
        return cls(first and first.start, last and last.end)


@dataclass(frozen=True, slots=True)
class Page:
    """Where to go on (after this series and period), and how many at the most."""

    after: tuple[str, datetime] | None
    limit: int


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


def numbers(connection: Connection, selection: Selection, *, since: str | None = None) -> list[int]:
    """The numbers of the series of a selection by key, from that key on; whether or not they have figures."""
    where, values = _where(selection)
    found = connection.execute(
        text(f"select id from series where {where} and (cast(:since as text) is null or key >= :since) order by key"),
        values | {"since": since},
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


def observations(
    connection: Connection, series: Sequence[int], span: Span, *, as_of: datetime, page: Page
) -> list[dict[str, Any]]:
    """What was known of these series at a moment: one row a period, by key and period, with ANSWER_COLUMNS.

    `published_at` and `valid_to` are the row's own validity, whatever moment is asked for; `valid_to` is None while it
    stands. A page's worth at a time; `series` are in the order of their keys.
    """
    told: list[dict[str, Any]] = []
    # A few series first, then more and more: a page of many series does not read them all.
    size = _FIRST_SERIES
    rest = list(series)
    while rest and len(told) < page.limit:
        some, rest = rest[:size], rest[size:]
        told += _observations(connection, some, span, as_of, Page(page.after, page.limit - len(told)))
        size *= 4
    return told


def _observations(
    connection: Connection, series: Sequence[int], span: Span, as_of: datetime, page: Page
) -> list[dict[str, Any]]:
    after_key, after_start = page.after or (None, None)
    rows = connection.execute(
        text(
            f"""
            {_ANSWER}
            from observation_as_of(:as_of) as vintage
            {_JOINS}
            where {_SPAN}
                and (
                    cast(:after_key as text) is null
                    or (series.key, vintage.period_start) > (:after_key, cast(:after_start as timestamp))
                )
            order by series.key, vintage.period_start
            limit :limit
            """
        ),
        _span(series, span) | {"as_of": as_of, "after_key": after_key, "after_start": after_start, "limit": page.limit},
    )
    return [dict(row) for row in rows.mappings()]


def observations_as_csv(
    connection: Connection, series: Sequence[int], span: Span, *, as_of: datetime
) -> Iterator[bytes]:
    """The same as CSV with a heading, streamed from the database as it is read, in constant memory."""
    question = f"""
        {_ANSWER}
        from observation_as_of(:as_of) as vintage
        {_JOINS}
        where {_SPAN}
        order by series.key, vintage.period_start
    """
    yield from _copied(connection, question, _span(series, span) | {"as_of": as_of})


def vintages(connection: Connection, series: int, span: Span) -> list[dict[str, Any]]:
    """Everything that was ever public of one series, by period and then by publication, withdrawals included.

    ANSWER_COLUMNS and `withdrawn`; no cap, since a client asks for all of it or cannot rebuild the past.
    """
    rows = connection.execute(
        text(
            f"""
            {_ANSWER}, vintage.withdrawn
            from vintage
            {_JOINS}
            where {_SPAN}
            order by vintage.period_start, vintage.valid_from
            """
        ),
        _span([series], span),
    )
    return [dict(row) for row in rows.mappings()]


_FIRST_SERIES = 64

# Of what is under embargo not even the name leaks.
_HAS_BEEN_PUBLIC = "exists (select from observation where series_id = series.id and published_at <= now())"

_ANSWER = """
select
    series.key as series,
    period_text(series.frequency, vintage.period_start) as period,
    vintage.value,
    vintage.status,
    unit_of(series.breakdown, indicator.unit_measure) as unit_measure,
    vintage.valid_from as published_at,
    vintage.valid_to,
    vintage.recorded_at,
    vintage.submission_id as submission,
    vintage.reason,
    document.reference as document,
    vintage.comment,
    vintage.data_from,
    vintage.data_to
"""

_JOINS = """
join series on series.id = vintage.series_id
join indicator on indicator.code = series.indicator
left join document on document.id = vintage.document_id
"""

_SPAN = """
    vintage.series_id = any(cast(:series as integer[]))
    and series.id = any(cast(:series as integer[]))
    and (cast(:start as timestamp) is null or vintage.period_start >= cast(:start as timestamp))
    -- The first test is for the index, which knows where a period begins and not how long it is.
    and (cast(:end as timestamp) is null or vintage.period_start < cast(:end as timestamp))
    and (
        cast(:end as timestamp) is null
        or vintage.period_start + period_length(series.frequency) <= cast(:end as timestamp)
    )
"""


def _span(series: Sequence[int], span: Span) -> dict[str, Any]:
    return {"series": list(series), "start": span.start, "end": span.end}


def _where(selection: Selection) -> tuple[str, dict[str, Any]]:
    assert set(selection.codes) <= set(SeriesKey.__slots__)  # noqa: S101 - names of columns, never the asker's words
    tests = [f"series.{part} = any(:{part})" for part in selection.codes]
    return " and ".join(tests) or "true", {part: list(codes) for part, codes in selection.codes.items()}


# A moment as ISO 8601 writes it, and text that no spreadsheet runs.
_IN_CSV = {
    **{name: f"to_json({name}) #>> '{{}}'" for name in ("published_at", "valid_to", "recorded_at")},
    **{
        name: f"regexp_replace({name}, '^([-=+@\t\r\n＝＋－＠])', '''\\1')"
        for name in ("reason", "document", "comment")
    },
}
_CHUNK_BYTES = 1 << 18


def _copied(connection: Connection, question: str, values: Mapping[str, Any]) -> Iterator[bytes]:
    columns = ", ".join(f"{_IN_CSV.get(name, name)} as {name}" for name in ANSWER_COLUMNS)
    # psycopg binds the values of a COPY itself, in its own way of naming them.
    bound = re.sub(r"(?<!:):(\w+)", r"%(\1)s", question.replace("%", "%%"))
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    with (
        driver.cursor() as cursor,
        cursor.copy(f"copy (select {columns} from ({bound}) as answer) to stdout (format csv, header)", values) as copy,
    ):
        chunk = bytearray()
        for block in copy:
            chunk += block
            if len(chunk) >= _CHUNK_BYTES:
                yield bytes(chunk)
                chunk.clear()
        yield bytes(chunk)

"""A question to the stored figures, and its answer: rows by series and period, a page at a time or streamed whole."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, text

from ingest import driver
from service.archive import geography, points, series
from service.archive.geography import Geography, Line
from service.archive.points import POINT_COLUMNS, Statement
from service.archive.series import Selection, Span

# Every answer carries these, in this order, in every format.
ANSWER_COLUMNS = ("series", "period", *POINT_COLUMNS[POINT_COLUMNS.index("value") :])


@dataclass(frozen=True, slots=True)
class Question:
    """Which figures are wanted, of which periods, as they were known when."""

    selection: Selection
    span: Span
    as_of: datetime
    geography: Geography | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Where to go on (after this series and period), and how many at the most; None for all."""

    after: tuple[str, datetime] | None
    limit: int | None


WHOLE = Page(None, None)


def rows(connection: Connection, question: Question, page: Page = WHOLE) -> list[dict[str, Any]]:
    """A page of the answer by key and period, with ANSWER_COLUMNS.

    `published_at` and `valid_to` are the row's own validity, whatever moment is asked for; `valid_to` is None while it
    stands.
    """
    told: list[dict[str, Any]] = []
    rest = _chosen(connection, question, since=page.after and page.after[0])
    # A few series first, then more and more: a page of many series does not read them all.
    size = len(rest) if page.limit is None else _FIRST_SERIES
    while rest and (page.limit is None or len(told) < page.limit):
        some, rest = rest[:size], rest[size:]
        statement = _answer(_points(question, some), question.span, page.after)
        limit = None if page.limit is None else page.limit - len(told)
        told += [
            dict(row)
            for row in connection.execute(
                text(f"{statement.sql} limit :limit"), {**statement.values, "limit": limit}
            ).mappings()
        ]
        size *= 4
    return told


def csv(connection: Connection, question: Question) -> Iterator[bytes]:
    """The whole answer as CSV with a heading, streamed from the database as it is read, in constant memory."""
    chosen = _chosen(connection, question)
    yield from copied(connection, _answer(_points(question, chosen), question.span, None))


def _chosen(connection: Connection, question: Question, *, since: str | None = None) -> Sequence[int | Line]:
    """The series of the answer, by key from that key on: their numbers, or where they come from."""
    if question.geography:
        return geography.lines(connection, question.selection, question.geography, since=since)
    return series.numbers(connection, question.selection, since=since)


def _points(question: Question, chosen: Sequence[int | Line]) -> Statement:
    lines = [each for each in chosen if isinstance(each, Line)]
    numbers = {number for each in chosen for number in (each.series if isinstance(each, Line) else (each,))}
    found = points.stored(sorted(numbers), as_of=question.as_of)
    return geography.seen(found, lines, question.geography) if question.geography else found


def _answer(found: Statement, span: Span, after: tuple[str, datetime] | None) -> Statement:
    after_key, after_start = after or (None, None)
    return found.within(_ANSWER, start=span.start, end=span.end, after_key=after_key, after_start=after_start)


_FIRST_SERIES = 64

_ANSWER = f"""
select series, period_text(frequency, period_start) as period, {", ".join(ANSWER_COLUMNS[2:])}
from points
cross join lateral (
    select concat_ws('.', frequency, indicator, reporting_unit, accumulation, source, breakdown) as series
) as key
where (cast(:start as timestamp) is null or period_start >= cast(:start as timestamp))
    -- The first test is for the index, which knows where a period begins and not how long it is.
    and (cast(:end as timestamp) is null or period_start < cast(:end as timestamp))
    and (cast(:end as timestamp) is null or period_start + period_length(frequency) <= cast(:end as timestamp))
    and (
        cast(:after_key as text) is null
        or (series, period_start) > (:after_key, cast(:after_start as timestamp))
    )
order by series, period_start
"""

# A moment as ISO 8601 writes it, and text that no spreadsheet runs.
_IN_CSV = {
    **{name: f"to_json({name}) #>> '{{}}'" for name in ("published_at", "valid_to", "recorded_at")},
    **{
        name: f"regexp_replace({name}, '^([-=+@\t\r\n＝＋－＠])', '''\\1')"
        for name in ("reason", "document", "comment")
    },
    **{name: f"array_to_string({name}, ' ')" for name in ("derived", "computed_from")},
}
_CHUNK_BYTES = 1 << 18


def copied(connection: Connection, statement: Statement) -> Iterator[bytes]:
    """The answer of a statement with ANSWER_COLUMNS as CSV, in pieces of a quarter of a megabyte."""
    columns = ", ".join(f"{_IN_CSV.get(name, name)} as {name}" for name in ANSWER_COLUMNS)
    # psycopg binds the values of a COPY itself, in its own way of naming them.
    bound = re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement.sql.replace("%", "%%"))
    question = sql.SQL(f"copy (select {columns} from ({bound}) as answer) to stdout (format csv, header)")  # pyright: ignore[reportArgumentType] - our own words
    with driver.cursor(connection) as cursor, cursor.copy(question, dict(statement.values)) as copy:
        chunk = bytearray()
        for block in copy:
            chunk += block
            if len(chunk) >= _CHUNK_BYTES:
                yield bytes(chunk)
                chunk.clear()
        yield bytes(chunk)

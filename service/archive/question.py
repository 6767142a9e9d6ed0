"""A question to the stored figures, and its answer: rows by series and period, a page at a time or streamed whole."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, text

from ingest import driver
from service.archive import points, series
from service.archive.points import POINT_COLUMNS, Statement
from service.archive.series import Selection, Span

# Every answer carries these, in this order, in every format.
ANSWER_COLUMNS = ("series", "period", *POINT_COLUMNS[POINT_COLUMNS.index("value") :])


@dataclass(frozen=True, slots=True)
class Question:
    """Which figures are wanted, of which periods, as they were known when.

    `first_release` asks for the first figure that each period ever had instead of the last, `revised_since` only for
    those that became the public figure after that moment.
    """

    selection: Selection
    span: Span
    as_of: datetime
    first_release: bool = False
    revised_since: datetime | None = None


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
    return paged(
        connection,
        question.selection,
        lambda some: _answer(question, some, page.after),
        since=page.after and page.after[0],
        limit=page.limit,
    )


def paged(
    connection: Connection,
    selection: Selection,
    answer: Callable[[Sequence[int]], Statement],
    *,
    since: str | None,
    limit: int | None,
) -> list[dict[str, Any]]:
    """The first rows of what a statement answers about series, which it gives by key; from the key `since` on."""
    told: list[dict[str, Any]] = []
    rest = series.numbers(connection, selection, since=since)
    # A few series first, then more and more: a page of many series does not read them all.
    size = len(rest) if limit is None else _FIRST_SERIES
    while rest and (limit is None or len(told) < limit):
        some, rest = rest[:size], rest[size:]
        statement = answer(some)
        more = None if limit is None else limit - len(told)
        rows = connection.execute(text(f"{statement.sql} limit :limit"), {**statement.values, "limit": more})
        told += [dict(row) for row in rows.mappings()]
        size *= 4
    return told


def csv(connection: Connection, question: Question) -> Iterator[bytes]:
    """The whole answer as CSV with a heading, streamed from the database as it is read, in constant memory."""
    chosen = series.numbers(connection, question.selection)
    yield from copied(connection, _answer(question, chosen, None))


def _points(question: Question, chosen: Sequence[int]) -> Statement:
    if question.first_release:
        return points.first_released(chosen, as_of=question.as_of)
    return points.stored(chosen, as_of=question.as_of)


def _answer(question: Question, chosen: Sequence[int], after: tuple[str, datetime] | None) -> Statement:
    after_key, after_start = after or (None, None)
    return _points(question, chosen).within(
        _ANSWER,
        start=question.span.start,
        end=question.span.end,
        revised_since=question.revised_since,
        after_key=after_key,
        after_start=after_start,
    )


_FIRST_SERIES = 64

# A point's key as one word.
KEYED = """cross join lateral (
    select concat_ws('.', frequency, indicator, reporting_unit, accumulation, source, breakdown) as series
) as key"""

# The first test of the end is for the index, which knows where a period begins and not how long it is.
IN_SPAN = """(cast(:start as timestamp) is null or period_start >= cast(:start as timestamp))
    and (cast(:end as timestamp) is null or period_start < cast(:end as timestamp))
    and (cast(:end as timestamp) is null or period_start + period_length(frequency) <= cast(:end as timestamp))"""

_ANSWER = f"""
select series, period_text(frequency, period_start) as period, {", ".join(ANSWER_COLUMNS[2:])}
from points
{KEYED}
where {IN_SPAN}
    and (cast(:revised_since as timestamptz) is null or published_at > :revised_since)
    and (
        cast(:after_key as text) is null
        or (series, period_start) > (:after_key, cast(:after_start as timestamp))
    )
order by series, period_start
"""

# A moment as ISO 8601 writes it, and text that no spreadsheet runs.
_IN_CSV = {
    **{
        name: f"to_json({name}) #>> '{{}}'"
        for name in ("published_at", "previous_published_at", "valid_to", "recorded_at")
    },
    **{
        name: f"regexp_replace({name}, '^([-=+@\t\r\n＝＋－＠])', '''\\1')"
        for name in ("reason", "document", "comment")
    },
    **{name: f"array_to_string({name}, ' ')" for name in ("derived", "computed_from")},
    "withdrawn": "cast(withdrawn as text)",
}
_CHUNK_BYTES = 1 << 18


def copied(connection: Connection, statement: Statement, columns: Sequence[str] = ANSWER_COLUMNS) -> Iterator[bytes]:
    """What a statement answers in these columns as CSV, in pieces of a quarter of a megabyte."""
    written = ", ".join(f"{_IN_CSV.get(name, name)} as {name}" for name in columns)
    # psycopg binds the values of a COPY itself, in its own way of naming them.
    bound = re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement.sql.replace("%", "%%"))
    question = sql.SQL(f"copy (select {written} from ({bound}) as answer) to stdout (format csv, header)")  # pyright: ignore[reportArgumentType] - our own words
    with driver.cursor(connection) as cursor, cursor.copy(question, dict(statement.values)) as copy:
        chunk = bytearray()
        for block in copy:
            chunk += block
            if len(chunk) >= _CHUNK_BYTES:
                yield bytes(chunk)
                chunk.clear()
        yield bytes(chunk)

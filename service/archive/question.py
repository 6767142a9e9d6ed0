"""A question to the stored figures, and its answer: rows by series and period, in pages or as one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from service.archive import points, series
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


@dataclass(frozen=True, slots=True)
class Page:
    """Where to go on (after this series and period), and how many at the most; None for all."""

    after: tuple[str, datetime] | None
    limit: int | None


WHOLE = Page(None, None)


class TooMany(Exception):
    """The answer is larger than its format can hold."""

    def __init__(self, count: int, limit: int, what: str, example: str) -> None:
        """Keep how many there are of what, how many there may be, and the address of a part that fits."""
        super().__init__(
            f"This answer has {count:,} {what}, and there may be {limit:,}."
            f" Ask for a part of it, for example {example}, or take csv, parquet or arrow, which have no limit."
        )
        self.count, self.limit, self.what, self.example = count, limit, what, example


def rows(connection: Connection, question: Question, page: Page = WHOLE) -> list[dict[str, Any]]:
    """A page of the answer by key and period, with ANSWER_COLUMNS.

    `published_at` and `valid_to` are the row's own validity, whatever moment is asked for; `valid_to` is None while it
    stands.
    """
    told: list[dict[str, Any]] = []
    rest = series.numbers(connection, question.selection, since=page.after and page.after[0])
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


def whole(connection: Connection, question: Question) -> Statement:
    """The statement that gives the whole answer, ANSWER_COLUMNS by series and period, for who streams it."""
    chosen = series.numbers(connection, question.selection)
    return _answer(_points(question, chosen), question.span, None)


def extents(connection: Connection, question: Question) -> list[dict[str, Any]]:
    """What the whole answer is about and how large it is: one row for each of its series, by key.

    Each has `series`, the six parts of its key, `unit_measure`, `observations`, `first_period`, `last_period`,
    `last_published`.
    """
    chosen = series.numbers(connection, question.selection)
    statement = _points(question, chosen).within(_EXTENTS, start=question.span.start, end=question.span.end)
    return [dict(row) for row in connection.execute(text(statement.sql), statement.values).mappings()]


def _points(question: Question, chosen: Sequence[int]) -> Statement:
    return points.stored(chosen, as_of=question.as_of)


def _answer(found: Statement, span: Span, after: tuple[str, datetime] | None) -> Statement:
    after_key, after_start = after or (None, None)
    return found.within(_ANSWER, start=span.start, end=span.end, after_key=after_key, after_start=after_start)


_FIRST_SERIES = 64

# The first test is for the index, which knows where a period begins and not how long it is.
_IN_SPAN = """
(cast(:start as timestamp) is null or period_start >= cast(:start as timestamp))
    and (cast(:end as timestamp) is null or period_start < cast(:end as timestamp))
    and (cast(:end as timestamp) is null or period_start + period_length(frequency) <= cast(:end as timestamp))
"""
_KEY = "concat_ws('.', frequency, indicator, reporting_unit, accumulation, source, breakdown)"

_ANSWER = f"""
select series, period_text(frequency, period_start) as period, {", ".join(ANSWER_COLUMNS[2:])}
from points
cross join lateral (select {_KEY} as series) as key
where {_IN_SPAN}
    and (
        cast(:after_key as text) is null
        or (series, period_start) > (:after_key, cast(:after_start as timestamp))
    )
order by series, period_start
"""

_EXTENTS = f"""
select
    {_KEY} as series, frequency, indicator, reporting_unit, accumulation, source, breakdown,
    min(unit_measure) as unit_measure,
    count(*) as observations,
    period_text(frequency, min(period_start)) as first_period,
    period_text(frequency, max(period_start)) as last_period,
    max(published_at) as last_published
from points
where {_IN_SPAN}
group by frequency, indicator, reporting_unit, accumulation, source, breakdown
order by series
"""

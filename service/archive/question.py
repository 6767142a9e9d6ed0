"""A question to the stored figures, and its answer: rows by series and period, in pages or as one statement."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, text

from service.archive import aggregation, carrying, differences, geography, points, series, transforms
from service.archive.aggregation import Aggregate
from service.archive.geography import Geography, Line
from service.archive.measures import DoesNotApply
from service.archive.points import POINT_COLUMNS, Statement
from service.archive.series import Selection, Span
from service.archive.transforms import Transform

# Every answer carries these, in this order, in every format.
ANSWER_COLUMNS = ("series", "period", *POINT_COLUMNS[POINT_COLUMNS.index("value") :])


@dataclass(frozen=True, slots=True)
class Question:
    """Which figures are wanted, of which periods, as they were known when, and what is computed from them.

    `first_release` asks for the first figure that each period ever had instead of the last, `revised_since` only for
    those that became the public figure after that moment, `without_forecasts` that nothing rests on one. First they are
    seen in another geography, then brought to a lower frequency, then transformed; what is carried forward is carried
    last.
    """

    selection: Selection
    span: Span
    as_of: datetime
    _: KW_ONLY
    first_release: bool = False
    revised_since: datetime | None = None
    without_forecasts: bool = False
    geography: Geography | None = None
    aggregate: Aggregate | None = None
    transform: Transform | None = None
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Where to go on (after this series and period), and how many at the most; None for all."""

    after: tuple[str, datetime] | None
    limit: int | None


WHOLE = Page(None, None)
Chosen = TypeVar("Chosen")


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

    Raises DoesNotApply where what is to be computed has no meaning for some of the series.
    """
    return paged(
        connection,
        _series(connection, question, since=page.after and page.after[0]),
        lambda some: _answer(connection, question, some, page.after),
        limit=page.limit,
    )


def paged(
    connection: Connection,
    chosen: Sequence[Chosen],
    answer: Callable[[Sequence[Chosen]], Statement],
    *,
    limit: int | None,
) -> list[dict[str, Any]]:
    """The first rows of what a statement answers about some of these series, which are in the order of the answer."""
    told: list[dict[str, Any]] = []
    rest = list(chosen)
    # A few series first, then more and more: a page of many series does not read them all.
    size = len(rest) if limit is None else _FIRST_SERIES
    while rest and (limit is None or len(told) < limit):
        some, rest = rest[:size], rest[size:]
        statement = answer(some)
        more = None if limit is None else limit - len(told)
        found = connection.execute(text(f"{statement.sql} limit :limit"), {**statement.values, "limit": more})
        told += [dict(row) for row in found.mappings()]
        size *= 4
    return told


def whole(connection: Connection, question: Question) -> Statement:
    """The statement that gives the whole answer, ANSWER_COLUMNS by series and period, for who streams it.

    Raises DoesNotApply.
    """
    return _answer(connection, question, _series(connection, question), None)


def at_each(
    connection: Connection, question: Question, moments: Sequence[datetime]
) -> Iterator[tuple[datetime, datetime, Decimal | None, str]]:
    """What is answered of one series as of each of these moments in turn: the moment, a period's start, value, status.

    In one statement, and some thousand rows at a time in memory. Raises DoesNotApply.
    """
    statement = _within(connection, question, _series(connection, question), _VALUES).at_each(moments)
    streamed = connection.execution_options(stream_results=True, max_row_buffer=_ROWS)
    with streamed.execute(text(statement.sql), statement.values) as found:
        for row in found:
            yield row[0], row[1], row[2], row[3]


def extents(connection: Connection, question: Question) -> list[dict[str, Any]]:
    """What the whole answer is about and how large it is: one row for each of its series, by key.

    Each has `series`, the six parts of its key, `unit_measure`, `observations`, `first_period`, `last_period`,
    `last_published`.

    Raises DoesNotApply.
    """
    statement = _within(connection, question, _series(connection, question), _EXTENTS)
    return [dict(row) for row in connection.execute(text(statement.sql), statement.values).mappings()]


def _series(connection: Connection, question: Question, since: str | None = None) -> Sequence[int | Line]:
    """The series of the answer, by the key that each will have, from that key on: numbers, or where they come from."""
    frequency = question.aggregate and question.aggregate.frequency
    if question.geography:
        chosen = geography.lines(connection, question.selection, question.geography, since=since, frequency=frequency)
    else:
        chosen = series.numbers(connection, question.selection, since=since, frequency=frequency)
    if question.aggregate or question.transform:
        try:
            _refuse(connection, question, chosen)
        except DoesNotApply:
            # A refusal names what it is about, which of what is under embargo nothing may. Asked only here, it costs
            # an answer nothing.
            public = set(series.public(connection, _own(chosen)))
            _refuse(connection, question, [each for each in chosen if public.intersection(_own([each]))])
    return chosen


def _refuse(connection: Connection, question: Question, chosen: Sequence[int | Line]) -> None:
    stored = _own(chosen)
    if question.aggregate:
        aggregation.refuse(connection, stored, _keys(connection, chosen), question.aggregate)
    if question.transform:
        frequency = question.aggregate and question.aggregate.frequency
        transforms.refuse(connection, stored, question.transform, frequency=frequency)


def _keys(connection: Connection, chosen: Sequence[int | Line]) -> list[str]:
    """The keys of these series, each with its own frequency."""
    numbers = [each for each in chosen if not isinstance(each, Line)]
    found = connection.execute(text("select key from series where id = any(:series)"), {"series": numbers}).scalars()
    return [*found, *(each.key for each in chosen if isinstance(each, Line))]


def _own(chosen: Sequence[int | Line]) -> list[int]:
    """The numbers of the stored series that are of the same kind as these, whatever reporting units they are of."""
    return sorted({number for each in chosen for number in (each.own if isinstance(each, Line) else (each,))})


def _stored(chosen: Sequence[int | Line]) -> list[int]:
    """The numbers of all stored series that these come from."""
    return sorted({number for each in chosen for number in (each.series if isinstance(each, Line) else (each,))})


def _answer(
    connection: Connection, question: Question, chosen: Sequence[int | Line], after: tuple[str, datetime] | None
) -> Statement:
    after_key, after_start = after or (None, None)
    return _within(connection, question, chosen, _ANSWER, after_key=after_key, after_start=after_start)


def _within(
    connection: Connection, question: Question, chosen: Sequence[int | Line], sql: str, **values: Any
) -> Statement:
    return _points(connection, question, chosen).within(
        sql, start=question.span.start, end=question.span.end, revised_since=question.revised_since, **values
    )


def _points(connection: Connection, question: Question, chosen: Sequence[int | Line]) -> Statement:
    if question.transform and question.transform.name == "within":
        return differences.stored(connection, _stored(chosen), as_of=question.as_of)
    found = _of_frequency(connection, question, chosen)
    if question.transform:
        beside = transforms.beside(connection, _own(chosen), question.transform)
        others = None if beside is None else _of_frequency(connection, question, _seen(connection, question, beside))
        day = question.geography and question.geography.day
        return transforms.transformed(found, others, question.transform, units_of=day)
    return carrying.carried(found) if question.carried else found


def _of_frequency(connection: Connection, question: Question, chosen: Sequence[int | Line]) -> Statement:
    found = _said(question, chosen)
    if question.aggregate is None:
        return found
    counts = _seen(connection, question, aggregation.beside(connection, _own(chosen)))
    whole = question.geography is not None
    return aggregation.aggregated(found, _said(question, counts), question.aggregate, whole_periods=whole)


def _seen(connection: Connection, question: Question, companions: Sequence[int]) -> Sequence[int | Line]:
    """These stored series as the geography of the question has them."""
    if question.geography is None:
        return companions
    return geography.lines_of(connection, companions, question.geography)


def _said(question: Question, chosen: Sequence[int | Line]) -> Statement:
    said = points.first_released if question.first_release else points.stored
    found = said(_stored(chosen), as_of=question.as_of)
    if question.without_forecasts:
        found = found.within("select * from points where status is distinct from 'F'")
    if question.geography is None:
        return found
    return geography.seen(found, [each for each in chosen if isinstance(each, Line)], question.geography)


_FIRST_SERIES = 64
_ROWS = 5000

# A point's key as one word.
KEYED = """cross join lateral (
    select concat_ws('.', frequency, indicator, reporting_unit, accumulation, source, breakdown) as series
) as key"""

# The first test of the end is for the index, which knows where a period begins and not how long it is.
IN_SPAN = """(cast(:start as timestamp) is null or period_start >= cast(:start as timestamp))
    and (cast(:end as timestamp) is null or period_start < cast(:end as timestamp))
    and (cast(:end as timestamp) is null or period_start + period_length(frequency) <= cast(:end as timestamp))"""

_WANTED = f"""
from points
{KEYED}
where status is not null and {IN_SPAN}
    and (cast(:revised_since as timestamptz) is null or published_at > :revised_since)
"""

_ANSWER = f"""
select series, period_text(frequency, period_start) as period, {", ".join(ANSWER_COLUMNS[2:])}
{_WANTED}
    and (
        cast(:after_key as text) is null
        or (series, period_start) > (:after_key, cast(:after_start as timestamp))
    )
order by series, period_start
"""

_VALUES = f"""
select period_start, value, status
{_WANTED}
"""

_EXTENTS = f"""
select
    series, frequency, indicator, reporting_unit, accumulation, source, breakdown,
    min(unit_measure) as unit_measure,
    count(*) as observations,
    period_text(frequency, min(period_start)) as first_period,
    period_text(frequency, max(period_start)) as last_period,
    max(published_at) as last_published
{_WANTED}
group by series, frequency, indicator, reporting_unit, accumulation, source, breakdown
order by series
"""

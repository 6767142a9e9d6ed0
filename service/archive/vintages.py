"""What was said when: every figure that was ever public, with the span in which it stood, and the days of change."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest.period import LOCAL_ZONE
from service.archive import points, question, series
from service.archive.points import Statement
from service.archive.question import ANSWER_COLUMNS, IN_SPAN, KEYED
from service.archive.series import Selection, Span

# A figure as it stood for a time; a vintage is always as it was reported.
VINTAGE_COLUMNS = (*ANSWER_COLUMNS[: ANSWER_COLUMNS.index("derived")], "withdrawn")

# After which series, period and publication a page goes on.
After = tuple[str, datetime, datetime]


def rows(
    connection: Connection,
    selection: Selection,
    span: Span,
    *,
    as_of: datetime,
    after: After | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Everything that was public of these series by a moment, by key, period and publication, withdrawals included.

    VINTAGE_COLUMNS. Without a limit all of it, since a client asks for all or cannot rebuild the past.
    """
    return question.paged(
        connection,
        series.numbers(connection, selection, since=after and after[0]),
        lambda some: ended(_said(some, as_of), VINTAGE_COLUMNS, span, after=after),
        limit=limit,
    )


def whole(connection: Connection, selection: Selection, span: Span, *, as_of: datetime) -> Statement:
    """The statement that gives all of it, for who streams it."""
    return ended(_said(series.numbers(connection, selection), as_of), VINTAGE_COLUMNS, span)


def dates(connection: Connection, selection: Selection, span: Span, *, as_of: datetime) -> list[date]:
    """Every day, by the calendar of the country, on which something of these series became public or changed."""
    statement = _said(series.numbers(connection, selection), as_of).within(_DATES, start=span.start, end=span.end)
    return list(connection.execute(text(statement.sql), statement.values).scalars())


def triangle(told: Sequence[dict[str, Any]]) -> tuple[list[date], list[dict[str, Any]]]:
    """The vintages of one series, by period and publication, as a table: its days, and a row for each period.

    A row has the values and statuses that stood at the end of each day; None before the first figure and from a
    withdrawal on.
    """
    days = sorted({_day(row) for row in told})
    place = {day: number for number, day in enumerate(days)}
    table: dict[str, dict[str, Any]] = {}
    for row in told:
        line = table.setdefault(
            row["period"],
            {"period": row["period"], "values": [None] * len(days), "statuses": [None] * len(days)},
        )
        rest = len(days) - place[_day(row)]
        line["values"][-rest:] = [row["value"]] * rest
        line["statuses"][-rest:] = [None if row["withdrawn"] else row["status"]] * rest
    return days, list(table.values())


def ended(found: Statement, columns: Sequence[str], span: Span, *, after: After | None = None) -> Statement:
    """The end of a statement that tells of a period more than once: these columns by key, period and publication."""
    after_key, after_start, after_moment = after or (None, None, None)
    return found.within(
        _ENDED.format(columns=", ".join(columns[2:])),
        start=span.start,
        end=span.end,
        after_key=after_key,
        after_start=after_start,
        after_moment=after_moment,
    )


def _said(chosen: Sequence[int], as_of: datetime) -> Statement:
    return points.described(_PUBLIC_BY_THEN, chosen, as_of=as_of, also=["vintage.withdrawn"])


def _day(row: dict[str, Any]) -> date:
    return row["published_at"].astimezone(LOCAL_ZONE).date()


_PUBLIC_BY_THEN = """(
    select * from vintage where series_id = any(cast(:series as integer[])) and valid_from <= :as_of
)"""

_DATES = f"""
select distinct cast(published_at as date) as day -- of the session, whose zone is the country's
from points
where {IN_SPAN}
order by day
"""

_ENDED = f"""
select series, period_text(frequency, period_start) as period, {{columns}}
from points
{KEYED}
where {IN_SPAN}
    and (
        cast(:after_key as text) is null
        or (series, period_start, published_at)
            > (:after_key, cast(:after_start as timestamp), cast(:after_moment as timestamptz))
    )
order by series, period_start, published_at
"""

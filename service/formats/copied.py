"""Rows of an answer straight from COPY: no other way gets figures out of PostgreSQL faster through this driver."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, text

from ingest import driver
from service.archive.points import Statement


def moment(name: str) -> str:
    """The SQL that writes a moment as ISO 8601 does."""
    return f"to_json({name}) #>> '{{}}'"


MOMENTS = {name: moment(name) for name in ("published_at", "valid_to", "recorded_at")}


@contextmanager
def lines(
    connection: Connection, statement: Statement, columns: Mapping[str, str], *, header: bool, **values: Any
) -> Generator[Iterator[bytes | bytearray | memoryview]]:
    """The answer as CSV, line by line: the server sends each row in a message of its own, whatever is in it.

    `columns` are the names of the columns and the SQL that gives them, `values` what is bound in that SQL.
    """
    told = ", ".join(f'{expression} as "{name}"' for name, expression in columns.items())
    copying = text(f"copy (select {told} from ({statement.sql}) as answer) to stdout (format csv, header {header})")
    # psycopg binds the values of a COPY itself, in its own way of naming them, which SQLAlchemy knows.
    question = sql.SQL(copying.compile(dialect=connection.dialect).string)  # pyright: ignore[reportArgumentType] - our own words
    with driver.cursor(connection) as cursor, cursor.copy(question, {**statement.values, **values}) as copy:
        yield iter(copy)


def rows(
    connection: Connection, statement: Statement, *, columns: str = "*", order: str | None = None
) -> Iterator[Sequence[Any]]:
    """The rows of an answer, some thousand at a time in memory, for formats that no SQL can write."""
    end = f" order by {order}" if order else ""
    question = text(f"select {columns} from ({statement.sql}) as answer{end}")
    streamed = connection.execution_options(stream_results=True, max_row_buffer=_ROWS)
    with streamed.execute(question, statement.values) as result:
        yield from result


_ROWS = 5000

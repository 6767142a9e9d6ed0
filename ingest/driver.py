"""A cursor of the driver, for what SQLAlchemy has no words for: COPY, and bytes that do not come as text."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_CANCEL_SECONDS = 2.0


@contextmanager
def cursor(connection: Connection, *, binary: bool = False) -> Generator[psycopg.Cursor[Any]]:
    """A cursor in the connection's transaction; what it fails with is what SQLAlchemy would fail with."""
    driver: Any = connection.connection.dbapi_connection  # which it also has outside its pool
    try:
        with driver.cursor(binary=binary) as opened:
            yield opened
    except psycopg.Error as failure:
        raise DBAPIError.instance(None, None, failure, psycopg.Error, dialect=connection.dialect) from failure


def cancel(connection: Connection) -> None:
    """End the statement that runs in this connection, from another thread; it fails there, and nothing else does."""
    driver: Any = connection.connection.dbapi_connection
    with suppress(psycopg.Error):  # which is away: then nothing runs
        driver.cancel_safe(timeout=_CANCEL_SECONDS)

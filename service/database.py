"""The way to the database: one pool, one request one transaction. Nothing else opens a connection."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from ingest.period import LOCAL_ZONE
from sql.migration import SCHEMA

OLDEST_POSTGRESQL = 15
# A request keeps its connection from one step to the next, and each step runs in a thread. So that no thread ever waits
# for a connection, at most so many requests keep one at a time, and there is one more for each thread.
REQUESTS_AT_A_TIME = 24
THREADS = 16
# What every connection of ours begins with.
SESSION = {
    "options": f"-c search_path={SCHEMA},public -c timezone={LOCAL_ZONE.key}",
    "application_name": "chiso",
}


class Unreachable(Exception):
    """The database does not answer."""


class TooOld(Exception):
    """The server is older than PostgreSQL 15."""


def connect(url: str) -> Engine:
    """The pool for this database, tried once.

    Raises Unreachable, TooOld.
    """
    address = url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        make_url(address)
    except (ArgumentError, ValueError) as fault:
        raise Unreachable("CHISO_DATABASE_URL is no address; write postgresql://user@host:5432/database.") from fault
    engine = create_engine(
        address,
        pool_size=THREADS,
        max_overflow=REQUESTS_AT_A_TIME,
        pool_pre_ping=True,
        hide_parameters=True,  # a failure that is logged shows no secret
        connect_args=SESSION,
    )
    try:
        with engine.connect() as connection:
            version = int(connection.execute(text("show server_version_num")).scalar_one()) // 10000
    except DBAPIError as fault:
        engine.dispose()
        raise Unreachable(
            f"The database does not answer: {str(fault.orig).strip()}. Check CHISO_DATABASE_URL."
        ) from fault
    if version < OLDEST_POSTGRESQL:
        engine.dispose()
        raise TooOld(f"The database is PostgreSQL {version}; Chiso needs {OLDEST_POSTGRESQL} or later.")
    return engine


def parameters(engine: Engine) -> dict[str, Any]:
    """How psycopg reaches the database of this pool, for a library that brings a pool of its own."""
    _, where = engine.dialect.create_connect_args(engine.url)
    return {**where, **SESSION}


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """One consistent, read-only look at the figures: every question of one request sees the same ledger."""
    with engine.connect() as connection:
        connection.execute(text("set transaction isolation level repeatable read, read only"))
        yield connection


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """One transaction that is kept when the block ends well, and leaves nothing when it does not."""
    with engine.begin() as connection:
        yield connection


def timescaledb_version(connection: Connection) -> str | None:
    """The version of TimescaleDB that the ledger stands on, or None on plain PostgreSQL."""
    return connection.execute(text("select extversion from pg_extension where extname = 'timescaledb'")).scalar()

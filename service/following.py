"""Following the work on a submission: how far it is, in the database for whoever asks over the API."""

from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from ingest import inbox, progress

PAUSE_SECONDS = 1.0  # between two records; what is done before the first is never recorded

_log = get_logger()


@contextmanager
def followed(connection: Connection, number: int) -> Generator[None]:
    """Record how far the submission gets in this block, by a connection of its own; nothing stays at the end.

    What is recorded goes with the work in this connection, also what a run left that was killed.
    """
    recorder = _Recorder(connection.engine, number)
    try:
        with progress.heard_by(recorder):
            yield
    except BaseException:
        recorder.forget()
        raise
    try:
        with connection.begin_nested():
            inbox.forget_progress(connection, number)
    except SQLAlchemyError as failure:
        if connection.invalidated:  # the work is lost with its connection, and must not be taken for done
            raise
        _warn("progress not forgotten", number, failure)


class _Recorder:
    def __init__(self, engine: Engine, number: int) -> None:
        self._engine, self._number = engine, number
        self._told_at = monotonic()
        self._failed = False

    def __call__(self, stage: progress.Stage, done: int, total: int) -> None:
        if self._failed or monotonic() - self._told_at < PAUSE_SECONDS:
            return
        self._told_at = monotonic()
        try:
            with self._autocommitting() as connection:
                inbox.record_progress(connection, self._number, stage, done, total)
        except SQLAlchemyError as failure:  # the figures matter, and this does not: nor does work wait twice for a pool
            self._failed = True
            _warn("progress not recorded", self._number, failure)

    def forget(self) -> None:
        try:
            with self._autocommitting() as connection:
                inbox.forget_progress(connection, self._number)
        except SQLAlchemyError as failure:
            _warn("progress not forgotten", self._number, failure)

    def _autocommitting(self) -> Connection:
        return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def _warn(what: str, number: int, failure: SQLAlchemyError) -> None:
    _log.warning(what, number=number, why=str(getattr(failure, "orig", failure)))

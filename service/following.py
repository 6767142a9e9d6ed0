"""Following the work on a submission: how far it is, in the database for whoever asks over the API."""

from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from structlog import get_logger

from ingest import inbox, progress

PAUSE_SECONDS = 1.0  # between two records; what is done before the first is never recorded

_log = get_logger()


@contextmanager
def followed(engine: Engine, number: int) -> Generator[None]:
    """Record how far the submission gets in this block, by a connection of its own; nothing stays at the end."""
    recorder = _Recorder(engine, number)
    try:
        with progress.heard_by(recorder):
            yield
    finally:
        recorder.forget()


class _Recorder:
    def __init__(self, engine: Engine, number: int) -> None:
        self._engine, self._number = engine, number
        self._told_at = monotonic()
        self._told = False

    def __call__(self, stage: progress.Stage, done: int, total: int) -> None:
        if monotonic() - self._told_at < PAUSE_SECONDS:
            return
        self._told, self._told_at = True, monotonic()
        try:
            with self._autocommitting() as connection:
                inbox.record_progress(connection, self._number, stage, done, total)
        except DBAPIError as failure:  # the figures matter, and this does not
            _log.warning("progress not recorded", number=self._number, why=str(failure.orig))

    def forget(self) -> None:
        if not self._told:
            return
        try:
            with self._autocommitting() as connection:
                inbox.forget_progress(connection, self._number)
        except DBAPIError as failure:
            _log.warning("progress not forgotten", number=self._number, why=str(failure.orig))

    def _autocommitting(self) -> Connection:
        return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

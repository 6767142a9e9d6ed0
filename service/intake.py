"""Taking in a submission from the outside: which of its steps are one transaction.

The bytes are committed before anybody parses them; everything after that is one transaction, so that a submission has
gone on with its findings, counts and figures, or not at all.
"""

from collections.abc import Sequence
from datetime import datetime
from time import perf_counter
from typing import Any

from procrastinate import App, SyncPsycopgConnector
from sqlalchemy import Connection, Engine
from structlog import get_logger

from ingest import examination, inbox, instructions, registry, stages
from ingest.authority import Actor
from ingest.stages import Outcome
from ingest.submission import Finding, Instructions, Submission, Summary
from service import database, metrics
from service.following import followed

# What may take two seconds is left to the worker: 1 MB of CSV, 19,000 figures, took 0.9 s, and 1.3 s with 494 errors in
# it (2026-11-24, two cores).
AT_ONCE_BYTES = 2**20

FINISH = "finish_submission"  # the worker's task that does what was left to it

_log = get_logger()
# It puts jobs where it is told to, and has no connection of its own.
_jobs = App(connector=SyncPsycopgConnector())


def take_in(
    engine: Engine, content: bytes, file_name: str, said: Instructions, *, by: Actor, now: datetime
) -> tuple[Submission | None, Outcome, bool]:
    """Take in a file and let it go on: the submission, what became of it, and whether it is new.

    With a dry run everything is said, nothing is stored, and the submission is None.

    Raises what `settled`, `stages.receive` and `stages.go_on` raise; the first two before anything is stored.
    """
    said = settled(engine, said)
    if said.dry_run:
        return None, tried(engine, content, file_name, said, by=by, now=now), False
    submission, new = keep(engine, content, file_name, said, by=by, now=now)
    with database.writing(engine) as connection:
        outcome = go_on(connection, submission.id, by=by, now=now)
        submission = inbox.get(connection, submission.id)
    return submission, outcome, new


def settled(engine: Engine, said: Instructions) -> Instructions:
    """What the sender says, with the codes of the catalogue for names.

    Raises what `instructions.settle` raises.
    """
    with database.reading(engine) as connection:
        return instructions.settle(registry.read(connection), said)


def keep(
    engine: Engine, content: bytes, file_name: str, said: Instructions, *, by: Actor, now: datetime
) -> tuple[Submission, bool]:
    """Make the bytes safe, in a transaction of their own; `said` is settled."""
    with database.writing(engine) as connection:
        return stages.receive(connection, content, file_name, said, by=by, now=now)


def go_on(connection: Connection, number: int, *, by: Actor, now: datetime) -> Outcome:
    """Let a submission go on as far as its sender said, and count it."""
    began = perf_counter()
    with followed(connection, number):
        outcome = stages.go_on(connection, number, by=by, now=now)
    metrics.count_submission(outcome, seconds=perf_counter() - began)
    _log.info("submission", number=number, stored=outcome.stored, findings=len(outcome.findings))
    return outcome


def given_back(
    engine: Engine, content: bytes, said: Instructions, findings: Sequence[Finding], *, now: datetime
) -> bytes | None:
    """The file as a workbook that is marked with what was found in it; None where nothing was."""
    if not findings:
        return None
    said = settled(engine, said)
    with database.reading(engine) as connection:
        return examination.given_back(connection, registry.read(connection), content, said, findings, now=now)


def publish(connection: Connection, number: int, **said: Any) -> Submission:
    """Publish an accepted submission (`stages.publish`), and count its figures."""
    published = stages.publish(connection, number, **said)
    metrics.count_figures(published.summary or Summary())
    return published


def finish(engine: Engine, number: int, *, now: datetime) -> None:
    """Let a submission go on whose sender was told to come back: in the name of the sender, who was asked who they are.

    One that went on already is left as it is.
    """
    with database.writing(engine) as connection:
        _, sender = inbox.said(connection, number)
        go_on(connection, number, by=Actor(sender, origin="worker"), now=now)


def finish_later(connection: Connection, number: int) -> None:
    """Leave it to the worker to let the submission go on: the job is there exactly when this transaction is kept."""
    _jobs.configure_task(FINISH, lock=f"submission {number}", connection=connection.connection.driver_connection).defer(
        number=number
    )


def tried(engine: Engine, content: bytes, file_name: str, said: Instructions, *, by: Actor, now: datetime) -> Outcome:
    """What would become of the file; nothing of it is kept."""
    with engine.connect() as connection, connection.begin() as transaction:
        submission, _ = stages.receive(connection, content, file_name, said, by=by, now=now)
        outcome = stages.go_on(connection, submission.id, by=by, now=now)
        transaction.rollback()
    return outcome

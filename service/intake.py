"""Taking in a submission from the outside: which of its steps are one transaction.

The bytes are committed before anybody parses them; everything after that is one transaction, so that figures are either
published with their counts or not at all.
"""

from datetime import datetime
from time import perf_counter

from sqlalchemy import Engine
from structlog import get_logger

from ingest import inbox, stages
from ingest.authority import Actor
from ingest.stages import Outcome
from ingest.submission import Instructions, Submission
from service import database, metrics

_log = get_logger()


def take_in(
    engine: Engine, content: bytes, file_name: str, instructions: Instructions, *, by: Actor, now: datetime
) -> tuple[Submission | None, Outcome, bool]:
    """Take in a file and publish its figures where nothing blocks: the submission, what became of it, if it is new.

    With a dry run everything is said, nothing is stored, and the submission is None.

    Raises stages.UnknownName and stages.TooLarge before anything is stored.
    """
    began = perf_counter()
    with database.reading(engine) as connection:
        settled = stages.settle(connection, instructions)
    if settled.dry_run:
        return None, _tried(engine, content, file_name, settled, by=by, now=now), False
    with database.writing(engine) as connection:
        submission, new = stages.receive(connection, content, file_name, settled, by=by)
    with database.writing(engine) as connection:
        outcome = stages.publish(connection, submission.id, content, settled, by=by, now=now)
        submission = inbox.get(connection, submission.id)
    metrics.count_submission(outcome, seconds=perf_counter() - began)
    _log.info("submission", number=submission.id, stored=outcome.stored, findings=len(outcome.findings))
    return submission, outcome, new


def _tried(
    engine: Engine, content: bytes, file_name: str, instructions: Instructions, *, by: Actor, now: datetime
) -> Outcome:
    with engine.connect() as connection, connection.begin() as transaction:
        submission, _ = stages.receive(connection, content, file_name, instructions, by=by)
        outcome = stages.publish(connection, submission.id, content, instructions, by=by, now=now)
        transaction.rollback()
    return outcome

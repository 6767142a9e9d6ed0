"""The inbox: submissions with their bytes and findings. The bytes come first, and are never changed."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from ingest.authority import Actor
from ingest.submission import Finding, Instructions, Submission, Summary, as_record

_COLUMNS = """
    id, dataset, reporting_unit, period, mapping, file_name, sha256, size_bytes, state, received_at, received_by,
    reason, accept_good_rows, published_at, created, revised, unchanged, refused
"""

# While a submission is open the same file is no other one (the unique index same_file_is_same_submission).
_OPEN = "state not in ('superseded', 'withdrawn')"
_SAME_FILE = f"(dataset, reporting_unit, period, mapping, sha256) where {_OPEN}"


def keep(
    connection: Connection, content: bytes, file_name: str, instructions: Instructions, *, by: Actor
) -> tuple[Submission, bool]:
    """Keep the bytes as a submission, and say whether it is new.

    The same bytes for the same dataset, reporting unit and period are the same submission.
    """
    facts = {
        "dataset": instructions.dataset,
        "reporting_unit": instructions.reporting_unit,
        "period": instructions.period,
        "mapping": instructions.mapping,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "file_name": file_name,
        "received_by": by.name,
    }
    columns = ", ".join(facts)
    values = ", ".join(f":{name}" for name in facts)
    new = connection.execute(
        text(f"insert into submission ({columns}) values ({values}) on conflict {_SAME_FILE} do nothing returning id"),
        facts,
    ).scalar()
    if new is not None:
        connection.execute(
            text("insert into submission_bytes (submission, content) values (:id, :content)"),
            {"id": new, "content": content},
        )
        return get(connection, new), True
    same = " and ".join(
        f"{name} is not distinct from cast(:{name} as text)"
        for name in ("dataset", "reporting_unit", "period", "mapping", "sha256")
    )
    known = connection.execute(text(f"select id from submission where {same} and {_OPEN}"), facts).scalar_one()
    return get(connection, known), False


def open_generated(connection: Connection, dataset: str) -> int:
    """The submission that demonstration figures of a dataset hang on; there are no bytes, for nobody sent any."""
    return connection.execute(
        text(
            "insert into submission (dataset, sha256, size_bytes, file_name, received_by)"
            " values (:dataset, '', 0, 'generated', 'chiso demo')"
            f" on conflict {_SAME_FILE} do update set state = 'received'"
            " returning id"
        ),
        {"dataset": dataset},
    ).scalar_one()


def lock(connection: Connection, submission: int) -> Submission:
    """The submission, held until the transaction ends, so that two do not publish it at once."""
    connection.execute(text("select from submission where id = :id for update"), {"id": submission})
    return get(connection, submission)


def get(connection: Connection, submission: int) -> Submission:
    """The submission with its findings.

    Raises LookupError when there is none of that number.
    """
    known = connection.execute(text(f"select {_COLUMNS} from submission where id = :id"), {"id": submission})
    row = known.mappings().one_or_none()
    if row is None:
        raise LookupError(submission)
    found = connection.execute(
        text(
            "select rule, severity, place, found, expected, vi, en from finding where submission = :id order by ordinal"
        ),
        {"id": submission},
    )
    return _submission(row, tuple(Finding(*each) for each in found))


def listed(connection: Connection, *, before: int | None, limit: int) -> list[Submission]:
    """Submissions, the newest first, without their findings; `before` is the number to go on from."""
    rows = connection.execute(
        text(
            f"select {_COLUMNS} from submission where cast(:before as bigint) is null or id < :before"
            " order by id desc limit :limit"
        ),
        {"before": before, "limit": limit},
    )
    return [_submission(row, ()) for row in rows.mappings()]


def published(connection: Connection, dataset: str) -> set[str]:
    """The digests (SHA-256) of the files of a dataset that are published."""
    known = connection.execute(
        text("select sha256 from submission where dataset = :dataset and state = 'published'"), {"dataset": dataset}
    )
    return set(known.scalars())


def record_examined(connection: Connection, submission: int, findings: Sequence[Finding], *, refused: int) -> None:
    """Record what was found, in place of what an earlier examination found; the submission is then examined."""
    connection.execute(
        text(
            "update submission set state = 'examined', created = 0, revised = 0, unchanged = 0, refused = :refused"
            " where id = :id"
        ),
        {"id": submission, "refused": refused},
    )
    connection.execute(text("delete from finding where submission = :id"), {"id": submission})
    if findings:
        connection.execute(
            text(
                "insert into finding (submission, ordinal, rule, severity, place, found, expected, vi, en)"
                " values (:submission, :ordinal, :rule, :severity, :place, :found, :expected, :vi, :en)"
            ),
            [{"submission": submission, "ordinal": n} | as_record(each) for n, each in enumerate(findings)],
        )


def record_published(
    connection: Connection, submission: int, summary: Summary, instructions: Instructions, *, at: datetime
) -> None:
    """Record what the figures became in the ledger, when they were or will be public, and what the sender said."""
    connection.execute(
        text(
            "update submission set state = 'published', published_at = :at, reason = :reason,"
            " accept_good_rows = :accept_good_rows, created = :created, revised = :revised, unchanged = :unchanged,"
            " refused = :refused where id = :id"
        ),
        {"id": submission, "at": at, "reason": instructions.reason, "accept_good_rows": instructions.accept_good_rows}
        | asdict(summary),
    )


def _submission(row: RowMapping, findings: tuple[Finding, ...]) -> Submission:
    facts: dict[str, Any] = {str(name): value for name, value in row.items()}
    counts = {name: facts.pop(name) for name in ("created", "revised", "unchanged", "refused")}
    summary = None if facts["state"] == "received" else Summary(**counts)
    return Submission(**facts, summary=summary, findings=findings)

"""The inbox: submissions with their bytes, their moves, their findings and evidence.

The bytes come first, and are never changed; every act is a move, and the state of a submission is that of its last.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, text

from ingest import driver
from ingest.authority import Actor
from ingest.progress import Progress, Stage
from ingest.submission import (
    Evidence,
    Finding,
    Instructions,
    Move,
    ReasonCode,
    Remark,
    Signature,
    State,
    Submission,
    Summary,
    as_record,
)

_COLUMNS = """
    id, dataset, reporting_unit, period, mapping, file_name, sha256, size_bytes, state, version, level, received_at,
    received_by, corrects, reason_code, reason, signature, superseded_by, failure, accept_good_rows, published_at,
    created, revised, unchanged, refused,
    (select count(*) from finding where submission = submission.id and severity = 'error') as errors,
    (
        select count(*) from finding
        where submission = submission.id and severity = 'warning' and justification is null
    ) as unanswered
"""
_EVIDENCE_COLUMNS = "id, place, file_name, media_type, size_bytes, sha256, added_at, added_by"
# While a submission is on its way the same file is no other one (the unique index same_file_is_same_submission).
_SAME_FILE = """(dataset, reporting_unit, period, mapping, sha256)
    where state not in ('superseded', 'withdrawn', 'published')"""

_KEPT_BY_THE_DRIVER_BYTES = 2**20

_submission = TypeAdapter(Submission)
_moves = TypeAdapter(tuple[Move, ...])
_instructions = TypeAdapter(Instructions)


def keep(
    connection: Connection, content: bytes, file_name: str, said: Instructions, *, by: Actor, now: datetime
) -> int | None:
    """Keep the bytes as a new submission and return its number; None where the same file is on its way already."""
    facts = _file(said, content) | {
        "size_bytes": len(content),
        "file_name": file_name,
        "received_at": now,
        "received_by": by.name,
    }
    columns = ", ".join(facts)
    values = ", ".join(f":{name}" for name in facts)
    new = connection.execute(
        text(f"insert into submission ({columns}) values ({values}) on conflict {_SAME_FILE} do nothing returning id"),
        facts,
    ).scalar()
    if new is not None:
        _leave_the_pool(connection, len(content))
        connection.execute(
            text("insert into submission_bytes (submission, content) values (:id, :content)"),
            {"id": new, "content": content},
        )
    return new


def same_file(connection: Connection, content: bytes, said: Instructions) -> int | None:
    """The newest submission of the same bytes for the same dataset, reporting unit and period that still counts."""
    facts = _file(said, content)
    same = " and ".join(f"{name} is not distinct from cast(:{name} as text)" for name in facts)
    return connection.execute(
        text(f"select max(id) from submission where {same} and state not in ('superseded', 'withdrawn')"), facts
    ).scalar()


def published_before(connection: Connection, number: int) -> int | None:
    """The earlier submission of the same file that is published."""
    return connection.execute(
        text(
            "select max(earlier.id) from submission as earlier join submission as this on this.id = :id"
            " and earlier.id < this.id and earlier.sha256 = this.sha256 and earlier.dataset = this.dataset"
            " and (earlier.reporting_unit, earlier.period, earlier.mapping)"
            " is not distinct from (this.reporting_unit, this.period, this.mapping)"
            " where earlier.state = 'published'"
        ),
        {"id": number},
    ).scalar()


def _file(said: Instructions, content: bytes) -> dict[str, Any]:
    """What makes a file for a return the same as another."""
    return {
        "dataset": said.dataset,
        "reporting_unit": said.reporting_unit,
        "period": said.period,
        "mapping": said.mapping,
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def move(
    connection: Connection,
    case: int,
    act: str,
    state: State,
    *,
    by: Actor,
    now: datetime,
    level: int | None = None,
    awaits: int | None = None,
    reason_code: ReasonCode | None = None,
    reason: str | None = None,
    remarks: Iterable[Remark] = (),
) -> None:
    """Move a submission on; the database brings its state along. `awaits` is the review that it waits for then."""
    connection.execute(
        text(
            "insert into submission_move (submission, version, at, by, act, state, level, awaits, reason_code, reason,"
            " remarks) select id, version + 1, :at, :by, :act, :state, :level, :awaits, :reason_code, :reason,"
            " cast(:remarks as jsonb) from submission where id = :id"
        ),
        {
            "id": case,
            "at": now,
            "by": by.name,
            "act": act,
            "state": state,
            "level": level,
            "awaits": awaits,
            "reason_code": reason_code,
            "reason": reason,
            "remarks": json.dumps([asdict(remark) for remark in remarks]),
        },
    )


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


def lock(connection: Connection, number: int) -> Submission:
    """The submission, held until the transaction ends, and with it the whole return: two are not decided at once.

    The return is held before the submission, so that nobody waits for two who wait for each other. Raises LookupError.
    """
    connection.execute(
        text(
            "select pg_advisory_xact_lock(hashtext(concat_ws(' ', dataset, reporting_unit, period)))"
            " from submission where id = :id and reporting_unit is not null"
        ),
        {"id": number},
    )
    connection.execute(text("select from submission where id = :id for update"), {"id": number})
    return get(connection, number)


def get(connection: Connection, number: int) -> Submission:
    """The submission with its findings and moves.

    Raises LookupError when there is none of that number.
    """
    found = _read(connection, "where id = :id", {"id": number})
    if not found:
        raise LookupError(number)
    rows = connection.execute(
        text(
            "select rule, severity, place, found, expected, vi, en, justification, justified_by from finding"
            " where submission = :id order by ordinal"
        ),
        {"id": number},
    )
    return _submission.validate_python(found[0] | {"findings": tuple(Finding(*row) for row in rows)})


def content(connection: Connection, number: int) -> bytes:
    """The bytes of a submission as they came.

    Raises LookupError when there is none of that number.
    """
    # As text they would be twice as many, and of 200 MB that shows.
    with driver.cursor(connection, binary=True) as cursor:
        row = cursor.execute("select content from submission_bytes where submission = %s", (number,)).fetchone()
    if row is None:
        raise LookupError(number)
    _leave_the_pool(connection, len(row[0]))
    return row[0]


def listed(
    connection: Connection,
    readable: Mapping[str, frozenset[str | None] | None],
    *,
    reporting_unit: str | None = None,
    period: str | None = None,
    state: str | None = None,
    before: int | None,
    limit: int,
) -> list[Submission]:
    """Submissions, the newest first, with their moves, without their findings; `before` is the number to go on from.

    `readable` says which: for each dataset the reporting units, None for all; a unit of None is no single unit.
    """
    whole = [dataset for dataset, units in readable.items() if units is None]
    pairs = [(dataset, unit) for dataset, units in readable.items() for unit in units or ()]
    return [
        _submission.validate_python(row)
        for row in _read(
            connection,
            """
            where sha256 <> ''
                and (
                    dataset = any(:whole)
                    or (dataset, coalesce(reporting_unit, '')) in (
                        select * from unnest(cast(:datasets as text[]), cast(:units as text[]))
                    )
                )
                and (cast(:reporting_unit as text) is null or reporting_unit = :reporting_unit)
                and (cast(:period as text) is null or period = :period)
                and (cast(:state as text) is null or state = :state)
                and (cast(:before as bigint) is null or id < :before)
            order by id desc
            limit :limit
            """,
            {
                "whole": whole,
                "datasets": [dataset for dataset, _ in pairs],
                "units": [unit or "" for _, unit in pairs],
                "reporting_unit": reporting_unit,
                "period": period,
                "state": state,
                "before": before,
                "limit": limit,
            },
        )
    ]


def published(connection: Connection, dataset: str) -> set[str]:
    """The digests (SHA-256) of the files of a dataset that are published."""
    known = connection.execute(
        text("select sha256 from submission where dataset = :dataset and state = 'published'"), {"dataset": dataset}
    )
    return set(known.scalars())


def published_return(connection: Connection, said: Instructions) -> int | None:
    """The submission by which the return of this dataset, reporting unit and period is published, if it is."""
    return connection.execute(
        text(
            "select id from submission where dataset = :dataset and reporting_unit = :reporting_unit"
            " and period = :period and state = 'published' order by id desc limit 1"
        ),
        {"dataset": said.dataset, "reporting_unit": said.reporting_unit, "period": said.period},
    ).scalar()


def of_same_return(connection: Connection, case: Submission) -> list[int]:
    """The other submissions of the same dataset, reporting unit and period, the oldest first; `case` is locked."""
    rows = connection.execute(
        text(
            "select id from submission where dataset = :dataset and reporting_unit = :reporting_unit"
            " and period = :period and id <> :id order by id"
        ),
        {"dataset": case.dataset, "reporting_unit": case.reporting_unit, "period": case.period, "id": case.id},
    )
    return list(rows.scalars())


def corrected_by(connection: Connection, number: int) -> list[int]:
    """The submission and all that it corrects, one after the other, the newest first."""
    rows = connection.execute(
        text(
            "with recursive chain as ("
            " select id, corrects from submission where id = :id"
            " union all select submission.id, submission.corrects from submission join chain"
            " on submission.id = chain.corrects) select id from chain"
        ),
        {"id": number},
    )
    return list(rows.scalars())


def said(connection: Connection, number: int) -> tuple[Instructions, str]:
    """What was said last beside the file, and by whom."""
    row = connection.execute(
        text(
            "select said || jsonb_build_object('dataset', dataset, 'reporting_unit', reporting_unit,"
            " 'period', period, 'mapping', mapping), coalesce(said ->> 'by', received_by)"
            " from submission where id = :id"
        ),
        {"id": number},
    ).one()
    return _instructions.validate_python(row[0]), row[1]


def record_said(
    connection: Connection, number: int, said: Instructions, signature: Signature | None = None, *, by: Actor
) -> None:
    """Record what the sender says beside the file, in place of what was said before."""
    connection.execute(
        text(
            "update submission set said = cast(:said as jsonb), corrects = :corrects, reason_code = :reason_code,"
            " reason = :reason, signature = coalesce(cast(:signature as jsonb), signature) where id = :id"
        ),
        {
            "id": number,
            "said": json.dumps(asdict(said) | {"by": by.name}, default=str),
            "corrects": said.corrects,
            "reason_code": said.reason_code,
            "reason": said.reason,
            "signature": signature and json.dumps(asdict(signature), default=str),
        },
    )


def record_findings(connection: Connection, number: int, findings: Sequence[Finding], summary: Summary) -> None:
    """Record what was found, and what would become of the figures, in place of what was known before."""
    connection.execute(
        text(
            "update submission set created = :created, revised = :revised, unchanged = :unchanged, refused = :refused,"
            " failure = null where id = :id"
        ),
        {"id": number} | asdict(summary),
    )
    connection.execute(text("delete from finding where submission = :id"), {"id": number})
    if findings:
        connection.execute(
            text(
                "insert into finding (submission, ordinal, rule, severity, place, found, expected, vi, en,"
                " justification, justified_by) values (:submission, :ordinal, :rule, :severity, :place, :found,"
                " :expected, :vi, :en, :justification, :justified_by)"
            ),
            [{"submission": number, "ordinal": n} | as_record(each) for n, each in enumerate(findings)],
        )


def record_publication(
    connection: Connection, number: int, summary: Summary, *, accept_good_rows: bool, at: datetime
) -> None:
    """Record what the figures became in the ledger, and when they were or will be public."""
    connection.execute(
        text(
            "update submission set published_at = :at, accept_good_rows = :accept_good_rows, created = :created,"
            " revised = :revised, unchanged = :unchanged, refused = :refused where id = :id"
        ),
        {"id": number, "at": at, "accept_good_rows": accept_good_rows} | asdict(summary),
    )


def record_successor(connection: Connection, number: int, successor: int | None) -> None:
    """Record which submission took this one's place; None where none has it any more."""
    connection.execute(
        text("update submission set superseded_by = :successor where id = :id"), {"id": number, "successor": successor}
    )


def record_failure(connection: Connection, number: int, sentence: str) -> None:
    """Record why the work on it in the background failed."""
    connection.execute(
        text("update submission set failure = :sentence where id = :id"), {"id": number, "sentence": sentence}
    )


def record_progress(connection: Connection, number: int, stage: Stage, done: int, total: int) -> None:
    """Record how far the work on it has got, for others to see while its transaction is open."""
    connection.execute(
        text(
            "insert into submission_progress (submission, stage, done, total, at)"
            " values (:id, :stage, :done, :total, now()) on conflict (submission) do update"
            " set (stage, done, total, at) = (excluded.stage, excluded.done, excluded.total, excluded.at)"
        ),
        {"id": number, "stage": stage, "done": done, "total": total},
    )


def forget_progress(connection: Connection, number: int) -> None:
    """Forget how far the work had got."""
    connection.execute(text("delete from submission_progress where submission = :id"), {"id": number})


def progress(connection: Connection, number: int) -> Progress | None:
    """How far the work on it has got; None where nobody is at it, or not long enough to say so."""
    row = connection.execute(
        text("select stage, done, total, at from submission_progress where submission = :id"), {"id": number}
    ).one_or_none()
    return None if row is None else Progress(*row)


def attach(
    connection: Connection,
    number: int,
    content: bytes,
    *,
    place: str | None,
    file_name: str,
    media_type: str,
    by: Actor,
    now: datetime,
) -> Evidence:
    """Keep a file beside the submission; the same file for the same place is kept once."""
    facts = {
        "submission": number,
        "place": place,
        "file_name": file_name,
        "media_type": media_type,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": content,
        "added_at": now,
        "added_by": by.name,
    }
    connection.execute(
        text(
            f"insert into evidence ({', '.join(facts)}) values ({', '.join(f':{name}' for name in facts)})"
            " on conflict on constraint evidence_is_kept_once do nothing"
        ),
        facts,
    )
    return next(each for each in evidence(connection, number) if (each.place, each.sha256) == (place, facts["sha256"]))


def evidence(connection: Connection, number: int) -> list[Evidence]:
    """The files beside a submission, in the order in which they came."""
    rows = connection.execute(
        text(f"select {_EVIDENCE_COLUMNS} from evidence where submission = :id order by id"), {"id": number}
    )
    return [Evidence(*row) for row in rows]


def evidence_content(connection: Connection, number: int, evidence: int) -> tuple[Evidence, bytes]:
    """One file beside a submission, with its bytes.

    Raises LookupError.
    """
    row = connection.execute(
        text(f"select content, {_EVIDENCE_COLUMNS} from evidence where submission = :id and id = :evidence"),
        {"id": number, "evidence": evidence},
    ).one_or_none()
    if row is None:
        raise LookupError(evidence)
    return Evidence(*row[1:]), bytes(row[0])


def _leave_the_pool(connection: Connection, size_bytes: int) -> None:
    """Let the connection be closed at its end: what the driver once had to hold at a time it holds until then."""
    if size_bytes > _KEPT_BY_THE_DRIVER_BYTES:
        connection.detach()


def _read(connection: Connection, which: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = connection.execute(text(f"select {_COLUMNS} from submission {which}"), values).mappings().all()
    moves = _moves_of(connection, [row["id"] for row in rows])
    return [_facts(row) | {"moves": moves.get(row["id"], ())} for row in rows]


def _facts(row: Mapping[Any, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {str(name): value for name, value in row.items()}
    counts = {name: facts.pop(name) for name in ("created", "revised", "unchanged", "refused")}
    return facts | {"summary": None if counts["refused"] is None else Summary(**counts)}


def _moves_of(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[Move, ...]]:
    rows = connection.execute(
        text(
            "select submission, jsonb_agg(to_jsonb(submission_move) - 'submission' - 'awaits' order by version)"
            " from submission_move where submission = any(:numbers) group by submission"
        ),
        {"numbers": list(numbers)},
    )
    return {number: _moves.validate_python(moves) for number, moves in rows}

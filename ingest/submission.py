"""Submissions: one return as it came, what was found in it, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import pandas

Severity = Literal["error", "warning", "information"]
State = Literal[
    "received", "examined", "submitted", "in_review", "returned", "accepted", "published", "superseded", "withdrawn"
]
ReasonCode = Literal["late_report", "correction", "new_method", "new_source", "reconciliation"]
# On whose behalf a head signs: TM. for a collective, KT. in place of the head, TL. by order, TUQ. by delegation.
SignedAs = Literal["TM.", "KT.", "TL.", "TUQ."]
# What is delimited or columnar is read in columns: 2,000,000 figures at 110 bytes fit in. What is read as a tree or as
# a grid (workbooks, JSON, XML) takes many times its size.
SIZE_LIMIT_BYTES = 256 * 2**20
TREE_SIZE_LIMIT_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong or remarkable about one place of a submission; an error blocks, a warning asks."""

    rule: str
    severity: Severity
    place: str
    found: str
    expected: str
    vi: str
    en: str
    justification: str | None = None  # why the sender keeps a figure that was warned of
    justified_by: str | None = None

    def __str__(self) -> str:
        """The finding as one line for a terminal."""
        return f"{self.place}: {self.en}" if self.place else self.en


@dataclass(slots=True)
class Reading:
    """What a reader found in the bytes: figures as they were written, with their places, and what it could not read.

    `frame` has READING_COLUMNS, all text but the number of the line, NA where nothing was given. A finding that names
    a place is a row that is not in it. `announced` is what the file says of itself (a template names its dataset,
    reporting unit and period); `places` says under which heading, or in which column of a sheet, each of our columns
    stands.
    """

    frame: pandas.DataFrame
    findings: list[Finding] = field(default_factory=list[Finding])
    format: str = ""
    announced: dict[str, str] = field(default_factory=dict[str, str])
    places: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Summary:
    """What becomes of the figures of a submission when it is published: counts of observations, `refused` of rows."""

    created: int = 0
    revised: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reviewer says of one cell."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Move:
    """One act on a submission, and the state that it led to; `level` is the review that decided, counted from 1."""

    version: int
    at: datetime
    by: str
    act: str
    state: State
    level: int | None = None
    reason_code: ReasonCode | None = None
    reason: str | None = None
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """Who answers for a return on paper: compiled by, checked by, signed by, on whose behalf, number and date."""

    compiled_by: str | None = None
    checked_by: str | None = None
    signed_by: str | None = None
    signed_as: SignedAs | None = None
    document_number: str | None = None
    document_date: date | None = None

    def __str__(self) -> str:
        """The document as it is cited: `Số 15/BC-UBND, 12/04/2024`; nothing where it has no number."""
        if not self.document_number:
            return ""
        return f"Số {self.document_number}" + (f", {self.document_date:%d/%m/%Y}" if self.document_date else "")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that shows why a figure, or a whole return, is right; its bytes are asked for by its number."""

    id: int
    place: str | None
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class Submission:
    """One reporting unit's return for one dataset and period, or a file of published figures.

    `version` counts the moves, `level` is the review that it waits for, `errors` and `unanswered` count the findings
    that block and the warnings that nobody justified, `corrects` is the published submission that it corrects,
    `failure` why it did not go as far as was asked.
    """

    id: int
    dataset: str
    reporting_unit: str | None
    period: str | None
    mapping: str | None
    file_name: str
    sha256: str
    size_bytes: int
    state: State
    version: int
    level: int | None
    received_at: datetime
    received_by: str
    errors: int = 0
    unanswered: int = 0
    corrects: int | None = None
    reason_code: ReasonCode | None = None
    reason: str | None = None
    signature: Signature | None = None
    superseded_by: int | None = None
    failure: str | None = None
    accept_good_rows: bool | None = None
    published_at: datetime | None = None
    summary: Summary | None = None
    findings: tuple[Finding, ...] = ()
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Instructions:
    """What the sender says beside the file: where it is silent, why, and how far it is to go.

    `submit` asks for a return that is reviewed to be submitted at once where nothing blocks.
    """

    dataset: str
    reporting_unit: str | None = None
    period: str | None = None
    mapping: str | None = None
    reason: str | None = None
    published_at: datetime | None = None
    corrects: int | None = None
    reason_code: ReasonCode | None = None
    submit: bool = False
    accept_good_rows: bool = False
    dry_run: bool = False


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Those of the findings that block."""
    return [finding for finding in findings if finding.severity == "error"]


def unanswered(findings: Iterable[Finding]) -> list[Finding]:
    """Those of the warnings that nobody justified."""
    return [finding for finding in findings if finding.severity == "warning" and not finding.justification]


def as_record(finding: Finding) -> dict[str, Any]:
    """The finding as it is kept and sent."""
    return {name: getattr(finding, name) for name in finding.__slots__}

"""Submissions: one return as it came, what was found in it, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import pandas

Severity = Literal["error", "warning", "information"]
SIZE_LIMIT_BYTES = 64 * 2**20


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
    """What became of the figures of a submission: counts of observations, and `refused` of rows."""

    created: int = 0
    revised: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Submission:
    """One reporting unit's return for one dataset and period, or a file of published figures."""

    id: int
    dataset: str
    reporting_unit: str | None
    period: str | None
    mapping: str | None
    file_name: str
    sha256: str
    size_bytes: int
    state: str  # received: the bytes are safe; examined: what stands in them is known; published: so are its figures
    received_at: datetime
    received_by: str
    reason: str | None = None
    accept_good_rows: bool | None = None
    published_at: datetime | None = None
    summary: Summary | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Instructions:
    """What the sender says beside the file."""

    dataset: str
    reporting_unit: str | None = None
    period: str | None = None
    mapping: str | None = None
    reason: str | None = None
    published_at: datetime | None = None
    accept_good_rows: bool = False
    dry_run: bool = False


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Those of the findings that block."""
    return [finding for finding in findings if finding.severity == "error"]


def as_record(finding: Finding) -> dict[str, Any]:
    """The finding as it is kept and sent."""
    return {name: getattr(finding, name) for name in finding.__slots__}

"""The stages of a submission, from bytes to vintage: receive, examine, publish.

Each takes an open connection and never commits; whoever opens it decides what is one step. `receive` is a step of its
own, so that the bytes are safe before anybody parses them.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from ingest import audit, formats, inbox, ledger, registry, rules
from ingest.authority import Actor
from ingest.catalogue import Catalogue
from ingest.period import NotAPeriod, Period, parse
from ingest.reporting_unit import Ambiguous, ReportingUnit, Unknown
from ingest.sentences import finding
from ingest.spelling import nearest
from ingest.submission import SIZE_LIMIT_BYTES, Finding, Instructions, Submission, Summary, errors


class UnknownName(Exception):
    """The sender named a dataset, reporting unit, period or mapping that there is not."""

    def __init__(self, what: str, name: str, near: list[str]) -> None:
        """Keep what was asked for, and the nearest valid names."""
        guess = f" Did you mean {', '.join(near)}?" if near else ""
        super().__init__(f"There is no {what} “{name}”.{guess}")
        self.what, self.name, self.near = what, name, near


class TooLarge(Exception):
    """The file is larger than a submission may be."""

    def __init__(self, size_bytes: int) -> None:
        """Keep the size, in bytes."""
        super().__init__(
            f"The file has {size_bytes / 2**20:.0f} MB; a submission may have {SIZE_LIMIT_BYTES // 2**20} MB."
            " Send it in parts."
        )
        self.size_bytes = size_bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became, or with a dry run would become, of the figures, and everything that was found."""

    summary: Summary
    findings: list[Finding]
    stored: bool


def settle(connection: Connection, instructions: Instructions) -> Instructions:
    """The instructions with codes for names: dataset, reporting unit, period and mapping as the catalogue has them.

    Raises UnknownName.
    """
    catalogue = registry.read(connection)
    dataset = instructions.dataset.upper()
    if dataset not in catalogue.datasets:
        raise UnknownName("dataset", instructions.dataset, nearest(dataset, catalogue.datasets))
    mapping = instructions.mapping and instructions.mapping.upper()
    if mapping and mapping not in catalogue.mappings:
        raise UnknownName("mapping", mapping, nearest(mapping, catalogue.mappings))
    meant = _period(instructions.period)
    unit = _reporting_unit(catalogue, instructions.reporting_unit, meant)
    return replace(instructions, dataset=dataset, reporting_unit=unit, period=meant and str(meant), mapping=mapping)


def receive(
    connection: Connection, content: bytes, file_name: str, instructions: Instructions, *, by: Actor
) -> tuple[Submission, bool]:
    """Keep the bytes with who sent them and what for, and say whether they are new. `instructions` are settled.

    Raises TooLarge.
    """
    if len(content) > SIZE_LIMIT_BYTES:
        raise TooLarge(len(content))
    submission, new = inbox.keep(connection, content, file_name, instructions, by=by)
    if new:
        audit.record(connection, by, "receive", f"submission {submission.id}", after={"sha256": submission.sha256})
    return submission, new


def examine(connection: Connection, content: bytes, instructions: Instructions, *, now: datetime) -> rules.Checked:
    """Read the bytes and hold every figure against the rules."""
    catalogue = registry.read(connection)
    mapping = catalogue.mappings[instructions.mapping] if instructions.mapping else None
    reading = formats.read(content, mapping=mapping)
    dataset = catalogue.datasets[instructions.dataset]
    return rules.check(reading, catalogue, dataset, instructions, now=now)


def publish(
    connection: Connection, submission: int, content: bytes, instructions: Instructions, *, by: Actor, now: datetime
) -> Outcome:
    """Examine the submission, and where nothing blocks append its figures to the ledger, all of them or none.

    A submission that is published already is answered with what it became, unless the sender says something new:
    another reason, another publication, or that the good rows will do. Errors leave the ledger as it was; with the good
    rows asked for, only what is wrong with the whole file does. The ledger's own wish for a reason is a finding too.
    """
    known = inbox.lock(connection, submission)
    if known.summary and not _says_something_new(known, instructions):
        return Outcome(known.summary, list(known.findings), stored=True)
    checked = examine(connection, content, instructions, now=now)
    findings = checked.findings
    appended = None
    if not _blocking(findings, instructions) and not (checked.observations.empty and errors(findings)):
        try:
            with connection.begin_nested():
                appended = ledger.append(
                    connection, checked.observations, submission=submission, reason=instructions.reason
                )
        except ledger.UnexplainedRevision as unexplained:
            example = f"{unexplained.series}, {unexplained.period}"
            findings.append(
                finding("revision_has_a_reason", "error", place="", found=unexplained.count, expected=example)
            )
    if appended is None:
        if known.state != "published":
            inbox.record_examined(connection, submission, findings, refused=checked.refused)
        audit.record(connection, by, "examine", f"submission {submission}", after={"errors": len(errors(findings))})
        return Outcome(Summary(refused=checked.refused), findings, stored=False)
    inbox.record_examined(connection, submission, findings, refused=checked.refused)
    summary = Summary(appended.created, appended.revised, appended.unchanged, checked.refused)
    at = instructions.published_at or now
    inbox.record_published(connection, submission, summary, instructions, at=at)
    audit.record(connection, by, "publish", f"submission {submission}", after={"at": at, "reason": instructions.reason})
    return Outcome(summary, findings, stored=True)


def _says_something_new(known: Submission, instructions: Instructions) -> bool:
    return (
        known.state != "published"
        or instructions.reason not in (None, known.reason)
        or instructions.published_at not in (None, known.published_at)
        or instructions.accept_good_rows != known.accept_good_rows
    )


def _blocking(findings: list[Finding], instructions: Instructions) -> list[Finding]:
    """The errors that nothing gets past: all, or with the good rows asked for those of the file as a whole."""
    found = errors(findings)
    if not instructions.accept_good_rows:
        return found
    return [each for each in found if not each.place and each.rule != "more_of_the_same"]


def _period(text: str | None) -> Period | None:
    try:
        return None if text is None else parse(text)
    except NotAPeriod as fault:
        raise UnknownName("period", fault.text, ["2024", "2024-Q1", "2024-03"]) from fault


def _reporting_unit(catalogue: Catalogue, text: str | None, meant: Period | None) -> str | None:
    if text is None:
        return None
    units = catalogue.reporting_units
    own = units.get(text)
    if own:
        return own.code
    if meant is None:
        raise UnknownName("reporting unit", text, ["the code of the unit, or its name together with a period"])
    match units.resolve(text, meant.last_day):
        case ReportingUnit() as unit:
            return unit.code
        case Ambiguous(candidates=candidates):
            raise UnknownName("single reporting unit", text, [each.code for each in candidates])
        case Unknown(nearest=near):
            raise UnknownName("reporting unit", text, list(near))

"""The examination of a submission: its bytes read, its figures held against the rules and against the ledger.

What was found is answered by the sender: an error is mended in the file, a warning mended or justified.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from ingest import inbox, ledger, limited, marked, registry, rules
from ingest.authority import Actor
from ingest.catalogue import Catalogue
from ingest.rules import Checked
from ingest.sentences import finding
from ingest.submission import Finding, Instructions, Submission, Summary, errors


class NotSound(Exception):
    """Something in the figures has to be mended or answered before the submission can go on."""

    def __init__(self, what_to_do: str, findings: Sequence[Finding], wrong: Sequence[Finding]) -> None:
        """Say how much is wrong and what to do, and keep that with its numbers among all findings."""
        count, severity = len(wrong), wrong[0].severity
        super().__init__(f"{count} {severity}{'s' if count != 1 else ''}. {what_to_do}: {wrong[0]}")
        self.findings = [(number, each) for number, each in enumerate(findings) if each in wrong]


class UnknownPlace(Exception):
    """Somebody names a cell, or a finding, that there is not in the submission."""


def checked(
    connection: Connection, catalogue: Catalogue, content: bytes, said: Instructions, *, now: datetime
) -> Checked:
    """The figures as the bytes have them, and what the rules of the catalogue say of each, beside the public ones."""
    named = catalogue.mappings.get(said.mapping) or catalogue.layouts.get(said.mapping) if said.mapping else None
    reading = limited.read(content, mapping=named, layouts=[*catalogue.layouts.values()])
    known = partial(ledger.beside, connection, as_of=now)
    return rules.check(reading, catalogue, catalogue.datasets[said.dataset], said, now=now, known=known)


def examined_again(connection: Connection, submission: Submission, catalogue: Catalogue, *, now: datetime) -> Checked:
    """The figures of a submission that was kept, by what was said beside it and the rules of today's catalogue."""
    said, _ = inbox.said(connection, submission.id)
    return checked(connection, catalogue, inbox.content(connection, submission.id), said, now=now)


def given_back(
    connection: Connection,
    catalogue: Catalogue,
    content: bytes,
    said: Instructions,
    findings: Sequence[Finding],
    *,
    now: datetime,
) -> bytes:
    """The workbook as it was sent, marked with what was found in it (`limited.mark`)."""
    if any(each.rule in limited.ENDED for each in findings):
        return marked.alone(content, findings)
    return limited.mark(content, findings, checked(connection, catalogue, content, said, now=now).places())


def attempted(connection: Connection, number: int, found: Checked, said: Instructions, *, keep: bool) -> Summary | None:
    """What the figures become in the ledger, or would become where they are not to be kept; None where an error blocks.

    The ledger's own wish, a reason for a revision, is added to the findings.
    """
    if _blocked(found, said):
        return None
    savepoint = connection.begin_nested()
    try:
        appended = ledger.append(connection, found.observations, submission=number, reason=said.reason)
    except ledger.UnexplainedRevision as unexplained:
        savepoint.rollback()
        example = f"{unexplained.series}, {unexplained.period}"
        rule = registry.read(connection).rules["revision_has_a_reason"]
        found.findings.append(finding(rule, place="", found=unexplained.count, expected=example))
        return None
    if keep:
        savepoint.commit()
    else:
        savepoint.rollback()
    return Summary(appended.created, appended.revised, appended.unchanged, found.refused)


def justified(
    known: Sequence[Finding], found: Sequence[Finding], justifications: Mapping[int, str], *, by: Actor
) -> list[Finding]:
    """The findings of now, with what the sender says of them, or said before of the same warning at the same place.

    `justifications` name the findings that the sender knows by their numbers, counted from 0.

    Raises UnknownPlace for a number that is no warning's.
    """
    warned = {number: each for number, each in enumerate(known) if each.severity == "warning"}
    if unknown := [number for number in justifications if number not in warned]:
        there = ", ".join(map(str, warned)) or "none"
        raise UnknownPlace(f"Finding {unknown[0]} is no warning that could be justified; there are: {there}.")
    said = {
        _sameness(each): replace(each, justification=text, justified_by=by.name)
        if (text := justifications.get(number, "").strip())
        else each
        for number, each in warned.items()
    }
    return [
        replace(each, justification=answer.justification, justified_by=answer.justified_by)
        if (answer := said.get(_sameness(each)))
        else each
        for each in found
    ]


def refuse_unknown_places(
    connection: Connection, submission: Submission, catalogue: Catalogue, places: Sequence[str], *, now: datetime
) -> None:
    """Refuse a place at which the submission has neither a figure nor a finding.

    Raises UnknownPlace with a place that there is.
    """
    if not places:
        return
    found = examined_again(connection, submission, catalogue, now=now)
    there = {each.place for each in (*submission.findings, *found.findings) if each.place} | set(found.places())
    if unknown := [place for place in places if place not in there]:
        example = f"; one is at “{min(there)}”" if there else ""
        raise UnknownPlace(f"There is no figure at “{unknown[0]}” in submission {submission.id}{example}.")


def _sameness(each: Finding) -> tuple[str, str, str]:
    return each.rule, each.place, each.found


def _blocked(found: Checked, said: Instructions) -> bool:
    """Whether an error stands that nothing gets past: any, or with the good rows asked for one of the whole file."""
    wrong = errors(found.findings)
    if not said.accept_good_rows:
        return bool(wrong)
    of_the_whole = [each for each in wrong if not each.place and each.rule != "more_of_the_same"]
    return bool(of_the_whole) or (bool(wrong) and found.observations.empty)

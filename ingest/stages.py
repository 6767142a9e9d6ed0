"""The stages of a submission, from bytes to vintage: receive, examine, submit, accept or send back, publish, withdraw.

Each takes an open connection and never commits; whoever opens it decides what is one step. `receive` is a step of its
own, so that the bytes are safe before anybody parses them. What may follow what, and who may, is the table in
`ingest.case`; every stage here holds the submission, asks that table, does its work and moves the submission on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from ingest import audit, case, evidence, examination, formats, inbox, ledger, registry
from ingest.authority import Actor, NotYours
from ingest.case import ACTS, ATTACH, NotNow, SeenOtherwise
from ingest.catalogue import Catalogue
from ingest.examination import NotSound
from ingest.submission import (
    SIZE_LIMIT_BYTES,
    Evidence,
    Finding,
    Instructions,
    ReasonCode,
    Remark,
    Signature,
    State,
    Submission,
    Summary,
    errors,
    unanswered,
)


class TooLarge(Exception):
    """The file is larger than a submission may be."""

    def __init__(self, size_bytes: int, limit_bytes: int = SIZE_LIMIT_BYTES) -> None:
        """Keep the size, in bytes."""
        super().__init__(
            f"The file has {size_bytes / 2**20:.0f} MB; a submission of its kind may have {limit_bytes // 2**20} MB."
            " Send it in parts."
        )
        self.size_bytes = size_bytes


class NamesNoCorrection(Exception):
    """A return that is published is corrected by one that says so: which, why, in a code and in words."""


class AnotherIsAhead(Exception):
    """Another submission of the same return is accepted already, or came later and is under review."""


class TooEarly(Exception):
    """The moment of publication lies in the past."""


_IN_REVIEW = ("submitted", "in_review")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became, or with a dry run would become, of the figures, and everything that was found."""

    summary: Summary
    findings: list[Finding]
    state: State

    @property
    def stored(self) -> bool:
        """Whether the figures are in the ledger."""
        return self.state == "published"


def receive(
    connection: Connection, content: bytes, file_name: str, said: Instructions, *, by: Actor, now: datetime
) -> tuple[Submission, bool]:
    """Keep the bytes with who sent them and what for, and say whether they are new. `said` is settled.

    The same file is the same submission, unless that one is published already and the sender says something new of it
    (another reason, another publication, that the good rows will do): then this one takes its place once it is
    published.

    Raises TooLarge, NotYours, NamesNoCorrection, AnotherIsAhead.
    """
    limit_bytes = formats.size_limit_bytes(content)
    if len(content) > limit_bytes:
        raise TooLarge(len(content), limit_bytes)
    catalogue = registry.read(connection)
    dataset = catalogue.datasets[said.dataset]
    if not case.may_send(dataset, said.reporting_unit, by, catalogue):
        whom = "reporter or machine" if dataset.owed_by else "publisher"
        raise NotYours(f"{dataset.code} of {said.reporting_unit or 'all units'} is sent by a {whom} of it.")
    published = inbox.published_return(connection, said) if said.corrects else None
    if said.corrects != published:
        raise _names_no_correction(published, said)
    known = inbox.same_file(connection, content, said)
    number = known
    if known is None or (not dataset.review and _says_something_new(inbox.get(connection, known), said)):
        number = inbox.keep(connection, content, file_name, said, by=by, now=now)
    new = number is not None and number != known
    if number is not None and new:
        inbox.move(connection, number, "receive", "received", by=by, now=now)
    # Whoever sends the same file at the same moment is answered with the one that came first.
    number = number or inbox.same_file(connection, content, said)
    if number is None:
        raise AnotherIsAhead("The same file was sent and taken back at this very moment; send it again.")
    submission = inbox.get(connection, number)
    _say(connection, submission, said, by=by, reviewed=bool(dataset.review), new=new)
    return submission, new


def go_on(connection: Connection, number: int, *, by: Actor, now: datetime) -> Outcome:
    """Examine what was received, and take it as far as the sender said.

    What is not reviewed is published where nothing blocks, all of it or nothing; what is reviewed is submitted where
    the sender asked for that. A submission that went on already is answered as it is.
    """
    known = inbox.lock(connection, number)
    if known.state not in ("received", "examined"):
        return Outcome(known.summary or Summary(), list(known.findings), known.state)
    catalogue, (said, _) = registry.read(connection), inbox.said(connection, number)
    reviewed = bool(catalogue.datasets[said.dataset].review)
    checked = examination.checked(connection, catalogue, inbox.content(connection, number), said, now=now)
    summary = examination.attempted(connection, number, checked, said, keep=not reviewed)
    inbox.record_findings(connection, number, checked.findings, summary or Summary(refused=checked.refused))
    inbox.move(connection, number, "examine", "examined", by=by, now=now)
    reached = _moved(connection, known, "examine", by=by, errors=len(errors(checked.findings)))
    if summary and not reviewed:
        inbox.move(connection, number, "submit", "accepted", by=by, now=now)
        _moved(connection, reached, "submit", by=by)
        if before := inbox.published_before(connection, number):
            _supersede(connection, before, number, by=by, now=now)
        reached = _published(connection, number, summary, said, at=said.published_at or now, by=by, now=now)
    elif summary and said.submit and not unanswered(checked.findings):
        reached = _submitted_at_once(connection, reached, said, by=by, now=now)
    return Outcome(summary or Summary(refused=checked.refused), checked.findings, reached.state)


def submit(
    connection: Connection,
    number: int,
    *,
    by: Actor,
    now: datetime,
    seen: int,
    justifications: Mapping[int, str],
    signature: Signature | None = None,
    corrects: int | None = None,
    reason_code: ReasonCode | None = None,
    reason: str | None = None,
) -> Submission:
    """Stand by a return: every error mended, every warning justified (by the number of its finding), signed.

    It takes the place of earlier ones of the same return that are still on their way. What was found is recorded also
    where it is not sound, so that the sender can answer it.

    Raises NotYours, NotNow, SeenOtherwise, NotSound, NamesNoCorrection, AnotherIsAhead.
    """
    known, catalogue = _held(connection, number, "submit", by=by, seen=seen)
    before, _ = inbox.said(connection, number)
    said = replace(
        before,
        corrects=corrects or _still_published(connection, before.corrects),
        reason_code=reason_code or before.reason_code,
        reason=reason or before.reason,
    )
    rivals = _rivals(connection, known, said)
    checked = examination.checked(connection, catalogue, inbox.content(connection, number), said, now=now)
    summary = examination.attempted(connection, number, checked, said, keep=False)
    found = examination.justified(known.findings, checked.findings, justifications, by=by)
    inbox.record_findings(connection, number, found, summary or Summary(refused=checked.refused))
    if wrong := errors(found):
        raise NotSound("Mend it and send it again", found, wrong)
    if wrong := unanswered(found):
        raise NotSound("Justify it under its number in “justifications”, or mend it and send it again", found, wrong)
    return _submit(connection, known, said, rivals, by=by, now=now, signature=signature)


def take_up(connection: Connection, number: int, *, by: Actor, now: datetime, seen: int) -> Submission:
    """Begin a review, so that others see that somebody has it.

    Raises NotYours, NotNow, SeenOtherwise.
    """
    known, _ = _held(connection, number, "take_up", by=by, seen=seen)
    inbox.move(connection, number, "take_up", "in_review", by=by, now=now, awaits=known.level)
    return _moved(connection, known, "take_up", by=by)


def accept(
    connection: Connection, number: int, *, by: Actor, now: datetime, seen: int, reason: str | None = None
) -> Submission:
    """Agree to a return at the review that it waits for; the last one makes it accepted.

    Raises NotYours (also for who sent it, or agreed already), NotNow, SeenOtherwise.
    """
    known, catalogue = _held(connection, number, "accept", by=by, seen=seen)
    level = known.level or 0
    last = level == len(catalogue.datasets[known.dataset].review)
    inbox.move(
        connection,
        number,
        "accept",
        "accepted" if last else "in_review",
        by=by,
        now=now,
        level=level,
        awaits=None if last else level + 1,
        reason=reason,
    )
    return _moved(connection, known, "accept", by=by)


def send_back(
    connection: Connection,
    number: int,
    *,
    by: Actor,
    now: datetime,
    seen: int,
    reason: str,
    remarks: Sequence[Remark] = (),
) -> Submission:
    """Return a submission to its sender with the reason, and with remarks on cells (their places as the file has them).

    Raises NotYours, NotNow, SeenOtherwise, UnknownPlace.
    """
    known, catalogue = _held(connection, number, "return", by=by, seen=seen)
    examination.refuse_unknown_places(connection, known, catalogue, [each.place for each in remarks], now=now)
    inbox.move(
        connection, number, "return", "returned", by=by, now=now, level=known.level, reason=reason, remarks=remarks
    )
    return _moved(connection, known, "return", by=by, reason=reason, remarks=[asdict(remark) for remark in remarks])


def publish(
    connection: Connection, number: int, *, by: Actor, now: datetime, seen: int, at: datetime | None = None
) -> Submission:
    """Append the figures of an accepted return to the ledger, public from `at` on; all of them or none.

    None is now, or for a correction the moment from which what it corrects is public, if that is still to come. A
    published return that it corrects is superseded; both stay readable as of their time.

    Raises NotYours, NotNow, SeenOtherwise, TooEarly; NotSound where the catalogue or the ledger changed since it was
    accepted so that a rule is broken now, and NamesNoCorrection where what it corrects is not published any more.
    """
    known, catalogue = _held(connection, number, "publish", by=by, seen=seen)
    said, _ = inbox.said(connection, number)
    _others(connection, known, said)
    public_from = _public_from(connection, said, at, now=now)
    content = inbox.content(connection, number)
    checked = examination.checked(connection, catalogue, content, replace(said, published_at=public_from), now=now)
    if known.signature and str(known.signature):
        checked.observations["document"] = checked.observations["document"].fillna(str(known.signature))
    summary = examination.attempted(connection, number, checked, said, keep=True)
    if summary is None:
        raise NotSound(
            "Since it was accepted this stands against it; return it", checked.findings, errors(checked.findings)
        )
    if said.corrects:
        _supersede(connection, said.corrects, number, by=by, now=now)
    return _published(connection, number, summary, said, at=public_from, by=by, now=now)


def take_back(
    connection: Connection, number: int, *, by: Actor, now: datetime, seen: int, reason: str | None = None
) -> Submission:
    """Take a submission back that is not accepted yet.

    Raises NotYours, NotNow, SeenOtherwise.
    """
    known, _ = _held(connection, number, "take_back", by=by, seen=seen)
    inbox.move(connection, number, "take_back", "withdrawn", by=by, now=now, reason=reason)
    return _moved(connection, known, "take_back", by=by, reason=reason)


def withdraw(
    connection: Connection,
    number: int,
    *,
    by: Actor,
    now: datetime,
    seen: int,
    reason_code: ReasonCode,
    reason: str,
) -> Submission:
    """Withdraw the figures of a published return from now on, those that it corrected among them.

    What was public stays readable as of its time. Of a return under embargo only its own figures are withdrawn: they
    never become public, and what it corrected is published as before.

    Raises NotYours (also for who sent it), NotNow, SeenOtherwise.
    """
    known, _ = _held(connection, number, "withdraw", by=by, seen=seen)
    embargoed = known.published_at is not None and known.published_at > now
    withdrawn = [number] if embargoed else inbox.corrected_by(connection, number)
    count = ledger.withdraw(connection, withdrawn, submission=number, at=now, reason=reason)
    inbox.move(connection, number, "withdraw", "withdrawn", by=by, now=now, reason_code=reason_code, reason=reason)
    if embargoed:
        _reinstate(connection, known.corrects, by=by, now=now)
    return _moved(connection, known, "withdraw", by=by, reason=reason, reason_code=reason_code, figures=count)


def attach(
    connection: Connection,
    number: int,
    content: bytes,
    *,
    place: str | None,
    file_name: str,
    by: Actor,
    now: datetime,
) -> Evidence:
    """Keep a file that shows why a figure (the cell at `place`) or the whole return is right.

    Raises NotYours, NotNow once the return is decided, evidence.NotEvidence, UnknownPlace.
    """
    known, catalogue = inbox.lock(connection, number), registry.read(connection)
    if refused := case.refusal(ATTACH, known, by, catalogue):
        raise refused
    media_type = evidence.media_type(content)
    if len(inbox.evidence(connection, number)) >= evidence.COUNT_LIMIT:
        raise evidence.NotEvidence(f"Submission {number} has {evidence.COUNT_LIMIT} files already; join some of them.")
    examination.refuse_unknown_places(connection, known, catalogue, [place] if place else [], now=now)
    name = evidence.named(file_name or "file", media_type)
    kept = inbox.attach(connection, number, content, place=place, file_name=name, media_type=media_type, by=by, now=now)
    audit.record(connection, by, "attach", _named(number), after={"evidence": kept.id, "sha256": kept.sha256})
    return kept


def _held(connection: Connection, number: int, act: str, *, by: Actor, seen: int) -> tuple[Submission, Catalogue]:
    """The submission, held, where this act is this actor's and follows from what they saw."""
    known, catalogue = inbox.lock(connection, number), registry.read(connection)
    if known.version != seen:
        raise SeenOtherwise(known, seen)
    if refused := case.refusal(ACTS[act], known, by, catalogue):
        raise refused
    return known, catalogue


def _moved(connection: Connection, before: Submission, act: str, *, by: Actor, **facts: object) -> Submission:
    """The submission after its move, which is in the audit then."""
    after = inbox.get(connection, before.id)
    audit.record(
        connection,
        by,
        act,
        _named(after.id),
        before={"state": before.state, "level": before.level},
        after={"state": after.state, "level": after.level} | facts,
    )
    return after


def _submitted_at_once(
    connection: Connection, known: Submission, said: Instructions, *, by: Actor, now: datetime
) -> Submission:
    """The submission, submitted as its sender asked when sending it, or examined still with the reason why not."""
    try:
        rivals = _rivals(connection, known, said)
    except (NamesNoCorrection, AnotherIsAhead) as refused:
        inbox.record_failure(connection, known.id, str(refused))
        return inbox.get(connection, known.id)
    return _submit(connection, known, said, rivals, by=by, now=now)


def _submit(
    connection: Connection,
    known: Submission,
    said: Instructions,
    rivals: Sequence[Submission],
    *,
    by: Actor,
    now: datetime,
    signature: Signature | None = None,
) -> Submission:
    for rival in rivals:
        _supersede(connection, rival.id, known.id, by=by, now=now)
    inbox.record_said(connection, known.id, said, signature, by=by)
    inbox.move(
        connection,
        known.id,
        "submit",
        "submitted",
        by=by,
        now=now,
        awaits=1,
        reason_code=said.reason_code,
        reason=said.reason,
    )
    submitted = inbox.get(connection, known.id)
    return _moved(
        connection,
        known,
        "submit",
        by=by,
        corrects=said.corrects,
        reason_code=said.reason_code,
        reason=said.reason,
        signature=submitted.signature and asdict(submitted.signature),
        justified=[[each.rule, each.place, each.justification] for each in submitted.findings if each.justification],
    )


def _rivals(connection: Connection, known: Submission, said: Instructions) -> list[Submission]:
    """The earlier submissions of the same return that are on their way, held; this one would take their place.

    Raises AnotherIsAhead, NamesNoCorrection.
    """
    others = _others(connection, known, said)
    accepted = next((other.id for other in others if other.state == "accepted"), None)
    if accepted:
        raise AnotherIsAhead(
            f"Submission {accepted} of this return is accepted and waits for its publication: ask for its return."
        )
    later = next((other for other in others if other.state in _IN_REVIEW and other.id > known.id), None)
    if later:
        raise AnotherIsAhead(
            f"Submission {later.id} of this return came later and is {later.state}: take that back first."
        )
    on_their_way = [state for state in ACTS["supersede"].before if state != "published"]
    return [other for other in others if other.state in on_their_way and other.id < known.id]


def _others(connection: Connection, known: Submission, said: Instructions) -> list[Submission]:
    """The other submissions of the same return, held.

    Raises NamesNoCorrection where one is published and this one does not say that it corrects it, and why.
    """
    others = [inbox.get(connection, number) for number in inbox.of_same_return(connection, known)]
    published = next((other.id for other in others if other.state == "published"), None)
    if said.corrects != published:
        raise _names_no_correction(published, said)
    if published and not (said.reason_code and said.reason):
        raise NamesNoCorrection(
            f"A correction of submission {published} needs a reason code (late_report, correction, new_method,"
            " new_source, reconciliation) and the reason in words."
        )
    return others


def _names_no_correction(published: int | None, said: Instructions) -> NamesNoCorrection:
    return NamesNoCorrection(
        f"This return is published as submission {published}: say that this one corrects {published}, with a reason"
        " code and the reason."
        if published
        else f"There is no published submission {said.corrects} of this return to correct; leave “corrects” out."
    )


def _still_published(connection: Connection, number: int | None) -> int | None:
    return number if number and inbox.get(connection, number).state == "published" else None


def _supersede(connection: Connection, number: int, successor: int, *, by: Actor, now: datetime) -> None:
    known = inbox.get(connection, number)
    if known.state not in ACTS["supersede"].before:
        raise NotNow(known, ACTS["supersede"])
    inbox.move(connection, number, "supersede", "superseded", by=by, now=now)
    inbox.record_successor(connection, number, successor)
    _moved(connection, known, "supersede", by=by, superseded_by=successor)


def _reinstate(connection: Connection, number: int | None, *, by: Actor, now: datetime) -> None:
    """Give a corrected submission its place back, because the correction was withdrawn before it was public."""
    if number is None:
        return
    known = inbox.get(connection, number)
    inbox.record_successor(connection, number, None)
    inbox.move(connection, number, "reinstate", "published", by=by, now=now)
    _moved(connection, known, "reinstate", by=by)


def _say(
    connection: Connection, submission: Submission, said: Instructions, *, by: Actor, reviewed: bool, new: bool
) -> None:
    """Keep what is said beside the file, where it is said in time and by who may say it.

    Of a return that is reviewed only its sender says anything; somebody else submits it in their own name.
    """
    before, _ = inbox.said(connection, submission.id)
    somebody_elses = reviewed and by.name != submission.received_by
    if submission.state not in ("received", "examined") or somebody_elses or (before == said and not new):
        return
    inbox.record_said(connection, submission.id, said, by=by)
    told = {name: value for name, value in asdict(said).items() if value}
    act, facts = ("receive", {"sha256": submission.sha256}) if new else ("say", {})
    audit.record(connection, by, act, _named(submission.id), after=facts | {"said": told})


def _public_from(connection: Connection, said: Instructions, at: datetime | None, *, now: datetime) -> datetime:
    """From when a return is public: never before what it corrects.

    Raises TooEarly.
    """
    corrected = inbox.get(connection, said.corrects) if said.corrects else None
    earliest = max(now, corrected.published_at or now) if corrected else now
    if at is None:
        return earliest
    if at < now:
        raise TooEarly(f"{at.isoformat()} lies in the past; a figure is public from now on, or from a later moment.")
    if at < earliest:
        raise TooEarly(
            f"Submission {said.corrects}, which this one corrects, is public from {earliest.isoformat()} on; the"
            " correction is public from then on, or from a later moment."
        )
    return at


def _published(
    connection: Connection,
    number: int,
    summary: Summary,
    said: Instructions,
    *,
    at: datetime,
    by: Actor,
    now: datetime,
) -> Submission:
    """The submission once its figures are in the ledger: with their counts, its move and its audit."""
    before = inbox.get(connection, number)
    inbox.record_publication(connection, number, summary, accept_good_rows=said.accept_good_rows, at=at)
    inbox.move(
        connection, number, "publish", "published", by=by, now=now, reason_code=said.reason_code, reason=said.reason
    )
    return _moved(connection, before, "publish", by=by, at=at, reason=said.reason)


def _says_something_new(known: Submission, said: Instructions) -> bool:
    """Of a file that is published already: another reason, another publication, or that the good rows will do."""
    return known.state == "published" and (
        said.reason not in (None, known.reason)
        or said.published_at not in (None, known.published_at)
        or said.accept_good_rows != known.accept_good_rows
    )


def _named(number: int) -> str:
    return f"submission {number}"

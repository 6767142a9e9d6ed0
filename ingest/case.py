"""A submission as a case: its states, the acts that lead from one to the next, and who may do which now.

ACTS is the one table of them: the stages obey it, every answer tells from it what may come next, and the picture in
docs/submissions.md is drawn from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ingest.authority import MATRIX, Actor, Grant, NotYours, Role, answers_for, reaches
from ingest.catalogue import Catalogue
from ingest.dataset import Dataset
from ingest.submission import Move, State, Submission

STATES: dict[State, tuple[str, str]] = {
    "received": ("đã nhận", "the bytes are safe; nobody has looked into them yet"),
    "examined": ("đã kiểm tra", "every figure was held against the rules; the sender reads what was found"),
    "submitted": ("đã nộp", "the sender stands by it; it waits for a review"),
    "in_review": ("đang thẩm định", "a reviewer has it, or one review agreed and the next is awaited"),
    "returned": ("bị trả lại", "back with the sender, with the reason"),
    "accepted": ("đã chấp nhận", "every review that the dataset asks for agreed; it waits for publication"),
    "published": ("đã công bố", "its figures are in the ledger, public now or at the moment of the embargo"),
    "superseded": ("đã bị thay thế", "a later submission took its place"),
    "withdrawn": ("đã rút", "taken back before publication, or its figures withdrawn after it"),
}


@dataclass(frozen=True, slots=True)
class Act:
    """One way in which a case goes on: from which states, to which, and what it asks for.

    `by_another` asks for a person who neither sent the submission nor agreed to it before. An act without roles follows
    from an act on another submission.
    """

    name: str
    before: tuple[State, ...]
    after: tuple[State, ...]
    en: str
    vi: str
    with_reason: bool = False
    by_another: bool = False
    thing: str = "submission"

    @property
    def roles(self) -> frozenset[Role]:
        """Who may, where the state allows it."""
        return MATRIX[self.thing].get(self.name, frozenset())


ACTS: dict[str, Act] = {
    act.name: act
    for act in (
        Act("receive", (), ("received",), "the file comes in", "nhận tệp"),
        Act("examine", ("received", "examined"), ("examined",), "the rules are applied", "kiểm tra số liệu"),
        Act(
            "submit",
            ("examined", "returned"),
            ("submitted", "accepted"),
            "the sender stands by it; accepted at once where the dataset asks for no review",
            "nộp báo cáo",
        ),
        Act("take_up", ("submitted",), ("in_review",), "a reviewer begins", "bắt đầu thẩm định"),
        Act(
            "accept",
            ("submitted", "in_review"),
            ("in_review", "accepted"),
            "a review agrees; the next one is asked, or it was the last",
            "chấp nhận",
            by_another=True,
        ),
        Act(
            "return",
            ("submitted", "in_review", "accepted"),
            ("returned",),
            "back to the sender, cell by cell where wished",
            "trả lại",
            with_reason=True,
        ),
        Act("publish", ("accepted",), ("published",), "now, or at an embargo's end", "công bố"),
        Act(
            "take_back",
            ("received", "examined", "submitted", "in_review", "returned"),
            ("withdrawn",),
            "the sender takes it back",
            "rút lại báo cáo",
        ),
        Act(
            "withdraw",
            ("published",),
            ("withdrawn",),
            "the published figures are withdrawn; what was said stays readable",
            "thu hồi số liệu",
            with_reason=True,
            by_another=True,
        ),
        Act(
            "supersede",
            ("received", "examined", "submitted", "in_review", "returned", "published"),
            ("superseded",),
            "a later submission of the same return was submitted, or a correction published",
            "bị thay thế",
        ),
        Act(
            "reinstate",
            ("superseded",),
            ("published",),
            "the correction that took its place was withdrawn before it was public",
            "khôi phục",
        ),
    )
}
# Evidence is attached until the return is decided; the case itself does not move by it.
ATTACH = Act(
    "attach", ACTS["take_back"].before, (), "a file is laid beside it", "đính kèm minh chứng", thing="evidence"
)
# What an answer tells the asker about: may_submit, may_return, ...
OFFERED = ("submit", "take_up", "accept", "return", "publish", "take_back", "withdraw")


class NotNow(Exception):
    """The submission is in a state from which this act does not lead on; somebody else may have been faster."""

    def __init__(self, case: Submission, act: Act) -> None:
        """Say in which state it is, since when and by whom, and from which states the act leads on."""
        wanted = " or ".join(act.before)
        super().__init__(
            f"Submission {case.id} is {case.state} ({'; '.join(map(_happened, case.moves[-1:]))});"
            f" “{act.name}” is for one that is {wanted}."
        )
        self.case = case


class SeenOtherwise(Exception):
    """The submission moved on since the asker looked at it."""

    def __init__(self, case: Submission, seen: int) -> None:
        """Say what happened since, and in which version it is now."""
        since = [move for move in case.moves if move.version > seen] or case.moves[-1:]
        super().__init__(
            f"Submission {case.id} is not as you saw it: {'; then '.join(map(_happened, since))}."
            f" It is version {case.version} now; read it again, and decide on that."
        )
        self.case = case


def refusal(act: Act, case: Submission, by: Actor, catalogue: Catalogue) -> NotNow | NotYours | None:
    """Why this act is not for this actor now, or None where it is."""
    dataset = catalogue.datasets[case.dataset]
    if not _has_right(act, case, dataset, by, catalogue):
        return NotYours(_whose(act, case, dataset))
    if case.state not in act.before:
        return NotNow(case, act)
    if act.by_another and by.name in set(_involved(case)):
        return NotYours(
            f"You sent submission {case.id} or agreed to it already; another person does “{act.name}” (four eyes)."
        )
    return None


def allowed(case: Submission, by: Actor, catalogue: Catalogue) -> dict[str, bool]:
    """What this actor may do next: may_submit, may_accept, ... of everything OFFERED. Errors are mended in the file."""
    may = {f"may_{name}": refusal(ACTS[name], case, by, catalogue) is None for name in OFFERED}
    return may | {"may_submit": may["may_submit"] and not case.errors}


def may_read(case: Submission, by: Actor, catalogue: Catalogue) -> bool:
    """Say whether the case concerns the actor: as sender, as reviewer, as publisher, or as who runs the service."""
    return _reads("submission", case, by, catalogue)


def may_read_evidence(case: Submission, by: Actor, catalogue: Catalogue) -> bool:
    """Say whether the actor may read the files beside a case."""
    return _reads("evidence", case, by, catalogue)


def may_send(dataset: Dataset, reporting_unit: str | None, by: Actor, catalogue: Catalogue) -> bool:
    """Say whether the actor may send a return of the dataset for this unit.

    What nobody owes is collected from documents and published at once, so that is for publishers.
    """
    roles = MATRIX["submission" if dataset.owed_by else "collection"]["receive"]
    return any(
        grant.role in roles and reaches(grant, catalogue, reporting_unit=reporting_unit, dataset=dataset.code)
        for grant in by.grants
    )


def readable(by: Actor, catalogue: Catalogue) -> dict[str, frozenset[str | None] | None]:
    """By dataset, the reporting units whose submissions the actor may read; None stands for all."""
    return {dataset.code: _readable("submission", dataset, by, catalogue) for dataset in catalogue.datasets.values()}


def _reads(thing: str, case: Submission, by: Actor, catalogue: Catalogue) -> bool:
    units = _readable(thing, catalogue.datasets[case.dataset], by, catalogue)
    return units is None or case.reporting_unit in units


def _readable(thing: str, dataset: Dataset, by: Actor, catalogue: Catalogue) -> frozenset[str | None] | None:
    """The reporting units of whose returns the actor may read the thing; None stands for all."""
    reach = [
        _concerns(grant, dataset, catalogue)
        for grant in by.grants
        if grant.role in MATRIX[thing]["read"] and grant.dataset in (None, dataset.code)
    ]
    return None if None in reach else frozenset[str | None]().union(*filter(None, reach))


def _concerns(grant: Grant, dataset: Dataset, catalogue: Catalogue) -> frozenset[str | None] | None:
    """A reviewer is concerned by all that comes before their unit, and by no other; everybody else by their units'."""
    if grant.role == "reviewer":
        reviews = (reaches(grant, catalogue, reporting_unit=each, dataset=dataset.code) for each in dataset.review)
        return None if any(reviews) else frozenset()
    return None if grant.reporting_unit is None else answers_for(grant.reporting_unit, catalogue)


def _has_right(act: Act, case: Submission, dataset: Dataset, by: Actor, catalogue: Catalogue) -> bool:
    return any(
        reaches(grant, catalogue, reporting_unit=subject, dataset=dataset.code)
        for grant in by.grants
        if grant.role in act.roles
        for subject in _subjects(grant.role, act, case, dataset)
    )


def _subjects(role: Role, act: Act, case: Submission, dataset: Dataset) -> tuple[str | None, ...]:
    """The units that a grant of this role has to reach to act on the case as it stands."""
    if role == "reviewer":
        return dataset.review if case.level is None else dataset.review[case.level - 1 : case.level]
    if role == "publisher" and act.name == "return" and case.level is not None:
        return ()  # while it is reviewed it is the reviewers' to return
    return (case.reporting_unit,)


def _involved(case: Submission) -> Iterator[str]:
    """Who ever sent or submitted the case, and who agreed to it since; the database asks the same of an acceptance."""
    submitted = max((move.version for move in case.moves if move.act == "submit"), default=0)
    for move in case.moves:
        if move.act in ("receive", "submit") or (move.act == "accept" and move.version > submitted):
            yield move.by


def _whose(act: Act, case: Submission, dataset: Dataset) -> str:
    if not act.roles:
        return f"“{act.name}” follows from what is done with another submission; nobody does it by itself."
    whom = " or ".join(sorted(act.roles))
    about = case.reporting_unit or "all units"
    if "reviewer" in act.roles and case.level is not None:
        about = dataset.review[case.level - 1]
    return f"“{act.name}” of submission {case.id} is for the {whom} of {about} in {dataset.code}."


def _happened(move: Move) -> str:
    return f"{move.act} by {move.by} at {move.at:%Y-%m-%d %H:%M:%S%z}"

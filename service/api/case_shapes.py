"""How submissions look to a program: what is said of them, and what is said to them."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from ingest.period import day_of
from ingest.progress import Stage
from ingest.spelling import nearest
from ingest.submission import ReasonCode, SignedAs, State
from service.api.shapes import Number, Shape
from service.asking import refuse_nul
from service.problems import Problem, unknown_parameter


class Said(Shape):
    """What is said in the body of a request; a member that there is not is refused, with the nearest that there is."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, said: Any, _: ValidationInfo) -> Any:
        if isinstance(said, dict):
            for name, value in said.items():
                _refuse_unstorable(str(name), value)
                if name not in cls.model_fields:
                    raise unknown_parameter("field", str(name), nearest(str(name), cls.model_fields))
        return said


def _refuse_unstorable(name: str, value: Any) -> None:
    """Refuse text that no database keeps, wherever in the member it stands."""
    match value:
        case str():
            refuse_nul(name, value)
            if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
                sentence = f"“{name}” holds half a character (a lone surrogate); send it as UTF-8."
                raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter=name)
        case list():
            for each in value:
                _refuse_unstorable(name, each)
        case dict():
            for inner, each in value.items():
                _refuse_unstorable(name, inner)
                _refuse_unstorable(name, each)
        case _:
            pass


def _words(said: str) -> str:
    if not any(letter.isalnum() for letter in said):
        raise ValueError("say it in words")
    return said.strip()


def _day(said: Any) -> Any:
    return day_of(said) if isinstance(said, str) else said


# A reason that somebody else is to read.
Words = Annotated[str, Field(max_length=2000), AfterValidator(_words)]


class SaidOfFile(Said):
    """What a sender says beside a file."""

    dataset: str = Field(description="the code of the dataset", examples=["PROVINCE_QUARTERLY"])
    reporting_unit: str | None = Field(default=None, description="who returns it: code, or name in the period")
    period: str | None = Field(default=None, description="the period: 2024-Q1, Quý I/2024, ...")
    mapping: str | None = Field(default=None, description="how the columns of somebody else's file are read")
    reason: str | None = Field(default=None, description="why published figures are revised, in words")
    reason_code: str | None = Field(
        default=None, description="late_report, correction, new_method, new_source or reconciliation"
    )
    corrects: int | None = Field(
        default=None, description="the published submission that this one corrects", ge=1, lt=2**63
    )
    published_at: str | None = Field(
        default=None, description="when the figures were or will be public, else now; only where nothing is reviewed"
    )
    submit: bool = Field(default=False, description="submit it for review at once, where nothing blocks")
    accept_good_rows: bool = Field(
        default=False, description="publish the good rows although others are refused; only where nothing is reviewed"
    )
    dry_run: bool = Field(default=False, description="say everything, store nothing")


class SaidOfFigures(SaidOfFile):
    """A submission as JSON: the same, and the figures in the members of the long format."""

    figures: list[dict[str, Any]] = Field(description="one object a figure, with the columns of docs/files.md")


class SignatureGiven(Said):
    """Who answers for the return on paper."""

    compiled_by: str | None = Field(default=None, description="người lập biểu", max_length=200)
    checked_by: str | None = Field(default=None, description="người kiểm tra", max_length=200)
    signed_by: str | None = Field(default=None, description="người ký", max_length=200)
    signed_as: SignedAs | None = Field(default=None, description="TM., KT., TL. or TUQ.")
    document_number: str | None = Field(default=None, description="số văn bản", examples=["15/BC-UBND"], max_length=100)
    document_date: Annotated[date | None, BeforeValidator(_day)] = Field(
        default=None, description="ISO or day first: 2025-01-10, 10/01/2025"
    )


class Submitting(Said):
    """Standing by a return."""

    justifications: dict[int, Words] = Field(
        default_factory=dict[int, str], description="why a warned figure is right, by the number of its finding"
    )
    signature: SignatureGiven | None = None
    corrects: int | None = Field(
        default=None, description="the published submission that this one corrects", ge=1, lt=2**63
    )
    reason_code: ReasonCode | None = None
    reason: Words | None = None


class Accepting(Said):
    """Agreeing to a return."""

    reason: Words | None = Field(default=None, description="a note that stays with the decision")


class RemarkGiven(Said):
    """What is to be mended in one cell."""

    place: str = Field(description="the place as the findings and the diff name it", max_length=500)
    text: Words


class Returning(Said):
    """Sending a return back."""

    reason: Words
    remarks: list[RemarkGiven] = Field(default_factory=list[RemarkGiven], max_length=1000)


class Publishing(Said):
    """Publishing an accepted return."""

    at: str | None = Field(default=None, description="from when the figures are public, else now")


class TakingBack(Said):
    """Taking a return back."""

    reason: Words | None = None


class Withdrawing(Said):
    """Withdrawing what was published."""

    reason_code: ReasonCode
    reason: Words


class Summary(Shape):
    """What becomes of the figures at publication: observations, and rows that were refused."""

    created: int
    revised: int
    unchanged: int
    refused: int


class Finding(Shape):
    """What is wrong or remarkable about one place of a submission."""

    rule: str
    severity: str = Field(description="error blocks, warning asks for a justification, information tells")
    place: str
    found: str
    expected: str
    vi: str
    en: str
    justification: str | None = Field(description="why the sender keeps the figure")
    justified_by: str | None


class NumberedFinding(Finding):
    """A finding of a submission, with the number that justifies it."""

    number: int


class Remark(Shape):
    """What a reviewer says of one cell."""

    place: str
    text: str


class Move(Shape):
    """One act on a submission, and the state that it led to."""

    version: int
    at: datetime
    by: str
    act: str
    state: State
    level: int | None = Field(description="the review that decided, counted from 1")
    reason_code: ReasonCode | None
    reason: str | None
    remarks: list[Remark]


class Signature(Shape):
    """Who answers for a return on paper."""

    compiled_by: str | None
    checked_by: str | None
    signed_by: str | None
    signed_as: SignedAs | None
    document_number: str | None
    document_date: date | None


class Evidence(Shape):
    """A file that shows why a figure, or the whole return, is right."""

    id: int
    place: str | None = Field(description="the cell that it is about; null: the whole return")
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    added_at: datetime
    added_by: str


class SubmissionEntry(Shape):
    """One return, where it stands, and what the asker may do next."""

    id: int
    dataset: str
    reporting_unit: str | None
    period: str | None
    mapping: str | None
    file_name: str
    sha256: str
    size_bytes: int
    state: State
    version: int = Field(description="counts its moves; the ETag, to be sent back as If-Match")
    level: int | None = Field(description="the review that it waits for, counted from 1")
    errors: int = Field(description="how many findings block")
    unanswered: int = Field(description="how many warnings nobody justified yet")
    received_at: datetime
    received_by: str
    corrects: int | None
    reason_code: ReasonCode | None
    reason: str | None
    signature: Signature | None
    superseded_by: int | None
    failure: str | None = Field(description="why it did not go as far as was asked")
    accept_good_rows: bool | None = Field(description="whether good rows were published although others were refused")
    published_at: datetime | None = Field(description="from when its figures are public")
    summary: Summary | None
    may_submit: bool
    may_take_up: bool
    may_accept: bool
    may_return: bool
    may_publish: bool
    may_take_back: bool
    may_withdraw: bool


class Progress(Shape):
    """How far the work on a submission has got."""

    stage: Stage = Field(description="reading counts bytes, checking rules, comparing and storing figures")
    done: int
    total: int | None
    at: datetime


class Submission(SubmissionEntry):
    """One return in full: what was found in it, what it went through, and what lies beside it."""

    progress: Progress | None = Field(description="while it is worked on, from the second on that this takes")
    findings: list[NumberedFinding]
    moves: list[Move]
    evidence: list[Evidence]


class Submissions(Shape):
    """Submissions, the newest first, without their findings, moves and evidence."""

    submissions: list[SubmissionEntry]
    next: str | None


class Tried(Shape):
    """What a submission would become; nothing was stored."""

    summary: Summary
    findings: list[Finding]


class Compared(Shape):
    """One figure of a submission beside what is known of its series."""

    place: str = Field(description="where it stands in the file")
    series: str
    indicator: str
    reporting_unit: str
    accumulation: str
    source: str
    breakdown: str
    unit_measure: str
    period: str
    value: Number | None
    status: str
    withdrawn: bool
    reason: str | None
    published_value: Number | None = Field(description="what is public now of the same period")
    published_status: str | None
    last_value: Number | None = Field(description="the period before")
    year_ago_value: Number | None = Field(description="the same period a year before")
    change_from_last: Number | None = Field(description="value minus last_value, in the unit of measure")
    outcome: str = Field(description="what publication would make of it: created, revised, unchanged, withdrawn")


class Diff(Shape):
    """A submission beside what is public, figure by figure, in the order of the file."""

    submission: int
    as_of: datetime
    figures: list[Compared]
    next: str | None


class EvidenceList(Shape):
    """The files beside a submission."""

    evidence: list[Evidence]

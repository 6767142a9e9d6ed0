"""The acts on a submission, one route each: what the sender, the reviewer and the publisher do next.

Every one asks for If-Match, the ETag of the submission that was read: who decides decides on what they saw. Of two who
decide at once one wins, and the other is told what happened.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import Response

from ingest import stages
from ingest.examination import NotSound
from ingest.period import moment
from ingest.submission import Remark, Signature, Submission
from service import intake
from service.acting import Act, Acts, Seen
from service.api import answers, case_shapes
from service.api.submissions import concerning, told
from service.asking import clock, only_known
from service.problems import answer, problem_of, responses

router = APIRouter(
    prefix="/v1/submissions/{number}",
    route_class=Act,
    dependencies=[Depends(only_known)],
    responses=answers.documented(case_shapes.Submission)
    | responses(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.PRECONDITION_REQUIRED,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)


class Deciding:
    """One act on one submission, by somebody who saw a version of it."""

    def __init__(self, request: Request, act: Acts, seen: Seen, number: int) -> None:
        """Hold what every act needs; the submission must concern who acts."""
        self._connection, self._by, self._number = act.connection(), act.by, number
        self._seen, self._now = seen, clock(request)
        concerning(self._connection, number, act.by)

    def done(self, stage: Callable[..., Submission], **said: Any) -> Response:
        """Let the stage do it, and answer with the submission as it is then."""
        submission = stage(self._connection, self._number, by=self._by, now=self._now, seen=self._seen, **said)
        return told(self._connection, submission, self._by)


Case = Annotated[Deciding, Depends()]


@router.post("/submit", summary="Submit a return for review")
def submit(request: Request, case: Case, said: case_shapes.Submitting) -> Response:
    """Stand by a return: no error is left, every warning is justified by its number, and a correction says so."""
    try:
        return case.done(
            stages.submit,
            justifications=said.justifications,
            signature=Signature(**said.signature.model_dump()) if said.signature else None,
            corrects=said.corrects,
            reason_code=said.reason_code,
            reason=said.reason,
        )
    except NotSound as unsound:
        return answer(request, problem_of(unsound))  # an answer and no failure: what was found is kept


@router.post("/take-up", summary="Begin a review")
def take_up(case: Case) -> Response:
    """Begin a review, so that others see that somebody has it."""
    return case.done(stages.take_up)


@router.post("/accept", summary="Agree to a return")
def accept(case: Case, said: Annotated[case_shapes.Accepting, Body(default_factory=case_shapes.Accepting)]) -> Response:
    """Agree at the review that it waits for; never by who sent it, nor by who agreed before."""
    return case.done(stages.accept, reason=said.reason)


@router.post("/return", summary="Send a return back")
def send_back(case: Case, said: case_shapes.Returning) -> Response:
    """Send a return back to its sender with the reason, cell by cell where wished."""
    remarks = [Remark(each.place, each.text) for each in said.remarks]
    return case.done(stages.send_back, reason=said.reason, remarks=remarks)


@router.post("/publish", summary="Publish an accepted return")
def publish(
    case: Case, said: Annotated[case_shapes.Publishing, Body(default_factory=case_shapes.Publishing)]
) -> Response:
    """Publish the figures of an accepted return, now or from a later moment on; all of them or none."""
    return case.done(intake.publish, at=moment(said.at) if said.at else None)


@router.post("/take-back", summary="Take a return back")
def take_back(
    case: Case, said: Annotated[case_shapes.TakingBack, Body(default_factory=case_shapes.TakingBack)]
) -> Response:
    """Take a return back that is not accepted yet."""
    return case.done(stages.take_back, reason=said.reason)


@router.post("/withdraw", summary="Withdraw published figures")
def withdraw(case: Case, said: case_shapes.Withdrawing) -> Response:
    """Withdraw the figures of a published return from now on, those that it corrected among them; the past stays."""
    return case.done(stages.withdraw, reason_code=said.reason_code, reason=said.reason)

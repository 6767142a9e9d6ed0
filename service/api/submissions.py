"""The API for programs that send: a file in, what became of it out."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response

from ingest import inbox
from ingest.period import moment
from ingest.spelling import nearest
from ingest.submission import Instructions, Submission, errors
from service import identity, intake
from service.api import answers, shapes
from service.api.parameters import PAGE, Cursor, Limit, read_cursor, write_cursor
from service.asking import Reading, clock, only_known, refuse_nul
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

Sender = identity.SignedIn
_ADMINISTRATOR = [Depends(identity.signed_in)]


async def instructions(
    request: Request,
    dataset: Annotated[str, Form(description="the code of the dataset")],
    reporting_unit: Annotated[
        str | None, Form(description="whom the figures are about, where the file is silent")
    ] = None,
    period: Annotated[str | None, Form(description="the period, where the file is silent")] = None,
    mapping: Annotated[str | None, Form(description="how the columns of somebody else's file are read")] = None,
    reason: Annotated[str | None, Form(description="why published figures are revised")] = None,
    published_at: Annotated[str | None, Form(description="when the figures were or will be public; else now")] = None,
    accept_good_rows: Annotated[bool, Form(description="publish the good rows although others are refused")] = False,
    dry_run: Annotated[bool, Form(description="say everything, store nothing")] = False,
) -> Instructions:
    """What the sender says beside the file; a field that there is not is refused."""
    known = {"file", *Instructions.__slots__}
    form = await request.form()
    for name, value in form.multi_items():
        refuse_nul(name, value if isinstance(value, str) else "")
        if len(form.getlist(name)) > 1:
            sentence = f"“{name}” is said twice; say it once."
            raise Problem(HTTPStatus.BAD_REQUEST, "repeated-parameter", sentence, parameter=name)
        if name not in known:
            near = nearest(name, known)
            guess = f" Did you mean {' or '.join(near)}?" if near else ""
            sentence = f"There is no field “{name}” here.{guess}"
            raise Problem(HTTPStatus.BAD_REQUEST, "unknown-parameter", sentence, parameter=name, nearest=near)
    return Instructions(
        dataset=dataset,
        reporting_unit=reporting_unit or None,
        period=period or None,
        mapping=mapping or None,
        reason=reason or None,
        published_at=moment(published_at) if published_at else None,
        accept_good_rows=accept_good_rows,
        dry_run=dry_run,
    )


@router.post(
    "/submissions",
    status_code=HTTPStatus.CREATED,
    summary="Send a file",
    responses={
        200: {"model": shapes.Submission | shapes.Tried, "description": "the same file was sent before; or a dry run"},
        201: {"model": shapes.Submission, "description": "the figures are published"},
        **responses(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY),
    },
)
def create(
    request: Request,
    sender: Sender,
    said: Annotated[Instructions, Depends(instructions)],
    file: Annotated[
        UploadFile, File(description="our long format as CSV or JSON, our Excel template, or a mapped file")
    ],
) -> Response:
    """Send a file; where nothing in it is wrong its figures are published, else nothing is.

    Every figure becomes an observation or a finding with its place. The same file for the same dataset, reporting unit
    and period is the same submission.
    """
    engine = request.app.state.engine
    content = file.file.read()
    submission, outcome, new = intake.take_in(engine, content, file.filename or "", said, by=sender, now=clock(request))
    if submission is None:
        return answers.json({"summary": outcome.summary, "findings": outcome.findings})
    if not outcome.stored:
        count = len(errors(outcome.findings))
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "submission-refused",
            f"Nothing was stored: {count} error{'s' if count != 1 else ''}. {_first(outcome.findings)}",
            submission=submission.id,
            summary=asdict(outcome.summary),
            findings=[asdict(finding) for finding in outcome.findings],
        )
    return answers.json(_record(submission), status=HTTPStatus.CREATED if new else HTTPStatus.OK)


@router.get(
    "/submissions",
    responses=answers.documented(shapes.Submissions),
    summary="What was sent",
    dependencies=_ADMINISTRATOR,
)
def listed(request: Request, connection: Reading, limit: Limit = PAGE, cursor: Cursor = None) -> Response:
    """Submissions, the newest first, without their findings."""
    rows = inbox.listed(connection, before=read_cursor(cursor, int), limit=limit + 1)
    shown, more = answers.page(rows, limit)
    onward = write_cursor(shown[-1].id) if more else None
    entries = [{name: told for name, told in _record(each).items() if name != "findings"} for each in shown]
    return answers.json({"submissions": entries, "next": onward}, request=request)


@router.get(
    "/submissions/{number}",
    responses=answers.documented(shapes.Submission),
    summary="One submission",
    dependencies=_ADMINISTRATOR,
)
def one(connection: Reading, number: int) -> Response:
    """One submission with its findings."""
    try:
        return answers.json(_record(inbox.get(connection, number)))
    except LookupError as missing:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-submission", f"There is no submission {number}.") from missing


def _record(submission: Submission) -> dict[str, Any]:
    return asdict(submission)


def _first(findings: list[Any]) -> str:
    return str(errors(findings)[0])

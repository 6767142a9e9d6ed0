"""The API for programs that send and read submissions: a file or figures in, the case with its findings out."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError
from sqlalchemy import Connection
from starlette.datastructures import FormData, UploadFile

from ingest import case, examination, inbox, marked, registry
from ingest.authority import Actor
from ingest.catalogue import Catalogue
from ingest.period import moment, parse
from ingest.submission import Instructions, State, Submission, errors, unanswered
from service import intake
from service.acting import Act, Acts
from service.api import answers, case_shapes
from service.api.parameters import PAGE, Cursor, Format, Limit, codes, wanted_format
from service.archive import returns
from service.asking import Reading, clock, only_known
from service.cursors import read_cursor, write_cursor
from service.identity.credentials import SignedIn
from service.problems import Problem, answer, responses

router = APIRouter(
    prefix="/v1/submissions",
    route_class=Act,
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)


_RETRY_AFTER_SECONDS = 2  # how far it is is recorded once a second


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it came in, with what was said beside it."""

    content: bytes
    file_name: str
    said: Instructions


async def sent(request: Request) -> Sent:
    """The file and what the sender says, from a form or from JSON; a member that there is not is refused."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    try:
        if kind == "application/json":
            told = case_shapes.SaidOfFigures.model_validate(msgspec.json.decode(await request.body()))
            return Sent(msgspec.json.encode(told.figures), "figures.json", _instructions(told))
        async with request.form() as form:
            content, file_name = await _file(form)
            fields = {name: value for name, value in form.items() if name != "file" and value != ""}
        return Sent(content, file_name, _instructions(case_shapes.SaidOfFile.model_validate(fields)))
    except (msgspec.DecodeError, RecursionError) as fault:
        sentence = f"The body is no JSON: {fault}."
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="body") from fault
    except ValidationError as fault:
        raise RequestValidationError(fault.errors()) from fault


_JSON = {"schema": case_shapes.SaidOfFigures.model_json_schema()}
_FORM = {"schema": case_shapes.SaidOfFile.model_json_schema()}
_FORM["schema"]["properties"]["file"] = {
    "type": "string",
    "format": "binary",
    "description": "our long format as CSV or JSON, our Excel template, or a mapped file",
}
_FORM["schema"]["required"] = ["dataset", "file"]


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    summary="Send a file, or figures",
    openapi_extra={
        "requestBody": {"required": True, "content": {"multipart/form-data": _FORM, "application/json": _JSON}}
    },
    responses={
        200: {
            "model": case_shapes.Submission | case_shapes.Tried,
            "description": "the same file was sent before; or a dry run",
        },
        201: {"model": case_shapes.Submission, "description": "it was examined, and went on as far as was asked"},
        202: {"model": case_shapes.Submission, "description": "the bytes are safe; ask again at Location"},
        **responses(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
    },
)
def create(
    request: Request,
    by: SignedIn,
    sent: Annotated[Sent, Depends(sent)],
    act: Acts,
    prefer: Annotated[str | None, Header(description="respond-async: examine it later (RFC 7240)")] = None,
) -> Response:
    """Send a file or figures: the bytes are kept, every figure becomes an observation or a finding with its place.

    A dataset that is reviewed keeps the case for its sender to submit (or submits it, with `submit`); one that is not
    publishes it at once where nothing is wrong. The same file for the same dataset, reporting unit and period is the
    same submission. What is larger than 1 MB, or sent with `Prefer: respond-async`, is examined after the answer.
    """
    engine, now = request.app.state.engine, clock(request)
    said = intake.settled(engine, sent.said)
    if said.dry_run:
        outcome = intake.tried(engine, sent.content, sent.file_name, said, by=by, now=now)
        return answers.json({"summary": outcome.summary, "findings": outcome.findings})
    submission, new = intake.keep(engine, sent.content, sent.file_name, said, by=by, now=now)
    connection = act.connection()
    if len(sent.content) > intake.AT_ONCE_BYTES or "respond-async" in (prefer or "").lower():
        intake.finish_later(connection, submission.id)
        later = told(connection, submission, by, status=HTTPStatus.ACCEPTED)
        later.headers["Preference-Applied"] = "respond-async"
        return later
    reviewed = bool(registry.read(connection).datasets[said.dataset].review)
    of_the_sender = said.submit and by.name == submission.received_by
    if new or not reviewed or submission.state == "received" or of_the_sender:
        intake.go_on(connection, submission.id, by=by, now=now)
        submission = inbox.get(connection, submission.id)
    wanted_more = not reviewed or said.submit
    if submission.state == "examined" and wanted_more:
        return _refused(request, submission)
    return told(connection, submission, by, status=HTTPStatus.CREATED if new else HTTPStatus.OK)


@router.get("", responses=answers.documented(case_shapes.Submissions), summary="What was sent")
def listed(
    request: Request,
    asker: SignedIn,
    connection: Reading,
    dataset: Annotated[list[str] | None, Query(description="codes of datasets")] = None,
    reporting_unit: Annotated[str | None, Query(description="the code of a reporting unit")] = None,
    period: Annotated[str | None, Query(description="the period: 2024-Q1, Quý I/2024, ...")] = None,
    state: State | None = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """The submissions that concern the asker, the newest first, without their findings."""
    catalogue = registry.read(connection)
    wanted = codes("dataset", dataset, lambda: list(catalogue.datasets))
    units = [unit.code for unit in catalogue.reporting_units]
    unit = codes("reporting_unit", reporting_unit and [reporting_unit], lambda: units)
    readable = case.readable(asker, catalogue)
    rows = inbox.listed(
        connection,
        {code: reach for code, reach in readable.items() if wanted is None or code in wanted},
        reporting_unit=unit[0] if unit else None,
        period=str(parse(period)) if period else None,
        state=state,
        before=read_cursor(cursor, int),
        limit=limit + 1,
    )
    shown, more = answers.page(rows, limit)
    onward = write_cursor(shown[-1].id) if more else None
    entries = [_entry(each, asker, catalogue) for each in shown]
    return answers.json({"submissions": entries, "next": onward}, request=request)


@router.get("/{number}", responses=answers.documented(case_shapes.Submission), summary="One submission")
def one(asker: SignedIn, connection: Reading, number: int) -> Response:
    """One submission with its findings, its moves and the files beside it; its version is the ETag."""
    return told(connection, concerning(connection, number, asker), asker)


@router.get(
    "/{number}/diff",
    responses=answers.documented(case_shapes.Diff, csv_too=True) | responses(HTTPStatus.NOT_ACCEPTABLE),
    summary="A submission beside what is public",
)
def diff(
    request: Request,
    asker: SignedIn,
    connection: Reading,
    number: int,
    format: Format = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """Each figure with the public one, the last period's, the last year's, and what publication would make of it."""
    wanted = wanted_format(request, format, {"json": "application/json", "csv": "text/csv"})
    now = clock(request)
    rows = returns.figures(connection, concerning(connection, number, asker), now=now)
    if wanted == "csv":
        return answers.table(rows, returns.FIGURE_COLUMNS)
    start = read_cursor(cursor, int) or 0
    shown, more = answers.page(rows[start : start + limit + 1], limit)
    onward = write_cursor(start + limit) if more else None
    return answers.json({"submission": number, "as_of": now, "figures": shown, "next": onward}, request=request)


@router.get(
    "/{number}/file",
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
    response_class=Response,
    summary="The file as it was sent",
)
def file(asker: SignedIn, connection: Reading, number: int) -> Response:
    """The bytes of a submission, to be saved and never shown by a browser."""
    submission = concerning(connection, number, asker)
    return attachment(inbox.content(connection, number), submission.file_name, "application/octet-stream")


@router.get(
    "/{number}/marked",
    responses={
        200: {
            "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in marked.MEDIA_TYPES},
            "description": "the workbook, marked; or where it was none, a workbook that lists what was found",
        },
        304: {"description": "nothing was done with the submission since (If-None-Match)"},
        **responses(HTTPStatus.CONFLICT),
    },
    response_class=Response,
    summary="The workbook as it was sent, marked with what was found",
)
def given_back(
    request: Request,
    asker: SignedIn,
    connection: Reading,
    number: int,
    if_none_match: Annotated[str | None, Header(description="the ETag of the marked workbook that you have")] = None,
) -> Response:
    """The sender's own workbook, with a result beside each row, a comment on each cell with a finding, and their list.

    It is to be corrected and sent again: what Chiso wrote into it is passed over. XLSX and XLSM are marked; of every
    other kind of file there is a workbook with the list. Of one rule 1,000 findings are marked.
    """
    submission = concerning(connection, number, asker)
    if submission.state == "received":
        sentence = f"Submission {number} is not examined yet; ask again in a moment."
        raise Problem(HTTPStatus.CONFLICT, "not-now", sentence)
    tag = {"ETag": f'"{submission.version}"'}
    if if_none_match and tag["ETag"] in if_none_match:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=tag)
    content, (said, _) = inbox.content(connection, number), inbox.said(connection, number)
    back = examination.given_back(
        connection, registry.read(connection), content, said, submission.findings, now=clock(request)
    )
    name, media_type = marked.named(submission.file_name, content)
    answer = attachment(back, name, media_type)
    answer.headers.update(tag)
    return answer


def concerning(
    connection: Connection,
    number: int,
    asker: Actor,
    *,
    may_read: Callable[[Submission, Actor, Catalogue], bool] = case.may_read,
) -> Submission:
    """The submission, where it concerns who asks; to everybody else there is none of that number.

    Raises a 404 problem.
    """
    try:
        submission = inbox.get(connection, number)
    except LookupError:
        submission = None
    if submission is None or not may_read(submission, asker, registry.read(connection)):
        raise Problem(
            HTTPStatus.NOT_FOUND, "unknown-submission", f"There is no submission {number}, or it is not yours to read."
        )
    return submission


def told(connection: Connection, submission: Submission, asker: Actor, *, status: int = HTTPStatus.OK) -> Response:
    """A submission in full, as this asker sees it."""
    findings = [asdict(finding) | {"number": number} for number, finding in enumerate(submission.findings)]
    body = _entry(submission, asker, registry.read(connection)) | {
        "findings": findings,
        "moves": submission.moves,
        "evidence": inbox.evidence(connection, submission.id),
        "progress": inbox.progress(connection, submission.id) if submission.state == "received" else None,
    }
    response = answers.json(body, status=status)
    response.headers["ETag"] = f'"{submission.version}"'
    if submission.state == "received" and not submission.failure:
        response.headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
    if status in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
        response.headers["Location"] = f"/v1/submissions/{submission.id}"
    return response


def attachment(content: bytes, file_name: str, media_type: str) -> Response:
    """A file that somebody sent: saved, never shown, never taken for a page."""
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file_name or 'file', safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def _entry(submission: Submission, asker: Actor, catalogue: Catalogue) -> dict[str, Any]:
    apart = {"findings": (), "moves": ()}
    facts = {name: value for name, value in asdict(replace(submission, **apart)).items() if name not in apart}
    return facts | case.allowed(submission, asker, catalogue)


def _refused(request: Request, submission: Submission) -> Response:
    """It was kept, and did not go as far as was asked: a problem that is an answer, not a failure."""
    problem = Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "submission-refused",
        f"Nothing was stored: {_obstacle(submission)}",
        submission=submission.id,
        summary=asdict(submission.summary) if submission.summary else None,
        findings=[asdict(finding) | {"number": number} for number, finding in enumerate(submission.findings)],
    )
    problem.headers["ETag"] = f'"{submission.version}"'
    return answer(request, problem)


def _obstacle(submission: Submission) -> str:
    """Why a submission did not go as far as was asked."""
    if submission.failure:
        return submission.failure
    found = errors(submission.findings) or unanswered(submission.findings)
    if not found:
        return f"{submission.received_by} sent this file before, as submission {submission.id}; submit that one."
    severity = found[0].severity
    return f"{len(found)} {severity}{'s' if len(found) != 1 else ''}. {found[0]}"


async def _file(form: FormData) -> tuple[bytes, str]:
    for name in form:
        if len(form.getlist(name)) > 1:
            sentence = f"“{name}” is said twice; say it once."
            raise Problem(HTTPStatus.BAD_REQUEST, "repeated-parameter", sentence, parameter=name)
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", "“file” is missing.", parameter="file")
    return await file.read(), file.filename or ""


def _instructions(told: case_shapes.SaidOfFile) -> Instructions:
    facts = told.model_dump(exclude={"figures", "published_at"})
    return Instructions(**facts, published_at=_moment(told.published_at))


def _moment(written: str | None) -> datetime | None:
    return moment(written) if written else None

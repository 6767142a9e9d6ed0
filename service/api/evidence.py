"""The files beside a submission: attached by its sender, saved by who may read it, never shown by a browser."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response

from ingest import case, inbox, stages
from service.acting import Act, Acts
from service.api import answers, case_shapes
from service.api.submissions import attachment, concerning
from service.asking import Reading, clock, only_known, refuse_nul
from service.identity.credentials import SignedIn
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1/submissions/{number}/evidence",
    route_class=Act,
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    summary="Attach a file",
    responses={
        201: {"model": case_shapes.Evidence, "description": "the file is kept"},
        **responses(
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ),
    },
)
def attach(
    request: Request,
    act: Acts,
    number: int,
    file: Annotated[UploadFile, File(description="a PDF, PNG, JPEG, DOCX or XLSX of at most 10 MB")],
    place: Annotated[str | None, Form(description="the cell that it is about, as the diff names it")] = None,
) -> Response:
    """Attach a file to a cell, or to the whole return, until the return is decided; its kind is told by its bytes."""
    refuse_nul("place", place or "")
    refuse_nul("file", file.filename or "")
    connection = act.connection()
    concerning(connection, number, act.by)
    kept = stages.attach(
        connection,
        number,
        file.file.read(),
        place=place or None,
        file_name=file.filename or "",
        by=act.by,
        now=clock(request),
    )
    return answers.json(kept, status=HTTPStatus.CREATED)


@router.get("", responses=answers.documented(case_shapes.EvidenceList), summary="The files beside a submission")
def listed(asker: SignedIn, connection: Reading, number: int) -> Response:
    """The files beside a submission, in the order in which they came, without their bytes."""
    concerning(connection, number, asker, may_read=case.may_read_evidence)
    return answers.json({"evidence": inbox.evidence(connection, number)})


@router.get(
    "/{evidence}",
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
    response_class=Response,
    summary="One file beside a submission",
)
def one(asker: SignedIn, connection: Reading, number: int, evidence: int) -> Response:
    """The bytes of one file, to be saved."""
    concerning(connection, number, asker, may_read=case.may_read_evidence)
    try:
        kept, content = inbox.evidence_content(connection, number, evidence)
    except LookupError as missing:
        sentence = f"There is no file {evidence} beside submission {number}."
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-evidence", sentence) from missing
    return attachment(content, kept.file_name, "application/octet-stream")

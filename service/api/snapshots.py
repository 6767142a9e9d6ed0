"""The API's snapshots: an answer frozen byte for byte, at an address that stays, with a citation."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from ingest import authority
from service import database, snapshots
from service.api import answers
from service.api.asked import AskedOfMany
from service.api.parameters import PAGE, Cursor, Limit, read_cursor, write_cursor
from service.api.shapes import Shape
from service.archive import metadata, question
from service.asking import Reading, clock, only_known
from service.formats import bundle
from service.identity.credentials import SignedIn
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1/snapshots",
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_ZIP = "application/zip"
_FOR_EVER = "public, max-age=31536000, immutable"
_PACKAGE: dict[int | str, dict[str, Any]] = {
    200: {"content": {_ZIP: {"schema": {"type": "string", "format": "binary"}}}, "description": "the same for ever"},
    304: {"description": "What If-None-Match names is the package."},
}


class Citation(Shape):
    """How to cite a snapshot, ready to be pasted."""

    vi: str
    en: str


class Snapshot(Shape):
    """An answer as it was frozen."""

    code: str = Field(description="the beginning of the digest: the same bytes are the same snapshot")
    sha256: str = Field(description="of the package")
    size_bytes: int
    frozen_at: datetime
    frozen_by: str
    as_of: datetime = Field(description="the moment whose figures these are")
    query: str = Field(description="the question, as it stands in an address of /v1/observations")
    title_vi: str
    title_en: str
    observations: int
    address: str = Field(description="of this description; it stays")
    package: str = Field(description="the address of the zip: data.csv, metadata.json, README.md, SHA256SUMS")
    citation: Citation


class Snapshots(Shape):
    """Snapshots, the last frozen first."""

    snapshots: list[Snapshot]
    next: str | None


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    summary="Freeze an answer",
    responses={
        201: {"model": Snapshot, "description": "it is kept, byte for byte"},
        **responses(HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    },
)
def frozen(request: Request, asker: SignedIn, connection: Reading, asked: AskedOfMany) -> Response:
    """Freeze what /v1/observations answers to these parameters; without `as_of`, as of now.

    The same answer frozen again is the snapshot that there is.
    """
    authority.refuse_others(asker, "freeze", "snapshot")
    now = clock(request)
    if asked.as_of > now:
        sentence = f"“as_of” ({asked.as_of}) lies ahead: only what was known by now can be frozen."
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="as_of")
    named = [pair for pair in request.query_params.multi_items() if pair[0] != "as_of"]
    query = urlencode([*sorted(named), ("as_of", asked.as_of.isoformat())])
    address = f"{_root(request)}/v1/observations?{query}"
    about = metadata.gathered(connection, asked, as_of=asked.as_of, address=address)
    if not about.observations:
        sentence = "There is no observation in this answer, so there is nothing to freeze; ask for other series."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-to-freeze", sentence)
    title_vi, title_en = about.title
    described = snapshots.Question(query, asked.as_of, title_vi, title_en, about.observations)
    package = bundle.bundled(connection, question.whole(connection, asked), about)
    with database.writing(request.app.state.engine) as kept:
        told = snapshots.freeze(kept, package, described, by=asker, now=now)
    said = _told(request, told)
    answer = answers.json(said, status=HTTPStatus.CREATED)
    answer.headers["Location"] = said["address"]
    return answer


@router.get("", responses=answers.documented(Snapshots), summary="Snapshots")
def listed(request: Request, connection: Reading, limit: Limit = PAGE, cursor: Cursor = None) -> Response:
    """What was frozen, the last first."""
    rows = snapshots.listed(connection, after=read_cursor(cursor, tuple[datetime, str]), limit=limit + 1)
    shown, more = answers.page(rows, limit)
    onward = write_cursor((shown[-1]["frozen_at"], shown[-1]["code"])) if more else None
    return answers.json({"snapshots": [_told(request, row) for row in shown], "next": onward}, request=request)


@router.get("/{code}", responses=answers.documented(Snapshot), summary="One snapshot")
def one(request: Request, connection: Reading, code: str) -> Response:
    """What was frozen, when, by whom, and how to cite it."""
    return answers.json(_told(request, _known(connection, code)))


@router.get("/{code}/package", responses=_PACKAGE, response_class=Response, summary="The bytes of a snapshot")
def package(connection: Reading, code: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """The zip as it was frozen: the same bytes for ever, whatever was revised since; the ETag is its SHA-256."""
    found = _known(connection, code)
    headers = {
        "ETag": f'"{found["sha256"]}"',
        "Cache-Control": _FOR_EVER,
        "Content-Disposition": f'attachment; filename="chiso-{found["code"]}.zip"',
    }
    if found["sha256"] in (if_none_match or ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return StreamingResponse(snapshots.content(connection, found["code"]), headers=headers, media_type=_ZIP)


def _known(connection: Reading, code: str) -> dict[str, Any]:
    found = snapshots.snapshot(connection, code.lower())
    if found is None:
        sentence = f"There is no snapshot “{code}”. Those that there are stand at /v1/snapshots."
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-snapshot", sentence)
    return found


def _told(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    address = f"{_root(request)}/v1/snapshots/{row['code']}"
    return {
        **row,
        "address": address,
        "package": f"{address}/package",
        "citation": snapshots.citation(row, address),
    }


def _root(request: Request) -> str:
    return (request.app.state.public_url or str(request.base_url)).rstrip("/")

"""The API's snapshots: an answer frozen byte for byte, at an address that stays, with a citation."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import Field

from ingest import authority
from ingest.period import LOCAL_ZONE
from service import caching, database, snapshots
from service.api import addresses, answers
from service.api.asked import AskedOfMany
from service.api.parameters import PAGE, Cursor, Limit
from service.api.shapes import Shape
from service.archive import metadata, question
from service.asking import Reading, clock, is_of_now, only_known
from service.cursors import ExactMoment, read_cursor, write_cursor
from service.formats import bundle
from service.identity.credentials import SignedIn
from service.problems import Problem, responses
from service.streamed import Streamed

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
    as_of: datetime = Field(description="the moment whose figures these are")
    query: str = Field(description="the question, as it stands in an address of /v1/observations")
    title_vi: str
    title_en: str
    source_vi: str = Field(description="who published the figures")
    source_en: str
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
    if request.headers.get("content-length", "0") != "0":
        sentence = "What is frozen is said in the address, as to /v1/observations: leave the body out."
        raise Problem(HTTPStatus.BAD_REQUEST, "body-not-taken", sentence)
    if not asked.selection.codes:
        sentence = "Say which figures to freeze: an indicator or a reporting unit, for example."
        raise Problem(HTTPStatus.BAD_REQUEST, "nothing-named", sentence)
    now = clock(request)
    if asked.as_of > now:
        sentence = f"“as_of” ({asked.as_of}) lies ahead: only what was known by now can be frozen."
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="as_of")
    # The package is the same from whatever host it is asked for, and whatever else was loaded meanwhile.
    moment = None if is_of_now(request, request.query_params.get("as_of")) else asked.as_of
    about = replace(metadata.gathered(connection, asked, as_of=moment, address=""), data_version={})
    if not about.observations:
        sentence = "There is no observation in this answer, so there is nothing to freeze; ask for other series."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-to-freeze", sentence)
    asked = replace(asked, as_of=about.as_of)
    named = sorted(pair for pair in request.query_params.multi_items() if pair[0] != "as_of")
    query = urlencode([*named, ("as_of", about.as_of.astimezone(LOCAL_ZONE).isoformat())])
    about = replace(about, address=f"{request.app.state.public_url}/v1/observations?{query}")
    described = snapshots.Question(query, about.as_of, *about.title, *about.publishers, about.observations)
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
    rows = snapshots.listed(connection, after=read_cursor(cursor, tuple[ExactMoment, str]), limit=limit + 1)
    shown, more = answers.page(rows, limit)
    onward = write_cursor((shown[-1]["frozen_at"], shown[-1]["code"])) if more else None
    return answers.json({"snapshots": [_told(request, row) for row in shown], "next": onward}, request=request)


@router.get(
    "/{code}",
    dependencies=[caching.VALIDATED],
    responses=caching.NOT_MODIFIED | answers.documented(Snapshot),
    summary="One snapshot",
)
def one(request: Request, connection: Reading, code: str) -> Response:
    """What was frozen, when, and how to cite it."""
    return answers.json(_told(request, _known(connection, code)))


@router.get("/{code}/package", responses=_PACKAGE, response_class=Response, summary="The bytes of a snapshot")
def package(request: Request, connection: Reading, code: str) -> Response:
    """The zip as it was frozen: the same bytes for ever, whatever was revised since; the ETag is its SHA-256."""
    found = _known(connection, code)
    headers = {
        "ETag": f'"{found["sha256"]}"',
        "Cache-Control": _FOR_EVER,
        "Content-Disposition": f'attachment; filename="chiso-{found["code"]}.zip"',
    }
    if caching.held(request.headers, found["sha256"]) or caching.holds_anything(request.headers):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Content-Length"] = str(found["size_bytes"])
    return Streamed(request, snapshots.content(connection, found["code"]), headers=headers, media_type=_ZIP, rows=None)


def _known(connection: Reading, code: str) -> dict[str, Any]:
    found = snapshots.snapshot(connection, code.lower())
    if found is None:
        sentence = f"There is no snapshot “{code}”. Those that there are stand at /v1/snapshots."
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-snapshot", sentence)
    return found


def _told(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    address = f"{addresses.root(request)}/v1/snapshots/{row['code']}"
    # Who froze it is in the audit: a person's name is not for everybody.
    return {
        **{name: row[name] for name in Snapshot.model_fields if name in row},
        "address": address,
        "package": f"{address}/package",
        "citation": snapshots.citation(row, address),
    }

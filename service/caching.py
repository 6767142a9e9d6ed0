"""Whether what an asker holds is still right: validators of answers from the archive, and what proxies may keep.

An answer about figures changes when the data's version does, and at no other time; one about deadlines also when a day
begins (`by_day`). So its ETag is known before the question is answered, and who holds the answer already costs one
small question. The version is asked on the connection that answers, so that a tag is never that of another look at the
ledger.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, TypeVar

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response
from sqlalchemy import text
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type

from ingest.period import LOCAL_ZONE
from service.asking import Reading, clock

# An answer differs by these; Accept-Encoding is in the tag by its outcome, the others as they were written.
VARIES_BY = ("Accept", "Accept-Encoding", "Accept-Language")
# Proxies keep answers for everyone and ask each time whether they still hold: an end of an embargo is never late.
_SHARED = "public, max-age=0, must-revalidate"
_NOT_KEPT = "no-store"
_ENCODINGS = ("zstd", "br", "gzip")
_OF_A_BODY = ("Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition")
_PROGRAM = version("chiso")
Route = TypeVar("Route", bound=Callable[..., Any])
_by_day: set[Callable[..., Any]] = set()

for _type in (
    "text/csv",
    "application/problem+json",
    "application/openmetrics-text",
    "application/vnd.apache.arrow.stream",
    "application/vnd.json-stat+json",
    "application/vnd.sdmx.structure+xml",
    "application/vnd.sdmx.genericdata+xml",
    "application/vnd.sdmx.structurespecificdata+xml",
    "application/vnd.sdmx.data+csv",
):
    add_compress_type(_type)


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one answer from the next: the tag without its encoding, and when anything changed last."""

    tag: str
    modified: datetime


class NotModified(Exception):
    """The asker holds this answer already, under this tag."""

    def __init__(self, tag: str) -> None:
        """Keep the tag, which names the encoding that the asker holds."""
        super().__init__(tag)
        self.tag = tag


def by_day(route: Route) -> Route:
    """Mark a route whose answers change with the day too: a deadline passes, a target begins to stand."""
    _by_day.add(route)
    return route


def validated(request: Request, connection: Reading) -> None:
    """Note the validators of the answer to come; an asker who holds it is told so at once.

    For routes whose answers depend on nothing but the data's version, the request, and where it is said the day. A tag
    was given with an answer to this very question; a date or `*` may come with a question that is refused, so whether
    they hold shows when it is answered.

    Raises NotModified.
    """
    row = connection.execute(text(_VERSION)).one()
    last = max((each for each in (row.last_batch, row.last_release) if each), default=None)
    modified = max((each for each in (last, row.catalogue) if each), default=None)
    if last is None or modified is None or not row.is_settled or clock(request) < modified:
        # A batch that came while this look began is seen, but its figures are not public in it yet, so that neither
        # version is this answer's; the same where our clock is behind the database's. A batch under embargo shows in
        # no look, and is not to be told by a tag that is missing.
        return
    today = clock(request).astimezone(LOCAL_ZONE).date()
    is_by_day = request.scope["route"].endpoint in _by_day
    request.state.last_change = max(modified, datetime.combine(today, time(), LOCAL_ZONE)) if is_by_day else last
    # Whose figures these are seen as may be other reporting units tomorrow.
    has_day = is_by_day or "geography" in request.query_params
    told = [
        _PROGRAM,
        *(row.last_batch, row.last_release, row.catalogue, row.catalogues),
        # As it was written: files tell at which address they were asked for.
        *(str(request.url), request.app.state.public_url),
        *(request.headers.getlist(name) for name in VARIES_BY if name != "Accept-Encoding"),
        today if has_day else None,
    ]
    tag = hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()
    request.state.validators = Validators(tag, modified)
    if kept := held(request.headers, tag):
        raise NotModified(kept)
    # The date of the last change says nothing of the day of the answer.
    by_date = "if-none-match" not in request.headers and not has_day
    if holds_anything(request.headers):
        _hold_back(request)
    elif by_date and _is_since(request.headers, modified):
        changes = connection.execute(text(_CHANGES_WITHIN_A_SECOND), {"second": modified.replace(microsecond=0)})
        if changes.scalar_one() == 1:
            _hold_back(request)


# For the routers whose answers are questions to the archive and the catalogue.
VALIDATED = Depends(validated)
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "What If-None-Match or If-Modified-Since names is still the answer."}
}

# The number of catalogues is there because first loads were once dated by the beginning of their transactions.
_VERSION = """
select
    last_batch, last_release, catalogue, (select count(*) from catalogue_version) as catalogues,
    not exists (
        select from batch
        where recorded_at >= now() and (first_published is null or first_published <= recorded_at)
    ) as is_settled
from data_version()
"""

# A date has seconds only. Where two things changed within the same, it does not say which of them was seen.
_CHANGES_WITHIN_A_SECOND = """
select
    (
        select count(*) from batch
        where recorded_at >= :second and recorded_at < :second + interval '1 second'
            and (first_published is null or first_published <= now())
    )
    + (
        select count(distinct published_at) from observation
        where published_at > recorded_at and published_at <= now()
            and published_at >= :second and published_at < :second + interval '1 second'
    )
    + (select count(*) from catalogue_version where loaded_at >= :second and loaded_at < :second + interval '1 second')
"""


class Cacheable:
    """Writes the validators of an answer, what it varies by, and who may keep it."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the headers are written when its answer begins."""
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        is_held = False

        async def headed(message: Message) -> None:
            nonlocal is_held
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                _write(headers, message["status"], scope["path"], state.get("validators"))
                is_held = state.get("is_held", False) and message["status"] == HTTPStatus.OK
                if is_held:
                    message["status"] = int(HTTPStatus.NOT_MODIFIED)
                    for name in _OF_A_BODY:
                        del headers[name]
            elif is_held:
                message = {**message, "body": b""}
            await send(message)

        await self._app(scope, receive, headed)


def install(app: FastAPI) -> None:
    """Compress what is long and not compressed yet, and write validators; HEAD and the limits go around it."""

    async def unchanged(_: Request, failure: Exception) -> Response:
        assert isinstance(failure, NotModified)  # noqa: S101 - the handler is installed for no other
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": f'"{failure.tag}"'})

    app.add_exception_handler(NotModified, unchanged)
    app.add_middleware(CompressMiddleware)
    app.add_middleware(Cacheable)


def _write(headers: MutableHeaders, status: int, path: str, validators: Validators | None) -> None:
    named = [name.strip() for each in headers.getlist("vary") for name in each.split(",")]
    headers["Vary"] = ", ".join(dict.fromkeys([*VARIES_BY, *named]))
    if validators and status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        encoding = headers.get("content-encoding")
        headers.setdefault("ETag", f'"{validators.tag}-{encoding}"' if encoding else f'"{validators.tag}"')
        headers["Last-Modified"] = format_datetime(validators.modified.astimezone(UTC), usegmt=True)
        headers["Cache-Control"] = _SHARED
    elif status >= HTTPStatus.BAD_REQUEST or path.startswith(("/v1/", "/fred/", "/sdmx/")):
        headers.setdefault("Cache-Control", _NOT_KEPT)


def held(headers: Headers, tag: str) -> str | None:
    """The tag of ours that the asker holds, where it can still read what it holds.

    A tag ends with the encoding of what was sent. A copy in an encoding that is not asked for now is another answer.
    """
    named = _named(headers)
    read = _read(",".join(headers.getlist("accept-encoding")))
    ours = [f"{tag}-{encoding}" for encoding in _ENCODINGS if read.get(encoding, read.get("*", False))]
    return next((each for each in (tag, *ours) if each in named), None)


def holds_anything(headers: Headers) -> bool:
    """Say whether the asker takes whatever it holds for the answer, if there is one: `If-None-Match: *`."""
    return "*" in _named(headers)


def _named(headers: Headers) -> set[str]:
    """The tags of `If-None-Match`."""
    written = ",".join(headers.getlist("if-none-match"))
    return {each.strip().removeprefix("W/").strip('"') for each in written.split(",")}


def _hold_back(request: Request) -> None:
    """Let the question be answered or refused, and of a good answer send nothing but that it is still held."""
    request.state.is_held, request.state.wants_body = True, False


def _read(accept_encoding: str) -> dict[str, bool]:
    parts = (each.replace(" ", "").lower().partition(";") for each in accept_encoding.split(","))
    return {name: re.fullmatch(r"q=0(\.0*)?", weight) is None for name, _, weight in parts}


def _is_since(headers: Headers, modified: datetime) -> bool:
    # Exactly: a later date is one that the asker made up, and nothing tells what it saw.
    try:
        return parsedate_to_datetime(headers.get("if-modified-since", "")) == modified.replace(microsecond=0)
    except ValueError:  # RFC 9110: a date that is none is as if it were not there
        return False

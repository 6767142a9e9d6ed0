"""Requests that change something: one transaction, and one answer under one Idempotency-Key.

The answer is written before the transaction is kept, and kept in it: whoever asks again under the same key gets the
same answer, whatever was lost on the way, and what was done is done once.
"""

import asyncio
import hashlib
import weakref
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Header, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from sqlalchemy import Connection, Engine, text
from starlette.concurrency import run_in_threadpool

from ingest.authority import Actor
from service import database
from service.identity.credentials import SignedIn
from service.problems import Problem

_KEY_LENGTH = 255
_KEPT_HEADERS = ("content-type", "location", "etag", "link", "retry-after")


class _Answered(Exception):
    """The request was answered before."""

    def __init__(self, response: Response) -> None:
        """Keep the answer."""
        super().__init__("answered before")
        self.response = response


class Acting:
    """One request that changes something, by somebody; its transaction begins when it is first asked for."""

    def __init__(self, engine: Engine, by: Actor, key: str | None, digest: str) -> None:
        """Look whether this was answered before.

        Raises _Answered, and a 422 problem where the key stands for another request.
        """
        self.by, self._engine, self._key, self._digest = by, engine, key, digest
        self._connection: Connection | None = None
        if key:
            with database.reading(engine) as connection:
                self._refuse_known(connection)

    def connection(self) -> Connection:
        """The connection of this request's one transaction."""
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.begin()
            if self._key:
                self._reserve(self._connection)
        return self._connection

    def keep(self, response: Response) -> None:
        """Keep what was done, together with its answer."""
        if self._connection is None:
            return
        with self._connection as connection:
            if self._key:
                connection.execute(
                    text(
                        "update idempotency set status = :status, headers = cast(:headers as jsonb), body = :body"
                        " where asker = :asker and key = :key"
                    ),
                    self._named()
                    | {
                        "status": response.status_code,
                        "headers": msgspec.json.encode(
                            {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
                        ).decode(),
                        "body": bytes(response.body),
                    },
                )
            connection.commit()

    def leave(self) -> None:
        """Leave everything as it was."""
        if self._connection is not None:
            self._connection.close()

    def _named(self) -> dict[str, Any]:
        return {"asker": self.by.name, "key": self._key}

    def _reserve(self, connection: Connection) -> None:
        # A second one waits here until the first is kept or left, in whichever process it runs.
        new = connection.execute(
            text(
                "insert into idempotency (asker, key, request) values (:asker, :key, :request)"
                " on conflict do nothing returning true"
            ),
            self._named() | {"request": self._digest},
        ).scalar()
        if not new:
            self._refuse_known(connection)

    def _refuse_known(self, connection: Connection) -> None:
        row = connection.execute(
            text("select request, status, headers, body from idempotency where asker = :asker and key = :key"),
            self._named(),
        ).one_or_none()
        if row is None:
            return
        if row.request != self._digest:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                f"The Idempotency-Key “{self._key}” was used for another request; give each request its own.",
            )
        raise _Answered(Response(bytes(row.body), row.status, headers=row.headers))


async def acting(
    request: Request,
    by: SignedIn,
    idempotency_key: Annotated[
        str | None,
        Header(description="the same key again gets the same answer, and nothing is done twice; kept for a week"),
    ] = None,
) -> Acting:
    """Who acts, and the transaction of the request, once it is this request's turn."""
    if idempotency_key is not None and not (0 < len(idempotency_key) <= _KEY_LENGTH and idempotency_key.isprintable()):
        sentence = f"“Idempotency-Key” has 1 to {_KEY_LENGTH} printable characters, for example a UUID."
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="Idempotency-Key")
    await request.app.state.turn.acquire()
    request.state.has_turn = True
    digest = getattr(request.state, "digest", "")
    request.state.acting = await run_in_threadpool(Acting, request.app.state.engine, by, idempotency_key, digest)
    return request.state.acting


Acts = Annotated[Acting, Depends(acting)]


def seen(
    if_match: Annotated[str | None, Header(description="the ETag of the submission that you looked at")] = None,
) -> int:
    """The version that the asker decides on, from If-Match.

    Raises a 428 problem where it is missing: a decision is about what was seen.
    """
    version = (if_match or "").strip().removeprefix("W/").strip('"')
    if not version:
        raise Problem(
            HTTPStatus.PRECONDITION_REQUIRED,
            "if-match-missing",
            'Say what you decide on: send the ETag of the submission that you read, as in If-Match: "3".',
        )
    if not version.isascii() or not version.isdecimal() or len(version) > 9:
        sentence = f'“If-Match” is {if_match}; it is the ETag of a submission, such as "3".'
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="If-Match")
    return int(version)


Seen = Annotated[int, Depends(seen)]

_ENDS = CapacityLimiter(database.REQUESTS_AT_A_TIME)

# Within one process the second request under a key waits here, without holding a connection.
_waiting: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()


class Act(APIRoute):
    """A route that changes something: what it did is kept when it answers, and left when it fails."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route, its dependencies included."""
        answer = super().get_route_handler()

        async def acted(request: Request) -> Response:
            async with await _alone(request):
                try:
                    response = await answer(request)
                except _Answered as known:
                    await _end(request, None)
                    return known.response
                except BaseException:
                    await _end(request, None)
                    raise
                await _end(request, response)
                return response

        return acted


async def _alone(request: Request) -> Any:
    """Wait until no other request of this asker under the same key is at work; note what this one asks."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return nullcontext()
    said = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    # What parts the members of a form is made up anew for each request.
    _, _, boundary = request.headers.get("content-type", "").partition("boundary=")
    body = (await request.body()).replace(boundary.strip('"').encode(), b"") if boundary else await request.body()
    said.update(request.headers.get("if-match", "").encode() + b"\n" + body)
    request.state.digest = said.hexdigest()
    credentials = [request.headers.get(name, "") for name in ("authorization", "cookie")]
    return _waiting.setdefault("\n".join([*credentials, key]), asyncio.Lock())


async def _end(request: Request, response: Response | None) -> None:
    """Keep or leave what was done, in a thread of its own: others may hold all threads and wait for its locks."""
    act: Acting | None = getattr(request.state, "acting", None)
    try:
        if act is not None:
            await to_thread.run_sync(act.leave if response is None else lambda: act.keep(response), limiter=_ENDS)
    finally:
        if getattr(request.state, "has_turn", False):
            request.app.state.turn.release()

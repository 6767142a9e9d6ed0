"""Answers that leave while they are read from the database, and hold a connection for as long as somebody takes them.

A small one is read to its end first and holds nothing while it is sent. Of the others so many are sent at a time that
ordinary answers always have connections left, however slowly anybody reads.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus

from anyio import CancelScope, CapacityLimiter, fail_after
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.types import Receive, Scope, Send

from service.problems import Problem

# Together they leave a third of database.REQUESTS_AT_A_TIME to answers that are no streams.
STREAMS_AT_A_TIME = 8
MAY_WAIT = 8
WAIT_SECONDS = 5
# What is no larger is read whole and holds no connection while it is sent.
SMALL_BYTES = 1 << 20


class Streams:
    """The turns of streamed answers."""

    def __init__(self) -> None:
        """Begin with all of them free."""
        self._turns = CapacityLimiter(STREAMS_AT_A_TIME)

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """A turn, within WAIT_SECONDS; a 503 problem where none is free by then, or too many wait already."""
        if self._turns.statistics().tasks_waiting >= MAY_WAIT:
            raise _busy()
        try:
            with fail_after(WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise _busy() from None
        try:
            yield
        finally:
            self._turns.release()


class Streamed(StreamingResponse):
    """An answer in pieces, which takes over the request's look at the ledger until the last of them is read.

    Of a HEAD no piece is read.
    """

    def __init__(
        self, request: Request, pieces: Generator[bytes], *, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Tell the request, so that its look is kept open."""
        super().__init__(pieces, headers=headers, media_type=media_type)
        self._request, self._pieces = request, pieces
        self.look = AsyncExitStack()
        request.state.streamed = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; whatever becomes of it, its statement ends and its connection is given back."""
        async with self.look as held:
            # Before the connection is given back: a COPY that is left alone is waited for to its end.
            held.push_async_callback(self._end)
            wants_body = getattr(self._request.state, "wants_body", True)
            begun = await run_in_threadpool(_begun, self._pieces) if wants_body else [b""]
            if sum(map(len, begun)) > SMALL_BYTES:
                self.body_iterator = _after(begun, self._pieces)
                await held.enter_async_context(self._request.app.state.streams.turn())
                await super().__call__(scope, receive, send)
                return
        self.body_iterator = _after(begun)
        await super().__call__(scope, receive, send)

    async def _end(self) -> None:
        with CancelScope(shield=True):
            await run_in_threadpool(self._pieces.close)


def _begun(pieces: Generator[bytes]) -> list[bytes]:
    """The pieces until there are more than SMALL_BYTES, or all."""
    begun, size_bytes = list[bytes](), 0
    for piece in pieces:
        begun.append(piece)
        size_bytes += len(piece)
        if size_bytes > SMALL_BYTES:
            break
    return begun


async def _after(begun: list[bytes], rest: Generator[bytes] | None = None) -> AsyncIterator[bytes]:
    while begun:
        yield begun.pop(0)
    if rest is not None:
        async for piece in iterate_in_threadpool(rest):
            yield piece


def _busy() -> Problem:
    problem = Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "busy",
        "As many large answers as there may be are being read by others; ask again in a moment, or for a smaller part.",
        limit=STREAMS_AT_A_TIME,
    )
    problem.headers["Retry-After"] = str(WAIT_SECONDS)
    return problem

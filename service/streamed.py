"""Answers that leave while they are read from the database, and hold a connection for as long as somebody takes them.

A small one is read to its end and holds nothing while it is sent. What is large costs most before its first byte, when
it is put in order, so it waits for a turn before that, and who hangs up meanwhile ends the work. There are so few turns
that ordinary answers always have threads and connections left, however slowly anybody reads; who reads too slowly, or
has as many on their way to one address as may be, is told so.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from http import HTTPStatus
from time import monotonic

from anyio import CancelScope
from fastapi import Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from ingest import driver
from service.origin import address_of, network_of
from service.problems import Problem

# Together with those that wait they leave some of database.REQUESTS_AT_A_TIME to answers that are no streams, and alone
# some of database.THREADS.
STREAMS_AT_A_TIME = 8
MAY_WAIT = 4
MOST_OF_ONE_ADDRESS = 4
WAIT_SECONDS = 5
# What is known to have more is large before it is begun.
SMALL_ROWS = 20_000
# What is no larger is read whole and holds no connection while it is sent.
SMALL_BYTES = 1 << 20
# Of the file as it is before it is compressed; 1 GB then takes nine hours at the most.
LEAST_BYTES_A_SECOND = 32 << 10
PATIENCE_SECONDS = 60
_CANCELLED_AGAIN_SECONDS = 0.5


class Streams:
    """The turns of large answers, of which MOST_OF_ONE_ADDRESS go to one address, of IPv6 to one network."""

    def __init__(self) -> None:
        """Begin with all of them free."""
        self._taken = Counter[str]()
        self._waiting = 0
        self._given_back = asyncio.Event()

    @asynccontextmanager
    async def turn(self, network: str) -> AsyncGenerator[None]:
        """A turn, within WAIT_SECONDS; a 503 problem where none is free by then, or MAY_WAIT wait already.

        Who has as many as one address may have does not wait: it would take the place of somebody who has none.
        """
        if not self._is_free(network):
            if self._waiting >= MAY_WAIT or self._taken[network] >= MOST_OF_ONE_ADDRESS:
                raise self._busy(network)
            await self._free(network)
        self._taken[network] += 1
        try:
            yield
        finally:
            self._taken -= Counter([network])  # which keeps no name of whom nothing is left
            given_back, self._given_back = self._given_back, asyncio.Event()
            given_back.set()

    async def _free(self, network: str) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not self._is_free(network):
                    await self._given_back.wait()
        except TimeoutError:
            raise self._busy(network) from None
        finally:
            self._waiting -= 1

    def _is_free(self, network: str) -> bool:
        return self._taken.total() < STREAMS_AT_A_TIME and self._taken[network] < MOST_OF_ONE_ADDRESS

    def _busy(self, network: str) -> Problem:
        is_theirs = self._taken[network] >= MOST_OF_ONE_ADDRESS
        problem = Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "busy",
            "As many large answers as there may be are on their way"
            f" {'to your address' if is_theirs else 'to others'}; ask again in a moment, or for a smaller part.",
            limit=MOST_OF_ONE_ADDRESS if is_theirs else STREAMS_AT_A_TIME,
        )
        problem.headers["Retry-After"] = str(WAIT_SECONDS)
        return problem


class Streamed(StreamingResponse):
    """An answer in pieces, which takes over the request's look at the ledger until the last of them is read.

    `rows` is how many there will be, None where nobody counted them: then the first piece tells whether it is large. Of
    a HEAD no piece is read.
    """

    def __init__(
        self,
        request: Request,
        pieces: Generator[bytes],
        *,
        media_type: str,
        headers: Mapping[str, str] | None = None,
        rows: int | None,
    ) -> None:
        """Tell the request, so that its look is kept open."""
        super().__init__(pieces, headers=headers, media_type=media_type)
        self._request, self._pieces, self._is_large = request, pieces, (rows or 0) > SMALL_ROWS
        self.look = AsyncExitStack()
        self.connection: Connection | None = None  # of the look
        self._is_left = False
        request.state.streamed = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; whatever becomes of it, its statement ends and its connection is given back."""
        begun = [b""]
        # The turn is given back last: whoever has it next finds a connection.
        async with AsyncExitStack() as turn, self.look as held:
            # Before the connection is given back: a COPY that is left alone is waited for to its end.
            held.push_async_callback(self._end)
            if getattr(self._request.state, "wants_body", True):
                if self._is_large:
                    await turn.enter_async_context(self._turn())
                begun = await self._begun_unless_left(receive)
                if begun is None:
                    return
            if sum(map(len, begun)) > SMALL_BYTES:
                if not self._is_large:
                    await turn.enter_async_context(self._turn())
                self.body_iterator = _after(begun, self._pieces)
                with suppress(_TooSlow):  # the server breaks off what is not ended
                    await super().__call__(scope, receive, _at_a_pace(send))
                return
        self.body_iterator = _after(begun)
        await super().__call__(scope, receive, send)

    def _turn(self) -> AbstractAsyncContextManager[None]:
        return self._request.app.state.streams.turn(network_of(address_of(self._request)))

    async def _begun_unless_left(self, receive: Receive) -> list[bytes] | None:
        """The pieces until there are more than SMALL_BYTES, or all; None where the asker hangs up meanwhile."""
        reading = asyncio.create_task(run_in_threadpool(_begun, self._pieces))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({reading, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                return reading.result()
        finally:
            leaving.cancel()
            with CancelScope(shield=True):
                await self._cancelled(reading)
        return None

    async def _cancelled(self, reading: asyncio.Task[list[bytes]]) -> None:
        """End the reading, and be done with it. Between two of its statements there is nothing that could be ended."""
        if reading.done() or self.connection is None:
            return
        self._is_left = True
        while not reading.done():
            await run_in_threadpool(driver.cancel, self.connection)
            await asyncio.wait({reading}, timeout=_CANCELLED_AGAIN_SECONDS)
        with suppress(DBAPIError):
            reading.result()

    async def _end(self) -> None:
        with CancelScope(shield=True):
            await run_in_threadpool(self._pieces.close)
        if self._is_left and self.connection is not None:
            # What cancelled last may be heard late, and would then end the statement of somebody else.
            self.connection.invalidate()


class _TooSlow(Exception):
    """They take less than LEAST_BYTES_A_SECOND."""


def _at_a_pace(send: Send) -> Send:
    """Send as `send` does, for as long as what is sent is taken at LEAST_BYTES_A_SECOND; what we take is not counted.

    Raises _TooSlow.
    """
    sent_bytes, waited_seconds = 0, 0.0

    async def sending(message: Message) -> None:
        nonlocal sent_bytes, waited_seconds
        began = monotonic()
        await send(message)
        waited_seconds += monotonic() - began
        sent_bytes += len(message.get("body", b""))
        if waited_seconds > PATIENCE_SECONDS + sent_bytes / LEAST_BYTES_A_SECOND:
            raise _TooSlow

    return sending


async def _left(receive: Receive) -> None:
    """Wait until the asker hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _begun(pieces: Generator[bytes]) -> list[bytes]:
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

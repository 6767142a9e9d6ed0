"""Answers that leave while they are read from the database, and hold a connection for as long as somebody takes them.

What costs is to begin one: it is counted and put in order before its first byte. So few begin at a time, each in a turn
of its own, and who hangs up meanwhile ends the work. A small one is then read to its end and holds nothing while it is
sent. The others are sent so many at a time that ordinary answers always have threads and connections left, however
slowly anybody reads; who reads too slowly, or has as many on their way to one address as may be, is told so.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
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

# Together, and with those that wait with a connection in each of the two, they leave some of
# database.REQUESTS_AT_A_TIME to answers that are no streams; the first two leave some of database.THREADS.
BEGINNINGS_AT_A_TIME = 4
STREAMS_AT_A_TIME = 8
MAY_WAIT = 4
MOST_OF_ONE_ADDRESS = 2
WAIT_SECONDS = 5
# What is no larger is read whole and holds no connection while it is sent.
SMALL_BYTES = 1 << 20
# Of the file as it is before it is compressed; 1 GB then takes nine hours at the most.
LEAST_BYTES_A_SECOND = 32 << 10
PATIENCE_SECONDS = 60


class Turns:
    """So many at a time, and of them MOST_OF_ONE_ADDRESS to one address, of IPv6 to one network."""

    def __init__(self, most: int) -> None:
        """Begin with all of them free."""
        self._most = most
        self._taken, self._waiting = Counter[str](), Counter[str]()
        self._given_back = asyncio.Event()

    @asynccontextmanager
    async def turn(self, network: str, *, may_wait: int | None = None) -> AsyncGenerator[None]:
        """A turn, within WAIT_SECONDS; a 503 problem where none is free by then, or so many wait already."""
        if not self._is_free(network):
            if may_wait is not None and not self._may_wait(network, may_wait):
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
        self._waiting[network] += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not self._is_free(network):
                    await self._given_back.wait()
        except TimeoutError:
            raise self._busy(network) from None
        finally:
            self._waiting -= Counter([network])

    def _is_free(self, network: str) -> bool:
        return self._taken.total() < self._most and self._taken[network] < MOST_OF_ONE_ADDRESS

    def _may_wait(self, network: str, most: int) -> bool:
        return self._waiting.total() < most and self._waiting[network] < MOST_OF_ONE_ADDRESS

    def _busy(self, network: str) -> Problem:
        is_theirs = self._taken[network] >= MOST_OF_ONE_ADDRESS
        problem = Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "busy",
            "As many large answers as there may be are on their way"
            f" {'to your address' if is_theirs else 'to others'}; ask again in a moment, or for a smaller part.",
            limit=MOST_OF_ONE_ADDRESS if is_theirs else self._most,
        )
        problem.headers["Retry-After"] = str(WAIT_SECONDS)
        return problem


class Streams:
    """The turns of streamed answers: to begin one, and to send what is large."""

    def __init__(self) -> None:
        """Begin with all of them free."""
        self.beginnings, self.sendings = Turns(BEGINNINGS_AT_A_TIME), Turns(STREAMS_AT_A_TIME)


@asynccontextmanager
async def beginning(request: Request) -> AsyncGenerator[None]:
    """A turn to begin a streamed answer, for who holds no connection yet; the answer takes it over."""
    async with AsyncExitStack() as held:
        turns: Turns = request.app.state.streams.beginnings
        await held.enter_async_context(turns.turn(network_of(address_of(request))))
        yield
        streamed: Streamed | None = getattr(request.state, "streamed", None)
        if streamed is not None:
            streamed.beginning = held.pop_all()


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
        self.connection: Connection | None = None  # of the look
        self.beginning: AsyncExitStack | None = None
        request.state.streamed = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; whatever becomes of it, its statement ends and its connection is given back."""
        begun = [b""]
        async with self.look as held:
            # Before the connection is given back: a COPY that is left alone is waited for to its end.
            held.push_async_callback(self._end)
            async with self.beginning or AsyncExitStack() as turn:
                if getattr(self._request.state, "wants_body", True):
                    if self.beginning is None:
                        await turn.enter_async_context(self._turns.beginnings.turn(self._network, may_wait=MAY_WAIT))
                    begun = await self._begun_unless_left(receive)
                    if begun is None:
                        return
            if sum(map(len, begun)) > SMALL_BYTES:
                self.body_iterator = _after(begun, self._pieces)
                await held.enter_async_context(self._turns.sendings.turn(self._network, may_wait=MAY_WAIT))
                with suppress(_TooSlow):  # the server breaks off what is not ended
                    await super().__call__(scope, receive, _at_a_pace(send))
                return
        self.body_iterator = _after(begun)
        await super().__call__(scope, receive, send)

    @property
    def _turns(self) -> Streams:
        return self._request.app.state.streams

    @property
    def _network(self) -> str:
        return network_of(address_of(self._request))

    async def _begun_unless_left(self, receive: Receive) -> list[bytes] | None:
        """The pieces until there are more than SMALL_BYTES, or all; None where the asker hangs up meanwhile."""
        is_left = False

        async def watch() -> None:
            nonlocal is_left
            while (await receive())["type"] != "http.disconnect":
                pass
            is_left = True
            if self.connection is not None:
                await run_in_threadpool(driver.cancel, self.connection)

        watching = asyncio.create_task(watch())
        try:
            return await run_in_threadpool(_begun, self._pieces)
        except DBAPIError:
            if is_left:
                return None
            raise
        finally:
            watching.cancel()
            # To its end, so that it cancels nothing of whom the connection is given to next.
            with CancelScope(shield=True):
                await asyncio.gather(watching, return_exceptions=True)

    async def _end(self) -> None:
        with CancelScope(shield=True):
            await run_in_threadpool(self._pieces.close)


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

"""The server that answers, how it ends, and how long it waits for who does not read."""

import asyncio
import socket
from typing import ClassVar

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Protocol(HttpToolsProtocol):
    """HTTP that breaks a connection off whose other end takes no answer: what it held is free for others.

    In each span of `stall_seconds` in which an answer waits, at least `least_bytes` of it must be taken.
    """

    stall_seconds: ClassVar[float] = 60
    least_bytes: ClassVar[int] = 16 * 2**10
    _look: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """More waits than the connection takes at once."""
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        """It was taken."""
        super().resume_writing()
        self._look_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._look_no_more()
        super().connection_lost(exc)

    def _look_later(self) -> None:
        waiting_bytes = self.transport.get_write_buffer_size()
        self._look = self.loop.call_later(self.stall_seconds, self._break_off_or_wait, waiting_bytes)

    def _look_no_more(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _break_off_or_wait(self, waited_bytes: int) -> None:
        if waited_bytes - self.transport.get_write_buffer_size() < self.least_bytes:
            self.transport.abort()  # to close it would wait for what is not taken
        else:
            self._look_later()


class Server(uvicorn.Server):
    """uvicorn, which waits at its end for every answer: so those that listen to changes are let go first."""

    def __init__(self, application: FastAPI, *, protocol: type[Protocol] = Protocol, port: int = 0) -> None:
        """Keep the application, whose listeners are let go."""
        config = uvicorn.Config(application, http=protocol, port=port, log_level="warning", access_log=False)
        super().__init__(config)
        self._application = application

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End when the answers that are under way are told."""
        self._application.state.news.end()
        await super().shutdown(sockets)

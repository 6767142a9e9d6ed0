"""The server that answers, and how it ends."""

import socket

import uvicorn
from fastapi import FastAPI


class Server(uvicorn.Server):
    """uvicorn, which waits at its end for every answer: so those that listen to changes are let go first."""

    def __init__(self, application: FastAPI, config: uvicorn.Config) -> None:
        """Keep the application, whose listeners are let go."""
        super().__init__(config)
        self._application = application

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End when the answers that are under way are told."""
        self._application.state.news.end()
        await super().shutdown(sockets)

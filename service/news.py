"""News for whoever listens: one task of the process looks whether anything is new, and wakes all listeners.

It asks for the version of the data each second, which also tells the end of an embargo; a notification of the database
would not. A listener holds no connection: it asks the feed when it is woken, as anybody does.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from service import database

MOST_LISTENERS = 200
_PAUSE_SECONDS = 1.0


class News:
    """Tells the listeners of this process that something is new, and that it ends."""

    def __init__(self, engine: Engine) -> None:
        """Keep the pool."""
        self.ended = False
        self._engine = engine
        self._listeners = 0
        self._looking: asyncio.Task[None] | None = None
        self._new = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether as many listen to this process as may."""
        return self._listeners >= MOST_LISTENERS

    @asynccontextmanager
    async def heard(self) -> AsyncGenerator[None]:
        """Be one of the listeners; the first one sets the task to work, the last one ends it."""
        self._listeners += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._listeners -= 1
            if not self._listeners and self._looking:
                self._looking.cancel()
                self._looking = None

    def next(self) -> asyncio.Event:
        """What is set when something is new; taken before the feed is asked, nothing falls between."""
        return self._new

    def end(self) -> None:
        """Let every listener go."""
        self.ended = True
        self._new.set()

    async def _look(self) -> None:
        known: object = None
        while not self.ended:
            with suppress(SQLAlchemyError):  # a database that is away is asked again
                version = await run_in_threadpool(self._version)
                if version != known and not self.ended:
                    known, told, self._new = version, self._new, asyncio.Event()
                    told.set()
            await asyncio.sleep(_PAUSE_SECONDS)

    def _version(self) -> object:
        with database.reading(self._engine) as connection:
            last = "(select max(recorded_at) from redefinition)"
            return tuple(connection.execute(text(f"select *, {last} from data_version()")).one())

"""News for whoever listens: one task of the process looks whether anything is new, and wakes all listeners.

It asks for the version of the data each second, which also tells the end of an embargo; a notification of the database
would not. A listener holds no connection: it asks the feed when it is woken, as anybody does.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from service import database

MOST_LISTENERS = 200
MOST_OF_ONE_ADDRESS = 20  # an office behind one address; its programs can share what one of them hears
_PAUSE_SECONDS = 1.0


class TooManyListen(Exception):
    """As many listen as may, to this process or from one address; ask from time to time instead."""

    def __init__(self, where: str, limit: int) -> None:
        """Say where and how many, and what to do."""
        super().__init__(f"{limit} listen {where} already; ask GET /v1/changes from time to time instead.")


class News:
    """Tells the listeners of this process that something is new, and that it ends."""

    def __init__(self, engine: Engine) -> None:
        """Keep the pool."""
        self.ended = False
        self._engine = engine
        self._listeners: Counter[str] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self._new = asyncio.Event()

    def refuse_more(self, network: str) -> None:
        """Refuse one more listener from there, where as many listen as may.

        Raises TooManyListen.
        """
        if self._listeners.total() >= MOST_LISTENERS:
            raise TooManyListen("to this process", MOST_LISTENERS)
        if self._listeners[network] >= MOST_OF_ONE_ADDRESS:
            raise TooManyListen("from your address", MOST_OF_ONE_ADDRESS)

    @asynccontextmanager
    async def heard(self, network: str) -> AsyncGenerator[None]:
        """Be one of the listeners; the first one sets the task to work, the last one ends it.

        Raises TooManyListen.
        """
        self.refuse_more(network)
        self._listeners[network] += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._listeners -= Counter([network])  # which keeps no name of whom nobody is left
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

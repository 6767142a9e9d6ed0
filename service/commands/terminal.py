"""What every command does in the same way: say something, show that it works, reach the database, know who types."""

import getpass
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from sqlalchemy import Engine

from ingest import authority
from ingest.authority import Actor
from service import settings, startup

out = Console()
err = Console(stderr=True)


def typist() -> Actor:
    """Who types on this machine, and so may whatever a program here may."""
    return authority.program(getpass.getuser(), "command line")


@contextmanager
def prepared() -> Generator[Engine]:
    """The database of this home, brought to this version."""
    with startup.opened(settings.read(), alone=False) as engine:
        startup.prepare(engine, tell=lambda _: None)
        yield engine


@contextmanager
def status(first: str) -> Generator[startup.Tell]:
    """A line on the terminal that says what is going on, until it is told nothing more."""
    with err.status(first) as shown:

        def tell(sentence: str) -> None:
            if sentence:
                shown.update(sentence)
            else:
                shown.stop()

        yield tell

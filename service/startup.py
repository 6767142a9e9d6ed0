"""From nothing to a database that can be asked: the server, the schema, the catalogue, the published figures."""

import hashlib
import os
import signal
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine
from structlog import get_logger

from ingest import authority, catalogue, inbox, registry
from ingest.catalogue import Catalogue
from ingest.period import now
from ingest.submission import Instructions
from service import database, embedded, intake
from service.settings import Settings
from sql import migration

BY = authority.program("chiso", "start")
PUBLISHED = "PUBLISHED_FIGURES"

_log = get_logger()
LEFT_OUT = "A promise of the past stays as it was told, and this correction of it is left out."

Tell = Callable[[str], None]


class NoDatabase(Exception):
    """There is no Chiso in the home that a program was started for."""


class FiguresRefused(Exception):
    """The published figures that come with this version were refused."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a start found to do, in observations."""

    created: int
    revised: int


@contextmanager
def opened(settings: Settings, *, alone: bool) -> Generator[Engine]:
    """A pool on the database that the settings name: the one given, else the embedded one of CHISO_HOME.

    `alone` is for a service, which starts the embedded server itself; a program joins one that runs already.

    Raises NoDatabase, and what `embedded.running` and `database.connect` raise.
    """
    if settings.database_url:
        with _pool(settings.database_url) as engine:
            yield engine
    else:
        with _embedded(settings, alone=alone) as url, _pool(url) as engine:
            yield engine


def prepare(engine: Engine, *, tell: Tell) -> Prepared:
    """Bring the database to this version: schema, catalogue and published figures.

    `tell` hears what is being done, one sentence a step. What is there already is left as it is.

    Raises migration.NewerSchema and catalogue.Faulty.
    """
    with database.writing(engine) as connection:
        if migration.upgrade(connection):
            tell("Schema brought up to date")
    shipped = catalogue.read()
    with database.writing(engine) as connection:
        # A catalogue of one's own may have been loaded over ours since; ours is in it already.
        if not registry.ever_loaded(connection, shipped.version):
            loaded = registry.load(connection, shipped, by=BY)
            for late in loaded.left_out if loaded else ():
                _log.warning(LEFT_OUT, **late)
    created, revised = _publish(engine, shipped, tell)
    return Prepared(created, revised)


def _publish(engine: Engine, shipped: Catalogue, tell: Tell) -> tuple[int, int]:
    created = revised = 0
    with database.reading(engine) as connection:
        known = inbox.published(connection, PUBLISHED)
    for path in shipped.figures:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() in known:
            continue
        tell(f"Figures: {path.stem}")
        instructions = Instructions(dataset=PUBLISHED, reason=f"later version of {path.name}")
        _, outcome, _ = intake.take_in(engine, content, path.name, instructions, by=BY, now=now())
        if not outcome.stored:
            raise FiguresRefused(f"{path.name}: {outcome.findings[0]}")
        created += outcome.summary.created
        revised += outcome.summary.revised
    return created, revised


def _embedded(settings: Settings, *, alone: bool) -> AbstractContextManager[str]:
    if alone:
        return embedded.running(settings.home, durable=True, ended=_stop_service)
    if not (settings.home / "postgres").is_dir():
        raise NoDatabase(
            f"There is no Chiso in {settings.home}. Start it with `make serve`, or set CHISO_HOME to where it is."
        )
    return embedded.reached(settings.home, durable=True)


def _stop_service() -> None:
    _log.error("PostgreSQL has ended without being asked to; the service stops. Starting it again recovers.")
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _pool(url: str) -> Generator[Engine]:
    engine = database.connect(url)
    try:
        yield engine
    finally:
        engine.dispose()

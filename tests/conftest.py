"""A real PostgreSQL for the whole session, and databases on it.

`CHISO_TEST_DATABASE_URL`, else `CHISO_DATABASE_URL`, names a server on which databases may be made; without either the
embedded one runs. What a test writes it writes in a transaction that is rolled back (`connection`), or into a database
of its own (`new_engine`).

With `-n` each worker is a session of its own: its own embedded server, its own databases (their names have the number
of its process), its own homes. A file is never divided, as its tests share a database and may build on each other.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from ingest import authority, registry
from ingest.catalogue import Catalogue
from ingest.period import LOCAL_ZONE
from service import app, database, embedded, logs, startup
from service.commands import terminal
from service.identity import credentials, hashes

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
ACCEPTANCE_CATALOGUE = Path(__file__).parent / "catalogue_acceptance"
TEST = authority.program("test", "test")
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
# Where each of these begins early, no worker has a long one left when the others have none.
LONGEST_FIRST = (
    "tests/service/test_interrupted.py",
    "tests/service/test_serve.py",
    "tests/service/test_killed.py",
    "tests/service/test_quarter.py",
    "tests/service/test_embedded.py",
    "tests/service/test_series_model.py",
    "tests/test_document_examples.py",
    "tests/service/test_openapi.py",
)
# A worker, its PostgreSQL and the services that it starts.
WORKER_BYTES = 1_500_000_000
MOST_WORKERS = 4  # The longest file takes a quarter of the whole time.

_server: dict[str, str] = {}
_closing: list[str] = []


def close_with(line: str) -> None:
    """Say this in the closing lines of the suite."""
    _closing.append(line)


def pytest_xdist_auto_num_workers() -> int:
    """How many workers `-n auto` means: one a core, as far as memory goes; none where it would be one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(cores, MOST_WORKERS, psutil.virtual_memory().available // WORKER_BYTES)
    return workers if workers > 1 else 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest files where there are workers to share them; a single session keeps its order."""
    if hasattr(config, "workerinput"):
        place = {name: number for number, name in enumerate(LONGEST_FIRST)}
        items.sort(key=lambda item: place.get(item.location[0], len(place)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave what a worker has to say in the closing lines to the one who says them."""
    if hasattr(session.config, "workerinput"):
        session.config.workeroutput["closing"] = (_server, _closing)


def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker left; one that died has left nothing."""
    server, closing = getattr(node, "workeroutput", {}).get("closing", ({}, []))
    _server.update(server)
    _closing.extend(closing)


class Clock:
    """What time it is for a service under test: it stands still until it is told to go on."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **span: float) -> None:
        self.now += timedelta(**span)

    def is_now(self, written: str) -> None:
        """The moment that the wall clock of the country shows."""
        self.now = datetime.fromisoformat(written).replace(tzinfo=LOCAL_ZONE)


logs.configure()
# No line is broken, however wide the terminal is; to a worker readline, which pytest loads, says 80 columns.
terminal.out.width = terminal.err.width = 250


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real published files that are not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the folder of real published files (../shared/data) is not beside this checkout")
    return SHARED_DATA


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of a server on which others can be made."""
    if given := os.environ.get("CHISO_TEST_DATABASE_URL") or os.environ.get("CHISO_DATABASE_URL"):
        yield given
    else:
        with embedded.running(tmp_path_factory.mktemp("home"), durable=False) as url:
            yield url


@pytest.fixture(scope="session")
def new_database(server_url: str) -> Iterator[Callable[..., str]]:
    """Makes an empty database, or a copy of another, and returns its URL; all are dropped when the session ends."""
    names = (f"chiso_test_{os.getpid()}_{number}" for number in itertools.count())
    made: list[str] = []
    base = make_url(server_url.replace("postgresql://", "postgresql+psycopg://", 1))
    engine = create_engine(base, isolation_level="AUTOCOMMIT")

    def make(template: str = "template0") -> str:
        name = next(names)
        with engine.connect() as connection:
            connection.execute(text(f"create database {name} template {template} encoding 'UTF8'"))
        made.append(name)
        return base.set(database=name).render_as_string(hide_password=False)

    yield make
    with engine.connect() as connection:
        for name in made:
            connection.execute(text(f"drop database {name} with (force)"))
    engine.dispose()


@pytest.fixture(scope="session")
def new_engine(new_database: Callable[..., str]) -> Iterator[Callable[[], Engine]]:
    """Makes a database with schema, catalogue and published figures, and a pool on it."""
    engines: list[Engine] = []
    prepared: list[str] = []

    def make() -> Engine:
        if not prepared:
            first = database.connect(new_database())
            startup.prepare(first, tell=lambda _: None)
            _note(first)
            prepared.append(str(first.url.database))
            first.dispose()
        engine = database.connect(_copied(new_database, prepared[0]))
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture(scope="session")
def engine(new_engine: Callable[[], Engine]) -> Engine:
    """The database as it is after a first start; nobody commits anything to it."""
    return new_engine()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A transaction on that database which is rolled back."""
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


@pytest.fixture(scope="session")
def words(engine: Engine) -> Catalogue:
    """The catalogue as the database has it."""
    with engine.connect() as connection:
        return registry.read(connection)


@pytest.fixture(scope="session")
def client(engine: Engine) -> Iterator[TestClient]:
    """A client that reads from that database."""
    with TestClient(app.create(engine), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def own_engine(new_engine: Callable[[], Engine]) -> Engine:
    """A database for this module alone, to commit to."""
    return new_engine()


@pytest.fixture(scope="module")
def sender(own_engine: Engine) -> Iterator[TestClient]:
    """A client of the module's own database that is signed in as the administrator."""
    with database.writing(own_engine) as connection:
        secret = credentials.new_secret(connection, by=TEST)
    with TestClient(app.create(own_engine), raise_server_exceptions=False) as client:
        client.auth = (credentials.ADMINISTRATOR, secret)
        yield client


@pytest.fixture(scope="module")
def cheap_hashes() -> Iterator[None]:
    """Hashes of secrets that cost little, where it does not matter how slow they are."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        patch.setattr(hashes, "_hasher", cheap)
        nobodys = cheap.hash("nobody's")
        patch.setattr(hashes, "_nobodys", lambda: nobodys)
        yield


def _copied(new_database: Callable[..., str], template: str) -> str:
    """A copy of a database; a background process of TimescaleDB may hold the template for a moment."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return new_database(template)
        except OperationalError:
            if time.monotonic() > deadline:
                raise


def _note(engine: Engine) -> None:
    with engine.connect() as connection:
        _server["postgresql"] = connection.execute(text("show server_version")).scalar_one()
        _server["timescaledb"] = database.timescaledb_version(connection) or ""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the closing lines what the suite ran on."""
    if _server:
        timescaledb = f"with TimescaleDB {_server['timescaledb']}" if _server["timescaledb"] else "without TimescaleDB"
        terminalreporter.write_line(f"Ran on PostgreSQL {_server['postgresql']}, {timescaledb}.")
    for line in _closing:
        terminalreporter.write_line(line)
    data = "with" if SHARED_DATA.is_dir() else "without (tests of real files skipped)"
    terminalreporter.write_line(f"Ran {data} the published files of ../shared/data.")

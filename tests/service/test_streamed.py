"""Those who ask for much and do not read it: others are answered, and what they held is given back."""

import asyncio
import itertools
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, create_engine, event, text
from starlette.types import Message

from benchmarks.export import INDICATOR, fill
from ingest import driver
from service import app, database, streamed
from service.formats import copied, delimited
from service.serving import Protocol
from tests.service.country import served

LARGE = f"/v1/observations?indicator={INDICATOR}&source=GENERATED"
ROWS = 25_000
PATIENCE_SECONDS = 60
DOCUMENT = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")

_addresses = (f"192.0.2.{number % 250}" for number in itertools.count())


class Impatient(Protocol):
    stall_seconds = 1


class Patient(Protocol):
    stall_seconds = 3600


@pytest.fixture(scope="module")
def large(own_engine: Engine) -> Engine:
    """A ledger of some megabytes: more than the sockets of both ends hold."""
    fill(own_engine, ROWS)
    return own_engine


@contextmanager
def not_reading(address: str, *paths: str, of: str | None = None) -> Iterator[socket.socket]:
    """A client that asked, one request behind the other on one connection, and reads nothing.

    It is of an address of its own, unless one is named.
    """
    of = of or next(_addresses)
    where = urlsplit(address)
    with socket.socket() as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asking.connect((where.hostname, where.port))
        for path in paths:
            headers = f"Host: {where.netloc}\r\nX-Forwarded-For: {of}\r\n"
            asking.sendall(f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode())
        yield asking


def await_that(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


@contextmanager
def outside(engine: Engine) -> Iterator[Callable[[], int]]:
    """How many connections of the service are in a transaction, seen from outside."""
    watching = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with watching.connect() as connection:
        question = text(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and application_name = 'chiso' and state <> 'idle'"
        )
        yield lambda: connection.execute(question).scalar_one()
    watching.dispose()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that answers five at a time."""
    monkeypatch.setattr(database, "REQUESTS_AT_A_TIME", 5)
    monkeypatch.setattr(streamed, "STREAMS_AT_A_TIME", 2)
    monkeypatch.setattr(streamed, "MAY_WAIT", 1)


class Standing:
    """A database in which whoever writes a long CSV waits, in a statement, until it is let go."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self._outside = create_engine(engine.url, isolation_level="AUTOCOMMIT")
        self.may_begin = threading.Event()
        self.may_begin.set()
        self.came = threading.Event()
        long = delimited.long

        def slowly(connection: Connection, *told: Any) -> Generator[bytes]:
            self.came.set()
            assert self.may_begin.wait(PATIENCE_SECONDS)
            with driver.cursor(connection) as cursor:
                cursor.execute("select pg_advisory_xact_lock_shared(7)")
            yield from long(connection, *told)

        monkeypatch.setattr(delimited, "long", slowly)

    def waiting(self) -> int:
        """How many stand in their statement."""
        question = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'advisory'"
        )
        with self._outside.connect() as connection:
            return connection.execute(text(question)).scalar_one()

    @contextmanager
    def still(self) -> Iterator[None]:
        with self._outside.connect() as connection:
            connection.execute(text("select pg_advisory_lock(7)"))
            try:
                yield
            finally:
                connection.execute(text("select pg_advisory_unlock(7)"))
        self._outside.dispose()


@pytest.fixture
def standing(large: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    standing = Standing(large, monkeypatch)
    with standing.still():
        yield standing


def test_ordinary_answers_have_turns_and_threads_that_no_stream_can_take(
    large: Engine, standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "WAIT_SECONDS", 10 * PATIENCE_SECONDS)  # who waits goes on waiting
    with outside(large) as held, served(app.create(large)) as address, ExitStack() as clients:
        for _ in range(2 * database.REQUESTS_AT_A_TIME):
            clients.enter_context(not_reading(address, f"{LARGE}&format=csv"))
        await_that(lambda: standing.waiting() == streamed.STREAMS_AT_A_TIME)
        for path in ("/v1/sources", "/v1/observations?indicator=EGDI_RANK"):
            assert httpx2.get(f"{address}{path}", timeout=PATIENCE_SECONDS).status_code == 200
        await_that(lambda: held() <= streamed.STREAMS_AT_A_TIME + streamed.MAY_WAIT)
        # Who holds the answer, wants its head or errs, waits for no turn.
        found = httpx2.head(f"{address}{LARGE}&format=csv", timeout=PATIENCE_SECONDS)
        assert found.status_code == 200
        again = {"If-None-Match": found.headers["etag"]}
        assert httpx2.get(f"{address}{LARGE}&format=csv", headers=again, timeout=PATIENCE_SECONDS).status_code == 304
        wrong = httpx2.get(f"{address}/v1/observations?indicator=NOPE&format=csv", timeout=PATIENCE_SECONDS)
        assert wrong.status_code == 404


def test_who_hangs_up_before_the_first_piece_ends_the_statement(large: Engine, standing: Standing) -> None:
    with outside(large) as held, served(app.create(large)) as address:
        with not_reading(address, f"{LARGE}&format=csv"):
            await_that(lambda: standing.waiting() == 1)
        await_that(lambda: held() == 0)
        assert httpx2.get(f"{address}/v1/sources", timeout=PATIENCE_SECONDS).status_code == 200


def test_who_hangs_up_between_two_statements_ends_the_next_one(
    large: Engine, standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled = threading.Event()
    cancel = driver.cancel
    monkeypatch.setattr(driver, "cancel", lambda connection: (cancel(connection), cancelled.set()))
    standing.may_begin.clear()
    with outside(large) as held, served(app.create(large)) as address:
        with not_reading(address, f"{LARGE}&format=csv"):
            assert standing.came.wait(PATIENCE_SECONDS)
        assert cancelled.wait(PATIENCE_SECONDS)
        standing.may_begin.set()
        await_that(lambda: held() == 0)


def test_no_cancelling_is_left_to_whom_the_connection_is_given_to_next(
    large: Engine, standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    cancel = driver.cancel

    def late(connection: Connection) -> None:
        cancel(connection)
        time.sleep(0.3)  # as long as the way to a database that is far
        told.append("cancelled")

    monkeypatch.setattr(driver, "cancel", late)
    for name in ("invalidate", "checkin"):
        event.listen(large.pool, name, lambda *_, name=name: told.append(name))
    with outside(large) as held, served(app.create(large)) as address:
        with not_reading(address, f"{LARGE}&format=csv"):
            await_that(lambda: standing.waiting() == 1)
        await_that(lambda: held() == 0 and "invalidate" in told)
    assert told.index("invalidate") > max(at for at, each in enumerate(told) if each == "cancelled")


def test_one_address_has_so_many_large_answers_at_a_time_and_others_have_theirs(large: Engine) -> None:
    with outside(large) as held, served(app.create(large)) as address, ExitStack() as clients:
        for _ in range(streamed.MOST_OF_ONE_ADDRESS):
            clients.enter_context(not_reading(address, f"{LARGE}&format=csv", of="2001:db8::1"))
        await_that(lambda: held() == streamed.MOST_OF_ONE_ADDRESS)
        asking = httpx2.Client(base_url=address, timeout=PATIENCE_SECONDS)
        clients.enter_context(asking)
        theirs, others = ({"X-Forwarded-For": each} for each in ("2001:db8::2", "2001:db8:0:1::1"))
        small = asking.get("/v1/observations?indicator=EGDI_RANK&format=csv", headers=theirs)
        assert small.status_code == 200
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(streamed, "WAIT_SECONDS", 10 * PATIENCE_SECONDS)  # who has so many does not wait
            refused = asking.get(f"{LARGE}&format=csv", headers=theirs)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/busy")
        assert "on their way to your address" in refused.json()["detail"]
        assert asking.get(f"{LARGE}&format=csv", headers=others).text.count("\n") == ROWS + 1


def test_a_reader_may_be_as_slow_as_the_least_rate_and_no_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    now_seconds = 0.0
    monkeypatch.setattr(streamed, "monotonic", lambda: now_seconds)

    def taken_at(bytes_a_second: float) -> int:
        sent = 0

        async def send(message: Message) -> None:
            nonlocal now_seconds, sent
            now_seconds += len(message["body"]) / bytes_a_second
            sent += 1

        async def stream() -> None:
            paced = streamed._at_a_pace(send)
            for _ in range(1000):
                await paced({"type": "http.response.body", "body": bytes(1 << 16), "more_body": True})

        try:
            asyncio.run(stream())
        except streamed._TooSlow:
            return sent
        return 1000

    assert taken_at(streamed.LEAST_BYTES_A_SECOND) == 1000
    assert taken_at(streamed.LEAST_BYTES_A_SECOND / 2) == 31, "at half of the rate for two minutes"


def test_who_is_too_slow_is_broken_off_and_what_they_held_comes_back(
    large: Engine, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(streamed, "LEAST_BYTES_A_SECOND", 1 << 60)
    with outside(large) as held, served(app.create(large)) as address:
        with not_reading(address, f"{LARGE}&format=csv") as slow:
            assert not _read_to_the_end(slow).endswith(b"0\r\n\r\n")
        await_that(lambda: held() == 0)


def test_the_documentation_says_how_many_large_answers_there_may_be_and_how_slow() -> None:
    for told in (
        f"more than {streamed.SMALL_ROWS:,} observations, or 1 MB",
        f"{streamed.STREAMS_AT_A_TIME} of them at a time, {streamed.MOST_OF_ONE_ADDRESS} to one address",
        f"for {streamed.WAIT_SECONDS} seconds; if none has ended by then, or {streamed.MAY_WAIT} wait already",
        f"less than {streamed.LEAST_BYTES_A_SECOND >> 10} kB a second",
        f"less than {Protocol.least_bytes >> 10} kB of what waits for them within {Protocol.stall_seconds:.0f} seconds",
    ):
        assert told in " ".join(DOCUMENT.split())


def test_who_does_not_read_keeps_nobody_else_waiting(large: Engine, few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "WAIT_SECONDS", PATIENCE_SECONDS)
    with outside(large) as held, served(app.create(large), Patient) as address, ExitStack() as clients:
        for _ in range(2):
            clients.enter_context(not_reading(address, f"{LARGE}&format=csv"))
        await_that(lambda: held() == 2)
        for _ in range(6):
            clients.enter_context(not_reading(address, f"{LARGE}&format=csv"))
        for path in ("/v1/observations?indicator=EGDI_RANK", "/v1/observations?indicator=EGDI_RANK&format=csv", "/"):
            assert httpx2.get(f"{address}{path}", timeout=PATIENCE_SECONDS).status_code == 200
        monkeypatch.setattr(streamed, "WAIT_SECONDS", 0.1)
        refused = httpx2.get(f"{address}{LARGE}&format=csv", timeout=PATIENCE_SECONDS)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/busy")
        assert refused.headers["retry-after"]
        assert refused.headers["cache-control"] == "no-store"


def test_who_takes_nothing_for_too_long_is_broken_off_and_what_they_held_comes_back(large: Engine, few: None) -> None:
    with outside(large) as held, served(app.create(large), Impatient) as address, ExitStack() as clients:
        stalled = [clients.enter_context(not_reading(address, f"{LARGE}&format=csv")) for _ in range(2)]
        await_that(lambda: held() == 2)
        await_that(lambda: held() == 0)
        assert httpx2.get(f"{address}{LARGE}&format=csv", timeout=PATIENCE_SECONDS).text.count("\n") == ROWS + 1
        for each in stalled:  # broken off, and not ended as an answer that is whole
            assert not _read_to_the_end(each).endswith(b"0\r\n\r\n")


def _read_to_the_end(asking: socket.socket) -> bytes:
    asking.settimeout(PATIENCE_SECONDS)
    got = b""
    try:
        while piece := asking.recv(1 << 16):
            got = (got + piece)[-100:]
    except ConnectionResetError:
        pass
    return got


def test_who_asks_on_and_on_without_reading_holds_no_connection(large: Engine, few: None) -> None:
    page = f"{LARGE}&limit={ROWS}"
    with outside(large) as held, served(app.create(large)) as address, ExitStack() as clients:
        for _ in range(4):
            clients.enter_context(not_reading(address, page, page))
        assert httpx2.get(f"{address}/v1/observations?indicator=EGDI_RANK", timeout=PATIENCE_SECONDS).status_code == 200
        await_that(lambda: held() == 0)


@pytest.mark.parametrize("name", ["csv", "parquet", "arrow", "openmetrics", "zip"])
def test_who_hangs_up_ends_the_statement_and_leaves_the_connection_good(
    large: Engine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "SMALL_BYTES", 1)
    broken: list[object] = []
    event.listen(large.pool, "invalidate", lambda *told: broken.append(told))
    with outside(large) as held, served(app.create(large)) as address:
        with not_reading(address, f"{LARGE}&format={name}") as asking:
            assert asking.recv(100).startswith(b"HTTP/1.1 200")
        await_that(lambda: held() == 0)
        assert not broken
        assert httpx2.get(f"{address}{LARGE}&format={name}", timeout=60).status_code == 200


def test_a_head_reads_no_file(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr(copied, "lines", read)
    path = "/v1/observations?indicator=EGDI_RANK&format=csv"
    assert client.head(path).headers["content-disposition"].endswith('.csv"')
    assert client.get(path).status_code == 500

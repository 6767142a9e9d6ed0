"""Those who ask for much and do not read it: others are answered, and what they held is given back."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, event, text

from benchmarks.export import INDICATOR, fill
from service import app, database, streamed
from service.formats import copied
from service.serving import Protocol
from tests.service.country import served

LARGE = f"/v1/observations?indicator={INDICATOR}&source=GENERATED"
ROWS = 25_000
PATIENCE_SECONDS = 60


class Impatient(Protocol):
    stall_seconds = 1


@pytest.fixture(scope="module")
def large(own_engine: Engine) -> Engine:
    """A ledger of some megabytes: more than the sockets of both ends hold."""
    fill(own_engine, ROWS)
    return own_engine


@contextmanager
def not_reading(address: str, *paths: str) -> Iterator[socket.socket]:
    """A client that asked, one request behind the other on one connection, and reads nothing."""
    where = urlsplit(address)
    with socket.socket() as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asking.connect((where.hostname, where.port))
        for path in paths:
            asking.sendall(f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
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
    """A service that answers four at a time."""
    monkeypatch.setattr(database, "REQUESTS_AT_A_TIME", 4)
    monkeypatch.setattr(streamed, "STREAMS_AT_A_TIME", 2)
    monkeypatch.setattr(streamed, "MAY_WAIT", 1)


def test_ordinary_answers_have_turns_that_no_stream_can_take() -> None:
    assert streamed.STREAMS_AT_A_TIME + streamed.MAY_WAIT < database.REQUESTS_AT_A_TIME


def test_who_does_not_read_keeps_nobody_else_waiting(large: Engine, few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "WAIT_SECONDS", 0.1)
    with outside(large) as held, served(app.create(large)) as address, ExitStack() as clients:
        for _ in range(8):
            clients.enter_context(not_reading(address, f"{LARGE}&format=csv"))
        await_that(lambda: held() == 2)
        for path in ("/v1/observations?indicator=EGDI_RANK", "/v1/observations?indicator=EGDI_RANK&format=csv", "/"):
            assert httpx2.get(f"{address}{path}", timeout=PATIENCE_SECONDS).status_code == 200
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

"""Cut off at whatever statement: nothing that was acknowledged is lost, and nothing is half done.

Every request of a return's whole life is made again and again; the first time its first statement (or commit) finds its
connection killed by the server, the second time the second one, and so on, until a request comes through.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, create_engine, event, text

from ingest import audit
from ingest.authority import Grant
from ingest.case import ACTS
from service import app, database, following
from service.identity import accounts
from tests.conftest import TEST, close_with
from tests.service.country import DATASET, PERIOD, clock_at

PATIENCE_SECONDS = 60
RATE, UNIT = "ONLINE_PAYMENT_RATE", "GSO37"
FILE = f"indicator,reporting_unit,period,value\n{RATE},{UNIT},{PERIOD},%s\n"
COUNTED = (
    "submission", "submission_bytes", "submission_move", "finding", "evidence", "observation", "series", "document",
    "audit", "audit_link", "idempotency", "extension",
)  # fmt: skip


class Scissors:
    """Kills the connection of the n-th statement or commit that a service makes."""

    def __init__(self, engine: Engine) -> None:
        self.left = 0
        self.cut = False
        self._outside = create_engine(engine.url, isolation_level="AUTOCOMMIT")
        event.listen(engine, "before_cursor_execute", lambda connection, *_: self._count(connection))
        event.listen(engine, "commit", self._count)

    def cut_at(self, number: int) -> None:
        self.left, self.cut = number, False

    def put_away(self) -> None:
        self.left = 0

    def drop(self) -> None:
        self._outside.dispose()

    def _count(self, connection: Connection) -> None:
        self.left -= 1
        if self.left != 0:
            return
        self.cut = True
        pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
        with self._outside.connect() as killer:
            assert killer.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid}).scalar_one()
            # A process leaves this table after its transaction and its locks. The time limit of pg_terminate_backend
            # waits for that too, but looks only ten times a second.
            deadline = time.monotonic() + PATIENCE_SECONDS
            while killer.execute(text("select from pg_stat_activity where pid = :pid"), {"pid": pid}).rowcount:
                assert time.monotonic() < deadline


@pytest.fixture(scope="module")
def scissors(own_engine: Engine) -> Iterator[Scissors]:
    scissors = Scissors(own_engine)
    with pytest.MonkeyPatch.context() as patch:
        # How far the work is may be lost at any time, and on a slow machine it would be told in between.
        patch.setattr(following, "PAUSE_SECONDS", float("inf"))
        yield scissors
    scissors.drop()


@pytest.fixture(scope="module")
def clients(own_engine: Engine) -> Iterator[dict[str, TestClient]]:
    grants = {
        "lan": Grant("reporter", UNIT),
        "minh": Grant("reviewer", "MOST_2025"),
        "phong": Grant("publisher", "VN"),
    }
    service = app.create(own_engine, clock=clock_at("2025-01-08T08:00:00"))
    signed_in: dict[str, TestClient] = {}
    for name, right in grants.items():
        with database.writing(own_engine) as connection:
            secret = accounts.add(connection, name, right, by=TEST)
        client = TestClient(service, raise_server_exceptions=False)
        assert client.post("/v1/session", json={"name": name, "secret": secret}).status_code == 201
        signed_in[name] = client
    yield signed_in
    for client in signed_in.values():
        client.close()


def standing(engine: Engine) -> dict[str, Any]:
    """Everything that a request may change: how many rows there are, and where each submission is."""
    counted = ", ".join(f"(select count(*) from {name}) as {name}" for name in COUNTED)
    with engine.connect() as connection:
        counts = dict(connection.execute(text(f"select {counted}")).mappings().one())
        cases = connection.execute(text("select id, state, version from submission order by id")).all()
    return counts | {"cases": [tuple(case) for case in cases]}


def assert_whole(engine: Engine) -> None:
    """Every submission is where its moves say, every move is in the audit, and the chain of the audit is unbroken."""
    with engine.connect() as connection:
        assert audit.verify(connection).broken is None
        wrong = connection.execute(
            text(
                """
                select submission.id
                from submission
                where version <> (select count(*) from submission_move where submission = submission.id)
                    or version <> (
                        select count(*) from audit
                        where object = 'submission ' || submission.id and act = any(:acts)
                    )
                    or not exists (select from submission_bytes where submission = submission.id)
                """
            ),
            {"acts": list(ACTS)},
        ).all()
    assert wrong == []


def test_a_return_cut_off_at_each_of_its_statements(
    own_engine: Engine, scissors: Scissors, clients: dict[str, TestClient]
) -> None:
    cases: dict[str, dict[str, Any]] = {}

    def send(name: str, value: int, **said: Any) -> Callable[[dict[str, str]], Any]:
        return lambda headers: clients["lan"].post(
            "/v1/submissions",
            files={"file": ("f.csv", (FILE % value).encode())},
            data={"dataset": DATASET, "reporting_unit": UNIT, "period": PERIOD} | said,
            headers=headers,
        )

    def act(who: str, name: str, path: str, **said: Any) -> Callable[[dict[str, str]], Any]:
        def request(headers: dict[str, str]) -> Any:
            case = cases[name]
            told = {key: value(case) if callable(value) else value for key, value in said.items()}
            seen = headers | {"If-Match": f'"{case["version"]}"'}
            return clients[who].post(f"/v1/submissions/{case['id']}/{path}", json=told, headers=seen)

        return request

    def attach(headers: dict[str, str]) -> Any:
        path = f"/v1/submissions/{cases['first']['id']}/evidence"
        return clients["lan"].post(path, files={"file": ("f.pdf", b"%PDF-1.7")}, headers=headers)

    def extend(headers: dict[str, str]) -> Any:
        said = {
            "dataset": DATASET, "reporting_unit": UNIT, "period": PERIOD, "until": "20/01/2025", "reason": "bão lụt",
        }  # fmt: skip
        return clients["phong"].post("/v1/obligations/extensions", json=said, headers=headers)

    def justified(case: dict[str, Any]) -> dict[int, str]:
        return {found["number"]: "báo cáo sau" for found in case["findings"] if found["severity"] == "warning"}

    why = {"reason_code": "correction", "reason": "đính chính"}
    life = [
        ("first", send("first", 50)),
        (None, attach),
        (None, extend),
        ("first", act("lan", "first", "submit", justifications=justified, signature={"signed_by": "Hải"})),
        (
            "first",
            act(
                "minh",
                "first",
                "return",
                reason="xem lại",
                remarks=[{"place": 'line 2, column "value"', "text": "sai"}],
            ),
        ),
        ("second", send("second", 51)),
        ("second", act("lan", "second", "submit", justifications=justified)),
        ("second", act("minh", "second", "take-up")),
        ("second", act("minh", "second", "accept")),
        ("second", act("phong", "second", "publish")),
        ("third", send("third", 52, reason="đính chính")),
        ("third", act("lan", "third", "submit", corrects=lambda _: cases["second"]["id"], **why)),
        ("third", act("minh", "third", "accept")),
        ("third", act("phong", "third", "publish")),
        ("third", act("phong", "third", "withdraw", **why)),
    ]
    statements = 0
    for number, (name, request) in enumerate(life):
        key = {"Idempotency-Key": f"step-{number}"}
        before, received = standing(own_engine), False
        for at in range(1, 1000):
            scissors.cut_at(at)
            answer = request(key)
            scissors.put_away()
            if not scissors.cut:
                break
            statements += 1
            assert answer.status_code == 503, (number, at, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            now = standing(own_engine)
            if now != before and not received:
                # The bytes are safe before anybody parses them; nothing else is.
                received = True
                assert now["cases"][:-1] == before["cases"], (number, at)
                assert now["cases"][-1][1:] == ("received", 1)
                before = now
            assert now == before, (number, at)
        assert answer.status_code in (200, 201), (number, answer.text)
        assert received <= (request is life[0][1] or answer.url.path == "/v1/submissions")
        after = standing(own_engine)
        again = request(key)
        assert (again.status_code, again.content) == (answer.status_code, answer.content), number
        assert standing(own_engine) == after
        assert_whole(own_engine)
        if name:
            cases[name] = answer.json()
    assert [cases[name]["state"] for name in ("first", "second", "third")] == ["returned", "published", "withdrawn"]
    assert statements > 200
    close_with(f"Cut off at each of {statements} statements of {len(life)} requests: nothing lost, nothing half done.")

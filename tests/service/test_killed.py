"""The service and the database are killed in the middle of a quarter: what was acknowledged is there afterwards.

The reporter, the reviewer and the publisher work on, one return after the other; when they have had so many answers,
something is killed while they wait for the next. They come back, ask again under the same keys, and go on.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Connection

from ingest import audit
from ingest.authority import Grant
from service import database, embedded
from service.identity import accounts
from tests.conftest import TEST, close_with
from tests.service.test_serve import PATIENCE_SECONDS, Service

PEOPLE = {"lan": Grant("reporter", "VN"), "minh": Grant("reviewer", "MOST_2025"), "phong": Grant("publisher", "VN")}
UNITS = [f"GSO{number:02}" for number in (4, 6, 8, 11, 14, 15, 17, 19)]
FILE = "indicator,reporting_unit,period,value\nWHOLE_SERVICE_RATE,{unit},2024-Q4,{value}\n"
# After how many answers what is killed; each kill waits for a request to be under way.
KILLS = {6: "service", 14: "database", 23: "service"}


class CutOff(Exception):
    """There was no answer."""


class Quarter:
    """Three people and a service that may be gone at any moment."""

    def __init__(self, home: Path) -> None:
        self.service = Service(home).await_ready()
        self.secrets = {}
        with self.database() as connection:
            for name, right in PEOPLE.items():
                self.secrets[name] = accounts.add(connection, name, right, by=TEST)
        self.client = httpx2.Client(timeout=PATIENCE_SECONDS)
        self.known: dict[int, tuple[int, str]] = {}
        self.answers = self.came_back = 0

    def ask(self, who: str, path: str, key: str, **said: Any) -> dict[str, Any]:
        """Ask once; an answer is an acknowledgement."""
        headers = {"Idempotency-Key": key} | said.get("headers", {})
        kill = KILLS.pop(self.answers, None)
        killer = threading.Thread(target=self.kill, args=(kill,)) if kill else None
        if killer:
            killer.start()
        try:
            answer = self.client.post(
                self.service.address + path, auth=(who, self.secrets[who]), **said | {"headers": headers}
            )
        except httpx2.TransportError as lost:
            raise CutOff(key) from lost
        finally:
            if killer:
                killer.join()
        if answer.status_code >= 500:
            raise CutOff(answer.text)
        assert answer.status_code in (200, 201), answer.text
        case = answer.json()
        self.answers += 1
        self.known[case["id"]] = (case["version"], case["state"])
        return case

    def answer(self, who: str, path: str, key: str, **said: Any) -> dict[str, Any]:
        """Ask until there is an answer, coming back after each kill."""
        while True:
            try:
                return self.ask(who, path, key, **said)
            except CutOff:
                self.came_back += 1
                assert self.came_back <= 3
                self.come_back()

    def kill(self, what: str) -> None:
        targets = [self.service.process] if what == "service" else self.service.servers()
        for each in targets:
            each.kill()

    def come_back(self) -> None:
        """Start the service again where it is gone, and look whether everything that was acknowledged is there."""
        self.service.process.wait(PATIENCE_SECONDS)
        self.service = Service(self.service.home).await_ready()
        for number, (version, state) in self.known.items():
            case = self.client.get(
                f"{self.service.address}/v1/submissions/{number}", auth=("lan", self.secrets["lan"])
            ).json()
            assert case["version"] >= version, case
            assert [move["state"] for move in case["moves"]][version - 1] == state
            assert len(case["moves"]) == case["version"]
        with self.database() as connection:
            assert audit.verify(connection).broken is None

    @contextmanager
    def database(self) -> Iterator[Connection]:
        """The database of the service, while it runs."""
        with embedded.reached(self.service.home, durable=True) as url:
            engine = database.connect(url)
            with database.writing(engine) as connection:
                yield connection
            engine.dispose()


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quarter]:
    quarter = Quarter(tmp_path_factory.mktemp("quarter") / "home")
    yield quarter
    quarter.client.close()
    quarter.service.process.terminate()
    quarter.service.process.wait(PATIENCE_SECONDS)


def test_whatever_is_killed_nothing_that_was_acknowledged_is_lost(quarter: Quarter) -> None:
    kills = len(KILLS)
    for value, unit in enumerate(UNITS, 40):
        content = FILE.format(unit=unit, value=value)
        said = {"dataset": "PROVINCE_QUARTERLY", "reporting_unit": unit, "period": "2024-Q4", "reason": "quý IV"}
        case = quarter.answer("lan", "/v1/submissions", f"{unit} send", data=said, files={"file": ("f.csv", content)})
        warned = {found["number"]: "báo cáo sau" for found in case["findings"] if found["severity"] == "warning"}
        for who, act, more in (
            ("lan", "submit", {"justifications": warned}),
            ("minh", "accept", {}),
            ("phong", "publish", {}),
        ):
            seen = {"If-Match": f'"{case["version"]}"'}
            path = f"/v1/submissions/{case['id']}/{act}"
            case = quarter.answer(who, path, f"{unit} {act}", json=more, headers=seen)
        assert case["state"] == "published"
    assert not KILLS
    assert 1 <= quarter.came_back <= kills
    quarter.kill("service")
    quarter.come_back()
    rows = quarter.client.get(
        f"{quarter.service.address}/v1/observations",
        params={"indicator": "WHOLE_SERVICE_RATE", "reporting_unit": UNITS, "frequency": "Q", "source": "REPORT"},
    ).json()["observations"]
    assert {row["series"].split(".")[2]: row["value"] for row in rows} == dict(
        zip(UNITS, range(40, 40 + len(UNITS)), strict=True)
    )
    assert {state for _, state in quarter.known.values()} == {"published"}
    close_with(f"Killed {kills + 1} times among {quarter.answers} answers: every acknowledged act was there again.")

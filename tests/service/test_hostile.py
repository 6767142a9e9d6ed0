"""Whatever file somebody sends, the service stays as it was: it answers with a sentence, and then the next request."""

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any

import httpx2
import psutil
import pytest

from service import database
from service.identity import credentials
from tests.conftest import TEST
from tests.service.hostile import FILES, sound
from tests.service.test_serve import PATIENCE_SECONDS, Service

GROWTH_LIMIT_BYTES = 50 * 2**20
CPU_LIMIT_SECONDS = 15  # of service and reader: others may have the processors
PAUSE_SECONDS = 0.05


class Victim:
    """A service in a process of its own, on a database of its own, and what it has cost so far."""

    def __init__(self, service: Service, client: httpx2.Client) -> None:
        self.service, self.client = service, client
        self.number: int | None = None
        self._process = psutil.Process(service.process.pid)

    def memory_bytes(self) -> int:
        return self._process.memory_info().rss

    def cpu_seconds(self) -> float:
        spent = self._process.cpu_times()
        (reader,) = (each for each in self._process.children() if "ingest.reader_process" in each.cmdline())
        return spent.user + spent.system + sum(reader.cpu_times()[:4])  # with what its own children spent

    def send(self, content: bytes) -> list[dict[str, Any]]:
        """Send a file, wait until it was examined and return what was found."""
        answer = self.client.post(
            "/v1/submissions", files={"file": ("figures.xlsx", content)}, data={"dataset": "PUBLISHED_FIGURES"}
        )
        if answer.status_code == 202:
            deadline = time.monotonic() + PATIENCE_SECONDS
            asked = self.client.get(answer.headers["location"])
            while asked.json()["state"] == "received":
                assert asked.json()["failure"] is None
                assert asked.headers["retry-after"] == "2"
                assert time.monotonic() < deadline, "it was never examined"
                time.sleep(PAUSE_SECONDS)
                asked = self.client.get(answer.headers["location"])
            answer = asked
        assert answer.status_code in (200, 201, 413, 422), answer.text
        self.number = answer.json().get("id")
        return answer.json().get("findings", [])

    def ask_for_it_marked(self) -> None:
        """Ask for the file that was sent last, where it was kept, marked with what was found."""
        if self.number:
            answer = self.client.get(f"/v1/submissions/{self.number}/marked")
            assert answer.status_code == 200, answer.text
            assert zipfile.is_zipfile(io.BytesIO(answer.content))


@pytest.fixture(scope="module")
def victim(new_engine: Callable[[], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    engine = new_engine()
    with database.writing(engine) as connection:
        auth = (credentials.ADMINISTRATOR, credentials.new_secret(connection, by=TEST))
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    service = Service(tmp_path_factory.mktemp("victim") / "home", CHISO_DATABASE_URL=url).await_ready()
    try:
        with httpx2.Client(base_url=service.address, auth=auth, timeout=PATIENCE_SECONDS) as client:
            victim = Victim(service, client)
            assert victim.send(sound(("SMARTPHONE_ADULT_RATE", "GSO37", "2024-Q1", 50)))[:1] == []
            # The first file of each way of coming in loads what every later one uses.
            victim.send(b"a" * 2**21)
            yield victim
    finally:
        service.process.terminate()
        service.process.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_with_a_sentence_and_the_service_is_as_before(victim: Victim, name: str) -> None:
    rules, make = FILES[name]
    content = make()
    memory_bytes, cpu_seconds = victim.memory_bytes(), victim.cpu_seconds()
    findings = victim.send(content)
    examined = victim.cpu_seconds()
    assert examined - cpu_seconds < CPU_LIMIT_SECONDS
    assert victim.memory_bytes() - memory_bytes < GROWTH_LIMIT_BYTES
    victim.ask_for_it_marked()
    assert victim.cpu_seconds() - examined < 2 * CPU_LIMIT_SECONDS  # it is read once more, and then marked
    # The file that was sent and the one that goes back pass through the service, which parses neither.
    assert victim.memory_bytes() - memory_bytes < GROWTH_LIMIT_BYTES + 4 * len(content)
    assert {each["rule"] for each in findings} & rules, findings[:3]
    for each in findings:
        assert each["vi"].rstrip().endswith(".")
        assert each["en"].rstrip().endswith(".")
    assert victim.client.get("/readyz").status_code == 200


def test_a_workbook_that_is_cut_off_anywhere_is_refused(victim: Victim) -> None:
    whole = sound(*(("SMARTPHONE_ADULT_RATE", "GSO37", f"{year}-Q1", 50) for year in range(2000, 2024)))
    for tenth in range(1, 10):
        findings = victim.send(whole[: len(whole) * tenth // 10])
        assert [each["rule"] for each in findings] == ["damaged_workbook"]


def test_macros_are_not_run_and_the_figures_beside_them_are_read(victim: Victim) -> None:
    findings = victim.send(sound(("SMARTPHONE_ADULT_RATE", "GSO37", "2023-Q1", 50), macros=True))
    assert [each["rule"] for each in findings] == ["macros_not_run"]


def test_a_line_of_a_gigabyte_is_refused_before_it_is_received(victim: Victim) -> None:
    memory_bytes = victim.memory_bytes()
    connection = HTTPConnection(victim.service.address.removeprefix("http://"), timeout=PATIENCE_SECONDS)
    connection.putrequest("POST", "/v1/submissions")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders(b"--x")
    assert connection.getresponse().status == 413
    connection.close()
    assert victim.memory_bytes() - memory_bytes < GROWTH_LIMIT_BYTES

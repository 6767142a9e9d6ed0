"""Reading and marking a file in a process of its own, which has so much memory and time (`ingest.reader_process`).

Whatever the file does there, here it is a finding. What comes back is not trusted: no pickle, no more than was agreed,
and every text checked.
"""

import atexit
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
import numpy
import pandas
import pyarrow
from structlog import get_logger

from ingest import marked, progress, reader_process
from ingest.layout import Layout
from ingest.mapping import Mapping
from ingest.observation import READING_COLUMNS
from ingest.place import place
from ingest.reader_process import COUNTS, HEADER, REQUEST, Ended, Rest, ToMark, ToRead, received
from ingest.readers.table import compute, for_each, frame, unread
from ingest.submission import Finding, Reading

# Of memory a file may take so much, and so many times its size.
MEMORY_BYTES: Final = 768 * 2**20
MEMORY_TIMES: Final = 8
# And so many seconds of work, with so many more for each megabyte.
CPU_SECONDS: Final = 3
CPU_SECONDS_PER_MEGABYTE: Final = 1
# Where others have the processors it may take so many times as long before it is given up.
WALL_TIMES: Final = 4
MOST_ROWS: Final = 3_000_000
READERS_AT_A_TIME: Final = 4  # what comes with a request, and the two that a worker has at work
_ANSWER_BYTES = 2**30
_REST_BYTES = 64 * 2**20
_MESSAGE_BYTES = 64 * 2**20
_MARKED_BYTES = 256 * 2**20  # a package of INFLATED_LIMIT_BYTES that does not shrink, and the marks
_MOST_BYTES: Final = {reader_process.REST: _REST_BYTES, reader_process.MARKED: _MARKED_BYTES}
# The rules of what went wrong with a process: whoever met them once need not try the same file again.
ENDED: Final = frozenset({"file_bursts_memory", "file_takes_too_long", "file_stops_reader"})
_GRACE_SECONDS = 5  # in which a process that was killed must be gone

# All that the reading process knows of this one: nothing secret. The rest keeps it to one thread until it is forked.
_ENVIRONMENT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_ONE_THREAD: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}

_Message: TypeAlias = tuple[bytes, bytes]  # what it is, and what it says
_Answer = TypeVar("_Answer")

_log = get_logger()
_turn = threading.BoundedSemaphore(READERS_AT_A_TIME)


class NoReader(Exception):
    """No process could be started to read the file in; try again in a moment."""


class _Broken(Exception):
    """The answer is none that a reader gives."""


class _Failed(Exception):
    """The process says that it could not, and why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.en)
        self.finding = finding


def read(content: bytes, *, mapping: Mapping | Layout | None = None, layouts: Sequence[Layout] = ()) -> Reading:
    """Read the bytes of a submission as `formats.read` does, within limits.

    What bursts them is a finding. Raises NoReader, which says nothing of the file.
    """
    progress.tell("reading", 0, len(content))
    with _turn:
        found = _Errand(content, ToRead(mapping, tuple(layouts), MOST_ROWS)).done(_as_reading)
    progress.tell("reading", len(content), len(content))
    return _storable(unread([found]) if isinstance(found, Finding) else found)


def mark(content: bytes, findings: Sequence[Finding], places: Collection[str]) -> bytes:
    """Mark a workbook as `marked.mark` does, within limits.

    What bursts them gives the list of findings only, which says so. Raises NoReader, which says nothing of the file.
    """
    with _turn:
        workbook = _Errand(content, ToMark(tuple(findings), tuple(places))).done(_as_workbook)
    if isinstance(workbook, Finding):
        return marked.alone(content, findings, workbook.found)
    return workbook or marked.alone(content, findings)


def start() -> None:
    """Start the process that waits, so that the first file need not wait for it; it goes on while it loads."""
    _waiting.running()


class _Waiting:
    """The process that waits for files, started when it is first needed and again when it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def running(self) -> socket.socket:
        """The control socket of a process that runs."""
        with self._lock:
            if self._process is None or self._control is None or self._process.poll() is not None:
                self._close()
                self._control, theirs = socket.socketpair()
                with theirs:
                    self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and a module of ours
                        [sys.executable, "-P", "-m", "ingest.reader_process", str(theirs.fileno())],
                        pass_fds=[theirs.fileno()],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | _ONE_THREAD,
                        start_new_session=True,  # Ctrl-C is for this process, which then ends that one
                    )
            return self._control

    def send(self, job: socket.socket, report: socket.socket, wall_seconds: int) -> None:
        """Hand over a file to be read; a process that has gone is replaced once."""
        for last in (False, True):
            control = self.running()
            try:
                with self._lock:
                    socket.send_fds(control, [struct.pack("!Q", wall_seconds)], [job.fileno(), report.fileno()])
            except OSError as failure:
                if last:
                    raise NoReader(f"No process could be started to read the file ({failure}).") from failure
                self.end(control)
            else:
                return

    def end(self, control: socket.socket | None = None) -> None:
        """End the process, and with it whatever it has begun: any, or only the one of this control socket.

        Of several who met the same failure the first ends it; the next has been started by then for the others.
        """
        with self._lock:
            if control is None or control is self._control:
                self._close()

    def forget(self) -> None:
        """In a fork of this process: the process that waits is the other's."""
        self.__init__()

    def _close(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._control = None


_waiting = _Waiting()
atexit.register(_waiting.end)
os.register_at_fork(after_in_child=_waiting.forget)


class _Errand:
    """One file on its way to a process and back."""

    def __init__(self, content: bytes, wanted: ToRead | ToMark) -> None:
        self._content, self._words = content, pickle.dumps(wanted)
        megabytes = len(content) / 2**20
        self._memory_bytes = MEMORY_BYTES + MEMORY_TIMES * len(content)
        self._cpu_seconds = CPU_SECONDS + int(CPU_SECONDS_PER_MEGABYTE * megabytes)
        self._wall_seconds = WALL_TIMES * self._cpu_seconds

    def done(self, understood: Callable[[Iterator[_Message]], _Answer]) -> _Answer | Finding:
        """The answer as it was understood, or the finding that says why there is none."""
        job, their_job = socket.socketpair()
        report, their_report = socket.socketpair()
        with job, report:
            with their_job, their_report:
                _waiting.send(their_job, their_report, self._wall_seconds)
            # The other process ends the child in time; this is for one that does not.
            for each in (job, report):
                each.settimeout(self._wall_seconds + _GRACE_SECONDS)
            try:
                with suppress(BrokenPipeError, ConnectionResetError):  # it may answer before it has read everything
                    self._ask(job)
                return understood(self._messages(job))
            except _Failed as failed:
                return failed.finding
            except (EOFError, ConnectionResetError):
                return self._ended(report)
            except TimeoutError:
                return self._too_long()
            except (_Broken, msgspec.DecodeError, pyarrow.ArrowException, ValueError) as fault:
                _log.error("a reader gave no answer of a reader", why=str(fault))
                return _stopped("?")

    def _ask(self, job: socket.socket) -> None:
        limits = self._memory_bytes, self._cpu_seconds
        job.sendall(REQUEST.pack(*limits, len(self._words), len(self._content)))
        job.sendall(self._words)
        job.sendall(self._content)

    def _messages(self, job: socket.socket) -> Iterator[_Message]:
        """What the process says, without end: whoever has understood stops listening."""
        received_bytes = 0
        while True:
            kind, size_bytes = HEADER.unpack(received(job, HEADER.size))
            received_bytes += size_bytes
            if size_bytes > _MOST_BYTES.get(kind, _MESSAGE_BYTES) or received_bytes > _ANSWER_BYTES:
                raise _Broken(f"{size_bytes} bytes")
            message = received(job, size_bytes)
            match kind:
                case reader_process.PROGRESS:
                    if size_bytes != COUNTS.size:
                        raise _Broken(f"{size_bytes} bytes of progress")
                    done, total = COUNTS.unpack(message)
                    progress.tell("reading", min(done, total), total)
                case reader_process.BURST:
                    raise _Failed(self._burst())
                case reader_process.FAULT:
                    _log.error("a reader failed", why=message.decode(errors="replace"))
                    raise _Failed(_stopped(""))
                case _:
                    yield kind, message

    def _ended(self, report: socket.socket) -> Finding:
        """What it was that ended the process."""
        try:
            told = report.recv(1_000)
        except OSError as failure:
            raise NoReader(f"The process that reads files has gone ({failure}).") from failure
        if not told:
            raise NoReader("No process could be started to read the file; try again in a moment.")
        ended = msgspec.json.decode(told, type=Ended)
        if ended.overdue or ended.code == -signal.SIGXCPU:
            return self._too_long()
        if ended.code in (-signal.SIGKILL, -signal.SIGABRT):  # the kernel's, or of an allocation that failed
            return self._burst()
        name = signal.Signals(-ended.code).name if ended.code < 0 else str(ended.code)
        return _stopped(name)

    def _burst(self) -> Finding:
        megabytes = self._memory_bytes // 2**20
        return Finding(
            "file_bursts_memory",
            "error",
            "",
            f"> {megabytes} MB",
            f"≤ {megabytes} MB",
            f"Đọc tệp này cần hơn {megabytes} MB bộ nhớ nên việc đọc đã dừng lại."
            " Hãy xóa các ô và trang tính thừa, chia tệp thành nhiều phần, hoặc gửi dưới dạng CSV.",
            f"Reading this file takes more than {megabytes} MB of memory and was stopped."
            " Clear stray cells and sheets, split the file, or send it as CSV.",
        )

    def _too_long(self) -> Finding:
        return Finding(
            "file_takes_too_long",
            "error",
            "",
            f"> {self._cpu_seconds} s",
            f"≤ {self._cpu_seconds} s",
            f"Đọc tệp này mất hơn {self._cpu_seconds} giây nên việc đọc đã dừng lại."
            " Hãy xóa các ô và trang tính thừa, chia tệp thành nhiều phần, hoặc gửi dưới dạng CSV.",
            f"Reading this file takes more than {self._cpu_seconds} seconds and was stopped."
            " Clear stray cells and sheets, split the file, or send it as CSV.",
        )


def _as_workbook(messages: Iterator[_Message]) -> bytes:
    kind, workbook = next(messages)
    if kind != reader_process.MARKED:
        raise _Broken(repr(kind))
    return workbook


def _as_reading(messages: Iterator[_Message]) -> Reading:
    kind, message = next(messages)
    if kind != reader_process.REST:
        raise _Broken(repr(kind))
    length, rest = msgspec.json.decode(message, type=tuple[int, Rest])
    if length > MOST_ROWS:
        return unread([_too_many_rows(length)], format=rest.format)
    pieces: list[Any] = []
    while sum(len(piece) for piece in pieces) < length:
        kind, message = next(messages)
        if kind != reader_process.ROWS:
            raise _Broken(repr(kind))
        pieces.append(_piece(message))
    return _reading(length, rest, pieces)


def _piece(message: bytes) -> Any:
    """The rows of one message, with columns of a reading and nothing else; text that is no text is refused."""
    try:
        table = pyarrow.ipc.open_stream(pyarrow.py_buffer(message)).read_all()
        table.validate(full=True)
    except OSError as fault:  # as which pyarrow also raises what is none of the system's
        raise _Broken(str(fault)) from fault
    for column in table.schema:
        wanted = pyarrow.int64() if column.name == "line" else pyarrow.string()
        if column.name not in READING_COLUMNS or column.type not in (wanted, pyarrow.large_string()):
            raise _Broken(str(column))
    return table


def _reading(length: int, rest: Any, pieces: list[Any]) -> Reading:
    table = pyarrow.concat_tables(pieces) if pieces else pyarrow.table({})
    if len(table) != length or len(set(table.column_names)) != len(table.column_names):
        raise _Broken(f"{len(table)} rows of {length}")
    columns = {name: table[name] for name in table.column_names}
    told = {name: getattr(rest, name) for name in Rest.__struct_fields__}
    return Reading(frame=frame(columns, length), **told)


def _storable(reading: Reading) -> Reading:
    """The reading without what no database keeps: a figure whose text holds a NUL is a finding."""
    reading.findings = [_without_nul(each) for each in reading.findings]
    if not len(reading.frame):
        return reading
    spoilt = numpy.zeros(len(reading.frame), dtype=bool)
    for name in READING_COLUMNS:
        texts = reading.frame[name]
        if name != "line" and texts.notna().any():
            found = compute.match_substring(pyarrow.array(texts, pyarrow.string()), "\0")
            spoilt |= numpy.asarray(compute.fill_null(found, False))
    if spoilt.any():
        rows = reading.frame[spoilt][["sheet", "line", "column"]].itertuples(index=False, name=None)
        reading.findings += for_each([*rows], lambda row: _nul(*row, format=reading.format))
        reading.frame = reading.frame[~spoilt].reset_index(drop=True)
    return reading


def _without_nul(each: Finding) -> Finding:
    texts = {name: getattr(each, name) for name in ("place", "found", "expected", "vi", "en")}
    if not any("\0" in text for text in texts.values()):
        return each
    return replace(each, **{name: text.replace("\0", "\ufffd") for name, text in texts.items()})


def _nul(sheet: Any, line: Any, column: Any, *, format: str) -> Finding:  # noqa: A002
    told = (
        sheet if isinstance(sheet, str) else None,
        None if pandas.isna(line) else int(line),
        column if isinstance(column, str) else None,
    )
    return Finding(
        "nul_byte",
        "error",
        place(*told, format=format),
        "NUL",
        "",
        "Một chữ của dòng này chứa ký tự NUL, thứ không lưu được. Hãy xóa ký tự đó hoặc nhập lại dòng này.",
        "A text of this row holds the character NUL, which cannot be stored. Remove it, or type the row again.",
    )


def _stopped(how: str) -> Finding:
    shown = f" ({how})" if how else ""
    return Finding(
        "file_stops_reader",
        "error",
        "",
        how,
        "",
        f"Trình đọc đã dừng đột ngột khi đọc tệp này{shown}."
        " Hãy mở tệp bằng chương trình đã tạo ra nó, lưu lại hoặc xuất sang CSV rồi gửi lại.",
        f"The reader stopped short at this file{shown}."
        " Open it in the program that made it, save it again or export it as CSV, and send that.",
    )


def _too_many_rows(count: int) -> Finding:
    return Finding(
        "too_many_rows",
        "error",
        "",
        str(count),
        f"≤ {MOST_ROWS}",
        f"Tệp có {count} dòng số liệu; mỗi lần nộp nhiều nhất {MOST_ROWS} dòng."
        " Hãy chia thành nhiều tệp, ví dụ theo năm.",
        f"The file has {count} rows of figures; at most {MOST_ROWS} are read at once. Split it, for example by year.",
    )

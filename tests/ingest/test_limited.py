"""A file is read in a process of its own, and whatever happens there is a finding here."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import openpyxl
import psutil
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import formats, limited, marked, progress, reader_process
from ingest.marked.outline import outline
from ingest.observation import READING_COLUMNS
from ingest.readers.marks import FINDINGS_SHEET
from ingest.submission import Finding, Reading
from tests.service.hostile import sound

CSV = (
    b"indicator,reporting_unit,period,value,comment\n"
    + "".join(f"EGDI_RANK,VN,{year},{year % 97},theo báo cáo\n" for year in range(1950, 2020)).encode()
)
PATIENCE_SECONDS = 30


def rows() -> bytes:
    """Rows as a reader sends them."""
    sink = io.BytesIO()
    table = pyarrow.table({"line": [1, 2], "value": ["1", "2"]})
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


ROWS = rows()


class Instead:
    """Stands for a mapping, and does this when it arrives in the process that reads."""

    def __init__(self, what: Callable[..., Any], *arguments: Any) -> None:
        self._reduced = what, arguments

    def __reduce__(self) -> Any:
        return self._reduced


def doing(what: Callable[..., Any], *arguments: Any) -> Reading:
    return limited.read(CSV, mapping=Instead(what, *arguments))  # type: ignore[arg-type]


def waiting() -> psutil.Process:
    """The process that waits for files."""
    (found,) = (each for each in psutil.Process().children() if "ingest.reader_process" in each.cmdline())
    return found


def test_a_reading_is_the_same_as_without_limits() -> None:
    for content in (CSV, b"indicator,value\nA,1\nB\n", b'[{"indicator": "A", "value": 1.50}]', b"", b"PK\x03\x04"):
        near, far = formats.read(content), limited.read(content)
        assert tuple(far.frame.columns) == READING_COLUMNS
        assert far.frame.equals(near.frame)
        assert (far.findings, far.format, far.announced, far.places) == (
            near.findings,
            near.format,
            near.announced,
            near.places,
        )


@pytest.mark.parametrize(
    ("what", "rule", "found"),
    [
        ((os.abort,), "file_bursts_memory", "> 768 MB"),
        ((signal.raise_signal, signal.SIGKILL), "file_bursts_memory", "> 768 MB"),
        ((bytearray, 2**33), "file_bursts_memory", "> 768 MB"),
        ((exec, "kept = []\nwhile True: kept.append(bytearray(2**20))"), "file_bursts_memory", "> 768 MB"),
        ((signal.raise_signal, signal.SIGSEGV), "file_stops_reader", "SIGSEGV"),
        ((os._exit, 3), "file_stops_reader", "3"),
        ((exec, "raise SystemExit(0)"), "file_stops_reader", ""),
        ((exec, "raise ValueError('a fault of ours')"), "file_stops_reader", ""),
    ],
)
def test_what_ends_the_reader_is_a_finding(what: tuple[Any, ...], rule: str, found: str) -> None:
    (finding,) = doing(*what).findings
    assert (finding.rule, finding.severity, finding.found) == (rule, "error", found)
    assert finding.vi.endswith(".")
    assert finding.en.endswith(".")
    assert limited.read(CSV).findings == []


@pytest.mark.parametrize("what", [(exec, "while True: pass"), (exec, "import time; time.sleep(60)")])
def test_a_reader_that_does_not_end_is_ended(what: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "CPU_SECONDS", 1)
    monkeypatch.setattr(limited, "WALL_TIMES", 1 if "sleep" in what[1] else 20)
    (finding,) = doing(*what).findings
    assert (finding.rule, finding.found) == ("file_takes_too_long", "> 1 s")


@pytest.mark.parametrize(
    "answer",
    [
        b"f" + (2**60).to_bytes(8, "big"),
        b"r" + (2**25).to_bytes(8, "big") + b"[" * 2**25,
        b"r" + (9).to_bytes(8, "big") + b"[1, null]",
        b"?" + (0).to_bytes(8, "big"),
        b"",
    ],
)
def test_what_comes_back_is_not_trusted(answer: bytes) -> None:
    everywhere = (
        "import os\n"
        "for handle in range(3, 64):\n"
        "    try:\n"
        f"        at = {answer[:9]!r} + {answer[9:40]!r} * {max(1, len(answer) // 40)}\n"
        "        os.write(handle, at)\n"
        "    except OSError: pass\n"
        "os._exit(0)"
    )
    (finding,) = doing(exec, everywhere).findings
    assert finding.rule == "file_stops_reader"


@pytest.mark.parametrize(
    "message",
    [
        (reader_process.PROGRESS, b"abc"),
        (reader_process.ROWS, b""),
        (reader_process.MARKED, b"PK"),
        (reader_process.REST, b"[1]"),
        (reader_process.FAULT, b"\xff"),
        (reader_process.BURST, b"?"),
    ],
)
def test_a_message_of_any_kind_may_be_wrong(message: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    kind, said = message

    def send(job: socket.socket, _: socket.socket, __: int) -> None:
        job.sendall(reader_process.HEADER.pack(kind, len(said)) + said)

    monkeypatch.setattr(limited._waiting, "send", send)
    (finding,) = limited.read(CSV).findings
    assert finding.rule in ("file_stops_reader", "file_bursts_memory")


@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_rows_with_any_byte_wrong_are_rows_or_refused(at: int, byte: int) -> None:
    rows = bytearray(ROWS)
    rows[at % len(rows)] = byte
    with suppress(limited._Broken, pyarrow.ArrowException, ValueError):  # which are findings
        assert len(limited._piece(bytes(rows))) in range(limited.MOST_ROWS)


def test_only_the_process_that_failed_is_ended() -> None:
    limited.read(CSV)
    with socket.socket() as gone:
        limited._waiting.end(gone)
    first = waiting().pid
    limited.read(CSV)
    assert waiting().pid == first


def test_what_cannot_be_marked_within_limits_gives_the_list_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Finding("value_is_in_range", "error", "", "1", "2", "Sai.", "Wrong.")
    small = sound(("SMARTPHONE_ADULT_RATE", "GSO37", "2024-Q1", 50))
    assert limited.mark(small, [wrong], []) == marked.mark(small, [wrong], [])
    listed = openpyxl.load_workbook(io.BytesIO(limited.mark(CSV, [wrong], [])))
    assert listed[FINDINGS_SHEET].max_row == 7
    monkeypatch.setattr(limited, "MEMORY_BYTES", 0)
    monkeypatch.setattr(limited, "MEMORY_TIMES", 0)
    book = openpyxl.load_workbook(io.BytesIO(limited.mark(small, [wrong], [])))
    assert book.sheetnames == [FINDINGS_SHEET]
    assert "Không đánh dấu được" in str([*book[FINDINGS_SHEET].values])


def test_a_part_of_many_megabytes_becomes_no_tree() -> None:
    with pytest.raises(ValueError, match="too many for a tree"):
        outline(b"<a>" + b"<a/>" * 4_000_000 + b"</a>")


def test_a_process_that_waits_and_was_killed_is_replaced() -> None:
    limited.read(CSV)
    first = waiting()
    first.kill()
    psutil.wait_procs([first], PATIENCE_SECONDS)
    assert limited.read(CSV).findings == []
    assert waiting().pid != first.pid


def test_many_files_at_a_time_leave_no_process_behind() -> None:
    found: list[Reading] = []
    threads = [threading.Thread(target=lambda: found.append(limited.read(CSV))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(each.frame) for each in found] == [70] * 12
    assert waiting().num_threads() == 1
    psutil.wait_procs(waiting().children(), PATIENCE_SECONDS)
    assert waiting().children() == []


def test_the_reader_knows_no_secret_and_writes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHISO_DATABASE_URL", "postgresql://chiso:secret@db/chiso")
    limited._waiting.end()
    limited.read(CSV)
    assert not [name for name in waiting().environ() if name.startswith(("CHISO", "PG"))]
    write = "import tempfile\nwith tempfile.TemporaryFile() as file: file.write(b'x'); file.flush()"
    (finding,) = doing(exec, write).findings
    assert finding.rule == "file_stops_reader"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
def test_no_process_outlives_whoever_asked_for_it(how: signal.Signals | None) -> None:
    program = (
        "import sys, time, threading\n"
        "from ingest import limited\n"
        "from tests.ingest.test_limited import CSV, Instead\n"
        "limited.read(CSV)\n"
        "slow = lambda: limited.read(CSV, mapping=Instead(exec, 'import time; time.sleep(60)'))\n"
        "threading.Thread(target=slow, daemon=True).start()\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as asking:
        assert asking.stdout
        assert asking.stdin
        assert asking.stdout.readline() == "ready\n"
        (waits,) = psutil.Process(asking.pid).children()
        assert "ingest.reader_process" in waits.cmdline()
        reading = waits.children()
        if how is None:
            asking.stdin.close()
        else:
            asking.send_signal(how)
        asking.wait(PATIENCE_SECONDS)
        _, left = psutil.wait_procs([waits, *reading], PATIENCE_SECONDS)
        assert not left


def test_it_says_how_far_it_is() -> None:
    heard: list[tuple[str, int, int]] = []
    with progress.heard_by(lambda *told: heard.append(told)):
        limited.read(CSV)
    assert heard[0] == ("reading", 0, len(CSV))
    assert heard[-1] == ("reading", len(CSV), len(CSV))
    limited.read(CSV)
    assert heard[-1] == ("reading", len(CSV), len(CSV))


def test_a_file_of_too_many_rows_is_refused_with_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "MOST_ROWS", 69)
    (finding,) = limited.read(CSV).findings
    assert (finding.rule, finding.found, finding.expected) == ("too_many_rows", "70", "≤ 69")

"""How long large files take from the command line and over the API, and how much memory.

It makes the files and a database of its own, and prints for each file: rows, seconds, the highest resident memory of
the program, of the process that reads and of the server's busiest process, and how many times as long it took as what
cannot be done without (calamine alone; COPY into a table with one index).
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx2
import numpy
import openpyxl
import psutil
import psycopg
import pyarrow
import pyarrow.csv
import python_calamine

from ingest import catalogue
from service import database, embedded, startup
from service.identity import credentials

COLUMNS = ("indicator", "reporting_unit", "period", "value", "accumulation", "source", "breakdown", "status", "comment")
FIRST_YEAR, LAST_YEAR = 2010, 2024
_SEED = 4


def figures(rows: int, *, first_value: float = 40.0) -> pyarrow.Table:
    """So many figures of one indicator in the long format: provinces, quarters and parts of the total."""
    units = [
        unit.code
        for unit in catalogue.read().reporting_units
        if unit.level == "province"
        and (unit.valid_from is None or unit.valid_from.year < FIRST_YEAR)
        and (unit.valid_to is None or unit.valid_to.year > LAST_YEAR)
    ]
    periods = [f"{year}-Q{quarter}" for year in range(FIRST_YEAR, LAST_YEAR + 1) for quarter in (1, 2, 3, 4)]
    number = numpy.arange(rows)
    parts, rest = numpy.divmod(number, len(units) * len(periods))
    of_unit, of_period = numpy.divmod(rest, len(periods))
    values = numpy.random.default_rng(_SEED).integers(0, 5_000, rows) / 100 + first_value
    return pyarrow.table(
        {
            "indicator": pyarrow.repeat("SMARTPHONE_ADULT_RATE", rows),
            "reporting_unit": pyarrow.array(units).take(pyarrow.array(of_unit)),
            "period": pyarrow.array(periods).take(pyarrow.array(of_period)),
            "value": pyarrow.array([f"{value:.2f}" for value in values]),
            "accumulation": pyarrow.repeat("STOCK", rows),
            "source": pyarrow.repeat("REPORT", rows),
            "breakdown": pyarrow.array([f"PART_{part:05}" for part in range(int(parts.max(initial=0)) + 1)]).take(
                pyarrow.array(parts)
            ),
            "status": pyarrow.repeat("A", rows),
            "comment": pyarrow.repeat("theo báo cáo của sở, ban, ngành", rows),
        }
    )


def as_csv(table: pyarrow.Table) -> bytes:
    written = io.BytesIO()
    pyarrow.csv.write_csv(table, written)
    return written.getvalue()


def as_workbook(table: pyarrow.Table) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("figures")
    sheet.append(table.column_names)
    values = table.column_names.index("value")
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        sheet.append([float(cell) if at == values else cell for at, cell in enumerate(row)])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


class Watch:
    """The highest resident memory of a process, of those it started that read, and of the server's processes."""

    def __init__(self, pid: int, server: int) -> None:
        self._program, self._server = psutil.Process(pid), psutil.Process(server)
        self.program = self.reader = self.server = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            try:
                self.program = max(self.program, self._program.memory_info().rss)
                for child in self._program.children(recursive=True):
                    if any("reader_process" in word for word in child.cmdline()):
                        self.reader = max(self.reader, child.memory_info().rss)
                for backend in self._server.children():
                    self.server = max(self.server, backend.memory_info().rss)
            except psutil.Error:
                continue

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def told(name: str, rows: int, seconds: float, floor: float, watch: Watch) -> None:
    megabytes = [f"{size / 2**20:,.0f} MB" for size in (watch.program, watch.reader, watch.server)]
    print(
        f"{name:<34} {rows:>9,} rows {seconds:7.1f} s {rows / seconds:>9,.0f} rows/s"
        f"   program {megabytes[0]}, reader {megabytes[1]}, server {megabytes[2]}   {seconds / floor:.0f} x the floor"
    )


def from_the_command_line(url: str, server: int, path: Path, reason: str | None = None) -> tuple[float, Watch]:
    command = [Path(sys.executable).with_name("chiso"), "ingest", path]
    environment = os.environ | {"CHISO_DATABASE_URL": url}
    began = time.monotonic()
    command += ["--reason", reason] if reason else []
    with subprocess.Popen(command, env=environment) as process, Watch(process.pid, server) as watch:
        process.wait()
    assert process.returncode == 0
    return time.monotonic() - began, watch


def over_the_api(url: str, server: int, path: Path, reason: str) -> tuple[float, Watch]:
    engine = database.connect(url)
    with database.writing(engine) as connection:
        auth = (credentials.ADMINISTRATOR, credentials.new_secret(connection, by=startup.BY))
    engine.dispose()
    command = [Path(sys.executable).with_name("chiso"), "serve"]
    environment = os.environ | {"CHISO_DATABASE_URL": url, "CHISO_PORT": "8421"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        client = httpx2.Client(base_url="http://127.0.0.1:8421", auth=auth, timeout=300)
        while True:
            try:
                client.get("/health")
                break
            except httpx2.TransportError:
                time.sleep(0.1)
        began = time.monotonic()
        with Watch(process.pid, server) as watch, path.open("rb") as file:
            answer = client.post(
                "/v1/submissions", files={"file": file}, data={"dataset": "PUBLISHED_FIGURES", "reason": reason}
            )
            assert answer.status_code == 202, answer.text
            print(f"  kept after {time.monotonic() - began:.1f} s")
            stages: dict[str, float] = {}
            while (case := client.get(answer.headers["location"]).json())["state"] == "received":
                assert not case["failure"], case["failure"]
                if case["progress"]:
                    stages.setdefault(case["progress"]["stage"], time.monotonic() - began)
                time.sleep(0.25)
        assert case["state"] == "published", case["findings"][:3]
        seconds = time.monotonic() - began
        print("  seen: " + ", ".join(f"{stage} at {at:.1f} s" for stage, at in stages.items()))
        process.terminate()
    return seconds, watch


def copied(url: str, content: bytes) -> float:
    """Seconds of COPY of the same bytes into an empty table with one unique index."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(
            f"create temporary table floor ({', '.join(f'{name} text' for name in COLUMNS)},"
            " unique (reporting_unit, period, breakdown))"
        )
        began = time.monotonic()
        with connection.cursor().copy("copy floor from stdin (format csv, header)") as copy:
            copy.write(content)
        return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv-rows", type=int, default=2_000_000)
    parser.add_argument("--workbook-rows", type=int, default=200_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder) / "home", durable=True) as url:
        engine = database.connect(url)
        startup.prepare(engine, tell=lambda _: None)
        with engine.connect() as connection:
            backend = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
        server = psutil.Process(backend).ppid()
        engine.dispose()
        csv, book = Path(folder) / "large.csv", Path(folder) / "large.xlsx"
        csv.write_bytes(as_csv(figures(asked.csv_rows)))
        floor = copied(url, csv.read_bytes())
        print(f"COPY of the CSV ({csv.stat().st_size / 2**20:.0f} MB) alone: {floor:.1f} s")
        told("CSV, command line", asked.csv_rows, *_with(floor, from_the_command_line(url, server, csv)))
        csv.write_bytes(as_csv(figures(asked.csv_rows, first_value=45)))
        told("CSV, API, all revised", asked.csv_rows, *_with(floor, over_the_api(url, server, csv, "benchmark")))
        book.write_bytes(as_workbook(figures(asked.workbook_rows, first_value=30)))
        began = time.monotonic()
        python_calamine.CalamineWorkbook.from_path(str(book)).get_sheet_by_index(0).to_python()
        floor = time.monotonic() - began
        print(f"calamine of the workbook ({book.stat().st_size / 2**20:.0f} MB) alone: {floor:.1f} s")
        seconds = from_the_command_line(url, server, book, "benchmark")
        told("workbook, command line", asked.workbook_rows, *_with(floor, seconds))


def _with(floor: float, measured: tuple[float, Watch]) -> tuple[float, float, Watch]:
    return measured[0], floor, measured[1]


if __name__ == "__main__":
    main()

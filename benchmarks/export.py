"""How long many figures take on their way out, and how much memory the service grows by.

It fills a database of its own, serves it, asks for all of it in each format, and prints for each: seconds, the size of
the answer, rows a second, the service's resident memory before and at its highest, and seconds to the first byte.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import psutil
from sqlalchemy import Engine, text

from benchmarks.large_files import Watch
from service import database, embedded, startup

FORMATS = ("csv", "parquet", "arrow", "openmetrics", "zip")
INDICATOR = "SMARTPHONE_ADULT_RATE"
DAYS = 5_000  # from 2010-01-01
_BATCH_SERIES = 200
_ADDRESS = "http://127.0.0.1:8421"


def fill(engine: Engine, rows: int) -> None:
    """Put at least so many figures into the ledger: days of the nation and of parts of its total."""
    count = math.ceil(rows / DAYS)
    for first in range(0, count, _BATCH_SERIES):
        last = min(first + _BATCH_SERIES, count) - 1
        with database.writing(engine) as connection:
            connection.execute(text(_SERIES), {"indicator": INDICATOR, "first": first, "last": last})
            connection.execute(text(_FIGURES), {"first": first, "last": last, "days": DAYS})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze observation, series"))


_SERIES = """
insert into series (frequency, indicator, reporting_unit, accumulation, source, breakdown)
select 'D', :indicator, 'VN', 'STOCK', 'GENERATED', 'PART_' || lpad(part::text, 5, '0')
from generate_series(cast(:first as integer), cast(:last as integer)) as part
"""

_FIGURES = """
with written as (
    insert into observation
        (series_id, period_start, published_at, recorded_at, submission_id, status, value, comment)
    select
        series.id, day, cast('2024-01-02T03:04:05Z' as timestamptz), now(),
        (select min(id) from submission), 'A', round((40 + 10 * sin(series.id + number))::numeric, 2),
        'theo báo cáo của sở, ban, ngành'
    from series
    cross join generate_series(0, cast(:days as integer) - 1) as number
    cross join lateral (select timestamp '2010-01-01' + number * interval '1 day') as at (day)
    where series.source = 'GENERATED'
        and series.breakdown between
            'PART_' || lpad(cast(:first as text), 5, '0') and 'PART_' || lpad(cast(:last as text), 5, '0')
    order by series.id, day
    returning 1
)
insert into batch (recorded_at, submission_id, observations, first_published)
select now(), (select min(id) from submission), count(*), '2024-01-02T03:04:05Z' from written
"""


def measured(pid: int, server: int, name: str) -> None:
    """Ask for everything in this format, and print what it took."""
    before_bytes, began = psutil.Process(pid).memory_info().rss, time.monotonic()
    query = {"indicator": INDICATOR, "source": "GENERATED", "format": name}
    size_bytes, first_seconds = 0, 0.0
    with (
        Watch(pid, server) as watch,
        httpx2.stream("GET", f"{_ADDRESS}/v1/observations", params=query, headers=_PLAIN, timeout=None) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        for piece in answer.iter_raw():
            first_seconds = first_seconds or time.monotonic() - began
            size_bytes += len(piece)
    seconds = time.monotonic() - began
    began = time.monotonic()
    httpx2.head(f"{_ADDRESS}/v1/observations", params=query, timeout=None)
    head_seconds = time.monotonic() - began
    print(
        f"{name:<12} {seconds:7.1f} s   first byte {first_seconds:6.1f} s   HEAD {head_seconds:6.1f} s"
        f"   {size_bytes / 2**20:8,.0f} MB   memory {before_bytes / 2**20:5,.0f} MB, at most"
        f" {watch.program / 2**20:5,.0f} MB   database {watch.server / 2**20:6,.0f} MB",
        flush=True,
    )


_PLAIN = {"Accept-Encoding": "identity"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--formats", nargs="+", default=["csv", "parquet", "arrow"], choices=FORMATS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder) / "home", durable=False) as url:
        engine = database.connect(url)
        startup.prepare(engine, tell=lambda _: None)
        began = time.monotonic()
        fill(engine, asked.rows)
        print(f"{asked.rows:,} rows in the ledger after {time.monotonic() - began:.0f} s", flush=True)
        with engine.connect() as connection:
            backend = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
        server = psutil.Process(backend).ppid()
        engine.dispose()
        command = [Path(sys.executable).with_name("chiso"), "serve"]
        environment = os.environ | {"CHISO_DATABASE_URL": url, "CHISO_PORT": "8421"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            while True:
                try:
                    httpx2.get(f"{_ADDRESS}/v1/observations?indicator=EGDI_RANK&format=csv")
                    break
                except httpx2.TransportError:
                    time.sleep(0.1)
            try:
                for name in asked.formats:
                    measured(process.pid, server, name)
            finally:
                process.terminate()


if __name__ == "__main__":
    main()

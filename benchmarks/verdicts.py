"""How long the verdicts on a hundred targets of 83 reporting units take: judged anew, and asked again.

It makes a database of its own on the server of CHISO_DATABASE_URL, or on an embedded one, with fourteen years
of quarters for each unit, and prints medians: of judging alone, and of whole answers of the API.
"""

import dataclasses
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path

import numpy
import pandas
import psycopg
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from ingest import authority, catalogue, ledger, registry
from ingest.observation import OBSERVATION_COLUMNS
from ingest.period import now
from ingest.target import Target, TargetKind
from service import app, database, embedded, startup
from service.archive import targets
from service.archive.verdicts import kept
from service.archive.verdicts.reaching import Wanted

# 50 indicators twice promised are 100 targets; on the last day of 63 provinces there were 20 ministries.
INDICATORS, PLANS, LEVELS = 50, ("BENCHMARK_1", "BENCHMARK_2"), ("province", "ministry")
FIRST_YEAR, LAST_DAY = 2011, date(2025, 6, 30)
KINDS: tuple[TargetKind, ...] = ("at_least", "at_most", "yes_all", "zero_left", "path")
_SEED = 6


@contextmanager
def scratch() -> Iterator[Engine]:
    """A database with schema and catalogue that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        given = os.environ.get("CHISO_DATABASE_URL")
        if given is None:
            with embedded.running(Path(folder), durable=False) as url:
                yield _prepared(url)
            return
        name = f"chiso_benchmark_{os.getpid()}"
        with psycopg.connect(given, autocommit=True) as server:
            server.execute(f"create database {name} template template0 encoding 'UTF8'")
            try:
                yield _prepared(given.rpartition("/")[0] + f"/{name}")
            finally:
                server.execute(f"drop database {name} with (force)")


def _prepared(url: str) -> Engine:
    engine = database.connect(url)
    startup.prepare(engine, tell=lambda _: None)
    return engine


def filled(engine: Engine) -> int:
    """Promise everything of every province and ministry, and report it each quarter; the number of figures."""
    files = catalogue.read()
    able = [each.code for each in files.indicators.values() if each.unit_measure != "rank"][:INDICATORS]
    units = [
        unit.code
        for unit in files.reporting_units
        if unit.level in LEVELS and unit.valid_on(date(FIRST_YEAR, 1, 1)) and unit.valid_on(LAST_DAY)
    ]
    promised = tuple(
        Target(plan, code, level, "2025-Q2", KINDS[at % len(KINDS)], _promised(at), "benchmark")
        for plan in PLANS
        for at, code in enumerate(able)
        for level in LEVELS
    )
    with database.writing(engine) as connection:
        files = dataclasses.replace(files, version="benchmark", targets=(*files.targets, *promised))
        registry.load(connection, files, by=authority.program("benchmark", "benchmark"))
    starts = pandas.date_range(f"{FIRST_YEAR}-01-01", LAST_DAY, freq="QS")
    values = numpy.random.default_rng(_SEED).normal(0.2, 1.0, (len(able) * len(units), len(starts))).cumsum(axis=1)
    keys = [f"Q.{code}.{unit}.STOCK.REPORT._T" for code in able for unit in units]
    frame = pandas.DataFrame(index=range(values.size), columns=list(OBSERVATION_COLUMNS), dtype=object)
    frame["series"] = numpy.repeat(keys, len(starts))
    frame["period_start"] = numpy.tile(starts.to_pydatetime(), len(keys))
    frame["published_at"] = pandas.to_datetime(frame["period_start"]).dt.tz_localize(UTC) + pandas.Timedelta(days=120)
    frame["published_at"] = frame["published_at"].astype("datetime64[us, UTC]")
    frame["value"] = [f"{max(value + 40, 1):.2f}" for value in values.ravel()]
    frame["status"], frame["withdrawn"] = "A", False
    with database.writing(engine) as connection:
        submission = connection.execute(text("select min(id) from submission")).scalar_one()
        ledger.append(connection, frame, submission=submission, reason="benchmark")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))
    return values.size


def median(ask: Callable[[], object], *, before: Callable[[], object] = lambda: None, times: int = 7) -> float:
    """Milliseconds, half of the times less and half more; `before` is not counted."""
    spent = []
    for _ in range(times):
        before()
        began = time.perf_counter()
        ask()
        spent.append(1000 * (time.perf_counter() - began))
    return statistics.median(spent)


def main() -> None:
    with scratch() as engine:
        count = filled(engine)
        wanted = Wanted(promised=targets.Wanted(plans=list(PLANS)))

        def judge() -> int:
            with database.reading(engine) as connection:
                return len(kept.current(connection, wanted, now=now()).reached.frame)

        print(f"{count:,} figures, {judge():,} verdicts")
        print(f"judged anew          {median(judge, before=kept._kept.clear):8.1f} ms")
        print(f"judged, asked again  {median(judge):8.1f} ms")
        with TestClient(app.create(engine)) as client:

            def ask(**more: str) -> None:
                answer = client.get("/v1/verdicts", params={"plan": "BENCHMARK_*"} | more)
                assert answer.status_code == 200, answer.text

            tag = client.get("/v1/verdicts", params={"plan": "BENCHMARK_*"}).headers["etag"]

            def ask_with_tag() -> None:
                held = {"If-None-Match": tag}
                assert client.get("/v1/verdicts", params={"plan": "BENCHMARK_*"}, headers=held).status_code == 304

            print(f"API, a page, cold    {median(ask, before=kept._kept.clear):8.1f} ms")
            print(f"API, a page, warm    {median(ask):8.1f} ms")
            print(f"API, off track, warm {median(lambda: ask(state='off_track')):8.1f} ms")
            print(f"API, 304             {median(ask_with_tag):8.1f} ms")
            print(f"API, all in CSV      {median(lambda: ask(format='csv'), times=3):8.1f} ms")
            print(f"API, all in XLSX     {median(lambda: ask(format='xlsx'), times=3):8.1f} ms")
            print(f"/metrics             {median(lambda: client.get('/metrics'), times=3):8.1f} ms")
        engine.dispose()


def _promised(at: int) -> Decimal:
    kind = KINDS[at % len(KINDS)]
    return Decimal(0) if kind == "zero_left" else Decimal(20 if kind == "at_most" else 60 + at % 40)


if __name__ == "__main__":
    main()

"""How long the verdicts on a hundred targets of 85 reporting units take: judged anew, and asked again.

It makes a database of its own on the server of CHISO_DATABASE_URL, or on an embedded one, with fifteen years of
quarters for each unit, and prints medians: of judging alone, and of whole answers of the API.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy
import psycopg
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from ingest import authority, catalogue, registry
from ingest.period import LOCAL_ZONE, now
from ingest.target import Target, TargetKind
from service import app, database, embedded, startup
from service.archive.verdicts import kept, reaching
from service.archive.verdicts.reaching import Wanted

INDICATORS, PLANS = 50, 2
FIRST_YEAR, LAST_YEAR = 2010, 2025
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


def filled(engine: Engine, unit_count: int) -> int:
    """Promise everything of everyone, and report it each quarter; the number of figures."""
    files = catalogue.read()
    today = now().astimezone(LOCAL_ZONE).date()
    able = [each.code for each in files.indicators.values() if each.unit_measure != "rank"][:INDICATORS]
    units = [each.code for each in files.reporting_units if each.level in ("province", "ministry")]
    units = [code for code in units if files.reporting_units.get(code).valid_on(today)][:unit_count]  # type: ignore[union-attr]
    targets = tuple(
        Target(f"BENCHMARK_{plan}", code, unit, str(2027 + plan), KINDS[at % len(KINDS)], _promised(at), "benchmark")
        for plan in range(PLANS)
        for at, code in enumerate(able)
        for unit in units
    )
    with database.writing(engine) as connection:
        words = registry.read(connection)
        registry.load(
            connection,
            _with(files, targets),
            by=authority.program("benchmark", "benchmark"),
        )
        assert words.indicators
    quarters = [date(year, month, 1) for year in range(FIRST_YEAR, LAST_YEAR + 1) for month in (1, 4, 7, 10)]
    values = numpy.random.default_rng(_SEED).normal(0.2, 1.0, (len(able), len(units), len(quarters))).cumsum(axis=2)
    with database.writing(engine) as connection:
        submission = connection.execute(text("select min(id) from submission")).scalar_one()
        connection.execute(
            text(
                "insert into series (frequency, indicator, reporting_unit, accumulation, source, breakdown)"
                " select 'Q', indicator, unit, 'STOCK', 'REPORT', '_T'"
                " from unnest(cast(:indicators as text[])) as indicator, unnest(cast(:units as text[])) as unit"
                " on conflict do nothing"
            ),
            {"indicators": able, "units": units},
        )
        numbers = {
            (row.indicator, row.reporting_unit): row.id
            for row in connection.execute(
                text("select id, indicator, reporting_unit from series where frequency = 'Q' and accumulation = 'STOCK'")
            )
        }
        raw = connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        recorded = connection.execute(text("select now()")).scalar_one()
        with raw.cursor().copy(
            "copy observation (series_id, period_start, published_at, recorded_at, value, status, withdrawn, submission)"
            " from stdin"
        ) as copy:
            for at, code in enumerate(able):
                for of, unit in enumerate(units):
                    for quarter, start in enumerate(quarters):
                        value = Decimal(str(round(max(values[at, of, quarter] + 40, 1), 2)))
                        published = datetime(start.year, start.month, 28, tzinfo=UTC)
                        copy.write_row((numbers[code, unit], start, published, recorded, value, "A", False, submission))
    return values.size


def median(ask: Callable[[], object], *, before: Callable[[], object] = lambda: None, times: int = 15) -> float:
    """Milliseconds, half of the times less and half more; `before` is not counted."""
    spent = []
    for _ in range(times):
        before()
        began = time.perf_counter()
        ask()
        spent.append(1000 * (time.perf_counter() - began))
    return statistics.median(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=85)
    asked = parser.parse_args()
    with scratch() as engine:
        count = filled(engine, asked.units)
        wanted = Wanted(promised=reaching.targets.Wanted(plans=[f"BENCHMARK_{plan}" for plan in range(PLANS)]))

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


def _with(files: catalogue.Catalogue, targets: tuple[Target, ...]) -> catalogue.Catalogue:
    return catalogue.dataclasses.replace(files, version="benchmark", targets=(*files.targets, *targets))


if __name__ == "__main__":
    main()

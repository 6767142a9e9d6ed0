"""Work in the background, on the real database: deferred, left behind, retried, given up, and taken over."""

import hashlib
import importlib
import itertools
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from procrastinate import App, SyncPsycopgConnector
from procrastinate.schema import SchemaManager
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from ingest import inbox, stages
from ingest.period import now
from ingest.submission import Instructions
from service import database, intake, settings, worker
from tests.conftest import TEST
from tests.service.test_serve import CHISO, environment

PATIENCE_SECONDS = 60
TOLD = settings.read({})

years = itertools.count(2004)


def await_that(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def asked(engine: Engine, question: str, **values: Any) -> Any:
    with database.reading(engine) as connection:
        return connection.execute(text(question), values).scalar()


def receive(engine: Engine) -> int:
    """A submission whose bytes are safe, and nothing more."""
    content = f"indicator,reporting_unit,period,value\nEGDI_RANK,Iceland,{next(years)},5\n".encode()
    said = Instructions(dataset="PUBLISHED_FIGURES", reason="test")
    with database.writing(engine) as connection:
        submission, _ = stages.receive(connection, content, "figures.csv", said, by=TEST, now=now())
    return submission.id


def defer(engine: Engine, task: str) -> None:
    """Have a task done that would come at its time."""
    with database.writing(engine) as connection:
        App(connector=SyncPsycopgConnector()).configure_task(
            task, connection=connection.connection.driver_connection
        ).defer(timestamp=0)


def of_job(engine: Engine, number: int, what: str) -> Any:
    """Something of the job of a submission, None where there is no job."""
    return asked(engine, f"select {what} from procrastinate_jobs where lock = :lock", lock=f"submission {number}")


def state(engine: Engine, number: int) -> str:
    return asked(engine, "select state from submission where id = :number", number=number)


@pytest.fixture
def own_worker(own_engine: Engine) -> Iterator[Engine]:
    with worker.running(own_engine, TOLD):
        yield own_engine


def test_the_installed_procrastinate_has_the_schema_that_our_revision_brings() -> None:
    known = importlib.import_module("sql.versions.0010_jobs").PROCRASTINATE_SCHEMA_SHA256
    assert hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest() == known, (
        "procrastinate ships another schema than 0010_jobs brought: a new revision must bring the package's"
        " migrations since then, to databases where 0010_jobs ran with the older package."
    )


def test_a_deferred_submission_is_finished_and_leaves_no_job(own_worker: Engine) -> None:
    number = receive(own_worker)
    with database.writing(own_worker) as connection:
        intake.finish_later(connection, number)
    await_that(lambda: state(own_worker, number) == "published")
    await_that(lambda: of_job(own_worker, number, "status") is None)


def test_a_job_is_deferred_exactly_when_its_transaction_commits(own_engine: Engine) -> None:
    with own_engine.connect() as connection:
        intake.finish_later(connection, 1)
        assert connection.execute(text("select count(*) from procrastinate_jobs where lock = 'submission 1'")).scalar()
        connection.rollback()
    assert of_job(own_engine, 1, "status") is None


def test_what_was_left_behind_for_a_minute_is_finished(own_engine: Engine) -> None:
    number = receive(own_engine)
    defer(own_engine, "finish_left_behind")
    with worker.running(own_engine, TOLD):
        await_that(lambda: asked(own_engine, "select count(*) from procrastinate_jobs") == 0)
    assert state(own_engine, number) == "received", "the one who received it is still at it"
    defer(own_engine, "finish_left_behind")
    with worker.running(own_engine, TOLD, clock=lambda: now() + timedelta(minutes=2)):
        await_that(lambda: state(own_engine, number) == "published")


def hurry(engine: Engine) -> None:
    """Let what waits for its next attempt be tried now."""
    with database.writing(engine) as connection:
        connection.execute(text("update procrastinate_jobs set scheduled_at = now() where scheduled_at > now()"))
        connection.execute(
            text('select pg_notify(\'procrastinate_any_queue_v1\', \'{"type": "job_inserted", "job_id": 0}\')')
        )


def test_what_fails_is_tried_three_times_more_and_then_says_so_where_it_is_seen(own_engine: Engine) -> None:
    with database.writing(own_engine) as connection:
        without_bytes = inbox.open_generated(connection, "PUBLISHED_FIGURES")
        intake.finish_later(connection, without_bytes)

    def failure() -> str | None:
        return asked(own_engine, "select failure from submission where id = :number", number=without_bytes)

    waits = []
    with capture_logs() as logged, worker.running(own_engine, TOLD):
        for attempt in (1, 2, 3):
            await_that(lambda attempt=attempt: of_job(own_engine, without_bytes, "attempts") == attempt)
            assert failure() is None
            waits.append(of_job(own_engine, without_bytes, "scheduled_at - now()"))
            hurry(own_engine)
        await_that(failure)
    assert [round(wait.total_seconds() / 5) for wait in waits] == [1, 5, 25]
    assert "failed 4 times, for a fault on our side. The file is kept" in str(failure())
    assert of_job(own_engine, without_bytes, "status") == "failed"
    assert [(entry["number"], entry["attempt"]) for entry in logged if entry["event"] == "submission not finished"] == [
        (without_bytes, attempt) for attempt in (1, 2, 3, 4)
    ]


def test_what_was_given_up_is_not_taken_up_again_every_minute(own_engine: Engine) -> None:
    given_up, waiting = receive(own_engine), receive(own_engine)
    with database.writing(own_engine) as connection:
        inbox.record_failure(connection, given_up, "It failed.")
        intake.finish_later(connection, waiting)
    defer(own_engine, "finish_left_behind")
    with worker.running(own_engine, TOLD, clock=lambda: now() + timedelta(minutes=2)):
        await_that(lambda: state(own_engine, waiting) == "published")
        await_that(lambda: asked(own_engine, "select count(*) from procrastinate_jobs where status <> 'failed'") == 0)
    assert state(own_engine, given_up) == "received"


def test_a_job_of_a_worker_that_was_killed_is_done_by_another(own_engine: Engine, tmp_path: Path) -> None:
    number = receive(own_engine)
    with database.writing(own_engine) as connection:
        intake.finish_later(connection, number)
    url = own_engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    holding = own_engine.connect()
    holding.execute(text("select from submission where id = :number for update"), {"number": number})
    killed = subprocess.Popen(
        [CHISO, "worker"], env=environment(tmp_path, CHISO_DATABASE_URL=url), stdout=subprocess.PIPE
    )
    await_that(lambda: of_job(own_engine, number, "status") == "doing")
    killed.kill()
    killed.communicate()
    holding.rollback()
    holding.close()
    assert state(own_engine, number) == "received"
    with database.writing(own_engine) as connection:
        connection.execute(text("update procrastinate_workers set last_heartbeat = now() - interval '31 seconds'"))
    defer(own_engine, "retry_stalled")
    with worker.running(own_engine, TOLD):
        await_that(lambda: state(own_engine, number) == "published")


def test_a_job_that_kills_its_workers_is_given_up(own_worker: Engine) -> None:
    number = receive(own_worker)
    with database.writing(own_worker) as connection:
        intake.finish_later(connection, number)
        connection.execute(
            text("update procrastinate_jobs set attempts = 4 where id = (select max(id) from procrastinate_jobs)")
        )
    await_that(lambda: asked(own_worker, "select failure from submission where id = :number", number=number))
    assert state(own_worker, number) == "received"


def test_a_worker_that_is_asked_to_end_does_so_without_a_word(own_engine: Engine, tmp_path: Path) -> None:
    url = own_engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    process = subprocess.Popen(
        [CHISO, "worker"],
        env=environment(tmp_path, CHISO_DATABASE_URL=url, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "The worker is ready. Ctrl-C stops it.\n"
    await_that(lambda: asked(own_engine, "select count(*) from procrastinate_workers") == 1)
    process.terminate()
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, said) == (128 + signal.SIGTERM, "")
    assert asked(own_engine, "select count(*) from procrastinate_workers") == 0


def test_a_worker_waits_for_a_database_that_went_away(own_worker: Engine) -> None:
    await_that(lambda: asked(own_worker, "select count(*) from procrastinate_workers") == 1)
    with database.writing(own_worker) as connection:
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        )
    number = receive(own_worker)
    with database.writing(own_worker) as connection:
        intake.finish_later(connection, number)
    await_that(lambda: state(own_worker, number) == "published")


def test_a_worker_leaves_no_connection(new_engine: Callable[[], Engine]) -> None:
    engine = new_engine()  # of its own: what another test left to the collector is not the worker's
    engine.dispose()
    with worker.running(engine, TOLD):
        await_that(lambda: asked(engine, "select count(*) from procrastinate_workers") == 1)
    engine.dispose()
    await_that(
        lambda: (
            asked(
                engine,
                "select count(*) from pg_stat_activity"
                " where datname = current_database() and backend_type = 'client backend'",
            )
            == 1
        )
    )


def test_what_is_old_is_forgotten(own_engine: Engine) -> None:
    with database.writing(own_engine) as connection:
        for hours in (23, 25):
            connection.execute(
                text(
                    "insert into sign_in_attempt values"
                    " (now() - make_interval(hours => :hours), sha256('lan'), '192.0.2.' || :hours)"
                ),
                {"hours": hours},
            )
        for days in (6, 8):
            connection.execute(
                text(
                    "insert into idempotency (asker, key, request, answered_at)"
                    " values ('lan', :key, '', now() - make_interval(days => :days))"
                ),
                {"key": f"{days} days", "days": days},
            )
        for days in (29, 31):
            job = connection.execute(
                text(
                    "insert into procrastinate_jobs (queue_name, task_name, status)"
                    " values ('default', :name, 'failed') returning id"
                ),
                {"name": f"{days} days"},
            ).scalar_one()
            connection.execute(
                text(
                    "insert into procrastinate_events (job_id, type, at)"
                    " values (:job, 'failed', now() - make_interval(days => :days))"
                ),
                {"job": job, "days": days},
            )
    defer(own_engine, "forget")
    with worker.running(own_engine, TOLD):
        await_that(lambda: asked(own_engine, "select count(*) from procrastinate_jobs where task_name = 'forget'") == 0)
    assert asked(own_engine, "select array_agg(key) from idempotency") == ["6 days"]
    assert asked(own_engine, "select array_agg(address) from sign_in_attempt") == ["192.0.2.23"]
    assert asked(own_engine, "select array_agg(task_name) from procrastinate_jobs where task_name like '%days'") == [
        "29 days"
    ]


def test_every_task_is_in_the_documentation(own_engine: Engine) -> None:
    documentation = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    ours = {name for name in worker.tasks(own_engine, TOLD, now).tasks if "builtin" not in name}
    assert set(re.findall(r"^\| `(\w+)` \|", documentation, re.MULTILINE)) == ours

# ruff: noqa: ARG001 - procrastinate tells a periodic task for which tick it is; ours ask the clock
"""Work in the background: what is done later or from time to time, and the worker that does it.

A job is a row beside what it is about (procrastinate). One that is deferred in the transaction of its submission is
there exactly when the submission is; the worker that is killed at it is followed by another. What succeeded shows in
what it did and leaves no job; what failed for good stays, and its submission says so.
"""

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from threading import Thread

import psycopg
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import ConnectorException
from sqlalchemy import Connection, Engine, text
from structlog import get_logger

from ingest import inbox
from ingest.period import now
from service import database, intake
from service.hooks import telling
from service.reminding import reminders
from service.settings import Settings

RETRIES = 3
FIRST_WAIT_SECONDS = 5  # then its square, then its cube
STALLED_SECONDS = 30  # three heartbeats
LEFT_BEHIND = timedelta(minutes=1)
JOBS_KEPT = timedelta(days=30)

# What is deleted every day, once it is so old that nobody asks for it.
FORGOTTEN = {
    "idempotency": "answered_at < cast(:now as timestamptz) - interval '7 days'",
    "session": "created_at < cast(:now as timestamptz) - interval '1 day'",
    "sign_in_attempt": "at < cast(:now as timestamptz) - interval '1 day'",
}

_LOST_PAUSE_SECONDS = 2

_log = get_logger()

Clock = Callable[[], datetime]


class KilledTooOften(Exception):
    """Every worker that began this job was killed before it was done: it may be what kills them."""


@contextmanager
def running(engine: Engine, told: Settings, *, clock: Clock = now) -> Generator[None]:
    """Run a worker in a thread of its own until the block ends; it then finishes the jobs that it has begun."""
    stop: Future[Callable[[], object]] = Future()
    thread = Thread(target=lambda: asyncio.run(_work(engine, told, clock, stop)), name="worker")
    thread.start()
    try:
        yield
    finally:
        stop.result()()
        thread.join()


async def _work(engine: Engine, told: Settings, clock: Clock, stop: Future[Callable[[], object]]) -> None:
    """Work until `stop`, which is given here, is called; a database that goes away is waited for."""
    loop = asyncio.get_running_loop()
    asked_to_end = loop.create_future()
    stop.set_result(lambda: loop.call_soon_threadsafe(asked_to_end.set_result, None))
    while not asked_to_end.done():
        app = tasks(engine, told, clock)
        try:
            async with app.open_async():
                working = asyncio.create_task(
                    app.run_worker_async(
                        concurrency=2,
                        fetch_job_polling_interval=1,
                        delete_jobs="successful",
                        install_signal_handlers=False,
                    )
                )
                await asyncio.wait({working, asked_to_end}, return_when=asyncio.FIRST_COMPLETED)
                working.cancel()  # it ends what it has begun, and only then is cancelled
                with suppress(asyncio.CancelledError):
                    await working
        except (ConnectorException, psycopg.Error) as failure:
            _log.warning("the worker has lost the database", why=str(failure.__cause__ or failure))
        await asyncio.wait({asked_to_end}, timeout=_LOST_PAUSE_SECONDS)


def tasks(engine: Engine, told: Settings, clock: Clock) -> App:
    """The tasks on this database, and when they come round."""
    app = App(connector=PsycopgConnector(kwargs=database.parameters(engine), min_size=1, max_size=4, timeout=5))

    @app.task(
        name=intake.FINISH,
        pass_context=True,
        retry=RetryStrategy(max_attempts=RETRIES, exponential_wait=FIRST_WAIT_SECONDS),
    )
    def finish_submission(context: JobContext, number: int) -> None:
        attempts = context.job.attempts
        try:
            if attempts > RETRIES:
                raise KilledTooOften
            intake.finish(engine, number, now=clock())
        except Exception:
            _log.warning("submission not finished", number=number, attempt=attempts + 1, exc_info=True)
            if attempts >= RETRIES:
                _give_up(engine, number)
            raise

    @app.periodic(cron="* * * * *")
    @app.task(name="finish_left_behind")
    def finish_left_behind(timestamp: int) -> None:
        with database.writing(engine) as connection:
            for number in _left_behind(connection, before=clock() - LEFT_BEHIND):
                intake.finish_later(connection, number)

    @app.periodic(cron="* * * * *")
    @app.task(name="retry_stalled")
    async def retry_stalled(timestamp: int) -> None:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            await app.job_manager.retry_job(job)

    @app.periodic(cron="0 * * * *")
    @app.task(name="remind")
    def remind(timestamp: int) -> None:
        reminders.remind(engine, told, now=clock())

    # One round at a time, and one that waits: a slow round leaves the other half of the worker free.
    @app.periodic(cron="* * * * *")
    @app.task(name="tell_hooks", lock="hooks", queueing_lock="hooks")
    def tell_hooks(timestamp: int) -> None:
        telling.tell_all(engine, inside=told.hooks_inside, clock=clock)

    @app.periodic(cron="40 20 * * *")  # counted in UTC: 03:40 in Vietnam
    @app.task(name="forget")
    async def forget(timestamp: int) -> None:
        await asyncio.to_thread(_forget, engine, now=clock())
        await app.job_manager.delete_old_jobs(
            nb_hours=JOBS_KEPT // timedelta(hours=1), include_failed=True, include_cancelled=True, include_aborted=True
        )

    return app


def _left_behind(connection: Connection, *, before: datetime) -> list[int]:
    """The submissions that came before this moment and were not examined, although nothing speaks against it."""
    rows = connection.execute(
        text(
            "select id from submission join submission_bytes on submission = id"
            " where state = 'received' and failure is null and received_at < :before"
            " and not exists ("
            "select from procrastinate_jobs where lock = 'submission ' || id and status in ('todo', 'doing'))"
            " order by id"
        ),
        {"before": before},
    )
    return list(rows.scalars())


def _give_up(engine: Engine, number: int) -> None:
    with database.writing(engine) as connection:
        inbox.forget_progress(connection, number)
        inbox.record_failure(
            connection,
            number,
            f"Examining this file failed {RETRIES + 1} times, for a fault on our side. The file is kept, and nothing of"
            " it is published. Send it again to have it examined again; the log has the cause under submission"
            f" {number}.",
        )


def _forget(engine: Engine, *, now: datetime) -> None:
    with database.writing(engine) as connection:
        for table, old in FORGOTTEN.items():
            connection.execute(text(f"delete from {table} where {old}"), {"now": now})

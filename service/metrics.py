"""What Prometheus scrapes: the latest value of every published series, and how the service itself fares.

The figures are gauges without timestamps, because a quarter's figure is not a sample of this minute: beside each stand
the end of the period it is about and the moment from which it is public.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from importlib.metadata import version
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.stages import Outcome
from ingest.submission import Summary, errors
from service import database
from service.archive import latest
from service.verdict_gauges import Verdicts

SERVICE = CollectorRegistry()

_requests = Counter("chiso_http_requests", "Requests answered.", ["method", "route", "status"], registry=SERVICE)
_seconds = Histogram(
    "chiso_http_request_duration_seconds", "From the request's arrival to its last byte.", ["route"], registry=SERVICE
)
_submissions = Counter(
    "chiso_submissions", "Submissions taken in, by what became of them.", ["outcome"], registry=SERVICE
)
_observations = Counter(
    "chiso_ingested_observations", "Figures taken in, by what became of them.", ["outcome"], registry=SERVICE
)
_ingest = Histogram(
    "chiso_ingest_duration_seconds",
    "From a submission's bytes to what was found in them.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
    registry=SERVICE,
)
Info("chiso_build", "The version that runs.", registry=SERVICE).info({"version": version("chiso")})


def exposition(engine: Engine, *, clock: Callable[[], datetime]) -> bytes:
    """Everything there is to scrape, in Prometheus' text format; the clock passes deadlines."""
    figures = CollectorRegistry()
    figures.register(Figures(engine))
    figures.register(Verdicts(engine, clock))
    return generate_latest(figures) + generate_latest(SERVICE)


def count_submission(outcome: Outcome, *, seconds: float) -> None:
    """Count one submission that was examined, by how far it went, and what became of its figures."""
    blocked = outcome.state == "examined" and errors(outcome.findings)
    _submissions.labels("refused" if blocked else outcome.state).inc()
    _observations.labels("refused").inc(outcome.summary.refused)
    if outcome.stored:
        count_figures(outcome.summary)
    _ingest.observe(seconds)


def count_figures(summary: Summary) -> None:
    """Count the figures of a submission that was published."""
    for name in ("created", "revised", "unchanged"):
        _observations.labels(name).inc(getattr(summary, name))


class Figures(Collector):
    """The published figures, asked of the database at each scrape; a database that is down is `chiso_database_up 0`."""

    LABELS = ("indicator", "reporting_unit", "frequency", "accumulation", "source", "breakdown")

    def __init__(self, engine: Engine) -> None:
        """Keep the pool."""
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        """The figures' gauges, in the order of the series' keys."""
        up = GaugeMetricFamily("chiso_database_up", "1 when the database answered this scrape.")
        value, end, published = (
            GaugeMetricFamily(name, words, labels=self.LABELS)
            for name, words in (
                ("chiso_indicator_value", "The latest published value, in the indicator's unit of measure."),
                ("chiso_indicator_period_end_timestamp_seconds", "The first moment after the period it is about."),
                ("chiso_indicator_published_timestamp_seconds", "From when it is the public figure."),
            )
        )
        try:
            with database.reading(self._engine) as connection:
                for row in latest.values(connection):
                    labels = [row[name] for name in self.LABELS]
                    value.add_metric(labels, float(row["value"]))
                    end.add_metric(labels, row["period_end"].timestamp())
                    published.add_metric(labels, row["published_at"].timestamp())
            up.add_metric([], 1)
        except SQLAlchemyError:
            up.add_metric([], 0)
            return [up]
        return [up, value, end, published]

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering does not ask the database."""
        return []


class Measured:
    """Counts and times every request by the template of its route, never by its address."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            _requests.labels(scope["method"] if scope["method"] in _METHODS else "other", route, str(status)).inc()
            _seconds.labels(route).observe(perf_counter() - began)


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

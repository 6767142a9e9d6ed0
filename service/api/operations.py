"""For those who run it: is it alive, can it answer, and what Prometheus scrapes."""

from http import HTTPStatus

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text

from ingest import registry
from service import database, metrics
from service.api import answers, shapes
from service.asking import only_known
from service.problems import Problem, responses
from sql import migration

router = APIRouter(dependencies=[Depends(only_known)], responses=responses(HTTPStatus.BAD_REQUEST))


@router.get("/healthz", responses=answers.documented(shapes.Health), summary="Is the service alive?")
def healthz() -> Response:
    """The process answers; the database is not asked."""
    return answers.json({"status": "alive"})


@router.get(
    "/readyz",
    responses=answers.documented(shapes.Readiness) | responses(HTTPStatus.SERVICE_UNAVAILABLE),
    summary="Can it answer?",
)
def readyz(request: Request) -> Response:
    """The database answers, with this version's schema and a catalogue."""
    with database.reading(request.app.state.engine) as connection:
        revision = migration.revision(connection)
        catalogue = registry.version(connection) if revision == migration.newest() else None
        timescaledb = database.timescaledb_version(connection)
        server = connection.execute(text("show server_version")).scalar_one()
    if catalogue is None:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "not-ready",
            "The database has no catalogue, or not this version's schema; starting the service anew brings both.",
        )
    return answers.json(
        {
            "status": "ready",
            "revision": revision,
            "catalogue": catalogue,
            "postgresql": server,
            "timescaledb": timescaledb,
        }
    )


@router.get(
    "/metrics",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus' text format"}
    },
    summary="What Prometheus scrapes",
)
def scrape(request: Request) -> Response:
    """The latest value of every published series, and the service's own counters and histograms."""
    return Response(
        metrics.exposition(request.app.state.engine, clock=request.app.state.clock), media_type=CONTENT_TYPE_LATEST
    )

"""The application: faces on one pool, and what every answer has in common."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from importlib.metadata import version

from anyio import to_thread
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import Engine
from starlette.middleware.cors import CORSMiddleware

from ingest import limited
from ingest.period import now
from service import caching, database, metrics, portal, problems, rates
from service.api import (
    audit,
    availability,
    calendar,
    catalogue,
    changes,
    compliance,
    decisions,
    evidence,
    fred,
    groups,
    hooks,
    latest,
    obligations,
    observations,
    oidc,
    operations,
    scoreboard,
    sdmx,
    searching,
    series,
    session,
    snapshots,
    submissions,
    targets,
    templates,
    trends,
    verdicts,
    vintages,
)
from service.head import HeadAsGet
from service.identity import credentials
from service.limits import Bounded
from service.news import News
from service.rates import UNLIMITED
from service.settings import Provider, Rates
from service.streamed import Streams

_DESCRIPTION = """
Chiso records the indicators that a country promises itself to reach, keeps every revision, and gives them back.

* Every figure carries its status, its period, its vintage and its unit of measure.
* `as_of` answers any past moment exactly as it was known then.
* A failure is `application/problem+json` (RFC 9457) with a sentence that says what to do.
"""


_OPEN = (
    ("catalogue", catalogue),
    ("catalogue", groups),
    ("figures", series),
    ("figures", observations),
    ("vintages", vintages),
    ("targets", targets),
    ("targets", verdicts),
    ("targets", trends),
    ("targets", scoreboard),
    ("changes", changes),
    ("finding", searching),
    ("finding", availability),
    ("finding", latest),
    ("finding", calendar),
    ("submissions", templates),
    ("deadlines", compliance),
    ("fred", fred),
    ("sdmx", sdmx),
    ("session", session),
    ("session", oidc),
    ("operations", operations),
)
_ASKING_WHO = (
    ("submissions", submissions),
    ("submissions", decisions),
    ("submissions", evidence),
    ("deadlines", obligations),
    ("audit", audit),
    ("changes", hooks),
    ("snapshots", snapshots),
)

_ANY_REFUSAL = problems.responses(HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_URI_TOO_LONG)
_TOLD_OTHER_SITES = ["Link", "ETag", "Last-Modified", "Content-Disposition", "Retry-After", *rates.HEADERS]
_PREFLIGHT_SECONDS = 86_400  # browsers keep it for two hours at the most, or for a day


def _operation(route: APIRoute) -> str:
    """What a program that is made from the description calls this: `attach_post_v1_submissions_number_evidence`."""
    told = " ".join((route.name, *sorted(route.methods or ()), route.path_format))
    return re.sub(r"[\W_]+", "_", told.lower()).strip("_")


@asynccontextmanager
async def _ready_for_many(_: FastAPI) -> AsyncGenerator[None]:
    limited.start()
    to_thread.current_default_thread_limiter().total_tokens = database.THREADS
    yield


def create(
    engine: Engine,
    *,
    clock: Callable[[], datetime] = now,
    public_url: str = "",
    provider: Provider | None = None,
    hooks_inside: bool = False,
    allowed: Rates = UNLIMITED,
) -> FastAPI:
    """The application on this pool; whoever made the pool closes it. `clock` tells what time it is.

    `public_url` is where people reach it, `provider` whom they may sign in with, `hooks_inside` lets web hooks be on
    addresses that are not public, `allowed` is how often anyone may ask.
    """
    app = FastAPI(
        title="Chiso",
        version=version("chiso"),
        description=_DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        lifespan=_ready_for_many,
        generate_unique_id_function=_operation,
    )
    app.state.engine = engine
    app.state.turn = asyncio.Semaphore(database.REQUESTS_AT_A_TIME)
    app.state.streams = Streams()
    app.state.clock = clock
    app.state.news = News(engine)
    app.state.public_url = public_url
    app.state.provider = provider
    app.state.hooks_inside = hooks_inside
    problems.install(app, {fred.router.prefix: fred.tells_problem})
    for tag, face in _OPEN:
        app.include_router(face.router, tags=[tag], responses=_ANY_REFUSAL)
    for tag, face in _ASKING_WHO:
        app.include_router(face.router, tags=[tag], responses=_ANY_REFUSAL | credentials.REFUSALS)
    app.include_router(portal.router, include_in_schema=False)
    app.mount("/static", portal.static())
    # From the inside to the outside: what is refused is told to other sites' pages and to caches too.
    app.add_middleware(Bounded)
    app.add_middleware(rates.Rated, engine=engine, clock=clock, allowed=allowed)
    caching.install(app)
    app.add_middleware(HeadAsGet)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD"],
        allow_headers=["If-None-Match", "If-Modified-Since"],
        expose_headers=_TOLD_OTHER_SITES,
        max_age=_PREFLIGHT_SECONDS,
    )
    app.add_middleware(metrics.Measured)
    return app

"""How often one may ask: so many requests a minute from each address, and more with a machine's token.

Counted in the memory of this process, a minute at a time from the first request on. Not with the package `limits`: its
memory has no bound, and a thread of it walks all that it counts a hundred times a second.
"""

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import database
from service.identity import tokens
from service.origin import address_of, network_of
from service.problems import Problem, answer
from service.settings import Rates

UNLIMITED = Rates(per_address=0, per_token=0)
WINDOW_SECONDS = 60
# draft-ietf-httpapi-ratelimit-headers, and the three names that clients have read since before it.
HEADERS = ("RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_NEVER_COUNTED = (
    "/static/",
    "/metrics",
    "/healthz",
    "/readyz",
)  # who watches us, and what pages are made of
_MOST_COUNTED = 50_000  # some 10 MB; of more the one that began first is forgotten, and may ask anew


@dataclass(slots=True)
class _Minute:
    ends: float
    count: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What one who asks has asked in the minute that runs."""

    policy: str
    limit: int
    count: int
    seconds_left: int

    @property
    def is_too_often(self) -> bool:
        """Whether the last request was one too many."""
        return self.count > self.limit

    def headers(self) -> dict[str, str]:
        """HEADERS, filled in."""
        left = max(0, self.limit - self.count)
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"{self.policy}";r={left};t={self.seconds_left}',
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(self.seconds_left),
        }


class Counts:
    """How many requests came under each name in the minute that runs for it."""

    def __init__(self, seconds: Callable[[], float], most: int = _MOST_COUNTED) -> None:
        """Count by this clock, for so many names at the most."""
        self._seconds, self._most = seconds, most
        # By the end of their minutes, which is the order in which they begin.
        self._minutes: OrderedDict[str, _Minute] = OrderedDict()

    def __len__(self) -> int:
        """How many names are counted."""
        return len(self._minutes)

    def count(self, name: str) -> tuple[int, int]:
        """Count one more; the count of its minute, and the seconds that are left of it."""
        self._forget()
        minute = self._minutes.get(name)
        if minute is None:
            if len(self._minutes) >= self._most:
                self._minutes.popitem(last=False)
            minute = self._minutes[name] = _Minute(self._seconds() + WINDOW_SECONDS)
        minute.count += 1
        return minute.count, math.ceil(minute.ends - self._seconds())

    def count_of(self, name: str) -> int:
        """The count of its minute; 0 where none runs for it."""
        self._forget()
        return self._minutes[name].count if name in self._minutes else 0

    def _forget(self) -> None:
        while self._minutes and next(iter(self._minutes.values())).ends <= self._seconds():
            self._minutes.popitem(last=False)


class Rated:
    """Counts who asks, tells what is left, and answers 429 to who asks too often."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        engine: Engine,
        clock: Callable[[], datetime],
        allowed: Rates,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap the application. `clock` tells whether a token is still good, `seconds` when a minute is over."""
        self._app, self._engine, self._clock, self._allowed = app, engine, clock, allowed
        self._counts = Counts(seconds)
        self._good_tokens = Counts(seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it is one too many; of what is left every answer tells."""
        if scope["type"] != "http" or scope["path"].startswith(_NEVER_COUNTED):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        asked = await self._asked(request)
        if asked is None:
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(asked.headers())
            await send(message)

        refused = answer(request, self._refusal(asked)) if asked.is_too_often else None
        await (refused or self._app)(scope, receive, told)

    async def _asked(self, request: Request) -> Asked | None:
        """Count the request under its token, where that is one of ours, else under its address."""
        kind, _, written = request.headers.get("authorization", "").partition(" ")
        address = network_of(address_of(request))
        if kind.lower() == "bearer" and await self._is_good(written.strip(), address):
            return self._count("token", self._allowed.per_token, hashlib.sha256(written.strip().encode()).hexdigest())
        return self._count("address", self._allowed.per_address, address)

    def _count(self, policy: str, limit: int, name: str) -> Asked | None:
        return Asked(policy, limit, *self._counts.count(f"{policy} {name}")) if limit else None

    async def _is_good(self, written: str, address: str) -> bool:
        """Whether this is a token of ours; one that was, within the last minute, is believed."""
        name = hashlib.sha256(written.encode()).hexdigest()
        if self._good_tokens.count_of(name):
            return True
        # Whoever tries out tokens pays for each from what the address may ask, and gets no further than that.
        limit = self._allowed.per_address
        if limit and self._counts.count_of(f"address {address}") >= limit:
            return False
        good = await run_in_threadpool(self._is_ours, written)
        if good:
            self._good_tokens.count(name)
        return good

    def _is_ours(self, written: str) -> bool:
        try:
            with database.reading(self._engine) as connection:
                token = tokens.find(connection, written)
        except SQLAlchemyError:  # the request itself will say so
            return False
        return token is not None and token.refusal(self._clock()) is None

    def _refusal(self, asked: Asked) -> Problem:
        more = (
            f" A machine with a token (Authorization: Bearer) may ask {self._allowed.per_token:,} times."
            if asked.policy == "address" and self._allowed.per_token
            else ""
        )
        problem = Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-often",
            f"This {asked.policy} may ask {asked.limit:,} times a minute, and has; ask again in"
            f" {asked.seconds_left} seconds. One request can name many series.{more}",
            limit=asked.limit,
            seconds=asked.seconds_left,
        )
        problem.headers["Retry-After"] = str(asked.seconds_left)
        return problem

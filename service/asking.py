"""What every face asks in the same way: one look at the ledger, known parameters only, and a moment in the past."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, AsyncExitStack
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, get_args, get_origin

from anyio import CancelScope
from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from ingest import period
from ingest.spelling import nearest
from service import database
from service.problems import Problem, unknown_parameter
from service.streamed import Streamed


async def reading(request: Request) -> AsyncIterator[Connection]:
    """An open connection on which every question of the request sees the same ledger.

    It is given back before the answer is sent, so that nobody who reads slowly holds it; one that is streamed takes it
    over.
    """
    async with AsyncExitStack() as held:
        await held.enter_async_context(request.app.state.turn)
        look = database.reading(request.app.state.engine)
        connection = await run_in_threadpool(look.__enter__)
        held.push_async_callback(_given_back, look)
        yield connection
        streamed: Streamed | None = getattr(request.state, "streamed", None)
        if streamed is not None:
            streamed.look, streamed.connection = held.pop_all(), connection


async def _given_back(look: AbstractContextManager[Connection]) -> None:
    with CancelScope(shield=True):
        await run_in_threadpool(look.__exit__, None, None, None)


Reading = Annotated[Connection, Depends(reading, scope="function")]


def only_known(request: Request) -> None:
    """Refuse a parameter that the route does not have, with the nearest that it has, and one that is said twice."""
    known = {field.alias: field for field in _query_fields(request.scope["route"].dependant)}
    for name, value in request.path_params.items():
        refuse_nul(name, str(value))
    for name, value in request.query_params.multi_items():
        refuse_nul(name, value)
        if name not in known:
            # `unit` is a word of `reporting_unit`, and far from it by its letters.
            near = [each for each in known if name in each.split("_")] or nearest(name, known)
            problem = unknown_parameter("parameter", name, near)
            problem.detail += f" There are: {', '.join(sorted(known)) or 'none'}."
            raise problem
        if len(request.query_params.getlist(name)) > 1 and not _many(known[name].field_info.annotation):
            raise Problem(
                HTTPStatus.BAD_REQUEST, "repeated-parameter", f"“{name}” is said twice; say it once.", parameter=name
            )


def refuse_nul(name: str, value: str) -> None:
    """Refuse text with a NUL in it: no database keeps it, and nobody means it."""
    if "\0" in value or "\0" in name:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "invalid-parameter", f"“{name.strip(chr(0))}” holds a NUL character; leave it out."
        )


def clock(request: Request) -> datetime:
    """What time it is for this service."""
    return request.app.state.clock()


def as_of_moment(request: Request, written: str | None, *, name: str = "as_of") -> datetime:
    """The moment that `as_of` names: a day means its end, so that what was published that day is in it.

    Without `as_of`, for ever and today it is now; where the answer can be kept (`caching`), the last change of the
    figures before it. Raises a 400 problem for a moment after today: nobody knows what will be known then.
    """
    if written not in (None, period.FOR_EVER):
        moment = named_moment(name, written)
        today = clock(request).astimezone(period.LOCAL_ZONE).date()
        if moment > end_of(today):
            sentence = f"“{name}” ({written}) lies ahead: what is known is told, at the latest as of today ({today})."
            raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter=name)
        if moment < end_of(today):
            return moment
        request.state.validators = None  # Tomorrow the same address means the end of this day.
    # What was public after the last change is public now, and the same question has the same answer until the next.
    moment = min(clock(request), getattr(request.state, "last_change", clock(request)))
    return moment.astimezone(period.LOCAL_ZONE)


def is_of_now(request: Request, written: str | None) -> bool:
    """Whether `as_of` names no moment of its own: it is left out, for ever, or today."""
    today = clock(request).astimezone(period.LOCAL_ZONE).date()
    return written in (None, period.FOR_EVER) or named_moment("as_of", written) == end_of(today)


def end_of(day: date) -> datetime:
    """The last moment of a day, by the calendar of the country."""
    return period.moment(str(day), end_of_day=True)


def named_moment(parameter: str, written: str, *, end_of_day: bool = True) -> datetime:
    """The moment that a parameter names as ISO 8601 writes it, a day or another period its end (or its beginning).

    Files are read as people write them; of a question nobody sees how it was understood, and 03/04/2021 is 3 April
    here and 4 March elsewhere.
    """
    if not _ISO.match(written):
        sentence = f"“{written}” is no day or time of ISO 8601; write {_iso(written)}, or 2024-07-01T09:00:00+07:00."
        raise Problem(HTTPStatus.BAD_REQUEST, "not-a-moment", sentence, parameter=parameter)
    try:
        return period.moment(written, end_of_day=end_of_day)
    except period.NotAMoment as fault:
        raise Problem(HTTPStatus.BAD_REQUEST, "not-a-moment", f"{fault}.", parameter=parameter) from fault


def named_day(parameter: str, written: str) -> date:
    """The day that a parameter names."""
    try:
        return period.day_of(written)
    except period.NotAMoment as fault:
        raise Problem(HTTPStatus.BAD_REQUEST, "not-a-moment", f"{fault}.", parameter=parameter) from fault


def named_period(parameter: str, written: str) -> period.Period:
    """The period that a parameter names."""
    try:
        return period.parse(written)
    except period.NotAPeriod as fault:
        raise Problem(HTTPStatus.BAD_REQUEST, "not-a-period", f"{fault}.", parameter=parameter) from fault


_ISO = re.compile(r"\d{4}(-(\d\d|[SQ]\d|W\d\d))?$|\d{4}-\d\d-\d\d([T ]|$)", re.ASCII)


def _iso(written: str) -> str:
    """An example of how a day is written; of one that people write otherwise, what it would be here."""
    try:
        return str(period.day_of(written))
    except period.NotAMoment:
        return "2024-07-01"


def _many(annotation: Any) -> bool:
    return any(get_origin(part) is list for part in (annotation, *get_args(annotation)))


def _query_fields(dependant: Dependant) -> Iterator[Any]:
    yield from dependant.query_params
    for inner in dependant.dependencies:
        yield from _query_fields(inner)

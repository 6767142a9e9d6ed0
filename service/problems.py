"""Problems: how a failure reaches a program (RFC 9457), and the one place that knows HTTP's numbers for them."""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy.exc import DataError, OperationalError, TimeoutError  # noqa: A004 - of the pool
from starlette.exceptions import HTTPException

from ingest import authority, evidence, examination, instructions, limited, obligations, stages
from ingest.case import NotNow, SeenOtherwise
from ingest.deadline import NotADeadline
from ingest.observation import NotASeriesKey
from ingest.period import NotAMoment, NotAPeriod
from ingest.spelling import nearest
from service import cursors, news, snapshots
from service.archive import differences, geography, measures, question, transforms
from service.identity import oidc

MEDIA_TYPE = "application/problem+json"

_log = structlog.get_logger()


class Problem(Exception):
    """A failure that the asker can do something about: what it is, in a sentence, with facts."""

    def __init__(self, status: HTTPStatus, kind: str, detail: str, **facts: Any) -> None:
        """Name the kind (`unknown-parameter`), say what to do, and add facts as further members of the answer."""
        super().__init__(detail)
        self.status, self.kind, self.detail, self.facts = status, kind, detail, facts
        self.headers: dict[str, str] = {}


# What the lower half raises, and what it means to a program.
_KINDS: dict[type[Exception], tuple[HTTPStatus, str]] = {
    NotAMoment: (HTTPStatus.BAD_REQUEST, "not-a-moment"),
    NotAPeriod: (HTTPStatus.BAD_REQUEST, "not-a-period"),
    NotASeriesKey: (HTTPStatus.BAD_REQUEST, "not-a-series-key"),
    NotADeadline: (HTTPStatus.BAD_REQUEST, "not-a-deadline"),
    cursors.NotACursor: (HTTPStatus.BAD_REQUEST, "not-a-cursor"),
    authority.NotYours: (HTTPStatus.FORBIDDEN, "not-yours"),
    NotNow: (HTTPStatus.CONFLICT, "not-now"),
    SeenOtherwise: (HTTPStatus.PRECONDITION_FAILED, "seen-otherwise"),
    evidence.TooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large"),
    evidence.NotEvidence: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-evidence"),
    examination.NotSound: (HTTPStatus.UNPROCESSABLE_ENTITY, "not-sound"),
    examination.UnknownPlace: (HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-place"),
    instructions.UnknownName: (HTTPStatus.BAD_REQUEST, "unknown-name"),
    instructions.NotOwed: (HTTPStatus.UNPROCESSABLE_ENTITY, "not-owed"),
    instructions.Unsuited: (HTTPStatus.UNPROCESSABLE_ENTITY, "unsuited"),
    obligations.NoReason: (HTTPStatus.BAD_REQUEST, "reason-missing"),
    obligations.NoDeadline: (HTTPStatus.NOT_FOUND, "no-deadline"),
    obligations.NotLater: (HTTPStatus.CONFLICT, "not-later"),
    stages.AnotherIsAhead: (HTTPStatus.CONFLICT, "another-is-ahead"),
    stages.NamesNoCorrection: (HTTPStatus.UNPROCESSABLE_ENTITY, "names-no-correction"),
    stages.TooEarly: (HTTPStatus.UNPROCESSABLE_ENTITY, "too-early"),
    stages.TooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large"),
    limited.NoReader: (HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
    news.TooManyListen: (HTTPStatus.SERVICE_UNAVAILABLE, "too-many-listeners"),
    oidc.Unreachable: (HTTPStatus.BAD_GATEWAY, "provider-unreachable"),
    oidc.NotVouchedFor: (HTTPStatus.FORBIDDEN, "not-vouched-for"),
    geography.NotThere: (HTTPStatus.NOT_FOUND, "not-in-geography"),
    differences.NotDifferenced: (HTTPStatus.UNPROCESSABLE_ENTITY, "not-differenced"),
    question.TooMany: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-many"),
    measures.DoesNotApply: (HTTPStatus.UNPROCESSABLE_ENTITY, "does-not-apply"),
    transforms.NotATransform: (HTTPStatus.BAD_REQUEST, "not-a-transform"),
    OperationalError: (HTTPStatus.SERVICE_UNAVAILABLE, "database-unreachable"),
    TimeoutError: (HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
    snapshots.FrozenEnough: (HTTPStatus.TOO_MANY_REQUESTS, "frozen-enough"),
    snapshots.TooLargeToFreeze: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large"),
    DataError: (HTTPStatus.BAD_REQUEST, "invalid-parameter"),
}

# How the problems look in OpenAPI, once for all routes.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "description": "the kind of problem, a name that stays"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "a sentence that says what is wrong and what to do"},
        "instance": {"type": "string", "description": "the address that was asked for"},
    },
}


# How a face tells a problem.
Form = Callable[[Request, Problem], Response]


def unknown_parameter(what: str, name: str, near: Sequence[str]) -> Problem:
    """The problem of a parameter or field that there is not, with the nearest that there is."""
    guess = f" Did you mean {' or '.join(near)}?" if near else ""
    sentence = f"There is no {what} “{name}” here.{guess}"
    return Problem(HTTPStatus.BAD_REQUEST, "unknown-parameter", sentence, parameter=name, nearest=list(near))


def responses(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries of the problems that a route can answer with."""
    return {
        int(status): {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": SCHEMA}}} for status in statuses
    }


def answer(request: Request, problem: Problem) -> Response:
    """The problem as the asker gets it; a face that imitates another service has a form of its own for it."""
    # By the address and not by the route: who asks too often, too much or by another method never gets to a route.
    path = request.scope["path"]
    for prefix, told in request.app.state.forms_of_problems.items():
        if path == prefix or path.startswith(f"{prefix}/"):
            return told(request, problem)
    body = {
        "type": f"/problems/{problem.kind}",
        "title": problem.status.phrase,
        "status": int(problem.status),
        "detail": problem.detail,
        "instance": request.url.path,
    }
    return Response(
        msgspec.json.encode(body | problem.facts), problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


def install(app: FastAPI, forms: Mapping[str, Form]) -> None:
    """Let every failure of the application leave as a problem; of the addresses under a prefix in the form of it."""
    app.state.forms_of_problems = forms

    async def expected(request: Request, failure: Exception) -> Response:
        return answer(request, problem_of(failure))

    async def unforeseen(request: Request, failure: Exception) -> Response:
        number = uuid.uuid4().hex
        _log.error("unforeseen failure", number=number, path=request.url.path, exc_info=failure)
        sentence = f"Something went wrong on our side. It is in the log under {number}; nothing was kept."
        problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "unforeseen", sentence, number=number)
        # This one leaves beside what every other answer passes; a page of another site is to read it too.
        problem.headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
        return answer(request, problem)

    for kind in (Problem, RequestValidationError, HTTPException, *_KINDS):
        app.add_exception_handler(kind, expected)
    app.add_exception_handler(Exception, unforeseen)


def problem_of(failure: Exception) -> Problem:
    """The problem that a foreseen failure is."""
    match failure:
        case Problem():
            return failure
        case RequestValidationError():
            return _invalid(failure)
        case HTTPException():
            status = HTTPStatus(failure.status_code)
            problem = Problem(status, status.name.lower().replace("_", "-"), _GENERAL.get(status, str(failure.detail)))
            problem.headers = dict(failure.headers or {})
            return problem
        case OperationalError() | TimeoutError():
            return _unavailable(failure)
        case DataError():
            sentence = "Something in the request is larger than anything there can be, such as a cursor or a number."
            return Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence)
        case _:
            return _known(failure)


def _unavailable(failure: OperationalError | TimeoutError) -> Problem:
    """The database is away, or too many ask at once; either way the same request may be sent again."""
    busy = isinstance(failure, TimeoutError) or isinstance(failure.orig, DeadlockDetected | SerializationFailure)
    kind, sentence = (
        ("busy", "Too many requests wait for each other; nothing of this one was done. Send it again in a moment.")
        if busy
        else ("database-unreachable", "The database does not answer; try again soon.")
    )
    problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, kind, sentence)
    problem.headers["Retry-After"] = "5"
    return problem


def _known(failure: Exception) -> Problem:
    """The problem of what the lower half raises, with what a program can go by beside the sentence."""
    status, kind = next(row for known, row in _KINDS.items() if isinstance(failure, known))
    problem = Problem(status, kind, str(failure))
    match failure:
        case examination.NotSound(findings=findings):
            problem.facts = {"findings": [asdict(finding) | {"number": number} for number, finding in findings]}
        case question.TooMany(count=count, limit=limit, what=what, example=example):
            problem.facts = {"count": count, "limit": limit, "what": what, "example": example}
        case cursors.NotACursor():
            problem.facts = {"parameter": "cursor"}
        case NotASeriesKey():
            problem.facts = {"parameter": "key"}
        case transforms.NotATransform(parameter=named, nearest=near):
            problem.facts = {"parameter": named} | ({"nearest": near} if near else {})
        case measures.DoesNotApply(parameter=str(named)):
            problem.facts = {"parameter": named}
        case geography.NotThere(nearest=near):
            problem.facts = {"parameter": "reporting_unit", "nearest": near}
        case news.TooManyListen():
            problem.headers = {"Retry-After": "60"}
        case NotNow(case=case) | SeenOtherwise(case=case):
            problem.facts = {"submission": case.id, "state": case.state, "version": case.version}
            problem.headers = {"ETag": f'"{case.version}"'}
        case _:
            pass
    return problem


_GENERAL = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address. The interface is described at /docs.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method. The interface is described at /docs.",
}


def _invalid(failure: RequestValidationError) -> Problem:
    first = failure.errors()[0]
    where = _sayable(first["loc"][-1]) if first["loc"] else "body"
    if first["type"] == "missing":
        detail = f"“{where}” is missing."
    elif first["type"] == "json_invalid":
        where, detail = "body", f"The body is no JSON: {_sayable(first.get('ctx', {}).get('error'))}."
    elif first["type"] in ("model_attributes_type", "model_type", "dict_type"):
        detail = f'“{where}” must be an object, as in {{"name": "value"}}.'
    elif first["type"] == "extra_forbidden":
        detail = f"There is no “{where}” here; leave it out."
    elif first["type"] == "literal_error":
        return _no_choice(where, _sayable(first["input"]), re.findall(r"'(.+?)'", first["ctx"]["expected"]))
    else:
        why = str(first["msg"]).removeprefix("Value error, ")
        detail = f"“{where}” is “{_sayable(first.get('input'))}”: {why[0].lower()}{why[1:].removesuffix('.')}."
    return Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", detail, parameter=where)


def _no_choice(parameter: str, written: str, choices: Sequence[str]) -> Problem:
    near = nearest(written, choices) or list(choices)
    guess = f" Did you mean {near[0]}?" if len(near) < len(choices) else ""
    sentence = f"“{parameter}” is not “{written}”.{guess} There are: {', '.join(choices)}."
    return Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter=parameter, nearest=near)


def _sayable(told: object) -> str:
    # JSON can say half a character, which no answer can.
    return str(told).encode(errors="replace").decode()

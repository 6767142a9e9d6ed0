"""Failures as FRED tells them: `<error code= message=/>`, or error_code and error_message to who asks for JSON."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import Request
from fastapi.responses import Response

from service.api.fred import writing
from service.problems import Problem

_SCHEMA = {
    "type": "object",
    "required": ["error_code", "error_message"],
    "properties": {"error_code": {"type": "integer"}, "error_message": {"type": "string"}},
}

# What other faces tell apart is all one to FRED.
_BAD_REQUESTS = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_ACCEPTABLE)


def told(request: Request, problem: Problem) -> Response:
    """The problem with FRED's numbers and in the format that was asked for."""
    status = HTTPStatus.BAD_REQUEST if problem.status in _BAD_REQUESTS else problem.status
    message = f"{status.phrase}. {problem.detail}"
    if request.query_params.get("file_type", "").lower() == "json":
        body = msgspec.json.encode({"error_code": int(status), "error_message": message})
        response = Response(body, media_type=writing.JSON)
    else:
        response = writing.xml(writing.element("error", {"code": int(status), "message": message}))
    response.status_code = status
    response.headers.update(problem.headers)
    return response


def refused(sentence: str) -> Problem:
    """The problem of something that this face does not do, or not so."""
    return Problem(HTTPStatus.BAD_REQUEST, "bad-request", sentence)


def missing(what: str, near: Sequence[str] = ()) -> Problem:
    """The problem of a thing that there is not, in FRED's words, with the nearest that there is."""
    guess = f" Did you mean {' or '.join(near)}?" if near else ""
    return refused(f"The {what} does not exist.{guess}")


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries of the failures."""
    content = {"text/xml": {"schema": {"type": "string"}}, "application/json": {"schema": _SCHEMA}}
    return {int(status): {"description": status.phrase, "content": content} for status in statuses}

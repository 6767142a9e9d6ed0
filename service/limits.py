"""How much one request may send: an address that is too long, and a body before it is kept anywhere."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.stages import TooLarge
from ingest.submission import SIZE_LIMIT_BYTES
from service.problems import Problem, answer

_FORM_LIMIT_BYTES = SIZE_LIMIT_BYTES + 2**20  # the file, which is kept on the disk, and what a form says around it
# Room for some 200 keys of series; the usual proxies in front of us take half of it, or as much.
ADDRESS_LIMIT_BYTES = 16 * 2**10
JSON_LIMIT_BYTES = 16 * 2**20  # which is taken apart in the memory of the service, to twenty times its size


class Bounded:
    """Answers 414 to an address, and 413 as soon as a body is announced, or grows, beyond the limit."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while it keeps within the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        size_bytes = len(scope.get("raw_path") or b"") + len(scope["query_string"])
        if size_bytes > ADDRESS_LIMIT_BYTES:
            await answer(request, _too_long(size_bytes))(scope, receive, send)
            return
        announced = request.headers.get("content-length", "")
        is_form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
        limit_bytes = _FORM_LIMIT_BYTES if is_form else JSON_LIMIT_BYTES
        got = 0

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > limit_bytes:
                raise TooLarge(got, limit_bytes)
            return message

        try:
            if announced.isdecimal() and int(announced) > limit_bytes:
                raise TooLarge(int(announced), limit_bytes)
            await self._app(scope, counted, send)
        except TooLarge as failure:
            problem = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", str(failure))
            await answer(request, problem)(scope, receive, send)


def _too_long(size_bytes: int) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_URI_TOO_LONG,
        "address-too-long",
        f"The address has {size_bytes:,} bytes; at most {ADDRESS_LIMIT_BYTES:,} are read. Let “*” stand for many codes,"
        " as in indicator=EGDI_*, leave out a parameter to get all, or ask several times for fewer.",
        size_bytes=size_bytes,
        limit_bytes=ADDRESS_LIMIT_BYTES,
    )

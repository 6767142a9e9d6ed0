"""How much one request may send: a body that is too large is refused before it is kept anywhere."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.stages import TooLarge
from ingest.submission import SIZE_LIMIT_BYTES
from service.problems import Problem, answer

_FORM_LIMIT_BYTES = SIZE_LIMIT_BYTES + 2**20  # the file, which is kept on the disk, and what a form says around it
JSON_LIMIT_BYTES = 16 * 2**20  # which is taken apart in the memory of the service, to twenty times its size


class Bounded:
    """Answers 413 as soon as a body is announced, or grows, beyond the limit."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while it keeps within the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
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

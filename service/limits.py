"""How much one request may send: a body that is too large is refused before it is kept anywhere."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.stages import TooLarge
from ingest.submission import SIZE_LIMIT_BYTES
from service.problems import Problem, answer

_BODY_LIMIT_BYTES = SIZE_LIMIT_BYTES + 2**20  # the file, and what a form says around it


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
        got = 0

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > _BODY_LIMIT_BYTES:
                raise TooLarge(got)
            return message

        try:
            if announced.isdecimal() and int(announced) > _BODY_LIMIT_BYTES:
                raise TooLarge(int(announced))
            await self._app(scope, counted, send)
        except TooLarge as failure:
            problem = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", str(failure))
            await answer(request, problem)(scope, receive, send)

"""HEAD is GET without its body, on every address.

A file is not read for it: what GET would stream learns from `request.state.wants_body` that nobody wants it.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Asks as GET for who asks as HEAD, and keeps the body back."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; of a HEAD only the headers come back."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        state = {**scope.get("state", {}), "wants_body": False}
        await self._app({**scope, "method": "GET", "state": state}, receive, without_body)

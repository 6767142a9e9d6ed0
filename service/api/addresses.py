"""The addresses at which people reach what they asked for, whatever stands between them and the service."""

from collections.abc import Collection

from fastapi import Request


def root(request: Request) -> str:
    """Where the service is reached: `CHISO_PUBLIC_URL`, else the address that the request came to."""
    return (request.app.state.public_url or str(request.base_url)).rstrip("/")


def asked(request: Request, *, without: Collection[str] = ()) -> str:
    """What was asked, as it was written but for the parameters `without`."""
    said = [each for each in request.url.query.split("&") if each and each.partition("=")[0] not in without]
    query = f"?{'&'.join(said)}" if said else ""
    return f"{root(request)}{request.url.path}{query}"

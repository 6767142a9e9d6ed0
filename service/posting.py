"""Posting to somebody else's server: one attempt, and it has taken what was posted or it has not.

An attempt has one deadline, from the connection to the status. The timeouts of a client are of one step each, and a
server that sends a byte from time to time would keep a thread of ours for ever; so an attempt can be cancelled.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import httpx2

TIMEOUT_SECONDS = 10  # for the whole of an attempt

# What is raised where something was not taken: an address that is none, a server that is away or does not want it.
NOT_TAKEN = (ValueError, OSError, httpx2.HTTPError, httpx2.InvalidURL)


def post(url: str, body: bytes, headers: Mapping[str, str], *, resolved: str | None = None) -> None:
    """Post the body as JSON. Whoever does not answer with a 2xx in time has not taken it; no redirection is followed.

    `resolved` is the one address to connect to, whatever the name of the host stands for by now, and by no proxy.
    """
    said = {"Content-Type": "application/json", **headers}
    extensions: dict[str, str] = {}
    if resolved:
        parts = urlsplit(url)
        host = f"[{resolved}]" if ":" in resolved else resolved
        said["Host"] = parts.netloc
        extensions["sni_hostname"] = parts.hostname or ""  # the certificate is that of the name
        url = urlunsplit(parts._replace(netloc=host if parts.port is None else f"{host}:{parts.port}"))

    async def attempt() -> None:
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            httpx2.AsyncClient(trust_env=resolved is None, timeout=None) as client,
            # Of the answer nothing is read but its status: it may be without an end.
            client.stream("POST", url, content=body, headers=said, extensions=extensions) as response,
        ):
            response.raise_for_status()

    asyncio.run(attempt())

"""Signing in with an OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0, 3.1).

The provider says who somebody is, never what they may do: without an account here nobody comes in. What it publishes of
itself is asked for at every sign-in, so that it may change its keys when it likes.
"""

import secrets
from contextlib import closing
from datetime import datetime
from typing import Any

import httpx2
import msgspec
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.settings import Provider

TIMEOUT_SECONDS = 10
_LEEWAY_SECONDS = 60  # by which two machines' clocks may differ
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")


class Unreachable(Exception):
    """The provider does not answer, or not as a provider does."""

    def __init__(self, provider: Provider, fault: Exception) -> None:
        """Keep which provider, and what went wrong."""
        super().__init__(f"{provider.issuer} does not answer as an OpenID provider; try again later. ({fault})")


class NotVouchedFor(Exception):
    """The provider does not say who this is, or what says so does not hold."""


class Flow(msgspec.Struct, frozen=True):
    """One way to the provider and back; the browser that began it keeps this, so that no other can end it."""

    state: str
    nonce: str
    verifier: str
    onward: str  # the local path to go to afterwards


class Person(msgspec.Struct, frozen=True):
    """Who the provider says this is: its own name for them, and their address where it has verified it."""

    subject: str
    email: str | None


class _Published(msgspec.Struct):
    """What a provider publishes of itself (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


def begin(provider: Provider, redirect_uri: str, onward: str) -> tuple[str, Flow]:
    """The address to send the browser to, and what it keeps meanwhile.

    Raises Unreachable.
    """
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    with closing(_client(provider, redirect_uri)) as client:
        address, _ = client.create_authorization_url(
            _published(provider).authorization_endpoint, state=state, nonce=nonce, code_verifier=verifier
        )
    return address, Flow(state, nonce, verifier, onward)


def finish(provider: Provider, redirect_uri: str, flow: Flow, code: str, *, now: datetime) -> Person:
    """Who the provider says came back with this code.

    Raises Unreachable, NotVouchedFor.
    """
    published = _published(provider)
    try:
        with closing(_client(provider, redirect_uri)) as client:
            told = client.fetch_token(published.token_endpoint, code=code, code_verifier=flow.verifier)
        keys = KeySet.import_key_set(_got(published.jwks_uri).json())
    except OAuthError as refused:
        sentence = f"The provider did not take what it sent you back with: {refused}. Sign in anew."
        raise NotVouchedFor(sentence) from refused
    except (httpx2.HTTPError, JoseError, ValueError, KeyError) as fault:
        raise Unreachable(provider, fault) from fault
    return _person(provider, _claims(told.get("id_token"), keys, provider, flow, now))


def _claims(id_token: Any, keys: KeySet, provider: Provider, flow: Flow, now: datetime) -> dict[str, Any]:
    try:
        claims = jwt.decode(str(id_token), keys, algorithms=_ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": flow.nonce},
        ).validate(claims)
    except (JoseError, ValueError) as fault:
        raise NotVouchedFor(f"What the provider says of you does not hold: {fault}. Sign in anew.") from fault
    # Made for several services, it must have been given to this one (3.1.3.7).
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise NotVouchedFor("What the provider says of you was said to another service. Sign in anew.")
    return claims


def _person(provider: Provider, claims: dict[str, Any]) -> Person:
    verified = claims.get("email_verified") is True and isinstance(claims.get("email"), str)
    return Person(f"{provider.issuer} {claims['sub']}", claims["email"] if verified else None)


def _client(provider: Provider, redirect_uri: str) -> Any:  # it has no types
    return OAuth2Client(
        provider.client_id,
        provider.client_secret,
        scope="openid email",
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        timeout=TIMEOUT_SECONDS,
    )


def _published(provider: Provider) -> _Published:
    try:
        answer = _got(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        published = msgspec.json.decode(answer.content, type=_Published)
    except (httpx2.HTTPError, httpx2.InvalidURL, msgspec.MsgspecError) as fault:
        raise Unreachable(provider, fault) from fault
    if published.issuer != provider.issuer:
        raise Unreachable(provider, ValueError(f"it calls itself {published.issuer}"))
    return published


def _got(address: str) -> httpx2.Response:
    return httpx2.get(address, timeout=TIMEOUT_SECONDS).raise_for_status()

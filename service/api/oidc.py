"""The way of a browser to the OpenID provider, and back with a session."""

import base64
import binascii
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from ingest.authority import Actor
from service import database
from service.asking import clock, only_known
from service.identity import accounts, oidc, sessions
from service.identity.oidc import Flow, NotVouchedFor, Person
from service.origin import address_of
from service.problems import Problem, responses
from service.settings import Provider

router = APIRouter(
    prefix="/v1/session/oidc",
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_COOKIE = "chiso_oidc"
_PATH = "/v1/session/oidc"
_SECONDS = 600  # to sign in at the provider


def _provider(request: Request) -> Provider:
    provider = request.app.state.provider
    if provider is None:
        sentence = "No OpenID provider is set up here (CHISO_OIDC_ISSUER); sign in with name and secret."
        raise Problem(HTTPStatus.NOT_FOUND, "no-provider", sentence)
    return provider


Provided = Annotated[Provider, Depends(_provider)]


@router.get(
    "",
    status_code=HTTPStatus.SEE_OTHER,
    summary="Sign in with the OpenID provider",
    dependencies=[Depends(only_known)],
    responses={303: {"description": "to the provider"}},
)
def begin(
    request: Request,
    provider: Provided,
    onward: Annotated[str, Query(alias="next", description="the local path to go to afterwards")] = "/",
) -> Response:
    """Go to the provider."""
    if not _is_local(onward):
        sentence = f"“next” is “{onward}”; it must be a path of this service, such as /indicators/EGDI_RANK."
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="next")
    address, flow = oidc.begin(provider, _redirect_uri(request), onward)
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        _COOKIE,
        base64.urlsafe_b64encode(msgspec.json.encode(flow)).decode(),
        max_age=_SECONDS,
        path=_PATH,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


# No `only_known` here: providers add parameters of their own, which are to be passed over (RFC 6749, 4.1.2).
@router.get(
    "/callback",
    status_code=HTTPStatus.SEE_OTHER,
    summary="Come back from the OpenID provider",
    responses={303: {"description": "onward, with a session in the cookie"}, **responses(HTTPStatus.FORBIDDEN)},
)
def finish(
    request: Request,
    provider: Provided,
    state: str = "",
    code: str = "",
    error: str = "",
    error_description: str = "",
) -> Response:
    """Begin the session of whom the provider vouches for, if they have an account here."""
    flow = _flow(request, state)
    if not code:
        raise NotVouchedFor(f"The provider did not sign you in: {error_description or error or 'it does not say why'}.")
    now = clock(request)
    person = oidc.finish(provider, _redirect_uri(request), flow, code, now=now)
    with database.writing(request.app.state.engine) as connection:
        account = accounts.of_provider(
            connection, person.subject, person.email, by=Actor(provider.issuer, (), address_of(request))
        )
        if account is None or account.disabled_at:
            raise _not_here(person, account)
        before = request.cookies.get(sessions.COOKIE)
        actor = account.actor(address_of(request))
        secret = sessions.begin(connection, actor, "oidc", instead_of=before, now=now)
    response = RedirectResponse(flow.onward, HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"})
    response.delete_cookie(_COOKIE, path=_PATH, httponly=True, samesite="lax", secure=request.url.scheme == "https")
    sessions.hand_over(request, response, secret)
    return response


def _flow(request: Request, state: str) -> Flow:
    """The way that this browser began and that leads back here."""
    try:
        kept = base64.urlsafe_b64decode(request.cookies.get(_COOKIE, ""))
        flow = msgspec.json.decode(kept, type=Flow)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        flow = None
    if flow is None or flow.state != state or not _is_local(flow.onward):
        sentence = f"This browser did not begin this sign-in, or too long ago. Begin anew at {_PATH}."
        raise Problem(HTTPStatus.BAD_REQUEST, "not-begun-here", sentence)
    return flow


def _not_here(person: Person, account: accounts.Account | None) -> Problem:
    if account:
        sentence = f"The account {account.name} is disabled; ask an administrator."
        return Problem(HTTPStatus.FORBIDDEN, "account-disabled", sentence)
    who = person.email or "you, with no verified address,"
    sentence = f"The provider knows {who} but there is no account for that here; ask an administrator to add one."
    return Problem(HTTPStatus.FORBIDDEN, "no-account", sentence)


def _redirect_uri(request: Request) -> str:
    return f"{request.app.state.public_url}{_PATH}/callback"


def _is_local(path: str) -> bool:
    # Browsers read a backslash as a slash, pass over control characters, and take // for another host.
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()

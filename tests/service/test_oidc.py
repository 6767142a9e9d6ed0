"""Signing in with an OpenID provider: a real one on this machine, and a browser that goes there and back."""

import base64
import hashlib
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import httpx2
import msgspec
import pytest
import werkzeug.serving
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import Engine, text

from ingest.authority import Grant
from ingest.period import now
from service import app, database
from service.identity import accounts, oidc
from service.identity.oidc import NotVouchedFor
from service.settings import Provider
from tests.conftest import TEST

# What the provider's own libraries call deprecated in each other is their matter.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")

HERE = "http://testserver"
BEGIN, CALLBACK = "/v1/session/oidc", "/v1/session/oidc/callback"


class LocalProvider:
    """A provider on a port of its own, which holds every code to the challenge that it was asked with."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import oidc_provider_mock

            self.application = oidc_provider_mock.app(require_nonce=True)
        self.challenges: dict[str, str] = {}
        self.application.before_request(self.check)
        self.application.after_request(self.note)
        self.server = werkzeug.serving.make_server("localhost", 0, self.application, threaded=True)
        self.issuer = f"http://localhost:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))

    def note(self, response: flask.Response) -> flask.Response:
        """Keep the challenge beside the code that was given for it."""
        if code := parse_qs(urlsplit(response.headers.get("Location", "")).query).get("code"):
            assert flask.request.args["code_challenge_method"] == "S256"
            self.challenges[code[0]] = flask.request.args["code_challenge"]
        return response

    def check(self) -> tuple[dict[str, str], int] | None:
        """Refuse a code without the verifier of its challenge (RFC 7636, 4.6)."""
        if flask.request.path != "/oauth2/token":
            return None
        digest = hashlib.sha256(flask.request.form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if self.challenges.get(flask.request.form["code"]) == challenge:
            return None
        return {"error": "invalid_grant", "error_description": "the verifier does not fit"}, 400

    def knows(self, subject: str, **claims: Any) -> None:
        """Let the provider say this of somebody."""
        httpx2.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def sign_in(self, address: str, subject: str, **more: str) -> str:
        """Sign in there as the browser that was sent to this address; returns where it is sent back to."""
        told = httpx2.post(address, data={"sub": subject} | more)
        assert told.status_code == 302, told.text
        return told.headers["location"]


@pytest.fixture(scope="module")
def local() -> Iterator[LocalProvider]:
    provider = LocalProvider()
    provider.thread.start()
    yield provider
    provider.server.shutdown()
    provider.thread.join()
    provider.server.server_close()


@pytest.fixture(scope="module")
def application(own_engine: Engine, local: LocalProvider) -> Any:
    provider = Provider(local.issuer, "chiso", "the secret between us")
    return app.create(own_engine, public_url=HERE, provider=provider)


@pytest.fixture
def browsers(application: Any) -> Callable[[], TestClient]:
    return lambda: TestClient(application, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def browser(browsers: Callable[[], TestClient]) -> TestClient:
    return browsers()


@pytest.fixture(scope="module", autouse=True)
def people(own_engine: Engine, local: LocalProvider) -> None:
    """Who has an account here, and whom the provider knows."""
    with database.writing(own_engine) as connection:
        for name in ("lan", "mai", "hoa"):
            right = Grant("reporter", "GSO01_2008")
            accounts.add(connection, name, right, email=f"{name}@example.vn", with_secret=False, by=TEST)
    local.knows("lan-there", email="Lan@Example.vn", email_verified=True)
    local.knows("mai-there", email="mai@example.vn", email_verified=False)
    local.knows("stranger", email="stranger@example.vn", email_verified=True)


def go(browser: TestClient, onward: str | None = None) -> str:
    told = browser.get(BEGIN, params={"next": onward} if onward else {})
    assert told.status_code == 303, told.text
    return told.headers["location"]


def come_back(browser: TestClient, address: str) -> Any:
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == HERE + CALLBACK
    return browser.get(f"{parts.path}?{parts.query}")


def subject_of(engine: Engine, name: str) -> str | None:
    with engine.connect() as connection:
        return accounts.get(connection, name).oidc_subject


def test_who_has_an_account_comes_back_with_a_session(
    browser: TestClient, local: LocalProvider, own_engine: Engine
) -> None:
    told = come_back(browser, local.sign_in(go(browser, "/indicators/EGDI_RANK?lang=en"), "lan-there"))
    assert (told.status_code, told.headers["location"]) == (303, "/indicators/EGDI_RANK?lang=en")
    assert browser.get("/v1/session").json()["name"] == "lan"
    assert "chiso_oidc" not in browser.cookies
    assert subject_of(own_engine, "lan") == f"{local.issuer} lan-there"


def test_afterwards_the_providers_name_for_the_person_counts_and_not_the_address(
    browser: TestClient, local: LocalProvider
) -> None:
    come_back(browser, local.sign_in(go(browser), "lan-there"))
    local.knows("lan-there", email="lan@elsewhere.example", email_verified=True)
    local.knows("another", email="lan@example.vn", email_verified=True)
    told = come_back(browser, local.sign_in(go(browser), "lan-there"))
    assert (told.status_code, told.headers["location"]) == (303, "/")
    told = come_back(browser, local.sign_in(go(browser), "another"))
    assert (told.status_code, told.json()["type"]) == (403, "/problems/no-account")


def test_an_address_that_the_provider_did_not_verify_opens_nothing(
    browser: TestClient, local: LocalProvider, own_engine: Engine
) -> None:
    told = come_back(browser, local.sign_in(go(browser), "mai-there"))
    assert (told.status_code, told.json()["type"]) == (403, "/problems/no-account")
    assert "with no verified address" in told.json()["detail"]
    assert subject_of(own_engine, "mai") is None


def test_nobody_is_made_by_signing_in(browser: TestClient, local: LocalProvider, own_engine: Engine) -> None:
    told = come_back(browser, local.sign_in(go(browser), "stranger"))
    assert told.status_code == 403
    assert "knows stranger@example.vn but there is no account for that here" in told.json()["detail"]
    assert browser.get("/v1/session").json()["name"] == "public"
    with own_engine.connect() as connection:
        assert [each.name for each in accounts.listed(connection)] == ["hoa", "lan", "mai"]


def test_a_disabled_account_stays_closed_and_is_not_linked(
    browser: TestClient, local: LocalProvider, own_engine: Engine
) -> None:
    local.knows("hoa-there", email="hoa@example.vn", email_verified=True)
    with database.writing(own_engine) as connection:
        accounts.disable(connection, "hoa", by=TEST, now=now())
    told = come_back(browser, local.sign_in(go(browser), "hoa-there"))
    assert (told.status_code, told.json()["type"]) == (403, "/problems/account-disabled")
    assert subject_of(own_engine, "hoa") is None


def test_what_another_browser_began_is_not_ended_here(browsers: Callable[[], TestClient], local: LocalProvider) -> None:
    one, other = browsers(), browsers()
    back = local.sign_in(go(one), "lan-there")
    told = come_back(other, back)
    assert (told.status_code, told.json()["type"]) == (400, "/problems/not-begun-here")
    go(other)  # one way of its own does not make the other one's right
    assert come_back(other, back).status_code == 400
    assert come_back(one, back).status_code == 303
    assert come_back(one, back).status_code == 400  # and a way is gone once


def test_a_code_of_another_way_does_not_fit(browsers: Callable[[], TestClient], local: LocalProvider) -> None:
    one, other = browsers(), browsers()
    stolen = parse_qs(urlsplit(local.sign_in(go(one), "lan-there")).query)["code"][0]
    state = parse_qs(urlsplit(go(other)).query)["state"][0]
    told = other.get(CALLBACK, params={"code": stolen, "state": state})
    assert (told.status_code, told.json()["type"]) == (403, "/problems/not-vouched-for")
    assert "the verifier does not fit" in told.json()["detail"]


def test_who_is_denied_there_is_told_so_here(browser: TestClient, local: LocalProvider) -> None:
    state = parse_qs(urlsplit(go(browser)).query)["state"][0]
    told = browser.get(CALLBACK, params={"error": "access_denied", "state": state, "session_state": "theirs"})
    assert told.status_code == 403
    assert told.json()["detail"] == "The provider did not sign you in: access_denied."


@pytest.mark.parametrize(
    "onward",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\/evil.example", "evil", "/\t/evil.example"],
)
def test_nobody_is_led_to_another_site(browser: TestClient, onward: str) -> None:
    told = browser.get(BEGIN, params={"next": onward})
    assert (told.status_code, told.json()["parameter"]) == (400, "next")
    forged = oidc.Flow("state", "nonce", "verifier", onward)
    cookie = base64.urlsafe_b64encode(msgspec.json.encode(forged)).decode()
    told = browser.get(CALLBACK, params={"code": "x", "state": "state"}, headers={"Cookie": f"chiso_oidc={cookie}"})
    assert (told.status_code, told.json()["type"]) == (400, "/problems/not-begun-here")


def test_where_no_provider_is_set_up_it_is_said_so(own_engine: Engine) -> None:
    client = TestClient(app.create(own_engine))
    for address in (BEGIN, CALLBACK):
        told = client.get(address)
        assert (told.status_code, told.json()["type"]) == (404, "/problems/no-provider")
        assert "CHISO_OIDC_ISSUER" in told.json()["detail"]


@pytest.mark.parametrize("issuer", ["http://localhost:1", "{issuer}/", "{issuer}/nowhere"])
def test_a_provider_that_does_not_answer_as_one_is_a_sentence(
    own_engine: Engine, local: LocalProvider, issuer: str
) -> None:
    provider = Provider(issuer.format(issuer=local.issuer), "chiso", "secret")
    client = TestClient(app.create(own_engine, public_url=HERE, provider=provider), raise_server_exceptions=False)
    told = client.get(BEGIN, follow_redirects=False)
    assert (told.status_code, told.json()["type"]) == (502, "/problems/provider-unreachable")
    assert provider.issuer in told.json()["detail"]


SOUND = {
    "iss": "http://localhost",
    "aud": "chiso",
    "sub": "lan",
    "exp": 1_800_000_300,
    "nonce": "nonce",
    "email": "lan@example.vn",
    "email_verified": True,
}
KEY = RSAKey.generate_key(2048, {"kid": "theirs"})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"iss": "http://elsewhere"}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": ["another"]}, "aud"),
        ({"aud": ["chiso", "another"], "azp": "another"}, "said to another service"),
        ({"exp": 1_799_999_939}, "exp"),
        ({"exp": None}, "exp"),
        ({"nonce": "of another way"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"sub": None}, "sub"),
    ],
)
def test_what_the_provider_says_holds_only_for_us_now_and_this_way(change: dict[str, Any], sentence: str) -> None:
    assert claimed(SOUND)["sub"] == "lan"
    changed = {name: value for name, value in (SOUND | change).items() if value is not None}
    with pytest.raises(NotVouchedFor, match=sentence):
        claimed(changed)


def test_only_the_providers_own_signature_counts() -> None:
    forger = RSAKey.generate_key(2048, {"kid": "theirs"})
    with pytest.raises(NotVouchedFor):
        claimed(SOUND, key=forger)
    unsigned = ".".join(
        base64.urlsafe_b64encode(msgspec.json.encode(part)).decode().rstrip("=") for part in ({"alg": "none"}, SOUND)
    )
    for nothing in (f"{unsigned}.", None, "", "x.y.z"):
        with pytest.raises(NotVouchedFor):
            claimed(SOUND, written=nothing)


def claimed(claims: dict[str, Any], *, key: RSAKey = KEY, written: Any = ...) -> dict[str, Any]:
    if written is ...:
        written = jwt.encode({"alg": "RS256", "kid": "theirs"}, claims, key)
    provider = Provider("http://localhost", "chiso", "secret")
    keys = oidc.KeySet([KEY])
    flow = oidc.Flow("state", "nonce", "verifier", "/")
    moment = now().fromtimestamp(1_800_000_000, tz=now().tzinfo)
    return oidc._claims(written, keys, provider, flow, moment)


def test_what_the_link_changed_is_in_the_audit_without_the_address(
    browser: TestClient, own_engine: Engine, local: LocalProvider
) -> None:
    come_back(browser, local.sign_in(go(browser), "lan-there"))
    with own_engine.connect() as connection:
        rows = connection.execute(text("select actor, object, after from audit where act = 'link'")).all()
        last = connection.execute(text("select actor, act, after from audit order by id desc limit 1")).one()
        whole = "\n".join(connection.execute(text("select a::text from audit a")).scalars())
    assert [tuple(row) for row in rows] == [(local.issuer, "account lan", {"issuer": local.issuer})]
    assert tuple(last) == ("lan", "sign in", {"by": "oidc"})
    assert "example.vn" not in whole

"""Sessions: what a browser gets, how long it holds, what ends it, and who cannot use it."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine, text

from ingest.authority import Grant
from service import app, database
from service.identity import accounts, credentials, hashes, tokens
from tests.conftest import NOW, TEST, Clock

SESSION, SECRET_OF = "/v1/session", "/v1/session/secret"
LAN, SECRET, NEW = "lan", "bốn con ngựa trắng", "năm con gà mái"


@pytest.fixture(scope="module")
def kept(cheap_hashes: None) -> str:
    return hashes.argon2id(SECRET)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lan(own_engine: Engine, kept: str) -> str:
    """Her account as at first: open, with this secret and without a session or a failure."""
    with database.writing(own_engine) as connection:
        if not accounts.find(connection, LAN):
            right = Grant("publisher")
            accounts.add(connection, LAN, right, email="lan@example.vn", with_secret=False, by=TEST)
        for statement in (
            "update account set secret_hash = :kept, disabled_at = null where name = 'lan'",
            "delete from session",
            "delete from sign_in_attempt",
        ):
            connection.execute(text(statement), {"kept": kept})
    return LAN


@pytest.fixture
def browsers(own_engine: Engine, clock: Clock, lan: str) -> list[TestClient]:
    """Three browsers that nobody has signed in with."""
    application = app.create(own_engine, clock=clock, public_url="https://chiso.example.vn")
    return [TestClient(application, raise_server_exceptions=False) for _ in range(3)]


@pytest.fixture
def browser(browsers: list[TestClient]) -> TestClient:
    return browsers[0]


def sign_in(browser: TestClient, secret: str = SECRET, **more: Any) -> Response:
    return browser.post(SESSION, json={"name": LAN, "secret": secret}, **more)


def who(browser: TestClient) -> str:
    return browser.get(SESSION).json()["name"]


def rows(engine: Engine, columns: str = "account, created_at, last_seen_at, address") -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(f"select {columns} from session order by created_at")))


def test_signing_in_says_who_one_is_and_until_when(browser: TestClient) -> None:
    told = sign_in(browser)
    assert told.status_code == 201
    assert told.headers["cache-control"] == "no-store"
    said = told.json()
    assert (said["name"], said["until"][:16]) == ("lan", "2026-11-22T10:30")
    assert said["grants"] == [{"role": "publisher", "reporting_unit": None, "dataset": None}]
    assert browser.get(SESSION).json() == said


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_by_https_from_clear_lines(
    own_engine: Engine, browser: TestClient
) -> None:
    plain = sign_in(browser).headers["set-cookie"]
    parts = plain.lower().split("; ")
    assert parts[0].startswith("chiso_session=")
    assert set(parts[1:]) == {"httponly", "max-age=43200", "path=/", "samesite=lax"}
    encrypted = TestClient(app.create(own_engine), base_url="https://testserver")
    assert "; Secure" in sign_in(encrypted).headers["set-cookie"]


def test_only_a_hash_of_the_cookie_is_kept_with_whose_it_is_and_from_where(
    own_engine: Engine, browser: TestClient
) -> None:
    sign_in(browser)
    assert [tuple(row) for row in rows(own_engine)] == [("lan", NOW, NOW, "testclient")]
    (digest,) = rows(own_engine, "secret_hash")[0]
    assert digest == hashes.sha256(browser.cookies["chiso_session"])


def test_signing_in_again_gives_another_cookie_and_ends_the_session_before(
    own_engine: Engine, browser: TestClient, browsers: list[TestClient]
) -> None:
    sign_in(browser)
    before = browser.cookies["chiso_session"]
    sign_in(browser)
    assert browser.cookies["chiso_session"] != before
    assert len(rows(own_engine)) == 1
    browsers[1].cookies["chiso_session"] = before
    assert (who(browser), who(browsers[1])) == ("lan", "public")


def test_a_cookie_of_ones_own_making_is_never_made_a_session(own_engine: Engine, browser: TestClient) -> None:
    browser.cookies["chiso_session"] = "planted"
    assert who(browser) == "public"
    told = sign_in(browser)
    assert "planted" not in told.headers["set-cookie"]
    assert [row for row in rows(own_engine, "secret_hash") if row[0] == hashes.sha256("planted")] == []


def test_signing_out_ends_the_session_on_the_server(browser: TestClient, browsers: list[TestClient]) -> None:
    sign_in(browser)
    cookie = browser.cookies["chiso_session"]
    told = browser.delete(SESSION)
    assert told.status_code == 204
    assert "chiso_session" not in browser.cookies
    browsers[1].cookies["chiso_session"] = cookie
    assert who(browsers[1]) == "public"
    assert browser.delete(SESSION).status_code == 204  # there is none any more, as was wanted


def test_a_session_ends_thirty_minutes_after_it_was_used_last(browser: TestClient, clock: Clock) -> None:
    sign_in(browser)
    clock.go_on(minutes=29, seconds=59)
    assert who(browser) == "lan"
    clock.go_on(minutes=29, seconds=59)
    assert who(browser) == "lan"
    clock.go_on(minutes=30)
    assert who(browser) == "public"


def test_a_session_ends_twelve_hours_after_it_began_however_much_it_is_used(browser: TestClient, clock: Clock) -> None:
    sign_in(browser)
    for _ in range(35):
        clock.go_on(minutes=20)
        assert who(browser) == "lan"
    assert browser.get(SESSION).json()["until"][:16] == "2026-11-22T22:00"
    clock.go_on(minutes=19, seconds=59)
    assert who(browser) == "lan"
    clock.go_on(seconds=1)
    assert who(browser) == "public"


def test_that_a_session_was_used_is_written_once_a_minute(
    own_engine: Engine, browser: TestClient, clock: Clock
) -> None:
    sign_in(browser)
    seen = []
    for seconds in (59, 1, 30, 300):
        clock.go_on(seconds=seconds)
        who(browser)
        seen.append((rows(own_engine, "last_seen_at")[0][0] - NOW).total_seconds())
    assert seen == [0, 60, 60, 390]


def test_sessions_that_ran_out_are_deleted_when_somebody_signs_in(
    own_engine: Engine, browsers: list[TestClient], clock: Clock
) -> None:
    sign_in(browsers[0])
    clock.go_on(minutes=20)
    sign_in(browsers[1])
    clock.go_on(minutes=15)
    sign_in(browsers[2])
    assert [(row[0] - NOW).total_seconds() / 60 for row in rows(own_engine, "created_at")] == [20, 35]


def test_disabling_an_account_ends_its_sessions_for_good(own_engine: Engine, browser: TestClient, lan: str) -> None:
    sign_in(browser)
    with database.writing(own_engine) as connection:
        accounts.disable(connection, lan, by=TEST, now=NOW)
    assert who(browser) == "public"
    with database.writing(own_engine) as connection:
        accounts.enable(connection, lan, by=TEST)
    assert who(browser) == "public"


def test_a_right_that_was_taken_is_gone_at_the_next_request(own_engine: Engine, browser: TestClient, lan: str) -> None:
    sign_in(browser)
    with database.writing(own_engine) as connection:
        accounts.revoke(connection, lan, Grant("publisher"), by=TEST)
    assert browser.get(SESSION).json()["grants"] == []
    with database.writing(own_engine) as connection:
        accounts.grant(connection, lan, Grant("publisher"), by=TEST)


def test_a_new_secret_from_the_command_line_ends_all_sessions(
    own_engine: Engine, browsers: list[TestClient], lan: str
) -> None:
    for each in browsers[:2]:
        sign_in(each)
    with database.writing(own_engine) as connection:
        credentials.new_secret(connection, lan, by=TEST)
    assert [who(each) for each in browsers[:2]] == ["public", "public"]


def test_changing_ones_secret_ends_all_other_sessions(browsers: list[TestClient]) -> None:
    for each in browsers:
        sign_in(each)
    told = browsers[1].put(SECRET_OF, json={"old": SECRET, "new": NEW})
    assert (told.status_code, told.content) == (204, b"")
    assert [who(each) for each in browsers] == ["public", "lan", "public"]
    assert sign_in(browsers[0]).status_code == 401
    assert sign_in(browsers[0], NEW).status_code == 201


def test_a_secret_is_changed_by_name_and_secret_too(browsers: list[TestClient]) -> None:
    sign_in(browsers[0])
    told = browsers[1].put(SECRET_OF, json={"old": SECRET, "new": NEW}, auth=(LAN, SECRET))
    assert told.status_code == 204
    assert who(browsers[0]) == "public"


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("ngựa trắng", "The new secret has 10 characters; it must have 12 to 1000."),
        ("x" * 1001, "The new secret has 1001 characters; it must have 12 to 1000."),
        ("LAN@example.vn", "The new secret is the name of the account"),
    ],
)
def test_a_secret_that_will_not_do_is_told_why_and_the_old_one_stays(
    browser: TestClient, new: str, sentence: str
) -> None:
    sign_in(browser)
    told = browser.put(SECRET_OF, json={"old": SECRET, "new": new})
    assert (told.status_code, told.json()["type"]) == (422, "/problems/unfit-secret")
    assert sentence in told.json()["detail"]
    assert sign_in(browser).status_code == 201


@pytest.mark.parametrize("new", ["aaaaaaaaaaaa", "mật khẩu " * 111])
def test_a_secret_of_any_characters_will_do(browser: TestClient, new: str) -> None:
    sign_in(browser)
    assert browser.put(SECRET_OF, json={"old": SECRET, "new": new}).status_code == 204
    assert sign_in(browser, new).status_code == 201


def test_guessing_the_old_secret_is_a_failure_to_sign_in(own_engine: Engine, browser: TestClient) -> None:
    sign_in(browser)
    told = browser.put(SECRET_OF, json={"old": "guess", "new": NEW})
    assert (told.status_code, told.json()["type"]) == (403, "/problems/wrong-secret")
    with own_engine.connect() as connection:
        assert connection.execute(text("select count(*) from sign_in_attempt")).scalar_one() == 1


def test_neither_the_public_nor_a_machine_has_a_secret_to_change(own_engine: Engine, browser: TestClient) -> None:
    with database.writing(own_engine) as connection:
        right = Grant("machine", "VN", "PUBLISHED_FIGURES")
        token = tokens.create(connection, "emc", right, days=1, by=TEST, now=NOW)
    said = {"old": SECRET, "new": NEW}
    assert browser.put(SECRET_OF, json=said).status_code == 401
    told = browser.put(SECRET_OF, json=said, headers={"Authorization": f"Bearer {token}"})
    assert (told.status_code, told.json()["type"]) == (403, "/problems/not-a-person")


def test_who_has_no_session_any_more_reads_what_everybody_reads_and_is_told_elsewhere(
    browser: TestClient, clock: Clock
) -> None:
    sign_in(browser)
    clock.go_on(hours=1)
    assert browser.get("/v1/datasets").status_code == 200
    told = browser.put(SECRET_OF, json={"old": SECRET, "new": NEW})
    assert told.status_code == 401
    assert told.json()["detail"].startswith("Your session has ended; sign in again.")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://other.example.vn"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://testserver.evil.example"},
        {"Origin": "http://testserver:8000"},
        {"Origin": "null"},
        {"Origin": ""},
    ],
)
def test_another_site_can_neither_use_a_session_nor_begin_one(browser: TestClient, headers: dict[str, str]) -> None:
    sign_in(browser)
    for told in (
        browser.put(SECRET_OF, json={"old": SECRET, "new": NEW}, headers=headers),
        browser.delete(SESSION, headers=headers),
        sign_in(browser, headers=headers),
    ):
        assert (told.status_code, told.json()["type"]) == (403, "/problems/other-site")
    assert who(browser) == "lan"
    assert sign_in(browser).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://testserver"},
        {"Origin": "https://chiso.example.vn"},
        {},
    ],
)
def test_our_own_pages_and_programs_can(browser: TestClient, headers: dict[str, str]) -> None:
    assert sign_in(browser, headers=headers).status_code == 201
    assert browser.delete(SESSION, headers=headers).status_code == 204
    assert who(browser) == "public"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"name": "lan", "secret": "x", "remember": true}', 400),
        (b'{"name": "lan"}', 400),
        (b'{"name": 1, "secret": 2}', 400),
        (b'{"name": "lan\\u0000", "secret": "\\u0000"}', 401),
        (b'{"name": "\\ud800", "secret": "\\ud800"}', 401),
        (b'{"name": "lan", "secret": "x", "\\ud800": "\\ud800"}', 400),
        (b"{", 400),
        (b'{"name": "lan", "secret": "%s"}' % (b"x" * 100_000), 401),
    ],
)
def test_what_is_no_sign_in_is_a_problem(browser: TestClient, body: bytes, status: int) -> None:
    told = browser.post(SESSION, content=body, headers={"Content-Type": "application/json"})
    assert told.status_code == status, told.text
    assert told.headers["content-type"] == "application/problem+json"
    if status == 401:
        assert told.headers["www-authenticate"].startswith("Cookie ")  # no window of the browser's own


def test_signing_in_and_out_is_in_the_audit_with_where_it_came_from(own_engine: Engine, browser: TestClient) -> None:
    sign_in(browser)
    browser.delete(SESSION)
    with own_engine.connect() as connection:
        acts = connection.execute(
            text("select actor, origin, act, object, after from audit order by id desc limit 2")
        ).all()
    assert [tuple(row) for row in reversed(acts)] == [
        ("lan", "testclient", "sign in", "account lan", {"by": "secret"}),
        ("lan", "testclient", "sign out", "account lan", None),
    ]

"""Who asks: people by name and secret, machines by a token, the limits on guessing, and what is kept of it all."""

import base64
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic import command
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from ingest.authority import Grant, may
from ingest.catalogue import Catalogue
from service import app, database
from service.identity import accounts, credentials, hashes, tokens
from service.identity.accounts import Refused
from sql import migration
from tests.conftest import NOW, TEST, Clock

WHO = "/v1/session"
SECRET = "bốn con ngựa trắng"
KEPT = {"hash": hashes.argon2id(SECRET)}
TOKEN_FOR = Grant("machine", "GSO24_2025", "PROVINCE_QUARTERLY")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(own_engine: Engine, clock: Clock) -> Callable[..., TestClient]:
    """Comes to the service from an address; nobody has failed to sign in before."""
    with database.writing(own_engine) as connection:
        connection.execute(text("delete from sign_in_attempt"))
    application = app.create(own_engine, clock=clock)

    def come(address: str = "203.0.113.7") -> TestClient:
        return TestClient(application, raise_server_exceptions=False, client=(address, 50000))

    return come


@pytest.fixture
def names(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses."""
    return re.sub(r"\W+", "-", request.node.name)[5:45].strip("-").lower()


@pytest.fixture
def lan(own_engine: Engine, names: str) -> str:
    """The account of a reporter of Hà Nội with a secret that she chose."""
    with database.writing(own_engine) as connection:
        mail = f"{names}@example.vn"
        accounts.add(connection, names, Grant("reporter", "GSO01_2008"), email=mail, with_secret=False, by=TEST)
        connection.execute(text("update account set secret_hash = :hash where name = :name"), KEPT | {"name": names})
    return names


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def ask(client: TestClient, name: str, secret: str) -> Any:
    return client.get(WHO, headers=basic(name, secret))


def fail(engine: Engine, times: int, *, name: str | None = None, address: str = "elsewhere") -> None:
    """Let so many sign-ins have failed: of one name or of many, from one address."""
    rows = [
        {"now": NOW, "name": hashes.sha256(name or f"name {number}"), "address": address} for number in range(times)
    ]
    with database.writing(engine) as connection:
        connection.execute(text("insert into sign_in_attempt values (:now, :name, :address)"), rows)


def failures(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(text("select count(*) from sign_in_attempt")).scalar_one()


def new_token(engine: Engine, name: str, days: int = 365) -> str:
    with database.writing(engine) as connection:
        return tokens.create(connection, name, TOKEN_FOR, days=days, by=TEST, now=NOW)


def test_without_credentials_one_is_the_public(door: Callable[..., TestClient]) -> None:
    assert door().get(WHO).json() == {"name": "public", "grants": [], "until": None}


def test_a_right_name_and_secret_is_that_person_with_what_was_granted(
    door: Callable[..., TestClient], lan: str
) -> None:
    told = ask(door(), lan, SECRET)
    grant = {"role": "reporter", "reporting_unit": "GSO01_2008", "dataset": None}
    assert told.json() == {"name": lan, "grants": [grant], "until": None}
    assert told.headers["cache-control"] == "no-store"


def test_a_secret_with_marks_is_right_however_the_keyboard_composes_it(
    door: Callable[..., TestClient], lan: str
) -> None:
    composed, decomposed = (unicodedata.normalize(form, SECRET) for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert ask(door(), lan, composed).status_code == ask(door(), lan, decomposed).status_code == 200


def test_an_unknown_name_gets_the_answer_of_a_wrong_secret_and_no_sooner(
    door: Callable[..., TestClient], lan: str
) -> None:
    told, took = {}, {}
    for name in (lan, "nobody", "\0", "ă" * 5000):
        for _ in range(2):
            began = time.process_time()
            told[name] = ask(door(), name, "wrong")
            took[name] = min(took.get(name, 60), time.process_time() - began)
    assert {each.status_code for each in told.values()} == {401}
    assert len({each.content for each in told.values()}) == 1
    assert min(took.values()) > took[lan] / 2


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !", "Basic YWJj", "Basic /w==", "Digest abc", "Bearer", "Bearer chs_1_2", "x"]
)
def test_credentials_that_say_nothing_are_refused_and_not_ignored(door: Callable[..., TestClient], header: str) -> None:
    told = door().get(WHO, headers={"Authorization": header})
    assert told.status_code == 401
    assert told.headers["www-authenticate"]
    assert told.headers["content-type"] == "application/problem+json"


def test_a_hash_of_weaker_days_is_renewed_when_its_person_comes(
    door: Callable[..., TestClient], own_engine: Engine, lan: str
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(hashes.normal(SECRET))
    with database.writing(own_engine) as connection:
        connection.execute(text("update account set secret_hash = :weak where name = :lan"), {"weak": weak, "lan": lan})
    assert ask(door(), lan, "wrong").status_code == 401
    assert kept_hash(own_engine, lan) == weak
    assert ask(door(), lan, SECRET).status_code == 200
    renewed = kept_hash(own_engine, lan)
    assert renewed != weak
    assert not hashes.is_outdated(renewed)
    assert ask(door(), lan, SECRET).status_code == 200


def kept_hash(engine: Engine, name: str) -> str:
    with engine.connect() as connection:
        return accounts.get(connection, name).secret_hash or ""


def test_a_disabled_account_says_so_to_who_has_its_secret_alone(
    door: Callable[..., TestClient], own_engine: Engine, lan: str
) -> None:
    with database.writing(own_engine) as connection:
        accounts.disable(connection, lan, by=TEST, now=NOW)
    assert ask(door(), lan, SECRET).json()["type"] == "/problems/account-disabled"
    assert ask(door(), lan, "wrong").json()["type"] == "/problems/wrong-secret"
    with database.writing(own_engine) as connection:
        accounts.enable(connection, lan, by=TEST)
    assert ask(door(), lan, SECRET).status_code == 200


def test_ten_failures_close_an_account_for_fifteen_minutes_by_whatever_way_they_came(
    door: Callable[..., TestClient], own_engine: Engine, clock: Clock, lan: str
) -> None:
    for number in range(10):
        client = door(f"198.51.100.{number}")
        if number % 2:
            assert ask(client, lan, "wrong").status_code == 401
        else:
            assert client.post(WHO, json={"name": lan, "secret": "wrong"}).status_code == 401
        clock.go_on(seconds=6)
    for told in (ask(door(), lan, SECRET), door().post(WHO, json={"name": lan, "secret": SECRET})):
        assert told.status_code == 429
        assert told.headers["retry-after"] == "840"
        assert told.json()["retry_after_seconds"] == 840
        assert "Try again in 14 minutes" in told.json()["detail"]
    assert failures(own_engine) == 10  # who is refused while it is closed does not keep it closed
    # The first of the ten grows old, and there is room for one more.
    clock.go_on(seconds=839)
    assert ask(door(), lan, SECRET).status_code == 429
    clock.go_on(seconds=1)
    assert ask(door(), lan, SECRET).status_code == 200


def test_a_right_guess_among_many_at_once_learns_nothing_when_the_others_have_failed(
    door: Callable[..., TestClient], own_engine: Engine, lan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = hashes.fits

    def fits_while_others_fail(secret: str, kept: str | None) -> bool:
        fail(own_engine, 10, name=lan)
        return real(secret, kept)

    monkeypatch.setattr(hashes, "fits", fits_while_others_fail)
    assert ask(door(), lan, SECRET).status_code == 429


def test_a_closed_account_closes_no_other_one(door: Callable[..., TestClient], own_engine: Engine, lan: str) -> None:
    fail(own_engine, 9, name="mai")
    assert ask(door(), "mai", "wrong").status_code == 401
    assert ask(door(), "mai", "wrong").status_code == 429
    assert ask(door(), lan, SECRET).status_code == 200


def test_thirty_failures_close_an_address_and_no_other_one(
    door: Callable[..., TestClient], own_engine: Engine, clock: Clock, lan: str
) -> None:
    fail(own_engine, 29, address="203.0.113.7")
    assert ask(door(), "nobody", "wrong").status_code == 401
    assert ask(door(), lan, SECRET).status_code == 429
    assert ask(door("198.51.100.1"), lan, SECRET).status_code == 200
    clock.go_on(minutes=15)
    assert ask(door(), lan, SECRET).status_code == 200


def test_failures_are_forgotten_when_they_are_old_and_a_new_one_comes(
    door: Callable[..., TestClient], own_engine: Engine, clock: Clock, lan: str
) -> None:
    fail(own_engine, 3, name=lan)
    clock.go_on(minutes=16)
    ask(door(), lan, "wrong")
    assert failures(own_engine) == 1


def test_a_new_secret_lets_its_person_in_at_once(door: Callable[..., TestClient], own_engine: Engine, lan: str) -> None:
    fail(own_engine, 10, name=lan)
    assert ask(door(), lan, SECRET).status_code == 429
    with database.writing(own_engine) as connection:
        secret = credentials.new_secret(connection, lan, by=TEST)
    assert ask(door(), lan, secret).status_code == 200
    assert ask(door(), lan, SECRET).status_code == 401


def test_what_another_site_makes_a_browser_send_with_a_remembered_secret_is_refused(
    door: Callable[..., TestClient], lan: str
) -> None:
    elsewhere = basic(lan, SECRET) | {"Sec-Fetch-Site": "cross-site"}
    told = door().put("/v1/session/secret", json={"old": SECRET, "new": "ba con trâu đen"}, headers=elsewhere)
    assert (told.status_code, told.json()["type"]) == (403, "/problems/other-site")
    assert ask(door(), lan, SECRET).status_code == 200
    assert door().get(WHO, headers=elsewhere).json()["name"] == lan


def test_a_token_is_a_machine_of_one_unit_and_one_dataset(
    door: Callable[..., TestClient], own_engine: Engine, words: Catalogue, names: str
) -> None:
    token = new_token(own_engine, names)
    assert re.fullmatch(r"chs_[0-9a-f]{12}_[\w-]{43}", token)
    told = door().get(WHO, headers=bearer(token)).json()
    assert (told["name"], told["until"][:10]) == (f"machine:{names}", "2027-11-22")
    assert told["grants"] == [{"role": "machine", "reporting_unit": "GSO24_2025", "dataset": "PROVINCE_QUARTERLY"}]
    with own_engine.connect() as connection:
        found = tokens.find(connection, token)
    assert found
    machine = found.actor("203.0.113.7")
    for unit, dataset, expected in (
        ("GSO24_2025", "PROVINCE_QUARTERLY", True),
        ("GSO24", "PROVINCE_QUARTERLY", True),
        ("GSO04", "PROVINCE_QUARTERLY", False),
        ("VN", "PROVINCE_QUARTERLY", False),
        (None, "PROVINCE_QUARTERLY", False),
        ("GSO24_2025", "PUBLISHED_FIGURES", False),
    ):
        assert may(machine, "submit", "submission", words, reporting_unit=unit, dataset=dataset) is expected
    assert not may(machine, "accept", "submission", words, reporting_unit="GSO24_2025", dataset="PROVINCE_QUARTERLY")


def test_a_token_is_refused_when_it_has_expired_or_was_revoked_and_is_told_which(
    door: Callable[..., TestClient], own_engine: Engine, clock: Clock, names: str
) -> None:
    expiring, revoked = new_token(own_engine, f"{names}-1", days=30), new_token(own_engine, f"{names}-2")
    with database.writing(own_engine) as connection:
        tokens.revoke(connection, f"{names}-2", by=TEST, now=NOW)
    told = door().get(WHO, headers=bearer(revoked))
    assert (told.status_code, told.json()["type"]) == (401, "/problems/token-refused")
    assert f"The token {names}-2 was revoked on 2026-11-22. An administrator makes" in told.json()["detail"]
    assert told.headers["www-authenticate"] == 'Bearer realm="Chiso", error="invalid_token"'
    clock.go_on(days=30, seconds=-1)
    assert door().get(WHO, headers=bearer(expiring)).status_code == 200
    clock.go_on(seconds=1)
    told = door().get(WHO, headers=bearer(expiring))
    assert told.status_code == 401
    assert f"The token {names}-1 expired on 2026-12-22." in told.json()["detail"]


def test_a_token_with_another_ones_secret_is_none(
    door: Callable[..., TestClient], own_engine: Engine, names: str
) -> None:
    one, other = new_token(own_engine, f"{names}-1"), new_token(own_engine, f"{names}-2")
    for forged in (one[:16] + other[16:], one[:-1] + ("A" if one[-1] != "A" else "B"), one + "A", one.upper()):
        told = door().get(WHO, headers=bearer(forged))
        assert told.status_code == 401
        assert "This is no token of ours." in told.json()["detail"]
    assert door().get(WHO, headers=bearer(one)).status_code == 200


def test_when_a_token_was_used_last_is_written_once_a_minute(
    door: Callable[..., TestClient], own_engine: Engine, clock: Clock, names: str
) -> None:
    token = new_token(own_engine, names)
    seen = []
    for seconds in (0, 59, 1, 300):
        clock.go_on(seconds=seconds)
        door().get(WHO, headers=bearer(token))
        with own_engine.connect() as connection:
            used = next(each.last_used_at for each in tokens.listed(connection) if each.name == names)
        assert used
        seen.append((used - NOW).total_seconds())
    assert seen == [0, 0, 60, 360]


def test_the_name_of_a_token_is_given_once(own_engine: Engine, names: str) -> None:
    new_token(own_engine, names)
    with pytest.raises(Refused, match=f"There is, or was, a token {names}; a name signs for ever"):
        new_token(own_engine, names)


def test_secrets_are_nowhere_in_the_database_nor_in_the_audit(
    door: Callable[..., TestClient], own_engine: Engine, lan: str
) -> None:
    token = new_token(own_engine, f"{lan}-1")
    with database.writing(own_engine) as connection:
        first = credentials.new_secret(connection, lan, by=TEST)
    client = door()
    client.post(WHO, json={"name": lan, "secret": first})
    chosen = "năm con gà mái"
    assert client.put("/v1/session/secret", json={"old": first, "new": chosen}).status_code == 204
    ask(client, "a secret in the field of the name", "wrong secret")
    cookie = client.cookies["chiso_session"]
    held = "\n".join(everything(own_engine))
    assert lan in held
    assert f"token {lan}-1" in held
    for secret in (first, chosen, cookie, token, token[17:], "a secret in the field of the name", "wrong secret"):
        assert secret not in held
        assert secret.encode().hex() not in held


def everything(engine: Engine) -> Iterator[str]:
    """Every row of every table, as text; figures and the catalogue left out."""
    with engine.connect() as connection:
        for table in ("account", "account_grant", "session", "token", "sign_in_attempt", "audit"):
            yield from connection.execute(text(f"select t::text from {table} t")).scalars()


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("role_is_a_persons", "insert into account_grant values ('admin', 'machine', null, null)"),
        ("role_is_a_persons", "insert into account_grant values ('admin', 'public', null, null)"),
        (
            "role_of_the_whole_is_bound_to_nothing",
            "insert into account_grant values ('admin', 'administrator', 'VN', null)",
        ),
        (
            "role_of_the_whole_is_bound_to_nothing",
            "insert into account_grant values ('admin', 'operator', null, 'PROVINCE_QUARTERLY')",
        ),
        ("granted_once", "insert into account_grant values ('admin', 'operator', null, null)"),
        ("account_name_is_free", "insert into account (name) values ('public')"),
        ("account_name_is_plain", "insert into account (name) values ('machine:emc')"),
        ("account_name_is_plain", "insert into account (name) values ('Admin')"),
        (
            "email_is_one_accounts",
            "insert into account (name, email) values ('a', 'lan@example.vn'), ('b', 'LAN@example.vn')",
        ),
        ("email_is_an_address", "insert into account (name, email) values ('a', 'lan')"),
        (
            "oidc_subject_is_one_accounts",
            "insert into account (name, oidc_subject) values ('a', 'https://x 1'), ('b', 'https://x 1')",
        ),
        ("session_secret_is_hashed", "insert into session values ('secret', 'admin', now(), now(), '')"),
        (
            "token_secret_is_hashed",
            "insert into token values ('1', 'a', 'secret', 'VN', 'PROVINCE_QUARTERLY', 'x', now(), now() + '1d')",
        ),
        (
            "token_expires_after_it_began",
            "insert into token values ('1', 'a', sha256('x'), 'VN', 'PROVINCE_QUARTERLY', 'x', now(), now())",
        ),
    ],
)
def test_the_database_refuses_an_identity_that_must_never_be(connection: Connection, rule: str, statement: str) -> None:
    credentials.new_secret(connection, by=TEST)
    with pytest.raises(DBAPIError, match=rule):
        connection.execute(text(statement))


def test_the_administrator_of_an_earlier_version_keeps_every_right(new_database: Callable[[], str]) -> None:
    engine = database.connect(new_database())
    with database.writing(engine) as connection:
        connection.execute(text("create schema chiso"))
        config = migration._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0005_hypertable")
        earlier = PasswordHasher().hash("the secret of then")
        connection.execute(text("insert into account values ('admin', 'administrator', :hash)"), {"hash": earlier})
    with database.writing(engine) as connection:
        assert migration.upgrade(connection)
        assert accounts.get(connection, "admin").grants == (
            Grant("administrator"),
            Grant("operator"),
            Grant("publisher"),
        )
        assert credentials.first_secret(connection) is None
    client = TestClient(app.create(engine), raise_server_exceptions=False)
    assert ask(client, "admin", "the secret of then").status_code == 200
    engine.dispose()

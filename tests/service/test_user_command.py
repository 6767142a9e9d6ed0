"""The commands for accounts and tokens, as whoever runs the service types them."""

import getpass
import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from ingest.authority import Grant
from ingest.instructions import UnknownName
from service import app, cli
from service.identity import accounts
from service.identity.accounts import Refused

Typed = Callable[..., str]


@pytest.fixture(scope="module")
def typed(own_engine: Engine, cheap_hashes: None) -> Typed:
    """Types words after `chiso`, and returns what was printed."""
    environment = {
        "CHISO_DATABASE_URL": own_engine.url.render_as_string(hide_password=False).replace("+psycopg", ""),
        "NO_COLOR": "1",
    }

    def run(*words: str) -> str:
        told = CliRunner().invoke(cli.program, words, env=environment)
        if told.exception:
            raise told.exception
        return told.stdout

    return run


@pytest.fixture(scope="module")
def service(own_engine: Engine) -> TestClient:
    return TestClient(app.create(own_engine), raise_server_exceptions=False)


def who(service: TestClient, **more: Any) -> Any:
    return service.get("/v1/session", **more).json()


def grants(engine: Engine, name: str) -> tuple[Grant, ...]:
    with engine.connect() as connection:
        return accounts.get(connection, name).grants


def audited(engine: Engine, thing: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("select act, before, after, actor, origin from audit where object = :thing order by id"),
            {"thing": thing},
        ).all()
    assert {row[3:] for row in map(tuple, rows)} == {(getpass.getuser(), "command line")}
    return [tuple(row[:3]) for row in rows]


def test_an_account_is_made_with_a_right_and_its_secret_is_shown_once(
    typed: Typed, service: TestClient, own_engine: Engine
) -> None:
    secret = typed("user", "add", "lan", "--role", "reporter", "--reporting-unit", "hà nội").strip()
    assert len(secret) == 43
    assert who(service, auth=("lan", secret))["grants"] == [
        {"role": "reporter", "reporting_unit": "GSO01_2008", "dataset": None}
    ]
    acts = audited(own_engine, "account lan")
    assert acts == [
        ("add", None, {"secret": True}),
        ("grant", {"grants": []}, {"grants": ["reporter of GSO01_2008"]}),
    ]
    assert secret not in json.dumps(acts)


def test_rights_are_given_and_taken_and_the_audit_has_what_was_held_before_and_after(
    typed: Typed, own_engine: Engine
) -> None:
    typed("user", "add", "mai")
    bound = ("--reporting-unit", "most_2025", "--dataset", "province_quarterly")
    assert typed("user", "grant", "mai", "--role", "Reviewer", *bound) == (
        "mai is reviewer of MOST_2025 for PROVINCE_QUARTERLY.\n"
    )
    typed("user", "grant", "mai", "--role", "operator")
    assert grants(own_engine, "mai") == (
        Grant("operator"),
        Grant("reviewer", "MOST_2025", "PROVINCE_QUARTERLY"),
    )
    with pytest.raises(Refused, match="mai is operator already"):
        typed("user", "grant", "mai", "--role", "operator")
    with pytest.raises(
        Refused, match="mai is not reviewer of MOST_2025, but operator; reviewer of MOST_2025 for PROVINCE_QUARTERLY"
    ):
        typed("user", "revoke", "mai", "--role", "reviewer", "--reporting-unit", "MOST_2025")
    typed("user", "revoke", "mai", "--role", "operator")
    assert audited(own_engine, "account mai")[-1] == (
        "revoke",
        {"grants": ["operator", "reviewer of MOST_2025 for PROVINCE_QUARTERLY"]},
        {"grants": ["reviewer of MOST_2025 for PROVINCE_QUARTERLY"]},
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "Lan"), "“Lan” cannot be the name of an account"),
        (("add", "public"), "“public” cannot be the name"),
        (("add", "machine:emc"), "cannot be the name"),
        (("add", "x", "--email", "x"), "“x” is no address of mail"),
        (("add", "x", "--only-oidc"), "x could never sign in"),
        (("add", "x", "--reporting-unit", "VN"), "name it with --role"),
        (("add", "x", "--role", "administrator", "--reporting-unit", "VN"), "administrator is a role for the whole"),
        (("add", "x", "--role", "machine"), "machine is no role of a person. `chiso token create` makes a token"),
        (("add", "x", "--role", "public"), "public is no role of a person"),
        (("add", "x", "--role", "reviwer"), "There is no role “reviwer”. Did you mean reviewer"),
        (
            ("add", "x", "--role", "reporter", "--reporting-unit", "Bac Gian"),
            "There is no reporting unit “Bac Gian”. Did you mean",
        ),
        (
            ("add", "x", "--role", "reporter", "--dataset", "PROVINCE_QARTERLY"),
            "There is no dataset “PROVINCE_QARTERLY”. Did you mean PROVINCE_QUARTERLY",
        ),
        (("disable", "hoaa"), "There is no account “hoaa”. Did you mean hoa"),
        (("enable", "hoa"), "hoa is not disabled"),
        (("add", "hoa"), "There is an account hoa already"),
        (("add", "x", "--email", "HOA@example.vn"), "HOA@example.vn is the address of another account"),
        (("secret", "hoaa"), "There is no account “hoaa”. Did you mean hoa"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_changes_nothing(
    typed: Typed, own_engine: Engine, words: tuple[str, ...], sentence: str
) -> None:
    with own_engine.begin() as connection:
        if not accounts.find(connection, "hoa"):
            accounts.add(connection, "hoa", email="hoa@example.vn", by=cli.typist())
    with pytest.raises((Refused, UnknownName), match=sentence) as refused:
        typed("user", *words)
    assert isinstance(refused.value, cli._SENTENCES)
    with own_engine.connect() as connection:
        assert accounts.find(connection, "x") is None


def test_the_way_back_in_gives_the_administrator_a_new_secret_and_ends_the_sessions(
    typed: Typed, service: TestClient
) -> None:
    first = typed("user", "secret").strip()
    service.post("/v1/session", json={"name": "admin", "secret": first}).raise_for_status()
    assert {each["role"] for each in who(service)["grants"]} == {"administrator", "publisher", "operator"}
    second = typed("user", "secret").strip()
    assert who(service)["name"] == "public"
    assert service.get("/v1/session", auth=("admin", first)).status_code == 401
    assert who(service, auth=("admin", second))["name"] == "admin"


def test_a_disabled_account_is_listed_so_and_opened_again(typed: Typed, service: TestClient) -> None:
    secret = typed("user", "add", "an", "--email", "an@example.vn", "--role", "publisher").strip()
    assert typed("user", "disable", "an") == "an is disabled.\n"
    assert service.get("/v1/session", auth=("an", secret)).json()["type"] == "/problems/account-disabled"
    line = next(line for line in typed("user", "list").splitlines() if "an@example.vn" in line)
    assert [word in line for word in ("publisher", "secret", "disabled 20")] == [True] * 3
    with pytest.raises(Refused, match="an is disabled already"):
        typed("user", "disable", "an")
    typed("user", "enable", "an")
    assert who(service, auth=("an", secret))["name"] == "an"


def test_who_comes_only_by_the_provider_gets_no_secret(typed: Typed, service: TestClient) -> None:
    assert typed("user", "add", "binh", "--email", "binh@example.vn", "--only-oidc") == ""
    assert service.get("/v1/session", auth=("binh", "")).status_code == 401
    line = next(line for line in typed("user", "list").splitlines() if "binh@example.vn" in line)
    assert "OpenID, not yet" in line


def test_a_token_is_made_listed_and_revoked(typed: Typed, service: TestClient, own_engine: Engine) -> None:
    words = ("--reporting-unit", "Bắc Ninh", "--dataset", "province_quarterly", "--days", "30")
    token = typed("token", "create", "emc-2026", *words).strip()
    header = {"Authorization": f"Bearer {token}"}
    assert who(service, headers=header)["name"] == "machine:emc-2026"
    line = next(line for line in typed("token", "list").splitlines() if "emc-2026" in line)
    assert token.split("_")[1] in line
    assert token.split("_", 2)[2] not in line
    assert "machine of GSO24_2025 for PROVINCE_QUARTERLY" in line
    assert "open" in line
    typed("token", "revoke", "emc-2026")
    assert "was revoked on" in service.get("/v1/session", headers=header).json()["detail"]
    assert "revoked" in next(line for line in typed("token", "list").splitlines() if "emc-2026" in line)
    acts = audited(own_engine, "token emc-2026")
    assert [(act, (after or {}).get("dataset")) for act, _, after in acts] == [
        ("create", "PROVINCE_QUARTERLY"),
        ("revoke", None),
    ]
    with pytest.raises(Refused, match="The token emc-2026 was revoked on"):
        typed("token", "revoke", "emc-2026")
    with pytest.raises(UnknownName, match="There is no token “emc-2027”"):
        typed("token", "revoke", "emc-2027")
    with pytest.raises(Refused, match="cannot be the name of a token"):
        typed("token", "create", "machine:x", *words)

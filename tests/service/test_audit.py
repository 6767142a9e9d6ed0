"""Reading the audit and verifying it: over HTTP, at the command line, and without Chiso."""

import csv
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from ingest import audit
from ingest.authority import Actor, Grant
from service import app, cli, database
from service.api.audit import Act, Acts, Verification
from service.identity import credentials
from tests.ingest.test_audit import compute_anew

DOCUMENT = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
ODD = (
    '{"rate": 45.50, "tiny": 0.00000012, "many": 12345678901234567890, "z": {}, "aa": -0.10,'
    r' "é": {"list": [1, "\u0001\"\u007f/", null, true]}}'
)


@pytest.fixture(scope="module")
def watched(sender: TestClient, own_engine: Engine) -> TestClient:
    """A client signed in as the administrator, of a service where more was done than at its first start."""
    for number in range(12):
        with database.writing(own_engine) as connection:
            by = Actor("lan", origin="203.0.113.7") if number % 2 else Actor("=minh")
            audit.record(connection, by, "change", f"submission {number}", before={"level": number}, after={})
    with database.writing(own_engine) as connection:
        connection.execute(
            text(
                "insert into audit (actor, act, object, before) values (:actor, 'change', 'odd', cast(:odd as jsonb))"
            ),
            {"actor": "Đặng\tVăn “A”\\", "odd": ODD},
        )
    return sender


@pytest.fixture
def altered(watched: TestClient, own_engine: Engine) -> Iterator[int]:
    """The ordinal of a link whose act somebody altered; it is put back afterwards."""
    one = "object = 'submission 5' and act = 'change'"

    def put(actor: str) -> int:
        with database.writing(own_engine) as connection:
            connection.execute(text("set local session_replication_role = replica"))
            connection.execute(text(f"update audit set actor = :actor where {one}"), {"actor": actor})
            held = f"select ordinal from audit_link as link where link.audit = (select id from audit where {one})"
            return connection.execute(text(held)).scalar_one()

    yield put("somebody else")
    put("lan")


@pytest.fixture
def verify(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`chiso audit verify` on that database."""
    monkeypatch.setenv("CHISO_DATABASE_URL", own_engine.url.render_as_string(hide_password=False))

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli.program, ["audit", "verify", *words])

    return run


def pages(client: TestClient, **parameters: str) -> Iterator[Acts]:
    address, asked = "/v1/audit", parameters or None
    while True:
        answer = client.get(address, params=asked)
        assert answer.status_code == 200, answer.text
        page = Acts.model_validate_json(answer.text)
        yield page
        if page.next is None:
            assert "next" not in answer.links
            return
        address, asked = answer.links["next"]["url"], None


def acts(client: TestClient, **parameters: str) -> list[Act]:
    return [act for page in pages(client, **parameters) for act in page.acts]


def test_the_audit_is_read_page_by_page_the_newest_first(watched: TestClient) -> None:
    whole = acts(watched)
    assert [each.ordinal for each in whole] == list(range(len(whole), 0, -1))
    assert len(whole) > 20
    assert acts(watched, limit="12") == whole
    assert len(list(pages(watched, limit="12"))) == -(-len(whole) // 12)
    act = next(each for each in whole if each.object == "submission 11")
    assert (act.actor, act.origin, act.act, act.before, act.after) == (
        "lan",
        "203.0.113.7",
        "change",
        {"level": 11},
        {},
    )
    assert re.fullmatch("[0-9a-f]{64}", act.hash or "")


def test_the_audit_is_asked_by_who_what_and_when(watched: TestClient) -> None:
    whole = acts(watched)
    of_lan = [each for each in whole if each.actor == "lan"]
    assert acts(watched, actor="lan") == of_lan
    assert len(of_lan) == 6
    assert acts(watched, act="change", object="submission 3") == [
        each for each in of_lan if each.object == "submission 3"
    ]
    middle = whole[9].at.isoformat()
    assert acts(watched, since=middle) == whole[:10]
    assert acts(watched, until=middle) == whole[9:]
    assert acts(watched, since="2020-01-01", until="2100") == whole
    assert acts(watched, until="2020-01-01") == []
    answer = watched.get("/v1/audit", params={"since": "the day before"})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/not-a-moment")
    answer = watched.get("/v1/audit", params={"objekt": "x"})
    assert (answer.status_code, answer.json()["nearest"]) == (400, ["object"])


def test_the_audit_is_given_as_csv_with_the_same_names_which_no_spreadsheet_runs(watched: TestClient) -> None:
    answer = watched.get("/v1/audit", params={"object": "submission 4", "act": "change", "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert list(row) == list(Act.model_fields)
    assert (row["actor"], row["origin"], row["before"]) == ("'=minh", "", '{"level":4}')


def test_nobody_reads_the_audit_without_the_right_to_all_of_it(watched: TestClient, own_engine: Engine) -> None:
    for address in ("/v1/audit", "/v1/audit/verification"):
        with TestClient(app.create(own_engine)) as public:
            assert public.get(address).json()["type"] == "/problems/not-signed-in"
        for grants, status in (
            ([Grant("reviewer")], 403),
            ([Grant("operator", reporting_unit="GSO01")], 403),
            ([Grant("operator", reporting_unit="VN")], 200),
            ([Grant("administrator")], 200),
        ):
            service = app.create(own_engine)
            service.dependency_overrides[credentials.signed_in] = lambda grants=grants: Actor("x", tuple(grants))
            with TestClient(service) as client:
                answer = client.get(address)
                assert answer.status_code == status, (address, grants)
                if status == 403:
                    assert answer.json()["type"] == "/problems/not-yours"
                    assert "administrators and operators" in answer.json()["detail"]


def test_the_verification_says_how_long_the_chain_is_and_where_it_ends(watched: TestClient) -> None:
    newest = next(pages(watched, limit="1")).acts[0]
    told = Verification.model_validate_json(watched.get("/v1/audit/verification").text)
    assert (told.count, told.head, told.broken) == (newest.ordinal, newest.hash, None)


def test_the_verification_names_the_first_broken_link(watched: TestClient, altered: int) -> None:
    broken = Verification.model_validate_json(watched.get("/v1/audit/verification").text).broken
    assert broken
    assert (broken.ordinal, broken.kind) == (altered, "altered")
    assert f"Link {altered} is altered: act {broken.audit}" in broken.sentence


def test_the_command_verifies_the_chain_and_says_what_to_note(watched: TestClient, verify: Any) -> None:
    told = verify()
    assert told.exit_code == 0
    found = watched.get("/v1/audit/verification").json()
    assert f"{found['count']} links, head {found['head']}" in told.stdout
    assert "Note its head down" in told.stdout
    again = verify("--head", found["head"].upper())
    assert again.exit_code == 0
    assert f"noted earlier is that of link {found['count']}" in again.stdout


def test_the_command_names_the_first_broken_link_and_fails(altered: int, verify: Any) -> None:
    told = verify()
    assert told.exit_code == 1
    assert re.search(rf"^Link {altered} is altered: act \d+, or the hash itself", told.stderr)


def test_a_head_that_is_no_hash_is_refused(watched: TestClient, verify: Any) -> None:
    told = verify("--head", "5d41")
    assert told.exit_code == 2
    assert "64 hexadecimal digits" in told.stderr


def verified_elsewhere(client: TestClient, folder: Path) -> subprocess.CompletedProcess[str]:
    (lines,) = re.findall(r"```python\n(.+?)```", DOCUMENT, re.DOTALL)
    (folder / "verify.py").write_text(lines, encoding="utf-8")
    address, names = "/v1/audit?limit=16", []
    while address:
        answer = client.get(address)
        names.append(f"page{len(names)}.json")
        (folder / names[-1]).write_bytes(answer.content)
        address = answer.links.get("next", {}).get("url")
    return subprocess.run(
        [sys.executable, "verify.py", *names], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_lines_in_the_document_verify_the_chain_without_chiso(watched: TestClient, tmp_path: Path) -> None:
    told = verified_elsewhere(watched, tmp_path)
    found = watched.get("/v1/audit/verification").json()
    assert told.stdout == f"{found['count']} {found['head']}\n", told.stderr


def test_the_lines_in_the_document_find_what_was_altered(watched: TestClient, altered: int, tmp_path: Path) -> None:
    told = verified_elsewhere(watched, tmp_path)
    assert told.returncode == 1
    assert told.stderr.startswith(f"Link {altered} is broken")


def test_a_chain_computed_anew_passes_the_command_but_not_with_the_head_that_was_noted(
    watched: TestClient, own_engine: Engine, verify: Any
) -> None:
    noted = watched.get("/v1/audit/verification").json()["head"]
    assert verify("--head", noted).exit_code == 0
    with database.writing(own_engine) as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update audit set actor = 'nobody' where object = 'submission 2'"))
        compute_anew(connection)
    assert verify().exit_code == 0
    told = verify("--head", noted)
    assert told.exit_code == 1
    assert told.stderr == f"No link has the hash {noted}: what was done up to then was rewritten, or cut off.\n"

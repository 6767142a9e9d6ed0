"""Snapshots: an answer that was frozen is the same for ever, byte for byte, whatever is revised, renamed or asked."""

import csv
import hashlib
import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from ingest import period
from ingest.period import LOCAL_ZONE
from service import app, database, snapshots
from service.api.snapshots import Citation, Snapshot
from tests.conftest import Clock

ASKED = {"indicator": "NRI_RANK", "reporting_unit": "VN"}


def publish(client: TestClient, value: int) -> None:
    figure = {"indicator": "NRI_RANK", "reporting_unit": "VN", "period": "2025", "source": "PORTULANS", "value": value}
    sent = client.post(
        "/v1/submissions", json={"dataset": "PUBLISHED_FIGURES", "reason": "said anew", "figures": [figure]}
    )
    assert sent.status_code == 201, sent.text


def freeze(client: TestClient, **asked: str) -> dict[str, Any]:
    answer = client.post("/v1/snapshots", params=ASKED | asked)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == answer.json()["address"]
    return answer.json()


def package(client: TestClient, told: dict[str, Any]) -> bytes:
    answer = client.get(told["package"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{told["sha256"]}"'
    return answer.content


def test_a_frozen_answer_stays_byte_for_byte_after_revisions_and_new_names(
    sender: TestClient, own_engine: Engine
) -> None:
    publish(sender, 40)
    told = freeze(sender)
    before = package(sender, told)
    assert (hashlib.sha256(before).hexdigest(), len(before)) == (told["sha256"], told["size_bytes"])
    publish(sender, 39)
    with database.writing(own_engine) as connection:
        connection.execute(text("update indicator set name_en = 'Another name' where code = 'NRI_RANK'"))
    assert package(sender, told) == before
    after = package(sender, freeze(sender))
    assert after != before
    with zipfile.ZipFile(io.BytesIO(before)) as archive:
        rows = list(csv.DictReader(archive.read("data.csv").decode().splitlines()))
        sums = dict(line.split("  ")[::-1] for line in archive.read("SHA256SUMS").decode().splitlines())
        assert {name: hashlib.sha256(archive.read(name)).hexdigest() for name in sums} == sums
    assert [row["value"] for row in rows if row["period"] == "2025"] == ["40"]


def test_the_same_answer_frozen_twice_is_one_snapshot(sender: TestClient) -> None:
    first, second = (freeze(sender, as_of="2024-12-31") for _ in range(2))
    assert first == second
    listed = sender.get("/v1/snapshots").json()["snapshots"]
    assert [each["code"] for each in listed].count(first["code"]) == 1


def test_the_same_question_is_one_snapshot_while_its_figures_are_the_same(sender: TestClient) -> None:
    past = freeze(sender, as_of="2024-12-31")
    today = freeze(sender, indicator="EGDI_RANK")
    publish(sender, 38)
    assert freeze(sender, as_of="2024-12-31") == past
    assert freeze(sender, indicator="EGDI_RANK")["sha256"] != today["sha256"]  # as known after another batch


def test_a_snapshot_is_the_same_from_whatever_host_it_is_asked_for(sender: TestClient) -> None:
    told = freeze(sender, as_of="2024-12-31")
    other = sender.post("/v1/snapshots", params=ASKED | {"as_of": "2024-12-31"}, headers={"Host": "stats.example.vn"})
    assert other.json()["sha256"] == told["sha256"]


def test_what_is_frozen_as_of_today_is_what_is_frozen_without_a_moment(sender: TestClient) -> None:
    told = freeze(sender, indicator="EGDI_RANK")
    assert freeze(sender, indicator="EGDI_RANK", as_of=str(period.now().astimezone(LOCAL_ZONE).date())) == told


def test_who_froze_it_is_in_the_audit_and_not_in_the_answer(sender: TestClient) -> None:
    told = freeze(sender, as_of="2024-12-31")
    assert "frozen_by" not in told
    acts = sender.get("/v1/audit", params={"object": f"snapshot {told['code']}"}).json()["acts"]
    assert [act["act"] for act in acts] == ["freeze"]


def test_a_body_or_nothing_named_is_refused(sender: TestClient) -> None:
    with_body = sender.post("/v1/snapshots", params=ASKED, json={"indicator": ["NRI_RANK"]})
    assert (with_body.status_code, with_body.json()["type"]) == (400, "/problems/body-not-taken")
    of_all = sender.post("/v1/snapshots")
    assert (of_all.status_code, of_all.json()["type"]) == (400, "/problems/nothing-named")


def test_a_citation_names_title_moment_address_and_digest_in_both_languages(sender: TestClient) -> None:
    told = freeze(sender, as_of="2024-12-31")
    for sentence, title in ((told["citation"]["vi"], told["title_vi"]), (told["citation"]["en"], told["title_en"])):
        assert title in sentence
        assert told["address"] in sentence
        assert told["sha256"] in sentence
    assert told["source_vi"] in told["citation"]["vi"]
    assert told["source_en"] in told["citation"]["en"]
    assert "31/12/2024" in told["citation"]["vi"]
    assert "2024-12-31" in told["citation"]["en"]


def test_the_question_of_a_snapshot_is_an_address_that_answers_its_figures(sender: TestClient) -> None:
    told = freeze(sender, as_of="2024-12-31")
    rows = sender.get(f"/v1/observations?{told['query']}").json()["observations"]
    with zipfile.ZipFile(io.BytesIO(package(sender, told))) as archive:
        frozen = list(csv.DictReader(archive.read("data.csv").decode().splitlines()))
    assert [(row["period"], str(row["value"])) for row in rows] == [(row["period"], row["value"]) for row in frozen]
    assert len(rows) == told["observations"] > 0


def test_who_holds_the_package_is_not_sent_it_again(sender: TestClient) -> None:
    told = freeze(sender, as_of="2024-12-31")
    answer = sender.get(told["package"], headers={"If-None-Match": f'"{told["sha256"]}"'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    [
        ({"as_of": "2999-01-01"}, 400, "invalid-parameter"),
        ({"as_of": "1999-01-01"}, 422, "nothing-to-freeze"),
        ({"indicator": "NRI_RNK"}, 404, "unknown-code"),
        ({"format": "csv"}, 400, "unknown-parameter"),
    ],
)
def test_what_cannot_be_frozen_is_refused_with_a_reason(
    sender: TestClient, asked: dict[str, str], status: int, kind: str
) -> None:
    answer = sender.post("/v1/snapshots", params=ASKED | asked)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")


def test_the_public_reads_snapshots_and_freezes_none(sender: TestClient) -> None:
    told = freeze(sender, as_of="2024-12-31")
    with TestClient(sender.app) as public:
        assert public.get(told["address"]).json() == told
        assert public.post("/v1/snapshots", params=ASKED).status_code == 401
        assert public.get("/v1/snapshots/0000000000000000").status_code == 404


def test_a_package_beyond_the_limit_is_refused_and_nothing_is_kept(
    sender: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SIZE_LIMIT_BYTES", 100)
    before = sender.get("/v1/snapshots").json()["snapshots"]
    answer = sender.post("/v1/snapshots", params=ASKED | {"as_of": "2024-12-30"})
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    assert sender.get("/v1/snapshots").json()["snapshots"] == before


def test_who_has_frozen_as_much_as_a_year_takes_is_told_from_when_there_is_room(
    own_engine: Engine, sender: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(datetime(2040, 3, 1, tzinfo=UTC))
    with TestClient(app.create(own_engine, clock=clock)) as client:
        client.auth = sender.auth

        def frozen(as_of: str) -> tuple[int, str]:
            answer = client.post("/v1/snapshots", params=ASKED | {"as_of": as_of})
            return answer.status_code, answer.json().get("detail", "")

        before = freeze(client, as_of="2025-02-01")
        with monkeypatch.context() as patch:
            patch.setattr(snapshots, "MOST_IN_A_YEAR", 1)
            status, sentence = frozen("2025-02-02")
            assert status == 429
            assert sentence.startswith("With this you would have frozen 2 snapshots of together 0 MB within 365 days;")
            assert "From 2041-03-01 on there is more room." in sentence
            assert frozen("2025-02-01")[0] == 201, "the same bytes are kept already"
        with monkeypatch.context() as patch:
            patch.setattr(snapshots, "MOST_BYTES_IN_A_YEAR", before["size_bytes"] + 1)
            assert frozen("2025-02-02")[0] == 429
            assert client.get("/v1/snapshots").json()["snapshots"][0]["code"] == before["code"]
            clock.go_on(days=366)
            assert frozen("2025-02-02")[0] == 201


def test_the_documentation_says_how_much_may_be_frozen() -> None:
    document = (Path(__file__).parents[2] / "docs" / "snapshots.md").read_text(encoding="utf-8")
    assert f"may freeze {snapshots.MOST_IN_A_YEAR:,} snapshots of" in document
    assert f"together {snapshots.MOST_BYTES_IN_A_YEAR >> 20:,} MB within 365 days" in document
    assert f"at the most {snapshots.SIZE_LIMIT_BYTES >> 20} MB" in document


def test_the_documentation_says_what_a_snapshot_tells() -> None:
    document = (Path(__file__).parents[2] / "docs" / "snapshots.md").read_text(encoding="utf-8")
    (row,) = (line for line in document.splitlines() if line.startswith("| `GET /v1/snapshots/{code}` |"))
    told, of_citation = row.split("|")[2].split("(")
    assert re.findall("`(.+?)`", told) == list(Snapshot.model_fields)
    assert re.findall("`(.+?)`", of_citation) == list(Citation.model_fields)


@pytest.mark.parametrize("statement", ["update snapshot set title_en = 'x'", "delete from snapshot_part"])
def test_what_was_frozen_cannot_be_changed(sender: TestClient, own_engine: Engine, statement: str) -> None:
    freeze(sender, as_of="2024-12-31")
    with pytest.raises(DBAPIError, match="append-only"), database.writing(own_engine) as connection:
        connection.execute(text(statement))

"""The rules told at the command line and over the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

from ingest.catalogue import Catalogue
from service import cli
from service.commands import rules


@pytest.fixture
def typed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Any:
    @contextmanager
    def prepared() -> Iterator[Engine]:
        yield engine

    monkeypatch.setattr(rules, "prepared", prepared)
    return lambda *words: CliRunner().invoke(cli.program, ["rules", *words], env={"COLUMNS": "300"})


def test_every_rule_is_explained_with_an_example_in_both_languages(typed: Any, words: Catalogue) -> None:
    for rule in words.rules.values():
        told = rules._told(rule)
        for heading in ("ví dụ", "example"):
            sentence = dict(told)[heading]
            assert len(sentence) > 20
            assert "{" not in sentence
            assert "“”" not in sentence, rule.code
    shown = typed("explain", "rate_agrees_with_counts")
    assert shown.exit_code == 0
    assert "The rate is printed as 27.5 %, but 17 / 62 is 27.4194 %." in shown.output
    assert "Tỷ lệ ghi là 27,5 %" in shown.output
    assert "half a unit of the last printed digit" in shown.output


def test_a_rule_that_there_is_not_is_answered_with_the_nearest(typed: Any) -> None:
    shown = typed("explain", "rate_agrees_with_count")
    assert shown.exit_code == 1


def test_the_rules_are_listed(typed: Any, words: Catalogue) -> None:
    shown = typed("list")
    assert shown.exit_code == 0
    assert all(code in shown.output for code in words.rules)


def test_the_api_tells_the_rules_with_kind_and_example(client: TestClient, words: Catalogue) -> None:
    rows = client.get("/v1/rules", params={"limit": 1000}).json()["rules"]
    assert [row["code"] for row in rows] == sorted(words.rules)
    assert {row["kind"] for row in rows} >= {"ratio", "parts", "change", "outlier", "comparison", "type"}
    one = client.get("/v1/rules/rate_agrees_with_count")
    assert one.status_code == 404
    assert "rate_agrees_with_counts" in one.json()["nearest"]
    found = client.get("/v1/rules", params={"q": "tru cot"}).json()["rules"]
    assert "gci_pillars_add_up" in [row["code"] for row in found]

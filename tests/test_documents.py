"""What the documents say is what the program does."""

import itertools
import re
import typing
from pathlib import Path

from fastapi.testclient import TestClient

from ingest.catalogue import Catalogue
from ingest.observation import WRITTEN_COLUMNS
from ingest.readers.headings import VIETNAMESE
from ingest.rule import Check

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FILES = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
VERDICTS = (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")

ADDRESSES = re.findall(r"127\.0\.0\.1:8000(/v1/[^'\s\"]+)", README)


def test_the_readme_says_what_its_questions_answer(client: TestClient) -> None:
    rows = client.get(ADDRESSES[0]).json()["observations"]
    assert (len(rows), rows[0]["period"], rows[0]["value"], rows[-1]["value"]) == (12, "2003", 97, 71)
    last = client.get(ADDRESSES[1]).text.splitlines()[-1]
    assert last.startswith("A.EGDI_RANK.VN.PERIOD.UN._T,2020,86,A,rank,")
    assert len(client.get(ADDRESSES[2]).json()["vintages"]) == 3


def test_the_document_on_verdicts_says_what_its_questions_answer(client: TestClient) -> None:
    now, before, listed = (client.get(each) for each in re.findall(r"127\.0\.0\.1:8000(/v1/[^']+)", VERDICTS))
    (told,), (was,) = now.json()["verdicts"], before.json()["verdicts"]
    assert (told["state"], told["value"], told["base"], told["progress_percent"]) == ("reached", 71, 86, 300)
    assert (was["state"], was["reason"]) == ("cannot_be_judged", "one_point")
    assert (was["needed_value"], was["needed_period"]) == (81, "2024")
    assert listed.text.startswith("plan,indicator,scope,")


def test_every_column_of_the_long_format_is_described_with_its_vietnamese_name() -> None:
    for column in WRITTEN_COLUMNS:
        assert f"`{column}`" in FILES
    for name in VIETNAMESE:
        assert name in FILES


def test_every_mapping_is_described(words: Catalogue) -> None:
    assert set(re.findall(r"^\| `(\w+_(?:CSV|JSON))`", FILES, re.MULTILINE)) == set(words.mappings)


def test_the_rules_are_described_as_the_catalogue_has_them(words: Catalogue) -> None:
    told = "".join(
        f"| `{rule.code}` | {rule.kind} | {rule.severity} | {re.sub('{.*?}', '…', rule.sentence_en)} | {formula} |\n"
        for rule in words.rules.values()
        for formula in [rule.formula.replace("|", "\\|")]
    )
    assert told in RULES, f"docs/rules.md should hold this table:\n{told}"


def test_every_kind_of_rule_is_explained() -> None:
    kinds = {typing.get_args(typing.get_type_hints(check)["kind"]) for check in typing.get_args(Check)}
    for kind in itertools.chain.from_iterable(kinds):
        assert f"`{kind}`" in RULES[: RULES.index("| rule |")], kind


def test_the_counts_in_the_readme_are_those_of_the_catalogue(words: Catalogue) -> None:
    assert f"{len(words.indicators)} indicators" in README
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"{len(words.indicators)} indicators, {len(words.reporting_units)} reporting units" in changelog
    assert f"{len(words.targets)}\n  targets" in changelog


def test_every_layout_is_in_the_document_on_files(words: Catalogue) -> None:
    assert [code for code in words.layouts if f"`{code}`" not in FILES] == []

"""What the documents say is what the program does."""

import re
import shlex
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from ingest.catalogue import Catalogue
from ingest.observation import WRITTEN_COLUMNS
from ingest.readers.headings import VIETNAMESE
from ingest.sentences import SENTENCES
from service import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FILES = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")

ADDRESSES = re.findall(r"127\.0\.0\.1:8000(/v1/[^'\s\"]+)", README)


@pytest.mark.parametrize("address", [address for address in ADDRESSES if "submissions" not in address])
def test_every_address_in_the_readme_answers(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 200


def test_the_readme_says_what_its_questions_answer(client: TestClient) -> None:
    rows = client.get(ADDRESSES[0]).json()["observations"]
    assert (len(rows), rows[0]["period"], rows[0]["value"], rows[-1]["value"]) == (12, "2003", 97, 71)
    last = client.get(ADDRESSES[1]).text.splitlines()[-1]
    assert last.startswith("A.EGDI_RANK.VN.PERIOD.UN._T,2020,86,A,rank,")
    assert len(client.get(ADDRESSES[2]).json()["vintages"]) == 3


def test_every_command_in_the_readme_has_the_options_that_it_is_given() -> None:
    commands = re.findall(r"^\.venv/bin/chiso (.+)$", README, re.MULTILINE)
    assert len(commands) >= 4
    for command in commands:
        words = shlex.split(command)
        options = [word for word in words if word.startswith("--")]
        shown = CliRunner().invoke(cli.program, [words[0], "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
        assert all(option in shown for option in options), command


def test_every_column_of_the_long_format_is_described_with_its_vietnamese_name() -> None:
    for column in WRITTEN_COLUMNS:
        assert f"`{column}`" in FILES
    for name in VIETNAMESE:
        assert name in FILES


def test_every_rule_and_every_mapping_is_described(words: Catalogue) -> None:
    table = FILES[FILES.index("| rule |") :]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(SENTENCES)
    assert set(re.findall(r"^\| `(\w+_(?:CSV|JSON))`", FILES, re.MULTILINE)) == set(words.mappings)


def test_the_counts_in_the_readme_are_those_of_the_catalogue(words: Catalogue) -> None:
    assert f"{len(words.indicators)} indicators" in README
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"{len(words.indicators)} indicators, {len(words.reporting_units)} reporting units" in changelog
    assert f"{len(words.targets)}\n  targets" in changelog

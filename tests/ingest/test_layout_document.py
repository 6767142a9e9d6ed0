"""The worked example of docs/layouts.md is read as the document says, by the layout that stands in it."""

import io
import re
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from ingest import catalogue, formats, rules
from ingest.period import LOCAL_ZONE
from ingest.submission import Instructions

DOCUMENT = (Path(__file__).parents[2] / "docs" / "layouts.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    return found


@pytest.fixture(scope="module")
def words() -> catalogue.Catalogue:
    return catalogue.read()


def test_the_example_of_the_document_reads_as_the_document_says(words: catalogue.Catalogue, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in block("text").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        book.worksheets[0].append([int(cell) if cell.isdecimal() else cell or None for cell in cells])
    written = io.BytesIO()
    book.save(written)
    file = tmp_path / "mine.yaml"
    file.write_text(block("yaml"), encoding="utf-8")
    (layout,) = catalogue.layouts(file).values()

    reading = formats.read(written.getvalue(), layouts=[layout])
    assert [str(each) for each in reading.findings if each.severity != "information"] == []
    assert [each.rule for each in reading.findings] == ["read_by_layout"]
    dataset = words.datasets["PUBLISHED_FIGURES"]
    now = datetime(2024, 7, 1, tzinfo=LOCAL_ZONE)
    checked = rules.check(reading, words, dataset, Instructions(dataset=dataset.code), now=now)
    found = checked.observations
    read = {
        (f"{row.column}{row.line}", row.series, str(row.period_start)[:7], row.value or "", row.status)
        for row in found.astype(object).where(found.notna(), None).itertuples()
    }
    documented = {
        (place, series, {"2024-Q1": "2024-01", "2024-Q2": "2024-04"}[period], value, status)
        for place, series, period, value, status in re.findall(
            r"^\| ([A-Z]+\d+) \| (\S+) \| (\S+) \| ?(\S*) \| (\w) \|$", DOCUMENT, re.MULTILINE
        )
    }
    assert len(documented) == 6
    assert read == documented

"""A draft layout says what can be understood of an unknown table, and decides nothing."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest import catalogue, draft, formats
from ingest.readers.sheets import Book, Sheet
from tests.ingest.test_recurring import TABLE, TITLE, Rows, book, figures


@pytest.fixture(scope="module")
def words() -> catalogue.Catalogue:
    return catalogue.read()


def drafted(rows: Rows, words: catalogue.Catalogue) -> str:
    return draft.layouts([Book(book(rows)).sheet("S1")], words.reporting_units)


def read(text: str) -> list[dict[str, Any]]:
    return yaml.safe_load(text)


def test_a_draft_holds_title_headings_unit_of_measure_and_labels_folded(words: catalogue.Catalogue) -> None:
    (layout,) = read(drafted(TABLE, words))
    assert layout["titles"] == [r"(\d+ )?(tiep theo )?von dau tu tu ngan sach nha nuoc"]
    assert layout["name"]["vi"] == TITLE
    assert layout["unit_measure"] == "ti dong"
    assert [column["heading"] for column in layout["columns"]] == [
        r"(?P<status>thuc hien) thang (?P<month>\d{1,2}) nam (?P<year>\d{4})",
        r"(?P<status>uoc tinh) thang (?P<month>\d{1,2}) nam (?P<year>\d{4})",
        r"cong don (?P<months>\d{1,2}) thang nam (?P<year>\d{4})",
        r"toc do phat trien so voi cung ki nam truoc % (?P<months>\d{1,2}) thang nam (?P<year>\d{4})",
    ]
    assert layout["columns"][1]["statuses"] == {"uoc tinh": "E"}
    assert layout["columns"][3]["unit_measure"] == "%"
    assert layout["rows"][0] == {"codes": {"tong so": "?", "trung uong": "?"}}
    assert layout["rows"][1]["heading"] == ["trong do"]
    assert layout["rows"][1]["names"] == "ministry"
    assert layout["rows"][-1] == {"heading": ["phan theo mot so tinh"], "partial": "?", "names": "province"}


def test_what_a_person_must_decide_is_refused_until_it_is_decided(words: catalogue.Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "draft.yaml"
    text = drafted(TABLE, words)
    assert "'?'  # ?" in text
    file.write_text(text, encoding="utf-8")
    with pytest.raises(catalogue.Faulty):
        catalogue.layouts(file)


def test_a_finished_draft_reads_the_table_that_it_was_made_from(words: catalogue.Catalogue, tmp_path: Path) -> None:
    text = re.sub(r" *# .*", "", drafted(TABLE, words))
    said = {
        "code: '?'": "code: MINE",
        "en: '?'": "en: Mine",
        "document: '?'": "document: Báo cáo",
        "source: '?'": "source: REPORT",
        "reporting_unit: '?'": "reporting_unit: VN",
        "indicator: '?'": "indicator: NDXP_TRANSACTIONS",
        "frequency: '?'": "frequency: M",
        "accumulation: '?'": "accumulation: YTD",
        "partial: '?'": "partial: true",
        "'tong so': '?'": "'tong so': _T",
        "'trung uong': '?'": "'trung uong': CENTRAL",
        "breakdown: '?'": "breakdown: LOCAL",
    }
    for asked, answer in said.items():
        assert asked in text
        text = text.replace(asked, answer)
    text = text.replace("accumulation: YTD", "accumulation: PERIOD", 2).replace(
        "accumulation: YTD\n      unit_measure: '%'", "accumulation: SINCE_START\n      unit_measure: '%'"
    )
    file = tmp_path / "draft.yaml"
    file.write_text(text, encoding="utf-8")
    reading = formats.read(book(TABLE), layouts=[*catalogue.layouts(file).values()])
    assert [each for each in reading.findings if each.severity != "information"] == []
    assert len(figures(reading)) == 24
    assert set(reading.frame["breakdown"]) == {"_T", "CENTRAL", "LOCAL"}


def test_a_row_that_is_no_name_in_a_list_of_names_is_asked_about(words: catalogue.Catalogue) -> None:
    rows: Rows = [*TABLE, [None, "Hải Phòng", 1, 2, 3, 4], [None, "Nơi khác", 1, 2, 3, 4]]
    assert "- label: ['noi khak']" not in drafted(rows, words)
    assert "- label: ['noi khac']  # ? “Nơi khác” is not known as a province" in drafted(rows, words)


def test_a_cut_off_in_a_title_becomes_groups_and_the_year_of_prices_does_not(words: catalogue.Catalogue) -> None:
    for title, pattern in (
        (
            "24. Đầu tư từ 01/01- 20/06/2024",
            r"dau tu tu (?P<from_day>\d+) (?P<from_month>\d+) (?P<to_day>\d+) (?P<month>(?P<to_month>\d+))"
            r" (?P<year>\d{4})",
        ),
        ("2. GDP theo giá so sánh 2010", "gdp theo gia so sanh 2010"),
        ("Biểu 3: Sản xuất đến ngày 15 tháng 6", r"san xuat den ngay 15 thang (?P<month>\d{1,2})"),
    ):
        (layout,) = read(drafted([[title], *TABLE[1:]], words))
        assert layout["titles"] == [rf"(\d+ )?(tiep theo )?{pattern}"]


def test_a_sheet_without_a_table_has_no_draft(words: catalogue.Catalogue) -> None:
    assert draft.layouts([Sheet("x", [["a", "b"]]), Sheet("y", [])], words.reporting_units) == ""


def test_every_sheet_of_a_real_workbook_is_drafted_as_yaml_that_nobody_takes_unfinished(
    words: catalogue.Catalogue, shared_data: Path, tmp_path: Path
) -> None:
    content = next((shared_data / "gso_workbooks").glob("2024-06*")).read_bytes()
    workbook = Book(content)
    text = draft.layouts([workbook.sheet(name) for name in workbook.names], words.reporting_units)
    drafts = read(text)
    assert len(drafts) >= 45
    assert all(each["columns"] and each["rows"] for each in drafts)
    file = tmp_path / "draft.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(catalogue.Faulty) as refused:
        catalogue.layouts(file)
    assert len(refused.value.faults) > 2 * len(drafts)

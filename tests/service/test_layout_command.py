"""The commands for layouts, as a statistician types them; none needs a database."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service import cli
from tests.ingest.test_layout_rules import SOUND
from tests.ingest.test_recurring import Rows, book

ROWS: Rows = [
    ["3. Hồ sơ trực tuyến"],
    [None, "%"],
    [None, "Sơ bộ quý I năm 2024"],
    ["Cả nước", 52.8],
    ["Trong đó"],
    ["Hà Nội", 61.2],
    ["Hà Nôi Mới", 5],
]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    file = tmp_path / "quarter.xlsx"
    file.write_bytes(book(ROWS, [["Ghi chú"]]))
    return file


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    file = tmp_path / "mine.yaml"
    file.write_text(SOUND, encoding="utf-8")
    return file


def typed(*words: object) -> Result:
    return CliRunner().invoke(cli.program, ["layout", *map(str, words)], env={"COLUMNS": "200", "NO_COLOR": "1"})


def test_check_says_that_the_layouts_that_come_with_chiso_and_a_file_are_sound(layout: Path) -> None:
    for told in (typed("check"), typed("check", layout)):
        assert (told.exit_code, told.stdout) == (0, "The layouts are sound.\n")


def test_check_names_file_line_and_fault(layout: Path) -> None:
    layout.write_text(SOUND.replace("qui (?P", "quy (?P"), encoding="utf-8")
    told = typed("check", layout)
    assert told.exit_code == 1
    assert 'mine.yaml, line 11: "' in told.stderr
    assert '"quy" is folded to "qui"' in told.stderr


def test_check_of_a_folder_finds_what_is_wrong_in_its_layouts(tmp_path: Path) -> None:
    (tmp_path / "own" / "layouts").mkdir(parents=True)
    (tmp_path / "own" / "layouts" / "mine.yaml").write_text(SOUND.replace("label: [ca nuoc]", "label: [CẢ NƯỚC]"))
    told = typed("check", tmp_path / "own")
    assert told.exit_code == 1
    assert "layouts/mine.yaml, line 19" in told.stderr


def test_try_shows_the_tables_their_columns_what_is_wrong_and_the_first_figures(workbook: Path, layout: Path) -> None:
    told = typed("try", workbook, "--layout", layout)
    assert told.exit_code == 0
    for words in (
        "S1, row 1: 3. Hồ sơ trực tuyến",
        "Sơ bộ quý I năm 2024",
        "ONLINE_FILING_RATE",
        "2024-Q1",
        "INVESTMENT version 1: 3 rows, 3 figures",
        "B4: Q.ONLINE_FILING_RATE.VN.PERIOD._T 2024-Q1 = 52.8",
        "There is no reporting unit called “Hà Nôi Mới”",
        "1 sheets hold no table that a layout knows",
        "1 tables, 3 figures; 2 would be taken in.",
    ):
        assert words in told.stdout


def test_try_without_a_table_says_what_to_do(workbook: Path, tmp_path: Path) -> None:
    told = typed("try", workbook)
    assert told.exit_code == 1
    assert "chiso layout draft" in told.stderr
    other = tmp_path / "no.xlsx"
    other.write_bytes(b"PK\x03\x04 no zip")
    assert typed("try", other).exit_code == 1


def test_try_with_a_layout_that_there_is_not_names_those_that_there_are(workbook: Path) -> None:
    told = typed("try", workbook, "--layout", "NO_SUCH")
    assert told.exit_code == 2
    assert "there is no layout and no file" in told.stderr.replace("│\n│ ", "")


def test_draft_writes_yaml_that_check_refuses(workbook: Path, tmp_path: Path) -> None:
    told = typed("draft", workbook, "--sheet", "S1")
    assert told.exit_code == 0
    assert "ho so truc tuyen" in told.stdout
    file = tmp_path / "draft.yaml"
    file.write_text(told.stdout, encoding="utf-8")
    assert typed("check", file).exit_code == 1


def test_draft_of_what_is_no_table_or_no_sheet_says_so(workbook: Path) -> None:
    nothing = typed("draft", workbook, "--sheet", "S2")
    assert nothing.exit_code == 1
    assert "No table was found" in nothing.stderr
    assert "there is no sheet" in typed("draft", workbook, "--sheet", "S9").stderr

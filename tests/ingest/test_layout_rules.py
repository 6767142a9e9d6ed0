"""What `chiso layout check` finds wrong in a layout, each with its file and line."""

from pathlib import Path

import pytest

from ingest import catalogue

SOUND = r"""
- code: INVESTMENT
  version: 1
  name: {vi: Hồ sơ trực tuyến, en: Online filing}
  document: Báo cáo quý
  source: REPORT
  titles: ['(\d+ )?ho so truc tuyen']
  unit_measure: '%'
  reporting_unit: VN
  columns:
    - heading: '(?P<status>so bo|uoc tinh) qui (?P<quarter>i|ii|iii|iv) nam (?P<year>\d{4})'
      indicator: ONLINE_FILING_RATE
      frequency: Q
      accumulation: PERIOD
      statuses: {so bo: P, uoc tinh: E}
  refuse:
    - {heading: toc do tang, vi: Tăng trưởng, en: Growth}
  rows:
    - label: [ca nuoc]
    - heading: [trong do]
      names: province
    - heading: [theo nganh]
      codes: {nong nghiep: A01}
  notes: [ghi chu]
"""


def faults(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        catalogue.layouts(file)
    except catalogue.Faulty as found:
        return [str(fault) for fault in found.faults]
    return []


def test_a_sound_layout_has_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, SOUND) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        (r"'(\d+ )?ho so truc tuyen'", "'(ho so'", 7, '"(ho so" is no regular expression'),
        ("ho so truc tuyen", "Ho so truc tuyen", 7, 'folded text has no "H"'),
        ("ho so truc tuyen", "hồ so truc tuyen", 7, 'folded text has no "ồ"'),
        ("qui (?P", "quy (?P", 11, '"quy" is folded to "qui"'),
        ("qui (?P", "qui: (?P", 11, 'folded text has no ":"'),
        ("qui (?P", "(?P<quater>x )?qui (?P", 11, 'there is no group "quater"; the nearest is "quarter"'),
        (r" nam (?P<year>\d{4})", "", 11, 'no group "year" stands in the heading or in every title'),
        ("qui (?P<quarter>i|ii|iii|iv)", "qui", 11, "which Q of the year it is no group says"),
        ("(?P<status>so bo|uoc tinh)", "(so bo|uoc tinh)", 15, 'no group "status" matches one'),
        ("      statuses: {so bo: P, uoc tinh: E}\n", "", 11, '"statuses" says nothing of it'),
        ("{so bo: P,", "{Sơ bộ: P,", 15, '"Sơ bộ" can never match: folded it is "so bo"'),
        ("  unit_measure: '%'\n", "", 10, '"unit_measure" is missing'),
        ("reporting_unit: VN", "reporting_unit: VM", 9, 'there is no reporting unit "VM"'),
        ("indicator: ONLINE_FILING_RATE", "indicator: '?'", 12, 'there is no indicator "?"'),
        ("frequency: Q", "frequency: '?'", 13, '"columns.0.frequency" is "?"; it must be one of'),
        ("document: Báo cáo quý", "document: '?'", 5, '"document" is still to be decided'),
        ("heading: toc do tang", "heading: Tốc độ tăng", 17, "can never match"),
        ("label: [ca nuoc]", "label: [Cả nước]", 19, '"Cả nước" can never match: folded it is "ca nuoc"'),
        ("label: [ca nuoc]", "label: [ca nuoc, ca nuoc]", 19, '"ca nuoc" stands twice as label'),
        ("heading: [theo nganh]", "heading: [trong do]", 22, '"trong do" stands twice as heading'),
        ("{nong nghiep: A01}", "{ca nuoc: A01}", 23, '"ca nuoc" is a label, which wins over the list'),
        ("{nong nghiep: A01}", "{nong nghiep: '?'}", 23, '"?" is no code of a breakdown'),
        ("names: province", "names: country", 21, '"ONLINE_FILING_RATE" is not about a country'),
        ("names: province", "skip: true", 21, '"skip" leaves out labels, or the rows of a list'),
        ("label: [ca nuoc]", "label: [ca nuoc]\n      names: ministry", 19, "a label is one row"),
        ("names: province", "names: province\n      reporting_unit: VN", 20, "the rows name the reporting unit"),
        ("notes: [ghi chu]", "notes: ['ghi chu:']", 24, 'folded text has no ":"'),
        ("notes: [ghi chu]", "ignore: [Kế hoạch]", 24, "can never match"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, sentence: str) -> None:
    assert old in SOUND
    found = faults(tmp_path, SOUND.replace(old, new, 1))
    assert len(found) == 1, found
    assert found[0].startswith(f"mine.yaml, line {line}: ")
    assert sentence in found[0]


@pytest.mark.parametrize("pattern", ["(qui|nam) 1", r"qu[iy] \d", "ki.*", "ti dong", "thuy.*", "(?:%)?"])
def test_a_pattern_that_can_match_is_left_alone(tmp_path: Path, pattern: str) -> None:
    text = SOUND.replace("notes: [ghi chu]", f"notes: ['{pattern}']")
    assert all("folded" not in fault for fault in faults(tmp_path, text))


def test_a_title_that_two_layouts_read_is_a_fault_of_the_second(tmp_path: Path) -> None:
    second = SOUND.replace("INVESTMENT", "OTHER")
    (fault,) = faults(tmp_path, SOUND + second.lstrip("\n"))
    assert '"INVESTMENT" reads the same title' in fault


def test_a_layout_of_ones_own_folder_is_read_with_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts" / "mine.yaml").write_text(SOUND, encoding="utf-8")
    assert "INVESTMENT" in catalogue.read(catalogue.FOLDER, tmp_path).layouts

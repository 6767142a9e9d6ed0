"""What `chiso catalogue check` finds wrong in a rule that compares sums."""

from pathlib import Path

import pytest

from ingest import catalogue

LEFT = "{indicator: GCI_LEGAL}"


def faults(tmp_path: Path, check: str) -> list[str]:
    (tmp_path / "rules").mkdir()
    text = (catalogue.FOLDER / "rules" / "international.yaml").read_text(encoding="utf-8")
    first = text[text.index("- code:") : text.index("- code:", text.index("- code:") + 1)]
    rule = first[: first.index("  check:")].replace(first.split()[2], "mine", 1) + f"  check: {check}\n"
    (tmp_path / "rules" / "mine.yaml").write_text(rule, encoding="utf-8")
    try:
        catalogue.read(catalogue.FOLDER, tmp_path)
    except catalogue.Faulty as found:
        return [str(each) for each in found.faults]
    return []


@pytest.mark.parametrize(
    ("left", "rest", "sentence"),
    [
        ("{indicator: GCI_LEGAL, source: ITU}", "operator: '<='", 'some terms say "source" and others do not'),
        (LEFT, "operator: '>=', missing: partial", '"partial" and ">="'),
        (LEFT, "operator: '<=', missing: partial", ""),
    ],
)
def test_a_comparison_that_would_mislead_is_refused(tmp_path: Path, left: str, rest: str, sentence: str) -> None:
    found = faults(tmp_path, f"{{kind: comparison, left: [{left}], right: [{{indicator: GCI_SCORE}}], {rest}}}")
    assert any(sentence in each for each in found) if sentence else found == []

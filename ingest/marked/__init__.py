"""The workbook that somebody sent, given back with what was found in it.

Beside each table with figures stands a column that says of each row whether it passes; a cell with a finding is marked
and has a comment, and a sheet at the end lists all findings. Everything else is byte for byte what was sent: shapes,
charts, macros, printer settings, what no library knows. openpyxl would be shorter, and loses all of that. When the
marked workbook comes again the readers pass over what stands here (`ingest.readers.marks`), and a second marking takes
the place of the first.
"""

import io
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

from openpyxl import Workbook

from ingest.marked import comments, listing, parts, sheet, styles
from ingest.marked.parts import Parts
from ingest.marked.sheet import Column
from ingest.marked.styles import Styles
from ingest.place import in_sheet
from ingest.readers.marks import FINDINGS_SHEET, PASSED, RESULT_HEADING, SEVERITIES
from ingest.readers.sheets import Book, Sheet, cell_text
from ingest.readers.table import Unreadable
from ingest.submission import Finding

MEDIA_TYPES: Final = (
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel.sheet.macroEnabled.12",
)
_COLUMNS: Final = 16_384  # of a sheet
_GRAVEST_FIRST: Final = tuple(SEVERITIES)
# The end of a sentence; "Tp. Hồ Chí Minh" and "TP. Huế" hold none.
_SENTENCE_END: Final = re.compile(r"(?<=[^\W\d_A-ZĐ]{2}[.?!])(?<!Tp\.)\s|(?<=[\d”%)\]][.?!])\s")


def mark(content: bytes, findings: Sequence[Finding], places: Collection[str]) -> bytes:
    """Mark a workbook with its findings; `places` are those of the figures that were read.

    What is no XLSX or XLSM, or cannot be opened, gives a workbook that holds only the list of findings. All findings
    are marked that are kept: of one rule `ingest.rules.FINDINGS_KEPT`.
    """
    try:
        if content.startswith(b"PK"):
            return _marked(content, Book(content), findings, places)
    except (Unreadable, ValueError, KeyError, RecursionError):
        pass  # not a workbook, or damaged in a part that reading the figures does not need
    return _listed(findings)


def named(sent: str, content: bytes) -> tuple[str, str]:
    """The name of the marked file, after that of the file that was sent, and its media type.

    A workbook with macros has a name that says so; under another no program opens it.
    """
    macros = content.startswith(b"PK") and b"xl/vbaProject.bin" in content
    return f"{PurePath(sent or 'file').stem}-kiem-tra.{'xlsm' if macros else 'xlsx'}", MEDIA_TYPES[int(macros)]


def _listed(findings: Sequence[Finding]) -> bytes:
    empty = Workbook()
    empty.worksheets[0].title = FINDINGS_SHEET
    written = io.BytesIO()
    empty.save(written)
    package = Parts(written.getvalue())
    _write_list(package, findings, styles.add(package), apart=True)
    return package.packed()


def _marked(content: bytes, book: Book, findings: Sequence[Finding], places: Collection[str]) -> bytes:
    package = Parts(content)
    known = parts.sheets(package)
    added = styles.add(package)
    by_sheet: dict[str, dict[int, list[tuple[str, Finding]]]] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        if (at := in_sheet(finding.place)) and at[0] in known:
            by_sheet[at[0]][at[2]].append((at[1], finding))
    figures = _lines(places)
    for name, part in known.items():
        if name != FINDINGS_SHEET:
            _mark_sheet(package, part, book.sheet(name), by_sheet.get(name, {}), figures.get(name, set()), added)
    _write_list(package, findings, added, apart=False)
    return package.packed()


def _lines(places: Iterable[str]) -> dict[str, set[int]]:
    lines: dict[str, set[int]] = defaultdict(set)
    for place in places:
        if at := in_sheet(place):
            lines[at[0]].add(at[2])
    return lines


def _mark_sheet(
    package: Parts,
    part: str,
    table: Sheet,
    found: Mapping[int, list[tuple[str, Finding]]],
    figures: set[int],
    added: Styles,
) -> None:
    by_cell: dict[str, list[Finding]] = defaultdict(list)
    for line, each in found.items():
        for letters, finding in each:
            if letters:
                by_cell[f"{letters}{line}"].append(finding)
    old = {(row + 1, column) for row, column in table.results}
    content = package.read(part)
    if not found and not figures and not old and b"Chiso" not in content:
        return
    marks: dict[int, list[str]] = defaultdict(list)
    for cell, each in by_cell.items():
        marks[added.marks[_gravest(each).severity]].append(cell)
    column = _column(table, {line: [finding for _, finding in each] for line, each in found.items()}, figures, added)
    package.write(part, sheet.with_marks(content, column, old, marks))
    comments.write(package, part, {cell: _comment(each) for cell, each in by_cell.items()})


def _column(table: Sheet, found: Mapping[int, list[Finding]], figures: set[int], added: Styles) -> Column:
    lines = sorted(figures | set(found))
    if not lines:
        return Column(0)
    heading = _heading_line(table, lines[0])
    cells = {line: _result(found.get(line, []), added) for line in lines}
    if heading:
        cells[heading] = (RESULT_HEADING, added.cells["heading"])
    return Column(_free_column(table, heading or lines[0], lines[-1]), dict(sorted(cells.items())))


def _heading_line(table: Sheet, first: int) -> int:
    """The line of the headings above the first result: the nearest that holds only texts, else the line above it."""
    for line in range(min(first - 1, len(table.rows)), 0, -1):
        filled = [cell for cell in table.rows[line - 1] if cell_text(cell)]
        if len(filled) > 1 and all(isinstance(cell, str) for cell in filled):
            return line
    return first - 1


def _free_column(table: Sheet, first: int, last: int) -> int:
    """The position of the first column to the right of everything that stands in these lines, merged cells too."""
    filled = [
        max((at for at, cell in enumerate(row) if _stands(cell)), default=-1) for row in table.rows[first - 1 : last]
    ]
    merged = [end[1] for start, end in table.merged if start[0] < last and end[0] >= first - 1]
    position = max([*filled, *merged], default=-1) + 1
    if position >= _COLUMNS:
        raise ValueError("no column is free")
    return position


def _stands(cell: Any) -> bool:
    return cell is not None and cell != ""


def _result(findings: Sequence[Finding], added: Styles) -> tuple[str, int]:
    if not findings:
        return PASSED, added.cells["passed"]
    gravest = _gravest(findings)
    others = f" (+{len(findings) - 1})" if len(findings) > 1 else ""
    text = f"{SEVERITIES[gravest.severity][0]}: {_first_sentence(gravest.vi)}{others}"
    return text, added.cells[gravest.severity]


def _gravest(findings: Sequence[Finding]) -> Finding:
    return min(findings, key=lambda finding: _GRAVEST_FIRST.index(finding.severity))


def _first_sentence(text: str) -> str:
    for end in _SENTENCE_END.finditer(text):
        before = text[: end.start()]
        if before.count("“") == before.count("”"):  # “19. Vốn đầu tư” is a title with its number
            return before
    return text


def _comment(findings: Sequence[Finding]) -> str:
    return "\n\n".join(
        f"{SEVERITIES[finding.severity][0]}: {finding.vi}\n{SEVERITIES[finding.severity][1]}: {finding.en}"
        for finding in findings
    )


def _write_list(package: Parts, findings: Sequence[Finding], added: Styles, *, apart: bool) -> None:
    known = parts.sheets(package)
    written = listing.sheet(findings, list(known), added.cells, apart=apart)
    if (part := known.get(FINDINGS_SHEET)) is None:
        parts.add_sheet(package, FINDINGS_SHEET, written)
    else:
        package.forget_relations(part)
        package.write(part, written)

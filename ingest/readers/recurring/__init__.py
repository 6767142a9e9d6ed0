"""Tables that are sent again and again with rows and columns moved, read by their layouts.

What a layout does not know is never read and always told: an error at the place of a heading or a row, so that the good
rows of a table can be taken without it.

A workbook goes through the files of this package one way: `known` (a layout ready to be asked), `titles` (where tables
begin), `extent` (where they stand), `headings` (what columns mean; `spans`: which period), `rows` (what rows are
about), `figures` (their values). `findings` are the sentences.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.layout import Layout, LayoutRow
from ingest.readers.printed import Printed
from ingest.readers.recurring import findings as tell
from ingest.readers.recurring.extent import Extent, extent
from ingest.readers.recurring.figures import figures
from ingest.readers.recurring.headings import Column, columns
from ingest.readers.recurring.known import Known
from ingest.readers.recurring.rows import rows
from ingest.readers.recurring.titles import Title, titles
from ingest.readers.sheets import Book
from ingest.readers.table import FINDINGS_LIMIT, Unreadable, for_each, frame_of_rows
from ingest.submission import Finding, Reading

_MOST_ROWS = 20_000  # a list of all communes has 11,000; what is longer was not laid out to be printed


@dataclass(slots=True)
class Found:
    """A table that was found by its title, with what was read from it."""

    sheet: str
    layout: Layout
    title: str
    line: int
    columns: list[Column] = field(default_factory=list[Column])
    figures: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    findings: list[Finding] = field(default_factory=list[Finding])
    rows: int = 0


@dataclass(slots=True)
class Tables:
    """All tables of a workbook that layouts read, and what is told of the rest."""

    found: list[Found] = field(default_factory=list[Found])
    findings: list[Finding] = field(default_factory=list[Finding])


def read(book: Book, layouts: Sequence[Layout]) -> Reading:
    """Read the tables of a workbook whose titles the layouts know, in the order of its sheets.

    Raises Unreadable where there is none, or a sheet is damaged.
    """
    tables = find(book, layouts)
    if not tables.found:
        errors = [each for each in tables.findings if each.severity == "error"]
        raise Unreadable(*errors or [tell.unknown_workbook(book.names, layouts)])
    return reading(tables)


def reading(tables: Tables) -> Reading:
    """What was read of all tables, as one reading."""
    read_of_all = [figure for each in tables.found for figure in each.figures]
    findings = _limited([finding for each in tables.found for finding in each.findings]) + tables.findings
    return Reading(frame_of_rows(read_of_all), findings, "layout")


def _limited(findings: Sequence[Finding]) -> list[Finding]:
    """Of very many findings of one rule the first, and one that counts the rest."""
    counts = Counter(finding.rule for finding in findings)
    if not counts or max(counts.values()) <= FINDINGS_LIMIT:
        return list(findings)
    by_rule = {rule: [finding for finding in findings if finding.rule == rule] for rule in counts}
    return [finding for of_rule in by_rule.values() for finding in for_each(of_rule, lambda finding: finding)]


def find(book: Book, layouts: Sequence[Layout]) -> Tables:
    """Find and read the tables; nothing found is no fault here."""
    tables = Tables()
    known = [Known(layout) for layout in layouts]
    unread: list[str] = []
    for name in book.names:
        if not book.is_visible(name):
            continue
        before = len(tables.found), len(tables.findings)
        sheet = book.sheet(name)
        if len(sheet.rows) > _MOST_ROWS:
            tables.findings.append(tell.sheet_too_long(name, len(sheet.rows), _MOST_ROWS))
            continue
        _read_sheet(Printed(sheet), known, tables)
        if before == (len(tables.found), len(tables.findings)):
            unread.append(name)
    if hidden := [name for name in book.names if not book.is_visible(name)]:
        tables.findings.append(tell.hidden_sheets(hidden))
    if unread and tables.found:
        tables.findings.append(tell.sheets_not_read(unread))
    return tables


def _read_sheet(printed: Printed, known: Sequence[Known], tables: Tables) -> None:
    found = list(titles(printed, known))
    running: dict[str, LayoutRow | None] = {}
    read_rows: set[int] = set()
    stops = [*(title.first for title in found[1:]), len(printed.rows)]
    for title, stop in zip(found, stops, strict=False):
        if not title.known:
            continue
        read_rows.update(range(title.first, stop))
        layouts = [each.layout for each, _ in title.known]
        if len(layouts) > 1:
            at = printed.place(title.first, title.column)
            tables.findings.append(tell.two_layouts(at, title.text, layouts))
            continue
        code = layouts[0].code
        before = running.get(code) if title.goes_on else None
        table, running[code] = _read_table(printed, title, stop, before)
        tables.found.append(table)
    if read_rows:
        tables.findings += _rows_not_read(printed, read_rows)


def _read_table(printed: Printed, title: Title, stop: int, running: LayoutRow | None) -> tuple[Found, LayoutRow | None]:
    """The table below a title, and the list that runs at its end."""
    layout = title.known[0][0].layout
    found = Found(printed.sheet.name, layout, title.text, title.first + 1)
    table = extent(printed, title, stop, running)
    if table is None:
        found.findings.append(tell.no_row_known(printed.place(title.first, title.column), layout))
        return found, running
    read_columns, told_of_columns = columns(table)
    if read_columns is None:
        found.findings = told_of_columns
        return found, running
    named = rows(table)
    found.columns, found.rows = read_columns, len(named.named)
    found.figures, told_of_figures = figures(table, read_columns, named.named)
    summary = _summary(table, found, named.skipped)
    found.findings = [*summary, *told_of_columns, *named.findings, *told_of_figures]
    return found, named.running


def _summary(table: Extent, found: Found, skipped: Sequence[str]) -> list[Finding]:
    """By which layout the table was read, and what the layout leaves out of it."""
    at = table.printed.place(table.title.first, table.title.column)
    told = [tell.read_by(at, found.layout, found.title, len(found.figures))]
    if ignored := [each.heading or each.letters for each in found.columns if each.told == "ignored"]:
        told.append(tell.columns_ignored(at, ignored))
    if skipped:
        told.append(tell.rows_skipped(at, skipped))
    return told


def _rows_not_read(printed: Printed, read_rows: set[int]) -> list[Finding]:
    """Rows with figures above or between the tables of a sheet, which belong to none that a layout knows."""
    rest = [row for row in range(len(printed.rows)) if row not in read_rows and printed.has_figures(row)]
    return [tell.rows_left(printed.place(rest[0], 0), len(rest))] if rest else []

"""Tables that are sent again and again with rows and columns moved, read by their layouts.

What a layout does not know is never read and always told: an error at the place of a heading or a row, so that the good
rows of a table can be taken without it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow

from ingest import period
from ingest.layout import Layout, LayoutColumn, LayoutRow
from ingest.place import column_letters, place
from ingest.readers import recurring_findings as tell
from ingest.readers.cell_faults import MISSING_MARKS, percent_read, unfit
from ingest.readers.decimals import asked_about, by_evidence, readings
from ingest.readers.printed import (
    Heading,
    Printed,
    is_figure,
    is_numbered_title,
    is_numeral,
    without_marks,
    without_ordinal,
)
from ingest.readers.sheets import Book, Cell, cell_text, plain
from ingest.readers.table import MISSING_REASON, Unreadable, frame
from ingest.spelling import fold
from ingest.submission import Finding, Reading

_TITLE_ROWS = 6  # the longest title that is joined
_LABEL_ROWS = 3  # the longest label that is broken over rows
_UNIT_PREFIX = r"(?:(?:don vi(?: tinh)?|dvt) )?"
_UNIT_WORD = re.compile(r"(?:don vi(?: tinh)?|dvt)\b")
_YEARS = range(1900, 2101)
_NUMBERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "sau": 6, "chin": 9}
_ENOUGH_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table that was found: its heading as it stands there, and what the layout makes of it.

    `meaning` is None for a column that is not read; `told` says in one word what became of it.
    """

    position: int
    heading: str
    meaning: LayoutColumn | None = None
    told: str = "unknown"
    period: str = ""
    status: str | None = None
    data_from: str | None = None
    data_to: str | None = None
    percent: bool = False

    @property
    def letters(self) -> str:
        """The column as a spreadsheet calls it."""
        return column_letters(self.position)


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
    figures = [figure for each in tables.found for figure in each.figures]
    names = dict.fromkeys(name for figure in figures for name in figure)
    columns = {
        name: pyarrow.array(
            [figure.get(name) for figure in figures], pyarrow.int64() if name == "line" else pyarrow.string()
        )
        for name in names
    }
    findings = [finding for each in tables.found for finding in each.findings] + tables.findings
    return Reading(frame(columns, len(figures)), findings, "layout")


def find(book: Book, layouts: Sequence[Layout]) -> Tables:
    """Find and read the tables; nothing found is no fault here."""
    tables = Tables()
    known = [_Known(layout) for layout in layouts]
    unread: list[str] = []
    for name in book.names:
        if not book.is_visible(name):
            continue
        before = len(tables.found), len(tables.findings)
        _read_sheet(Printed(book.sheet(name)), known, tables)
        if before == (len(tables.found), len(tables.findings)):
            unread.append(name)
    if hidden := [name for name in book.names if not book.is_visible(name)]:
        tables.findings.append(tell.hidden_sheets(hidden))
    if unread and tables.found:
        tables.findings.append(tell.sheets_not_read(unread))
    return tables


class _Known:
    """A layout with its patterns ready, and its labels by their texts."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.titles = [re.compile(pattern) for pattern in layout.titles]
        self.columns = [(re.compile(column.heading), column) for column in layout.columns]
        self.refuse = [(re.compile(each.heading), each) for each in layout.refuse]
        self.ignore = [re.compile(pattern) for pattern in layout.ignore]
        self.notes = [re.compile(pattern) for pattern in layout.notes]
        self.unit_measure = re.compile(_UNIT_PREFIX + f"(?:{layout.unit_measure})") if layout.unit_measure else None
        self.labels = {label: row for row in layout.rows for label in row.label}
        self.headings = {heading: row for row in layout.rows for heading in row.heading}
        self.always = [row for row in layout.rows if not row.label and not row.heading]

    def title(self, folded: str) -> re.Match[str] | None:
        return next((match for pattern in self.titles if (match := pattern.fullmatch(folded))), None)

    def note(self, folded: str) -> bool:
        return any(pattern.match(folded) for pattern in self.notes)

    def lists(self, running: LayoutRow | None) -> list[LayoutRow]:
        """The entries that say what a row without a label of its own is."""
        return [running] if running else self.always

    def row(self, folded: str, running: LayoutRow | None) -> "_Named | None":
        """What a row of that label is, but for a name."""
        if row := self.labels.get(folded):
            return _Named(row, row.reporting_unit or self.layout.reporting_unit, row.breakdown)
        for each in self.lists(running):
            if folded in each.codes:
                return _Named(each, each.reporting_unit or self.layout.reporting_unit, each.codes[folded])
        return None

    def every_label(self, running: LayoutRow | None) -> list[str]:
        codes = [code for row in self.lists(running) for code in row.codes]
        return [*self.labels, *codes, *self.headings]


@dataclass(frozen=True, slots=True)
class _Named:
    """What a row is about."""

    row: LayoutRow
    reporting_unit: str | None
    breakdown: str


@dataclass(frozen=True, slots=True)
class _Title:
    """Where a title stands: its rows, its column, its text, and the layouts that know it."""

    first: int
    last: int
    column: int
    text: str
    known: list[tuple[_Known, re.Match[str]]]


def _read_sheet(printed: Printed, known: Sequence[_Known], tables: Tables) -> None:
    titles = list(_titles(printed, known))
    running: dict[str, LayoutRow | None] = {}
    read: set[int] = set()
    stops = [*(title.first for title in titles[1:]), len(printed.rows)]
    for title, stop in zip(titles, stops, strict=False):
        if not title.known:
            continue
        read.update(range(title.first, stop))
        if len(title.known) > 1:
            layouts = [each.layout for each, _ in title.known]
            tables.findings.append(tell.two_layouts(_where(printed, title.first, title.column), title.text, layouts))
            continue
        reader, match = title.known[0]
        code = reader.layout.code
        goes_on = "tiep theo" in fold(title.text)
        table = _TableReader(printed, reader, title, match, stop, running.get(code) if goes_on else None)
        tables.found.append(table.read())
        running[code] = table.running
    if read:
        tables.findings += _rows_not_read(printed, read)


def _titles(printed: Printed, known: Sequence[_Known]) -> Iterator[_Title]:
    """The titles of the sheet that a layout knows, and the numbered ones that end the table before."""
    row = 0
    while row < len(printed.rows):
        found = _title_at(printed, row, known)
        if found is not None:
            yield found
        row = found.last + 1 if found else row + 1


def _title_at(printed: Printed, row: int, known: Sequence[_Known]) -> _Title | None:
    first = _first_text(printed, row)
    if first is None or printed.has_figures(row, first[0] + 1):
        return None
    column, text = first
    joins = [text]
    for below in range(row + 1, min(row + _TITLE_ROWS, len(printed.rows))):
        following = _first_text(printed, below)
        if following is None or following[0] != column or len(printed.texts(below)) > 1 or printed.has_figures(below):
            break
        joins.append(f"{joins[-1]} {following[1]}")
    for last in range(len(joins) - 1, -1, -1):
        folded = fold(without_marks(joins[last]))
        knowing = [(each, match) for each in known if (match := each.title(folded))]
        if knowing:
            return _Title(row, row + last, column, " ".join(joins[last].split()), knowing)
    if len(printed.texts(row)) == 1 and is_numbered_title(text):
        return _Title(row, row, column, text, [])
    return None


def _first_text(printed: Printed, row: int) -> tuple[int, str] | None:
    return next(iter(printed.texts(row)), None)


@dataclass(frozen=True, slots=True)
class _Line:
    """A row below the headings: its label as written and where that stands, and whether figures follow it."""

    row: int
    column: int
    label: str
    figures: bool

    @property
    def folded(self) -> str:
        return fold(self.label)


class _TableReader:
    """One table on its way from a title to figures."""

    def __init__(
        self,
        printed: Printed,
        known: _Known,
        title: _Title,
        match: re.Match[str],
        stop: int,
        running: LayoutRow | None,
    ) -> None:
        self.printed, self.known, self.title, self.match, self.stop = printed, known, title, match, stop
        self.running = running
        self.found = Found(printed.sheet.name, known.layout, title.text, title.first + 1)
        self.labels = 1
        self.ignored: list[str] = []
        self.skipped: list[str] = []

    def read(self) -> Found:
        first = self._first_row()
        if first is None:
            self._tell(tell.no_row_known(self._at(self.title.first, self.title.column), self.known.layout))
            return self.found
        self.labels = self.printed.label_columns(range(first, self.stop))
        if not self._read_headings(first):
            return self.found
        named = self._name_rows(first)
        self._read_figures(named)
        self._summarize()
        return self.found

    def _tell(self, finding: Finding) -> None:
        self.found.findings.append(finding)

    def _at(self, row: int, column: int) -> str:
        return _where(self.printed, row, column)

    def _first_row(self) -> int | None:
        """The first row below the title that is known; where names need no heading, the first that has figures."""
        names = any(row.names for row in self.known.lists(self.running))
        for row in range(self.title.last + 1, self.stop):
            first = _first_text(self.printed, row)
            if first is None:
                continue
            column, text = first
            folded = fold(_label(text))
            figures = self.printed.has_figures(row, column + 1)
            alone = len(self.printed.texts(row)) == 1
            if figures and (self.known.row(folded, self.running) or folded in self.known.headings):
                return row
            if not figures and alone and folded in self.known.headings:
                return row
            if names and figures and alone and not self._only_years(row, column + 1):
                return row
            if not figures and alone and self._joined_with_next(row, folded):
                return row
        return None

    def _joined_with_next(self, row: int, folded: str) -> bool:
        below = _first_text(self.printed, row + 1) if row + 1 < self.stop else None
        joined = f"{folded} {fold(_label(below[1]))}" if below else ""
        return bool(below) and self.known.row(joined, self.running) is not None

    def _only_years(self, row: int, first: int) -> bool:
        cells = [cell for cell in self.printed.rows[row][first:] if is_figure(cell)]
        return all(isinstance(cell, (int, float)) and cell in _YEARS for cell in cells)

    # Headings

    def _read_headings(self, first: int) -> bool:
        """Find out what the columns mean; False where the table cannot be read at all."""
        rows = range(self.title.last + 1, first)
        columns = range(self.labels, self.printed.width)
        apart, stands = self._unit_of_measure(rows)
        stacked = self.printed.headings(rows, columns, frozenset(apart))
        self.found.columns = [self._column(column, stacked.get(column), first) for column in columns]
        self.found.columns = [each for each in self.found.columns if each.told]
        if stands is not None and self._needs_unit_of_measure():
            at, text = stands
            self.found.columns = []
            self.found.findings = [
                tell.unit_of_measure_differs(
                    self._at(*at), text, self.known.layout.unit_measure or "", self.known.layout
                )
            ]
            return False
        self._refuse_twins(stacked)
        self._share_statuses()
        return True

    def _needs_unit_of_measure(self) -> bool:
        """Whether a column says no unit of measure of its own; also where none is understood, perhaps for its sake."""
        meanings = [each.meaning for each in self.found.columns if each.meaning]
        return not meanings or any(not meaning.unit_measure for meaning in meanings)

    def _unit_of_measure(self, rows: range) -> tuple[set[tuple[int, int]], tuple[tuple[int, int], str] | None]:
        """The cell above the table that names the wanted unit of measure; else what stands there, and where."""
        if self.known.unit_measure is None:
            return set(), None
        alone: list[tuple[int, int, str]] = []
        for row in range(self.title.first, rows.stop):
            texts = self.printed.texts(row)
            if row <= self.title.last:
                texts = [each for each in texts if each[0] != self.title.column]
            elif len(texts) > 1 or self.printed.has_figures(row):
                texts = [each for each in texts if _UNIT_WORD.match(fold(each[1]))]
            alone += [(row, *each) for each in texts]
        for row, column, text in alone:
            if self.known.unit_measure.fullmatch(fold(without_marks(text))):
                return {(row, column)}, None
        stands = [each for each in alone if _UNIT_WORD.match(fold(each[2]))]
        stands = stands or [each for each in alone if each[1] >= self.labels]
        row, column, text = stands[0] if stands else (self.title.first, self.title.column, "")
        return set(), ((row, column), text)

    def _column(self, position: int, heading: Heading | None, first: int) -> Column:
        rows = range(first, self.stop)
        text = str(heading) if heading else ""
        folded = fold(" ".join(heading.texts)) if heading else ""
        figures = next((row for row in rows if self.printed.holds_figure(row, position)), None)
        if figures is None and heading is None:
            return Column(position, "", told="")
        at = self._at(heading.row, position) if heading else self._at(figures or first, position)
        column = Column(position, text)
        for pattern, refusal in self.known.refuse:
            if pattern.fullmatch(folded):
                self._tell(tell.refused_heading(at, text, refusal.vi, refusal.en))
                return Column(position, text, told="refused")
        for pattern, meaning in self.known.columns:
            if match := pattern.fullmatch(folded):
                return self._understood(column, meaning, match, at)
        if any(pattern.fullmatch(folded) for pattern in self.known.ignore):
            self.ignored.append(text or column_letters(position))
            return Column(position, text, told="ignored")
        if heading is None:
            self._tell(tell.figures_without_heading(at, self.known.layout))
        else:
            self._tell(tell.unknown_heading(at, text, self.known.layout))
        return column

    def _understood(self, column: Column, meaning: LayoutColumn, match: re.Match[str], at: str) -> Column:
        folded = match.string
        if meaning.unit_measure and not re.search(rf"(?<!\S)(?:{meaning.unit_measure})(?!\S)", folded):
            self._tell(tell.unit_of_measure_differs(at, column.heading, meaning.unit_measure, self.known.layout))
            return column
        said, of_title = _groups(match), _groups(self.match)
        status, word = meaning.status, said.get("status", of_title.get("status"))
        if word is not None and meaning.statuses:
            if word not in meaning.statuses:
                self._tell(tell.unknown_status(at, word, list(meaning.statuses)))
                return column
            status = meaning.statuses[word]
        try:
            meant, data_from, data_to = _span(said, of_title, meaning.frequency)
        except ValueError:
            self._tell(tell.no_period(at, column.heading, self.title.text))
            return column
        unit = meaning.unit_measure or self.known.layout.unit_measure or ""
        return Column(column.position, column.heading, meaning, "read", meant, status, data_from, data_to, "%" in unit)

    def _refuse_twins(self, stacked: dict[int, Heading]) -> None:
        """Two columns of one meaning would be two values of one observation; which is right only a person can say."""
        seen: dict[tuple[str, str, str], Column] = {}
        twins: set[int] = set()
        for each in self.found.columns:
            if each.meaning is None:
                continue
            key = (each.meaning.indicator, each.period, each.meaning.accumulation)
            if key in seen:
                twins |= {seen[key].position, each.position}
                at = self._at(stacked[each.position].row, each.position)
                self._tell(tell.two_columns(at, each.heading, seen[key].letters, seen[key].heading))
            seen.setdefault(key, each)
        self.found.columns = [
            Column(each.position, each.heading, told="twice") if each.position in twins else each
            for each in self.found.columns
        ]

    def _share_statuses(self) -> None:
        """A column that says no status has that of the column beside it about the same span."""
        said: dict[tuple[str, str], set[str]] = {}
        for each in self.found.columns:
            if each.meaning and each.status:
                said.setdefault((each.period, each.meaning.accumulation), set()).add(each.status)
        for number, each in enumerate(self.found.columns):
            if each.meaning and not each.status:
                shared = said.get((each.period, each.meaning.accumulation), set())
                if len(shared) == 1:
                    self.found.columns[number] = replace(each, status=min(shared))

    # Rows

    def _lines(self, first: int) -> list[_Line]:
        return [self._line(row) for row in range(first, self.stop)]

    def _line(self, row: int) -> _Line:
        texts = self._label_texts(row)
        column, label = texts[-1] if texts else (0, "")
        for at, text in texts:
            if self.known.row(fold(_label(text)), self.running) or fold(_label(text)) in self.known.headings:
                column, label = at, text
        return _Line(row, column, _label(label), self.printed.has_figures(row, self.labels))

    def _label_texts(self, row: int) -> list[tuple[int, str]]:
        """The words in the label columns; where figures stand in the row, those of a label merged over rows too."""
        texts = [(column, text) for column, text in self.printed.texts(row) if column < self.labels]
        if texts or not self.printed.has_figures(row, self.labels):
            return texts
        merged = [(column, self.printed.cell(row, column)) for column in range(self.labels)]
        return [(column, cell_text(cell)) for column, cell in merged if isinstance(cell, str) and cell_text(cell)]

    def _name_rows(self, first: int) -> list[tuple[int, _Named]]:
        """What each row with figures is about, in order; every row that is not read is told."""
        lines = self._lines(first)
        named: list[tuple[int, _Named]] = []
        waiting: list[_Line] = []
        number = 0
        while number < len(lines):
            line = lines[number]
            number += 1
            if not line.figures:
                if not self._without_figures(line, waiting):
                    waiting = []
                continue
            joined = self._joined(waiting, line, lines[number : number + _LABEL_ROWS - 1])
            if joined:
                meant, before, after = joined
                self._left(waiting[: len(waiting) - before])
                number += after
            else:
                meant = self._list_member(line)
                self._left(waiting)
            waiting = []
            if meant is not None:
                self._meant(line, meant, named)
        self._left(waiting)
        return named

    def _without_figures(self, line: _Line, waiting: list[_Line]) -> bool:
        """Take note of a row without figures; False where the rows above it go on no further."""
        others = [text for column, text in self.printed.texts(line.row) if column >= self.labels]
        if not line.label and not others:
            self._left(waiting)
            return False
        folded = line.folded
        if folded in self.known.headings and not others:
            self._left(waiting)
            self.running = self.known.headings[folded]
            return False
        if self.known.note(folded):
            self._left(waiting)
            return False
        if others:
            self._left(waiting)
            row = self.known.row(folded, self.running)
            told = (
                tell.no_numbers(self._at(line.row, self.labels), others)
                if row
                else tell.text_not_read(self._at(line.row, line.column), " ".join([line.label, *others]))
            )
            self._tell(told)
            return False
        waiting.append(line)
        return True

    def _left(self, lines: Sequence[_Line]) -> None:
        """Tell of texts that belong to nothing; a known label without figures is nothing to tell of."""
        for line in lines:
            if not self.known.row(line.folded, self.running):
                self._tell(tell.text_not_read(self._at(line.row, line.column), line.label))

    def _joined(self, waiting: list[_Line], line: _Line, following: list[_Line]) -> tuple[_Named, int, int] | None:
        """What the label is, together with as many rows without figures above and below it as make it a known one."""
        below: list[_Line] = []
        for each in following:
            if each.figures or not each.label or each.folded in self.known.headings:
                break
            below.append(each)
        choices = [
            (before, after)
            for before in range(min(len(waiting), _LABEL_ROWS - 1) + 1)
            for after in range(len(below) + 1)
        ]
        for before, after in sorted(choices, key=sum, reverse=True):
            parts = [*waiting[len(waiting) - before :], line, *below[:after]]
            folded = fold(" ".join(part.label for part in parts))
            if named := self.known.row(folded, self.running):
                return named, before, after
            if folded in self.known.headings:
                return None
        return None

    def _list_member(self, line: _Line) -> _Named | None:
        """What a row is whose label the layout does not list: a name, or an error."""
        at = self._at(line.row, line.column)
        if not line.label:
            self._tell(tell.figures_without_label(self._at(line.row, self._first_figure(line.row))))
            return None
        if line.folded in self.known.headings:
            self._tell(tell.heading_with_figures(at, line.label, self.known.layout))
            self.running = self.known.headings[line.folded]
            return None
        for row in self.known.lists(self.running):
            if row.names:
                return _Named(row, line.label, row.breakdown)
        self._tell(tell.unknown_row(at, line.label, self.known.layout, self.known.every_label(self.running)))
        return None

    def _first_figure(self, row: int) -> int:
        return next(
            column for column in range(self.labels, self.printed.width) if self.printed.holds_figure(row, column)
        )

    def _meant(self, line: _Line, meant: _Named, named: list[tuple[int, _Named]]) -> None:
        if meant.row.skip:
            self.skipped.append(line.label)
        else:
            named.append((line.row, meant))
        if line.folded in self.known.headings:
            self.running = self.known.headings[line.folded]

    # Figures

    def _read_figures(self, named: list[tuple[int, _Named]]) -> None:
        self.found.rows = len(named)
        for column in self.found.columns:
            if column.meaning is not None:
                values = self._values(column, [row for row, _ in named])
                for row, meant in named:
                    if row in values:
                        self.found.figures.append(self._figure(column, column.meaning, row, meant, values[row]))
        self.found.figures.sort(key=lambda figure: figure["line"])

    def _values(self, column: Column, rows: Sequence[int]) -> dict[int, str]:
        """The values of a column as texts with a decimal point, or marks, by row."""
        values: dict[int, str] = {}
        typed: dict[int, str] = {}
        numbers: list[float] = []
        for row in rows:
            cell = self.printed.rows[row][column.position]
            where, name = self._at(row, column.position), self.printed.name(row, column.position)
            if (fault := unfit(where, name, cell, self.printed.sheet.hidden)) is not None:
                self._tell(fault)
            elif isinstance(cell, (int, float)) and not isinstance(cell, bool):
                numbers.append(abs(float(cell)))
                values[row] = self._number(column, where, name, cell)
            elif text := cell_text(cell):
                if is_numeral(text):
                    typed[row] = text
                else:
                    values[row] = text
        return values | self._typed(column, typed, numbers)

    def _number(self, column: Column, where: str, name: str, cell: Cell) -> str:
        if name not in self.printed.sheet.hidden.percents:
            return cell_text(cell)
        shown = plain(Decimal(cell_text(cell)) * 100)
        if not column.percent:
            return f"{shown}%"  # what it shows; the rules say whether the indicator is a percentage
        self._tell(percent_read(where, shown))
        return shown

    def _typed(self, column: Column, typed: dict[int, str], numbers: list[float]) -> dict[int, str]:
        """Numbers that were typed as text, with the decimal sign that the texts of the column show."""
        if not typed:
            return {}
        bare = {
            row: re.sub(r"(?<=\d)\s+(?=\d)", "", text.rstrip("% ").replace("−", "-")) for row, text in typed.items()
        }
        settled, asked = by_evidence(pyarrow.chunked_array([pyarrow.array(bare.values(), pyarrow.string())]))
        values: dict[int, str] = {}
        for row, text, is_open in zip(typed, settled.to_pylist(), asked.to_pylist(), strict=True):
            where = self._at(row, column.position)
            value = _by_size(text, numbers) if is_open else text
            if value is None:
                self._tell(asked_about(where, text))
                continue
            if is_open:
                self._tell(tell.decided_by_size(where, text, value))
            values[row] = value + ("%" if typed[row].endswith("%") and not column.percent else "")
        return values

    def _figure(self, column: Column, meaning: LayoutColumn, row: int, meant: _Named, value: str) -> dict[str, Any]:
        layout = self.known.layout
        figure: dict[str, Any] = {
            "indicator": meaning.indicator,
            "reporting_unit": meant.reporting_unit,
            "period": column.period,
            "frequency": meaning.frequency,
            "accumulation": meaning.accumulation,
            "source": layout.source,
            "breakdown": meant.breakdown,
            "status": column.status,
            "data_from": column.data_from,
            "data_to": column.data_to,
            "document": layout.document,
            "comment": f"{self.title.text} | {column.heading}",
            "sheet": self.printed.sheet.name,
            "line": row + 1,
            "column": column.letters,
        }
        if value in MISSING_MARKS:
            return figure | {"status": "M", "reason": f"{MISSING_REASON} ({value})"}
        return figure | {"value": value}

    def _summarize(self) -> None:
        at = self._at(self.title.first, self.title.column)
        told = [tell.read_by(at, self.known.layout, self.title.text, len(self.found.figures))]
        if self.ignored:
            told.append(tell.columns_ignored(at, self.ignored))
        if self.skipped:
            told.append(tell.rows_skipped(at, self.skipped))
        self.found.findings = told + self.found.findings


def _where(printed: Printed, row: int, column: int) -> str:
    return place(printed.sheet.name, row + 1, column_letters(column))


def _label(text: str) -> str:
    """A label without its number and its footnote marks, on one line."""
    return " ".join(without_ordinal(without_marks(text)).split())


def _groups(match: re.Match[str]) -> dict[str, str]:
    return {name: text for name, text in match.groupdict().items() if text}


def _span(said: dict[str, str], of_title: dict[str, str], frequency: str) -> tuple[str, str | None, str | None]:
    """The period of that frequency in which the span ends, and the days of a cut-off.

    Raises ValueError where the words say none, or two.
    """
    ends = ("month", "months", "quarter", "day", "to_month")
    span = {name: text for name, text in of_title.items() if name == "year" or not any(end in said for end in ends)}
    span |= said
    year = _number(span["year"]) if "year" in span else 0
    if year not in _YEARS:
        raise ValueError(span.get("year", ""))
    months = {
        _number(span[name]) * (3 if name == "quarter" else 1) for name in ("month", "months", "quarter") if name in span
    } or {_number(span["to_month"]) if "to_month" in span else 12}
    if len(months) > 1:
        raise ValueError(str(months))
    month = months.pop()
    day = date(year, month, _number(span["day"]) if "day" in span else 1)
    data_to = date(year, _number(span["to_month"]), _number(span["to_day"])) if "to_day" in span else None
    data_from = date(year, _number(span["from_month"]), _number(span["from_day"])) if "from_day" in span else None
    if data_from and data_to and data_from > data_to:  # from 15 December of the year before
        data_from = data_from.replace(year=year - 1)
    meant = period.containing(day, frequency)
    return str(meant), data_from and data_from.isoformat(), data_to and data_to.isoformat()


def _number(text: str) -> int:
    return _NUMBERS[text] if text in _NUMBERS else int(text)


def _by_size(text: str, numbers: Sequence[float]) -> str | None:
    """Which reading of `1.234` lies among the column's numbers, where the other is ten times off them; or None."""
    if len(numbers) < _ENOUGH_NUMBERS:
        return None
    low, high = min(numbers), max(numbers)
    grouped, decimal = readings(text)
    for value, other in ((grouped, decimal), (decimal, grouped)):
        far = not low / 10 <= abs(float(other)) <= high * 10
        if low <= abs(float(value)) <= high and far:
            return value
    return None


def _rows_not_read(printed: Printed, read: set[int]) -> list[Finding]:
    """Rows with figures above or between the tables of a sheet, which belong to none that a layout knows."""
    rest = [row for row in range(len(printed.rows)) if row not in read and printed.has_figures(row)]
    return [tell.rows_left(_where(printed, rest[0], 0), len(rest))] if rest else []

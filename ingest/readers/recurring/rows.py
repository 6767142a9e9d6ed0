"""Which row is about whom or what: by its label, alone or broken over rows, or by its name in the list that runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.layout import LayoutRow
from ingest.readers.printed import row_label
from ingest.readers.recurring import findings as tell
from ingest.readers.recurring.extent import Extent
from ingest.readers.recurring.known import Named
from ingest.readers.sheets import cell_text
from ingest.spelling import fold
from ingest.submission import Finding

_LABEL_ROWS = 3  # the longest label that is broken over rows


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


def rows(table: Extent) -> "Rows":
    """What each row with figures is about, in order; every row that is not read is told."""
    found = Rows(table, table.running)
    lines = [_line(table, row) for row in table.rows]
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if line.figures:
            number += found.name(line, lines[number : number + _LABEL_ROWS - 1])
        else:
            found.pass_over(line)
    found.leave_waiting()
    return found


def _line(table: Extent, row: int) -> _Line:
    known = table.known
    texts = _label_texts(table, row)
    column, written = texts[-1] if texts else (0, "")
    for at, text in texts:
        folded = fold(row_label(text))
        if known.row(folded, table.running) or folded in known.headings:
            column, written = at, text
    return _Line(row, column, row_label(written), table.printed.has_figures(row, table.labels))


def _label_texts(table: Extent, row: int) -> list[tuple[int, str]]:
    """The words in the label columns; where figures stand in the row, those of a label merged over rows too."""
    texts = [(column, text) for column, text in table.printed.texts(row) if column < table.labels]
    if texts or not table.printed.has_figures(row, table.labels):
        return texts
    merged = [(column, table.printed.cell(row, column)) for column in range(table.labels)]
    return [(column, cell_text(cell)) for column, cell in merged if isinstance(cell, str) and cell_text(cell)]


@dataclass(slots=True)
class Rows:
    """What the rows of a table are about, as far down as they were looked at.

    `named` are those that are read, by their number; `skipped` the labels that the layout leaves out; `running` is the
    list that runs. A text without figures waits: the label in the row below may go on with it.
    """

    table: Extent
    running: LayoutRow | None
    named: list[tuple[int, Named]] = field(default_factory=list[tuple[int, Named]])
    skipped: list[str] = field(default_factory=list[str])
    findings: list[Finding] = field(default_factory=list[Finding])
    waiting: list[_Line] = field(default_factory=list[_Line])

    def name(self, line: _Line, following: Sequence[_Line]) -> int:
        """Name a row with figures; how many rows below it belong to its label."""
        above, below = 0, 0
        if joined := self._joined(line, following):
            meant, above, below = joined
            self.leave_waiting(but=above)
        else:
            meant = self._list_member(line)
            self.leave_waiting()
        if meant is None:
            return below
        if meant.row.skip:
            self.skipped.append(line.label)
        else:
            self.named.append((line.row, meant))
        self.running = self.table.known.headings.get(line.folded, self.running)
        return below

    def pass_over(self, line: _Line) -> None:
        """Take note of a row without figures: the heading of a list, a note, words in the place of figures, a text."""
        known = self.table.known
        others = [text for column, text in self.table.printed.texts(line.row) if column >= self.table.labels]
        if line.label and not others and line.folded not in known.headings and not known.note(line.folded):
            self.waiting.append(line)
            return
        self.leave_waiting()
        if not others:
            self.running = known.headings.get(line.folded, self.running)
        elif not known.note(line.folded):
            self.findings.append(self._words(line, others))

    def leave_waiting(self, *, but: int = 0) -> None:
        """Tell of texts that belong to nothing; a known label without figures is nothing to tell of."""
        for line in self.waiting[: len(self.waiting) - but]:
            if not self.table.known.row(line.folded, self.running):
                self.findings.append(tell.text_not_read(self._place(line), line.label))
        self.waiting = []

    def _joined(self, line: _Line, following: Sequence[_Line]) -> tuple[Named, int, int] | None:
        """What the label is, together with as many rows without figures above and below it as make it a known one."""
        known = self.table.known
        below: list[_Line] = []
        for each in following:
            if each.figures or not each.label or each.folded in known.headings:
                break
            below.append(each)
        most_above = min(len(self.waiting), _LABEL_ROWS - 1)
        choices = [(before, after) for before in range(most_above + 1) for after in range(len(below) + 1)]
        for before, after in sorted(choices, key=sum, reverse=True):
            parts = [*self.waiting[len(self.waiting) - before :], line, *below[:after]]
            folded = fold(" ".join(part.label for part in parts))
            if named := known.row(folded, self.running):
                return named, before, after
            if folded in known.headings:
                return None
        return None

    def _list_member(self, line: _Line) -> Named | None:
        """What a row is whose label the layout does not list: a name, or an error."""
        known = self.table.known
        if not line.label:
            self.findings.append(tell.figures_without_label(self._first_figure(line.row)))
            return None
        if line.folded in known.headings:
            self.findings.append(tell.heading_with_figures(self._place(line), line.label, known.layout))
            self.running = known.headings[line.folded]
            return None
        for row in known.lists(self.running):
            if row.names:
                return Named(row, line.label, row.breakdown)
        told = tell.unknown_row(self._place(line), line.label, known.layout, known.every_label(self.running))
        self.findings.append(told)
        return None

    def _words(self, line: _Line, others: Sequence[str]) -> Finding:
        """Words stand where figures belong, or in a row that nobody knows."""
        if self.table.known.row(line.folded, self.running):
            return tell.no_numbers(self.table.printed.place(line.row, self.table.labels), others)
        return tell.text_not_read(self._place(line), " ".join([line.label, *others]))

    def _place(self, line: _Line) -> str:
        return self.table.printed.place(line.row, line.column)

    def _first_figure(self, row: int) -> str:
        printed = self.table.printed
        return printed.place(row, next(at for at in self.table.columns if printed.holds_figure(row, at)))

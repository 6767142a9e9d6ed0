"""A table as it is laid out to be printed: a title, headings stacked over several rows, labels, figures.

Nothing here knows what a heading means. A cell that is merged stands in every column that it spans. Where the headings
of a table merge nothing, a text is taken to be centred across the empty cells to its right that have headings of their
own below; where something is merged, what is not merged spans nothing.
"""

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final

from ingest.place import column_letters, place
from ingest.readers.cell_faults import MISSING_MARKS
from ingest.readers.sheets import Cell, Sheet, cell_text

YEARS: Final = range(1900, 2101)
UNIT_WORDS: Final = re.compile(r"(?:don vi(?: tinh)?|dvt)\b ?")  # folded; before a unit of measure
_NUMERAL = re.compile(r"[-+−]?\d[\d.,\s]*%?")
_ORDINAL = re.compile(r"\(?(?:[IVXivx]+|\d{1,3}(?:\.\d{1,2})*|[A-Za-zĐđ])[.)]?")
_LEADING_ORDINAL = re.compile(r"(?:[IV]{1,4}|X[IV]{1,4}|\d{1,2}(?:\.\d{1,2})*|[a-eA-Eđ])\s*[.)/]\s*(?=\D)|[-+•*–]\s*")
_MARKS = re.compile(r"(?:\s*(?:\(\s*(?:\*+|\d{1,2})\s*\)|\[\s*(?:\*+|\d{1,2})\s*\]|\*+|[¹²³⁰-⁹]+))+$")
_TITLE_NUMBER = re.compile(r"(?:(?:biểu|bảng)\s*(?:số\s*)?)?\d{1,3}(?:[.,]\d{1,3})*\s*[.:]\s*(?=\D)", re.IGNORECASE)
_COLUMN_NUMBER = re.compile(r"\(?(\d{1,2}|[A-Z])\)?\s*(=[\s\d()+\-*/x:,.%=]+)?")


@dataclass(frozen=True, slots=True)
class Heading:
    """The texts stacked above a column as they were written; `row` is where its own begin, counted from 0."""

    texts: tuple[str, ...]
    row: int

    def __str__(self) -> str:
        """The heading as one text."""
        return " ".join(" ".join(text.split()) for text in self.texts)


def without_marks(text: str) -> str:
    """The text without the marks of footnotes behind it: `(*)`, `(1)`, `*`, `¹`."""
    return _MARKS.sub("", text)


def without_ordinal(text: str) -> str:
    """The text of a label without the number or dash before it: `1.2. `, `II. `, `a) `, `- `."""
    return _LEADING_ORDINAL.sub("", text, count=1) if _LEADING_ORDINAL.match(text) else text


def row_label(text: str) -> str:
    """The label of a row on one line, without its number and its footnote marks."""
    return " ".join(without_ordinal(without_marks(text)).split())


def is_numbered_title(text: str) -> bool:
    """Whether a line begins as the title of a table does: `24. `, `Biểu số 3: `."""
    return _TITLE_NUMBER.match(text) is not None


def without_title_number(text: str) -> str:
    """The title without its number."""
    return _TITLE_NUMBER.sub("", text, count=1) if _TITLE_NUMBER.match(text) else text


def is_numeral(text: str) -> bool:
    """Whether a text is a number as people type one."""
    return _NUMERAL.fullmatch(text) is not None


def is_figure(cell: Cell) -> bool:
    """Whether a cell holds a number, what Excel took for a date, or a mark that says there is none."""
    if isinstance(cell, str):
        text = cell_text(cell)
        return is_numeral(text) or text in MISSING_MARKS
    return isinstance(cell, (int, float, date, time, timedelta)) and not isinstance(cell, bool)


def words(cell: Cell) -> str:
    """The text of a cell that holds words; "" for a number, a mark, an ordinal."""
    if not isinstance(cell, str):
        return ""
    text = cell_text(cell)
    return "" if not text or is_figure(cell) or _ORDINAL.fullmatch(text) else text


class Printed:
    """A sheet of printed tables; rows and columns are counted from 0."""

    def __init__(self, sheet: Sheet) -> None:
        """Look at a sheet with what is merged in it."""
        self.sheet = sheet
        self.rows = sheet.rows
        self._seen: dict[int, tuple[list[tuple[int, str]], set[int]]] = {}
        self._spans: dict[int, list[tuple[int, int, int]]] = {}
        for (top, left), (bottom, right) in sheet.merged:
            for row in range(top, min(bottom, len(self.rows) - 1) + 1):
                self._spans.setdefault(row, []).append((left, right, top))

    @property
    def width(self) -> int:
        """How many columns the sheet has."""
        return len(self.rows[0]) if self.rows else 0

    def source(self, row: int, column: int) -> tuple[int, int]:
        """The cell whose value stands in this one: itself, or the first one of the range that it is merged into."""
        for left, right, top in self._spans.get(row, ()):
            if left <= column <= right:
                return top, left
        return row, column

    def cell(self, row: int, column: int) -> Cell:
        """What stands in a cell, be it merged or not."""
        top, left = self.source(row, column)
        return self.rows[top][left] if top < len(self.rows) and left < len(self.rows[top]) else ""

    def name(self, row: int, column: int) -> str:
        """The cell as a spreadsheet calls it: `C7`."""
        return f"{column_letters(column)}{row + 1}"

    def place(self, row: int, column: int) -> str:
        """The cell as findings name it: `Sheet "Q3", C7`."""
        return place(self.sheet.name, row + 1, column_letters(column))

    def holds_figure(self, row: int, column: int) -> bool:
        """Whether a figure stands in the cell, or what should be one: an error, a formula that nobody calculated."""
        return column in self._looked_at(row)[1]

    def texts(self, row: int) -> list[tuple[int, str]]:
        """The cells of a row that hold words, with their columns."""
        return self._looked_at(row)[0]

    def first_text(self, row: int) -> tuple[int, str] | None:
        """The first cell of a row that holds words, with its column."""
        return next(iter(self.texts(row)), None)

    def has_figures(self, row: int, first: int = 0) -> bool:
        """Whether a figure stands in the row, from that column on."""
        return any(column >= first for column in self._looked_at(row)[1])

    def has_only_years(self, row: int, first: int) -> bool:
        """Whether no figure stands in the row from that column on that could be anything but a year."""
        figures = [cell for cell in self.rows[row][first:] if is_figure(cell)]
        return all(isinstance(cell, (int, float)) and cell in YEARS for cell in figures)

    def _looked_at(self, row: int) -> tuple[list[tuple[int, str]], set[int]]:
        """The words of a row and the columns of its figures; each row is looked at once."""
        if row not in self._seen:
            cells = self.rows[row]
            texts = [(column, text) for column, cell in enumerate(cells) if cell != "" and (text := words(cell))]
            figures = {column for column, cell in enumerate(cells) if cell != "" and is_figure(cell)}
            hidden = self.sheet.hidden
            if hidden.errors or hidden.uncalculated:
                names = {column: self.name(row, column) for column in range(len(cells))}
                figures |= {at for at, name in names.items() if name in hidden.errors or name in hidden.uncalculated}
            self._seen[row] = texts, figures
        return self._seen[row]

    def label_columns(self, rows: range) -> int:
        """How many columns on the left hold labels: those up to the last one in which rows begin and no figure stands.

        What numbers the rows stands before the label and is no figure of theirs.
        """
        firsts: set[int] = set()
        figures: set[int] = set()
        for row in rows:
            first = next((column for column, _ in self.texts(row)), None)
            beside = self._looked_at(row)[1]
            if first is None or not any(column > first for column in beside):
                continue
            firsts.add(first)
            figures |= {column for column in beside if column > first}
        return max((column for column in firsts if column not in figures), default=0) + 1

    def headings(self, rows: range, columns: range, apart: frozenset[tuple[int, int]]) -> dict[int, Heading]:
        """What is stacked above each of the columns; `apart` are cells that belong to no column's heading."""
        stacks: dict[int, list[tuple[int, int]]] = {column: [] for column in columns}
        spreads = not any(right > left >= columns.start for row in rows for left, right, _ in self._spans.get(row, ()))
        for row in rows:
            if self._numbers_columns(row, columns, stacks):
                continue
            above = {column: tuple(stack) for column, stack in stacks.items()}
            spread: tuple[int, int] | None = None
            for column in columns:
                at = self.source(row, column)
                if at in apart or at[1] < columns.start:
                    spread = None
                elif without_marks(cell_text(self.cell(*at))):
                    spread = at
                elif not (
                    spread and spreads and above[column] == above[spread[1]] and self._goes_on(rows, row, column)
                ):
                    spread = None
                if spread and spread not in stacks[column]:
                    stacks[column].append(spread)
        return {column: self._heading(column, stack) for column, stack in stacks.items() if stack}

    def _heading(self, column: int, stack: list[tuple[int, int]]) -> Heading:
        own = next((row for row, left in stack if left == column), stack[-1][0])
        return Heading(tuple(without_marks(cell_text(self.cell(*at))) for at in stack), own)

    def _goes_on(self, rows: range, row: int, column: int) -> bool:
        return any(cell_text(self.cell(below, column)) for below in range(row + 1, rows.stop))

    def _numbers_columns(self, row: int, columns: range, stacks: dict[int, list[Any]]) -> bool:
        """Whether a row only numbers the columns: `A B 1 2 3=1+2`. A month may be a number too, under a heading."""
        written = [(column, cell_text(cell)) for column, cell in enumerate(self.rows[row]) if cell_text(cell)]
        found = [(column, _COLUMN_NUMBER.fullmatch(text)) for column, text in written]
        if len(found) < 2 or not all(match for _, match in found):
            return False
        if any(match and match[2] for _, match in found) or any(column < columns.start for column, _ in found):
            return True
        own = {column: [at for at in stack if at[1] == column] for column, stack in stacks.items()}
        return all(own.get(column) for column, _ in found)

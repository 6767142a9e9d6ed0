"""A look into the zip of an ODS before anything opens it, as `package` does it for an XLSX.

An ODS repeats: one element can stand for all 16 thousand million cells of a sheet. The look counts them without making
them, and finds what calamine hides: errors, percent, formulas without a result, merged cells, fonts, line breaks.
Prefixes are those that every program writes, and the only ones that calamine reads.
"""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from ingest.old_fonts import is_old
from ingest.place import column_letters
from ingest.readers.package import (
    MOST_CELLS,
    Hidden,
    Look,
    Range,
    Runs,
    another_zip,
    check_sheet_count,
    check_size,
    chunks,
    damaged,
    encrypted,
    odd_xml,
    too_large,
)
from ingest.readers.table import Unreadable

MIME_TYPES: Final = (
    b"application/vnd.oasis.opendocument.spreadsheet",
    b"application/vnd.oasis.opendocument.spreadsheet-template",
)
_CONTENT, _STYLES, _MANIFEST = "content.xml", "styles.xml", "META-INF/manifest.xml"
_CELLS = frozenset({"table:table-cell", "table:covered-table-cell"})
_SPACES = {"text:tab": "\t", "text:line-break": "\n"}

_Attributes = dict[str, str]


def is_meant(content: bytes) -> bool:
    """Whether a zip is an ODS, or would be."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "mimetype" in archive.namelist() and archive.read("mimetype").strip() in MIME_TYPES
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, NotImplementedError, RuntimeError):
        return False


def look(content: bytes) -> Look:
    """Look at every sheet of an ODS.

    Raises Unreadable where it is none, or would burst the memory.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if _CONTENT not in names:
                raise Unreadable(another_zip(names))
            check_size(archive.infolist())
            if _MANIFEST in names and b"encryption-data" in b"".join(chunks(archive, _MANIFEST)):
                raise Unreadable(encrypted())
            styles = _Styles()
            if _STYLES in names:
                _parse(archive, _STYLES, styles.start, lambda _: None)
            body = _Body(styles)
            _parse(archive, _CONTENT, body.start, body.end, body.text)
            return Look(body.sheets, any(name.startswith("Basic/") for name in names), body.merged)
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, OSError, KeyError, ValueError) as fault:
        raise Unreadable(damaged(str(fault))) from fault
    except (NotImplementedError, RuntimeError) as fault:  # another compression, or a password on the zip
        raise Unreadable(encrypted()) from fault


def _parse(
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, _Attributes], None],
    end: Callable[[str], None],
    text: Callable[[str], None] | None = None,
) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text

    def refuse(*_: object) -> None:
        raise Unreadable(odd_xml(part))

    parser.StartDoctypeDeclHandler = refuse
    for chunk in chunks(archive, part):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


class _Styles:
    """The fonts of the styles of cells and of parts of their texts, those of both parts that hold styles."""

    def __init__(self) -> None:
        self._families: dict[str, str] = {}
        self._fonts: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self._named = ""

    def start(self, name: str, given: _Attributes) -> None:
        if name == "style:font-face":
            self._families[given.get("style:name", "")] = given.get("svg:font-family", "").strip("'\"")
        elif name in ("style:style", "style:default-style"):
            # All styles of cells stand on the default of their family, which has no name.
            self._named = given.get("style:name", "")
            self._parents[self._named] = given.get("style:parent-style-name", "") if self._named else ""
        elif name == "style:text-properties" and (font := given.get("style:font-name") or given.get("fo:font-family")):
            self._fonts.setdefault(self._named, font.strip("'\""))

    def old_font(self, style: str) -> str | None:
        """The old Vietnamese font of a style; None where it has another, or none of its own."""
        seen: set[str] = set()
        while style and style not in self._fonts and style not in seen:
            seen.add(style)
            style = self._parents.get(style, "")
        font = self._fonts.get(style, "")
        return next((each for each in (font, self._families.get(font, "")) if is_old(each)), None)

    @property
    def has_old_fonts(self) -> bool:
        return any(self.old_font(style) for style in self._fonts)


@dataclass(slots=True)
class _Cell:
    given: _Attributes
    runs: list[tuple[str, str | None]] = field(default_factory=list[tuple[str, str | None]])
    paragraphs: int = 0
    is_broken: bool = False  # a tab or a line break, which calamine leaves out


@dataclass(slots=True)
class _Found:
    """What a sheet hides, while it is looked at."""

    errors: dict[str, str] = field(default_factory=dict[str, str])
    percents: set[str] = field(default_factory=set[str])
    uncalculated: set[str] = field(default_factory=set[str])
    fonts: dict[str, str] = field(default_factory=dict[str, str])
    runs: dict[str, Runs] = field(default_factory=dict[str, Runs])
    merged: list[Range] = field(default_factory=list[Range])


class _Body:
    """The cells of all sheets, as the parser comes by them."""

    def __init__(self, styles: _Styles) -> None:
        self.sheets: dict[str, Hidden] = {}
        self.merged: dict[str, tuple[Range, ...]] = {}
        self._styles, self._has_old_fonts = styles, False
        self._sheet = ""
        self._depth = 0  # of tables in tables
        self._row = self._column = 0  # of the next cell
        self._rows = 1  # that the row stands for
        self._found = _Found()
        self._furthest = (0, 0)
        self._row_style = ""
        self._column_styles: list[tuple[int, str]] = []
        self._cell: _Cell | None = None
        self._in_paragraph = self._in_note = 0
        self._spans: list[str] = []

    def start(self, name: str, given: _Attributes) -> None:
        if name in _CELLS:
            if self._depth == 1 and self._cell is None:
                self._cell = _Cell(given)
        elif name == "text:p":
            self._begin_paragraph()
        elif name == "text:span":
            self._spans.append(given.get("text:style-name", ""))
        elif name == "text:s":
            self.text(" " * min(int(given.get("text:c", "1")), 1_000))
        elif name in _SPACES:
            self._break(_SPACES[name])
        elif name == "office:annotation":
            self._in_note += 1
        elif name == "table:table-row":
            self._rows, self._column = _count(given, "table:number-rows-repeated"), 0
            self._row_style = given.get("table:default-cell-style-name", "")
        elif name == "table:table-column":
            until = (self._column_styles[-1][0] if self._column_styles else 0) + _count(
                given, "table:number-columns-repeated"
            )
            self._column_styles.append((until, given.get("table:default-cell-style-name", "")))
        elif name == "table:table":
            self._begin_table(given)
        elif name.startswith("style:"):
            self._styles.start(name, given)

    def end(self, name: str) -> None:
        if name in _CELLS:
            if self._depth == 1 and self._cell is not None:
                self._end_cell(self._cell)
                self._cell = None
        elif name == "text:p":
            self._in_paragraph -= 1
        elif name == "text:span":
            self._spans.pop()
        elif name == "office:annotation":
            self._in_note -= 1
        elif name == "table:table-row":
            self._row += self._rows
        elif name == "table:table":
            self._end_table()

    def text(self, text: str) -> None:
        if self._cell is not None and self._in_paragraph and not self._in_note:
            font = self._styles.old_font(self._spans[-1]) if self._spans and self._has_old_fonts else None
            self._cell.runs.append((text, font))

    def _break(self, space: str) -> None:
        self.text(space)
        if self._cell is not None:
            self._cell.is_broken = True

    def _begin_paragraph(self) -> None:
        self._in_paragraph += 1
        if self._cell is not None and not self._in_note:
            if self._cell.paragraphs:
                self._cell.runs.append(("\n", None))
            self._cell.paragraphs += 1

    def _begin_table(self, given: _Attributes) -> None:
        self._depth += 1
        if self._depth > 1:  # no spreadsheet program writes a table into a cell
            raise Unreadable(odd_xml(_CONTENT))
        self._has_old_fonts = self._styles.has_old_fonts  # all styles stand before the first table
        self._sheet = given.get("table:name", "")
        self._row = 0
        self._column_styles = []
        self._found = _Found()
        self._furthest = (0, 0)

    def _end_table(self) -> None:
        self._depth -= 1
        found = self._found
        percents, uncalculated = frozenset(found.percents), frozenset(found.uncalculated)
        self.sheets[self._sheet] = Hidden(found.errors, percents, uncalculated, found.fonts, found.runs)
        self.merged[self._sheet] = tuple(found.merged)
        check_sheet_count(len(self.sheets))

    def _end_cell(self, cell: _Cell) -> None:
        row, column, given = self._row, self._column, cell.given
        columns = _count(given, "table:number-columns-repeated")
        self._column += columns
        kind, formula = given.get("office:value-type", ""), given.get("table:formula")
        down, across = _count(given, "table:number-rows-spanned"), _count(given, "table:number-columns-spanned")
        if down > 1 or across > 1:
            self._found.merged.append(((row, column), (row + down - 1, column + across - 1)))
        if not kind and formula is None and not cell.paragraphs:
            return
        self._reach(row + self._rows, column + columns)
        hides = formula is not None or kind == "percentage" or "calcext:value-type" in given
        if not hides and not cell.is_broken and not self._has_old_fonts:
            return  # as all but a few of the cells of a large sheet
        shown = "".join(text for text, _ in cell.runs)
        for name in self._names(row, column, columns):
            if given.get("calcext:value-type") == "error" or (formula is not None and shown.startswith("Err:")):
                self._found.errors[name] = shown
            elif formula is not None and not kind:
                self._found.uncalculated.add(name)
            elif kind == "percentage":
                self._found.percents.add(name)
            elif kind == "string":
                self._keep_text(name, cell, column)

    def _keep_text(self, name: str, cell: _Cell, column: int) -> None:
        font = self._font_of(cell, column) if self._has_old_fonts else None
        if font:
            self._found.fonts[name] = font
        if cell.is_broken or any(each for _, each in cell.runs):
            self._found.runs[name] = tuple(cell.runs)

    def _font_of(self, cell: _Cell, column: int) -> str | None:
        of_column = next((style for until, style in self._column_styles if column < until), "")
        style = cell.given.get("table:style-name") or self._row_style or of_column
        # Without a style of its own a cell has the default one, which LibreOffice names so.
        return self._styles.old_font(style or "Default")

    def _names(self, row: int, column: int, columns: int) -> Iterator[str]:
        for at in range(column, column + columns):
            letters = column_letters(at)
            for line in range(row + 1, row + self._rows + 1):
                yield f"{letters}{line}"

    def _reach(self, rows: int, columns: int) -> None:
        if rows <= self._furthest[0] and columns <= self._furthest[1]:
            return
        furthest = (max(rows, self._furthest[0]), max(columns, self._furthest[1]))
        if furthest[0] * furthest[1] > MOST_CELLS:
            raise Unreadable(too_large(f"{column_letters(furthest[1] - 1)}{furthest[0]}", self._sheet))
        self._furthest = furthest


def _count(given: _Attributes, name: str) -> int:
    return int(given.get(name, "1"))

"""Our column beside the table of a worksheet, and the marks on its cells.

A mark is a conditional format that always holds: it is laid over a cell and taken off again, and the cell's own format
stays as it was.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from ingest.marked.outline import (
    Edit,
    Element,
    appended,
    changed,
    closing,
    encoded,
    escaped,
    outline,
    removed,
    tag_end,
    with_attribute,
)
from ingest.place import column_letters, column_position

ALWAYS: Final = '"Chiso"="Chiso"'
_REFERENCES: Final = 200  # of one format: Excel reads longer lists, other programs may not
_WIDTH: Final = "46"
_DATA: Final = re.compile(rb"<((?:\w+:)?sheetData)\b[^>]*>")
_SPANS: Final = re.compile(rb"\s+spans\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_CELL: Final = re.compile(r"([A-Z]+)([0-9]+)")
# What stands before these in a worksheet, in the order that the format demands.
_BEFORE_COLUMNS: Final = ("sheetPr", "dimension", "sheetViews", "sheetFormatPr")
_BEFORE_FORMATS: Final = (
    *_BEFORE_COLUMNS,
    "cols",
    "sheetData",
    "sheetCalcPr",
    "sheetProtection",
    "protectedRanges",
    "scenarios",
    "autoFilter",
    "sortState",
    "dataConsolidate",
    "customSheetViews",
    "mergeCells",
    "phoneticPr",
    "conditionalFormatting",
)
_BEFORE_DRAWING: Final = (
    *_BEFORE_FORMATS,
    "dataValidations",
    "hyperlinks",
    "printOptions",
    "pageMargins",
    "pageSetup",
    "headerFooter",
    "rowBreaks",
    "colBreaks",
    "customProperties",
    "cellWatches",
    "ignoredErrors",
    "smartTags",
    "drawing",
)


@dataclass(frozen=True, slots=True)
class Column:
    """Our column: at a position counted from 0, by line the text and the number of its format."""

    position: int
    cells: Mapping[int, tuple[str, int]] = field(default_factory=dict[int, tuple[str, int]])


def with_marks(content: bytes, column: Column, old: Set[tuple[int, int]], marks: Mapping[int, list[str]]) -> bytes:
    """The worksheet with our column and our marks in place of earlier ones.

    `old` says where the cells of an earlier column stand, (line, position); `marks` lists cells by the number of the
    format that is laid over them.

    Raises ValueError where the part is not written as a worksheet is.
    """
    start, end = _rows(content)
    skeleton = content[:start] + content[end:]
    rows = _Rows(content[start:end], column, old).edited()
    # The rows come back between the two halves, as one more edit of what stands around them.
    return changed(skeleton, [*_around(skeleton, column, marks), Edit(start, start, rows)])


def with_drawing(content: bytes, identifier: str, relation_kinds: str) -> bytes:
    """The worksheet with the drawing that its comments are shown in."""
    start, end = _rows(content)
    root = outline(content[:start] + content[end:])
    at = _behind(root, _BEFORE_DRAWING) + end - start  # always behind the rows
    markup = f'<{root.prefix}legacyDrawing xmlns:r="{relation_kinds}" r:id="{identifier}"/>'
    return changed(content, [Edit(at, at, encoded(markup))])


def drawing(content: bytes) -> str | None:
    """The identifier of the drawing that the comments of a worksheet are shown in."""
    found = re.search(rb"<(?:\w+:)?legacyDrawing\b[^>]*?\bid\s*=\s*[\"']([^\"']+)", content)
    return found[1].decode() if found else None


def _rows(content: bytes) -> tuple[int, int]:
    """From where to where the rows of a worksheet stand; there may be a million, and nothing else need know them."""
    found = _DATA.search(content)
    if found is None:
        raise ValueError("no sheetData")
    closed = found[0].endswith(b"/>")
    return found.end(), found.end() if closed else content.rindex(b"</" + found[1])


def text_cell(reference: str, text: str, style: int, prefix: str = "") -> str:
    """A cell that holds a text, and never a formula."""
    p = prefix
    if not text:
        return f'<{p}c r="{reference}" s="{style}"/>'
    return (
        f'<{p}c r="{reference}" s="{style}" t="inlineStr"><{p}is><{p}t xml:space="preserve">{escaped(text)}'
        f"</{p}t></{p}is></{p}c>"
    )


class _Rows:
    """The rows of a worksheet, read once from end to end, with our cells put in and earlier ones taken out."""

    def __init__(self, content: bytes, column: Column, old: Set[tuple[int, int]]) -> None:
        self.content, self.column, self.old = content, column, old
        self.edits: list[Edit] = []
        self.waiting = sorted(column.cells, reverse=True)
        self.touched = set(column.cells) | {line for line, _ in old}
        self.line = self.position = 0
        self.row_tag, self.row_start, self.row_inner, self.placed = "row", 0, 0, True
        self.replaced: int | None = None
        self.depth = 0

    def edited(self) -> bytes:
        """The rows as they are to be."""
        if not self.content:
            return b""
        wrapped = b"<r>" + self.content + b"</r>"
        self.content = wrapped
        self.parser = expat.ParserCreate()
        self.parser.ordered_attributes = True
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        try:
            self.parser.Parse(wrapped, True)
        except expat.ExpatError as fault:
            raise ValueError(str(fault)) from fault
        return changed(wrapped, self.edits)[len(b"<r>") : -len(b"</r>")]

    def _start(self, tag: str, attributes: list[str]) -> None:
        self.depth += 1
        if self.depth == 2:
            self._start_row(tag, dict(zip(attributes[::2], attributes[1::2], strict=True)))
        elif self.depth == 3 and self.line in self.touched:
            self._start_cell(attributes)

    def _end(self, _tag: str) -> None:
        if self.depth == 2:
            self._end_row()
        elif self.depth == 3 and self.replaced is not None:
            at = self.parser.CurrentByteIndex
            _, end = closing(self.content, tag_end(self.content, self.replaced), at)
            self.edits.append(Edit(self.replaced, end, b""))
            self.replaced = None
        elif self.depth == 1:
            self._put_rows_before(None, self.parser.CurrentByteIndex)
        self.depth -= 1

    def _start_row(self, tag: str, attributes: dict[str, str]) -> None:
        at = self.parser.CurrentByteIndex
        self.line, self.position, self.row_tag = int(attributes.get("r", self.line + 1)), -1, tag
        self._put_rows_before(self.line, at)
        self.placed = True
        if self.line in self.touched:
            self.row_start, self.row_inner = at, tag_end(self.content, at)
            if self.waiting and self.waiting[-1] == self.line:
                self.waiting.pop()
                self.placed = False
                if spans := _SPANS.search(self.content, at, self.row_inner):
                    # How far the row reaches; it need not be said, and would not be true any more.
                    self.edits.append(Edit(spans.start(), spans.end(), b""))

    def _start_cell(self, attributes: list[str]) -> None:
        reference = next((attributes[at + 1] for at in range(0, len(attributes), 2) if attributes[at] == "r"), "")
        named = _CELL.fullmatch(reference)
        self.position = column_position(named[1]) if named else self.position + 1
        at = self.parser.CurrentByteIndex
        if not self.placed and self.position >= self.column.position:
            self.edits.append(Edit(at, at, self._cell()))
            self.placed = True
        ours = self.position == self.column.position and self.line in self.column.cells
        if ours or (self.line, self.position) in self.old:
            self.replaced = at

    def _end_row(self) -> None:
        if self.placed:
            return
        row = Element(self.row_tag, {}, self.row_start, self.row_inner)
        row.close, row.end = closing(self.content, self.row_inner, self.parser.CurrentByteIndex)
        self.edits.append(appended(row, self._cell()))

    def _cell(self) -> bytes:
        text, style = self.column.cells[self.line]
        reference = f"{column_letters(self.column.position)}{self.line}"
        return encoded(text_cell(reference, text, style, self._prefix()))

    def _put_rows_before(self, line: int | None, at: int) -> None:
        """Put in the rows of ours that the worksheet does not have."""
        standing = self.line
        while self.waiting and (line is None or self.waiting[-1] < line):
            self.line = self.waiting.pop()
            p = self._prefix()
            row = f'<{p}row r="{self.line}">'.encode() + self._cell() + f"</{p}row>".encode()
            self.edits.append(Edit(at, at, row))
        self.line = standing

    def _prefix(self) -> str:
        return self.row_tag[: -len("row")]


def _around(skeleton: bytes, column: Column, marks: Mapping[int, list[str]]) -> list[Edit]:
    root = outline(skeleton)
    edits = list(_without_marks(root))
    if column.cells:
        edits += [*_wide(root, column.position), *_dimension(skeleton, root, column)]
    if formats := _formats(root, marks):
        at = _behind(root, _BEFORE_FORMATS)
        edits.append(Edit(at, at, encoded(formats)))
    return edits


def _behind(root: Element, names: tuple[str, ...]) -> int:
    return max((each.end for each in root.children if each.name in names), default=root.inner)


def _without_marks(root: Element) -> list[Edit]:
    gone: list[Element] = []
    for format_ in root.all("conditionalFormatting"):
        rules = format_.all("cfRule")
        ours = [rule for rule in rules if _is_ours(rule)]
        gone += [format_] if rules and len(ours) == len(rules) else ours
    return [removed(each) for each in gone]


def _is_ours(rule: Element) -> bool:
    return [formula.text for formula in rule.all("formula")] == [ALWAYS]


def _formats(root: Element, marks: Mapping[int, list[str]]) -> str:
    p = root.prefix
    others = [rule for rule in root.walk("cfRule") if not _is_ours(rule)]
    priority = max((int(rule.attributes.get("priority", "0")) for rule in others), default=0)
    written: list[str] = []
    for number, cells in marks.items():
        for start in range(0, len(cells), _REFERENCES):
            priority += 1
            written.append(
                f'<{p}conditionalFormatting sqref="{" ".join(cells[start : start + _REFERENCES])}">'
                f'<{p}cfRule type="expression" dxfId="{number}" priority="{priority}">'
                f"<{p}formula>{escaped(ALWAYS)}</{p}formula></{p}cfRule></{p}conditionalFormatting>"
            )
    return "".join(written)


def _wide(root: Element, position: int) -> list[Edit]:
    """The edit that makes our column wide enough, and leaves the others of its span as they were."""
    p, number = root.prefix, position + 1
    ours = f'<{p}col min="{number}" max="{number}" width="{_WIDTH}" customWidth="1"/>'
    columns = root.first("cols")
    if columns is None:
        at = _behind(root, _BEFORE_COLUMNS)
        return [Edit(at, at, f"<{p}cols>{ours}</{p}cols>".encode())]
    for span in columns.children:
        first, last = int(span.attributes["min"]), int(span.attributes["max"])
        if first <= number <= last:
            parts = [_span(p, span, first, number - 1), ours, _span(p, span, number + 1, last)]
            return [Edit(span.start, span.end, encoded("".join(parts)))]
        if first > number:
            return [Edit(span.start, span.start, ours.encode())]
    return [appended(columns, ours.encode())]


def _span(prefix: str, span: Element, first: int, last: int) -> str:
    if first > last:
        return ""
    attributes = span.attributes | {"min": str(first), "max": str(last)}
    return f"<{prefix}col " + " ".join(f'{name}="{escaped(value)}"' for name, value in attributes.items()) + "/>"


def _dimension(skeleton: bytes, root: Element, column: Column) -> list[Edit]:
    dimension = root.first("dimension")
    corners = _CELL.findall(dimension.attributes.get("ref", "")) if dimension else []
    if dimension is None or not corners:
        return []
    lines = [int(line) for _, line in corners] + list(column.cells)
    positions = [column_position(letters) for letters, _ in corners] + [column.position]
    first, last = (f"{column_letters(choose(positions))}{choose(lines)}" for choose in (min, max))
    return [with_attribute(skeleton, dimension, "ref", f"{first}:{last}")]

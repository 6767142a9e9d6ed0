"""The formats of what Chiso writes, added behind those of the workbook: no cell of the sender's changes its own.

A severity is never told by colour alone: the word says it, and the cell has an edge of another kind.
"""

from typing import Final, NamedTuple

from ingest.marked.outline import Edit, Element, appended, changed, encoded, outline, with_attribute
from ingest.marked.parts import WORKBOOK, Parts

_PART: Final = "xl/styles.xml"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_ORDER: Final = (
    "numFmts",
    "fonts",
    "fills",
    "borders",
    "cellStyleXfs",
    "cellXfs",
    "cellStyles",
    "dxfs",
)
_LINE: Final = "FFBFC7D5"
_PLAIN: Final = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<fonts><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    "<borders><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
    '<cellStyleXfs><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>'
)


class _Look(NamedTuple):
    """How a cell of ours looks: colours as ARGB, sizes in points; wrapped and at the top in the list of findings."""

    colour: str = "FF000000"
    fill: str | None = None
    edge: str | None = None
    size: int = 10
    bold: bool = False
    italic: bool = False
    underline: bool = False
    horizontal: str = "left"
    vertical: str = "center"
    wrap: bool = False


_ERROR, _WARNING, _INFORMATION = ("FF9C0006", "FFFFC7CE"), ("FF7F4F00", "FFFFEB9C"), ("FF1F3864", "FFDDEBF7")
# Text of 4.5:1 contrast or more on its fill; the kinds of edges differ too.
LOOKS: Final = {
    "heading": _Look("FFFFFFFF", "FF1F3864", "thin", bold=True, horizontal="center", wrap=True),
    "passed": _Look("FF375623", None, "hair"),
    "error": _Look(*_ERROR, "medium", bold=True),
    "warning": _Look(*_WARNING, "dashed", italic=True),
    "information": _Look(*_INFORMATION, "dotted"),
    "title": _Look("FF1F3864", size=15, bold=True),
    "note": _Look("FF4B5563", vertical="top"),
    "text": _Look(edge="thin", vertical="top", wrap=True),
    "link": _Look("FF0563C1", None, "thin", underline=True, vertical="top", wrap=True),
    "listed error": _Look(*_ERROR, "thin", bold=True, vertical="top", wrap=True),
    "listed warning": _Look(*_WARNING, "thin", italic=True, vertical="top", wrap=True),
    "listed information": _Look(*_INFORMATION, "thin", vertical="top", wrap=True),
}


class Styles(NamedTuple):
    """The numbers of our formats in a workbook: `cells` by the names of LOOKS, `marks` by severity."""

    cells: dict[str, int]
    marks: dict[str, int]


def add(parts: Parts) -> Styles:
    """Add the formats to the workbook, once: where one is there already it is used again."""
    part = parts.related(WORKBOOK, "styles")
    if part is None or part not in parts:
        part = parts.add("xl/styles", ".xml", _PLAIN.encode(), _TYPE)
        parts.relate(WORKBOOK, "styles", part)
    sheet = _StyleSheet(parts.read(part))
    cells: dict[str, int] = {}
    for name, look in LOOKS.items():
        cells[name] = sheet.number("cellXfs", _cell(sheet, look))
    marks = {severity: sheet.number("dxfs", _mark(LOOKS[severity])) for severity in ("error", "warning", "information")}
    parts.write(part, sheet.content)
    return Styles(cells, marks)


class _StyleSheet:
    """The style sheet while formats are added to its lists."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.prefix = outline(content).prefix

    def number(self, name: str, markup: str) -> int:
        """The number of a format in one of the lists, after adding it where it is not there."""
        # Written as this style sheet writes its tags.
        text = encoded(markup.replace("</", "\0").replace("<", f"<{self.prefix}").replace("\0", f"</{self.prefix}"))
        formats = self._list(name)
        known = [self.content[each.start : each.end] for each in formats.children]
        if text in known:
            return known.index(text)
        count = with_attribute(self.content, formats, "count", str(len(known) + 1))
        self.content = changed(self.content, [count, appended(formats, text)])
        return len(known)

    def _list(self, name: str) -> Element:
        root = outline(self.content)
        if (found := root.first(name)) is not None:
            return found
        before = [each.end for each in root.children if each.name in _ORDER[: _ORDER.index(name)]]
        at = max(before, default=root.inner)
        self.content = changed(self.content, [Edit(at, at, f"<{self.prefix}{name}></{self.prefix}{name}>".encode())])
        return self._list(name)


def _cell(sheet: _StyleSheet, look: _Look) -> str:
    font = sheet.number("fonts", _font(look, complete=True))
    fill = sheet.number("fills", _fill(f'rgb="{look.fill}"', 'indexed="64"')) if look.fill else 0
    border = sheet.number("borders", _border(look)) if look.edge else 0
    wrap = ' wrapText="1"' if look.wrap else (' indent="1"' if look.edge else "")
    # 49 is text: what stands in such a cell is not run, also after it was edited.
    return (
        f'<xf numFmtId="49" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" quotePrefix="1"'
        ' applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">'
        f'<alignment horizontal="{look.horizontal}" vertical="{look.vertical}"{wrap}/></xf>'
    )


def _mark(look: _Look) -> str:
    """What is laid over a cell of the sender's; Excel lays thin edges only."""
    thin = look._replace(edge="thin" if look.edge == "medium" else look.edge)
    fill = _fill(f'rgb="{look.fill}"', f'rgb="{look.fill}"')
    return f"<dxf>{_font(look, complete=False)}{fill}{_border(thin, of=look.colour)}</dxf>"


def _font(look: _Look, *, complete: bool) -> str:
    drawn = "<b/>" * look.bold + "<i/>" * look.italic + "<u/>" * look.underline
    size, name = (f'<sz val="{look.size}"/>', '<name val="Arial"/><family val="2"/>') if complete else ("", "")
    return f'<font>{drawn}{size}<color rgb="{look.colour}"/>{name}</font>'


def _fill(front: str, back: str) -> str:
    return f'<fill><patternFill patternType="solid"><fgColor {front}/><bgColor {back}/></patternFill></fill>'


def _border(look: _Look, of: str | None = None) -> str:
    colour = of or (look.colour if look.edge in ("medium", "dashed", "dotted") else _LINE)
    sides = "".join(
        f'<{side} style="{look.edge}"><color rgb="{colour}"/></{side}>' for side in ("left", "right", "top", "bottom")
    )
    return f"<border>{sides}</border>"

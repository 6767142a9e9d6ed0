"""Our words in the comments of a worksheet: behind what somebody else wrote there, and in place of what we said before.

Comments are two parts: the texts, and a drawing in the language of 1999 (VML) that says where each is shown. A thread
of Excel 365 keeps its texts elsewhere and is left as it is.
"""

import re
from collections.abc import Mapping
from typing import Final

from ingest.marked import sheet
from ingest.marked.outline import Edit, Element, appended, changed, encoded, escaped, outline, removed
from ingest.marked.parts import Parts
from ingest.place import column_position

AUTHOR: Final = "Chiso"
BEGINNING: Final = "Chiso – kết quả kiểm tra / findings"
_MAIN: Final = {
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    ),
    "http://purl.oclc.org/ooxml/officeDocument/relationships": "http://purl.oclc.org/ooxml/spreadsheetml/main",
}
_COMMENTS_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_DRAWING_TYPE: Final = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_THREAD: Final = "tc="  # how Excel 365 names the author of a comment that stands for a thread
_LONGEST: Final = 8_000  # characters; more than a person reads in a box
_LINE_LETTERS: Final = 58  # about so many fit on a line of the box
_SHAPE: Final = re.compile(rb"<v:shape\b(?:(?!</v:shape>).)*</v:shape>", re.DOTALL)
_ROW: Final = re.compile(rb"<x:Row>\s*(\d+)\s*</x:Row>")
_COLUMN: Final = re.compile(rb"<x:Column>\s*(\d+)\s*</x:Column>")
_NO_DRAWING: Final = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    b' xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/>'
    b"</o:shapelayout></xml>"
)
_SHAPE_TYPE: Final = (
    b'<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    b'<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)


def write(parts: Parts, part: str, texts: Mapping[str, str]) -> None:
    """Write our texts as comments of a worksheet, by cell, and take out those that we wrote before."""
    comments = parts.related(part, "comments")
    if comments is None or comments not in parts:
        if not texts:
            return
        main = _MAIN[parts.relation_kinds]
        empty = f'<comments xmlns="{main}"><authors></authors><commentList></commentList></comments>'
        comments = parts.add("xl/comments", ".xml", empty.encode(), _COMMENTS_TYPE)
        parts.relate(part, "comments", comments)
    content = _without_ours(parts.read(comments))
    content = _with_author(content)
    content, shown = _with_texts(content, texts)
    parts.write(comments, content)
    _draw(parts, part, shown)


def _without_ours(content: bytes) -> bytes:
    edits: list[Edit] = []
    for comment in outline(content).walk("comment"):
        texts = list(comment.walk("t"))
        at = next((number for number, text in enumerate(texts) if BEGINNING in text.text), None)
        if at is None:
            continue
        kept = texts[at].text.partition(BEGINNING)[0].rstrip("\n")
        if not kept.strip() and not any(text.text.strip() for text in texts[:at]):
            edits.append(removed(comment))
            continue
        # Runs of letters behind our beginning are ours, and that in which it stands where nothing is before it.
        first = texts[at].start
        gone = [run for run in comment.walk("r") if run.start > first or (run.start < first < run.end and not kept)]
        edits += [removed(run) for run in gone]
        if not any(run.start < first for run in gone):
            edits.append(Edit(texts[at].inner, texts[at].close, encoded(escaped(kept))))
    return changed(content, edits)


def _with_author(content: bytes) -> bytes:
    authors = outline(content).first("authors")
    if authors is None or any(author.text == AUTHOR for author in authors.children):
        return content
    p = authors.prefix
    return changed(content, [appended(authors, f"<{p}author>{AUTHOR}</{p}author>".encode())])


def _with_texts(content: bytes, texts: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """The comments with our texts, and what each comment says then; threads are left alone."""
    root = outline(content)
    authors, listed = root.first("authors"), root.first("commentList")
    if authors is None or listed is None:
        raise ValueError("comments without their list")
    names = [author.text for author in authors.children]
    threads = {number for number, name in enumerate(names) if name.startswith(_THREAD)}
    there = {comment.attributes.get("ref", ""): comment for comment in listed.children}
    shown = {reference: _said(comment) for reference, comment in there.items()}
    edits: list[Edit] = []
    added: list[str] = []
    for reference, text in texts.items():
        comment = there.get(reference)
        if comment is None:
            added.append(_comment(listed.prefix, reference, names.index(AUTHOR), text))
        elif int(comment.attributes.get("authorId", "0")) in threads or comment.first("text") is None:
            continue
        else:
            edits += [appended(each, encoded(_runs(each.prefix, text, "\n\n"))) for each in comment.all("text")[:1]]
        shown[reference] = "\n\n".join(filter(None, (shown.get(reference), text)))
    edits.append(appended(listed, encoded("".join(added))))
    return changed(content, edits), shown


def _said(comment: Element) -> str:
    return "".join(text.text for text in comment.walk("t"))


def _comment(p: str, reference: str, author: int, text: str) -> str:
    runs = _runs(p, text, "")
    return f'<{p}comment ref="{reference}" authorId="{author}"><{p}text>{runs}</{p}text></{p}comment>'


def _runs(p: str, text: str, before: str) -> str:
    said = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    written: list[str] = []
    for words, bold in ((before + BEGINNING, f"<{p}b/>"), ("\n" + said, "")):
        style = f'<{p}rPr>{bold}<{p}sz val="9"/><{p}color indexed="81"/><{p}rFont val="Tahoma"/></{p}rPr>'
        written.append(f'<{p}r>{style}<{p}t xml:space="preserve">{escaped(words)}</{p}t></{p}r>')
    return "".join(written)


def _draw(parts: Parts, part: str, shown: Mapping[str, str]) -> None:
    """Draw a box for each comment that has none, and take out the boxes of those that are gone."""
    identifier = sheet.drawing(parts.read(part))
    name = parts.related_by(part, identifier) if identifier else None
    if name is None or name not in parts:
        if not shown:
            return
        parts.declare_ending("vml", _DRAWING_TYPE)
        name = parts.unlisted("xl/drawings/vmlDrawing", ".vml", _NO_DRAWING)
        identifier = parts.relate(part, "vmlDrawing", name)
        parts.write(part, sheet.with_drawing(parts.read(part), identifier, parts.relation_kinds))
    content = parts.read(name)
    wanted = {_position(reference): text for reference, text in shown.items()}
    drawn: set[tuple[int, int]] = set()

    def keep(shape: re.Match[bytes]) -> bytes:
        row, column = _ROW.search(shape[0]), _COLUMN.search(shape[0])
        if b'"Note"' not in shape[0] or row is None or column is None:
            return shape[0]
        at = int(row[1]), int(column[1])
        drawn.add(at)
        return shape[0] if at in wanted else b""

    content = _SHAPE.sub(keep, content)
    numbers = [int(number) for number in re.findall(rb'id="_x0000_s(\d+)"', content)]
    first = max(numbers, default=1024) + 1
    new = sorted(at for at in wanted if at not in drawn)
    boxes = [_box(first + number, at, wanted[at]) for number, at in enumerate(new)]
    shape_type = b"" if b'id="_x0000_t202"' in content or not boxes else _SHAPE_TYPE
    end = content.rindex(b"</xml")
    parts.write(name, content[:end] + shape_type + b"".join(boxes) + content[end:])


def _position(reference: str) -> tuple[int, int]:
    found = re.fullmatch(r"([A-Z]+)(\d+)", reference)
    if found is None:
        raise ValueError(f"a comment on {reference}")
    return int(found[2]) - 1, column_position(found[1])


def _box(number: int, at: tuple[int, int], text: str) -> bytes:
    row, column = at
    lines = sum(1 + len(line) // _LINE_LETTERS for line in text.split("\n")) + 2
    height = min(30 + 12 * lines, 400)
    top, left = max(row - 1, 0), column + 1
    anchor = f"{left}, 15, {top}, 10, {left + 4}, 15, {top + 1 + height // 15}, 4"
    return (
        f'<v:shape xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
        f' xmlns:x="urn:schemas-microsoft-com:office:excel" id="_x0000_s{number}" type="#_x0000_t202"'
        f" style='position:absolute;margin-left:60pt;margin-top:2pt;width:300pt;height:{height}pt;z-index:1;"
        f'visibility:hidden\' fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
        f'<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        f"<v:textbox style='mso-direction-alt:auto'><div style='text-align:left'></div></v:textbox>"
        f'<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
        f"<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
    ).encode()

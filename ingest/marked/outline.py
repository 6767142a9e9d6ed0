"""Where the elements of an XML part stand in its bytes, so that ours are put between them and nothing else changes.

A library that writes a workbook anew keeps only what it knows. Here every byte stays that is not ours.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from xml.parsers import expat

from ingest.readers.package import PARSED_LIMIT_BYTES

# What XML cannot hold; a person is shown that something stood there.
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TAG: Final = re.compile(rb"<[^\"'>]*(?:\"[^\"]*\"[^\"'>]*|'[^']*'[^\"'>]*)*>")
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}


class Edit(NamedTuple):
    """Bytes in place of those from `start` to `end`."""

    start: int
    end: int
    text: bytes


@dataclass(slots=True)
class Element:
    """An element: `<name …>` from `start` to `inner`, its content to `close`, `</name>` to `end`."""

    tag: str
    attributes: dict[str, str]
    start: int
    inner: int
    close: int = 0
    end: int = 0
    text: str = ""
    children: list["Element"] = field(default_factory=list["Element"])

    @property
    def name(self) -> str:
        """The tag without its prefix."""
        return self.tag.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """The prefix of the tag with its colon; children are written with the same."""
        return self.tag[: -len(self.name)]

    def all(self, name: str) -> list["Element"]:
        """The children of that name."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> "Element | None":
        """The first child of that name."""
        return next((child for child in self.children if child.name == name), None)

    def walk(self, name: str) -> Iterator["Element"]:
        """All elements of that name inside, in their order."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.walk(name)


def outline(content: bytes) -> Element:
    """The root element of a part, with everything in it.

    Raises ValueError where it is no XML, or too large to become a tree.
    """
    if len(content) > PARSED_LIMIT_BYTES:
        raise ValueError(f"{len(content)} bytes are too many for a tree")
    top = Element("", {}, 0, 0)
    open_elements = [top]

    def start(tag: str, attributes: dict[str, str]) -> None:
        at = parser.CurrentByteIndex
        element = Element(tag, attributes, at, tag_end(content, at))
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_: str) -> None:
        element = open_elements.pop()
        element.close, element.end = closing(content, element.inner, parser.CurrentByteIndex)

    def text(characters: str) -> None:
        open_elements[-1].text += characters

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(content, True)
    except expat.ExpatError as fault:
        raise ValueError(str(fault)) from fault
    return top.children[0]


def tag_end(content: bytes, start: int) -> int:
    """Where the tag ends that begins at `start`."""
    found = _TAG.match(content, start)
    if found is None:
        raise ValueError(f"no tag at byte {start}")
    return found.end()


def closing(content: bytes, inner: int, at: int) -> tuple[int, int]:
    """Where the end tag begins and ends that the parser met `at` a byte; of `<name/>` both are the end of the tag."""
    if content[inner - 2 : inner] == b"/>":
        return inner, inner
    return at, tag_end(content, at)


def changed(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The content with the edits made; of several at one place the first comes first."""
    pieces: list[bytes] = []
    done = 0
    for edit in sorted(edits, key=lambda each: each.start):
        pieces += (content[done : edit.start], edit.text)
        done = max(done, edit.end)
    pieces.append(content[done:])
    return b"".join(pieces)


def appended(parent: Element, text: bytes) -> Edit:
    """The edit that puts something at the end of an element, also of `<name/>`."""
    if parent.inner == parent.end:
        return Edit(parent.end - 2, parent.end, b">" + text + f"</{parent.tag}>".encode())
    return Edit(parent.close, parent.close, text)


def removed(element: Element) -> Edit:
    """The edit that takes an element out."""
    return Edit(element.start, element.end, b"")


def with_attribute(content: bytes, element: Element, name: str, value: str) -> Edit:
    """The edit that gives an element another value of an attribute, or the attribute."""
    written = encoded(f'{name}="{escaped(value)}"')
    pattern = re.compile(rb"(?<=\s)" + name.encode() + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')")
    if found := pattern.search(content, element.start, element.inner):
        return Edit(found.start(), found.end(), written)
    at = element.start + 1 + len(element.tag)
    return Edit(at, at, b" " + written)


def escaped(text: str) -> str:
    """A text as it may stand in XML, between quotation marks too."""
    return "".join(_ESCAPES.get(letter, letter) for letter in _FORBIDDEN.sub("\ufffd", text))


def encoded(markup: str) -> bytes:
    """Markup as bytes that mean the same in every encoding that a part of a workbook may have."""
    return markup.encode("ascii", "xmlcharrefreplace")

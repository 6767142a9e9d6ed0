"""Atom (RFC 4287): a feed of entries as any reader of news takes it."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree

MEDIA_TYPE = "application/atom+xml"

_NAMESPACE = "http://www.w3.org/2005/Atom"
_IDS = uuid.UUID("8b0f6c1e-6b7e-5b0e-9d0a-2f6b5f2d9c11")  # of our own; what is named in it has the same id everywhere


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of news; `name` stays the same for ever, whatever address it is read at."""

    name: str
    title: str
    summary: str
    link: str
    at: datetime


def feed(entries: Iterable[Entry], *, title: str, address: str, updated: datetime) -> bytes:
    """The feed at this address, with the entries in their order."""
    root = ElementTree.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": "en"})
    _said(root, "id", address)
    _said(root, "title", title)
    _said(root, "updated", updated.isoformat())
    ElementTree.SubElement(root, "link", {"rel": "self", "href": address})
    _said(ElementTree.SubElement(root, "author"), "name", "Chiso")
    for each in entries:
        entry = ElementTree.SubElement(root, "entry")
        _said(entry, "id", uuid.uuid5(_IDS, each.name).urn)
        _said(entry, "title", each.title)
        _said(entry, "updated", each.at.isoformat())
        ElementTree.SubElement(entry, "link", {"rel": "alternate", "href": each.link})
        _said(entry, "summary", each.summary)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _said(parent: ElementTree.Element, name: str, words: str) -> None:
    # What XML 1.0 has no letter for would make the whole feed unreadable.
    ElementTree.SubElement(parent, name).text = "".join(letter for letter in words if letter >= " " or letter in "\t\n")

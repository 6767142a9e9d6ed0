"""Writing Atom feeds (RFC 4287).

By hand over ElementTree: feedgen has not been released since 2023, and feedgenerator dates an empty feed by its own
clock and calls every text HTML.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

MEDIA_TYPE = "application/atom+xml"
_NAMESPACE = "http://www.w3.org/2005/Atom"
# What XML 1.0 cannot say, not even escaped.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened; `name` tells it from all others for ever, `link` is where more is said about it."""

    name: str
    title: str
    summary: str
    link: str
    published: datetime
    updated: datetime
    categories: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """What the entries have in common; `address` is where this feed is, `updated` is for when it has no entry."""

    name: str
    title: str
    address: str
    author: str
    updated: datetime
    language: str = "vi"


def written(feed: Feed, entries: Sequence[Entry]) -> bytes:
    """The feed as a document in UTF-8, its entries in the order given; the same to the byte for the same entries."""
    root = ET.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": feed.language})
    _add(root, "id", _urn(feed.name))
    _add(root, "title", feed.title)
    _add(root, "updated", _moment(max((entry.updated for entry in entries), default=feed.updated)))
    _add(_add(root, "author"), "name", feed.author)
    _add(root, "link", rel="self", href=feed.address, type=MEDIA_TYPE)
    for entry in entries:
        element = _add(root, "entry")
        _add(element, "id", _urn(entry.name))
        _add(element, "title", entry.title)
        _add(element, "published", _moment(entry.published))
        _add(element, "updated", _moment(entry.updated))
        _add(element, "link", rel="alternate", href=entry.link)
        for category in entry.categories:
            _add(element, "category", term=category)
        _add(element, "summary", entry.summary, type="text")
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    said = {key: _NO_XML.sub("\ufffd", value) for key, value in attributes.items()}
    element = ET.SubElement(parent, name, said)
    element.text = text if text is None else _NO_XML.sub("\ufffd", text)
    return element


def _urn(name: str) -> str:
    """The identity of a name, which stays although the service moves to another address."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"chiso:{name}").urn


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

"""Writing answers as FRED does: one list with its heading, as XML (which clients get who say nothing), JSON or CSV."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import msgspec
from fastapi.responses import Response

XML = "text/xml; charset=utf-8"
JSON = "application/json; charset=utf-8"
CSV = "text/csv; charset=utf-8"
_DATE = "date"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a list is called, and how one of it; of what is `dated` XML writes the date as the text of the element."""

    many: str
    one: str
    dated: bool = False


OBSERVATIONS = Kind("observations", "observation")
VINTAGE_DATES = Kind("vintage_dates", "vintage_date", dated=True)
SERIES = Kind("seriess", "series")
RELEASES = Kind("releases", "release")
RELEASE_DATES = Kind("release_dates", "release_date", dated=True)
CATEGORIES = Kind("categories", "category")
SOURCES = Kind("sources", "source")
TAGS = Kind("tags", "tag")


def answer(file_type: str, kind: Kind, heading: Mapping[str, Any], rows: Sequence[Any]) -> Response:
    """The list as XML or JSON; what is None is left out, as FRED does. A row that is no mapping is a bare text."""
    if file_type == "json":
        body = {**heading, kind.many: [_told(row) if isinstance(row, Mapping) else row for row in rows]}
        return Response(msgspec.json.encode(body), media_type=JSON)
    root = element(kind.many, heading)
    for row in rows:
        members = dict(row) if isinstance(row, Mapping) else {_DATE: row}
        said = members.pop(_DATE) if kind.dated else None
        ElementTree.SubElement(root, kind.one, _attributes(members)).text = said
    return xml(root)


def element(name: str, members: Mapping[str, Any]) -> ElementTree.Element:
    """An element with these attributes."""
    return ElementTree.Element(name, _attributes(members))


def xml(root: ElementTree.Element) -> Response:
    """The element as a document."""
    return Response(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True), media_type=XML)


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Response:
    """The rows as CSV; they hold days, numbers and codes only, nothing that a spreadsheet would run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return Response(text.getvalue(), media_type=CSV)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _attributes(members: Mapping[str, Any]) -> dict[str, str]:
    return {_NOT_IN_A_NAME.sub("_", name): _sayable(value) for name, value in _told(members).items()}


def _sayable(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else _NOT_IN_XML.sub("", str(value))


# A breakdown may have an @ or a $ in its code; no document may have a control character.
_NOT_IN_A_NAME = re.compile(r"[^\w.-]")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

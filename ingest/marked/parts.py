"""The parts of a workbook's package, each as it was unless it is written anew, and what ties them together."""

import io
import posixpath
import zipfile
from typing import Final

from ingest.marked.outline import Element, appended, changed, encoded, escaped, outline, removed

_TRANSITIONAL: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT: Final = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_NO_RELATIONS: Final = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'
_TYPES: Final = "[Content_Types].xml"
_SIGNATURES: Final = "_xmlsignatures/"
WORKBOOK: Final = "xl/workbook.xml"


class Parts:
    """A package that is open for changes."""

    def __init__(self, content: bytes) -> None:
        """Open the package; it was looked at before (`ingest.readers.package`)."""
        self._archive = zipfile.ZipFile(io.BytesIO(content))
        names = dict.fromkeys(self._archive.namelist())  # of a name that stands twice the last counts
        self._names = [name for name in names if not name.startswith(_SIGNATURES)]
        self._written: dict[str, bytes] = {}
        if len(self._names) < len(names):
            self._unsign()
        strict = b"purl.oclc.org/ooxml" in self.read(WORKBOOK)
        self.relation_kinds = _STRICT if strict else _TRANSITIONAL

    def __contains__(self, name: str) -> bool:
        """Whether there is such a part."""
        return name in self._names

    def read(self, name: str) -> bytes:
        """The bytes of a part as they are now."""
        return self._written[name] if name in self._written else self._archive.read(name)

    def write(self, name: str, content: bytes) -> None:
        """Give a part other bytes, or add it."""
        self._written[name] = content
        if name not in self._names:
            self._names.append(name)

    def remove(self, name: str) -> None:
        """Leave a part out where there is one."""
        if name in self._names:
            self._names.remove(name)

    def add(self, stem: str, ending: str, content: bytes, content_type: str) -> str:
        """Add a part under a name that is free, and return the name."""
        name = self.unlisted(stem, ending, content)
        self._declare(f'<{{}}Override PartName="/{name}" ContentType="{content_type}"/>')
        return name

    def unlisted(self, stem: str, ending: str, content: bytes) -> str:
        """Add a part whose ending says what it is (`declare_ending`), and return its name."""
        number = 1
        while (name := f"{stem}{number}{ending}") in self._names:
            number += 1
        self.write(name, content)
        return name

    def related(self, part: str, kind: str) -> str | None:
        """The part of that kind that a part is tied to."""
        for relation in self._relations(part):
            if relation.attributes.get("Type", "").endswith(f"/{kind}"):
                return _target(part, relation)
        return None

    def related_by(self, part: str, identifier: str) -> str | None:
        """The part that a part names by an identifier."""
        found = (each for each in self._relations(part) if each.attributes.get("Id") == identifier)
        return next((_target(part, each) for each in found), None)

    def relate(self, part: str, kind: str, target: str) -> str:
        """Tie a part to another one, and return the identifier of the tie."""
        taken = {relation.attributes.get("Id") for relation in self._relations(part)}
        number = 1
        while (identifier := f"rIdChiso{number}") in taken:
            number += 1
        name = _relations_of(part)
        content = self.read(name) if name in self else _NO_RELATIONS
        root = outline(content)
        text = f'<{root.prefix}Relationship Id="{identifier}" Type="{self.relation_kinds}/{kind}" Target="/{target}"/>'
        self.write(name, changed(content, [appended(root, encoded(text))]))
        return identifier

    def declare_ending(self, ending: str, content_type: str) -> None:
        """Say what parts of that ending are, where it is not said."""
        types = outline(self.read(_TYPES))
        if not any(each.attributes.get("Extension", "").lower() == ending for each in types.all("Default")):
            self._declare(f'<{{}}Default Extension="{ending}" ContentType="{content_type}"/>')

    def forget_relations(self, part: str) -> None:
        """Untie a part that is written anew."""
        self.remove(_relations_of(part))

    def packed(self) -> bytes:
        """The package as a file; the parts stand in their old order."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in self._names:
                member = self._archive.NameToInfo.get(name)
                info = zipfile.ZipInfo(name, member.date_time if member else (1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, self.read(name))
        return packed.getvalue()

    def _declare(self, markup: str) -> None:
        content = self.read(_TYPES)
        root = outline(content)
        self.write(_TYPES, changed(content, [appended(root, encoded(markup.format(root.prefix)))]))

    def _relations(self, part: str) -> list[Element]:
        name = _relations_of(part)
        return outline(self.read(name)).all("Relationship") if name in self else []

    def _unsign(self) -> None:
        """Take out what says that somebody signed the package: of a changed one it is not true."""
        for part, element, attribute in (("_rels/.rels", "Relationship", "Target"), (_TYPES, "Override", "PartName")):
            content = self.read(part)
            signed = [each for each in outline(content).all(element) if _SIGNATURES in each.attributes[attribute]]
            self.write(part, changed(content, [removed(each) for each in signed]))


def sheets(parts: Parts) -> dict[str, str]:
    """The worksheets of the workbook: name -> part."""
    found: dict[str, str] = {}
    for sheet in outline(parts.read(WORKBOOK)).walk("sheet"):
        identifier = next((value for name, value in sheet.attributes.items() if name.endswith(":id")), "")
        part = parts.related_by(WORKBOOK, identifier)
        if part is not None and part in parts and "worksheets/" in part:
            found[sheet.attributes.get("name", "")] = part
    return found


def add_sheet(parts: Parts, name: str, content: bytes) -> None:
    """Add a worksheet behind the others."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
    part = parts.add("xl/worksheets/sheet", ".xml", content, kind)
    identifier = parts.relate(WORKBOOK, "worksheet", part)
    workbook = parts.read(WORKBOOK)
    listed = outline(workbook).first("sheets")
    if listed is None:
        raise ValueError("the workbook lists no sheets")
    number = 1 + max((int(each.attributes.get("sheetId", "0")) for each in listed.children), default=0)
    entry = (
        f'<{listed.prefix}sheet xmlns:r="{parts.relation_kinds}" name="{escaped(name)}" sheetId="{number}"'
        f' r:id="{identifier}"/>'
    )
    parts.write(WORKBOOK, changed(workbook, [appended(listed, encoded(entry))]))


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def _target(part: str, relation: Element) -> str:
    target = relation.attributes.get("Target", "")
    return target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(posixpath.dirname(part), target))

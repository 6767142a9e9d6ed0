"""XLS and ODS files, written here because no library that is kept writes them: as few records as a reader asks for."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

_FREE, _END_OF_CHAIN, _FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(streams: Mapping[str, bytes], storages: Sequence[str] = ()) -> bytes:
    """An OLE2 file (MS-CFB) with these streams; sectors of 512 bytes, one sector of allocations."""
    sectors: list[bytes] = []
    chains: list[int] = []

    def laid(content: bytes) -> int:
        first = len(sectors) + 1
        pieces = [content[at : at + 512].ljust(512, b"\0") for at in range(0, max(len(content), 1), 512)]
        sectors.extend(pieces)
        chains.extend([*range(first + 1, first + len(pieces)), _END_OF_CHAIN])
        return first

    entries = [_entry("Root Entry", 5, child=1, first=_END_OF_CHAIN, size=0)]
    listed = [*((name, 2, content.ljust(4096, b"\0")) for name, content in streams.items())]
    listed += [(name, 1, b"") for name in storages]
    for number, (name, kind, content) in enumerate(listed, 1):
        right = number + 1 if number < len(listed) else _FREE
        first = laid(content) if kind == 2 else 0
        entries.append(_entry(name, kind, right=right, first=first, size=len(content)))
    while len(entries) % 4:
        entries.append(bytes(64) + struct.pack("<BBIII", 0, 0, _FREE, _FREE, _FREE) + bytes(48))
    directory = laid(b"".join(entry.ljust(128, b"\0")[:128] for entry in entries))
    table = [_FAT_SECTOR, *chains]
    assert len(table) <= 128
    allocations = struct.pack("<128I", *table, *[_FREE] * (128 - len(table)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, directory, 0, 4096)
    header += struct.pack("<IIII", _END_OF_CHAIN, 0, _END_OF_CHAIN, 0) + struct.pack("<109I", 0, *[_FREE] * 108)
    return header + allocations + b"".join(sectors)


def _entry(name: str, kind: int, *, first: int, size: int, right: int = _FREE, child: int = _FREE) -> bytes:
    written = (name + "\0").encode("utf-16-le")
    head = written.ljust(64, b"\0") + struct.pack("<HBBIII", len(written), kind, 1, _FREE, right, child)
    return head + bytes(36) + struct.pack("<III", first, size, 0)


def xls(
    rows: Sequence[Sequence[Any]],
    *,
    fonts: Sequence[str] = (),
    styles: Mapping[str, int] | None = None,
    percents: Sequence[str] = (),
    hidden: bool = False,
    kind: int = 0,
    records: bytes = b"",
    storages: Sequence[str] = (),
    old: bool = False,
) -> bytes:
    """A workbook with one sheet: texts, numbers, errors (`#N/A`), and [(text, font), …] for a text in several fonts.

    `styles` gives a cell the number of one of `fonts`, counted from 1; `percents` are cells shown as percent. `kind` is
    that of the sheet; `records` are further ones of the workbook; `old` writes BIFF5 with texts in code page 1252.
    """
    version = 0x500 if old else 0x600
    globals_ = _record(0x809, struct.pack("<HHHHII", version, 5, 0, 1997, 0, 0)[: 8 if old else 16])
    globals_ += records + _record(0x42, struct.pack("<H", 1252 if old else 1200))
    # Font 4 is left out of the numbering, for historical reasons.
    for name in ["Arial"] * 5 + [*fonts]:
        globals_ += _record(0x31, struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0) + _short(name, old))
    style_count = len(fonts) + 2
    for at in range(style_count):
        font = 0 if at in (0, style_count - 1) else at + 5
        number_format = 10 if at == style_count - 1 else 0
        body = struct.pack("<HHH", font, number_format, 0 if at else 0xFFF5)
        globals_ += _record(0xE0, body.ljust(16 if old else 20, b"\0"))
    sheet = _record(0x809, struct.pack("<HHHHII", version, 0x10, 0, 1997, 0, 0)[: 8 if old else 16])
    for line, row in enumerate(rows):
        for column, value in enumerate(row):
            cell = f"{chr(65 + column)}{line + 1}"
            style = style_count - 1 if cell in percents else (styles or {}).get(cell, 0)
            sheet += _cell(line, column, style, value, fonts, old)
    sheet += _record(0x0A, b"")
    bound = struct.pack("<BB", int(hidden), kind) + _short("Sheet1", old)
    start = len(globals_) + 4 + 4 + len(bound) + 4
    globals_ += _record(0x85, struct.pack("<I", start) + bound) + _record(0x0A, b"")
    return compound({"Book" if old else "Workbook": globals_ + sheet}, storages)


def _cell(line: int, column: int, style: int, value: Any, fonts: Sequence[str], old: bool) -> bytes:
    head = struct.pack("<HHH", line, column, style)
    if value is None:
        return b""
    if value == "#N/A":
        return _record(0x205, head + b"\x2a\x01")
    if isinstance(value, str):
        return _record(0x204, head + _long(value, old))
    if isinstance(value, list):
        text, changes = "", b""
        for part, font in value:
            changes += struct.pack("<HH", len(text), fonts.index(font) + 6) if font else b""
            text += part
        return _record(0xD6, head + _long(text, old) + struct.pack("<H", len(changes) // 4) + changes)
    return _record(0x203, head + struct.pack("<d", value))


def _record(number: int, body: bytes) -> bytes:
    return struct.pack("<HH", number, len(body)) + body


def _short(text: str, old: bool) -> bytes:
    return bytes([len(text)]) + (text.encode("cp1252") if old else b"\1" + text.encode("utf-16-le"))


def _long(text: str, old: bool) -> bytes:
    return struct.pack("<H", len(text)) + (text.encode("cp1252") if old else b"\1" + text.encode("utf-16-le"))


_NAMES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "calcext": "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
}


def ods(tables: str, styles: str = "", *, manifest: str = "", others: Sequence[str] = ()) -> bytes:
    """An OpenDocument spreadsheet with these tables and automatic styles, as XML."""
    names = " ".join(f'xmlns:{prefix}="{address}"' for prefix, address in _NAMES.items())
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names} office:version="1.3">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<m:file-entry m:full-path="/"/>{manifest}</m:manifest>',
        )
        for name in others:
            archive.writestr(name, "")
    return written.getvalue()


def ods_table(rows: Sequence[str], name: str = "Bảng", more: str = "") -> str:
    """A table of an OpenDocument spreadsheet; each row is the XML of its cells."""
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    return f'<table:table table:name="{name}" {more}>{lines}</table:table>'


def ods_cell(value: Any, more: str = "") -> str:
    """A cell of an OpenDocument spreadsheet with a text or a number."""
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string" {more}><text:p>{value}</text:p></table:table-cell>'
    return (
        f'<table:table-cell office:value-type="float" office:value="{value}" {more}>'
        f"<text:p>{value}</text:p></table:table-cell>"
    )

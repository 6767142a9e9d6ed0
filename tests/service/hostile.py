"""Files that were made to burst, hang or crash whoever opens them; small to send, and made by code.

A new kind is one line in FILES: its name, the rules one of which must be found, and what makes it.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping

import openpyxl
import pyarrow
import pyarrow.parquet

from tests.ingest.old_workbooks import compound

MEGABYTE = 10**6
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_LAUGHS = (
    b'<!DOCTYPE lolz [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in range(ord("b"), ord("l")))
    + b"]>"
)
_OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'

Pieces = Iterator[bytes]


def workbook(
    *,
    sheet: bytes | Callable[[], Pieces] = b"",
    sheets: bytes = b'<sheet name="Sheet1" sheetId="1" r:id="rId1"/>',
    before_root: Mapping[str, bytes] | None = None,
    more: Mapping[str, bytes | Callable[[], Pieces]] | None = None,
) -> bytes:
    """A workbook: `sheet` is what stands in its sheet, `before_root` what stands before the root of a part."""
    before = before_root or {}
    xml: dict[str, bytes | Callable[[], Pieces]] = {
        "[Content_Types].xml": (
            b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            b'<Default Extension="xml" ContentType="application/xml"/></Types>'
        ),
        "_rels/.rels": (
            b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            b'<Relationship Id="rId1" Type="%s/officeDocument" Target="xl/workbook.xml"/></Relationships>'
            % _RELATIONS.encode()
        ),
        "xl/workbook.xml": b'<workbook xmlns="%s" xmlns:r="%s"><sheets>%s</sheets></workbook>'
        % (_MAIN.encode(), _RELATIONS.encode(), sheets),
        "xl/_rels/workbook.xml.rels": (
            b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            b'<Relationship Id="rId1" Type="%s/worksheet" Target="worksheets/sheet1.xml"/>'
            b'<Relationship Id="rId2" Type="%s/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
            % (_RELATIONS.encode(), _RELATIONS.encode())
        ),
    }
    beginning = b'<worksheet xmlns="%s"><sheetData>' % _MAIN.encode()
    if callable(sheet):
        xml["xl/worksheets/sheet1.xml"] = lambda: _around(beginning, sheet(), b"</sheetData></worksheet>")
    else:
        xml["xl/worksheets/sheet1.xml"] = beginning + sheet + b"</sheetData></worksheet>"
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in (xml | dict(more or {})).items():
            with archive.open(name, "w", force_zip64=False) as stream:
                if name.endswith((".xml", ".rels")):
                    stream.write(_HEAD + before.get(name, b""))
                for piece in part() if callable(part) else [part]:
                    stream.write(piece)
    return written.getvalue()


def _around(first: bytes, pieces: Pieces, last: bytes) -> Pieces:
    yield first
    yield from pieces
    yield last


def _again(piece: bytes, size_bytes: int) -> Pieces:
    """The piece again and again until it is so large."""
    many = piece * max(1, MEGABYTE // len(piece))
    for _ in range(size_bytes // len(many)):
        yield many


def _attributes(count: int) -> Pieces:
    """So many different attributes of one element."""
    thousand = b"".join(b'@_%d="" ' % each for each in range(1_000))
    for number in range(count // 1_000):
        yield thousand.replace(b"@", b"a%d" % number)


def _strings(inside: Callable[[], Pieces]) -> dict[str, bytes | Callable[[], Pieces]]:
    return {"xl/sharedStrings.xml": lambda: _around(b'<sst xmlns="%s">' % _MAIN.encode(), inside(), b"</sst>")}


def _cell(reference: str, value: str = "1") -> bytes:
    return f'<row><c r="{reference}"><v>{value}</v></c></row>'.encode()


def sound(*rows: tuple[object, ...], macros: bool = False) -> bytes:
    """A workbook as a program writes it, in the long format."""
    book = openpyxl.Workbook()
    for row in (("indicator", "reporting_unit", "period", "value"), *rows):
        book.worksheets[0].append(row)
    written = io.BytesIO()
    book.save(written)
    return _with_macros(written.getvalue()) if macros else written.getvalue()


def _with_macros(workbook: bytes) -> bytes:
    """The same workbook as XLSM: it carries a program, and says so."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as before, zipfile.ZipFile(written, "w") as after:
        for name in before.namelist():
            plain, macros = b"spreadsheetml.sheet.main+xml", b"ms-excel.sheet.macroEnabled.main+xml"
            content = before.read(name)
            if name == "[Content_Types].xml":
                content = content.replace(b"openxmlformats-officedocument." + plain, macros)
            after.writestr(name, content)
        after.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000))
    return written.getvalue()


def _nested(depth: int) -> bytes:
    content = bytes(MEGABYTE)
    for _ in range(depth):
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(10):
                archive.writestr(f"{number}.zip", content)
        content = written.getvalue()
    return content


def _overlapping(count: int) -> bytes:
    """A workbook whose directory names one member again and again: 1 MB that unpacks to `count`."""
    content = workbook(more={"xl/media/a.bin": lambda: _again(b"\0", MEGABYTE)})
    at = content.rindex(b"PK\x05\x06")
    entries, size_bytes, start = struct.unpack("<HII", content[at + 10 : at + 20])
    directory = content[start : start + size_bytes]
    last = directory[directory.rindex(b"PK\x01\x02") :]
    more = b"".join(last.replace(b"a.bin", b"%c.bin" % (ord("b") + number % 20)) for number in range(count))
    end = struct.pack("<HHII", entries + count, entries + count, len(directory + more), start)
    return content[:start] + directory + more + content[at : at + 8] + end + content[at + 20 :]


def _lying() -> bytes:
    """A workbook in which a sheet of 100 MB is said to have 1,000 bytes."""
    content = workbook(sheet=lambda: _again(_cell("A1"), 100 * MEGABYTE))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        true = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    return content.replace(struct.pack("<I", true), struct.pack("<I", 1_000))


def _parquet() -> bytes:
    """Three rows, of which the footer says that they are sixty."""
    written = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"indicator": ["A", "B", "C"], "value": [1.0, 2.0, 3.0]}), written)
    content = written.getvalue()
    (size_bytes,) = struct.unpack("<I", content[-8:-4])
    start = len(content) - 8 - size_bytes
    footer = content[start:-8].replace(b"\x16\x06", b"\x16\x78")
    assert footer != content[start:-8]
    return content[:start] + footer + content[-8:]


def _in_every_part(document_type: bytes) -> dict[str, Callable[[], bytes]]:
    parts = (
        "[Content_Types].xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/worksheets/sheet1.xml",
        "xl/sharedStrings.xml",
    )
    more = _strings(lambda: iter([b"<si><t>&a;</t></si>"]))
    return {part: lambda part=part: workbook(before_root={part: document_type}, more=more) for part in parts}


_TOO_LARGE = {"workbook_too_large"}
_REFUSED = {"workbook_too_large", "file_bursts_memory", "file_takes_too_long", "damaged_workbook", "file_stops_reader"}
_NO_TEXT = {"nul_byte", "not_utf8"}
_UNSAFE = {"unsafe_workbook"}

FILES: dict[str, tuple[set[str], Callable[[], bytes]]] = {
    "two cells, one of them the furthest": (_TOO_LARGE, lambda: workbook(sheet=_cell("A1") + _cell("XFD1048576"))),
    "the furthest cell, written otherwise": (
        _REFUSED,
        lambda: workbook(sheet=_cell("A1") + _cell("XFD1048576").replace(b'"', b"'")),
    ),
    "a string of 300 MB in a cell": (
        _TOO_LARGE,
        lambda: workbook(
            sheet=lambda: _around(
                b'<row><c r="A1" t="inlineStr"><is><t>', _again(b"a", 300 * MEGABYTE), b"</t></is></c></row>"
            )
        ),
    ),
    "a shared string of 300 MB": (
        _TOO_LARGE,
        lambda: workbook(
            more=_strings(lambda: _around(b"<si><t>", _again(b"a", 300 * MEGABYTE), b"</t></si>")),
        ),
    ),
    "shared strings without number": (
        _REFUSED,
        lambda: workbook(more=_strings(lambda: _again(b"<si/>", 190 * MEGABYTE)), sheet=_cell("A1")),
    ),
    "zips in zips": ({"unsupported_format"}, lambda: _nested(6)),
    "members that overlap": (_REFUSED, lambda: _overlapping(1_500)),
    "sizes that lie": (_REFUSED, _lying),
    "10,000 sheets": (
        _TOO_LARGE,
        lambda: workbook(more={f"xl/worksheets/sheet{number}.xml": b"<a/>" for number in range(2, 10_002)}),
    ),
    "10,000 sheets that are one": (
        _REFUSED,
        lambda: workbook(
            sheet=lambda: _again(_cell("A1"), 5 * MEGABYTE),
            sheets=b"".join(b'<sheet name="%d" sheetId="%d" r:id="rId1"/>' % (each, each) for each in range(1, 10_001)),
        ),
    ),
    **{f"a billion laughs in {part}": (_UNSAFE, made) for part, made in _in_every_part(_LAUGHS).items()},
    **{f"an entity from outside in {part}": (_UNSAFE, made) for part, made in _in_every_part(_OUTSIDE).items()},
    "entities behind a long comment": (
        {"unsafe_workbook", "damaged_workbook"},
        lambda: workbook(before_root={"xl/workbook.xml": b"<!--" + b" " * 5 * MEGABYTE + b"-->" + _LAUGHS}),
    ),
    "10 million attributes in a sheet": (
        _REFUSED | {"no_rows", "unknown_workbook"},
        lambda: workbook(sheet=lambda: _around(b"<row ", _attributes(10**7), b"/>")),
    ),
    "10 million attributes in the list of sheets": (
        _REFUSED,
        lambda: workbook(
            sheets=b'<sheet name="a" ' + b"".join(_attributes(10**7)) + b"/>",
        ),
    ),
    # Reading passes over comments; only marking makes a tree of them.
    **{
        f"comments of {size} MB of nothing": (
            {"no_rows", "unknown_workbook"},
            lambda size=size: workbook(
                sheet=_cell("A1"),
                more={
                    "xl/worksheets/_rels/sheet1.xml.rels": (
                        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                        b'<Relationship Id="rId1" Type="%s/comments" Target="../comments1.xml"/></Relationships>'
                        % _RELATIONS.encode()
                    ),
                    "xl/comments1.xml": lambda: _around(
                        b'<comments xmlns="%s">' % _MAIN.encode(), _again(b"<a/>", size * MEGABYTE), b"</comments>"
                    ),
                },
            ),
        )
        for size in (15, 20)
    },
    "an encrypted workbook": (
        {"encrypted_workbook"},
        lambda: compound({"EncryptedPackage": bytes(4096)}),
    ),
    "a program called .xlsx": ({"unsupported_format"}, lambda: b"MZ\x90\0\x03" + bytes(10**5)),
    "a program of Linux": ({"unsupported_format"}, lambda: b"\x7fELF\x02\x01\x01" + bytes(10**5)),
    "text with a NUL": (_NO_TEXT, lambda: b"indicator,value\nA\0B,1\n"),
    "JSON with a NUL": ({"nul_byte"}, lambda: b'[{"indicator": "A\\u0000B", "value": 1}]'),
    "JSON with half a character": ({"broken_json"}, lambda: b'[{"indicator": "A\\ud800", "value": 1}]'),
    "JSON with half a character in a name": (
        {"broken_json"},
        lambda: b'[{"indicator\\ud800": "A", "value": 1}]',
    ),
    "UTF-16 that does not say so": (
        {*_NO_TEXT, "indicator_is_known", "period_is_given"},
        lambda: "indicator,value\nCHỈ_TIÊU,1\n".encode("utf-16-le"),
    ),
    "one line of 60 MB": ({"line_too_long"}, lambda: b"a" * 60 * MEGABYTE),
    "one field of 60 MB": ({"text_too_long", "field_count"}, lambda: b"indicator,value\nA," + b"1" * 60 * MEGABYTE),
    "an open quotation mark before 60 MB": (
        {"open_quote", "broken_csv", "field_count"},
        lambda: b'indicator,value\n"A,' + b"1,1\n" * 15 * MEGABYTE,
    ),
    "JSON nested 100,000 deep": ({"broken_json"}, lambda: b"[" * 10**5 + b"]" * 10**5),
    "objects nested 100,000 deep": ({"broken_json"}, lambda: b'{"a":' * 10**5 + b"1" + b"}" * 10**5),
    "5,000 columns": (
        {"too_many_columns"},
        lambda: b",".join(b"column%d" % each for each in range(5_000)) + b"\n" + b"1," * 4_999 + b"1\n",
    ),
    "a million lines that are none": ({"field_count"}, lambda: b"indicator,value\n" + b"A\n" * 10**6),
    "a Parquet file that lies about its rows": (
        {"unsupported_format", "damaged_file", "broken_parquet", "file_stops_reader"},
        _parquet,
    ),
}

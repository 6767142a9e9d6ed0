"""A look into the zip of a workbook before anything opens it: what it is, how large, and what calamine hides.

calamine allocates the whole rectangle up to the last cell, so two cells can burst a process (1.4 kB with A1 and
XFD1048576), and it gives error cells, formulas without a result and percent formats as if they were not there. The look
runs regular expressions over the sheets as they are inflated, some 200 MB a second. It is no XML parser: what it
cannot judge (other encodings, document types) it refuses.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree

from ingest.readers.table import Unreadable, excerpt
from ingest.submission import Finding

INFLATED_LIMIT_BYTES: Final = 200 * 10**6
MOST_MEMBERS: Final = 2_000
MOST_SHEETS: Final = 1_000  # several may be one member
PARSED_LIMIT_BYTES: Final = 16 * 10**6  # of a part that becomes a tree
MOST_CELLS: Final = 16_000_000  # of the rectangle from A1, at 24 bytes in calamine and 8 more in Python
_CHUNK_BYTES = 4 * 2**20

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_RELATION_IDS = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)

# As every program writes it; other spellings are left to the limits of the process.
_REFERENCE = re.compile(rb' r="([A-Z]+)([0-9]+)"')
_CODED_REFERENCE = re.compile(rb"<(?:\w+:)?c\b[^>]*\sr\s*=\s*[\"'][^\"']*&")
_ERROR_CELL = re.compile(
    rb"<(?:\w+:)?c\b(?=[^>]*\st=[\"']e[\"'])[^>]*?\sr=[\"']([A-Z]+\d+)[\"'][^>]*>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)",
    re.DOTALL,
)
_UNCALCULATED = re.compile(
    rb"<(?:\w+:)?c\b[^>]*?\sr=[\"']([A-Z]+\d+)[\"'][^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_CELL_END = re.compile(rb"</(?:\w+:)?c>")


@dataclass(frozen=True, slots=True)
class Hidden:
    """What calamine does not tell of a sheet: cell -> error text, cells shown as percent, formulas without a result."""

    errors: dict[str, str] = field(default_factory=dict[str, str])
    percents: frozenset[str] = frozenset()
    uncalculated: frozenset[str] = frozenset()


def look(content: bytes) -> dict[str, Hidden]:
    """Look at every sheet of an XLSX or XLSM workbook, by name.

    Raises Unreadable where it is none, or would burst the memory.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_members(archive)
            percent_styles = _percent_styles(archive)
            sheets = _sheets(archive)
            if len(sheets) > MOST_SHEETS:
                raise Unreadable(_too_large(f"{len(sheets)} sheets", ""))
            return {name: _look_at(archive, name, part, percent_styles) for name, part in sheets.items()}
    except (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, EOFError, OSError, KeyError, ValueError) as fault:
        raise Unreadable(damaged(str(fault))) from fault
    except (NotImplementedError, RuntimeError) as fault:  # another compression, or a password on the zip
        raise Unreadable(encrypted()) from fault


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        raise Unreadable(_another_zip(names))
    if any(member.flag_bits & 1 for member in members):
        raise Unreadable(encrypted())
    size = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or size > INFLATED_LIMIT_BYTES:
        raise Unreadable(_too_large(f"{len(members)} files, {size:,} bytes", ""))
    # Whoever reads past the declared size of a member meets its checksum here first.
    for member in members:
        if not member.filename.startswith("xl/worksheets/"):
            for _ in _chunks(archive, member.filename):
                pass


def _chunks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    with archive.open(part) as stream:
        first = True
        while chunk := stream.read(_CHUNK_BYTES):
            if first and part.endswith((".xml", ".rels")) and (chunk[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")):
                raise Unreadable(_odd_xml(part))
            if first and b"<!DOCTYPE" in chunk:
                raise Unreadable(_odd_xml(part))
            first = False
            yield chunk


def _parse(archive: zipfile.ZipFile, part: str) -> ElementTree.Element:
    text = b"".join(_chunks(archive, part))
    if len(text) > PARSED_LIMIT_BYTES:
        raise Unreadable(_too_large(f"{part}: {len(text):,} bytes", ""))
    if b"<!DOCTYPE" in text:  # entities need a document type
        raise Unreadable(_odd_xml(part))
    return ElementTree.fromstring(text)  # noqa: S314


def _sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in _parse(archive, "xl/_rels/workbook.xml.rels").iter(_RELATION)
    }
    sheets: dict[str, str] = {}
    workbook = _parse(archive, "xl/workbook.xml")
    for sheet in (*workbook.iter(f"{_MAIN}sheet"), *workbook.iter(f"{_STRICT}sheet")):
        target = targets.get(next((sheet.get(key) for key in _RELATION_IDS if sheet.get(key)), None), "")
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if "worksheets/" in part:
            sheets[sheet.get("name", "")] = part
    return sheets


def _percent_styles(archive: zipfile.ZipFile) -> set[int]:
    if "xl/styles.xml" not in archive.namelist():
        return set()
    styles = _parse(archive, "xl/styles.xml")
    formats = {9, 10}
    for name in (_MAIN, _STRICT):
        for number_format in styles.iter(f"{name}numFmt"):
            # A percent sign in quotation marks is decoration: the value is not multiplied.
            if "%" in re.sub(r'"[^"]*"|\\.', "", number_format.get("formatCode", "")):
                formats.add(int(number_format.get("numFmtId", "0")))
    cells = styles.find(f"{_MAIN}cellXfs")
    cells = styles.find(f"{_STRICT}cellXfs") if cells is None else cells
    used = [int(style.get("numFmtId", "0")) for style in (cells if cells is not None else ())]
    return {at for at, number_format in enumerate(used) if number_format in formats}


def _look_at(archive: zipfile.ZipFile, name: str, part: str, percent_styles: set[int]) -> Hidden:
    errors: dict[str, str] = {}
    percents: set[str] = set()
    uncalculated: set[str] = set()
    columns: set[bytes] = set()
    last_row = 0
    alternatives = b"|".join(b"%d" % style for style in sorted(percent_styles))
    percent_cell = re.compile(
        rb"<(?:\w+:)?c\b(?=[^>]*\ss=[\"'](?:" + alternatives + rb")[\"'])[^>]*?\sr=[\"']([A-Z]+\d+)[\"'][^>]*[^/]>"
    )
    for text in _whole_cells(_chunks(archive, part)):
        if b"&#" in text and _CODED_REFERENCE.search(text):
            raise Unreadable(_odd_xml(part))
        references = set(_REFERENCE.findall(text))
        columns.update({letters for letters, _ in references})
        last_row = max(last_row, max((int(row) for row in {row for _, row in references}), default=0))
        if last_row * max((_number(letters) for letters in columns), default=0) > MOST_CELLS:
            furthest = max(columns, key=_number).decode()
            raise Unreadable(_too_large(f"{furthest}{last_row}", name))
        if b't="e"' in text or b"t='e'" in text:
            errors |= {cell.decode(): value.decode(errors="replace") for cell, value in _ERROR_CELL.findall(text)}
        if _FORMULA.search(text):
            uncalculated |= {cell.decode() for cell in _UNCALCULATED.findall(text)}
        if percent_styles:
            percents |= {cell.decode() for cell in percent_cell.findall(text)}
    return Hidden(errors, frozenset(percents), frozenset(uncalculated))


def _whole_cells(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The text of a sheet in pieces that end between two cells."""
    rest = b""
    for chunk in chunks:
        text = rest + chunk
        # A cell holds 32,767 characters at most; a longer piece without an end is handed on as it is.
        ends = [found.end() for found in _CELL_END.finditer(text, max(0, len(text) - 2**20))]
        cut = ends[-1] if ends else len(text)
        yield text[:cut]
        rest = text[cut:]
    yield rest


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def damaged(why: str) -> Finding:
    """Say that the workbook cannot be opened."""
    return Finding(
        "damaged_workbook",
        "error",
        "",
        excerpt(why),
        "XLSX",
        "Tệp Excel bị hỏng hoặc bị cắt, không mở được. Hãy mở tệp trong Excel, lưu lại dưới dạng .xlsx rồi gửi lại.",
        "The workbook is damaged or cut off and cannot be opened. Save it again from Excel as .xlsx and send it.",
    )


def encrypted() -> Finding:
    """Say that the workbook has a password."""
    return Finding(
        "encrypted_workbook",
        "error",
        "",
        "password",
        "XLSX",
        "Tệp Excel có mật khẩu nên không đọc được. Hãy bỏ mật khẩu mở tệp (Tệp → Thông tin → Bảo vệ sổ làm việc)"
        " rồi gửi lại.",
        "The workbook has a password and cannot be read. Remove it (File → Info → Protect Workbook) and send it again.",
    )


def _too_large(found: str, sheet: str) -> Finding:
    return Finding(
        "workbook_too_large",
        "error",
        f'Sheet "{sheet}"' if sheet else "",
        found,
        f"≤ {MOST_CELLS:,} cells, {INFLATED_LIMIT_BYTES:,} bytes",
        f"Tệp Excel quá lớn để đọc an toàn ({found})."
        " Hãy xóa định dạng và các ô thừa dưới và bên phải bảng, hoặc gửi dưới dạng CSV.",
        f"The workbook is too large to be read safely ({found})."
        " Clear the formats and stray cells below and beside the table, or send it as CSV.",
    )


def _odd_xml(part: str) -> Finding:
    return Finding(
        "unsafe_workbook",
        "error",
        "",
        part,
        "XLSX",
        f"Phần {part} của tệp Excel được viết theo cách mà Excel không bao giờ viết nên bị từ chối."
        " Hãy mở tệp trong Excel, lưu lại dưới dạng .xlsx rồi gửi lại.",
        f"The part {part} of the workbook is written as Excel never writes and is refused."
        " Open the file in Excel, save it as .xlsx and send it again.",
    )


def _another_zip(names: set[str]) -> Finding:
    kinds = {
        "xl/workbook.bin": "XLSB",
        "word/document.xml": "DOCX",
        "ppt/presentation.xml": "PPTX",
        "META-INF/manifest.xml": "OpenDocument",
    }
    kind = next((kind for name, kind in kinds.items() if name in names), "ZIP")
    shown = kind if kind != "ZIP" else f"ZIP ({', '.join(excerpt(name) for name in sorted(names)[:5])})"
    return Finding(
        "unsupported_format",
        "error",
        "",
        shown,
        "CSV, XLSX, JSON",
        f"Đây là tệp {shown}, không phải tệp Excel .xlsx. Hãy lưu lại dưới dạng .xlsx hoặc CSV rồi gửi lại"
        + (" (giải nén trước nếu là tệp nén)." if kind == "ZIP" else "."),
        f"This is a file of the kind {shown}, not an .xlsx workbook. Save it as .xlsx or CSV and send it again"
        + (" (unpack an archive first)." if kind == "ZIP" else "."),
    )

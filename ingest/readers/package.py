"""A look into the zip of an XLSX before anything opens it: what it is, how large, and what calamine hides.

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

from ingest.old_fonts import is_old
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
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\b(?=[^<>]*\shidden=[\"'](?:1|true)[\"'])[^<>]*?\sr=[\"'](\d{1,7})[\"']")
_HIDDEN_COLUMNS = re.compile(
    rb"<(?:\w+:)?col\b(?=[^<>]*\shidden=[\"'](?:1|true)[\"'])(?=[^<>]*\smin=[\"'](\d{1,5})[\"'])[^<>]*?\smax=[\"'](\d{1,5})"
)
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_CELL_END = re.compile(rb"</(?:\w+:)?c>")
_SHARED_CELL = re.compile(
    rb"<(?:\w+:)?c\b(?=[^>]*\st=[\"']s[\"'])[^>]*?\sr=[\"']([A-Z]+\d+)[\"'][^>]*>\s*<(?:\w+:)?v>\s*(\d+)"
)
_INLINE_CELL = re.compile(
    rb"<c\b(?=[^>]*\st=[\"']inlineStr[\"'])[^>]*?\sr=[\"']([A-Z]+\d+)[\"'][^>]*>\s*(<is>.*?</is>)", re.DOTALL
)
_SHARED_TEXT = re.compile(rb"<si>.*?</si>|<si/>", re.DOTALL)
_OLD_RUN = re.compile(rb"<rFont\s+val=[\"'](?:\.vn|vni[- ])", re.IGNORECASE)
_MACROS = "macroEnabled"

# First and last cell of a merged range, each (row, column) counted from 0; only the first of its cells holds a value.
Range = tuple[tuple[int, int], tuple[int, int]]
# A text and its font; None is the font of the cell.
Runs = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Hidden:
    """What the values of a sheet do not tell: cell -> error text, cells shown as percent, formulas without a result.

    `fonts` names the font of each filled cell in an old Vietnamese one, `runs` the texts of a cell in several.
    `rows` and `columns`, counted from 0, are those that an XLSX does not show.
    """

    errors: dict[str, str] = field(default_factory=dict[str, str])
    percents: frozenset[str] = frozenset()
    uncalculated: frozenset[str] = frozenset()
    fonts: dict[str, str] = field(default_factory=dict[str, str])
    runs: dict[str, Runs] = field(default_factory=dict[str, Runs])
    rows: frozenset[int] = frozenset()
    columns: tuple[range, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What stands in a workbook beside its values: the sheets by name, and whether it carries macros.

    `merged` is only of an ODS; those of an XLSX calamine tells.
    """

    sheets: dict[str, Hidden]
    has_macros: bool = False
    merged: dict[str, tuple[Range, ...]] = field(default_factory=dict[str, tuple[Range, ...]])


@dataclass(frozen=True, slots=True)
class _Styles:
    """Which styles of cells show percent, and which have an old Vietnamese font."""

    percents: frozenset[int] = frozenset()
    fonts: dict[int, str] = field(default_factory=dict[int, str])

    def cell(self) -> re.Pattern[bytes]:
        """A filled cell in one of these styles: the style, the cell."""
        alternatives = b"|".join(b"%d" % style for style in sorted(self.percents | self.fonts.keys()))
        return re.compile(
            rb"<(?:\w+:)?c\b(?=[^>]*\ss=[\"'](" + alternatives + rb")[\"'])[^>]*?\sr=[\"']([A-Z]+\d+)[\"'][^>]*[^/]>"
        )


def look(content: bytes) -> Look:
    """Look at every sheet of an XLSX or XLSM workbook.

    Raises Unreadable where it is none, or would burst the memory.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_members(archive)
            has_macros = _has_macros(archive)
            styles, rich = _styles(archive), _rich_texts(archive)
            sheets = _sheets(archive)
            return Look(
                {name: _look_at(archive, name, part, styles, rich) for name, part in sheets.items()}, has_macros
            )
    except (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, EOFError, OSError, KeyError, ValueError) as fault:
        raise Unreadable(damaged(str(fault))) from fault
    except (NotImplementedError, RuntimeError) as fault:  # another compression, or a password on the zip
        raise Unreadable(encrypted()) from fault


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        raise Unreadable(another_zip(names))
    check_size(members)
    # Whoever reads past the declared size of a member meets its checksum here first.
    for member in members:
        if not member.filename.startswith("xl/worksheets/"):
            for _ in chunks(archive, member.filename):
                pass


def check_size(members: list[zipfile.ZipInfo]) -> None:
    """Refuse a zip with a password, or one that would inflate too far.

    Raises Unreadable.
    """
    if any(member.flag_bits & 1 for member in members):
        raise Unreadable(encrypted())
    size = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or size > INFLATED_LIMIT_BYTES:
        raise Unreadable(too_large(f"{len(members)} files, {size:,} bytes", ""))


def _has_macros(archive: zipfile.ZipFile) -> bool:
    """Whether it carries macros and says so.

    Raises Unreadable where it carries them under the name of a workbook without, or as sheets of Excel 4.0.
    """
    names = archive.namelist()
    if any(name.startswith("xl/macrosheets/") for name in names):
        raise Unreadable(macro_sheet())
    types = _parse(archive, "[Content_Types].xml")
    said = any(
        each.get("PartName") == "/xl/workbook.xml" and _MACROS in each.get("ContentType", "") for each in types.iter()
    )
    carried = any(name.lower().endswith("vbaproject.bin") for name in names)
    if carried and not said:
        raise Unreadable(_secret_macros())
    return carried


def chunks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The bytes of a member, piece by piece.

    Raises Unreadable for XML with a document type, or not in UTF-8.
    """
    with archive.open(part) as stream:
        first = True
        while chunk := stream.read(_CHUNK_BYTES):
            if first and part.endswith((".xml", ".rels")) and (chunk[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")):
                raise Unreadable(odd_xml(part))
            if first and b"<!DOCTYPE" in chunk:
                raise Unreadable(odd_xml(part))
            first = False
            yield chunk


def _parse(archive: zipfile.ZipFile, part: str) -> ElementTree.Element:
    text = b"".join(chunks(archive, part))
    if len(text) > PARSED_LIMIT_BYTES:
        raise Unreadable(too_large(f"{part}: {len(text):,} bytes", ""))
    if b"<!DOCTYPE" in text:  # entities need a document type
        raise Unreadable(odd_xml(part))
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
    check_sheet_count(len(sheets))
    return sheets


def check_sheet_count(count: int) -> None:
    """Refuse a workbook of thousands of sheets.

    Raises Unreadable.
    """
    if count > MOST_SHEETS:
        raise Unreadable(too_large(f"{count:,} sheets", ""))


def _styles(archive: zipfile.ZipFile) -> _Styles:
    if "xl/styles.xml" not in archive.namelist():
        return _Styles()
    styles = _parse(archive, "xl/styles.xml")
    formats = {9, 10}
    for name in (_MAIN, _STRICT):
        for number_format in styles.iter(f"{name}numFmt"):
            if shows_percent(number_format.get("formatCode", "")):
                formats.add(int(number_format.get("numFmtId", "0")))
    names = [_font_name(font) for font in _listed(styles, "fonts")]
    used = _listed(styles, "cellXfs")
    fonts = {
        at: names[number] for at, style in enumerate(used) if (number := int(style.get("fontId", "0"))) < len(names)
    }
    return _Styles(
        frozenset(at for at, style in enumerate(used) if int(style.get("numFmtId", "0")) in formats),
        {at: font for at, font in fonts.items() if is_old(font)},
    )


def shows_percent(number_format: str) -> bool:
    """Whether a cell of that format shows its value times a hundred; in quotation marks the sign is decoration."""
    return "%" in re.sub(r'"[^"]*"|\\.', "", number_format)


def _listed(styles: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    found = styles.find(_MAIN + name)
    found = styles.find(_STRICT + name) if found is None else found
    return [] if found is None else list(found)


def _font_name(font: ElementTree.Element) -> str:
    return next((each.get("val", "") for each in font if each.tag in (f"{_MAIN}name", f"{_STRICT}name")), "")


def _rich_texts(archive: zipfile.ZipFile) -> dict[int, Runs]:
    """The shared texts of which a part is in an old font, by their number."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return {}
    texts = b"".join(chunks(archive, "xl/sharedStrings.xml"))
    if not _OLD_RUN.search(texts):
        return {}
    found = enumerate(_SHARED_TEXT.finditer(texts))
    return {number: _runs(each[0]) for number, each in found if _OLD_RUN.search(each[0])}


def _runs(text: bytes) -> Runs:
    # A piece of a part that chunks has looked at: no document type.
    runs = ElementTree.fromstring(text).findall("r")  # noqa: S314
    fonts = ((run, run.find("rPr/rFont")) for run in runs)
    return tuple((run.findtext("t", ""), None if font is None else font.get("val")) for run, font in fonts)


def _look_at(archive: zipfile.ZipFile, name: str, part: str, styles: _Styles, rich: dict[int, Runs]) -> Hidden:
    errors: dict[str, str] = {}
    percents: set[str] = set()
    uncalculated: set[str] = set()
    fonts: dict[str, str] = {}
    runs: dict[str, Runs] = {}
    hidden_rows: set[int] = set()
    hidden_columns: list[range] = []
    columns: set[bytes] = set()
    last_row = 0
    styled_cell = styles.cell() if styles.percents or styles.fonts else None
    for text in _whole_cells(chunks(archive, part)):
        if b"&#" in text and _CODED_REFERENCE.search(text):
            raise Unreadable(odd_xml(part))
        references = set(_REFERENCE.findall(text))
        columns.update({letters for letters, _ in references})
        last_row = max(last_row, max((int(row) for row in {row for _, row in references}), default=0))
        if last_row * max((column_number(letters) for letters in columns), default=0) > MOST_CELLS:
            furthest = max(columns, key=column_number).decode()
            raise Unreadable(too_large(f"{furthest}{last_row}", name))
        if b"hidden=" in text:
            hidden_rows |= {int(row) - 1 for row in _HIDDEN_ROW.findall(text)}
            hidden_columns += [range(int(first) - 1, int(last)) for first, last in _HIDDEN_COLUMNS.findall(text)]
        if b't="e"' in text or b"t='e'" in text:
            errors |= {cell.decode(): value.decode(errors="replace") for cell, value in _ERROR_CELL.findall(text)}
        if _FORMULA.search(text):
            uncalculated |= {cell.decode() for cell in _UNCALCULATED.findall(text)}
        for style, cell in styled_cell.findall(text) if styled_cell else ():
            if int(style) in styles.percents:
                percents.add(cell.decode())
            if int(style) in styles.fonts:
                fonts[cell.decode()] = styles.fonts[int(style)]
        if rich:
            shared = ((cell, int(number)) for cell, number in _SHARED_CELL.findall(text))
            runs |= {cell.decode(): rich[number] for cell, number in shared if number in rich}
        if _OLD_RUN.search(text):
            runs |= {cell.decode(): _runs(inline) for cell, inline in _INLINE_CELL.findall(text)}
    return Hidden(
        errors,
        frozenset(percents),
        frozenset(uncalculated),
        fonts,
        runs,
        frozenset(hidden_rows),
        tuple(hidden_columns),
    )


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


def column_number(letters: bytes) -> int:
    """The number, counted from 1, of the column that has these letters."""
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
        "Tệp bảng tính bị hỏng hoặc bị cắt, không mở được."
        " Hãy mở tệp trong Excel, lưu lại dưới dạng .xlsx rồi gửi lại.",
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


def too_large(found: str, sheet: str) -> Finding:
    """Say that reading the workbook would burst the memory."""
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


def macro_sheet() -> Finding:
    """Say that the workbook has a sheet of Excel 4.0 macros."""
    return Finding(
        "macro_sheet",
        "error",
        "",
        "Excel 4.0",
        "",
        "Tệp có trang tính macro kiểu Excel 4.0 nên bị từ chối."
        " Hãy chép các trang số liệu sang một tệp .xlsx mới, không có macro, rồi gửi lại.",
        "The workbook has a sheet of Excel 4.0 macros and is refused."
        " Copy the sheets with figures into a new .xlsx without macros and send that.",
    )


def _secret_macros() -> Finding:
    return Finding(
        "secret_macros",
        "error",
        "",
        "vbaProject.bin",
        "",
        "Tệp tự nhận là .xlsx thường nhưng lại chứa macro nên bị từ chối."
        " Hãy mở tệp trong Excel, lưu lại dưới dạng “Excel Workbook (*.xlsx)” (không macro) rồi gửi lại.",
        "The file says that it is a plain .xlsx but carries macros, and is refused."
        " Open it in Excel, save it as “Excel Workbook (*.xlsx)”, without macros, and send it again.",
    )


def odd_xml(part: str) -> Finding:
    """Say that a part of the workbook is written as if to deceive."""
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


def another_zip(names: set[str]) -> Finding:
    """Say what else the zip is than a workbook."""
    kinds = {
        "xl/workbook.bin": "XLSB",
        "word/document.xml": "DOCX",
        "ppt/presentation.xml": "PPTX",
        "META-INF/manifest.xml": "OpenDocument",
        "Index/Document.iwa": "Numbers",
    }
    kind = next((kind for name, kind in kinds.items() if name in names), "ZIP")
    shown = kind if kind != "ZIP" else f"ZIP ({', '.join(excerpt(name) for name in sorted(names)[:5])})"
    return Finding(
        "unsupported_format",
        "error",
        "",
        shown,
        "CSV, XLSX, XLS, ODS, JSON",
        f"Đây là tệp {shown}, không phải bảng tính đọc được. Hãy lưu lại dưới dạng .xlsx hoặc CSV rồi gửi lại"
        + (" (giải nén trước nếu là tệp nén)." if kind == "ZIP" else "."),
        f"This is a file of the kind {shown}, no workbook that can be read. Save it as .xlsx or CSV and send it again"
        + (" (unpack an archive first)." if kind == "ZIP" else "."),
    )

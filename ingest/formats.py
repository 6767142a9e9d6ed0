"""Which reader the bytes want. A file's name says nothing: people rename files to get them past a form."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest.layout import Layout
from ingest.mapping import Mapping
from ingest.readers import (
    columns,
    delimited,
    headings,
    mapped,
    records,
    recurring,
    sdmx,
    sdmx_csv,
    sdmx_json,
    sdmx_ml,
    sheets,
    workbook,
)
from ingest.readers.table import Table, Unreadable, unread
from ingest.submission import SIZE_LIMIT_BYTES, TREE_SIZE_LIMIT_BYTES, Finding, Reading

# What the first bytes say, and what to do instead of sending it.
_OTHERS = (
    (b"%PDF-", "PDF"),
    (b"MZ", "EXE"),
    (b"\x7fELF", "ELF"),
    (b"\x1f\x8b", "GZIP"),
    (b"BZh", "BZIP2"),
    (b"\xfd7zXZ\0", "XZ"),
    (b"\x28\xb5\x2f\xfd", "ZSTD"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"{\\rtf", "RTF"),
    (b"PARE", "Parquet (encrypted)"),
    (b"FEA1", "Feather 1"),
    (b"SQLite format 3\0", "SQLite"),
)
_LIKE_TEXT = {b"MZ", b"BZh", b"PARE", b"FEA1"}
_ARCHIVES = {"GZIP", "BZIP2", "XZ", "ZSTD", "7-Zip", "RAR"}
# How JSON and XML begin behind their spaces.
_TREES = (b"{", b"[", b"<")


def read(content: bytes, *, mapping: Mapping | Layout | None = None, layouts: Sequence[Layout] = ()) -> Reading:
    """Read the bytes of a submission: our template, long format or SDMX dataflow, or somebody else's by a mapping.

    `layouts` are those by which the tables of a workbook that is not ours may be read; where a layout is named in place
    of a mapping, the workbook is read by it alone.

    Never raises for what stands in the bytes: what cannot be read is a finding.
    """
    try:
        return _read(content, mapping, layouts)
    except Unreadable as fault:
        return unread(fault.findings, format=recognise(content))


def recognise(content: bytes) -> str:
    """What kind of file the first bytes say this is; a text that is nothing else is csv."""
    if kind := sheets.kind(content):
        return kind
    if name := columns.kind(content) or _kind_of_others(content):
        return name.lower()
    if _is_xml(content):
        return "sdmx-ml" if b"sdmx.org/resources" in content[:4_000].lower() else "xml"
    if sdmx_json.recognises(content):
        return "sdmx-json"
    if _is_json(content):
        return "json"
    return "sdmx-csv" if sdmx_csv.begins(content.removeprefix(b"\xef\xbb\xbf")) else "csv"


def size_limit_bytes(content: bytes) -> int:
    """How large a file of this kind may be."""
    begins = content[:400].removeprefix(b"\xef\xbb\xbf").lstrip()
    is_tree = content.startswith(sheets.FIRST_BYTES) or begins.startswith(_TREES)
    return TREE_SIZE_LIMIT_BYTES if is_tree else SIZE_LIMIT_BYTES


def may_announce(content: bytes) -> bool:
    """Whether a file of this kind can say itself whose return it is, and for which period."""
    return content.startswith(sheets.FIRST_BYTES)


def _read(content: bytes, mapping: Mapping | Layout | None, layouts: Sequence[Layout]) -> Reading:
    limit_bytes = size_limit_bytes(content)
    if len(content) > limit_bytes:
        raise Unreadable(_too_large(len(content), limit_bytes))
    if sheets.kind(content):
        if isinstance(mapping, Mapping):
            raise Unreadable(_not_what_the_mapping_reads(mapping, recognise(content).upper()))
        return _by_sheets(sheets.Book(content), mapping, layouts)
    if isinstance(mapping, Layout):
        raise Unreadable(_not_what_the_mapping_reads(mapping, recognise(content).upper()))
    if columns.kind(content):
        table = columns.table(content)
        return _by_columns(table, mapping, table.format.capitalize())
    _refuse_others(content)
    if _is_xml(content):
        return _by_dimensions(sdmx_ml.table(content), mapping, "SDMX-ML")
    if sdmx_json.recognises(content):
        return _by_dimensions(sdmx_json.table(content), mapping, "SDMX-JSON")
    if _is_json(content):
        if mapping is None:
            return records.read(content)
        if mapping.format != "json":
            raise Unreadable(_not_what_the_mapping_reads(mapping, "JSON"))
        return mapped.read(records.table(content, records=mapping.records), mapping)
    by_columns = mapping is not None and mapping.format == "csv"
    table = delimited.table(content, heading_line=mapping.header_line if mapping and by_columns else None)
    if not by_columns and sdmx_csv.recognises(table):
        return _by_dimensions(sdmx_csv.message(table), mapping, "SDMX-CSV")
    return _by_columns(table, mapping, "CSV")


def _by_sheets(book: sheets.Book, layout: Layout | None, layouts: Sequence[Layout]) -> Reading:
    if layout is None and workbook.is_ours(book):
        reading = workbook.read(book)
    else:
        reading = recurring.read(book, layouts if layout is None else [layout])
    return replace(reading, findings=[*reading.findings, *book.remarks])


def _by_columns(table: Table, mapping: Mapping | None, found: str) -> Reading:
    if mapping is None:
        return headings.read(table)
    if mapping.format != "csv":
        raise Unreadable(_not_what_the_mapping_reads(mapping, found))
    return mapped.read(table, mapping)


def _by_dimensions(message: Table, mapping: Mapping | None, found: str) -> Reading:
    if mapping is None:
        return headings.read(sdmx.ours(message))
    if mapping.format != "sdmx":
        raise Unreadable(_not_what_the_mapping_reads(mapping, found))
    measures = [value.column for value in mapping.values if value.column]
    return mapped.read(sdmx.settled(message, measures=measures, named=mapping.columns()), mapping)


def _is_json(content: bytes) -> bool:
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _is_xml(content: bytes) -> bool:
    """Whether the text begins as XML does, in any of the encodings that XML may have."""
    beginning = content[:400].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return re.match(rb"<(\?xml\s|!--|!DOCTYPE\s|[A-Za-z_][\w.-]*(:[\w.-]+)?[\s/>])", beginning) is not None


def _refuse_others(content: bytes) -> None:
    if name := _kind_of_others(content):
        raise Unreadable(_other(name))


def _kind_of_others(content: bytes) -> str:
    for first_bytes, name in _OTHERS:
        if content.startswith(first_bytes) and (first_bytes not in _LIKE_TEXT or b"\0" in content):
            return name
    beginning = content[:400].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    is_page = beginning.startswith((b"<!doctype html", b"<html")) or (
        beginning.startswith(b"<") and b"<html" in beginning
    )
    return "HTML" if is_page else ""


def _too_large(size_bytes: int, limit_bytes: int) -> Finding:
    size, limit = size_bytes / 2**20, limit_bytes // 2**20
    return Finding(
        "too_large",
        "error",
        "",
        f"{size:.1f} MB",
        f"≤ {limit} MB",
        f"Tệp lớn {size:.1f} MB; mỗi lần nộp nhiều nhất {limit} MB. Hãy chia thành nhiều tệp, ví dụ theo năm.".replace(
            ".", ",", 1
        ),
        f"The file has {size:.1f} MB; at most {limit} MB are read at once. Split it, for example by year.",
    )


def _other(name: str) -> Finding:
    vi = "Hãy gửi tệp CSV, XLSX, XLS, ODS, JSON, SDMX hoặc Parquet."
    en = "Send CSV, XLSX, XLS, ODS, JSON, SDMX or Parquet."
    if name in _ARCHIVES:
        vi, en = "Hãy giải nén rồi gửi tệp bên trong.", "Unpack it and send the file inside."
    elif name == "Feather 1":
        vi, en = "Hãy ghi lại dưới dạng Feather 2 (version=2) hoặc Parquet.", "Write it as Feather 2 or Parquet."
    return Finding(
        "unsupported_format",
        "error",
        "",
        name,
        "CSV, XLSX, XLS, ODS, JSON, SDMX, Parquet",
        f"Đây là tệp {name}, không đọc được số liệu từ đó. {vi}",
        f"This is a file of the kind {name}, from which no figures are read. {en}",
    )


def _not_what_the_mapping_reads(mapping: Mapping | Layout, found: str) -> Finding:
    wanted = "XLSX, XLS, ODS" if isinstance(mapping, Layout) else mapping.format.upper()
    return Finding(
        "wrong_format",
        "error",
        "",
        found,
        wanted,
        f"Khai báo {mapping.code} đọc tệp {wanted}, nhưng đây là {found}. Hãy chọn khai báo khác hoặc tệp khác.",
        f"The mapping {mapping.code} reads {wanted}, but this is {found}. Choose another mapping or another file.",
    )

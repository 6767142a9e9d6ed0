"""Which reader the bytes want. A file's name says nothing: people rename files to get them past a form."""

from collections.abc import Sequence

from ingest.layout import Layout
from ingest.mapping import Mapping
from ingest.readers import delimited, mapped, package, records, sheets, workbook
from ingest.readers.table import Unreadable, unread
from ingest.submission import SIZE_LIMIT_BYTES, TREE_SIZE_LIMIT_BYTES, Finding, Reading

# What the first bytes say, and what to do instead of sending it.
_OTHERS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
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
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"SQLite format 3\0", "SQLite"),
)
_LIKE_TEXT = {b"MZ", b"BZh", b"PAR1", b"ARROW1"}
_ARCHIVES = {"GZIP", "BZIP2", "XZ", "ZSTD", "7-Zip", "RAR"}
# How a workbook begins (a zip, an old compound file), and JSON and XML behind their spaces.
_WORKBOOKS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")
_TREES = (b"{", b"[", b"<")


def read(content: bytes, *, mapping: Mapping | None = None, layouts: Sequence[Layout] = ()) -> Reading:
    """Read the bytes of a submission: our template or long format in CSV, XLSX, JSON, or somebody else's by a mapping.

    `layouts` are those by which the tables of a workbook that is not ours may be read.

    Never raises for what stands in the bytes: what cannot be read is a finding.
    """
    try:
        return _read(content, mapping, layouts)
    except Unreadable as fault:
        return unread(fault.findings)


def size_limit_bytes(content: bytes) -> int:
    """How large a file of this kind may be."""
    begins = content[:400].removeprefix(b"\xef\xbb\xbf").lstrip()
    return TREE_SIZE_LIMIT_BYTES if content.startswith(_WORKBOOKS) or begins.startswith(_TREES) else SIZE_LIMIT_BYTES


def may_announce(content: bytes) -> bool:
    """Whether a file of this kind can say itself whose return it is, and for which period."""
    return content.startswith(_WORKBOOKS)


def _read(content: bytes, mapping: Mapping | None, layouts: Sequence[Layout]) -> Reading:  # noqa: ARG001
    limit_bytes = size_limit_bytes(content)
    if len(content) > limit_bytes:
        raise Unreadable(_too_large(len(content), limit_bytes))
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if mapping is not None:
            raise Unreadable(_not_what_the_mapping_reads(mapping, "XLSX"))
        return workbook.read(sheets.Book(content))
    _refuse_others(content)
    is_json = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    if mapping is None:
        return records.read(content) if is_json else delimited.read(content)
    if is_json != (mapping.format == "json"):
        raise Unreadable(_not_what_the_mapping_reads(mapping, "JSON" if is_json else "CSV"))
    if is_json:
        return mapped.read(records.table(content, records=mapping.records), mapping)
    return mapped.read(delimited.table(content, heading_line=mapping.header_line), mapping)


def _refuse_others(content: bytes) -> None:
    for first_bytes, name in _OTHERS:
        if content.startswith(first_bytes) and (first_bytes not in _LIKE_TEXT or b"\0" in content):
            # An encrypted XLSX is an old compound file around its cipher.
            if name == "XLS" and "EncryptedPackage".encode("utf-16-le") in content:
                raise Unreadable(package.encrypted())
            raise Unreadable(_other(name))
    beginning = content[:400].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if beginning.startswith((b"<!doctype html", b"<html")) or (beginning.startswith(b"<") and b"<html" in beginning):
        raise Unreadable(_other("HTML"))
    if beginning.startswith(b"<?xml"):
        raise Unreadable(_other("XML"))


def _too_large(size_bytes: int, limit_bytes: int) -> Finding:
    size, limit = size_bytes / 2**20, limit_bytes // 2**20
    return Finding(
        "too_large",
        "error",
        "",
        f"{size:.1f} MB",
        f"≤ {limit} MB",
        f"Tệp lớn {size:.1f} MB; mỗi lần gửi nhiều nhất {limit} MB. Hãy chia thành nhiều tệp, ví dụ theo năm.".replace(
            ".", ",", 1
        ),
        f"The file has {size:.1f} MB; at most {limit} MB are read at once. Split it, for example by year.",
    )


def _other(name: str) -> Finding:
    vi, en = "Hãy gửi tệp CSV, XLSX hoặc JSON.", "Send a CSV, XLSX or JSON file."
    if name == "XLS":
        vi = "Hãy mở trong Excel, lưu lại dưới dạng .xlsx rồi gửi lại."
        en = "Open it in Excel, save it as .xlsx and send it again."
    elif name in _ARCHIVES:
        vi, en = "Hãy giải nén rồi gửi tệp bên trong.", "Unpack it and send the file inside."
    return Finding(
        "unsupported_format",
        "error",
        "",
        name,
        "CSV, XLSX, JSON",
        f"Đây là tệp {name}, không đọc được số liệu từ đó. {vi}",
        f"This is a file of the kind {name}, from which no figures are read. {en}",
    )


def _not_what_the_mapping_reads(mapping: Mapping, found: str) -> Finding:
    wanted = mapping.format.upper()
    return Finding(
        "wrong_format",
        "error",
        "",
        found,
        wanted,
        f"Khai báo {mapping.code} đọc tệp {wanted}, nhưng đây là {found}. Hãy chọn khai báo khác hoặc tệp khác.",
        f"The mapping {mapping.code} reads {wanted}, but this is {found}. Choose another mapping or another file.",
    )

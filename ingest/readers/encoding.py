"""Bytes to text: UTF-8, or UTF-16 that says so. Anything else is asked for again, never guessed."""

import codecs

from ingest.readers.table import Unreadable
from ingest.submission import Finding

_SAVE_VI = "Trong Excel: Lưu thành (Save As) → “CSV UTF-8 (Comma delimited) (*.csv)” rồi gửi lại."
_SAVE_EN = "In Excel: Save As → “CSV UTF-8 (Comma delimited) (*.csv)”, then send it again."


def as_utf8(content: bytes) -> bytes:
    """The text as UTF-8 without a byte order mark, its lines ended by a line feed.

    Not in NFC yet: that makes a semicolon of the Greek question mark, so it waits until the fields are apart.

    Raises Unreadable.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = _from_utf16(content)
    content = content.removeprefix(codecs.BOM_UTF8)
    if (position := content.find(b"\0")) >= 0:
        raise Unreadable(_nul(content, position))
    try:
        content.decode()
    except UnicodeDecodeError as fault:
        raise Unreadable(_not_utf8(content, fault.start)) from fault
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in content else content


def _from_utf16(content: bytes) -> bytes:
    try:
        return content.decode("utf-16").encode()
    except UnicodeDecodeError as fault:
        finding = Finding(
            "not_utf8",
            "error",
            f"byte {fault.start + 1}",
            content[fault.start : fault.start + 2].hex(" "),
            "UTF-8",
            f"Tệp ghi là UTF-16 nhưng hỏng từ byte thứ {fault.start + 1}. {_SAVE_VI}",
            f"The file says it is UTF-16 but is broken from byte {fault.start + 1} on. {_SAVE_EN}",
        )
        raise Unreadable(finding) from fault


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def _nul(content: bytes, position: int) -> Finding:
    # Every second byte of UTF-16 in Latin letters is NUL.
    wide = content[:400].count(b"\0") > len(content[:400]) // 4
    return Finding(
        "nul_byte",
        "error",
        f"byte {position + 1} (line {_line(content, position)})",
        "UTF-16" if wide else "NUL",
        "UTF-8",
        (
            "Tệp có vẻ là UTF-16 nhưng thiếu dấu thứ tự byte (BOM). "
            if wide
            else f"Byte thứ {position + 1} là NUL: đây không phải tệp văn bản, hoặc tệp đã hỏng. "
        )
        + _SAVE_VI,
        (
            "The file seems to be UTF-16 without its byte order mark. "
            if wide
            else f"Byte {position + 1} is NUL: this is no text file, or it is damaged. "
        )
        + _SAVE_EN,
    )


def _not_utf8(content: bytes, position: int) -> Finding:
    line = _line(content, position)
    return Finding(
        "not_utf8",
        "error",
        f"byte {position + 1} (line {line})",
        content[position : position + 4].hex(" "),
        "UTF-8",
        f"Byte thứ {position + 1} (dòng {line}) không phải UTF-8; tệp có thể dùng bảng mã cũ"
        f" (TCVN3, VNI, Windows-1258). {_SAVE_VI}",
        f"Byte {position + 1} (line {line}) is not UTF-8; the file may be in an old encoding"
        f" (TCVN3, VNI, Windows-1258). {_SAVE_EN}",
    )

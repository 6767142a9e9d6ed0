"""Bytes to text: UTF-8, or UTF-16 that says so.

An encoding from before Unicode says nothing of itself. It is read only where one and no other makes Vietnamese of every
word, and then with a warning; anything else is asked for again, never guessed.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from ingest import old_fonts
from ingest.old_fonts import Decoded
from ingest.place import place
from ingest.readers.table import Unreadable, excerpt
from ingest.submission import Finding

_SAVE_VI = "Trong Excel: Lưu thành (Save As) → “CSV UTF-8 (Comma delimited) (*.csv)” rồi gửi lại."
_SAVE_EN = "In Excel: Save As → “CSV UTF-8 (Comma delimited) (*.csv)”, then send it again."


_HIGH_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
# What a wrong decoding leaves inside words.
_NO_LETTER = re.compile("[\x7f-\x9f¡-¯µ-¿×÷]")
_OLD: dict[str, Callable[[bytes], str]] = {
    "Windows-1258": lambda word: unicodedata.normalize("NFC", word.decode("cp1258")),
    old_fonts.TCVN3: lambda word: old_fonts.from_tcvn3(word.decode("latin-1")),
    old_fonts.VNI: lambda word: old_fonts.from_vni(word.decode("cp1252")),
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text as UTF-8 without a byte order mark, its lines ended by a line feed.

    `read_as` says in both languages what it was, where it was not plain UTF-8.
    """

    content: bytes
    read_as: tuple[str, str] | None = None
    findings: list[Finding] = field(default_factory=list[Finding])


def as_text(content: bytes) -> Text:
    """The text of a file that may be from before Unicode.

    Raises Unreadable.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Text(as_utf8(content), ("UTF-16 có dấu thứ tự byte (BOM)", "UTF-16 with byte order mark"))
    if content.startswith(codecs.BOM_UTF8):
        return Text(as_utf8(content), ("UTF-8 có dấu thứ tự byte (BOM)", "UTF-8 with byte order mark"))
    try:
        return Text(as_utf8(content))
    except Unreadable:
        old = None if b"\0" in content else _old_encoding(content)
        if old is None:
            raise
        position = next(_HIGH_WORD.finditer(content)).start()
        written = _OLD[old](content)
        warning = _read_as_old(old, _line(content, position), written)
        return Text(as_utf8(written.encode()), (old, old), [warning])


def _old_encoding(content: bytes) -> str | None:
    """The one encoding in which every word is Vietnamese; None where there is none, or more than one."""
    words = set(_HIGH_WORD.findall(content))
    fitting = [name for name, decode in _OLD.items() if _makes_vietnamese(words, decode)]
    return fitting[0] if len(fitting) == 1 else None


def _makes_vietnamese(words: Collection[bytes], decode: Callable[[bytes], str]) -> bool:
    try:
        texts = [decode(word) for word in words]
    except UnicodeDecodeError:
        return False
    # One letter alone is a word in more than one encoding.
    return all(old_fonts.is_never_foreign(text) and not _NO_LETTER.search(text) for text in texts) and any(
        len(text) > 1 and old_fonts.is_vietnamese(text) for text in texts
    )


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


def _read_as_old(encoding: str, line: int, written: str) -> Finding:
    shown = next(text for text in written.split("\n")[line - 1 :] if not text.isascii())
    example = excerpt(next(word for word in re.split(r"[,;\t\"]", shown) if not word.isascii()).strip())
    return Finding(
        "old_encoding",
        "warning",
        place(None, line, None),
        encoding,
        "UTF-8",
        f"Tệp không phải UTF-8. Chỉ bảng mã {encoding} cho ra tiếng Việt ở mọi chỗ nên tệp được đọc theo bảng mã đó,"
        f" ví dụ “{example}”. Hãy kiểm tra lại các chữ, hoặc lưu lại thành CSV UTF-8.",
        f"The file is not UTF-8. Only {encoding} makes Vietnamese of all its words, so it was read in that encoding,"
        f" for example “{example}”. Check the texts, or save the file as CSV UTF-8.",
    )


def decoded_text(where: str, count: int, first: Decoded, fonts: Collection[str] = ()) -> Finding:
    """Say that texts in the letters of an old font were turned into Unicode, with the first of them."""
    named = ", ".join(sorted(fonts))
    by_vi, by_en = (f"theo phông {named}", f"by the font {named}") if named else ("theo mặt chữ", "by their letters")
    raw, text = excerpt(first.raw), excerpt(first.text)
    cells = "1 text was" if count == 1 else f"{count} texts were"
    return Finding(
        "decoded_text",
        "information",
        where,
        raw,
        text,
        f"{count} ô chữ được đổi từ {first.encoding} sang Unicode {by_vi}, ví dụ “{raw}” thành “{text}”."
        " Hãy kiểm tra lại các chữ này.",
        f"{cells} turned from {first.encoding} into Unicode {by_en}, for example “{raw}” into “{text}”. Check them.",
    )

"""Evidence: which files may lie beside a figure, told by their bytes. A name says nothing, and nothing is ever run."""

import io
import zipfile

SIZE_LIMIT_BYTES = 10 * 2**20
COUNT_LIMIT = 50  # of one submission

_FIRST_BYTES = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
# What a zip of an office program holds; a workbook with macros holds another type, and is refused.
_OFFICE = (
    (
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
)
_CONTENTS_LIMIT_BYTES = 2**20  # of the list of contents that such a zip begins with


class NotEvidence(Exception):
    """The file cannot be kept as evidence."""


class TooLarge(NotEvidence):
    """The file is larger than evidence may be."""


def media_type(content: bytes) -> str:
    """The media type of a file that may be evidence: PDF, PNG, JPEG, DOCX or XLSX.

    Raises TooLarge, and NotEvidence with a sentence for any other and for an empty one.
    """
    if len(content) > SIZE_LIMIT_BYTES:
        raise TooLarge(
            f"The file has {len(content):,} bytes; evidence may have {SIZE_LIMIT_BYTES:,} (10 MB)."
            " Scan it in a lower resolution, or attach it in parts."
        )
    for first_bytes, found in _FIRST_BYTES:
        if content.startswith(first_bytes):
            return found
    if content.startswith(b"PK\x03\x04") and (found := _office_type(content)):
        return found
    raise NotEvidence("Evidence is a PDF, PNG, JPEG, DOCX or XLSX file, and this is none by its bytes.")


def _office_type(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package, package.open("[Content_Types].xml") as types:
            listed = types.read(_CONTENTS_LIMIT_BYTES)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, EOFError):
        return None
    return next((media for main, media in _OFFICE if main in listed), None)


_ENDINGS = {
    "application/pdf": ("pdf",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    _OFFICE[0][1]: ("docx",),
    _OFFICE[1][1]: ("xlsx",),
}


def named(file_name: str, media_type: str) -> str:
    """The name with an ending that says what the bytes are, so that saving it opens no other program."""
    endings = _ENDINGS[media_type]
    return (
        file_name if file_name.lower().endswith(tuple(f".{each}" for each in endings)) else f"{file_name}.{endings[0]}"
    )

"""Where in a file something stands, in words that a person can follow with a finger."""

import re
from typing import Final

# What a row is called that stands on no line of its own.
_ROWS: Final = {
    "json": "record",
    "sdmx-ml": "observation",
    "sdmx-json": "observation",
    "parquet": "row",
    "arrow": "row",
}


def place(sheet: str | None, line: int | None, column: str | None, *, format: str = "csv") -> str:  # noqa: A002
    """Name a place: `line 7, column "value"`, `Sheet "Nhập liệu", C7`, `record 7, "value"` for `format` json,
    `observation 7, "OBS_VALUE"` for a message of SDMX, `row 7, "value"` for a file of columns.

    `column` is a heading, or the letters of a column where `sheet` is given. Whatever is None is left out.
    """
    if sheet is not None:
        return f'Sheet "{sheet}"' + (f", {column or 'row '}{line}" if line is not None else "")
    named = f'column "{column}"'
    if line is None:
        return named if column is not None else ""
    if format in _ROWS:
        return f"{_ROWS[format]} {line}" + (f', "{column}"' if column is not None else "")
    return f"line {line}" + (f", {named}" if column is not None else "")


_VIETNAMESE = (
    (re.compile(r'^Sheet "(.*)", row (\d+)$', re.DOTALL), r'Trang tính "\1", dòng \2'),
    (re.compile(r'^Sheet "(.*)", ([A-Z]+\d+)$', re.DOTALL), r'Trang tính "\1", ô \2'),
    (re.compile(r'^Sheet "(.*)"$', re.DOTALL), r'Trang tính "\1"'),
    (re.compile(r'^line (\d+), column "(.*)"$', re.DOTALL), r'dòng \1, cột "\2"'),
    (re.compile(r"^line (\d+)$"), r"dòng \1"),
    (re.compile(r'^record (\d+), "(.*)"$', re.DOTALL), r'bản ghi \1, "\2"'),
    (re.compile(r"^record (\d+)$"), r"bản ghi \1"),
    (re.compile(r'^observation (\d+), "(.*)"$', re.DOTALL), r'quan sát \1, "\2"'),
    (re.compile(r"^observation (\d+)$"), r"quan sát \1"),
    (re.compile(r'^row (\d+), "(.*)"$', re.DOTALL), r'hàng \1, "\2"'),
    (re.compile(r"^row (\d+)$"), r"hàng \1"),
    (re.compile(r'^column "(.*)"$', re.DOTALL), r'cột "\1"'),
)


def in_vietnamese(written: str) -> str:
    """Say a place that `place` named in Vietnamese; another text comes back as it is."""
    for english, vietnamese in _VIETNAMESE:
        if english.match(written):
            return english.sub(vietnamese, written)
    return written


def column_letters(position: int) -> str:
    """Name the column of a sheet at a position counted from 0: A, B, … Z, AA."""
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_position(letters: str) -> int:
    """The position, counted from 0, of a column that is named by letters: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


_IN_A_SHEET = re.compile(r'Sheet "(.*)", (?:row )?([A-Z]*)(\d+)', re.DOTALL)


def in_sheet(written: str) -> tuple[str, str, int] | None:
    """The sheet, the letters of the column and the line that a place names; no letters where it names a row.

    None where it names no row of a sheet.
    """
    found = _IN_A_SHEET.fullmatch(written)
    return (found[1], found[2], int(found[3])) if found else None

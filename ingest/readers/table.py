"""Texts in columns, as a file held them: what a format is read into before anybody asks what the columns mean."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

import numpy
import pandas
import pyarrow
import pyarrow.compute

from ingest.observation import READING_COLUMNS
from ingest.place import place
from ingest.submission import Finding, Reading

# Excel keeps no longer text in a cell; a longer one is a file that went wrong, not a comment.
LONGEST_TEXT = 32_767
# So many places show what is wrong with a file of a million lines; the rest is counted.
FINDINGS_LIMIT = 1_000
MISSING_REASON = "không có số liệu"

# pyarrow ships no types: a Column is an array of strings, or of the numbers of lines.
Column: TypeAlias = Any
compute: Any = pyarrow.compute
_Row = TypeVar("_Row")

_EDGES = (
    " \t\n\r\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004"
    "\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
_PANDAS_TYPES: dict[Any, Any] = {
    pyarrow.string(): pandas.StringDtype(),
    pyarrow.large_string(): pandas.StringDtype(),
    pyarrow.int64(): pandas.Int64Dtype(),
}


class Unreadable(Exception):
    """Nothing can be read from these bytes."""

    def __init__(self, *findings: Finding) -> None:
        """Keep the findings that say why."""
        super().__init__("; ".join(str(finding) for finding in findings))
        self.findings = list(findings)


@dataclass(frozen=True, slots=True)
class Table:
    """The texts of a file in columns: stripped, NFC, null where nothing stood; `lines` says where each row begins.

    `headings` may be empty or stand twice. `letters` names the columns for places where not the headings do so: in a
    sheet, and where the headings were translated.
    `delimiter` tells where the decimal sign may be a comma, and is empty where nothing is delimited. `texts` says, by
    the position of a column, which values are texts in a format that has numbers too. `known` holds,
    under our names, what the format itself says of each row: status, frequency, whether it is withdrawn, and why.
    """

    headings: tuple[str, ...]
    columns: tuple[Column, ...]
    lines: Column
    heading_line: int | None
    format: str
    findings: list[Finding] = field(default_factory=list[Finding])
    delimiter: str = ""
    texts: dict[int, Column] = field(default_factory=dict[int, Column])
    sheet: str | None = None
    letters: tuple[str, ...] = ()
    known: dict[str, Column] = field(default_factory=dict[str, Column])

    def place(self, row: int, position: int | None = None) -> str:
        """Name the place of a row, or of one of its cells."""
        return place(self.sheet, self.lines[row].as_py(), self.name_of(position), format=self.format)

    def heading_place(self, position: int | None = None) -> str:
        """Name the place of a heading."""
        return place(self.sheet, self.heading_line, self.name_of(position), format=self.format)

    def name_of(self, position: int | None) -> str | None:
        """Name a column as places do: by its letters in a sheet, by its heading elsewhere."""
        if position is None:
            return None
        return self.letters[position] if self.letters else self.headings[position]

    def without(self, refused: numpy.ndarray) -> "Table":
        """The table without the rows for which `refused` is true."""
        kept = pyarrow.array(~refused)
        columns = tuple(column.filter(kept) for column in self.columns)
        known = {name: column.filter(kept) for name, column in self.known.items()}
        texts = {position: are_texts.filter(kept) for position, are_texts in self.texts.items()}
        return replace(self, columns=columns, lines=self.lines.filter(kept), known=known, texts=texts)

    def without_endless_texts(self, advice: tuple[str, str]) -> "Table":
        """The table without the rows that hold a text longer than any cell, each of which is told with the advice."""
        endless = numpy.zeros(len(self.lines), dtype=bool)
        cells: list[tuple[int, int]] = []
        for position, column in enumerate(self.columns):
            too_long = compute.fill_null(compute.utf8_length(column), 0).to_numpy() > LONGEST_TEXT
            cells += ((row, position) for row in numpy.flatnonzero(too_long & ~endless).tolist())
            endless |= too_long
        if not cells:
            return self
        self.findings.extend(for_each(cells, lambda cell: _endless_text(self, *cell, advice)))
        return self.without(endless)


def _endless_text(whole: Table, row: int, position: int, advice: tuple[str, str]) -> Finding:
    length = len(whole.columns[position][row].as_py())
    return Finding(
        "text_too_long",
        "error",
        whole.place(row, position),
        str(length),
        f"≤ {LONGEST_TEXT}",
        f"Ô này có {length} ký tự; nhiều nhất là {LONGEST_TEXT}. {advice[0]}",
        f"This cell has {length} characters; at most {LONGEST_TEXT} are read. {advice[1]}",
    )


def clean(texts: Column) -> Column:
    """Compose the letters and take the spaces off the edges, no-break and zero-width ones too; nothing left is null."""
    # Decomposed letters come from macOS and from some Vietnamese keyboards.
    if not compute.all(compute.string_is_ascii(texts), min_count=0).as_py():
        texts = compute.utf8_normalize(texts, form="NFC")
    stripped = compute.utf8_trim(texts, characters=_EDGES)
    return compute.if_else(compute.equal(stripped, ""), pyarrow.scalar(None, pyarrow.string()), stripped)


def each_distinct(column: Column, change: Callable[[str], str | None]) -> Column:
    """The column with each distinct text changed once."""
    encoded = column.combine_chunks().dictionary_encode()
    changed = pyarrow.array([change(text) for text in encoded.dictionary.to_pylist()], pyarrow.string())
    return pyarrow.chunked_array([changed.take(encoded.indices)])


def frame(columns: Mapping[str, Any], length: int) -> pandas.DataFrame:
    """The frame of a reading from those of READING_COLUMNS that are given: arrays, or one text for all rows."""
    arrays: dict[str, Any] = {}
    for name in READING_COLUMNS:
        given = columns.get(name)
        kind = pyarrow.int64() if name == "line" else pyarrow.string()
        if given is None:
            arrays[name] = pyarrow.nulls(length, kind)
        elif isinstance(given, str):
            arrays[name] = pyarrow.repeat(pyarrow.scalar(given, kind), length)
        else:
            arrays[name] = given.cast(kind)
    return pyarrow.table(arrays).to_pandas(types_mapper=_PANDAS_TYPES.get)


def frame_of_rows(rows: Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """The frame of a reading from figures that were read one by one."""
    names = dict.fromkeys(name for row in rows for name in row)
    kinds = {name: pyarrow.int64() if name == "line" else pyarrow.string() for name in names}
    return frame({name: pyarrow.array([row.get(name) for row in rows], kinds[name]) for name in names}, len(rows))


def unread(findings: Sequence[Finding], *, format: str = "") -> Reading:  # noqa: A002 - the word of the design
    """A reading of which nothing but findings came."""
    return Reading(frame({}, 0), list(findings), format)


def for_each(rows: Sequence[_Row], make: Callable[[_Row], Finding]) -> list[Finding]:
    """A finding for each row; of very many the first, and one that counts the rest."""
    findings = [make(row) for row in rows[:FINDINGS_LIMIT]]
    if rest := len(rows) - len(findings):
        alike = findings[-1]
        findings.append(
            Finding(
                "more_of_the_same",
                alike.severity,
                "",
                str(rest),
                alike.rule,
                f"Còn {rest} chỗ nữa có cùng lỗi này. Hãy sửa cách xuất tệp rồi gửi lại.",
                f"{rest} more places have the same fault. Correct the way the file is made and send it again.",
            )
        )
    return findings


def excerpt(text: str, length: int = 60) -> str:
    """The beginning of a text that may be long, on one line."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length and len(text) <= 4 * length else line[: length - 1] + "…"

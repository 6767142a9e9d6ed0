"""CSV: long, a row an observation, with codes or names; or wide, a row a period and a column a series."""

import csv
import io
import itertools
import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from service.archive.metadata import Metadata
from service.archive.points import Statement
from service.archive.question import ANSWER_COLUMNS
from service.formats import copied
from service.formats.copied import MOMENTS, moment
from service.formats.spreadsheet import harmless, harmless_sql

# As many as fit, with their flags and the period, into the 16,384 columns of a spreadsheet.
MOST_WIDE_SERIES = 8_191


def long(connection: Connection, statement: Statement, labels: str, about: Metadata | None) -> Generator[bytes]:
    """A row an observation: ANSWER_COLUMNS (`id`), names in their place (`name`), or both.

    `about` is needed for names alone.
    """
    columns, names = _IN_CSV, dict[str, str]()
    if labels != "id" and about is not None:
        columns, names = _labelled(both=labels == "both"), _bound(about)
    with copied.lines(connection, statement, columns, header=True, **names) as lines:
        yield from in_chunks(lines)


def plain(connection: Connection, statement: Statement, names: Sequence[str]) -> Generator[bytes]:
    """The rows of a statement that has these columns, as they are."""
    columns = {name: _WRITTEN.get(name, name) for name in names}
    with copied.lines(connection, statement, columns, header=True) as lines:
        yield from in_chunks(lines)


def wide(connection: Connection, statement: Statement, about: Metadata) -> Generator[bytes]:
    """A row a period, and for each series its value and its status."""
    keys = [each["series"] for each in about.series]
    place = {key: 1 + 2 * number for number, key in enumerate(keys)}
    yield _line(["period", *itertools.chain.from_iterable((key, f"{key}:status") for key in keys)])
    found = copied.rows(
        connection,
        statement,
        columns="period, series, cast(value as text), status",
        order='period collate "C", series',
    )
    yield from in_chunks(_periods(found, place))


def in_chunks(lines: Iterable[bytes | bytearray | memoryview]) -> Generator[bytes]:
    """The lines in pieces of a quarter of a megabyte: one a line would cost more than the reading."""
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= _CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


_CHUNK_BYTES = 1 << 18

_WRITTEN = (
    MOMENTS
    | {name: harmless_sql(name) for name in ("reason", "document", "comment")}
    | {name: f"array_to_string({name}, ' ')" for name in ("derived", "computed_from")}
    | {"withdrawn": "cast(withdrawn as text)", "previous_published_at": moment("previous_published_at")}
)
_IN_CSV = {name: _WRITTEN.get(name, name) for name in ANSWER_COLUMNS}
_PARTS = ("frequency", "indicator", "reporting_unit", "accumulation", "source", "breakdown")


def _labelled(*, both: bool) -> dict[str, str]:
    """The columns with names, a code that has none for itself, and the codes too where both are wanted."""
    columns = {"series": "series"} if both else {}
    for number, part in enumerate(_PARTS, start=1):
        columns |= _named(part, f"split_part(series, '.', {number})", both=both)
    for name in ANSWER_COLUMNS[1:]:
        columns |= _named(name, name, both=both) if name in ("status", "unit_measure") else {name: _IN_CSV[name]}
    return columns


def _named(name: str, code: str, *, both: bool) -> dict[str, str]:
    names = {
        f"{name}_{language}": f"coalesce(cast(:{name}_{language} as jsonb) ->> {code}, {code})"
        for language in ("vi", "en")
    }
    return {name: code} | names if both else names


def _bound(about: Metadata) -> dict[str, str]:
    """The names as JSON by code: looked up in a constant, they cost no join and leave the order as it is."""
    return {
        f"{part}_{language}": json.dumps({code: harmless(named[number]) for code, named in names.items()})
        for part, names in about.names().items()
        for number, language in enumerate(("vi", "en"))
    }


def _periods(found: Iterable[Any], place: dict[str, int]) -> Iterator[bytes]:
    for period, rows in itertools.groupby(found, key=lambda row: row[0]):
        cells = [period] + [""] * (2 * len(place))
        for _, key, value, status in rows:
            cells[place[key]], cells[place[key] + 1] = value or "", status
        yield _line(cells)


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()

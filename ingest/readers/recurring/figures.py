"""The figures of a table: what stands where a row that is named crosses a column with a meaning."""

from collections.abc import Sequence
from typing import Any

import pyarrow

from ingest.layout import LayoutColumn
from ingest.place import column_letters
from ingest.readers.cell_faults import MISSING_MARKS, percent_read, unfit
from ingest.readers.decimals import asked_about, by_evidence, readings
from ingest.readers.printed import is_numeral
from ingest.readers.recurring import findings as tell
from ingest.readers.recurring.extent import Extent
from ingest.readers.recurring.headings import Column
from ingest.readers.recurring.known import Named
from ingest.readers.sheets import cell_text, shown_percent
from ingest.readers.table import MISSING_REASON
from ingest.submission import Finding

_ENOUGH_NUMBERS = 3


def figures(
    table: Extent, columns: Sequence[Column], named: Sequence[tuple[int, Named]]
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The figures in the order of the rows, one for each cell that holds a value or a mark that says there is none."""
    found: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for column in columns:
        if column.meaning is None:
            continue
        values, told = _values(table, column, [row for row, _ in named])
        findings += told
        found += [
            _figure(table, column, column.meaning, row, meant, values[row]) for row, meant in named if row in values
        ]
    return sorted(found, key=lambda figure: figure["line"]), findings


def _figure(table: Extent, column: Column, meaning: LayoutColumn, row: int, meant: Named, value: str) -> dict[str, Any]:
    layout = table.known.layout
    figure: dict[str, Any] = {
        "indicator": meaning.indicator,
        "reporting_unit": meant.reporting_unit,
        "period": column.period,
        "frequency": meaning.frequency,
        "accumulation": meaning.accumulation,
        "source": layout.source,
        "breakdown": meant.breakdown,
        "status": column.status,
        "data_from": column.data_from,
        "data_to": column.data_to,
        "document": layout.document,
        "comment": f"{table.title.text} | {column.heading}",
        "sheet": table.printed.sheet.name,
        "line": row + 1,
        "column": column.letters,
        "unit_column": column_letters(max((at for at, _ in table.printed.texts(row) if at < table.labels), default=0)),
    }
    if value in MISSING_MARKS:
        return figure | {"status": "M", "reason": f"{MISSING_REASON} ({value})"}
    return figure | {"value": value}


def _values(table: Extent, column: Column, rows: Sequence[int]) -> tuple[dict[int, str], list[Finding]]:
    """The values of a column as texts with a decimal point, or marks, by row."""
    hidden = table.printed.sheet.hidden
    values: dict[int, str] = {}
    typed: dict[int, str] = {}
    numbers: list[float] = []
    findings: list[Finding] = []
    for row in rows:
        cell = table.printed.rows[row][column.position]
        where, name = table.printed.place(row, column.position), table.printed.name(row, column.position)
        if (fault := unfit(where, name, cell, hidden)) is not None:
            findings.append(fault)
        elif isinstance(cell, (int, float)) and not isinstance(cell, bool):
            numbers.append(abs(float(cell)))
            values[row] = shown_percent(cell) if name in hidden.percents else cell_text(cell)
            if name in hidden.percents and column.percent:
                findings.append(percent_read(where, values[row]))
            elif name in hidden.percents:
                values[row] += "%"  # what it shows; the rules say whether the indicator is a percentage
        elif text := cell_text(cell):
            (typed if is_numeral(text) else values)[row] = text
    of_texts, asked = _typed(table, column, typed, numbers)
    return values | of_texts, findings + asked


def _typed(
    table: Extent, column: Column, typed: dict[int, str], numbers: Sequence[float]
) -> tuple[dict[int, str], list[Finding]]:
    """Numbers that were typed as text, with the decimal sign that the texts of the column show."""
    settled, asked = by_evidence(pyarrow.chunked_array([pyarrow.array(typed.values(), pyarrow.string())]))
    values: dict[int, str] = {}
    findings: list[Finding] = []
    for row, text, is_open in zip(typed, settled.to_pylist(), asked.to_pylist(), strict=True):
        where, bare = table.printed.place(row, column.position), text.removesuffix("%")
        value = _by_size(bare, numbers) if is_open else bare
        if value is None:
            findings.append(asked_about(where, text))
            continue
        if is_open:
            findings.append(tell.decided_by_size(where, bare, value))
        values[row] = value if column.percent or bare == text else f"{value}%"
    return values, findings


def _by_size(text: str, numbers: Sequence[float]) -> str | None:
    """Which reading of `1.234` lies among the column's numbers, where the other is ten times off them; or None."""
    if len(numbers) < _ENOUGH_NUMBERS:
        return None
    low, high = min(numbers), max(numbers)
    grouped, decimal = readings(text)
    for value, other in ((grouped, decimal), (decimal, grouped)):
        far = not low / 10 <= abs(float(other)) <= high * 10
        if low <= abs(float(value)) <= high and far:
            return value
    return None

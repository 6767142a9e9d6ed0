"""Somebody else's file, read by the documented mapping of its columns.

Wide files become long by whole columns: a value column with its conditions is one block of rows, and so is a column
whose heading is a period.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy
import pyarrow

from ingest import period
from ingest.mapping import Mapping, PeriodPlace, ValuePlace
from ingest.readers.decimals import settle
from ingest.readers.table import MISSING_REASON, Column, Table, Unreadable, compute, each_distinct, excerpt, frame
from ingest.spelling import fold, nearest
from ingest.submission import Finding, Reading

WITHDRAWN_REASON = "nguồn đã rút lại số liệu"
_NAMES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Block:
    """The rows of one value column that make one series of figures each."""

    rows: numpy.ndarray
    position: int
    value: ValuePlace
    indicator: str


def read(table: Table, mapping: Mapping) -> Reading:
    """Read a table by the mapping of its kind of file; the figures come in the order of the file.

    Raises Unreadable where a heading that the mapping needs is not there, or nothing can be read.
    """
    columns = _Columns(table, mapping)
    findings = list(table.findings)
    blocks = list(columns.blocks(findings))
    if not any(len(block.rows) for block in blocks):
        raise Unreadable(*findings, _nothing(mapping, columns.wanted(), columns.found()))
    values: dict[int, Column] = {}
    for position in dict.fromkeys(block.position for block in blocks):
        values[position], asked = _values(table, mapping, position)
        findings += asked
    figures = pyarrow.concat_tables([_figures(columns, block, values[block.position]) for block in blocks])
    order = numpy.argsort(figures["line"].to_numpy(), kind="stable")
    figures = figures.take(pyarrow.array(order))
    return Reading(frame({name: figures[name] for name in figures.column_names}, len(figures)), findings, table.format)


class _Columns:
    """The columns of a table under the names that a mapping gives them."""

    def __init__(self, table: Table, mapping: Mapping) -> None:
        self.table = table
        self.mapping = mapping
        self._positions: dict[str, list[int]] = {}
        for position, heading in enumerate(table.headings):
            self._positions.setdefault(fold(heading), []).append(position)
        self._check()
        rows = len(table.lines)
        self.unit = self._unit()
        self.period = self._period()
        self.published = self._published()
        self.missing = _known(table, "status", "M", rows)
        self.withdrawn = _known(table, "withdrawn", "yes", rows)
        self.counted = numpy.ones(rows, dtype=bool)
        if mapping.reporting_unit and mapping.reporting_unit.skip:
            self.counted = ~_is_one_of(self.unit, mapping.reporting_unit.skip)

    def position(self, name: str) -> int:
        return self._positions[fold(name)][0]

    def column(self, name: str) -> Column:
        return self.table.columns[self.position(name)]

    def blocks(self, findings: list[Finding]) -> Iterator[_Block]:
        """The blocks of figures; what no value of the mapping wants is told in a finding."""
        told: dict[int, numpy.ndarray] = {}
        for value in self.mapping.values:
            meant = self.counted.copy()
            for name, text in value.when.items():
                meant &= _is_one_of(self.column(name), (text,))
            for position in self._value_positions(value):
                for indicator, rows in self._indicators(value, meant):
                    seen = told.setdefault(position, numpy.zeros(len(meant), dtype=bool))
                    seen[rows] = True
                    yield _Block(rows, position, value, indicator)
        findings += self._passed_over(told)

    def _indicators(self, value: ValuePlace, meant: numpy.ndarray) -> Iterator[tuple[str, numpy.ndarray]]:
        if isinstance(value.indicator, str):
            yield value.indicator, numpy.flatnonzero(meant)
            return
        column = self.column(value.indicator.column)
        for text, indicator in value.indicator.codes.items():
            yield indicator, numpy.flatnonzero(meant & _is_one_of(column, (text,)))

    def _value_positions(self, value: ValuePlace) -> list[int]:
        if value.column is not None:
            return [self.position(value.column)]
        pattern = self.mapping.period.headings if self.mapping.period else None
        return [position for position, _ in self._period_headings(pattern or "")]

    def _period_headings(self, pattern: str) -> Iterator[tuple[int, str]]:
        for position, heading in enumerate(self.table.headings):
            if re.search(pattern, heading):
                yield position, heading

    def _passed_over(self, told: dict[int, numpy.ndarray]) -> list[Finding]:
        """A warning for each text by which figures fell through every condition and code of the mapping."""
        deciding = {name for value in self.mapping.values for name in value.when}
        deciding |= {value.indicator.column for value in self.mapping.values if not isinstance(value.indicator, str)}
        texts: dict[tuple[str, ...], int] = {}
        for position, seen in told.items():
            told_of = self.table.columns[position].is_valid().to_numpy() | self.missing | self.withdrawn
            left = self.counted & ~seen & told_of
            for row in numpy.flatnonzero(left).tolist():
                key = tuple(f"{name} = {self.column(name)[row].as_py()}" for name in sorted(deciding))
                texts[key] = texts.get(key, 0) + 1
        found = [_not_wanted(self.mapping, ", ".join(key), count) for key, count in list(texts.items())[:_NAMES_SHOWN]]
        place = self.mapping.reporting_unit
        if place and place.column and not self.counted.all():
            skipped = self.column(place.column).filter(pyarrow.array(~self.counted))
            found.append(_skipped(len(skipped), skipped.unique().to_pylist(), self.table))
        return found

    def _unit(self) -> Any:
        place = self.mapping.reporting_unit
        if place is None:
            return None
        if place.column is None or not place.codes:
            return place.constant if place.column is None else self.column(place.column)
        return each_distinct(self.column(place.column), lambda text: place.codes.get(text, text))

    def _period(self) -> Any:
        place = self.mapping.period
        if place is None or place.column is None:
            return None
        return each_distinct(self.column(place.column), lambda text: _period_text(place, text))

    def _published(self) -> Any:
        place = self.mapping.published_at
        if place is None:
            return None
        if place.column is not None:
            return self.column(place.column)
        moments = place.by_period
        return each_distinct(self.period, moments.get) if self.period is not None else moments

    def wanted(self) -> str:
        """The texts that the conditions of the mapping ask for."""
        asked = [f"{name} = {text}" for value in self.mapping.values for name, text in value.when.items()]
        return ", ".join(dict.fromkeys(asked))

    def found(self) -> str:
        """The texts that stand where the conditions of the mapping ask for others."""
        told: list[str] = []
        for name in dict.fromkeys(name for value in self.mapping.values for name in value.when):
            texts = [excerpt(text) for text in self.column(name).unique().to_pylist() if text]
            told.append(f"{name} = {' | '.join(texts[:_NAMES_SHOWN])}")
        return ", ".join(told)

    def breakdown(self, value: ValuePlace) -> Any:
        """The breakdown of each row of a value: a column, or one text for all."""
        place = value.breakdown
        if isinstance(place, str):
            return place
        return each_distinct(self.column(place.column), lambda text: place.codes.get(text, text))

    def of_block(self, block: _Block) -> tuple[Any, Any]:
        """The periods of a block and their publication: columns, or one text for all."""
        if self.mapping.period is None or self.mapping.period.headings is None:
            return self.period, self.published
        written = dict(self._period_headings(self.mapping.period.headings))[block.position]
        published = self.published.get(written) if isinstance(self.published, dict) else self.published
        return written, published

    def _check(self) -> None:
        mapping = self.mapping
        counts = {name: len(self._positions.get(fold(name), [])) for name in mapping.columns()}
        absent = [name for name, count in counts.items() if not count]
        if mapping.period and mapping.period.headings and not list(self._period_headings(mapping.period.headings)):
            absent.append(mapping.period.headings)
        findings = [_absent(self.table, mapping, absent)] if absent else []
        findings += [_twice(self.table, name) for name, count in counts.items() if count > 1]
        if findings:
            raise Unreadable(*findings)


def _values(table: Table, mapping: Mapping, position: int) -> tuple[Column, list[Finding]]:
    """The values of a column, its texts for missing and withdrawn left as they are."""
    marks = _is_one_of(table.columns[position], (*mapping.missing, *mapping.withdrawn))
    values, findings = settle(table, position)
    return compute.if_else(pyarrow.array(marks), table.columns[position], values), findings


def _figures(columns: _Columns, block: _Block, values: Column) -> Any:
    mapping, table = columns.mapping, columns.table
    original = table.columns[block.position].take(pyarrow.array(block.rows))
    value = values.take(pyarrow.array(block.rows))
    empty = original.is_null().to_numpy()
    refused = value.is_null().to_numpy() & ~empty
    missing = _is_one_of(original, mapping.missing) | columns.missing[block.rows]
    withdrawn = _is_one_of(original, mapping.withdrawn) | columns.withdrawn[block.rows]
    if mapping.empty_cell == "missing":
        missing |= empty
    else:
        refused |= empty & ~missing & ~withdrawn
    kept = pyarrow.array(~refused)
    rows = pyarrow.array(block.rows).filter(kept)
    periods, published = columns.of_block(block)
    given: dict[str, Any] = {
        "indicator": block.indicator,
        "reporting_unit": columns.unit,
        "scheme": mapping.reporting_unit.scheme if mapping.reporting_unit else None,
        "period": periods,
        "frequency": (mapping.period and mapping.period.frequency) or table.known.get("frequency"),
        "published_at": published,
        "source": block.value.source,
        "accumulation": block.value.accumulation,
        "breakdown": columns.breakdown(block.value),
        "column": table.headings[block.position],
        "line": table.lines,
    }
    block_columns = {name: _taken(column, rows) for name, column in given.items()}
    block_columns["value"] = compute.if_else(pyarrow.array(missing | withdrawn), None, value).filter(kept)
    block_columns["status"] = compute.coalesce(
        _marked(missing & ~withdrawn, "M").filter(kept), _taken(table.known.get("status"), rows)
    )
    block_columns["withdrawn"] = _marked(withdrawn, "yes").filter(kept)
    # What a format itself withdraws is explained by whoever sends it.
    explained = _marked(withdrawn & ~columns.withdrawn[block.rows], WITHDRAWN_REASON)
    block_columns["reason"] = compute.coalesce(
        _taken(table.known.get("reason"), rows),
        compute.if_else(pyarrow.array(missing), MISSING_REASON, explained).filter(kept),
    )
    return pyarrow.table(block_columns)


def _known(table: Table, name: str, text: str, count: int) -> numpy.ndarray:
    column = table.known.get(name)
    return numpy.zeros(count, dtype=bool) if column is None else _is_one_of(column, (text,))


def _marked(rows: numpy.ndarray, text: str) -> Column:
    return compute.if_else(pyarrow.array(rows), text, pyarrow.scalar(None, pyarrow.string()))


def _taken(column: Any, rows: Column) -> Any:
    if column is None or isinstance(column, str):
        return pyarrow.repeat(pyarrow.scalar(column, pyarrow.string()), len(rows))
    return column.take(rows)


def _is_one_of(column: Any, texts: tuple[str, ...]) -> numpy.ndarray:
    return compute.is_in(column, pyarrow.array(texts, pyarrow.string())).to_numpy(zero_copy_only=False)


def _period_text(place: PeriodPlace, text: str) -> str:
    if place.pattern is not None and (found := re.search(place.pattern, text)):
        text = found[1]
    if place.frequency is not None:
        try:
            return str(period.containing(period.day_of(text), place.frequency))
        except period.NotAPeriod:
            return text  # the rules say so, with the place
    return text


def _absent(table: Table, mapping: Mapping, names: list[str]) -> Finding:
    headings = [heading for heading in table.headings if heading]
    shown = ", ".join(excerpt(heading) for heading in headings[:_NAMES_SHOWN])
    wanted = ", ".join(f"“{name}”" for name in names[:_NAMES_SHOWN])
    near = nearest(names[0], headings)[:1] if len(names) == 1 else []
    return Finding(
        "missing_column",
        "error",
        table.heading_place(),
        shown,
        ", ".join(names),
        f"Không thấy các cột mà khai báo {mapping.code} cần: {wanted}"
        + (f"; gần nhất là “{near[0]}”" if near else "")
        + f". Các tiêu đề tìm thấy: {shown}.",
        f"Columns that the mapping {mapping.code} needs are not there: {wanted}"
        + (f"; the nearest is “{near[0]}”" if near else "")
        + f". Headings found: {shown}.",
    )


def _twice(table: Table, name: str) -> Finding:
    return Finding(
        "duplicate_column",
        "error",
        table.heading_place(),
        name,
        "1",
        f"Cột “{name}” xuất hiện nhiều lần, không rõ phải đọc cột nào. Hãy bỏ cột thừa.",
        f"The column “{name}” stands there more than once, and which to read is unclear. Leave the others out.",
    )


def _not_wanted(mapping: Mapping, texts: str, count: int) -> Finding:
    return Finding(
        "not_in_mapping",
        "warning",
        "",
        excerpt(texts, 200),
        mapping.code,
        f"{count} giá trị với {excerpt(texts, 200)} không được khai báo {mapping.code} nhắc đến nên không được đọc.",
        f"{count} values with {excerpt(texts, 200)} are not named by the mapping {mapping.code} and were not read.",
    )


def _skipped(count: int, names: list[str], table: Table) -> Finding:
    listed = ", ".join(names)
    return Finding(
        "not_a_reporting_unit",
        "information",
        "",
        listed,
        str(len(table.lines)),
        f"{count} dòng là số tổng hợp của chính tệp này, không phải đơn vị báo cáo, nên không được đọc: {listed}.",
        f"{count} lines are aggregates of the file itself, not reporting units, and were not read: {listed}.",
    )


def _nothing(mapping: Mapping, wanted: str, found: str) -> Finding:
    vi = f" Khai báo đọc {wanted}; tệp có {excerpt(found, 300)}." if wanted else ""
    en = f" It reads {wanted}; the file has {excerpt(found, 300)}." if wanted else ""
    return Finding(
        "no_rows",
        "error",
        "",
        found or "0",
        wanted or mapping.code,
        f"Không đọc được số liệu nào theo khai báo {mapping.code}.{vi} Hãy kiểm tra tệp và khai báo có khớp không.",
        f"No figure could be read by the mapping {mapping.code}.{en}"
        " Check that the file and the mapping belong together.",
    )

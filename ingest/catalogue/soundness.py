"""What the files of the catalogue must say together: codes, references, spans, and how things add up.

Figures are not checked here: they go through the importer like any other figure.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from string import Formatter
from typing import Any, get_args

from ingest.catalogue.files import Fault, Placed, Record
from ingest.dataset import Dataset, DueRule
from ingest.deadline import NotADeadline
from ingest.group import Group, Joining
from ingest.indicator import Accumulation, Frequency, Indicator, Level, Source, UnitOfMeasure
from ingest.layout import Layout, LayoutColumn, LayoutRow
from ingest.mapping import IndicatorPlace, Mapping
from ingest.period import NotAPeriod, containing, parse
from ingest.reporting_unit import Lineage, ReportingUnit, Spelling, UnitCode
from ingest.rule import (
    FACTS,
    INTRINSIC,
    ComparisonCheck,
    IntrinsicCheck,
    PartsCheck,
    RankFieldCheck,
    Rule,
    StatedChangeCheck,
    Term,
)
from ingest.spelling import fold, nearest
from ingest.target import Target

_CODE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_MEASURE = re.compile(r"[a-z][a-z0-9_]*\Z")
# A sum or a mean of these says nothing.
_NEVER_ADDED = re.compile(r"(rank|score|index)")
_BREAKDOWN = re.compile(r"[A-Z0-9_@$-]{1,40}\Z")
# What a pattern of a layout may say by name.
_GROUPS = (
    "year", "month", "months", "quarter", "day", "from_day", "from_month", "from_year", "to_day", "to_month", "status",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parts:
    """The words of all files, each with its place."""

    indicators: list[Placed[Indicator]] = field(default_factory=list[Placed[Indicator]])
    units_of_measure: list[Placed[UnitOfMeasure]] = field(default_factory=list[Placed[UnitOfMeasure]])
    sources: list[Placed[Source]] = field(default_factory=list[Placed[Source]])
    reporting_units: list[Placed[ReportingUnit]] = field(default_factory=list[Placed[ReportingUnit]])
    codes: list[Placed[UnitCode]] = field(default_factory=list[Placed[UnitCode]])
    spellings: list[Placed[Spelling]] = field(default_factory=list[Placed[Spelling]])
    lineage: list[Placed[Lineage]] = field(default_factory=list[Placed[Lineage]])
    groups: list[Placed[Group]] = field(default_factory=list[Placed[Group]])
    datasets: list[Placed[Dataset]] = field(default_factory=list[Placed[Dataset]])
    targets: list[Placed[Target]] = field(default_factory=list[Placed[Target]])
    mappings: list[Placed[Mapping]] = field(default_factory=list[Placed[Mapping]])
    layouts: list[Placed[Layout]] = field(default_factory=list[Placed[Layout]])
    rules: list[Placed[Rule]] = field(default_factory=list[Placed[Rule]])


class _Known:
    """What can be named, by code."""

    def __init__(self, parts: Parts):
        self.indicators = {each.word.code: each.word for each in parts.indicators}
        self.units_of_measure = {each.word.code for each in parts.units_of_measure}
        self.sources = {each.word.code for each in parts.sources}
        self.reporting_units = {each.word.code: each.word for each in parts.reporting_units}
        self.schemes = {each.word.scheme for each in parts.codes}
        self.datasets = {each.word.code for each in parts.datasets}


def broken_rules(parts: Parts) -> list[Fault]:
    """Return the faults of words that are each well written but do not fit together."""
    known = _Known(parts)
    return [
        *_codes(parts),
        *_spans(parts),
        *(fault for each in parts.indicators for fault in _indicator(each, known)),
        *(fault for each in parts.reporting_units for fault in _reporting_unit(each)),
        *_unit_codes(parts, known),
        *(
            fault
            for each in parts.spellings
            for fault in _named(each.word.reporting_unit, known.reporting_units, "reporting unit", each.record)
        ),
        *(fault for each in parts.lineage for fault in _lineage(each, known)),
        *(fault for each in parts.groups for fault in _group(each, known)),
        *(fault for each in parts.datasets for fault in _dataset(each, known)),
        *(fault for each in parts.targets for fault in _target(each, known)),
        *_promised_twice(parts),
        *(fault for each in parts.mappings for fault in _mapping(each, known)),
        *(fault for each in parts.layouts for fault in _layout(each, known)),
        *_titles_twice(parts),
        *(fault for each in parts.rules for fault in _rule(each, known)),
        *_intrinsic(parts),
    ]


def _codes(parts: Parts) -> Iterator[Fault]:
    lists: tuple[list[Placed[Any]], ...] = (
        parts.indicators, parts.units_of_measure, parts.sources, parts.reporting_units, parts.groups, parts.datasets,
        [*parts.mappings, *parts.layouts],  # a submission names one of either
        parts.rules,
    )  # fmt: skip
    for placed in lists:
        first: dict[str, Record] = {}
        for each in placed:
            code, record = each.word.code, each.record
            small = placed is parts.units_of_measure or placed is parts.rules
            if small and not _MEASURE.match(code):
                yield record.fault(f'the code "{code}" must be small letters, digits and _, a letter first', "code")
            elif not small and not _CODE.match(code):
                yield record.fault(f'the code "{code}" must be capital letters, digits and _, a letter first', "code")
            if code in first:
                before = first[code]
                yield record.fault(f'the code "{code}" is taken: {before.file}, line {before.line}', "code")
            first.setdefault(code, record)


def _spans(parts: Parts) -> Iterator[Fault]:
    lists: tuple[list[Placed[Any]], ...] = (parts.indicators, parts.reporting_units, parts.codes)
    for placed in lists:
        for each in placed:
            yield from _span(each.word, each.record, "valid_to")
    for each in parts.indicators:
        for index, lead in enumerate(each.word.lead):
            yield from _span(lead, each.record, f"lead.{index}.to")


def _span(word: Any, record: Record, key: str) -> Iterator[Fault]:
    if word.valid_from and word.valid_to and word.valid_to < word.valid_from:
        yield record.fault(f'"{key}" {word.valid_to} is before the beginning, {word.valid_from}', key)


def _named(code: str, known: Iterable[str], what: str, record: Record, key: str = "") -> Iterator[Fault]:
    if code not in known:
        near = nearest(code, known, limit=1)
        yield record.fault(f'there is no {what} "{code}"' + (f'; the nearest is "{near[0]}"' if near else ""), key)


def _indicator(each: Placed[Indicator], known: _Known) -> Iterator[Fault]:
    it, record = each.word, each.record
    yield from _named(it.unit_measure, known.units_of_measure, "unit of measure", record, "unit_measure")
    for index, source in enumerate(it.sources):
        yield from _named(source, known.sources, "source", record, f"sources.{index}")
    if it.replaced_by:
        yield from _named(it.replaced_by, known.indicators, "indicator", record, "replaced_by")
    for key in ("frequencies", "accumulations", "sources", "levels"):
        values: tuple[str, ...] = getattr(it, key)
        if not values or len(set(values)) < len(values):
            yield record.fault(f'"{key}" must name at least one, and each once', key)
    if it.minimum is not None and it.maximum is not None and it.maximum < it.minimum:
        yield record.fault(f'"maximum" {it.maximum} is below "minimum" {it.minimum}', "maximum")
    yield from _adding_up(it, record)
    for index, lead in enumerate(it.lead):
        key = f"lead.{index}.reporting_unit"
        yield from _named(lead.reporting_unit, known.reporting_units, "reporting unit", record, key)
        unit = known.reporting_units.get(lead.reporting_unit)
        if unit and not _inside(lead.valid_from, lead.valid_to, it, unit):
            yield record.fault(f'"{unit.code}" leads on days on which it did not exist ({_days(unit)})', key)


def _adding_up(it: Indicator, record: Record) -> Iterator[Fault]:
    for key in ("adds_over_time", "adds_over_units"):
        how = getattr(it, key)
        if how in ("sum", "mean") and _NEVER_ADDED.match(it.unit_measure):
            yield record.fault(f'"{key}" is "{how}", but a {it.unit_measure} never adds up; say "none"', key)
        if how in ("sum", "mean") and it.unit_measure == "percent":
            yield record.fault(f'"{key}" is "{how}", but a rate is recomputed; say "ratio" or "none"', key)
        if how == "ratio" and not (it.numerator_vi and it.denominator_vi and it.numerator_en and it.denominator_en):
            yield record.fault(f'"{key}" is "ratio"; then numerator and denominator must be given', key)


def _inside(first: date | None, last: date | None, it: Indicator, unit: ReportingUnit) -> bool:
    # A lead without a beginning leads from the indicator's beginning on.
    first, last = first or it.valid_from, last or it.valid_to
    starts = unit.valid_from is None or (first is not None and unit.valid_from <= first)
    return starts and (unit.valid_to is None or (last is not None and last <= unit.valid_to))


def _days(unit: ReportingUnit) -> str:
    if unit.valid_from is None:
        return f"it ended on {unit.valid_to}"
    return f"it exists from {unit.valid_from}" + (f" to {unit.valid_to}" if unit.valid_to else "")


def _reporting_unit(each: Placed[ReportingUnit]) -> Iterator[Fault]:
    unit, record = each.word, each.record
    kinds = _kinds(unit.level)
    if unit.kind not in kinds:
        yield record.fault(f'"kind" is "{unit.kind}"; a {unit.level} is of kind {" or ".join(kinds)}')
    if (unit.valid_from or unit.valid_to) and not unit.legal_act:
        yield record.fault(f'"legal_act" is missing: "{unit.code}" begins or ends by some document')


def _kinds(level: Level | None) -> tuple[str, ...]:
    match level:
        case "ministry":
            return ("ministry", "ministerial_agency", "government_agency")
        case "province":
            return ("province", "municipality")
        case None:
            return ()
        case _:
            return (level,)


def _unit_codes(parts: Parts, known: _Known) -> Iterator[Fault]:
    taken: dict[tuple[str, str], list[Placed[UnitCode]]] = {}
    for each in parts.codes:
        row, record = each.word, each.record
        yield from _named(row.reporting_unit, known.reporting_units, "reporting unit", record)
        unit = known.reporting_units.get(row.reporting_unit)
        if unit and not _covers(unit, row):
            yield record.fault(f'{row.scheme} {row.code} is "{unit.code}" on days without it ({_days(unit)})')
        for other in taken.setdefault((row.scheme, row.code), []):
            if _overlap(other.word, row):
                yield record.fault(
                    f'{row.scheme} {row.code} is also "{other.word.reporting_unit}" on the same days'
                    f" ({other.record.file}, line {other.record.line})"
                )
        taken[row.scheme, row.code].append(each)


def _covers(unit: ReportingUnit, row: UnitCode) -> bool:
    first = unit.valid_from is None or (row.valid_from is not None and unit.valid_from <= row.valid_from)
    return first and (unit.valid_to is None or (row.valid_to is not None and row.valid_to <= unit.valid_to))


def _overlap(one: UnitCode | ReportingUnit | Joining, other: UnitCode | Joining) -> bool:
    return max(one.valid_from or date.min, other.valid_from or date.min) <= min(
        one.valid_to or date.max, other.valid_to or date.max
    )


def _lineage(each: Placed[Lineage], known: _Known) -> Iterator[Fault]:
    row, record = each.word, each.record
    yield from _named(row.predecessor, known.reporting_units, "reporting unit", record)
    yield from _named(row.successor, known.reporting_units, "reporting unit", record)
    before, after = known.reporting_units.get(row.predecessor), known.reporting_units.get(row.successor)
    if before and before.valid_to != row.on_date - timedelta(days=1):
        yield record.fault(f'"{before.code}" must end on the day before {row.on_date}; it ends on {before.valid_to}')
    if after and row.kind != "absorbed" and after.valid_from != row.on_date:
        yield record.fault(f'"{after.code}" must begin on {row.on_date}; it begins on {after.valid_from}')
    if after and not after.valid_on(row.on_date):
        yield record.fault(f'"{after.code}" does not exist on {row.on_date} ({_days(after)})')


def _group(each: Placed[Group], known: _Known) -> Iterator[Fault]:
    group, record = each.word, each.record
    if bool(group.kinds) == bool(group.joined):
        yield record.fault('a group has either "kinds" or "joined": who belongs to it, and by which document')
    for index, joining in enumerate(group.joined):
        key = f"joined.{index}"
        if joining.valid_from and joining.valid_to and joining.valid_to < joining.valid_from:
            yield record.fault(f'"valid_to" {joining.valid_to} is before the beginning, {joining.valid_from}', key)
        if not joining.reporting_units:
            yield record.fault('"reporting_units" is empty', key)
        for place, code in enumerate(joining.reporting_units):
            yield from _named(code, known.reporting_units, "reporting unit", record, f"{key}.reporting_units.{place}")
            unit = known.reporting_units.get(code)
            if unit and not _overlap(unit, joining):
                sentence = f'"{code}" never belongs to it: {_days(unit)}'
                yield record.fault(sentence, f"{key}.reporting_units.{place}")
    spans = [(code, joining) for joining in group.joined for code in joining.reporting_units]
    for index, (code, joining) in enumerate(spans):
        if any(code == other and _overlap(joining, earlier) for other, earlier in spans[:index]):
            yield record.fault(f'"{code}" belongs to "{group.code}" twice on the same day', "joined")


def _dataset(each: Placed[Dataset], known: _Known) -> Iterator[Fault]:
    dataset, record = each.word, each.record
    level = dataset.owed_by.level if dataset.owed_by else None
    seen: set[tuple[str, ...]] = set()
    for index, item in enumerate(dataset.items or ()):
        key = f"items.{index}"
        yield from _series(item.indicator, item.source, item.accumulation, known, record, key)
        it = known.indicators.get(item.indicator)
        if it and dataset.frequency and dataset.frequency not in it.frequencies:
            yield record.fault(f'"{it.code}" has no frequency {dataset.frequency}, but the dataset has', key)
        if it and level and level not in it.levels:
            yield record.fault(f'"{it.code}" is not about a {level}, but the dataset is owed by each', key)
        if (same := (item.indicator, item.accumulation, item.source, item.breakdown)) in seen:
            yield record.fault(f'"{item.indicator}" stands twice in the dataset', key)
        seen.add(same)
    for index, code in enumerate(dataset.review):
        yield from _named(code, known.reporting_units, "reporting unit", record, f"review.{index}")
        if code in dataset.review[:index]:
            yield record.fault(f'"{code}" reviews twice', f"review.{index}")
    yield from _owed(dataset, known, record)
    if dataset.due:
        yield from _due(dataset.due, dataset.frequency, record)


def _owed(dataset: Dataset, known: _Known, record: Record) -> Iterator[Fault]:
    owed_by = dataset.owed_by
    if owed_by is None:
        for key in ("due", "owed_from"):
            if getattr(dataset, key):
                yield record.fault(f'"{key}" says when it is owed, but "owed_by" is missing', key)
        return
    for index, code in enumerate(owed_by.reporting_units):
        yield from _named(code, known.reporting_units, "reporting unit", record, f"owed_by.reporting_units.{index}")
    if not owed_by.level and not owed_by.reporting_units:
        yield record.fault('"owed_by" names nobody; say a "level" or "reporting_units"', "owed_by")
    if owed_by.kinds and not owed_by.level:
        yield record.fault('"kinds" narrows a level, but "level" is missing', "owed_by.kinds")
    for index, kind in enumerate(owed_by.kinds if owed_by.level else ()):
        if kind not in _kinds(owed_by.level):
            yield record.fault(f'no {owed_by.level} is of kind "{kind}"', f"owed_by.kinds.{index}")
    if dataset.frequency is None or dataset.owed_from is None:
        sentence = 'a dataset that is owed needs its "frequency" and "owed_from", the first day of a period'
        yield record.fault(sentence, "owed_by")
    elif containing(dataset.owed_from, dataset.frequency).start.date() != dataset.owed_from:
        sentence = f'"owed_from" {dataset.owed_from} does not begin a period of frequency {dataset.frequency}'
        yield record.fault(sentence, "owed_from")


def _due(due: DueRule, frequency: Frequency | None, record: Record) -> Iterator[Fault]:
    if (due.day is None) == (due.days_after == 0) or (due.day is None and due.months_after):
        yield record.fault('"due" needs a "day" of a month, "months_after" the period, or "days_after" it', "due")
    for key, first, last in (("months_after", 0, 24), ("day", 1, 31), ("days_after", 0, 366), ("cut_off_day", 1, 31)):
        value: int | None = getattr(due, key)
        if value is not None and not first <= value <= last:
            yield record.fault(f'"due.{key}" is {value}; it must lie between {first} and {last}', f"due.{key}")
    if due.cut_off_day and frequency not in ("A", "S", "Q", "M"):
        yield record.fault('"cut_off_day" is a day of a month, but the periods are no months', "due.cut_off_day")
    if due.day and not due.months_after and due.day < (due.cut_off_day or 31):
        yield record.fault('"due" is before the data of the period end; say "months_after"', "due")


def _series(indicator: str, source: str, by: Accumulation, known: _Known, record: Record, key: str) -> Iterator[Fault]:
    yield from _named(indicator, known.indicators, "indicator", record, key)
    it = known.indicators.get(indicator)
    if it and source not in it.sources:
        yield record.fault(f'"{indicator}" has no source "{source}"; it has {", ".join(it.sources)}', key)
    if it and by not in it.accumulations:
        yield record.fault(f'"{indicator}" has no accumulation "{by}"; it has {", ".join(it.accumulations)}', key)


def _target(each: Placed[Target], known: _Known) -> Iterator[Fault]:
    target, record = each.word, each.record
    yield from _named(target.indicator, known.indicators, "indicator", record)
    if target.scope not in get_args(Level):
        yield from _named(target.scope, known.reporting_units, "level or reporting unit", record)
    for period in (target.period, target.base_period):
        if period and not _is_period(period):
            yield record.fault(f'"{period}" is no period; it is written 2025, 2025-S1, 2025-Q1, 2025-06 or 2025-06-30')
    if target.deadline and _is_period(target.period):
        yield from _deadline(target, record)
    if target.kind == "change_from_base" and target.base_period is None and target.base_value is None:
        yield record.fault("a change needs its base: base_period or base_value")


def _deadline(target: Target, record: Record) -> Iterator[Fault]:
    try:
        in_time = target.last_day
    except NotADeadline as fault:
        yield record.fault(str(fault), "deadline")
        return
    if in_time != parse(target.period).last_day:
        yield record.fault(f'"{target.deadline}" is in time until {in_time}; "period" ends on another day', "deadline")


def _promised_twice(parts: Parts) -> Iterator[Fault]:
    first: dict[tuple[Any, ...], Record] = {}
    for each in parts.targets:
        target, record = each.word, each.record
        before = first.setdefault(
            (target.plan, target.indicator, target.scope, target.period, target.published_on), record
        )
        if before is not record:
            yield record.fault(f"the plan promises this already: {before.file}, line {before.line}")


def _is_period(text: str) -> bool:
    try:
        return str(parse(text)) == text
    except NotAPeriod:
        return False


def _mapping(each: Placed[Mapping], known: _Known) -> Iterator[Fault]:
    mapping, record = each.word, each.record
    for index, value in enumerate(mapping.values):
        key = f"values.{index}"
        place = value.indicator
        for code in place.codes.values() if isinstance(place, IndicatorPlace) else (place,):
            yield from _series(code, value.source, value.accumulation, known, record, key)
        wide_by_period = mapping.period is not None and mapping.period.headings is not None
        if value.column is None and not wide_by_period:
            yield record.fault('"column" is missing: only headings that are periods do without', key)
    scheme = mapping.reporting_unit.scheme if mapping.reporting_unit else None
    if scheme:
        yield from _named(scheme, known.schemes, "code scheme", record, "reporting_unit.scheme")
    for code in mapping.reporting_unit.codes.values() if mapping.reporting_unit else ():
        yield from _named(code, known.reporting_units, "reporting unit", record, "reporting_unit.codes")
    if mapping.format == "json" and not mapping.records:
        yield record.fault('"records" is missing: the name of the list in the JSON document')


def _layout(each: Placed[Layout], known: _Known) -> Iterator[Fault]:
    layout, record = each.word, each.record
    yield from _named(layout.source, known.sources, "source", record, "source")
    yield from _of_a_unit(layout.reporting_unit, known, record, "reporting_unit")
    for key in ("titles", "columns", "rows"):
        if not getattr(layout, key):
            yield record.fault(f'"{key}" is empty', key)
    for key, text in (("name.vi", layout.name_vi), ("name.en", layout.name_en), ("document", layout.document)):
        if text.strip() in ("", "?"):
            yield record.fault(f'"{key}" is still to be decided', key)
    for key in ("titles", "ignore", "notes"):
        for index, pattern in enumerate(getattr(layout, key)):
            yield from _pattern(pattern, record, f"{key}.{index}")
    for index, refusal in enumerate(layout.refuse):
        yield from _pattern(refusal.heading, record, f"refuse.{index}.heading")
    if layout.unit_measure is not None:
        yield from _pattern(layout.unit_measure, record, "unit_measure")
    for index, column in enumerate(layout.columns):
        yield from _layout_column(column, layout, known, record, f"columns.{index}")
    for index, row in enumerate(layout.rows):
        yield from _layout_row(row, layout, known, record, f"rows.{index}")
    yield from _texts_twice(layout, record)


def _layout_column(column: LayoutColumn, layout: Layout, known: _Known, record: Record, key: str) -> Iterator[Fault]:
    yield from _series(column.indicator, layout.source, column.accumulation, known, record, f"{key}.indicator")
    it = known.indicators.get(column.indicator)
    if it and column.frequency not in it.frequencies:
        yield record.fault(f'"{it.code}" has no frequency {column.frequency}', f"{key}.frequency")
    yield from _pattern(column.heading, record, f"{key}.heading")
    if column.unit_measure is not None:
        yield from _pattern(column.unit_measure, record, f"{key}.unit_measure")
    elif layout.unit_measure is None:
        sentence = '"unit_measure" is missing: say which stands above the table, or in this heading'
        yield record.fault(sentence, key)
    if column.base is not None and not column.base > 0:
        yield record.fault('"base" must be more than 0', f"{key}.base")
    said = _groups_of(column.heading)
    of_titles = [_groups_of(title) for title in layout.titles]
    always = said | set.intersection(*of_titles) if of_titles else said
    yield from _period_of(column, said, always, record, f"{key}.heading")
    for word in column.statuses:
        yield from _folded(word, record, f"{key}.statuses")
    if column.statuses and "status" not in always:
        yield record.fault('"statuses" names words, but no group "status" matches one', f"{key}.statuses")
    if "status" in said and not column.statuses:
        yield record.fault(
            'a group "status" stands in the heading, but "statuses" says nothing of it', f"{key}.heading"
        )


def _period_of(column: LayoutColumn, said: set[str], always: set[str], record: Record, key: str) -> Iterator[Fault]:
    """A heading, or else every title, must say the period of the column's frequency."""
    if "year" not in always:
        yield record.fault('no group "year" stands in the heading or in every title, so there is no period', key)
    within = always & {"month", "months", "quarter", "to_month"}
    if column.frequency in ("S", "Q", "M") and column.accumulation == "PERIOD" and not within:
        wanted = '"month", "months" or "quarter"'
        yield record.fault(f"which {column.frequency} of the year it is no group says; name one {wanted}", key)
    if column.frequency in ("W", "D") and not {"day", "month"} <= always:
        yield record.fault('a day needs the groups "day" and "month"', key)
    if column.frequency == "H":
        yield record.fault("a layout reads no hours", key)
    if len(said & {"month", "months", "quarter"}) == 3:
        yield record.fault('"month", "months" and "quarter" say one thing three times', key)
    for day, month in (("from_day", "from_month"), ("to_day", "to_month")):
        if len(always & {day, month}) == 1:
            yield record.fault(f'"{day}" and "{month}" belong together', key)


def _layout_row(row: LayoutRow, layout: Layout, known: _Known, record: Record, key: str) -> Iterator[Fault]:
    yield from _of_a_unit(row.reporting_unit, known, record, f"{key}.reporting_unit")
    for name in ("label", "heading"):
        for index, text in enumerate(getattr(row, name)):
            yield from _folded(text, record, f"{key}.{name}.{index}")
    for text, code in row.codes.items():
        yield from _folded(text, record, f"{key}.codes.{text}")
        if not _BREAKDOWN.match(code):
            yield record.fault(f'"{code}" is no code of a breakdown', f"{key}.codes.{text}")
    if not _BREAKDOWN.match(row.breakdown):
        yield record.fault(f'"{row.breakdown}" is no code of a breakdown', f"{key}.breakdown")
    lists = bool(row.names or row.codes)
    if not (row.label or row.heading or lists):
        yield record.fault("the entry names no row: say label, heading, names or codes", key)
    if row.label and lists:
        yield record.fault('"names" and "codes" are of the rows below a heading; a label is one row', key)
    if row.names and row.reporting_unit:
        yield record.fault('"names" says that the rows name the reporting unit; leave "reporting_unit" out', key)
    if row.skip and not (row.label or lists):
        yield record.fault('"skip" leaves out labels, or the rows of a list; this entry has neither', f"{key}.skip")
    for column in layout.columns if row.names and not row.skip else ():
        it = known.indicators.get(column.indicator)
        if it and row.names not in it.levels:
            yield record.fault(f'"{it.code}" is not about a {row.names}', f"{key}.names")


def _texts_twice(layout: Layout, record: Record) -> Iterator[Fault]:
    """A text that names two rows names neither. A heading may be a label too: its figures, and the list below it."""
    for name in ("label", "heading"):
        seen: set[str] = set()
        for index, row in enumerate(layout.rows):
            for text in getattr(row, name):
                if text in seen:
                    yield record.fault(f'"{text}" stands twice as {name}', f"rows.{index}.{name}")
                seen.add(text)
    labels = {text for row in layout.rows for text in row.label}
    for index, row in enumerate(layout.rows):
        for text in row.codes:
            if text in labels:
                yield record.fault(f'"{text}" is a label, which wins over the list', f"rows.{index}.codes.{text}")


def _titles_twice(parts: Parts) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for each in parts.layouts:
        for index, title in enumerate(each.word.titles):
            other = first.setdefault(title, each.word.code)
            if other != each.word.code:
                yield each.record.fault(f'"{other}" reads the same title', f"titles.{index}")


def _of_a_unit(code: str | None, known: _Known, record: Record, key: str) -> Iterator[Fault]:
    if code is not None:
        yield from _named(code, known.reporting_units, "reporting unit", record, key)


def _groups_of(pattern: str) -> set[str]:
    try:
        return set(re.compile(pattern).groupindex)
    except re.error:
        return set()


def _pattern(pattern: str, record: Record, key: str) -> Iterator[Fault]:
    """A pattern must be a regular expression that some folded text can match."""
    try:
        groups = re.compile(pattern).groupindex
    except re.error as fault:
        yield record.fault(f'"{pattern}" is no regular expression: {fault}', key)
        return
    for group in groups:
        yield from _named(group, _GROUPS, "group", record, key)
    bare = re.sub(r"\(\?(?:P<\w+>|:|=|!|<=|<!)", "(", pattern)
    bare = re.sub(r"\\[a-zA-Z]|\[[^\]]*\]|\{\d*,?\d*\}", "*", bare)
    if wrong := re.search(r"[^a-z0-9 %.*+?()|^$]", bare):
        sentence = f'"{pattern}" can never match: folded text has no "{wrong[0]}"'
        yield record.fault(sentence + " (small letters without marks, digits, single spaces, %)", key)
        return
    for word in re.findall(r"(?<![a-z.*+?)\]])[a-z]+(?![a-z.*+?(\[])", bare):
        if (folded := fold(word)) != word:
            yield record.fault(f'"{pattern}" can never match: "{word}" is folded to "{folded}"', key)


def _folded(text: str, record: Record, key: str) -> Iterator[Fault]:
    if (folded := fold(text)) != text:
        yield record.fault(f'"{text}" can never match: folded it is "{folded}"', key)


def _rule(each: Placed[Rule], known: _Known) -> Iterator[Fault]:
    rule, record = each.word, each.record
    for language in ("vi", "en"):
        named = {name for _, name, _, _ in Formatter().parse(getattr(rule, f"sentence_{language}")) if name is not None}
        for name in sorted(named - FACTS[rule.kind]):
            facts = ", ".join(sorted(FACTS[rule.kind]))
            yield record.fault(f'a {rule.kind} knows no "{{{name}}}"; it tells {facts}', f"sentence.{language}")
        told = {*rule.example, "near_vi", "near_en", "missing_vi", "missing_en"}
        if left_out := sorted(named - told):
            yield record.fault(f'the example of "{rule.code}" lacks {", ".join(left_out)}', "example")
    if isinstance(rule.check, IntrinsicCheck) and rule.code not in INTRINSIC:
        yield record.fault(f'nothing checks "{rule.code}": a rule of this kind is a part of the program', "code")
    for name, codes, words in (
        ("datasets", rule.scope.datasets, known.datasets),
        ("indicators", rule.scope.indicators, known.indicators),
        ("except_indicators", rule.scope.except_indicators, known.indicators),
        ("unit_measures", rule.scope.unit_measures, known.units_of_measure),
        ("sources", rule.scope.sources, known.sources),
    ):
        what = "unit of measure" if name == "unit_measures" else name.removeprefix("except_").removesuffix("s")
        for index, code in enumerate(codes):
            yield from _named(code, words, what, record, f"scope.{name}.{index}")
    yield from _check(rule, known, record)


def _check(rule: Rule, known: _Known, record: Record) -> Iterator[Fault]:
    match rule.check:
        case ComparisonCheck() as check:
            for side, terms in (("left", check.left), ("right", check.right)):
                if not terms:
                    yield record.fault(f'"{side}" has no terms', f"check.{side}")
                for index, term in enumerate(terms):
                    yield from _term(term, known, record, f"check.{side}.{index}")
            for name in ("accumulation", "source"):
                if len({getattr(term, name) is None for term in (*check.left, *check.right)}) > 1:
                    yield record.fault(f'some terms say "{name}" and others do not: which to take is open', "check")
            if check.missing == "partial" and check.operator in (">", ">=", "!="):
                sentence = (
                    f'"partial" and "{check.operator}": what is missing could make it true; say "skip" or "require"'
                )
                yield record.fault(sentence, "check")
        case PartsCheck() as check:
            for code in (*([check.indicator] if check.indicator else []), *check.indicators):
                yield from _named(code, known.indicators, "indicator", record, "check")
            of = check.level or check.indicator or (rule.scope.indicators and not check.indicators)
            if bool(check.level) == bool(check.breakdowns or check.indicators) or not of:
                sentence = 'parts are of an "indicator" ("breakdowns" or "indicators"), or the units of a "level"'
                yield record.fault(sentence, "check")
        case RankFieldCheck() as check:
            for index, field_ in enumerate(check.fields):
                yield from _named(field_.indicator, known.indicators, "indicator", record, f"check.fields.{index}")
                if not check.ties and (field_.size is None) == (field_.level is None):
                    yield record.fault('a field has either a "size" or a "level"', f"check.fields.{index}")
        case StatedChangeCheck() as check:
            for code in filter(None, (check.indicator, check.change_indicator)):
                yield from _named(code, known.indicators, "indicator", record, "check")
            if check.change == "_T" and not (check.indicator and check.change_indicator):
                sentence = 'a change has a breakdown of its own ("change"), or an indicator ("change_indicator")'
                yield record.fault(sentence, "check")
        case _:
            pass


def _term(term: Term, known: _Known, record: Record, key: str) -> Iterator[Fault]:
    yield from _named(term.indicator, known.indicators, "indicator", record, key)
    if term.source:
        yield from _named(term.source, known.sources, "source", record, key)
    it = known.indicators.get(term.indicator)
    if it and term.accumulation and term.accumulation not in it.accumulations:
        yield record.fault(f'"{it.code}" has no accumulation "{term.accumulation}"', key)


def _intrinsic(parts: Parts) -> Iterator[Fault]:
    """What the program checks must have its sentence."""
    if not parts.rules:
        return
    for code in sorted(INTRINSIC - {each.word.code for each in parts.rules}):
        yield parts.rules[0].record.fault(f'the rule "{code}" is missing, but the program checks it')

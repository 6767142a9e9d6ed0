"""A draft layout of tables that no layout knows: what can be understood of them, as YAML for a person to finish.

Nothing is decided here. Where a person must decide stands `?`, which no catalogue takes, with a comment that says what
was seen. What looks like a year, a month or a quarter in a heading becomes a group of its pattern.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ingest.indicator import Level
from ingest.place import column_letters
from ingest.readers.printed import (
    UNIT_WORDS,
    Heading,
    Printed,
    is_numbered_title,
    row_label,
    without_marks,
    without_title_number,
)
from ingest.readers.sheets import Sheet
from ingest.reporting_unit import ReportingUnit, ReportingUnits
from ingest.spelling import fold

_MOST_LABELS = 300  # more rows than this are no printed table
_KNOWN_NAMES = 0.5  # of a list's rows, so that it is taken for a list of names
_FIRST_NAMES = 4
_TITLE_ROWS = 4
_GROUPS = (
    # A bare year may be that of the prices: `theo giá so sánh 2010`.
    (re.compile(r"(^|\bnam |\d |\) )((?:19|20)\d\d)\b"), "year", r"\d{4}"),
    (re.compile(r"\b(thang )(\d{1,2})\b"), "month", r"\d{1,2}"),
    (re.compile(r"\b(qui )(iv|i{1,3}|[1-4])\b"), "quarter", "i|ii|iii|iv|[1-4]"),
    (re.compile(r"(?<!ngay )\b()(\d{1,2})(?= thang\b)"), "months", r"\d{1,2}"),
)
_CUT_OFF = re.compile(r"\btu( ngay)? (\d{1,2}) (\d{1,2})( den)?( ngay)? (\d{1,2}) (\d{1,2})(?= )")
_CUT_OFF_PATTERN = r"tu\1 (?P<from_day>\\d+) (?P<from_month>\\d+)\4\5 (?P<to_day>\\d+) (?P<month>(?P<to_month>\\d+))"
_STATUSES = {"so bo": "P", "uoc tinh": "E", "uoc": "E", "thuc hien": "A", "chinh thuc": "A"}
_HEADER = """\
# A draft, made from a workbook. Whatever is “?” a person must decide: `chiso layout check` refuses it until then.
# Patterns match folded text (small letters, no marks, no punctuation); docs/layouts.md says how to finish this.
"""


@dataclass(frozen=True, slots=True)
class _Table:
    """A table as far as it is understood: where it stands, its title, what stands above its columns, its rows."""

    printed: Printed
    title: str
    title_row: int
    unit_of_measure: str
    headings: dict[int, Heading]
    lists: list[tuple[str | None, list[str]]]
    notes: list[str]

    @property
    def year(self) -> int | None:
        """The first year that title or headings name."""
        texts = [self.title, *(str(heading) for heading in self.headings.values())]
        found = re.search(r"\b(?:19|20)\d\d\b", " ".join(texts))
        return int(found[0]) if found else None


def layouts(sheets: Sequence[Sheet], units: ReportingUnits) -> str:
    """Draft a layout for each table of the sheets; "" where there is none.

    A list whose rows are mostly known reporting units is drafted as names; every other text asks for its code.
    """
    drafts = [_written(table, units) for sheet in sheets for table in _tables(Printed(sheet))]
    return "\n".join([_HEADER, *drafts]) if drafts else ""


def _tables(printed: Printed) -> Iterator[_Table]:
    lone = [row for row in range(len(printed.rows)) if len(printed.texts(row)) == 1 and not printed.has_figures(row)]
    titles = [row for row in lone if is_numbered_title(printed.texts(row)[0][1])] or lone[:1]
    seen: set[str] = set()
    for title, stop in zip(titles, [*titles[1:], len(printed.rows)], strict=False):
        pattern = _title_pattern(printed.texts(title)[0][1])
        table = _table(printed, title, stop) if pattern not in seen else None
        seen.add(pattern)
        if table is not None:
            yield table


def _table(printed: Printed, title: int, stop: int) -> _Table | None:
    first = next((row for row in range(title + 1, stop) if _is_row(printed, row)), None)
    if first is None:
        return None
    labels = printed.label_columns(range(first, stop))
    last, text = _title(printed, title, first)
    unit = _unit_of_measure(printed, range(last + 1, first), labels)
    columns = range(labels, printed.width)
    headings = printed.headings(range(last + 1, first), columns, frozenset([unit[0]] if unit else []))
    filled = {column for column in columns if any(printed.holds_figure(row, column) for row in range(first, stop))}
    headings = {column: heading for column, heading in headings.items() if column in filled}
    lists, notes = _lists(printed, range(first, stop), labels)
    return _Table(printed, text, title, unit[1] if unit else "", headings, lists, notes) if headings else None


def _is_row(printed: Printed, row: int) -> bool:
    texts = printed.texts(row)
    if len(texts) != 1:
        return False
    return not printed.has_only_years(row, texts[0][0] + 1)


def _title(printed: Printed, title: int, first: int) -> tuple[int, str]:
    """The last row of the title, and its text; a line in brackets below it is none of it."""
    column, text = printed.texts(title)[0]
    last = title
    for row in range(title + 1, min(title + _TITLE_ROWS, first)):
        texts = printed.texts(row)
        if len(texts) != 1 or texts[0][0] != column or texts[0][1].startswith("("):
            break
        last, text = row, f"{text} {texts[0][1]}"
    return last, " ".join(text.split())


def _unit_of_measure(printed: Printed, rows: range, labels: int) -> tuple[tuple[int, int], str] | None:
    for row in rows:
        texts = printed.texts(row)
        for column, text in texts:
            alone = len(texts) == 1 and column >= labels and printed.source(row, column) == (row, column)
            if UNIT_WORDS.match(fold(text)) or (alone and not re.search(r"\d", text)):
                return (row, column), text
        if len(texts) > 1:
            return None
    return None


def _lists(printed: Printed, rows: range, labels: int) -> tuple[list[tuple[str | None, list[str]]], list[str]]:
    """The labels of rows with figures, by the line without figures that stands above them; and lines above none."""
    lists: list[tuple[str | None, list[str]]] = [(None, [])]
    notes: list[str] = []
    for row in rows:
        texts = [text for column, text in printed.texts(row) if column < labels]
        if not texts:
            continue
        member = row_label(texts[-1])
        if printed.has_figures(row, labels):
            lists[-1][1].append(member)
        else:
            lists.append((member, []))
    notes += [heading for heading, members in lists if heading and not members]
    return [each for each in lists if each[1]], notes


def _written(table: _Table, units: ReportingUnits) -> str:
    sheet = table.printed.sheet.name
    unit = UNIT_WORDS.sub("", fold(table.unit_of_measure))
    lines = [
        f"# The sheet “{sheet}”, row {table.title_row + 1}.",
        "- code: '?'  # ? capital letters, digits and _",
        "  version: 1",
        f"  name: {{vi: {_quoted(table.title)}, en: '?'}}  # ?",
        "  document: '?'  # ? by which act or programme the table is published",
        "  source: '?'  # ? a code of sources.yaml",
        "  reporting_unit: '?'  # ? whom rows are about that name nobody; VN for the nation",
        f"  unit_measure: {_quoted(unit)}  # “{table.unit_of_measure}” stands above the table"
        if unit
        else "  unit_measure: '?'  # ? nothing stands above the table; else say it for each column",
        "  titles:",
        f"    - {_quoted(_title_pattern(table.title))}  # ? “{table.title}”",
        "  columns:",
        *_columns(table),
        "  rows:",
        *(line for heading, members in table.lists for line in _list(heading, members, table.year, units)),
    ]
    if table.notes:
        lines += [
            "  notes:  # ? lines without figures, taken for notes",
            *(f"    - {_quoted(fold(each))}" for each in table.notes),
        ]
    return "\n".join(lines) + "\n"


def _columns(table: _Table) -> Iterator[str]:
    seen: set[str] = set()
    for column, heading in table.headings.items():
        pattern, statuses = _column_pattern(heading)
        yield f"    # {column_letters(column)}: “{heading}”" + (
            ", read by the pattern above" if pattern in seen else ""
        )
        if pattern in seen:
            continue
        seen.add(pattern)
        yield f"    - heading: {_quoted(pattern)}"
        yield "      indicator: '?'  # ?"
        yield "      frequency: '?'  # ? A, S, Q, M"
        yield "      accumulation: '?'  # ? PERIOD, YTD, STOCK, SINCE_START"
        if statuses:
            shown = ", ".join(f"{_quoted(word)}: {code}" for word, code in statuses.items())
            yield f"      statuses: {{{shown}}}"
        if "%" in pattern:
            yield "      unit_measure: '%'"


def _list(heading: str | None, members: list[str], year: int | None, units: ReportingUnits) -> Iterator[str]:
    level, unknown = _level(members, year, units)
    first = f"    - heading: [{_quoted(fold(heading))}]  # “{heading}”" if heading else None
    if first:
        yield first
        yield "      partial: '?'  # ? true where the list leaves some out (“Trong đó”, “một số”), else false"
    dash = "      " if first else "    - "
    if level:
        yield f"{dash}names: {level}  # {len(members) - len(unknown)} of {len(members)} rows are known by name"
        for label in unknown:
            yield f"    - label: [{_quoted(fold(label))}]  # ? “{label}” is not known as a {level}"
            yield "      breakdown: '?'"
        return
    yield f"{dash}codes:  # ? the breakdown of each row; _T is the total; or names: ministry, province"
    for label in dict.fromkeys(fold(label) for label in members[:_MOST_LABELS]):
        yield f"        {_quoted(label)}: '?'"
    if len(members) > _MOST_LABELS:
        yield f"        # and {len(members) - _MOST_LABELS} more"


def _level(members: list[str], year: int | None, units: ReportingUnits) -> tuple[Level | None, list[str]]:
    """Of which level the reporting units are that most rows name, and which rows name none of them."""
    if year is None:
        return None, []
    day = date(year, 12, 31)
    # To search for what an unknown name may mean takes milliseconds; a list of names shows it at its beginning.
    if not any(isinstance(units.resolve(label, day), ReportingUnit) for label in members[:_FIRST_NAMES]):
        return None, []
    found = {label: units.resolve(label, day) for label in members}
    levels: list[Level] = [unit.level for unit in found.values() if isinstance(unit, ReportingUnit)]
    level: Level | None = max(dict.fromkeys(levels), key=levels.count, default=None)
    if level is None or levels.count(level) < _KNOWN_NAMES * len(members):
        return None, []
    return level, [
        label for label, unit in found.items() if not (isinstance(unit, ReportingUnit) and unit.level == level)
    ]


def _title_pattern(title: str) -> str:
    folded = fold(without_marks(without_title_number(title))).removeprefix("tiep theo ")
    return rf"(\d+ )?(tiep theo )?{_pattern(folded)}"


def _column_pattern(heading: Heading) -> tuple[str, dict[str, str]]:
    """The pattern of a heading; and the code of the status that a word of it says."""
    pattern = _pattern(fold(" ".join(heading.texts)))
    for word, code in _STATUSES.items():
        if re.search(rf"\b{word}\b", pattern):
            return re.sub(rf"\b{word}\b", f"(?P<status>{word})", pattern, count=1), {word: code}
    return pattern, {}


def _pattern(folded: str) -> str:
    """The text as a pattern in which what says the period is a group; a second year or month is any."""
    pattern = _CUT_OFF.sub(_CUT_OFF_PATTERN, folded, count=1)
    for found, name, digits in _GROUPS:
        pattern = found.sub(lambda match, name=name, digits=digits: f"{match[1]}(?P<{name}>{digits})", pattern, count=1)
        pattern = found.sub(lambda match, digits=digits: f"{match[1]}(?:{digits})", pattern)
    return pattern


def _quoted(text: str) -> str:
    return "'" + " ".join(text.split()).replace("'", "''") + "'"

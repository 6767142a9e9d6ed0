"""From the texts stacked above columns to what their figures mean: indicator, period, status, unit of measure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.layout import LayoutColumn
from ingest.place import column_letters
from ingest.readers.printed import UNIT_WORDS, Heading, without_marks
from ingest.readers.recurring import findings as tell
from ingest.readers.recurring.extent import Extent
from ingest.readers.recurring.spans import span
from ingest.spelling import fold
from ingest.submission import Finding

_At = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table that was found: its heading as it stands there, and what the layout makes of it.

    `meaning` is None for a column that is not read; `told` says in one word what became of it.
    """

    position: int
    heading: str
    meaning: LayoutColumn | None = None
    told: str = "unknown"
    period: str = ""
    status: str | None = None
    data_from: str | None = None
    data_to: str | None = None
    percent: bool = False

    @property
    def letters(self) -> str:
        """The column as a spreadsheet calls it."""
        return column_letters(self.position)


def columns(table: Extent) -> tuple[list[Column] | None, list[Finding]]:
    """What the columns of a table mean; None where its unit of measure is another than the layout wants."""
    unit = _unit_of_measure(table)
    stacked = table.printed.headings(table.headings, table.columns, frozenset([unit] if unit else []))
    looked_at = [each for column in table.columns if (each := _column(table, column, stacked.get(column)))]
    found = [column for column, _ in looked_at]
    if unit is None and _needs_unit_of_measure(table, found):
        return None, [_other_unit_of_measure(table)]
    found, twins = _without_twins(table, found, stacked)
    return _with_shared_statuses(found), [*(told for _, told in looked_at if told), *twins]


# The unit of measure above the table


def _unit_of_measure(table: Extent) -> _At | None:
    """The cell above the table that names the wanted unit of measure."""
    wanted = table.known.unit_measure
    if wanted is None:
        return None
    return next((at for at, text in _beside_headings(table) if wanted.fullmatch(fold(without_marks(text)))), None)


def _needs_unit_of_measure(table: Extent, found: Sequence[Column]) -> bool:
    """Whether a column says no unit of measure of its own; also where none is understood, perhaps for its sake."""
    if table.known.unit_measure is None:
        return False
    meanings = [each.meaning for each in found if each.meaning]
    return not meanings or any(not meaning.unit_measure for meaning in meanings)


def _other_unit_of_measure(table: Extent) -> Finding:
    """What stands where the unit of measure should be."""
    texts = [*_beside_headings(table)]
    stands = [each for each in texts if UNIT_WORDS.match(fold(each[1]))]
    stands = stands or [each for each in texts if each[0][1] >= table.labels]
    at, text = stands[0] if stands else ((table.title.first, table.title.column), "")
    layout = table.known.layout
    return tell.unit_of_measure_differs(table.printed.place(*at), text, layout.unit_measure or "", layout)


def _beside_headings(table: Extent) -> Iterator[tuple[_At, str]]:
    """The texts that may name the unit of measure of the whole table: beside the title, or alone in a row below it."""
    for row in range(table.title.first, table.rows.start):
        texts = table.printed.texts(row)
        if row <= table.title.last:
            texts = [each for each in texts if each[0] != table.title.column]
        elif len(texts) > 1 or table.printed.has_figures(row):
            texts = [each for each in texts if UNIT_WORDS.match(fold(each[1]))]
        yield from (((row, column), text) for column, text in texts)


# The meaning of a column


def _column(table: Extent, position: int, heading: Heading | None) -> tuple[Column, Finding | None] | None:
    """What a column means, and what is told of it; None where nothing stands in it."""
    figures = next((row for row in table.rows if table.printed.holds_figure(row, position)), None)
    if figures is None and heading is None:
        return None
    text = str(heading) if heading else ""
    folded = fold(" ".join(heading.texts)) if heading else ""
    at = table.printed.place(heading.row if heading else figures or table.rows.start, position)
    column = Column(position, text)
    known = table.known
    for pattern, refusal in known.refuse:
        if pattern.fullmatch(folded):
            return replace(column, told="refused"), tell.refused_heading(at, text, refusal.vi, refusal.en)
    for pattern, meaning in known.columns:
        if match := pattern.fullmatch(folded):
            return _understood(table, column, meaning, match, at)
    if any(pattern.fullmatch(folded) for pattern in known.ignore):
        return replace(column, told="ignored"), None
    if heading is None:
        return column, tell.figures_without_heading(at, known.layout)
    return column, tell.unknown_heading(at, text, known.layout)


def _understood(
    table: Extent, column: Column, meaning: LayoutColumn, match: re.Match[str], at: str
) -> tuple[Column, Finding | None]:
    """A column whose heading a pattern knows, with what its words say; else why they say nothing."""
    layout = table.known.layout
    if meaning.unit_measure and not re.search(rf"(?<!\S)(?:{meaning.unit_measure})(?!\S)", match.string):
        return column, tell.unit_of_measure_differs(at, column.heading, meaning.unit_measure, layout)
    said = {name: text for name, text in match.groupdict().items() if text}
    status, word = meaning.status, said.get("status", table.said.get("status"))
    if word is not None and meaning.statuses:
        if word not in meaning.statuses:
            return column, tell.unknown_status(at, word, list(meaning.statuses))
        status = meaning.statuses[word]
    try:
        meant, data_from, data_to = span(said, table.said, meaning.frequency)
    except ValueError:
        return column, tell.no_period(at, column.heading, table.title.text)
    percent = "%" in (meaning.unit_measure or layout.unit_measure or "")
    return Column(column.position, column.heading, meaning, "read", meant, status, data_from, data_to, percent), None


# Columns beside each other


def _without_twins(
    table: Extent, found: Sequence[Column], stacked: dict[int, Heading]
) -> tuple[list[Column], list[Finding]]:
    """Two columns of one meaning would be two values of one observation; which is right only a person can say."""
    seen: dict[tuple[str, str, str], Column] = {}
    twins: set[int] = set()
    told: list[Finding] = []
    for each in found:
        if each.meaning is None:
            continue
        first = seen.setdefault((each.meaning.indicator, each.period, each.meaning.accumulation), each)
        if first is not each:
            twins |= {first.position, each.position}
            row = stacked[each.position].row if each.position in stacked else table.rows.start
            at = table.printed.place(row, each.position)
            told.append(tell.two_columns(at, each.heading, first.letters, first.heading))
    left = [Column(each.position, each.heading, told="twice") if each.position in twins else each for each in found]
    return left, told


def _with_shared_statuses(found: Sequence[Column]) -> list[Column]:
    """A column that says no status has that of the column beside it about the same span."""
    said: dict[tuple[str, str], set[str]] = {}
    for each in found:
        if each.meaning and each.status:
            said.setdefault((each.period, each.meaning.accumulation), set()).add(each.status)
    shared = {about: min(statuses) for about, statuses in said.items() if len(statuses) == 1}
    return [
        replace(each, status=shared.get((each.period, each.meaning.accumulation)))
        if each.meaning and not each.status
        else each
        for each in found
    ]

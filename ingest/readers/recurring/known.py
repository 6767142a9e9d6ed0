"""What a layout knows, ready to be asked: titles, headings and notes by pattern, rows by the text of their label."""

import re
from dataclasses import dataclass

from ingest.layout import Layout, LayoutRow, words_of
from ingest.readers.printed import UNIT_WORDS

_OPTIONAL = re.compile(r"\((?:\?(?:P<\w+>|:))?[^()]*\)\?")
_CHOICE = re.compile(r"\((?:\?(?:P<\w+>|:))?([^()|]*)\|[^()]*\)(?!\?)")


def _plain(pattern: str) -> list[str]:
    """The words of a pattern without its signs and numbers: all of them, and the fewest that it wants."""
    fewest, before = pattern, ""
    while fewest != before:  # from the innermost brackets out
        fewest, before = _CHOICE.sub(r"\1", _OPTIONAL.sub("", fewest, count=1), count=1), fewest
    return [words_of(each) for each in (pattern, fewest)]


@dataclass(frozen=True, slots=True)
class Named:
    """What a row is about."""

    row: LayoutRow
    reporting_unit: str | None
    breakdown: str


class Known:
    """A layout with its patterns ready, and its labels by their texts.

    `running` is the list that a row stands in: the entry whose heading was the last one above it.
    """

    def __init__(self, layout: Layout) -> None:
        """Make the patterns of a layout ready."""
        self.layout = layout
        self.titles = [re.compile(pattern) for pattern in layout.titles]
        self.plain_titles = [plain for pattern in layout.titles for plain in _plain(pattern)]
        self.columns = [(re.compile(column.heading), column) for column in layout.columns]
        self.refuse = [(re.compile(each.heading), each) for each in layout.refuse]
        self.ignore = [re.compile(pattern) for pattern in layout.ignore]
        self.notes = [re.compile(pattern) for pattern in layout.notes]
        unit = layout.unit_measure
        self.unit_measure = re.compile(f"(?:{UNIT_WORDS.pattern})?(?:{unit})") if unit else None
        self.labels = {label: row for row in layout.rows for label in row.label}
        self.headings = {heading: row for row in layout.rows for heading in row.heading}
        self.always = [row for row in layout.rows if not row.label and not row.heading]

    def title(self, folded: str) -> re.Match[str] | None:
        """How the text is a title of the layout."""
        return next((match for pattern in self.titles if (match := pattern.fullmatch(folded))), None)

    def note(self, folded: str) -> bool:
        """Whether a line begins as a note below the table."""
        return any(pattern.match(folded) for pattern in self.notes)

    def lists(self, running: LayoutRow | None) -> list[LayoutRow]:
        """The entries that say what a row without a label of its own is."""
        return [running] if running else self.always

    def row(self, folded: str, running: LayoutRow | None) -> Named | None:
        """What a row of that label is, but for a name."""
        if row := self.labels.get(folded):
            return Named(row, row.reporting_unit or self.layout.reporting_unit, row.breakdown)
        for each in self.lists(running):
            if folded in each.codes:
                return Named(each, each.reporting_unit or self.layout.reporting_unit, each.codes[folded])
        return None

    def every_label(self, running: LayoutRow | None) -> list[str]:
        """All texts that a row can have there."""
        codes = [code for row in self.lists(running) for code in row.codes]
        return [*self.labels, *codes, *self.headings]

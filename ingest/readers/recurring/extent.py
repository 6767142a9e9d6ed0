"""Where a table stands on its sheet: from its title over its headings to its rows, and which columns hold labels."""

from dataclasses import dataclass

from ingest.layout import LayoutRow
from ingest.readers.printed import Printed, row_label
from ingest.readers.recurring.known import Known
from ingest.readers.recurring.titles import Title
from ingest.spelling import fold


@dataclass(frozen=True, slots=True)
class Extent:
    """A table whose title only one layout knows: what stands where, counted from 0.

    `said` is what the title says by the groups of its pattern; `running` is the list that ran where the part before it
    ended.
    """

    printed: Printed
    known: Known
    title: Title
    said: dict[str, str]
    rows: range
    labels: int
    running: LayoutRow | None

    @property
    def headings(self) -> range:
        """The rows between the title and the first one that has figures."""
        return range(self.title.last + 1, self.rows.start)

    @property
    def columns(self) -> range:
        """The columns that can hold figures."""
        return range(self.labels, self.printed.width)


def extent(printed: Printed, title: Title, stop: int, running: LayoutRow | None) -> Extent | None:
    """Where the table below a title stands; None where no row of it is known."""
    known, match = title.known[0]
    first = _first_row(printed, known, range(title.last + 1, stop), running)
    if first is None:
        return None
    said = {name: text for name, text in match.groupdict().items() if text}
    # A label that nobody knows may stand above the first that is known: with figures beside it it is no heading.
    while first > title.last + 1 and _is_row(printed, first - 1):
        first -= 1
    rows = range(first, stop)
    return Extent(printed, known, title, said, rows, printed.label_columns(rows), running)


def _first_row(printed: Printed, known: Known, rows: range, running: LayoutRow | None) -> int | None:
    """The first row that is known; where names need no heading, the first that has figures."""
    names = any(row.names for row in known.lists(running))
    for row in rows:
        first = printed.first_text(row)
        if first is None:
            continue
        column, text = first
        folded = fold(row_label(text))
        figures = printed.has_figures(row, column + 1)
        alone = len(printed.texts(row)) == 1
        if figures and (known.row(folded, running) or folded in known.headings):
            return row
        if not figures and alone and folded in known.headings:
            return row
        if names and _is_row(printed, row):
            return row
        if not figures and alone and _is_known_with_next(printed, known, range(row, rows.stop), running):
            return row
    return None


def _is_row(printed: Printed, row: int) -> bool:
    """Whether one text alone stands at the head of figures that are no years."""
    first = printed.first_text(row)
    if first is None or len(printed.texts(row)) != 1:
        return False
    after = first[0] + 1
    return printed.has_figures(row, after) and not printed.has_only_years(row, after)


def _is_known_with_next(printed: Printed, known: Known, rows: range, running: LayoutRow | None) -> bool:
    """Whether the first two of the rows have one label together that is known."""
    texts = [first[1] for row in rows[:2] if (first := printed.first_text(row))]
    return len(texts) > 1 and known.row(" ".join(fold(row_label(text)) for text in texts), running) is not None

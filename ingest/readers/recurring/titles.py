"""Where tables begin: titles, which may be broken over rows, and may stand beside a number or footnote marks."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.readers.printed import Printed, is_numbered_title, without_marks
from ingest.readers.recurring.known import Known
from ingest.spelling import fold

_MOST_ROWS = 6  # the longest title that is joined


@dataclass(frozen=True, slots=True)
class Title:
    """Where a title stands: its rows, its column, its text, and the layouts that know it."""

    first: int
    last: int
    column: int
    text: str
    known: list[tuple[Known, re.Match[str]]]

    @property
    def goes_on(self) -> bool:
        """Whether the table is the next part of one above."""
        return "tiep theo" in fold(self.text)


def titles(printed: Printed, known: Sequence[Known]) -> Iterator[Title]:
    """The titles of the sheet that a layout knows, and the numbered ones that end the table before."""
    row = 0
    while row < len(printed.rows):
        found = _title_at(printed, row, known)
        if found is not None:
            yield found
        row = found.last + 1 if found else row + 1


def _title_at(printed: Printed, row: int, known: Sequence[Known]) -> Title | None:
    first = printed.first_text(row)
    if first is None or printed.has_figures(row, first[0] + 1):
        return None
    column, text = first
    texts = [text, *_texts_below(printed, row, column)]
    folds = [fold(without_marks(each)) for each in texts]
    for count in range(len(texts), 0, -1):
        folded = " ".join(folds[:count])
        knowing = [(each, match) for each in known if (match := each.title(folded))]
        if knowing:
            return Title(row, row + count - 1, column, " ".join(" ".join(texts[:count]).split()), knowing)
    if len(printed.texts(row)) == 1 and is_numbered_title(text):
        return Title(row, row, column, text, [])
    return None


def _texts_below(printed: Printed, row: int, column: int) -> list[str]:
    """The texts in the rows below a first line of a title that may go on with it."""
    texts: list[str] = []
    for below in range(row + 1, min(row + _MOST_ROWS, len(printed.rows))):
        following = printed.first_text(below)
        if following is None or following[0] != column or len(printed.texts(below)) > 1 or printed.has_figures(below):
            break
        texts.append(following[1])
    return texts

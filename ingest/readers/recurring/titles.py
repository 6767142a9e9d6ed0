"""Where tables begin: titles, which may be broken over rows, and may stand beside a number or footnote marks."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from ingest.readers.printed import Printed, is_numbered_title, without_marks
from ingest.readers.recurring.known import Known
from ingest.spelling import fold

_MOST_ROWS = 6  # the longest title that is joined
_NEAR = 82  # of 100; titles of other tables of the same workbooks reach 75


@dataclass(frozen=True, slots=True)
class Title:
    """Where a title stands: its rows, its column, its text, and the layouts that know it.

    `near` is a layout that would know it but for a few words or a number: another base year, another list.
    """

    first: int
    last: int
    column: int
    text: str
    known: list[tuple[Known, re.Match[str]]]
    near: Known | None = None

    @property
    def goes_on(self) -> bool:
        """Whether the table is the next part of one above."""
        return "tiep theo" in fold(self.text)


def titles(printed: Printed, known: Sequence[Known]) -> Iterator[Title]:
    """The titles of the sheet that a layout knows or nearly knows, and the numbered ones that end the table before."""
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
    if len(printed.texts(row)) > 1 or printed.has_figures(row):
        return None
    near = _nearest(folds, known)
    if near is not None or is_numbered_title(text):
        return Title(row, row, column, text, [], near)
    return None


def _nearest(folds: Sequence[str], known: Sequence[Known]) -> Known | None:
    words = [" ".join(re.sub(r"\d+", " ", " ".join(folds[: count + 1])).split()) for count in range(len(folds))]
    choices = {plain: each for each in known for plain in each.plain_titles}
    found = [process.extractOne(each, choices.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR) for each in words]
    best = max((each for each in found if each), key=lambda each: each[1], default=None)
    return choices[best[0]] if best else None


def _texts_below(printed: Printed, row: int, column: int) -> list[str]:
    """The texts in the rows below a first line of a title that may go on with it."""
    texts: list[str] = []
    for below in range(row + 1, min(row + _MOST_ROWS, len(printed.rows))):
        following = printed.first_text(below)
        if following is None or following[0] != column or len(printed.texts(below)) > 1 or printed.has_figures(below):
            break
        texts.append(following[1])
    return texts

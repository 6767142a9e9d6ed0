"""How a workbook reads that somebody sends again and again with rows and columns moved.

Nothing here is an address. A table is found by its title, a column by the texts stacked above it, a row by its label;
all are compared folded (`ingest.spelling.fold`: small letters without marks or punctuation, single spaces), and all
patterns are regular expressions that must match the whole folded text. What a pattern does not know is a finding, never
a guess: a heading that changed its meaning must stop the file.

The named groups `year`, `month`, `months`, `quarter` and `day` of a column's heading, or else of the title, say the
period: that of the column's frequency in which the span ends (`6 tháng` ends in June, `quý I` in March, a bare year in
December; a year to date of a bare year is refused where the other columns say months and none says that December).
`from_day`, `from_month`, `to_day` and `to_month` say a cut-off that is not the calendar's; where nothing else says the
month, `to_month` does. `from_year` is only compared: a span that begins in another year is refused.

A table goes from its title to the next one, or to the end of the sheet. A title with `(Tiếp theo)` goes on in the list
that ran when the part before it ended.
"""

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ingest.indicator import ONLY_KNOWN_KEYS, Accumulation, Frequency, Level

Status = Literal["A", "P", "E", "F"]

_SIGNS = re.compile(r"\(\?(?:P<\w+>|:)|\\[a-z]|\{[^}]*\}|[^a-z% ]")  # what makes a pattern more than its words


@dataclass(frozen=True, slots=True)
class LayoutColumn:
    """One meaning that a column can have. Of the patterns the first that matches the heading counts.

    `statuses` says what the word in the group `status` means ("uoc tinh": E); `status` is that of a column without one.
    A column without either has the status of the columns of its table about the same period and accumulation, where
    they have one: a share is as provisional as the value it is a share of. `unit_measure` is the pattern of the words
    that name the unit of measure, where they stand in the column's own heading and not above the table. `base` is what
    an index says of no change (100): where the middle figure of the column is below half of it, growth or a share
    stands under the heading of the index, and the column is refused.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    heading: str
    indicator: str
    frequency: Frequency
    accumulation: Accumulation
    status: Status | None = None
    statuses: dict[str, Status] = field(default_factory=dict[str, Status])
    unit_measure: str | None = None
    base: float | None = None


@dataclass(frozen=True, slots=True)
class LayoutRow:
    """What a row is, by its label; or with `heading` what the rows are that follow it.

    `label` and `heading` list folded texts. Below a heading each row is a reporting unit of the level `names`, or one
    of `codes`, whose values are breakdowns; an entry with neither label nor heading says what the rows are that no
    heading precedes. A label wins over the list that runs and does not end it; only another heading does. A text may be
    a label in one entry and a heading in another. `partial` tells who reads the layout that the list leaves some out
    (`Trong đó:`, `Phân theo một số tỉnh`); it changes nothing of what is read. Whether parts make a total is said by
    the rules on relations, which name the series they add up. `skip` are rows that are named and left out.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    label: tuple[str, ...] = ()
    heading: tuple[str, ...] = ()
    reporting_unit: str | None = None
    breakdown: str = "_T"
    names: Level | None = None
    codes: dict[str, str] = field(default_factory=dict[str, str])
    partial: bool = False
    skip: bool = False


@dataclass(frozen=True, slots=True)
class LayoutRefusal:
    """A heading that is known to mean something else, and the sentence that says so."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    heading: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Layout:
    """One recurring table. `version` is raised with every change of what it reads, and told with each reading.

    `titles` are patterns of the table's title, of which one must match. `unit_measure` is the pattern of the cell above
    the table that names the unit of measure, with or without `Đơn vị tính:` before it. `reporting_unit` is whom rows
    are about that name nobody. `ignore` are headings that hold nothing of ours (the empty one is a column of figures
    below no heading); `notes` are the beginnings of lines below a table that are no rows.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    code: str
    version: int
    name_vi: str
    name_en: str
    document: str
    source: str
    titles: tuple[str, ...]
    columns: tuple[LayoutColumn, ...]
    rows: tuple[LayoutRow, ...]
    unit_measure: str | None = None
    reporting_unit: str | None = None
    ignore: tuple[str, ...] = ()
    refuse: tuple[LayoutRefusal, ...] = ()
    notes: tuple[str, ...] = ()
    note: str | None = None


def words_of(pattern: str) -> str:
    """The words of a pattern without its signs and numbers, for saying which pattern a text comes near to."""
    return " ".join(_SIGNS.sub(" ", pattern).split())

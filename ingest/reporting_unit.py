"""Whom a figure is about, and which reporting unit a text means on a given day.

A reporting unit is never re-used: Bắc Ninh before and after 2025-07-01 are two. A text alone therefore names no
reporting unit; a text and a day do. Where they do not, the answer is a question to the person, never a guess.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, ClassVar, Literal

from ingest.indicator import ONLY_KNOWN_KEYS, Level
from ingest.spelling import fold, nearest, spelled

Kind = Literal[
    "nation", "country", "group", "ministry", "ministerial_agency", "government_agency", "province", "municipality"
]
LineageKind = Literal["merged", "absorbed", "renamed", "split"]

# A prefix is part of the name: Thành phố Bắc Ninh is a town inside Tỉnh Bắc Ninh, and no reporting unit.
_BEFORE: dict[str, tuple[str, ...]] = {
    "province": ("tỉnh", "t.", "province of"),
    "municipality": (
        "thành phố",
        "tp.",
        "t.p",
        "th.phố",
        "thành phố trực thuộc trung ương",
        "thành phố trực thuộc TW",
        "TP trực thuộc TW",
        "TP trực thuộc trung ương",
    ),
}
_AFTER: dict[str, tuple[str, ...]] = {"province": ("province", "prov."), "municipality": ("city",)}
_GOVERNMENT_OF = re.compile(r"(?:uy ban nhan dan|ub nhan dan|u b n d|ubnd) ?(?=\S)")
# What a list or a footnote puts beside a name: `12. `, `II- `, ` (1)`, `*`, `¹`. A year is no such thing.
_ORDINAL = re.compile(r"^\s*(?:\(?(?:\d{1,3}|[IVX]+)\s*[.)/-]+|[-+•*–—]+|\d{1,2}(?=\s))\s*(?=[^\W\d])")
_NOTE = re.compile(
    r"(?<=[^\W\d])(?:\s*(?:[(\[]\s*(?:\d{1,2}|\*+)\s*[)\]]|\*|[¹²³⁰-⁹†‡]|(?<!\d)\d{1,2}(?!\d)\s*[)/]?|[,.:;]))+\s*$"
)
# A number that nothing marks as a note may as well tell two apart: Hà Nội 1, Hà Nội 2.
_NUMBERED = re.compile(r"\s\d{1,2}[\s,.:;]*$")
_SHORTENED = re.compile(r"\b[^\W\d_]{1,3}\.")
_WORDS_IN_FULL = 2  # `B.Rịa-V.Tàu` can only be one; of `T.Nguyên` a person is asked


@dataclass(frozen=True, slots=True)
class ReportingUnit:
    """The nation, a country, a ministry, a province: for the days of its validity and no others."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    code: str
    level: Level
    kind: Kind
    name_vi: str
    name_en: str
    short_vi: str
    valid_from: date | None = None
    valid_to: date | None = None
    legal_act: str | None = None

    def valid_on(self, day: date) -> bool:
        """Say whether the unit existed on that day; both ends belong to its span."""
        return _within(day, self.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class Lineage:
    """Which unit became which, on which day, by which legal act."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    predecessor: str
    successor: str
    on_date: date
    kind: LineageKind
    legal_act: str


@dataclass(frozen=True, slots=True)
class UnitCode:
    """The code of a unit in somebody else's scheme, for the days on which it was that unit's."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    scheme: str
    code: str
    reporting_unit: str
    valid_from: date | None = None
    valid_to: date | None = None

    def valid_on(self, day: date) -> bool:
        """Say whether the code was this unit's on that day."""
        return _within(day, self.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class Spelling:
    """One more way in which people write a unit's name."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    spelling: str
    reporting_unit: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The text fits several units on that day; a person must choose."""

    text: str
    candidates: tuple[ReportingUnit, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """The text fits no unit on that day.

    `near` gives names of units that did exist on that day; `elsewhen` is the unit that the text names on another day.
    """

    text: str
    near: Callable[[], tuple[str, ...]] = tuple  # only asked for where somebody is told: a file may hold a million
    elsewhen: ReportingUnit | None = None

    @property
    def nearest(self) -> tuple[str, ...]:
        """Names of units that the text perhaps meant."""
        return self.near()


class ReportingUnits:
    """All reporting units of all times, and what people call them."""

    def __init__(self, units: Iterable[ReportingUnit], codes: Iterable[UnitCode], spellings: Iterable[Spelling]):
        """Index the units by code, by the codes of other schemes and by every name they are known under."""
        self._units = {unit.code: unit for unit in units}
        self._codes: dict[tuple[str, str], list[UnitCode]] = defaultdict(list)
        self._names: dict[str, list[tuple[str, ReportingUnit]]] = defaultdict(list)
        self._glued: dict[str, list[tuple[str, ReportingUnit]]] = defaultdict(list)
        self._by_initials: dict[str, list[str]] = defaultdict(list)
        for code in codes:
            self._codes[code.scheme, code.code.upper()].append(code)
        for unit in self._units.values():
            for name in (unit.name_vi, unit.name_en, unit.short_vi):
                self._learn(name, unit)
        for spelling in spellings:
            self._learn(spelling.spelling, self._units[spelling.reporting_unit])
        for name in self._names:
            self._by_initials[_initials(name.split())].append(name)

    def __iter__(self) -> Iterator[ReportingUnit]:
        """Give the units in the order of the file."""
        return iter(self._units.values())

    def __len__(self) -> int:
        """Count the units of all times."""
        return len(self._units)

    def get(self, code: str) -> ReportingUnit | None:
        """Return the unit of that code of ours, whenever it existed; any case."""
        return self._units.get(code.strip().upper())

    def resolve(self, text: str, on: date, scheme: str | None = None) -> ReportingUnit | Ambiguous | Unknown:
        """Say which unit a text means on a day.

        By our own code, by a code of `scheme` (or a bare two-digit code of the statistics office), then by name:
        in full, short, English, with or without `Tỉnh`, `TP.`, `UBND`, with or without marks. A name with the ordinal
        or the footnote of a list, or with its spaces in other places, means what it means without; one whose words are
        shortened only where two are written in full. A bare number behind a name is asked about.
        """
        everywhen = self._meant(text, scheme)
        then = _distinct(unit for unit, valid in everywhen if valid(on) and unit.valid_on(on))
        if len(then) == 1:
            numbered = scheme is None and _NUMBERED.search(text) and fold(text) not in self._names
            return Ambiguous(text, tuple(then)) if numbered else then[0]
        if then:
            return self._by_diacritics(text, then)
        if not everywhen and (shortened := self._shortened(text, on)):
            return shortened
        return Unknown(text, partial(self._near, text, on), _closest(on, _distinct(unit for unit, _ in everywhen)))

    def _meant(self, text: str, scheme: str | None):
        unit = self.get(text)
        if unit and scheme is None:
            return [(unit, unit.valid_on)]
        code = text.strip().upper()
        if scheme == "GSO" or (scheme is None and len(code) == 2 and code.isdecimal()):
            # Only Excel writes 1 for the code 01.
            return [(self._units[row.reporting_unit], row.valid_on) for row in self._codes["GSO", code.zfill(2)]]
        if scheme is not None:
            return [(self._units[row.reporting_unit], row.valid_on) for row in self._codes[scheme, code]]
        return [(unit, unit.valid_on) for _, unit in self._named(text)]

    def _named(self, text: str) -> list[tuple[str, ReportingUnit]]:
        """The units of all times that go by that name, as it stands or without what does not belong to it."""
        bare = _NOTE.sub("", _ORDINAL.sub("", text, count=1))
        for each in dict.fromkeys((text, bare)):
            folded = fold(each)
            for known in dict.fromkeys((folded, _GOVERNMENT_OF.sub("", folded, count=1))):
                if found := self._names.get(known):
                    return found
        return self._glued.get(_GOVERNMENT_OF.sub("", fold(bare), count=1).replace(" ", ""), [])

    def _shortened(self, text: str, on: date) -> ReportingUnit | Ambiguous | None:
        """The unit that a text with shortened words means; a question where it tells too little."""
        if not _SHORTENED.search(text):
            return None
        written = fold(text).split()
        known = self._by_initials.get(_initials(written), ())
        fitting = _distinct(unit for name in known if _shortens(written, name.split()) for _, unit in self._names[name])
        then = [unit for unit in fitting if unit.valid_on(on) and unit.level == "province"]
        if not then:
            return None
        in_full = sum(len(word) > 1 and word in fold(then[0].short_vi).split() for word in written)
        return then[0] if len(then) == 1 and in_full >= _WORDS_IN_FULL else Ambiguous(text, tuple(then))

    def _by_diacritics(self, text: str, candidates: list[ReportingUnit]) -> ReportingUnit | Ambiguous:
        written = spelled(text)
        exact = _distinct(unit for name, unit in self._named(text) if unit in candidates and spelled(name) == written)
        return exact[0] if len(exact) == 1 else Ambiguous(text, tuple(candidates))

    def _near(self, text: str, on: date) -> tuple[str, ...]:
        return tuple(nearest(text, (unit.short_vi for unit in self if unit.valid_on(on))))

    def _learn(self, name: str, unit: ReportingUnit) -> None:
        names = {name}
        names.update(f"{before} {name}" for before in _BEFORE.get(unit.kind, ()))
        names.update(f"{name} {after}" for after in _AFTER.get(unit.kind, ()))
        for each in names:
            folded = fold(each)
            self._names[folded].append((each, unit))
            self._glued[folded.replace(" ", "")].append((each, unit))


def _initials(words: list[str]) -> str:
    return "".join(word[0] for word in words)


def _shortens(written: list[str], name: list[str]) -> bool:
    return len(written) == len(name) and all(word.startswith(part) for part, word in zip(written, name, strict=True))


def _within(day: date, valid_from: date | None, valid_to: date | None) -> bool:
    return (valid_from is None or valid_from <= day) and (valid_to is None or day <= valid_to)


def _distinct(units: Iterable[ReportingUnit]) -> list[ReportingUnit]:
    return list({unit.code: unit for unit in units}.values())


def _closest(day: date, units: list[ReportingUnit]) -> ReportingUnit | None:
    """Return the unit that was there last before the day, or else the first to come after it."""
    ended = [unit for unit in units if unit.valid_to and unit.valid_to < day]
    if ended:
        return max(ended, key=lambda unit: unit.valid_to or date.min)
    return min(units, key=lambda unit: unit.valid_from or date.min, default=None)

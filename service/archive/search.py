"""Finding by words: indicators, reporting units, datasets, sources, documents, in both languages.

People write without marks, in another order, with a letter wrong, with words run together, or initials (`dvc` for dịch
vụ công). All words of a question are wanted; only where nothing has them all is that which has most of them told. The
index is kept in memory with the catalogue that it was made of: it is right, or not there.
"""

import functools
import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import IntEnum
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import Connection

from ingest import registry
from ingest.catalogue import Catalogue
from ingest.spelling import fold, spelled
from service.archive import succession

TYPES = ("indicator", "reporting_unit", "dataset", "source", "document")
LANGUAGES = ("vi", "en")
FACETS = ("type", "pillar", "level", "lead", "unit_measure", "frequency", "source", "dataset")


class Match(IntEnum):
    """How near what was found is to what was asked; the worst of its words counts."""

    SOME = 0  # not all of the words
    FUZZY = 1  # a letter wrong, missing, too many, or two exchanged
    INITIALS = 2  # dvc for dịch vụ công
    PREFIX = 3
    WORDS = 4
    NAME = 5  # the whole name and nothing else
    CODE = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """Something of the catalogue that can be found; `texts` are pairs of a field's name and its text."""

    type: str
    code: str
    name_vi: str
    name_en: str
    texts: Sequence[tuple[str, str]]
    facets: Mapping[str, frozenset[str]]
    valid_from: date | None = None
    valid_to: date | None = None
    replaced_by: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """An answer: how many fit, the hits of one page, and for each facet how many fit each code."""

    total: int
    hits: list[dict[str, Any]]
    facets: dict[str, list[dict[str, Any]]]


# What a word weighs by where it stands.
_WEIGHTS = {
    "code": 8,
    "document_name": 6,
    "name_vi": 6,
    "name_en": 6,
    "short_vi": 6,
    "spelling": 5,
    "other_code": 5,
    "words": 2,
}
_NAMES = frozenset({"document_name", "name_vi", "name_en", "short_vi", "spelling"})
_LONGEST_RUN = 6  # words that are run together or stand as initials

# A mistyped word differs in one letter (a neighbouring pair exchanged counts as one); of eight letters and more in two.
# Shorter words and numbers are never mistyped: of three letters, every other syllable of Vietnamese is one letter away.
_FUZZY_LETTERS = 4
_TWO_MISTAKES_LETTERS = 8

_NAMED = 3
_KEPT = 6  # of a catalogue and for a moment its successor, in either language and in both
_indexes: list[tuple[Catalogue, str | None, "Index"]] = []


def find(
    connection: Connection,
    question: str | None,
    chosen: Mapping[str, Sequence[str]],
    *,
    language: str | None,
    after: int,
    limit: int,
) -> Found:
    """What of the catalogue has the words of the question and the chosen codes of FACETS, from a place on, best first.

    Without words it is all that has the chosen codes, in the order of the catalogue. `language` is one of LANGUAGES:
    names and definitions in the other one are not looked at.
    """
    return index(registry.read(connection), language).find(question, chosen, after=after, limit=limit)


def named(connection: Connection, word: str, name: str) -> list[str]:
    """The codes that a name or old code means, best first, each that ended after what stands for it; three at most.

    `word` is one of TYPES; of another word nothing is found.
    """
    if word not in TYPES:
        return []
    hits = find(connection, name, {"type": [word]}, language=None, after=0, limit=_NAMED).hits
    near = [hit for hit in hits if Match[hit["match"].upper()] >= Match.WORDS]
    return list(dict.fromkeys(code for hit in near for code in (*hit["replaced_by"], hit["code"])))[:_NAMED]


def index(catalogue: Catalogue, language: str | None = None) -> "Index":
    """The index of this catalogue, made at most once."""
    for known, of_language, made in _indexes:
        if known is catalogue and of_language == language:
            return made
    made = Index(_in(language, entry) for entry in _entries(catalogue))
    _indexes.append((catalogue, language, made))
    del _indexes[:-_KEPT]
    return made


def _in(language: str | None, entry: Entry) -> Entry:
    others = tuple(f"_{each}" for each in LANGUAGES if language not in (None, each))
    return replace(entry, texts=[(name, text) for name, text in entry.texts if not name.endswith(others)])


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of the question: the terms that it may mean, and how near it is to each entry."""

    terms: dict[str, Match] = field(default_factory=dict[str, Match])
    near: dict[int, tuple[Match, int]] = field(default_factory=dict[int, tuple[Match, int]])


@dataclass(slots=True)
class _Terms:
    """Which entries have a term, and what it weighs there."""

    postings: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, term: str, place: int, weight: int) -> None:
        there = self.postings[term]
        there[place] = max(weight, there.get(place, 0))


class Index:
    """Every word of every entry, and where it stands."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Take the entries apart; their order is the one in which equals are told."""
        self.entries = tuple(entries)
        names = [[text for name, text in entry.texts if name in _NAMES] for entry in self.entries]
        self._folded = [[f" {fold(name)} " for name in each] for each in names]
        self._spelled = [[f" {spelled(name)} " for name in each] for each in names]
        whole, initials = _Terms(), _Terms()
        for place, entry in enumerate(self.entries):
            for name, text in entry.texts:
                for term, _, _, kind in _terms(text, runs=name in _NAMES):
                    (initials if kind is Match.INITIALS else whole).add(term, place, _WEIGHTS.get(name, 1))
        self._whole, self._initials = whole.postings, initials.postings
        self._sorted = sorted(self._whole)
        # People ask for the same few words, and finding the mistyped is most of the work.
        self._known = functools.lru_cache(maxsize=512)(self._word)
        self._mistypable = [term for term in self._sorted if len(term) >= _FUZZY_LETTERS - 1 and term.isalpha()]

    def find(self, question: str | None, chosen: Mapping[str, Sequence[str]], *, after: int, limit: int) -> Found:
        """As the function of the same name."""
        words = {word: self._known(word) for word in fold(question or "").split()}
        # Signs alone are no words, and find nothing.
        asked = bool(question and not question.isspace())
        near = self._near(words) if asked else dict.fromkeys(range(len(self.entries)), None)
        misses = {place: self._missed(place, chosen) for place in near}
        places = [place for place in near if not misses[place]]
        if question and words:
            ranks = {place: self._rank(place, question, words, near[place] or Match.SOME) for place in places}
            places.sort(key=ranks.__getitem__)
            told = {place: Match(-ranks[place][0]) for place in places}
        else:
            told = {}
        hits = [self._hit(place, words, told.get(place)) for place in places[after : after + limit]]
        return Found(len(places), hits, self._facets(misses))

    def _word(self, word: str) -> _Word:
        found = _Word()
        for term, match in self._meant(word):
            if found.terms.get(term, Match.SOME) >= match:
                continue
            found.terms[term] = match
            there = self._initials if match is Match.INITIALS else self._whole
            for place, weight in there[term].items():
                found.near[place] = max(found.near.get(place, (match, 0)), (match, weight))
        return found

    def _meant(self, word: str) -> Iterator[tuple[str, Match]]:
        if word in self._whole:
            yield word, Match.WORDS
        elif word in self._initials:
            yield word, Match.INITIALS
        for term in self._sorted[bisect_left(self._sorted, word) :]:
            if not term.startswith(word):
                break
            if term != word:
                yield term, Match.PREFIX
        if len(word) >= _FUZZY_LETTERS and word.isalpha():
            mistakes = 2 if len(word) >= _TWO_MISTAKES_LETTERS else 1
            close = process.extract(word, self._mistypable, scorer=OSA.distance, score_cutoff=mistakes, limit=None)
            for term, distance, _ in close:
                if distance:
                    yield term, Match.FUZZY

    def _near(self, words: Mapping[str, _Word]) -> dict[int, Match | None]:
        """The entries that have all words, with the worst match of any; else those that have most, at least half."""
        counts = Counter(place for word in words.values() for place in word.near)
        most = max(counts.values(), default=0)
        if not most or 2 * most < len(words):
            return {}
        return {
            place: min(word.near[place][0] for word in words.values()) if most == len(words) else Match.SOME
            for place, count in sorted(counts.items())
            if count == most
        }

    def _rank(self, place: int, question: str, words: Mapping[str, _Word], match: Match) -> tuple[int, ...]:
        entry, folded, names = self.entries[place], fold(question), self._folded[place]
        if folded == fold(entry.code):
            match = Match.CODE
        elif f" {folded} " in names:
            match = Match.NAME
        weight = sum(word.near[place][1] for word in words.values() if place in word.near)
        return (
            -match,
            # With its marks, a text that is written so comes before one that is only read so: bán before ban.
            -any(f" {spelled(question)} " in name for name in self._spelled[place]),
            -any(f" {folded} " in name or _side_by_side(name, words) for name in names),
            -weight,
            entry.valid_to is not None,
            TYPES.index(entry.type),
            len(entry.name_vi),
            place,
        )

    def _missed(self, place: int, chosen: Mapping[str, Sequence[str]]) -> frozenset[str]:
        facets = self.entries[place].facets
        return frozenset(name for name, codes in chosen.items() if facets.get(name, _NONE).isdisjoint(codes))

    def _facets(self, misses: Mapping[int, frozenset[str]]) -> dict[str, list[dict[str, Any]]]:
        """For each facet the codes that the other choices leave, so that a choice shows what else there was."""
        told: dict[str, list[dict[str, Any]]] = {}
        for name in FACETS:
            counts = Counter(
                code
                for place, missed in misses.items()
                if missed <= {name}
                for code in self.entries[place].facets.get(name, _NONE)
            )
            told[name] = [
                {"code": code, "count": counts[code]} for code in sorted(counts, key=lambda c: (-counts[c], c))
            ]
        return told

    def _hit(self, place: int, words: Mapping[str, _Word], match: Match | None) -> dict[str, Any]:
        entry = self.entries[place]
        meant = {
            (term, kind is Match.INITIALS)
            for word in words.values()
            if place in word.near
            for term, kind in word.terms.items()
            if kind >= word.near[place][0]
        }
        return {
            "type": entry.type,
            "code": entry.code,
            "name_vi": entry.name_vi,
            "name_en": entry.name_en,
            "match": None if match is None else match.name.lower(),
            "valid_from": entry.valid_from,
            "valid_to": entry.valid_to,
            "replaced_by": list(entry.replaced_by),
            "indicators": list(entry.indicators),
            "highlights": [
                {"field": name, "text": text, "ranges": ranges}
                for name, text in entry.texts
                if meant and (ranges := _ranges(text, name in _NAMES, meant))
            ],
        }


def _side_by_side(name: str, words: Mapping[str, _Word]) -> bool:
    """Whether the words of the question, or what they may mean, stand side by side in the name, in this order."""
    parts, meant = name.split(), [word.terms for word in words.values()]
    return any(
        all(part in terms for part, terms in zip(parts[first:], meant, strict=False))
        for first in range(len(parts) - len(meant) + 1)
    )


_NONE: frozenset[str] = frozenset()
# Quyết định 749/QĐ-TTg (03/06/2020): one act, whatever of its articles is cited.
_LEGAL_ACT = re.compile(r"[^()]*\d/[^()]*\(\d{2}/\d{2}/\d{4}\)")
_WORD = re.compile(r"%|[^\W_]+")


@functools.lru_cache(maxsize=1 << 14)
def _folded(word: str) -> str:
    return fold(word)


def _terms(text: str, *, runs: bool) -> Iterator[tuple[str, int, int, Match]]:
    """What a text can be found by, with where it begins and ends: its words, and of a name also runs of them."""
    words = [(_folded(word[0]), word.start(), word.end()) for word in _WORD.finditer(text)]
    for first, (word, start, end) in enumerate(words):
        yield word, start, end, Match.WORDS
        for run in range(first + 2, min(first + _LONGEST_RUN, len(words)) + 1) if runs else ():
            parts, stop = [each[0] for each in words[first:run]], words[run - 1][2]
            if len(parts) <= 3:
                yield "".join(parts), start, stop, Match.WORDS
            if len(parts) >= 3:
                yield "".join(part[:1] for part in parts), start, stop, Match.INITIALS


def _ranges(text: str, runs: bool, meant: set[tuple[str, bool]]) -> list[tuple[int, int]]:
    """Where the terms stand, in characters, without overlap."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(
        (start, end) for term, start, end, kind in _terms(text, runs=runs) if (term, kind is Match.INITIALS) in meant
    ):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _entries(catalogue: Catalogue) -> Iterator[Entry]:
    datasets_of: dict[str, set[str]] = defaultdict(set)
    for dataset in catalogue.datasets.values():
        for item in dataset.items or ():
            datasets_of[item.indicator].add(dataset.code)
    for indicator in catalogue.indicators.values():
        yield Entry(
            "indicator",
            indicator.code,
            indicator.name_vi,
            indicator.name_en,
            _texts(
                indicator, "code name_vi name_en definition_vi definition_en numerator_vi numerator_en document note"
            ),
            {
                "type": frozenset({"indicator"}),
                "pillar": frozenset({indicator.pillar}),
                "level": frozenset(indicator.levels),
                "lead": frozenset(lead.reporting_unit for lead in indicator.lead),
                "unit_measure": frozenset({indicator.unit_measure}),
                "frequency": frozenset(indicator.frequencies),
                "source": frozenset(indicator.sources),
                "dataset": frozenset(datasets_of[indicator.code]),
            },
            indicator.valid_from,
            indicator.valid_to,
            succession.replaced_by(catalogue, "indicator", indicator.code),
        )
    yield from _reporting_units(catalogue)
    for dataset in catalogue.datasets.values():
        items = dataset.items or ()
        yield Entry(
            "dataset",
            dataset.code,
            dataset.name_vi,
            dataset.name_en,
            _texts(dataset, "code name_vi name_en document"),
            {
                "type": frozenset({"dataset"}),
                "level": frozenset({dataset.owed_by.level} if dataset.owed_by and dataset.owed_by.level else ()),
                "frequency": frozenset({dataset.frequency} if dataset.frequency else ()),
                "source": frozenset(item.source for item in items),
                "dataset": frozenset({dataset.code}),
            },
            indicators=tuple(dict.fromkeys(item.indicator for item in items)),
        )
    for source in catalogue.sources.values():
        facets = {"type": frozenset({"source"}), "source": frozenset({source.code})}
        yield Entry(
            "source", source.code, source.name_vi, source.name_en, _texts(source, "code name_vi name_en"), facets
        )
    yield from _documents(catalogue)


def _reporting_units(catalogue: Catalogue) -> Iterator[Entry]:
    other: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for spelling in catalogue.spellings:
        other[spelling.reporting_unit].append(("spelling", spelling.spelling))
    for code in catalogue.codes:
        other[code.reporting_unit].append(("other_code", code.code))
    for unit in catalogue.reporting_units:
        yield Entry(
            "reporting_unit",
            unit.code,
            unit.name_vi,
            unit.name_en,
            [*_texts(unit, "code name_vi name_en short_vi legal_act"), *dict.fromkeys(other[unit.code])],
            {"type": frozenset({"reporting_unit"}), "level": frozenset({unit.level})},
            unit.valid_from,
            unit.valid_to,
            succession.replaced_by(catalogue, "reporting_unit", unit.code),
        )


def _documents(catalogue: Catalogue) -> Iterator[Entry]:
    """The acts and papers that indicators and targets stand on, with the words of the targets."""
    about: dict[str, dict[str, None]] = defaultdict(dict)
    words: dict[str, dict[str, None]] = defaultdict(dict)
    for indicator in catalogue.indicators.values():
        for document in _parted(indicator.document):
            about[document][indicator.code] = None
    for target in catalogue.targets:
        for document in _parted(target.document):
            about[document][target.indicator] = None
            if target.words:
                words[document][target.words] = None
    for document in sorted(about):
        pillars = (catalogue.indicators[code].pillar for code in about[document] if code in catalogue.indicators)
        yield Entry(
            "document",
            document,
            document,
            document,
            [("document_name", document), *(("words", _plain(each)) for each in words[document])],
            {"type": frozenset({"document"}), "pillar": frozenset(pillars)},
            indicators=tuple(about[document]),
        )


def _parted(documents: str) -> list[str]:
    """Each of the documents of a reference, which parts them by semicolons, without the article and the address."""
    parts = (_plain(part).strip() for part in documents.split(";"))
    named = (act[0] if (act := _LEGAL_ACT.match(part)) else part for part in parts)
    return list(dict.fromkeys(part for part in named if part and not part.startswith(("http://", "https://"))))


def _texts(word: Any, names: str) -> list[tuple[str, str]]:
    return [(name, _plain(text)) for name in names.split() if (text := getattr(word, name))]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text)

"""Which reporting units of other days cover the same as those of one day: the arithmetic of lineage, without figures.

What a unit covers is told in pieces. Lineage is a graph of units that became others; each way through it, from a unit
that came from none to one that became none, is a piece, and a unit covers the pieces that lead through it. Two sets of
units cover the same exactly when their pieces are the same, however many mergers, splits and new names lie between.
So it is known without any map that old Cần Thơ, divided in 2004 and put together again in 2025, is a part of the new
one, and that of a merged province nobody can tell which half a figure belongs to.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from ingest.reporting_unit import Lineage, ReportingUnit

_LATER = 1000  # Of two figures of one piece an earlier unit's comes first: it was there, and needs no division.


@dataclass(frozen=True, slots=True)
class Stage:
    """A reporting unit while it covers the same: one that takes in another and keeps its code begins a new stage."""

    code: str
    first: date | None  # None: from its beginning
    last: date | None  # None: to its end


@dataclass(frozen=True, slots=True)
class Cover:
    """That one piece of a unit of the day asked for is covered by a unit of any day.

    `distance` is 0 for the unit itself; `whole` says that the other lies within it entirely, `pieces` how many pieces
    the other has.
    """

    unit: str
    piece: int
    member: Stage
    distance: int
    whole: bool
    pieces: int


def on(day: date, units: Iterable[ReportingUnit], lineage: Iterable[Lineage]) -> list[Cover]:
    """What covers each reporting unit that there is on this day, piece by piece."""
    there = {unit.code: unit for unit in units}
    stages, follows = _graph(there, list(lineage))
    later = {stage for each in follows.values() for stage in each}
    ways = [way for stage in stages if stage not in later for way in _ways(stage, follows)]
    pieces: dict[Stage, list[int]] = defaultdict(list)
    for number, way in enumerate(ways):
        for stage in way:
            pieces[stage].append(number)
    covers: list[Cover] = []
    for target in stages:
        if not _is_there(target, there[target.code], day):
            continue
        for piece in pieces[target]:
            way = ways[piece]
            at = way.index(target)
            for place, member in enumerate(way):
                distance = at - place if place <= at else _LATER + place - at
                whole = set(pieces[member]) <= set(pieces[target])
                covers.append(Cover(target.code, piece, member, distance, whole, len(pieces[member])))
    return covers


def _graph(units: dict[str, ReportingUnit], lineage: list[Lineage]) -> tuple[list[Stage], dict[Stage, list[Stage]]]:
    """The stages of all units, and which of them each became."""
    taken_in: dict[str, set[date]] = defaultdict(set)
    for step in lineage:
        if units[step.successor].valid_from != step.on_date:
            taken_in[step.successor].add(step.on_date)
    stages = {code: _stages(code, sorted(taken_in[code])) for code in units}
    follows: dict[Stage, list[Stage]] = defaultdict(list)
    for each in stages.values():
        for before, after in pairwise(each):
            follows[before].append(after)
    for step in lineage:
        successor = next(each for each in stages[step.successor] if each.last is None or step.on_date <= each.last)
        follows[stages[step.predecessor][-1]].append(successor)
    return [each for of_unit in stages.values() for each in of_unit], follows


def _stages(code: str, begin_again: list[date]) -> list[Stage]:
    firsts = [None, *begin_again]
    lasts = [*(day - timedelta(1) for day in begin_again), None]
    return [Stage(code, first, last) for first, last in zip(firsts, lasts, strict=True)]


def _ways(stage: Stage, follows: dict[Stage, list[Stage]]) -> Iterator[list[Stage]]:
    if not follows.get(stage):
        yield [stage]
    for after in follows.get(stage, ()):
        yield from ([stage, *rest] for rest in _ways(after, follows))


def _is_there(stage: Stage, unit: ReportingUnit, day: date) -> bool:
    return (
        unit.valid_on(day) and (stage.first is None or stage.first <= day) and (stage.last is None or day <= stage.last)
    )

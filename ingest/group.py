"""Reporting units that are asked for together: a region, all provinces, the countries of ASEAN."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from ingest.indicator import ONLY_KNOWN_KEYS
from ingest.reporting_unit import Kind, ReportingUnit


@dataclass(frozen=True, slots=True)
class Joining:
    """Which reporting units belong to a group, from when to when (both days included), by which document."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    reporting_units: tuple[str, ...]
    document: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """That one reporting unit belongs to a group: never longer than the unit exists."""

    reporting_unit: ReportingUnit
    document: str | None
    valid_from: date | None
    valid_to: date | None

    def valid_on(self, day: date) -> bool:
        """Say whether the unit belonged to the group on that day."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


@dataclass(frozen=True, slots=True)
class Group:
    """Every reporting unit of some kinds, or those that documents name."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    code: str
    name_vi: str
    name_en: str
    kinds: tuple[Kind, ...] = ()
    joined: tuple[Joining, ...] = ()

    def memberships(self, units: Iterable[ReportingUnit]) -> list[Membership]:
        """Who belongs to it when, of these units, in their order."""
        found: list[Membership] = []
        for unit in units:
            if unit.kind in self.kinds:
                found.append(Membership(unit, unit.legal_act, unit.valid_from, unit.valid_to))
            found += [
                each
                for joining in self.joined
                if unit.code in joining.reporting_units and (each := _within(unit, joining))
            ]
        return found


def _within(unit: ReportingUnit, joining: Joining) -> Membership | None:
    first = max(filter(None, (unit.valid_from, joining.valid_from)), default=None)
    last = min(filter(None, (unit.valid_to, joining.valid_to)), default=None)
    return None if first and last and last < first else Membership(unit, joining.document, first, last)

"""What is measured: the indicator, its unit of measure, and the sources its figures come from."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal

Direction = Literal["up", "down", "none"]
Frequency = Literal["A", "S", "Q", "M", "W", "D", "H"]
Accumulation = Literal["PERIOD", "YTD", "STOCK", "SINCE_START"]
Level = Literal["nation", "country", "ministry", "province", "group"]
Pillar = Literal["GOV", "DATA", "ECON", "SOC", "INFRA", "SEC", "INTL", "DISC"]
AddsOverTime = Literal["sum", "last", "mean", "ratio", "none"]
AddsOverUnits = Literal["sum", "mean", "ratio", "none"]

# The data files may hold no key that their word does not know: pydantic reads this name.
ONLY_KNOWN_KEYS: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class UnitOfMeasure:
    """What one of a value is, and the range that no value can leave."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    code: str
    name_vi: str
    name_en: str
    symbol_vi: str
    symbol_en: str
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """By which channel or method a figure was made. Two methods are two series, never spliced."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    code: str
    name_vi: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Lead:
    """The reporting unit that answers for an indicator, for a span of time."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    reporting_unit: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is measured (chỉ tiêu). A new definition or another scale is a new indicator, named in `replaced_by`.

    `daily_mean_of` names the indicator of whose value this one is the mean of a day. `minimum` and `maximum` are those
    of the unit of measure where the indicator states none of its own.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    code: str
    name_vi: str
    name_en: str
    pillar: Pillar
    definition_vi: str
    definition_en: str
    formula: str
    unit_measure: str
    decimals: int
    direction: Direction
    frequencies: tuple[Frequency, ...]
    accumulations: tuple[Accumulation, ...]
    sources: tuple[str, ...]
    adds_over_time: AddsOverTime
    adds_over_units: AddsOverUnits
    levels: tuple[Level, ...]
    lead: tuple[Lead, ...]
    document: str
    numerator_vi: str | None = None
    numerator_en: str | None = None
    denominator_vi: str | None = None
    denominator_en: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    reference: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    replaced_by: str | None = None
    daily_mean_of: str | None = None
    note: str | None = None

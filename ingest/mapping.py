"""How somebody else's file reads: which columns hold the unit, the period and the values."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ingest.indicator import ONLY_KNOWN_KEYS, Accumulation, Frequency


@dataclass(frozen=True, slots=True)
class UnitPlace:
    """Where the reporting unit stands: in a column (by name, or by a code of `scheme`), or the same for all.

    `codes` says which text of that column is which reporting unit, where elsewhere it could be another.
    `skip` lists the texts of that column that are no reporting unit: the file's own aggregates ("World").
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    column: str | None = None
    scheme: str | None = None
    constant: str | None = None
    skip: tuple[str, ...] = ()
    codes: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class PeriodPlace:
    """Where the period stands.

    In a column (`pattern`: a regular expression whose first group is the period; `frequency`: the column holds a date
    inside a period of that frequency), or in the headings that match the regular expression `headings`.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    column: str | None = None
    pattern: str | None = None
    frequency: Frequency | None = None
    headings: str | None = None


@dataclass(frozen=True, slots=True)
class IndicatorPlace:
    """The indicator stands in a column; `codes` says which text there is which indicator of ours."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    column: str
    codes: dict[str, str]


@dataclass(frozen=True, slots=True)
class BreakdownPlace:
    """The breakdown stands in a column; `codes` says which text there is which breakdown, where it is not the same."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    column: str
    codes: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """Where a value stands and which series it belongs to.

    `column` is None where the period's headings hold the values. `when` gives the texts that other columns of the
    same row must have for the value to count.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    indicator: str | IndicatorPlace
    source: str
    accumulation: Accumulation
    column: str | None = None
    breakdown: str | BreakdownPlace = "_T"
    when: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class PublishedPlace:
    """When the figures were published: in a column, or one moment for each period. A year or a month will do."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    column: str | None = None
    by_period: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Mapping:
    """The documented mapping of columns of one kind of file.

    `format` is csv also for Parquet and Arrow, and sdmx for every syntax of SDMX: there the columns are the dimensions,
    measures and attributes by their names, TIME_PERIOD and OBS_VALUE among them, and DATAFLOW (`ECB:EXR(1.0)`).
    `header_line` is the line (from 1) with the headings, `records` the name of the list in a JSON document.
    `reporting_unit`, `period` and `published_at` are None where the submission gives them.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    code: str
    name_vi: str
    name_en: str
    document: str
    format: Literal["csv", "json", "sdmx"]
    values: tuple[ValuePlace, ...]
    requires: tuple[str, ...] = ()
    header_line: int = 1
    records: str | None = None
    reporting_unit: UnitPlace | None = None
    period: PeriodPlace | None = None
    published_at: PublishedPlace | None = None
    missing: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    empty_cell: Literal["absent", "missing"] = "absent"
    note: str | None = None

    def columns(self) -> list[str]:
        """Every column that a file of the kind must have, in the order in which they are named here."""
        places = (self.reporting_unit, self.period, self.published_at)
        names = [*self.requires, *(place.column for place in places if place and place.column)]
        for value in self.values:
            names += value.when
            names += [value.column] if value.column is not None else []
            names += [place.column for place in (value.indicator, value.breakdown) if not isinstance(place, str)]
        return list(dict.fromkeys(names))

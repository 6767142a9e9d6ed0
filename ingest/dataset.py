"""What is owed: the dataset, which indicators, by whom, when."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

from ingest.indicator import ONLY_KNOWN_KEYS, Accumulation, Frequency, Level
from ingest.reporting_unit import Kind, ReportingUnit


@dataclass(frozen=True, slots=True)
class DatasetItem:
    """One figure of the form: an indicator, by one accumulation, from one source."""

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    indicator: str
    accumulation: Accumulation
    source: str
    breakdown: str = "_T"
    required: bool = True


@dataclass(frozen=True, slots=True)
class OwedBy:
    """Who owes the return: every unit of a level that existed at the period's end, or the units named.

    `kinds` narrows a level: of the ministries only ministries and ministerial agencies.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    level: Level | None = None
    reporting_units: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()

    def owes(self, unit: ReportingUnit) -> bool:
        """Say whether this unit is one of those that owe the return, whenever it existed."""
        of_level = unit.level == self.level and (not self.kinds or unit.kind in self.kinds)
        return of_level or unit.code in self.reporting_units


@dataclass(frozen=True, slots=True)
class DueRule:
    """When the return is due: on a day of a later month, or some days after the period's end.

    `document` is where the rule comes from, or says that it is ours. Where the data of a period end before the period
    does, `cut_off_day` is the last day of its last month that counts (Decree 09/2019/NĐ-CP: the 14th).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    document: str
    months_after: int = 0
    day: int | None = None
    days_after: int = 0
    cut_off_day: int | None = None

    def due(self, period_end: date) -> date:
        """Return the last day that is in time for a period that ended on `period_end`.

        A month without that day is due on its last.
        """
        if self.day is None:
            return period_end + timedelta(days=self.days_after)
        months = period_end.year * 12 + period_end.month - 1 + self.months_after
        year, month = divmod(months, 12)
        return date(year, month + 1, min(self.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Dataset:
    """The form (biểu mẫu). `items` is None (`all`) where every indicator may come, `frequency` None (`any`) likewise.

    `owed_by` is None where nobody owes it: figures that we collect. It is owed for the periods that begin on
    `owed_from` or later, and has no deadline where `due` is None. `review` names the reporting units that review a
    return, in their order: each agrees before the next is asked; where there is none, what is sent without an error is
    published at once. `machine` says that a machine sends it; `about_others` that its rows are about other units than
    the one that returns it.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    code: str
    name_vi: str
    name_en: str
    document: str
    frequency: Frequency | None
    items: tuple[DatasetItem, ...] | None
    owed_by: OwedBy | None = None
    due: DueRule | None = None
    owed_from: date | None = None
    review: tuple[str, ...] = ()
    machine: bool = False
    about_others: bool = False
    note: str | None = None

"""Questions to the calendar of returns: which are owed, and what had become of them by a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from ingest.period import LOCAL_ZONE, Period

ANSWER_COLUMNS = (
    "dataset",
    "reporting_unit",
    "level",
    "period",
    "data_from",
    "data_to",
    "regular_due_at",
    "due_at",
    "extended_at",
    "extension_reason",
    "state",
    "submission",
    "submission_state",
    "submitted_at",
)

# `owed`: the returns that are asked for, as they were at the moment. The calendar runs to the period asked for, else to
# `due_to`, else to the moment: nothing is due before its period begins.
OWED = """(
    select obligation.*, reporting_unit.level, coalesce(obligation.due_at, obligation.ends_at) as falls_at
    from obligation_as_of(
        :as_of,
        cast(:start as timestamp),
        coalesce(cast(:start as timestamp), coalesce(cast(:due_to as timestamptz), :as_of) at time zone :zone),
        cast(:datasets as text[]),
        cast(:reporting_units as text[])
    ) as obligation
    join reporting_unit on reporting_unit.code = obligation.reporting_unit
    where (cast(:period as text) is null or obligation.period = :period)
        and (cast(:levels as text[]) is null or reporting_unit.level = any(cast(:levels as text[])))
        and (
            cast(:due_from as timestamptz) is null
            or coalesce(obligation.due_at, obligation.ends_at) >= cast(:due_from as timestamptz)
        )
        and (
            cast(:due_to as timestamptz) is null
            or coalesce(obligation.due_at, obligation.ends_at) <= cast(:due_to as timestamptz)
        )
) as owed"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which returns: those of these codes and levels, of one period, due within a span; None does not restrict.

    A return without a deadline counts as due when its data end.
    """

    datasets: Sequence[str] | None = None
    reporting_units: Sequence[str] | None = None
    levels: Sequence[str] | None = None
    period: Period | None = None
    due_from: datetime | None = None
    due_to: datetime | None = None

    def values(self, *, as_of: datetime) -> dict[str, Any]:
        """What OWED binds."""
        return {
            "as_of": as_of,
            "zone": LOCAL_ZONE.key,
            "datasets": self.datasets,
            "reporting_units": self.reporting_units,
            "levels": self.levels,
            "start": self.period and self.period.start,
            "period": self.period and str(self.period),
            "due_from": self.due_from,
            "due_to": self.due_to,
        }


# Where a return stands among the others, and so where to go on after it.
PLACE = ("falls_at", "dataset", "reporting_unit", "period")
Place = tuple[datetime, str, str, str]
_AFTER = ("after", "after_dataset", "after_reporting_unit", "after_period")


def listed(
    connection: Connection,
    asked: Asked,
    *,
    as_of: datetime,
    states: Sequence[str] | None = None,
    after: Place | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """The returns that are owed, by deadline, dataset, reporting unit and period.

    Each has ANSWER_COLUMNS, the names of its dataset and reporting unit (`dataset_vi`, `reporting_unit_en`, ...) and
    `falls_at`, which is its deadline, or where it has none the end of its data.
    """
    rows = connection.execute(
        text(
            f"""
            select
                owed.*,
                extension.granted_at as extended_at,
                extension.reason as extension_reason,
                dataset.name_vi as dataset_vi,
                dataset.name_en as dataset_en,
                reporting_unit.name_vi as reporting_unit_vi,
                reporting_unit.name_en as reporting_unit_en
            from {OWED}
            join dataset on dataset.code = owed.dataset
            join reporting_unit on reporting_unit.code = owed.reporting_unit
            left join extension on extension.id = owed.extension
            where (cast(:states as text[]) is null or owed.state = any(cast(:states as text[])))
                and (
                    cast(:after as timestamptz) is null
                    or (owed.falls_at, owed.dataset, owed.reporting_unit, owed.period)
                        > (cast(:after as timestamptz), :after_dataset, :after_reporting_unit, :after_period)
                )
            order by owed.falls_at, owed.dataset, owed.reporting_unit, owed.period
            limit :limit
            """
        ),
        asked.values(as_of=as_of)
        | dict(zip(_AFTER, after or (None,) * 4, strict=True))
        | {"states": states, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]

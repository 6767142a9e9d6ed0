"""Points on their way from the ledger to an answer: what is stored, as one statement that others build on.

A question is answered by one statement of SQL. It begins here with the stored figures of one vintage; geography,
aggregation and transforms each wrap it in another, in this order, and `question` writes the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Beside the six parts of its key a point carries all that is said about it, and what it was computed from.
# `derived` holds the steps that made it (geography:current, aggregate:A, transform:pch), `computed_from` the stored
# observations that went into it (Q.GDP.VN.PERIOD.GSO._T@2024-Q1); both are null where the value is as it was reported.
POINT_COLUMNS = (
    "frequency",
    "indicator",
    "reporting_unit",
    "accumulation",
    "source",
    "breakdown",
    "period_start",
    "value",
    "status",
    "unit_measure",
    "published_at",
    "valid_to",
    "recorded_at",
    "submission",
    "reason",
    "document",
    "comment",
    "data_from",
    "data_to",
    "derived",
    "computed_from",
)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and the values that are bound in it."""

    sql: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def within(self, sql: str, **values: Any) -> "Statement":
        """Another statement around this one, which it calls `points`; no name of a value may be used twice."""
        assert not set(values) & set(self.values)  # noqa: S101 - of two values of one name one would be lost
        return Statement(f"with points as ({self.sql}) {sql}", {**self.values, **values})


def stored(series: Sequence[int], *, as_of: datetime) -> Statement:
    """What was known of these series at a moment: POINT_COLUMNS, one row a series and period, in no order."""
    return Statement(_STORED, {"series": list(series), "as_of": as_of})


def fifteen_digits(sql: str) -> str:
    """The expression rounded to 15 significant digits, as many as a program that reads it as a float can hold."""
    digits = "14 - cast(floor(log(abs(number))) as integer)"
    return f"(select case when number = 0 then 0 else round(number, {digits}) end from (values ({sql})) as it (number))"


_STORED = """
select
    series.frequency,
    series.indicator,
    series.reporting_unit,
    series.accumulation,
    series.source,
    series.breakdown,
    vintage.period_start,
    vintage.value,
    vintage.status,
    unit_of(series.breakdown, indicator.unit_measure) as unit_measure,
    vintage.valid_from as published_at,
    vintage.valid_to,
    vintage.recorded_at,
    vintage.submission_id as submission,
    vintage.reason,
    document.reference as document,
    vintage.comment,
    vintage.data_from,
    vintage.data_to,
    cast(null as text[]) as derived,
    cast(null as text[]) as computed_from
from observation_as_of(:as_of) as vintage
join series on series.id = vintage.series_id
join indicator on indicator.code = series.indicator
left join document on document.id = vintage.document_id
where vintage.series_id = any(cast(:series as integer[])) and series.id = any(cast(:series as integer[]))
"""

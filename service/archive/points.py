"""Points on their way from the ledger to an answer: what is stored, as one statement that others build on.

A question is answered by one statement of SQL. It begins here with the stored figures of one vintage; geography,
aggregation and transforms each wrap it in another, in this order, and `question` writes the end.

A point without a status was withdrawn: it has no value and is in no answer, but what is computed without it is as new
as the withdrawal. Each step passes on as withdrawn what it would make of withdrawn points alone.
"""

import re
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

    def at_each(self, moments: Sequence[datetime]) -> "Statement":
        """What this one answers as of each of these moments instead of its own; each row begins with its `moment`."""
        # When each vintage stood is worked out once, and not again for each moment, which would take twice as long.
        at_each = _STOOD.replace("from vintage", "from said").replace(":as_of", "at.moment")
        of_each = self.sql
        for name in self.values:
            if name.endswith("as_of"):
                of_each = of_each.replace(_STOOD.replace(":as_of", f":{name}"), at_each)
        series = [f"series_id = any(cast(:{name} as integer[]))" for name in self.values if name.endswith("series")]
        values = {name: value for name, value in self.values.items() if not name.endswith("as_of")}
        sql = f"""
            with said as materialized (select * from vintage where {" or ".join(series)})
            select at.moment, answer.*
            from unnest(cast(:moments as timestamptz[])) as at (moment)
            cross join lateral ({of_each}) as answer
            order by at.moment
        """
        return Statement(sql, {**values, "moments": list(moments)})

    def within_beside(self, beside: "Statement", sql: str, **values: Any) -> "Statement":
        """Another statement around this one and one more, which it calls `points` and `beside`."""
        apart = re.sub(r"(?<!:):(\w+)", r":beside_\1", beside.sql)
        renamed = {f"beside_{name}": value for name, value in beside.values.items()}
        assert not set(values) & ({*self.values, *renamed})  # noqa: S101 - of two values of one name one would be lost
        return Statement(
            f"with points as ({self.sql}), beside as ({apart}) {sql}", {**self.values, **renamed, **values}
        )


def stored(series: Sequence[int], *, as_of: datetime) -> Statement:
    """What was known of these series at a moment: POINT_COLUMNS, one row a series and period, in no order.

    What was withdrawn by then is among them, without a status.
    """
    return described(_STOOD, series, as_of=as_of)


def first_released(series: Sequence[int], *, as_of: datetime) -> Statement:
    """The first figure that each period ever had, of what was public by a moment: POINT_COLUMNS, with its own validity.

    It is the first also where it was withdrawn later. A period of which nothing but that it is missing was ever said
    has the first row that said so.
    """
    return described(_FIRST, series, as_of=as_of)


def described(vintages: str, series: Sequence[int], *, as_of: datetime, also: Sequence[str] = ()) -> Statement:
    """These vintages of these series with POINT_COLUMNS and what else is wanted of them, in no order.

    `vintages` is a table of SQL with the columns of the view `vintage`, in which :series and :as_of may stand.
    """
    more = "".join(f", {each}" for each in also)
    return Statement(_DESCRIBED.format(more=more, vintages=vintages), {"series": list(series), "as_of": as_of})


def significant(number: str) -> str:
    """SQL for a number that was computed: 15 significant digits, as many as a reported one may have.

    A double on its way to a decimal has just so many.
    """
    return f"cast(cast({number} as double precision) as numeric)"


# The as-of rule, with what was withdrawn.
_STOOD = """(
    select
        series_id, period_start, valid_from, valid_to, recorded_at, submission_id, document_id, data_from, data_to,
        case when not withdrawn then status end as status, value, reason, comment
    from vintage
    where valid_from <= :as_of and (valid_to is null or valid_to > :as_of)
)"""

_FIRST = """(
    select distinct on (series_id, period_start) *
    from vintage
    where series_id = any(cast(:series as integer[])) and valid_from <= :as_of and not withdrawn
    order by series_id, period_start, value is null, valid_from
)"""

_DESCRIBED = """
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
    cast(null as text[]) as computed_from{more}
from {vintages} as vintage
join series on series.id = vintage.series_id
join indicator on indicator.code = series.indicator
left join document on document.id = vintage.document_id
where vintage.series_id = any(cast(:series as integer[])) and series.id = any(cast(:series as integer[]))
"""

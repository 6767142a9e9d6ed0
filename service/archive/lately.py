"""What changed lately: of each series its last publication, with what was said before."""

import heapq
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from service.archive.series import Selection
from service.archive.summary import summaries

NEWS_COLUMNS = (
    "series",
    "indicator",
    "indicator_vi",
    "indicator_en",
    "reporting_unit",
    "reporting_unit_vi",
    "reporting_unit_en",
    "period",
    "change",
    "value",
    "status",
    "previous_value",
    "previous_status",
    "previously_published_at",
    "unit_measure",
    "published_at",
    "periods",
    "reason",
)
CHANGES = ("new", "revised", "reflagged", "withdrawn")


def lately(connection: Connection, selection: Selection, *, as_of: datetime | None, limit: int) -> list[dict[str, Any]]:
    """The series that changed last, newest first, with NEWS_COLUMNS; as of now where `as_of` is None.

    A publication may have brought several `periods` of a series: the last of them is told. `change` is one of CHANGES.
    """
    newest = heapq.nlargest(
        limit,
        summaries(connection, selection, as_of=as_of),
        key=lambda summary: (summary.last_changed, -summary.number),
    )
    rows = connection.execute(
        text(_TOLD),
        {
            "numbers": [summary.number for summary in newest],
            "moments": [summary.last_changed for summary in newest],
        },
    )
    return [dict(row) for row in rows.mappings()]


_TOLD = """
with told as (
    -- Of each series the last period that its last publication changed.
    select distinct on (vintage.series_id)
        vintage.*, count(*) over (partition by vintage.series_id) as periods
    from unnest(cast(:numbers as integer[]), cast(:moments as timestamptz[])) as chosen (series_id, changed_at)
    join vintage on vintage.series_id = chosen.series_id and vintage.valid_from = chosen.changed_at
    where vintage.series_id = any(cast(:numbers as integer[]))
    order by vintage.series_id, vintage.period_start desc
)
select
    series.key as series,
    series.indicator,
    indicator.name_vi as indicator_vi,
    indicator.name_en as indicator_en,
    series.reporting_unit,
    reporting_unit.name_vi as reporting_unit_vi,
    reporting_unit.name_en as reporting_unit_en,
    period_text(series.frequency, told.period_start) as period,
    case
        when told.withdrawn then 'withdrawn'
        when before.withdrawn is not false then 'new'
        when told.value is distinct from before.value then 'revised'
        else 'reflagged'
    end as change,
    told.value,
    told.status,
    before.value as previous_value,
    case when not before.withdrawn then before.status end as previous_status,
    before.valid_from as previously_published_at,
    unit_of(series.breakdown, indicator.unit_measure) as unit_measure,
    told.valid_from as published_at,
    told.periods,
    told.reason
from told
join series on series.id = told.series_id
join indicator on indicator.code = series.indicator
join reporting_unit on reporting_unit.code = series.reporting_unit
left join lateral (
    select *
    from vintage
    where vintage.series_id = told.series_id and vintage.period_start = told.period_start
        and vintage.valid_to = told.valid_from
) as before on true
order by told.valid_from desc, series.key collate "C"
"""

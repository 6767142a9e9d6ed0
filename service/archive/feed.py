"""The feed of changes: what whoever looked at the store at one moment must be told to know it as it is at another.

A look is two moments: up to which batch it saw the ledger, and until when figures were public for it. Batches become
visible in the order of recorded_at and the ledger is append-only, so both looks can be had again at any time, and the
changes between them are the difference of two sets of vintages. Nothing is told twice and nothing is missed, whoever
writes meanwhile: what was recorded since, what was recorded before and became public since, and vintages that are none
any more because history was loaded late.

Whoever holds a cursor can read its look. So a batch of which nothing is public yet is in none: seen or not, it shows
nothing, and the two are the same look.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

from msgspec import Meta
from sqlalchemy import Connection, text

from service.archive import question, series
from service.archive.points import Statement
from service.archive.series import Selection
from service.cursors import ExactMoment

# new: there was no figure. revised, reflagged, annotated: its value; else its status; else only its cut-off or words.
# withdrawn: no value from then on. removed: this vintage is none any more. redefined: the words of the catalogue.
KINDS = ("new", "revised", "reflagged", "annotated", "withdrawn", "removed", "redefined")

CHANGE_COLUMNS = (
    "kind",
    "series",
    "indicator",
    "reporting_unit",
    "period",
    "value",
    "status",
    "old_value",
    "old_status",
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
    "redefined",
)

DEMONSTRATION = "GENERATED"  # the one source whose figures may be removed


class Look(NamedTuple):
    """What somebody saw who looked: the batches up to `recorded`, and of these what was public at `public`.

    `recorded` is that of a batch of which something was public.
    """

    recorded: ExactMoment
    public: ExactMoment


class Told(NamedTuple):
    """How far the changes between two looks are told: so many that are of no series, and of series up to a vintage."""

    others: int
    series: str
    period_start: Annotated[datetime, Meta(tz=False)]
    published_at: ExactMoment


_BEFORE_ALL = datetime(1, 1, 2, tzinfo=UTC)  # a moment that every time zone can write
NOTHING = Look(_BEFORE_ALL, _BEFORE_ALL)
_NONE_TOLD = Told(0, "", datetime(1, 1, 1), _BEFORE_ALL)  # noqa: DTZ001 - a period begins at no zone's moment


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader of the feed is: what they know already, and on the way to which look."""

    since: Look
    until: Look | None = None  # None: whatever there is when the feed is asked
    told: Told = _NONE_TOLD


def look(connection: Connection) -> Look:
    """What this transaction sees."""
    row = connection.execute(text(_LOOK), {"before_all": _BEFORE_ALL}).one()
    return Look(*row)


def place_of(connection: Connection, moment: datetime) -> Place:
    """The place of who knows all that was public at this moment; a batch that was still under way then is told."""
    seen = look(connection)
    return Place(Look(min(moment, seen.recorded), min(moment, seen.public)))


def opened(connection: Connection, place: Place) -> Place:
    """The place with the look that it is on the way to, so that what is told next is the same whenever it is asked.

    No look is of a moment that is still to come, whatever a cursor says: it would see through embargoes. (Where the
    server's clock was set back, what lay between is told again.)
    """
    seen = look(connection)
    since = Look(min(seen.recorded, place.since.recorded), min(seen.public, place.since.public))
    until = place.until or seen
    return replace(place, since=since, until=Look(min(seen.recorded, until.recorded), min(seen.public, until.public)))


def changes(
    connection: Connection, selection: Selection, place: Place, *, kinds: Sequence[str] | None = None, limit: int
) -> tuple[list[dict[str, Any]], Place, bool]:
    """The next changes with CHANGE_COLUMNS, where to go on, and whether there are more by now.

    What is of no series comes first, in the order of recorded_at; then figures by series, period and published_at.
    Without an embargo's figures before it ends: not even their number.
    """
    place = opened(connection, place)
    assert place.until is not None  # noqa: S101 - it was just opened
    rows = _others(connection, selection, place, limit + 1) if place.told.series == "" else []
    counted = place.told.others + min(len(rows), limit)
    wanted = KINDS if kinds is None else kinds
    found = [row for row in rows[:limit] if row["kind"] in wanted]
    if len(rows) > limit:
        return found, replace(place, told=place.told._replace(others=counted)), True
    figures = _figures(connection, selection, place, wanted, limit - len(found) + 1)
    shown = figures[: limit - len(found)]
    if len(figures) > len(shown):
        told = place.told._replace(others=counted)
        if shown:
            told = Told(counted, *(shown[-1][name] for name in ("series", "period_start", "published_at")))
        return [*found, *map(_change, shown)], replace(place, told=told), True
    return [*found, *map(_change, shown)], Place(place.until), False


def _others(connection: Connection, selection: Selection, place: Place, limit: int) -> list[dict[str, Any]]:
    """Redefinitions, and removals of demonstration figures, that the selection is about."""
    codes = selection.codes
    values = {
        **_looks(place),
        "indicators": codes.get("indicator"),
        "reporting_units": codes.get("reporting_unit"),
        "removals": DEMONSTRATION in codes.get("source", [DEMONSTRATION]),
        "offset": place.told.others,
        "limit": limit,
    }
    rows = connection.execute(text(_OTHERS), {name: _listed(value) for name, value in values.items()}).mappings()
    nothing = dict.fromkeys(CHANGE_COLUMNS)
    return [{**nothing, **row} for row in rows]


def _figures(
    connection: Connection, selection: Selection, place: Place, kinds: Sequence[str], limit: int
) -> list[dict[str, Any]]:
    rest = series.numbers(connection, selection, since=place.told.series or None)
    if place.since != NOTHING:
        touched = set(connection.execute(text(_TOUCHED_SERIES), _looks(place)).scalars())
        rest = [number for number in rest if number in touched]
    values = {**_looks(place), "kinds": list(kinds)}
    values |= {name: value for name, value in place.told._asdict().items() if name != "others"}
    return question.paged(
        connection, rest, lambda some: Statement(_CHANGES, {**values, "chosen": list(some)}), limit=limit
    )


def _looks(place: Place) -> dict[str, datetime]:
    assert place.until is not None  # noqa: S101 - only opened places are asked
    return {
        "since_recorded": place.since.recorded,
        "since_public": place.since.public,
        "recorded": place.until.recorded,
        "public": place.until.public,
    }


def _change(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in CHANGE_COLUMNS}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


# What time is it, and which batch or redefinition is the last of which something is public by then? The clock is read
# after the snapshot was taken, so that what is in it was recorded before.
_LOOK = """
with clock as materialized (
    select greatest(
        (select max(recorded_at) from batch where first_published is null or first_published <= recorded_at),
        clock_timestamp()
    ) as public
)
select
    greatest(
        cast(:before_all as timestamptz),
        (
            select max(recorded_at) from batch
            where first_published is null or first_published <= (select public from clock)
        ),
        (select max(recorded_at) from redefinition)
    ) as recorded,
    public
from clock
"""

# Of which series was something recorded since, or did an embargo end?
_TOUCHED_SERIES = """
select distinct series_id
from observation
where recorded_at > :since_recorded and recorded_at <= :recorded and published_at <= :public
union
select distinct series_id
from observation
where published_at > recorded_at
    and published_at > :since_public and published_at <= :public and recorded_at <= :since_recorded
"""

_OTHERS = """
select *
from (
    select
        'redefined' as kind,
        case when thing = 'indicator' then code end as indicator,
        case when thing = 'reporting_unit' then code end as reporting_unit,
        recorded_at,
        jsonb_build_object('before', before, 'after', after) as redefined,
        cast(null as text) as series,
        cast(null as text) as reason
    from redefinition
    where recorded_at > :since_recorded and recorded_at <= :recorded
        and (
            thing = 'indicator' and (cast(:indicators as text[]) is null or code = any(cast(:indicators as text[])))
            or thing = 'reporting_unit'
            and (cast(:reporting_units as text[]) is null or code = any(cast(:reporting_units as text[])))
        )
    union all
    select 'removed', null, null, recorded_at, null, '*.*.*.*.GENERATED.*', 'All demonstration figures were removed.'
    from batch
    where submission_id is null and recorded_at > :since_recorded and recorded_at <= :recorded and :removals
) as other
order by recorded_at, indicator nulls last, reporting_unit
limit :limit offset :offset
"""

# The vintages of what was touched, as the second look shows them beside what the first one showed.
_CHANGES = """
with touched as (
    select distinct observation.series_id, observation.period_start, chosen.key
    from observation
    join series as chosen on chosen.id = observation.series_id
    where observation.series_id = any(cast(:chosen as integer[]))
        and observation.recorded_at <= :recorded and observation.published_at <= :public
        and (observation.recorded_at > :since_recorded or observation.published_at > :since_public)
        and (chosen.key, observation.period_start) >= (:series, cast(:period_start as timestamp))
),
change as (
    select
        touched.key as series,
        touched.series_id,
        touched.period_start,
        between_looks.*,
        case
            when is_none then 'removed'
            when withdrawn then 'withdrawn'
            when old_status is null then 'new'
            when value is distinct from old_value then 'revised'
            when status is distinct from old_status then 'reflagged'
            else 'annotated'
        end as kind
    from touched
    cross join lateral (
        select
            coalesce(told.valid_from, was.valid_from) as published_at,
            told.valid_from is null as is_none,
            told.withdrawn,
            case when not told.withdrawn then told.value end as value,
            case when not told.withdrawn then told.status end as status,
            case when was.valid_from is null then told.prior_value when not was.withdrawn then was.value end
                as old_value,
            case when was.valid_from is null then told.prior_status when not was.withdrawn then was.status end
                as old_status,
            told.valid_to,
            coalesce(told.recorded_at, was.recorded_at) as recorded_at,
            coalesce(told.submission_id, was.submission_id) as submission,
            case
                when told.valid_from is null
                    then 'Figures that were loaded later say the same for the time before, or replace it.'
                else told.reason
            end as reason,
            told.document_id,
            told.comment,
            told.data_from,
            told.data_to
        from (
            select
                *,
                case when not lag(withdrawn) over earlier then lag(value) over earlier end as prior_value,
                case when not lag(withdrawn) over earlier then lag(status) over earlier end as prior_status
            from vintage_known(:recorded, :public) as known
            where known.series_id = touched.series_id and known.period_start = touched.period_start
            window earlier as (order by valid_from)
        ) as told
        full join (
            select *
            from vintage_known(:since_recorded, :since_public) as known
            where known.series_id = touched.series_id and known.period_start = touched.period_start
        ) as was on was.valid_from = told.valid_from
        where told.recorded_at is distinct from was.recorded_at
        offset 0 -- keeps this a question for each period: joined as a whole, every vintage there is is sorted first
    ) as between_looks
)
select
    change.kind,
    change.series,
    series.indicator,
    series.reporting_unit,
    change.period_start,
    period_text(series.frequency, change.period_start) as period,
    change.value,
    change.status,
    change.old_value,
    change.old_status,
    unit_of(series.breakdown, indicator.unit_measure) as unit_measure,
    change.published_at,
    change.valid_to,
    change.recorded_at,
    change.submission,
    change.reason,
    document.reference as document,
    change.comment,
    change.data_from,
    change.data_to
from change
join series on series.id = change.series_id
join indicator on indicator.code = series.indicator
left join document on document.id = change.document_id
where change.kind = any(cast(:kinds as text[]))
    and (change.series, change.period_start, change.published_at)
        > (:series, cast(:period_start as timestamp), cast(:published_at as timestamptz))
order by change.series, change.period_start, change.published_at
"""

"""The place of a point among those of the other reporting units of its level, and how many of these are there."""

from service.archive import derivation
from service.archive.derivation import LINE, point
from service.archive.transforms.beside import TAGGED
from service.archive.transforms.missing import MISSING, STEP

_LEVELS = (
    "case level when 'country' then 'countries' when 'ministry' then 'ministries' when 'province' then 'provinces'"
    " when 'group' then 'groups' else 'nations' end"
)
_PEERS = "stored_frequency, frequency, indicator, accumulation, source, breakdown, level, period_start"  # once a unit
# Of all peers' figures the own one is named, and the others as a selection writes them.
_ALL_OF_THEM = (
    "array[concat_ws('.', frequency, indicator, '*', accumulation, source, breakdown)"
    " || '@' || period_text(frequency, period_start)]"
)
_FEW = f"case when among < due then among || ' of ' || due || ' ' || {_LEVELS} || ' have a figure.' end"
_CUT = "case when cut > 0 then cut || ' of the figures have data of other days than the calendar''s.' end"
_SAID = derivation.of_all(" over peers", "not asked and value is not null", among="not asked")


def rank(function: str) -> str:
    """The statement of a rank by this function of PostgreSQL, `rank` or `dense_rank`, in which :units_of is bound."""
    return f"""
    , members as ({_MEMBERS}),
    ranked as (
        select *, {function}() over (partition by asked, {_PEERS} order by badness nulls last) as place
        from members
    ),
    amid as (
        select
            *,
            count(value) filter (where not asked) over peers as among,
            count(own_cut) filter (where not asked and value is not null) over peers as cut,
            {", ".join(f"{expression} as of_{name}" for name, expression in _SAID.items())}
        from ranked
        window peers as (partition by {_PEERS})
    ),
    expected as materialized ({_EXPECTED}),
    placed as (
        select
            amid.*, expected.due,
            max(place) filter (where not asked) over (partition by stored_frequency, {LINE}, period_start) as own_place
        from amid
        left join expected using (level, frequency, period_start)
    ),
    told as (
        select
            *,
            case
                {MISSING}
                when among < 2 then
                    'No other reporting unit of its level has a figure of '
                    || period_text(frequency, period_start) || '.'
            end as why
        from placed
        where asked
    ),
    amounts as (select *, cast(own_place as numeric) as amount from told)
    {_point()} from amounts
    """


def _point() -> str:
    others = "nullif(of_status, 'B')"
    few = derivation.least_sure("status", others, "'E'")
    said = derivation.beside_itself(_SAID, "of_") | {
        "status": f"case when among < due then {few} else {derivation.least_sure('status', others)} end",
        "derived": "derived",
        "computed_from": f"computed_from || {_ALL_OF_THEM}",
    }
    return point(
        "amount",
        "why",
        said,
        STEP,
        "array[level || ':' || among]",
        unit="'rank'",
        note=f"nullif(concat_ws(' ', {_FEW}, {_CUT}), '')",
    )


_MEMBERS = f"""
    select tagged.*, reporting_unit.level,
        case indicator.direction when 'up' then -value else value end as badness
    from {TAGGED} as tagged
    join (select code, level from reporting_unit) as reporting_unit
        on reporting_unit.code = tagged.reporting_unit
    join (select code, direction from indicator) as indicator on indicator.code = tagged.indicator
"""

# How many reporting units of the level were there? Asked once a period and not once a figure.
_EXPECTED = """
    select at.level, at.frequency, at.period_start, count(*) as due
    from (select distinct level, frequency, period_start from members) as at
    join (select level, valid_from, valid_to from reporting_unit) as unit
        on unit.level = at.level
        and (
            unit.valid_from is null
            or unit.valid_from <= coalesce(
                cast(:units_of as date), cast(at.period_start + period_length(at.frequency) as date) - 1
            )
        )
        and (
            unit.valid_to is null
            or unit.valid_to >= coalesce(cast(:units_of as date), cast(at.period_start as date))
        )
    group by at.level, at.frequency, at.period_start
"""

"""What part a point is of its whole, and what part of the whole's change is its own."""

from service.archive import derivation
from service.archive.derivation import LINE, PERIOD_BEFORE, point
from service.archive.points import significant
from service.archive.transforms.beside import TAGGED
from service.archive.transforms.missing import AGO, MISSING, STEP, UNLIKE


def share() -> str:
    """The statement of share."""
    cuts = derivation.each_once("own_cut", "whole_own_cut")
    told = point("amount", "why", derivation.of_both("", "whole_"), STEP, unit="'percent'", note=cuts)
    return f"""
    , members as {TAGGED},
    wholes as (
        select *, {derivation.found("is_whole", "family", "whole_", "own_cut")}
        from ({_families("members")}) as member
        window family as (
            partition by stored_frequency, frequency, indicator, accumulation, source, family, period_start
        )
    ),
    told as (
        select
            *,
            case
                {MISSING}
                when whole_value is null then
                    'The total of ' || period_text(frequency, period_start) || ' has no figure.'
                when whole_value = 0 then 'The total of ' || period_text(frequency, period_start) || ' is 0.'
            end as why
        from wholes
        where asked
    ),
    amounts as (select *, case when why is null then {significant("value * 100 / whole_value")} end as amount from told)
    {told} from amounts
    """


def contribution() -> str:
    """The statement of contribution."""
    said = dict(derivation.of_both("", "old_", "whole_old_", same_period=False))
    # A total that is not there, or was withdrawn, leaves it without one to compare with.
    said["published_at"] = f"greatest({said['published_at']}, whole_published_at)"
    cuts = derivation.each_once("old_own_cut", "whole_old_own_cut", "own_cut")
    told = point("amount", "why", said, STEP, unit="'percentage_point'", note=cuts)
    old = [f"old_{name}" for name in ("value", *derivation.SAID, "own_cut")]
    wholes = ", ".join(
        f"max({name}) filter (where is_whole) over family as whole_{name}"
        if name in ("old_derived", "old_computed_from")
        else f"(array_agg({name}) filter (where is_whole) over family)[1] as whole_{name}"
        for name in old
    )
    return f"""
    , members as {TAGGED},
    line as (
        select
            *, {PERIOD_BEFORE} as ago,
            sum(case when {derivation.IS_BREAK} then 1 else 0 end)
                over (partition by asked, stored_frequency, {LINE} order by period_start) as era
        from members
    ),
    pairs as (
        select *, {derivation.before("earlier", "old_", "era", "own_cut")}
        from line
        window earlier as (partition by asked, stored_frequency, {LINE} order by period_start)
    ),
    wholes as (
        select
            *,
            bool_or(old_period_start = ago and old_era = era)
                filter (where is_whole and status is not null) over family as whole_goes_on,
            max(published_at) filter (where is_whole) over family as whole_published_at,
            {wholes}
        from ({_families("pairs")}) as member
        window family as (
            partition by stored_frequency, frequency, indicator, accumulation, source, family, period_start
        )
    ),
    told as (
        select
            *,
            case
                {UNLIKE}
                when whole_goes_on is not true or whole_old_value is null then
                    'There is no total of ' || {AGO} || ' to compare with.'
                when whole_old_value <= 0 then 'The total of ' || {AGO} || ' is zero or less.'
            end as why
        from wholes
        where asked
    ),
    amounts as (
        select *, case when why is null then {significant("(value - old_value) * 100 / whole_old_value")} end as amount
        from told
    )
    {told} from amounts
    """


def _families(name: str) -> str:
    """Parts and their wholes under one name: a whole is in the family of its breakdowns, the nation also in that of its
    reporting units.
    """
    return f"""
    select {name}.*, false as is_whole, case when breakdown = '_T' then '' else reporting_unit end as family
    from {name} where asked
    union all
    select {name}.*, true as is_whole, reporting_unit as family
    from {name} where not asked
    union all
    select {name}.*, true as is_whole, '' as family
    from {name}
    join (select code, level from reporting_unit) as nation
        on nation.code = {name}.reporting_unit and nation.level = 'nation'
    where not asked
    """

"""What changed from an earlier point of the same line: in its unit, in percent, in logarithms."""

from service.archive import derivation
from service.archive.derivation import ERA, LINE, PER_YEAR, PERIOD_BEFORE, SLOT, YEAR_BEFORE, point, traced
from service.archive.points import significant
from service.archive.transforms.missing import MISSING, STEP, UNLIKE

# A rate in percent: its change is told in points, unless it is asked for in percent of itself.
_IN_POINTS = "(unit_measure = 'percent' and not cast(:relative as boolean))"
_RATIO = "round(value, 40) / nullif(old_value, 0)"  # more digits than are told, for what is close to 1
_UNDEFINED = "'A change in percent is undefined where a value is zero or less (' || trim_scale({}) || ').'"


def _pair(ago: str, apart: str, value: str, why: str, unit: str, *steps: str) -> str:
    """Each point against one earlier one; `apart` keeps the rows of a line from each other that are never compared."""
    own = (f"{ERA} as era", f"{ago} as ago", f"{SLOT} as slot", f"{derivation.CUT_OFF} as own_cut")
    said = derivation.of_both("", "old_", same_period=False)
    cuts = derivation.each_once("old_own_cut", "own_cut")
    told = point("amount", "why", said, STEP, *steps, unit=unit, note=cuts)
    return f"""
    , line as ({traced("points", *own)}),
    pairs as (
        select *, {derivation.before("earlier", "old_", "era", "own_cut")}
        from line
        window earlier as (partition by {LINE}{apart} order by period_start)
    ),
    told as (select *, case {UNLIKE} {why} end as why from pairs),
    amounts as (select *, case when why is null then {value} end as amount from told)
    {told} from amounts
    """


def changes() -> dict[str, str]:
    """The statements of chg, ch1, pch, pc1, pca, cch and cca."""
    points_unit = "case when unit_measure = 'percent' then 'percentage_point' else unit_measure end"
    relative_unit = f"case when {_IN_POINTS} then 'percentage_point' else 'percent' end"
    step = f"case when {_IN_POINTS} then array['points'] else '{{}}' end"
    log_ratio = f"ln({_RATIO}) * 100"
    growth = "(value - old_value) * 100 / nullif(old_value, 0)"
    annual = f"(power({_RATIO}, {PER_YEAR}) - 1) * 100"
    # exp(690) is nearly all that a double can hold.
    huge = f"{PER_YEAR} * ln(cast(abs(greatest(value, 1e-200) / nullif(old_value, 0)) as double precision)) > 680"
    vanishing = f"{PER_YEAR} * ln(cast(abs(greatest(value, 1e-200) / nullif(old_value, 0)) as double precision)) < -680"
    old_not_positive = f"when not {_IN_POINTS} and old_value <= 0 then {_UNDEFINED.format('old_value')}"
    new_negative = f"when not {_IN_POINTS} and value < 0 then {_UNDEFINED.format('value')}"
    new_not_positive = f"when not {_IN_POINTS} and value <= 0 then {_UNDEFINED.format('value')}"
    too_large = f"when not {_IN_POINTS} and {huge} then 'Over a whole year this is more than can be told.'"

    def either(points: str, percent: str) -> str:
        return f"case when {_IN_POINTS} then {points} else {significant(percent)} end"

    before, year = (PERIOD_BEFORE, ""), (YEAR_BEFORE, ", slot")
    difference = "value - old_value"
    return {
        "chg": _pair(*before, difference, "", points_unit),
        "ch1": _pair(*year, difference, "", points_unit),
        "pch": _pair(*before, either(difference, growth), old_not_positive, relative_unit, step),
        "pc1": _pair(*year, either(difference, growth), old_not_positive, relative_unit, step),
        "pca": _pair(
            *before,
            either(f"({difference}) * {PER_YEAR}", f"case when {vanishing} then -100 else {annual} end"),
            f"{old_not_positive} {new_negative} {too_large}",
            relative_unit,
            step,
        ),
        "cch": _pair(
            *before, either(difference, log_ratio), f"{old_not_positive} {new_not_positive}", relative_unit, step
        ),
        "cca": _pair(
            *before,
            either(f"({difference}) * {PER_YEAR}", f"{log_ratio} * {PER_YEAR}"),
            f"{old_not_positive} {new_not_positive}",
            relative_unit,
            step,
        ),
    }


def logarithm() -> str:
    """The statement of log."""
    told = point("amount", "why", derivation.of_both(""), STEP, unit="'natural_log'", note="own_cut")
    not_positive = "when value <= 0 then 'A logarithm is undefined for zero or less (' || trim_scale(value) || ').'"
    return f"""
    , line as ({traced("points", f"{derivation.CUT_OFF} as own_cut", f"case {MISSING} {not_positive} end as why")}),
    amounts as (select *, case when why is null then {significant("ln(round(value, 40))")} end as amount from line)
    {told} from amounts
    """

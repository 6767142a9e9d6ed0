"""When a transformed point has no figure, and the sentence that says why: branches of a CASE, the first that holds."""

from service.archive import derivation

# What was done, as the point tells it.
STEP = "array[cast(:transform as text)]"
_NO_FIGURE = "'There is no figure of '"
AGO = "period_text(frequency, ago)"
_BROKEN = f"'A break in the series lies between ' || {AGO} || ' and ' || period_text(frequency, period_start) || '.'"
MISSING = "when value is null then coalesce(reason, 'There is no figure.')"
UNLIKE = f"""
    {MISSING}
    when ago is null then 'The year before has no such period.'
    when old_period_start is distinct from ago or old_value is null then {_NO_FIGURE} || {AGO} || '.'
    when old_era <> era then {_BROKEN}
    when {derivation.is_part()} or {derivation.is_part("old_derived")} then
        'The reporting unit was there only for a part of '
        || period_text(frequency, case when {derivation.is_part()} then period_start else ago end)
        || ', which is not compared with a whole period.'
"""

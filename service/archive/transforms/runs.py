"""Each point together with those before it, all of which have to be there: sums since a beginning, moving averages."""

from service.archive import derivation
from service.archive.derivation import ERA, LINE, periods_between, point, traced
from service.archive.points import significant
from service.archive.transforms.missing import MISSING, STEP

_YEAR = "date_trunc('year', period_start)"


def moving_average(periods: int) -> str:
    """The statement of ma:N."""
    # Rows that a gap pushed into the frame are too early, so that the run begins before it should.
    return _run(
        f"partition by {LINE} order by period_start rows between {periods - 1} preceding and current row",
        f"{periods} or {periods_between('run_start', 'period_start')} > {periods - 1}",
        significant(f"total / {periods}"),
        f"'Not all of the {periods} periods up to ' || period_text(frequency, period_start) || ' have a figure.'",
        f"when has_part then 'Of the {periods} periods up to ' || period_text(frequency, period_start)"
        " || ' the reporting unit was there only for a part of one.'",
    )


def running(name: str) -> str:
    """The statement of ytd, and of cumulative."""
    since = f"{_YEAR}" if name == "ytd" else "run_start"
    apart = f", {_YEAR}" if name == "ytd" else ""
    return _run(
        f"partition by {LINE}{apart} order by period_start",
        f"{periods_between(since, 'period_start')} + 1",
        "total",
        "'A period before ' || period_text(frequency, period_start) || ' has no figure.'",
    )


def _run(frame: str, due: str, value: str, lacking: str, unlike: str = "") -> str:
    """Each point with those before it in a window of its line, all of which have to be there."""
    own = (f"{ERA} as era", f"{derivation.is_part()} as is_part", f"{derivation.CUT_OFF} as own_cut")
    said = derivation.of_all(" over run", "value is not null")
    told = point("amount", "why", derivation.beside_itself(said, "of_"), STEP, note="cut")
    return f"""
    , line as ({traced("points", *own)}),
    runs as (
        select
            *,
            count(value) over run as there,
            sum(value) over run as total,
            min(era) over run as first_era,
            min(period_start) filter (where status is not null) over run as run_start,
            bool_or(is_part) over run as has_part,
            {derivation.cut_off("value is not null", " over run")} as cut,
            {", ".join(f"{expression} as of_{name}" for name, expression in said.items())}
        from line
        window run as ({frame})
    ),
    told as (
        select
            *,
            case
                {MISSING}
                when there < {due} then {lacking}
                when era <> first_era then
                    'A break in the series lies before ' || period_text(frequency, period_start) || '.'
                {unlike}
            end as why
        from runs
    ),
    amounts as (select *, case when why is null then {value} end as amount from told)
    {told} from amounts
    """

"""Each point against a base: a period, or the mean of all periods of its frequency that lie in it, as Eurostat does."""

from datetime import datetime, timedelta

from ingest.period import Period
from service.archive import derivation
from service.archive.derivation import ERA, LINE, point, traced
from service.archive.points import significant
from service.archive.transforms.missing import MISSING, STEP


def index(base: Period) -> str:
    """The statement of an index, in which :base, :base_start and :base_end are bound."""
    due = " ".join(f"when '{each}' then {_periods_in(base, each)}" for each in "ASQMWDH")
    whole = "period_start >= cast(:base_start as timestamp) and period_start + period_length(frequency) <= cast(:base_end as timestamp)"  # noqa: E501
    of_base = f"{whole} and value is not null"
    base_said = derivation.of_all(" over line", of_base, among=whole)
    said = derivation.of_both("", "base_", same_period=False)
    told = point("amount", "why", said, STEP, unit="'index'", note=derivation.each_once("base_cut", "own_cut"))
    own = (f"{ERA} as era", f"{derivation.CUT_OFF} as own_cut", f"case frequency {due} end as base_due")
    return f"""
    , line as ({traced("points", *own)}),
    based as (
        select
            *,
            count(value) filter (where {whole}) over line as base_there,
            sum(value) filter (where {whole}) over line as base_total,
            min(era) filter (where {whole}) over line as base_era,
            max(era) filter (where {whole}) over line as last_base_era,
            bool_or({derivation.is_part()}) filter (where {whole}) over line as base_is_part,
            {derivation.cut_off(of_base, " over line")} as base_cut,
            {", ".join(f"{expression} as base_{column}" for column, expression in base_said.items())}
        from line
        window line as (partition by {LINE})
    ),
    told as (
        select
            *,
            case
                {MISSING}
                when base_due = 0 then 'The base ' || :base || ' is shorter than the periods of this series.'
                when base_there = 0 then 'There is no figure of the base ' || :base || '.'
                when base_there < base_due then
                    'Only ' || base_there || ' of ' || base_due || ' figures of the base ' || :base || ' are there.'
                when era <> base_era or era <> last_base_era then
                    'A break in the series lies between the base ' || :base || ' and '
                    || period_text(frequency, period_start) || '.'
                when base_is_part or {derivation.is_part()} then
                    'The reporting unit was there only for a part of '
                    || case when base_is_part then :base else period_text(frequency, period_start) end
                    || ', which is not compared with a whole period.'
                when base_total <= 0 then 'The figure of the base ' || :base || ' is zero or less.'
            end as why
        from based
    ),
    amounts as (
        select *, case when why is null then {significant("value * 100 * base_there / base_total")} end as amount
        from told
    )
    {told} from amounts
    """


def _periods_in(base: Period, frequency: str) -> int:
    """How many periods of the frequency lie wholly in the base."""
    first = _first_start(base.start, frequency)
    if frequency in "ASQM":
        months = {"A": 12, "S": 6, "Q": 3, "M": 1}[frequency]
        between = (base.end.year - first.year) * 12 + base.end.month - first.month
        return max(between // months, 0) if base.end > first else 0
    length = {"W": timedelta(7), "D": timedelta(1), "H": timedelta(hours=1)}[frequency]
    return max((base.end - first) // length, 0)


def _first_start(moment: datetime, frequency: str) -> datetime:
    """The first beginning of a period of the frequency, from this moment on."""
    if frequency == "W":
        return moment + timedelta(-moment.weekday() % 7)
    if frequency in "DH":
        return moment
    months = {"A": 12, "S": 6, "Q": 3, "M": 1}[frequency]
    at_hand = moment.month - 1 + (1 if (moment.day, moment.hour) != (1, 0) else 0)
    years, month = divmod(-(-at_hand // months) * months, 12)
    return datetime(moment.year + years, month + 1, 1)  # noqa: DTZ001 - local by definition

"""What all computed points share: the arithmetic of periods in SQL, and what is said about a point made from others.

The stages look at their neighbours through windows and never join points with points: a window sorts once, whatever
the planner expects, where a join of two unknown tables may become a loop in a loop.
"""

from collections.abc import Mapping
from functools import reduce

from service.archive.points import POINT_COLUMNS

KEY = POINT_COLUMNS[: POINT_COLUMNS.index("period_start")]
LINE = ", ".join(KEY)
# What a stage has to know of an input, beside its period and its value.
SAID = POINT_COLUMNS[POINT_COLUMNS.index("status") :]
_AGREED = ("submission", "document", "comment", "data_from", "data_to")
# Of these two or more inputs tell one.
TOLD = ("status", "published_at", "valid_to", "recorded_at", *_AGREED, "derived", "computed_from")
_LONG = 12  # so many inputs are named one by one; a longer run by its first and last

# The less sure of two: estimated is less sure than provisional.
SURENESS = "ABPEF"

# A break that lies inside a computed period, whose status cannot say it.
IS_BREAK = "(status = 'B' or coalesce('break' = any(derived), false))"
# How many breaks are there up to this point? What has another number is not comparable.
ERA = f"sum(case when {IS_BREAK} then 1 else 0 end) over (partition by {LINE} order by period_start)"

# How many inputs with data of only a part of their period are named one by one.
_FEW = 3
PERIOD_BEFORE = "period_start - period_length(frequency)"
# Observations per year; FRED counts 260 days, of business, and 52 weeks.
PER_YEAR = (
    "case frequency when 'A' then 1 when 'S' then 2 when 'Q' then 4 when 'M' then 12 when 'W' then 52"
    " when 'D' then 365 else 8760 end"
)
# The same quarter, month, day, hour or ISO week a year earlier, as `ingest.period`: null for 29 February and week 53.
_ISO_WEEK_BEFORE = (
    "to_date((extract(isoyear from period_start)::int - 1) || to_char(period_start, '-IW'), 'IYYY-IW')::timestamp"
)
YEAR_BEFORE = (
    "case when frequency = 'W' then"
    f" case when extract(week from {_ISO_WEEK_BEFORE}) = extract(week from period_start) then {_ISO_WEEK_BEFORE} end"
    " when extract(day from period_start - interval '1 year') = extract(day from period_start)"
    " then period_start - interval '1 year' end"
)
# Which of the year's periods is it? Equal for those that are a year apart.
SLOT = (
    "case frequency when 'W' then to_char(period_start, 'IW') when 'H' then to_char(period_start, 'MMDDHH24')"
    " else to_char(period_start, 'MMDD') end"
)


def other_days(start: str = "period_start", data_from: str = "data_from", data_to: str = "data_to") -> str:
    """Of which days the data of this period are, where these are not the calendar's; else null."""
    first_day = f"cast({start} as date)"
    last_day = f"cast({start} + period_length(frequency) - interval '1 microsecond' as date)"
    begins_otherwise, ends_otherwise = (
        f"accumulation = 'PERIOD' and {data_from} <> {first_day}",
        f"{data_to} <> {last_day}",
    )
    return (
        f"case when {begins_otherwise} or {ends_otherwise} then"
        f" concat(period_text(frequency, {start}), ' has data',"
        f" case when {begins_otherwise} then ' from ' || {data_from} end,"
        f" case when {ends_otherwise} then ' to ' || {data_to} end,"
        f" case when {data_from} > {first_day} or {data_to} < {last_day} then ' only' end, '.') end"
    )


# The same; of a point that was made of several what it says of them.
CUT_OFF = (
    "case when reason is not null"
    " and (cardinality(computed_from) > 1 or array_to_string(derived, ' ') like '%aggregate:%') then"
    f" period_text(frequency, period_start) || ': ' || reason else {other_days()} end"
)


def periods_between(start: str, end: str, frequency: str = "frequency") -> str:
    """How many periods of the frequency begin from `start` on and before `end`, both of them beginnings."""
    months = f"((extract(year from {end}) - extract(year from {start})) * 12 + extract(month from {end}) - extract(month from {start}))"  # noqa: E501
    return (
        f"cast(case {frequency} when 'A' then {months} / 12 when 'S' then {months} / 6 when 'Q' then {months} / 3"
        f" when 'M' then {months} when 'W' then extract(epoch from {end} - {start}) / 604800"
        f" when 'D' then extract(epoch from {end} - {start}) / 86400"
        f" else extract(epoch from {end} - {start}) / 3600 end as integer)"
    )


def traced(name: str, *also: str) -> str:
    """The columns of a point, its origin and the steps told even where it is as reported, and further ones."""
    told = {
        "derived": "coalesce(derived, '{}')",
        "computed_from": "coalesce(computed_from, case when status is null then '{}'"
        f" else array[concat_ws('.', {LINE}) || '@' || period_text(frequency, period_start)] end)",
    }
    columns = [f"{told[column]} as {column}" if column in told else column for column in POINT_COLUMNS]
    return f"select {', '.join((*columns, *also))} from {name}"


def before(window: str, prefix: str, *also: str) -> str:
    """Everything that is said of the row before in this window, each column with the prefix."""
    return ", ".join(f"lag({name}) over {window} as {prefix}{name}" for name in ("period_start", "value", *SAID, *also))


def found(condition: str, window: str, prefix: str, *also: str) -> str:
    """Everything that is said of the one row of this window for which the condition holds, columns with the prefix."""
    return ", ".join(
        f"(array_agg({name}) filter (where {condition}) over {window})[1] as {prefix}{name}"
        if name not in ("derived", "computed_from", "used_periods")
        # An array of arrays has no elements that are arrays.
        else f"max({name}) filter (where {condition}) over {window} as {prefix}{name}"
        for name in ("value", *SAID, *also)
    )


def is_part(derived: str = "derived") -> str:
    """Was this point made of fewer periods than its own has, as its reporting unit began or ended within?"""
    return f"coalesce(array_to_string({derived}, ' ') ~ '(since|until):', false)"


def cut_off(only: str, over: str = "") -> str:
    """Which of the inputs that fulfil `only` have data of other days than the calendar's, null where none has.

    Each row has its CUT_OFF as `own_cut`.
    """
    rows = f"filter (where {only}){over}"
    return (
        f"case when count(own_cut) {rows} > {_FEW}"
        f" then count(own_cut) {rows} || ' of the periods have data of other days than the calendar''s.'"
        f" else string_agg(own_cut, ' ') {rows} end"
    )


def each_once(*cuts: str) -> str:
    """What these say of the days that their data are of; what two say alike once; null where none says anything."""
    told = (reduce(lambda cut, earlier: f"nullif({cut}, {earlier})", cuts[:at], cut) for at, cut in enumerate(cuts))
    return f"nullif(concat_ws(' ', {', '.join(told)}), '')"


def beside_itself(said: Mapping[str, str], prefix: str) -> dict[str, str]:
    """What was said of others under this prefix, where the point itself may be a break and theirs do not matter.

    A break says that a figure is not comparable with those before it; what comes after it is.
    """
    return {name: f"{prefix}{name}" for name in said} | {
        "status": least_sure("status", _no_break(f"{prefix}status")),
        "derived": f"array_remove({prefix}derived, 'break')"
        " || case when 'break' = any(derived) then array['break'] else '{}' end",
    }


def of_both(*prefixes: str, same_period: bool = True) -> Mapping[str, str]:
    """What is said about a point that was computed from points side by side, whose columns have these prefixes.

    `status` is that of the least sure; a column in which they differ is null. Of another period than the first a break
    does not go on to it.
    """
    first, *others = prefixes
    kept = (lambda derived: derived) if same_period else (lambda derived: f"array_remove({derived}, 'break')")
    statuses = [f"{other}status" if same_period else _no_break(f"{other}status") for other in others]

    def each(name: str) -> list[str]:
        return [f"{prefix}{name}" for prefix in prefixes]

    def agreed(name: str) -> str:
        tests = " and ".join(f"{first}{name} is not distinct from {other}{name}" for other in others) or "true"
        return f"case when {tests} then {first}{name} end"

    return {
        "status": least_sure(f"{first}status", *statuses),
        "published_at": f"greatest({', '.join(each('published_at'))})",
        "valid_to": f"least({', '.join(each('valid_to'))})",
        "recorded_at": f"greatest({', '.join(each('recorded_at'))})",
        **{name: agreed(name) for name in _AGREED},
        "derived": " || ".join(
            (
                f"{first}derived",
                *(
                    f"array(select unnest({kept(f'{other}derived')}) except select unnest({first}derived))"
                    for other in others
                ),
            )
        ),
        "computed_from": reduce(_joined, each("computed_from")),
    }


def of_all(over: str = "", only: str = "true", order: str = "", among: str = "true") -> Mapping[str, str]:
    """What is said about a point that was computed from the rows of a group, or of a window, that fulfil `only`.

    `among` are fulfilled also by the rows that would have been used, had they a value: that one of them went, or is
    missing, is news of the point too.
    A long run of one series' periods is named by its first and its last: key@first/last. `order` is that of a group; a
    window has its own.
    """
    rows, all_rows = f"filter (where {only}){over}", f"filter (where {among}){over}"

    def agreed(name: str) -> str:
        same = f"count({name}) {rows} = count(*) {rows} and min({name}) {rows} = max({name}) {rows}"
        return f"case when {same} then min({name}) {rows} end"

    written = f"string_to_array(string_agg(array_to_string(computed_from, ' '), ' '{order}) {rows}, ' ')"
    first, last = (f"{end}(period_start) {rows}" for end in ("min", "max"))
    run = (
        f"array[concat_ws('.', {LINE}) || '@' || period_text(frequency, {first})"
        f" || '/' || period_text(frequency, {last})]"
    )
    short = f"count(*) {rows} <= {_LONG} or max(cardinality(computed_from)) {rows} > 1"
    return {
        "status": _least_sure(f"max({_sureness('status')}) {rows}"),
        "published_at": f"max(published_at) {all_rows}",
        "valid_to": f"min(valid_to) {all_rows}",
        "recorded_at": f"max(recorded_at) {all_rows}",
        **{name: agreed(name) for name in _AGREED},
        "derived": f"coalesce(max(derived) {rows}, '{{}}')"
        f" || case when bool_or('incomplete' = any(derived)) {rows} and not 'incomplete' = any(max(derived) {rows})"
        " then array['incomplete'] else '{}' end",
        "computed_from": f"case when {short} then coalesce({written}, '{{}}') else {run} end",
    }


def point(
    value: str,
    why: str,
    said: Mapping[str, str],
    *steps: str,
    unit: str = "unit_measure",
    note: str | None = None,
    withdrawn: str = "status is null",
) -> str:
    """A computed point: POINT_COLUMNS, the value and what was said with it only where nothing is amiss, else M and why.

    `steps` are expressions of text[] that tell what was done; `note` is what a value has to say; `withdrawn` tells of
    what it is made whether that was withdrawn, and so is the point.
    """
    told = {
        "value": f"case when {why} is null then {value} end",
        "status": f"case when {withdrawn} then null when {why} is null then {said['status']} else 'M' end",
        "unit_measure": unit,
        **{name: said[name] for name in ("published_at", "valid_to", "recorded_at")},
        **{name: f"case when {why} is null then {said[name]} end" for name in _AGREED},
        "reason": f"coalesce({why}, {note})" if note else why,
        "derived": " || ".join((said["derived"], *steps)),
        "computed_from": said["computed_from"],
    }
    return "select " + ", ".join(f"{told[name]} as {name}" if name in told else name for name in POINT_COLUMNS)


def least_sure(*statuses: str) -> str:
    """The status of the least sure of several figures; one that is null is none of them."""
    return _least_sure(f"greatest({', '.join(_sureness(status) for status in statuses)})")


def _no_break(status: str) -> str:
    return f"nullif({status}, 'B')"


def _joined(first: str, other: str) -> str:
    """The inputs of both, each once: a whole may be its own part."""
    return f"case when {other} is null or {other} <@ {first} then {first} else {first} || {other} end"


def _sureness(status: str) -> str:
    return f"position({status} in '{SURENESS}')"


def _least_sure(place: str) -> str:
    return f"substr('{SURENESS}', {place}, 1)"

"""How the answers about verdicts look: what was promised, what the figures say of it, and by what arithmetic."""

from datetime import date, datetime

from pydantic import Field

from service.api.shapes import Number, Shape

_IN_UNIT = "in `unit_measure`"


class Verdict(Shape):
    """What the figures say of one target about one reporting unit. Numbers that are not known are null."""

    plan: str = Field(description="the plan or document that promises it")
    indicator: str
    scope: str = Field(description="whom the target binds: a reporting unit, or a level")
    period: str = Field(description="the period of the target")
    reporting_unit: str = Field(description="whom the verdict is about")
    kind: str = Field(
        description="at_least, at_most, change_from_base, top_n, zero_left, yes_all or path", examples=["top_n"]
    )
    target: Number = Field(description=f"the number that the document promises, {_IN_UNIT}; a change with its sign")
    promised: Number | None = Field(description=f"the value that keeps the promise, {_IN_UNIT}: of a change, base + it")
    last_day: date = Field(description="the last day that is in time")
    deadline: str | None = Field(description="as the document writes it")
    state: str = Field(
        description="reached, on_track, acceleration_needed, off_track, moving_away or cannot_be_judged",
        examples=["reached"],
    )
    reason: str | None = Field(description="why it cannot be judged; null else", examples=["no_figure"])
    method: str = Field(description="the formula that judged it", examples=["linear_path"])
    series: str | None = Field(description="the key of the series that answers the target")
    unit_measure: str = Field(description="the unit of measure of all values")
    value: Number | None = Field(description=f"the last figure in time, {_IN_UNIT}")
    value_period: str | None
    value_status: str | None = Field(description="SDMX CL_OBS_STATUS")
    value_published_at: datetime | None = Field(description="from when that was the public figure")
    base: Number | None = Field(description=f"where the way to the promise begins, {_IN_UNIT}")
    base_period: str | None
    base_status: str | None
    base_published_at: datetime | None
    base_stated: bool = Field(description="whether the document itself states the base; else it is a figure")
    path_value: Number | None = Field(description=f"what is asked for at the time of the value, {_IN_UNIT}")
    gap: Number | None = Field(description=f"from there to the value, {_IN_UNIT}; positive is ahead")
    progress_percent: Number | None = Field(description="the part of the whole way that was made, in percent")
    pace_percent: Number | None = Field(
        description="what was made of what is asked by now, in percent; in a trend the growth a year, in percent"
    )
    score: Number | None = Field(description="from -5 to 5, without a unit")
    index: Number | None = Field(
        description="current status: 0 at the base to 10 at the target; anticipated progress: the gap ahead in percent"
    )
    needed_value: Number | None = Field(description=f"what the next figure must be, {_IN_UNIT}")
    needed_period: str | None = Field(description="the period of that figure")
    projected_value: Number | None = Field(description=f"where the figures lead by the deadline, {_IN_UNIT}")
    projected_low: Number | None = Field(description=f"the lower end of the band of 80 %, {_IN_UNIT}")
    projected_high: Number | None = Field(description=f"the upper end of the band of 80 %, {_IN_UNIT}")
    reaching_day: date | None = Field(description="when the promise was kept, or will be as the figures go")
    done: Number | None = Field(description="of a count-down what is done, in what is counted")
    whole: Number | None = Field(description="of how many the value is a part")
    done_percent: Number | None = Field(description="done in percent of the whole")
    document: str
    words: str | None = Field(description="the words of the document")
    note: str | None
    target_published_at: datetime | None = Field(description="from when the target stood; null: before our records")
    target_promised_at: datetime | None = Field(
        description="since when the same has been promised, in whatever words; where no base is stated it begins here"
    )
    sentence_vi: str = Field(description="the verdict in one sentence")
    sentence_en: str
    formula: str | None = Field(description="the arithmetic with its numbers put in; null where nothing was computed")


class Trend(Shape):
    """The last figure of an indicator and a reporting unit beside that of the same period some years before.

    Nothing need be promised. Numbers that are not known are null.
    """

    indicator: str
    reporting_unit: str
    state: str = Field(
        description="on_track (significant progress), acceleration_needed (moderate), off_track (hardly any),"
        " moving_away or cannot_be_judged",
        examples=["on_track"],
    )
    reason: str | None = Field(description="why it cannot be judged; null else", examples=["one_point"])
    method: str = Field(description="the formula that judged it", examples=["trend"])
    series: str = Field(description="the key of the series that both figures are of")
    unit_measure: str = Field(description="the unit of measure of both")
    value: Number = Field(description=f"the last figure, {_IN_UNIT}")
    value_period: str
    value_status: str = Field(description="SDMX CL_OBS_STATUS")
    value_published_at: datetime = Field(description="from when that was the public figure")
    base: Number | None = Field(description=f"the figure of five years before, or of the nearest to it, {_IN_UNIT}")
    base_period: str | None
    base_status: str | None
    base_published_at: datetime | None
    years: Number | None = Field(description="from the base to the value, in years")
    growth_percent: Number | None = Field(
        description="the growth of a year, in percent; above zero where it is in the wanted direction"
    )
    score: Number | None = Field(description="from -5 to 5, without a unit")
    sentence_vi: str = Field(description="the trend in one sentence")
    sentence_en: str
    formula: str | None = Field(description="the arithmetic with its numbers put in; null where nothing was computed")


class Trends(Shape):
    """Trends by indicator, then by the Vietnamese alphabet of the reporting units."""

    as_of: datetime = Field(description="what was known at this moment is judged")
    trends: list[Trend]
    next: str | None = Field(description="the `cursor` of the next page; null on the last")


class Verdicts(Shape):
    """Verdicts by indicator, last day, scope and plan, then by the Vietnamese alphabet of the reporting units."""

    as_of: datetime = Field(description="what was known at this moment is judged")
    today: date = Field(description="the day in Viet Nam that decides whether a deadline has passed")
    verdicts: list[Verdict]
    next: str | None = Field(description="the `cursor` of the next page; null on the last")

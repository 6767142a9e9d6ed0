"""How the answers of the scoreboard look."""

from datetime import date, datetime

from pydantic import Field

from service.api.shapes import Number, Shape


class Cell(Shape):
    """The verdict that matters on one indicator about one reporting unit."""

    pillar: str
    indicator: str
    lead: list[str] = Field(description="the units that lead the indicator on the day of the scoreboard")
    level: str = Field(description="the level of the reporting unit")
    reporting_unit: str
    promises: int = Field(description="how many targets of this indicator bind the unit; this is the one that matters")
    plan: str = Field(description="whose target that is")
    scope: str
    period: str = Field(description="the period of the target")
    last_day: date = Field(description="the last day that is in time")
    over: bool = Field(description="whether that day has passed")
    kind: str
    promised: Number | None = Field(description="the value that keeps the promise, in `unit_measure`")
    state: str = Field(description="reached, on_track, acceleration_needed, off_track, moving_away or cannot_be_judged")
    reason: str | None = Field(description="why it cannot be judged")
    method: str
    series: str | None = Field(description="the key of the series that answers the target")
    unit_measure: str
    value: Number | None = Field(description="the last figure in time")
    value_period: str | None
    value_status: str | None
    value_published_at: datetime | None
    gap: Number | None = Field(description="from what is asked by now to the value; positive is ahead")
    needed_value: Number | None = Field(description="what the next figure must be")
    needed_period: str | None
    document: str


class StateCount(Shape):
    """How many cells of one group are in each state."""

    by: str = Field(description="total, pillar, level, lead or reporting_unit")
    code: str | None = Field(description="which of them; null for the total")
    cells: int
    reached: int
    on_track: int
    acceleration_needed: int
    off_track: int
    moving_away: int
    cannot_be_judged: int
    without_figure: int = Field(
        description="of those that cannot be judged: nothing was reported, or not the period of the deadline"
    )


class ScoreboardAnswer(Shape):
    """Cells by indicator and the alphabet of the units, and how many are in each state."""

    as_of: datetime
    today: date = Field(description="the day by which deadlines have passed")
    cells: list[Cell]
    counts: list[StateCount]


class MissingCells(Shape):
    """Pairs of an indicator and a unit that a target binds and of which nothing was reported."""

    as_of: datetime
    today: date
    missing: list[Cell]


class Ranked(Shape):
    """One reporting unit in its place."""

    place: int | None = Field(description="1 is the best; null where no other unit has a figure")
    reporting_unit: str
    series: str
    period: str
    value: Number
    unit_measure: str
    status: str
    published_at: datetime
    place_note: str | None = Field(description="says where not all units of the level have a figure")
    change: Number | None = Field(description="against the period before, in `change_unit`")
    change_unit: str | None
    improvement: Number | None = Field(description="the change with the sign of the wanted direction")
    change_reason: str | None = Field(description="why there is no change")


class Ranking(Shape):
    """Reporting units of one level by the figures of one method and one period."""

    as_of: datetime
    indicator: str
    level: str
    frequency: str
    accumulation: str
    source: str
    period: str
    with_figure: int = Field(description="how many units of the level have a figure")
    expected: int = Field(description="how many units of the level there were")
    ties: str | None = Field(description="competition or dense; null where the places are published ones")
    ranking: list[Ranked]

"""How the answers look: what OpenAPI says, and what a test holds every real answer against."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

# A decimal leaves as a JSON number with the digits that were reported.
Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]


class Shape(BaseModel):
    """An answer has these members and no others."""

    model_config = ConfigDict(extra="forbid")


class Figure(Shape):
    """A series' value for one period, with all that is said about it."""

    series: str = Field(description="the key of the series", examples=["A.EGDI_RANK.VN.PERIOD.UN._T"])
    period: str = Field(description="the period, as SDMX writes it", examples=["2024"])
    value: Number | None = Field(description="a JSON number in `unit_measure`; null where status is M", examples=[71])
    status: str = Field(
        description="SDMX CL_OBS_STATUS: A official, P provisional, E estimated, F forecast, B break, M missing"
    )
    unit_measure: str = Field(description="the unit of measure", examples=["rank"])
    published_at: datetime = Field(description="from when this is the public figure")
    valid_to: datetime | None = Field(description="when a later figure replaced it; null while it stands")
    recorded_at: datetime = Field(description="when it was written here, for audit")
    submission: int | None = Field(description="the submission that brought it; null where it took several")
    reason: str | None = Field(description="why it was revised, is missing, or was computed from less than all")
    document: str | None = Field(description="the document or page that printed it")
    comment: str | None = Field(description="the words of the document")
    data_from: date | None = Field(description="the first day of the data, where the cut-off is not the calendar's")
    data_to: date | None = Field(description="the last day of the data, likewise")


class Observation(Figure):
    """A series' value for one period, as it was known at the moment asked for, or computed from such values."""

    derived: list[str] | None = Field(description="what was computed, step by step; null for a figure as reported")
    computed_from: list[str] | None = Field(description="the observations it was computed from, as series@period")


class Observations(Shape):
    """Observations by series and period."""

    as_of: datetime = Field(description="the moment asked for")
    observations: list[Observation]
    next: str | None = Field(description="the `cursor` of the next page; null on the last")


class Derived(Shape):
    """An observation that something was computed from."""

    series: str
    period: str
    value: Number
    status: str
    unit_measure: str
    published_at: datetime = Field(description="since when both figures are known that it was computed from")


class Change(Derived):
    """A figure beside the one before it."""

    previous_period: str
    previous_value: Number
    difference: Number = Field(description="new minus old")
    change_unit: str = Field(description="what the difference is measured in: of a percentage, percentage_point")
    improvement: Number | None = Field(description="the difference with the sign that means better")
    ratio: Number | None = Field(description="new over old; null for ranks and where the old is 0")


class Changes(Shape):
    """Changes by period."""

    as_of: datetime
    changes: list[Change]


class Difference(Shape):
    """What one period adds to the total of its year; computed, never reported."""

    series: str
    period: str
    value: Number | None = Field(description="cumulated minus previous_cumulated; null where `why` says why not")
    status: str = Field(description="that of the less sure of the two figures")
    unit_measure: str
    published_at: datetime = Field(description="the publication in which both were said")
    cumulated: Number
    previous_period: str | None = Field(description="null for the first period of a year")
    previous_cumulated: Number | None
    why: str | None = Field(description="no_earlier_figure, or earlier_figure_of_another_vintage")


class Differences(Shape):
    """Differences of a year-to-date series, by period."""

    as_of: datetime
    derived: bool = Field(description="always true: nobody reported these")
    differences: list[Difference]


class Share(Derived):
    """A count and the whole that it was counted in."""

    whole: Number
    share_percent: Number
    complement: Number = Field(description="whole minus value")
    complement_percent: Number


class Shares(Shape):
    """Shares by period."""

    as_of: datetime
    shares: list[Share]


class Reported(Shape):
    """A figure that was reported of the period that another one implies."""

    series: str
    value: Number
    status: str
    published_at: datetime
    comment: str | None
    conflict: bool = Field(description="whether it differs from the implied value by more than rounding")


class Implied(Shape):
    """An earlier value as the words of a later figure imply it, in one reading; derived, never stored."""

    series: str
    period: str = Field(description="the earlier period that is implied")
    value: Number
    status: str = Field(description="always E: nobody reported it")
    unit_measure: str
    derived: list[str]
    from_period: str = Field(description="the period whose figure states the change")
    from_value: Number
    stated: Number = Field(description="the change as the words have it, negative where they say a fall")
    reading: str = Field(
        description="points (of percent), percent (of the earlier value), times, times_more, places (of a rank)"
    )
    words: str = Field(description="the words of the document")
    published_at: datetime
    reported: list[Reported] = Field(description="what was reported of that period, by any source")


class ImpliedList(Shape):
    """Implied values by period."""

    as_of: datetime
    implied: list[Implied]


class Series(Shape):
    """One line through time, and what there is of it."""

    series: str
    frequency: str
    indicator: str
    reporting_unit: str
    accumulation: str
    source: str
    breakdown: str
    unit_measure: str
    first_period: str
    last_period: str
    observations: int
    last_published: datetime


class SeriesAnswer(Series):
    """One line through time, and where what is told of it is."""

    links: dict[str, str] = Field(description="the addresses of its observations, vintages, revisions, changes, …")


class SeriesList(Shape):
    """Series by key."""

    series: list[Series]
    next: str | None


class Lead(Shape):
    """Who answers for an indicator, and in which span."""

    reporting_unit: str
    valid_from: date | None
    valid_to: date | None


class Indicator(Shape):
    """What is measured."""

    code: str
    name_vi: str
    name_en: str
    pillar: str
    unit_measure: str
    decimals: int
    direction: str = Field(description="up, down or none: which way is better")
    frequencies: list[str]
    accumulations: list[str]
    sources: list[str]
    levels: list[str]
    adds_over_time: str
    adds_over_units: str
    definition_vi: str
    definition_en: str
    formula: str
    numerator_vi: str | None
    numerator_en: str | None
    denominator_vi: str | None
    denominator_en: str | None
    minimum: Number | None
    maximum: Number | None
    lead: list[Lead]
    document: str
    reference: str | None
    valid_from: date | None
    valid_to: date | None
    replaced_by: str | None
    daily_mean_of: str | None = Field(description="the indicator of which this is the mean of a day")
    note: str | None


class Target(Shape):
    """A value promised for a period, in the words of its document."""

    plan: str = Field(description="the plan or document that promises it")
    indicator: str
    scope: str = Field(description="a reporting unit, or a level: each of its units")
    period: str
    kind: str
    value: Number
    sense: int = Field(description="1: kept from the value upwards; -1: downwards")
    deadline: str | None = Field(description="as the document writes it")
    last_day: date = Field(description="the last day that is in time")
    base_period: str | None
    base_value: Number | None
    published_at: datetime | None = Field(description="from when it stood; null: since before our records")
    promised_at: datetime | None = Field(
        description="since when the same has been promised, in whatever words: what is judged begins there"
    )
    document: str
    words: str | None
    note: str | None


class Targets(Shape):
    """Targets by indicator and last day, as they stood at a moment."""

    as_of: datetime
    targets: list[Target]


class IndicatorInFull(Indicator):
    """An indicator with its targets."""

    targets: list[Target]


class Indicators(Shape):
    """Indicators by code."""

    indicators: list[Indicator]
    next: str | None


class ReportingUnit(Shape):
    """Whom a figure is about, for the days of its validity."""

    code: str
    level: str
    kind: str
    name_vi: str
    name_en: str
    short_vi: str
    valid_from: date | None
    valid_to: date | None
    legal_act: str | None


class UnitCode(Shape):
    """A unit's code in another scheme, for a span of days."""

    scheme: str
    code: str
    valid_from: date | None
    valid_to: date | None


class Kin(Shape):
    """A predecessor or successor, and the act that made it one."""

    reporting_unit: str
    on_date: date
    kind: str
    legal_act: str


class ReportingUnitInFull(ReportingUnit):
    """A reporting unit with its other codes and its lineage."""

    codes: list[UnitCode]
    predecessors: list[Kin]
    successors: list[Kin]


class ReportingUnits(Shape):
    """Reporting units by the Vietnamese alphabet."""

    reporting_units: list[ReportingUnit]
    next: str | None


class Dataset(Shape):
    """The form: which indicators, who owes them, when."""

    code: str
    name_vi: str
    name_en: str
    frequency: str | None
    document: str
    items: list[dict[str, Any]] | None
    owed_by: dict[str, Any] | None
    owed_from: date | None = Field(description="the first day of the first period that is owed")
    due: dict[str, Any] | None
    review: list[str] = Field(description="the reporting units that review a return, in their order")
    machine: bool = Field(description="whether a machine sends it")
    about_others: bool = Field(description="whether it is about other units than the one that returns it")
    note: str | None


class Datasets(Shape):
    """Datasets by code."""

    datasets: list[Dataset]
    next: str | None


class Source(Shape):
    """By which channel or method figures are made."""

    code: str = Field(examples=["EMC"])
    name_vi: str
    name_en: str


class Sources(Shape):
    """Sources by code."""

    sources: list[Source]


class Rule(Shape):
    """What figures are held against, and what is said where they break it."""

    code: str
    version: int
    kind: str = Field(description="what sort of check it is", examples=["ratio"])
    severity: str = Field(description="error blocks, warning asks, information tells")
    name_vi: str
    name_en: str
    sentence_vi: str = Field(description="with the facts of a finding in braces")
    sentence_en: str
    formula: str = Field(description="the computation, every symbol explained")
    document: str = Field(description="the act or paper that asks for it, or that it is ours")
    check: dict[str, Any] = Field(description="its parameters")
    scope: dict[str, list[str]] = Field(description="to which figures it applies; an empty list is all")
    example: dict[str, str] = Field(description="facts that break it")
    note: str | None


class Rules(Shape):
    """Rules by code."""

    rules: list[Rule]
    next: str | None


class Health(Shape):
    """The process answers."""

    status: str


class Readiness(Shape):
    """What the service stands on."""

    status: str
    revision: str = Field(description="the revision of the database's schema")
    catalogue: str = Field(description="the version of the catalogue")
    postgresql: str
    timescaledb: str | None = Field(description="null on plain PostgreSQL")


class Group(Shape):
    """Reporting units that are asked for together, as `reporting_unit=@CODE`."""

    code: str
    name_vi: str
    name_en: str
    members: list[str] = Field(description="the reporting units that belong to it on the day, or ever did")


class Groups(Shape):
    """Groups by code."""

    groups: list[Group]


class Membership(Shape):
    """That a reporting unit belongs to a group, and when."""

    reporting_unit: str
    name_vi: str
    name_en: str
    valid_from: date | None
    valid_to: date | None = Field(description="the last day; null while it lasts")
    document: str | None


class GroupInFull(Shape):
    """One group, with its members."""

    code: str
    name_vi: str
    name_en: str
    members: list[Membership]

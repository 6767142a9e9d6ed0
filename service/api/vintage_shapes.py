"""How the answers about vintages look: what was said when, what was changed, and what was made public together."""

from datetime import date, datetime

from pydantic import Field, RootModel

from service.api.shapes import Figure, Number, Shape

_NEXT = "the `cursor` of the next page; null on the last"


class Vintage(Figure):
    """A figure as it stood for a time; a withdrawn one has no value."""

    withdrawn: bool


class Vintages(Shape):
    """Every figure that was public of one series by a moment, by period and then by publication."""

    series: str
    as_of: datetime
    vintages: list[Vintage]


class TriangleRow(Shape):
    """One period: what stood at the end of each vintage date."""

    period: str
    values: list[Number | None] = Field(description="null before the first figure, and from a withdrawal on")
    statuses: list[str | None] = Field(description="likewise; M is a figure that is missing")


class Triangle(Shape):
    """The vintages of one series as a table: one row a period, one column a vintage date."""

    series: str
    as_of: datetime
    unit_measure: str | None = Field(description="null where there is no figure in the span")
    vintage_dates: list[date]
    periods: list[TriangleRow]


class VintagesOrTriangle(RootModel[Vintages | Triangle]):
    """Every figure that was public of one series by a moment, one after the other or as a table."""


class VintagesOfMany(Shape):
    """Every figure that was public of several series by a moment, by key, period and publication."""

    as_of: datetime
    vintages: list[Vintage]
    next: str | None = Field(description=_NEXT)


class VintageDates(Shape):
    """The days on which something became public or changed, by the calendar of the country."""

    as_of: datetime
    vintage_dates: list[date]


class Revision(Shape):
    """One change of a public figure: what was said before and after, why, and by whom."""

    series: str
    period: str
    number: int = Field(description="which change of this period's figure it is, counted from 1")
    kind: str = Field(description="revised, reflagged (the value stayed), withdrawn, or restored after a withdrawal")
    previous_value: Number | None
    value: Number | None
    size: Number | None = Field(description="new minus old; null where either has no value")
    size_percent: Number | None = Field(description="of the absolute old value; null for ranks and where the old is 0")
    previous_status: str | None = Field(description="null after a withdrawal")
    status: str
    unit_measure: str
    previous_published_at: datetime
    published_at: datetime
    recorded_at: datetime
    reason: str | None = Field(description="why; a status that a document prints anew may have none")
    author: str = Field(description="the reporting unit that returned it, or the source that it was collected from")
    author_kind: str = Field(description="reporting_unit or source")
    submission: int
    document: str | None
    comment: str | None
    data_from: date | None
    data_to: date | None


class Revisions(Shape):
    """Changes by key, period and publication."""

    as_of: datetime
    revisions: list[Revision]
    next: str | None = Field(description=_NEXT)


class Sizes(Shape):
    """What the sizes of revisions are like; the formulas are in docs/vintages.md."""

    count: int = Field(description="how many revisions were measured")
    mean: Number | None
    mean_absolute: Number | None
    largest: Number | None = Field(description="the one that is largest without its sign, with its sign")
    largest_period: str | None
    up: int
    down: int
    mean_percent: Number | None = Field(description="null for ranks")
    mean_absolute_percent: Number | None


class SeriesStatistic(Sizes):
    """What the revisions of one series are like, by one measure."""

    series: str
    unit_measure: str
    measure: str = Field(description="first_to_latest, or step: from each figure to the next")
    periods: int = Field(description="how many periods ever had a value")
    periods_revised: int
    share_revised_percent: Number | None


class ReleaseStatistic(Sizes):
    """What the revisions of one indicator in one release are like."""

    published_at: datetime
    submission: int
    indicator: str
    unit_measure: str
    figures: int = Field(description="how many figures it brought or changed")
    new: int
    revised: int
    share_revised_percent: Number | None = Field(description="of `figures`")
    largest_series: str | None


class SeriesStatistics(Shape):
    """Statistics of revisions by series and measure."""

    as_of: datetime
    statistics: list[SeriesStatistic]


class ReleaseStatistics(Shape):
    """Statistics of revisions by release and indicator, the latest release first."""

    as_of: datetime
    statistics: list[ReleaseStatistic]


class Statistics(RootModel[SeriesStatistics | ReleaseStatistics]):
    """Statistics of revisions, of series or of releases."""


class Release(Shape):
    """What one submission made public at one moment; the counts are of figures."""

    published_at: datetime
    submission: int
    dataset: str
    reporting_unit: str | None = Field(description="who returned it; null for figures collected from documents")
    documents: list[str]
    series: int
    new: int
    revised: int
    reflagged: int
    withdrawn: int
    restored: int


class Releases(Shape):
    """Releases, the latest first."""

    as_of: datetime
    releases: list[Release]
    next: str | None = Field(description=_NEXT)

"""How FRED's answers look in JSON; XML has the same names, as attributes."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.api.shapes import Shape


class RealTimeSpan(Shape):
    """The days of which was asked."""

    realtime_start: str
    realtime_end: str


class Listing(RealTimeSpan):
    """A part of a list, and how long the whole is."""

    order_by: str
    sort_order: str
    count: int = Field(description="how many there are in all")
    offset: int
    limit: int


class FredObservation(BaseModel):
    """A value from one day to another; by vintage date, one member SERIES_YYYYMMDD for each vintage instead."""

    model_config = ConfigDict(extra="allow")
    date: str = Field(description="the first day of the period")
    realtime_start: str | None = Field(None, description="from when it was said")
    realtime_end: str | None = Field(None, description="until when; 9999-12-31 while it stands")
    value: str | None = Field(None, description="a number; “.” where it is missing or was withdrawn")
    status: str | None = Field(None, description="SDMX CL_OBS_STATUS, where it is not A (official)")


class FredObservations(Listing):
    """The observations of one series."""

    observation_start: str
    observation_end: str
    units: str
    output_type: int
    file_type: str
    observations: list[FredObservation]


class FredVintageDates(Listing):
    """The days on which something new was said of a series."""

    vintage_dates: list[str]


class FredSeries(RealTimeSpan):
    """What a series is."""

    id: str
    title: str
    observation_start: str
    observation_end: str
    frequency: str
    frequency_short: str
    units: str
    units_short: str
    seasonal_adjustment: str
    seasonal_adjustment_short: str
    last_updated: str
    popularity: int = Field(description="always 0: nobody counts readers here")
    notes: str


class OneSeries(RealTimeSpan):
    """One series, in a list as FRED has it."""

    seriess: list[FredSeries]


class FredSeriesList(Listing):
    """A part of a list of series."""

    seriess: list[FredSeries]


class UpdatedSeries(FredSeriesList):
    """Series by their last publication."""

    filter_variable: str
    filter_value: str


class FredRelease(RealTimeSpan):
    """A dataset."""

    id: int
    name: str
    press_release: bool
    notes: str


class FredReleases(RealTimeSpan):
    """Datasets."""

    releases: list[FredRelease]


class ReleaseList(Listing):
    """A part of the list of datasets."""

    releases: list[FredRelease]


class ReleaseDate(Shape):
    """A day on which a dataset brought figures."""

    release_id: int
    release_name: str | None = None
    date: str


class ReleaseDates(Listing):
    """The days on which datasets brought figures."""

    release_dates: list[ReleaseDate]


class Category(Shape):
    """A pillar of the catalogue; their parent, number 0, is the whole of it."""

    id: int
    name: str
    parent_id: int


class Categories(Shape):
    """Pillars."""

    categories: list[Category]


class FredSource(RealTimeSpan):
    """By which channel or method figures are made."""

    id: int
    name: str


class FredSources(RealTimeSpan):
    """One source, in a list as FRED has it."""

    sources: list[FredSource]


class SourceList(Listing):
    """A part of the list of sources."""

    sources: list[FredSource]


class Tag(Shape):
    """A word by which series are found."""

    name: str
    group_id: str
    notes: str
    created: str
    popularity: int
    series_count: int


class Tags(Listing):
    """A part of a list of words."""

    tags: list[Tag]


def documented(shape: type[BaseModel], *, csv_too: bool = False) -> Mapping[int | str, dict[str, Any]]:
    """The OpenAPI entry of a good answer."""
    text = {"schema": {"type": "string"}}
    content = {"text/xml": text} | ({"text/csv": text} if csv_too else {})
    return {200: {"model": shape, "content": content, "description": (shape.__doc__ or "").strip()}}

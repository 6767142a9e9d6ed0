"""What there is, for FRED's clients: series and how they are found, releases, categories, sources, tags."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from sqlalchemy import Connection

from ingest.period import LOCAL_ZONE
from ingest.spelling import fold
from service.api.fred import faults, shapes, words, writing
from service.api.fred.asked import (
    EARLIEST,
    LATEST,
    AskedRealTime,
    AskingPlainly,
    Day,
    Number,
    Offset,
    RealTime,
    SeriesId,
    SortOrder,
    known_series,
    span,
)
from service.api.fred.asked import real_time as asked_real_time
from service.archive import catalogue, descriptions, realtime
from service.asking import Reading

router = APIRouter()

_MOST, _MOST_DATES, _FEW = 1000, 10_000, 100
Limit = Annotated[int, Query(ge=1, le=_MOST)]
Order = Literal[
    "search_rank",
    "series_id",
    "title",
    "units",
    "frequency",
    "seasonal_adjustment",
    "realtime_start",
    "realtime_end",
    "last_updated",
    "observation_start",
    "observation_end",
    "popularity",
    "group_popularity",
]
TagNames = Annotated[str | None, Query(description="tags, separated by semicolons", examples=["annual;nation"])]
ExcludedTagNames = Annotated[str | None, Query(description="tags of which none is wanted, separated by semicolons")]
SearchText = Annotated[
    str, Query(description="words of names and definitions, in either language; of a key, with * for any text")
]
SearchType = Literal["full_text", "series_id"]
ReleaseOrder = Literal["release_id", "name", "press_release", "realtime_start", "realtime_end"]
SourceOrder = Literal["source_id", "name", "realtime_start", "realtime_end"]
TagOrder = Literal["name", "series_count", "popularity", "created", "group_id"]


class Listed:
    """Which part of a list of series is wanted, in which order, and which of them."""

    def __init__(
        self,
        limit: Limit = _MOST,
        offset: Offset = 0,
        order_by: Order | None = None,
        sort_order: SortOrder | None = None,
        filter_variable: Literal["frequency", "units", "seasonal_adjustment"] | None = None,
        filter_value: Annotated[str | None, Query(description="as the answers have it: Annual, Percent")] = None,
        tag_names: TagNames = None,
        exclude_tag_names: ExcludedTagNames = None,
    ) -> None:
        """Take what the request says."""
        if (filter_variable is None) != (filter_value is None):
            raise faults.refused("“filter_variable” and “filter_value” go together: give both, or neither.")
        self.limit, self.offset, self.order_by, self.sort_order = limit, offset, order_by, sort_order
        self.filter_variable, self.filter_value = filter_variable, (filter_value or "").casefold()
        self.tag_names, self.exclude_tag_names = tag_names, exclude_tag_names

    def of(self, rows: Iterable[words.Row]) -> list[words.Row]:
        """Those of the series that are wanted."""
        tagged = words.with_tags(rows, self.tag_names, self.exclude_tag_names)
        if self.filter_variable is None:
            return tagged
        told = {
            "frequency": lambda row: words.FREQUENCIES[row["frequency"]],
            "units": lambda row: (row["unit_measure_en"], row["unit_measure"]),
            "seasonal_adjustment": lambda _: words.NOT_SAID,
        }[self.filter_variable]
        return [row for row in tagged if self.filter_value in [each.casefold() for each in told(row)]]


AskedList = Annotated[Listed, Depends(Listed)]


@router.get("/series", responses=dict(shapes.documented(shapes.OneSeries)), summary="What a series is")
def series(asked: AskingPlainly, real_time: AskedRealTime, connection: Reading, series_id: SeriesId) -> Response:
    """One series: title, frequency, unit of measure, the span of its observations, its last publication."""
    row, extent = _described(connection, series_id, real_time)
    told = [words.series(row, extent, real_time.heading)]
    return writing.answer(asked.file_type, writing.SERIES, real_time.heading, told)


@router.get("/series/search", responses=dict(shapes.documented(shapes.FredSeriesList)), summary="Series by words")
def series_search(
    asked: AskingPlainly,
    real_time: AskedRealTime,
    connection: Reading,
    listed: AskedList,
    search_text: SearchText,
    search_type: SearchType = "full_text",
) -> Response:
    """The series in which every word is found, or whose key has the text in it; diacritics and case aside."""
    found = _searched(connection, search_text, search_type)
    return _series(connection, asked.file_type, real_time, listed, found, default="search_rank")


@router.get("/series/search/tags", responses=dict(shapes.documented(shapes.Tags)), summary="Tags of a search")
def series_search_tags(
    asked: AskingPlainly,
    real_time: AskedRealTime,
    connection: Reading,
    series_search_text: SearchText,
    tag_names: TagNames = None,
    tag_group_id: str | None = None,
    limit: Limit = _MOST,
    offset: Offset = 0,
) -> Response:
    """The tags of the series that a search finds."""
    rows = words.with_tags(_searched(connection, series_search_text, "full_text"), tag_names, None)
    told = _counted(connection, rows, tag_group_id)
    heading = _heading(real_time, "name", "asc", len(told), limit, offset)
    return writing.answer(asked.file_type, writing.TAGS, heading, told[offset : offset + limit])


@router.get("/series/updates", responses=dict(shapes.documented(shapes.UpdatedSeries)), summary="Series by publication")
def series_updates(
    asked: AskingPlainly,
    real_time: AskedRealTime,
    connection: Reading,
    filter_value: Annotated[
        Literal["all", "macro", "regional"], Query(description="macro: of the nation; regional: of provinces")
    ] = "all",
    start_time: Annotated[str | None, Query(description="YYYYMMDDhhmm", examples=["202409170000"])] = None,
    end_time: Annotated[str | None, Query(description="YYYYMMDDhhmm")] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = _FEW,
    offset: Offset = 0,
) -> Response:
    """The series whose figures were published last, newest first."""
    levels = {"macro": ("nation",), "regional": ("province",)}.get(filter_value)
    rows = [row for row in descriptions.described(connection) if levels is None or row["level"] in levels]
    extents = _extents(connection, rows, real_time)
    since = _minute("start_time", start_time) if start_time else datetime.min.replace(tzinfo=LOCAL_ZONE)
    until = _minute("end_time", end_time) if end_time else datetime.max.replace(tzinfo=LOCAL_ZONE)
    there = [row for row in rows if row["id"] in extents and since <= extents[row["id"]]["last_published"] <= until]
    there.sort(key=lambda row: extents[row["id"]]["last_published"], reverse=True)
    heading = _heading(real_time, "last_updated", "desc", len(there), limit, offset)
    told = [words.series(row, extents[row["id"]], real_time.heading) for row in there[offset : offset + limit]]
    filtered = {"filter_variable": "geography", "filter_value": filter_value}
    return writing.answer(asked.file_type, writing.SERIES, heading | filtered, told)


@router.get(
    "/series/release", responses=dict(shapes.documented(shapes.FredReleases)), summary="The release of a series"
)
def series_release(
    asked: AskingPlainly, real_time: AskedRealTime, connection: Reading, series_id: SeriesId
) -> Response:
    """The dataset that brought the figure of the series' latest period."""
    row, _ = _described(connection, series_id, real_time)
    told = [_release(each, real_time) for each in _datasets(connection) if each["code"] == row["dataset"]]
    return writing.answer(asked.file_type, writing.RELEASES, real_time.heading, told)


@router.get(
    "/series/categories", responses=dict(shapes.documented(shapes.Categories)), summary="The categories of a series"
)
def series_categories(
    asked: AskingPlainly, real_time: AskedRealTime, connection: Reading, series_id: SeriesId
) -> Response:
    """The pillar of the series' indicator."""
    row, _ = _described(connection, series_id, real_time)
    return writing.answer(asked.file_type, writing.CATEGORIES, {}, [_category(row["pillar"])])


@router.get("/series/tags", responses=dict(shapes.documented(shapes.Tags)), summary="The tags of a series")
def series_tags(asked: AskingPlainly, real_time: AskedRealTime, connection: Reading, series_id: SeriesId) -> Response:
    """The words by which the series is found, each with the number of series that have it."""
    row, _ = _described(connection, series_id, real_time)
    own = set(words.tags(row).items())
    counted = words.counted_tags(descriptions.described(connection), created=catalogue.loaded_at(connection))
    told = [tag for tag in counted if (tag["name"], tag["group_id"]) in own]
    heading = _heading(real_time, "name", "asc", len(told), _MOST, 0)
    return writing.answer(asked.file_type, writing.TAGS, heading, told)


@router.get("/releases", responses=dict(shapes.documented(shapes.ReleaseList)), summary="Releases")
def releases(
    asked: AskingPlainly,
    real_time: AskedRealTime,
    connection: Reading,
    order_by: ReleaseOrder = "release_id",
    sort_order: SortOrder = "asc",
    limit: Limit = _MOST,
    offset: Offset = 0,
) -> Response:
    """The datasets, by number."""
    told = _sorted((_release(row, real_time) for row in _datasets(connection)), order_by, sort_order)
    heading = _heading(real_time, order_by, sort_order, len(told), limit, offset)
    return writing.answer(asked.file_type, writing.RELEASES, heading, told[offset : offset + limit])


@router.get("/releases/dates", responses=dict(shapes.documented(shapes.ReleaseDates)), summary="Days of all releases")
def releases_dates(
    asked: AskingPlainly,
    connection: Reading,
    realtime_start: Day = None,
    realtime_end: Day = None,
    sort_order: SortOrder = "desc",
    limit: Limit = _MOST,
    offset: Offset = 0,
) -> Response:
    """The days on which datasets brought figures, the newest first; of this year, unless others are named."""
    this_year = (date(asked.today.year, 1, 1), LATEST)
    real_time = span(asked.today, realtime_start, realtime_end, default=this_year)
    return _dates(connection, asked.file_type, real_time, _datasets(connection), sort_order, limit, offset, named=True)


@router.get("/release", responses=dict(shapes.documented(shapes.FredReleases)), summary="One release")
def release(asked: AskingPlainly, real_time: AskedRealTime, connection: Reading, release_id: Number) -> Response:
    """One dataset."""
    told = [_release(_dataset(connection, release_id), real_time)]
    return writing.answer(asked.file_type, writing.RELEASES, real_time.heading, told)


@router.get("/release/dates", responses=dict(shapes.documented(shapes.ReleaseDates)), summary="Days of a release")
def release_dates(
    asked: AskingPlainly,
    connection: Reading,
    release_id: Number,
    realtime_start: Day = None,
    realtime_end: Day = None,
    sort_order: SortOrder = "asc",
    limit: Annotated[int, Query(ge=1, le=_MOST_DATES)] = _MOST_DATES,
    offset: Offset = 0,
) -> Response:
    """The days on which the dataset brought figures."""
    real_time = span(asked.today, realtime_start, realtime_end, default=(EARLIEST, LATEST))
    chosen = [_dataset(connection, release_id)]
    return _dates(connection, asked.file_type, real_time, chosen, sort_order, limit, offset, named=False)


@router.get("/release/series", responses=dict(shapes.documented(shapes.FredSeriesList)), summary="Series of a release")
def release_series(
    asked: AskingPlainly, real_time: AskedRealTime, connection: Reading, listed: AskedList, release_id: Number
) -> Response:
    """The series whose figures the dataset brought."""
    code = _dataset(connection, release_id)["code"]
    rows = [row for row in descriptions.described(connection) if row["dataset"] == code]
    return _series(connection, asked.file_type, real_time, listed, rows, default="series_id")


@router.get("/release/sources", responses=dict(shapes.documented(shapes.FredSources)), summary="Sources of a release")
def release_sources(
    asked: AskingPlainly, real_time: AskedRealTime, connection: Reading, release_id: Number
) -> Response:
    """The sources of the series whose figures the dataset brought."""
    code = _dataset(connection, release_id)["code"]
    there = {row["source"] for row in descriptions.described(connection) if row["dataset"] == code}
    told = [_source(row, real_time) for row in catalogue.sources(connection) if row["code"] in there]
    return writing.answer(asked.file_type, writing.SOURCES, real_time.heading, told)


@router.get("/category", responses=dict(shapes.documented(shapes.Categories)), summary="One category")
def category(asked: AskingPlainly, category_id: Number = words.ROOT) -> Response:
    """One pillar of the catalogue, or the whole of it (0)."""
    told = _ROOT if category_id == words.ROOT else _category(_pillar(category_id))
    return writing.answer(asked.file_type, writing.CATEGORIES, {}, [told])


@router.get(
    "/category/children",
    responses=dict(shapes.documented(shapes.Categories)),
    dependencies=[Depends(asked_real_time)],
    summary="What a category consists of",
)
def category_children(asked: AskingPlainly, category_id: Number = words.ROOT) -> Response:
    """The pillars, of the whole (0); a pillar has no parts."""
    told = [_category(pillar) for pillar in words.PILLARS] if category_id == words.ROOT else []
    if category_id != words.ROOT:
        _pillar(category_id)
    return writing.answer(asked.file_type, writing.CATEGORIES, {}, told)


@router.get(
    "/category/series", responses=dict(shapes.documented(shapes.FredSeriesList)), summary="Series of a category"
)
def category_series(
    asked: AskingPlainly, real_time: AskedRealTime, connection: Reading, listed: AskedList, category_id: Number
) -> Response:
    """The series of a pillar's indicators; the whole (0) has none of its own."""
    pillar = None if category_id == words.ROOT else _pillar(category_id)
    rows = [row for row in descriptions.described(connection) if row["pillar"] == pillar]
    return _series(connection, asked.file_type, real_time, listed, rows, default="series_id")


@router.get("/sources", responses=dict(shapes.documented(shapes.SourceList)), summary="Sources")
def sources(
    asked: AskingPlainly,
    real_time: AskedRealTime,
    connection: Reading,
    order_by: SourceOrder = "source_id",
    sort_order: SortOrder = "asc",
    limit: Limit = _MOST,
    offset: Offset = 0,
) -> Response:
    """By which channels or methods figures are made, by number."""
    told = _sorted((_source(row, real_time) for row in catalogue.sources(connection)), order_by, sort_order)
    heading = _heading(real_time, order_by, sort_order, len(told), limit, offset)
    return writing.answer(asked.file_type, writing.SOURCES, heading, told[offset : offset + limit])


@router.get("/source", responses=dict(shapes.documented(shapes.FredSources)), summary="One source")
def source(asked: AskingPlainly, real_time: AskedRealTime, connection: Reading, source_id: Number) -> Response:
    """One channel or method."""
    told = [_source(_known_source(connection, source_id), real_time)]
    return writing.answer(asked.file_type, writing.SOURCES, real_time.heading, told)


@router.get("/source/releases", responses=dict(shapes.documented(shapes.ReleaseList)), summary="Releases of a source")
def source_releases(
    asked: AskingPlainly,
    real_time: AskedRealTime,
    connection: Reading,
    source_id: Number,
    order_by: ReleaseOrder = "release_id",
    sort_order: SortOrder = "asc",
    limit: Limit = _MOST,
    offset: Offset = 0,
) -> Response:
    """The datasets that brought figures from the source, by number."""
    code = _known_source(connection, source_id)["code"]
    there = {row["dataset"] for row in descriptions.described(connection) if row["source"] == code}
    brought = (_release(row, real_time) for row in _datasets(connection) if row["code"] in there)
    told = _sorted(brought, order_by, sort_order)
    heading = _heading(real_time, order_by, sort_order, len(told), limit, offset)
    return writing.answer(asked.file_type, writing.RELEASES, heading, told[offset : offset + limit])


@router.get("/tags", responses=dict(shapes.documented(shapes.Tags)), summary="Tags")
def tags(
    asked: AskingPlainly,
    real_time: AskedRealTime,
    connection: Reading,
    tag_names: TagNames = None,
    tag_group_id: str | None = None,
    search_text: Annotated[str | None, Query(description="a part of a tag's name")] = None,
    order_by: TagOrder = "name",
    sort_order: SortOrder = "asc",
    limit: Limit = _MOST,
    offset: Offset = 0,
) -> Response:
    """The words by which series are found, by name."""
    wanted = {name.strip().lower() for name in (tag_names or "").split(";") if name.strip()}
    told = [
        tag
        for tag in _counted(connection, descriptions.described(connection), tag_group_id)
        if (not wanted or tag["name"] in wanted) and (search_text or "").strip().lower() in tag["name"]
    ]
    heading = _heading(real_time, order_by, sort_order, len(told), limit, offset)
    shown = _sorted(told, order_by, sort_order)[offset : offset + limit]
    return writing.answer(asked.file_type, writing.TAGS, heading, shown)


@router.get("/tags/series", responses=dict(shapes.documented(shapes.FredSeriesList)), summary="Series of tags")
def tags_series(
    asked: AskingPlainly, real_time: AskedRealTime, connection: Reading, listed: AskedList, tag_names: TagNames = None
) -> Response:
    """The series that have all of these tags."""
    if not (tag_names or "").strip("; "):
        raise faults.refused("“tag_names” is missing; name one tag or more, as in tag_names=annual;nation.")
    rows = descriptions.described(connection)
    return _series(connection, asked.file_type, real_time, listed, rows, default="series_id")


def _described(connection: Connection, series_id: str, real_time: RealTime) -> tuple[words.Row, words.Row]:
    """A series, and the extent of what was known of it at the end of the days asked for."""
    key = known_series(connection, series_id)
    [row] = descriptions.described(connection, [str(key)])
    extent = _extents(connection, [row], real_time).get(row["id"])
    if extent is None:
        raise faults.refused(f"The series does not exist on {real_time.last}; nothing of it stood on that day.")
    return row, extent


def _extents(connection: Connection, rows: Sequence[words.Row], real_time: RealTime) -> dict[int, dict[str, Any]]:
    return descriptions.extents(connection, [row["id"] for row in rows], as_of=realtime.end_of(real_time.last))


def _searched(connection: Connection, text: str, search_type: str) -> list[words.Row]:
    if search_type == "full_text" and not fold(text):
        raise faults.refused("There is no word in what is searched; give one, or see /fred/tags for what there is.")
    found = words.with_key if search_type == "series_id" else words.found
    return found(descriptions.described(connection), text)


def _series(
    connection: Connection,
    file_type: str,
    real_time: RealTime,
    listed: Listed,
    found: Sequence[words.Row],
    *,
    default: str,
) -> Response:
    """A part of a list of series, those of which something stood at the end of the days asked for."""
    wanted = listed.of(found)
    extents = _extents(connection, wanted, real_time)
    there = [row for row in wanted if row["id"] in extents]
    order_by = listed.order_by or default
    by_rank = order_by == "search_rank"
    sort_order = listed.sort_order or ("desc" if by_rank else "asc")
    if not by_rank:
        of = words.ORDERS[order_by]
        there.sort(key=lambda row: of(row, extents[row["id"]]), reverse=sort_order == "desc")
    elif sort_order == "asc":
        there.reverse()
    heading = _heading(real_time, order_by, sort_order, len(there), listed.limit, listed.offset)
    shown = there[listed.offset : listed.offset + listed.limit]
    told = [words.series(row, extents[row["id"]], real_time.heading) for row in shown]
    return writing.answer(file_type, writing.SERIES, heading, told)


def _counted(connection: Connection, rows: Sequence[words.Row], group: str | None) -> list[dict[str, Any]]:
    """The tags of these series that are of a group, by name."""
    if group is not None and group not in words.TAG_GROUPS:
        raise faults.refused(f"There is no tag_group_id “{group}”. There are: {', '.join(words.TAG_GROUPS)}.")
    counted = words.counted_tags(rows, created=catalogue.loaded_at(connection))
    return [tag for tag in counted if group in (None, tag["group_id"])]


def _sorted(rows: Iterable[dict[str, Any]], order_by: str, sort_order: str) -> list[dict[str, Any]]:
    """The rows by one of their members; FRED calls the id of a release release_id here."""
    name = "id" if order_by in ("release_id", "source_id") else order_by
    return sorted(rows, key=lambda row: row[name], reverse=sort_order == "desc")


def _dates(
    connection: Connection,
    file_type: str,
    real_time: RealTime,
    datasets: Sequence[words.Row],
    sort_order: str,
    limit: int,
    offset: int,
    *,
    named: bool,
) -> Response:
    names = {row["code"]: row["name_en"] for row in datasets}
    found = descriptions.dataset_days(connection, list(names), until=realtime.end_of(real_time.last))
    days = [row for row in found if row["day"] >= real_time.first]
    if sort_order == "asc":
        days.reverse()
    heading = _heading(real_time, "release_date", sort_order, len(days), limit, offset)
    told = [
        {
            "release_id": words.number(row["dataset"]),
            "release_name": names[row["dataset"]] if named else None,
            "date": str(row["day"]),
        }
        for row in days[offset : offset + limit]
    ]
    return writing.answer(file_type, writing.RELEASE_DATES, heading, told)


def _heading(
    real_time: RealTime, order_by: str, sort_order: str, count: int, limit: int, offset: int
) -> dict[str, Any]:
    part = {"order_by": order_by, "sort_order": sort_order, "count": count, "offset": offset, "limit": limit}
    return real_time.heading | part


def _datasets(connection: Connection) -> list[dict[str, Any]]:
    return catalogue.datasets(connection, search=None, after=None, limit=10**6)


def _dataset(connection: Connection, release_id: int) -> dict[str, Any]:
    for row in _datasets(connection):
        if words.number(row["code"]) == release_id:
            return row
    raise faults.missing("release", near=["one of /fred/releases"])


def _known_source(connection: Connection, source_id: int) -> dict[str, Any]:
    for row in catalogue.sources(connection):
        if words.number(row["code"]) == source_id:
            return row
    raise faults.missing("source", near=["one of /fred/sources"])


def _pillar(category_id: int) -> str:
    pillar = words.numbered(words.PILLARS, category_id)
    if pillar is None:
        raise faults.missing("category", near=["one of /fred/category/children?category_id=0"])
    return pillar


def _release(row: words.Row, real_time: RealTime) -> dict[str, Any]:
    return {
        "id": words.number(row["code"]),
        **real_time.heading,
        "name": row["name_en"],
        "press_release": False,
        "notes": f"{row['code']}. {row['name_vi']}. {row['document']}",
    }


def _source(row: words.Row, real_time: RealTime) -> dict[str, Any]:
    return {"id": words.number(row["code"]), **real_time.heading, "name": f"{row['name_en']} ({row['code']})"}


def _category(pillar: str) -> dict[str, Any]:
    return {"id": words.number(pillar), "name": words.PILLARS[pillar], "parent_id": words.ROOT}


def _minute(name: str, written: str) -> datetime:
    try:
        if re.fullmatch(r"\d{12}", written, re.ASCII):
            return datetime.strptime(written, "%Y%m%d%H%M").replace(tzinfo=LOCAL_ZONE)
    except ValueError:
        pass
    raise faults.refused(f"“{name}” is “{written}”, which is no minute; write it as 202409170930.")


_ROOT = {"id": words.ROOT, "name": "Categories", "parent_id": words.ROOT}

"""Finding for programs: by words, by what is there, by what changed lately, and by when figures come."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, get_args

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from icalendar import Calendar, Event
from pydantic import Field

from ingest import period, registry
from ingest.catalogue import Catalogue
from ingest.indicator import Level, Pillar
from ingest.period import FREQUENCIES, LOCAL_ZONE, NotAMoment
from service import caching, writing
from service.api import announcing, answers
from service.api.announcing import LANGUAGES
from service.api.asked import AsOf, Selected, edge
from service.api.parameters import Codes, Cursor, Format, codes, unknown, wanted_format
from service.api.shapes import Number, Shape
from service.archive import availability as archive
from service.archive import catalogue, lately, release_calendar, search
from service.archive.release_calendar import KINDS, CalendarQuestion
from service.asking import Reading, as_of_moment, clock, only_known
from service.cursors import NotACursor, read_cursor, write_cursor
from service.formats import atom
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_NOT_NEGATIVE = msgspec.Meta(ge=0)
_FORMATS = {"json": "application/json", "csv": "text/csv"}
_CALENDARS = {**_FORMATS, "ics": "text/calendar", "atom": atom.MEDIA_TYPE}
_FEEDS = {**_FORMATS, "atom": atom.MEDIA_TYPE}
_NEAR = timedelta(days=92)
_AHEAD = timedelta(days=731)
_FEED_ENTRIES = 500  # a reader of feeds asks again every hour, and keeps what it has seen


class Highlight(Shape):
    """Where the words were found."""

    field: str = Field(description="which text of what was found", examples=["name_vi"])
    text: str
    ranges: list[tuple[int, int]] = Field(description="from and to, counted in characters; `to` is not included")


class Hit(Shape):
    """Something of the catalogue that was found."""

    type: str = Field(description=", ".join(search.TYPES))
    code: str = Field(description="its code; of a document its reference")
    name_vi: str
    name_en: str
    match: str | None = Field(description="code, name, words, prefix, initials, fuzzy or some; null without `q`")
    valid_from: date | None
    valid_to: date | None = Field(description="its last day; null where it stands")
    replaced_by: list[str] = Field(description="where it ended, the codes that stand for it today")
    indicators: list[str] = Field(description="of a dataset or document the indicators that it is about")
    highlights: list[Highlight]


class FacetCode(Shape):
    """How many hits have this code."""

    code: str
    count: int


class Hits(Shape):
    """What was found, best first."""

    total: int
    hits: list[Hit]
    facets: dict[str, list[FacetCode]] = Field(
        description="for each facet the codes that the other choices leave, the most frequent first"
    )
    next: str | None = Field(description="the `cursor` of the next page; null on the last")


class There(Shape):
    """How much there is."""

    series: int
    observations: int
    first_day: date | None = Field(description="the first day of the data")
    last_day: date | None = Field(description="the last day of the data")
    last_published: datetime | None


class CodeThere(There):
    """How much there is of one code within the choices."""

    code: str
    name_vi: str | None
    name_en: str | None


class Replaced(Shape):
    """A chosen code that ended."""

    parameter: str
    code: str
    replaced_by: list[str] = Field(description="the codes that stand for it today")


class Availability(There):
    """Which codes still give data after the choices, and how much."""

    as_of: datetime
    dimensions: dict[str, list[CodeThere]]
    replaced: list[Replaced]


class Piece(Shape):
    """The last publication of a series, beside what was said before."""

    series: str
    indicator: str
    indicator_vi: str
    indicator_en: str
    reporting_unit: str
    reporting_unit_vi: str
    reporting_unit_en: str
    period: str = Field(description="the last of the periods that this publication changed")
    change: str = Field(description=", ".join(lately.CHANGES))
    value: Number | None
    status: str
    previous_value: Number | None = Field(description="what was public for this period before")
    previous_status: str | None = Field(description="null where nothing was")
    previously_published_at: datetime | None
    unit_measure: str
    published_at: datetime
    periods: int = Field(description="how many periods this publication changed")
    reason: str | None


class Lately(Shape):
    """The series that changed last, newest first."""

    as_of: datetime
    latest: list[Piece]


class CalendarRelease(Shape):
    """A day on which figures are due, or on which they came."""

    id: str = Field(description="stays the same; it is also in the UID of the calendar's event")
    kind: str = Field(description="planned (a deadline of the catalogue) or published")
    at: datetime = Field(description="the deadline, or the last publication of that day")
    dataset: str
    dataset_vi: str
    dataset_en: str
    period: str | None = Field(description="the period that is due; null for a publication")
    first_day: date = Field(description="the first day of the data")
    last_day: date = Field(description="the last day of the data")
    reporting_units: int | None = Field(description="how many owe it; null for a publication")
    figures: int | None = Field(description="how many figures came; null for what is due")
    indicators: list[str]


class ReleaseCalendar(Shape):
    """The release calendar, by time."""

    as_of: datetime
    releases: list[CalendarRelease]


# Of these answers alone: the others change as time goes by.
_KEPT = [caching.VALIDATED]


@router.get(
    "/search",
    responses=answers.documented(Hits, csv_too=True) | caching.NOT_MODIFIED,
    dependencies=_KEPT,
    summary="Find by words",
)
def found(
    request: Request,
    connection: Reading,
    q: Annotated[
        str | None, Query(max_length=200, description="words in either language, with or without marks, in any order")
    ] = None,
    type: Codes = None,  # noqa: A002 - the parameter's public name
    pillar: Codes = None,
    level: Codes = None,
    lead: Codes = None,
    unit_measure: Codes = None,
    frequency: Codes = None,
    source: Codes = None,
    dataset: Codes = None,
    language: Annotated[str | None, Query(description="vi or en: look at texts in this one only")] = None,
    format: Format = None,  # noqa: A002
    limit: Annotated[int, Query(ge=1, le=1000, description="how many at the most")] = 20,
    cursor: Cursor = None,
) -> Response:
    """Indicators, reporting units, datasets, sources and documents that have all the words, best first, with facets."""
    wanted = wanted_format(request, format, _FORMATS)
    words = registry.read(connection)
    asked = {
        "type": codes("type", type, lambda: search.TYPES),
        "pillar": codes("pillar", pillar, lambda: get_args(Pillar)),
        "level": codes("level", level, lambda: get_args(Level)),
        "lead": codes("lead", lead, lambda: [unit.code for unit in words.reporting_units]),
        "unit_measure": codes("unit_measure", unit_measure, lambda: list(words.units_of_measure)),
        "frequency": codes("frequency", frequency, lambda: list(FREQUENCIES)),
        "source": codes("source", source, lambda: list(words.sources)),
        "dataset": codes("dataset", dataset, lambda: list(words.datasets)),
    }
    if language is not None and language not in search.LANGUAGES:
        raise unknown("language", language, search.LANGUAGES)
    chosen = {name: each for name, each in asked.items() if each is not None}
    # The pages of one answer are of one catalogue.
    version, after = read_cursor(cursor, tuple[str, Annotated[int, _NOT_NEGATIVE]]) or (words.version, 0)
    if version != words.version:
        raise NotACursor("The catalogue has changed since the page before")
    told = search.find(connection, q, chosen, language=language, after=after, limit=limit)
    if wanted == "csv":
        return answers.table(told.hits, _HIT_COLUMNS)
    onward = write_cursor((version, after + limit)) if after + limit < told.total else None
    body = {"total": told.total, "hits": told.hits, "facets": told.facets, "next": onward}
    return answers.json(body, request=request)


@router.get(
    "/availability",
    responses=answers.documented(Availability) | caching.NOT_MODIFIED,
    dependencies=_KEPT,
    summary="What there is",
)
def availability(request: Request, connection: Reading, selected: Selected, as_of: AsOf = None) -> Response:
    """Which codes of each part of the key still give data after these choices: counts, span, last publication."""
    moment = as_of_moment(request, as_of)
    told = archive.availability(connection, selected, as_of=None if as_of is None else moment)
    return answers.json({"as_of": moment, **told})


_LATELY = answers.documented(Lately, csv_too=True)
_LATELY[200]["content"][atom.MEDIA_TYPE] = {"schema": {"type": "string"}}


@router.get("/latest", responses=_LATELY, summary="What changed lately")
def latest(
    request: Request,
    connection: Reading,
    selected: Selected,
    as_of: AsOf = None,
    format: Annotated[str | None, Query(description="json, csv or atom; else what Accept asks for")] = None,  # noqa: A002
    limit: Annotated[int, Query(ge=1, le=1000, description="how many series at the most")] = 20,
) -> Response:
    """The series that changed last, newest first: what is said now, and what was said before."""
    wanted = wanted_format(request, format, _FEEDS)
    moment = as_of_moment(request, as_of)
    rows = lately.lately(connection, selected, as_of=None if as_of is None else moment, limit=limit)
    if wanted == "csv":
        return answers.table(rows, lately.NEWS_COLUMNS)
    if wanted == "atom":
        feed = atom.Feed("latest", "Chiso: số liệu mới công bố", _address(request), "Chiso", _BEGINNING)
        return _feed(feed, [_news(request, registry.read(connection), row) for row in rows])
    return answers.json({"as_of": moment, "latest": rows})


_CALENDAR = answers.documented(ReleaseCalendar, csv_too=True)
for _media_type in ("text/calendar", atom.MEDIA_TYPE):
    _CALENDAR[200]["content"][_media_type] = {"schema": {"type": "string"}}


@router.get("/calendar", responses=_CALENDAR, summary="When figures come")
def calendar(
    request: Request,
    connection: Reading,
    dataset: Codes = None,
    indicator: Codes = None,
    kind: Codes = None,
    first: Annotated[str | None, Query(alias="from", description="then or later: a day, a month, a time")] = None,
    to: Annotated[str | None, Query(description="then or earlier; at most two years ahead")] = None,
    as_of: AsOf = None,
    format: Annotated[str | None, Query(description="json, csv, ics or atom; else what Accept asks for")] = None,  # noqa: A002
) -> Response:
    """When figures are due by the catalogue, and when they came: 92 days to either side, unless a span is asked for."""
    wanted = wanted_format(request, format, _CALENDARS)
    moment = min(as_of_moment(request, as_of), clock(request))
    begins, ends = _span(first, to, moment)
    if ends > clock(request) + _AHEAD:
        sentence = "The calendar is told two years ahead; ask for an earlier “to”."
        raise Problem(HTTPStatus.BAD_REQUEST, "too-far-ahead", sentence)
    asked = CalendarQuestion(
        begins,
        ends,
        datasets=codes("dataset", dataset, lambda: catalogue.codes(connection, "dataset")),
        indicators=codes("indicator", indicator, lambda: catalogue.codes(connection, "indicator")),
        kinds=codes("kind", kind, lambda: KINDS),
    )
    rows, words = release_calendar.releases(connection, asked, as_of=moment), registry.read(connection)
    match wanted:
        case "csv":
            return answers.table(rows, release_calendar.RELEASE_COLUMNS)
        case "ics":
            return Response(_ics(words, rows), media_type="text/calendar; charset=utf-8")
        case "atom":
            feed = atom.Feed("calendar", "Chiso: lịch công bố số liệu", _address(request), "Chiso", _BEGINNING)
            return _feed(feed, [_entry(request, words, row) for row in reversed(rows[-_FEED_ENTRIES:])])
        case _:
            return answers.json({"as_of": moment, "releases": rows})


# What a feed without an entry was updated at: it never was, and an answer does not change with the clock.
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_HIT_COLUMNS = ("type", "code", "name_vi", "name_en", "match", "valid_from", "valid_to", "replaced_by", "indicators")


def _span(first: str | None, to: str | None, moment: datetime) -> tuple[datetime, datetime]:
    begins = None if first is None else edge(first, end=False)
    ends = None if to is None else edge(to, end=True)
    try:
        span = begins or min(moment, ends or moment) - _NEAR, ends or max(moment, begins or moment) + _NEAR
    except OverflowError as fault:
        raise NotAMoment(first or to or moment.isoformat()) from fault
    if span[0] > span[1]:
        raise Problem(HTTPStatus.BAD_REQUEST, "empty-span", f"“from” ({first}) lies after “to” ({to}).")
    return span


def _address(request: Request, path: str | None = None) -> str:
    """Where people reach this request, or another path of ours."""
    root = request.app.state.public_url or str(request.base_url)
    query = f"?{request.url.query}" if path is None and request.url.query else ""
    return f"{root.rstrip('/')}{path or request.url.path}{query}"


def _feed(feed: atom.Feed, entries: list[atom.Entry]) -> Response:
    return Response(atom.written(feed, entries), media_type=f"{atom.MEDIA_TYPE}; charset=utf-8")


def _news(request: Request, words: Catalogue, row: Mapping[str, Any]) -> atom.Entry:
    period_vi, period_en = (writing.period_name(row["period"], language) for language in LANGUAGES)
    return atom.Entry(
        name=f"latest/{row['series']}/{row['published_at'].astimezone(UTC).isoformat()}",
        title=f"{row['indicator_vi']} / {row['indicator_en']}, {row['reporting_unit_vi']}, {period_vi}",
        summary=f"{announcing.said(words, row, 'vi')}\n"
        f"{row['indicator_en']}, {row['reporting_unit_en']}, {period_en}. {announcing.said(words, row, 'en')}",
        link=_address(request, f"/v1/series/{row['series']}/observations"),
        published=row["published_at"],
        updated=row["published_at"],
        categories=[row["change"], row["indicator"]],
    )


def _entry(request: Request, words: Catalogue, row: Mapping[str, Any]) -> atom.Entry:
    title, description = _in_words(words, row)
    return atom.Entry(
        name=f"calendar/{row['id']}",
        title=title,
        summary=description,
        link=_address(request, f"/v1/datasets/{row['dataset']}"),
        published=_known_since(row),
        updated=_known_since(row),
        categories=[row["kind"], row["dataset"]],
    )


def _ics(words: Catalogue, rows: Iterable[Mapping[str, Any]]) -> bytes:
    """An event for each release (RFC 5545), the same to the byte as long as nothing happened."""
    made = Calendar()
    made.add("prodid", "-//Chiso//Release calendar//VI")
    made.add("version", "2.0")
    made.add("x-wr-calname", "Chiso: lịch công bố số liệu")
    made.add("x-wr-timezone", LOCAL_ZONE.key)
    for row in rows:
        title, description = _in_words(words, row)
        event = Event()
        event.add("uid", f"{row['id']}@chiso")
        event.add("dtstamp", _known_since(row).astimezone(UTC))
        event.add("dtstart", row["at"].astimezone(LOCAL_ZONE))
        event.add("summary", title)
        event.add("description", description)
        event.add("categories", [row["kind"]])
        event.add("status", "CONFIRMED" if row["kind"] == "published" else "TENTATIVE")
        event.add("transp", "TRANSPARENT")  # nobody is busy because figures come
        made.add_component(event)
    made.add_missing_timezones()
    return made.to_ical()


def _known_since(row: Mapping[str, Any]) -> datetime:
    """When this could first be told: a plan since its period began, a publication since it happened."""
    if row["kind"] == "published":
        return row["at"]
    return datetime.combine(row["first_day"], datetime.min.time(), LOCAL_ZONE)


def _in_words(words: Catalogue, row: Mapping[str, Any]) -> tuple[str, str]:
    """The title in Vietnamese, and what is to be said in both languages."""
    span_vi = f"Số liệu từ {row['first_day']:%d/%m/%Y} đến {row['last_day']:%d/%m/%Y}"
    span_en = f"data from {row['first_day']} to {row['last_day']}"
    if row["kind"] == "planned":
        meant, units = period.parse(row["period"]), row["reporting_units"]
        return (
            f"Đến hạn: {row['dataset_vi']}, {meant.in_vietnamese}",
            f"{span_vi}, của {units} đơn vị báo cáo.\n"
            f"Due: {row['dataset_en']}, {meant}; {span_en}, of {units} reporting unit{'s' * (units != 1)}.",
        )
    # Most that is published is of one dataset, so that its name tells no event from the next.
    named = {language: announcing.named(words, "indicators", row["indicators"], language) for language in LANGUAGES}
    counted = {language: announcing.counted(row["figures"], language) for language in LANGUAGES}
    return (
        f"Đã công bố: {named['vi']} ({counted['vi']})",
        f"{row['dataset_vi']}. {span_vi}: {counted['vi']}.\n"
        f"Published: {named['en']}. {row['dataset_en']}; {span_en}: {counted['en']}.",
    )

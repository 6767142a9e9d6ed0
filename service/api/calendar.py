"""When figures come, for programs, calendars and readers of feeds."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from icalendar import Calendar, Event
from pydantic import Field

from ingest import period, registry
from ingest.catalogue import Catalogue
from ingest.period import LOCAL_ZONE, NotAMoment
from service.api import addresses, announcing, answers
from service.api.announcing import BEGINNING, LANGUAGES
from service.api.asked import AsOf, edge
from service.api.parameters import (
    JSON_OR_CSV,
    Codes,
    codes,
    wanted_format,
)
from service.api.shapes import Shape
from service.archive import catalogue, release_calendar
from service.archive.release_calendar import KINDS, CalendarQuestion
from service.asking import Reading, as_of_moment, clock, only_known
from service.formats import atom
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_CALENDARS = {**JSON_OR_CSV, "ics": "text/calendar", "atom": atom.MEDIA_TYPE}
_NEAR = timedelta(days=92)
_AHEAD = timedelta(days=731)
_FEED_ENTRIES = 500  # a reader of feeds asks again every hour, and keeps what it has seen


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
            feed = atom.Feed("calendar", "Chiso: lịch công bố số liệu", addresses.asked(request), "Chiso", BEGINNING)
            return answers.feed(feed, [_entry(request, words, row) for row in reversed(rows[-_FEED_ENTRIES:])])
        case _:
            return answers.json({"as_of": moment, "releases": rows})


def _span(first: str | None, to: str | None, moment: datetime) -> tuple[datetime, datetime]:
    begins = None if first is None else edge("from", first, end=False)
    ends = None if to is None else edge("to", to, end=True)
    try:
        span = begins or min(moment, ends or moment) - _NEAR, ends or max(moment, begins or moment) + _NEAR
    except OverflowError as fault:
        raise NotAMoment(first or to or moment.isoformat()) from fault
    if span[0] > span[1]:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "empty-span", f"“from” ({first}) lies after “to” ({to}).", parameter="from"
        )
    return span


def _entry(request: Request, words: Catalogue, row: Mapping[str, Any]) -> atom.Entry:
    title, description = _in_words(words, row)
    return atom.Entry(
        name=f"calendar/{row['id']}",
        title=title,
        summary=description,
        link=f"{addresses.root(request)}/v1/datasets/{row['dataset']}",
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

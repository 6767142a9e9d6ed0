"""The API's calendar of returns: who owes what by when, what became of it, and more time for one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from icalendar import Alarm, Calendar, Event
from pydantic import Field
from sqlalchemy import Connection

from ingest import deadline, obligations, period
from ingest.indicator import Level
from ingest.obligations import STATES
from ingest.period import LOCAL_ZONE, NotAMoment, Period
from service.acting import Act, Acts
from service.api import answers
from service.api.asked import edge
from service.api.case_shapes import Said
from service.api.parameters import PAGE, Codes, Cursor, Limit, codes, refuse_pages, wanted_format
from service.api.shapes import Shape
from service.archive import catalogue
from service.archive import obligations as archive
from service.archive.obligations import Asked
from service.asking import Reading, as_of_moment, clock, named_period, only_known
from service.cursors import ExactMoment, read_cursor, write_cursor
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1",
    route_class=Act,
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_FORMATS = {"json": "application/json", "csv": "text/csv", "ics": "text/calendar"}
_NEAR = timedelta(days=92)
_AHEAD = timedelta(days=731)
_ALARM = timedelta(days=-3)


class Obligation(Shape):
    """A return that is owed, and what had become of it."""

    dataset: str
    reporting_unit: str = Field(description="who owes it")
    level: str
    period: str
    data_from: date = Field(description="the first day that the return is about")
    data_to: date = Field(description="the last; a cut-off is not always the calendar's")
    regular_due_at: datetime | None = Field(description="the last second in time by the dataset's rule")
    due_at: datetime | None = Field(description="the same, extensions included; null where there is no deadline")
    extended_at: datetime | None = Field(description="when the extension in force was granted")
    extension_reason: str | None
    state: str = Field(description=", ".join(STATES))
    submission: int | None = Field(description="the submission that stands, else the last that was once submitted")
    submission_state: str | None = Field(description="how far it was, such as `returned`")
    submitted_at: datetime | None = Field(description="when the one that stands was submitted")


class Obligations(Shape):
    """Returns that are owed, by deadline."""

    as_of: datetime = Field(description="the moment asked for")
    obligations: list[Obligation]
    next: str | None = Field(description="the `cursor` of the next page; null on the last")


class Extension(Said):
    """More time for one return."""

    dataset: str
    reporting_unit: str
    period: str
    until: str = Field(description="the last day in time: `2025-07-31`, `trước ngày 01/8/2025`, `trong tháng 7/2025`")
    reason: str


# A page goes on at the same moment, after the last return of the page before.
_Onward = tuple[ExactMoment, ExactMoment, str, str, str]


def moment(
    request: Request,
    as_of: Annotated[
        str | None,
        Query(description="as it was at this moment: a day (its end, or now where that is to come) or a time"),
    ] = None,
) -> datetime:
    """The moment asked for, but never later than now."""
    return min(as_of_moment(request, as_of), clock(request))


Moment = Annotated[datetime, Depends(moment)]


def asked(
    request: Request,
    connection: Reading,
    dataset: Codes = None,
    reporting_unit: Codes = None,
    level: Codes = None,
    written: Annotated[str | None, Query(alias="period", description="one period, such as 2024-Q4")] = None,
    first: Annotated[str | None, Query(alias="from", description="due then or later: a day, a month, a time")] = None,
    to: Annotated[str | None, Query(description="due then or earlier; at most two years ahead")] = None,
) -> Asked:
    """The returns that the parameters name; each code must exist, `*` stands for any text."""
    told = Asked(
        datasets=codes("dataset", dataset, lambda: catalogue.codes(connection, "dataset")),
        reporting_units=codes("reporting_unit", reporting_unit, lambda: catalogue.codes(connection, "reporting_unit")),
        levels=codes("level", level, lambda: get_args(Level)),
        period=None if written is None else named_period("period", written),
        due_from=None if first is None else edge("from", first, end=False),
        due_to=None if to is None else edge("to", to, end=True),
    )
    horizon = clock(request) + _AHEAD
    begins = told.period and told.period.start.replace(tzinfo=LOCAL_ZONE)
    if any(each and each > horizon for each in (told.due_from, told.due_to, begins)):
        sentence = "The calendar is told two years ahead; ask for an earlier “from”, “to” or “period”."
        raise Problem(HTTPStatus.BAD_REQUEST, "too-far-ahead", sentence)
    if told.due_from and told.due_to and told.due_from > told.due_to:
        raise Problem(HTTPStatus.BAD_REQUEST, "empty-span", f"“from” ({first}) lies after “to” ({to}).")
    return told


Chosen = Annotated[Asked, Depends(asked)]

_LISTED = answers.documented(Obligations, csv_too=True)
_LISTED[200]["content"]["text/calendar"] = {"schema": {"type": "string"}}


@router.get("/obligations", responses=_LISTED, summary="Who owes what by when")
def listed(
    request: Request,
    connection: Reading,
    as_of: Moment,
    chosen: Chosen,
    state: Codes = None,
    format: Annotated[str | None, Query(description="json, csv or ics; else what Accept asks for")] = None,  # noqa: A002
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Response:
    """Returns by deadline, with what had become of them: 92 days to either side, unless a span or period is asked for.

    CSV and the calendar (`format=ics`, an event for each deadline, to subscribe to by address) come whole.
    """
    wanted = wanted_format(request, format, _FORMATS)
    states = codes("state", state, lambda: list(STATES))
    if wanted == "json":
        place = read_cursor(cursor, _Onward)
        as_of = min(place[0], as_of) if place else as_of
        near, after = _near(chosen, as_of), place and place[1:]
        rows = archive.listed(connection, near, states=states, as_of=as_of, after=after, limit=limit + 1)
        shown, more = answers.page(rows, limit)
        onward = write_cursor((as_of, *(shown[-1][name] for name in archive.PLACE))) if more else None
        return answers.json(
            {"as_of": as_of, "obligations": [_record(row) for row in shown], "next": onward}, request=request
        )
    refuse_pages(request, wanted)
    rows = archive.listed(connection, _near(chosen, as_of), states=states, as_of=as_of)
    if wanted == "csv":
        return answers.table(rows, archive.ANSWER_COLUMNS)
    return Response(_calendar(rows), media_type="text/calendar; charset=utf-8")


@router.post(
    "/obligations/extensions",
    status_code=HTTPStatus.CREATED,
    summary="Give more time for one return",
    responses={
        201: {"model": Obligation, "description": "the return with its new deadline"},
        **responses(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
    },
)
def extend(request: Request, act: Acts, said: Extension) -> Response:
    """Move the deadline of one reporting unit's return for one period to a later day, and say why.

    A publisher of the dataset and unit may, and an administrator. The reason is public.
    """
    now, connection = clock(request), act.connection()
    meant, until = period.parse(said.period), deadline.last_day(said.until)
    dataset = _code(connection, "dataset", said.dataset)
    unit = _code(connection, "reporting_unit", said.reporting_unit)
    obligations.extend(connection, dataset, unit, meant, until=until, reason=said.reason, by=act.by, now=now)
    told = archive.listed(connection, Asked([dataset], [unit], period=meant), as_of=now)
    return answers.json(_record(told[0]), status=HTTPStatus.CREATED)


def _near(chosen: Asked, as_of: datetime) -> Asked:
    """What is asked for, with the ends of a span that nobody gave: 92 days from the moment, or from the other end."""
    if chosen.period:
        return chosen
    try:
        return replace(
            chosen,
            due_from=chosen.due_from or min(as_of, chosen.due_to or as_of) - _NEAR,
            due_to=chosen.due_to or max(as_of, chosen.due_from or as_of) + _NEAR,
        )
    except OverflowError as fault:
        raise NotAMoment(as_of.isoformat()) from fault


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in archive.ANSWER_COLUMNS}


def _code(connection: Connection, what: str, written: str) -> str:
    found = codes(what, [written], lambda: catalogue.codes(connection, what)) or []
    if len(found) != 1:
        sentence = f"“{written}” is no single {what.replace('_', ' ')}; give its code."
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-code", sentence, parameter=what)
    return found[0]


def _calendar(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """An event for each deadline (RFC 5545), the same to the byte as long as nothing happened to the returns."""
    calendar = Calendar()
    calendar.add("prodid", "-//Chiso//Deadlines//VI")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Chiso: hạn báo cáo")
    for row in rows:
        if row["due_at"]:
            calendar.add_component(_event(row))
    return calendar.to_ical()


def _event(row: Mapping[str, Any]) -> Event:
    meant: Period = period.parse(row["period"])
    begins = datetime.combine(row["data_from"], datetime.min.time(), LOCAL_ZONE)
    event = Event()
    event.add("uid", f"{row['dataset']}.{row['reporting_unit']}.{row['period']}@chiso")
    event.add("dtstamp", (row["submitted_at"] or row["extended_at"] or begins).astimezone(UTC))
    event.add("dtstart", row["due_at"].astimezone(UTC))
    event.add("summary", f"Hạn gửi {row['dataset_vi']}, {meant.in_vietnamese}: {row['reporting_unit_vi']}")
    event.add(
        "description",
        f"Số liệu từ {row['data_from']:%d/%m/%Y} đến {row['data_to']:%d/%m/%Y}."
        f" Đúng hạn đến {row['due_at'].astimezone(LOCAL_ZONE):%H:%M:%S ngày %d/%m/%Y}.\n"
        f"{row['dataset_en']}, {meant}: {row['reporting_unit_en']}. Data from {row['data_from']} to {row['data_to']},"
        f" in time until {row['due_at'].astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M:%S} in Viet Nam.",
    )
    event.add("transp", "TRANSPARENT")  # nobody is busy because something is due
    if not row["submitted_at"]:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", event["summary"])
        alarm.add("trigger", _ALARM)
        event.add_component(alarm)
    return event

"""Answers about figures as files: which format, what it is called when it is saved, and whether it fits."""

from collections.abc import Generator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from ingest.period import LOCAL_ZONE
from service.api import addresses
from service.api.parameters import PAGE, Cursor, Limit, refuse_pages, wanted_format
from service.archive import metadata, question
from service.archive.metadata import Metadata
from service.archive.points import Statement
from service.archive.question import Question, TooMany
from service.asking import is_of_now
from service.formats import arrow, bundle, delimited, json_stat, open_metrics, workbook
from service.formats.kinds import KINDS
from service.problems import Problem
from service.streamed import Streamed

OFFERED = {name: kind.media_type for name, kind in KINDS.items()}

Format = Annotated[
    str | None,
    Query(
        description=f"{', '.join(KINDS)}; else what Accept asks for",
        examples=["parquet"],
    ),
]
Label = Literal["id", "name", "both"]
LayoutName = Literal["long", "wide"]
Labels = Annotated[
    Label | None, Query(description="in CSV: codes (id), names in Vietnamese and English (name), or both; else id")
]
Layout = Annotated[
    LayoutName | None,
    Query(description="in CSV: a row an observation (long), or a row a period and a column a series (wide); else long"),
]


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer is wanted: in which format, and of JSON which page."""

    format: str
    labels: Label
    layout: LayoutName
    limit: int
    cursor: str | None


def delivery(
    request: Request,
    format: Format = None,  # noqa: A002 - the parameter's public name
    labels: Labels = None,
    layout: Layout = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> Delivery:
    """How the parameters want the answer; what would change nothing in their format is refused."""
    wanted = wanted_format(request, format, OFFERED)
    if wanted != "json":
        refuse_pages(request, wanted)
    _refuse_table_words(wanted, labels, layout)
    return Delivery(wanted, labels or "id", layout or "long", limit, cursor)


Delivered = Annotated[Delivery, Depends(delivery)]


def answer(request: Request, connection: Connection, asked: Question, wanted: Delivery) -> Response:
    """The whole answer as a file in the format that is wanted, streamed."""
    _refuse_untold(asked, wanted)
    statement = question.whole(connection, asked)
    as_of = None if is_of_now(request, request.query_params.get("as_of")) else asked.as_of
    about = metadata.gathered(connection, asked, as_of=as_of, address=addresses.asked(request, without=_HOW_WRITTEN))
    _refuse_too_many(request, connection, asked, statement, about, wanted)
    body = _written(connection, statement, about, wanted)
    kind = KINDS[wanted.format]
    name = f"chiso-{_subject(about)}-{about.as_of.astimezone(LOCAL_ZONE):%Y-%m-%d}.{kind.ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Streamed(request, body, headers=headers, media_type=kind.content_type, rows=about.observations)


def _refuse_untold(asked: Question, wanted: Delivery) -> None:
    """Refuse what would leave without its flags: these formats have no place for how a figure was computed."""
    if wanted.format == "openmetrics" and asked.transform:
        sentence = "A gauge of OpenMetrics is the figure itself: leave “transform” out, or take another format."
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="transform")
    if asked.aggregate and asked.aggregate.incomplete and (wanted.format == "openmetrics" or wanted.layout == "wide"):
        sentence = (
            "Figures of which parts are missing leave with the flag that says so, and there is no place for it here:"
            " leave “incomplete” out, or take another format or layout."
        )
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="incomplete")


def _refuse_table_words(wanted: str, labels: Label | None, layout: LayoutName | None) -> None:
    """Refuse `labels` and `layout` where they would change nothing."""
    for name, said in (("labels", labels), ("layout", layout)):
        if said is not None and wanted != "csv":
            sentence = f"“{name}” is for CSV, and this would be {wanted}: add format=csv, or leave “{name}” out."
            raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter=name)
    if layout == "wide" and labels not in (None, "id"):
        sentence = "A wide table is headed by the keys of its series: leave “labels” out, or take layout=long."
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="labels")


def _written(connection: Connection, statement: Statement, about: Metadata, wanted: Delivery) -> Generator[bytes]:
    match wanted.format:
        case "csv" if wanted.layout == "wide":
            return delimited.wide(connection, statement, about)
        case "csv":
            return delimited.long(connection, statement, wanted.labels, about)
        case "xlsx":
            return workbook.written(connection, statement, about)
        case "parquet":
            return arrow.parquet(connection, statement, about)
        case "arrow":
            return arrow.stream(connection, statement, about)
        case "json-stat":
            return json_stat.dataset(connection, statement, about)
        case "openmetrics":
            return open_metrics.samples(connection, statement, about)
        case _:
            return bundle.bundled(connection, statement, about)


def _refuse_too_many(
    request: Request,
    connection: Connection,
    asked: Question,
    statement: Statement,
    about: Metadata,
    wanted: Delivery,
) -> None:
    match wanted.format:
        case "xlsx":
            sizes = [(about.observations, workbook.MOST_ROWS, "observations")]
        case "json-stat":
            sizes = [(about.observations, json_stat.MOST_OBSERVATIONS, "observations")]
            if about.observations <= json_stat.MOST_OBSERVATIONS:
                sizes.append((json_stat.cells(connection, statement, about), json_stat.MOST_CELLS, "cells"))
        case "csv" if wanted.layout == "wide":
            sizes = [(len(about.series), delimited.MOST_WIDE_SERIES, "series")]
        case _:
            return
    for count, limit, what in sizes:
        if count > limit:
            raise TooMany(count, limit, what, _narrower(request, asked, about, limit))


def _narrower(request: Request, asked: Question, about: Metadata, limit: int) -> str:
    """The address of a part of the same answer: its largest series, of those that fit."""
    fitting = [each for each in about.series if each["observations"] <= limit] or about.series
    largest = max(fitting, key=lambda each: each["observations"])
    parts = ("frequency", "indicator", "reporting_unit", "accumulation", "source", "breakdown")
    named = [(part, largest[part]) for part in parts]
    if asked.aggregate:
        # The answer's frequency is not that of the figures which it is made of.
        named[:1] = [("frequency", each) for each in asked.selection.codes.get("frequency", ())]
    kept = [(name, said) for name, said in request.query_params.multi_items() if name not in parts]
    return f"/v1/observations?{urlencode([*named, *kept])}"


def _subject(about: Metadata) -> str:
    codes = [each["code"] for each in about.indicators]
    return "-".join(codes) if 0 < len(codes) <= _NAMED else "observations"


_NAMED = 3  # indicators that the name of a file names
_HOW_WRITTEN = ("format", "labels", "layout")  # no part of what was asked

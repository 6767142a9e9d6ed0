"""Finding by words, for programs."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, get_args

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field

from ingest import registry
from ingest.indicator import Level, Pillar
from ingest.period import FREQUENCIES
from service import caching
from service.api import answers
from service.api.parameters import (
    Codes,
    Cursor,
    JsonOrCsv,
    codes,
    unknown,
)
from service.api.shapes import Shape
from service.archive import search
from service.asking import Reading, only_known
from service.cursors import NotACursor, read_cursor, write_cursor
from service.problems import responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known), caching.VALIDATED],
    responses=caching.NOT_MODIFIED
    | responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_NOT_NEGATIVE = msgspec.Meta(ge=0)
_HIT_COLUMNS = ("type", "code", "name_vi", "name_en", "match", "valid_from", "valid_to", "replaced_by", "indicators")


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


@router.get(
    "/search",
    responses=answers.documented(Hits, csv_too=True),
    summary="Find by words",
)
def found(
    request: Request,
    connection: Reading,
    wanted: JsonOrCsv,
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
    limit: Annotated[int, Query(ge=1, le=1000, description="how many at the most")] = 20,
    cursor: Cursor = None,
) -> Response:
    """Indicators, reporting units, datasets, sources and documents that have all the words, best first, with facets."""
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
    onward = write_cursor((version, after + limit)) if after + limit < told.total else None
    if wanted == "csv":
        return answers.table(told.hits, _HIT_COLUMNS, request=request, onward=onward)
    body = {"total": told.total, "hits": told.hits, "facets": told.facets, "next": onward}
    return answers.json(body, request=request)

"""What changed lately, for programs and for readers of feeds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field

from ingest import registry
from ingest.catalogue import Catalogue
from service import writing
from service.api import addresses, announcing, answers
from service.api.announcing import BEGINNING, LANGUAGES
from service.api.asked import AsOf, Selected
from service.api.parameters import (
    JSON_OR_CSV,
    wanted_format,
)
from service.api.shapes import Number, Shape
from service.archive import lately
from service.asking import Reading, as_of_moment, only_known
from service.formats import atom
from service.problems import responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known)],
    responses=responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_FEEDS = {**JSON_OR_CSV, "atom": atom.MEDIA_TYPE}


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
        feed = atom.Feed("latest", "Chiso: số liệu mới công bố", addresses.asked(request), "Chiso", BEGINNING)
        return answers.feed(feed, [_news(request, registry.read(connection), row) for row in rows])
    return answers.json({"as_of": moment, "latest": rows})


def _news(request: Request, words: Catalogue, row: Mapping[str, Any]) -> atom.Entry:
    period_vi, period_en = (writing.period_name(row["period"], language) for language in LANGUAGES)
    return atom.Entry(
        name=f"latest/{row['series']}/{row['published_at'].astimezone(UTC).isoformat()}",
        title=f"{row['indicator_vi']} / {row['indicator_en']}, {row['reporting_unit_vi']}, {period_vi}",
        summary=f"{announcing.said(words, row, 'vi')}\n"
        f"{row['indicator_en']}, {row['reporting_unit_en']}, {period_en}. {announcing.said(words, row, 'en')}",
        link=f"{addresses.root(request)}/v1/series/{row['series']}/observations",
        published=row["published_at"],
        updated=row["published_at"],
        categories=[row["change"], row["indicator"]],
    )

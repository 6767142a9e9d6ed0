"""Writing answers: JSON with exact numbers, CSV with the same names, and where the next page is."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from service.cursors import write_cursor
from service.exact_json import as_json
from service.formats import atom
from service.formats.kinds import KINDS
from service.formats.spreadsheet import harmless

CSV = "text/csv; charset=utf-8"


def json(body: Any, *, request: Request | None = None, status: int = 200) -> Response:
    """The body as JSON; where it has pages, Link headers lead to the next and back to the first."""
    headers = {}
    if request is not None and isinstance(body, Mapping):
        headers = _links(request, body.get("next"))
    return Response(as_json(body), status, headers=headers, media_type="application/json")


def _links(request: Request, onward: str | None) -> dict[str, str]:
    pages = {"first": request.url.remove_query_params("cursor")} if "cursor" in request.query_params else {}
    if onward:
        pages["next"] = request.url.include_query_params(cursor=onward)
    told = ", ".join(f'<{address}>; rel="{name}"' for name, address in pages.items())
    return {"Link": told} if told else {}


def table(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    request: Request | None = None,
    onward: str | None = None,
) -> Response:
    """The rows as CSV with a heading; lists are joined by a space, and nothing in it is run by a spreadsheet.

    Of a page the Link header leads on to the next, whose cursor is `onward`.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    headers = {} if request is None else _links(request, onward)
    return Response(text.getvalue(), headers=headers, media_type=CSV)


def feed(feed: atom.Feed, entries: Sequence[atom.Entry]) -> Response:
    """The feed with its entries as Atom."""
    return Response(atom.written(feed, entries), media_type=f"{atom.MEDIA_TYPE}; charset=utf-8")


def page(rows: list[Any], limit: int) -> tuple[list[Any], bool]:
    """The rows of this page, and whether there are more; the question asked for one more than the limit."""
    return rows[:limit], len(rows) > limit


def documented(
    shape: type[BaseModel], *, csv_too: bool = False, xlsx_too: bool = False, files_too: bool = False
) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entry of a good answer: JSON, and CSV, XLSX or all formats too."""
    too = {"csv": csv_too, "xlsx": xlsx_too}
    kinds = [kind for name, kind in KINDS.items() if name != "json" and (files_too or too.get(name))]
    content: dict[str, Any] = {kind.media_type: {"schema": {"type": "string"} | kind.schema} for kind in kinds}
    return {200: {"model": shape, "content": content, "description": (shape.__doc__ or "").strip()}}


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        simple = isinstance(value, list) and all(isinstance(each, str) for each in value)
        value = " ".join(value) if simple else as_json(value).decode()
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | datetime) else value


def listed(
    request: Request,
    name: str,
    rows: list[dict[str, Any]],
    limit: int,
    wanted: str,
    columns: tuple[str, ...],
    *,
    place: str = "code",
) -> Response:
    """A page of a list, of which one row more was asked for; the next goes on after the last one's `place`."""
    shown, more = page(rows, limit)
    onward = write_cursor(shown[-1][place]) if more else None
    if wanted == "csv":
        return table(shown, columns, request=request, onward=onward)
    return json({name: shown, "next": onward}, request=request)

"""The scoreboard for programs that read: where everybody stands, who is first, who moved, and what is missing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from ingest import period as periods
from ingest.indicator import Level, Pillar
from ingest.period import LOCAL_ZONE
from service import caching
from service.api import answers, verdicts
from service.api.asked import AsOf, Units, known_code, known_codes, reporting_units
from service.api.parameters import Codes, Format, SheetToo, codes, one_code, some, wanted_format
from service.api.scoreboard_shapes import MissingCells, Ranking, ScoreboardAnswer
from service.archive import ranking, targets
from service.archive.ranking import Field
from service.archive.verdicts import scoreboard
from service.archive.verdicts.reaching import Wanted
from service.archive.verdicts.scoreboard import Chosen
from service.asking import Reading, as_of_moment, only_known
from service.formats import scoreboard_sheet
from service.formats.kinds import KINDS
from service.problems import Problem, responses

router = APIRouter(
    prefix="/v1/scoreboard",
    dependencies=[Depends(only_known), caching.VALIDATED],
    responses=caching.NOT_MODIFIED
    | responses(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_TABLES = {name: KINDS[name].media_type for name in ("json", "csv")}
_FORMATS = {name: KINDS[name].media_type for name in ("json", "csv", "xlsx")}


@dataclass(frozen=True, slots=True)
class Board:
    """The cells that are asked for, as of a moment, by the deadlines of its day."""

    as_of: datetime
    today: date
    cells: list[dict[str, Any]]


def board(
    request: Request,
    connection: Reading,
    pillar: Codes = None,
    level: Codes = None,
    lead: Codes = None,
    plan: Codes = None,
    period: Annotated[
        list[str] | None, Query(description="periods of targets, by commas or repeated", examples=["2025"])
    ] = None,
    indicator: Codes = None,
    reporting_unit: Units = None,
    as_of: AsOf = None,
) -> Board:
    """The cells that the parameters ask for; each code must exist."""
    chosen = Chosen(
        plans=codes("plan", plan, lambda: targets.plans(connection)),
        periods=None if period is None else [str(periods.parse(each)) for each in some("period", period)],
        indicators=known_codes(connection, "indicator", indicator),
        pillars=codes("pillar", pillar, lambda: get_args(Pillar)),
        levels=codes("level", level, lambda: get_args(Level)),
        leads=known_codes(connection, "reporting_unit", lead),
        reporting_units=reporting_units(connection, reporting_unit),
    )
    # All of them: what is chosen is a part of what is kept.
    current = verdicts.reached(request, connection, Wanted(), verdicts.moment_before_now(request, as_of))
    today = current.as_of.astimezone(LOCAL_ZONE).date()
    return Board(current.as_of, today, scoreboard.cells(current.reached, chosen, today=today))


Asked = Annotated[Board, Depends(board)]


@router.get(
    "",
    responses=answers.documented(ScoreboardAnswer, csv_too=True, xlsx_too=True),
    summary="Where everybody stands",
)
@caching.by_day
def cells(
    request: Request,
    asked: Asked,
    format: SheetToo = None,  # noqa: A002 - the parameter's name
) -> Response:
    """One cell for each indicator and each reporting unit that its targets bind, and counts of their states.

    Of several targets of one indicator a cell has the one that matters: the next deadline that is not over, else the
    last one that was. CSV has the cells, XLSX cells and counts. With `as_of` deadlines pass by the day of that moment.
    """
    form = wanted_format(request, format, _FORMATS)
    if form == "csv":
        return answers.table(asked.cells, scoreboard.CELL_COLUMNS)
    counts = scoreboard.counted(asked.cells)
    if form == "xlsx":
        name = f"chiso-scoreboard-{asked.today}.xlsx"
        return Response(
            scoreboard_sheet.written(asked.cells, counts, as_of=asked.as_of),
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
            media_type=KINDS["xlsx"].content_type,
        )
    return answers.json({"as_of": asked.as_of, "today": asked.today, "cells": _shown(asked.cells), "counts": counts})


@router.get("/missing", responses=answers.documented(MissingCells, csv_too=True), summary="What is missing")
@caching.by_day
def missing(request: Request, asked: Asked, format: Format = None) -> Response:  # noqa: A002 - the parameter's name
    """The cells of the scoreboard of which nothing was reported that could answer the target."""
    form = wanted_format(request, format, _TABLES)
    found = [cell for cell in asked.cells if scoreboard.is_without_figure(cell)]
    if form == "csv":
        return answers.table(found, scoreboard.CELL_COLUMNS)
    return answers.json({"as_of": asked.as_of, "today": asked.today, "missing": _shown(found)})


@router.get(
    "/ranking",
    responses=answers.documented(Ranking, csv_too=True) | responses(HTTPStatus.UNPROCESSABLE_ENTITY),
    summary="Who is first, and who moved most",
)
def ranked(
    request: Request,
    connection: Reading,
    indicator: Annotated[str, Query(description="the code of one indicator, as DIGITAL_ECONOMY_GRDP_SHARE")],
    level: Annotated[str | None, Query(description="whose units; else provinces, then ministries")] = None,
    source: Annotated[str | None, Query(description="by which method; else the indicator's first")] = None,
    period: Annotated[
        str | None,
        Query(description="else the latest for which half of the units have a figure", examples=["2022"]),
    ] = None,
    ties: Annotated[
        Literal["competition", "dense"] | None,
        Query(description="competition (else): 1, 2, 2, 4; dense: 1, 2, 2, 3; not of an indicator that is a rank"),
    ] = None,
    order: Annotated[
        Literal["place", "improvement"], Query(description="improvement: who moved most in the wanted direction first")
    ] = "place",
    as_of: AsOf = None,
    format: Format = None,  # noqa: A002 - the parameter's public name
) -> Response:
    """Reporting units of one level by one indicator's figures of one method and one period.

    A place that was published, of an indicator that is a rank, stays as it was published. A change is against the
    period before, as `transform=chg` has it.
    """
    form = wanted_format(request, format, _TABLES)
    moment = as_of_moment(request, as_of)
    code = known_code(connection, "indicator", indicator)
    asked = {
        "level": None if level is None else one_code("level", level, lambda: get_args(Level)),
        "source": None if source is None else known_code(connection, "source", source),
        "period": None if period is None else str(periods.parse(period)),
    }
    field = _field(ranking.fields(connection, code, as_of=moment), code, asked)
    rows = ranking.ranked(connection, code, field, as_of=moment, ties=ties, order=order)
    if form == "csv":
        return answers.table(rows, ranking.RANKING_COLUMNS)
    shared = None if ranking.is_published(connection, code) else ties or "competition"
    return answers.json({"as_of": moment, "indicator": code, **asdict(field), "ties": shared, "ranking": rows})


def _shown(cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: cell[name] for name in scoreboard.CELL_COLUMNS} for cell in cells]


def _field(known: Sequence[Field], indicator: str, asked: dict[str, str | None]) -> Field:
    """The first field that is as asked for; else a problem that names those that there are."""
    for field in known:
        if all(code is None or getattr(field, name) == code for name, code in asked.items()):
            return field
    there = "; ".join(f"level={each.level}, source={each.source}, period={each.period}" for each in known[:_FEW])
    sentence = f"No reporting units have figures of {indicator} that are such."
    more = f" There are: {there}{'; …' if len(known) > _FEW else ''}." if there else " Nobody but the nation has any."
    raise Problem(HTTPStatus.NOT_FOUND, "no-ranking", sentence + more, parameter="indicator")


_FEW = 5

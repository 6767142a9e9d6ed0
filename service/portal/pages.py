"""The pages: each asks the archive and hands what it answers to a template."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from ingest.observation import DENOMINATOR, GENERATED, NUMERATOR
from ingest.period import LOCAL_ZONE
from ingest.spelling import alphabetical, nearest
from service.archive import catalogue, overview, series
from service.archive.series import Selection
from service.asking import Reading, only_known
from service.portal import trend
from service.portal.failures import NotThere, Page
from service.portal.rendering import render
from service.portal.visit import Visit, Visited, VisitedAsOf
from service.portal.words import LEVELS, PILLARS

router = APIRouter(route_class=Page, dependencies=[Depends(only_known)], default_response_class=HTMLResponse)

NATION = "VN"
_ALL = 10_000  # more than a catalogue has
_PERIODS = 120  # of one series in one table: ten years of months
_UNITS_FOUND = 20

Search = Annotated[str | None, Query(description="words that are all to be found")]
Row = dict[str, Any]


@router.get("/")
def home(connection: Reading, visit: VisitedAsOf, q: Search = None) -> HTMLResponse:
    """All indicators by pillar, with the latest national figures; or those that a search finds."""
    search = (q or "").strip() or None
    indicators = catalogue.indicators(connection, search=search, pillar=None, after=None, limit=_ALL)
    nation = series.numbers(connection, Selection({"reporting_unit": [NATION]}))
    figures = _without_counts(_by("indicator", overview.latest(connection, nation, as_of=visit.moment)))
    groups = [
        {
            "pillar": pillar,
            "with_figures": [(row, figures[row["code"]]) for row in members if row["code"] in figures],
            "without": [row for row in members if row["code"] not in figures],
        }
        for pillar in PILLARS
        if (members := sorted((row for row in indicators if row["pillar"] == pillar), key=_by_name(visit)))
    ]
    units = _units(connection, search, limit=_UNITS_FOUND + 1) if search else []
    return render(
        visit,
        "home.html",
        q=search,
        groups=groups,
        found=len(indicators),
        units=units[:_UNITS_FOUND],
        more_units=len(units) > _UNITS_FOUND,
    )


@router.get("/indicators/{code}")
def indicator(connection: Reading, visit: VisitedAsOf, code: str, reporting_unit: str | None = None) -> HTMLResponse:
    """One indicator: what it is, one reporting unit's series, and who has figures."""
    found = catalogue.indicator(connection, _code(code), as_of=visit.moment)
    if found is None:
        everything = catalogue.indicators(connection, search=None, pillar=None, after=None, limit=_ALL)
        raise NotThere("indicator", code, _near(code, everything, visit))
    numbers = series.numbers(connection, Selection({"indicator": [found["code"]]}))
    everybody = _without_counts(_by("reporting_unit", overview.latest(connection, numbers, as_of=visit.moment)))
    chosen = reporting_unit or (NATION if NATION in everybody else None)
    unit = _reporting_unit(connection, visit, chosen) if chosen else None
    return render(
        visit,
        "indicator.html",
        indicator=found,
        measure=overview.unit_of_measure(connection, found["unit_measure"]),
        leads=overview.names(connection, [lead["reporting_unit"] for lead in found["lead"]]),
        unit=unit,
        tables=_tables(connection, visit, found["code"], unit["code"]) if unit else [],
        everybody=everybody,
        levels=_by("level", (figures[0] for figures in everybody.values()), order=list(LEVELS)),
        generated=_generated(figure for figures in everybody.values() for figure in figures),
        exact=_exact(visit),
    )


@router.get("/reporting-units")
def reporting_units(connection: Reading, visit: Visited, q: Search = None) -> HTMLResponse:
    """All reporting units by level, those that are no longer there apart; or those that a search finds."""
    search = (q or "").strip() or None
    units = _units(connection, search)
    return render(
        visit,
        "reporting_units.html",
        q=search,
        found=len(units),
        levels=_by("level", units, order=list(LEVELS)),
        today=visit.moment.astimezone(LOCAL_ZONE).date(),
    )


@router.get("/reporting-units/{code}")
def reporting_unit(connection: Reading, visit: VisitedAsOf, code: str) -> HTMLResponse:
    """One reporting unit: its names and validity, what it came from and became, and its latest figures."""
    unit = _reporting_unit(connection, visit, code)
    kin = [row["reporting_unit"] for row in (*unit["predecessors"], *unit["successors"])]
    numbers = series.numbers(connection, Selection({"reporting_unit": [unit["code"]]}))
    figures = overview.latest(connection, numbers, as_of=visit.moment)
    return render(
        visit,
        "reporting_unit.html",
        unit=unit,
        kin=overview.names(connection, kin),
        figures=_without_counts(_by("indicator", figures)),
        generated=_generated(figures),
    )


@router.get("/docs")
def docs(visit: Visited) -> HTMLResponse:
    """The API's documentation, tried out where it stands."""
    return render(visit, "docs.html", scripted=True)


def _tables(connection: Reading, visit: Visit, indicator: str, unit: str) -> list[Row]:
    """One table a series of this indicator and reporting unit, with its trend where that can be drawn."""
    numbers = series.numbers(connection, Selection({"indicator": [indicator], "reporting_unit": [unit]}))
    rows = overview.recent(connection, numbers, as_of=visit.moment, limit=_PERIODS)
    return [
        {
            "key": key,
            "figures": figures,
            "trend": trend.drawn(figures[::-1], rank=figures[0]["unit_measure"] == "rank", language=visit.language),
        }
        for key, figures in _by("series", rows).items()
    ]


def _reporting_unit(connection: Reading, visit: Visit, code: str) -> Row:
    found = catalogue.reporting_unit(connection, _code(code))
    if found is None:
        everybody = _units(connection, None)
        raise NotThere("reporting_unit", code, _near(code, everybody, visit))
    return found


def _code(written: str) -> str:
    """The code as the catalogue writes it; PostgreSQL takes no text with a NUL in it."""
    return written.upper().replace("\0", "")


def _units(connection: Reading, search: str | None, *, limit: int = _ALL) -> list[Row]:
    return catalogue.reporting_units(connection, search=search, level=None, valid_on=None, after=None, limit=limit)


def _near(code: str, entries: Iterable[Row], visit: Visit) -> tuple[tuple[str, str], ...]:
    names = {row["code"]: row[f"name_{visit.language}"] for row in entries}
    return tuple((near, names[near]) for near in nearest(code, names))


def _by(column: str, rows: Iterable[Row], *, order: list[str] | None = None) -> dict[str, list[Row]]:
    """The rows of each value of a column, in the order in which they came, or in the one given."""

    def place(row: Row) -> Any:
        return order.index(row[column]) if order else 0

    grouped: dict[str, list[Row]] = {}
    for row in sorted(rows, key=place):
        grouped.setdefault(row[column], []).append(row)
    return grouped


def _without_counts(grouped: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The figures without the counts that they were computed from, where there is more than those counts."""
    return {
        code: [figure for figure in figures if figure["breakdown"] not in (NUMERATOR, DENOMINATOR)] or figures
        for code, figures in grouped.items()
    }


def _by_name(visit: Visit) -> Callable[[Row], Any]:
    if visit.language == "vi":
        return lambda row: alphabetical(row["name_vi"])
    return lambda row: row["name_en"].casefold()


def _generated(figures: Iterable[Mapping[str, Any]]) -> bool:
    return any(figure["source"] == GENERATED for figure in figures)


def _exact(visit: Visit) -> bool:
    """Say whether `as_of` is more than a bare day, which a date field of a form cannot hold."""
    return visit.as_of is not None and visit.as_of != visit.moment.astimezone(LOCAL_ZONE).date().isoformat()

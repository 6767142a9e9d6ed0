"""The scoreboard as a page: how many promises are kept, the nation's one by one, and everybody else's at a glance."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from ingest import registry
from ingest.catalogue import Catalogue
from ingest.observation import GENERATED
from ingest.period import LOCAL_ZONE
from ingest.spelling import alphabetical, nearest
from ingest.target import sense
from service import writing
from service.archive.verdicts import kept, reaching, scoreboard, sentences
from service.archive.verdicts.reaching import Reached, Wanted
from service.archive.verdicts.scoreboard import STATES, Chosen
from service.asking import Reading, only_known
from service.portal.failures import Page
from service.portal.rendering import render
from service.portal.visit import Visit, VisitedAsOf
from service.portal.words import LEVELS, PILLARS, in_language
from service.problems import Problem

router = APIRouter(route_class=Page, dependencies=[Depends(only_known)], default_response_class=HTMLResponse)

NATION = "nation"
Row = dict[str, Any]
# Colours alone tell nothing: every state has a shape too, and its word stands beside it.
SYMBOLS = {
    "reached": "✓",
    "on_track": "▲",
    "acceleration_needed": "◆",
    "off_track": "▼",
    "moving_away": "✕",
    "cannot_be_judged": "?",
}


@router.get("/scoreboard")
def shown(
    connection: Reading,
    visit: VisitedAsOf,
    pillar: str | None = None,
    level: str | None = None,
    lead: str | None = None,
    plan: str | None = None,
    period: str | None = None,
) -> HTMLResponse:
    """What was promised and where it stands: counts of states, the national targets, and who else is bound."""
    catalogue = registry.read(connection)
    reached, today = _reached(connection, visit)
    choices = _choices(catalogue, reached, visit, today)
    picked = {"pillar": pillar, "level": level, "lead": lead, "plan": plan, "period": period}
    for name, code in picked.items():
        if code and code not in choices[name]:
            sentence = f"“{code}” is none of the choices of “{name}”."
            near = nearest(code, choices[name])
            raise Problem(HTTPStatus.NOT_FOUND, "unknown-choice", sentence, parameter=name, text=code, nearest=near)
    chosen = Chosen(**{f"{name}s": [code] for name, code in picked.items() if code})
    cells = scoreboard.cells(reached, chosen, today=today)
    national = [cell for cell in cells if cell["level"] == NATION]
    return render(
        visit,
        "scoreboard.html",
        today=today,
        choices=choices,
        picked=picked,
        symbols=SYMBOLS,
        states=STATES,
        tallies=_tallies(national),
        national=_by_pillar(Telling(reached, visit.language), national),
        matrices=[_matrix(level, cells, catalogue, visit.language) for level in LEVELS if level != NATION],
        generated=any(is_generated(cell) for cell in cells),
        is_generated=is_generated,
    )


def is_generated(cell: Row) -> bool:
    """Say whether a demonstration figure answers the target."""
    return cell["series"] is not None and cell["series"].split(".")[4] == GENERATED


def _reached(connection: Connection, visit: Visit) -> tuple[Reached, date]:
    """All verdicts of the moment of the visit, by the deadlines of its day."""
    today = visit.moment.astimezone(LOCAL_ZONE).date()
    if visit.as_of is None:
        return kept.current(connection, Wanted(), now=visit.moment).reached, today
    return reaching.reached(connection, Wanted(), as_of=visit.moment, today=today), today


def _choices(catalogue: Catalogue, reached: Reached, visit: Visit, today: date) -> dict[str, dict[str, str]]:
    """What can be chosen, with its name, of what there is a target for."""
    promises, words = reached.inputs.promises, in_language(visit.language)
    names = {unit.code: getattr(unit, f"name_{visit.language}") for unit in catalogue.reporting_units}
    indicators = [catalogue.indicators[code] for code in dict.fromkeys(each.indicator for each in promises)]
    levels = {unit.code: unit.level for unit in catalogue.reporting_units}
    bound = {levels[code] for code in reached.inputs.frame["reporting_unit"].unique()}
    pillars = {each.pillar for each in indicators}
    leads = {code for each in indicators for code in scoreboard.leading(each, today)}
    documents = {each.plan: each.document for each in reversed(promises)}
    return {
        "pillar": {code: words.pillar_names[code] for code in PILLARS if code in pillars},
        "level": {code: words.levels[code] for code in LEVELS if code in bound},
        "lead": {code: names[code] for code in sorted(leads, key=lambda code: alphabetical(names[code]))},
        "plan": {code: f"{documents[code].partition(';')[0]} ({code})" for code in sorted(documents)},
        "period": {
            period: writing.period_name(period, visit.language)
            for period in sorted({each.period for each in promises}, reverse=True)
        },
    }


def _tallies(national: Sequence[Row]) -> list[Row]:
    """Counts of the states of the nation's indicators: in total and by pillar, in the order of the pages."""
    counts = scoreboard.counted(national, by=("pillar",))
    order = [None, *PILLARS]
    return sorted((row for row in counts if row["cells"]), key=lambda row: order.index(row["code"]))


def _by_pillar(telling: "Telling", national: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    told = [telling.of(cell) for cell in sorted(national, key=telling.alphabet)]
    grouped = ((pillar, [row for row in told if row["pillar"] == pillar]) for pillar in PILLARS)
    return [(pillar, rows) for pillar, rows in grouped if rows]


def _matrix(level: str, cells: Sequence[Row], catalogue: Catalogue, language: str) -> Row:
    """Units of one level by the indicators that bind them: the cells of each row by indicator, and counts of each."""
    members = [cell for cell in cells if cell["level"] == level]
    units = {unit.code: unit for unit in catalogue.reporting_units if unit.level == level}
    bound: dict[str, dict[str, Row]] = {}
    for cell in members:
        bound.setdefault(cell["reporting_unit"], {})[cell["indicator"]] = cell
    indicators = dict.fromkeys(cell["indicator"] for cell in members)
    return {
        "level": level,
        "indicators": {code: getattr(catalogue.indicators[code], f"name_{language}") for code in indicators},
        "counts": {
            code: scoreboard.counted([cell for cell in members if cell["indicator"] == code], by=())[0]
            for code in indicators
        },
        "rows": [
            (code, getattr(units[code], f"name_{language}"), units[code].valid_to, bound[code])
            for code in sorted(bound, key=lambda code: (alphabetical(units[code].short_vi), code))
        ],
    }


class Telling:
    """Writes cells for people, in one language."""

    def __init__(self, reached: Reached, language: str) -> None:
        """Take all verdicts: a cell of the nation also names its indicator's other targets."""
        self._catalogue, self._language, self._words = reached.catalogue, language, in_language(language)
        frame = reached.inputs.frame
        units = {unit.code: unit.level for unit in reached.catalogue.reporting_units}
        places = [place for place, code in enumerate(frame["reporting_unit"]) if units[code] == NATION]
        self._others: dict[tuple[str, str], list[Row]] = {}
        for row in reached.rows(places):
            self._others.setdefault((row["indicator"], row["reporting_unit"]), []).append(row)

    def alphabet(self, cell: Row) -> Any:
        """The place of an indicator among others by its name."""
        name = self._name(cell)
        return alphabetical(name) if self._language == "vi" else name.casefold()

    def of(self, cell: Row) -> Row:
        """The cell with what a person reads of it."""
        told = sentences.told(cell, self._catalogue)
        others = [
            {**each, "promise": self._promise(each), "over": None}
            for each in self._others[cell["indicator"], cell["reporting_unit"]]
            if (each["plan"], each["scope"], each["period"]) != (cell["plan"], cell["scope"], cell["period"])
        ]
        return {
            **cell,
            "name": self._name(cell),
            "promise": self._promise(cell),
            "shown": None if cell["value"] is None else self._measured(cell, cell["value"]),
            "distance": self._distance(cell),
            "needed": self._needed(cell),
            "sentence": getattr(told, self._language),
            "formula": told.formula,
            "others": others,
        }

    def _name(self, cell: Row) -> str:
        return getattr(self._catalogue.indicators[cell["indicator"]], f"name_{self._language}")

    def _measured(self, cell: Row, value: Any) -> str:
        unit = self._catalogue.units_of_measure[cell["unit_measure"]]
        symbol = getattr(unit, f"symbol_{self._language}")
        return writing.measured(_decimal(value), unit.code, symbol, self._language)

    def _promise(self, cell: Row) -> str:
        target = _decimal(cell["target"])
        if cell["kind"] == "change_from_base":
            return self._change(cell, target)
        return self._words.target_kinds[cell["kind"]].format(
            value=self._measured(cell, target), places=writing.number(target, self._language)
        )

    def _change(self, cell: Row, change: Decimal) -> str:
        """How much more or less than the base; a rank whose number gets smaller goes up."""
        phrases, rank = self._words.phrases, cell["unit_measure"] == "rank"
        base = phrases["the_base"]
        if cell["base"] is not None:
            base = self._measured(cell, cell["base"])
            base = base if rank else phrases["the_base.known"].format(value=base)
        way = f"{'rank.' if rank else ''}{'up' if change > 0 else 'down'}"
        return phrases[f"change.{way}"].format(change=self._amount(cell, abs(change)), base=base)

    def _amount(self, cell: Row, amount: Decimal) -> str:
        """A difference with what it is counted in."""
        number = writing.number(amount, self._language)
        if cell["unit_measure"] == "rank":
            return self._words.phrases["place" if amount == 1 else "places"].format(number=number)
        if cell["unit_measure"] == "percent":
            return self._words.phrases["point" if amount == 1 else "points"].format(number=number)
        return self._measured(cell, amount)

    def _distance(self, cell: Row) -> str | None:
        """How far the value is from its path; from the target where there is no path, or it has come to its end."""
        if cell["gap"] is None:
            return None
        phrases, on_path = self._words.phrases, cell["path_value"] not in (None, cell["promised"])
        asked = self._words.the_path if on_path else phrases["target"]
        gap = self._rounded(cell, cell["gap"], ROUND_HALF_UP)
        apart = self._amount(cell, abs(gap))
        if not gap:
            return self._words.even.format(ref=asked)
        if cell["kind"] == "zero_left" and not on_path:
            return phrases["gap.left"].format(gap=apart)
        direction = self._catalogue.indicators[cell["indicator"]].direction
        way = "up" if sense(cell["kind"], _decimal(cell["target"]), direction) > 0 else "down"
        way = "rank" if cell["unit_measure"] == "rank" else way
        return phrases[f"gap.{way}.{'ahead' if gap > 0 else 'behind'}"].format(gap=apart, ref=asked)

    def _needed(self, cell: Row) -> str | None:
        """What the next figure must be, never less than enough by rounding."""
        if cell["needed_value"] is None or cell["needed_period"] is None:
            return None
        upwards = cell["value"] is None or cell["needed_value"] >= cell["value"]
        return self._measured(
            cell, self._rounded(cell, cell["needed_value"], ROUND_CEILING if upwards else ROUND_FLOOR)
        )

    def _rounded(self, cell: Row, value: Any, rounding: str) -> Decimal:
        """A computed number with the decimals of its indicator, one at the least where it is no count."""
        counted = cell["unit_measure"] == "rank" or abs(value) >= _LARGE
        decimals = 0 if counted else max(self._catalogue.indicators[cell["indicator"]].decimals, 1)
        rounded = _decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding=rounding).normalize()
        return rounded.quantize(Decimal(1)) if rounded == rounded.to_integral_value() else rounded


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


_LARGE = 1000  # of which nobody reads a decimal

"""One sentence that tells a verdict, as an official would write it, in Vietnamese and in English.

Figures stand as they were reported; what was computed has the decimals of the indicator, at most one more. Names of
indicators and reporting units are those of the catalogue; everything else is in `wording`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from ingest.catalogue import Catalogue
from ingest.indicator import Indicator
from ingest.observation import STATUSES
from ingest.period import parse
from ingest.reporting_unit import ReportingUnit
from ingest.target import sense
from service import writing
from service.archive.verdicts import formulas
from service.archive.verdicts.wording import (
    LANGUAGES,
    METHOD_LABELS,
    PEERS,
    PHRASES,
    REASONS,
    TREND_REASONS,
    TRENDS,
    Phrase,
)

# What documents write that fits into a sentence as it stands: "trước tháng 12/2024".
_DEADLINES = ("trước ", "trong ", "chậm nhất ")
# A day in it, which a sentence writes with two digits as all others: "trước ngày 1/12/2022".
_DAY = re.compile(r"\b([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})\b")
# Decree 30/2020/NĐ-CP, appendix II: the one city whose kind of unit is written with a capital.
_CAPITALISED = "Thành phố Hồ Chí Minh"


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict in words, and its arithmetic; `formula` is None where nothing could be computed."""

    vi: str
    en: str
    formula: str | None


def told(row: Mapping[str, Any], catalogue: Catalogue) -> Told:
    """The sentences and the formula of a row with reaching.ANSWER_COLUMNS.

    Raises KeyError at an indicator or a reporting unit that the catalogue does not have.
    """
    indicator = catalogue.indicators[row["indicator"]]
    direction = sense(row["kind"], Decimal(str(row["target"])), indicator.direction)
    vi, en = (_Sentence(row, catalogue, language, direction).written() for language in LANGUAGES)
    return Told(vi, en, formulas.formula(row, direction))


def trend_told(row: Mapping[str, Any], catalogue: Catalogue) -> Told:
    """The sentences and the formula of a row with trends.TREND_COLUMNS, as far as they are known."""
    direction = -1 if catalogue.indicators[row["indicator"]].direction == "down" else 1
    vi, en = (_TrendSentence(row, catalogue, language, direction).written() for language in LANGUAGES)
    return Told(vi, en, formulas.growth(row, direction, row["growth_percent"]))


class _Sentence:
    """The pieces of one sentence in one language; `sense` is 1 where more is wanted, -1 where less is."""

    def __init__(self, row: Mapping[str, Any], catalogue: Catalogue, language: str, sense: int) -> None:
        self.row, self.language, self.sense = row, language, sense
        self.indicator: Indicator = catalogue.indicators[row["indicator"]]
        self.unit = catalogue.units_of_measure[self.indicator.unit_measure]
        unit = catalogue.reporting_units.get(row["reporting_unit"])
        if unit is None:
            raise KeyError(row["reporting_unit"])
        self.reporting_unit: ReportingUnit = unit
        self.rank = self.unit.code == "rank"
        self.up = "up" if sense > 0 else "down"

    def written(self) -> str:
        """The sentence."""
        if self.row["value"] is None:
            return self._without_a_figure()
        return _raised(self._say("sentence", opening=self._opening(), verdict=self._verdict()))

    def _without_a_figure(self) -> str:
        phrase = "no_figure.rank" if self.rank else "no_figure"
        return _raised(self._say(phrase, indicator=self._indicator(), who=self._who(), promise=self._promise()))

    def _say(self, phrase: str, **pieces: str) -> str:
        return self._in_language(PHRASES[phrase]).format(**pieces)

    def _in_language(self, phrase: Phrase) -> str:
        return phrase[LANGUAGES.index(self.language)]

    # Who, what and how much.

    def _opening(self) -> str:
        return self._say(
            "opening.rank" if self.rank else "opening",
            indicator=self._indicator(),
            who=self._who(),
            period=self._at(self.row["value_period"], self.row["series"]),
            value=self._with_status(self._placed(self.row["value"]), self.row["value_status"]),
        )

    def _indicator(self) -> str:
        name = self.indicator.name_vi if self.language == "vi" else self.indicator.name_en
        return name.removeprefix("Xếp hạng ").removesuffix(", rank") if self.rank else name

    def _who(self) -> str:
        """The unit's name inside a sentence; a group's goes on with how its values are published."""
        unit = self.reporting_unit
        if self.language == "en":
            name = unit.name_en.partition(",")[0] if unit.level == "group" else unit.name_en
            of_something = unit.level == "ministry" and (" of " in name or " for " in name)
            return f"The {name}" if of_something else name
        name = unit.name_vi.partition(" (")[0] if unit.level == "group" else unit.name_vi
        common = unit.level in ("province", "group") and name != _CAPITALISED
        return _lowered(name) if common else name

    def _with_status(self, written: str, status: str | None) -> str:
        return written if status in (None, "A") else f"{written} ({self._in_language(STATUSES[status])})"

    # Numbers.

    def _placed(self, value: float) -> str:
        """A reported figure in its unit of measure; a place is `hạng 71`, `71st`."""
        return self._measured(Decimal(str(value)))

    def _measured(self, value: Decimal) -> str:
        if self.rank and self.language == "en":
            return _ordinal(value)
        symbol = self.unit.symbol_vi if self.language == "vi" else self.unit.symbol_en
        return writing.measured(value, self.unit.code, symbol, self.language)

    def _computed(self, value: float, rounding: str = ROUND_HALF_UP) -> Decimal:
        """With the decimals of the indicator, and one more for a rank or where nothing else would be left of it."""
        decimals = self.indicator.decimals
        finer = self.rank or any(
            -int(Decimal(str(self.row[name])).as_tuple().exponent) > decimals
            for name in ("value", "target")
            if self.row[name] is not None
        )
        near = writing.rounded(value, decimals + finer, rounding)
        return near or writing.rounded(value, decimals + 1, rounding)

    def _difference(self, value: Decimal) -> str:
        """How far two values lie apart: places of a rank, percentage points, else in the unit of measure."""
        number = writing.number(value, self.language)
        if self.rank:
            return self._say("place" if value == 1 else "places", number=number)
        if self.unit.symbol_en == "%":
            return self._say("point" if value == 1 else "points", number=number)
        return self._measured(value)

    def _percent(self, value: float) -> str:
        return writing.measured(writing.rounded(abs(value), 1), "percent", "%", self.language)

    # When.

    def _at(self, period: str, series: str | None) -> str:
        """In a period; where the figure covers more than it, up to its end."""
        named, accumulation = parse(period), series.split(".")[3] if series else None
        from_january = accumulation == "YTD" and named.start.month != 1
        if self.language == "vi":
            if from_january:
                return f"lũy kế từ đầu năm đến hết {self._period(period)}"
            if accumulation == "SINCE_START":
                return f"lũy kế từ khi bắt đầu đến hết {self._period(period)}"
            return f"{ {'D': 'ngày ', 'H': 'lúc '}.get(named.frequency, '') }{self._period(period)}"
        if from_january:
            return f"from January to the end of {self._period(period)}"
        if accumulation == "SINCE_START":
            return f"up to the end of {self._period(period)}"
        return f"{ {'D': 'on', 'H': 'at'}.get(named.frequency, 'in') } {self._period(period)}"

    def _period(self, period: str) -> str:
        return writing.period_within(period, self.language)

    def _deadline(self) -> str:
        """By when, in the words of the document where they fit."""
        last, period = self.row["last_day"], parse(self.row["period"])
        if self.language == "vi":
            words = (self.row["deadline"] or "").strip().rstrip(".;")
            if _lowered(words).startswith(_DEADLINES):
                return _DAY.sub(lambda day: f"{int(day[1]):02}/{int(day[2]):02}/{day[3]}", _lowered(words))
            if words or period.frequency in "DH":
                return f"đến hết ngày {writing.day(last, 'vi')}"
            return f"đến hết {self._period(self.row['period'])}"
        if self.row["deadline"] or period.frequency in "DH":
            return f"by {writing.day(last, 'en')}"
        return f"by the end of {self._period(self.row['period'])}"

    # What was promised.

    def _promise(self) -> str:
        if self.row["reason"] == "no_deadline":
            return self._say("promise.undated", what=self._what())
        return self._say("promise", what=self._what(), deadline=self._deadline())

    def _what(self) -> str:
        target = Decimal(str(self.row["target"]))
        match self.row["kind"]:
            case "change_from_base":
                phrase = f"change.rank.{self.up}" if self.rank else f"change.{self.up}"
                base = self._base()
                if self.row["base"] is not None and not self.rank:
                    base = self._say("the_base.known", value=base)
                return self._say(phrase, change=self._difference(abs(target)), base=base)
            case "top_n":
                peers = PEERS.get(self.reporting_unit.level, "đơn vị")
                return self._say("top_n", value=writing.number(target, self.language), peers=peers)
            case "zero_left":
                return self._say("zero_left")
            case "yes_all":
                written = self._measured(target)
                return written if self.unit.symbol_en == "%" else self._say("yes_all", value=written)
            case "path":
                return self._say("milestone", bound=self._bound(target))
            case _:
                return self._bound(target)

    def _bound(self, value: Decimal) -> str:
        """At least or at most a value, in the wanted direction; at its natural limit the value alone."""
        limit = self.indicator.maximum if self.sense > 0 else self.indicator.minimum
        if limit is None:
            limit = self.unit.maximum if self.sense > 0 else self.unit.minimum
        written = self._measured(value)
        if value == limit:
            return written
        return self._say(f"bound.rank.{self.up}" if self.rank else f"bound.{self.up}", value=written)

    def _base(self, series: str | None = None) -> str:
        """The base with its period and status; the figure of a series with what its period covers."""
        row = self.row
        if row["base"] is None:
            written = self._say("the_base")
        else:
            written = self._with_status(self._placed(row["base"]), row["base_status"])
        return written if row["base_period"] is None else f"{written} {self._at(row['base_period'], series)}"

    # What the figures say of it.

    def _verdict(self) -> str:
        row, state = self.row, self.row["state"]
        if state == "cannot_be_judged":
            why, remedy = (self._in_language(phrase) for phrase in REASONS[row["reason"]])
            gap = self._gap()
            return (
                self._say(
                    state,
                    promise=self._promise(),
                    gap=f" ({gap})" if gap else "",
                    why=why.format(method=self._in_language(METHOD_LABELS[row["method"]])),
                    remedy=remedy,
                )
                + self._needed()
            )
        last = state in ("off_track", "moving_away") and row["needed_value"] is None
        gap, measure = self._gap(), self._measure()
        return "".join(
            (
                self._say(f"{state}.last" if last else state, promise=self._promise()),
                self._worse() if state == "moving_away" else "",
                f", {gap}" if gap else "",
                f" ({measure})" if measure else "",
                self._needed(),
            )
        )

    def _gap(self) -> str | None:
        """How far the value is from what is asked by now, or from the target; of what is reached, from the target."""
        row = self.row
        reached = row["state"] == "reached"
        if row["gap"] is None:
            return None
        path = None if reached or row["path_value"] == row["promised"] else row["path_value"]
        gap = self.sense * (row["value"] - row["promised"]) if reached else row["gap"]
        apart = self._computed(abs(gap))
        if reached and not apart:
            return None
        asked = self._say("target") if path is None else self._path(path)
        if not apart:
            return self._say("gap.none", ref=asked)
        if row["kind"] == "zero_left" and path is None:
            return self._say("gap.left", gap=self._difference(apart))
        way = "rank" if self.rank else self.up
        return self._say(f"gap.{way}.{'ahead' if gap > 0 else 'behind'}", gap=self._difference(apart), ref=asked)

    def _path(self, value: float) -> str:
        return self._say("path.rank" if self.rank else "path", value=self._measured(self._computed(value)))

    def _worse(self) -> str:
        row = self.row
        worse = row["base"] is not None and self.sense * (row["value"] - row["base"]) < 0
        # A promised change names its base already.
        return self._say("worse", base=self._base()) if worse and row["kind"] != "change_from_base" else ""

    def _measure(self) -> str | None:
        """The number that the method looks at: the way made, what is done, a growth, an index."""
        row = self.row
        if row["method"] == "trend":
            return None if row["pace_percent"] is None else self._growth(row["pace_percent"])
        if row["method"] == "current_status" and row["index"] is not None:
            return self._say("index", index=writing.number(writing.rounded(row["index"], 1), self.language))
        if row["method"] == "anticipated_progress" and row["projected_value"] is not None:
            return self._say("projected", value=self._measured(self._computed(row["projected_value"])))
        if row["done_percent"] is not None:
            done, whole = (writing.number(Decimal(str(row[name])), self.language) for name in ("done", "whole"))
            return self._say("done", done=done, whole=whole, percent=self._percent(row["done_percent"]))
        if row["progress_percent"] is not None and row["progress_percent"] >= 0:
            return self._say("progress", percent=self._percent(row["progress_percent"]))
        return None

    def _growth(self, percent: float) -> str:
        return self._say("growth.better" if percent >= 0 else "growth.worse", percent=self._percent(percent))

    def _needed(self) -> str:
        row = self.row
        if row["needed_value"] is None or row["needed_period"] is None:
            return ""
        better = ROUND_CEILING if self.sense > 0 else ROUND_FLOOR
        falling = self.sense < 0 and not self.rank
        held = "needed.held.rank" if self.rank else "needed.held"
        return self._say(
            held if row["state"] == "reached" else "needed.down" if falling else "needed",
            period=self._period(row["needed_period"]),
            bound=self._bound(self._computed(row["needed_value"], better)),
        )


class _TrendSentence(_Sentence):
    """The sentence of a trend, of which nothing was promised."""

    def _verdict(self) -> str:
        row, state = self.row, self.row["state"]
        if state == "cannot_be_judged":
            why, remedy = (self._in_language(phrase) for phrase in TREND_REASONS[row["reason"]])
            return self._trend(state, why=why, remedy=remedy)
        growth, base = row["growth_percent"], self._say("the_base.known", value=self._base(row["series"]))
        if growth is None:
            return self._trend("told", progress=self._trend(state), compared=self._trend("from", base=base))
        # At its natural limit a value that stays makes no progress, and there is none to be made.
        progress = "held" if state == "on_track" and growth == 0 else state
        compared = self._trend("growth", growth=self._growth(growth), base=base)
        return self._trend("told", progress=self._trend(progress), compared=compared)

    def _trend(self, phrase: str, **pieces: str) -> str:
        return self._in_language(TRENDS[phrase]).format(**pieces)


def _raised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _ordinal(value: Decimal) -> str:
    """`71st`, `1,012th`; a place between two has a decimal, `77.5`."""
    written = writing.number(value, "en")
    if value != value.to_integral_value():
        return written
    ending = {1: "st", 2: "nd", 3: "rd"}.get(int(value) % 10, "th")
    return written + ("th" if int(value) % 100 in (11, 12, 13) else ending)

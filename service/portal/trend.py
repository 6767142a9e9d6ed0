"""A small trend as a drawing: where its points, lines and labels stand. The template turns it into SVG.

A line joins two points only where the figures say so: never across a break, a missing figure or the new beginning of a
yearly accumulation, and dashed where periods between the two have no figure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any, ClassVar

from ingest import period
from ingest.period import Period
from service.writing import number

_WIDTH, _HEIGHT = 360, 140
_TOP, _RIGHT, _BOTTOM = 20, 16, 26
_LETTER = 6  # of a label, in the drawing's units
_FEWEST, _MOST_DOTS = 3, 60
_INTERVALS = 4


@dataclass(frozen=True, slots=True)
class Point:
    """One figure in the drawing; `official` is its status A."""

    x: float
    y: float
    label: str
    official: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A straight piece between two neighbouring figures; `dashed` where periods between them have none."""

    x1: float
    y1: float
    x2: float
    y2: float
    dashed: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A value on the vertical axis."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Trend:
    """The drawing; `left` is where its axis stands, `broken` says that some neighbours are not joined."""

    width: ClassVar[int] = _WIDTH
    height: ClassVar[int] = _HEIGHT
    left: float
    points: tuple[Point, ...]
    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    dots: bool
    broken: bool

    @property
    def dashed(self) -> bool:
        """Say whether some line is dashed."""
        return any(line.dashed for line in self.lines)

    @property
    def provisional(self) -> bool:
        """Say whether some figure is not official."""
        return not all(point.official for point in self.points)


def drawn(figures: Sequence[Mapping[str, Any]], *, rank: bool, language: str) -> Trend | None:
    """The drawing of one series' figures in order of time; None where fewer than three have a value.

    `rank` puts 1 at the top.
    """
    valued = [figure for figure in figures if figure["value"] is not None]
    if len(valued) < _FEWEST:
        return None
    values = _axis([figure["value"] for figure in valued], rank=rank)
    labels = [number(value, language) for value in values]
    left = 8.0 + _LETTER * max(map(len, labels))
    first, last = period.parse(valued[0]["period"]), period.parse(valued[-1]["period"])
    span = (last.start - first.start).total_seconds()

    def across(place: Period) -> float:
        return round(left + (_WIDTH - _RIGHT - left) * (place.start - first.start).total_seconds() / span, 1)

    def down(value: Decimal) -> float:
        share = float((value - values[0]) / (values[-1] - values[0]))
        return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (share if rank else 1 - share), 1)

    placed = {
        figure["period"]: Point(
            across(period.parse(figure["period"])),
            down(figure["value"]),
            number(figure["value"], language),
            figure["status"] == "A",
        )
        for figure in valued
    }
    pairs = list(pairwise(figures))
    joined = [(a, b) for a, b in pairs if _joined(a, b)]
    return Trend(
        left,
        tuple(placed.values()),
        tuple(_line(placed[a["period"]], placed[b["period"]], dashed=not _adjacent(a, b)) for a, b in joined),
        tuple(Tick(down(value), label) for value, label in zip(values, labels, strict=True)),
        dots=len(valued) <= _MOST_DOTS,
        broken=len(joined) < len(pairs),
    )


def _line(start: Point, end: Point, *, dashed: bool) -> Line:
    return Line(start.x, start.y, end.x, end.y, dashed)


def _joined(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    if earlier["value"] is None or later["value"] is None or later["status"] == "B":
        return False
    years = {period.parse(figure["period"]).start.year for figure in (earlier, later)}
    return later["accumulation"] != "YTD" or len(years) == 1


def _adjacent(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    return period.parse(earlier["period"]).end == period.parse(later["period"]).start


def _axis(values: Sequence[Decimal], *, rank: bool) -> list[Decimal]:
    """Round values, at most six, between which all values lie; a rank's begin at 1."""
    low, high = min(values), max(values)
    if rank:
        low = Decimal(1)
    step = _step((high - low) or abs(high) or Decimal(1))
    bottom = (low / step).to_integral_value(ROUND_FLOOR)
    top = max((high / step).to_integral_value(ROUND_CEILING), bottom + 1)
    marks = [step * place for place in range(int(bottom), int(top) + 1)]
    return [low, *marks[1:]] if rank else marks


def _step(span: Decimal) -> Decimal:
    power = Decimal(10) ** (span / _INTERVALS).adjusted()
    return next(step for times in (1, 2, 5, 10) if span / (step := times * power) <= _INTERVALS)

"""What a request wants computed from the figures: a lower frequency, a transform, gaps carried over."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Query

from service.archive import aggregation
from service.archive.aggregation import Aggregate
from service.archive.transforms import Transform
from service.asking import named_period
from service.problems import Problem

AggregateTo = Annotated[
    str | None,
    Query(
        alias="aggregate",
        description="a lower frequency (A, S, Q, M, W, D), by the indicator's own rule; before any transform",
    ),
]
Incomplete = Annotated[
    str | None,
    Query(
        description="flag: a lower period that lacks some parts is computed from those that are there, and says so;"
        " else it is missing"
    ),
]
TransformBy = Annotated[
    str | None,
    Query(
        alias="transform",
        description="lin, chg, ch1, pch, pc1, pca, cch, cca, log, index, ytd, cumulative, within, ma:N, share,"
        " contribution, rank, rank_dense: see docs/transforms.md",
        examples=["ch1"],
    ),
]
Base = Annotated[str | None, Query(description="the period that is 100 in transform=index, as 2010")]
Relative = Annotated[
    bool | None, Query(description="the change of a rate in percent of itself, and not in percentage points")
]
Fill = Annotated[
    str | None, Query(description="forward: the last figure is carried over a gap, marked as carried with status E")
]


@dataclass(frozen=True, slots=True)
class Computed:
    """What is to be computed from the figures before they are answered."""

    aggregate: Aggregate | None
    transform: Transform | None
    carried: bool


def computed(
    aggregate: AggregateTo = None,
    incomplete: Incomplete = None,
    transform: TransformBy = None,
    base: Base = None,
    relative: Relative = None,
    fill: Fill = None,
) -> Computed:
    """What the parameters want computed; those that say nothing without another are refused without it."""
    lower = None if aggregate is None else _one_of("aggregate", aggregate.upper(), aggregation.FREQUENCIES)
    if incomplete is not None:
        _one_of("incomplete", incomplete.lower(), ("flag",))
        if lower is None:
            raise _idle("incomplete", "aggregate")
    if transform is None:
        for name, value in (("base", base), ("relative", relative)):
            if value is not None:
                raise _idle(name, "transform")
    wanted = (
        None
        if transform is None
        else Transform.parse(transform, base=(base and named_period("base", base)) or None, relative=bool(relative))
    )
    if fill is not None:
        _one_of("fill", fill.lower(), ("forward",))
        if wanted:
            sentence = "“fill” goes without a transform: the change of a figure that was carried is no change."
            raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="fill")
    if wanted and wanted.name == "within" and lower:
        sentence = (
            "“within” takes apart what one publication said, so it goes without “aggregate”: ask for it by the"
            " frequency that was published."
        )
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter="aggregate")
    chosen = None if lower is None else Aggregate(lower, incomplete=incomplete is not None)
    return Computed(chosen, wanted, fill is not None)


Wanted = Annotated[Computed, Depends(computed)]


def _one_of(parameter: str, written: str, known: Sequence[str]) -> str:
    if written not in known:
        # A frequency is its first letter, and only a year is called otherwise elsewhere.
        letter = "A" if written.startswith("Y") else written[:1]
        near = [letter] if letter in known else list(known)
        guess = f" Did you mean {letter}?" if letter in known else ""
        sentence = f"“{written}” is no value of “{parameter}”.{guess} There are: {', '.join(known)}."
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter=parameter, nearest=near)
    return written


def _idle(parameter: str, without: str) -> Problem:
    sentence = f"“{parameter}” says nothing without “{without}”; add that, or leave it out."
    return Problem(HTTPStatus.BAD_REQUEST, "invalid-parameter", sentence, parameter=parameter)

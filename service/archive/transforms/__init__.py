"""Transforms: changes, indices, sums, averages, shares, ranks, computed from the points of one vintage.

The formulas are in docs/transforms.md. What is before a point is the period before it and not the row before it;
nothing is compared across a break; a point that cannot be computed is missing and says why, and a transform that has
no meaning for what a series measures is refused as a whole.

`words` are how a transform is asked for, `refusals` what has no meaning. Each of the others is a way to look at
points, as a statement around them: one before (`changes`), a base (`indices`), those up to it (`runs`), the whole
(`shares`), the others (`ranks`); the last two have points `beside` them. `missing` are the sentences.
"""

from datetime import date
from typing import Any

from service.archive.points import Statement
from service.archive.transforms import changes, indices, ranks, runs, shares
from service.archive.transforms.beside import beside
from service.archive.transforms.refusals import refuse
from service.archive.transforms.words import MEASURES, NAMES, RANKS, RELATIVE, NotATransform, Transform

__all__ = [
    "MEASURES",
    "NAMES",
    "RELATIVE",
    "NotATransform",
    "Transform",
    "beside",
    "refuse",
    "transformed",
]


def transformed(
    found: Statement, others: Statement | None, wanted: Transform, *, units_of: date | None = None
) -> Statement:
    """The points with their values transformed, each with the unit of measure that its value then has.

    `others` are the points of the series beside; `within` is made in `differences`, and not here. Ranks are among the
    reporting units that there were in the period itself, or on the day `units_of`.
    """
    name = wanted.name
    values: dict[str, Any] = {"transform": f"transform:{wanted}"}
    if others is not None:
        if name in RANKS:
            values |= {"units_of": units_of}
        return found.within_beside(others, _BESIDE[name], **values)
    if name == "ma":
        assert wanted.periods is not None  # noqa: S101 - `parse` sees to it
        return found.within(runs.moving_average(wanted.periods), **values)
    if name == "index":
        assert wanted.base is not None  # noqa: S101 - `parse` sees to it
        base = {"base": str(wanted.base), "base_start": wanted.base.start, "base_end": wanted.base.end}
        return found.within(indices.index(wanted.base), **values, **base)
    if name in RELATIVE:
        return found.within(_ALONE[name], **values, relative=wanted.relative)
    return found.within(_ALONE[name], **values)


_ALONE: dict[str, str] = {
    **changes.changes(),
    "log": changes.logarithm(),
    "ytd": runs.running("ytd"),
    "cumulative": runs.running("cumulative"),
}
_BESIDE: dict[str, str] = {
    "share": shares.share(),
    "contribution": shares.contribution(),
    "rank": ranks.rank("rank"),
    "rank_dense": ranks.rank("dense_rank"),
}

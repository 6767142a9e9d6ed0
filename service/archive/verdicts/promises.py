"""What was promised and what was found, one row for each target and reporting unit, as vectors."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from service.archive.verdicts.states import Codes, Numbers, words

Flags = npt.NDArray[np.bool_]


class Kind(IntEnum):
    """What a promise says; `none` where there is no target, only a trend."""

    AT_LEAST = 0
    AT_MOST = 1
    CHANGE_FROM_BASE = 2
    TOP_N = 3
    ZERO_LEFT = 4
    YES_ALL = 5
    PATH = 6
    NONE = 7


FLAGS = ("over", "rank", "broken")
NUMBERS = (
    "sense",
    "promised",
    "base",
    "base_time",
    "value",
    "value_time",
    "due_time",
    "step",
    "minimum",
    "maximum",
    "field",
    "points",
    "change",
    "path_from_time",
    "path_from_value",
    "path_to_time",
    "path_to_value",
)
INPUT_COLUMNS = ("kind", *NUMBERS, *FLAGS)
HISTORY_COLUMNS = ("row", "time", "value")


@dataclass(frozen=True)
class Promises:
    """The vectors of INPUT_COLUMNS, and what follows from them alone.

    `direction` is +1 where more is wanted, -1 where less is, 0 where nobody says. The kind says it first: a promise of
    at most 5 is kept by 4, whatever the indicator's own sense. A promised change has the sign of the wanted direction.

    A path without a base begins where its segment begins. A rank has the limits of its field, what is left ends at 0.
    """

    kind: Codes
    direction: Numbers
    promised: Numbers
    base: Numbers
    base_time: Numbers
    value: Numbers
    value_time: Numbers
    due_time: Numbers
    step: Numbers
    minimum: Numbers
    maximum: Numbers
    field: Numbers
    points: Numbers
    path_from_time: Numbers
    path_from_value: Numbers
    path_to_time: Numbers
    path_to_value: Numbers
    over: Flags
    rank: Flags
    broken: Flags

    @classmethod
    def of(cls, inputs: pd.DataFrame) -> "Promises":
        """The vectors of a frame with INPUT_COLUMNS.

        Raises ValueError at a kind that is none.
        """
        numbers = {name: inputs[name].to_numpy(dtype=np.float64) for name in NUMBERS}
        flags = {name: inputs[name].to_numpy(dtype=np.bool_) for name in FLAGS}
        kind = _kinds(inputs["kind"])
        sense, change = numbers.pop("sense"), numbers.pop("change")
        segment_sense = np.sign(numbers["path_to_value"] - numbers["path_from_value"])
        said = np.select(
            [
                (kind == Kind.AT_LEAST) | (kind == Kind.YES_ALL),
                (kind == Kind.AT_MOST) | (kind == Kind.TOP_N) | (kind == Kind.ZERO_LEFT),
                kind == Kind.CHANGE_FROM_BASE,
            ],
            [1.0, -1.0, np.nan_to_num(np.sign(change))],
            0.0,
        )
        direction = np.where(said != 0, said, np.nan_to_num(np.sign(sense)))
        direction = np.where((direction == 0) & (kind == Kind.PATH), np.nan_to_num(segment_sense), direction)

        baseless = (kind == Kind.PATH) & np.isnan(numbers["base"])
        numbers["base"] = np.where(baseless, numbers["path_from_value"], numbers["base"])
        numbers["base_time"] = np.where(baseless, numbers["path_from_time"], numbers["base_time"])
        numbers["points"] = numbers["points"] + (baseless & (numbers["path_from_time"] < numbers["value_time"]))

        lowest = np.where(flags["rank"], 1.0, np.where(kind == Kind.ZERO_LEFT, 0.0, -np.inf))
        highest = np.where(flags["rank"], numbers["field"], np.inf)
        numbers["minimum"] = np.fmax(numbers["minimum"], lowest)
        numbers["maximum"] = np.fmin(numbers["maximum"], highest)
        return cls(kind=kind, direction=direction, **numbers, **flags)

    def reached(self) -> Flags:
        """Whether the value keeps the promise."""
        short = self.direction * (self.promised - self.value)
        return (self.kind != Kind.NONE) & (self.direction != 0) & (short <= 1e-12 * np.abs(self.promised))

    def within_limits(self, figure: Numbers) -> Numbers:
        """A figure brought back to the natural limits; NaN stays NaN."""
        return np.where(np.isnan(figure), np.nan, np.fmin(np.fmax(figure, self.minimum), self.maximum))


def _kinds(kind: pd.Series) -> Codes:
    codes = pd.Index(words(Kind)).get_indexer(pd.Index(kind)).astype(np.int8)
    if (codes < 0).any():
        unknown = kind[codes < 0].iloc[0]
        raise ValueError(f"{unknown!r} is no kind of promise: {', '.join(words(Kind))}.")
    return codes

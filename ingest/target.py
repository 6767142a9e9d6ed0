"""What was promised: the target (chỉ tiêu kế hoạch), in the words of its document.

A promise is known by its plan, its indicator, whom it binds and its period. Another document may change it: that is
another row with a later `published_on`, and what was promised before stays what was promised then.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal

from ingest.deadline import last_day
from ingest.indicator import ONLY_KNOWN_KEYS, Direction
from ingest.period import parse

# `top_n` is a place among the first N, `zero_left` a backlog that is gone, `yes_all` all of them (100 %, or how many
# they are), `change_from_base` a difference with the sign of the wanted direction (-5: five places up), `path` a
# milestone: the promised way runs from the base through the milestones of the same plan, indicator and scope.
TargetKind = Literal["at_least", "at_most", "change_from_base", "top_n", "zero_left", "yes_all", "path"]


@dataclass(frozen=True, slots=True)
class Target:
    """The value promised for a period, as one document has it.

    `scope` is the code of a reporting unit or a level: every unit of that level promises it. `deadline` is how the
    document writes it (`trước tháng 12/2024`); `period` then is the last day that is in time, or the period whose end
    that is. `published_on` is the first day on which the promise stood; without it, it stood since before our records.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = ONLY_KNOWN_KEYS
    plan: str
    indicator: str
    scope: str
    period: str
    kind: TargetKind
    value: Decimal
    document: str
    deadline: str | None = None
    base_period: str | None = None
    base_value: Decimal | None = None
    published_on: date | None = None
    words: str | None = None
    note: str | None = None

    @property
    def last_day(self) -> date:
        """The last day that is in time. Raises NotADeadline, or NotAPeriod, where the text is none."""
        return last_day(self.deadline) if self.deadline else parse(self.period).last_day


def sense(kind: str, value: Decimal, direction: Direction) -> int:
    """Whether a promise is kept from its value upwards (1) or downwards (-1)."""
    match kind:
        case "at_least" | "yes_all":
            return 1
        case "at_most" | "top_n" | "zero_left":
            return -1
        case "change_from_base":
            return 1 if value >= 0 else -1
        case _:
            return -1 if direction == "down" else 1

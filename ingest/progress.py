"""How far the work on one submission has got, for whoever waits for it.

Ambient, like a log: readers, rules and the ledger say where they are, and nobody's answer depends on who listens.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

Stage: TypeAlias = Literal["reading", "checking", "comparing", "storing"]
# What each stage counts.
COUNTED: Final[dict[Stage, str]] = {
    "reading": "bytes",
    "checking": "rules",
    "comparing": "figures",
    "storing": "figures",
}
Listener: TypeAlias = Callable[[Stage, int, int], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a submission has got: `done` of `total`, in what the stage counts (COUNTED)."""

    stage: Stage
    done: int
    total: int | None
    at: datetime


_listeners: ContextVar[tuple[Listener, ...]] = ContextVar("listeners", default=())


def tell(stage: Stage, done: int, total: int) -> None:
    """Say that `done` of `total` is behind us."""
    for listener in _listeners.get():
        listener(stage, done, total)


@contextmanager
def heard_by(listener: Listener) -> Generator[None]:
    """Let the listener hear what is told in this block, beside those who listen already."""
    before = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(before)

"""What every command does in the same way: say something, show that it works, reach the database, know who types."""

import getpass
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from sqlalchemy import Engine

from ingest import authority, progress
from ingest.authority import Actor
from service import settings, startup

_WORTH_A_LINE_SECONDS = 1
_WORTH_LINES_BYTES = 2**20

out = Console()
err = Console(stderr=True)


def typist() -> Actor:
    """Who types on this machine, and so may whatever a program here may."""
    return authority.program(getpass.getuser(), "command line")


@contextmanager
def prepared() -> Generator[Engine]:
    """The database of this home, brought to this version."""
    with startup.opened(settings.read(), alone=False) as engine:
        startup.prepare(engine, tell=lambda _: None)
        yield engine


@contextmanager
def status(first: str) -> Generator[startup.Tell]:
    """A line on the terminal that says what is going on, until it is told nothing more."""
    with err.status(first) as shown:

        def tell(sentence: str) -> None:
            if sentence:
                shown.update(sentence)
            else:
                shown.stop()

        yield tell


@contextmanager
def progress_shown() -> Generator[None]:
    """How far the work in this block is: a bar on a terminal, else a line where a stage begins; always on stderr."""
    if not err.is_terminal:
        with progress.heard_by(_lines()):
            yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), _Done(), _Speed(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=err, transient=True) as shown, progress.heard_by(_bars(shown)):
        yield


def _bars(shown: Progress) -> progress.Listener:
    tasks: dict[progress.Stage, TaskID] = {}

    def tell(stage: progress.Stage, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = shown.add_task(stage.capitalize(), counted=progress.COUNTED[stage])
        shown.update(tasks[stage], completed=done, total=total)

    return tell


def _lines() -> progress.Listener:
    begun: dict[progress.Stage, float] = {}
    long = False  # nobody wants to read of a small file that it was read

    def tell(stage: progress.Stage, done: int, total: int) -> None:
        nonlocal long
        counted = progress.COUNTED[stage]
        long = long or (counted == "bytes" and total >= _WORTH_LINES_BYTES)
        if not long:
            return
        if stage not in begun:
            begun[stage] = monotonic()
            err.print(f"{stage.capitalize()} {total:,} {counted}", highlight=False)
        elif done == total and (took := monotonic() - begun[stage]) >= _WORTH_A_LINE_SECONDS:
            err.print(f"{stage.capitalize()} took {took:.1f} s", highlight=False)

    return tell


class _Done(ProgressColumn):
    """What is done, in what the stage counts."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes, self._others = DownloadColumn(), MofNCompleteColumn()

    def render(self, task: Task) -> Text:
        if task.fields["counted"] == "bytes":
            return self._bytes.render(task)
        return self._others.render(task).append(f" {task.fields['counted']}")


class _Speed(ProgressColumn):
    """How much a second is done."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        if not speed or task.fields["counted"] == "rules":
            return Text("")
        return Text(f"{speed / 1e6:,.1f} MB/s" if task.fields["counted"] == "bytes" else f"{speed:,.0f}/s")

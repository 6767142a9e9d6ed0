"""The worker in the foreground: for a machine that does the background work of services elsewhere."""

from threading import Event

import typer

from service import logs, settings, worker
from service.commands.terminal import out, prepared

program = typer.Typer()


@program.command("worker")
def work() -> None:
    """Do what is to be done in the background, and send the reminders. `chiso serve` does so too."""
    with prepared() as engine, worker.running(engine, settings.read()):
        out.print("The worker is ready. Ctrl-C stops it.", highlight=False)
        logs.configure()
        Event().wait()

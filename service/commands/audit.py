"""The audit at the command line: is the chain of what was done still whole?"""

import re
from typing import Annotated

import typer
from rich.progress import Progress

from ingest import audit
from service import database
from service.commands.terminal import err, out, prepared

program = typer.Typer(help="The audit: who did what, in a chain that shows alterations.", no_args_is_help=True)


def _hash(written: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", written.lower()):
        raise typer.BadParameter("a hash is 64 hexadecimal digits, as `chiso audit verify` prints them.")
    return written.lower()


@program.callback()
def group() -> None:
    """Make `verify` a command of its own, although it is the only one."""


@program.command()
def verify(
    head: Annotated[str | None, typer.Option(help="a hash that was noted down earlier", parser=_hash)] = None,
) -> None:
    """Say whether the chain is whole, and name the first broken link; with --head also whether it still holds that."""
    with prepared() as engine, database.reading(engine) as connection:
        with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
            task = progress.add_task("Verifying")
            found = audit.verify(connection, tell=lambda done, of: progress.update(task, completed=done, total=of))
        place = audit.place(connection, head) if head else None
    out.print(f"{found.count} links, head {found.head}", highlight=False, soft_wrap=True)
    faults = [str(found.broken)] if found.broken else []
    if head and place is None:
        faults.append(f"No link has the hash {head}: what was done up to then was rewritten, or cut off.")
    for sentence in faults:
        err.print(sentence, style="red", highlight=False, soft_wrap=True)
    if faults:
        raise SystemExit(1)
    if head:
        out.print(f"The chain is whole; the hash noted earlier is that of link {place}.", highlight=False)
    else:
        out.print("The chain is whole. Note its head down elsewhere: with --head a later run shows whether the chain")
        out.print("still holds it. Nothing else shows a chain that somebody computed anew.")

"""The commands for tokens of machines."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from ingest.period import LOCAL_ZONE, now
from service import database
from service.commands.terminal import out, prepared, typist
from service.identity import grants, tokens

program = typer.Typer(help="Tokens of machines that send figures.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="the name of the token; the machine signs as machine:NAME")]


@program.command()
def create(
    name: Name,
    reporting_unit: Annotated[str, typer.Option(help="for whom the machine sends: code or name")],
    dataset: Annotated[str, typer.Option(help="the code of the dataset that it sends")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="how long it holds")] = 365,
) -> None:
    """Make a token, and show it this once."""
    moment = now()
    with prepared() as engine, database.writing(engine) as connection:
        day = moment.astimezone(LOCAL_ZONE).date()
        right = grants.settled(connection, "machine", reporting_unit, dataset, on=day)
        token = tokens.create(connection, name, right, days=days, by=typist(), now=moment)
    out.print(token, highlight=False, markup=False, soft_wrap=True)


@program.command("list")
def listed() -> None:
    """Show every token with what it is for and when it was used last; never its secret."""
    moment = now()
    with prepared() as engine, database.reading(engine) as connection:
        known = tokens.listed(connection)
    table = Table("id", "name", "for", "made", "expires", "last used", "state")
    for each in known:
        table.add_row(
            each.id,
            each.name,
            grants.words(each.grant),
            f"{_written(each.created_at)} by {each.created_by}",
            _written(each.expires_at),
            _written(each.last_used_at),
            each.refusal(moment) or "open",
        )
    out.print(table)


@program.command()
def revoke(name: Name) -> None:
    """Let a token open nothing from now on."""
    with prepared() as engine, database.writing(engine) as connection:
        tokens.revoke(connection, name, by=typist(), now=now())
    out.print(f"The token {name} is revoked.", highlight=False)


def _written(moment: datetime | None) -> str:
    return f"{moment.astimezone(LOCAL_ZONE):%Y-%m-%d}" if moment else "never"

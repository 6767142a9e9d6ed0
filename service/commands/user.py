"""The commands for accounts of people: who there is, what they may do, and the way back in for a forgotten secret."""

from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import Connection

from ingest.authority import Grant
from ingest.period import LOCAL_ZONE, now
from service import database
from service.commands.terminal import out, prepared, typist
from service.identity import accounts, credentials, grants

program = typer.Typer(help="Accounts of people and what they may do.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="the name of the account")]
Role = Annotated[str, typer.Option(help="reporter, reviewer, publisher, administrator or operator")]
Unit = Annotated[str | None, typer.Option(help="only for this reporting unit and what it came from; code or name")]
Dataset = Annotated[str | None, typer.Option(help="only for the dataset of this code")]


@program.command()
def add(
    name: Name,
    email: Annotated[str | None, typer.Option(help="by which the OpenID provider knows the person")] = None,
    role: Annotated[str | None, typer.Option(help="a first right; `chiso user grant` gives more")] = None,
    reporting_unit: Unit = None,
    dataset: Dataset = None,
    only_oidc: Annotated[
        bool, typer.Option("--only-oidc", help="give no secret: the person comes by the OpenID provider")
    ] = False,
) -> None:
    """Make an account, and show its first secret this once."""
    if role is None and (reporting_unit or dataset):
        raise accounts.Refused("A reporting unit and a dataset are what a role is for; name it with --role.")
    with prepared() as engine, database.writing(engine) as connection:
        first = [] if role is None else [_right(connection, role, reporting_unit, dataset)]
        secret = accounts.add(connection, name, *first, email=email, with_secret=not only_oidc, by=typist())
    if secret:
        _show(secret)


@program.command()
def grant(name: Name, role: Role, reporting_unit: Unit = None, dataset: Dataset = None) -> None:
    """Give an account a role, for a reporting unit and a dataset where they are named."""
    with prepared() as engine, database.writing(engine) as connection:
        right = _right(connection, role, reporting_unit, dataset)
        accounts.grant(connection, name, right, by=typist())
    out.print(f"{name} is {grants.words(right)}.", highlight=False)


@program.command()
def revoke(name: Name, role: Role, reporting_unit: Unit = None, dataset: Dataset = None) -> None:
    """Take from an account a role that it was granted, named as it was granted."""
    with prepared() as engine, database.writing(engine) as connection:
        right = _right(connection, role, reporting_unit, dataset)
        accounts.revoke(connection, name, right, by=typist())
    out.print(f"{name} is not {grants.words(right)} any more.", highlight=False)


@program.command("list")
def listed() -> None:
    """Show every account with what it may do and how it signs in."""
    with prepared() as engine, database.reading(engine) as connection:
        known = accounts.listed(connection)
    table = Table("name", "may", "signs in by", "mail", "state")
    for each in known:
        ways = [("secret", each.secret_hash), ("OpenID", each.oidc_subject)]
        table.add_row(
            each.name,
            "\n".join(map(grants.words, each.grants)) or "nothing",
            ", ".join(way for way, there in ways if there) or "OpenID, not yet",
            each.email or "",
            f"disabled {each.disabled_at.astimezone(LOCAL_ZONE):%Y-%m-%d}" if each.disabled_at else "open",
        )
    out.print(table)


@program.command()
def disable(name: Name) -> None:
    """Close an account and end its sessions; what it signed stays."""
    with prepared() as engine, database.writing(engine) as connection:
        accounts.disable(connection, name, by=typist(), now=now())
    out.print(f"{name} is disabled.", highlight=False)


@program.command()
def enable(name: Name) -> None:
    """Open a closed account again, with the rights that it had."""
    with prepared() as engine, database.writing(engine) as connection:
        accounts.enable(connection, name, by=typist())
    out.print(f"{name} is open again.", highlight=False)


@program.command()
def secret(name: Name = accounts.ADMINISTRATOR) -> None:
    """Give an account a new secret, show it this once, and end its sessions."""
    with prepared() as engine, database.writing(engine) as connection:
        new = credentials.new_secret(connection, name, by=typist())
    _show(new)


def _right(connection: Connection, role: str, reporting_unit: str | None, dataset: str | None) -> Grant:
    return grants.settled(connection, role, reporting_unit, dataset, on=now().astimezone(LOCAL_ZONE).date())


def _show(secret: str) -> None:
    out.print(secret, highlight=False, markup=False, soft_wrap=True)

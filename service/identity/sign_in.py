"""Signing in by name and secret, and how often one may fail at it.

Failures are counted in the database, so the limits hold across processes and restarts. A request that was refused for
its number of failures is none of them: a program that goes on knocking does not lock the account for ever.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from math import ceil

from sqlalchemy import Connection, Engine, text

from service import database
from service.identity import accounts, hashes
from service.identity.accounts import Account
from service.problems import Problem

WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 30  # an office is many people behind one address


def by_secret(engine: Engine, name: str, secret: str, *, address: str, now: datetime) -> Account:
    """The open account whose name and secret these are.

    It opens its own transactions: a failure is kept although the request fails. Raises a 401 problem for a wrong name
    or secret and for a disabled account, and a 429 problem, for a right secret too, after too many failures.
    """
    with database.reading(engine) as connection:
        _refuse_many_failures(connection, name, address, now)
        account = accounts.find(connection, name)
    if not hashes.fits(secret, account and account.secret_hash) or account is None:
        with database.writing(engine) as connection:
            _record_failure(connection, name, address, now)
        raise Problem(HTTPStatus.UNAUTHORIZED, "wrong-secret", "There is no account with this name and secret.")
    with database.reading(engine) as connection:
        # Many guesses at once all begin below the limit; what comes after the others failed learns nothing.
        _refuse_many_failures(connection, name, address, now)
    if account.disabled_at:
        sentence = f"The account {name} is disabled; ask an administrator."
        raise Problem(HTTPStatus.UNAUTHORIZED, "account-disabled", sentence)
    if hashes.is_outdated(account.secret_hash or ""):
        with database.writing(engine) as connection:
            accounts.keep_secret(connection, account, secret)
    return account


def forget_failures(connection: Connection, name: str) -> None:
    """Let the account be signed in to again at once: its secret is another now."""
    connection.execute(text("delete from sign_in_attempt where name_hash = :name"), {"name": hashes.sha256(name)})


def _refuse_many_failures(connection: Connection, name: str, address: str, now: datetime) -> None:
    # The failure that fills a limit; when it is old enough, there is room for one more.
    filled = connection.execute(
        text(
            "select max(at) from ("
            " (select at from sign_in_attempt where name_hash = :name and at > :since"
            " order by at desc offset :per_account limit 1)"
            " union all"
            " (select at from sign_in_attempt where address = :address and at > :since"
            " order by at desc offset :per_address limit 1)"
            ") as filling"
        ),
        {
            "name": hashes.sha256(name),
            "address": address,
            "since": now - WINDOW,
            "per_account": FAILURES_PER_ACCOUNT - 1,
            "per_address": FAILURES_PER_ADDRESS - 1,
        },
    ).scalar()
    if filled is None:
        return
    wait_seconds = ceil((filled + WINDOW - now).total_seconds())
    problem = Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many-failures",
        f"Signing in failed too often for this name or from this address. Try again in {ceil(wait_seconds / 60)}"
        " minutes; whoever runs the service gives a new secret with `chiso user secret NAME`.",
        retry_after_seconds=wait_seconds,
    )
    problem.headers["Retry-After"] = str(wait_seconds)
    raise problem


def _record_failure(connection: Connection, name: str, address: str, now: datetime) -> None:
    connection.execute(text("delete from sign_in_attempt where at <= :since"), {"since": now - WINDOW})
    connection.execute(
        text("insert into sign_in_attempt values (:now, :name, :address)"),
        {"now": now, "name": hashes.sha256(name), "address": address},
    )

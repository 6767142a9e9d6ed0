"""Accounts of people: who they are and what they were granted. Every change is in the audit, and no secret is.

An account is never removed, because what it signed stays; it is disabled.
"""

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from ingest import audit, authority
from ingest.authority import Actor, Grant
from ingest.instructions import UnknownName
from ingest.spelling import nearest
from service.identity import grants, hashes, sessions

ADMINISTRATOR = "admin"
SHORTEST_SECRET = 12  # characters; NIST SP 800-63B asks for length, and forbids rules of composition

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_RESERVED = ("public", "chiso")
_SELECT = """
select name, email, secret_hash, oidc_subject, disabled_at,
    coalesce((
        select jsonb_agg(
            jsonb_build_object('role', role, 'reporting_unit', reporting_unit, 'dataset', dataset)
            order by role, reporting_unit, dataset)
        from account_grant where account = account.name), '[]') as grants
from account
"""


class Refused(Exception):
    """What was asked of an account or a token cannot be; the sentence says why, and what can."""


@dataclass(frozen=True, slots=True)
class Account:
    """One person. Without `secret_hash` they come only by the provider, and `oidc_subject` is who they are there."""

    name: str
    email: str | None
    secret_hash: str | None = field(repr=False)
    oidc_subject: str | None
    disabled_at: datetime | None
    grants: tuple[Grant, ...]

    def actor(self, origin: str) -> Actor:
        """The person as one who acts from this address."""
        return Actor(self.name, self.grants, origin)


def find(connection: Connection, name: str) -> Account | None:
    """The account of that name, disabled or not."""
    # What can be no name is not asked for: it may hold what no database takes.
    return _one(connection, "name = :name", name=name) if _NAME.fullmatch(name) else None


def get(connection: Connection, name: str) -> Account:
    """The account of that name.

    Raises UnknownName with the nearest.
    """
    found = find(connection, name)
    if found is None:
        raise UnknownName("account", name, nearest(name, connection.scalars(text("select name from account"))))
    return found


def listed(connection: Connection) -> list[Account]:
    """All accounts by name."""
    return [_account(row) for row in connection.execute(text(f"{_SELECT} order by name")).mappings()]


def of_provider(connection: Connection, subject: str, email: str | None, *, by: Actor) -> Account | None:
    """The account of whom the provider means: by its own name for them, the first time by their verified address.

    From then on the account is that subject's, and the address opens it to nobody else.
    """
    found = _one(connection, "oidc_subject = :subject", subject=subject)
    if found or email is None:
        return found
    name = connection.execute(
        text(
            "update account set oidc_subject = :subject"
            " where lower(email) = lower(:email) and oidc_subject is null and disabled_at is null returning name"
        ),
        {"subject": subject, "email": email},
    ).scalar()
    if name is None:
        return _one(connection, "lower(email) = lower(:email) and oidc_subject is null", email=email)
    audit.record(connection, by, "link", f"account {name}", after={"issuer": subject.partition(" ")[0]})
    return get(connection, name)


def add(
    connection: Connection,
    name: str,
    *granted: Grant,
    email: str | None = None,
    with_secret: bool = True,
    by: Actor,
) -> str | None:
    """Make an account and return its first secret, which is kept nowhere; None where the person comes by the provider.

    Raises Refused.
    """
    authority.refuse_others(by, "change", "account")
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise Refused(
            f"“{name}” cannot be the name of an account: small letters, digits and . _ @ -, at most 64, and none of"
            f" {', '.join(_RESERVED)}."
        )
    if email is not None and not _EMAIL.fullmatch(email):
        raise Refused(f"“{email}” is no address of mail.")
    if find(connection, name):
        raise Refused(f"There is an account {name} already; `chiso user grant` gives it more rights.")
    if email and _one(connection, "lower(email) = lower(:email)", email=email):
        raise Refused(f"{email} is the address of another account.")
    if email is None and not with_secret:
        raise Refused(f"{name} could never sign in: the provider is asked for the address, so give --email.")
    secret = hashes.made_up() if with_secret else None
    connection.execute(
        text("insert into account (name, email, secret_hash) values (:name, :email, :hash)"),
        {"name": name, "email": email, "hash": secret and hashes.argon2id(secret)},
    )
    # The address is left out: what was done is understood without it.
    audit.record(connection, by, "add", f"account {name}", after={"secret": with_secret})
    for each in granted:
        grant(connection, name, each, by=by)
    return secret


def grant(connection: Connection, name: str, right: Grant, *, by: Actor) -> None:
    """Give the account this right.

    Raises Refused where it has it, or where nobody can.
    """
    authority.refuse_others(by, "change", "account")
    account = get(connection, name)
    if right.role in ("public", "machine"):
        raise Refused(
            f"{right.role} is no role of a person."
            + (" `chiso token create` makes a token for a machine." if right.role == "machine" else "")
        )
    if right.role in ("administrator", "operator") and (right.reporting_unit or right.dataset):
        raise Refused(f"{right.role} is a role for the whole service; leave out the reporting unit and the dataset.")
    if right in account.grants:
        raise Refused(f"{name} is {grants.words(right)} already.")
    _write(connection, "insert into account_grant values (:account, :role, :reporting_unit, :dataset)", account, right)
    _record(connection, "grant", account, (*account.grants, right), by=by)


def revoke(connection: Connection, name: str, right: Grant, *, by: Actor) -> None:
    """Take this right from the account.

    Raises Refused, with what the account has, where it has it not.
    """
    authority.refuse_others(by, "change", "account")
    account = get(connection, name)
    if right not in account.grants:
        has = "; ".join(map(grants.words, account.grants)) or "nothing"
        raise Refused(f"{name} is not {grants.words(right)}, but {has}.")
    _write(
        connection,
        "delete from account_grant where account = :account and role = :role"
        " and reporting_unit is not distinct from :reporting_unit and dataset is not distinct from :dataset",
        account,
        right,
    )
    _record(connection, "revoke", account, tuple(each for each in account.grants if each != right), by=by)


def disable(connection: Connection, name: str, *, by: Actor, now: datetime) -> None:
    """Close the account and end its sessions; what it signed stays.

    Raises Refused where it is closed.
    """
    authority.refuse_others(by, "change", "account")
    account = get(connection, name)
    if account.disabled_at:
        raise Refused(f"{name} is disabled already.")
    _disabled(connection, account, now, by=by)
    sessions.end_all(connection, name)


def enable(connection: Connection, name: str, *, by: Actor) -> None:
    """Open a closed account again.

    Raises Refused where it is open.
    """
    authority.refuse_others(by, "change", "account")
    account = get(connection, name)
    if not account.disabled_at:
        raise Refused(f"{name} is not disabled.")
    _disabled(connection, account, None, by=by)


def new_secret(connection: Connection, name: str, *, by: Actor) -> str:
    """Give the account a secret that is kept nowhere but in the answer, and end its sessions."""
    authority.refuse_others(by, "change", "account")
    secret = hashes.made_up()
    keep_secret(connection, get(connection, name), secret)
    sessions.end_all(connection, name)
    audit.record(connection, by, "new secret", f"account {name}")
    return secret


def change_secret(connection: Connection, account: Account, secret: str, *, session: str | None, by: Actor) -> None:
    """Keep the secret that the person chose, and end their sessions but this one.

    Raises Refused for one that is too short, too long, or the name.
    """
    length = len(hashes.normal(secret))
    if not SHORTEST_SECRET <= length <= hashes.LONGEST:
        raise Refused(
            f"The new secret has {length} characters; it must have {SHORTEST_SECRET} to {hashes.LONGEST}."
            " Several words are easy to remember; nothing more is asked of them."
        )
    if secret.casefold() in (account.name, (account.email or "").casefold()):
        raise Refused("The new secret is the name of the account; choose one that others do not know.")
    keep_secret(connection, account, secret)
    sessions.end_all(connection, account.name, but=session)
    audit.record(connection, by, "new secret", f"account {account.name}")


def keep_secret(connection: Connection, account: Account, secret: str) -> None:
    """Keep the secret, hashed with the parameters of the day."""
    connection.execute(
        text("update account set secret_hash = :hash where name = :name"),
        {"name": account.name, "hash": hashes.argon2id(secret)},
    )


def _write(connection: Connection, statement: str, account: Account, right: Grant) -> None:
    connection.execute(text(statement), {"account": account.name, **asdict(right)})


def _record(connection: Connection, act: str, account: Account, now_held: tuple[Grant, ...], *, by: Actor) -> None:
    before, after = ({"grants": [grants.words(each) for each in held]} for held in (account.grants, now_held))
    audit.record(connection, by, act, f"account {account.name}", before=before, after=after)


def _disabled(connection: Connection, account: Account, at: datetime | None, *, by: Actor) -> None:
    connection.execute(
        text("update account set disabled_at = :at where name = :name"), {"at": at, "name": account.name}
    )
    audit.record(
        connection,
        by,
        "disable" if at else "enable",
        f"account {account.name}",
        before={"disabled_at": account.disabled_at},
        after={"disabled_at": at},
    )


def _one(connection: Connection, condition: str, **asked: str) -> Account | None:
    row = connection.execute(text(f"{_SELECT} where {condition}"), asked).mappings().one_or_none()
    return None if row is None else _account(row)


def _account(row: RowMapping) -> Account:
    facts: dict[str, Any] = {**row, "grants": tuple(Grant(**each) for each in row["grants"])}
    return Account(**facts)

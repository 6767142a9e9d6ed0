"""Who may do what: the roles, what each is bound to, and one matrix of objects, actions and roles.

A grant gives a role for a reporting unit and a dataset. Who holds it for a unit holds it for the units below (the
nation is above every ministry and province) and for those it came from: after a merger the new province answers for
what the old ones still owe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from ingest.catalogue import Catalogue

Role = Literal["public", "reporter", "reviewer", "publisher", "administrator", "operator", "machine"]
ROLES: tuple[Role, ...] = get_args(Role)


def _roles(*names: Role) -> frozenset[Role]:
    return frozenset(names)


_EVERYBODY = frozenset(ROLES)
_SENDERS = _roles("reporter", "machine")
_CONCERNED = _roles("reporter", "machine", "reviewer", "publisher", "administrator", "operator")

# Object, action, and who may. What a submission's state allows beside that is the table of acts in `ingest.case`.
MATRIX: Mapping[str, Mapping[str, frozenset[Role]]] = {
    "figures": {"read": _EVERYBODY},
    "obligation": {"read": _EVERYBODY, "extend": _roles("publisher", "administrator")},
    "compliance": {"read": _EVERYBODY},
    "submission": {
        "read": _CONCERNED,
        "receive": _SENDERS,
        "examine": _SENDERS,
        "submit": _SENDERS,
        "take_up": _roles("reviewer"),
        "accept": _roles("reviewer"),
        "return": _roles("reviewer", "publisher"),
        "publish": _roles("publisher"),
        "take_back": _SENDERS,
        "withdraw": _roles("publisher"),
    },
    # A dataset that nobody reviews and nobody owes: figures that we collect from documents.
    "collection": {"receive": _roles("publisher")},
    "evidence": {"read": _CONCERNED, "attach": _SENDERS},
    "audit": {"read": _roles("administrator", "operator"), "verify": _roles("administrator", "operator")},
    "account": {"read": _roles("administrator"), "change": _roles("administrator")},
    "token": {"read": _roles("administrator"), "change": _roles("administrator")},
    "snapshot": {"read": _EVERYBODY, "freeze": _CONCERNED},
}


class NotYours(Exception):
    """Who asks may not do this."""

    def __init__(self, sentence: str) -> None:
        """Say what is not theirs, and whose it is."""
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, for a reporting unit (None: whatever unit) and a dataset (None: whatever dataset)."""

    role: Role
    reporting_unit: str | None = None
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, a machine, a program or the public; with what right, and from where."""

    name: str
    grants: tuple[Grant, ...] = ()
    origin: str | None = None  # the address that the request came from, or the program

    def __str__(self) -> str:
        """The name as it is kept with what was done."""
        return self.name


PUBLIC = Actor("public")


def program(name: str, origin: str) -> Actor:
    """Who acts at the command line of the machine itself, and may there whatever a person or a machine may."""
    return Actor(name, tuple(Grant(role) for role in ROLES if role != "public"), origin)


def may(
    actor: Actor,
    action: str,
    thing: str,
    catalogue: Catalogue,
    *,
    reporting_unit: str | None = None,
    dataset: str | None = None,
) -> bool:
    """Say whether the actor may do this to an object about this reporting unit and of this dataset.

    An object about no single unit, or of no dataset, asks for a grant that is as wide.
    """
    roles = MATRIX[thing][action]
    return "public" in roles or any(
        grant.role in roles and reaches(grant, catalogue, reporting_unit=reporting_unit, dataset=dataset)
        for grant in actor.grants
    )


def reaches(grant: Grant, catalogue: Catalogue, *, reporting_unit: str | None, dataset: str | None) -> bool:
    """Say whether the grant holds for this reporting unit and dataset."""
    return grant.dataset in (None, dataset) and (
        grant.reporting_unit is None or reporting_unit in answers_for(grant.reporting_unit, catalogue)
    )


def refuse_others(actor: Actor, action: str, thing: str) -> None:
    """Refuse who has no role for this: what is about no unit and of no dataset is asked of the role alone.

    Raises NotYours.
    """
    roles = MATRIX[thing][action]
    if not any(grant.role in roles for grant in actor.grants):
        whose = " or ".join(sorted(roles))
        raise NotYours(f"To {action} {thing}s is for the {whose} of the whole service, and {actor} is none.")


def answers_for(code: str, catalogue: Catalogue) -> frozenset[str | None]:
    """The units that a unit answers for: itself, those that became it, and, for the nation, all.

    None stands for figures about no single unit; only the nation answers for those.
    """
    unit = catalogue.reporting_units.get(code)
    if unit and unit.level == "nation":
        return frozenset([None, *(each.code for each in catalogue.reporting_units)])
    found = {code}
    more = True
    while more:
        before = {row.predecessor for row in catalogue.lineage if row.successor in found and row.kind != "split"}
        more = not before <= found
        found |= before
    return frozenset(found)

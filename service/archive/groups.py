"""Groups of reporting units, and who belongs to them when."""

from datetime import date
from typing import Any

from sqlalchemy import Connection

from ingest import registry
from ingest.group import Group, Membership


def codes(connection: Connection) -> list[str]:
    """The codes of all groups."""
    return sorted(registry.read(connection).groups)


def members(connection: Connection, code: str, *, on: date | None) -> list[str]:
    """The reporting units that belong to a group on a day, or that ever did."""
    return list(dict.fromkeys(each.reporting_unit.code for each in _memberships(connection, code, on)))


def listed(connection: Connection, *, on: date | None) -> list[dict[str, Any]]:
    """All groups by code, with their members on a day, or of all times."""
    found = registry.read(connection).groups
    return [_told(found[code]) | {"members": members(connection, code, on=on)} for code in sorted(found)]


def group(connection: Connection, code: str, *, on: date | None) -> dict[str, Any]:
    """One group, with who belongs to it on a day, or ever did, from when to when and by which document."""
    told = [
        {
            "reporting_unit": each.reporting_unit.code,
            "name_vi": each.reporting_unit.name_vi,
            "name_en": each.reporting_unit.name_en,
            "valid_from": each.valid_from,
            "valid_to": each.valid_to,
            "document": each.document,
        }
        for each in _memberships(connection, code, on)
    ]
    return _told(registry.read(connection).groups[code]) | {"members": told}


def _told(group: Group) -> dict[str, Any]:
    return {"code": group.code, "name_vi": group.name_vi, "name_en": group.name_en}


def _memberships(connection: Connection, code: str, on: date | None) -> list[Membership]:
    catalogue = registry.read(connection)
    found = catalogue.groups[code].memberships(catalogue.reporting_units)
    return [each for each in found if on is None or each.valid_on(on)]

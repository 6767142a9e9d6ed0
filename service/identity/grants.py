"""A grant between people and the catalogue: the names that they write, and the words that they read."""

from datetime import date

from sqlalchemy import Connection

from ingest import registry
from ingest.authority import ROLES, Grant, Role
from ingest.instructions import UnknownName
from ingest.reporting_unit import Ambiguous, ReportingUnit, ReportingUnits, Unknown
from ingest.spelling import nearest


def settled(connection: Connection, role: str, reporting_unit: str | None, dataset: str | None, *, on: date) -> Grant:
    """The grant with the catalogue's codes: the unit by its code, or by the name that it has on that day.

    Raises UnknownName.
    """
    catalogue = registry.read(connection)
    if dataset is not None and dataset.upper() not in catalogue.datasets:
        raise UnknownName("dataset", dataset, nearest(dataset, catalogue.datasets))
    granted = _role(role)
    if granted == "machine" and dataset and not catalogue.datasets[dataset.upper()].owed_by:
        owed = [each.code for each in catalogue.datasets.values() if each.owed_by]
        raise UnknownName("dataset that a machine could owe called", dataset, owed)
    return Grant(
        granted,
        None if reporting_unit is None else _unit(catalogue.reporting_units, reporting_unit, on),
        dataset and dataset.upper(),
    )


def words(grant: Grant) -> str:
    """What the grant says: `reporter of GSO01_2008 for PROVINCE_QUARTERLY`."""
    of = f" of {grant.reporting_unit}" if grant.reporting_unit else ""
    return f"{grant.role}{of}" + (f" for {grant.dataset}" if grant.dataset else "")


def _role(written: str) -> Role:
    for role in ROLES:
        if role == written.lower():
            return role
    raise UnknownName("role", written, nearest(written, ROLES) or list(ROLES))


def _unit(units: ReportingUnits, written: str, on: date) -> str:
    own = units.get(written)
    if own:
        return own.code
    match units.resolve(written, on):
        case ReportingUnit() as unit:
            return unit.code
        case Ambiguous(candidates=candidates):
            raise UnknownName("single reporting unit", written, [each.code for each in candidates])
        case Unknown(nearest=near):
            raise UnknownName("reporting unit", written, list(near))

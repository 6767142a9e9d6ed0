"""The catalogue: indicators, reporting units, groups, datasets, targets, mappings, layouts and rules, as data.

The files are reviewed in git and say everything; here they are only read and checked. A catalogue with a fault is not
read at all.
Names of countries are those of the Unicode CLDR (locales vi and en), their codes those of ISO 3166-1.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ingest.catalogue.files import Fault, Faulty, Placed, Record, csv_records, word, yaml_records
from ingest.catalogue.soundness import Parts, broken_rules
from ingest.dataset import Dataset
from ingest.group import Group
from ingest.indicator import Indicator, Source, UnitOfMeasure
from ingest.layout import Layout
from ingest.mapping import Mapping
from ingest.reporting_unit import Lineage, ReportingUnit, ReportingUnits, Spelling, UnitCode
from ingest.rule import Rule
from ingest.target import Target

__all__ = ["FOLDER", "Catalogue", "Fault", "Faulty", "check", "layouts", "read"]

FOLDER = Path(__file__).parent
_ONE_LIST = {
    "datasets.yaml": "datasets",
    "groups.yaml": "groups",
    "sources.yaml": "sources",
    "units_of_measure.yaml": "units_of_measure",
}
_TABLES = {
    "reporting_units.csv": "reporting_units",
    "reporting_unit_codes.csv": "codes",
    "spellings.csv": "spellings",
    "lineage.csv": "lineage",
    "targets.csv": "targets",
}
_FOLDERS = {"indicators": "indicators", "layouts": "layouts", "mappings": "mappings", "rules": "rules"}
_WORDS: dict[str, type] = {
    "indicators": Indicator,
    "units_of_measure": UnitOfMeasure,
    "sources": Source,
    "reporting_units": ReportingUnit,
    "codes": UnitCode,
    "spellings": Spelling,
    "lineage": Lineage,
    "groups": Group,
    "datasets": Dataset,
    "targets": Target,
    "mappings": Mapping,
    "layouts": Layout,
    "rules": Rule,
}
_NOT_LOADED = "not_loaded.csv"
_Word = TypeVar("_Word")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything the files say, by code. `figures` are the files of published figures, in our own long format."""

    version: str
    indicators: dict[str, Indicator]
    units_of_measure: dict[str, UnitOfMeasure]
    sources: dict[str, Source]
    reporting_units: ReportingUnits
    codes: tuple[UnitCode, ...]
    spellings: tuple[Spelling, ...]
    lineage: tuple[Lineage, ...]
    groups: dict[str, Group]
    datasets: dict[str, Dataset]
    targets: tuple[Target, ...]
    mappings: dict[str, Mapping]
    layouts: dict[str, Layout]
    rules: dict[str, Rule]
    figures: tuple[Path, ...]


def read(*folders: Path) -> Catalogue:
    """Read the catalogue of these folders together; without any, the one that comes with Chiso.

    Raises Faulty, with every fault, when anything is wrong in it.
    """
    folders = folders or (FOLDER,)
    parts, faults = _parts(folders)
    if faults:
        raise Faulty(faults)
    units_of_measure = _by_code(parts.units_of_measure)
    return Catalogue(
        version=_version(folders),
        indicators={code: _ranged(it, units_of_measure) for code, it in _by_code(parts.indicators).items()},
        units_of_measure=units_of_measure,
        sources=_by_code(parts.sources),
        reporting_units=ReportingUnits(_words(parts.reporting_units), _words(parts.codes), _words(parts.spellings)),
        codes=_words(parts.codes),
        spellings=_words(parts.spellings),
        lineage=_words(parts.lineage),
        groups=_by_code(parts.groups),
        datasets=_by_code(parts.datasets),
        targets=_words(parts.targets),
        mappings=_by_code(parts.mappings),
        layouts=_by_code(parts.layouts),
        rules=_by_code(parts.rules),
        figures=tuple(
            file for folder in folders for file in sorted(folder.glob("figures/*.csv")) if file.name != _NOT_LOADED
        ),
    )


def check(*folders: Path) -> list[Fault]:
    """Return every fault of the catalogue in these folders, in the order of the files."""
    return _parts(folders or (FOLDER,))[1]


def layouts(file: Path) -> dict[str, Layout]:
    """The layouts of one file by code, held against the catalogue that comes with Chiso, whose layouts they replace.

    Raises Faulty, with every fault of the file.
    """
    parts, faults = _parts((FOLDER,))
    parts.layouts.clear()
    for record in yaml_records(file, file.name, faults):
        if placed := word(Layout, record, faults):
            parts.layouts.append(placed)
    faults = faults or broken_rules(parts)
    if faults:
        raise Faulty(faults)
    return _by_code(parts.layouts)


def _parts(folders: tuple[Path, ...]) -> tuple[Parts, list[Fault]]:
    faults: list[Fault] = []
    parts = Parts()
    for folder in folders:
        for kind, record in _records(folder, faults):
            placed = word(_WORDS[kind], record, faults)
            if placed:
                getattr(parts, kind).append(placed)
    # A word that could not be read would be reported once more wherever it is named.
    faults = faults or broken_rules(parts)
    return parts, sorted(faults, key=lambda fault: (fault.file, fault.line))


def _records(folder: Path, faults: list[Fault]) -> Iterable[tuple[str, Record]]:
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        kind = _FOLDERS.get(path.parent.name) if path.parent != folder else _ONE_LIST.get(name) or _TABLES.get(name)
        if kind is None:
            known = sorted([*_ONE_LIST, *_TABLES, *(f"{each}/" for each in _FOLDERS), "figures/"])
            faults.append(Fault(name, 1, f"no file of the catalogue has this name; known are {', '.join(known)}"))
            continue
        rows = csv_records if path.suffix == ".csv" else yaml_records
        yield from ((kind, record) for record in rows(path, name, faults))


def _files(folder: Path) -> list[Path]:
    return [
        path for path in sorted(folder.rglob("*")) if path.suffix in (".yaml", ".csv") and path.parent.name != "figures"
    ]


def _version(folders: tuple[Path, ...]) -> str:
    seen = hashlib.sha256()
    for folder in folders:
        for path in sorted({*_files(folder), *folder.glob("figures/*.csv")}):
            seen.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()[:12]


def _words(placed: list[Placed[_Word]]) -> tuple[_Word, ...]:
    return tuple(each.word for each in placed)


def _by_code(placed: list[Placed[_Word]]) -> dict[str, _Word]:
    return {getattr(each.word, "code"): each.word for each in placed}  # noqa: B009  every word kept by code has one


def _ranged(indicator: Indicator, units_of_measure: dict[str, UnitOfMeasure]) -> Indicator:
    of = units_of_measure[indicator.unit_measure]
    return replace(
        indicator,
        minimum=of.minimum if indicator.minimum is None else indicator.minimum,
        maximum=of.maximum if indicator.maximum is None else indicator.maximum,
    )

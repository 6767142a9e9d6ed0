"""SDMX-CSV 1.0, 2.0 and 2.1: a delimited file whose first heading is DATAFLOW or STRUCTURE.

`labels=both` writes `FREQ: Frequency` and `A: Annual`, `labels=name` a column of names after each; only the codes are
read. Split by the reader of delimited files, which knows the lines: pysdmx 1.21 tells none, refuses a file with three
actions whole, and read one whose lines lack a field with its columns moved by one.
"""

import re
from dataclasses import replace
from typing import Final

import pyarrow

from ingest.readers.sdmx import ACTION, DATAFLOW
from ingest.readers.table import Column, Table, compute, each_distinct

_FIRST: Final = re.compile(r"(DATAFLOW|STRUCTURE)(?:\[.\])?(?:: .*)?$")
_ABOUT_THE_ROW = ("STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", "SERIES_KEY", "OBS_KEY")
_LABELLED = re.compile(r"([A-Za-z][\w@$.-]*): ")
_CODE = r"^\S+: "
# Texts that may well hold a colon are no codes with their names.
_FREE = re.compile(r".*(COMMENT|TITLE|DOCUMENT|REASON|NOTE|DESC).*")


def begins(content: bytes) -> bool:
    """Whether a text begins with the first heading of SDMX-CSV."""
    return re.match(rb'\s*"?(DATAFLOW|STRUCTURE(\[.\])?"?[,;\t]"?STRUCTURE_ID)\b', content[:200]) is not None


def recognises(table: Table) -> bool:
    """Whether the headings are those of SDMX-CSV."""
    found = _FIRST.match(table.headings[0])
    return bool(found) and (found[1] == DATAFLOW or "STRUCTURE_ID" in table.headings[1:3])


def message(table: Table) -> Table:
    """The table with the names of components for headings, the codes of labels, and DATAFLOW and ACTION."""
    named = "STRUCTURE_NAME" in table.headings
    flow_at = 0 if _FIRST.match(table.headings[0])[1] == DATAFLOW else table.headings.index("STRUCTURE_ID")  # type: ignore[index]
    headings, columns = [DATAFLOW], [_codes(table.columns[flow_at])]
    about = [at for at, heading in enumerate(table.headings) if at == 0 or heading in _ABOUT_THE_ROW]
    components = [at for at in range(len(table.headings)) if at not in about]
    for at in components[::2] if named else components:
        heading = re.sub(r"\[.*\]$", "", table.headings[at])
        labelled = _LABELLED.match(heading)
        headings.append(labelled[1] if labelled else heading)
        coded = labelled and not _FREE.match(headings[-1])
        columns.append(_codes(table.columns[at]) if coded else table.columns[at])
    if ACTION in table.headings:
        headings.append(ACTION)
        columns.append(table.columns[table.headings.index(ACTION)])
    return replace(table, headings=tuple(headings), columns=tuple(columns), format="sdmx-csv")


def _codes(texts: Column) -> Column:
    """The codes of `A: Annual`; a text without a label stays."""
    if not compute.any(compute.match_substring_regex(texts, _CODE), min_count=0).as_py():
        return texts
    return each_distinct(pyarrow.chunked_array(texts.chunks), lambda text: re.sub(r"^(\S+): .*$", r"\1", text))

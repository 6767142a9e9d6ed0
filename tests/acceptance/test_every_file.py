"""Every published file goes through the importer: it is loaded, or refused with the sentence that the table shows.

`docs/files_read.md` is that table. `CHISO_WRITE_TABLE=1` writes it anew; without it a file that reads otherwise than
the table says, or that the table does not know, fails.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ingest import catalogue, formats, registry
from ingest.submission import Instructions, errors
from service import database, intake
from tests.conftest import ACCEPTANCE_CATALOGUE, NOW, TEST

TABLE = Path(__file__).parents[2] / "docs" / "files_read.md"
WORDS_SHOWN = 160

# What is said beside a file: whoever sends it knows what it is. The rest are sent as they are.
SAID: dict[str, dict[str, str]] = {
    "alfred/GDP_all_releases.json": {"mapping": "ALFRED_GDP_JSON", "reason": "releases of the BEA"},
    "alfred/GDP_initial_release.json": {"mapping": "ALFRED_GDP_JSON"},
    "dti/dti_2022_province_rank.csv": {"mapping": "DTI_RANK_CSV", "period": "2022"},
    "egdi/EGOV_DATA_2018.csv": {"mapping": "EGDI_CSV", "reason": "the file of the knowledgebase"},
    "egdi/EGOV_DATA_2020.csv": {"mapping": "EGDI_CSV", "reason": "the file of the knowledgebase"},
    "egdi/EGOV_DATA_2022.csv": {"mapping": "EGDI_CSV", "reason": "the file of the knowledgebase"},
    "gci/gci_2020_bipa.csv": {"mapping": "GCI_BIPA_CSV"},
    "gci/gci_vnm_published.csv": {"mapping": "GCI_PUBLISHED_CSV", "reason": "typed from the newspapers"},
    "papi/papi_2019.csv": {"mapping": "PAPI_CSV", "period": "2019"},
    "papi/papi_2020.csv": {"mapping": "PAPI_CSV", "period": "2020"},
    "papi/papi_2021.csv": {"mapping": "PAPI_CSV", "period": "2021"},
    "sdmx/ecb_exr/flat.json": {"mapping": "ECB_EXR_SDMX"},
    "sdmx/ecb_exr/ng-flat.xml": {"mapping": "ECB_EXR_NG_SDMX"},
    "worldbank/API_NY.GDP.MKTP.CD_DS2_en_csv_v2.csv": {"mapping": "WORLD_BANK_GDP_CSV"},
}

HEAD = """# Every published file, read

What becomes of each file below `../shared/data` when it is sent (a trial: nothing is stored), with the catalogue of the
acceptance tests and what is said beside it. Figures are those that would be new, revised or as they are; a refused file
has the rule and the beginning of its sentence. `tests/acceptance/test_every_file.py` compares this table with what
happens, and fails where a file is not in it. To write it anew:

```sh
CHISO_WRITE_TABLE=1 .venv/bin/python -m pytest tests/acceptance/test_every_file.py
```

| file | format | said beside it | loaded | refused |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Row:
    """What became of one file."""

    name: str
    format: str
    loaded: str
    refused: str

    def __str__(self) -> str:
        said = ", ".join(text for key, text in SAID.get(self.name, {}).items() if key != "reason")
        return f"| `{self.name}` | {self.format} | {said} | {self.loaded} | {self.refused} |"


@pytest.fixture(scope="module")
def sent(own_engine: Engine, shared_data: Path) -> Callable[[Path], Row]:
    both = catalogue.read(catalogue.FOLDER, ACCEPTANCE_CATALOGUE)
    with database.writing(own_engine) as connection:
        registry.load(connection, both, by=TEST)

    def send(file: Path) -> Row:
        name = file.relative_to(shared_data).as_posix()
        content = file.read_bytes()
        instructions = Instructions("PUBLISHED_FIGURES", dry_run=True, **SAID.get(name, {}))  # type: ignore[arg-type]
        _, outcome, _ = intake.take_in(own_engine, content, file.name, instructions, by=TEST, now=NOW)
        summary = outcome.summary
        wrong = errors(outcome.findings)
        kind = formats.recognise(content)
        if not wrong:
            return Row(name, kind, str(summary.created + summary.revised + summary.unchanged), "")
        first = " ".join(wrong[0].en.replace("|", "\\|").split())
        shown = first if len(first) <= WORDS_SHOWN else first[: WORDS_SHOWN - 1] + "…"
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return Row(name, kind, "", f"`{wrong[0].rule}`: {shown}{more}")

    return send


def test_every_published_file_is_loaded_or_refused_as_the_table_says(
    sent: Callable[[Path], Row], shared_data: Path
) -> None:
    rows = [sent(file) for file in sorted(shared_data.rglob("*")) if file.is_file()]
    assert len(rows) >= 41
    written = HEAD + "".join(f"{row}\n" for row in rows)
    if os.environ.get("CHISO_WRITE_TABLE"):
        TABLE.write_text(written, encoding="utf-8")
    known = TABLE.read_text(encoding="utf-8").splitlines()
    unlike = [line for line in written.splitlines() if line not in known]
    assert not unlike, "the table says otherwise of\n" + "\n".join(unlike)
    assert written.splitlines() == known
    assert all(bool(row.loaded) != bool(row.refused) for row in rows)
    assert set(SAID) <= {row.name for row in rows}

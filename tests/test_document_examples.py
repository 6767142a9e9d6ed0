"""Every example in the documents is run, as a reader would run it, and gives what the page says.

A page is read from its beginning to its end by one reader, with a folder, a service and a database of their own. What
stands in a block directly after an example is what the example shows; `...` there stands for what is different every
time. A block in a language that nobody here runs fails, and so does one that shows what no example gave.
"""

import csv
import io
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import openpyxl
import pyarrow.parquet
import pytest
from fastapi.testclient import TestClient
from markdown_it import MarkdownIt
from markdown_it.token import Token
from sqlalchemy import Connection, Engine, text
from typer.testing import CliRunner

from ingest.authority import Grant
from service import app, cli, database
from service.identity import accounts, credentials
from tests.conftest import SHARED_DATA, TEST
from tests.service.country import filled, served

ROOT = Path(__file__).parents[1]
CHISO = r"(?:\.venv/bin/)?chiso "
HERE = "127.0.0.1:8000"
PATIENCE_SECONDS = 120
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHOWN = ("text", "json")

# Blocks that another test runs, as it needs more than a reader has: the page, how the block begins, and the test.
ELSEWHERE = {
    ("README.md", "make serve"): "tests/service/test_serve.py",
    ("README.md", "Published figures loaded"): "tests/service/test_serve.py",
    ("README.md", "make test"): ".ci/run",
    ("docs/audit.md", "hash = SHA-256"): "tests/service/test_audit.py",
    ("docs/audit.md", "[id, at, actor"): "tests/service/test_audit.py",
    ("docs/audit.md", "import hashlib"): "tests/service/test_audit.py",
    ("docs/changes.md", '{\n  "type": "changes"'): "tests/service/test_hooks.py",
    ("docs/changes.md", "import base64"): "tests/service/test_hooks.py",
    ("docs/files_read.md", "CHISO_WRITE_TABLE"): "tests/acceptance/test_every_file.py",
    ("docs/layouts.md", "Biểu số 3"): "tests/ingest/test_layout_document.py",
    ("docs/layouts.md", "code: MINISTRY"): "tests/ingest/test_layout_document.py",
    ("docs/operations.md", "Subject: "): "tests/service/test_reminders.py",
    ("docs/operations.md", '{\n  "reminders"'): "tests/service/test_reminders.py",
    ("docs/operations.md", "import hashlib"): "tests/service/test_reminders.py",
    ("docs/submissions.md", "stateDiagram-v2"): "tests/ingest/test_case.py",
    ("docs/vintages.md", "CHISO_MODEL_EXAMPLES"): "tests/service/test_series_model.py",
}
# What readers have in their folder, and where we have it.
PUBLISHED = {
    "EGOV_DATA_2022.csv": "egdi/EGOV_DATA_2022.csv",
    "Bieu-T6.2024.xlsx": "gso_workbooks/2024-06-29-02.Bieu-T6.2024.xlsx",
}
PEOPLE = {
    "lan": [Grant("reporter", "GSO24_2025"), Grant("reporter", "GSO01_2008")],
    "minh": [Grant("reviewer", "MOST_2025")],
    "phong": [Grant("publisher", "VN")],
}


@dataclass(frozen=True)
class Example:
    """One block of a page, and what the blocks directly after it say that it shows."""

    page: str
    line: int
    language: str
    code: str
    shows: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether it is there to show a refusal."""
        return any(shown.startswith("error:") or '"status": 4' in shown for shown in self.shows)

    @property
    def is_run_elsewhere(self) -> bool:
        return any(page == self.page and self.code.startswith(begins) for page, begins in ELSEWHERE)


@dataclass
class Reader:
    """Who reads a page and tries what stands there: with a folder, accounts, and what was answered last."""

    folder: Path
    address: str
    engine: Engine
    secrets: dict[str, str]
    names: dict[str, Any] = field(default_factory=dict[str, Any])
    said: str = ""

    def here(self, code: str) -> str:
        """The code with this service's address, and with what was answered before in place of what stands for it."""
        code = code.replace(HERE, self.address.removeprefix("http://")).replace("//example.gov.vn/", "//127.0.0.1/")
        code = re.sub(r"\b(\w+):SECRET\b", lambda found: f"{found[1]}:{self.secrets[found[1]]}", code)
        for written, answered in (
            (r"(?<=/submissions/)\d+", r'"id":(\d+)'),
            (r"\bCODE\b", r'"code":"([0-9a-f]+)"'),
            (r"\b[0-9a-f]{4}\.\.\.", r"\b([0-9a-f]{64})\b"),
        ):
            if told := re.findall(answered, self.said):
                code = re.sub(written, told[-1], code)
        return code

    def notes(self, code: str, said: str) -> None:
        """Keep what later examples of the page go on from."""
        self.said += said
        if found := re.match(rf"{CHISO}user add (\w+)", code):
            self.secrets[found[1]] = said.split()[-1]


def blocks(page: Path) -> list[Token]:
    """Blocks of code in the order of the page, indented ones too."""
    return [
        each for each in MarkdownIt().parse(page.read_text(encoding="utf-8")) if each.type in ("fence", "code_block")
    ]


def examples() -> Iterator[Example]:
    """Every block of every page; one that directly follows another and shows something belongs to that one."""
    for page in PAGES:
        name, lines = str(page.relative_to(ROOT)), page.read_text(encoding="utf-8").splitlines()
        found: list[Example] = []
        end = 0
        for block in blocks(page):
            assert block.map
            shows = block.info in SHOWN and found and not "".join(lines[end : block.map[0]]).strip()
            if shows:
                last = found.pop()
                found.append(Example(name, last.line, last.language, last.code, (*last.shows, block.content)))
            else:
                found.append(Example(name, block.map[0] + 1, block.info, block.content))
            end = block.map[1]
        yield from found


EXAMPLES = list(examples())


@pytest.fixture(scope="module")
def reader_of(
    new_engine: Callable[[], Engine], tmp_path_factory: pytest.TempPathFactory, cheap_hashes: None
) -> Iterator[Callable[[str], Reader]]:
    """The reader of a page, who stays until another page is read."""
    page, reader, stack = "", None, ExitStack()

    def of(wanted: str) -> Reader:
        nonlocal page, reader
        if reader is None or wanted != page:
            stack.close()
            page, reader = wanted, stack.enter_context(reading(wanted, new_engine(), tmp_path_factory.mktemp("reader")))
        return reader

    with stack:
        yield of


@contextmanager
def reading(page: str, engine: Engine, folder: Path) -> Generator[Reader]:
    """Somebody who begins to read this page."""
    (folder / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n", encoding="utf-8")
    told = (ROOT / page).read_text(encoding="utf-8")
    with database.writing(engine) as connection:
        secrets = {"admin": credentials.new_secret(connection, by=TEST)}
        for name, grants in PEOPLE.items():
            if f"user add {name} " not in told:
                secrets[name] = accounts.add(connection, name, *grants, by=TEST) or ""
    with served(app.create(engine, hooks_inside=True)) as address:
        yield Reader(folder, address, engine, secrets)


@pytest.mark.parametrize(
    "example", [pytest.param(each, id=f"{each.page}:{each.line}") for each in EXAMPLES if not each.is_run_elsewhere]
)
def test_every_example_runs_and_shows_what_the_page_says(reader_of: Callable[[str], Reader], example: Example) -> None:
    RUNNERS[example.language](reader_of(example.page), example)


def test_every_block_is_in_a_language_that_somebody_runs() -> None:
    assert [each for page in PAGES for each in blocks(page) if each.type == "code_block"] == [], "indented: no language"
    known = {*RUNNERS, *SHOWN}
    strange = [f"{each.page}:{each.line} {each.language}" for each in EXAMPLES if each.language not in known]
    assert [each for each in EXAMPLES if each.language not in RUNNERS and not each.is_run_elsewhere] == [], strange


def test_what_is_run_elsewhere_is_still_there() -> None:
    for (page, begins), test in ELSEWHERE.items():
        assert [each for each in EXAMPLES if each.page == page and each.code.startswith(begins)], (page, begins)
        assert (ROOT / test).is_file(), test


# What stands within a line.


def inline(begins: str) -> list[Any]:
    """Pieces of code within the lines of the pages that begin so."""
    pieces = {
        (str(page.relative_to(ROOT)), piece.content)
        for page in PAGES
        for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8"))
        for piece in token.children or ()
        if piece.type == "code_inline" and re.match(begins, piece.content)
    }
    return [pytest.param(code, id=f"{page} {code}") for page, code in sorted(pieces)]


@pytest.mark.parametrize("code", inline(r"(?:(?:GET|POST|PUT|DELETE) )?/(?:(?:v1|fred)/.|metrics|healthz|readyz)"))
def test_every_address_that_is_named_is_there(sender: TestClient, code: str) -> None:
    method, address = code.split() if " " in code else ("GET", code)
    path, _, query = address.partition("?")
    described = sender.get("/openapi.json").json()["paths"] | {"/v1/changes/stream": {"get": {}}}
    place = re.sub(r"\{\w+\}|…|\b[0-9]+\b", "x", path)
    fits = [each for each in described if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each), place)]
    if path.endswith("/…"):
        fits = [each for each in described if re.match(re.sub(r"\{\w+\}", "[^/]+", path[:-1]), each)]
        assert fits, code
        return
    assert any(method.lower() in described[each] for each in fits), code
    is_whole = query and place == path and "…" not in query and "/oidc" not in path  # which goes to a provider
    if method == "GET" and is_whole:
        assert sender.get(address).status_code == 200, code


@pytest.mark.parametrize("code", inline(CHISO))
def test_every_command_that_is_named_has_the_options_that_it_is_given(code: str) -> None:
    words = shlex.split(re.sub(rf"^{CHISO}", "", code))
    groups = {group.name for group in cli.program.registered_groups}
    named = words[: 2 if words[0] in groups else 1]
    shown = CliRunner().invoke(cli.program, [*named, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert shown.exit_code == 0, code
    assert [word for word in words if word.startswith("--") and word not in shown.output] == []


@pytest.mark.parametrize("code", inline("select "))
def test_every_question_in_sql_is_answered(connection: Connection, code: str) -> None:
    connection.execute(text(code))


# Runners: how a reader tries a block of each language.


def in_a_shell(reader: Reader, example: Example) -> None:
    for name in PUBLISHED:
        if name in example.code:
            if not SHARED_DATA.is_dir():
                pytest.skip(f"{name} is one of the published files, which are not beside this checkout")
            shutil.copy(SHARED_DATA / PUBLISHED[name], reader.folder / name)
    if "promtool" in example.code and not shutil.which("promtool"):
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")
    for form in re.findall(r"file=@(\S+\.xlsx)", example.code):
        fill(reader, form, example.code)
    told = ""
    # Our own commands run in this process: to load them costs more than what they do.
    for part in re.split(rf"^({CHISO}.+\n)", example.code, flags=re.MULTILINE):
        if not part.strip():
            continue
        code = reader.here(part)
        if re.match(CHISO, part):
            said, is_done = typed(reader, re.sub(rf"^{CHISO}", "", code))
        elif "--no-buffer" in part:
            said, is_done = listened(reader, code)
        else:
            said, is_done = run(reader, code)
        reader.notes(part, said)
        assert is_done or example.is_refused, said
        told += said
    compare(told, map(reader.here, example.shows))


def run(reader: Reader, code: str) -> tuple[str, bool]:
    """What a shell says to the code, and whether all of it was done."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=reader.folder,
        env=os.environ | {"HOME": str(reader.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.stdout.decode(errors="replace"), done.returncode == 0


def typed(reader: Reader, words: str) -> tuple[str, bool]:
    """What a command of ours says, and whether it did what it was told."""
    address = reader.engine.url.render_as_string(hide_password=False)
    home = {"CHISO_HOME": str(reader.folder / ".chiso"), "CHISO_DATABASE_URL": address, "NO_COLOR": "1"}
    with chdir(reader.folder):
        done = CliRunner().invoke(cli.program, shlex.split(words), env=home)
    return done.output, done.exit_code == 0


def listened(reader: Reader, command: str) -> tuple[str, bool]:
    """What a stream says after it was opened and a figure was published."""
    stream = subprocess.Popen(shlex.split(command), stdout=subprocess.PIPE, text=True)
    given_up = threading.Timer(PATIENCE_SECONDS, stream.kill)
    given_up.start()
    try:
        assert stream.stdout
        assert stream.stdout.readline().startswith(":")
        rows = "indicator,reporting_unit,period,value,accumulation,source\nEGDI_RANK,VN,2026,64,PERIOD,UN\n"
        file, dataset = {"file": ("figures.csv", rows)}, {"dataset": "PUBLISHED_FIGURES"}
        sent = httpx2.post(
            f"{reader.address}/v1/submissions",
            auth=("admin", reader.secrets["admin"]),
            timeout=60,
            files=file,
            data=dataset,
        )
        assert sent.json()["state"] == "published", sent.text
        event: list[str] = []
        for line in stream.stdout:
            event += [] if line.startswith(":") or not (line.strip() or event) else [line]
            if event and not line.strip():
                break
        return "".join(event), bool(event)
    finally:
        given_up.cancel()
        stream.kill()
        stream.communicate()


def fill(reader: Reader, form: str, code: str) -> None:
    """Type figures into the template, where it was not there before also fetch it."""
    path = reader.folder / form
    if not path.exists():
        asked = dict(re.findall(r"-F (reporting_unit|period)=(\S+)", code))
        (dataset,) = re.findall(r"-F dataset=(\S+)", code)
        template = f"{reader.address}/v1/datasets/{dataset}/template"
        path.write_bytes(httpx2.get(template, params=asked, timeout=PATIENCE_SECONDS).raise_for_status().content)
    path.write_bytes(filled(openpyxl.load_workbook(path), 50, first=None))


def by_http(reader: Reader, example: Example) -> None:
    for line in example.code.splitlines():
        method, path = line.split()
        answer = httpx2.request(method, reader.address + path, timeout=PATIENCE_SECONDS)
        (status,) = [json.loads(shown).get("status", 200) for shown in example.shows] or [200]
        assert answer.status_code == status, (line, answer.text)
        if answer.headers["content-type"] == "application/json":
            assert has_something(answer.json()), line
        compare(answer.text, example.shows)


def in_python(reader: Reader, example: Example) -> None:
    printed = io.StringIO()
    reader.names["print"] = lambda *words: print(*words, file=printed)  # pyright: ignore[reportUnknownLambdaType]
    # One after the other, with the names of those before, as a reader types them.
    exec(reader.here(example.code), reader.names)
    comments = re.findall(r"print\(.+\)  # (.+)", example.code)
    compare(printed.getvalue(), [*example.shows, *(each.replace(" …", "...") for each in comments)])


def in_r(reader: Reader, example: Example) -> None:
    packages = set(re.findall(r"library\((\w+)\)|(\w+)::", example.code))
    wanted = sorted({name for pair in packages for name in pair if name})
    is_there = "for (each in commandArgs(TRUE)) library(each, character.only = TRUE)"
    if (
        shutil.which("Rscript")
        and not subprocess.run(["Rscript", "-e", is_there, *wanted], capture_output=True).returncode
    ):
        done = subprocess.run(["Rscript", "-e", reader.here(example.code)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return
    asked = re.findall(rf'"http://{HERE}(/[^"]+)"', example.code)
    for said in re.findall(r"req_url_query\((.+)\)", example.code):
        query = urlencode(re.findall(r'(\w+) = "([^"]+)"', said))
        asked = [f"{path}?{query}" for path in asked]
    assert asked
    for path in asked:
        answer = httpx2.get(reader.address + path, timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200, answer.text
        if "format=parquet" in path:
            assert pyarrow.parquet.read_table(io.BytesIO(answer.content)).num_rows
        else:
            assert {"period", "value"} <= set(next(csv.DictReader(io.StringIO(answer.text))))
    pytest.skip(f"there is no R with {', '.join(wanted)} here; its addresses were asked and their answers read")


def in_power_query(reader: Reader, example: Example) -> None:
    """Ask what `Web.Contents` asks, and hold the steps against the columns that come."""
    (root,), (path,) = (
        re.findall(r'Web\.Contents\("([^"]+)"', example.code),
        re.findall(r'RelativePath = "(.+)"', example.code),
    )
    (said,) = re.findall(r"Query = \[(.+)\]", example.code)
    headers = {"User-Agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)"}
    query = dict(re.findall(r'(\w+) = "([^"]+)"', said))
    answer = httpx2.get(f"{reader.here(root)}/{path}", params=query, headers=headers, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200, answer.text
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"))))
    types = dict(re.findall(r'\{"(\w+)", type (\w+)\}', example.code))
    assert types
    for name, kind in types.items():
        assert all(FITS[kind](row[name]) for row in rows), (name, kind)
    steps = re.findall(r"^    (\w+) = ", example.code, re.MULTILINE)
    for before, step in itertools.pairwise(steps):
        assert re.search(rf"^    {step} = [\w.]+\({before},", example.code, re.MULTILINE), (before, step)
    assert example.code.rstrip().endswith(f"in\n    {steps[-1]}")


FITS: Mapping[str, Callable[[str], object]] = {
    "text": str,
    "number": Decimal,
    "datetimezone": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d").fullmatch,
}
RUNNERS: Mapping[str, Callable[[Reader, Example], None]] = {
    "sh": in_a_shell,
    "http": by_http,
    "python": in_python,
    "r": in_r,
    "powerquery": in_power_query,
}


# What is shown.


def compare(said: str, shown: Iterable[str]) -> None:
    """Hold what came against what the page shows: JSON by its members, text by its lines."""
    for each in shown:
        if each.startswith("{"):
            # curl says a word of its own before what refuses it.
            expected, answer = (json.loads(told[told.index("{") :], parse_float=Decimal) for told in (each, said))
            assert contains(answer, expected), f"the page says {each}\nthe answer is {said}"
        else:
            pattern = r"\s*\n".join(map(pattern_of, each.strip().splitlines()))
            assert re.search(pattern, said), f"the page says\n{each}\nthe answer is\n{said}"


def pattern_of(line: str) -> str:
    return ".*".join(map(re.escape, line.rstrip().split("...")))


def contains(answer: Any, expected: Any) -> bool:
    """Whether the answer has every member that is expected, and of lists all."""
    match answer, expected:
        case dict(), dict():
            return all(name in answer and contains(answer[name], each) for name, each in expected.items())
        case list(), list():
            return len(answer) == len(expected) and all(map(contains, answer, expected))
        case _:
            return answer == expected


def has_something(body: dict[str, Any]) -> bool:
    """Whether the answer counts or lists something, and of rows that have values some are not missing."""
    lists = [each for each in body.values() if isinstance(each, list) and each]
    valued = [rows for rows in lists if isinstance(rows[0], dict) and "value" in rows[0]]
    is_some = any(each for each in body.values() if isinstance(each, int | list))
    return is_some and all(any(row["value"] is not None for row in rows) for rows in valued)

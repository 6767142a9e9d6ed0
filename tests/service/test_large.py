"""A large file takes the same way as a small one, and tells on it how far it is."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from rich.console import Console
from sqlalchemy import Engine, create_engine, text
from typer.testing import CliRunner

from benchmarks.large_files import as_csv, as_workbook, figures
from ingest import progress
from ingest.period import now
from ingest.submission import Instructions
from service import cli, following, intake
from service.api import case_shapes
from service.commands import terminal
from tests.conftest import TEST

ROWS = 20_000
STAGES = ["reading", "checking", "comparing", "storing"]


@pytest.fixture(scope="module")
def csv() -> bytes:
    return as_csv(figures(ROWS))


def test_it_is_taken_in_later_and_says_how_far_it_is(
    sender: TestClient, own_engine: Engine, csv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(csv) > intake.AT_ONCE_BYTES
    answer = sender.post("/v1/submissions", files={"file": csv}, data={"dataset": "PUBLISHED_FIGURES"})
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "2")
    address = answer.headers["location"]
    assert answer.json()["progress"] is None
    seen: list[case_shapes.Progress] = []

    def look(stage: progress.Stage, done: int, total: int) -> None:
        asked = sender.get(address)
        assert asked.headers["etag"] == answer.headers["etag"]
        assert asked.headers["retry-after"] == "2"
        if told := case_shapes.Submission.model_validate_json(asked.text).progress:
            seen.append(told)

    monkeypatch.setattr(following, "PAUSE_SECONDS", 0)
    with progress.heard_by(look):
        intake.finish(own_engine, answer.json()["id"], now=now())
    assert list(dict.fromkeys(each.stage for each in seen)) == STAGES
    assert all(each.total and each.done <= each.total for each in seen)
    assert {each.stage: each.total for each in seen} | {"checking": None} == {
        "reading": len(csv),
        "checking": None,
        "comparing": ROWS,
        "storing": ROWS,
    }
    done = sender.get(address)
    told = case_shapes.Submission.model_validate_json(done.text)
    assert (told.state, told.progress, told.summary and told.summary.created) == ("published", None, ROWS)
    assert "retry-after" not in done.headers
    with own_engine.connect() as connection:
        assert connection.execute(text("select count(*) from submission_progress")).scalar_one() == 0


def test_how_far_it_is_is_recorded_once_a_second_and_hardly_ever_of_a_small_file(
    sender: TestClient, own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(following, "monotonic", lambda: clock[0])
    recorded: list[tuple[Any, ...]] = []
    monkeypatch.setattr(following.inbox, "record_progress", lambda _, *told: recorded.append(told))
    with own_engine.begin() as connection, following.followed(connection, 7):
        for tenth in range(25):
            clock[0] = tenth / 10
            progress.tell("checking", tenth, 25)
    assert recorded == [(7, "checking", 10, 25), (7, "checking", 20, 25)]
    progress.tell("checking", 1, 25)
    assert len(recorded) == 2


def test_a_database_that_does_not_take_it_stops_no_work(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAUSE_SECONDS", 0)
    with own_engine.begin() as connection:
        connection.execute(text("alter table submission_progress rename to away"))
    try:
        with own_engine.begin() as connection:
            with following.followed(connection, 7):
                progress.tell("checking", 1, 2)
            assert connection.execute(text("select 1")).scalar_one() == 1
    finally:
        with own_engine.begin() as connection:
            connection.execute(text("alter table away rename to submission_progress"))


def test_a_pool_without_a_free_connection_stops_no_work_and_what_a_killed_run_left_is_forgotten(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PAUSE_SECONDS", 0)
    with own_engine.begin() as connection:
        following.inbox.record_progress(connection, 7, "checking", 1, 2)
    narrow = create_engine(own_engine.url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    try:
        with narrow.begin() as connection:
            with following.followed(connection, 7):
                progress.tell("checking", 2, 2)
            connection.execute(text("create temporary table done (x int)"))
        with narrow.begin() as connection, pytest.raises(ArithmeticError), following.followed(connection, 7):
            raise ArithmeticError
        with narrow.begin() as connection:
            assert connection.execute(text("select count(*) from submission_progress")).scalar_one() == 0
    finally:
        narrow.dispose()


def test_a_workbook_of_as_many_rows_holds_the_same_figures(own_engine: Engine) -> None:
    content = as_workbook(figures(ROWS))
    said = Instructions(dataset="PUBLISHED_FIGURES", dry_run=True)
    _, outcome, _ = intake.take_in(own_engine, content, "large.xlsx", said, by=TEST, now=now())
    assert {found.rule for found in outcome.findings} <= {"value_is_no_outlier"}  # the figures are drawn by lot
    assert outcome.summary.unchanged == ROWS


def test_the_command_line_says_it_in_lines_where_nobody_watches(
    own_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv = as_csv(figures(ROWS, first_value=30))
    monkeypatch.setenv("CHISO_DATABASE_URL", own_engine.url.render_as_string(hide_password=False))
    monkeypatch.setattr(terminal, "err", Console(file=(told := io.StringIO())))
    file = tmp_path / "large.csv"
    file.write_bytes(csv)
    answer = CliRunner().invoke(cli.program, ["ingest", str(file), "--dry-run", "--reason", "tried"])
    assert answer.exit_code == 0, answer.output
    lines = [line for line in told.getvalue().splitlines() if " took " not in line]
    assert lines[0] == f"Reading {len(csv):,} bytes"
    assert [line.split()[0].lower() for line in lines] == STAGES
    assert lines[2:] == [f"Comparing {ROWS:,} figures", f"Storing {ROWS:,} figures"]


def test_the_command_line_shows_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=(told := io.StringIO()), force_terminal=True, width=100)
    monkeypatch.setattr(terminal, "err", screen)
    with terminal.progress_shown():
        progress.tell("reading", 0, 8_000_000)
        progress.tell("reading", 2_000_000, 8_000_000)
        progress.tell("comparing", 5_000, 20_000)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", told.getvalue())
    assert "Reading" in shown
    assert "2.0/8.0 MB" in shown
    assert "5000/20000 figures" in shown

"""What a start brings, and brings again where an earlier one was cut off."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from service import database, intake, startup
from service.identity import credentials


def test_a_start_that_was_cut_off_between_two_files_is_finished_by_the_next(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = database.connect(new_database())
    real, taken = intake.take_in, []

    def cut_off(*arguments: object, **more: object) -> object:
        if len(taken) == 2:
            raise KeyboardInterrupt
        taken.append(arguments)
        return real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(intake, "take_in", cut_off)
    with pytest.raises(KeyboardInterrupt):
        startup.prepare(engine, tell=lambda _: None)
    monkeypatch.undo()
    rest = startup.prepare(engine, tell=lambda _: None)
    assert rest.created > 0
    assert startup.prepare(engine, tell=lambda _: None) == startup.Prepared(0, 0)
    with database.reading(engine) as connection:
        assert connection.execute(text("select count(*) from submission where state = 'published'")).scalar_one() == 8
    engine.dispose()


def test_the_first_secret_is_given_once(new_database: Callable[[], str]) -> None:
    engine = database.connect(new_database())
    startup.prepare(engine, tell=lambda _: None)
    with database.writing(engine) as connection:
        assert credentials.first_secret(connection)
    with database.writing(engine) as connection:
        assert credentials.first_secret(connection) is None
    engine.dispose()


@pytest.mark.parametrize(
    "url", ["postgresql://localhost:port/x", "postgresql://127.0.0.1:1/x", "postgresql:///x?foo=1"]
)
def test_a_database_that_cannot_be_had_is_a_sentence(url: str) -> None:
    with pytest.raises(database.Unreachable, match="CHISO_DATABASE_URL"):
        database.connect(url)

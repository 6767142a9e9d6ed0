"""The ledger: what makes a vintage, and what was known when."""

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pandas
import pytest
from sqlalchemy import Connection, Engine, text

from ingest import ledger
from ingest.ledger import Appended, UnexplainedRevision
from ingest.observation import OBSERVATION_COLUMNS
from ingest.period import moment, parse
from service import database

SERIES = "A.NRI_RANK.VN.PERIOD.PRESS._T"


def figures(*rows: dict[str, Any]) -> pandas.DataFrame:
    """Observations in which only what matters to the test is said."""
    usual = {
        "series": SERIES,
        "period": "2024",
        "published_at": "2025-01-01",
        "value": "1",
        "status": "A",
        "withdrawn": False,
    }
    full = [usual | row for row in rows]
    frame = pandas.DataFrame(
        [
            {name: row.get(name) for name in OBSERVATION_COLUMNS}
            | {"period_start": parse(row["period"]).start, "published_at": moment(row["published_at"])}
            for row in full
        ]
    )
    return frame.astype({"published_at": "datetime64[us, UTC]"})


def append(connection: Connection, *rows: dict[str, Any], reason: str | None = None) -> Appended:
    submission = connection.execute(text("select min(id) from submission")).scalar_one()
    return ledger.append(connection, figures(*rows), submission=submission, reason=reason)


def known(connection: Connection, as_of: str) -> dict[str, Decimal | None]:
    rows = connection.execute(
        text(
            "select period_text('A', period_start), value from observation_as_of(:as_of)"
            " join series on series.id = series_id where key = :key order by 1"
        ),
        {"as_of": moment(as_of), "key": SERIES},
    )
    return dict(rows.all())


def validity(connection: Connection) -> list[tuple[str, str | None, Decimal | None]]:
    rows = connection.execute(
        text(
            "select valid_from::date::text, valid_to::date::text, value from vintage"
            " join series on series.id = series_id where key = :key order by valid_from"
        ),
        {"key": SERIES},
    )
    return [tuple(row) for row in rows]


def test_a_new_value_is_created_and_the_same_value_again_makes_no_vintage(connection: Connection) -> None:
    assert append(connection, {"value": "71"}) == Appended(created=1, revised=0, unchanged=0)
    assert append(connection, {"value": "71.0", "published_at": "2025-06-01"}) == Appended(0, 0, 1)
    assert validity(connection) == [("2025-01-01", None, Decimal("71"))]


def test_a_changed_value_or_status_is_a_revision_and_both_stay_readable(connection: Connection) -> None:
    append(connection, {"value": "71", "status": "P"})
    assert append(connection, {"value": "72", "published_at": "2025-02-01"}, reason="audit").revised == 1
    assert append(connection, {"value": "72", "status": "E", "published_at": "2025-03-01"}, reason="audit").revised == 1
    assert known(connection, "2025-01-15") == {"2024": Decimal(71)}
    assert known(connection, "2025-02-15") == {"2024": Decimal(72)}
    assert known(connection, "2024-12-31") == {}


def test_a_revision_without_a_reason_is_refused_and_names_the_figure(connection: Connection) -> None:
    append(connection, {"value": "71"})
    with pytest.raises(UnexplainedRevision, match=f"1 published figures .* {SERIES} for 2024"):
        append(connection, {"value": "72", "published_at": "2025-02-01"})


def test_the_reason_of_the_row_goes_before_that_of_the_submission(connection: Connection) -> None:
    append(connection, {"value": "71"})
    append(connection, {"value": "72", "published_at": "2025-02-01", "reason": "late report"}, reason="correction")
    reasons = connection.execute(
        text("select reason from vintage join series on id = series_id where key = :k order by valid_from"),
        {"k": SERIES},
    )
    assert reasons.scalars().all() == [None, "late report"]


def test_a_withdrawn_value_is_no_value_from_then_on(connection: Connection) -> None:
    append(connection, {"value": "71"})
    withdrawn = {"value": None, "withdrawn": True, "reason": "wrong table", "published_at": "2025-02-01"}
    assert append(connection, withdrawn).revised == 1
    assert known(connection, "2025-01-31") == {"2024": Decimal(71)}
    assert known(connection, "2025-02-01") == {}
    assert append(connection, withdrawn | {"published_at": "2025-03-01"}) == Appended(0, 0, 1)
    back = append(connection, {"value": "71", "published_at": "2025-04-01"}, reason="it was right")
    assert back.revised == 1
    assert known(connection, "2025-04-01") == {"2024": Decimal(71)}


def test_history_may_be_loaded_in_any_order(connection: Connection) -> None:
    append(connection, {"value": "3", "published_at": "2025-03-01"})
    assert append(connection, {"value": "1", "published_at": "2025-01-01"}, reason="history").revised == 1
    append(connection, {"value": "2", "published_at": "2025-02-01"}, reason="second estimate")
    assert validity(connection) == [
        ("2025-01-01", "2025-02-01", Decimal(1)),
        ("2025-02-01", "2025-03-01", Decimal(2)),
        ("2025-03-01", None, Decimal(3)),
    ]


def test_history_that_changes_what_was_known_needs_a_reason(connection: Connection) -> None:
    append(connection, {"value": "3", "published_at": "2025-03-01"})
    with pytest.raises(UnexplainedRevision):
        append(connection, {"value": "1", "published_at": "2025-01-01"})


def test_what_was_confirmed_stays_confirmed_when_history_comes_between(connection: Connection) -> None:
    append(connection, {"value": "10", "published_at": "2025-01-30"})
    assert append(connection, {"value": "10", "published_at": "2025-07-31"}).unchanged == 1
    append(connection, {"value": "9", "published_at": "2025-02-27"}, reason="second estimate")
    assert known(connection, "2025-08-01") == {"2024": Decimal(10)}
    assert validity(connection) == [
        ("2025-01-30", "2025-02-27", Decimal(10)),
        ("2025-02-27", "2025-07-31", Decimal(9)),
        ("2025-07-31", None, Decimal(10)),
    ]


def test_a_withdrawal_that_comes_before_its_value_still_withdraws_it(connection: Connection) -> None:
    withdrawn = {"value": None, "withdrawn": True, "reason": "wrong table", "published_at": "2025-02-01"}
    assert append(connection, withdrawn) == Appended(0, 0, 1)
    append(connection, {"value": "5", "published_at": "2025-01-01"})
    assert known(connection, "2025-01-15") == {"2024": Decimal(5)}
    assert known(connection, "2025-03-01") == {}


def test_another_cut_off_is_a_revision_and_another_document_a_correction_of_the_same_vintage(
    connection: Connection,
) -> None:
    append(connection, {"value": "5"})
    later = {"value": "5", "published_at": "2025-02-01", "data_to": date(2024, 6, 15)}
    assert append(connection, later, reason="the cut-off was 15 June").revised == 1
    assert append(connection, {"value": "5", "document": "the right one"}).unchanged == 1
    document = connection.execute(
        text(
            "select reference from vintage join series on series.id = series_id"
            " left join document on document.id = document_id where key = :key order by valid_from"
        ),
        {"key": SERIES},
    )
    assert document.scalars().all() == ["the right one", None]


def test_many_vintages_of_one_period_come_in_one_batch(connection: Connection) -> None:
    batch = [{"value": value, "published_at": f"2025-0{month}-01"} for month, value in enumerate("1123", 1)]
    assert append(connection, *batch, reason="releases") == Appended(created=1, revised=2, unchanged=1)
    assert append(connection, *batch, reason="releases") == Appended(created=0, revised=0, unchanged=4)


def test_of_two_figures_with_the_same_publication_the_later_recorded_one_counts(connection: Connection) -> None:
    append(connection, {"value": "1"})
    append(connection, {"value": "2"}, reason="correction")
    assert known(connection, "2025-06-01") == {"2024": Decimal(2)}
    assert validity(connection) == [("2025-01-01", None, Decimal(2))]


def test_an_embargoed_figure_is_unseen_even_by_those_who_ask_for_the_future(connection: Connection) -> None:
    append(connection, {"value": "1"})
    append(connection, {"value": "2", "published_at": "2099-01-01"}, reason="embargo")
    assert known(connection, "2100-01-01") == {"2024": Decimal(1)}
    assert validity(connection) == [("2025-01-01", None, Decimal(1))]


def test_the_last_words_are_the_figures_of_the_as_of_rule(connection: Connection) -> None:
    chance = random.Random(19)
    for _ in range(40):
        withdrawn = chance.random() < 0.2
        row = {
            "period": str(chance.randrange(2001, 2005)),
            "published_at": f"{chance.choice([2010, 2011, 2012, 2013, 2199])}-01-01",
            "value": None if withdrawn else str(chance.randrange(3)),
            "status": chance.choice("APF"),
            "withdrawn": withdrawn,
            "reason": "test",
        }
        append(connection, row, reason="test")
    compared = """
        select count(*), count(*) filter (where restated), count(*) filter (
            where known is null or said is null
                or (known.status, known.value) is distinct from (said.status::text, said.value)
                or known.valid_from <> said.published_at and not said.restated
                or known.valid_from > said.published_at
        )
        from observation_as_of(:as_of) as known
        full join figure_as_of(:as_of) as said using (series_id, period_start)
    """
    for day in ("2009-12-31", "2010-06-01", "2011-06-01", "2012-06-01", "2013-06-01", "2999-01-01"):
        figures, restated, unlike = connection.execute(text(compared), {"as_of": moment(day)}).one()
        assert unlike == 0
    assert 0 < restated < figures


def test_an_answer_as_of_a_moment_shows_the_whole_validity_of_its_row(connection: Connection) -> None:
    append(connection, {"value": "1"}, {"value": "2", "published_at": "2025-09-01"}, reason="revision")
    row = connection.execute(
        text("select valid_from, valid_to from observation_as_of(:t) join series on id = series_id where key = :k"),
        {"t": moment("2025-03-01"), "k": SERIES},
    ).one()
    assert tuple(row) == (moment("2025-01-01"), moment("2025-09-01"))


def test_a_value_keeps_every_digit_that_was_reported(connection: Connection) -> None:
    append(
        connection,
        {"value": "186204652922.262"},
        {"value": "0.1", "period": "2023"},
        {"value": "1e-7", "period": "2022"},
    )
    assert known(connection, "2025-06-01") == {
        "2022": Decimal("0.0000001"),
        "2023": Decimal("0.1"),
        "2024": Decimal("186204652922.262"),
    }


def test_forty_thousand_figures_are_compared_and_appended_by_set(connection: Connection) -> None:
    days = pandas.date_range("1900-01-01", periods=40_000, freq="D")
    rows = pandas.DataFrame(dict.fromkeys(OBSERVATION_COLUMNS), index=range(len(days)), dtype=object).assign(
        series="D.NDXP_TRANSACTIONS.VN.PERIOD.REPORT._T",
        period_start=days,
        published_at=pandas.Timestamp(moment("2025-01-01")),
        value=[str(number) for number in range(len(days))],
        status="A",
        withdrawn=False,
    )
    submission = connection.execute(text("select min(id) from submission")).scalar_one()
    assert ledger.append(connection, rows, submission=submission, reason=None).created == 40_000
    changed = rows.assign(
        value=rows["value"].where(rows.index % 2 == 0, "7"),
        published_at=pandas.Timestamp(moment("2025-02-01")),
    )
    again = ledger.append(connection, changed, submission=submission, reason="recount")
    assert (again.created, again.revised, again.unchanged) == (0, 19_999, 20_001)


def batches(connection: Connection) -> list[tuple[Any, ...]]:
    rows = connection.execute(text("select recorded_at, observations from batch order by recorded_at"))
    return [tuple(row) for row in rows]


def test_a_batch_is_numbered_by_the_moment_at_which_its_figures_were_recorded(connection: Connection) -> None:
    before = batches(connection)
    append(connection, {"period": "2023"}, {"period": "2024"})
    assert append(connection, {"period": "2024"}).created == 0  # nothing was written: no batch
    new = batches(connection)[len(before) :]
    recorded = connection.execute(
        text("select recorded_at, count(*) from observation join series on id = series_id where key = :key group by 1"),
        {"key": SERIES},
    )
    assert new == [tuple(row) for row in recorded]
    assert [count for _, count in new] == [2]


def version(connection: Connection) -> tuple[Any, ...]:
    return tuple(connection.execute(text("select * from data_version()")).one())


def test_the_version_of_the_data_changes_with_every_batch_and_with_nothing_else(connection: Connection) -> None:
    before = version(connection)
    append(connection, {})
    after = version(connection)
    assert after != before
    append(connection, {})
    assert version(connection) == after
    submission = connection.execute(text("select min(id) from submission")).scalar_one()
    ledger.withdraw(connection, [submission], submission=submission, at=moment("2026-01-01"), reason="a trial")
    assert version(connection) != after


def test_a_batch_that_is_all_under_embargo_is_no_new_version_until_the_embargo_ends(connection: Connection) -> None:
    append(connection, {})
    before, counted = version(connection), len(batches(connection))
    append(connection, {"period": "2030", "published_at": "2199-01-01"})
    assert (version(connection), len(batches(connection))) == (before, counted + 1)
    # Where a part of it is public it counts, and a demonstration that is removed is public at once.
    append(connection, {"period": "2031", "published_at": "2199-01-01"}, {"period": "2025"})
    assert version(connection)[0] == batches(connection)[-1][0] > before[0]
    append(connection, {"series": "A.NRI_RANK.VN.PERIOD.GENERATED._T", "published_at": "2199-01-01"})
    ledger.remove_generated(connection)
    assert version(connection)[0] == batches(connection)[-1][0]


def test_the_end_of_an_embargo_is_a_new_version_though_nothing_was_written(own_engine: Engine) -> None:
    with database.writing(own_engine) as connection:
        ends_at = connection.execute(text("select clock_timestamp() + interval '300 ms'")).scalar_one()
        append(connection, {"published_at": ends_at.isoformat()})
    with database.reading(own_engine) as connection:
        embargoed = version(connection)
    while True:
        with database.reading(own_engine) as connection:
            told = connection.execute(text("select now()")).scalar_one()
            if told >= ends_at:
                assert version(connection)[1] == ends_at != embargoed[1]
                return
            assert version(connection) == embargoed

"""The feed of changes: exactly once, in a stable order, whoever writes meanwhile, and enough to rebuild the store."""

import asyncio
import dataclasses
import itertools
import json
import random
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, text

from ingest import catalogue, ledger, registry
from service import app, database, news
from service.api import changes
from service.api.hooks import Subscription
from service.archive import feed
from service.archive.feed import KINDS, NOTHING, Place
from service.archive.series import Selection
from service.cursors import read_cursor, write_cursor
from service.serving import Server
from tests.conftest import TEST
from tests.ingest.test_ledger import figures
from tests.service.test_serve import free_port
from tests.service.test_worker import await_that

KEY = "A.NRI_RANK.VN.PERIOD.PRESS._T"
GENERATED = "A.NRI_RANK.VN.PERIOD.GENERATED._T"
DOCUMENT = (Path(__file__).parents[2] / "docs" / "changes.md").read_text(encoding="utf-8")
ATOM = "{http://www.w3.org/2005/Atom}"
ALL = Selection()
unknown_years = itertools.count(2100)
Found = TypeVar("Found")


class Mirror:
    """A copy of the store that knows nothing but what the feed told it."""

    def __init__(self) -> None:
        self.vintages: dict[tuple[str, str, datetime], dict[str, Any]] = {}
        self.place = Place(NOTHING)

    def read_on(self, connection: Connection, *, limit: int = 10_000) -> list[dict[str, Any]]:
        """Take in one page; what is told a second time, or of nothing that is known, fails."""
        told, self.place, _ = feed.changes(connection, ALL, self.place, limit=limit)
        for each in told:
            self._take(each)
        return told

    def catch_up(self, connection: Connection, *, limit: int = 10_000) -> list[dict[str, Any]]:
        told = self.read_on(connection, limit=limit)
        while self.place.until:
            told += self.read_on(connection, limit=limit)
        return told

    def figures(self, *, with_generated: bool = True) -> dict[tuple[str, str, datetime], tuple[Any, ...]]:
        return {
            key: (each["value"], each["status"], each["recorded_at"], each["reason"], each["submission"])
            for key, each in self.vintages.items()
            if with_generated or ".GENERATED." not in key[0]
        }

    def _take(self, told: dict[str, Any]) -> None:
        if told["kind"] == "redefined":
            return
        if told["series"].startswith("*"):
            self.vintages = {key: each for key, each in self.vintages.items() if ".GENERATED." not in key[0]}
            return
        key = (told["series"], told["period"], told["published_at"])
        if told["kind"] == "removed":
            assert self.vintages.pop(key)["value"] == told["old_value"]
            return
        known = self.vintages.get(key)
        assert known is None or known["recorded_at"] < told["recorded_at"], "told twice"
        assert (told["kind"] == "withdrawn") == (told["status"] is None)
        self.vintages[key] = told


def stored(connection: Connection, vintages: str, **values: Any) -> dict[tuple[str, str, datetime], tuple[Any, ...]]:
    rows = connection.execute(
        text(
            "select key, period_text(frequency, period_start), valid_from, value,"
            " case when not withdrawn then status end, recorded_at, reason, submission_id"
            f" from {vintages} as known join series on series.id = series_id"
        ),
        values,
    )
    return {tuple(row[:3]): tuple(row[3:]) for row in rows}


def shown(connection: Connection, copy: Mirror) -> dict[tuple[str, str, datetime], tuple[Any, ...]]:
    """What the store shows at the moment of the copy's look; an embargo may end at any time."""
    return stored(connection, "vintage_known('infinity', :public)", public=copy.place.since.public)


def now_of(connection: Connection) -> datetime:
    return connection.execute(text("select clock_timestamp()")).scalar_one()


def appended(engine: Engine, *rows: dict[str, Any], reason: str = "test", submission: int | None = None) -> None:
    with database.writing(engine) as connection:
        number = submission or connection.execute(text("select min(id) from submission")).scalar_one()
        ledger.append(connection, figures(*rows), submission=number, reason=reason)


def embargo(engine: Engine, act: Callable[[datetime, str], Found]) -> tuple[datetime, str, Found]:
    """What was done while an embargo lasted, of a period that nobody knew: its end, the period, and what was found.

    Where the machine was too slow for that, it is done again with another period and a longer embargo.
    """
    for seconds in (0.5, 2, 8, 32, 128):
        with database.reading(engine) as connection:
            ends = now_of(connection) + timedelta(seconds=seconds)
        period = str(next(unknown_years))
        found = act(ends, period)
        with database.reading(engine) as connection:
            if now_of(connection) < ends:
                return ends, period, found
    raise AssertionError("the machine is too slow for any embargo")


def said(period: str, value: str | None, published_at: str | datetime, **more: Any) -> dict[str, Any]:
    written = published_at if isinstance(published_at, str) else published_at.isoformat()
    return {"series": KEY, "period": period, "value": value, "published_at": written, **more}


def what(told: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(each["kind"], each["period"], each["old_value"], each["value"]) for each in told]


@pytest.fixture(scope="module")
def mirror(own_engine: Engine) -> Mirror:
    """A copy that has caught up with the published figures."""
    copy = Mirror()
    with database.reading(own_engine) as connection:
        copy.catch_up(connection, limit=97)
        assert copy.figures() == shown(connection, copy)
    return copy


@pytest.fixture
def news_of(own_engine: Engine, mirror: Mirror) -> Callable[[], list[dict[str, Any]]]:
    """What the copy is told next; it then equals the store."""

    def told() -> list[dict[str, Any]]:
        with database.reading(own_engine) as connection:
            found = mirror.catch_up(connection)
            assert mirror.figures() == shown(connection, mirror)
        return found

    told()
    return told


def test_the_vintages_of_a_look_are_those_of_the_view(connection: Connection) -> None:
    known = stored(connection, "vintage_known('infinity', now())")
    assert len(known) > 100
    assert known == stored(connection, "vintage")


def test_new_revised_reflagged_annotated_and_withdrawn_are_told_with_what_stood_before(
    own_engine: Engine, news_of: Callable[[], list[dict[str, Any]]]
) -> None:
    appended(own_engine, said("2001", "71", "2020-01-01", status="P"))
    assert what(news_of()) == [("new", "2001", None, Decimal(71))]
    appended(own_engine, said("2001", "72", "2020-02-01", status="P", document="báo cáo"))
    (told,) = news_of()
    assert what([told]) == [("revised", "2001", Decimal(71), Decimal(72))]
    assert (told["reason"], told["document"], told["unit_measure"]) == ("test", "báo cáo", "rank")
    assert (told["series"], told["indicator"], told["reporting_unit"]) == (KEY, "NRI_RANK", "VN")
    appended(own_engine, said("2001", "72", "2020-03-01", status="A"))
    (told,) = news_of()
    assert (told["kind"], told["old_status"], told["status"], told["value"]) == ("reflagged", "P", "A", Decimal(72))
    appended(own_engine, said("2001", "72", "2020-03-01", status="A", comment="trang 5"))
    assert what(news_of()) == [("annotated", "2001", Decimal(72), Decimal(72))]
    appended(own_engine, said("2001", None, "2020-04-01", withdrawn=True, reason="sai đơn vị"))
    (told,) = news_of()
    assert (told["kind"], told["status"], told["reason"]) == ("withdrawn", None, "sai đơn vị")
    assert told["old_value"] == Decimal(72)
    appended(own_engine, said("2001", "72", "2020-05-01"))
    assert what(news_of()) == [("new", "2001", None, Decimal(72))]


def test_what_repeats_a_figure_is_no_change(own_engine: Engine, news_of: Callable[[], list[dict[str, Any]]]) -> None:
    appended(own_engine, said("2002", "71", "2020-01-01"))
    news_of()
    appended(own_engine, said("2002", "71", "2020-02-01"))
    assert news_of() == []


def test_a_confirmation_becomes_a_vintage_when_history_comes_between(
    own_engine: Engine, news_of: Callable[[], list[dict[str, Any]]]
) -> None:
    appended(own_engine, said("2003", "5", "2020-01-01"))
    appended(own_engine, said("2003", "5", "2020-03-01"))
    news_of()
    appended(own_engine, said("2003", "6", "2020-02-01"))
    told = news_of()
    assert what(told) == [("revised", "2003", Decimal(5), Decimal(6)), ("revised", "2003", Decimal(6), Decimal(5))]
    assert told[0]["valid_to"] == told[1]["published_at"], "the first of them is history"
    assert told[1]["valid_to"] is None


def test_a_vintage_that_is_none_any_more_is_removed(
    own_engine: Engine, news_of: Callable[[], list[dict[str, Any]]]
) -> None:
    appended(own_engine, said("2004", "5", "2020-02-01"))
    news_of()
    appended(own_engine, said("2004", "5", "2020-01-01"))
    assert what(news_of()) == [("new", "2004", None, Decimal(5)), ("removed", "2004", Decimal(5), None)]


def test_what_is_under_embargo_is_told_when_it_ends_and_not_before(
    own_engine: Engine, mirror: Mirror, news_of: Callable[[], list[dict[str, Any]]]
) -> None:
    def meanwhile(ends: datetime, period: str) -> list[dict[str, Any]]:
        appended(own_engine, said(period, "8", ends), said(f"1{period[1:]}", "9", "2020-01-01"))
        return news_of()

    ends, period, told = embargo(own_engine, meanwhile)
    assert what(told) == [("new", f"1{period[1:]}", None, Decimal(9))]
    told = []
    while mirror.place.since.public < ends:
        told += news_of()
    assert what(told) == [("new", period, None, Decimal(8))]
    assert news_of() == []


def test_a_figure_that_is_withdrawn_under_embargo_is_never_told(
    own_engine: Engine, mirror: Mirror, news_of: Callable[[], list[dict[str, Any]]]
) -> None:
    def meanwhile(ends: datetime, period: str) -> None:
        news_of()  # what was not withdrawn in time, on a slow machine
        appended(own_engine, said(period, "8", ends))
        appended(own_engine, said(period, None, ends, withdrawn=True, reason="nhầm"))

    ends, _, _ = embargo(own_engine, meanwhile)
    told: list[dict[str, Any]] = []
    while mirror.place.since.public < ends:
        told += news_of()
    assert told == []


def test_a_batch_of_which_nothing_is_public_shows_in_no_cursor_and_no_feed(
    own_engine: Engine, sender: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_ENTRIES", 2)
    ahead = datetime(2999, 1, 1, tzinfo=UTC)
    looks_ahead = write_cursor(Place(feed.Look(ahead, ahead)))
    goes_ahead = write_cursor(Place(NOTHING, feed.Look(ahead, ahead)))
    now = datetime.now(UTC).isoformat()

    def seen() -> list[Any]:
        cursors = [
            sender.get("/v1/changes", params={"limit": limit} | since).json()["next"]
            for limit in (1, 10_000)
            for since in ({}, {"since": now}, {"since": looks_ahead}, {"since": goes_ahead})
        ]
        places = [read_cursor(each, Place) for each in cursors]
        recorded = [(each.since.recorded, each.until and each.until.recorded) for each in places]
        return [*recorded, sender.get("/v1/changes?format=atom").content]

    appended(own_engine, said("2008", "7", "2020-01-01"))
    before = seen()
    for value in ("1", "2"):
        appended(own_engine, said("2009", value, "2998-01-01"))
    assert seen() == before
    # What is told after it is told all the same, and it with what else is public of its batch.
    appended(own_engine, said("2008", "6", "2020-02-01"), said("2009", "3", "2998-01-01"))
    assert seen() != before


def test_the_removal_of_demonstration_figures_is_told_before_those_that_come_after_it(
    own_engine: Engine, news_of: Callable[[], list[dict[str, Any]]]
) -> None:
    appended(own_engine, said("2001", "1", "2020-01-01", series=GENERATED))
    assert what(news_of()) == [("new", "2001", None, Decimal(1))]
    with database.writing(own_engine) as connection:
        assert ledger.remove_generated(connection) == 1
    appended(own_engine, said("2001", "1", "2020-01-01", series=GENERATED))
    told = news_of()
    assert [(each["kind"], each["series"]) for each in told] == [
        ("removed", "*.*.*.*.GENERATED.*"),
        ("new", GENERATED),
    ]


def test_other_words_in_the_catalogue_are_told_as_before_and_after(
    own_engine: Engine, sender: TestClient, news_of: Callable[[], list[dict[str, Any]]]
) -> None:
    shipped = catalogue.read()
    indicator = dataclasses.replace(shipped.indicators["NRI_RANK"], name_en="Network readiness, rank")
    other = dataclasses.replace(shipped, version="other words", indicators=shipped.indicators | {"NRI_RANK": indicator})
    with database.writing(own_engine) as connection:
        registry.load(connection, other, by=TEST)
    (told,) = news_of()
    assert (told["kind"], told["indicator"], told["series"]) == ("redefined", "NRI_RANK", None)
    before = shipped.indicators["NRI_RANK"].name_en
    assert told["redefined"] == {"before": {"name_en": before}, "after": {"name_en": "Network readiness, rank"}}
    with database.writing(own_engine) as connection:
        registry.load(connection, shipped, by=TEST)
    (back,) = news_of()
    assert back["redefined"] == {"before": told["redefined"]["after"], "after": told["redefined"]["before"]}
    listed = sender.get("/v1/changes?kind=redefined&indicator=NRI_RANK").json()["changes"]
    assert [each["redefined"] for each in listed] == [told["redefined"], back["redefined"]]
    assert sender.get("/v1/changes?kind=redefined&indicator=EGDI_RANK").json()["changes"] == []


# Whether the last batch of a look is one of which something was public in it.
HAS_SOMETHING_PUBLIC = """
select exists (select from redefinition where recorded_at = :recorded)
    or exists (
        select from batch
        where recorded_at = :recorded and (first_published is null or first_published <= :public)
    )
"""


class Writers:
    """Several at once who publish, revise, withdraw, load history, set embargoes, and play with demonstrations."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with database.reading(engine) as connection:
            self.submissions = list(connection.execute(text("select id from submission order by id")).scalars())
            self.began = now_of(connection)

    def write(self, seed: int, batches: int) -> None:
        chance = random.Random(seed)
        for _ in range(batches):
            with database.writing(self.engine) as connection:
                now = now_of(connection)
                match chance.randrange(10):
                    case 0:
                        ledger.withdraw(
                            connection, [chance.choice(self.submissions[1:])], submission=self.submissions[0], at=now,
                            reason="rút lại",
                        )  # fmt: skip
                    case 1:
                        ledger.remove_generated(connection)
                    case _:
                        ledger.append(
                            connection, self._figures(chance, now), submission=chance.choice(self.submissions),
                            reason="sửa",
                        )  # fmt: skip

    def _figures(self, chance: random.Random, now: datetime) -> Any:
        shifts = (-1e6, -5e5, -2e5, -1.0, 0.0, 0.05, 0.2, 0.4)
        rows = {}
        for _ in range(chance.randrange(1, 6)):
            key, period = chance.choice([KEY, KEY, KEY, GENERATED]), str(chance.randrange(2010, 2016))
            # History is loaded at the same few moments again and again, so that it is also said anew.
            base = self.began if (shift := chance.choice(shifts)) < -2 else now
            row = said(period, str(chance.randrange(1, 4)), base + timedelta(seconds=shift), series=key)
            row["status"] = chance.choice("PA")
            rows[key, period, row["published_at"]] = row
        return figures(*rows.values())


def test_a_copy_made_from_the_feed_equals_the_store_whoever_writes_meanwhile(own_engine: Engine) -> None:
    copies = [Mirror(), Mirror()]
    written = threading.Event()
    closed: list[int] = [0, 0]

    def follow(number: int) -> None:
        copy, limit = copies[number], (7, 1000)[number]
        while True:
            last = written.is_set()
            with database.reading(own_engine) as connection:
                while True:
                    copy.read_on(connection, limit=limit)
                    if copy.place.until is None:
                        break
                    connection.rollback()  # each page may be asked of another look
                at = copy.place.since
                assert connection.execute(text(HAS_SOMETHING_PUBLIC), at._asdict()).scalar_one(), "tells an embargo"
                assert copy.figures(with_generated=False) == {
                    key: each
                    for key, each in stored(
                        connection, "vintage_known(:recorded, :public)", recorded=at.recorded, public=at.public
                    ).items()
                    if ".GENERATED." not in key[0]
                }
            closed[number] += 1
            if last:
                return

    writers = Writers(own_engine)
    with ThreadPoolExecutor(6) as threads:
        following = [threads.submit(follow, number) for number in range(2)]
        try:
            for each in [threads.submit(writers.write, seed, 20) for seed in range(4)]:
                each.result()
        finally:
            written.set()
        for each in following:
            each.result()
    assert min(closed) >= 2
    ends = copies[0].place.since.public + timedelta(seconds=0.5)
    for copy in copies:
        with database.reading(own_engine) as connection:
            while copy.place.since.public < ends:
                copy.catch_up(connection)
                connection.rollback()
            copy.catch_up(connection)
            known = stored(connection, "vintage_known(:recorded, :public)", **copy.place.since._asdict())
            assert copy.figures() == known
    fresh = Mirror()
    with database.reading(own_engine) as connection:
        fresh.catch_up(connection, limit=3)
        assert fresh.figures() == stored(connection, "vintage_known(:recorded, :public)", **fresh.place.since._asdict())


def pages(client: TestClient, address: str) -> Iterator[dict[str, Any]]:
    while True:
        page = client.get(address).json()
        yield page
        if not page["more"]:
            return
        address = f"{address.partition('&since')[0]}&since={page['next']}"


def test_pages_of_whatever_size_hold_the_same_changes_in_the_same_order(client: TestClient) -> None:
    whole = client.get("/v1/changes?indicator=EGDI_RANK").json()
    assert len(whole["changes"]) >= 12
    assert not whole["more"]
    small = list(pages(client, "/v1/changes?indicator=EGDI_RANK&limit=5"))
    assert [len(page["changes"]) for page in small[:-1]] == [5] * (len(small) - 1)
    assert list(itertools.chain(*(page["changes"] for page in small))) == whole["changes"]
    places = [(each["series"], each["period"], each["published_at"]) for each in whole["changes"]]
    assert places == sorted(places)
    assert {each["kind"] for each in whole["changes"]} == {"new"}
    again = client.get(f"/v1/changes?indicator=EGDI_RANK&since={whole['next']}").json()
    assert (again["changes"], again["more"]) == ([], False)


def test_kinds_are_chosen_and_their_pages_lose_nothing(sender: TestClient) -> None:
    whole = sender.get("/v1/changes").json()["changes"]
    revised = [each for each in whole if each["kind"] == "revised"]
    assert 0 < len(revised) < len(whole)
    small = pages(sender, "/v1/changes?kind=revised&limit=3")
    assert list(itertools.chain(*(page["changes"] for page in small))) == revised
    problem = sender.get("/v1/changes?kind=revized")
    assert (problem.status_code, problem.json()["nearest"]) == (404, ["REVISED", "REMOVED", "REDEFINED"])


def test_since_a_moment_tells_what_was_not_known_then(own_engine: Engine, sender: TestClient) -> None:
    with database.reading(own_engine) as connection:
        moment = now_of(connection).astimezone(UTC).isoformat()
    appended(own_engine, said("1999", "3", "2015-06-01"))
    told = sender.get("/v1/changes", params={"since": moment}).json()["changes"]
    assert [(each["period"], each["published_at"][:10]) for each in told] == [("1999", "2015-06-01")]
    assert sender.get("/v1/changes?since=2999-01-01").status_code == 400
    assert sender.get("/v1/changes?since=9").status_code == 400
    for nonsense in ("W10", "tomorrow", "WyJ4Il0"):
        assert sender.get(f"/v1/changes?since={nonsense}").json()["type"] == "/problems/not-a-cursor"


def test_csv_has_the_same_changes_and_the_cursor_in_the_link(client: TestClient) -> None:
    answer = client.get("/v1/changes?indicator=EGDI_RANK&limit=5&format=csv")
    whole = client.get("/v1/changes?indicator=EGDI_RANK&limit=5").json()
    lines = answer.text.splitlines()
    assert lines[0].split(",")[:5] == ["kind", "series", "indicator", "reporting_unit", "period"]
    assert [line.split(",")[1] for line in lines[1:]] == [each["series"] for each in whole["changes"]]
    assert answer.headers["content-type"].startswith("text/csv")
    onward = answer.links["next"]["url"]
    assert client.get(onward.replace("format=csv", "format=json")).json()["changes"]


def test_atom_has_an_entry_for_each_publication_and_its_link_tells_exactly_that(
    own_engine: Engine, sender: TestClient
) -> None:
    appended(own_engine, said("1998", "3", "2015-06-01"), said("1997", "4", "2015-06-01"))
    answer = sender.get("/v1/changes?indicator=NRI_RANK&format=atom")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    entries = ElementTree.fromstring(answer.content).findall(f"{ATOM}entry")
    moments = [entry.findtext(f"{ATOM}updated") for entry in entries]
    assert moments == sorted(moments, key=lambda each: datetime.fromisoformat(str(each)), reverse=True)
    names = sender.get("/v1/indicators/NRI_RANK").json()
    assert entries[0].findtext(f"{ATOM}title") == (
        f"{names['name_vi']} – Việt Nam – 2 số liệu / {names['name_en']} – Viet Nam – 2 figures"
    )
    identities = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(identities)) == len(identities)
    link = entries[0].find(f"{ATOM}link")
    assert link is not None
    appended(own_engine, said("1996", "5", "2015-06-01"))
    told = sender.get(link.attrib["href"]).json()["changes"]
    assert [each["period"] for each in told] == ["1997", "1998"]
    later = ElementTree.fromstring(sender.get("/v1/changes?indicator=NRI_RANK&format=atom").content)
    assert [entry.findtext(f"{ATOM}id") for entry in later.findall(f"{ATOM}entry")][1:3] == identities[:2]


def test_atom_tells_of_a_single_figure_what_it_was_and_what_it_is(own_engine: Engine, sender: TestClient) -> None:
    def newest() -> tuple[str | None, list[str]]:
        entry = ElementTree.fromstring(sender.get("/v1/changes?indicator=NRI_RANK&format=atom").content).find(
            f"{ATOM}entry"
        )
        assert entry is not None
        return entry.findtext(f"{ATOM}title"), entry.findtext(f"{ATOM}summary", "").splitlines()[:2]

    names = sender.get("/v1/indicators/NRI_RANK").json()
    appended(own_engine, said("1995", "1013.5", "2015-06-01"))
    title, told = newest()
    assert title == f"{names['name_vi']} – Việt Nam – Năm 1995 / {names['name_en']} – Viet Nam – 1995"
    assert told == ["Số liệu mới: hạng\u00a01.013,5.", "New figure: rank\u00a01,013.5."]
    appended(own_engine, said("1995", "12", "2015-07-01"))
    assert newest()[1] == [
        "Sửa từ hạng\u00a01.013,5 thành hạng\u00a012.",
        "Revised from rank\u00a01,013.5 to rank\u00a012.",
    ]
    # Said once more, it is the same figure, and nothing became of it.
    appended(own_engine, said("1995", "12", "2015-08-01"))
    assert "12" not in newest()[1][0]


def test_atom_tells_the_last_publications_of_what_is_asked_however_much_else_came_since(
    own_engine: Engine, sender: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_ENTRIES", 2)

    def told() -> list[str | None]:
        answer = sender.get("/v1/changes?indicator=NRI_RANK&source=PRESS&format=atom")
        return [each.findtext(f"{ATOM}id") for each in ElementTree.fromstring(answer.content).findall(f"{ATOM}entry")]

    def of_others(ends: datetime, period: str) -> datetime:
        later = [ends + timedelta(milliseconds=each) for each in range(3)]
        appended(own_engine, *(said(period, str(each), at, series=GENERATED) for each, at in enumerate(later)))
        return later[-1]

    appended(own_engine, said("1988", "22", "2015-06-01"))
    appended(own_engine, said("1989", "23", "2015-06-01"))
    newest = told()
    assert len(newest) == 2
    for value in ("1", "2", "3"):
        appended(own_engine, said("1988", value, "2015-06-01", series=GENERATED))
    assert told() == newest
    _, _, last = embargo(own_engine, of_others)
    with database.reading(own_engine) as connection:
        seconds = (last - now_of(connection)).total_seconds()
        connection.execute(text("select pg_sleep(:seconds)"), {"seconds": max(0.0, seconds)})
    assert told() == newest


@contextmanager
def listened_to(engine: Engine) -> Iterator[tuple[str, Server, threading.Thread]]:
    """The service over a real socket, asked to end as a signal does when the block is left."""
    port = free_port()
    application = app.create(engine)
    server = Server(application, port=port)
    thread = threading.Thread(target=server.run)
    thread.start()
    address = f"http://127.0.0.1:{port}"
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    try:
        yield address, server, thread
    finally:
        server.should_exit = True
        thread.join()


def events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    for line in lines:
        if line == "":
            if "data" in event:
                yield event
            event = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value


def test_a_stream_tells_what_happens_resumes_after_the_last_event_and_ends_with_the_service(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(changes, "_HEARTBEAT_SECONDS", 0.1)
    with listened_to(own_engine) as (address, server, thread), httpx2.Client(timeout=30) as client:
        with client.stream("GET", f"{address}/v1/changes/stream?indicator=NRI_RANK") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.iter_lines()
            assert next(lines) == ": we are listening"
            assert ": nothing new" in (next(lines), next(lines)), "a heartbeat"
            appended(own_engine, said("1990", "3", "2015-06-01"))
            first = next(events(lines))
            assert what(json.loads(first["data"])["changes"]) == [("new", "1990", None, 3)]
        appended(own_engine, said("1991", "4", "2015-06-01"))
        known = {"Last-Event-ID": first["id"]}
        stream = f"{address}/v1/changes/stream"
        with client.stream("GET", stream, headers=known) as answer:
            lines = answer.iter_lines()
            told = events(lines)
            assert what(json.loads(next(told)["data"])["changes"]) == [("new", "1991", None, 4)]
            with database.reading(own_engine) as connection:
                ends = now_of(connection) + timedelta(seconds=0.3)
            appended(own_engine, said("1992", "5", ends))
            assert what(json.loads(next(told)["data"])["changes"]) == [("new", "1992", None, 5)]
            assert own_engine.pool.checkedout() == 0, "who listens holds no connection"  # type: ignore[attr-defined]
            server.should_exit = True
            assert list(told) == []
            thread.join(10)
            assert not thread.is_alive()


def test_a_head_of_the_stream_ends_and_is_no_listener(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "MOST_LISTENERS", 1)
    with listened_to(own_engine) as (address, *_), httpx2.Client(timeout=30) as client:
        stream = f"{address}/v1/changes/stream"
        heads = [client.head(stream) for _ in range(3)]
        assert client.head(f"{stream}?since=x").status_code == 400
        with client.stream("GET", stream) as answer:
            assert answer.status_code == 200
            for head in heads:
                assert head.status_code == 200
                for name in ("content-type", "cache-control", "x-accel-buffering"):
                    assert head.headers[name] == answer.headers[name]


@pytest.mark.parametrize("limit", ["MOST_LISTENERS", "MOST_OF_ONE_ADDRESS"])
def test_more_than_so_many_do_not_listen_and_are_told_what_to_do(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(news, limit, 1)
    with listened_to(own_engine) as (address, *_), httpx2.Client(timeout=30) as client:
        stream = f"{address}/v1/changes/stream"
        for nonsense in ("indicator=NOTHING", "since=x", "kind=x", "colour=red"):
            assert client.get(f"{stream}?{nonsense}").status_code in (400, 404)
        with client.stream("GET", stream) as answer:
            lines = answer.iter_lines()  # which hangs up when nobody keeps it
            assert next(lines) == ": we are listening"
            refused = client.get(stream)
            assert (refused.status_code, refused.json()["type"]) == (503, "/problems/too-many-listeners")
            assert refused.headers["retry-after"] == "60"

        def there_is_room() -> bool:
            with client.stream("GET", stream) as answer:
                return answer.status_code == 200

        await_that(there_is_room)


def test_who_listens_too_often_takes_no_room_from_others(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "MOST_OF_ONE_ADDRESS", 1)
    heard = news.News(own_engine)

    async def listen() -> None:
        async with heard.heard("192.0.2.1"):
            with pytest.raises(news.TooManyListen, match="1 listen from your address already"):
                heard.refuse_more("192.0.2.1")
            async with heard.heard("192.0.2.2"):
                pass
        heard.refuse_more("192.0.2.1")

    asyncio.run(listen())


def test_the_documentation_says_how_many_may_listen() -> None:
    assert f"serves {news.MOST_LISTENERS} listeners, {news.MOST_OF_ONE_ADDRESS} of them from one address" in DOCUMENT


def test_the_documentation_has_every_kind_and_column_and_its_questions_answer(client: TestClient) -> None:
    assert re.findall(r"^\| `(\w+)` \|[^|]+\|[^|]+\|[^|]+\|$", DOCUMENT, re.MULTILINE) == list(KINDS)
    addresses = re.findall(r"127\.0\.0\.1:8000(/v1/changes\?[^'\s]+)", DOCUMENT)
    addresses += [f"/{each}" for each in re.findall(r"`/(v1/changes\?[^`]+)`", DOCUMENT)]
    assert len(addresses) == 2
    assert all(client.get(each).status_code == 200 for each in addresses)
    assert tuple(client.get("/v1/changes?limit=1").json()["changes"][0]) == feed.CHANGE_COLUMNS
    (said_of_a_hook,) = re.findall(r"--json '(.*)'", DOCUMENT)
    assert Subscription.model_validate_json(said_of_a_hook).indicator == ["EGDI_RANK"]


def test_a_cursor_that_says_it_saw_the_future_sees_no_embargo(own_engine: Engine) -> None:
    ahead = datetime(2999, 1, 1, tzinfo=UTC)
    appended(own_engine, said("2031", "77777", "2998-01-01"))
    with database.reading(own_engine) as connection:
        for place in (
            Place(NOTHING, feed.Look(ahead, ahead)),
            Place(feed.Look(ahead, ahead)),
            Place(feed.Look(NOTHING.recorded, ahead), feed.Look(ahead, ahead)),
        ):
            told, _, _ = feed.changes(connection, ALL, place, limit=10_000)
            assert all(each["published_at"] is None or each["published_at"] < ahead for each in told)
            assert "2031" not in {each["period"] for each in told}

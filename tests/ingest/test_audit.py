"""The audit is chained whatever else happens, and no alteration of it goes unseen."""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from ingest import audit
from ingest.authority import Actor
from service import database
from sql import migration

BY = Actor("lan", origin="203.0.113.7")
ALTERATIONS = 1_000
ACTS = 200


@pytest.fixture
def empty(new_database: Callable[[], str]) -> Iterator[Engine]:
    """A database with nothing in it."""
    engine = database.connect(new_database())
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def bare(new_database: Callable[[], str]) -> Iterator[Engine]:
    """A database with our schema and an empty audit, to commit to."""
    engine = database.connect(new_database())
    with database.writing(engine) as connection:
        migration.upgrade(connection)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def chained(bare: Engine) -> list[tuple[int, int]]:
    """The links of an audit of many acts in transactions of different sizes: ordinal and act."""
    numbers = iter(range(ACTS))
    for size in itertools.cycle((1, 3, 16)):
        some = list(itertools.islice(numbers, size))
        if not some:
            break
        with database.writing(bare) as connection:
            for number in some:
                by = BY if number % 5 else Actor("worker")
                before = {"rate": 45.5, "level": number} if number % 3 else None
                after = {"rate": 46.25, "words": "Nghị quyết", "level": number} if number % 4 else None
                audit.record(connection, by, "change", f"submission {number}", before=before, after=after)
    with bare.connect() as connection:
        return links(connection)


def links(connection: Connection) -> list[tuple[int, int]]:
    rows = connection.execute(text("select ordinal, audit from audit_link order by ordinal"))
    return [(ordinal, act) for ordinal, act in rows]


def first_fault(connection: Connection) -> tuple[int | None, int | None, str] | None:
    broken = audit.verify(connection).broken
    return broken and (broken.ordinal, broken.audit, broken.kind)


def test_an_untouched_chain_is_whole(bare: Engine, chained: list[tuple[int, int]]) -> None:
    with bare.connect() as connection:
        told: list[tuple[int, int]] = []
        found = audit.verify(connection, tell=lambda done, of: told.append((done, of)))
        head = connection.execute(text("select count, encode(hash, 'hex') from audit_head")).one()
        assert (found.count, found.head) == tuple(head)
        assert found.broken is None
        assert told == [(found.count, found.count)]
        assert audit.place(connection, found.head) == found.count
        assert audit.place(connection, "ab" * 32) is None
    assert [ordinal for ordinal, _ in chained] == list(range(1, len(chained) + 1))


def test_a_long_chain_is_walked_in_steps_that_miss_nothing_between_them(
    bare: Engine, chained: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_STEP", 7)
    told: list[int] = []
    with bare.connect() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        assert audit.verify(connection, tell=lambda done, _: told.append(done)).broken is None
        assert told[:3] == [7, 14, 21]
        for ordinal, act in chained[:30]:
            with connection.begin_nested() as alteration:
                connection.execute(text("delete from audit_link where ordinal = :ordinal"), {"ordinal": ordinal})
                assert first_fault(connection) == (ordinal, None, "missing")
                alteration.rollback()
            with connection.begin_nested() as alteration:
                connection.execute(text("update audit set actor = 'x' where id = :act"), {"act": act})
                assert first_fault(connection) == (ordinal, act, "altered")
                alteration.rollback()


def test_thirty_transactions_at_once_make_one_chain_and_what_is_rolled_back_is_not_in_it(
    empty: Engine,
) -> None:
    with database.writing(empty) as connection:
        migration.upgrade(connection)
    many = create_engine(empty.url, poolclass=NullPool, connect_args={"options": "-c search_path=chiso,public"})
    written, threads = threading.Barrier(30), range(30)

    def act(thread: int) -> int:
        kept = 0
        for turn in range(4):
            with many.connect() as connection:
                for number in range(1 + thread % 3):
                    audit.record(connection, BY, "change", f"thing {thread} {turn} {number}")
                with connection.begin_nested() as dry_run:
                    audit.record(connection, BY, "try", f"thing {thread} {turn}")
                    dry_run.rollback()
                written.wait(60)  # every transaction has written, none has committed
                if (thread + turn) % 3:
                    connection.commit()
                    kept += 1 + thread % 3
        return kept

    with ThreadPoolExecutor(30) as pool:
        kept = sum(pool.map(act, threads))
    with empty.connect() as connection:
        found = audit.verify(connection)
        assert (found.count, found.broken) == (kept, None)
        assert len(audit.acts(connection, limit=1_000)) == kept > 100
        assert not audit.acts(connection, act="try", limit=1)
        held = [act for _, act in links(connection)]
        assert held != sorted(held), "transactions are chained as they commit, not as they began"


def test_acts_from_before_there_was_a_chain_are_chained_in_their_order(empty: Engine) -> None:
    with database.writing(empty) as connection:
        connection.execute(text("create schema chiso"))
        config = migration._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0007_case")
        connection.execute(
            text(
                "insert into audit (actor, act, object, detail)"
                " select 'lan', 'load', number::text, '{}' from generate_series(1, 5) as number"
            )
        )
        migration.upgrade(connection)
        assert first_fault(connection) is None
        assert links(connection) == [(number, number) for number in range(1, 6)]
    with database.writing(empty) as connection:
        audit.record(connection, BY, "load", "a sixth")
    with empty.connect() as connection:
        assert (audit.verify(connection).count, first_fault(connection)) == (6, None)


def test_the_hash_depends_on_no_setting_of_the_session(bare: Engine, chained: list[tuple[int, int]]) -> None:
    odd = (
        "timezone = 'America/St_Johns'",
        "datestyle = 'German'",
        "extra_float_digits = -15",
        "bytea_output = 'escape'",
    )
    with bare.connect() as connection:
        before = connection.execute(text("select array_agg(audit_written(audit) order by id) from audit")).scalar_one()
        for setting in odd:
            connection.execute(text(f"set local {setting}"))
        after = connection.execute(
            text("select array_agg(chiso.audit_written(audit) order by id) from chiso.audit")
        ).scalar_one()
    assert before == after


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_link set hash = sha256('x')",
        "delete from audit_link",
        "truncate audit_link",
        "delete from audit_head",
        "truncate audit_head",
        "update audit_head set count = count - 1",
        "update audit_head set hash = sha256('x')",
        "update audit_head set count = count + 2",
        "insert into audit_head (count, hash) values (0, sha256('x'))",
        "insert into audit_head (only_one, count, hash) values (false, 0, sha256('x'))",
        "insert into audit (actor, act, object, before) values ('a', 'b', 'c', 'null')",
    ],
)
def test_the_chain_is_only_ever_lengthened(bare: Engine, chained: list[tuple[int, int]], statement: str) -> None:
    refusals = "append-only|moves from|audit_head_pkey|chain_has_one_head|facts_are_named"
    with bare.connect() as connection, pytest.raises(DBAPIError, match=refusals):
        connection.execute(text(statement))


def test_an_act_above_read_committed_that_would_break_the_chain_is_refused(bare: Engine) -> None:
    with bare.connect() as slow:
        slow.execute(text("set transaction isolation level repeatable read"))
        audit.record(slow, BY, "change", "slowly")
        with database.writing(bare) as quick:
            audit.record(quick, BY, "change", "quickly")
        with pytest.raises(DBAPIError, match="could not serialize"):
            slow.commit()
    with bare.connect() as connection:
        assert first_fault(connection) is None


@dataclass(frozen=True)
class Alteration:
    """Statements that alter the audit, and the fault that must be named first (None: not determined)."""

    statements: Sequence[str]
    ordinal: int | None
    kind: str
    act: int | None = None
    values: dict[str, Any] = field(default_factory=dict)


class Forger:
    """Alters by chance, but the same way each time."""

    def __init__(self, chain: list[tuple[int, int]]) -> None:
        self.chance = random.Random(20_261_122)
        self.chain = chain
        self.last = len(chain)
        self.kinds = [getattr(self, name) for name in sorted(vars(Forger)) if not name.startswith("_")]

    def _link(self, *, but_last: bool = False) -> tuple[int, int]:
        return self.chance.choice(self.chain[:-1] if but_last else self.chain)

    def _two(self) -> dict[str, Any]:
        (a, first), (b, second) = sorted(self.chance.sample(self.chain, 2))
        return {"a": a, "b": b, "first": first, "second": second}

    def change_a_column(self) -> Alteration:
        ordinal, act = self._link()
        change = self.chance.choice(
            [
                "at = at + :amount * interval '1 microsecond'",
                "at = at - :amount * interval '1 microsecond'",
                "actor = actor || :word",
                "origin = coalesce(origin, '') || :word",
                "origin = case when origin is null then '' end",
                "act = :word",
                "object = overlay(object placing :word from 3)",
                "before = coalesce(before, '{}') || jsonb_build_object('level', cast(:amount as bigint) + 1000)",
                "before = case when before is null then '{}'::jsonb end",
                "after = jsonb_set(coalesce(after, '{}'), '{rate}', '46.250')",
                "after = coalesce(after, '{}') || jsonb_build_object(cast(:word as text), null)",
            ]
        )
        amount = self.chance.randint(1, 10 ** self.chance.randint(1, 13))
        word = "".join(self.chance.choices("àzé", k=self.chance.randint(1, 9)))
        statement = f"update audit set {change} where id = :act"
        return Alteration([statement], ordinal, "altered", act, {"act": act, "amount": amount, "word": word})

    def renumber_an_act(self) -> Alteration:
        ordinal, act = self._link()
        columns = "at, actor, origin, act, object, before, after"
        statement = (
            "with gone as (delete from audit where id = :act returning *)"
            f" insert into audit (id, {columns}) overriding system value select id + 1000000, {columns} from gone"
        )
        return Alteration([statement], ordinal, "act missing", act, {"act": act})

    def delete_an_act(self) -> Alteration:
        ordinal, act = self._link()
        return Alteration(["delete from audit where id = :act"], ordinal, "act missing", act, {"act": act})

    def insert_an_act(self) -> Alteration:
        statement = "insert into audit (actor, act, object) values ('nobody', 'change', :word)"
        return Alteration([statement], None, "not in the chain", values={"word": str(self.chance.random())})

    def insert_a_link(self) -> Alteration:
        statements = (
            "insert into audit (actor, act, object) values ('nobody', 'change', 'x')",
            "insert into audit_link select :last + 1, max(id), sha256(:bytes) from audit",
        )
        values = {"last": self.last, "bytes": self.chance.randbytes(9)}
        return Alteration(statements, self.last + 1, "inserted", values=values)

    def insert_a_link_and_move_the_head(self) -> Alteration:
        forged = self.insert_a_link()
        head = "update audit_head set count = :last + 1, hash = sha256(:bytes)"
        return Alteration([*forged.statements, head], self.last + 1, "altered", values=forged.values)

    def insert_a_link_between_others(self) -> Alteration:
        ordinal, _ = self._link(but_last=True)
        statements = (
            "with gone as (delete from audit_link where ordinal > :ordinal returning *)"
            " insert into audit_link select ordinal + 1, audit, hash from gone order by ordinal",
            "insert into audit (actor, act, object) values ('nobody', 'change', 'x')",
            "insert into audit_link select :ordinal + 1, max(id), sha256(:bytes) from audit",
            "update audit_head set count = count + 1",
        )
        values = {"ordinal": ordinal, "bytes": self.chance.randbytes(9)}
        return Alteration(statements, ordinal + 1, "altered", values=values)

    def cut_off_the_tail(self) -> Alteration:
        left = self.chance.randrange(self.last)
        statements = [
            "delete from audit where id in (select audit from audit_link where ordinal > :left)",
            "delete from audit_link where ordinal > :left",
        ]
        whole = self.chance.choice((statements, statements[1:]))
        return Alteration(whole, left + 1, "tail cut off", values={"left": left})

    def cut_off_the_tail_and_move_the_head(self) -> Alteration:
        cut = self.cut_off_the_tail()
        moved = ["update audit_head set count = :left", *cut.statements]
        kind = "head altered" if len(cut.statements) > 1 else "not in the chain"
        return Alteration(moved, None, kind, values=cut.values)

    def swap_what_two_acts_say(self) -> Alteration:
        values = self._two()
        columns = ("at", "actor", "origin", "act", "object", "before", "after")
        statement = (
            f"update audit set {', '.join(f'{name} = other.{name}' for name in columns)} from audit as other"
            " where (audit.id, other.id) in ((:first, :second), (:second, :first))"
        )
        return Alteration([statement], values["a"], "altered", values["first"], values)

    def swap_two_links(self) -> Alteration:
        values = self._two()
        statement = (
            "with gone as (delete from audit_link where ordinal in (:a, :b) returning *)"
            " insert into audit_link select :a + :b - ordinal, audit, hash from gone order by 1"
        )
        return Alteration([statement], values["a"], "out of order", values["second"], values)

    def swap_the_acts_of_two_links(self) -> Alteration:
        values = self._two()
        statement = (
            "with gone as (delete from audit_link where ordinal in (:a, :b) returning *)"
            " insert into audit_link select one.ordinal, other.audit, one.hash"
            " from gone as one join gone as other on one.ordinal <> other.ordinal order by 1"
        )
        return Alteration([statement], values["a"], "out of order", values["second"], values)

    def swap_the_hashes_of_two_links(self) -> Alteration:
        values = self._two()
        statement = (
            "update audit_link set hash = other.hash from audit_link as other"
            " where (audit_link.ordinal, other.ordinal) in ((:a, :b), (:b, :a))"
        )
        return Alteration([statement], values["a"], "altered", values["first"], values)

    def change_a_hash(self) -> Alteration:
        ordinal, act = self._link()
        statement = "update audit_link set hash = set_bit(hash, :bit, 1 - get_bit(hash, :bit)) where ordinal = :ordinal"
        values = {"bit": self.chance.randrange(256), "ordinal": ordinal}
        return Alteration([statement], ordinal, "altered", act, values)

    def let_a_link_hold_another_act(self) -> Alteration:
        ordinal, act = self._link()
        statement = "update audit_link set audit = audit + 1000000 where ordinal = :ordinal"
        return Alteration([statement], ordinal, "act missing", act + 1_000_000, {"ordinal": ordinal})

    def delete_a_link(self) -> Alteration:
        ordinal, _ = self._link()
        kind = "tail cut off" if ordinal == self.last else "missing"
        statement = "delete from audit_link where ordinal = :ordinal"
        return Alteration([statement], ordinal, kind, values={"ordinal": ordinal})

    def delete_a_link_and_close_the_gap(self) -> Alteration:
        ordinal, _ = self._link(but_last=True)
        statement = (
            "with gone as (delete from audit_link where ordinal >= :ordinal returning *)"
            " insert into audit_link select ordinal - 1, audit, hash from gone where ordinal > :ordinal order by 1"
        )
        head = "update audit_head set count = count - 1"
        return Alteration([statement, head], ordinal, "altered", values={"ordinal": ordinal})

    def renumber_a_link(self) -> Alteration:
        ordinal, _ = self._link()
        kind = "tail cut off" if ordinal == self.last else "missing"
        statement = "update audit_link set ordinal = :last + :further where ordinal = :ordinal"
        values = {"ordinal": ordinal, "last": self.last, "further": self.chance.randint(1, 10**12)}
        return Alteration([statement], ordinal, kind, values=values)

    def move_the_head_on(self) -> Alteration:
        statement = "update audit_head set count = count + :amount"
        amount = self.chance.randint(1, 10 ** self.chance.randint(1, 15))
        return Alteration([statement], self.last + 1, "tail cut off", values={"amount": amount})

    def move_the_head_back(self) -> Alteration:
        amount = self.chance.randint(1, self.last)
        statement = "update audit_head set count = count - :amount"
        return Alteration([statement], self.last - amount + 1, "inserted", values={"amount": amount})

    def change_the_head(self) -> Alteration:
        statement = self.chance.choice(("update audit_head set hash = sha256(:bytes)", "delete from audit_head"))
        return Alteration([statement], None, "head altered", values={"bytes": self.chance.randbytes(9)})


def test_a_thousand_random_alterations_are_all_detected_and_the_first_broken_link_is_the_right_one(
    bare: Engine, chained: list[tuple[int, int]]
) -> None:
    wrong, tried = [], Counter[str]()
    with bare.connect() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        forger = Forger(links(connection))
        for forge in itertools.islice(itertools.cycle(forger.kinds), ALTERATIONS):
            alteration = forge()
            with connection.begin_nested() as savepoint:
                changed = [connection.execute(text(each), alteration.values).rowcount for each in alteration.statements]
                found = first_fault(connection)
                savepoint.rollback()
            assert all(changed), f"{forge.__name__} altered nothing: {alteration}"
            tried[forge.__name__] += 1
            expected = (alteration.ordinal, alteration.act, alteration.kind)
            if (
                found is None
                or (found[0], found[2]) != (expected[0], expected[2])
                or expected[1] not in (None, found[1])
            ):
                wrong.append((forge.__name__, alteration, found))
        assert first_fault(connection) is None
    assert wrong == []
    assert (tried.total(), len(tried)) == (ALTERATIONS, 21)


def test_several_alterations_at_once_are_all_listed(bare: Engine, chained: list[tuple[int, int]]) -> None:
    with bare.connect() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        acts = {"a": chained[4][1], "b": chained[90][1], "c": chained[40][1]}
        connection.execute(text("update audit set actor = 'x' where id in (:a, :b)"), acts)
        connection.execute(text("delete from audit where id = :c"), acts)
        connection.execute(text("delete from audit_link where ordinal between 60 and 62"))
        faults = connection.execute(text("select ordinal, fault from audit_faults()")).all()
    assert [tuple(each) for each in faults[:4]] == [
        (5, "altered"),
        (41, "act missing"),
        (60, "missing"),
        (91, "altered"),
    ]
    assert [each.fault for each in faults[4:]] == ["not in the chain"] * 3


def test_a_chain_that_was_computed_anew_is_whole_but_has_lost_the_head_that_was_noted(
    bare: Engine, chained: list[tuple[int, int]]
) -> None:
    with bare.connect() as connection:
        noted = audit.verify(connection).head
        audit.record(connection, BY, "change", "after the note")
        connection.execute(text("set constraints all immediate"))
        assert audit.place(connection, noted) == audit.verify(connection).count - 1
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update audit set actor = 'x' where id = :act"), {"act": chained[9][1]})
        assert first_fault(connection) == (10, chained[9][1], "altered")
        compute_anew(connection)
        assert first_fault(connection) is None
        assert audit.place(connection, noted) is None


def compute_anew(connection: Connection) -> None:
    """What only the owner of the database can do: every link and the head again, from the acts as they are now."""
    connection.execute(
        text(
            "with recursive anew as ("
            " select ordinal, audit_hash(decode(repeat('00', 32), 'hex'), kept) as hash"
            " from audit_link as link join audit as kept on kept.id = link.audit where ordinal = 1"
            " union all"
            " select link.ordinal, audit_hash(anew.hash, kept) from anew"
            " join audit_link as link on link.ordinal = anew.ordinal + 1 join audit as kept on kept.id = link.audit"
            ") update audit_link set hash = anew.hash from anew where anew.ordinal = audit_link.ordinal"
        )
    )
    connection.execute(
        text("update audit_head set hash = (select hash from audit_link where ordinal = audit_head.count)")
    )


def test_acts_are_found_by_who_what_and_when_the_newest_first(bare: Engine, chained: list[tuple[int, int]]) -> None:
    with bare.connect() as connection:
        audit.record(connection, Actor("minh", origin="command line"), "publish", "submission 12", after={"rate": 1.50})
        audit.record(connection, Actor("minh"), "return", "submission 12")
        connection.execute(text("set constraints all immediate"))
        of_minh = audit.acts(connection, actor="minh", limit=10)
        assert [each.act for each in of_minh] == ["return", "publish"]
        published = audit.acts(connection, actor="minh", act="publish", thing="submission 12", limit=10)
        assert published == of_minh[1:]
        assert str(published[0].after) == "{'rate': Decimal('1.5')}"
        assert published[0].ordinal is not None
        assert audit.acts(connection, actor="minh", below=of_minh[0].id, limit=10) == of_minh[1:]
        assert audit.acts(connection, actor="minh", since=of_minh[0].at, limit=10) == of_minh[:1]
        assert audit.acts(connection, actor="minh", until=of_minh[1].at, limit=10) == of_minh[1:]
        assert len(audit.acts(connection, limit=7)) == 7

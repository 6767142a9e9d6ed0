"""The life of a submission is one table: what it leads to, who may, and the picture in the documents."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from ingest import case
from ingest.authority import MATRIX, ROLES, Actor, Grant, NotYours
from ingest.case import ACTS, OFFERED, STATES, NotNow
from ingest.catalogue import Catalogue
from ingest.submission import Move, State, Submission

DOCUMENT = (Path(__file__).parents[2] / "docs" / "submissions.md").read_text(encoding="utf-8")
THEN = datetime(2025, 1, 10, 2, 0, tzinfo=UTC)

HANOI = Actor("lan", (Grant("reporter", "GSO01_2008"),))
HUE = Actor("hue", (Grant("reporter", "GSO46"),))
MACHINE = Actor("machine:hanoi", (Grant("machine", "GSO01_2008", "PROVINCE_QUARTERLY"),))
REVIEWER = Actor("minh", (Grant("reviewer", "MOST_2025"),))
ELSEWHERE = Actor("nga", (Grant("reviewer", "MOF_2025"),))
OTHER_FORM = Actor("oanh", (Grant("reviewer", "MOST_2025", "MINISTRY_QUARTERLY"),))
PUBLISHER = Actor("phong", (Grant("publisher", "VN"),))
ADMINISTRATOR = Actor("admin", (Grant("administrator"), Grant("operator")))
BOTH = Actor("lan", (Grant("reporter", "GSO01_2008"), Grant("reviewer", "MOST_2025"), Grant("publisher", "VN")))

# Who may do what in which state; whoever and whatever is not here may not.
ALLOWED: dict[State, dict[str, set[Actor]]] = {
    "received": {"take_back": {HANOI, MACHINE, BOTH}},
    "examined": {"submit": {HANOI, MACHINE, BOTH}, "take_back": {HANOI, MACHINE, BOTH}},
    "submitted": {
        "take_up": {REVIEWER, BOTH},
        "accept": {REVIEWER},
        "return": {REVIEWER, BOTH},
        "take_back": {HANOI, MACHINE, BOTH},
    },
    "in_review": {"accept": {REVIEWER}, "return": {REVIEWER, BOTH}, "take_back": {HANOI, MACHINE, BOTH}},
    "returned": {"submit": {HANOI, MACHINE, BOTH}, "take_back": {HANOI, MACHINE, BOTH}},
    "accepted": {"publish": {PUBLISHER, BOTH}, "return": {REVIEWER, PUBLISHER, BOTH}},
    "published": {"withdraw": {PUBLISHER}},
    "superseded": {},
    "withdrawn": {},
}


def submission(state: State) -> Submission:
    moves = (Move(1, THEN, "lan", "receive", "received"), Move(2, THEN, "lan", "submit", state))
    level = 1 if state in ("submitted", "in_review") else None
    return Submission(
        7, "PROVINCE_QUARTERLY", "GSO01_2008", "2024-Q4", None, "f.xlsx", "0" * 64, 1, state, 2, level, THEN, "lan",
        moves=moves,
    )  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_who_may_do_what_in_a_state(state: State, words: Catalogue) -> None:
    actors = [HANOI, HUE, MACHINE, REVIEWER, ELSEWHERE, OTHER_FORM, PUBLISHER, ADMINISTRATOR, BOTH]
    for act in OFFERED:
        may = {actor for actor in actors if case.allowed(submission(state), actor, words)[f"may_{act}"]}
        assert may == ALLOWED[state].get(act, set()), (state, act)


def test_a_refusal_says_whose_it_is_and_how_the_case_stands(words: Catalogue) -> None:
    refused = case.refusal(ACTS["accept"], submission("submitted"), ELSEWHERE, words)
    assert isinstance(refused, NotYours)
    assert str(refused) == "“accept” of submission 7 is for the reviewer of MOST_2025 in PROVINCE_QUARTERLY."
    refused = case.refusal(ACTS["accept"], submission("submitted"), BOTH, words)
    assert "another person does “accept” (four eyes)" in str(refused)
    refused = case.refusal(ACTS["accept"], submission("accepted"), REVIEWER, words)
    assert isinstance(refused, NotNow)
    assert "Submission 7 is accepted (submit by lan at 2025-01-10 02:00:00+0000)" in str(refused)


def test_who_agreed_at_one_review_does_not_agree_at_the_next(words: Catalogue) -> None:
    two = replace(words.datasets["PROVINCE_QUARTERLY"], review=("MOST_2025", "VN"))
    catalogue = replace(words, datasets=words.datasets | {"PROVINCE_QUARTERLY": two})
    accepted_once = replace(
        submission("in_review"),
        level=2,
        moves=(*submission("in_review").moves, Move(3, THEN, "minh", "accept", "in_review", level=1)),
    )
    everywhere = Actor("minh", (Grant("reviewer"),))
    another = Actor("quang", (Grant("reviewer", "VN"),))
    assert "four eyes" in str(case.refusal(ACTS["accept"], accepted_once, everywhere, catalogue))
    assert "reviewer of VN" in str(case.refusal(ACTS["accept"], accepted_once, REVIEWER, catalogue))
    assert case.refusal(ACTS["accept"], accepted_once, another, catalogue) is None


def test_who_may_read_and_send(words: Catalogue) -> None:
    there = submission("submitted")
    for actor in (HANOI, MACHINE, REVIEWER, PUBLISHER, ADMINISTRATOR):
        assert case.may_read(there, actor, words)
    for actor in (HUE, ELSEWHERE, OTHER_FORM):
        assert not case.may_read(there, actor, words)
        assert "GSO01_2008" not in (case.readable(actor, words)["PROVINCE_QUARTERLY"] or ())
    assert case.readable(HANOI, words)["PROVINCE_QUARTERLY"] == {"GSO01_2008", "GSO01", "GSO28"}
    assert case.readable(REVIEWER, words)["PROVINCE_QUARTERLY"] is None
    form, collected = words.datasets["PROVINCE_QUARTERLY"], words.datasets["PUBLISHED_FIGURES"]
    assert [case.may_send(form, "GSO01_2008", actor, words) for actor in (HANOI, HUE, MACHINE, PUBLISHER)] == [
        True,
        False,
        True,
        False,
    ]
    assert [case.may_send(collected, None, actor, words) for actor in (HANOI, PUBLISHER)] == [False, True]


def test_the_list_shows_what_may_be_read_and_nothing_else(words: Catalogue) -> None:
    roles = [role for role in ROLES if role != "public"]
    units, datasets = (None, "VN", "MOST_2025", "GSO01_2008", "OOG"), (None, *words.datasets)
    for role, unit, dataset in itertools.product(roles, units, datasets):
        actor = Actor("x", (Grant(role, unit, dataset),))
        listed = case.readable(actor, words)
        for of, about in itertools.product(words.datasets, (None, "GSO01_2008", "GSO46", "MOH", "OOG", "VN")):
            there = replace(submission("submitted"), dataset=of, reporting_unit=about)
            in_the_list = listed[of] is None or about in (listed[of] or ())
            assert case.may_read(there, actor, words) == in_the_list, (actor, of, about)


def test_a_merged_province_answers_for_what_the_old_ones_still_owe(words: Catalogue) -> None:
    bac_ninh = Actor("bn", (Grant("reporter", "GSO24_2025"),))
    form = words.datasets["PROVINCE_QUARTERLY"]
    assert [case.may_send(form, unit, bac_ninh, words) for unit in ("GSO24", "GSO27", "GSO24_2025", "GSO01_2008")] == [
        True,
        True,
        True,
        False,
    ]


def test_the_table_holds_together() -> None:
    assert set(STATES) == set(get_args(State))
    reached = {state for act in ACTS.values() for state in act.after}
    assert reached == set(STATES)
    assert {state for act in ACTS.values() for state in act.before} <= set(STATES)
    assert set(OFFERED) == {name for name in ACTS if ACTS[name].roles} - {"receive", "examine"}
    assert set(MATRIX["submission"]) - {"read"} == {name for name in ACTS if ACTS[name].roles}


def drawn() -> str:
    """The table of acts as a state diagram, a line for each way from one state to another."""
    lines = ["stateDiagram-v2"]
    for act in ACTS.values():
        for before in act.before or ("[*]",):
            lines += [
                f"    {before} --> {after}: {act.name}" for after in act.after if not (before == after == "examined")
            ]
    return "\n".join(lines)


def tabulated() -> str:
    rows = ["| act | from | to | who | what |", "|---|---|---|---|---|"]
    for act in ACTS.values():
        who = ", ".join(sorted(act.roles)) or "follows from another submission"
        who += "; another person" * act.by_another
        what = f"{act.vi}: {act.en}" + "; with a reason" * act.with_reason
        rows.append(f"| `{act.name}` | {', '.join(act.before) or '–'} | {', '.join(act.after)} | {who} | {what} |")
    return "\n".join(rows)


def test_the_picture_and_the_tables_in_the_documents_are_drawn_from_the_table() -> None:
    assert drawn() in DOCUMENT, drawn()
    assert tabulated() in DOCUMENT, tabulated()
    states = "\n".join(f"| `{state}` | {vi} | {en} |" for state, (vi, en) in STATES.items())
    assert states in DOCUMENT, states

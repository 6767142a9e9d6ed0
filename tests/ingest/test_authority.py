"""Who may do what: every cell of the matrix, and how far a grant reaches."""

import re
from pathlib import Path

import pytest

from ingest import authority, catalogue
from ingest.authority import MATRIX, PUBLIC, ROLES, Actor, Grant, NotYours, Role, may
from ingest.catalogue import Catalogue

# What is meant, beside what is written in the code: a role a column, an object and an action a row.
EXPECTED = """
                       public  reporter  reviewer  publisher  administrator  operator  machine
figures.read             x        x         x          x            x            x        x
obligation.read          x        x         x          x            x            x        x
obligation.extend        .        .         .          x            x            .        .
compliance.read          x        x         x          x            x            x        x
submission.read          .        x         x          x            x            x        x
submission.receive       .        x         .          .            .            .        x
submission.examine       .        x         .          .            .            .        x
submission.submit        .        x         .          .            .            .        x
submission.take_up       .        .         x          .            .            .        .
submission.accept        .        .         x          .            .            .        .
submission.return        .        .         x          x            .            .        .
submission.publish       .        .         .          x            .            .        .
submission.take_back     .        x         .          .            .            .        x
submission.withdraw      .        .         .          x            .            .        .
collection.receive       .        .         .          x            .            .        .
evidence.read            .        x         x          x            x            x        x
evidence.attach          .        x         .          .            .            .        x
audit.read               .        .         .          .            x            x        .
audit.verify             .        .         .          .            x            x        .
account.read             .        .         .          .            x            .        .
account.change           .        .         .          .            x            .        .
token.read               .        .         .          .            x            .        .
token.change             .        .         .          .            x            .        .
snapshot.read            x        x         x          x            x            x        x
snapshot.freeze          .        x         x          x            x            x        x
"""
CELLS = [
    (thing, action, role, mark == "x")
    for line in EXPECTED.strip().splitlines()[1:]
    for (thing, _, action), marks in [(line.split()[0].partition("."), line.split()[1:])]
    for role, mark in zip(EXPECTED.split()[: len(ROLES)], marks, strict=True)
]
DOCUMENT = (Path(__file__).parents[2] / "docs" / "identity.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return catalogue.read()


def holder(role: Role, reporting_unit: str | None = None, dataset: str | None = None) -> Actor:
    """Somebody who holds this role and no other; the public holds nothing."""
    return PUBLIC if role == "public" else Actor("somebody", (Grant(role, reporting_unit, dataset),))


def test_the_table_above_has_every_cell_of_the_matrix() -> None:
    in_code = {(thing, action, role) for thing, actions in MATRIX.items() for action in actions for role in ROLES}
    assert {(thing, action, role) for thing, action, role, _ in CELLS} == in_code
    assert len(CELLS) == len(in_code)


@pytest.mark.parametrize(("thing", "action", "role", "expected"), CELLS)
def test_a_role_may_what_the_table_says(
    shipped: Catalogue, thing: str, action: str, role: Role, expected: bool
) -> None:
    everywhere, here = holder(role), holder(role, "GSO24_2025", "PROVINCE_QUARTERLY")
    asked = {"reporting_unit": "GSO24_2025", "dataset": "PROVINCE_QUARTERLY"}
    if expected and role != "public":
        authority.refuse_others(everywhere, action, thing)
    elif not expected:
        with pytest.raises(NotYours):
            authority.refuse_others(everywhere, action, thing)
    assert may(everywhere, action, thing, shipped) is expected
    assert may(everywhere, action, thing, shipped, **asked) is expected
    assert may(here, action, thing, shipped, **asked) is expected
    # A bound grant reaches nothing else; what everybody may needs no grant.
    for_all = "public" in MATRIX[thing][action]
    assert may(here, action, thing, shipped, **{**asked, "reporting_unit": "GSO04"}) is for_all
    assert may(here, action, thing, shipped, **{**asked, "dataset": "PUBLISHED_FIGURES"}) is for_all
    assert may(here, action, thing, shipped) is for_all


def test_the_nation_answers_for_every_unit_and_for_what_is_of_none(shipped: Catalogue) -> None:
    national = holder("reviewer", "VN")
    for unit in (*(each.code for each in shipped.reporting_units), None):
        assert may(national, "accept", "submission", shipped, reporting_unit=unit)
    assert not may(holder("reviewer", "MOF_2025"), "accept", "submission", shipped, reporting_unit=None)
    assert not may(holder("reviewer", "MOF_2025"), "accept", "submission", shipped, reporting_unit="GSO04")


def test_a_province_that_merged_answers_for_those_it_came_from_and_not_the_other_way(shipped: Catalogue) -> None:
    for before in ("GSO24", "GSO27", "GSO24_2025"):
        assert may(holder("reporter", "GSO24_2025"), "submit", "submission", shipped, reporting_unit=before)
    for before in ("GSO24", "GSO27"):
        assert not may(holder("reporter", before), "submit", "submission", shipped, reporting_unit="GSO24_2025")
    assert not may(holder("reporter", "GSO24"), "submit", "submission", shipped, reporting_unit="GSO27")


def test_a_unit_answers_for_what_it_came_from_through_all_its_mergers(shipped: Catalogue) -> None:
    # Hà Tây went into Hà Nội in 2008, which is Hà Nội to this day.
    assert {"GSO01", "GSO28"} <= authority.answers_for("GSO01_2008", shipped)


def test_what_split_off_answers_for_itself_alone(shipped: Catalogue) -> None:
    splits = [row for row in shipped.lineage if row.kind == "split"]
    assert len(splits) >= 6
    for row in splits:
        assert row.predecessor not in authority.answers_for(row.successor, shipped)


def test_several_grants_reach_as_far_as_each_and_no_further(shipped: Catalogue) -> None:
    somebody = Actor("lan", (Grant("reporter", "GSO01_2008"), Grant("reviewer", "GSO04")))
    assert may(somebody, "submit", "submission", shipped, reporting_unit="GSO01_2008")
    assert may(somebody, "accept", "submission", shipped, reporting_unit="GSO04")
    assert not may(somebody, "accept", "submission", shipped, reporting_unit="GSO01_2008")
    assert not may(somebody, "submit", "submission", shipped, reporting_unit="GSO04")


def test_a_program_on_the_machine_itself_may_whatever_a_person_or_a_machine_may(shipped: Catalogue) -> None:
    typist = authority.program("root", "command line")
    assert all(may(typist, action, thing, shipped) for thing, actions in MATRIX.items() for action in actions)


def test_the_documentation_draws_the_matrix_as_it_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+) \|$", DOCUMENT, re.MULTILINE)
    drawn = {
        (thing, action): {role for role, mark in zip(ROLES, marks.split("|"), strict=True) if mark.strip() == "yes"}
        for thing, action, marks in rows
    }
    assert "| object | action | " + " | ".join(ROLES) + " |" in DOCUMENT
    assert drawn == {(thing, action): set(roles) for thing, acts in MATRIX.items() for action, roles in acts.items()}

"""How a finding is worded: the sentences of its rule, in Vietnamese and English, with its facts filled in."""

from collections.abc import Iterable
from typing import Any

from ingest.place import in_vietnamese
from ingest.rule import Rule
from ingest.submission import Finding, Severity


def example(rule: Rule) -> Finding:
    """A finding of the rule as it could be, from the facts that the catalogue gives for an example."""
    facts = dict(rule.example)
    near = [facts.pop("near")] if "near" in facts else []
    missing = facts.pop("missing", "")
    said = facts | missing_clause(missing)
    return finding(
        rule, place="", found=said.pop("found", ""), expected=said.pop("expected", ""), near=near, facts=said
    )


def missing_clause(names: str) -> dict[str, str]:
    """The clause in both languages that names the terms which were left out of a comparison; nothing for none."""
    return {
        "missing_vi": f" (thiếu {names})" if names else "",
        "missing_en": f" (without {names})" if names else "",
    }


def finding(
    rule: Rule,
    *,
    place: str,
    found: Any,
    expected: str = "",
    near: Iterable[str] = (),
    severity: Severity | None = None,
    facts: dict[str, str] | None = None,
) -> Finding:
    """The finding of a rule: `found` is what stands there, `expected` what should, `near` names perhaps meant.

    `severity` is that of the rule unless it is told; `facts` are what a rule between figures tells besides.
    """
    names = ", ".join(near)
    filled = {
        "found": found,
        "expected": expected,
        "near": names,
        "near_vi": f"Có phải là {names}?" if names else "Hãy tra danh mục.",
        "near_en": f"Did you mean {names}?" if names else "Look it up in the catalogue.",
    } | (facts or {})
    vi = rule.sentence_vi.format(**filled | {"expected": in_vietnamese(expected)})
    en = rule.sentence_en.format(**filled)
    return Finding(rule.code, severity or rule.severity, place, str(found), expected or names, vi, en)

"""How a finding is worded: the sentences of its rule, in Vietnamese and English, with its facts filled in."""

from collections.abc import Iterable
from typing import Any

from ingest.place import in_vietnamese
from ingest.rule import Rule
from ingest.submission import Finding, Severity


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

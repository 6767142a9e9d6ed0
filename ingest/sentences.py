"""How a finding is worded: the sentences of its rule, in Vietnamese and English, with its facts filled in."""

import re
from collections.abc import Iterable
from typing import Any

from ingest.place import in_vietnamese
from ingest.rule import Rule
from ingest.submission import Finding, Severity

_DECIMAL = re.compile(r"(?<![\w.,])([+-]?\d+)\.(\d+)(?![\w.])")


def _with_comma(text: str) -> str:
    """The numbers of a text with the decimal sign of Vietnamese; codes, dates and periods stay."""
    return _DECIMAL.sub(r"\1,\2", text)


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
    of_vietnamese = {name: _with_comma(str(fact)) for name, fact in filled.items()}
    of_vietnamese["expected"] = _with_comma(in_vietnamese(expected))
    # What stands in quotation marks is what the sender wrote, to the letter.
    vi = rule.sentence_vi.replace("“{found}”", "“{written}”").format(**of_vietnamese, written=found)
    en = rule.sentence_en.format(**filled)
    return Finding(rule.code, severity or rule.severity, place, str(found), expected or names, vi, en)

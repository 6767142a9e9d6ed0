"""What an old code answers with: the codes that stand in its place today, however many changes lie between."""

from collections.abc import Callable, Iterable

from ingest.catalogue import Catalogue


def replaced_by(catalogue: Catalogue, word: str, code: str) -> tuple[str, ...]:
    """The codes that stand today for one that ended; none for one that stands, or that nothing came after.

    `word` is `indicator` or `reporting_unit`; other words have no successors.
    """
    if word == "indicator":
        return _standing(code, lambda each: _indicators_after(catalogue, each))
    if word == "reporting_unit":
        return _standing(code, lambda each: _reporting_units_after(catalogue, each))
    return ()


def _standing(code: str, after: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    seen, found, ahead = {code}, list[str](), list(after(code))
    while ahead:
        each = ahead.pop(0)
        if each in seen:
            continue
        seen.add(each)
        later = [next_one for next_one in after(each) if next_one not in seen]
        ahead += later
        if not later:
            found.append(each)
    return tuple(found)


def _indicators_after(catalogue: Catalogue, code: str) -> list[str]:
    indicator = catalogue.indicators.get(code)
    return [indicator.replaced_by] if indicator and indicator.replaced_by else []


def _reporting_units_after(catalogue: Catalogue, code: str) -> list[str]:
    # A unit that was split and went on under its own code has successors, and still stands for itself.
    unit = catalogue.reporting_units.get(code)
    if unit is None or unit.valid_to is None:
        return []
    return [each.successor for each in catalogue.lineage if each.predecessor == code]

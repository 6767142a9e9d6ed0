"""The rules at the command line: what is checked, how grave it is, what is said, and by which computation."""

from typing import Annotated, Any

import typer
from rich.table import Table

from ingest import registry
from ingest.rule import Rule
from ingest.sentences import example
from ingest.spelling import nearest
from service import database
from service.commands.terminal import err, out, prepared

program = typer.Typer(help="The rules that figures are held against.", no_args_is_help=True)


@program.command("list")
def listed() -> None:
    """List the rules: code, kind, severity and name."""
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "kind", "severity", "tên", "name"):
        table.add_column(heading, overflow="fold")
    for rule in _rules().values():
        table.add_row(rule.code, rule.kind, rule.severity, rule.name_vi, rule.name_en)
    out.print(table)


@program.command()
def explain(rule: Annotated[str, typer.Argument(help="the code of a rule, as a finding names it")]) -> None:
    """Explain a rule: what it says, with an example, by which formula, where it applies, and where it comes from."""
    rules = _rules()
    known = rules.get(rule.lower())
    if known is None:
        near = " or ".join(nearest(rule, rules))
        guess = f" Did you mean {near}?" if near else " `chiso rules list` lists them."
        err.print(f"There is no rule “{rule}”.{guess}", style="red", highlight=False, markup=False, soft_wrap=True)
        raise SystemExit(1)
    for heading, words in _told(known):
        out.print(f"{heading:<10} {words}", highlight=False, markup=False, soft_wrap=True)


def _rules() -> dict[str, Rule]:
    with prepared() as engine, database.reading(engine) as connection:
        return registry.read(connection).rules


def _told(rule: Rule) -> list[tuple[str, str]]:
    such = example(rule)
    told = [
        ("rule", f"{rule.code}, version {rule.version}"),
        ("tên", rule.name_vi),
        ("name", rule.name_en),
        ("kind", rule.kind),
        ("severity", rule.severity),
        ("câu", rule.sentence_vi),
        ("sentence", rule.sentence_en),
        ("ví dụ", such.vi),
        ("example", such.en),
        ("formula", rule.formula),
        ("applies to", _applies(rule)),
        ("source", rule.document),
    ]
    return told + ([("note", rule.note)] if rule.note else [])


def _applies(rule: Rule) -> str:
    limits: dict[str, Any] = {name: getattr(rule.scope, name) for name in rule.scope.__slots__}
    narrowed = [f"{name.replace('_', ' ')} {', '.join(codes)}" for name, codes in limits.items() if codes]
    return "; ".join(narrowed) or "all figures that it can compare"

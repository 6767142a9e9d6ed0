"""Layouts at the command line: are they sound, what do they read of a file, and a first draft for an unknown one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ingest import catalogue, draft, rules
from ingest.layout import Layout
from ingest.period import now
from ingest.readers import recurring, sheets
from ingest.readers.table import Unreadable
from ingest.submission import Finding, Instructions
from service import startup
from service.commands.terminal import err, out

program = typer.Typer(help="Layouts: how recurring workbooks are read.", no_args_is_help=True)

_FIGURES_SHOWN = 5
_SEVERITIES = {"error": "red", "warning": "yellow", "information": "dim"}

Workbook = Annotated[Path, typer.Argument(help="a workbook", exists=True, dir_okay=False)]


@program.command()
def check(
    places: Annotated[
        list[Path] | None, typer.Argument(help="folders of your own catalogue, or a YAML file of layouts", exists=True)
    ] = None,
) -> None:
    """Say what is wrong in layouts: file, line and fault, one sentence each."""
    files = [place for place in places or () if place.is_file()]
    folders = [place for place in places or () if not place.is_file()]
    faults = catalogue.check(catalogue.FOLDER, *folders) if folders or not files else []
    for file in files:
        try:
            catalogue.layouts(file)
        except catalogue.Faulty as found:
            faults += found.faults
    for fault in faults:
        err.print(str(fault), highlight=False, markup=False, soft_wrap=True)
    if faults:
        raise SystemExit(1)
    out.print("The layouts are sound.")


@program.command("try")
def try_layouts(
    file: Workbook,
    layout: Annotated[
        str | None, typer.Option(help="the code of a layout, or a YAML file of layouts; else all")
    ] = None,
) -> None:
    """Show what layouts read of a workbook: its tables, what their columns mean, what is wrong, the first figures."""
    words = catalogue.read()
    if not sheets.kind(file.read_bytes()):
        err.print(f"{file.name} is no workbook (XLSX, XLS or ODS); only those have layouts.", highlight=False)
        raise SystemExit(1)
    try:
        tables = recurring.find(sheets.Book(file.read_bytes()), _layouts(layout, words))
    except Unreadable as unreadable:
        _tell(unreadable.findings)
        raise SystemExit(1) from unreadable
    for found in tables.found:
        _show(found)
    if not tables.found:
        _tell(tables.findings)
        err.print(f"No table of {file.name} has a title that a layout knows. Draft one: chiso layout draft FILE")
        raise SystemExit(1)
    reading = recurring.reading(tables)
    said = Instructions(dataset=startup.PUBLISHED)
    checked = rules.check(reading, words, words.datasets[startup.PUBLISHED], said, now=now())
    _tell([*tables.findings, *checked.findings[len(reading.findings) :]])
    good = len(checked.observations)
    out.print(f"{len(tables.found)} tables, {len(reading.frame)} figures; {good} would be taken in.", highlight=False)


@program.command("draft")
def draft_layout(
    file: Workbook,
    sheet: Annotated[list[str] | None, typer.Option(help="only this sheet; may be given more than once")] = None,
) -> None:
    """Write a draft layout of an unknown workbook, as YAML, to be finished by a person where it says `# ?`."""
    try:
        book = sheets.Book(file.read_bytes())
        shown = [name for name in book.names if book.is_visible(name)]
        if unknown := [name for name in sheet or () if name not in book.names]:
            raise typer.BadParameter(f"there is no sheet “{unknown[0]}”; there are {', '.join(book.names)}.")
        written = draft.layouts([book.sheet(name) for name in sheet or shown], catalogue.read().reporting_units)
    except Unreadable as unreadable:
        _tell(unreadable.findings)
        raise SystemExit(1) from unreadable
    if not written:
        err.print("No table was found: rows with a label and figures, below a title and headings.")
        raise SystemExit(1)
    out.print(written, end="", highlight=False, markup=False, soft_wrap=True)


def _layouts(named: str | None, words: catalogue.Catalogue) -> list[Layout]:
    if named and Path(named).is_file():
        return [*catalogue.layouts(Path(named)).values()]
    known = words.layouts
    if named and named.upper() not in known:
        raise typer.BadParameter(f"there is no layout and no file “{named}”; layouts are {', '.join(known) or 'none'}.")
    return [known[named.upper()]] if named else [*known.values()]


def _show(found: recurring.Found) -> None:
    title = f"{found.sheet}, row {found.line}: {found.title}"
    table = Table(title=Text(title), title_justify="left", caption_justify="left", show_lines=False)
    table.caption = Text(
        f"{found.layout.code} version {found.layout.version}: {found.rows} rows, {len(found.figures)} figures"
    )
    for name in ("column", "heading", "meaning", "period", "accumulation", "status"):
        table.add_column(name)
    for column in found.columns:
        meaning = column.meaning
        read = (meaning.indicator, column.period, meaning.accumulation, column.status or "") if meaning else ()
        told = read or (f"({column.told})", "", "", "")
        table.add_row(column.letters, *(Text(text) for text in (column.heading, *told)))
    out.print(table)
    for figure in found.figures[:_FIGURES_SHOWN]:
        place = f"{figure['column']}{figure['line']}"
        key = ".".join(str(figure[name]) for name in ("frequency", "indicator", "reporting_unit", "accumulation"))
        value = figure.get("value") or figure.get("reason")
        out.print(Text(f"  {place}: {key}.{figure['breakdown']} {figure['period']} = {value}"), soft_wrap=True)
    _tell(found.findings)
    out.print()


def _tell(findings: list[Finding]) -> None:
    for finding in findings:
        style = _SEVERITIES[finding.severity]
        out.print(Text(f"  {finding.severity}: {finding}", style=style), soft_wrap=True)

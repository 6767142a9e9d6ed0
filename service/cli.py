"""The programs: what a person types. Every failure is a sentence on stderr and a status other than 0."""

import logging
import signal
import socket
from collections import Counter
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn, get_args

import typer
from sqlalchemy.exc import DBAPIError

from ingest import audit, authority, catalogue, demonstration, formats, instructions, ledger, limited, registry, stages
from ingest.period import NotAPeriod, moment, now
from ingest.place import in_vietnamese
from ingest.stages import Outcome
from ingest.submission import Instructions, ReasonCode, Submission, errors
from service import database, embedded, intake, logs, settings, startup, worker
from service.archive import forms
from service.commands import audit as audit_commands
from service.commands import layout as layout_commands
from service.commands import rules as rule_commands
from service.commands import token, user
from service.commands import worker as worker_commands
from service.commands.terminal import err, out, prepared, progress_shown, status, typist
from service.identity import accounts, credentials
from sql import migration

program = typer.Typer(
    help="Chiso records the indicators a country promises itself to reach, and gives them back with every revision.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
catalogue_program = typer.Typer(
    help="The catalogue: indicators, reporting units, datasets, targets.", no_args_is_help=True
)
program.add_typer(catalogue_program, name="catalogue")
program.add_typer(audit_commands.program, name="audit")
program.add_typer(layout_commands.program, name="layout")
program.add_typer(rule_commands.program, name="rules")
program.add_typer(user.program, name="user")
program.add_typer(token.program, name="token")
program.add_typer(worker_commands.program)

# What stops a program with a sentence; everything else is a fault of ours and shows where.
_SENTENCES = (
    settings.BadSetting,
    database.Unreachable,
    database.TooOld,
    embedded.Failed,
    migration.NewerSchema,
    startup.FiguresRefused,
    startup.NoDatabase,
    instructions.UnknownName,
    instructions.NotOwed,
    instructions.Unsuited,
    authority.NotYours,
    stages.TooLarge,
    limited.NoReader,
    stages.NamesNoCorrection,
    stages.AnotherIsAhead,
    accounts.Refused,
    NotAPeriod,
    catalogue.Faulty,
)

_TOLD_OF_A_RULE = 10

Folders = Annotated[list[Path] | None, typer.Argument(help="folders of your own, beside the one that comes with Chiso")]


def main() -> None:
    """Run the program that was typed."""
    logs.configure(logging.WARNING)
    signal.signal(signal.SIGTERM, _end)
    try:
        program()
    except _SENTENCES as failure:
        _stop(str(failure), failure)
    except OSError as failure:
        _stop(f"{failure.filename}: {failure.strerror}.", failure)
    except DBAPIError as failure:
        _stop(f"The database refused: {str(failure.orig).splitlines()[0]}.", failure)


def _end(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - the shape of a handler
    """End in order, block by block, when asked to; the status is the shell's for this signal."""
    raise SystemExit(128 + number)


def _stop(sentence: str, failure: Exception) -> NoReturn:
    err.print(sentence, style="red", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(1) from failure


@program.command()
def serve() -> None:
    """Start everything: the database, the schema, the catalogue, the published figures, and the service."""
    # All other programs answer twice as soon without it.
    from service import app
    from service.serving import Server

    told = settings.read()
    listening = _listen(told.host, told.port)
    with status("Starting PostgreSQL") as tell, startup.opened(told, alone=True) as engine:
        prepared = startup.prepare(engine, tell=tell)
        with database.writing(engine) as connection:
            secret = credentials.first_secret(connection)
        tell("")
        _greet(told, prepared, secret)
        logs.configure()
        application = app.create(
            engine,
            public_url=told.public_url,
            provider=told.provider,
            hooks_inside=told.hooks_inside,
            allowed=told.rates,
        )
        service = Server(application)
        with worker.running(engine, told):
            service.run(sockets=[listening])


@program.command()
def ingest(
    file: Annotated[
        Path, typer.Argument(help="our long format, template or SDMX, or a mapped file", exists=True, dir_okay=False)
    ],
    dataset: Annotated[str, typer.Option(help="the code of the dataset")] = startup.PUBLISHED,
    reporting_unit: Annotated[str | None, typer.Option(help="whom the figures are about")] = None,
    period: Annotated[str | None, typer.Option(help="the period: 2024-Q1, Quý I/2024, ...")] = None,
    mapping: Annotated[str | None, typer.Option(help="how the columns of somebody else's file are read")] = None,
    reason: Annotated[str | None, typer.Option(help="why published figures are revised")] = None,
    reason_code: Annotated[str | None, typer.Option(help=f"why: {', '.join(get_args(ReasonCode))}")] = None,
    corrects: Annotated[int | None, typer.Option(help="the published submission that this one corrects")] = None,
    submit: Annotated[bool, typer.Option(help="submit a return for review, where nothing blocks or asks")] = False,
    published_at: Annotated[str | None, typer.Option(help="when the figures were or will be public; else now")] = None,
    accept_good_rows: Annotated[bool, typer.Option(help="publish the good rows although others are refused")] = False,
    dry_run: Annotated[bool, typer.Option(help="say everything, store nothing")] = False,
    marked: Annotated[Path | None, typer.Option(help="where to write the workbook, marked with what was found")] = None,
) -> None:
    """Take in a file; say what is wrong, and where. What is not reviewed is published, all of it or nothing.

    A template of ours names its reporting unit and period itself.
    """
    limited.start()
    if marked and marked.exists():
        raise settings.BadSetting(f"{marked} exists already; name another file with --marked.")
    content = file.read_bytes()
    announced = {} if mapping or not formats.may_announce(content) else limited.read(content).announced
    said = Instructions(
        dataset=dataset,
        reporting_unit=reporting_unit or announced.get("reporting_unit"),
        period=period or announced.get("period"),
        mapping=mapping,
        reason=reason,
        reason_code=reason_code,  # type: ignore[arg-type] - held against the codes with the other names
        corrects=corrects,
        submit=submit,
        published_at=moment(published_at) if published_at else None,
        accept_good_rows=accept_good_rows,
        dry_run=dry_run,
    )
    with prepared() as engine, progress_shown():
        submission, outcome, new = intake.take_in(engine, content, file.name, said, by=typist(), now=now())
        back = intake.given_back(engine, content, said, outcome.findings, now=now()) if marked else None
    _report(outcome)
    if marked and back:
        with marked.open("xb") as written:
            written.write(back)
        out.print(f"Wrote {marked}", highlight=False)
    if submission is None:
        out.print("This was a dry run: nothing was stored.")
    else:
        _report_state(submission, new=new)
    if errors(outcome.findings) and not outcome.stored:
        raise SystemExit(1)


@program.command()
def template(
    dataset: Annotated[str, typer.Option(help="the code of the dataset")],
    reporting_unit: Annotated[str, typer.Option(help="the unit that will fill it in: code or name")],
    period: Annotated[str, typer.Option(help="the period: 2024-Q1, Quý I/2024, ...")],
    output: Annotated[Path | None, typer.Option(help="where to write it")] = None,
) -> None:
    """Write the Excel template of a dataset, filled with what is owed and with the last period's figures."""
    with prepared() as engine, database.reading(engine) as connection:
        form = forms.form(connection, dataset, reporting_unit, period, now=now())
    path = output or Path(form.file_name)
    try:
        with path.open("xb") as file:  # somebody may have filled it in already
            file.write(form.content)
    except FileExistsError as failure:
        raise settings.BadSetting(f"{path} exists already; name another file with --output.") from failure
    out.print(f"Wrote {path}", highlight=False)


@program.command()
def demo(remove: Annotated[bool, typer.Option("--remove", help="remove all of them again")] = False) -> None:
    """Load demonstration figures, whose source is GENERATED wherever they appear; or remove them whole."""
    with prepared() as engine, database.writing(engine) as connection:
        if remove:
            count = ledger.remove_generated(connection)
            audit.record(connection, typist(), "remove", "generated figures", after={"count": count})
            out.print(f"Removed {count} generated figures.")
        else:
            count = demonstration.load(connection, by=typist(), now=now())
            out.print(f"Loaded {count} generated figures; `chiso demo --remove` takes them out again.")


@catalogue_program.command("check")
def check_catalogue(folders: Folders = None) -> None:
    """Say what is wrong in the catalogue: file, line and fault, one sentence each."""
    faults = catalogue.check(catalogue.FOLDER, *(folders or ()))
    for fault in faults:
        err.print(str(fault), highlight=False, soft_wrap=True)
    if faults:
        raise SystemExit(1)
    out.print("The catalogue is sound.")


@catalogue_program.command("load")
def load_catalogue(folders: Folders = None) -> None:
    """Load the catalogue into the database; loading the same twice changes nothing."""
    words = catalogue.read(catalogue.FOLDER, *(folders or ()))
    with prepared() as engine, database.writing(engine) as connection:
        loaded = registry.load(connection, words, by=typist())
    for late in loaded.left_out if loaded else ():
        err.print(startup.LEFT_OUT, ", ".join(str(part) for part in late.values()), highlight=False, markup=False)
    out.print(
        f"{'Loaded' if loaded else 'Already loaded'}: {words.version}, {len(words.indicators)} indicators,"
        f" {len(words.reporting_units)} reporting units, {len(words.datasets)} datasets, {len(words.targets)} targets.",
        highlight=False,
    )


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as failure:
        listening.close()
        raise settings.BadSetting(
            f"Chiso cannot listen on {host}:{port} ({failure.strerror})."
            " Stop what runs there, or set CHISO_PORT or CHISO_HOST."
        ) from failure
    listening.listen(128)
    return listening


def _greet(told: settings.Settings, prepared: startup.Prepared, secret: str | None) -> None:
    address = f"http://{told.host}:{told.port}"
    if prepared.created or prepared.revised:
        out.print(f"Published figures loaded: {prepared.created} new, {prepared.revised} revised.", highlight=False)
    out.print(f"\nChiso {version('chiso')} is ready. Ctrl-C stops it.\n", highlight=False)
    for name, path in (("Pages", "/"), ("API", "/docs"), ("Metrics", "/metrics")):
        out.print(f"  {name:<8} {address}{path}", highlight=False)
    if secret:
        out.print(f"\n  Administrator: admin, secret {secret}", highlight=False, soft_wrap=True)
        out.print("  This secret is shown once; `chiso user secret` gives a new one.", highlight=False)
    out.print("")


def _report(outcome: Outcome) -> None:
    """What was found, the gravest first, and of a rule that very many places break the first few."""
    colours = {"error": "red", "warning": "yellow", "information": "blue"}
    told = Counter[str]()
    for finding in sorted(outcome.findings, key=lambda each: list(colours).index(each.severity)):
        colour = colours[finding.severity]
        told[finding.rule] += 1
        if told[finding.rule] > _TOLD_OF_A_RULE:
            continue
        err.print(f"{finding.severity}: {finding}", style=colour, highlight=False, markup=False, soft_wrap=True)
        where = f"{in_vietnamese(finding.place)}: " if finding.place else ""
        err.print(f"  {where}{finding.vi}", style="dim", highlight=False, markup=False, soft_wrap=True)
    for rule, count in told.items():
        if count > _TOLD_OF_A_RULE:
            more = f"{count - _TOLD_OF_A_RULE:,} more of {rule}; --marked FILE writes all that were kept."
            err.print(more, highlight=False, markup=False, soft_wrap=True)
    counts = ", ".join(f"{count} {name}" for name, count in asdict(outcome.summary).items())
    out.print(counts, highlight=False)


def _report_state(submission: Submission, *, new: bool) -> None:
    """Where the submission stands, and what comes next."""
    wrong = errors(submission.findings)
    what_next = {
        "examined": "Nothing was stored."
        if wrong
        else submission.failure or "It is kept and not submitted: with --submit it is, where no warning asks.",
        "submitted": "It waits for its review.",
        "published": "Its figures are published.",
    }.get(submission.state, "")
    before = "" if new else ", sent before"
    out.print(what_next, highlight=False)
    out.print(
        f"Submission {submission.id}{before}, {submission.state}, {submission.sha256[:12]}",
        style="dim",
        highlight=False,
    )

"""From a template to an answer: escaped, in one language, and under a policy that lets nothing foreign in."""

from datetime import date
from functools import cache, partial
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from ingest.observation import GENERATED, TOTAL
from service import writing
from service.portal.visit import Visit
from service.portal.words import in_language

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The documentation's script reads /openapi.json, tries the API, and draws small images of its own.
_SCRIPTED = "; script-src 'self'; connect-src 'self'"
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}

_environment = Environment(
    loader=PackageLoader("service.portal"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(
    visit: Visit, template: str, *, status: HTTPStatus = HTTPStatus.OK, scripted: bool = False, **facts: Any
) -> HTMLResponse:
    """The page as the visitor gets it."""
    page = _environment.get_template(template)
    said = _said(visit.language)
    policy = _POLICY.replace("img-src 'self'", "img-src 'self' data:") + _SCRIPTED if scripted else _POLICY
    headers = _HEADERS | {"Content-Security-Policy": policy, "Content-Language": visit.language}
    return HTMLResponse(page.render(visit=visit, **said, **facts), status, headers)


@cache
def _said(language: str) -> dict[str, Any]:
    """The words, and how numbers and moments are written, in one language."""
    writers = (
        writing.number,
        writing.measured,
        writing.period_name,
        writing.period_within,
        writing.day,
        writing.moment,
    )
    return {
        "GENERATED": GENERATED,
        "TOTAL": TOTAL,
        "words": in_language(language),
        "pieces": writing.linked,
        "write": SimpleNamespace(**{writer.__name__: partial(writer, language=language) for writer in writers}),
        "named": partial(_named, language=language),
        "span": partial(_span, language=language),
    }


def _named(row: dict[str, Any], what: str = "name", *, language: str) -> str | None:
    """A name, definition or symbol of the catalogue in this language."""
    return row[f"{what}_{language}"]


def _span(first: date | str | None, last: date | str | None, *, language: str) -> str:
    """The days of a validity in words; nothing where it is open at both ends."""
    words = in_language(language)
    ends = ((words.since, first), (words.until, last))
    return " ".join(
        sentence.format(day=writing.day(date.fromisoformat(str(end)), language)) for sentence, end in ends if end
    )

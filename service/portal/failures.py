"""When a page cannot be shown: the person reads why, in words, on a page like the others."""

from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError

from ingest.period import NotAPeriod
from service.portal.rendering import render
from service.portal.visit import turned_away
from service.portal.words import in_language
from service.problems import Problem


class NotThere(Exception):
    """The catalogue has no such entry."""

    def __init__(self, what: str, code: str, near: Sequence[tuple[str, str]] = ()) -> None:
        """Keep what was asked for (`indicator`, `reporting_unit`), and codes and names that are near."""
        super().__init__(f"there is no {what} {code}")
        self.what, self.code, self.near = what, code, near


_FORESEEN = (NotThere, NotAPeriod, Problem, OperationalError)


class Page(APIRoute):
    """A route for people: what fails here is answered by a page, never by JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route, its dependencies included."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except _FORESEEN as failure:
                return _page(request, failure)

        return answered


def _page(request: Request, failure: Exception) -> HTMLResponse:
    visit = turned_away(request)
    words = in_language(visit.language)
    near: list[tuple[str, str]] = []
    match failure:
        case NotThere():
            status, title = HTTPStatus.NOT_FOUND, words.sought
            sentence = getattr(words, f"no_{failure.what}").format(code=failure.code)
            folder = {"indicator": "/indicators/", "reporting_unit": "/reporting-units/"}[failure.what]
            near = [(name, visit.address(folder + code)) for code, name in failure.near]
        case NotAPeriod():
            status, title = HTTPStatus.BAD_REQUEST, words.refused
            sentence = words.no_moment.format(text=failure.text)
        case Problem():
            status, title = failure.status, words.refused
            sentence = _SENTENCES.get(failure.kind, "{detail}")
            sentence = getattr(words, sentence, sentence).format(
                detail=failure.detail, **_named(failure.facts, words.filters)
            )
            if failure.kind == "unknown-choice":
                near = [
                    (each, visit.address(visit.path, **{failure.facts["parameter"]: each})) for each in _near(failure)
                ]
        case _:
            status, title, sentence = HTTPStatus.SERVICE_UNAVAILABLE, words.unavailable, words.no_database
    return render(visit, "failure.html", status=status, title=title, sentence=sentence, near=near)


# The problems that an address can have, and the words for them.
_SENTENCES = {
    "unknown-parameter": "no_parameter",
    "repeated-parameter": "said_twice",
    "unknown-language": "no_language",
    "unknown-choice": "no_choice",
}


def _near(failure: Problem) -> list[str]:
    return failure.facts["nearest"]


def _named(facts: dict[str, Any], filters: dict[str, str]) -> dict[str, Any]:
    parameter = facts.get("parameter")
    return {"name": parameter, "filter": filters.get(str(parameter)), "text": facts.get("text")}

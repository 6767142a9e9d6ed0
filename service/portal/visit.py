"""What every page is asked: in which language, as of which moment; and addresses that hold both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request

from service.asking import as_of_moment
from service.portal.words import LANGUAGES
from service.problems import Problem

DEFAULT_LANGUAGE = LANGUAGES[0]

Language = Annotated[str, Query(alias="lang", description="vi or en")]
AsOf = Annotated[str | None, Query(description="the figures as they were published by this day or moment")]


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at one page; `as_of` is what the address says, `moment` what it means."""

    path: str
    language: str
    as_of: str | None
    moment: datetime
    query: Mapping[str, str]

    def address(self, path: str, **parameters: str | None) -> str:
        """An address here that stays in this language and at this moment."""
        return self.undated_address(path, **parameters, as_of=self.as_of)

    def undated_address(self, path: str, **parameters: str | None) -> str:
        """An address here, in this language, of a page that has no figures and so no moment."""
        language = None if self.language == DEFAULT_LANGUAGE else self.language
        return _address(path, **parameters, lang=language)

    @property
    def other_language(self) -> str:
        """The language that this page is not in."""
        return next(language for language in LANGUAGES if language != self.language)

    @property
    def in_other_language(self) -> str:
        """The address of this same page in the other language."""
        language = None if self.other_language == DEFAULT_LANGUAGE else self.other_language
        return _address(self.path, **{**self.query, "lang": language})

    @property
    def today(self) -> str:
        """The address of this same page as of now."""
        return _address(self.path, **{**self.query, "as_of": None})

    def program_address(self, path: str, **parameters: str | None) -> str:
        """An address of the API that gives the figures of this moment."""
        return _address(path, **parameters, as_of=self.as_of)


def visited(request: Request, lang: Language = DEFAULT_LANGUAGE) -> Visit:
    """The visit to a page that has no figures."""
    return _visit(request, lang, None)


def visited_as_of(request: Request, lang: Language = DEFAULT_LANGUAGE, as_of: AsOf = None) -> Visit:
    """The visit to a page with figures; a form sends an empty `as_of` where none was typed."""
    return _visit(request, lang, as_of or None)


def turned_away(request: Request) -> Visit:
    """The visit that went wrong, in its language if it named one."""
    language = request.query_params.get("lang", DEFAULT_LANGUAGE)
    return _visit(request, language if language in LANGUAGES else DEFAULT_LANGUAGE, None)


Visited = Annotated[Visit, Depends(visited)]
VisitedAsOf = Annotated[Visit, Depends(visited_as_of)]


def _visit(request: Request, language: str, as_of: str | None) -> Visit:
    if language not in LANGUAGES:
        raise Problem(HTTPStatus.BAD_REQUEST, "unknown-language", f"There is no language “{language}”.", text=language)
    return Visit(request.url.path, language, as_of, as_of_moment(request, as_of), dict(request.query_params))


def _address(path: str, **parameters: str | None) -> str:
    said = {name: value for name, value in parameters.items() if value}
    return f"{path}?{urlencode(said)}" if said else path

"""Figures for programs that read: observations, today's or those of a past moment, of one series or of many."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from ingest import period
from service import caching
from service.api import answers, files, shapes
from service.api.asked import Asked, AskedOfMany, Key, key_in_sight
from service.api.files import Delivered
from service.api.parameters import read_cursor, write_cursor
from service.archive import question
from service.archive.question import Page, Question
from service.archive.series import Selection
from service.asking import Reading, only_known
from service.problems import responses

router = APIRouter(
    prefix="/v1",
    dependencies=[Depends(only_known), caching.VALIDATED],
    responses=caching.NOT_MODIFIED
    | responses(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)


@router.get(
    "/series/{key}/observations",
    responses=answers.documented(shapes.Observations, files_too=True),
    summary="One series through time",
)
def series_observations(request: Request, connection: Reading, key: Key, asked: Asked, delivery: Delivered) -> Response:
    """One series' observations by period, as they are known now or were known at `as_of`."""
    chosen = Selection.of(key_in_sight(connection, key, asked.geography))
    return _answered(request, connection, replace(asked, selection=chosen), delivery)


@router.get(
    "/observations",
    responses=answers.documented(shapes.Observations, files_too=True),
    summary="Observations of several series",
)
def observations(request: Request, connection: Reading, asked: AskedOfMany, delivery: Delivered) -> Response:
    """The observations of all series that the parameters name. JSON comes in pages, files come whole."""
    return _answered(request, connection, asked, delivery)


def _answered(request: Request, connection: Connection, asked: Question, delivery: files.Delivery) -> Response:
    if delivery.format != "json":
        return files.answer(request, connection, asked, delivery)
    # The pages of one answer are of one moment, whatever is published while they are turned.
    place = read_cursor(delivery.cursor, tuple[datetime, str, datetime])
    if place:
        asked = replace(asked, as_of=place[0])
    rows = question.rows(connection, asked, Page(place[1:] if place else None, delivery.limit + 1))
    shown, more = answers.page(rows, delivery.limit)
    onward = write_cursor((asked.as_of, shown[-1]["series"], period.parse(shown[-1]["period"]).start)) if more else None
    return answers.json({"as_of": asked.as_of, "observations": shown, "next": onward}, request=request)

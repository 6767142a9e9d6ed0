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
from service.api.parameters import read_page, write_page
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
    turned = read_page(request, delivery.cursor, tuple[str, datetime])
    moment, after = turned or (asked.as_of, None)
    asked = replace(asked, as_of=moment)
    rows = question.rows(connection, asked, Page(after, delivery.limit + 1))
    shown, more = answers.page(rows, delivery.limit)
    onward = None
    if more:
        onward = write_page(request, moment, (shown[-1]["series"], period.parse(shown[-1]["period"]).start))
    return answers.json({"as_of": asked.as_of, "observations": shown, "next": onward}, request=request)

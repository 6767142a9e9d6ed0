"""Faces for people: pages rendered here, with no script and nothing fetched from elsewhere."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.staticfiles import StaticFiles

from service.portal import pages, scoreboard

__all__ = ["router", "static"]

router = APIRouter()
router.include_router(pages.router)
router.include_router(scoreboard.router)


def static() -> StaticFiles:
    """The files that the pages need."""
    return StaticFiles(directory=Path(__file__).parent / "static")

"""Faces for people: pages rendered here, with no script and nothing fetched from elsewhere."""

from pathlib import Path

from fastapi.staticfiles import StaticFiles

from service.portal.pages import router

__all__ = ["router", "static"]


def static() -> StaticFiles:
    """The files that the pages need."""
    return StaticFiles(directory=Path(__file__).parent / "static")

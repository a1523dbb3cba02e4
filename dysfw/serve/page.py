"""The web page, and the page that asks for the token."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from .. import RESEARCH_USE, __version__
from ..decoding.formats import image_extensions
from ..inference.pipeline import Pipeline
from ..output.templating import environment_of
from .settings import Settings


def page(pipeline: Pipeline, settings: Settings) -> str:
    """Render the web page.

    Args:
        pipeline: The served pipeline.
        settings: The server's settings.

    Returns:
        HTML.
    """
    manifest, recipe = pipeline.manifest, pipeline.recipe
    return _render(
        "page.html",
        about=manifest.about if manifest else "",
        origin=f"recipe {recipe.name}" + (f", bundle {manifest.name}" if manifest else ""),
        warnings=[notice.message for notice in pipeline.notices],
        max_upload=settings.max_upload,
        extensions=",".join(sorted(image_extensions())),
    )


def login_page(*, wrong: bool) -> str:
    """Render the page that asks for the token.

    Args:
        wrong: Whether a wrong token was entered.

    Returns:
        HTML.
    """
    return _render("login.html", wrong=wrong)


def _render(template: str, **values: object) -> str:
    return _templates().get_template(template).render(values, research_use=RESEARCH_USE, version=__version__)


@cache
def _templates() -> Environment:
    return environment_of("dysfw.serve")

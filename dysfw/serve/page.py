"""The page that people see, and the one that asks them for the token."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from .. import RESEARCH_USE, __version__
from ..inference.pipeline import Pipeline
from ..output.templating import environment_of
from .settings import Settings


def page(pipeline: Pipeline, settings: Settings) -> str:
    manifest, recipe = pipeline.manifest, pipeline.recipe
    known = manifest.conditions if manifest else {}
    return _render(
        "page.html",
        about=manifest.about if manifest else "",
        origin=f"recipe {recipe.name}" + (f", bundle {manifest.name}" if manifest else ""),
        labels=[
            (label, known[label].name if label in known else "")
            for label in (pipeline.classifier.labels if pipeline.classifier else ())
        ],
        warnings=[notice.message for notice in pipeline.notices],
        packets=any(condition.identifiers for condition in known.values()),
        upload=settings.upload,
        images=settings.images,
    )


def locked_page(*, wrong: bool) -> str:
    return _render("locked.html", wrong=wrong)


def _render(template: str, **values: object) -> str:
    return _templates().get_template(template).render(values, research_use=RESEARCH_USE, version=__version__)


@cache
def _templates() -> Environment:
    return environment_of("dysfw.serve")

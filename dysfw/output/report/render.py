"""Templates of the reports and their filters."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from ...util.text import printable
from ..templating import environment_of
from . import formatting
from .measure_glossary import lowered


def render(template: str, **values: object) -> str:
    """Render a template.

    Args:
        template: Name of the file in ``templates``.
        values: Values of the template.

    Returns:
        The HTML page.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = environment_of("dysfw.output.report")
    environment.filters |= {
        "number": formatting.number,
        "signed": formatting.signed,
        "interval": formatting.interval,
        "share": formatting.share,
        "amount": formatting.amount,
        "p_value": formatting.p_value,
        "lowered": lowered,
        "sentence": _sentence,
        "marked": _marked,
    }
    return environment


def _marked(text: str) -> Markup:
    """Escape text and mark up code between backticks."""
    parts = re.split(r"`([^`]+)`", printable(text))
    return Markup().join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def _sentence(text: str) -> str:
    """Capitalise the first letter."""
    return text[:1].upper() + text[1:]

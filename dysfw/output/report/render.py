"""The templates of reports, and the filters that they use."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from ...util.text import printable
from ..templating import environment_of
from . import formatting as numbers
from .measure_glossary import lowered


def render(template: str, **values: object) -> str:
    """The page that ``templates/<template>`` makes of the values."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = environment_of("dysfw.output.report")
    environment.filters |= {
        "number": numbers.number,
        "signed": numbers.signed,
        "interval": numbers.interval,
        "share": numbers.share,
        "amount": numbers.amount,
        "p_value": numbers.p_value,
        "lowered": lowered,
        "sentence": _sentence,
        "marked": _marked,
    }
    return environment


def _marked(text: str) -> Markup:
    """Plain text in which what stands between backticks is code."""
    parts = re.split(r"`([^`]+)`", printable(text))
    return Markup().join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def _sentence(text: str) -> str:
    """With a capital at its start."""
    return text[:1].upper() + text[1:]

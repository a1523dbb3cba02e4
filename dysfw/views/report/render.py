"""Templates to pages: everything that is put in is escaped, and a name that a template does not know is an error."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ...text import printable
from . import numbers
from .glossary import lowered


def render(template: str, **values: object) -> str:
    """The page that ``templates/<template>`` makes of the values."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("dysfw.views.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": numbers.number,
        "signed": numbers.signed,
        "interval": numbers.interval,
        "share": numbers.share,
        "amount": numbers.amount,
        "p_value": numbers.p_value,
        "lowered": lowered,
        "plain": _plain,
        "sentence": _sentence,
        "marked": _marked,
    }
    return environment


def _plain(text: str) -> str:
    """Without control characters, which a page may not hold, and without marks that turn the reading direction around."""
    return printable(text)


def _marked(text: str) -> Markup:
    """Plain text in which what stands between backticks is code."""
    parts = re.split(r"`([^`]+)`", printable(text))
    return Markup().join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def _sentence(text: str) -> str:
    """With a capital at its start."""
    return text[:1].upper() + text[1:]

"""Templates of the reports and their filters."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from itertools import islice

from jinja2 import Environment
from markupsafe import Markup

from ...util.text import printable
from ..templating import environment_of
from . import formatting
from .measure_glossary import lowered

LONG = 25  # rows of a table above which it scrolls by itself on the screen, and may be divided between pages in print
MAX_ROWS = 1000  # conditions in a table, which bounds the size of a page
_SIZE = "@page-size@"


def render(template: str, **values: object) -> str:
    """Render a template.

    Args:
        template: Name of the file in ``templates``.
        values: Values of the template.

    Returns:
        The HTML page, which states its size.
    """
    script = _script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = (
        _environment()
        .get_template(template)
        .render(
            values, script=script, script_hash=f"sha256-{digest}", page_size=_SIZE, table_kind=_table_kind, max_rows=MAX_ROWS
        )
    )
    return page.replace(_SIZE, f"{len(page.encode()) / 1e6:.1f} MB", 1)


@cache
def _script() -> Markup:
    """The only script of a page. The page's security policy allows nothing but the script with this hash."""
    text = (resources.files(__package__) / "templates" / "tables.js").read_text("utf-8")
    return Markup(text)  # noqa: S704  # a file of this package


def row_ids(labels: Iterable[str]) -> dict[str, str]:
    """Return the id of each condition's row among the results by condition, for those that are in the table.

    Args:
        labels: The conditions in the order of the table.
    """
    return {label: f"condition-{number}" for number, label in enumerate(islice(labels, MAX_ROWS), 1)}


def _table_kind(rows: int) -> str:
    """The classes of a table of conditions."""
    return "find long tall" if rows > LONG else "find"


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

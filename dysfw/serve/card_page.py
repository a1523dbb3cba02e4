"""The model card as a page."""

from __future__ import annotations

from html import escape

from markdown_it import MarkdownIt

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/page.css">
</head>
<body class="model-card">
<main>
{body}</main>
</body>
</html>
"""


def card_page(name: str, markdown: str) -> str:
    """Render a model card.

    Args:
        name: Name of the bundle.
        markdown: The card. Its author may be anybody: HTML in it is shown as text.

    Returns:
        HTML.
    """
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return PAGE.format(title=escape(f"Model card: {name}"), body=body)

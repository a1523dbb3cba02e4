"""HTML report of scores by a protocol: one self-contained page."""

from __future__ import annotations

from ...evaluation.protocol.result import ProtocolResult
from .render import render

CONTENTS = (("scores", "Scores"), ("conditions", "Conditions"), ("origin", "Reproducibility"), ("limits", "Limitations"))


def protocol_html(result: ProtocolResult) -> str:
    """Render the result of a protocol.

    Args:
        result: The result.

    Returns:
        The HTML page.
    """
    titles = {setting.name: setting.title for setting in result.settings}
    return render(
        "protocol.html",
        title=f"{result.name}: {result.protocol}",
        r=result,
        contents=CONTENTS,
        titles=titles,
        sizes=sorted({n for one in result.conditions for n in one.top}),
        research_use=result.research_use,
        created=result.created,
        versions=result.versions,
    )

"""``dysfw cache info|clear``: what stages have computed and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..options import command_group

app = command_group("Faces, regions and embeddings that were computed before: how much is kept, and how to delete it.")


@app.command()
def info(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Where the cache is, what it holds, and how large it may grow."""
    import json

    from ...cache.location import SIZE, cache_size
    from ...cache.store import FILE, StageCache
    from ...util.text import aligned
    from ..terminal import warn

    folder = _folder()
    if not (folder / FILE).is_file():
        typer.echo(json.dumps({"folder": str(folder), "entries": {}, "size": 0}) if as_json else f"{folder}: empty")
        return
    cache = StageCache(folder, cache_size(), warn)
    held = cache.contents()
    cache.close()
    if as_json:
        typer.echo(
            json.dumps(
                {"folder": str(folder), "entries": held.entries, "bytes": held.bytes, "size": held.size, "limit": held.limit}
            )
        )
        return
    rows = [("stage", "entries", "MB")]
    rows += [(stage, f"{number:,}", f"{held.bytes[stage] / 1e6:,.1f}") for stage, number in held.entries.items()]
    typer.echo(f"{folder}: {held.size / 1e6:,.1f} MB of at most {held.limit / 1e6:,.0f} MB ({SIZE} sets the limit)")
    typer.echo(aligned(rows))


@app.command()
def clear() -> None:
    """Delete all that is kept. Nothing is lost but time."""
    from ...cache.store import clear as delete

    folder = _folder()
    typer.echo(f"{folder}: {delete(folder) / 1e6:,.1f} MB deleted")


def _folder() -> Path:
    from ...cache.location import FOLDER, cache_folder
    from ...errors import DysfwError

    folder = cache_folder()
    if folder is None:
        raise DysfwError(f"{FOLDER} is off, or there is no home folder: nothing is cached", hint=f"set {FOLDER} to a folder")
    if folder.parent.is_file():
        raise DysfwError(f"{folder.parent} is a file, and nothing can be cached in it", hint=f"set {FOLDER} to a folder")
    return folder

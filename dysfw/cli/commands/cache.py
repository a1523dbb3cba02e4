"""``dysfw cache info|clear``: the cache of faces, regions and embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..options import command_group

app = command_group("Show or clear the cache of faces, regions and embeddings.")


@app.command()
def info(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Show the cache's folder, content and size limit."""
    import json

    from ...cache.location import SIZE, cache_size
    from ...cache.store import FILE, StageCache
    from ...output.fitted_table import Column, FittedTable
    from ..terminal import out, warn

    folder = _folder()
    if not (folder / FILE).is_file():
        typer.echo(json.dumps({"folder": str(folder), "entries": {}, "size": 0}) if as_json else f"{folder}: empty")
        return
    cache = StageCache(folder, cache_size(), warn)
    contents = cache.contents()
    cache.close()
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "folder": str(folder),
                    "entries": contents.entries,
                    "bytes": contents.bytes,
                    "size": contents.size,
                    "limit": contents.limit,
                }
            )
        )
        return
    table = FittedTable(Column("stage", role="id"), Column("entries", right=True), Column("MB", right=True))
    for stage, number in contents.entries.items():
        table.add(stage, f"{number:,}", f"{contents.bytes[stage] / 1e6:,.1f}")
    size, limit = (f"{number / 1e6:,.{digits}f} MB" for number, digits in ((contents.size, 1), (contents.limit, 0)))
    out().print(f"{folder}: {size} of at most {limit} ({SIZE} sets the limit)", markup=False)
    out().print(table)


@app.command()
def clear() -> None:
    """Delete all cached data; later runs compute it again."""
    from ...cache.store import clear as delete

    folder = _folder()
    typer.echo(f"{folder}: {delete(folder) / 1e6:,.1f} MB deleted")


def _folder() -> Path:
    from ...cache.location import cache_folder
    from ...errors import DysfwError
    from ...util.process_environment import CACHE as FOLDER

    folder = cache_folder()
    if folder is None:
        raise DysfwError(f"nothing is cached: {FOLDER} is off", hint=f"set {FOLDER} to a folder")
    if folder.parent.is_file():
        raise DysfwError(f"cannot cache in {folder.parent}: it is a file", hint=f"set {FOLDER} to a folder")
    return folder

"""``dysfw serve``: a page and an API for whoever opens no terminal."""

from __future__ import annotations

import logging
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import DeviceOption, FetchOption, RecipeArgument, SetOption, allow_fetching, overrides

if TYPE_CHECKING:
    import socket

    from ...inference.pipeline import Pipeline
    from ...serve.settings import Settings

NEEDED = ("fastapi", "uvicorn", "multipart", "prometheus_client")


def serve(
    ctx: typer.Context,
    recipe: RecipeArgument,
    host: Annotated[
        str, typer.Option(help="The address to listen at; beyond this machine's own a token is always asked for.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
    token: Annotated[
        bool,
        typer.Option(
            "--token/--no-token", help="Ask everybody for the token that is printed; without it, only on this machine."
        ),
    ] = True,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name by which clients reach this server, such as that of a proxy. Repeatable."),
    ] = None,
    upload: Annotated[int, typer.Option(min=1, max=256, help="MiB that one request may hold.")] = 64,
    images: Annotated[int, typer.Option(min=1, max=256, help="Photographs that one request may hold.")] = 16,
    waiting: Annotated[
        int, typer.Option(min=1, max=1024, help="Requests under way together; others are told to come back.")
    ] = 16,
    sets: SetOption = None,
    device: DeviceOption = None,
    fetch: FetchOption = False,
) -> None:
    """A page that judges photographs, and an HTTP API, on this machine.

    Photographs are kept in memory for as long as they are judged, and nowhere else; the log names no file and no result.
    Stop it with Ctrl-C.
    """
    allow_fetching(fetch)
    _refuse_missing()
    from ... import RESEARCH_USE
    from ...inference.loading import open_pipeline
    from ...serve.server import listening
    from ...serve.settings import Settings, is_loopback
    from ..main import registry_of
    from ..terminal import err, out, warn

    if not token and not is_loopback(host):
        from ...errors import DysfwError

        raise DysfwError(
            f"--no-token: {host} can be reached from other machines", hint="leave --no-token out, or leave --host out"
        )
    opened = listening(host, port)  # before the bundle is opened, which takes seconds
    pipeline = open_pipeline(recipe, registry_of(ctx), overrides(sets, device))
    if pipeline.manifest and pipeline.manifest.about:
        err().print(f"bundle {pipeline.manifest.name}: {pipeline.manifest.about}", markup=False)
    for notice in pipeline.notices:
        warn(notice.message)
    names = frozenset(name.lower() for name in allow_host or ())
    taken = int(opened.getsockname()[1])
    known = {} if token else {"token": None}
    settings = Settings(
        host=host.lower(),
        port=taken,
        hosts=names,
        upload=upload * 2**20,
        images=images,
        waiting=waiting,
        **known,  # type: ignore[arg-type]
    )
    err().print(RESEARCH_USE, style="dim")
    out().print(f"dysfw serves {pipeline.recipe.name} at {_address(settings)}", markup=False, highlight=False, soft_wrap=True)
    sys.stdout.flush()
    err().print("open this address in a browser; Ctrl-C stops the server", style="dim")
    if not is_loopback(host):
        warn("what is sent here is not encrypted: put it behind a proxy that speaks HTTPS, or tunnel it through ssh")
    _run(pipeline, settings, opened)


def _refuse_missing() -> None:
    from importlib.util import find_spec

    from ...errors import DysfwError

    missing = [name for name in NEEDED if not find_spec(name)]
    if missing:
        raise DysfwError(f"serving needs {', '.join(missing)}, which is not installed", hint="pip install 'dysfw[serve]'")


def _address(settings: Settings) -> str:
    name = f"[{settings.host}]" if ":" in settings.host else settings.host
    query = f"/?token={settings.token}" if settings.token else "/"
    return f"http://{name}:{settings.port}{query}"


def _run(pipeline: Pipeline, settings: Settings, opened: socket.socket) -> None:
    from ...errors import Interrupted
    from ...serve.server import server_of
    from ..terminal import err

    _log()
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))  # whoever ends it means the same
    server = server_of(pipeline, settings)
    try:
        server.run(sockets=[opened])
    except Interrupted:  # how a server is ended
        err().print("stopped")
    finally:
        server.finish()


def _log() -> None:
    """A line for each request on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("dysfw.serve")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False

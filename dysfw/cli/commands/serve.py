"""``dysfw serve``: a web page and an HTTP API for predictions."""

from __future__ import annotations

import logging
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import DeviceOption, FetchOption, RecipeArgument, RuntimeOption, SetOption, allow_fetching, overrides

if TYPE_CHECKING:
    import socket

    from ...inference.pipeline import Pipeline
    from ...knowledge.load import Knowledge
    from ...serve.settings import Settings

REQUIRED_MODULES = ("fastapi", "uvicorn", "multipart", "prometheus_client", "markdown_it", "reportlab")


def serve(
    ctx: typer.Context,
    recipe: RecipeArgument,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Beyond this machine, a token is always required.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = 8765,
    token: Annotated[
        bool,
        typer.Option("--token/--no-token", help="Require the printed token. --no-token works on this machine only."),
    ] = True,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Host name that clients may use, such as that of a proxy. Repeatable."),
    ] = None,
    max_upload: Annotated[int, typer.Option(min=1, max=256, help="Maximum size of a request in MiB.")] = 64,
    max_images: Annotated[int, typer.Option(min=1, max=256, help="Maximum number of images per request.")] = 16,
    max_requests: Annotated[
        int, typer.Option(min=1, max=1024, help="Maximum number of concurrent requests; excess requests get 503.")
    ] = 16,
    keep_minutes: Annotated[
        float, typer.Option(min=0.1, max=1440, help="Minutes that an image stays in memory after it was last used.")
    ] = 30.0,
    keep_memory: Annotated[
        int, typer.Option(min=1, help="Maximum memory of all kept images in MiB; the least recently used go first.")
    ] = 512,
    sets: SetOption = None,
    device: DeviceOption = None,
    runtime: RuntimeOption = None,
    fetch: FetchOption = False,
) -> None:
    """Serve a web page and an HTTP API for predictions, on this machine.

    Images are kept in memory only, until the page closes or they were not used for a while. The log contains no file names,
    no signs and no results. Press Ctrl-C to stop the server.
    """
    allow_fetching(fetch)
    _require_modules()
    from ... import RESEARCH_USE
    from ...serve.settings import MIB, Settings, is_loopback
    from ..main import registry_of
    from ..terminal import TerminalProgress, err, out, warn

    if not token and not is_loopback(host):
        from ...errors import DysfwError

        raise DysfwError(f"--no-token: {host} can be reached from other machines", hint="omit --no-token or --host")
    with TerminalProgress().stage(f"loading {recipe}"):
        from ...serve.server import listening

        listener = listening(host, port)  # before loading the bundle, which takes seconds
        from ...inference.loading import open_pipeline

        registry = registry_of(ctx)
        pipeline = open_pipeline(recipe, registry, overrides(sets, device, runtime))
        from ...knowledge.load import load_knowledge

        knowledge = load_knowledge(registry)
    if pipeline.manifest and pipeline.manifest.about:
        err().print(f"bundle {pipeline.manifest.name}: {pipeline.manifest.about}", markup=False)
    for notice in pipeline.notices:
        warn(notice.message)
    names = frozenset(name.lower() for name in allow_host or ())
    bound_port = int(listener.getsockname()[1])
    authentication = {} if token else {"token": None}
    settings = Settings(
        host=host.lower(),
        port=bound_port,
        hosts=names,
        max_upload=max_upload * MIB,
        max_images=max_images,
        max_requests=max_requests,
        keep_minutes=keep_minutes,
        keep_memory=keep_memory * MIB,
        **authentication,  # type: ignore[arg-type]
    )
    err().print(RESEARCH_USE, style="dim")
    out().print(f"dysfw serves {pipeline.recipe.name} at {_address(settings)}", markup=False, highlight=False, soft_wrap=True)
    sys.stdout.flush()
    err().print("Open this address in a browser. Press Ctrl-C to stop the server.", style="dim")
    if not is_loopback(host):
        warn("the connection is not encrypted: use an HTTPS proxy in front of the server, or an ssh tunnel")
    _run(pipeline, settings, knowledge, listener)


def _require_modules() -> None:
    from importlib.util import find_spec

    from ...errors import DysfwError
    from ...util.install import install_command
    from ...util.text import listed

    missing = [name for name in REQUIRED_MODULES if not find_spec(name)]
    if missing:
        raise DysfwError(f"`dysfw serve` needs {listed(missing)}: not installed", hint=install_command("dysfw", "serve"))


def _address(settings: Settings) -> str:
    name = f"[{settings.host}]" if ":" in settings.host else settings.host
    query = f"/?token={settings.token}" if settings.token else "/"
    return f"http://{name}:{settings.port}{query}"


def _run(pipeline: Pipeline, settings: Settings, knowledge: Knowledge, listener: socket.socket) -> None:
    from ...errors import Interrupted
    from ...serve.server import server_of
    from ..terminal import err

    _log_requests()
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))  # both end the server
    server = server_of(pipeline, settings, knowledge)
    try:
        server.run(sockets=[listener])
    except Interrupted:  # the normal way to end a server
        err().print("stopped")
    finally:
        server.finish()


def _log_requests() -> None:
    """Write a line for each request to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("dysfw.serve")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.getLogger("python_multipart").addHandler(logging.NullHandler())  # its warnings have no time and no request

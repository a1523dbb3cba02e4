"""Options that choose what runs the work of a command: this machine, or a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..evaluation.task_runner import TaskRunner
    from ..util.progress import Progress

RunnerOption = Annotated[str, typer.Option(metavar="NAME", help="What runs the work: local, or a runner of a plugin.")]
AddressOption = Annotated[
    str | None, typer.Option(help="Address of the cluster, for runners that use one.", show_default=False)
]
RunnerSetOption = Annotated[
    list[str] | None, typer.Option("--runner-set", metavar="KEY=VALUE", help="Set an option of the runner. Repeatable.")
]


def connect(ctx: typer.Context, tasks: TaskRunner, name: str, progress: Progress) -> None:
    """Connect a runner of tasks until the command ends.

    Args:
        ctx: The command.
        tasks: The runner.
        name: Its name.
        progress: Where the work is shown.

    Raises:
        DysfwError: The cluster cannot be reached or used.
    """
    if not tasks.remote:
        ctx.with_resource(tasks)
        return
    with progress.stage(f"connecting to {name}"):
        ctx.with_resource(tasks)

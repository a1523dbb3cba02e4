"""Registers the runner ``ray``."""

from dysfw.plugin import RunnerSpec, hookimpl


@hookimpl
def dysfw_runners() -> list[RunnerSpec]:
    """Register the runner."""
    return [RunnerSpec("ray", "dysfw_ray.runner:Ray", "runs batch tasks on a Ray cluster, with Ray Data")]

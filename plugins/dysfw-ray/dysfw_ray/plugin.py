"""Registers the runner ``ray``."""

from dysfw.plugin import RunnerSpec, hookimpl


@hookimpl
def dysfw_runners() -> list[RunnerSpec]:
    """Register the runner."""
    return [RunnerSpec("ray", "works on a Ray cluster", batch="dysfw_ray.runner:Ray", tasks="dysfw_ray.tasks:RayTasks")]

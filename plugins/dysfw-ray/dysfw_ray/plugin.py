"""What this plugin registers."""

from dysfw.plugin import RunnerSpec, hookimpl


@hookimpl
def dysfw_runners() -> list[RunnerSpec]:
    return [RunnerSpec("ray", "dysfw_ray.runner:Ray", "the machines of a Ray cluster, by Ray Data")]

"""What this plugin registers."""

from dysfw.registry.hookspecs import CommandSpec, hookimpl


@hookimpl
def dysfw_commands() -> list[CommandSpec]:
    return [CommandSpec("phantom", "dysfw_phantom.cli:app", "Make phantoms: synthetic faces with known morphology.")]

"""Registers the evidence ``hpo`` and the command ``dysfw rank``."""

from dysfw.plugin import CommandSpec, ComponentSpec, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    """Register the evidence."""
    summary = "observed and excluded signs, by the Human Phenotype Ontology"
    return [ComponentSpec("evidence", "hpo", "dysfw_hpo.evidence:Hpo", summary)]


@hookimpl
def dysfw_commands() -> list[CommandSpec]:
    """Register ``dysfw rank``."""
    summary = "Rank every annotated disease by a patient's signs and face."
    return [CommandSpec("rank", "dysfw_hpo.rank.command:rank", summary, panel="predict")]

"""Registers the evidence ``hpo``, the command ``dysfw rank`` and the ontology that ``dysfw serve`` looks signs up in."""

from dysfw.plugin import CommandSpec, ComponentSpec, OntologySpec, hookimpl


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


@hookimpl
def dysfw_ontologies() -> list[OntologySpec]:
    """Register the ontology."""
    return [OntologySpec("hpo", "dysfw_hpo.lookup.lookup:HpoLookup", "the Human Phenotype Ontology, with annotated diseases")]

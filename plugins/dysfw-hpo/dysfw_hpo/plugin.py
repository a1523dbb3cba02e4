"""Registers the evidence ``hpo``."""

from dysfw.plugin import ComponentSpec, hookimpl


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    """Register the evidence."""
    summary = "observed and excluded signs, by the Human Phenotype Ontology"
    return [ComponentSpec("evidence", "hpo", "dysfw_hpo.evidence:Hpo", summary)]

"""Phantoms: synthetic faces with known morphology, described by terms of the Human Phenotype Ontology."""

import dysfw  # noqa: F401  # first: it keeps the libraries below from sending usage data and from writing elsewhere

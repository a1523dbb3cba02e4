"""dysfw evidence from a patient's signs, with the Human Phenotype Ontology."""

import dysfw  # noqa: F401  # first: it keeps the libraries below from sending usage data and from writing elsewhere

"""Phantoms: synthetic faces with known morphology, described by terms of the Human Phenotype Ontology."""

"""Phantoms: synthetic faces with known morphology, spoken in the Human Phenotype Ontology's terms."""

"""Registers nothing yet: the evidence ``hpo`` follows."""

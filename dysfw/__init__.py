"""dysfw: a workbench for facial-phenotype research. Research use only; not a medical device."""

__version__ = "0.1.0"

RESEARCH_USE = "Research use only: not a medical device, not a diagnosis."

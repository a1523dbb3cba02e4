"""The stage cache: what detectors, segmenters and backbones computed."""

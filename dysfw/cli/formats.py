"""Allowed values of options of ``dysfw run``."""

from typing import Literal

Format = Literal["text", "json", "csv", "tsv", "phenopacket", "coco"]
Method = Literal["occlusion", "gradient"]  # as in dysfw.explain.saliency_map, which takes a second to import
Paper = Literal["a4", "letter"]

"""The formats of a result."""

from typing import Literal

Format = Literal["text", "json", "csv", "tsv", "phenopacket", "coco"]

"""Finds the ontology and the face generator of this environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import DysfwError
from ..registry.hookspecs import FaceGeneratorSpec, OntologySpec
from ..registry.registry import Entry, Registry
from .face_generator import FaceGenerator
from .ontology import PhenotypeOntology


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known beside the training data.

    Attributes:
        ontology: Terms, signs of diseases, and a ranking of all of them; None if no plugin provides it.
        face_generator: Draws typical faces; None if no plugin provides it.
    """

    ontology: PhenotypeOntology | None = None
    face_generator: FaceGenerator | None = None


def load_knowledge(registry: Registry) -> Knowledge:
    """Create the ontology and the face generator that plugins register; of several, the first by name.

    Args:
        registry: What all plugins register.

    Raises:
        DysfwError: A class cannot be imported, or breaks its contract.
    """
    ontology = next((_ontology(registry, one) for one in sorted(registry.ontologies, key=_name)), None)
    generator = next((_generator(registry, one) for one in sorted(registry.face_generators, key=_name)), None)
    return Knowledge(ontology, generator)


def _name(entry: Entry[Any]) -> str:
    return entry.full_name


def _ontology(registry: Registry, entry: Entry[OntologySpec]) -> PhenotypeOntology:
    loaded = registry.load_class(entry, "ontology")
    if not (isinstance(loaded, type) and issubclass(loaded, PhenotypeOntology)):
        raise DysfwError(f"the ontology {entry.full_name} is not a subclass of dysfw.plugin.PhenotypeOntology")
    return loaded()


def _generator(registry: Registry, entry: Entry[FaceGeneratorSpec]) -> FaceGenerator:
    loaded = registry.load_class(entry, "face generator")
    if not (isinstance(loaded, type) and issubclass(loaded, FaceGenerator)):
        raise DysfwError(f"the face generator {entry.full_name} is not a subclass of dysfw.plugin.FaceGenerator")
    return loaded()

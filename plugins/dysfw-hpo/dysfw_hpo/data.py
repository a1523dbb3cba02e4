"""Everything that is known of terms and diseases, loaded once a process."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from threading import Lock

from dysfw.plugin import Weights

from .compiled import compiled
from .diseases import Diseases
from .names import TermNames
from .ontology import Ontology
from .release import LICENCE, SOURCE, Release, find_release
from .tables import FORMAT, compile_release

_lock = Lock()


@dataclass(frozen=True, slots=True, eq=False)
class HpoData:
    """A release of the Human Phenotype Ontology.

    Attributes:
        release: Its version, and the sha256 of its files.
        ontology: Its terms.
        names: How its terms are found by name.
        diseases: Its diseases.
    """

    release: Release
    ontology: Ontology
    names: TermNames
    diseases: Diseases

    @property
    def weights(self) -> Weights:
        """The release as results and bundles name it."""
        return weights_of(self.release)


def load_hpo() -> HpoData:
    """Load the installed release, once a process; other threads wait meanwhile.

    Raises:
        DysfwError: It is not installed, or damaged.
    """
    with _lock:
        return _load()


def weights_of(release: Release) -> Weights:
    """Describe a release as results and bundles name it."""
    return Weights(name=f"hpo {release.version}", sha256=release.sha256, licence=LICENCE, source=SOURCE)


@cache
def _load() -> HpoData:
    release = find_release()
    key = hashlib.sha256(f"{FORMAT} {release.sha256}".encode()).hexdigest()
    tables = compiled("ontology", key, lambda: compile_release(release))
    ontology = Ontology(tables)
    return HpoData(release, ontology, TermNames(ontology), Diseases(tables, ontology))

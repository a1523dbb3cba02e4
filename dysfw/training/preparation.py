"""The one way a labelled data set enters training and evaluation: read, check and embed it in a single pass over the files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..cache.serialization import deserialize, serialize
from ..cache.store import StageCache
from ..data.checks import CheckedDataset, check_dataset
from ..data.dataset import Dataset
from ..data.duplicates import ImageSignature, image_signature
from ..data.findings import ORDER, Finding
from ..data.identity_conflicts import find_identity_conflicts, identity_findings
from ..data.notices import notice_findings
from ..decoding.memory import CODE as OUT_OF_MEMORY
from ..errors import DysfwError
from ..imaging.crop import WHOLE
from ..inference.embedder import Observer
from ..inference.jobs import ImageJob
from ..inference.pipeline import Pipeline
from ..types import Failure
from ..util.progress import Progress
from ..util.text import count, listed
from .embedded_dataset import EmbeddedDataset, embed_dataset

SIGNATURE = "image signature 1"  # change it if image_signature changes
PENDING = 64  # signatures that are written to the cache together


@dataclass(frozen=True, slots=True, eq=False)
class PreparedDataset:
    """A data set that was checked and embedded.

    Attributes:
        checked: The samples that are used, and what was found in the data.
        embedded: The embeddings of these samples; its failures are those that the pipeline could not embed.
        findings: What was found in the data, identity conflicts included; exclusions first.
    """

    checked: CheckedDataset
    embedded: EmbeddedDataset
    findings: tuple[Finding, ...]


class SignatureObserver:
    """Computes the signature by which copies of an image are recognised, or takes it from the cache."""

    def __init__(self, cache: StageCache | None = None) -> None:
        """Create an observer.

        Args:
            cache: Where signatures are kept between runs.
        """
        self.signatures: dict[str, ImageSignature] = {}
        self._cache = cache
        self._pending: dict[bytes, bytes] = {}

    def needs(self, sha256: str) -> bool:
        """Whether the image has to be decoded: its signature is not known yet."""
        if sha256 in self.signatures:
            return False
        content = self._cache.get(_key(sha256)) if self._cache else None
        if content is None:
            return True
        self.signatures[sha256] = _decode(content)
        return False

    def observe(self, job: ImageJob) -> None:
        """Compute the signature."""
        assert job.image  # noqa: S101  # only decoded images are observed
        signature = self.signatures[job.image.sha256] = image_signature(job.image)
        self._pending[_key(job.image.sha256)] = _encode(signature)
        if len(self._pending) >= PENDING:
            self.keep()

    def keep(self) -> None:
        """Write the signatures that were computed to the cache."""
        if self._cache:
            self._cache.put("signatures", self._pending)
        self._pending = {}


def embed_and_check(
    pipeline: Pipeline, dataset: Dataset, progress: Progress, signatures: SignatureObserver, observer: Observer | None = None
) -> tuple[CheckedDataset, EmbeddedDataset]:
    """Embed all images of a data set, and find out which of them to use.

    Args:
        pipeline: Its recipe embeds.
        dataset: As it was read.
        progress: Where the work is shown.
        signatures: Collects the images' signatures.
        observer: Sees each image instead of ``signatures``, to which it must pass the image on.

    Returns:
        The samples that are used, with all findings; and all images that could be embedded, whether they are used or not.

    Raises:
        DysfwError: If no image can be read, or memory lacked for one.
    """
    embedded = embed_dataset(pipeline, dataset.samples, dataset.labels, "embedding", progress, observer=observer or signatures)
    signatures.keep()
    if lacking := [failure.source for failure in embedded.failures if failure.code == OUT_OF_MEMORY]:
        raise DysfwError(
            f"this machine ran out of memory at {count(len(lacking), 'image')}: {listed(lacking, 3)}",
            hint="these images may be intact, so they are not left out; free some memory, then run the same command again",
        )
    hashes = {sample.path: sha256 for sample, sha256 in zip(embedded.samples, embedded.sha256, strict=True)}
    hashes |= {Path(failure.source): failure.sha256 for failure in embedded.failures if failure.sha256}
    unreadable = [failure for failure in embedded.failures if not failure.sha256]
    embedded = replace(embedded, conditions=dataset.conditions)
    return check_dataset(dataset, {path: signatures.signatures[sha] for path, sha in hashes.items()}, unreadable), embedded


def prepare_dataset(
    pipeline: Pipeline,
    dataset: Dataset,
    progress: Progress,
    signatures: SignatureObserver,
    observer: Observer | None = None,
) -> PreparedDataset:
    """Read, check and embed a data set.

    Args:
        pipeline: Its recipe embeds.
        dataset: As it was read.
        progress: Where the work is shown.
        signatures: Collects the images' signatures.
        observer: Sees each image instead of ``signatures``, to which it must pass the image on.

    Raises:
        DysfwError: If no image can be read.
    """
    checked, everything = embed_and_check(pipeline, dataset, progress, signatures, observer)
    embedded = everything.select(checked.dataset.samples, checked.dataset.labels)
    return PreparedDataset(checked, embedded, all_findings(checked, embedded))


def all_findings(
    checked: CheckedDataset, embedded: EmbeddedDataset, test: EmbeddedDataset | None = None
) -> tuple[Finding, ...]:
    """List everything that is known of a data set.

    Args:
        checked: The data set.
        embedded: Its images.
        test: Its test images, if they are embedded apart from the others.

    Returns:
        The findings of the checks, what was noticed while images were embedded, and people who seem to be listed as two
        patients, by the embeddings of the whole face. Exclusions come first.
    """
    parts = [part for part in (embedded, test) if part is not None]
    seen = ((checked.dataset.name_of(s), part.notices.get(str(s.path), ())) for part in parts for s in part.samples)
    found = [*checked.findings, *notice_findings(seen)]
    found.sort(key=lambda finding: ORDER.index(finding.severity))
    if WHOLE not in embedded.regions:
        return tuple(found)
    region = embedded.regions.index(WHOLE)
    rows = np.flatnonzero(embedded.present[:, region])
    suspects = find_identity_conflicts(embedded.embeddings[rows, region], embedded.groups[rows])
    return (*found, *identity_findings(suspects, [embedded.samples[n] for n in rows]))


def excluded_counts(findings: Sequence[Finding], failures: Sequence[Failure]) -> Mapping[str, int]:
    """How many images were not used, by code."""
    counts = {one.code: one.images for one in findings if one.severity == "exclusion"}
    for failure in failures:
        if failure.sha256:  # unreadable files are among the findings
            counts[failure.code] = counts.get(failure.code, 0) + 1
    return counts


def _key(sha256: str) -> bytes:
    return hashlib.sha256(f"{SIGNATURE} {sha256}".encode()).digest()


def _encode(one: ImageSignature) -> bytes:
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "bits": one.bits.astype(np.uint8),
        "small": one.small,
        "mirrored_bits": one.mirrored_bits.astype(np.uint8),
        "mirrored_small": one.mirrored_small,
    }
    return serialize(arrays, {"pixels": one.pixels})


def _decode(content: bytes) -> ImageSignature:
    arrays, values = deserialize(content)
    return ImageSignature(
        values["pixels"],
        arrays["bits"].astype(bool),
        arrays["small"],
        arrays["mirrored_bits"].astype(bool),
        arrays["mirrored_small"],
    )

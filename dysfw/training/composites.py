"""Makes composites of training patients who agreed to it, while the images are embedded.

Every patient has the same weight, however many images there are: first the patient's images are averaged, then the patients.
Faces are taken from the original image, not from a harmonised one, since a composite is for people to look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ..bundle.composites import Composite
from ..contracts.components import Detector
from ..data.dataset import Dataset, Sample
from ..data.duplicates import ImageSignature
from ..errors import ImageError
from ..imaging.composite import Mean, aligned_face, finished
from ..inference.batches import decoded_batches
from ..inference.embedder import on_grid
from ..inference.jobs import ImageJob
from ..inference.stages import run_isolated
from ..types import Face, Image
from ..util.progress import Progress
from ..util.text import count
from .composite_consent import Counted, counted_patients, stated_consent
from .composite_ledger import MIN_PATIENTS, Ledger, Member, check_ledger, ledger_folder, opened
from .face_store import FaceStore
from .preparation import SignatureObserver


@dataclass(frozen=True, slots=True)
class CompositeOutcome:
    """What became of the composite of a condition.

    Attributes:
        label: The condition.
        patients: Number of patients whom the composite shows; 0 if there is none.
        reason: Why there is none, or why it is an earlier one; "" if it is new.
    """

    label: str
    patients: int
    reason: str = ""

    def __str__(self) -> str:
        made = f"composite of {self.patients} patients" if self.patients else "no composite"
        return f"{self.label}: {made}{f': {self.reason}' if self.reason else ''}"


class CompositeMaker:
    """Collects faces while images are embedded, and makes composites of them.

    It is an observer of the pipeline, and a context that deletes the faces at its end.

    Attributes:
        signatures: Collects the images' signatures.
    """

    def __init__(self, dataset: Dataset, signatures: SignatureObserver) -> None:
        """Create a maker.

        Args:
            dataset: The data as they were read.
            signatures: Collects the images' signatures; the maker passes every image on to it.

        Raises:
            DysfwError: The ledger is damaged or cannot be written, so that it is not known what was made before.
        """
        self._folder = ledger_folder()
        check_ledger(self._folder)
        self._consent = stated_consent(dataset)
        self.signatures = signatures
        self._faces = FaceStore()
        self._pixels: dict[Path, str] = {}

    def __enter__(self) -> Self:
        """Return the maker."""
        return self

    def __exit__(self, *_: object) -> None:
        """Delete all faces."""
        self._faces.close()

    def needs(self, sha256: str) -> bool:
        """Whether the image has to be decoded: if any is wanted all are, as a hash does not tell whose the image is."""
        return self.signatures.needs(sha256) or bool(self._consent.wanted)

    def observe(self, job: ImageJob) -> None:
        """Keep the face of an image that may count; of several chosen faces the first."""
        assert job.image  # noqa: S101  # only decoded images are observed
        if job.image.sha256 not in self.signatures.signatures:
            self.signatures.observe(job)
        path = Path(job.source)
        self._pixels[path] = self.signatures.signatures[job.image.sha256].pixels
        if path in self._consent.wanted and job.face_jobs:
            self._keep(path, job.image, job.face_jobs[0].face)

    def read(self, detector: Detector, signatures: Mapping[Path, ImageSignature], progress: Progress) -> None:
        """Read the images that may count, for a training that does not pass its images through the pipeline.

        Args:
            detector: Finds the faces.
            signatures: Of all images that can be read.
            progress: Where the work is shown.
        """
        self._pixels = {path: one.pixels for path, one in signatures.items()}
        paths = [path for path in signatures if path in self._consent.wanted]
        seen = (one for batch in decoded_batches(paths) for one in _detected(batch, detector))
        for path, found in zip(paths, progress.track(seen, "faces for composites", len(paths), "images"), strict=True):
            if found:
                self._keep(path, *found)

    def _keep(self, path: Path, image: Image, face: Face) -> None:
        try:
            self._faces.add(path, aligned_face(image.pixels, face))
        except ValueError:  # the landmarks coincide: this image is in no composite, and trains as before
            return

    def make(
        self, checked: Sequence[Sample], trained: Sequence[Sample]
    ) -> tuple[dict[str, Composite], tuple[CompositeOutcome, ...]]:
        """Make the composites, or find earlier ones in the ledger, and record the new ones there.

        Args:
            checked: All samples that the checks kept, with their final patients.
            trained: Those that were trained on.

        Returns:
            The composites by label, and what became of each condition.

        Raises:
            DysfwError: The ledger is damaged or cannot be written.
        """
        trained_on = counted_patients(self._consent, self._pixels, checked, trained)
        composites: dict[str, Composite] = {}
        outcomes = []
        with opened(self._folder) as ledger:
            for label, patients in trained_on.images.items():
                composite, reason = self._decide(ledger, label, patients, trained_on)
                if composite:
                    composites[label] = composite
                outcomes.append(CompositeOutcome(label, composite.patients if composite else 0, reason))
        return composites, tuple(outcomes)

    def _decide(
        self, ledger: Ledger, label: str, patients: Mapping[str, Sequence[Path]], counted: Counted
    ) -> tuple[Composite | None, str]:
        named = count(counted.patients.get(label, 0), "named training patient")
        needed = f"at least {MIN_PATIENTS} are needed"
        if len(patients) < MIN_PATIENTS:
            return None, f"{len(patients)} of {named} agreed, and {needed}"
        faces = {name: [path for path in paths if path in self._faces] for name, paths in patients.items()}
        faces = {name: paths for name, paths in faces.items() if paths}
        if len(faces) < MIN_PATIENTS:
            return None, f"{len(patients)} of {named} agreed, of whom {len(faces)} have a face that can be aligned; {needed}"
        members = [Member(name, frozenset(self._pixels[path] for path in paths)) for name, paths in sorted(faces.items())]
        decision = ledger.decide(self._average(faces), members, counted.without_consent)
        return decision.composite, decision.reason

    def _average(self, patients: Mapping[str, Sequence[Path]]) -> Composite:
        """The mean of the means of the patients' images. The order is fixed, so that the same patients give the same bytes."""
        total = Mean()
        for _, paths in sorted(patients.items()):
            of_patient = Mean()
            for path in sorted(paths):
                of_patient.add(self._faces.face(path))
            total.add(of_patient.pixels)
        return Composite(finished(total.pixels), total.number)


def _detected(batch: Sequence[ImageJob], detector: Detector) -> Iterator[tuple[Image, Face] | None]:
    """The image and its chosen face for each job, None without one."""
    images = [job.image for job in batch if job.image]
    found = iter(run_isolated("the detector", detector.detect, images))
    for job in batch:
        faces = next(found) if job.image else []
        if job.image and not isinstance(faces, ImageError):
            job.select_faces(tuple(on_grid(face) for face in faces), all_faces=False)
        yield (job.image, job.face_jobs[0].face) if job.image and job.face_jobs else None

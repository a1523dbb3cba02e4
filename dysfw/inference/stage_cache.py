"""The pipeline's view of the stage cache: what earlier runs computed from the same image with the same components."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ..cache.serialization import deserialize, serialize
from ..cache.store import StageCache
from ..types import Face, Float32, HeadPose, ImageInfo, Notice, Region, Segmentation
from .fingerprints import Fingerprints
from .jobs import FaceJob, ImageJob

T = TypeVar("T")


class CachedStages:
    """Fills jobs from the cache, and keeps their results. Stages without a fingerprint are not cached."""

    def __init__(self, cache: StageCache | None, fingerprints: Fingerprints) -> None:
        """Create the view.

        Args:
            cache: The cache; None disables it.
            fingerprints: Of everything that shapes the stages' results.
        """
        self._cache, self._of = cache, fingerprints

    def recall(self, job: ImageJob, sha256: str, *, all_faces: bool) -> None:
        """Fill in the faces of an image, and for each the regions and embeddings, as far as they are known."""
        found = self._get(self._faces_key(_file(job, sha256)), lambda content: _decode_faces(content, job.source, sha256))
        if found is not None:
            job.info, faces = found
            job.select_faces(faces, all_faces=all_faces)
            self.recall_faces(job)

    def recall_faces(self, job: ImageJob) -> None:
        """Fill in the regions and embeddings of an image's faces, as far as they are known."""
        for face_job in job.face_jobs:
            face_job.segmentation = self._get(self._regions_key(face_job), _decode_segmentation)
            content = self._get(self._embeddings_key(face_job), bytes) if face_job.segmentation else None
            if content is not None:
                _decode_embeddings(content, face_job)

    def keep_faces(self, jobs: Sequence[ImageJob]) -> None:
        """Keep the faces found in images."""
        self._put("faces", {self._faces_key(_image(job)): _encode_faces(job) for job in jobs if job.faces is not None})

    def keep_segmentations(self, jobs: Sequence[FaceJob]) -> None:
        """Keep the regions of faces."""
        self._put("regions", {self._regions_key(job): _encode_segmentation(job.segmented) for job in jobs if job.segmentation})

    def keep_embeddings(self, jobs: Sequence[FaceJob]) -> None:
        """Keep the embeddings of faces."""
        rows = {self._embeddings_key(job): _encode_embeddings(job) for job in jobs if job.embeddings is not None}
        self._put("embeddings", rows)

    def _get(self, key: bytes, decode: Callable[[bytes], T]) -> T | None:
        if not key or self._cache is None:
            return None
        content = self._cache.get(key)
        return None if content is None else decode(content)

    def _put(self, stage: str, entries: dict[bytes, bytes]) -> None:
        entries.pop(b"", None)
        if self._cache is not None:
            self._cache.put(stage, entries)

    def _faces_key(self, image: str) -> bytes:
        return _key("faces", self._of.faces, image)

    def _regions_key(self, job: FaceJob) -> bytes:
        return _key("regions", self._of.regions, _image(job.image_job), _face_parts(job.face))

    def _embeddings_key(self, job: FaceJob) -> bytes:
        shapes = b"".join(region.name.encode() + b"\0" + region.polygon.tobytes() for region in job.segmented.regions)
        return _key("embeddings", self._of.embeddings, _image(job.image_job), _face_parts(job.face), shapes)


def _image(job: ImageJob) -> str:
    """What identifies the pixels of an image: its file and its decoder."""
    assert job.info  # noqa: S101  # decoded, or recalled
    return _file(job, job.info.sha256)


def _file(job: ImageJob, sha256: str) -> str:
    return f"{sha256} {job.decoder}"


def _key(stage: str, fingerprint: str, image: str, *parts: bytes) -> bytes:
    """The key, or b"" if the stage must not be cached."""
    if not fingerprint:
        return b""
    digest = hashlib.sha256(f"{stage} {fingerprint} {image} {[len(part) for part in parts]}".encode())
    for part in parts:
        digest.update(part)
    return digest.digest()


def _face_parts(face: Face) -> bytes:
    return face.box.tobytes() + face.landmarks.tobytes() + np.float64(face.score).tobytes()


def _encode_faces(job: ImageJob) -> bytes:
    info, faces = job.info, job.faces or ()
    assert info  # noqa: S101  # as in _image
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "boxes": np.array([face.box for face in faces], np.float32).reshape(-1, 4),
        "landmarks": np.array([face.landmarks for face in faces], np.float32).reshape(-1, 5, 2),
        "scores": np.array([face.score for face in faces], np.float64),
        "chosen": np.array([face.chosen for face in faces], np.uint8),
    }
    notices = [[notice.code, notice.message] for notice in info.notices]
    return serialize(arrays, {"width": info.width, "height": info.height, "notices": notices})


def _decode_faces(content: bytes, source: str, sha256: str) -> tuple[ImageInfo, tuple[Face, ...]]:
    arrays, values = deserialize(content)
    notices = tuple(Notice(code, message) for code, message in values["notices"])
    rows = zip(arrays["boxes"], arrays["scores"], arrays["landmarks"], arrays["chosen"], strict=True)
    faces = tuple(Face(box, float(score), landmarks, bool(chosen)) for box, score, landmarks, chosen in rows)
    return ImageInfo(source, sha256, values["width"], values["height"], notices), faces


def _encode_segmentation(one: Segmentation) -> bytes:
    polygons: dict[str, Float32] = {f"{n}": region.polygon.astype(np.float32) for n, region in enumerate(one.regions)}
    names = [region.name for region in one.regions]
    return serialize(polygons, {"names": names, "absent": dict(one.absent), "pose": asdict(one.pose) if one.pose else None})


def _decode_segmentation(content: bytes) -> Segmentation:
    arrays, values = deserialize(content)
    regions = tuple(Region(name, arrays[f"{n}"]) for n, name in enumerate(values["names"]))
    return Segmentation(regions, values["absent"], HeadPose(**values["pose"]) if values["pose"] else None)


def _encode_embeddings(job: FaceJob) -> bytes:
    assert job.embeddings is not None  # noqa: S101  # or there is nothing to keep
    return serialize({"present": job.present.astype(np.uint8), "embeddings": job.embeddings}, {"sharpness": job.sharpness})


def _decode_embeddings(content: bytes, job: FaceJob) -> None:
    arrays, values = deserialize(content)
    job.present, job.embeddings = arrays["present"].astype(bool), arrays["embeddings"]
    job.sharpness = float(values["sharpness"])

"""What the stages have found in photographs before, by what was in the photograph and what looked at it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ..cache.serialization import packed, unpacked
from ..cache.store import StageCache
from ..types import Bool, Face, Float32, HeadPose, ImageInfo, Notice, Region, Segmentation
from .fingerprints import Fingerprints

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class DetectedFaces:
    """What decoding and detection say of a photograph."""

    image: ImageInfo
    faces: tuple[Face, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """What the trunk says of one face. present: bool [R]; embeddings: float32 [R, dim]; sharpness: of the crops."""

    present: Bool
    embeddings: Float32
    sharpness: float


class CachedStages:
    """The stages' view of the cache. Remembers nothing without one, and nothing of stages without a fingerprint."""

    def __init__(self, cache: StageCache | None, fingerprints: Fingerprints) -> None:
        self._cache, self._of = cache, fingerprints

    def detected_faces(self, sha256: str, source: str) -> DetectedFaces | None:
        found = self._recalled(self._faces_key(sha256), _decode_faces)
        return replace(found, image=replace(found.image, source=source, sha256=sha256)) if found else None

    def segmentation(self, sha256: str, face: Face) -> Segmentation | None:
        return self._recalled(self._regions_key(sha256, face), _decode_segmentation)

    def vectors(self, sha256: str, face: Face, found: Segmentation) -> Vectors | None:
        return self._recalled(self._vectors_key(sha256, face, found), _decode_vectors)

    def keep_faces(self, detected_faces: Sequence[DetectedFaces]) -> None:
        self._keep("faces", {self._faces_key(s.image.sha256): _encode_faces(s) for s in detected_faces})

    def keep_segmentations(self, found: Sequence[tuple[str, Face, Segmentation]]) -> None:
        self._keep("regions", {self._regions_key(sha256, face): _encode_segmentation(one) for sha256, face, one in found})

    def keep_vectors(self, found: Sequence[tuple[str, Face, Segmentation, Vectors]]) -> None:
        rows = {self._vectors_key(sha256, face, seen): _encode_vectors(one) for sha256, face, seen, one in found}
        self._keep("embeddings", rows)

    def _recalled(self, key: bytes, read: Callable[[bytes], T]) -> T | None:
        if not key or self._cache is None:
            return None
        content = self._cache.get(key)
        return None if content is None else read(content)

    def _keep(self, stage: str, entries: dict[bytes, bytes]) -> None:
        entries.pop(b"", None)
        if self._cache is not None:
            self._cache.put(stage, entries)

    def _faces_key(self, sha256: str) -> bytes:
        return _key("faces", self._of.faces, sha256)

    def _regions_key(self, sha256: str, face: Face) -> bytes:
        return _key("regions", self._of.regions, sha256, _face_parts(face))

    def _vectors_key(self, sha256: str, face: Face, found: Segmentation) -> bytes:
        seen = b"".join(region.name.encode() + b"\0" + region.polygon.tobytes() for region in found.regions)
        return _key("embeddings", self._of.embeddings, sha256, _face_parts(face), seen)


def _key(stage: str, fingerprint: str, sha256: str, *parts: bytes) -> bytes:
    """b"" where the stage is not to be remembered."""
    if not fingerprint:
        return b""
    digest = hashlib.sha256(f"{stage} {fingerprint} {sha256} {[len(part) for part in parts]}".encode())
    for part in parts:
        digest.update(part)
    return digest.digest()


def _face_parts(face: Face) -> bytes:
    return face.box.tobytes() + face.landmarks.tobytes() + np.float64(face.score).tobytes()


def _encode_faces(one: DetectedFaces) -> bytes:
    seen, faces = one.image, one.faces
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "boxes": np.array([face.box for face in faces], np.float32).reshape(-1, 4),
        "landmarks": np.array([face.landmarks for face in faces], np.float32).reshape(-1, 5, 2),
        "scores": np.array([face.score for face in faces], np.float64),
        "chosen": np.array([face.chosen for face in faces], np.uint8),
    }
    notices = [[notice.code, notice.message] for notice in seen.notices]
    return packed(arrays, {"width": seen.width, "height": seen.height, "notices": notices})


def _decode_faces(content: bytes) -> DetectedFaces:
    arrays, values = unpacked(content)
    notices = tuple(Notice(code, message) for code, message in values["notices"])
    rows = zip(arrays["boxes"], arrays["scores"], arrays["landmarks"], arrays["chosen"], strict=True)
    faces = tuple(Face(box, float(score), landmarks, bool(chosen)) for box, score, landmarks, chosen in rows)
    return DetectedFaces(ImageInfo("", "", values["width"], values["height"], notices), faces)


def _encode_segmentation(one: Segmentation) -> bytes:
    polygons: dict[str, Float32] = {f"{n}": region.polygon.astype(np.float32) for n, region in enumerate(one.regions)}
    names = [region.name for region in one.regions]
    return packed(polygons, {"names": names, "absent": dict(one.absent), "pose": asdict(one.pose) if one.pose else None})


def _decode_segmentation(content: bytes) -> Segmentation:
    arrays, values = unpacked(content)
    regions = tuple(Region(name, arrays[f"{n}"]) for n, name in enumerate(values["names"]))
    return Segmentation(regions, values["absent"], HeadPose(**values["pose"]) if values["pose"] else None)


def _encode_vectors(one: Vectors) -> bytes:
    return packed({"present": one.present.astype(np.uint8), "embeddings": one.embeddings}, {"sharpness": one.sharpness})


def _decode_vectors(content: bytes) -> Vectors:
    arrays, values = unpacked(content)
    return Vectors(arrays["present"].astype(bool), arrays["embeddings"], float(values["sharpness"]))

"""Images that the server keeps for a while, so that a page sends each photo once. They are in memory only."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..decoding.memory_image import MemoryImage
from ..explain.crops import RegionCrop
from ..explain.explanation import Explanation
from ..explain.saliency_map import SaliencyMap
from ..types import ImageInfo, Prediction
from .problems import RequestError

OVERHEAD = 8192  # bytes of a face's small objects, about


@dataclass(slots=True, eq=False)
class KeptFace:
    """A face of a kept image. Only the worker changes it.

    Attributes:
        prediction: The prediction from the face alone, without pixels.
        explanation: Its explanation, without maps; None until it is made.
        crops: Its crops, by region; empty before the first map, and again after the last.
        maps: The saliency maps that were computed, by region, each for all conditions.
    """

    prediction: Prediction
    explanation: Explanation | None = None
    crops: dict[str, RegionCrop] = field(default_factory=dict)
    maps: dict[str, SaliencyMap] = field(default_factory=dict)

    @property
    def index(self) -> int:
        """Index of the face in its image, from 0."""
        return self.prediction.face_embedding.index

    @property
    def nbytes(self) -> int:
        """Memory, about."""
        one = self.prediction
        arrays = (one.probabilities, one.region_probabilities, one.face_embedding.embeddings)
        maps = (part for saliency_map in list(self.maps.values()) for part in (saliency_map.importance, saliency_map.pixels))
        crops = (crop.pixels for crop in list(self.crops.values()))
        return OVERHEAD + sum(array.nbytes for array in (*arrays, *maps, *crops))


@dataclass(slots=True, eq=False)
class KeptImage:
    """An image that was sent, and what was found in it.

    Attributes:
        id: What requests call it; nobody can guess it.
        upload: The file, for maps and PDFs.
        info: Its size and hash.
        preview: The image as the recipe saw it, upright, as JPEG of at most 1,280 px.
        faces: Its faces that could be predicted; at least one.
        chosen: Index of the face that the recipe selects.
    """

    upload: MemoryImage
    info: ImageInfo
    preview: bytes
    faces: tuple[KeptFace, ...]
    chosen: int
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def face(self, index: int | None) -> KeptFace | None:
        """A face by its index; the chosen one for None; None if there is no such face."""
        wanted = self.chosen if index is None else index
        return next((face for face in self.faces if face.index == wanted), None)

    @property
    def nbytes(self) -> int:
        """Memory, about."""
        return len(self.upload.content) + len(self.preview) + sum(face.nbytes for face in self.faces)


@dataclass(slots=True, eq=False)
class _Entry:
    image: KeptImage
    nbytes: int
    used: float  # time.monotonic()


class KeptImages:
    """The images that are kept. Only the event loop's thread uses it.

    Args:
        seconds: How long an image is kept after its last use.
        max_bytes: Maximum memory of all images; the least recently used go first.
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self.seconds, self.max_bytes = seconds, max_bytes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # the least recently used first
        self._total = 0
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def nbytes(self) -> int:
        """Memory of all images, about."""
        return self._total

    def fits(self, image: KeptImage) -> bool:
        """Whether an image can be kept at all."""
        return image.nbytes <= self.max_bytes

    def add(self, image: KeptImage) -> None:
        """Keep an image, and forget the least recently used ones if all together need too much memory.

        Args:
            image: The image; it must fit.
        """
        self._entries[image.id] = _Entry(image, 0, time.monotonic())
        self._measure(image.id)
        self._start_timer()

    def get(self, ids: Sequence[str]) -> list[KeptImage]:
        """Find images, which counts as use.

        Args:
            ids: Their ids.

        Returns:
            The images, in order.

        Raises:
            RequestError: Some of them are not kept.
        """
        self._forget_expired()
        if missing := [one for one in dict.fromkeys(ids) if one not in self._entries]:
            raise not_kept(missing, len(set(ids)))
        for one in ids:
            self._entries[one].used = time.monotonic()
            self._entries.move_to_end(one)
        return [self._entries[one].image for one in ids]

    def measure(self, images: Sequence[KeptImage]) -> None:
        """Note that images need more memory than before, because maps were added."""
        for image in images:
            if image.id in self._entries:
                self._measure(image.id)

    def forget(self, ids: Sequence[str]) -> None:
        """Forget images; ids that are not kept are no error."""
        for one in ids:
            if entry := self._entries.pop(one, None):
                self._total -= entry.nbytes

    def clear(self) -> None:
        """Forget all images."""
        self.forget(list(self._entries))
        if self._timer:
            self._timer.cancel()

    def _measure(self, id: str) -> None:
        entry = self._entries[id]
        size = entry.image.nbytes
        self._total += size - entry.nbytes
        entry.nbytes = size
        self._forget_while(lambda _: self._total > self.max_bytes)

    def _forget_expired(self) -> None:
        limit = time.monotonic() - self.seconds
        self._forget_while(lambda entry: entry.used <= limit)

    def _forget_while(self, condition: Callable[[_Entry], bool]) -> None:
        """Forget the least recently used image, as long as a condition holds for it."""
        while self._entries and condition(oldest := next(iter(self._entries.values()))):
            self.forget([oldest.image.id])

    def _start_timer(self) -> None:
        """Forget images in time, although nobody asks for them."""
        if self._timer is None and self._entries:
            oldest = next(iter(self._entries.values()))
            delay = max(0.0, oldest.used + self.seconds - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay + 0.01, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._forget_expired()
        self._start_timer()


def not_kept(ids: Sequence[str], of: int = 1) -> RequestError:
    """The error of images that are not kept, or not any more.

    Args:
        ids: Their ids, which the error lists, so that a client knows which images to send.
        of: Number of images in the request.
    """
    what = "this image is" if of == 1 else f"{len(ids)} of {of} images are"
    message = f"{what} not kept, or not any more; send the image again"
    return RequestError(404, "not_kept", message, details={"ids": list(ids)})

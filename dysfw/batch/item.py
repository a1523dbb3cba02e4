"""One image of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..decoding.files import Source
from .remote import RemoteImage, is_address


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One image of a batch.

    Attributes:
        image: A path, or an address with a scheme such as s3://.
        name: Name within the source, which does not depend on where the source is. Shards are divided by it.
        patient: Patient from the manifest, or "".
        label: Label from the manifest, or "".
        source: Source from the manifest, or "".
        base: Folder that a relative path starts from: the working directory in which the batch was started.
    """

    image: str
    name: str
    patient: str = ""
    label: str = ""
    source: str = ""
    base: str = ""

    @property
    def image_source(self) -> Source:
        """The image as the input of a pipeline."""
        return RemoteImage(self.image) if is_address(self.image) else Path(self.base, self.image)

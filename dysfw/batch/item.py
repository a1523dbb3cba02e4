"""One photograph on the list of those to be judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..imaging.decode import Source
from .remote import RemoteImage, is_address


@dataclass(frozen=True, slots=True)
class BatchItem:
    """image: a path, or an address with a scheme (s3://…). name: of it within its source, whatever the source is called here:
    by it shards are divided. patient, label, source: what a manifest says, or "". base: the folder that a relative path starts
    from: that in which the work began."""

    image: str
    name: str
    patient: str = ""
    label: str = ""
    source: str = ""
    base: str = ""

    @property
    def opened(self) -> Source:
        """What a pipeline takes. Raises DysfwError for an address that cannot be read here."""
        return RemoteImage(self.image) if is_address(self.image) else Path(self.base, self.image)

"""Remembers which composites this machine made, and of whom, so that two of them never differ by a few patients.

If two composites show nearly the same patients, one less the other shows those who differ. A composite is therefore made only
if it differs by at least ten patients from each one that was made before; otherwise the earlier one is used again. This is
differencing, as statistical offices know it for tables (Hundepool et al., Statistical Disclosure Control, Wiley 2012).

The ledger is a private folder of the user. It holds the composites, and for each the patients, as keyed hashes (HMAC-SHA256) of
their names and of the pixels of their images: without its key, nobody can test whether an image or a name is in it. Patients
are compared by their images, whatever they or their condition are called. If only the names are the same, the images may have
been exported again, or the patients may be others; then there is no composite, since either guess could be wrong.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pydantic
from filelock import FileLock, Timeout
from PIL import Image as Pillow

from ..bundle.composites import Composite
from ..errors import DysfwError
from ..imaging.composite import MADE_AS, SIDE
from ..util.atomic import atomic_write
from ..util.text import count
from ..util.user_folders import is_writable, state_folder

MIN_PATIENTS = 10  # of a composite
MIN_CHANGED = 10  # patients by which two composites differ
FILE, LOCK = "ledger.json", "lock"
WAIT = 300.0  # s, for another training to leave the ledger
BYTES = 16  # of a keyed hash that are kept


@dataclass(frozen=True, slots=True)
class Member:
    """A patient in a composite.

    Attributes:
        name: Name of the patient.
        images: Hashes of the pixels of the images that show the patient.
    """

    name: str
    images: frozenset[str]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the ledger allows.

    Attributes:
        composite: The composite to publish; None if there must be none.
        reason: Why it is not a new one; "" if it is.
    """

    composite: Composite | None
    reason: str = ""


class _Part(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class _Member(_Part):
    name: str
    images: list[str]


class _Entry(_Part):
    """A composite that was made: the file of its pixels by their sha256, how it was made, and its members."""

    sha256: str
    made_as: str
    members: list[_Member]


class _Content(_Part):
    schema_: Literal["dysfw.composites/1"] = pydantic.Field(default="dysfw.composites/1", alias="schema")
    key: str
    entries: list[_Entry] = []
    digest: str = ""  # of the rest, under the key

    def computed_digest(self) -> str:
        text = json.dumps(self.model_dump(mode="json", by_alias=True, exclude={"digest"}), sort_keys=True)
        return hmac.new(bytes.fromhex(self.key), text.encode(), hashlib.sha256).hexdigest()


def ledger_folder() -> Path:
    """Return the folder of the ledger: ``dysfw/composites`` in XDG_STATE_HOME, or in ~/.local/state.

    Raises:
        DysfwError: The user has no home folder.
    """
    try:
        return state_folder() / "composites"
    except DysfwError as error:
        raise DysfwError(
            f"composites are made only where it can be remembered of whom: {error.message}",
            hint="set XDG_STATE_HOME to a private folder that lasts, or train without --composites",
        ) from None


def check_ledger(folder: Path) -> None:
    """Check that the ledger can be read and written, before any work is done for it.

    Raises:
        DysfwError: It is damaged, or its folder cannot be written.
    """
    if not is_writable(folder):
        raise _unwritable(folder, "permission denied")
    with opened(folder):
        pass


@contextmanager
def opened(folder: Path) -> Iterator[Ledger]:
    """Open the ledger, which no other training can change meanwhile. What was recorded is written at the end.

    Args:
        folder: The folder of the ledger; created if there is none.

    Yields:
        The ledger.

    Raises:
        DysfwError: It is damaged, in use by another training for too long, or cannot be written. Nothing is then overwritten.
    """
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=WAIT, mode=0o600):
            ledger = Ledger(folder, _read(folder))
            yield ledger
            ledger.write()
    except Timeout:
        raise DysfwError(f"{folder} has been in use by another training for {WAIT:.0f} s", hint="run it again later") from None
    except (OSError, NotImplementedError) as error:  # NotImplementedError: a file system without locks
        raise _unwritable(folder, getattr(error, "strerror", None) or str(error)) from None


class Ledger:
    """The composites that this machine made; see ``opened``."""

    def __init__(self, folder: Path, content: _Content) -> None:
        """Create a ledger.

        Args:
            folder: Its folder.
            content: What is in it.
        """
        self._folder = folder
        self._content = content
        self._entries = list(content.entries)
        self._new: dict[str, Composite] = {}
        self._key = bytes.fromhex(content.key)

    def decide(self, new: Composite, members: Sequence[Member], without_consent: Iterable[str]) -> Decision:
        """Decide whether a composite may be published, and record it if it may.

        Args:
            new: The composite.
            members: Its patients.
            without_consent: Hashes of the pixels of all images in the data that must be in no composite.

        Returns:
            The new composite, an earlier one of nearly the same patients, or none.

        Raises:
            DysfwError: The ledger is damaged.
        """
        hashed = [self._hashed(member) for member in members]
        refused = {self._hash("image", image) for image in without_consent}
        if close := self._close(hashed, names=False):
            for changed, entry in close:
                if refused.isdisjoint(image for member in entry.members for image in member.images):
                    return Decision(self._composite(entry), _used_again(changed))
            return Decision(None, _withdrawn(close[0][0]))
        if close := self._close(hashed, names=True):
            return Decision(None, _same_names(close[0][0]))
        self._entries.append(_Entry(sha256=new.entry.sha256, made_as=MADE_AS, members=hashed))
        self._new[new.entry.sha256] = new
        return Decision(new)

    def write(self) -> None:
        """Write what was recorded: first the pictures, then the file that names them."""
        if self._entries == self._content.entries and (self._folder / FILE).exists():
            return
        for sha256, composite in self._new.items():
            content = io.BytesIO()
            Pillow.fromarray(composite.pixels).save(content, "PNG")
            _write_private(self._folder / f"{sha256}.png", content.getvalue())
        content_ = self._content.model_copy(update={"entries": self._entries})
        content_ = content_.model_copy(update={"digest": content_.computed_digest()})
        _write_private(self._folder / FILE, json.dumps(content_.model_dump(mode="json", by_alias=True)).encode())

    def _close(self, members: Sequence[_Member], *, names: bool) -> list[tuple[int, _Entry]]:
        """Earlier composites from which these patients differ by too few, and by how many; the closest first."""
        compared = [(_changed(members, one.members, names=names), one) for one in self._entries]
        return sorted((pair for pair in compared if pair[0] < MIN_CHANGED), key=lambda pair: pair[0])

    def _composite(self, entry: _Entry) -> Composite:
        if entry.sha256 in self._new:
            return self._new[entry.sha256]
        path = self._folder / f"{entry.sha256}.png"
        try:
            with Pillow.open(path, formats=["PNG"]) as picture:
                pixels = np.array(picture.convert("RGB"))
        except (OSError, ValueError, SyntaxError) as error:
            raise _damaged(self._folder, f"{path.name} cannot be read ({error})") from None
        composite = Composite(pixels, len(entry.members))
        if composite.entry.sha256 != entry.sha256 or len(pixels) > SIDE:
            raise _damaged(self._folder, f"{path.name} was changed after it was written")
        return composite

    def _hashed(self, member: Member) -> _Member:
        images = sorted(self._hash("image", image) for image in member.images)
        return _Member(name=self._hash("name", member.name), images=images)

    def _hash(self, kind: str, text: str) -> str:
        return hmac.new(self._key, f"{kind} {text}".encode(), hashlib.sha256).digest()[:BYTES].hex()


def _changed(new: Sequence[_Member], old: Sequence[_Member], *, names: bool) -> int:
    """Number of patients who are in one of two composites only: those who share no image and, if it counts, no name."""

    def marks(member: _Member) -> list[str]:
        return [*member.images, member.name] if names else member.images

    in_new, in_old = ({mark for member in members for mark in marks(member)} for members in (new, old))
    only_new = sum(in_old.isdisjoint(marks(member)) for member in new)
    return only_new + sum(in_new.isdisjoint(marks(member)) for member in old)


def _used_again(changed: int) -> str:
    who = count(changed, "patient") if changed else "nobody"
    return f"an earlier composite is used again, since {who} changed and at least {MIN_CHANGED} must"


def _withdrawn(changed: int) -> str:
    return (
        f"an earlier composite shows a patient who does not agree now, and only {count(changed, 'patient')} changed since; for "
        f"a new one at least {MIN_CHANGED} must"
    )


def _same_names(changed: int) -> str:
    return (
        f"all but {changed} of its patients are called as those of an earlier composite, but their images are others. If they "
        f"are other people, give them other names; if the images were exported again, at least {MIN_CHANGED} patients must "
        "change"
    )


def _read(folder: Path) -> _Content:
    path = folder / FILE
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        if any(folder.glob("*.png")):
            raise _damaged(folder, f"{FILE} is missing, but composites are there") from None
        return _Content(key=secrets.token_hex(32))
    try:
        content = _Content.model_validate_json(text)
        intact = hmac.compare_digest(content.digest, content.computed_digest())
    except ValueError as error:  # pydantic's errors are ValueErrors, and would show what is in the file
        raise _damaged(folder, f"{FILE} cannot be read ({type(error).__name__})") from None
    if not intact:
        raise _damaged(folder, f"{FILE} was changed after it was written")
    return content


def _write_private(path: Path, content: bytes) -> None:
    with atomic_write(path) as unfinished:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


def _damaged(folder: Path, reason: str) -> DysfwError:
    return DysfwError(
        f"the ledger of composites in {folder} is damaged: {reason}",
        hint="restore the folder from a backup, or train without --composites. Delete it only if no bundle with composites was "
        "given away: without it, the next composites may reveal who was in those",
    )


def _unwritable(folder: Path, reason: str) -> DysfwError:
    return DysfwError(
        f"the ledger of composites in {folder} cannot be written: {reason}",
        hint="make the folder writable, set XDG_STATE_HOME to a private folder that lasts, or train without --composites",
    )

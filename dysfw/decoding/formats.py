"""Tells the format of a file by its first bytes, never by its extension, and finds the decoder for it."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from ..errors import ImageError
from ..registry.decoder_check import HEAD
from ..registry.distributions import DECODERS
from ..registry.hookspecs import DecoderSpec, Signature
from ..registry.registry import Entry, Registry, current_registry
from ..util.environment import versions
from ..util.install import install_command
from ..util.text import error_text, listed

# Formats without a decoder, by signature, so that a message can name what was found.
OTHER: dict[str, tuple[Signature, ...]] = {
    "a PDF, not an image": (((0, b"%PDF-"),),),
    "JPEG XL": (((0, b"\xff\x0a"),), ((4, b"JXL \r\n\x87\n"),)),
    "a Photoshop document": (((0, b"8BPS"),),),
    "OpenEXR": (((0, b"v/1\x01"),),),
    "an icon": (((0, b"\0\0\1\0"),),),
    "raw data of a camera": (((0, b"FUJIFILMCCD-RAW"),), ((0, b"IIRO"),), ((0, b"IIU\0"),), ((4, b"ftypcrx "),)),
    "a video, not an image": (
        *(((4, b"ftyp" + brand),) for brand in (b"qt  ", b"isom", b"iso2", b"mp41", b"mp42", b"M4V ", b"3gp4", b"3gp5")),
        ((0, b"RIFF"), (8, b"AVI ")),
        ((0, b"\x1a\x45\xdf\xa3"),),
    ),
    "an archive, not an image": (((0, b"PK\3\4"),), ((0, b"\x1f\x8b"),), ((0, b"7z\xbc\xaf"),)),
    "an HTML or XML file, not an image": (((0, b"<"),),),
}


def decoder_of(content: bytes, registry: Registry | None = None) -> Entry[DecoderSpec]:
    """Find the decoder for a file.

    The decoder with the longest matching signature is used. Of several with equally long ones, a built-in decoder is used
    before those of plugins; two plugins are an error.

    Args:
        content: Bytes of the file, or at least its first ``HEAD`` bytes.
        registry: The decoders; by default those of this process.

    Returns:
        The decoder.

    Raises:
        ImageError: not_an_image, decoder_missing or decoder_failed.
    """
    registry = registry or current_registry()
    head = content[:HEAD]
    ranked = sorted(
        ((_rank(entry, head), entry) for entry in registry.decoders if _matched(entry.spec.signatures, head)),
        key=lambda pair: pair[0],
        reverse=True,
    )
    if not ranked:
        raise _no_decoder(head, registry)
    best, entry = ranked[0]
    rivals = [other for rank, other in ranked if rank == best]
    if len(rivals) > 1:
        raise ImageError(
            "decoder_failed",
            f"{entry.spec.title} is decoded by {listed(rival.plugin.origin for rival in rivals)}; leave all but one of them "
            "out with --plugins or DYSFW_PLUGINS, or uninstall them",
        )
    return entry


def decoder_fingerprint(content: bytes) -> str:
    """What shapes the pixels of a file beside its bytes and the core: the plugin that decodes it, its versions and settings.

    Args:
        content: Bytes of the file.

    Returns:
        The fingerprint; "" for built-in decoders, which are a part of the core, and for files without a decoder.
    """
    try:
        entry = decoder_of(content)
    except ImageError:
        return ""
    if entry.plugin.is_builtin and not entry.spec.environment:
        return ""
    settings = {name: os.environ.get(name, "") for name in entry.spec.environment}
    return f"{entry.full_name} {versions([entry.plugin.distribution])} {settings}"


def decoder_settings() -> dict[str, str]:
    """Return what shapes the pixels of any file: versions of the plugins that decode, and their settings, by name."""
    found = {}
    for entry in current_registry().decoders:
        found[entry.plugin.distribution] = entry.plugin.version
        found |= {name: value for name in entry.spec.environment if (value := os.environ.get(name))}
    return found


def image_extensions() -> frozenset[str]:
    """Return the extensions, in lower case with a dot, of the files that a listing of a folder takes for images.

    Those of known formats whose decoder is not installed are included: such a file is refused by name, not skipped silently.
    """
    return _extensions(current_registry()) - {""}


@functools.lru_cache(maxsize=1)  # asked once for every file of a folder
def _extensions(registry: Registry) -> frozenset[str]:
    registered = (extension for entry in registry.decoders for extension in entry.spec.extensions)
    return frozenset(registered).union(*(spec.extensions for spec, _ in DECODERS))


def is_image_file(path: Path) -> bool:
    """Return whether a listing of a folder takes a file for an image.

    Files with an extension are not opened. A file without one, or one that ends in a number, is an image if it begins like a
    format whose files are named so: DICOM files are often named by a number or an identifier.

    Args:
        path: The file.
    """
    suffix = path.suffix.lower()
    if suffix and not suffix[1:].isdecimal():
        return suffix in image_extensions()
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except (OSError, ValueError):
        return False
    specs = [*(entry.spec for entry in current_registry().decoders), *(spec for spec, _ in DECODERS)]
    return any(_matched(spec.signatures, head) for spec in specs if "" in spec.extensions)


def _rank(entry: Entry[DecoderSpec], head: bytes) -> tuple[int, bool]:
    return _matched(entry.spec.signatures, head), entry.plugin.is_builtin


def _matched(signatures: tuple[Signature, ...], head: bytes) -> int:
    """Number of bytes of the longest signature that matches; 0 if none does."""
    lengths = (
        sum(len(part) for _, part in signature)
        for signature in signatures
        if all(head.startswith(part, offset) for offset, part in signature)
    )
    return max(lengths, default=0)


def _no_decoder(head: bytes, registry: Registry) -> ImageError:
    """Name what a file is, if that is known, and what to do."""
    if not head:
        return ImageError("not_an_image", "the file is empty")
    for spec, distribution in DECODERS:
        if _matched(spec.signatures, head):
            return _not_installed(spec.title, distribution, registry)
    supported = listed(sorted({entry.spec.title for entry in registry.decoders}), 20)
    if broken := [plugin.name for plugin in registry.plugins if plugin.error]:
        supported += f" (and what the broken plugins decode: {listed(broken)})"
    for name, signatures in OTHER.items():
        if _matched(signatures, head):
            return ImageError("not_an_image", f"{name}; export the image as JPEG or PNG. Supported are: {supported}")
    kind = "a text file, not" if b"\0" not in head[:1024] else "not"
    return ImageError("not_an_image", f"{kind} an image in a supported format: {supported}")


def _not_installed(title: str, distribution: str, registry: Registry) -> ImageError:
    for plugin in registry.plugins:
        if plugin.distribution == distribution and plugin.excluded:
            message = f"{title} is decoded by {plugin.name}, which --plugins or DYSFW_PLUGINS leaves out; add it to that list"
            return ImageError("decoder_missing", message)
        if plugin.distribution == distribution and plugin.error:
            message = f"{title} is decoded by {plugin.origin}, which cannot be loaded: {error_text(plugin.error)}"
            return ImageError("decoder_failed", message)
    return ImageError(
        "decoder_missing",
        f"{title} needs the plugin {distribution}, which is not installed: {install_command(distribution)}",
    )

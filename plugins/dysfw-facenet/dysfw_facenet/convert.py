"""Converts a weight file of facenet-pytorch to safetensors, which can be read without torch.

Usage: python -m dysfw_facenet.convert 20180402-114759-vggface2.pt facenet-vggface2.safetensors
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from safetensors.numpy import save

from dysfw.plugin import DysfwError, atomic_write, packaged_graph, refuse_existing, sha256_of

from .backbone import IGNORED_LAYERS
from .tensorfile import is_safetensors, read_tensors, shapes_of
from .weights import WEIGHTS


def convert(source: Path, target: Path) -> None:
    """Convert a weight file. The classifier, which dysfw does not use, is left out.

    Args:
        source: A .pt file of facenet-pytorch.
        target: The safetensors file to write. Its metadata contain the licence, and name and sha256 of the original.

    Raises:
        DysfwError: If torch is not installed, or the target exists.
        ValueError: If the source cannot be read or does not fit the network, or the target is not named .safetensors.
    """
    if not source.is_file():
        raise ValueError(f"{source} is not a file")
    if not is_safetensors(target):
        raise ValueError(f"the name of the new file must end in .safetensors, found {target.name}")
    refuse_existing(target, file=True)
    graph = packaged_graph(__package__, "inception_resnet_v1")
    if graph:
        graph.check(shapes_of(source), str(source), ignore=IGNORED_LAYERS)
    layers = tuple(f"{layer}." for layer in IGNORED_LAYERS)
    tensors = {name: array for name, array in read_tensors(source).items() if not name.startswith(layers)}
    sha256 = sha256_of(source)
    licence = next((known.licence for known in WEIGHTS if known.sha256 == sha256), "unstated")
    content = save(tensors, {"licence": licence, "original": source.name, "original_sha256": sha256})
    with atomic_write(target) as temporary:
        temporary.write_bytes(content)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dysfw_facenet.convert", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("source", type=Path, help="a .pt file of facenet-pytorch")
    parser.add_argument("target", type=Path, help="the safetensors file to write")
    given = parser.parse_args(arguments)
    try:
        convert(given.source, given.target)
    except (DysfwError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"wrote {given.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Which device and precision a recipe's words mean on this machine: what was asked for or an error, never another device."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from ..errors import DysfwError

Precision = Literal["float32", "bfloat16"]


def resolve_device(wanted: str) -> str:
    """ "cpu", "cuda:N" or "mps". "auto" takes the first GPU where torch sees one. Raises DysfwError where it is not there."""
    if wanted == "cpu" or (wanted == "auto" and find_spec("torch") is None):
        return "cpu"
    if find_spec("torch") is None:
        raise DysfwError(f"device: {wanted} was asked for, but torch is not installed", hint="install torch, or use cpu")
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    metal = torch.backends.mps.is_available()
    if wanted == "auto":
        return "cuda:0" if gpus else "mps" if metal else "cpu"
    if wanted == "mps" and metal:
        return wanted
    if wanted.startswith("cuda"):
        index = int(wanted.partition(":")[2] or 0)
        if index < gpus:
            return f"cuda:{index}"
    there = ["cpu", *(f"cuda:{n}" for n in range(gpus)), *(["mps"] if metal else [])]
    raise DysfwError(f"device: {wanted} was asked for; torch {torch.__version__} sees here: {', '.join(there)}")


def resolve_precision(wanted: str) -> Precision:
    """ "auto" is float32: the precision in which bundles are trained and compared."""
    return "bfloat16" if wanted == "bfloat16" else "float32"

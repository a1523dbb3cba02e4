"""Which device and precision a recipe's words mean on this machine: what was asked for or an error, never another device."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from ..errors import DysfwError

AMPERE = 8  # the first generation of NVIDIA's GPUs with bfloat16
BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # of x86, x86 and ARM
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


def resolve_precision(wanted: str, device: str) -> Precision:
    """ "auto" takes bfloat16 where the device has instructions for it, and float32 where it would have to imitate them. device:
    as ``resolve_device`` gives it."""
    if wanted != "auto":
        return "bfloat16" if wanted == "bfloat16" else "float32"
    if device == "cpu":
        return "bfloat16" if BF16_FLAGS & _processor_flags() else "float32"
    if device.startswith("cuda"):
        import torch

        major, _ = torch.cuda.get_device_capability(device)
        return "bfloat16" if major >= AMPERE else "float32"
    return "float32"


def _processor_flags() -> set[str]:
    """What Linux says that the processor can do; nothing is known on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return set()
    first = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return set(first.partition(":")[2].split())

"""Resolves the device and precision of a recipe on this machine. There is no silent fallback to another device."""

from __future__ import annotations

import ctypes
import platform
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ..errors import DysfwError
from ..runtime.choose import supports_bfloat16
from ..types import Precision

AMPERE = 8  # the first generation of NVIDIA's GPUs with bfloat16
BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # x86, x86 and ARM


def resolve_device(requested: str) -> str:
    """Resolve a device.

    Args:
        requested: "cpu", "cuda", "cuda:N", "mps", or "auto" for the first GPU if there is one, else the CPU.

    Returns:
        "cpu", "cuda:N" or "mps".

    Raises:
        DysfwError: If this machine does not have the device.
    """
    if requested == "cpu" or (requested == "auto" and find_spec("torch") is None):
        return "cpu"
    if find_spec("torch") is None:
        raise DysfwError(f"device: {requested} was requested, but torch is not installed", hint="install torch, or use cpu")
    if requested == "auto" and not _may_have_gpu():
        return "cpu"
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    metal = torch.backends.mps.is_available()
    if requested == "auto":
        return "cuda:0" if gpus else "mps" if metal else "cpu"
    if requested == "mps" and metal:
        return requested
    if requested.startswith("cuda"):
        index = int(requested.partition(":")[2] or 0)
        if index < gpus:
            return f"cuda:{index}"
    available = ["cpu", *(f"cuda:{n}" for n in range(gpus)), *(["mps"] if metal else [])]
    raise DysfwError(f"device: {requested} is not available; torch {torch.__version__} finds: {', '.join(available)}")


def resolve_precision(requested: str, device: str, runtime: str) -> Precision:
    """Resolve a precision.

    Args:
        requested: "float32", "bfloat16", or "auto" for bfloat16 if device and runtime support it, else float32.
        device: A device from ``resolve_device``.
        runtime: The recipe's runtime, such as "auto".
    """
    if requested != "auto":
        return "bfloat16" if requested == "bfloat16" else "float32"
    if not supports_bfloat16(runtime, device):
        return "float32"
    if device == "cpu":
        return "bfloat16" if BF16_FLAGS & _processor_flags() else "float32"
    if device.startswith("cuda"):
        import torch

        major, _ = torch.cuda.get_device_capability(device)
        return "bfloat16" if major >= AMPERE else "float32"
    return "float32"


@cache
def _may_have_gpu() -> bool:
    """Whether torch could find a GPU. Importing torch only to learn that there is none would take longer than a prediction."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if any(Path(node).exists() for node in ("/dev/kfd", "/dev/dxg")):  # AMD's GPUs, and any in the Windows Subsystem for Linux
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:  # without NVIDIA's driver CUDA does not work
        return False
    return True


def _processor_flags() -> set[str]:
    """Features of the processor, as Linux lists them; empty on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return set()
    first = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return set(first.partition(":")[2].split())

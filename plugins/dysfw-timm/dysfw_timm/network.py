"""A timm model from pixels to embedding: normalisation, the model's last feature map, pooling."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from dysfw.plugin import Normalise

Pooling = Literal["average", "max", "flatten"]


class Network(nn.Module):
    """Pixels [N, 3, size, size] RGB, uint8 or float, 0..255 -> embeddings [N, dim].

    model: from timm; its ``forward_features`` gives a map (channels first or last) or tokens, of which prefix tokens, such as
    a class token, are left out. mean, std: by which the model expects its input to be normalised, for pixels 0..1.
    """

    def __init__(self, model: nn.Module, mean: tuple[float, ...], std: tuple[float, ...], pooling: Pooling) -> None:
        super().__init__()
        self.normalise = Normalise([255 * m for m in mean], [255 * s for s in std])
        self.model = model
        self.pooling = pooling
        self.channels: int = model.num_features  # type: ignore[assignment]
        self._channels_last = getattr(model, "output_fmt", "NCHW") == "NHWC"
        self._prefix = getattr(model, "num_prefix_tokens", 0)

    def forward(self, pixels: Tensor) -> Tensor:
        features: Tensor = self.model.forward_features(self.normalise(pixels))  # type: ignore[operator]
        places = self._places(features)
        if self.pooling == "flatten":
            return places.flatten(1)
        return places.mean(2) if self.pooling == "average" else places.amax(2)

    def _places(self, features: Tensor) -> Tensor:
        """Features as [N, channels, places], places row by row."""
        if features.ndim == 4:
            return (features.permute(0, 3, 1, 2) if self._channels_last else features).flatten(2)
        if features.ndim == 3:
            return features[:, self._prefix :].transpose(1, 2)
        raise ValueError(f"the model's features have shape {list(features.shape)}: neither a map nor tokens")

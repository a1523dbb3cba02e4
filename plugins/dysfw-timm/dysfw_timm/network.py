"""A timm model with normalisation and pooling as a torch module."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from dysfw.plugin import Normalise

Pooling = Literal["average", "max", "flatten"]


class Network(nn.Module):
    """Computes embeddings from pixels: normalisation, the model's last feature map, pooling.

    Args:
        model: A timm model. Its ``forward_features`` returns a map (channels first or last) or tokens; prefix tokens, such as a
            class token, are ignored.
        mean: Mean that the model expects, for pixels 0..1.
        std: Standard deviation that the model expects, for pixels 0..1.
        pooling: "average", "max" or "flatten".
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
        """Compute embeddings [N, dim] from pixels [N, 3, size, size], RGB, uint8 or float, 0..255."""
        features: Tensor = self.model.forward_features(self.normalise(pixels))  # type: ignore[operator]
        positions = self._positions(features)
        if self.pooling == "flatten":
            return positions.flatten(1)
        return positions.mean(2) if self.pooling == "average" else positions.amax(2)

    def _positions(self, features: Tensor) -> Tensor:
        """Features as [N, channels, positions], positions row by row."""
        if features.ndim == 4:
            return (features.permute(0, 3, 1, 2) if self._channels_last else features).flatten(2)
        if features.ndim == 3:
            return features[:, self._prefix :].transpose(1, 2)
        raise ValueError(f"the model's features have shape {list(features.shape)}, which is neither a map nor tokens")

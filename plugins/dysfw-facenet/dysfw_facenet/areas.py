"""Area averages of many rectangles at once, computed from an integral image.

Each value of a network's input is the mean over one cell of a grid on the image. It is exact for fractional cells, and the cost
depends on the grid only, not on the size of the rectangle. Outside the image, everything is mid-grey.
"""

from __future__ import annotations

import torch
from torch import Tensor


class Areas:
    """A batch of images from which rectangles can be resampled.

    Resampled values are normalised as in MTCNN's training: (v - 127.5) / 128.

    Args:
        pixels: uint8 [N, H, W, 3].
    """

    def __init__(self, pixels: Tensor) -> None:
        # Differences of sums over thousands of pixels: float32 is not precise enough.
        values = (pixels.permute(0, 3, 1, 2).to(torch.float64) - 127.5) / 128
        self.count, _, self.height, self.width = values.shape
        self.sums = torch.nn.functional.pad(values, (1, 0, 1, 0)).cumsum(2).cumsum(3)

    def whole(self, height: int, width: int) -> Tensor:
        """Resample whole images to float32 [N, 3, height, width]."""
        rows = torch.linspace(0, self.height, height + 1, dtype=torch.float64, device=self.sums.device)
        columns = torch.linspace(0, self.width, width + 1, dtype=torch.float64, device=self.sums.device)
        bands = _interpolated(self.sums, rows, 2).diff(dim=2)
        cells = _interpolated(bands, columns, 3).diff(dim=3)
        return (cells * (height / self.height * width / self.width)).to(torch.float32)

    def crops(self, boxes: Tensor, image_index: Tensor, size: int) -> Tensor:
        """Resample rectangles.

        Args:
            boxes: [B, 4], x0 y0 x1 y1 in px, with positive area; they may extend beyond the image.
            image_index: int64 [B], the image of each box.
            size: Side of the output, px.

        Returns:
            float32 [B, 3, size, size].
        """
        steps = torch.linspace(0, 1, size + 1, dtype=torch.float64, device=boxes.device)
        low, side = boxes[:, :2].double(), (boxes[:, 2:] - boxes[:, :2]).double()
        edges = low[:, :, None] + side[:, :, None] * steps  # [B, (x, y), size + 1]
        x0, x1, fx = _bracket(edges[:, 0], self.width)
        y0, y1, fy = _bracket(edges[:, 1], self.height)
        sums = self.sums.permute(0, 2, 3, 1)  # channels last, so that one index fetches a pixel
        n = image_index[:, None, None]
        fx, fy = fx[:, None, :, None], fy[:, :, None, None]
        x0, x1, y0, y1 = x0[:, None, :], x1[:, None, :], y0[:, :, None], y1[:, :, None]
        upper = torch.lerp(sums[n, y0, x0], sums[n, y0, x1], fx)
        lower = torch.lerp(sums[n, y1, x0], sums[n, y1, x1], fx)
        cells = torch.lerp(upper, lower, fy).diff(dim=1).diff(dim=2)
        area = (side[:, 0] * side[:, 1] / size**2)[:, None, None, None]
        return (cells / area).permute(0, 3, 1, 2).to(torch.float32)


def _bracket(edges: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
    """The integer positions below and above each edge, clamped to the image, and the fraction between them."""
    edges = edges.clamp(0, length)
    below = edges.floor()
    return below.long(), (below + 1).clamp(max=length).long(), edges - below


def _interpolated(sums: Tensor, edges: Tensor, dim: int) -> Tensor:
    """Interpolate sums at fractional edges along one dimension."""
    below, above, fraction = _bracket(edges, sums.shape[dim] - 1)
    shape = [1] * sums.ndim
    shape[dim] = -1
    return torch.lerp(sums.index_select(dim, below), sums.index_select(dim, above), fraction.view(shape))

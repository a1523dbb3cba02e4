"""What a trunk learns from: who is shown, and, where the data knows, measures of the face and its landmarks in the crop."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  # as everybody calls it
from torch import Tensor, nn

from ..recipe.sections import Loss, Pretrain

REACH = 0.25  # of the crop's side: landmarks further outside it do not count
SPREAD = 4.0  # distances of landmarks from where they typically are, in quarters of the side


class MarginSoftmax(nn.Module):
    """Cross-entropy over the cosines between embeddings and identities, the true identity's made harder.

    cosface: scale · (cos θ - margin) (Wang et al., CosFace: large margin cosine loss, CVPR 2018). arcface: scale · cos(θ +
    margin) (Deng et al., ArcFace: additive angular margin loss, CVPR 2019); beyond θ + margin = π, where that cosine would
    rise again, cos θ - margin · sin(margin), which goes on falling.
    """

    def __init__(self, dim: int, identities: int, loss: Loss, margin: float, scale: float) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(identities, dim))
        self.loss = loss
        self.margin = margin
        self.scale = scale

    def forward(self, embeddings: Tensor, identity: Tensor) -> Tensor:
        """embeddings float32 [B, dim], identity int64 [B] -> loss, a scalar."""
        cosines = F.normalize(embeddings) @ F.normalize(self.centres).T
        own = cosines.gather(1, identity[:, None])
        return F.cross_entropy(self.scale * cosines.scatter(1, identity[:, None], self._harder(own)), identity)

    def _harder(self, cosine: Tensor) -> Tensor:
        if self.loss == "cosface":
            return cosine - self.margin
        margin = torch.tensor(self.margin)
        sine = (1 - cosine.square()).clamp(min=1e-7).sqrt()  # its slope is infinite at 0
        turned = cosine * margin.cos() - sine * margin.sin()
        return torch.where(cosine > (torch.pi - margin).cos(), turned, cosine - margin * margin.sin())


class Readout(nn.Module):
    """A linear layer that begins at zero, over embeddings divided by the root of their length.

    Adam moves every weight by up to the learning rate in each step, and an output by that times the sum of its inputs:
    undivided, with some thousand inputs, further than a landmark's error that is still worth learning.
    """

    def __init__(self, dim: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, outputs)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.scale = dim**-0.5

    def forward(self, embeddings: Tensor) -> Tensor:
        """[B, dim] -> [B, outputs]"""
        outputs: Tensor = self.linear(embeddings * self.scale)
        return outputs


class Objective(nn.Module):
    """The losses of one batch, weighted. dim: of the trunk's embeddings. neck: to the one that identities are told apart by.

    Measures and landmarks are predicted from the trunk's embedding by a linear layer of their own for each region. A loss
    without weight has no layers. typical: float32 [R, L, 2], where the landmarks of each region's crops are on average, 0..1;
    they are predicted as distances from there.
    """

    typical: Tensor

    def __init__(self, keys: Pretrain, dim: int, *, identities: int, attributes: int, typical: Tensor) -> None:
        super().__init__()
        self.weights = {name: getattr(keys, name) for name in ("identity", "attributes", "landmarks") if getattr(keys, name)}
        self.dim = dim
        self.regions, landmarks, _ = typical.shape
        self.register_buffer("typical", typical)
        if "identity" in self.weights:
            self.projection = nn.Sequential(nn.Linear(dim, keys.embedding), nn.BatchNorm1d(keys.embedding))
            self.identity = MarginSoftmax(keys.embedding, identities, keys.loss, keys.softmax_margin, keys.scale)
        if "attributes" in self.weights:
            self.attributes = Readout(dim, self.regions * attributes)
        if "landmarks" in self.weights:
            self.landmarks = Readout(dim, self.regions * landmarks * 2)

    def forward(
        self, embeddings: Tensor, identity: Tensor, region: Tensor, attributes: Tensor, landmarks: Tensor
    ) -> dict[str, Tensor]:
        """embeddings [B, dim]; the rest as in ``Batch``. Each loss that has a weight, and their weighted "total"."""
        losses = {}
        with torch.autocast(embeddings.device.type, enabled=False):
            x = embeddings.float()
            if "identity" in self.weights:
                losses["identity"] = self.identity(self.projection(x), identity)
            if "attributes" in self.weights:
                losses["attributes"] = _known_error(self._of_region(self.attributes(x), region), attributes)
            if "landmarks" in self.weights:
                inside = ((landmarks > -REACH) & (landmarks < 1 + REACH)).all(dim=2, keepdim=True)
                wanted = torch.where(inside, (landmarks - self.typical[region]) * SPREAD, torch.nan)
                losses["landmarks"] = _known_error(self._of_region(self.landmarks(x), region), wanted.flatten(1))
            total = sum((self.weights[name] * loss for name, loss in losses.items()), x.new_zeros(()))
        return losses | {"total": total}

    def _of_region(self, outputs: Tensor, region: Tensor) -> Tensor:
        """outputs [B, R · n] -> [B, n]: those of each row's own region."""
        rows = torch.arange(len(region), device=region.device)
        return outputs.view(len(outputs), self.regions, -1)[rows, region]


class Learner(nn.Module):
    """Trunk and objective in one module, so that one call does all that several processes must keep in step."""

    def __init__(self, network: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.network = network
        self.objective = objective

    def forward(self, pixels: Tensor, *truth: Tensor) -> dict[str, Tensor]:
        losses: dict[str, Tensor] = self.objective(self.network(pixels), *truth)
        return losses


def folded_projection(objective: Objective) -> tuple[Tensor, Tensor]:
    """Weight [embedding, dim] and bias [embedding] of the one linear layer that the neck is in inference."""
    linear, norm = objective.projection
    assert isinstance(linear, nn.Linear)  # noqa: S101
    assert isinstance(norm, nn.BatchNorm1d)  # noqa: S101
    assert norm.running_var is not None  # noqa: S101
    assert norm.running_mean is not None  # noqa: S101
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return (linear.weight * scale[:, None]).detach(), ((linear.bias - norm.running_mean) * scale + norm.bias).detach()


def _known_error(found: Tensor, wanted: Tensor) -> Tensor:
    """Smooth L1 error over the values that are known (not NaN); 0 where none is."""
    known = torch.isfinite(wanted)
    errors = F.smooth_l1_loss(found, torch.where(known, wanted, 0), reduction="none")
    return (errors * known).sum() / known.sum().clamp(min=1)

"""Losses for pretraining: identity, facial attributes and landmarks."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  # the usual name
from torch import Tensor, nn

from ..recipe.sections import Loss, Pretrain

LANDMARK_MARGIN = 0.25  # of the crop's side: landmarks further outside are ignored
LANDMARK_SCALE = 4.0  # offsets from mean landmarks are in quarters of the side


class MarginSoftmax(nn.Module):
    """Softmax cross-entropy over cosines between embeddings and identity centres, with a margin for the true identity.

    The logit of the true identity is scale · (cos θ - margin) for cosface and scale · cos(θ + margin) for arcface. Beyond
    θ + margin = π, where the latter would rise again, it is scale · (cos θ - margin · sin(margin)).

    Args:
        dim: Length of an embedding.
        identities: Number of identities.
        loss: "cosface" or "arcface".
        margin: The margin; an angle in radians for arcface.
        scale: Scale of the logits.

    References:
        Wang et al., CosFace: large margin cosine loss, CVPR 2018.
        Deng et al., ArcFace: additive angular margin loss, CVPR 2019.
    """

    def __init__(self, dim: int, identities: int, loss: Loss, margin: float, scale: float) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(identities, dim))
        self.loss = loss
        self.margin = margin
        self.scale = scale

    def forward(self, embeddings: Tensor, identity: Tensor) -> Tensor:
        """Return the scalar loss of embeddings float32 [B, dim] and identities int64 [B]."""
        cosines = F.normalize(embeddings) @ F.normalize(self.centres).T
        true = cosines.gather(1, identity[:, None])
        return F.cross_entropy(self.scale * cosines.scatter(1, identity[:, None], self._with_margin(true)), identity)

    def _with_margin(self, cosine: Tensor) -> Tensor:
        if self.loss == "cosface":
            return cosine - self.margin
        margin = torch.tensor(self.margin)
        sine = (1 - cosine.square()).clamp(min=1e-7).sqrt()  # the gradient is infinite at 0
        rotated = cosine * margin.cos() - sine * margin.sin()
        return torch.where(cosine > (torch.pi - margin).cos(), rotated, cosine - margin * margin.sin())


class LinearHead(nn.Module):
    """A linear layer, initially zero, on embeddings divided by the square root of their length.

    Adam moves each weight by up to the learning rate per step, and an output by that times the sum of its inputs. Without the
    division, a step on thousands of inputs would overshoot small landmark errors.

    Args:
        dim: Length of an embedding.
        outputs: Number of outputs.
    """

    def __init__(self, dim: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, outputs)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.scale = dim**-0.5

    def forward(self, embeddings: Tensor) -> Tensor:
        """Map embeddings [B, dim] to outputs [B, outputs]."""
        outputs: Tensor = self.linear(embeddings * self.scale)
        return outputs


class Objective(nn.Module):
    """The weighted losses of a batch.

    The identity loss uses a projection of the backbone's embedding. Attributes and landmarks are predicted from the embedding
    itself by one linear layer per region. A loss with weight 0 has no layers.

    Args:
        config: The recipe's section ``pretrain``.
        dim: Length of the backbone's embedding.
        identities: Number of identities.
        attributes: Number of attributes, A.
        mean_landmarks: float32 [R, L, 2], mean positions of the landmarks in each region's crops, 0 … 1; offsets from
            them are predicted.

    Attributes:
        weights: Weight of each loss by name.
        dim: Length of the backbone's embedding.
        regions: Number of regions, R.
        projection: Projection head, if there is an identity loss.
    """

    mean_landmarks: Tensor

    def __init__(self, config: Pretrain, dim: int, *, identities: int, attributes: int, mean_landmarks: Tensor) -> None:
        super().__init__()
        losses = ("identity", "attributes", "landmarks")
        self.weights = {name: getattr(config, name) for name in losses if getattr(config, name)}
        self.dim = dim
        self.regions, landmarks, _ = mean_landmarks.shape
        self.register_buffer("mean_landmarks", mean_landmarks)
        if "identity" in self.weights:
            self.projection = nn.Sequential(nn.Linear(dim, config.embedding_dim), nn.BatchNorm1d(config.embedding_dim))
            self.identity = MarginSoftmax(config.embedding_dim, identities, config.loss, config.softmax_margin, config.scale)
        if "attributes" in self.weights:
            self.attributes = LinearHead(dim, self.regions * attributes)
        if "landmarks" in self.weights:
            self.landmarks = LinearHead(dim, self.regions * landmarks * 2)

    def forward(
        self, embeddings: Tensor, identity: Tensor, region: Tensor, attributes: Tensor, landmarks: Tensor
    ) -> dict[str, Tensor]:
        """Compute the losses.

        Args:
            embeddings: [B, dim].
            identity: int64 [B].
            region: int64 [B].
            attributes: float32 [B, A], NaN if unknown.
            landmarks: float32 [B, L, 2] in crops of side 1, NaN if unknown.

        Returns:
            Each loss with a weight, and their weighted sum "total".
        """
        losses = {}
        with torch.autocast(embeddings.device.type, enabled=False):
            x = embeddings.float()
            if "identity" in self.weights:
                losses["identity"] = self.identity(self.projection(x), identity)
            if "attributes" in self.weights:
                losses["attributes"] = _masked_smooth_l1(self._of_region(self.attributes(x), region), attributes)
            if "landmarks" in self.weights:
                inside = ((landmarks > -LANDMARK_MARGIN) & (landmarks < 1 + LANDMARK_MARGIN)).all(dim=2, keepdim=True)
                targets = torch.where(inside, (landmarks - self.mean_landmarks[region]) * LANDMARK_SCALE, torch.nan)
                losses["landmarks"] = _masked_smooth_l1(self._of_region(self.landmarks(x), region), targets.flatten(1))
            total = sum((self.weights[name] * loss for name, loss in losses.items()), x.new_zeros(()))
        return losses | {"total": total}

    def _of_region(self, outputs: Tensor, region: Tensor) -> Tensor:
        """Select from outputs [B, R · n] those of each row's region, [B, n]."""
        rows = torch.arange(len(region), device=region.device)
        return outputs.view(len(outputs), self.regions, -1)[rows, region]


class PretrainingModel(nn.Module):
    """Backbone and objective in one module, so that distributed training synchronises both in one call.

    Args:
        network: Maps pixels [B, 3, S, S] to embeddings [B, dim].
        objective: The losses.
    """

    def __init__(self, network: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.network = network
        self.objective = objective

    def forward(self, pixels: Tensor, *truth: Tensor) -> dict[str, Tensor]:
        """Return the losses of pixels [B, 3, S, S]; ``truth`` as in ``Objective.forward``."""
        losses: dict[str, Tensor] = self.objective(self.network(pixels), *truth)
        return losses


def folded_projection(objective: Objective) -> tuple[Tensor, Tensor]:
    """Fold the projection head into one linear layer: weight [embedding, dim] and bias [embedding]."""
    linear, norm = objective.projection
    assert isinstance(linear, nn.Linear)  # noqa: S101
    assert isinstance(norm, nn.BatchNorm1d)  # noqa: S101
    assert norm.running_var is not None  # noqa: S101
    assert norm.running_mean is not None  # noqa: S101
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return (linear.weight * scale[:, None]).detach(), ((linear.bias - norm.running_mean) * scale + norm.bias).detach()


def _masked_smooth_l1(predicted: Tensor, target: Tensor) -> Tensor:
    """Return the mean smooth L1 loss over known targets (not NaN); 0 without any."""
    known = torch.isfinite(target)
    errors = F.smooth_l1_loss(predicted, torch.where(known, target, 0), reduction="none")
    return (errors * known).sum() / known.sum().clamp(min=1)

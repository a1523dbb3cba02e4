"""Sections of a recipe beside its components: ``tune``, ``pretrain``, ``reliability``, ``harmonise`` and ``prior``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ..imaging.harmonise import Background, Colour, HarmonisationConfig

Loss = Literal["cosface", "arcface"]
Mode = Literal["none", "batchnorm", "last_block", "full"]
Weight = Annotated[float, Field(ge=0, le=1000)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[int, Field(ge=16, le=2048)]
FalseAlarmRate = Annotated[float, Field(ge=0, le=0.5)]
# "uniform", "data" (as in the training data) or a probability for each label; see ``dysfw.reliability.prior``.
Prior = Literal["uniform", "data"] | dict[str, Fraction]

UNIFORM: Prior = "uniform"
MARGINS: dict[Loss, float] = {"cosface": 0.35, "arcface": 0.5}  # as published


class Section(BaseModel):
    """Base of all sections. Unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Augment(Section):
    """Random augmentation of crops during training.

    Attributes:
        rotation: Maximum rotation to either side, degrees.
        scale: Maximum change of scale, as a fraction of the crop's side.
        shift: Maximum shift, as a fraction of the crop's side.
        colour: Strength of changes in brightness, contrast, colour balance and saturation, 0 to 1.
        blur: Fraction of crops that are blurred.
        flip: Whether to mirror every other crop and its landmarks.
    """

    rotation: Annotated[float, Field(ge=0, le=180)] = 8
    scale: Annotated[float, Field(ge=0, le=0.5)] = 0.08
    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.04
    colour: Fraction = 0.5
    blur: Fraction = 0.2
    flip: bool = True


class Tune(Section):
    """How ``dysfw train`` fine-tunes the backbone for each region.

    Attributes:
        mode: What is trained: nothing, the normalisation layers, the last block, or the whole backbone.
        epochs: Maximum number of epochs.
        patience: Number of epochs without improvement after which training stops.
        batch_size: Crops per step.
        learning_rate: Peak learning rate.
        weight_decay: Weight decay of AdamW.
        warmup: Fraction of steps over which the learning rate rises to its peak.
        augment: Random augmentation of crops.
    """

    mode: Mode = "none"
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 20
    patience: Annotated[int, Field(ge=1, le=10_000)] = 3
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 32
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.05
    warmup: Fraction = 0.1
    augment: Augment = Augment()


class Pretrain(Section):
    """How ``dysfw pretrain`` trains the backbone. No other command uses this section.

    Attributes:
        loss: Margin softmax over identities.
        margin: Margin of that loss; null takes the published one (cosface 0.35, arcface 0.5).
        scale: Scale of the logits of that loss.
        identity: Weight of the identity loss.
        attributes: Weight of the attribute regression loss.
        landmarks: Weight of the landmark regression loss.
        embedding_dim: Length of the embedding that identities are compared by.
        steps: Number of training steps.
        batch_size: Crops per step, over all processes.
        learning_rate: Peak learning rate.
        weight_decay: Weight decay of AdamW.
        warmup: Fraction of steps over which the learning rate rises to its peak.
        sizes: Crop size schedule, [[from this fraction of the steps, px], …]; empty keeps the recipe's crop size.
        depth: Stochastic depth schedule, [[at this fraction of the steps, share of residual blocks computed], …], linear in
            between; empty computes all blocks.
        regions: Names of the regions to train on, or "all".
        augment: Random augmentation of crops.
        checkpoint_interval: Seconds between checkpoints.
    """

    loss: Loss = "cosface"
    margin: Fraction | None = None
    scale: Annotated[float, Field(ge=1, le=256)] = 32
    identity: Weight = 1
    attributes: Weight = 0
    landmarks: Weight = 0
    embedding_dim: Annotated[int, Field(ge=2, le=8192)] = 512
    steps: Annotated[int, Field(ge=1, le=10**9)] = 20_000
    batch_size: Annotated[int, Field(ge=2, le=65_536)] = 64
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.05
    warmup: Fraction = 0.05
    sizes: list[tuple[Fraction, Size]] = []
    depth: list[tuple[Fraction, Fraction]] = []
    regions: Annotated[list[str], Field(min_length=1)] | Literal["all"] = "all"
    augment: Augment = Augment()
    checkpoint_interval: Annotated[float, Field(gt=0, le=86_400)] = 120

    @field_validator("sizes", "depth")
    @classmethod
    def _check_order(cls, stages: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
        starts = [start for start, _ in stages]
        if starts and (starts[0] != 0 or any(b <= a for a, b in pairwise(starts))):
            raise ValueError("allowed: pairs [fraction of the steps, value], the first fraction 0, each larger than the last")
        return stages

    @model_validator(mode="after")
    def _check_weights(self) -> Pretrain:
        if not (self.identity or self.attributes or self.landmarks):
            raise ValueError("identity, attributes and landmarks all have weight 0: there is nothing to train on")
        return self

    @property
    def softmax_margin(self) -> float:
        """The margin, or the published one if none is set."""
        return MARGINS[self.loss] if self.margin is None else self.margin


class Reliability(Section):
    """When a prediction is flagged as unreliable.

    Attributes:
        calibrate: Whether to calibrate probabilities by temperature scaling.
        coverage: Target coverage of prediction sets, by patient.
        ood_false_alarm_rate: Fraction of images like the training data that may be flagged as out-of-distribution.
        min_sharpness_quantile: Quantile of the training images' sharpness below which an image is flagged as blurred.
        min_face_height: Minimum height of the face box, px.
        max_pose_angle: Maximum yaw or pitch of the head, degrees.
    """

    calibrate: bool = True
    coverage: Annotated[float, Field(gt=0, lt=1)] = 0.9
    ood_false_alarm_rate: FalseAlarmRate = 0.02
    min_sharpness_quantile: FalseAlarmRate = 0.01
    min_face_height: Annotated[int, Field(ge=0, le=10_000)] = 60
    max_pose_angle: Annotated[float, Field(ge=0, le=180)] = 40.0


class Harmonise(Section):
    """The section ``harmonise``; its documentation is that of ``dysfw.imaging.harmonise.HarmonisationConfig``."""

    __doc__ = HarmonisationConfig.__doc__

    face: Annotated[int, Field(ge=32, le=1024)] = HarmonisationConfig().face
    context: Annotated[float, Field(ge=1.5, le=4)] = HarmonisationConfig().context
    quality: Annotated[int, Field(ge=1, le=95)] = HarmonisationConfig().quality
    background: Background = HarmonisationConfig().background
    colour: Colour = HarmonisationConfig().colour

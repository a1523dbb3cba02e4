"""The head ``mlp``."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from ...contracts.components import Head, Layer
from ...contracts.layers import Affine, ReLU, Softmax, Standardize, apply_layers
from ...stats.folds import patient_folds
from ...types import Float32, Int64, State
from .temperature import best_temperature

MAX_STEPS, PATIENCE = 1000, 60  # full-batch steps, in all and without an improvement
STEPS_WITHOUT_VALIDATION = 100
ARRAYS = ("mean", "scale", "hidden", "hidden_bias", "output", "output_bias")


class Mlp(Head):
    """Multilayer perceptron with one hidden layer of rectified linear units on standardised embeddings, class-balanced.

    One fold of the patients is a validation set: it stops the training early, by the class-balanced log loss, and fits the
    temperature. If there are too few patients for folds, the training runs for 100 steps and the temperature is 1. Training
    requires PyTorch and runs on the CPU in float32; prediction requires only NumPy.

    Args:
        hidden: Number of hidden units, 1 to 4096.
        weight_decay: Weight decay of AdamW (Loshchilov and Hutter, ICLR 2019), 0 or more.
        dropout: Dropout rate of the hidden units during training, 0 to below 1.
        learning_rate: Learning rate, above 0.
        folds: Number of folds, at least 2; one of them is the validation set.
        seed: Random seed of the folds, the initial weights and the dropout.
    """

    def __init__(
        self,
        *,
        hidden: Annotated[int, Field(ge=1, le=4096)] = 64,
        weight_decay: Annotated[float, Field(ge=0)] = 0.3,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.8,
        learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.003,
        folds: Annotated[int, Field(ge=2)] = 5,
        seed: int = 0,
    ) -> None:
        if not (1 <= hidden <= 4096 and weight_decay >= 0 and 0 <= dropout < 1 and learning_rate > 0 and folds >= 2):
            raise ValueError(
                "hidden must be from 1 to 4096, weight_decay 0 or more, dropout from 0 to below 1, learning_rate above 0 and "
                f"folds 2 or more, found {hidden}, {weight_decay}, {dropout}, {learning_rate} and {folds}"
            )
        self._hidden, self._decay, self._dropout = hidden, weight_decay, dropout
        self._rate, self._folds, self._seed = learning_rate, folds, seed
        self._arrays: dict[str, Float32] = {}

    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        """Fit the head."""
        if len(np.unique(y)) < 2:
            raise ValueError("a classifier needs samples of at least two classes")
        mean, scale = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
        scale[scale < 1e-12] = 1.0
        points = ((x - mean) / scale).astype(np.float32)
        try:
            train_rows, test_rows = patient_folds(y, groups, self._folds, self._seed)[0]
        except ValueError:
            train_rows, test_rows = np.arange(len(y)), np.zeros(0, np.int64)
        weights = self._train(points, y, train_rows, test_rows, classes)
        self._arrays = {"mean": mean.astype(np.float32), "scale": scale.astype(np.float32), **weights}
        if len(test_rows):
            scores = apply_layers(_network(weights), points[test_rows])
            temperature = np.float32(best_temperature(scores.astype(np.float64), y[test_rows])[0])
            self._arrays |= {"output": weights["output"] / temperature, "output_bias": weights["output_bias"] / temperature}

    def predict(self, x: Float32) -> Float32:
        """Predict probabilities."""
        return np.asarray(apply_layers(self.layers(), x), np.float32)

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers that compute ``predict``."""
        if not self._arrays:
            raise ValueError("this head is not fitted")
        return Standardize(self._arrays["mean"], self._arrays["scale"]), *_network(self._arrays), Softmax()

    def state(self) -> State:
        """Return the fitted state."""
        return State(dict(self._arrays))

    def restore(self, state: State) -> None:
        """Restore the fitted state."""
        shapes = {name: np.shape(state.arrays.get(name, ())) for name in ARRAYS}
        if any(len(shapes[name]) != 2 for name in ("hidden", "output")):
            raise ValueError(f"state of another kind of head: {shapes}")
        (units, dim), (classes, inner) = shapes["hidden"], shapes["output"]
        expected = {"mean": (dim,), "scale": (dim,), "hidden_bias": (units,), "output_bias": (classes,)}
        if inner != units or any(shapes[name] != shape for name, shape in expected.items()):
            raise ValueError(f"state of another kind of head: {shapes}")
        self._arrays = {name: state.arrays[name].astype(np.float32) for name in ARRAYS}

    def _train(self, points: Float32, y: Int64, train_rows: Int64, test_rows: Int64, classes: int) -> dict[str, Float32]:
        """Train the network; returns the weights with the lowest validation loss."""
        import torch
        from torch import nn
        from torch.nn.functional import cross_entropy

        def tensors(rows: Int64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            counts = np.bincount(y[rows], minlength=classes)
            weights = np.divide(1.0, counts, where=counts > 0, out=np.zeros(classes))
            return torch.from_numpy(points[rows]), torch.from_numpy(y[rows]), torch.from_numpy(weights.astype(np.float32))

        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(self._seed)
            net = nn.Sequential(
                nn.Linear(points.shape[1], self._hidden), nn.ReLU(), nn.Dropout(self._dropout), nn.Linear(self._hidden, classes)
            )
            optimiser = torch.optim.AdamW(net.parameters(), lr=self._rate, weight_decay=self._decay)
            train, validation = tensors(train_rows), tensors(test_rows) if len(test_rows) else None
            best_loss, steps_since_best, best = np.inf, 0, _weights(net)
            for _ in range(MAX_STEPS if validation else STEPS_WITHOUT_VALIDATION):
                net.train()
                optimiser.zero_grad()
                cross_entropy(net(train[0]), train[1], weight=train[2]).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                net.eval()
                if validation is None:
                    best = _weights(net)
                    continue
                with torch.no_grad():
                    loss = float(cross_entropy(net(validation[0]), validation[1], weight=validation[2]))
                if loss < best_loss - 1e-5:
                    best_loss, steps_since_best, best = loss, 0, _weights(net)
                else:
                    steps_since_best += 1
                if steps_since_best == PATIENCE:
                    break
        return best


def _weights(net: object) -> dict[str, Float32]:
    tensors = net.state_dict()  # type: ignore[attr-defined]  # torch is imported only for training
    names = {"hidden": "0.weight", "hidden_bias": "0.bias", "output": "3.weight", "output_bias": "3.bias"}
    return {name: tensors[key].numpy().copy() for name, key in names.items()}


def _network(arrays: dict[str, Float32]) -> tuple[Layer, ...]:
    """Layers from standardised embeddings to logits."""
    return Affine(arrays["hidden"], arrays["hidden_bias"]), ReLU(), Affine(arrays["output"], arrays["output_bias"])

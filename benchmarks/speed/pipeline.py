"""The whole pipeline, from files to probabilities, against the script that somebody would write without it.

The script has the same trunk and the same heads, so that it also shows whether both do the same work: how often they name the
same condition is a row of the table. Once with phantoms as they are, once with photographs of twelve megapixels.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import timm
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from dysfw.builtin.heads.linear import LinearHead
from dysfw.inference.loading import open_pipeline
from dysfw.inference.pipeline import Pipeline
from dysfw.registry.registry import load_registry
from dysfw.types import Prediction
from dysfw.weights.find import find_weights
from dysfw.weights.projection_head import read_projection_head
from dysfw.weights.weight_file import read_weights

from .images import enlarged, repeated
from .processes import ROOT
from .straightforward import Straightforward
from .table import Aim, Row, ratio, spread
from .timing import Settings, interleaved

RECIPE = ROOT / "recipes" / "paper.yaml"
MODEL = "inception_resnet_v2"
PRECISIONS = ("float32", "bfloat16")
FASTER = Aim(sign="≥", bound=3)


def rows(settings: Settings) -> list[Row]:
    pipelines = {name: open_pipeline(RECIPE, load_registry(), ["device=cpu", f"precision={name}"]) for name in PRECISIONS}
    small = repeated(settings, settings.of(48, 96))
    with tempfile.TemporaryDirectory() as scratch:
        large = enlarged(repeated(settings, settings.of(8, 24)), Path(scratch) / "large")
        return [
            *compared("phantoms", small, settings.of(12, 24), pipelines, settings.of(2, 5)),
            *compared("12 megapixels", large, settings.of(3, 8), pipelines, settings.of(2, 5)),
        ]


def compared(what: str, paths: Sequence[Path], few: int, pipelines: dict[str, Pipeline], rounds: int) -> list[Row]:
    """few: photographs that the script takes of them in a round: each takes it as long as any other."""
    script = Straightforward(backbone_of(), heads_of(pipelines["float32"]))
    chosen = paths[:: len(paths) // few][:few]
    same = agreement(script, pipelines["float32"], chosen)
    works = {name: lambda pipeline=pipeline: list(pipeline.predict(paths)) for name, pipeline in pipelines.items()}
    works["bfloat16"]()  # all are warm now
    taken = interleaved(works | {"script": lambda: [script.predict(path) for path in chosen]}, rounds)
    rates = {name: [(few if name == "script" else len(paths)) / s for s in values] for name, values in taken.items()}
    of = f"recipes/paper.yaml, {what}"
    return [
        Row(what=f"{of}, the script", value=spread(rates["script"]), unit="photographs/s"),
        *(
            Row(
                what=f"{of}, {name}",
                value=spread(rates[name]),
                unit="photographs/s",
                ratio=ratio(rates[name], rates["script"]),
                to="the script, float32",
                aim=FASTER,
            )
            for name in PRECISIONS
        ),
        Row(what=f"{of}, same first condition as the script", value=spread([same]), unit="%"),
    ]


def agreement(script: Straightforward, pipeline: Pipeline, paths: Sequence[Path]) -> float:
    """Part of the photographs of which both say the same, %."""
    own = [r.region_probabilities.mean(axis=0).argmax() if isinstance(r, Prediction) else None for r in pipeline.predict(paths)]
    theirs = [None if (found := script.predict(path)) is None else found.argmax() for path in paths]
    return 100 * float(np.mean([one == other for one, other in zip(own, theirs, strict=True)]))


def backbone_of() -> nn.Module:
    """The recipe's trunk as timm alone would be loaded, with the neck behind it."""
    file = find_weights(next(e.spec for e in load_registry().weights if e.spec.name == "phantom"))
    tensors = {name: torch.from_numpy(array) for name, array in read_weights(file).items() if not name.startswith("neck.")}
    model, projection = timm.create_model(MODEL, num_classes=0), read_projection_head(file)
    assert projection is not None
    model.load_state_dict(tensors)
    linear = nn.Linear(projection.weight.shape[1], len(projection.bias))
    linear.load_state_dict({"weight": torch.from_numpy(projection.weight), "bias": torch.from_numpy(projection.bias)})
    return nn.Sequential(model, linear)


def heads_of(pipeline: Pipeline) -> dict[str, LogisticRegression]:
    """The bundle's heads as scikit-learn's own."""
    assert pipeline.judge is not None
    return {region: _as_regression(head) for region, head in pipeline.judge.heads.items() if isinstance(head, LinearHead)}


def _as_regression(head: LinearHead) -> LogisticRegression:
    model = LogisticRegression()
    model.classes_, model.coef_ = np.arange(len(head.coef)), head.coef / head.scale
    model.intercept_ = head.intercept - model.coef_ @ head.mean
    return model

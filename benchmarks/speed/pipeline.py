"""The whole pipeline, from files to probabilities, compared with a script without dysfw.

The script has the same backbone and heads, in torch; dysfw has the runtime that ``auto`` chooses. A row of the table shows how
often both predict the same condition. Measured with phantoms, and with images of twelve megapixels.
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
from .script import Script
from .table import Row, Target, ratio, repeats
from .timing import Settings, interleaved

RECIPE = ROOT / "recipes" / "paper.yaml"
MODEL = "inception_resnet_v2"
PRECISIONS = ("float32", "bfloat16")
FASTER = {"float32": Target(sign="≥", bound=2), "bfloat16": Target(sign="≥", bound=3)}


def rows(settings: Settings) -> list[Row]:
    pipelines = {name: open_pipeline(RECIPE, load_registry(), ["device=cpu", f"precision={name}"]) for name in PRECISIONS}
    small = repeated(settings, settings.of(48, 96))
    with tempfile.TemporaryDirectory() as scratch:
        large = enlarged(repeated(settings, settings.of(8, 24)), Path(scratch) / "large")
        return [
            *compare("phantoms", small, settings.of(12, 24), pipelines, settings.of(2, 5)),
            *compare("12 megapixels", large, settings.of(3, 8), pipelines, settings.of(2, 5)),
        ]


def compare(data: str, paths: Sequence[Path], few: int, pipelines: dict[str, Pipeline], rounds: int) -> list[Row]:
    """Compare the pipelines with the script, which predicts only ``few`` of the images: each takes it the same time."""
    script = Script(backbone(), sklearn_heads(pipelines["float32"]))
    chosen = paths[:: len(paths) // few][:few]
    same = agreement(script, pipelines["float32"], chosen)
    works = {name: lambda pipeline=pipeline: list(pipeline.predict(paths)) for name, pipeline in pipelines.items()}
    works["bfloat16"]()  # warm up
    times = interleaved(works | {"script": lambda: [script.predict(path) for path in chosen]}, rounds)
    rates = {name: [(few if name == "script" else len(paths)) / s for s in values] for name, values in times.items()}
    what = f"recipes/paper.yaml, {data}"
    return [
        Row(what=f"{what}, the script", value=repeats(rates["script"]), unit="images/s"),
        *(
            Row(
                what=f"{what}, {name}, {', '.join(pipeline.components.backbone.runtimes())}",
                value=repeats(rates[name]),
                unit="images/s",
                ratio=ratio(rates[name], rates["script"]),
                to="the script, float32",
                target=FASTER[name],
            )
            for name, pipeline in pipelines.items()
        ),
        Row(what=f"{what}, same first condition as the script", value=repeats([same]), unit="%"),
    ]


def agreement(script: Script, pipeline: Pipeline, paths: Sequence[Path]) -> float:
    """Share of images for which both predict the same condition, %."""
    by_dysfw = [
        r.region_probabilities.mean(axis=0).argmax() if isinstance(r, Prediction) else None for r in pipeline.predict(paths)
    ]
    by_script = [None if (p := script.predict(path)) is None else p.argmax() for path in paths]
    return 100 * float(np.mean([one == other for one, other in zip(by_dysfw, by_script, strict=True)]))


def backbone() -> nn.Module:
    """The recipe's backbone as loaded by timm alone, followed by the projection head."""
    file = find_weights(next(e.spec for e in load_registry().weights if e.spec.name == "phantom"))
    tensors = {name: torch.from_numpy(array) for name, array in read_weights(file).items() if not name.startswith("neck.")}
    model, projection = timm.create_model(MODEL, num_classes=0), read_projection_head(file)
    if projection is None:
        raise RuntimeError(f"{file} has no projection head")
    model.load_state_dict(tensors)
    linear = nn.Linear(projection.weight.shape[1], len(projection.bias))
    linear.load_state_dict({"weight": torch.from_numpy(projection.weight), "bias": torch.from_numpy(projection.bias)})
    return nn.Sequential(model, linear)


def sklearn_heads(pipeline: Pipeline) -> dict[str, LogisticRegression]:
    """The bundle's heads as scikit-learn models."""
    heads = pipeline.classifier.heads if pipeline.classifier else {}
    return {region: _to_sklearn(head) for region, head in heads.items() if isinstance(head, LinearHead)}


def _to_sklearn(head: LinearHead) -> LogisticRegression:
    model = LogisticRegression()
    model.classes_, model.coef_ = np.arange(len(head.coef)), head.coef / head.scale
    model.intercept_ = head.intercept - model.coef_ @ head.mean
    return model

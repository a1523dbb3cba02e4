"""How fast each runtime executes the networks of the shipped recipes, beside torch and beside the runtime's library alone.

The libraries alone run the same graph with the same weights on the same crops, so their ratio is what dysfw adds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from dysfw.inference.build import build
from dysfw.plugin import Backbone, UInt8
from dysfw.recipe.check import load_recipe
from dysfw.registry.registry import load_registry
from dysfw.runtime.backbone import NetworkBackbone

from .processes import ROOT
from .table import Row, Target, ratio, repeats
from .timing import Settings, interleaved

RECIPES = ("paper", "dlib")
COMBINATIONS = (
    ("torch", "float32"), ("onnxruntime", "float32"), ("openvino", "float32"), ("torch", "bfloat16"), ("openvino", "bfloat16"),
)  # fmt: skip
LIBRARIES = {"onnxruntime": "onnxruntime alone", "openvino": "OpenVINO alone"}
BATCH = 28  # crops of four faces
PAUSE = 0.2  # s


def rows(settings: Settings) -> list[Row]:
    registry = load_registry()
    table: list[Row] = []
    for recipe in RECIPES:
        works: dict[tuple[str, str], Callable[[], object]] = {}
        for runtime, precision in COMBINATIONS:
            overrides = ["device=cpu", f"runtime={runtime}", f"precision={precision}"]
            backbone = network_of(build(load_recipe(ROOT / "recipes" / f"{recipe}.yaml", registry, overrides)).backbone)
            size = backbone.input_size
            crops = np.random.default_rng(0).integers(0, 256, (BATCH, size, size, 3), np.uint8)
            works[runtime, precision] = lambda backbone=backbone, crops=crops: backbone.embed(crops)
            if runtime in LIBRARIES:
                works[LIBRARIES[runtime], precision] = library(runtime, precision, backbone, crops)
        for work in works.values():
            work()
        alone = {key: settled(work) for key, work in works.items()}
        times = {key: [s / BATCH * 1000 for s in one] for key, one in interleaved(alone, settings.of(5, 15)).items()}
        table += rows_of(recipe, times)
    return table


def settled(work: Callable[[], object]) -> Callable[[], float]:
    """The time of a work, s, that starts when the threads of the library before it no longer spin.

    Threads of onnxruntime alone spin for a while after their work, on the processors that the next library needs.
    """

    def run() -> float:
        time.sleep(PAUSE)
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return run


def network_of(backbone: Backbone) -> NetworkBackbone:
    """The backbone that executes the network; ``projection`` adds one product."""
    inner = backbone if isinstance(backbone, NetworkBackbone) else backbone._of  # type: ignore[attr-defined]
    assert isinstance(inner, NetworkBackbone)  # noqa: S101
    return inner


def library(runtime: str, precision: str, backbone: NetworkBackbone, crops: UInt8) -> Callable[[], object]:
    """The same graph in the runtime's library, without dysfw."""
    graph = backbone._graph
    assert graph  # noqa: S101  # the runtime is not torch
    model = graph.graph.filled(graph.read(graph.graph.tensors))
    if runtime == "onnxruntime":
        import onnxruntime

        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, {"crops": crops})
    import openvino

    core = openvino.Core()
    hint = {"float32": "f32", "bfloat16": "bf16"}[precision]
    request = core.compile_model(core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": hint}).create_infer_request()
    return lambda: request.infer([crops])


def rows_of(recipe: str, times: dict[tuple[str, str], list[float]]) -> list[Row]:
    result = []
    for (runtime, precision), values in times.items():
        if runtime in LIBRARIES.values():
            continue
        to, target = ("torch", precision), None
        if runtime == "torch":
            to = ("torch", "float32")
        else:
            target = Target(sign="≥", bound=0.9)
        name = f"backbone of {recipe}.yaml, batch {BATCH}, {runtime}, {precision}"
        speed = ratio(times[to], values)
        result.append(Row(what=name, value=repeats(values), unit="ms a crop", ratio=speed, to=f"{to[0]} in {to[1]}"))
        if runtime in LIBRARIES:
            alone = (LIBRARIES[runtime], precision)
            result.append(Row(what=name, ratio=ratio(times[alone], values), to=alone[0], target=target))
    return result

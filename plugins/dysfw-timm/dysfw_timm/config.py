"""What a backbone needs to know of a timm model apart from its layers; for models that ship as a graph, without timm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from dysfw.plugin import DysfwError, NetworkGraph, install_command, listed, packaged_graph

GRAPHS = ("inception_resnet_v2", "vgg16")  # models that ship as graphs
WITHOUT_TIMM = "inception_resnet_v2"  # the model that is also built in torch without timm


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A timm model.

    Attributes:
        name: Its name, as the recipe writes it.
        size: Side of the crops that it was trained with, px.
        classifier: Names of the classifier's layers, which a weight file may contain although the backbone does not have them.
        hub: Repository of its published weights on the Hugging Face hub; None if there are none.
        licence: Licence of these weights.
        graph: The model as an ONNX graph, if it ships.
    """

    name: str
    size: int
    classifier: tuple[str, ...]
    hub: str | None
    licence: str
    graph: NetworkGraph | None


def find_model(name: str) -> ModelConfig:
    """Look up a model.

    Args:
        name: "architecture" or "architecture.tag".

    Raises:
        ValueError: If timm does not have the model; the message suggests similar names.
        DysfwError: If it needs timm, which is not installed, or its graph is damaged.
    """
    architecture, _, tag = name.partition(".")
    graph = packaged_graph("dysfw_timm", architecture) if architecture.isidentifier() else None
    return _from_graph(name, tag, graph) if graph else _from_timm(name)


def _from_graph(name: str, tag: str, graph: NetworkGraph) -> ModelConfig:
    config = graph.config
    tags: Mapping[str, Mapping[str, str]] = config["tags"]
    if tag and tag not in tags:
        architecture = name.partition(".")[0]
        raise ValueError(f"timm's {architecture} has no weights {tag!r}; it has {listed(tags)}")
    published = tags[tag or config["default"]]
    return ModelConfig(name, config["size"], (config["classifier"],), published["hub"], published["licence"], graph)


def _from_timm(name: str) -> ModelConfig:
    if missing := [package for package in ("torch", "timm") if find_spec(package) is None]:
        raise DysfwError(
            f"the model {name} needs {listed(missing)}; without them there are {listed(GRAPHS)}",
            hint=install_command("dysfw-timm", "torch"),
        )
    from .models import find_config

    config = find_config(name)
    classifier = (config.classifier,) if isinstance(config.classifier, str) else tuple(config.classifier or ())
    return ModelConfig(name, config.input_size[-1], classifier, config.hf_hub_id, config.license or "unstated", None)

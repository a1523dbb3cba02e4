"""Weights shipped with this plugin."""

from dysfw.plugin import WeightsSpec

WEIGHTS = [
    WeightsSpec(
        name="phantom",
        file="dysfw_phantom:weights/inception-resnet-v2.safetensors",
        summary="Inception-ResNet-v2, pretrained on phantoms with recipes/paper-pretrain.yaml",
        sha256="db322de702f263476eadb9f7f8080b0b7f813e28219ab4f2cd4d659f87906216",
        size=55_648_608,
        licence="Apache-2.0",
        conditions="Trained on phantoms only, never on photos of people.",
        trained_on="phantoms of the spec pretrain: synthetic faces derived from MakeHuman's CC0 assets",
        citation="docs/how-to/pretraining.md",
    ),
]

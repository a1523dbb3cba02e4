"""Registers the plugin's components, bundle and weights."""

from dysfw.plugin import BundleSpec, ComponentSpec, WeightsSpec, hookimpl

from .weights import WEIGHTS


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    """Register the backbone and the detectors."""
    summary = "dlib's face-recognition ResNet in torch: 150 px, 128 dimensions"
    needs = {"extra": "detectors", "needs": ("dlib",)}
    return [
        ComponentSpec("backbone", "dlib_resnet", "dysfw_dlib.backbone:DlibResnet", summary),
        ComponentSpec("detector", "dlib_hog", "dysfw_dlib.hog:DlibHog", "dlib's HOG detector for frontal faces: fast", **needs),
        ComponentSpec("detector", "dlib_cnn", "dysfw_dlib.cnn:DlibCnn", "dlib's convolutional detector: for GPUs", **needs),
    ]


@hookimpl
def dysfw_bundles() -> list[BundleSpec]:
    """Register the bundle trained on phantoms."""
    summary = "recipes/dlib.yaml trained on the 475 phantoms of 14 classes of the spec benchmark"
    return [BundleSpec("dlib-phantom", "dysfw_dlib:bundles/dlib-phantom", summary)]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    """Register the weights of the backbone."""
    return list(WEIGHTS)

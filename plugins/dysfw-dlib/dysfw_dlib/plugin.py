"""What this plugin registers."""

from dysfw.plugin import BundleSpec, ComponentSpec, WeightsSpec, hookimpl

from .weights import WEIGHTS


@hookimpl
def dysfw_components() -> list[ComponentSpec]:
    summary = "dlib's face-recognition ResNet in torch: 150 px, 128 numbers"
    needs = {"extra": "detectors", "needs": ("dlib",)}
    return [
        ComponentSpec("backbone", "dlib_resnet", "dysfw_dlib.backbone:DlibResnet", summary),
        ComponentSpec("detector", "dlib_hog", "dysfw_dlib.hog:DlibHog", "dlib's frontal faces by gradients: fast", **needs),
        ComponentSpec("detector", "dlib_cnn", "dysfw_dlib.cnn:DlibCnn", "dlib's faces by a network: for GPUs", **needs),
    ]


@hookimpl
def dysfw_bundles() -> list[BundleSpec]:
    summary = "recipes/dlib.yaml trained on the 475 phantoms of 14 classes of the spec benchmark"
    return [BundleSpec("dlib-phantom", "dysfw_dlib:bundles/dlib-phantom", summary)]


@hookimpl
def dysfw_weights() -> list[WeightsSpec]:
    return list(WEIGHTS)

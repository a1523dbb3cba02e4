"""Weights that the shipped recipes use. ``weights: imagenet`` also works for all other models of timm."""

from dysfw.plugin import WeightsSpec

IMAGENET = "ImageNet-1k: 1.28 million images of 1,000 object classes; not for face recognition"

WEIGHTS = [
    WeightsSpec(
        name="imagenet-inception-resnet-v2",
        file="model.safetensors",
        summary="timm's inception_resnet_v2.tf_in1k, for recipes/paper-imagenet.yaml",
        size=224_000_000,
        exact_size=False,
        hub="timm/inception_resnet_v2.tf_in1k",
        licence="Apache-2.0",
        conditions="The licence applies to the weights; ImageNet's terms allow non-commercial research only.",
        trained_on=IMAGENET,
        citation="Szegedy et al., Inception-v4, AAAI 2017; ported from TensorFlow by Ross Wightman",
    ),
    WeightsSpec(
        name="imagenet-vgg16",
        file="model.safetensors",
        summary="timm's vgg16.tv_in1k, for recipes/paper-vgg16.yaml",
        sha256="57b026918159a6bf9faf8405c3a551903768e7138989d9c6224a14227203fad8",
        size=553_000_000,
        exact_size=False,
        hub="timm/vgg16.tv_in1k",
        licence="BSD-3-Clause",
        conditions="The licence applies to the weights; ImageNet's terms allow non-commercial research only.",
        trained_on=IMAGENET,
        citation="Simonyan and Zisserman, ICLR 2015; trained by torchvision",
    ),
]

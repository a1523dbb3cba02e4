"""Weights of the backbone, as published by facenet-pytorch."""

from dysfw.plugin import WeightsSpec

RELEASE = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9"
FACENET = "Schroff, Kalenichenko and Philbin, FaceNet, CVPR 2015; trained by David Sandberg (github.com/davidsandberg/facenet)"

WEIGHTS = [
    WeightsSpec(
        name="facenet-vggface2",
        file="20180402-114759-vggface2.pt",
        summary="Inception-ResNet-v1 for faces, 160 px, 512 dimensions; LFW accuracy 99.65 % according to its authors",
        sha256="281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b",
        size=111_898_327,
        address=f"{RELEASE}/20180402-114759-vggface2.pt",
        licence="unstated",
        conditions="The code is MIT; the weights have no stated licence. VGGFace2 was for non-commercial research.",
        trained_on="VGGFace2: 3.3 million images of 9,131 identities from web searches, since withdrawn by its authors",
        citation=f"{FACENET}; data: Cao et al., VGGFace2, FG 2018",
    ),
    WeightsSpec(
        name="facenet-casia-webface",
        file="20180408-102900-casia-webface.pt",
        summary="the same network trained on CASIA-WebFace; LFW accuracy 99.05 % according to its authors",
        sha256="7a67afdbbc995fce5e10128675e318799a70698c2f433ba75dd7eb9a2f096e7d",
        size=115_887_415,
        address=f"{RELEASE}/20180408-102900-casia-webface.pt",
        licence="unstated",
        conditions="The code is MIT; the weights have no stated licence. CASIA-WebFace was for non-commercial research.",
        trained_on="CASIA-WebFace: 494,414 images of 10,575 identities, actors from IMDb",
        citation=f"{FACENET}; data: Yi et al., arXiv:1411.7923",
    ),
]

"""How well can one tell from a composite whether a patient is in it?

    python benchmarks/validation/composites.py recipes/dlib.yaml out/membership

The data set, made by `dysfw phantom dataset benchmarks/validation/membership.yaml -o out/membership`, has two images of each
patient of one condition. Composites of n random patients are made from their first images. Who attacks has the composite, an
image of a patient, and the images of other patients of the condition to know how faces vary; half of the patients are set aside
for that. The score is the covariance of image and composite, both less the usual face: Homer's test of membership in pooled DNA
(Homer et al., PLoS Genet 2008;4:e1000167), for pixels. It is also computed after whitening by the principal components of the
other patients, which is the likelihood ratio if faces are normally distributed. Printed is the AUROC of patients in the
composite against others of the condition, with the image that went into it and with another one of the same patient, as mean
and range over 20 composites.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from dysfw.data.dataset import Sample
from dysfw.data.read import read_dataset
from dysfw.imaging.composite import Mean, aligned_face, finished
from dysfw.inference.build import build
from dysfw.inference.pipeline import Pipeline
from dysfw.recipe.check import load_recipe
from dysfw.registry.host import load_plugins
from dysfw.registry.registry import Registry
from dysfw.types import FaceEmbedding

SIZES, REPEATS, SEED = (10, 25, 50, 100), 20, 1
COMPONENTS = 60  # principal components that are whitened; the rest has one variance
Faces = npt.NDArray[np.float32]


def pairs_of_faces(recipe: Path, data: Path) -> Faces:
    """The aligned faces of all patients with two, float32 [N, 2, S, S, 3]."""
    loaded = load_recipe(recipe, Registry(load_plugins()))
    samples = {str(one.path): one for one in read_dataset(data).samples if one.patient}
    faces: dict[str, list[npt.NDArray[np.uint8]]] = {}
    for result in Pipeline(loaded, build(loaded)).embed(map(Path, samples), pixels=True):
        if isinstance(result, FaceEmbedding):
            sample: Sample = samples[result.image.source]
            faces.setdefault(str(sample.patient), []).append(aligned_face(result.decoded_image.pixels, result.face))
    return np.array([two for two in faces.values() if len(two) == 2], np.float32)


def aurocs(faces: Faces, size: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """The AUROCs for one composite of ``size`` patients, [plain or whitened, the image in the composite or another one]."""
    order = rng.permutation(len(faces))
    outside, candidates = faces[order[: len(faces) // 2]], faces[order[len(faces) // 2 :]]
    mean = Mean()
    for face in candidates[:size, 0]:
        mean.add(face)
    others = np.array([finished(face) for face in outside[:, 0]], np.float32).reshape(len(outside), -1)
    usual = others.mean(axis=0)
    others -= usual
    composite = finished(mean.pixels).astype(np.float32).ravel() - usual
    squares, combinations = np.linalg.eigh(others @ others.T)
    squares, combinations = squares[::-1][:COMPONENTS], combinations[:, ::-1][:, :COMPONENTS]
    axes = (combinations / np.sqrt(squares)).T @ others
    variances = squares / len(others)
    rest = ((others**2).sum() / len(others) - variances.sum()) / (others.shape[1] - COMPONENTS)
    weights = axes @ composite
    whitened = axes.T @ (weights / variances) + (composite - axes.T @ weights) / rest
    member = np.arange(len(candidates)) < size
    found = []
    for image in (0, 1):
        seen = np.array([finished(face) for face in candidates[:, image]], np.float32).reshape(len(candidates), -1) - usual
        found.append([roc_auc_score(member, seen @ weighted) for weighted in (composite, whitened)])
    return np.array(found).T


def main(recipe: Path, data: Path) -> None:
    faces = pairs_of_faces(recipe, data)
    print(f"{len(faces)} patients with two images")
    for size in SIZES:
        found = np.array([aurocs(faces, size, np.random.default_rng([SEED, size, repeat])) for repeat in range(REPEATS)])
        for score, of_score in zip(("covariance", "whitened"), found.transpose(1, 2, 0), strict=True):
            words = [
                f"{name} {one.mean():.2f} ({one.min():.2f}–{one.max():.2f})"
                for name, one in zip(("the same image", "another image"), of_score, strict=True)
            ]
            print(f"composite of {size:3} patients, {score}: {'; '.join(words)}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""Components that each violate one rule of the contract, and the check that must detect it."""

from __future__ import annotations

import pickle
import socket
import threading
import time

import numpy as np

from dysfw.builtin.fusions.pools import Mean
from dysfw.builtin.fusions.weighted import Weighted
from dysfw.builtin.heads.knn import Knn
from dysfw.builtin.segmenters.whole_face import WholeFace
from dysfw.contracts.components import Backbone, Detector
from dysfw.testing import phantom_faces, phantom_images
from dysfw.types import Face, Region, Segmentation, State, Weights


class Truth(Detector):
    """Returns the known faces of the example images."""

    def detect(self, images):
        known = {image.sha256: face for image, face in zip(phantom_images(), phantom_faces(), strict=True)}
        return [[known[image.sha256]] if image.sha256 in known else [] for image in images]


class Squares(Backbone):
    """Mean colours of a grid of squares."""

    input_size = 32
    dim = 48

    def embed(self, crops):
        if crops.dtype != np.uint8 or crops.shape[1:] != (32, 32, 3):
            raise ValueError(f"crops must be uint8 [N, 32, 32, 3], found {crops.dtype} {crops.shape}")
        return crops.reshape(len(crops), 4, 8, 4, 8, 3).mean(axis=(2, 4)).reshape(len(crops), 48).astype(np.float32)


# Every kind


class RequiredParameter(Mean):
    def __init__(self, alpha: float) -> None:
        self.alpha = alpha


class Undocumented(Mean):
    __doc__ = None


class UndocumentedParameter(Mean):
    """Averages."""

    def __init__(self, temperature: float = 1.0) -> None:
        self.temperature = temperature


class StarArguments(Mean):
    """Averages."""

    def __init__(self, *args: float) -> None:
        pass


class UnhashedWeights(Squares):
    def weights(self):
        return (Weights("mine", "abc", "CC0-1.0", "a test"),)


class Unlicensed(Squares):
    def weights(self):
        return (Weights("mine", "0" * 64, "", "a test"),)


class WrongErrorClass(Squares):
    """Mean colours.

    Args:
        tiles: Number of tiles.
    """

    def __init__(self, tiles: int = 4) -> None:
        if tiles < 1:
            raise RuntimeError("bad")


class VagueError(Squares):
    """Mean colours.

    Args:
        tiles: Number of tiles.
    """

    def __init__(self, tiles: int = 4) -> None:
        if tiles < 1:
            raise ValueError("out of range")


class Random(Squares):
    def embed(self, crops):
        return super().embed(crops) + np.random.default_rng().normal(0, 1, (len(crops), 48)).astype(np.float32)


class RandomInstance(Squares):
    def __init__(self) -> None:
        self.offset = np.random.default_rng().normal()

    def embed(self, crops):
        return super().embed(crops) + np.float32(self.offset)


class WritesToItsInput(Squares):
    def embed(self, crops):
        rows = super().embed(crops)
        if crops.flags.writeable:
            crops[:] = 0
        return rows


class SharedBuffer(Squares):
    """Four concurrent calls change each other's results."""

    def __init__(self) -> None:
        self.barrier, self.active = threading.Barrier(4), 0
        self.lock = threading.Lock()

    def embed(self, crops):
        with self.lock:
            self.active += 1
        try:
            self.barrier.wait(0.3)  # passes only if four threads wait
            return super().embed(crops) * np.float32(self.active)
        except threading.BrokenBarrierError:
            self.barrier.reset()
            return super().embed(crops)
        finally:
            with self.lock:
                self.active -= 1


class KeepsItsInput(Squares):
    """Keeps its input in an attribute that other threads overwrite."""

    def embed(self, crops):
        self.crops = crops
        time.sleep(0.05)
        return super().embed(self.crops)


class UsesTheNetwork(Squares):
    def embed(self, crops):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(b"hello", ("127.0.0.1", 9))
        return super().embed(crops)


class Pickles(Squares):
    def embed(self, crops):
        return super().embed(pickle.loads(pickle.dumps(crops)))  # noqa: S301  # what the check must detect


class Prints(Squares):
    def embed(self, crops):
        print(f"embedding {len(crops)}")
        return super().embed(crops)


# Detectors


class OneListForAll(Truth):
    def detect(self, images):
        return [[face for faces in super().detect(images) for face in faces]]


class Float64Boxes(Truth):
    def detect(self, images):
        return [[Face(f.box.astype(float), f.score, f.landmarks) for f in faces] for faces in super().detect(images)]


class PercentScores(Truth):
    def detect(self, images):
        return [[Face(f.box, 99.0, f.landmarks) for f in faces] for faces in super().detect(images)]


class WidthAndHeight(Truth):
    """Returns x y w h instead of x0 y0 x1 y1, of a face on the right of the image."""

    def detect(self, images):
        return [
            [Face(np.append(f.box[2:], (f.box[2:] - f.box[:2]) / 2).astype(np.float32), f.score, f.landmarks) for f in faces]
            for faces in super().detect(images)
        ]


class DetectsNothing(Truth):
    def detect(self, images):
        return [[] for _ in images]


class DetectsBackground(Truth):
    def detect(self, images):
        return [[Face(f.box + np.float32(200), f.score, f.landmarks) for f in faces] for faces in super().detect(images)]


class ViewersLeft(Truth):
    """Orders landmarks as the viewer sees them: left eye first."""

    def detect(self, images):
        return [[Face(f.box, f.score, f.landmarks[[1, 0, 2, 4, 3]]) for f in faces] for faces in super().detect(images)]


class MouthBeforeNose(Truth):
    def detect(self, images):
        return [[Face(f.box, f.score, f.landmarks[[0, 1, 3, 2, 4]]) for f in faces] for faces in super().detect(images)]


class RequiresAnImage(Truth):
    def detect(self, images):
        np.stack([image.pixels[0, 0] for image in images])
        return super().detect(images)


class DependsOnTheBatch(Truth):
    """Shifts all boxes if the batch begins with noise."""

    def detect(self, images):
        shift = np.float32(5 if images and images[0].source.startswith("noise") else 0)
        return [[Face(f.box + shift, f.score, f.landmarks) for f in faces] for faces in super().detect(images)]


class RequiresLargeImages(Truth):
    def detect(self, images):
        for image in images:
            if min(image.width, image.height) < 10:
                raise RuntimeError("too small")
        return super().detect(images)


class DependsOnTheName(Truth):
    def detect(self, images):
        shift = [np.float32(len(image.source)) for image in images]
        found = zip(super().detect(images), shift, strict=True)
        return [[Face(f.box + by / 1000, f.score, f.landmarks + by / 1000) for f in faces] for faces, by in found]


# Segmenters


class NamedTwice(WholeFace):
    regions = ("face", "face")


class DropsARegion(WholeFace):
    regions = ("face", "ear")


class NoReason(WholeFace):
    regions = ("face", "ear")

    def segment(self, images, faces):
        return [Segmentation(one.regions, {"ear": ""}) for one in super().segment(images, faces)]


class UnitCoordinates(WholeFace):
    def segment(self, images, faces):
        return [
            Segmentation(tuple(Region(r.name, r.polygon / np.float32(10_000)) for r in one.regions))
            for one in super().segment(images, faces)
        ]


class IntegerPolygons(WholeFace):
    def segment(self, images, faces):
        return [
            Segmentation(tuple(Region(r.name, r.polygon.astype(np.int64)) for r in one.regions))
            for one in super().segment(images, faces)
        ]


class RequiresAFace(WholeFace):
    def segment(self, images, faces):
        np.stack([face.box for face in faces])
        return super().segment(images, faces)


class FirstFaceForAll(WholeFace):
    def segment(self, images, faces):
        return super().segment(images, [faces[0]] * len(faces)) if faces else []


class OneFacePerImage(WholeFace):
    def segment(self, images, faces):
        found = super().segment(images, faces)
        return found[:1] if len({image.sha256 for image in images}) < len(images) else found


class ReadsOutsideTheImage(WholeFace):
    def segment(self, images, faces):
        for image, face in zip(images, faces, strict=True):
            image.pixels[int(face.landmarks[0, 1]), int(face.landmarks[0, 0])]
        return super().segment(images, faces)


class PolygonsByName(WholeFace):
    def segment(self, images, faces):
        moved = [np.float32(len(image.source)) for image in images]
        found = zip(super().segment(images, faces), moved, strict=True)
        return [Segmentation(tuple(Region(r.name, r.polygon + by) for r in one.regions), one.absent) for one, by in found]


# Backbones


class WrongLength(Squares):
    def embed(self, crops):
        return super().embed(crops)[:, :40]


class NotANumber(Squares):
    def embed(self, crops):
        rows = super().embed(crops)
        rows[:, 0] = np.nan
        return rows


class Constant(Squares):
    def embed(self, crops):
        return np.ones_like(super().embed(crops))


class RequiresACrop(Squares):
    def embed(self, crops):
        return super().embed(crops)[0:] if len(crops) else super().embed(crops)[:0, :0]


class BatchNormalised(Squares):
    """Subtracts the mean of the batch, like a network in training mode."""

    def embed(self, crops):
        rows = super().embed(crops)
        return rows - rows.mean(axis=0) if len(rows) > 1 else rows


class AcceptsAnyCrops(Squares):
    def embed(self, crops):
        n = len(crops)
        return np.resize(crops.astype(np.float32).reshape(n, -1), (n, 48)) + crops.reshape(n, -1)[:, :48].astype(np.float32)


class MisnamedAlignment(Squares):
    alignment = "arcface"


# Heads


class Logits(Knn):
    def predict(self, x):
        return super().predict(x) * 3


class Uniform(Knn):
    def predict(self, x):
        return np.full_like(super().predict(x), 0.25)


class RequiresAFeatureVector(Knn):
    def predict(self, x):
        x[0]
        return super().predict(x)


class NormalisesByBatch(Knn):
    def predict(self, x):
        found = super().predict(x)
        found = found * (1 + found.sum(axis=0))
        return found / found.sum(axis=1, keepdims=True)


class RequiresEveryClass(Knn):
    def fit(self, x, y, classes, groups):
        if len(np.unique(y)) < classes:
            raise ValueError("a class is missing")
        super().fit(x, y, classes, groups)


class DividesByStd(Knn):
    def fit(self, x, y, classes, groups):
        if not x.std(axis=0).all():
            raise ZeroDivisionError("a feature is constant")
        super().fit(x, y, classes, groups)


class KeepsObjects(Knn):
    def state(self):
        return State({**super().state().arrays, "names": np.array(["a", None], object)})


class RoundsItsState(Knn):
    def state(self):
        state = super().state()
        return State({n: np.round(a, 1) if a.dtype.kind == "f" else a for n, a in state.arrays.items()}, state.values)


class HeadAcceptsAnyState(Knn):
    def restore(self, state):
        if state.arrays:
            super().restore(state)


class DropsACase(Knn):
    def cases(self):
        kept = super().cases()
        return type(kept)(kept.x[1:], kept.y[1:], kept.groups[1:])


# Fusions


class Sums(Mean):
    def fuse(self, region_probabilities, present):
        return super().fuse(region_probabilities, present) * present.sum(axis=1, keepdims=True).astype(np.float32)


class AveragesAbsentRegions(Mean):
    def fuse(self, region_probabilities, present):
        return region_probabilities.mean(axis=1)


class WeightsAbsentRegionsByZero(Mean):
    """Gives absent regions a weight of 0, which does not remove NaN."""

    def fuse(self, region_probabilities, present):
        weights = present[:, :, None].astype(np.float32)
        return (region_probabilities * weights).sum(axis=1) / weights.sum(axis=1)


class Inverted(Mean):
    def fuse(self, region_probabilities, present):
        found = 1 - super().fuse(region_probabilities, present)
        return found / found.sum(axis=1, keepdims=True)


class RequiresRegionProbabilities(Mean):
    def fuse(self, region_probabilities, present):
        region_probabilities[0]
        return super().fuse(region_probabilities, present)


class ComparesImages(Mean):
    def fuse(self, region_probabilities, present):
        found = super().fuse(region_probabilities, present)
        found = found / (found.max(axis=0, keepdims=True) if len(found) else 1)
        return found / found.sum(axis=1, keepdims=True)


class DropsItsWeights(Weighted):
    def state(self):
        state = super().state()
        return State({name: np.ones_like(array) for name, array in state.arrays.items()}, state.values)


class FusionAcceptsAnyState(Weighted):
    def restore(self, state):
        if state.arrays:
            super().restore(state)


DETECTED_BY = {
    RequiredParameter: "can_be_built",
    Undocumented: "is_documented",
    UndocumentedParameter: "is_documented",
    StarArguments: "is_documented",
    UnhashedWeights: "declares_its_weights",
    Unlicensed: "declares_its_weights",
    WrongErrorClass: "explains_invalid_parameters",
    VagueError: "explains_invalid_parameters",
    Random: "is_deterministic",
    RandomInstance: "is_deterministic",
    WritesToItsInput: "leaves_its_inputs_unchanged",
    SharedBuffer: "is_thread_safe",
    KeepsItsInput: "is_thread_safe",
    UsesTheNetwork: "does_not_use_the_network",
    Pickles: "does_not_unpickle",
    Prints: "prints_nothing",
    OneListForAll: "returns_valid_faces",
    Float64Boxes: "returns_valid_faces",
    PercentScores: "returns_valid_faces",
    WidthAndHeight: "returns_valid_faces",
    DetectsNothing: "detects_the_example_faces",
    DetectsBackground: "detects_the_example_faces",
    ViewersLeft: "orders_landmarks_anatomically",
    MouthBeforeNose: "orders_landmarks_anatomically",
    RequiresAnImage: "accepts_no_images",
    DependsOnTheBatch: "processes_each_image_independently",
    RequiresLargeImages: "accepts_images_of_any_shape",
    DependsOnTheName: "ignores_image_names",
    NamedTwice: "declares_its_regions",
    DropsARegion: "reports_every_region",
    NoReason: "reports_every_region",
    UnitCoordinates: "returns_valid_polygons",
    IntegerPolygons: "returns_valid_polygons",
    RequiresAFace: "accepts_no_faces",
    FirstFaceForAll: "segments_each_face_independently",
    OneFacePerImage: "accepts_several_faces_per_image",
    ReadsOutsideTheImage: "accepts_faces_outside_the_image",
    PolygonsByName: "ignores_image_names",
    WrongLength: "returns_embeddings_of_the_declared_shape",
    NotANumber: "returns_embeddings_of_the_declared_shape",
    Constant: "distinguishes_crops",
    RequiresACrop: "accepts_no_crops",
    BatchNormalised: "embeds_each_crop_independently",
    AcceptsAnyCrops: "rejects_invalid_crops",
    MisnamedAlignment: "declares_its_alignment",
    Logits: "returns_probabilities",
    Uniform: "fits_the_training_data",
    RequiresAFeatureVector: "accepts_no_images",
    NormalisesByBatch: "predicts_each_image_independently",
    RequiresEveryClass: "accepts_a_class_without_images",
    DividesByStd: "accepts_constant_features",
    KeepsObjects: "restores_its_state_from_a_bundle",
    RoundsItsState: "restores_its_state_from_a_bundle",
    HeadAcceptsAnyState: "rejects_an_invalid_state",
    DropsACase: "returns_its_gallery_cases",
    Sums: "returns_probabilities",
    AveragesAbsentRegions: "ignores_absent_regions",
    WeightsAbsentRegionsByZero: "ignores_absent_regions",
    Inverted: "follows_the_regions",
    RequiresRegionProbabilities: "accepts_no_images",
    ComparesImages: "predicts_each_image_independently",
    DropsItsWeights: "restores_its_state_from_a_bundle",
    FusionAcceptsAnyState: "rejects_an_invalid_state",
}

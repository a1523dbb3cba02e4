"""Components that each break one promise, and the check that is there to see it."""

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
    """Knows the examples' faces by heart."""

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


# Of every kind.


class WantsMore(Mean):
    def __init__(self, alpha: float) -> None:
        self.alpha = alpha


class Undocumented(Mean):
    __doc__ = None


class SilentParameter(Mean):
    """Averages."""

    def __init__(self, temperature: float = 1.0) -> None:
        self.temperature = temperature


class StarArguments(Mean):
    """Averages whatever it gets."""

    def __init__(self, *args: float) -> None:
        pass


class UnhashedWeights(Squares):
    def weights(self):
        return (Weights("mine", "abc", "CC0-1.0", "made up"),)


class Unlicensed(Squares):
    def weights(self):
        return (Weights("mine", "0" * 64, "", "made up"),)


class DividesByParameter(Squares):
    """tiles: how many."""

    def __init__(self, tiles: int = 4) -> None:
        if tiles < 1:
            raise RuntimeError("bad")


class MutteredRefusal(Squares):
    """tiles: how many."""

    def __init__(self, tiles: int = 4) -> None:
        if tiles < 1:
            raise ValueError("out of range")


class Dice(Squares):
    def embed(self, crops):
        return super().embed(crops) + np.random.default_rng().normal(0, 1, (len(crops), 48)).astype(np.float32)


class EachItsOwn(Squares):
    def __init__(self) -> None:
        self.offset = np.random.default_rng().normal()

    def embed(self, crops):
        return super().embed(crops) + np.float32(self.offset)


class Scribbles(Squares):
    def embed(self, crops):
        rows = super().embed(crops)
        if crops.flags.writeable:
            crops[:] = 0
        return rows


class SharedBuffer(Squares):
    """One thread works in the memory of another."""

    def __init__(self) -> None:
        self.meeting, self.held = threading.Barrier(4), 0
        self.lock = threading.Lock()

    def embed(self, crops):
        with self.lock:
            self.held += 1
        try:
            self.meeting.wait(0.3)  # only when four come at once
            return super().embed(crops) * np.float32(self.held)
        except threading.BrokenBarrierError:
            self.meeting.reset()
            return super().embed(crops)
        finally:
            with self.lock:
                self.held -= 1


class Remembers(Squares):
    """Keeps its input where another thread finds it."""

    def embed(self, crops):
        self.crops = crops
        time.sleep(0.05)
        return super().embed(self.crops)


class PhonesHome(Squares):
    def embed(self, crops):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(b"hello", ("127.0.0.1", 9))
        return super().embed(crops)


class Pickles(Squares):
    def embed(self, crops):
        return super().embed(pickle.loads(pickle.dumps(crops)))  # noqa: S301  # that is what is to be found


class Chatty(Squares):
    def embed(self, crops):
        print(f"embedding {len(crops)}")
        return super().embed(crops)


# Detectors.


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
    """x y w h instead of x0 y0 x1 y1, of a face that lies far to the right."""

    def detect(self, images):
        return [
            [Face(np.append(f.box[2:], (f.box[2:] - f.box[:2]) / 2).astype(np.float32), f.score, f.landmarks) for f in faces]
            for faces in super().detect(images)
        ]


class Blind(Truth):
    def detect(self, images):
        return [[] for _ in images]


class Elsewhere(Truth):
    def detect(self, images):
        return [[Face(f.box + np.float32(200), f.score, f.landmarks) for f in faces] for faces in super().detect(images)]


class ViewersLeft(Truth):
    """The left eye first, as the viewer has it."""

    def detect(self, images):
        return [[Face(f.box, f.score, f.landmarks[[1, 0, 2, 4, 3]]) for f in faces] for faces in super().detect(images)]


class MouthBeforeNose(Truth):
    def detect(self, images):
        return [[Face(f.box, f.score, f.landmarks[[0, 1, 3, 2, 4]]) for f in faces] for faces in super().detect(images)]


class NeedsAnImage(Truth):
    def detect(self, images):
        np.stack([image.pixels[0, 0] for image in images])
        return super().detect(images)


class LooksSideways(Truth):
    """Where a batch begins with noise, all of its boxes shift."""

    def detect(self, images):
        shift = np.float32(5 if images and images[0].source.startswith("noise") else 0)
        return [[Face(f.box + shift, f.score, f.landmarks) for f in faces] for faces in super().detect(images)]


class NeedsAnArea(Truth):
    def detect(self, images):
        for image in images:
            if min(image.width, image.height) < 10:
                raise RuntimeError("too small for my pyramid")
        return super().detect(images)


class ReadsTheName(Truth):
    def detect(self, images):
        shift = [np.float32(len(image.source)) for image in images]
        found = zip(super().detect(images), shift, strict=True)
        return [[Face(f.box + by / 1000, f.score, f.landmarks + by / 1000) for f in faces] for faces, by in found]


# Segmenters.


class NamedTwice(WholeFace):
    regions = ("face", "face")


class Forgets(WholeFace):
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


class NeedsAFace(WholeFace):
    def segment(self, images, faces):
        np.stack([face.box for face in faces])
        return super().segment(images, faces)


class FirstFaceForAll(WholeFace):
    def segment(self, images, faces):
        return super().segment(images, [faces[0]] * len(faces)) if faces else []


class OneFaceAnImage(WholeFace):
    def segment(self, images, faces):
        found = super().segment(images, faces)
        return found[:1] if len({image.sha256 for image in images}) < len(images) else found


class CutsAtTheEdge(WholeFace):
    def segment(self, images, faces):
        for image, face in zip(images, faces, strict=True):
            image.pixels[int(face.landmarks[0, 1]), int(face.landmarks[0, 0])]
        return super().segment(images, faces)


class CutsByName(WholeFace):
    def segment(self, images, faces):
        moved = [np.float32(len(image.source)) for image in images]
        found = zip(super().segment(images, faces), moved, strict=True)
        return [Segmentation(tuple(Region(r.name, r.polygon + by) for r in one.regions), one.absent) for one, by in found]


# Backbones.


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


class NeedsACrop(Squares):
    def embed(self, crops):
        return super().embed(crops)[0:] if len(crops) else super().embed(crops)[:0, :0]


class BatchNormed(Squares):
    """Normalises by the batch, as a network that was left in training mode."""

    def embed(self, crops):
        rows = super().embed(crops)
        return rows - rows.mean(axis=0) if len(rows) > 1 else rows


class TakesAnything(Squares):
    def embed(self, crops):
        n = len(crops)
        return np.resize(crops.astype(np.float32).reshape(n, -1), (n, 48)) + crops.reshape(n, -1)[:, :48].astype(np.float32)


class MisnamedAlignment(Squares):
    alignment = "arcface"


# Heads.


class Logits(Knn):
    def predict(self, x):
        return super().predict(x) * 3


class Ignorant(Knn):
    def predict(self, x):
        return np.full_like(super().predict(x), 0.25)


class NeedsAPhotograph(Knn):
    def predict(self, x):
        x[0]
        return super().predict(x)


class RanksTheBatch(Knn):
    def predict(self, x):
        found = super().predict(x)
        found = found * (1 + found.sum(axis=0))
        return found / found.sum(axis=1, keepdims=True)


class NeedsEveryClass(Knn):
    def fit(self, x, y, classes, groups):
        if len(np.unique(y)) < classes:
            raise ValueError("a class is missing")
        super().fit(x, y, classes, groups)


class DividesBySpread(Knn):
    def fit(self, x, y, classes, groups):
        if not x.std(axis=0).all():
            raise ZeroDivisionError("a number never changes")
        super().fit(x, y, classes, groups)


class KeepsObjects(Knn):
    def state(self):
        return State({**super().state().arrays, "names": np.array(["a", None], object)})


class RoundsItsState(Knn):
    def state(self):
        state = super().state()
        return State({n: np.round(a, 1) if a.dtype.kind == "f" else a for n, a in state.arrays.items()}, state.values)


class TakesAnyState(Knn):
    def restore(self, state):
        if state.arrays:
            super().restore(state)


class LosesACase(Knn):
    def cases(self):
        kept = super().cases()
        return type(kept)(kept.x[1:], kept.y[1:], kept.groups[1:])


# Fusions.


class Sums(Mean):
    def fuse(self, region_probabilities, present):
        return super().fuse(region_probabilities, present) * present.sum(axis=1, keepdims=True).astype(np.float32)


class CountsTheAbsent(Mean):
    def fuse(self, region_probabilities, present):
        return region_probabilities.mean(axis=1)


class MultipliesByZero(Mean):
    """Leaves absent regions out by a weight of 0, which does not take away what is no number."""

    def fuse(self, region_probabilities, present):
        weights = present[:, :, None].astype(np.float32)
        return (region_probabilities * weights).sum(axis=1) / weights.sum(axis=1)


class LeastLikely(Mean):
    def fuse(self, region_probabilities, present):
        found = 1 - super().fuse(region_probabilities, present)
        return found / found.sum(axis=1, keepdims=True)


class NeedsAVote(Mean):
    def fuse(self, region_probabilities, present):
        region_probabilities[0]
        return super().fuse(region_probabilities, present)


class ComparesPhotographs(Mean):
    def fuse(self, region_probabilities, present):
        found = super().fuse(region_probabilities, present)
        found = found / (found.max(axis=0, keepdims=True) if len(found) else 1)
        return found / found.sum(axis=1, keepdims=True)


class ForgetsWhatItLearned(Weighted):
    def state(self):
        state = super().state()
        return State({name: np.ones_like(array) for name, array in state.arrays.items()}, state.values)


class LearnsFromAnyState(Weighted):
    def restore(self, state):
        if state.arrays:
            super().restore(state)


CAUGHT_BY = {
    WantsMore: "can_be_built",
    Undocumented: "is_documented",
    SilentParameter: "is_documented",
    StarArguments: "is_documented",
    UnhashedWeights: "names_its_weights",
    Unlicensed: "names_its_weights",
    DividesByParameter: "refuses_wrong_parameters_in_words",
    MutteredRefusal: "refuses_wrong_parameters_in_words",
    Dice: "says_the_same_twice",
    EachItsOwn: "says_the_same_twice",
    Scribbles: "writes_nothing_to_its_inputs",
    SharedBuffer: "may_be_shared_by_threads",
    Remembers: "may_be_shared_by_threads",
    PhonesHome: "stays_off_the_network",
    Pickles: "reads_no_pickle",
    Chatty: "prints_nothing",
    OneListForAll: "gives_faces_as_the_contract_says",
    Float64Boxes: "gives_faces_as_the_contract_says",
    PercentScores: "gives_faces_as_the_contract_says",
    WidthAndHeight: "gives_faces_as_the_contract_says",
    Blind: "finds_the_example_faces",
    Elsewhere: "finds_the_example_faces",
    ViewersLeft: "names_landmarks_in_anatomical_order",
    MouthBeforeNose: "names_landmarks_in_anatomical_order",
    NeedsAnImage: "takes_no_images",
    LooksSideways: "sees_each_image_by_itself",
    NeedsAnArea: "bears_images_of_any_shape",
    ReadsTheName: "pays_no_heed_to_names",
    NamedTwice: "names_its_regions",
    Forgets: "accounts_for_every_region",
    NoReason: "accounts_for_every_region",
    UnitCoordinates: "gives_polygons_as_the_contract_says",
    IntegerPolygons: "gives_polygons_as_the_contract_says",
    NeedsAFace: "takes_no_faces",
    FirstFaceForAll: "sees_each_face_by_itself",
    OneFaceAnImage: "takes_several_faces_of_one_image",
    CutsAtTheEdge: "bears_faces_beyond_the_image",
    CutsByName: "pays_no_heed_to_names",
    WrongLength: "gives_embeddings_as_the_contract_says",
    NotANumber: "gives_embeddings_as_the_contract_says",
    Constant: "tells_crops_apart",
    NeedsACrop: "takes_no_crops",
    BatchNormed: "sees_each_crop_by_itself",
    TakesAnything: "refuses_crops_of_another_sort",
    MisnamedAlignment: "says_how_its_faces_lay",
    Logits: "gives_probabilities",
    Ignorant: "learns",
    NeedsAPhotograph: "takes_no_photographs",
    RanksTheBatch: "judges_each_photograph_by_itself",
    NeedsEveryClass: "bears_a_class_without_photographs",
    DividesBySpread: "bears_numbers_that_never_change",
    KeepsObjects: "keeps_its_state_in_a_bundle",
    RoundsItsState: "keeps_its_state_in_a_bundle",
    TakesAnyState: "refuses_a_state_that_is_not_its_own",
    LosesACase: "keeps_its_cases",
    Sums: "gives_probabilities",
    CountsTheAbsent: "leaves_absent_regions_out",
    MultipliesByZero: "leaves_absent_regions_out",
    LeastLikely: "hears_the_regions",
    NeedsAVote: "takes_no_photographs",
    ComparesPhotographs: "judges_each_photograph_by_itself",
    ForgetsWhatItLearned: "keeps_its_state_in_a_bundle",
    LearnsFromAnyState: "refuses_a_state_that_is_not_its_own",
}

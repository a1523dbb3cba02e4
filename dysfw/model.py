"""dysfw from Python: ``dysfw.load("recipes/paper.yaml").predict("photograph.jpg")``."""

from __future__ import annotations

import io
import weakref
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from PIL import Image as Pillow

from .cache.store import StageCache
from .errors import DysfwError, ImageError
from .explain.explanation import Explanation, condition_called, explain
from .explain.saliency_map import Method
from .imaging.decode import Source
from .inference.loading import open_pipeline
from .inference.patient import predict_patient
from .inference.pipeline import Pipeline
from .registry.registry import load_registry
from .types import BasePrediction, Failure, PatientPrediction, Prediction, UInt8
from .util.text import listed

if TYPE_CHECKING:
    import pandas as pd

ImageLike = str | Path | bytes | UInt8 | Pillow.Image
"""A photograph: a file, the bytes of one, uint8 [height, width, 3] in sRGB, or one that Pillow has opened."""

_numbers = count(1)


class Model:
    """A trained recipe at work. pipeline: what does it. labels: the conditions. regions: in the order of the votes."""

    def __init__(self, pipeline: Pipeline) -> None:
        if pipeline.classifier is None:
            raise DysfwError(f"the recipe {pipeline.recipe.name!r} is not trained")
        self.pipeline = pipeline
        self.labels = pipeline.classifier.labels
        self.regions = tuple(pipeline.classifier.heads)

    def predict(self, image: ImageLike) -> Result:
        """The face that the recipe chooses. Raises ImageError where there is none, or no photograph."""
        (one,) = self.pipeline.predict([_source(image, 1)], pixels=True)
        if isinstance(one, Failure):
            raise ImageError(one.code, f"{one.source}: {one.message}")
        return Result(one, self.pipeline)

    def predict_all(self, images: Iterable[ImageLike], *, all_faces: bool = False, pixels: bool = False) -> Results:
        """Every photograph, in order; what fails is among the results' ``failures`` and stops nothing. all_faces: every face
        that is found, not only the one that the recipe chooses. pixels: keep those of the photographs, which figures and maps
        need; a photograph of 12 megapixels takes 36 MB."""
        sources = (_source(image, number) for number, image in enumerate(_several(images), 1))
        judged, failures = [], []
        for one in self.pipeline.predict(sources, all_faces=all_faces, pixels=pixels):
            if isinstance(one, Failure):
                failures.append(one)
            else:
                judged.append(Result(one, self.pipeline))
        return Results(judged, tuple(failures))

    def predict_patient(self, images: Iterable[ImageLike], name: str = "patient") -> Result:
        """Photographs of one patient, judged together. Raises ImageError where none of them can be judged; those that cannot
        are left out, and stand among the judgement's ``failures``."""
        found = self.predict_all(images, pixels=True)
        if not found:
            why = [f"{one.source}: {one.message}" for one in found.failures] or ["none was given"]
            code = found.failures[0].code if found.failures else "missing_file"
            raise ImageError(code, f"no photograph of the patient could be judged; {'; '.join(why)}")
        assert self.pipeline.classifier  # noqa: S101  # as in __init__
        single = [one.prediction for one in found if isinstance(one.prediction, Prediction)]
        return Result(predict_patient(self.pipeline.classifier, name, single, found.failures), self.pipeline)

    def __repr__(self) -> str:
        return f"<dysfw model {self.pipeline.recipe.name}: {len(self.labels)} conditions by {len(self.regions)} regions>"


class Result:
    """What a model says of a face or a patient. judgement: the record itself, with probabilities, votes, reasons and notices;
    of a patient also with each photograph and why it was left out."""

    def __init__(self, prediction: BasePrediction, pipeline: Pipeline) -> None:
        self.prediction = prediction
        self._pipeline = pipeline
        self._explained: Explanation | None = None

    @property
    def ranking(self) -> list[tuple[str, float]]:
        """Conditions with their probabilities, the most probable first."""
        own = self.prediction
        return [(own.labels[k], float(own.probabilities[k])) for k in own.ranking]

    @property
    def reliable(self) -> bool:
        """Whether no check found a problem with this image."""
        return self.prediction.reliable

    def explain(self, why: str | None = None, *, maps: Method | None = None) -> Explanation:
        """What each region adds to the probability of ``why``, by default of the first condition. maps: "occlusion" or
        "gradient", also which parts of each region it hangs on, which takes seconds. What is shown of the result from then on
        holds it too. Raises DysfwError for an unknown condition and for a backbone without a gradient, ValueError for maps
        where the pixels were not kept or of a patient."""
        if maps not in {None, *get_args(Method)}:
            raise ValueError(f"maps are by {listed(get_args(Method))}, not {maps!r}")
        if maps and not isinstance(self.prediction, Prediction):
            raise ValueError("maps are of one face, and this is of several photographs")
        label = None if why is None else condition_called(why, self.prediction.labels, "why")
        self._explained = explain(self._pipeline, self.prediction, label=label, maps=maps)
        return self._explained

    def to_dict(self) -> dict[str, object]:
        """The documented JSON object."""
        from .output.to_json import patient_to_json, prediction_to_json

        own = self.prediction
        if isinstance(own, PatientPrediction):
            return patient_to_json(own, self._pipeline, self._explained)
        assert isinstance(own, Prediction)  # noqa: S101  # there is no third
        return prediction_to_json(own, self._pipeline, self._explained)

    def to_frame(self) -> pd.DataFrame:
        """A row for each condition, as ``dysfw run --format csv``. Needs pandas."""
        return _frame([self])

    def to_phenopacket(self, top: int = 5) -> dict[str, object]:
        """Raises DysfwError where the bundle knows no identifiers."""
        from .output.phenopacket import phenopacket

        return phenopacket(self.prediction, self._pipeline, top)

    def save_figure(self, path: str | Path, top: int = 5) -> None:
        """Photograph, ranking and votes: .png, .pdf or .svg. Raises DysfwError for another ending, and ValueError where the
        pixels were not kept."""
        from .output.figure import ENDINGS, save_figure

        if Path(path).suffix.lower() not in ENDINGS:
            raise DysfwError(f"the name of a figure must end in {listed(ENDINGS)}, found {str(path)!r}")
        save_figure(Path(path), self.prediction, self._pipeline, top, explanation=self._explained)

    def html(self, *, image: bool = False) -> str:
        """What notebooks show of it. photograph: hold the photograph too, as far as it is shown, for which its pixels must have
        been kept; a notebook with it holds a face."""
        from .output.card.card import card, style

        name = f"dysfw-{next(_numbers)}"  # unique among all that a notebook shows
        explained = self._explained or explain(self._pipeline, self.prediction)
        shown = card(self.prediction, self._pipeline, explained, top=5, name=name, show_image=image)
        return f"<style>{style()}</style>{shown}"

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        from .output.terminal import reliability_text

        first = ", ".join(f"{label} {probability:.3f}" for label, probability in self.ranking[:3])
        said = reliability_text(self.prediction)
        return f"<dysfw result: {first}{f'; {said}' if said else ''}>"


class Results(list[Result]):
    """Results in the order of the photographs. failures: those that could not be judged."""

    def __init__(self, results: Iterable[Result], failures: tuple[Failure, ...]) -> None:
        super().__init__(results)
        self.failures = failures

    def to_frame(self) -> pd.DataFrame:
        """As ``Result.to_frame``, below one another."""
        return _frame(self)

    def _repr_html_(self) -> str:
        from .output.card.card import failure_card

        failed = [failure_card(one, f"dysfw-{next(_numbers)}") for one in self.failures]
        return "".join([*(one._repr_html_() for one in self), *failed])


def load(source: str | Path, overrides: Sequence[str] = (), *, device: str | None = None, cache: bool = True) -> Model:
    """A recipe that names a bundle, or a bundle's folder. overrides: "fusion.use=median" …, as in ``--set``. device: cpu, cuda,
    mps. cache: whether faces, regions and embeddings are kept in this user's cache. Raises DysfwError."""
    given = [overrides] if isinstance(overrides, str) else overrides
    told = [*given, *([f"device={device}"] if device else [])]
    kept = _opened_cache() if cache else None
    model = Model(open_pipeline(Path(source), load_registry(), told, kept))
    if kept:
        weakref.finalize(model, kept.close)
    return model


def _opened_cache() -> StageCache | None:
    import warnings

    from .cache.location import cache_folder, cache_size

    folder = cache_folder()
    return StageCache(folder, cache_size(), lambda text: warnings.warn(text, stacklevel=2)) if folder else None


class _Given:
    """A photograph that is no file."""

    def __init__(self, content: bytes, name: str) -> None:
        self._content, self._name = content, name

    def read(self, most: int) -> bytes:
        return self._content[:most]

    def __str__(self) -> str:
        return self._name


def _several(images: Iterable[ImageLike]) -> Iterable[ImageLike]:
    """Raises TypeError for a single one, whose letters or bytes or rows would be taken for photographs."""
    if isinstance(images, str | Path | bytes | np.ndarray | Pillow.Image):
        raise TypeError(f"several photographs are asked for, and this is one ({type(images).__name__}); put it in a list")
    return images


def _source(image: ImageLike, number: int) -> Source:
    if isinstance(image, str | Path):
        return Path(image)
    name = f"photograph {number}"
    if isinstance(image, bytes):
        return _Given(image, name)
    if isinstance(image, np.ndarray):
        image = Pillow.fromarray(_checked(image))
    if not isinstance(image, Pillow.Image):
        raise TypeError(f"a photograph is a path, bytes, an array or a Pillow image, not {type(image).__name__}")
    written = io.BytesIO()
    try:
        image.save(written, "PNG", exif=image.getexif(), compress_level=1)
    except (OSError, ValueError):  # a mode that PNG has not
        image.convert("RGB").save(written, "PNG", exif=image.getexif(), compress_level=1)
    return _Given(written.getvalue(), getattr(image, "filename", "") or name)


def _checked(pixels: np.ndarray[Any, Any]) -> UInt8:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"an array must be uint8 [height, width, 3] in RGB, found {pixels.dtype} {list(pixels.shape)}")
    return pixels


def _frame(results: Iterable[Result]) -> pd.DataFrame:
    try:
        import pandas as pd
    except ImportError as error:
        raise DysfwError(f"tables need pandas ({error})", hint="pip install pandas") from None
    from .output.ranking_table import COLUMNS, ranking_rows

    rows = [row for one in results for row in ranking_rows(one.prediction, one._pipeline)]
    return pd.DataFrame(rows, columns=list(COLUMNS))

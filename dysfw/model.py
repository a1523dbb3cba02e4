"""Use of recipes from Python: ``dysfw.load("recipes/paper.yaml").predict("photo.jpg")``."""

from __future__ import annotations

import io
import weakref
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from PIL import Image as Pillow

from .cache.store import StageCache
from .decoding.files import Source
from .decoding.memory_image import MemoryImage
from .errors import DysfwError, ImageError
from .explain.explanation import Explanation, condition_called, explain
from .explain.saliency_map import Method
from .inference.loading import open_pipeline
from .inference.patient import predict_patient
from .inference.pipeline import Pipeline
from .registry.registry import load_registry
from .types import BasePrediction, Failure, PatientPrediction, PatientRecord, Prediction, UInt8
from .util.probability import probability_text
from .util.text import listed

if TYPE_CHECKING:
    import pandas as pd

ImageLike = str | Path | bytes | UInt8 | Pillow.Image
"""An image: a path, the bytes of a file, uint8 [height, width, 3] in sRGB, or a Pillow image."""

NO_RECORD = PatientRecord()
_ids = count(1)


class Model:
    """A trained recipe that predicts.

    Args:
        pipeline: The pipeline of the trained recipe.

    Attributes:
        pipeline: The pipeline.
        labels: The conditions.
        regions: The regions, in the order of their probabilities.

    Raises:
        DysfwError: The recipe is not trained.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        if pipeline.classifier is None:
            raise DysfwError(f"the recipe {pipeline.recipe.name!r} is not trained", hint="train it with `dysfw train`")
        self.pipeline = pipeline
        self.labels = pipeline.classifier.labels
        self.regions = tuple(pipeline.classifier.heads)

    def predict(self, image: ImageLike, record: PatientRecord = NO_RECORD) -> Result:
        """Predict from one image, for the face that the recipe chooses.

        Args:
            image: The image.
            record: What is known of the patient beside the image: signs, age, sex. The recipe must have evidence.

        Returns:
            The result.

        Raises:
            ImageError: The image cannot be read, or no face is found in it.
            DysfwError: There is a record, and the recipe reads none.
        """
        if record:
            self.pipeline.evidence  # noqa: B018  # raises before any work
        (prediction,) = self.pipeline.predict([_source(image, 1)], pixels=True)
        if isinstance(prediction, Failure):
            raise ImageError(prediction.code, f"{prediction.source}: {prediction.message}")
        return Result(self.pipeline.with_record(prediction, record), self.pipeline)

    def predict_all(self, images: Iterable[ImageLike], *, all_faces: bool = False, pixels: bool = False) -> Results:
        """Predict from several images.

        Args:
            images: The images.
            all_faces: Whether to predict for every detected face, not only the one that the recipe chooses.
            pixels: Whether to keep the pixels, which figures and maps need. An image of 12 megapixels takes 36 MB.

        Returns:
            The results, in order. Images that cannot be used are in its ``failures``.

        Raises:
            TypeError: ``images`` is a single image.
        """
        sources = (_source(image, number) for number, image in enumerate(_require_several(images), 1))
        results, failures = [], []
        for prediction in self.pipeline.predict(sources, all_faces=all_faces, pixels=pixels):
            if isinstance(prediction, Failure):
                failures.append(prediction)
            else:
                results.append(Result(prediction, self.pipeline))
        return Results(results, tuple(failures))

    def predict_patient(self, images: Iterable[ImageLike], name: str = "patient", record: PatientRecord = NO_RECORD) -> Result:
        """Predict from several images of one patient together.

        Args:
            images: The images.
            name: Name of the patient.
            record: What is known of the patient beside the images. The recipe must have evidence.

        Returns:
            The result. Images that cannot be used are in the ``failures`` of its ``prediction``.

        Raises:
            ImageError: No image can be used.
            DysfwError: There is a record, and the recipe reads none.
            TypeError: ``images`` is a single image.
        """
        if record:
            self.pipeline.evidence  # noqa: B018  # raises before any work
        assert self.pipeline.classifier  # noqa: S101  # as in __init__
        sources = (_source(image, number) for number, image in enumerate(_require_several(images), 1))
        results = list(self.pipeline.predict(sources, pixels=True))
        patient = predict_patient(self.pipeline.classifier, name, results)
        if patient is None:
            failures = [one for one in results if isinstance(one, Failure)]
            reasons = [f"{failure.source}: {failure.message}" for failure in failures] or ["there are no images"]
            code = failures[0].code if failures else "missing_file"
            raise ImageError(code, f"no image of the patient could be used: {'; '.join(reasons)}")
        return Result(self.pipeline.with_record(patient, record), self.pipeline)

    def __repr__(self) -> str:
        return f"<dysfw model {self.pipeline.recipe.name}: {len(self.labels)} conditions, {len(self.regions)} regions>"


class Result:
    """The result of a model for one face or one patient.

    Args:
        prediction: The prediction.
        pipeline: The pipeline that made it.

    Attributes:
        prediction: The record with all probabilities, region probabilities, reasons and warnings; see ``dysfw.types``.
    """

    def __init__(self, prediction: BasePrediction, pipeline: Pipeline) -> None:
        self.prediction = prediction
        self._pipeline = pipeline
        self._explanation: Explanation | None = None

    @property
    def ranking(self) -> list[tuple[str, float]]:
        """Conditions with their probabilities, the most probable first."""
        prediction = self.prediction
        return [(prediction.labels[k], float(prediction.probabilities[k])) for k in prediction.ranking]

    @property
    def reliable(self) -> bool:
        """Whether no check found a problem with this image."""
        return self.prediction.reliable

    def explain(self, why: str | None = None, *, maps: Method | None = None) -> Explanation:
        """Explain the probability of a condition. Later output of this result includes the explanation.

        Args:
            why: The condition to explain; None for the first.
            maps: "occlusion" or "gradient" to also compute saliency maps, which takes seconds; None for no maps.

        Returns:
            The explanation.

        Raises:
            DysfwError: There is no such condition, or maps by gradient are requested and the backbone does not support them.
            ValueError: Maps are requested for a patient, by an unknown method, or without the pixels.
        """
        if maps not in {None, *get_args(Method)}:
            raise ValueError(f"maps must be {listed(get_args(Method))} or None, found {maps!r}")
        if maps and not isinstance(self.prediction, Prediction):
            raise ValueError("maps need the prediction of one face, and this is the prediction of a patient")
        label = None if why is None else condition_called(why, self.prediction.labels, "why")
        self._explanation = explain(self._pipeline, self.prediction, label=label, maps=maps)
        return self._explanation

    def to_dict(self) -> dict[str, object]:
        """Convert to the documented JSON object, as ``dysfw run --format json`` prints it."""
        from .output.to_json import patient_to_json, prediction_to_json

        prediction = self.prediction
        if isinstance(prediction, PatientPrediction):
            return patient_to_json(prediction, self._pipeline, self._explanation)
        assert isinstance(prediction, Prediction)  # noqa: S101  # the only other class
        return prediction_to_json(prediction, self._pipeline, self._explanation)

    def to_frame(self) -> pd.DataFrame:
        """Convert to a DataFrame with a row for each condition, as ``dysfw run --format csv`` prints it.

        Raises:
            DysfwError: pandas is not installed.
        """
        return _frame([self])

    def to_phenopacket(self, top: int = 5) -> dict[str, object]:
        """Convert to a Phenopacket, as JSON values.

        Args:
            top: Maximum rank of a condition.

        Returns:
            The Phenopacket.

        Raises:
            DysfwError: The package phenopackets is missing, or no condition of the bundle has an identifier.
        """
        from .output.phenopacket import phenopacket

        return phenopacket(self.prediction, self._pipeline, top)

    def save_figure(self, path: str | Path, top: int = 5) -> None:
        """Write a figure with the image, the ranking and the probabilities of each region.

        Args:
            path: File that ends in .png, .pdf or .svg.
            top: Maximum number of conditions.

        Raises:
            DysfwError: The suffix is not one of these, or the file cannot be written.
            ValueError: The pixels were not kept.
        """
        from .output.figure import FORMATS, save_figure

        if Path(path).suffix.lower() not in FORMATS:
            raise DysfwError(f"the file of a figure must end in {listed(FORMATS)}, found {str(path)!r}")
        save_figure(Path(path), self.prediction, self._pipeline, top, explanation=self._explanation)

    def save_pdf(self, path: str | Path, paper: Literal["a4", "letter"] = "a4", top: int = 5) -> None:
        """Write a document for paper, with everything that ``save_figure`` shows, in words and tables, and the record.

        Args:
            path: File that ends in .pdf.
            paper: Size of the pages.
            top: Maximum number of conditions in the ranking.

        Raises:
            DysfwError: The suffix is another one, there is no such paper size, reportlab is missing, or the file cannot be
                written.
            ValueError: The pixels were not kept.
        """
        from .output.pdf import save_pdf

        if Path(path).suffix.lower() != ".pdf":
            raise DysfwError(f"the file of a PDF must end in .pdf, found {str(path)!r}")
        save_pdf(Path(path), self.prediction, self._pipeline, top=top, explanation=self._explanation, paper=paper)

    def html(self, *, image: bool = False) -> str:
        """Write the HTML that notebooks show.

        Args:
            image: Whether to embed the face, whose pixels must have been kept. A notebook with it contains a patient's face.

        Returns:
            HTML without scripts.

        Raises:
            ValueError: ``image`` is set, and the pixels were not kept.
        """
        from .output.card.card import card, style

        name = f"dysfw-{next(_ids)}"  # unique in a notebook
        explanation = self._explanation or explain(self._pipeline, self.prediction)
        content = card(self.prediction, self._pipeline, explanation, top=5, name=name, show_image=image)
        return f"<style>{style()}</style>{content}"

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        from .output.terminal import reliability_text

        first = ", ".join(f"{label} {probability_text(probability)}" for label, probability in self.ranking[:3])
        return f"<dysfw result: {first}; {reliability_text(self.prediction)}>"


class Results(list[Result]):
    """The results for several images, in order.

    Args:
        results: The results.
        failures: The images that could not be used.

    Attributes:
        failures: The images that could not be used.
    """

    def __init__(self, results: Iterable[Result], failures: tuple[Failure, ...]) -> None:
        super().__init__(results)
        self.failures = failures

    def to_frame(self) -> pd.DataFrame:
        """Convert to a DataFrame with the rows of all results; see ``Result.to_frame``.

        Raises:
            DysfwError: pandas is not installed.
        """
        return _frame(self)

    def _repr_html_(self) -> str:
        from .output.card.card import failure_card

        failures = [failure_card(failure, f"dysfw-{next(_ids)}") for failure in self.failures]
        return "".join([*(result._repr_html_() for result in self), *failures])


def load(
    source: str | Path,
    overrides: Sequence[str] = (),
    *,
    device: str | None = None,
    runtime: str | None = None,
    cache: bool = True,
) -> Model:
    """Load a trained recipe.

    Args:
        source: File of a recipe that names a bundle, or folder of a bundle.
        overrides: Changes of the recipe such as "fusion.use=median", as in ``--set``.
        device: "cpu", "cuda", "cuda:1", "mps" …; None for the recipe's.
        runtime: What executes the networks: "auto", "torch", "onnxruntime", "openvino" …; None for the recipe's.
        cache: Whether to use the user's cache of faces, regions and embeddings.

    Returns:
        The model.

    Raises:
        DysfwError: The recipe is invalid or not trained, or its bundle cannot be used.
    """
    changes = [overrides] if isinstance(overrides, str) else [*overrides]
    chosen = {"device": device, "runtime": runtime}
    changes += [f"{key}={value}" for key, value in chosen.items() if value]
    stage_cache = _open_cache() if cache else None
    model = Model(open_pipeline(Path(source), load_registry(), changes, stage_cache))
    if stage_cache:
        weakref.finalize(model, stage_cache.close)
    return model


def _open_cache() -> StageCache | None:
    import warnings

    from .cache.location import cache_folder, cache_size

    try:
        folder = cache_folder()
    except DysfwError as error:  # such as for a service without a home folder
        warnings.warn(f"{error.message}; {error.hint}", stacklevel=2)
        return None
    return StageCache(folder, cache_size(), lambda text: warnings.warn(text, stacklevel=2)) if folder else None


def _require_several(images: Iterable[ImageLike]) -> Iterable[ImageLike]:
    """Reject a single image, whose characters, bytes or rows would be taken for images."""
    if isinstance(images, str | Path | bytes | np.ndarray | Pillow.Image):
        raise TypeError(f"expected several images, found one ({type(images).__name__}); put it in a list")
    return images


def _source(image: ImageLike, number: int) -> Source:
    if isinstance(image, str | Path):
        return Path(image)
    name = f"image {number}"
    if isinstance(image, bytes):
        return MemoryImage(image, name)
    if isinstance(image, np.ndarray):
        image = Pillow.fromarray(_check_array(image))
    if not isinstance(image, Pillow.Image):
        raise TypeError(f"an image must be a path, bytes, an array or a Pillow image, not {type(image).__name__}")
    buffer = io.BytesIO()
    try:
        image.save(buffer, "PNG", exif=image.getexif(), compress_level=1)
    except (OSError, ValueError):  # PNG lacks this mode
        image.convert("RGB").save(buffer, "PNG", exif=image.getexif(), compress_level=1)
    return MemoryImage(buffer.getvalue(), getattr(image, "filename", "") or name)


def _check_array(pixels: np.ndarray[Any, Any]) -> UInt8:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"an array must be uint8 [height, width, 3] in RGB, found {pixels.dtype} {list(pixels.shape)}")
    return pixels


def _frame(results: Iterable[Result]) -> pd.DataFrame:
    try:
        import pandas as pd
    except ImportError as error:
        raise DysfwError(f"tables need pandas ({error})", hint="pip install pandas") from None
    from .output.ranking_table import COLUMNS, ranking_rows

    rows = [row for result in results for row in ranking_rows(result.prediction, result._pipeline)]
    return pd.DataFrame(rows, columns=list(COLUMNS))

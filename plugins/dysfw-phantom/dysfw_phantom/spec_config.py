"""What a spec can contain."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .condition import Ages
from .effects import Effects, FileConfig, Size
from .yaml_reading import StrictModel

Split = Literal["train", "test"]
Count = Annotated[int, Field(ge=1, le=1_000)]
TermCount = Annotated[int, Field(ge=0, le=30)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Severity = Annotated[float, Field(ge=0, le=6)]


def _as_range(value: object) -> object:
    """Convert one number to a range with equal ends."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value, value
    return tuple(value) if isinstance(value, list) else value


def _ordered(images: tuple[int, int]) -> tuple[int, int]:
    if images[0] > images[1]:
        raise ValueError(f"found {list(images)}; the minimum must come first")
    return images


def _as_fractions(value: object) -> object:
    """Convert the name of a split to a mapping that assigns all patients to it."""
    return {value: 1.0} if isinstance(value, str) else value


Images = Annotated[tuple[Count, Count], BeforeValidator(_as_range), AfterValidator(_ordered)]
Patients = Annotated[int, Field(ge=1, le=1_000_000)]
OmimId = Annotated[str, Field(pattern=r"^OMIM:\d{6}$")]


class RandomTerms(StrictModel):
    """Terms drawn at random for each patient, at most one of each axis.

    Attributes:
        count: Minimum and maximum number of terms.
        severity: Minimum and maximum severity, in standard deviations.
    """

    count: tuple[TermCount, TermCount]
    severity: tuple[Severity, Severity]

    @model_validator(mode="after")
    def _ordered(self) -> RandomTerms:
        if self.count[0] > self.count[1] or self.severity[0] > self.severity[1]:
            raise ValueError("the minimum must come first in `count` and `severity`")
        return self


class ClassConfig(StrictModel):
    """Patients of one condition.

    Attributes:
        condition: Label of a shipped condition, or path of a YAML file.
        patients: Number of patients.
        images: Number of images of each patient, or its minimum and maximum.
        split: "train" or "test" for all patients, or the fraction of the patients in each.
        random_terms: Random terms of each patient in addition to those of the condition.
        source: Source in the manifest; "phantom" by default.
        effects: Effects of the source on the images.
    """

    condition: str
    patients: Patients
    images: Images = (1, 1)
    split: Annotated[dict[Split, Fraction], BeforeValidator(_as_fractions)] | None = None
    random_terms: RandomTerms | None = None
    source: str | None = None
    effects: Effects = Effects()

    @model_validator(mode="after")
    def _consistent(self) -> ClassConfig:
        if self.split is not None and abs(sum(self.split.values()) - 1) > 1e-6:
            raise ValueError(f"the fractions in split sum to {sum(self.split.values()):g} instead of 1")
        return self


class PublishedCases(StrictModel):
    """One patient for each published case of some diseases, with the signs that it describes.

    Attributes:
        file: Path of a file of cases; by default the cases that ship with this plugin.
        diseases: OMIM ids of the diseases; by default all that have enough cases.
        min_signs: Minimum number of drawable signs of a case.
        min_cases: Minimum number of such cases of a disease.
        one_publication: What to do with a disease whose cases are all from one publication, which no split could divide: draw
            as many patients with ``min_signs`` by its annotated frequencies instead, leave it out, or keep the cases.
        images: Number of images of each patient, or its minimum and maximum.
    """

    file: str | None = None
    diseases: Annotated[tuple[OmimId, ...], Field(min_length=1)] | None = None
    min_signs: Annotated[int, Field(ge=1, le=30)] = 2
    min_cases: Annotated[int, Field(ge=1, le=10_000)] = 2
    one_publication: Literal["annotations", "leave out", "keep"] = "annotations"
    images: Images = (1, 1)


class AnnotatedDiseases(StrictModel):
    """Patients of diseases whose signs have the annotated frequencies. Frequent diseases have many patients, rare ones few.

    Attributes:
        diseases: OMIM ids of the diseases, or their number: those with most drawable signs.
        min_signs: Minimum number of drawable signs of a disease.
        patients: Number of patients of the rarest and of the most frequent disease; the others lie between, by a power law.
        images: Number of images of each patient, or its minimum and maximum.
    """

    diseases: Annotated[int, Field(ge=1, le=5_000)] | Annotated[tuple[OmimId, ...], Field(min_length=1)]
    min_signs: Annotated[int, Field(ge=1, le=30)] = 3
    patients: Annotated[tuple[Patients, Patients], BeforeValidator(_as_range), AfterValidator(_ordered)]
    images: Images = (1, 1)


class SpecConfig(StrictModel):
    """Content of a spec.

    Attributes:
        version: 1, or 2: unaffected people also vary on the axes that were added later, and random terms include theirs.
        name: Name of the data set and prefix of the names of patients.
        note: A remark for readers.
        seed: Random seed.
        size: Side of the images, px.
        label: What a folder stands for: "condition", or "patient" to train face recognition.
        file: File format of the images.
        severity: Factor on the severity of all terms.
        natural_variation: Factor on the variation between unaffected faces.
        age: Minimum and maximum age of all patients in years, in place of those of the conditions, so that age does not
            reveal the condition.
        classes: The classes.
        published_cases: Further classes: diseases with their published cases.
        annotated: Further classes: diseases with annotated frequencies.
    """

    version: Literal[1, 2]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    note: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    size: Size = 256
    label: Literal["condition", "patient"] = "condition"
    file: FileConfig = FileConfig()
    severity: Annotated[float, Field(ge=0, le=3)] = 1.0
    natural_variation: Annotated[float, Field(ge=0, le=2)] = 1.0
    age: Ages | None = None
    classes: tuple[ClassConfig, ...] = ()
    published_cases: PublishedCases | None = None
    annotated: AnnotatedDiseases | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> SpecConfig:
        if not self.classes and not self.published_cases and not self.annotated:
            raise ValueError("classes is empty; list some, or add published_cases or annotated")
        return self

    @model_validator(mode="after")
    def _splits_in_all_or_no_classes(self) -> SpecConfig:
        unsplit = {config.split is None for config in self.classes}
        if self.published_cases or self.annotated:
            unsplit.add(True)
        if len(unsplit) > 1:
            raise ValueError("some classes have a split and some do not; specify it for all classes or for none")
        return self

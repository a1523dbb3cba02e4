"""Reads and checks a prediction request: images and fields of a form, in memory only."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ..decoding.memory_image import MemoryImage
from ..explain.saliency_map import Method
from ..output.pdf.save import Paper
from ..util.text import listed, printable, quoted
from .body import MAX_JSON, arriving
from .problems import RequestError
from .responses import Format, Output
from .settings import Settings
from .uploads import MAX_NAME, base_name

IMAGES = "images"
MAX_FIELDS = 32  # more than there are


class PredictForm(BaseModel):
    """Fields of a prediction request, beside its images.

    Attributes:
        faces: Which faces of each image are predicted: the one that the recipe selects, or all.
        face: Index of the face to predict, from 0, as in ``face.index``. For several images, one index for each, separated by
            commas; an empty index means the face that the recipe selects: "0,,2".
        patient: Name of the patient whom all images show; adds a prediction for the patient.
        explain: Whether to add the contributions of the regions.
        why: Label of the condition to explain instead of the first; implies ``explain``.
        maps: Method for heat maps of the regions; implies ``explain``.
        show_image: Whether HTML contains the part of the image that it shows.
        top: Number of conditions in html, pdf and phenopacket.
        format: Format of the response.
        paper: Size of a PDF.
        record: The patient's record, as JSON or YAML: its keys, or a Phenopacket.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    faces: Literal["chosen", "all"] = "chosen"
    face: Annotated[str, Field(pattern=r"^\d{0,4}(,\d{0,4})*$", max_length=2000)] | None = None
    patient: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    explain: bool = False
    why: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    maps: Method | None = None
    show_image: bool = False
    top: Annotated[int, Field(ge=1, le=1000)] = 5
    format: Format = "json"
    paper: Paper = "a4"
    record: Annotated[str, Field(max_length=MAX_JSON)] | None = None

    @model_validator(mode="after")
    def _check_combinations(self) -> PredictForm:
        if self.faces == "all" and (self.patient is not None or self.face is not None):
            raise ValueError("faces=all cannot be combined with patient or face, which use one face per image")
        if self.patient is not None and not (self.patient.isprintable() and self.patient.strip()):
            raise ValueError("patient must have printable characters only")
        if self.show_image and self.format != "html":
            raise ValueError("show_image requires format=html; a PDF always shows the image")
        if self.maps is not None and self.format not in {"json", "html"}:
            raise ValueError(f"maps requires format=json or html, not {self.format}")
        return self

    @property
    def output(self) -> Output:
        """How the results are written."""
        return Output(self.format, self.top, self.paper, show_image=self.show_image)

    def face_of(self, number: int) -> int | None:
        """The index of the face to predict in an image.

        Args:
            number: Position of the image in the request, from 0.

        Returns:
            The index; None for the face that the recipe selects.
        """
        indices = (self.face or "").split(",")
        return int(indices[number]) if number < len(indices) and indices[number] else None


class _InMemoryParser(MultiPartParser):
    spool_max_size = 2**62  # by default, large files would be written to disk


async def read_form(request: Request, settings: Settings) -> tuple[list[MemoryImage], PredictForm]:
    """Read a prediction request.

    Args:
        request: The request.
        settings: The server's settings.

    Returns:
        The images, and the other fields.

    Raises:
        RequestError: If the request is invalid, too large or too slow.
        ClientDisconnect: If the client disconnects.
    """
    uploads, values = await _read_multipart(request, settings)
    fields = _validate(values)
    indices = 0 if fields.face is None else len(fields.face.split(","))
    if indices not in {0, len(uploads)}:
        message = f"face has {indices} indices for {len(uploads)} images; give one for each, such as 0,,2"
        raise RequestError(400, "wrong_field", message)
    return uploads, fields


async def read_images(request: Request, settings: Settings) -> list[MemoryImage]:
    """Read a request that has images and no other fields.

    Args:
        request: The request.
        settings: The server's settings.

    Raises:
        RequestError: If the request is invalid, too large or too slow.
        ClientDisconnect: If the client disconnects.
    """
    uploads, values = await _read_multipart(request, settings)
    if values:
        names = listed(printable(key)[:MAX_NAME] for key in values)
        raise RequestError(400, "wrong_field", f"unknown field {names} (allowed: {IMAGES})")
    return uploads


async def _read_multipart(request: Request, settings: Settings) -> tuple[list[MemoryImage], dict[str, str]]:
    """The images and the other fields of a form."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise RequestError(415, "not_multipart", f"the request must be multipart/form-data, with image files in {IMAGES!r}")
    async with arriving(request, settings.max_upload, settings) as parts:
        parser = _InMemoryParser(request.headers, parts, max_files=settings.max_images, max_fields=MAX_FIELDS)
        try:
            form = await parser.parse()
        except MultiPartException as error:
            raise RequestError(400, "malformed", f"the request cannot be read: {error.message}") from None
    try:
        uploads, values = await _split(form)
    finally:
        await form.close()
    if not uploads:
        raise RequestError(400, "no_image", f"the request has no image; send files in {IMAGES!r}")
    return uploads, values


async def _split(form: FormData) -> tuple[list[MemoryImage], dict[str, str]]:
    """The files and the other fields of a form."""
    uploads: list[MemoryImage] = []
    values: dict[str, str] = {}
    for key, value in form.multi_items():
        if isinstance(value, UploadFile):
            name = base_name(value.filename or "", len(uploads) + 1)
            if key != IMAGES:
                message = f"{name!r} was sent in {printable(key)[:MAX_NAME]!r}; send images in {IMAGES!r}"
                raise RequestError(400, "malformed", message)
            uploads.append(MemoryImage(await value.read(), name))
        elif key in values:
            raise RequestError(400, "wrong_field", f"{printable(key)[:MAX_NAME]!r} is given twice")
        else:
            values[key] = value
    return uploads, values


def _validate(values: dict[str, str]) -> PredictForm:
    try:
        return PredictForm.model_validate(values)
    except ValidationError as error:
        messages = []
        for detail in error.errors():
            key = ".".join(map(str, detail["loc"]))
            if detail["type"] == "extra_forbidden":
                messages.append(f"unknown field {printable(key)[:MAX_NAME]!r} (allowed: {listed(PredictForm.model_fields)})")
            else:
                messages.append(f"{key}: {_message(detail)}" if key else _message(detail))
        raise RequestError(400, "wrong_field", "; ".join(messages)) from None


def _message(detail: Any) -> str:  # noqa: ANN401  # pydantic's error details
    """A message in terms of forms, whose values are texts."""
    message = str(detail["msg"]).removeprefix("Value error, ")
    messages = {
        "int_parsing": "must be a whole number",
        "bool_parsing": "must be true or false",
        "string_pattern_mismatch": "must be numbers from 0, separated by commas",
    }
    return f"{messages.get(detail['type'], message)}, found {quoted(str(detail['input']))}" if detail["loc"] else message

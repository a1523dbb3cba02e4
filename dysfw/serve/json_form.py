"""Requests in JSON: about images that the server keeps, and about what is known of conditions."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.requests import Request

from ..output.pdf.save import Paper
from ..util.text import listed, printable, quoted
from .body import parse_json, read_body
from .problems import RequestError
from .responses import Format, Output
from .settings import Settings

MAX_IMAGES = 256  # of a request
MAX_GENES = 200
MAX_MESSAGES = 5  # of one error
ID = r"^[A-Za-z0-9_-]{1,64}$"
Text = Annotated[str, Field(min_length=1, max_length=200)]


class JsonRequest(BaseModel):
    """Base class: no other fields are allowed, and no value is converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class ImageChoice(JsonRequest):
    """A kept image and one of its faces.

    Attributes:
        id: Id of the image.
        face: Index of the face, from 0; null for the face that the recipe selects.
    """

    id: Annotated[str, Field(pattern=ID)]
    face: Annotated[int, Field(ge=0, le=9999)] | None = None


Images = Annotated[list[ImageChoice], Field(max_length=MAX_IMAGES)]
Record = Annotated[dict[str, Any], Field(description="The keys of a record, or a Phenopacket of version 2.")]


class AnswerRequest(JsonRequest):
    """A prediction from kept images.

    Attributes:
        images: The images.
        patient: Name of the patient whom all images show; null to predict for each image alone.
        record: The patient's record.
        why: Label of the condition to explain; null for the first.
        maps: Whether saliency maps are added.
        top: Number of conditions in html, pdf and phenopacket.
        format: Format of the response.
        paper: Size of a PDF.
    """

    images: Images
    patient: Text | None = None
    record: Record | None = None
    why: Text | None = None
    maps: bool = False
    top: Annotated[int, Field(ge=1, le=1000)] = 5
    format: Format = "json"
    paper: Paper = "a4"

    @field_validator("patient")
    @classmethod
    def _printable(cls, patient: str | None) -> str | None:
        if patient is not None and not (patient.isprintable() and patient.strip()):
            raise ValueError("must have printable characters only")
        return patient

    @property
    def output(self) -> Output:
        """How the results are written."""
        return Output(self.format, self.top, self.paper)


class ComparisonRequest(JsonRequest):
    """A condition to compare with a record.

    Attributes:
        condition: A label of the model, or the identifier of a disease such as "OMIM:122470".
        record: The patient's record.
    """

    condition: Text
    record: Record | None = None


class RankingRequest(JsonRequest):
    """A ranking of all annotated diseases.

    Attributes:
        images: Kept images of the patient.
        record: The patient's record.
        genes: Symbols or numbers of genes, to show their diseases only.
        top: Maximum number of diseases.
    """

    images: Images = []
    record: Record | None = None
    genes: Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=MAX_GENES)] = []
    top: Annotated[int, Field(ge=1, le=1000)] = 100


class ForgetRequest(JsonRequest):
    """Images to forget.

    Attributes:
        ids: Their ids; those that are not kept are no error.
    """

    ids: Annotated[list[Annotated[str, Field(pattern=ID)]], Field(max_length=10_000)]


M = TypeVar("M", bound=JsonRequest)


async def read_json(request: Request, model: type[M], settings: Settings) -> M:
    """Read a request in JSON.

    Args:
        request: The request, whatever its Content-Type: beacons of browsers cannot choose theirs.
        model: What it should hold.
        settings: The server's settings.

    Raises:
        RequestError: It is invalid, too large or too slow.
        ClientDisconnect: The client disconnected.
    """
    value = parse_json(await read_body(request, settings))
    try:
        return model.model_validate(value)
    except ValidationError as error:
        messages = [_message(detail, model) for detail in error.errors()[:MAX_MESSAGES]]
        raise RequestError(400, "wrong_field", "; ".join(messages)) from None


def _message(detail: Any, model: type[JsonRequest]) -> str:  # noqa: ANN401  # pydantic's error details
    place = printable(".".join(map(str, detail["loc"])))[:100]
    if detail["type"] == "extra_forbidden":
        allowed = f" (allowed: {listed(model.model_fields)})" if len(detail["loc"]) == 1 else ""
        return f"unknown field {quoted(place)}{allowed}"
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message

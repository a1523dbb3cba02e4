"""Reads a request's photographs and fields, into memory and nowhere else, and checks them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ..explain.saliency_map import Method
from ..util.text import listed, printable, shown
from .auth_middleware import too_large
from .problems import RequestError
from .settings import Settings

IMAGES = "images"
FIELDS = 32  # no request has more
NAME = 100  # characters of a photograph's name that are kept
Format = Literal["json", "html", "csv", "tsv", "phenopacket", "coco", "pdf"]


class PredictForm(BaseModel):
    """What a request asks beside its photographs. faces: those that are judged in each photograph. face: only this one, from 0,
    by the number in ``face.index``; of several photographs one for each, separated by commas, nothing standing for the face
    that the recipe chooses: "0,,2". patient: all photographs show one patient, called so. explain: say what each region adds;
    why: to this condition's probability, not the first's; maps: and which parts of each region it hangs on, by this
    method. photograph: html holds the part of the photograph that it shows, as it was judged. top: conditions
    that are shown in html, pdf and phenopacket. format: of the answer."""

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

    @model_validator(mode="after")
    def _go_together(self) -> PredictForm:
        if self.faces == "all" and (self.patient is not None or self.face is not None):
            raise ValueError("faces=all does not go with patient or face, which take one face of each photograph")
        if self.patient is not None and not (self.patient.isprintable() and self.patient.strip()):
            raise ValueError("patient is a name of printable characters")
        if self.show_image and self.format != "html":
            raise ValueError("photograph is for html; a PDF has it anyway, and nothing else can hold it")
        if self.maps is not None and self.format not in {"json", "html"}:
            raise ValueError(f"maps have no place in {self.format}")
        return self

    def face_of(self, number: int) -> int | None:
        """The face that is asked for in this photograph, from 0; None for the recipe's own choice."""
        given = (self.face or "").split(",")
        return int(given[number]) if number < len(given) and given[number] else None


@dataclass(frozen=True, slots=True)
class UploadedImage:
    """A photograph in memory, as the pipeline reads any that is no file. name: of the file it was, without its folders."""

    content: bytes
    name: str

    def read(self, most: int) -> bytes:
        return self.content[:most]

    def __str__(self) -> str:
        return self.name


class _InMemory(MultiPartParser):
    spool_max_size = 2**62  # or large files would be written to disk on the way


async def read_request(request: Request, settings: Settings) -> tuple[list[UploadedImage], PredictForm]:
    """Raises RequestError; ClientDisconnect where the client leaves."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise RequestError(415, "not_multipart", f"send multipart/form-data with the photographs in {IMAGES!r}")
    parser = _InMemory(request.headers, _limited(request, settings.upload), max_files=settings.images, max_fields=FIELDS)
    try:
        async with asyncio.timeout(settings.upload_seconds):
            form = await parser.parse()
    except TimeoutError:
        message = f"the request did not arrive within {settings.upload_seconds:g} s"
        raise RequestError(408, "too_slow", message) from None
    except MultiPartException as error:
        raise RequestError(400, "malformed", f"the request cannot be read: {error.message}") from None
    try:
        uploads: list[UploadedImage] = []
        fields: dict[str, str] = {}
        for key, value in form.multi_items():
            if isinstance(value, UploadFile):
                uploads.append(UploadedImage(await value.read(), _name(value.filename or "", len(uploads) + 1)))
                _check_file(key, uploads[-1])
            else:
                if key in fields:
                    raise RequestError(400, "wrong_field", f"{printable(key)[:NAME]!r} is given twice")
                fields[key] = value
        if not uploads:
            raise RequestError(400, "no_photograph", f"the request holds no photograph; send one as a file in {IMAGES!r}")
        asked = _asked(fields)
        if asked.face is not None and len(asked.face.split(",")) != len(uploads):
            message = (
                f"face names {len(asked.face.split(','))} and there are {len(uploads)} photographs; one for each, as in 0,,2"
            )
            raise RequestError(400, "wrong_field", message)
        return uploads, asked
    finally:
        await form.close()


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > most:
            raise too_large(most)
        yield chunk


def _told(detail: Any) -> str:  # noqa: ANN401  # pydantic's error details
    """In words of forms: everything in a form is text."""
    words = str(detail["msg"]).removeprefix("Value error, ")
    kinds = {"int_parsing": "a whole number is needed", "bool_parsing": "true or false is needed"}
    kinds |= {"string_pattern_mismatch": "numbers from 0, separated by commas, are needed"}
    return f"{kinds.get(detail['type'], words)}, found {shown(str(detail['input']))}" if detail["loc"] else words


def _name(given: str, number: int) -> str:
    """Of whatever a client sends, the last part, printable and short. It is shown, and never opened."""
    plain = given.replace("%22", '"').replace("%0D", " ").replace("%0A", " ")  # as browsers write these in forms
    last = PureWindowsPath(PurePosixPath(plain).name).name
    return printable(last)[-NAME:] or f"photograph {number}"


def _check_file(key: str, upload: UploadedImage) -> None:
    if key != IMAGES:
        message = f"{upload.name!r} came as {printable(key)[:NAME]!r}; send photographs as {IMAGES!r}"
        raise RequestError(400, "malformed", message)


def _asked(fields: dict[str, str]) -> PredictForm:
    try:
        return PredictForm.model_validate(fields)
    except ValidationError as error:
        told = []
        for detail in error.errors():
            key = ".".join(map(str, detail["loc"]))
            if detail["type"] == "extra_forbidden":
                told.append(f"unknown field {printable(key)[:NAME]!r} (allowed: {listed(PredictForm.model_fields)})")
            else:
                said = _told(detail)
                told.append(f"{key}: {said}" if key else said)
        raise RequestError(400, "wrong_field", "; ".join(told)) from None

"""Reads a request's photographs and fields, into memory and nowhere else, and checks them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ..explain.map import Method
from ..text import listed, printable
from .guard import too_large
from .problems import RequestError
from .settings import Settings

IMAGES = "images"
FIELDS = 32  # no request has more
NAME = 100  # characters of a photograph's name that are kept
Format = Literal["json", "html", "csv", "tsv", "phenopacket", "coco", "pdf"]


class Asked(BaseModel):
    """What a request asks beside its photographs. faces: those that are judged in each photograph. face: only this one, from 0,
    by the number in ``face.index``. patient: all photographs show one patient, called so. explain: say what each region adds;
    why: to this condition's probability, not the first's; maps: and which parts of each region it hangs on, by this
    method. top: conditions
    that are shown in html, pdf and phenopacket. format: of the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    faces: Literal["chosen", "all"] = "chosen"
    face: Annotated[int, Field(ge=0, le=10_000)] | None = None
    patient: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    explain: bool = False
    why: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    maps: Method | None = None
    top: Annotated[int, Field(ge=1, le=1000)] = 5
    format: Format = "json"

    @model_validator(mode="after")
    def _go_together(self) -> Asked:
        if self.patient is not None and (self.faces == "all" or self.face is not None):
            raise ValueError("patient takes one face of each photograph; leave faces and face out")
        if self.maps is not None and self.format not in {"json", "html"}:
            raise ValueError(f"maps have no place in {self.format}")
        return self


@dataclass(frozen=True, slots=True)
class Upload:
    """A photograph in memory, as the pipeline reads any that is no file. name: of the file it was, without its folders."""

    content: bytes
    name: str

    def read(self, most: int) -> bytes:
        return self.content[:most]

    def __str__(self) -> str:
        return self.name


class _InMemory(MultiPartParser):
    spool_max_size = 2**62  # or large files would be written to disk on the way


async def read_request(request: Request, settings: Settings) -> tuple[list[Upload], Asked]:
    """Raises RequestError; ClientDisconnect where the client leaves."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise RequestError(415, "not_multipart", f"send multipart/form-data with the photographs in {IMAGES!r}")
    parser = _InMemory(request.headers, _limited(request, settings.upload), max_files=settings.photographs, max_fields=FIELDS)
    try:
        async with asyncio.timeout(settings.upload_seconds):
            form = await parser.parse()
    except TimeoutError:
        message = f"the request did not arrive within {settings.upload_seconds:g} s"
        raise RequestError(408, "too_slow", message) from None
    except MultiPartException as error:
        raise RequestError(400, "malformed", f"the request cannot be read: {error.message}") from None
    try:
        uploads: list[Upload] = []
        fields: dict[str, str] = {}
        for key, value in form.multi_items():
            if isinstance(value, UploadFile):
                uploads.append(Upload(await value.read(), _name(value.filename or "", len(uploads) + 1)))
                _check_file(key, uploads[-1])
            else:
                fields[key] = value
        if not uploads:
            raise RequestError(400, "no_photograph", f"the request holds no photograph; send one as a file in {IMAGES!r}")
        return uploads, _asked(fields)
    finally:
        await form.close()


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > most:
            raise too_large(most)
        yield chunk


def _name(given: str, number: int) -> str:
    """Of whatever a client sends, the last part, printable and short. It is shown, and never opened."""
    last = PureWindowsPath(PurePosixPath(given).name).name
    return printable(last)[-NAME:] or f"photograph {number}"


def _check_file(key: str, upload: Upload) -> None:
    if key != IMAGES:
        message = f"{upload.name!r} came as {printable(key)[:NAME]!r}; send photographs as {IMAGES!r}"
        raise RequestError(400, "malformed", message)


def _asked(fields: dict[str, str]) -> Asked:
    try:
        return Asked.model_validate(fields)
    except ValidationError as error:
        told = []
        for detail in error.errors():
            key = ".".join(map(str, detail["loc"]))
            if detail["type"] == "extra_forbidden":
                told.append(f"unknown field {printable(key)[:NAME]!r} (allowed: {listed(Asked.model_fields)})")
            else:
                told.append(f"{key}: {detail['msg']}" if key else str(detail["msg"]))
        raise RequestError(400, "wrong_field", "; ".join(told)) from None

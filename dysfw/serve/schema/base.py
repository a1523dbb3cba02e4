"""What all schemas share: errors, references and links."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """Base class: no other fields are allowed."""

    model_config = ConfigDict(extra="forbid")


class Problem(Schema):
    """An error, warning or reason."""

    code: str
    message: str


class RequestProblem(Problem):
    """An error; `ids` are the images that are not kept."""

    ids: list[str] | None = None


class ErrorResponse(Schema):
    """A request that was rejected."""

    error: RequestProblem


class Reference(Schema):
    """Name and fingerprint of a recipe or bundle."""

    name: str
    fingerprint: str


class Link(Schema):
    """An identifier, and the page about it; null if none is known."""

    id: str
    href: str | None


class Health(Schema):
    """The state of the server."""

    status: Literal["ok"]

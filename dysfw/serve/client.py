"""A client of ``dysfw serve``: ``Client("http://127.0.0.1:8765", token).predict("image.jpg")``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from ..errors import DysfwError
from ..types import PatientRecord

MAX_TRIES = 5  # while the server is busy


class Client:
    """A client of ``dysfw serve``. It ignores proxies of the environment, so images go to the server only.

    Args:
        address: The address that the server printed, with or without its token.
        token: The token, if the address does not contain it.
        timeout: Seconds to wait for each response; longer than the server's own limits.
    """

    def __init__(self, address: str, token: str | None = None, *, timeout: float = 150.0) -> None:
        base, _, query = (address if "://" in address else f"http://{address}").partition("?")
        self._base, self._timeout = base.rstrip("/"), timeout
        self._session = requests.Session()
        self._session.trust_env = False
        token = token or dict(part.partition("=")[::2] for part in query.split("&")).get("token")
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def predict(self, image: str | Path | bytes, **fields: object) -> dict[str, Any]:
        """Predict one image.

        Args:
            image: A path, or the bytes of an image file.
            **fields: Fields of the API, such as ``explain=True`` or ``face=1``. ``record={"observed": ["HP:0000343"]}`` adds
                what is known of the patient.

        Returns:
            The JSON object of the first face that is predicted, or of the error; see the documentation of outputs.

        Raises:
            DysfwError: If the server does not answer or rejects the request.
        """
        prediction: dict[str, Any] = self.predict_all([image], **fields)["predictions"][0]
        return prediction

    def predict_all(self, images: Iterable[str | Path | bytes], **fields: object) -> dict[str, Any]:
        """Predict several images in one request.

        Args:
            images: Paths, or bytes of image files; at most as many as the server allows.
            **fields: Fields of the API, such as ``patient="P-17"``.

        Returns:
            ``{"predictions": [...], "patient": ...}``; "patient" is None unless the field is given.

        Raises:
            DysfwError: If the server does not answer or rejects the request.
        """
        if "format" in fields:
            raise DysfwError("predict and predict_all return JSON objects", hint="use `write` for other formats")
        result: dict[str, Any] = self._predict(images, fields).json()
        return result

    def write(self, images: Iterable[str | Path | bytes], form: str, **fields: object) -> bytes:
        """Predict images and return a file.

        Args:
            images: Paths, or bytes of image files; at most as many as the server allows.
            form: Format: csv, tsv, phenopacket, coco, pdf or html.
            **fields: Fields of the API.

        Returns:
            The file's bytes.

        Raises:
            DysfwError: If the server does not answer or rejects the request, or if no image could be predicted.
        """
        response = self._predict(images, fields | {"format": form})
        if response.status_code == 422 and form != "html":
            failures = [f"{one['image']['source']}: {one['error']['message']}" for one in response.json()["predictions"]]
            raise DysfwError(f"no image could be predicted; {'; '.join(failures)}")
        return response.content

    def bundle(self) -> dict[str, Any]:
        """Describe the model that the server uses.

        Returns:
            Recipe, bundle, labels, regions and limits.

        Raises:
            DysfwError: If the server does not answer or rejects the request.
        """
        description: dict[str, Any] = self._require_ok(self._send("GET", "/v1/bundle")).json()
        return description

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _predict(self, images: Iterable[str | Path | bytes], fields: dict[str, object]) -> requests.Response:
        if isinstance(images, str | Path | bytes):
            raise TypeError(f"images must be a list, found one image ({images!r:.40}); put it in a list")
        files = [("images", _file(one, number)) for number, one in enumerate(images, 1)]
        if not files:
            raise DysfwError("no image was given")
        data = {name: _form_value(value) for name, value in fields.items() if value is not None}
        return self._require_ok(self._send("POST", "/v1/predictions", files=files, data=data))

    def _send(self, method: str, path: str, **body: Any) -> requests.Response:  # noqa: ANN401  # arguments of requests
        """Send a request, and retry while the server is busy."""
        for tries_left in reversed(range(MAX_TRIES)):
            try:
                response = self._session.request(method, self._base + path, timeout=self._timeout, **body)
            except requests.RequestException as error:
                kind = "timeout" if isinstance(error, requests.Timeout) else type(error).__name__
                raise DysfwError(f"{self._base} does not answer ({kind})", hint="is `dysfw serve` running there?") from None
            retry_after = response.headers.get("Retry-After") if response.status_code == 503 else None
            if retry_after is None or not tries_left:
                break
            time.sleep(float(retry_after))
        return response

    @staticmethod
    def _require_ok(response: requests.Response) -> requests.Response:
        """Raise DysfwError unless the status is 200, or 422, with which each image has an error of its own."""
        if response.status_code in {200, 422}:
            return response
        try:
            message = response.json()["error"]["message"]
        except (ValueError, KeyError, TypeError):
            message = response.text[:200]
        raise DysfwError(f"the server answered {response.status_code}: {message}")


def _file(image: str | Path | bytes, number: int) -> tuple[str, bytes]:
    if isinstance(image, bytes):
        return f"image {number}", image
    path = Path(image)
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise DysfwError(f"cannot read {path}: {error.strerror or error}") from None


def _form_value(value: object) -> str:
    if isinstance(value, PatientRecord):
        value = asdict(value)
    if isinstance(value, Mapping):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)

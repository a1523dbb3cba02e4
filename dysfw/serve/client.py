"""A client of ``dysfw serve``: ``Client("http://127.0.0.1:8765", token).predict("photograph.jpg")``."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from ..errors import DysfwError

TRIES = 5  # where the server is busy


class Client:
    """address: as the server printed it, with its token or without. token: where the address holds none. timeout: seconds for
    each answer, more than the server takes to give up. Nothing is sent anywhere else: proxies of the environment are not
    asked."""

    def __init__(self, address: str, token: str | None = None, *, timeout: float = 150.0) -> None:
        base, _, query = (address if "://" in address else f"http://{address}").partition("?")
        self._base, self._timeout = base.rstrip("/"), timeout
        self._session = requests.Session()
        self._session.trust_env = False
        token = token or dict(part.partition("=")[::2] for part in query.split("&")).get("token")
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def predict(self, image: str | Path | bytes, **asked: object) -> dict[str, Any]:
        """The JSON object of the first face that is judged, or of why there is none; see the documentation of outputs. asked:
        fields of the API, such as ``explain=True`` or ``face=1``. Raises DysfwError where the server refuses."""
        found: dict[str, Any] = self.predict_all([image], **asked)["predictions"][0]
        return found

    def predict_all(self, images: Iterable[str | Path | bytes], **asked: object) -> dict[str, Any]:
        """{"predictions": [...], "patient": ...}; the latter with ``patient="P-17"``. As many as the server takes at a time."""
        if "format" in asked:
            raise DysfwError("predictions come as objects", hint="`write` gives other formats")
        answer: dict[str, Any] = self._ask(images, asked).json()
        return answer

    def write(self, images: Iterable[str | Path | bytes], form: str, **asked: object) -> bytes:
        """The answer in another format: csv, tsv, phenopacket, coco, pdf or html. Raises DysfwError, with the reason of each,
        where none of the photographs could be judged."""
        answer = self._ask(images, asked | {"format": form})
        if answer.status_code == 422 and form != "html":
            failed = [f"{one['image']['source']}: {one['error']['message']}" for one in answer.json()["predictions"]]
            raise DysfwError(f"no face was judged; {'; '.join(failed)}")
        return answer.content

    def bundle(self) -> dict[str, Any]:
        """What the server judges by."""
        answer: dict[str, Any] = self._checked(self._send("GET", "/v1/bundle")).json()
        return answer

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _ask(self, images: Iterable[str | Path | bytes], asked: dict[str, object]) -> requests.Response:
        if isinstance(images, str | Path | bytes):
            raise TypeError(f"several photographs are asked for, and this is one ({images!r:.40}); put it in a list")
        files = [("images", _file(one, number)) for number, one in enumerate(images, 1)]
        if not files:
            raise DysfwError("no photograph was given")
        fields = {name: _field(value) for name, value in asked.items() if value is not None}
        return self._checked(self._send("POST", "/v1/predictions", files=files, data=fields))

    def _send(self, method: str, path: str, **body: Any) -> requests.Response:  # noqa: ANN401  # as requests takes it
        """Comes back where the server is busy."""
        for left in reversed(range(TRIES)):
            try:
                answer = self._session.request(method, self._base + path, timeout=self._timeout, **body)
            except requests.RequestException as error:
                kind = "no answer in time" if isinstance(error, requests.Timeout) else type(error).__name__
                raise DysfwError(f"{self._base} does not answer ({kind})", hint="is `dysfw serve` running there?") from None
            later = answer.headers.get("Retry-After") if answer.status_code == 503 else None
            if later is None or not left:
                break
            time.sleep(float(later))
        return answer

    @staticmethod
    def _checked(answer: requests.Response) -> requests.Response:
        """422 is an answer too: every photograph says why it was not judged."""
        if answer.status_code in {200, 422}:
            return answer
        try:
            told = answer.json()["error"]["message"]
        except (ValueError, KeyError, TypeError):
            told = answer.text[:200]
        raise DysfwError(f"the server answered {answer.status_code}: {told}")


def _file(image: str | Path | bytes, number: int) -> tuple[str, bytes]:
    if isinstance(image, bytes):
        return f"photograph {number}", image
    path = Path(image)
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise DysfwError(f"cannot read {path}: {error.strerror or error}") from None


def _field(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

"""Handlers of images that the server keeps."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Path as InPath
from fastapi import Query, Request
from fastapi.responses import JSONResponse, Response

from ..errors import DysfwError
from ..explain.explanation import condition_called
from ..output.explanation import map_to_json
from ..output.to_json import prediction_to_json
from ..types import Failure
from .answer_task import MapTask, present_regions
from .form import read_images
from .json_form import ForgetRequest, read_json
from .keep_task import KeepTask, KeptResult
from .problems import RequestError
from .service import Service

Face = Annotated[int, InPath(ge=0, le=9999, description="Index of the face, from 0.")]
MIB = 2**20


class ImageHandlers:
    """Handlers of images that the server keeps.

    Args:
        service: What handlers share.
    """

    def __init__(self, service: Service) -> None:
        self.service, self.pipeline, self.settings = service, service.pipeline, service.settings

    async def keep(self, request: Request) -> Response:
        """Predict all faces of images, and keep the images in memory, so that further requests need not send them again."""
        with self.service.one_request():
            uploads = await read_images(request, self.settings)
            results = await self.service.result_of(KeepTask(uploads), request)
            accepted = [self._accepted(one) for one in results]
            content = await asyncio.to_thread(lambda: [self._to_json(one) for one in accepted])
            for one in accepted:
                if not isinstance(one, Failure):
                    self.service.kept.add(one)
        self.service.metrics.add_images(one if isinstance(one, Failure) else None for one in accepted)
        return JSONResponse({"images": content})

    async def preview(self, id: str) -> Response:
        """The image as the recipe saw it, upright, at most 1,280 px."""
        (image,) = self.service.kept.get([id])
        return Response(image.preview, media_type="image/jpeg")  # never in a browser's cache on disk

    async def delete(self, id: str) -> Response:
        """Forget an image; no error if it is not kept."""
        self.service.kept.forget([id])
        return Response(status_code=204)

    async def forget(self, request: Request) -> Response:
        """Forget several images. A page that closes can send this as a beacon."""
        asked = await read_json(request, ForgetRequest, self.settings)
        self.service.kept.forget(asked.ids)
        return Response(status_code=204)

    async def heat_map(
        self,
        request: Request,
        id: str,
        face: Face,
        region: str,
        condition: Annotated[str | None, Query(max_length=200, description="A label; the first condition if omitted.")] = None,
    ) -> Response:
        """The heat map of one region of a face. It is computed once for all conditions, and kept with the image."""
        (image,) = self.service.kept.get([id])
        kept_face = image.face(face)
        if kept_face is None:
            raise RequestError(404, "no_such_face", f"there is no face {face} in this image")
        prediction = kept_face.prediction
        if region not in present_regions(prediction):
            reason = prediction.face_embedding.segmentation.absent.get(region, "the model has no such region")
            raise RequestError(404, "no_such_region", f"there is no map of this region: {reason}")
        index = prediction.ranking[0] if condition is None else self._index_of(condition)
        with self.service.one_request():
            task = MapTask(image, kept_face, region, self.service.metrics)
            saliency_map = await self.service.result_of(task, request)
            self.service.kept.measure([image])
        return JSONResponse(map_to_json(saliency_map, index))

    def _index_of(self, condition: str) -> int:
        assert self.pipeline.classifier  # noqa: S101  # the pipeline is trained
        labels = self.pipeline.classifier.labels
        try:
            return labels.index(condition_called(condition, labels, "condition"))
        except DysfwError as error:
            raise RequestError(400, "wrong_field", f"{error.message}; {error.hint}") from None

    def _accepted(self, one: KeptResult) -> KeptResult:
        """The image, or a failure if it alone needs more memory than all may."""
        if isinstance(one, Failure) or self.service.kept.fits(one):
            return one
        image = one.info
        message = f"it needs more than {self.settings.keep_memory / MIB:.0f} MiB, the most that this server keeps of all images"
        return Failure(image.source, "too_large_to_keep", message, image.sha256, image.width, image.height)

    def _to_json(self, one: KeptResult) -> dict[str, object]:
        if isinstance(one, Failure):
            return {"source": one.source, "error": {"code": one.code, "message": one.message}}
        return {
            "id": one.id,
            "source": one.info.source,
            "sha256": one.info.sha256,
            "width": one.info.width,
            "height": one.info.height,
            "preview": f"/v1/images/{one.id}/preview",
            "faces": [prediction_to_json(face.prediction, self.pipeline, face.explanation) for face in one.faces],
            "chosen": one.chosen,
        }

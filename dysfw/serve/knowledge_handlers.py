"""Handlers of what is known beside the training data: signs, conditions, typical faces, and a ranking of all diseases."""

from __future__ import annotations

import asyncio
import io
import logging
import threading
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Path as InPath
from fastapi import Query, Request
from fastapi.responses import JSONResponse, Response
from PIL import Image as Pillow

from ..knowledge.load import Knowledge
from ..knowledge.ontology import ConditionProfile, PhenotypeOntology
from ..types import Failure, PatientRecord, Sex, UInt8, Weights
from ..types.record import MAX_AGE
from ..util.text import error_place
from . import schema
from .answer_task import prediction_of
from .body import read_body
from .bundle_description import bundle_of
from .comparison import comparison_of
from .conditions import NamedCondition, condition_of, unknown_condition
from .json_form import ComparisonRequest, RankingRequest, read_json
from .patient_records import read_text, read_values
from .plugin_calls import call_plugin
from .problems import RequestError
from .record_reading import record_to_json
from .service import Service, refuse_disconnected
from .typical_faces import NUMBER, DrawnFace, FaceOf, TypicalFaces

log = logging.getLogger("dysfw.serve")
ONTOLOGY = "the ontology"
Number = Annotated[int, InPath(ge=0, lt=NUMBER, description="Which of the condition's faces, from 0.")]
Age = Annotated[float | None, Query(ge=0, le=MAX_AGE, description="Age in years.")]
Text = Annotated[str, Query(max_length=200, description="The beginning of a name, of words in it, or an identifier.")]
Limit = Annotated[int, Query(ge=1, le=50)]
FaceCount = Annotated[int, Query(ge=1, le=NUMBER, description="Number of faces.")]


class KnowledgeHandlers:
    """Handlers of what is known beside the training data.

    Args:
        service: What handlers share.
        knowledge: The ontology and the face generator.
    """

    def __init__(self, service: Service, knowledge: Knowledge) -> None:
        self.service, self.pipeline, self.settings = service, service.pipeline, service.settings
        self._ontology = knowledge.ontology
        self._faces = TypicalFaces(knowledge.face_generator) if knowledge.face_generator else None
        self._composites = service.pipeline.composites
        self._ranking = asyncio.Lock()  # one at a time: it uses all processors

    def load(self) -> None:
        """Load the ontology in a thread, so that the first letter that is typed does not wait for it."""
        if self._ontology:
            threading.Thread(target=self._load, args=[self._ontology], name="ontology", daemon=True).start()

    @staticmethod
    def _load(ontology: PhenotypeOntology) -> None:
        try:
            ontology.load()
        except Exception as error:  # each request will say so; predictions work without it
            log.error("%s cannot be loaded: %s", ONTOLOGY, error_place(error))

    async def bundle(self) -> schema.Bundle:
        """Describe the model that the server uses, and the limits of requests."""
        release: Weights | None = None
        if self._ontology:
            ontology = self._ontology
            try:
                release = await call_plugin(ONTOLOGY, lambda: ontology.release)
            except RequestError:  # it was logged; the page works without it
                release = None
        return bundle_of(self.pipeline, self.settings, ontology=release, draws_faces=self._faces is not None)

    async def terms(self, q: Text, limit: Limit = 12) -> schema.Terms:
        """Find signs while a person types, by the names and synonyms of the ontology."""
        found = await call_plugin(ONTOLOGY, self._required_ontology().search, q, limit)
        return schema.Terms(
            terms=[
                schema.Term(id=one.id, name=one.name, synonym=one.synonym, definition=one.definition) for one in found[:limit]
            ]
        )

    async def read_record(self, request: Request) -> schema.Record:
        """Read a record, such as a Phenopacket, and report what of it cannot be used or contradicts itself.

        Nothing of it is kept.
        """
        content = await read_body(request, self.settings)
        read = await asyncio.to_thread(read_text, content)
        found = await call_plugin(ONTOLOGY, self._ontology.interpret, read.record) if self._ontology else None
        return record_to_json(read, found)

    async def compare(self, request: Request) -> schema.Comparison:
        """Describe a condition: its identifiers, genes and signs, compared with a record."""
        asked = await read_json(request, ComparisonRequest, self.settings)
        named = condition_of(asked.condition, self.pipeline)
        record = (await asyncio.to_thread(read_values, asked.record)).record
        profile = await self._profile(named, record)
        if profile is None and not named.is_label:
            raise unknown_condition()
        draws = self._faces is not None and profile is not None and bool(profile.signs)
        composite = self._composites.get(named.ids.label) if named.is_label else None
        return comparison_of(
            named,
            profile,
            typical_faces=NUMBER if draws else 0,
            composite_patients=composite.patients if composite else None,
        )

    async def rank(self, request: Request) -> Response:
        """Rank all annotated diseases by how well they explain a patient's signs and face; see `dysfw rank`."""
        with self.service.one_request():
            asked = await read_json(request, RankingRequest, self.settings)
            record = (await asyncio.to_thread(read_values, asked.record)).record
            images = self.service.kept.get([one.id for one in asked.images])
            predictions = [prediction_of(image, one.face) for image, one in zip(images, asked.images, strict=True)]
            if missing := [one for one in predictions if isinstance(one, Failure) and one.code == "no_such_face"]:
                raise RequestError(404, missing[0].code, f"image {predictions.index(missing[0]) + 1}: {missing[0].message}")
            ontology = self._required_ontology()
            async with self._ranking:
                await refuse_disconnected(request)
                ranking = await call_plugin(
                    ONTOLOGY,
                    ontology.rank,
                    record,
                    pipeline=self.pipeline if predictions else None,
                    predictions=predictions,
                    genes=asked.genes,
                    top=asked.top,
                )
        return JSONResponse(dict(ranking))

    async def faces(
        self, request: Request, condition: str, age: Age = None, sex: Sex | None = None, count: FaceCount = NUMBER
    ) -> schema.TypicalFaces:
        """Draw synthetic faces with the signs of a condition, and say which signs they show."""
        drawn = []
        with self.service.one_request():
            for number in range(count):
                await refuse_disconnected(request)
                face = await self._face(condition, number, age, sex)
                if face is None:
                    break
                href = f"/v1/conditions/{quote(condition, safe='')}/faces/{number}"
                query = urlencode({key: value for key, value in (("age", age), ("sex", sex)) if value is not None})
                drawn.append(
                    schema.TypicalFace(
                        href=f"{href}?{query}" if query else href, shown=list(face.shown), not_shown=list(face.not_shown)
                    )
                )
        return schema.TypicalFaces(faces=drawn)

    async def face(self, condition: str, number: Number, age: Age = None, sex: Sex | None = None) -> Response:
        """A synthetic face with the signs of a condition."""
        with self.service.one_request():
            face = await self._face(condition, number, age, sex)
        if face is None:
            raise RequestError(404, "no_face", "no sign of this condition can be drawn")
        return Response(face.jpeg, media_type="image/jpeg")

    async def composite(self, condition: str) -> Response:
        """The mean face of a condition's training patients, if the bundle was trained with composites."""
        composite = self._composites.get(condition)
        if composite is None:
            raise RequestError(404, "no_composite", "the bundle holds no composite of this condition")
        return Response(await asyncio.to_thread(_png, composite.pixels), media_type="image/png")

    async def _face(self, condition: str, number: int, age: float | None, sex: Sex | None) -> DrawnFace | None:
        if self._faces is None:
            raise RequestError(404, "no_face_generator", "no plugin of this server draws typical faces")
        named = condition_of(condition, self.pipeline)
        profile = await self._profile(named, PatientRecord())
        if profile is None and not named.is_label:
            raise unknown_condition()
        return await self._faces.face(FaceOf(named.ids, number, age, sex), profile.signs if profile else ())

    async def _profile(self, named: NamedCondition, record: PatientRecord) -> ConditionProfile | None:
        if self._ontology is None:
            return None
        return await call_plugin(ONTOLOGY, self._ontology.profile, named.ids, record)

    def _required_ontology(self) -> PhenotypeOntology:
        if self._ontology is None:
            message = "no plugin of this server provides an ontology; install dysfw-hpo to search signs"
            raise RequestError(404, "no_ontology", message)
        return self._ontology


def _png(pixels: UInt8) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "PNG")
    return file.getvalue()

"""The public interface for plugins: everything that a plugin imports.

    from dysfw.plugin import ComponentSpec, Segmenter, hookimpl

Importing this module is cheap: each name is imported from its module on first use, so a plugin's entry module stays light.
Within one minor version (0.1.x) names are only added. Names that are not listed here may change without notice.
"""

# ruff: noqa: PLC0414  # "X as X" marks a name as exported for type checkers

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .batch.item import BatchItem as BatchItem
    from .batch.rows import Row as Row
    from .batch.runner import BatchRunner as BatchRunner
    from .batch.runner import BatchTask as BatchTask
    from .batch.serialization import decoded_batches as decoded_batches
    from .batch.serialization import deserialize_batch as deserialize_batch
    from .batch.serialization import serialize_batch as serialize_batch
    from .cli.main import registry_of as registry_of
    from .cli.options import DeviceOption as DeviceOption
    from .cli.options import FetchOption as FetchOption
    from .cli.options import RuntimeOption as RuntimeOption
    from .cli.options import SetOption as SetOption
    from .cli.options import overrides as overrides
    from .cli.record import AgeOption as AgeOption
    from .cli.record import AncestryOption as AncestryOption
    from .cli.record import ExcludedTermOption as ExcludedTermOption
    from .cli.record import RecordOption as RecordOption
    from .cli.record import SexOption as SexOption
    from .cli.record import TermOption as TermOption
    from .cli.record import record_of as record_of
    from .cli.stage_cache import NoCacheOption as NoCacheOption
    from .cli.stage_cache import opened_cache as opened_cache
    from .cli.terminal import TerminalProgress as TerminalProgress
    from .cli.terminal import err as err
    from .cli.terminal import if_interrupted as if_interrupted
    from .cli.terminal import out as out
    from .cli.terminal import warn as warn
    from .contracts.components import Backbone as Backbone
    from .contracts.components import Component as Component
    from .contracts.components import Detector as Detector
    from .contracts.components import Evidence as Evidence
    from .contracts.components import Floats as Floats
    from .contracts.components import Fusion as Fusion
    from .contracts.components import GalleryBased as GalleryBased
    from .contracts.components import Head as Head
    from .contracts.components import Layer as Layer
    from .contracts.components import Segmenter as Segmenter
    from .contracts.components import SupportsLayers as SupportsLayers
    from .contracts.components import SupportsWeightDelta as SupportsWeightDelta
    from .contracts.layers import MIN_NORM as MIN_NORM
    from .contracts.layers import Affine as Affine
    from .contracts.layers import L2Normalize as L2Normalize
    from .contracts.layers import Logarithm as Logarithm
    from .contracts.layers import NeighborVote as NeighborVote
    from .contracts.layers import NormalizeSum as NormalizeSum
    from .contracts.layers import Pool as Pool
    from .contracts.layers import ReLU as ReLU
    from .contracts.layers import Softmax as Softmax
    from .contracts.layers import Standardize as Standardize
    from .contracts.layers import TwoStage as TwoStage
    from .contracts.layers import apply_layers as apply_layers
    from .contracts.runtime import Array as Array
    from .contracts.runtime import Runtime as Runtime
    from .contracts.runtime import Session as Session
    from .contracts.runtime import TensorInfo as TensorInfo
    from .data.dataset import Dataset as Dataset
    from .data.dataset import Sample as Sample
    from .data.read import read_dataset as read_dataset
    from .decoding.decoded import DecodedImage as DecodedImage
    from .decoding.depth import SIXTEEN_BIT as SIXTEEN_BIT
    from .decoding.depth import to_8_bit as to_8_bit
    from .decoding.limits import check_single as check_single
    from .decoding.limits import check_size as check_size
    from .decoding.limits import unsupported as unsupported
    from .decoding.pillow_file import damaged as damaged
    from .decoding.pillow_file import pillow_file as pillow_file
    from .decoding.srgb import to_srgb as to_srgb
    from .errors import DysfwError as DysfwError
    from .errors import ImageError as ImageError
    from .evaluation.protocol.frequent_rare import FrequentRare as FrequentRare
    from .evaluation.protocol.protocol import EvaluationProtocol as EvaluationProtocol
    from .evaluation.protocol.protocol import GallerySplit as GallerySplit
    from .evaluation.protocol.protocol import ProtocolPlan as ProtocolPlan
    from .evaluation.protocol.protocol import Setting as Setting
    from .evaluation.task_runner import TaskRunner as TaskRunner
    from .imaging.alignment import ALIGNMENTS as ALIGNMENTS
    from .imaging.alignment import ARCFACE_ALIGNMENT as ARCFACE_ALIGNMENT
    from .imaging.alignment import DLIB_ALIGNMENT as DLIB_ALIGNMENT
    from .imaging.alignment import FACENET_ALIGNMENT as FACENET_ALIGNMENT
    from .imaging.alignment import Alignment as Alignment
    from .imaging.crop import WHOLE as WHOLE
    from .imaging.crop import crop_region as crop_region
    from .imaging.crop import region_frame as region_frame
    from .imaging.face_selection import Select as Select
    from .imaging.face_selection import check_select as check_select
    from .imaging.face_selection import order_faces as order_faces
    from .imaging.face_selection import prominence as prominence
    from .imaging.geometry import inverse as inverse
    from .imaging.geometry import square_frame as square_frame
    from .imaging.geometry import transform as transform
    from .imaging.warp import warp as warp
    from .inference.loading import open_pipeline as open_pipeline
    from .inference.patient import predict_patient as predict_patient
    from .inference.pipeline import Pipeline as Pipeline
    from .inference.recipes import build_component as build_component
    from .inference.recipes import open_recipe as open_recipe
    from .inference.recipes import with_networks as with_networks
    from .knowledge.face_generator import FaceGenerator as FaceGenerator
    from .knowledge.face_generator import GeneratedFace as GeneratedFace
    from .knowledge.ontology import Assessment as Assessment
    from .knowledge.ontology import ComparedSign as ComparedSign
    from .knowledge.ontology import ConditionProfile as ConditionProfile
    from .knowledge.ontology import ConditionSign as ConditionSign
    from .knowledge.ontology import Gene as Gene
    from .knowledge.ontology import PhenotypeOntology as PhenotypeOntology
    from .knowledge.ontology import TermMatch as TermMatch
    from .output.evidence import ratio_text as ratio_text
    from .output.evidence import sign_to_json as sign_to_json
    from .output.fitted_table import Column as Column
    from .output.fitted_table import FittedTable as FittedTable
    from .output.fitted_table import multiline as multiline
    from .output.phenopacket_parts import checked as checked
    from .output.phenopacket_parts import features_of as features_of
    from .output.phenopacket_parts import require_phenopackets as require_phenopackets
    from .output.phenopacket_parts import resources_of as resources_of
    from .output.phenopacket_parts import subject_of as subject_of
    from .recipe.document import dump_document as dump_document
    from .recipe.document import parse_document as parse_document
    from .recipe.document import read_text as read_text
    from .recipe.model import Node as Node
    from .recipe.model import Recipe as Recipe
    from .recipe.problems import Problem as Problem
    from .recipe.problems import RecipeError as RecipeError
    from .recipe.problems import locate as locate
    from .registry.hookspecs import BundleSpec as BundleSpec
    from .registry.hookspecs import CommandSpec as CommandSpec
    from .registry.hookspecs import ComponentSpec as ComponentSpec
    from .registry.hookspecs import DecoderSpec as DecoderSpec
    from .registry.hookspecs import FaceGeneratorSpec as FaceGeneratorSpec
    from .registry.hookspecs import OntologySpec as OntologySpec
    from .registry.hookspecs import ProtocolSpec as ProtocolSpec
    from .registry.hookspecs import RunnerSpec as RunnerSpec
    from .registry.hookspecs import RuntimeSpec as RuntimeSpec
    from .registry.hookspecs import WeightsSpec as WeightsSpec
    from .registry.hookspecs import hookimpl as hookimpl
    from .registry.registry import load_registry as load_registry
    from .runtime.backbone import NetworkBackbone as NetworkBackbone
    from .runtime.backbone import TunableBackbone as TunableBackbone
    from .runtime.choose import choose_runtime as choose_runtime
    from .runtime.choose import open_session as open_session
    from .runtime.choose import runtime_version as runtime_version
    from .runtime.external_data import external_files as external_files
    from .runtime.graph import NetworkGraph as NetworkGraph
    from .runtime.graph import Tensors as Tensors
    from .runtime.graph import packaged_graph as packaged_graph
    from .runtime.graph import refuse_misfits as refuse_misfits
    from .runtime.library_errors import reading_model as reading_model
    from .runtime.library_errors import running_model as running_model
    from .runtime.network import GraphNetwork as GraphNetwork
    from .runtime.torch_utils import Normalise as Normalise
    from .runtime.torch_utils import TorchRunner as TorchRunner
    from .runtime.torch_utils import find_device as find_device
    from .runtime.torch_utils import load_tensors as load_tensors
    from .runtime.torch_utils import tensor_digest as tensor_digest
    from .runtime.torch_utils import with_weight_deltas as with_weight_deltas
    from .types import ANATOMY as ANATOMY
    from .types import BasePrediction as BasePrediction
    from .types import Bool as Bool
    from .types import ConditionIds as ConditionIds
    from .types import Crop as Crop
    from .types import EvidencePart as EvidencePart
    from .types import Face as Face
    from .types import FaceEmbedding as FaceEmbedding
    from .types import Failure as Failure
    from .types import Float32 as Float32
    from .types import GalleryCases as GalleryCases
    from .types import HeadPose as HeadPose
    from .types import Image as Image
    from .types import ImageInfo as ImageInfo
    from .types import Int64 as Int64
    from .types import InterpretedRecord as InterpretedRecord
    from .types import Notice as Notice
    from .types import PatientPrediction as PatientPrediction
    from .types import PatientRecord as PatientRecord
    from .types import Precision as Precision
    from .types import Prediction as Prediction
    from .types import RecordProblem as RecordProblem
    from .types import Region as Region
    from .types import Segmentation as Segmentation
    from .types import Sex as Sex
    from .types import Sign as Sign
    from .types import State as State
    from .types import UInt8 as UInt8
    from .types import Weights as Weights
    from .util.atomic import atomic_folder as atomic_folder
    from .util.atomic import atomic_write as atomic_write
    from .util.atomic import refuse_existing as refuse_existing
    from .util.atomic import refuse_unwritable as refuse_unwritable
    from .util.atomic import replace_file as replace_file
    from .util.files import packaged_file as packaged_file
    from .util.files import sha256_of as sha256_of
    from .util.install import install_command as install_command
    from .util.interrupts import interrupts_deferred as interrupts_deferred
    from .util.out_of_memory import is_out_of_memory as is_out_of_memory
    from .util.packed import CannotShareError as CannotShareError
    from .util.packed import pack_work as pack_work
    from .util.packed import unpack_work as unpack_work
    from .util.paths import local_path as local_path
    from .util.processors import usable_processors as usable_processors
    from .util.progress import Progress as Progress
    from .util.remembered import known_sha256 as known_sha256
    from .util.remembered import private_cache_folder as private_cache_folder
    from .util.text import closest as closest
    from .util.text import count as count
    from .util.text import error_text as error_text
    from .util.text import listed as listed
    from .util.text import quoted as quoted
    from .util.workers import work_alone as work_alone
    from .weights.find import WeightsMissingError as WeightsMissingError
    from .weights.find import find_weights as find_weights
    from .weights.hub import address_of as address_of
    from .weights.hub import cached_file as cached_file
    from .weights.hub import fetch_from_hub as fetch_from_hub
    from .weights.network import allow_fetching as allow_fetching
    from .weights.network import fetch_progress as fetch_progress
    from .weights.network import may_fetch as may_fetch
    from .weights.weight_file import read_metadata as read_metadata
    from .weights.weight_file import read_shapes as read_shapes
    from .weights.weight_file import read_weights as read_weights

EXPORTS: dict[str, tuple[str, ...]] = {
    # Hooks and the records they return
    "registry.hookspecs": (
        "BundleSpec",
        "CommandSpec",
        "ComponentSpec",
        "DecoderSpec",
        "FaceGeneratorSpec",
        "OntologySpec",
        "ProtocolSpec",
        "RunnerSpec",
        "RuntimeSpec",
        "WeightsSpec",
        "hookimpl",
    ),
    # Contracts of the components
    "contracts.components": (
        "Backbone",
        "Component",
        "Detector",
        "Floats",
        "Evidence",
        "Fusion",
        "GalleryBased",
        "Head",
        "Layer",
        "Segmenter",
        "SupportsLayers",
        "SupportsWeightDelta",
    ),
    # Contracts of what is known beside the training data
    "knowledge.ontology": (
        "Assessment",
        "ComparedSign",
        "ConditionProfile",
        "ConditionSign",
        "Gene",
        "PhenotypeOntology",
        "TermMatch",
    ),
    "knowledge.face_generator": (
        "FaceGenerator",
        "GeneratedFace",
    ),
    # Layers of which exportable heads are composed
    "contracts.layers": (
        "Affine",
        "L2Normalize",
        "Logarithm",
        "MIN_NORM",
        "NeighborVote",
        "NormalizeSum",
        "Pool",
        "ReLU",
        "Softmax",
        "Standardize",
        "TwoStage",
        "apply_layers",
    ),
    # Records
    "types": (
        "ConditionIds",
        "EvidencePart",
        "InterpretedRecord",
        "PatientRecord",
        "RecordProblem",
        "Sex",
        "Sign",
        "ANATOMY",
        "Bool",
        "Crop",
        "Face",
        "FaceEmbedding",
        "Failure",
        "Float32",
        "GalleryCases",
        "HeadPose",
        "Image",
        "ImageInfo",
        "Int64",
        "Notice",
        "Precision",
        "Prediction",
        "Region",
        "Segmentation",
        "State",
        "UInt8",
        "Weights",
        "BasePrediction",
        "PatientPrediction",
    ),
    # Errors
    "errors": (
        "DysfwError",
        "ImageError",
    ),
    # Images
    "imaging.alignment": (
        "ALIGNMENTS",
        "ARCFACE_ALIGNMENT",
        "DLIB_ALIGNMENT",
        "FACENET_ALIGNMENT",
        "Alignment",
    ),
    "imaging.crop": (
        "WHOLE",
        "crop_region",
        "region_frame",
    ),
    "imaging.face_selection": (
        "Select",
        "check_select",
        "order_faces",
        "prominence",
    ),
    "imaging.geometry": (
        "inverse",
        "square_frame",
        "transform",
    ),
    "imaging.warp": ("warp",),
    # Decoders
    "decoding.decoded": ("DecodedImage",),
    "decoding.depth": ("SIXTEEN_BIT", "to_8_bit"),
    "decoding.limits": ("check_single", "check_size", "unsupported"),
    "decoding.pillow_file": ("damaged", "pillow_file"),
    "decoding.srgb": ("to_srgb",),
    # Networks in any runtime
    "contracts.runtime": (
        "Array",
        "Runtime",
        "Session",
        "TensorInfo",
    ),
    "runtime.choose": (
        "choose_runtime",
        "open_session",
        "runtime_version",
    ),
    "runtime.backbone": (
        "NetworkBackbone",
        "TunableBackbone",
    ),
    "runtime.external_data": ("external_files",),
    "runtime.graph": (
        "NetworkGraph",
        "Tensors",
        "packaged_graph",
        "refuse_misfits",
    ),
    "runtime.library_errors": (
        "reading_model",
        "running_model",
    ),
    "runtime.network": ("GraphNetwork",),
    # Networks in torch
    "runtime.torch_utils": (
        "Normalise",
        "TorchRunner",
        "find_device",
        "load_tensors",
        "tensor_digest",
        "with_weight_deltas",
    ),
    # Weights
    "weights.find": (
        "WeightsMissingError",
        "find_weights",
    ),
    "weights.hub": (
        "address_of",
        "cached_file",
        "fetch_from_hub",
    ),
    "weights.network": (
        "allow_fetching",
        "fetch_progress",
        "may_fetch",
    ),
    "weights.weight_file": (
        "read_metadata",
        "read_shapes",
        "read_weights",
    ),
    "util.files": (
        "packaged_file",
        "sha256_of",
    ),
    "util.remembered": ("known_sha256", "private_cache_folder"),
    # Data, recipes and commands
    "data.dataset": (
        "Dataset",
        "Sample",
    ),
    "data.read": ("read_dataset",),
    "recipe.document": (
        "dump_document",
        "parse_document",
        "read_text",
    ),
    "recipe.problems": (
        "Problem",
        "RecipeError",
        "locate",
    ),
    "cli.terminal": (
        "TerminalProgress",
        "if_interrupted",
        "out",
        "warn",
        "err",
    ),
    "output.fitted_table": (
        "Column",
        "FittedTable",
        "multiline",
    ),
    "util.atomic": (
        "atomic_folder",
        "atomic_write",
        "refuse_existing",
        "refuse_unwritable",
        "replace_file",
    ),
    "util.out_of_memory": ("is_out_of_memory",),
    "util.install": ("install_command",),
    "util.interrupts": ("interrupts_deferred",),
    "util.processors": ("usable_processors",),
    "util.progress": ("Progress",),
    "util.text": (
        "closest",
        "count",
        "error_text",
        "listed",
        "quoted",
    ),
    # Commands that read records and predict
    "cli.main": ("registry_of",),
    "cli.options": (
        "DeviceOption",
        "FetchOption",
        "RuntimeOption",
        "SetOption",
        "overrides",
    ),
    "cli.record": (
        "AgeOption",
        "AncestryOption",
        "ExcludedTermOption",
        "RecordOption",
        "SexOption",
        "TermOption",
        "record_of",
    ),
    "cli.stage_cache": (
        "NoCacheOption",
        "opened_cache",
    ),
    "inference.loading": ("open_pipeline",),
    "inference.patient": ("predict_patient",),
    "output.phenopacket_parts": ("checked", "features_of", "require_phenopackets", "resources_of", "subject_of"),
    "output.evidence": (
        "ratio_text",
        "sign_to_json",
    ),
    "util.paths": ("local_path",),
    # Batches on other machines
    "batch.item": ("BatchItem",),
    "batch.rows": ("Row",),
    "batch.runner": (
        "BatchRunner",
        "BatchTask",
    ),
    "batch.serialization": (
        "decoded_batches",
        "deserialize_batch",
        "serialize_batch",
    ),
    "registry.registry": ("load_registry",),
    # Splits of evaluations on other machines
    "evaluation.task_runner": ("TaskRunner",),
    # Evaluation protocols
    "evaluation.protocol.protocol": (
        "EvaluationProtocol",
        "GallerySplit",
        "ProtocolPlan",
        "Setting",
    ),
    "evaluation.protocol.frequent_rare": ("FrequentRare",),
    "util.packed": (
        "CannotShareError",
        "pack_work",
        "unpack_work",
    ),
    "util.workers": ("work_alone",),
    # Opened recipes
    "inference.pipeline": ("Pipeline",),
    "inference.recipes": (
        "build_component",
        "open_recipe",
        "with_networks",
    ),
    "recipe.model": (
        "Node",
        "Recipe",
    ),
}
_MODULE_OF = {name: module for module, names in EXPORTS.items() for name in names}
__all__ = sorted(_MODULE_OF)  # noqa: PLE0605  # derived from EXPORTS, so that a name is listed once


def __getattr__(name: str) -> Any:  # noqa: ANN401  # each name has its own type; see the imports above
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULE_OF[name]}", __package__), name)
    globals()[name] = value  # the next access is an ordinary one
    return value


def __dir__() -> list[str]:
    return __all__

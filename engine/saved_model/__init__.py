"""``tf.saved_model``: a graph, its variables and the names of its inputs in one directory."""

from engine.saved_model import (
    builder,
    loader,
    signature_constants,
    signature_def_utils,
    tag_constants,
)
from engine.saved_model import signature_def_utils as utils
from engine.saved_model.builder import SavedModelBuilder, simple_save
from engine.saved_model.loader import load, maybe_saved_model_directory
from engine.saved_model.signature_def_utils import (
    build_signature_def,
    build_tensor_info,
    predict_signature_def,
)

Builder = SavedModelBuilder
contains_saved_model = maybe_saved_model_directory

__all__ = [
    "Builder",
    "SavedModelBuilder",
    "build_signature_def",
    "build_tensor_info",
    "builder",
    "contains_saved_model",
    "load",
    "loader",
    "maybe_saved_model_directory",
    "predict_signature_def",
    "signature_constants",
    "signature_def_utils",
    "simple_save",
    "tag_constants",
    "utils",
]

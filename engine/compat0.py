"""Names of TensorFlow 0.x that 1.x dropped, each for what replaced it."""

from engine.ops.arithmetic import multiply as mul
from engine.ops.arithmetic import subtract as sub
from engine.ops.choosing import where as select
from engine.ops.elementwise import negative as neg
from engine.ops.elementwise import reciprocal as inv
from engine.ops.filling import linspace as lin_space
from engine.ops.joining import stack as pack
from engine.ops.joining import unstack as unpack
from engine.ops.linear import batch_matmul
from engine.ops.positions import argmax as arg_max
from engine.ops.positions import argmin as arg_min
from engine.summary import histogram_summary, image_summary, scalar_summary
from engine.summary import merge as merge_summary
from engine.summary import merge_all as merge_all_summaries
from engine.variables import global_variables as all_variables
from engine.variables import global_variables_initializer as initialize_all_variables
from engine.variables import local_variables_initializer as initialize_local_variables
from engine.variables import variables_initializer as initialize_variables

__all__ = [
    "all_variables",
    "arg_max",
    "arg_min",
    "batch_matmul",
    "histogram_summary",
    "image_summary",
    "initialize_all_variables",
    "initialize_local_variables",
    "initialize_variables",
    "inv",
    "lin_space",
    "merge_all_summaries",
    "merge_summary",
    "mul",
    "neg",
    "pack",
    "scalar_summary",
    "select",
    "sub",
    "unpack",
]

"""TensorFlow 1.x graph API: build a graph, differentiate it, run it in a session."""

from engine import errors, nn, train
from engine.compat0 import (
    all_variables,
    arg_max,
    arg_min,
    batch_matmul,
    initialize_all_variables,
    initialize_local_variables,
    initialize_variables,
    inv,
    lin_space,
    mul,
    neg,
    pack,
    select,
    sub,
    unpack,
)
from engine.config import ConfigProto, GPUOptions, GraphOptions, RunMetadata, RunOptions
from engine.dtypes import (
    DType,
    as_dtype,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
)
from engine.dtypes import bool_ as bool
from engine.gradients import gradients
from engine.graph import Graph, Operation, Tensor, get_default_graph, reset_default_graph
from engine.ops.activations import sigmoid, tanh
from engine.ops.arithmetic import (
    add,
    add_n,
    div,
    divide,
    floordiv,
    maximum,
    minimum,
    mod,
    multiply,
    squared_difference,
    subtract,
    truediv,
)
from engine.ops.casting import (
    cast,
    identity,
    stop_gradient,
    to_bool,
    to_double,
    to_float,
    to_int32,
    to_int64,
)
from engine.ops.choosing import where
from engine.ops.comparisons import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
)
from engine.ops.constants import constant, convert_to_tensor
from engine.ops.control import group, no_op, placeholder, placeholder_with_default
from engine.ops.control import tuple as tuple
from engine.ops.elementwise import abs as abs
from engine.ops.elementwise import (
    ceil,
    clip_by_value,
    cos,
    exp,
    expm1,
    floor,
    is_nan,
    log,
    log1p,
    negative,
    ones_like,
    reciprocal,
    rsqrt,
    sign,
    sin,
    sqrt,
    square,
    tan,
    zeros_like,
)
from engine.ops.elementwise import round as round
from engine.ops.filling import eye, fill, linspace, one_hot, ones, zeros
from engine.ops.filling import range as range
from engine.ops.indexing import gather
from engine.ops.indexing import slice_ as slice
from engine.ops.joining import concat, split, stack, tile, unstack
from engine.ops.linear import matmul
from engine.ops.powers import pow as pow
from engine.ops.random import (
    multinomial,
    random_normal,
    random_shuffle,
    random_uniform,
    set_random_seed,
    truncated_normal,
)
from engine.ops.reductions import (
    argmax,
    argmin,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from engine.ops.shaping import expand_dims, matrix_transpose, reshape, squeeze, transpose
from engine.ops.sizes import rank, shape, size
from engine.ops.state import is_variable_initialized
from engine.placement import DeviceSpec
from engine.scopes import (
    add_to_collection,
    colocate_with,
    control_dependencies,
    device,
    get_collection,
    get_collection_ref,
    name_scope,
)
from engine.session import InteractiveSession, Session, get_default_session
from engine.shapes import Dimension, TensorShape
from engine.variables import (
    GraphKeys,
    Variable,
    assign,
    assign_add,
    assign_sub,
    global_variables,
    global_variables_initializer,
    local_variables,
    local_variables_initializer,
    trainable_variables,
    variables_initializer,
)

floor_div = floordiv
OpError = errors.OpError
__version__ = "1.15.0-trainboard"

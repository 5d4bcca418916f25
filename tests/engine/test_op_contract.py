"""Every kind of operation: shapes, unknown sizes, plan against specification, gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import engine as tf
from engine import summary
from engine.op import Op
from engine.ops import (
    activations,
    arithmetic,
    broadcasting,
    casting,
    choosing,
    comparisons,
    constants,
    control,
    elementwise,
    filling,
    indexing,
    joining,
    linear,
    losses,
    positions,
    powers,
    random,
    reductions,
    shaping,
    sizes,
    state,
    update,
)

FAMILIES = (
    activations, arithmetic, broadcasting, casting, choosing, comparisons, constants, control,
    elementwise, filling, indexing, joining, linear, losses, positions, powers, random, reductions,
    shaping, sizes, state, summary, update,
)  # fmt: skip

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]], np.float64)
B = np.array([[1.0, 2.0, -1.5], [0.25, -2.0, 3.0]], np.float64)
P = np.abs(A) + 0.5
ROW = np.array([1.0, -2.0, 0.5])
M = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.25]])
T = np.arange(12.0).reshape(2, 3, 2) / 7 - 0.6
HOT = np.array([[1.0, 0.0, 0.0], [0.2, 0.5, 0.3]])
NUMBERS = np.array([7, -3, 2], np.int32)
FLAGS = np.array([[True, False, True], [False, False, True]])


@dataclass
class Row:
    """One use of one or more kinds of operation: a function of tensors, and what to feed."""

    name: str
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    kinds: str
    differentiable: bool = True
    expected: Callable[..., Any] | None = None
    fixed: tuple[int, ...] = field(default=())


def smooth(
    name: str, function: Callable[..., Any], *inputs: Any, kinds: str, expected: Any = None
) -> Row:
    return Row(name, function, inputs, kinds, True, expected)


def flat(
    name: str, function: Callable[..., Any], *inputs: Any, kinds: str, expected: Any = None
) -> Row:
    return Row(name, function, inputs, kinds, False, expected)


ROWS = [
    smooth("add", tf.add, A, ROW, kinds="Add", expected=np.add),
    smooth("subtract", tf.subtract, A, ROW, kinds="Sub", expected=np.subtract),
    smooth("multiply", tf.multiply, A, ROW, kinds="Mul", expected=np.multiply),
    smooth("column_times_row", tf.multiply, A[:, :1], ROW, kinds="Mul SumTo", expected=np.multiply),
    smooth("divide", tf.truediv, A, P, kinds="RealDiv", expected=np.divide),
    smooth("pow", tf.pow, P, B, kinds="Pow", expected=np.power),
    smooth("pow_two", lambda x: x**2, A, kinds="Pow Square", expected=np.square),
    smooth("maximum", tf.maximum, A, B, kinds="Maximum", expected=np.maximum),
    smooth("minimum", tf.minimum, A, B, kinds="Minimum", expected=np.minimum),
    smooth("squared_difference", tf.squared_difference, A, B, kinds="SquaredDifference"),
    smooth("add_n", lambda x, y, z: tf.add_n([x, y, z]), A, B, P, kinds="AddN"),
    smooth("mod", tf.mod, P + 0.3, B, kinds="FloorMod", expected=np.mod),
    flat("floordiv", tf.floordiv, P, B, kinds="FloorDiv", expected=np.floor_divide),
    flat("integer_floordiv", lambda x: x // 2, NUMBERS, kinds="FloorDiv"),
    smooth("identity", tf.identity, A, kinds="Identity"),
    smooth("cast", lambda x: tf.cast(tf.cast(x, tf.float32), tf.float64) * 2.0, A, kinds="Cast"),
    flat("cast_to_int", lambda x: tf.cast(x, tf.int32), A, kinds="Cast"),
    smooth("where", lambda x, y: tf.where(tf.constant(FLAGS), x, y), A, B, kinds="Select"),
    flat("coordinates", tf.where, FLAGS, kinds="Where", expected=np.argwhere),
    smooth("negative", tf.negative, A, kinds="Neg", expected=np.negative),
    smooth("abs", tf.abs, A, kinds="Abs", expected=np.abs),
    smooth("sign", lambda x: tf.sign(x) * x, A, kinds="Sign"),
    smooth("square", tf.square, A, kinds="Square", expected=np.square),
    smooth("sqrt", tf.sqrt, P, kinds="Sqrt", expected=np.sqrt),
    smooth("rsqrt", tf.rsqrt, P, kinds="Rsqrt"),
    smooth("reciprocal", tf.reciprocal, P, kinds="Reciprocal", expected=np.reciprocal),
    smooth("exp", tf.exp, A, kinds="Exp", expected=np.exp),
    smooth("expm1", tf.expm1, A, kinds="Expm1", expected=np.expm1),
    smooth("log", tf.log, P, kinds="Log", expected=np.log),
    smooth("log1p", tf.log1p, P, kinds="Log1p", expected=np.log1p),
    smooth("sin", tf.sin, A, kinds="Sin", expected=np.sin),
    smooth("cos", tf.cos, A, kinds="Cos", expected=np.cos),
    smooth("tan", tf.tan, A, kinds="Tan", expected=np.tan),
    flat("floor", tf.floor, A, kinds="Floor", expected=np.floor),
    flat("ceil", tf.ceil, A, kinds="Ceil", expected=np.ceil),
    flat("round", tf.round, A, kinds="Rint", expected=np.rint),
    flat("zeros_like", tf.zeros_like, A, kinds="ZerosLike", expected=np.zeros_like),
    flat("ones_like", tf.ones_like, A, kinds="OnesLike", expected=np.ones_like),
    smooth("clip_by_value", lambda x: tf.clip_by_value(x, -1.0, 1.0), A, kinds="Maximum Minimum"),
    flat("equal", tf.equal, A, A.T.reshape(2, 3), kinds="Equal", expected=np.equal),
    flat("not_equal", tf.not_equal, A, B, kinds="NotEqual", expected=np.not_equal),
    flat("less", tf.less, A, B, kinds="Less", expected=np.less),
    flat("less_equal", tf.less_equal, A, B, kinds="LessEqual", expected=np.less_equal),
    flat("greater", tf.greater, A, B, kinds="Greater", expected=np.greater),
    flat("greater_equal", tf.greater_equal, A, B, kinds="GreaterEqual", expected=np.greater_equal),
    flat("logical_and", tf.logical_and, FLAGS, FLAGS[:1], kinds="LogicalAnd"),
    flat("logical_or", tf.logical_or, FLAGS, FLAGS[:1], kinds="LogicalOr"),
    flat("logical_xor", tf.logical_xor, FLAGS, FLAGS[:1], kinds="LogicalXor"),
    flat("logical_not", tf.logical_not, FLAGS, kinds="LogicalNot", expected=np.logical_not),
    flat("shape", tf.shape, A, kinds="Shape", expected=lambda x: [2, 3]),
    flat("size", tf.size, A, kinds="Size", expected=lambda x: 6),
    flat("rank", tf.rank, A, kinds="Rank", expected=lambda x: 2),
    smooth("reshape", lambda x: tf.reshape(x, [3, -1]) * M, A, kinds="Reshape"),
    smooth("transpose", tf.transpose, A, expected=np.transpose,
           kinds="Transpose InvertPermutation"),
    smooth("transpose_3", lambda x: tf.transpose(x, [1, 2, 0]), T, kinds="Transpose"),
    smooth("reshape_of_transpose", lambda x: tf.reshape(tf.transpose(x), [-1]), A, kinds="Reshape"),
    smooth("expand_dims", lambda x: tf.expand_dims(x, 1), A, kinds="ExpandDims"),
    smooth("squeeze", lambda x: tf.squeeze(tf.expand_dims(x, 0), [0]), A, kinds="Squeeze"),
    smooth("concat", lambda x, y: tf.concat([x, y], 1) * 2.0, A, B,
           kinds="ConcatV2 ConcatSlice ConcatSliceGrad"),
    smooth("concat_0x", lambda x, y: tf.concat(0, [x, y]), A, B, kinds="ConcatV2"),
    smooth("stack", lambda x, y: tf.stack([x, y], axis=1), A, B, kinds="Pack"),
    smooth("unstack", lambda x: tf.unstack(x, 2)[1] * tf.unstack(x, 3, axis=1)[0][0], A,
           kinds="Unpack"),
    smooth("split", lambda x: tf.split(x, 3, 1)[1] * 2.0, A, kinds="Split"),
    smooth("split_sizes", lambda x: tf.split(x, [1, 2], 1)[1], A, kinds="Split"),
    smooth("tile", lambda x: tf.tile(x, [2, 3]), A, kinds="Tile Untile"),
    smooth("strided_slice", lambda x: x[1:, ::2] * 2.0, A, kinds="StridedSlice StridedSliceGrad"),
    smooth("element", lambda x: x[0, -1], A, kinds="StridedSlice"),
    smooth("slice", lambda x: tf.slice(x, [0, 1], [-1, 2]), A, kinds="StridedSlice"),
    smooth("gather", lambda x: tf.gather(x, [1, 0, 1]), A, kinds="Gather ScatterRows"),
    flat("fill", lambda x: tf.fill(tf.shape(x), 2.5), A, kinds="Fill"),
    flat("range", lambda x: tf.range(0, tf.size(x), 2), A, kinds="Range"),
    flat("linspace", lambda x: tf.linspace(0.0, 1.0, 5), A, kinds="LinSpace"),
    flat("one_hot", lambda x: tf.one_hot(x, 3), np.array([0, 2, 1], np.int32), kinds="OneHot"),
    flat("constant", lambda x: tf.constant([1.0, 2.0]), A, kinds="Const"),
    smooth("matmul", tf.matmul, A, M, kinds="MatMul", expected=np.dot),
    smooth("matmul_ta", lambda x, y: tf.matmul(x, y, transpose_a=True), A, B, kinds="MatMul"),
    smooth("matmul_tb", lambda x, y: tf.matmul(x, y, transpose_b=True), A, B, kinds="MatMul"),
    smooth("matmul_tt", lambda x, y: tf.matmul(x, y, transpose_a=True, transpose_b=True), M, A,
           kinds="MatMul"),
    smooth("batch_matmul", lambda x, y: tf.matmul(x, y, transpose_b=True), T, T + 1.0,
           kinds="BatchMatMul"),
    smooth("reduce_sum", tf.reduce_sum, A, kinds="Sum", expected=np.sum),
    smooth("reduce_sum_rows", lambda x: tf.reduce_sum(x, 0), A, kinds="Sum KeptShape"),
    smooth("reduce_sum_keep", lambda x: tf.reduce_sum(x, [1], keep_dims=True), A, kinds="Sum"),
    smooth("reduce_sum_middle", lambda x: tf.reduce_sum(x, 1), T, kinds="Sum"),
    smooth("reduce_mean", tf.reduce_mean, A, kinds="Mean", expected=np.mean),
    smooth("reduce_mean_rows", lambda x: tf.reduce_mean(x, reduction_indices=0), A, kinds="Mean"),
    smooth("reduce_prod", lambda x: tf.reduce_prod(x, 1), A, kinds="Prod ProdOfOthers"),
    Row("reduce_prod_twice", lambda x: tf.gradients(tf.gradients(tf.reduce_prod(x, 1), x)[0], x)[0],
        (A,), "ProdOfOthersGrad", differentiable=False),
    smooth("reduce_max", lambda x: tf.reduce_max(x, 1), A, kinds="Max"),
    smooth("reduce_min", lambda x: tf.reduce_min(x, 0), A, kinds="Min"),
    flat("reduce_all", lambda x: tf.reduce_all(x, 0), FLAGS, kinds="All"),
    flat("reduce_any", lambda x: tf.reduce_any(x, 1), FLAGS, kinds="Any"),
    smooth("reduce_logsumexp", lambda x: tf.reduce_logsumexp(x, 1), A, kinds="Sum Max"),
    flat("argmax", lambda x: tf.argmax(x, 1), A, kinds="ArgMax"),
    flat("argmin", lambda x: tf.argmin(x, 0), A, kinds="ArgMin"),
    smooth("tanh", tf.tanh, A, kinds="Tanh", expected=np.tanh),
    smooth("sigmoid", tf.sigmoid, A, kinds="Sigmoid", expected=lambda x: 1 / (1 + np.exp(-x))),
    smooth("softplus", tf.nn.softplus, A, kinds="Softplus", expected=lambda x: np.log1p(np.exp(x))),
    smooth("softsign", tf.nn.softsign, A, kinds="Softsign"),
    smooth("relu", tf.nn.relu, A, kinds="Relu ReluGrad", expected=lambda x: np.maximum(x, 0)),
    smooth("relu6", lambda x: tf.nn.relu6(x * 3.5), A, kinds="Relu6"),
    smooth("elu", tf.nn.elu, A, kinds="Elu"),
    smooth("leaky_relu", tf.nn.leaky_relu, A, kinds="Maximum"),
    smooth("softmax", tf.nn.softmax, A, kinds="Softmax"),
    smooth("softmax_axis_0", lambda x: tf.nn.softmax(x, dim=0), A, kinds="Softmax"),
    smooth("log_softmax", tf.nn.log_softmax, A, kinds="LogSoftmax"),
    smooth("bias_add", tf.nn.bias_add, A, ROW, kinds="BiasAdd", expected=np.add),
    smooth("softmax_cross_entropy",
           lambda x: tf.nn.softmax_cross_entropy_with_logits(labels=HOT, logits=x), A,
           kinds="SoftmaxCrossEntropyWithLogits StopGradient"),
    smooth("softmax_cross_entropy_v2",
           lambda x, z: tf.nn.softmax_cross_entropy_with_logits_v2(labels=z, logits=x), A, HOT,
           kinds="SoftmaxCrossEntropyWithLogits"),
    smooth("sparse_cross_entropy",
           lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[2, 0], logits=x), A,
           kinds="SparseSoftmaxCrossEntropyWithLogits"),
    smooth("sigmoid_cross_entropy",
           lambda x: tf.nn.sigmoid_cross_entropy_with_logits(labels=HOT, logits=x), A,
           kinds="Log1p"),
    smooth("l2_loss", tf.nn.l2_loss, A, kinds="L2Loss", expected=lambda x: (x * x).sum() / 2),
    smooth("broadcast_gradient", lambda x, y: tf.gradients(x * y, y)[0] * y, A[:1], A[:, :1],
           kinds="SumTo BroadcastTo"),
    smooth("placeholder_with_default", lambda x: tf.placeholder_with_default(x, [2, 3]) * 2.0, A,
           kinds="PlaceholderWithDefault"),
]  # fmt: skip

# Kinds whose results differ from run to run, or that have no value: they have tests of their own.
ELSEWHERE = {
    "Placeholder", "NoOp", "ReversePermutation", "RandomStandardNormal", "RandomUniform",
    "TruncatedNormal", "RandomUniformInt", "RandomShuffle", "Multinomial", "VariableV2",
    "ReadVariable", "Assign", "AssignAdd", "AssignSub", "IsVariableInitialized", "ApplyUpdate",
    "ScalarSummary", "HistogramSummary", "TextSummary", "ImageSummary", "MergeSummary",
}  # fmt: skip


def build(row: Row, unknown: str = "") -> tuple[list[Any], Any]:
    shapes = {"": lambda a: a.shape, "sizes": lambda a: [None] * a.ndim, "rank": lambda a: None}
    fed = [tf.placeholder(array.dtype, shapes[unknown](array)) for array in row.inputs]
    return fed, row.function(*fed)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_static_shape_is_that_of_the_result(row: Row) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        fed, y = build(row)
        result = sess.run(y, dict(zip(fed, row.inputs, strict=True)))
        assert y.get_shape().is_compatible_with(np.shape(result))
        if row.name != "coordinates":
            assert y.get_shape().is_fully_defined()
        assert y.dtype.as_numpy_dtype == np.asarray(result).dtype
        if row.expected is not None:
            np.testing.assert_allclose(result, row.expected(*row.inputs), rtol=1e-6)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_unknown_sizes_stay_compatible_and_compute_the_same(row: Row) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        fed, y = build(row)
        loose, z = build(row, "sizes")
        want = sess.run(y, dict(zip(fed, row.inputs, strict=True)))
        got = sess.run(z, dict(zip(loose, row.inputs, strict=True)))
        assert z.get_shape().is_compatible_with(np.shape(want))
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_plan_agrees_with_the_specification(row: Row) -> None:
    with tf.Graph().as_default():
        fed, y = build(row)
        # Through buffers of the plan's own, so that more than views of the feeds is tried.
        near = [x + 0.0 if x.dtype.is_floating else x for x in fed]
        z = row.function(*near)
        feed = dict(zip(fed, row.inputs, strict=True))
        with tf.Session(executor="poisoned") as plan, tf.Session(executor="debug") as oracle:
            for _ in range(2):
                for got, want in zip(plan.run([y, z], feed), oracle.run([y, z], feed), strict=True):
                    np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.differentiable], ids=lambda row: row.name
)
@pytest.mark.parametrize("unknown", ["", "sizes"])
def test_gradient_is_the_numeric_one(row: Row, unknown: str) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        fed, y = build(row, unknown)
        scale = tf.placeholder(y.dtype)
        shape = sess.run(tf.shape(y), dict(zip(fed, row.inputs, strict=True)))
        weights = np.cos(np.arange(1.0, 1.0 + np.prod(shape)))
        total = tf.reduce_sum(y * scale)
        feed = dict(zip(fed, row.inputs, strict=True)) | {scale: weights.reshape(shape)}
        symbolic = sess.run(tf.gradients(total, fed), feed)
        value = sess.make_callable(total, [*fed, scale])
        step = 1e-2 if row.name == "cast" else 1e-6
        for index, array in enumerate(row.inputs):
            numeric = np.zeros(array.shape)
            for place in np.ndindex(*array.shape):
                moved = []
                for sign in (1, -1):
                    changed = [np.array(x) for x in row.inputs]
                    changed[index][place] += sign * step
                    moved.append(value(*changed, weights.reshape(shape)))
                numeric[place] = (moved[0] - moved[1]) / (2 * step)
            tolerance = 1e-2 if row.name == "cast" else 1e-6
            np.testing.assert_allclose(symbolic[index], numeric, rtol=tolerance, atol=tolerance)


def test_every_kind_has_a_row() -> None:
    covered = {kind for row in ROWS for kind in row.kinds.split()} | ELSEWHERE
    kinds: set[str] = set()
    for family in FAMILIES:
        for kind in family.OPS:
            assert issubclass(kind, Op)
            assert kind.__doc__, kind
            kinds.add(kind.__name__)
    assert {kind.replace("AnyTrue", "Any") for kind in kinds} - covered == set()

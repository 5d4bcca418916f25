"""Ways out: what to try, by the problem that an operation or a conversion reports.

Rules of shapes and dtypes state problems in TensorFlow's words; what to do about them is the same
wherever they come from, so it is told here, once.
"""

from __future__ import annotations

import re

_ANY = ""

_ADVICE: tuple[tuple[str, str, str], ...] = (
    # Kind of operation ("" for any), what the problem says, what to try; the first that fits.
    (
        "MatMul",
        "Dimensions must be equal",
        "[a, b] times [b, c]: transpose_a=True or transpose_b=True turns a factor over",
    ),
    (
        "MatMul",
        "must be rank 2",
        "tf.expand_dims(x, 0) makes a row [1, n] of a vector, tf.expand_dims(x, 1) a column [n, 1]",
    ),
    ("BiasAdd", "", "a bias [n] for values whose last axis has n elements"),
    (
        "Softmax|LogSoftmax",
        "rank",
        "a vector of logits, or a batch of them [batch, classes]",
    ),
    (
        "SparseSoftmax",
        "label value",
        "labels from 0 to classes - 1; a last layer with more units if there are more classes",
    ),
    (
        "SparseSoftmax",
        "DataType",
        "class numbers as int32 or int64: tf.cast(labels, tf.int32)",
    ),
    (
        "SparseSoftmax",
        "",
        "labels [batch] for logits [batch, classes]; tf.squeeze(labels, [1]) drops an axis of one",
    ),
    (
        "Conv|Pool",
        "",
        "images [batch, height, width, channels], a filter [height, width, in_channels, "
        "out_channels], padding 'SAME' or 'VALID'",
    ),
    (
        "Reshape",
        "Cannot reshape|Input to reshape|evenly divisible",
        "-1 for one size, which is then worked out from the number of elements",
    ),
    ("Reshape", "Only one", "-1 for one size only; tf.shape(x)[0] for a size known in the run"),
    (
        "Transpose",
        "",
        "perm lists every axis of x once, as [1, 0] for a matrix",
    ),
    (
        "Concat|Pack",
        "rank|scalars",
        "tf.stack() puts tensors of one shape side by side along a new axis",
    ),
    (
        "Concat|Pack",
        "must be equal|don't all match",
        "parts alike in dtype and in every size but the one they are joined along",
    ),
    ("Split", "", "sizes that add up to the axis, or a number of parts that divides it"),
    ("Tile", "", "one multiple for every axis"),
    ("Squeeze", "", "the axes of size 1 only; tf.reduce_sum() or x[:, 0] for others"),
    ("Assign", "hapes", "a value of the variable's shape"),
    ("Apply", "hapes", "a gradient of the variable's shape"),
    ("OneHot", "", "class numbers from 0 to depth - 1 as int32: tf.cast(labels, tf.int32)"),
    (
        "Gather|embedding|Scatter",
        "not in",
        "indices from 0 to n - 1; a table with a row for every index",
    ),
    (
        "StridedSlice",
        "step|strides",
        "a step of 1, or -1 to go backwards",
    ),
    ("StridedSlice", "", "x.get_shape() tells the sizes; indices count from 0"),
    ("Range", "", "tf.range(start, limit, delta) with delta towards the limit"),
    ("ScalarSummary", "", "tf.reduce_mean() of it, or tf.summary.histogram() for all its values"),
    (
        "CheckNumerics",
        "",
        "a smaller learning rate; tf.clip_by_value() before tf.log() and /",
    ),
    (
        _ANY,
        "not a valid (node|scope|root)",
        "letters, digits and _ . - / only, a letter or digit first",
    ),
    (
        _ANY,
        "division by zero",
        "tf.maximum(divisor, 1), or tf.where() to leave the zeros out",
    ),
    (
        _ANY,
        "reduction dimension|must be in the range|not in the interval|not in \\[-",
        "axes from 0 to rank - 1, or from -rank to -1 counted from the back",
    ),
    (_ANY, "duplicate dimension", "every axis once"),
    (
        _ANY,
        "does not match type|have types|requested dtype|does not match expected type",
        "tf.cast(x, dtype) on one of them, as tf.cast(x, tf.float32)",
    ),
    (
        _ANY,
        "not in list of allowed values|not floating point|Invalid type",
        "tf.cast(x, tf.float32) before it",
    ),
    (
        _ANY,
        "must be equal|[Ii]ncompatible|not compatible|same shape|broadcast",
        "equal sizes, or 1 where one is to be repeated; tf.expand_dims() adds an axis of 1",
    ),
    (_ANY, "rank", "tf.expand_dims(), tf.squeeze() or tf.reshape() to the rank asked for"),
    (
        _ANY,
        "negative|used for shape|>= 0",
        "sizes of 0 or more; tf.shape(x)[0] for a size that only the run knows",
    ),
    (_ANY, "out of its range", "a larger type, as tf.int64"),
    (
        _ANY,
        "of type 'float' instead",
        "tf.cast(x, tf.float32) on the integer tensor, or an integer here",
    ),
    (_ANY, "of type 'str' instead", "a number, or dtype tf.string"),
    (_ANY, "of type", "a value of that type, or tf.cast() on the tensor"),
    (
        _ANY,
        "dense tensor|different lengths",
        "rows of one length; pad the short ones, as with np.pad",
    ),
    (_ANY, "[Ff]ailed to convert", "numbers, strings, booleans, or lists and arrays of them"),
    (_ANY, "None values", "a number or an array instead of None"),
    (_ANY, "Too many elements", "a shape that holds all of the elements"),
    (_ANY, "DType", "tf.float32, tf.int32, or a name such as 'float32'"),
    (_ANY, "out of (bounds|range)", "indices from 0 to size - 1"),
)


def way_out(problem: str, kind: str = "") -> str | None:
    """What to try about a problem of an operation of this kind, None if nothing is known.

    >>> way_out("Integer division by zero", "FloorDiv")
    'tf.maximum(divisor, 1), or tf.where() to leave the zeros out'
    """
    for of_kind, says, advice in _ADVICE:
        if re.search(of_kind, kind) and re.search(says, problem):
            return advice
    return None

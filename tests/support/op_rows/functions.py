"""Rows of functions of numbers: trigonometry, error and gamma functions, divisions, scans."""

from __future__ import annotations

import math

import numpy as np

import engine as tf
from engine.ops.division import multiply_no_nan
from engine.ops.statistics import reduce_std, reduce_variance
from op_rows.row import NUMBERS, ROW, A, B, P, T, flat, smooth

UNIT = A / 3
ODD = np.array([np.nan, np.inf, 0.0, -2.0])
INTEGERS = np.array([7, -7, -6, 5], np.int32)
DIVISORS = np.array([2, 2, -3, -3], np.int32)

_erf, _erfc, _lgamma = (np.vectorize(f) for f in (math.erf, math.erfc, math.lgamma))

ROWS = [
    smooth("asin", tf.asin, UNIT, kinds="Asin", expected=np.arcsin),
    smooth("acos", tf.acos, UNIT, kinds="Acos", expected=np.arccos),
    smooth("atan", tf.atan, A, kinds="Atan", expected=np.arctan),
    smooth("atan2", tf.atan2, A, ROW, kinds="Atan2", expected=np.arctan2),
    smooth("sinh", tf.sinh, A, kinds="Sinh", expected=np.sinh),
    smooth("cosh", tf.cosh, A, kinds="Cosh", expected=np.cosh),
    smooth("asinh", tf.asinh, A, kinds="Asinh", expected=np.arcsinh),
    smooth("acosh", tf.acosh, P + 1.0, kinds="Acosh", expected=np.arccosh),
    smooth("atanh", tf.atanh, UNIT, kinds="Atanh", expected=np.arctanh),
    smooth("erf", tf.erf, A, kinds="Erf", expected=_erf),
    smooth("erfc", tf.erfc, A, kinds="Erfc", expected=_erfc),
    smooth("lgamma", tf.lgamma, P, kinds="Lgamma", expected=_lgamma),
    smooth("lgamma_below_zero", tf.lgamma, -P - 0.1, kinds="Lgamma", expected=_lgamma,
           tolerance=1e-5, double_only=True),
    smooth("digamma", tf.digamma, P, kinds="Digamma Polygamma"),
    smooth("polygamma", lambda x: tf.polygamma(tf.constant(2.0, x.dtype), x), P,
           kinds="Polygamma"),
    smooth("zeta", lambda q: tf.zeta(tf.constant(2.5, q.dtype), q), P, kinds="Zeta"),
    smooth("lbeta", tf.lbeta, P, kinds="Lgamma"),
    flat("truncatediv", tf.truncatediv, INTEGERS, DIVISORS, kinds="TruncateDiv",
         expected=lambda x, y: [3, -3, 2, -1]),
    flat("truncatediv_floats", tf.truncatediv, A, B, kinds="TruncateDiv",
         expected=lambda x, y: np.trunc(x / y)),
    smooth("truncatemod", tf.truncatemod, P + 0.3, B, kinds="TruncateMod", expected=np.fmod),
    flat("truncatemod_integers", tf.truncatemod, INTEGERS, DIVISORS, kinds="TruncateMod",
         expected=lambda x, y: [1, -1, 0, 2]),
    smooth("floormod", tf.floormod, P + 0.3, B, kinds="FloorMod", expected=np.mod),
    smooth("realdiv", tf.realdiv, A, P, kinds="RealDiv", expected=np.divide),
    smooth("div_no_nan", tf.div_no_nan, A, P, kinds="DivNoNan", expected=np.divide),
    flat("div_no_nan_by_zero", lambda x: tf.div_no_nan(x, tf.zeros_like(x)), A, kinds="DivNoNan",
         expected=np.zeros_like),
    smooth("multiply_no_nan", multiply_no_nan, A, ROW, kinds="MulNoNan",
           expected=np.multiply),
    flat("multiply_no_nan_by_zero", lambda x: multiply_no_nan(x, tf.zeros_like(x)), ODD,
         kinds="MulNoNan", expected=lambda x: [0.0] * 4),
    flat("is_finite", tf.is_finite, ODD, kinds="IsFinite", expected=np.isfinite),
    flat("is_inf", tf.is_inf, ODD, kinds="IsInf", expected=np.isinf),
    flat("is_nan", tf.is_nan, ODD, kinds="IsNan", expected=np.isnan),
    flat("rint", tf.rint, A, kinds="Rint", expected=np.rint),
    smooth("cumsum", lambda x: tf.cumsum(x, 1), A, kinds="Cumsum",
           expected=lambda x: np.cumsum(x, 1)),
    smooth("cumsum_exclusive_reverse", lambda x: tf.cumsum(x, -1, True, True), T, kinds="Cumsum",
           expected=lambda x: np.stack([x[..., 1], 0 * x[..., 1]], -1)),
    flat("cumsum_integers", tf.cumsum, NUMBERS, kinds="Cumsum", expected=np.cumsum),
    smooth("cumprod", lambda x: tf.cumprod(x, 0), A, kinds="Cumprod",
           expected=lambda x: np.cumprod(x, 0)),
    smooth("cumprod_exclusive", lambda x: tf.cumprod(x, 1, exclusive=True), A, kinds="Cumprod",
           expected=lambda x: np.stack([1 + 0 * x[:, 0], x[:, 0], x[:, 0] * x[:, 1]], 1)),
    smooth("cumprod_reverse", lambda x: tf.cumprod(x, 1, reverse=True), A, kinds="Cumprod",
           expected=lambda x: np.cumprod(x[:, ::-1], 1)[:, ::-1]),
    flat("count_nonzero", lambda x: tf.count_nonzero(x, 0), np.array([[0, 3], [1, 0]]),
         kinds="Sum", expected=lambda x: [1, 1]),
    smooth("norm", tf.norm, A, kinds="Sqrt", expected=np.linalg.norm),
    smooth("norm_1", lambda x: tf.norm(x, 1, axis=1), A, kinds="Sum",
           expected=lambda x: np.abs(x).sum(1)),
    smooth("norm_inf", lambda x: tf.norm(x, np.inf, axis=0, keepdims=True), A, kinds="Max",
           expected=lambda x: np.abs(x).max(0, keepdims=True)),
    smooth("norm_3", lambda x: tf.norm(x, 3), A, kinds="Pow",
           expected=lambda x: (np.abs(x) ** 3).sum() ** (1 / 3)),
    smooth("norm_of_matrices", lambda x: tf.norm(x, 1, axis=[-2, -1]), T, kinds="Max",
           expected=lambda x: np.linalg.norm(x, 1, (-2, -1))),
    smooth("norm_inf_of_matrices", lambda x: tf.norm(x, np.inf, axis=[-2, -1]), T, kinds="Max",
           expected=lambda x: np.linalg.norm(x, np.inf, (-2, -1))),
    smooth("l2_normalize", lambda x: tf.nn.l2_normalize(x, dim=1), A, kinds="Rsqrt",
           expected=lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)),
    flat("zero_fraction", tf.nn.zero_fraction, np.array([[0.0, 3.0], [1.0, 0.0]]), kinds="Mean",
         expected=lambda x: np.float32(0.5)),
    smooth("reduce_variance", lambda x: reduce_variance(x, 0), A, kinds="Mean",
           expected=lambda x: x.var(0)),
    smooth("reduce_std", lambda x: reduce_std(x, 1, True), A, kinds="Mean",
           expected=lambda x: x.std(1, keepdims=True)),
    smooth("accumulate_n", lambda x, y: tf.accumulate_n([x, y, x]), A, B, kinds="AddN",
           expected=lambda x, y: 2 * x + y),
    smooth("scalar_mul", lambda x: tf.scalar_mul(2.5, x), A, kinds="Mul",
           expected=lambda x: 2.5 * x),
]  # fmt: skip

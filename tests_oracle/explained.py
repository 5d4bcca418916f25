"""Differences that are meant: ``family/case#facts`` as patterns, and why.

Names first of all: version 2.21 of TensorFlow, which is what can still be installed, renamed some
operations after the years whose scripts the engine runs.
"""

from __future__ import annotations

_OLD_NAME = "TensorFlow 1 named it so, later versions renamed it"
_INSIDE = "a gradient made of other operations, with the same value"
_OLD_API = "0.x spelling, which later versions refuse or read otherwise"
_REFUSED = "TensorFlow refuses the row: its dtypes, its CPU kernels or NumPy arrays in it"
_MORE = "an error told before the run, or where TensorFlow goes on with a wrong number"

EXPLAINED: dict[str, str] = {
    "rows/*_twice*#name": _INSIDE,
    "rows/arrays/concat_0x#refused there": _OLD_API,
    "rows/pictures/resize_images_0x#refused there": _OLD_API,
    "rows/places/reverse_0x*": _OLD_API,
    "rows/arrays/gather#name": _OLD_NAME,
    "rows/arrays/linspace#name": _OLD_NAME,
    "rows/counts/einsum*#name": _OLD_NAME,
    "rows/counts/tensordot*#name": _OLD_NAME,
    "rows/counts/bincount*#name": _OLD_NAME,
    "rows/matrices/matrix_*#name": _OLD_NAME,
    "rows/pictures/*#name": _OLD_NAME,
    "rows/boxes/resize_images*#name": _OLD_NAME,
    "rows/spaces/repeat*#name": "one gather repeats the elements here",
    "rows/spaces/batch_gather#name": "one gather goes along with the batch here",
    "rows/boxes/ssim*#name": "the two means are one here, as one of them is nobody's result",
    "rows/places/sort*#name": _OLD_NAME,
    "rows/places/searchsorted*#name": _OLD_NAME,
    "rows/functions/accumulate_n#name": _OLD_NAME,
    "rows/functions/scalar_mul#name": _OLD_NAME,
    "rows/normalization/*#name": _OLD_NAME,
    "rows/lists/*#name": "a list of tensors is one value here, so that its parts are views",
    "rows/clipping/*#name": "the norms are one operation each here",
    "rows/sparse/*#name": "TensorFlow repeats the name inside of a scope",
    "rows/places/pad_value*#gradient*": "the value that is padded with has a gradient here",
    "rows/matrices/svd*#value,gradient": "singular vectors are only given up to their sign",
    "rows/arrangements/eyes_*#name": "an operation of its own repeats the matrix for the batch",
    "rows/arrangements/shape_n#name": "one operation for each tensor here",
    "rows/arrangements/sequence_mask*#name": _OLD_NAME,
    "rows/*#refused there": _REFUSED,
    "models/kink/where#gradient": "TensorFlow's first versions give NaN as well, later ones 0",
    "misuses/*#class": _MORE,
}

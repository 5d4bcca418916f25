"""Values from checkpoints, held against the variables that are to have them."""

from __future__ import annotations

import math
from typing import Any

from engine.checkpoints import CheckpointReader
from engine.errors import InvalidArgumentError, NotFoundError, compose
from engine.op import Array
from engine.shapes import in_brackets
from engine.variables import Variable


def restored(
    reader: CheckpointReader, name: str, variable: Variable, path: str, reshape: bool
) -> Array:
    """The value under a name in a checkpoint, in the variable's shape and dtype.

    Raises:
        NotFoundError: the checkpoint has none.
        InvalidArgumentError: it has another shape or dtype.
        DataLossError: it is damaged.
    """
    try:
        value = reader.get_tensor(name)
    except NotFoundError as error:
        raise NotFoundError(
            None,
            variable.op,
            compose(
                str(error),
                [
                    f"wanted for variable {variable.name!r}, made at {variable.op.origin}",
                    "Restoring from checkpoint failed. This is most likely due to a Variable "
                    "name or other graph key that is missing from the checkpoint.",
                ],
                "tf.train.Saver({'name in the checkpoint': variable, ...})",
            ),
        ) from None
    dtype = variable.dtype.base_dtype
    dims: Any = tuple(variable.get_shape().as_list())
    if value.dtype != dtype.np:
        raise _misfit(
            f"tensor_name = {name}; expected dtype {dtype.proto_name} does not equal "
            f"original dtype {reader.get_variable_to_dtype_map()[name].proto_name}",
            variable,
            path,
        )
    if reshape and value.size == math.prod(dims):
        return value.reshape(dims)
    if value.shape != dims:
        raise _misfit(
            "Assign requires shapes of both tensors to match. "
            f"lhs shape= {in_brackets(dims)} rhs shape= {in_brackets(value.shape)}",
            variable,
            path,
        )
    return value


def _misfit(problem: str, variable: Variable, path: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        str(variable.op),
        variable.op,
        compose(
            problem,
            [f"variable {variable.name!r}, made at {variable.op.origin}", f"checkpoint: {path}"],
            "restore into the graph that was saved, or only what fits: tf.train.Saver([...])",
        ),
    )

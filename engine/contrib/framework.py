"""``tf.contrib.framework``: argument scopes, and variables by name."""

from engine.checkpoints import list_variables, load_checkpoint, load_variable
from engine.contrib.arg_scopes import (
    add_arg_scope,
    arg_scope,
    arg_scoped_arguments,
    has_arg_scope,
)
from engine.contrib.model_variables import (
    get_local_variables,
    get_model_variables,
    get_trainable_variables,
    get_unique_variable,
    get_variables,
    get_variables_by_name,
    get_variables_to_restore,
    model_variable,
)
from engine.python.util import nest
from engine.train import create_global_step, get_global_step, get_or_create_global_step
from engine.warm_start import (
    assign_from_checkpoint,
    assign_from_checkpoint_fn,
    init_from_checkpoint,
)

__all__ = [
    "add_arg_scope",
    "arg_scope",
    "arg_scoped_arguments",
    "assign_from_checkpoint",
    "assign_from_checkpoint_fn",
    "create_global_step",
    "get_global_step",
    "get_local_variables",
    "get_model_variables",
    "get_or_create_global_step",
    "get_trainable_variables",
    "get_unique_variable",
    "get_variables",
    "get_variables_by_name",
    "get_variables_to_restore",
    "has_arg_scope",
    "init_from_checkpoint",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "model_variable",
    "nest",
]

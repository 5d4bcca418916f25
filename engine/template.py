"""``tf.make_template``: a function whose variables are made once and shared by every call."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from engine.variable_scope import get_variable_scope, variable_scope
from engine.variable_store import store_of
from engine.variables import trainable_variables


class Template:
    """A function that opens one variable scope in every call, with reuse after the first."""

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        create_scope_now: bool = False,
        unique_name: str | None = None,
        custom_getter: Any = None,
    ):
        if name is None:
            raise ValueError("name cannot be None.")
        self._function = function
        self._name = name
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._scope: Any = None
        self._made = False
        if create_scope_now:
            own = unique_name or store_of().unique(get_variable_scope().name, name)
            opening = variable_scope(own, custom_getter=custom_getter, auxiliary_name_scope=False)
            with opening as self._scope:
                pass

    @property
    def name(self) -> str:
        return self._name

    @property
    def func(self) -> Callable[..., Any]:
        return self._function

    @property
    def variable_scope(self) -> Any:
        """The scope of its variables, None before the first call made it."""
        return self._scope

    @property
    def var_scope(self) -> Any:
        return self._scope

    @property
    def trainable_variables(self) -> list[Any]:
        return [] if self._scope is None else self._scope.trainable_variables()

    @property
    def global_variables(self) -> list[Any]:
        return [] if self._scope is None else self._scope.global_variables()

    @property
    def variables(self) -> list[Any]:
        return self.global_variables

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._scope is not None:
            with variable_scope(self._scope, reuse=self._made):
                return self._call(args, kwargs)
        opening = variable_scope(self._unique_name, self._name, custom_getter=self._custom_getter)
        with opening as self._scope:
            return self._call(args, kwargs)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        before = len(trainable_variables())
        result = self._function(*args, **kwargs)
        made = trainable_variables()[before:]
        if self._made and made:
            raise ValueError(
                "Trainable variable created when calling a template after the first time, perhaps "
                f"you used tf.Variable when you meant tf.get_variable: {made}"
            )
        self._made = True
        return result


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Any = None,
    **kwargs: Any,
) -> Template:
    """A function that gives the results of `func_`, with the same variables in every call.

    `kwargs` are fixed arguments of `func_`. The variables' scope is `unique_name_`, or `name_`
    made unique, in the scope where it is called first (or made, with `create_scope_now_`).

    Raises:
        ValueError: a call after the first makes another trainable variable.

    >>> import engine as tf
    >>> with tf.Graph().as_default():
    ...     scale = tf.make_template("scale", lambda x: x * tf.get_variable("w", []))
    ...     results = [scale(1.0), scale(2.0)]
    ...     print([v.name for v in tf.global_variables()])
    ['scale/w:0']
    """
    function = functools.partial(func_, **kwargs) if kwargs else func_
    return Template(name_, function, create_scope_now_, unique_name_, custom_getter_)

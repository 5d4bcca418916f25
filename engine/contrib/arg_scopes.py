"""``arg_scope``: default arguments of functions for a part of a script."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from engine.defaults import STACKS
from engine.errors import compose

F = TypeVar("F", bound=Callable[..., Any])
Scope = dict[str, dict[str, Any]]
"""Default arguments by the key of the function they are for."""


def add_arg_scope(function: F) -> F:
    """The function, which from now on takes default arguments from `arg_scope`.

    >>> @add_arg_scope
    ... def area(width, height=1):
    ...     return width * height
    >>> with arg_scope([area], height=3):
    ...     area(2), area(2, height=5)
    (6, 10)
    """

    @functools.wraps(function)
    def with_defaults(*args: Any, **kwargs: Any) -> Any:
        current = STACKS.arguments[-1] if STACKS.arguments else {}
        return function(*args, **{**current.get(_key(with_defaults), {}), **kwargs})

    with_defaults._accepts_arg_scope = True  # type: ignore[attr-defined]
    return with_defaults  # type: ignore[return-value]


def has_arg_scope(function: Any) -> bool:
    """Whether the function takes default arguments from `arg_scope`."""
    return getattr(function, "_accepts_arg_scope", False)


def arg_scoped_arguments(function: Any) -> list[str]:
    """The names of the function's arguments that have a default."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is not inspect.Parameter.empty]


@contextmanager
def arg_scope(list_ops_or_scope: Any, **kwargs: Any) -> Iterator[Scope]:
    """Give these functions default arguments inside; inner scopes override outer ones.

    With a scope that an earlier ``with arg_scope(...) as scope`` gave, its defaults hold again.

    Raises:
        ValueError: a function that does not take part, or arguments beside a scope.
        TypeError: neither functions nor a scope.
    """
    if isinstance(list_ops_or_scope, dict):
        if kwargs:
            raise ValueError(
                "When attempting to re-use a scope by suppling a dictionary, kwargs must be empty."
            )
        scope = dict(list_ops_or_scope)
    elif isinstance(list_ops_or_scope, list | tuple | set):
        scope = dict(STACKS.arguments[-1]) if STACKS.arguments else {}
        for function in list_ops_or_scope:
            if not has_arg_scope(function):
                raise ValueError(
                    compose(
                        f"{_key(function)} is not decorated with @add_arg_scope",
                        (),
                        "a function of tf.contrib.layers, or one decorated so",
                    )
                )
            key = _key(function)
            scope[key] = {**scope.get(key, {}), **kwargs}
    else:
        raise TypeError("list_ops_or_scope must either be a list/tuple or reused scope (i.e. dict)")
    STACKS.arguments.append(scope)
    try:
        yield scope
    finally:
        STACKS.arguments.pop()


def _key(function: Any) -> str:
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', function)}"

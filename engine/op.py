"""What an operation kind declares: shapes and dtypes, kernels, gradient. One subclass per kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, dataclass_transform

import numpy as np

from engine.dtypes import DType
from engine.shapes import Dims, ShapeError, fully_defined, in_brackets

Array = Any
"""A NumPy array here, another library's array where an ``xla`` rule is traced."""


class Spec:
    """What is known of a value before it is computed: dtype, sizes, and its constant if it has one.

    ``dims`` is a tuple with None for an unknown size, or None for an unknown rank.
    """

    __slots__ = ("dims", "dtype", "source")

    def __init__(self, dtype: DType, dims: Dims | None, source: Any = None):
        self.dtype = dtype
        self.dims = dims
        self.source = source
        """The value; or the tensor, which finds it by what is known of its inputs; or None."""

    @property
    def value(self) -> Array | None:
        """The value as an array where it is known already, else None."""
        source = self.source
        if source is None or isinstance(source, np.ndarray | np.generic):
            return source
        return source.constant_value()

    @property
    def sizes(self) -> Dims | None:
        """The sizes that the value of a shape tensor stands for, as far as they are known."""
        value = self.value
        if value is not None:
            sizes = [int(size) for size in value.ravel()]
            if any(size < -1 for size in sizes):
                raise ShapeError(f"Invalid value in tensor used for shape: {min(sizes)}")
            return tuple(None if size == -1 else size for size in sizes)
        tensor = self.source
        if tensor is not None:
            found = tensor.op.definition.infer_sizes(*[x.spec for x in tensor.op.inputs])
            if found is not None:
                return tuple(found)
        if self.dims is not None and len(self.dims) == 1 and self.dims[0] is not None:
            return (None,) * self.dims[0]
        return None

    @property
    def is_static(self) -> bool:
        return fully_defined(self.dims)

    def __repr__(self) -> str:
        return f"{self.dtype.name}{in_brackets(self.dims)}"


class ToldSpec(Spec):
    """One whose sizes someone told with ``set_shape``: only a run shows whether they hold."""

    __slots__ = ()


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def declared(cls: Any = None, *, eq: bool = True) -> Any:
    """A kind with attributes: its annotated names, as a frozen dataclass has them.

    With `eq` two instances of equal attributes are equal, so that a plan may merge their nodes.

    A dataclass writes and compiles six methods for every class. There are over a hundred kinds, and
    that took half of the time of ``import engine``; these share theirs.
    """
    if cls is None:
        return lambda wrapped: declared(wrapped, eq=eq)
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, match_args=False)(cls)
    made._names = tuple(field.name for field in dataclasses.fields(made))
    if "__init__" not in cls.__dict__:
        made.__init__ = _set_attributes
    made.__setattr__ = made.__delattr__ = _refuse_change
    made.__repr__ = _described
    if eq:
        made.__eq__, made.__hash__ = _same_attributes, _hash_of_attributes
    return made


def _set_attributes(self: Any, *args: Any, **kwargs: Any) -> None:
    cls = type(self)
    names = cls._names
    if len(args) > len(names):
        raise TypeError(f"{cls.__name__} takes {len(names)} attributes, not {len(args)}")
    given = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names or name in given:
            raise TypeError(f"{cls.__name__}: attribute '{name}' is unknown or given twice")
        given[name] = value
    if len(given) < len(names):
        for name, field in cls.__dataclass_fields__.items():
            if name not in given:
                given[name] = _default(cls, field)
    self.__dict__.update(given)


def _default(cls: type, field: Any) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    raise TypeError(f"{cls.__name__}: attribute '{field.name}' is missing")


def _refuse_change(self: Any, name: str, *_: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change '{name}' of {type(self).__name__}")


def _described(self: Any) -> str:
    shown = [name for name, field in self.__dataclass_fields__.items() if field.repr]
    return f"{type(self).__name__}({', '.join(f'{n}={getattr(self, n)!r}' for n in shown)})"


def _same_attributes(self: Any, other: object) -> Any:
    return self.__dict__ == other.__dict__ if type(self) is type(other) else NotImplemented


def _hash_of_attributes(self: Any) -> int:
    return hash((type(self), *self.__dict__.values()))


class Op:
    """One kind of operation; an instance holds the attributes of one node.

    A subclass that has attributes is marked `declared`. It declares, in this order:

    - ``infer(*specs) -> Spec`` (a tuple of Specs for several outputs): the shape and dtype rule.
      Raises `ShapeError` or TypeError in TensorFlow's words.
    - ``numpy(*arrays) -> array`` (tuple): the specification, in fresh arrays. Every other kernel
      is held against it.
    - the fast kernel, if any: ``ufunc`` for an elementwise NumPy function; or
      ``view(array) -> array`` where the result shares memory with its only or first input; or
      ``lower(builder, out, *inputs)``, which writes a sequence of NumPy calls (see
      `engine.plan.lowering.Builder`). Without one, ``numpy`` is called in every run.
    - ``run(state, op, *arrays)`` instead of ``numpy`` for a stateful kind: `state` is the session's
      `engine.state.State`; its ``lower`` finds the same object as ``builder.state``.
    - ``xla(jnp, *arrays)``: the same for JAX, its namespace handed in.
    - ``grad(y, dy, *inputs) -> tuple``: gradients for the inputs as graph operations (for several
      outputs, ``y`` and ``dy`` are tuples): a tensor, None where none flows, or a function that
      makes it, called only if the input needs it.
    """

    stateful: ClassVar[bool] = False
    """Never merged, folded or dropped as a duplicate; kept in order."""
    writes: tuple[int, ...] = ()
    """The inputs that are variables' own outputs and are changed by it."""
    ref_output: ClassVar[bool] = False
    """The output is a variable itself, not a copy of its value."""
    peeks: ClassVar[bool] = False
    """Looks at a variable that need not be initialized."""
    waits_for: Any = None
    """An operation that comes before it in runs that have both."""
    every_gradient: ClassVar[bool] = False
    """Its gradient rule wants zeros, not None, for an output that nothing depends on."""
    takes_slices: ClassVar[bool] = False
    """Its gradient rule takes `IndexedSlices` as they are; for others they are written out."""
    pulled: ClassVar[bool] = False
    """``pull`` gives its outputs before the run, whose plan is then made for their sizes."""
    whole_gradient: ClassVar[bool] = False
    """``grad(op, dys, wanted)`` gives all gradients at once, told the inputs that need one."""
    sizes_only: ClassVar[bool] = False
    """Only the sizes of its inputs matter, not what is in them."""
    fixed_inputs: ClassVar[tuple[int, ...]] = ()
    """Inputs whose values ``lower`` has to know, as the axes of a reduction."""
    ufunc: ClassVar[Any] = None
    """An elementwise NumPy function of the inputs, which can write into a given array."""

    @property
    def type(self) -> str:
        """The name TensorFlow gives this kind: ``MatMul``."""
        return type(self).__name__

    def infer(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{self.type} declares no shape rule")

    def constant(self, *arrays: Any, index: int) -> Any:
        """Output `index` computed from known inputs, as an array."""
        result = self.numpy(*arrays)
        return np.asarray(result[index] if isinstance(result, tuple) else result)

    def infer_value(self, *args: Any, **kwargs: Any) -> Array | None:
        """The value where it follows from shapes alone, as that of ``tf.shape``."""
        return None

    def infer_sizes(self, *args: Any, **kwargs: Any) -> Dims | None:
        """What is known of the value, taken as sizes, before the whole of it is."""
        return None

    def simpler(self, *args: Any, **kwargs: Any) -> int | tuple[Op, tuple[int, ...]] | None:
        """A cheaper way to the same result, asked when shapes are final.

        The number of the input that equals the result, or another kind over some of the inputs,
        or None.
        """
        return None

    def numpy(self, *args: Any, **kwargs: Any) -> Any:
        if self.ufunc is None:
            raise NotImplementedError(f"{self.type} has no NumPy kernel")
        return self.ufunc(*args)

    def xla(self, *args: Any, **kwargs: Any) -> Any:
        if self.ufunc is None:
            raise NotImplementedError(f"{self.type} has no XLA rule")
        same_in_jax = getattr(args[0], self.ufunc.__name__)
        return same_in_jax(*args[1:])

    run: ClassVar[Callable[..., Any] | None] = None
    pull: ClassVar[Callable[..., Any] | None] = None
    view: ClassVar[Callable[..., Any] | None] = None
    lower: ClassVar[Callable[..., Any] | None] = None
    grad: ClassVar[Callable[..., Any] | None] = None

    def exported(self) -> dict[str, Any]:
        """The attributes that an import makes this kind again from."""
        fields = getattr(self, "__dataclass_fields__", None)
        return dict(vars(self) if fields is None else {x: getattr(self, x) for x in fields})

    def attributes(self) -> dict[str, Any]:
        """The attributes as plain JSON-able data, for graph exports and printing."""
        fields = getattr(self, "__dataclass_fields__", {})
        return {
            name.rstrip("_"): plain(getattr(self, name))
            for name, field in fields.items()
            if field.repr
        }


def plain(value: Any) -> Any:
    """An attribute as JSON-able data."""
    if isinstance(value, DType):
        return value.name
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)

"""Variables: values that live in a session from run to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.dtypes import DType, as_dtype
from engine.errors import misuse
from engine.graph import Graph, Operation, Tensor, get_default_graph
from engine.operators import Operators
from engine.ops.constants import convert_to_tensor, is_graph_value
from engine.ops.control import group, no_op
from engine.ops.state import Assign, AssignAdd, AssignSub, ReadVariable, VariableV2
from engine.shapes import TensorShape, fully_defined


class GraphKeys:
    """The names of the standard collections."""

    GLOBAL_VARIABLES = "variables"
    VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    MODEL_VARIABLES = "model_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    SUMMARIES = "summaries"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    UPDATE_OPS = "update_ops"
    LOSSES = "losses"
    REGULARIZATION_LOSSES = "regularization_losses"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    ACTIVATIONS = "activations"
    BIASES = "biases"
    WEIGHTS = "weights"
    METRIC_VARIABLES = "metric_variables"
    GLOBAL_STEP = "global_step"
    INIT_OP = "init_op"


class Variable(Operators):
    """A value that runs can read and change; each session has its own.

    `initial_value` is a tensor, anything that makes one, or a function of no arguments giving it.
    Every use reads the value; within one run, reads that nothing orders come before writes.

    Raises:
        ValueError: no initial value, or one whose shape is not known.

    >>> import engine as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     counter = tf.Variable(0, name="counter")
    ...     sess.run(tf.global_variables_initializer())
    ...     print(sess.run(counter.assign_add(2)))
    2
    """

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Callable[[Tensor], Any] | None = None,
        use_resource: bool | None = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ):
        # Where TensorFlow puts copies and what kind of variable it takes: all one here.
        del caching_device, variable_def, import_scope, use_resource, synchronization, aggregation
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        trainable = trainable is not False
        expected_shape = shape if expected_shape is None else expected_shape
        if initial_value is None:
            raise ValueError(
                misuse("initial_value must be specified.", (), "tf.Variable(tf.zeros([784, 10]))")
            )
        if initial_value is Ellipsis:
            raise ValueError(
                misuse(
                    "tf.Variable(...): `...` is no initial value.",
                    (),
                    "tf.Variable(tf.zeros([784, 10]))",
                )
            )
        graph = _graph_of(initial_value)
        keys = [GraphKeys.GLOBAL_VARIABLES] if collections is None else list(collections)
        if trainable and GraphKeys.TRAINABLE_VARIABLES not in keys:
            keys.append(GraphKeys.TRAINABLE_VARIABLES)
        wanted = None if dtype is None else as_dtype(dtype)
        with (
            graph.as_default(),
            graph.control_dependencies(None),
            graph.name_scope(name or "Variable") as scope,
        ):
            if callable(initial_value) and not hasattr(initial_value, "as_tensor"):
                with graph.name_scope("Initializer"):
                    initial_value = initial_value()
            value = convert_to_tensor(initial_value, wanted, "initial_value")
            if expected_shape is not None:
                TensorShape(expected_shape).assert_is_compatible_with(value.shape)
            if not fully_defined(value.spec.dims):
                raise ValueError(
                    misuse(
                        f"initial_value must have a shape specified: {value}",
                        [f"made at {value.op.origin}"],
                        "an initial value of known sizes, as tf.zeros([784, 10])",
                    )
                )
            del validate_shape  # Every shape is known, so there is nothing to leave unchecked.
            dims: Any = value.spec.dims
            self._ref = graph.create_op(VariableV2(value.spec.dtype, dims), (), scope).outputs[0]
            self._initial_value = value
            with graph.colocate_with(self._ref.op):
                self._initializer = graph.create_op(Assign(), (self._ref, value), "Assign")
                self._snapshot = graph.create_op(ReadVariable(), (self._ref,), "read").outputs[0]
        self._trainable = trainable
        self._constraint = constraint
        graph.add_to_collections(keys, self)

    @property
    def name(self) -> str:
        return self._ref.name

    @property
    def op(self) -> Operation:
        return self._ref.op

    @property
    def graph(self) -> Graph:
        return self._ref.graph

    @property
    def device(self) -> str:
        return self._ref.device

    @property
    def dtype(self) -> DType:
        return self._ref.dtype

    @property
    def shape(self) -> TensorShape:
        return self._ref.shape

    def get_shape(self) -> TensorShape:
        """The shape, fully known."""
        return self._ref.shape

    @property
    def initializer(self) -> Operation:
        """The operation that gives it its initial value."""
        return self._initializer

    @property
    def initial_value(self) -> Tensor:
        return self._initial_value

    @property
    def trainable(self) -> bool:
        return self._trainable

    @property
    def constraint(self) -> Callable[[Tensor], Any] | None:
        """The function that an optimizer applies to the value after every update, if any."""
        return self._constraint

    def initialized_value(self) -> Tensor:
        """Its value once its own initializer has run, to initialize another variable from."""
        with self.graph.control_dependencies([self._initializer]):
            return self.read_value()

    def value(self) -> Tensor:
        """The value as a tensor."""
        return self.as_tensor()

    def read_value(self) -> Tensor:
        """The value at the moment the current control dependencies are met."""
        with self.graph.name_scope(None):
            return self.graph.create_op(
                ReadVariable(), (self._ref,), f"{self.op.name}/read"
            ).outputs[0]

    def as_tensor(self) -> Tensor:
        """What a use of the variable reads; under control dependencies a read of its own."""
        return self.read_value() if self.graph.has_control_dependencies else self._snapshot

    def as_graph_element(self) -> Tensor:
        """What a fetch or feed of it means: the variable itself, after the run's writes."""
        return self._ref

    def gradient_source(self) -> Tensor:
        return self._ref

    def ref(self) -> Tensor:
        """The variable's own output, for operations that change it."""
        return self._ref

    def eval(self, session: Any = None) -> Any:
        """Its value in `session` or the default session."""
        return self._ref.eval(session=session)

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """A tensor that, run, sets the variable and gives its new value."""
        return self._change(Assign(), value, name)

    def assign_add(self, delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """A tensor that, run, adds to the variable and gives its new value."""
        return self._change(AssignAdd(), delta, name)

    def assign_sub(self, delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """A tensor that, run, subtracts from the variable and gives its new value."""
        return self._change(AssignSub(), delta, name)

    def _change(self, definition: Any, value: Any, name: str | None) -> Tensor:
        own = None if is_graph_value(value) else self.dtype.base_dtype
        tensor = convert_to_tensor(value, own)
        return self.graph.create_op(definition, (self._ref, tensor), name).outputs[0]

    def load(self, value: Any, session: Any = None) -> None:
        """Set the variable in `session` or the default session."""
        self._initializer.run({self._initial_value: value}, session)

    def set_shape(self, shape: Any) -> None:
        self._ref.set_shape(shape)

    def __iter__(self) -> Any:
        raise TypeError(
            misuse(
                "'Variable' object is not iterable.",
                [f"{self!r} was made at {self.op.origin}"],
                "`for part in tf.unstack(v):`, or iterate over what sess.run(v) gives",
            )
        )

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            misuse(
                "'Variable' object does not support item assignment",
                [f"{self!r} was made at {self.op.origin}"],
                "sess.run(v.assign(value)) for the whole, tf.scatter_update(v, rows, values) for "
                "rows of it",
            )
        )

    def __repr__(self) -> str:
        return f"<tf.Variable {self.name!r} shape={self.shape} dtype={self.dtype.name}>"


def _graph_of(value: Any) -> Graph:
    graph = getattr(value, "graph", None)
    return graph if isinstance(graph, Graph) else get_default_graph()


def assign(
    ref: Variable,
    value: Any,
    validate_shape: bool = True,
    use_locking: bool = True,
    name: str | None = None,
) -> Tensor:
    """A tensor that, run, sets `ref` to `value` and gives the new value."""
    return ref.assign(value, name=name)


def assign_add(
    ref: Variable, value: Any, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """A tensor that, run, adds `value` to `ref` and gives the new value."""
    return ref.assign_add(value, name=name)


def assign_sub(
    ref: Variable, value: Any, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """A tensor that, run, subtracts `value` from `ref` and gives the new value."""
    return ref.assign_sub(value, name=name)


def global_variables(scope: str | None = None) -> list[Variable]:
    """The default graph's variables, in the order of making."""
    return get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def local_variables(scope: str | None = None) -> list[Variable]:
    """The default graph's local variables."""
    return get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Variable]:
    """The variables that optimizers change by default."""
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def variables_initializer(var_list: Sequence[Variable], name: str = "init") -> Operation:
    """An operation that gives these variables their initial values."""
    if not var_list:
        return no_op(name)
    return group(*[variable.initializer for variable in var_list], name=name)


def global_variables_initializer() -> Operation:
    """An operation that gives every variable its initial value."""
    return variables_initializer(global_variables())


def local_variables_initializer() -> Operation:
    """An operation that gives every local variable its initial value."""
    return variables_initializer(local_variables(), "init_local")

"""Variables: values that live in a session from run to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.dtypes import DType, as_dtype
from engine.errors import compose, misuse
from engine.graph import Graph, Operation, Tensor, get_default_graph
from engine.operators import Operators
from engine.ops.constants import convert_to_tensor
from engine.ops.control import group, no_op
from engine.ops.indexed_slices import IndexedSlices
from engine.ops.scatter import (
    scatter_add,
    scatter_div,
    scatter_mul,
    scatter_nd_add,
    scatter_nd_sub,
    scatter_nd_update,
    scatter_sub,
    scatter_update,
)
from engine.ops.state import (
    Assign,
    InitializedValue,
    ReadVariable,
    VariableV2,
    assign,
    assign_add,
    assign_sub,
    count_up_to,
)
from engine.shapes import TensorShape, as_dims, fully_defined


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
    GLOBAL_STEP = "global_step"
    SAVEABLE_OBJECTS = "saveable_objects"
    INIT_OP = "init_op"
    TRAIN_OP = "train_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    READY_FOR_LOCAL_INIT_OP = "ready_for_local_init_op"
    SUMMARY_OP = "summary_op"
    EVAL_STEP = "eval_step"
    METRIC_VARIABLES = "metric_variables"
    SAVERS = "savers"
    ASSET_FILEPATHS = "asset_filepaths"
    RESOURCES = "resources"
    LOCAL_RESOURCES = "local_resources"
    CONCATENATED_VARIABLES = "concatenated_variables"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"


class Variable(Operators):
    """A value that runs can read and change; each session has its own.

    `initial_value` is a tensor, anything that makes one, or a function of no arguments giving it.
    Every use reads the value; within one run, reads that nothing orders come before writes.
    With ``validate_shape=False`` its shape is not known to the graph, and assignments may change
    it. `constraint` is a function of the value that optimizers apply after each update.

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
        import_scope: Any = None,
        constraint: Any = None,
        use_resource: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ):
        del caching_device, variable_def, import_scope, use_resource, synchronization, aggregation
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        trainable = trainable is not False
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
        if collections is not None and not isinstance(collections, list | tuple | set):
            raise ValueError(
                "collections argument to Variable constructor must be a list, tuple, or set. Got "
                f"{collections} of type {type(collections)}"
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
            if value.op.body is not None:
                raise ValueError(
                    compose(
                        f"Initializer for variable {scope} is from inside a control-flow construct,"
                        " such as a loop or conditional.",
                        [f"{value.name!r} was made at {value.op.origin}"],
                        "a function of no arguments as the initial value, or an initializer",
                    )
                )
            if expected_shape is not None:
                TensorShape(expected_shape).assert_is_compatible_with(value.shape)
            if shape is not None:
                TensorShape(shape).assert_is_compatible_with(value.shape)
            if validate_shape and not fully_defined(value.spec.dims):
                raise ValueError(
                    misuse(
                        f"initial_value must have a shape specified: {value}",
                        [f"made at {value.op.origin}"],
                        "an initial value of known sizes, as tf.zeros([784, 10]), or "
                        "validate_shape=False",
                    )
                )
            dims = value.spec.dims if validate_shape else None if shape is None else as_dims(shape)
            kind = VariableV2(value.spec.dtype, dims, resizable=not validate_shape)
            self._ref = graph.create_op(kind, (), scope).outputs[0]
            self._ref.set_shape(dims)
            self._initial_value = value
            with graph.colocate_with(self._ref.op):
                kept = Assign(validate_shape)
                self._initializer = graph.create_op(kept, (self._ref, value), "Assign")
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

    def start_with(self, value: Tensor) -> None:
        """From now on its initializer gives it `value`, of its dtype and shape."""
        kept = Assign(True)
        with self.graph.colocate_with(self.op):
            self._initializer = self.graph.create_op(kept, (self._ref, value), "Assign")
        self._initial_value = value

    @property
    def initial_value(self) -> Tensor:
        return self._initial_value

    @property
    def trainable(self) -> bool:
        return self._trainable

    @property
    def constraint(self) -> Any:
        """The function from value to value that optimizers apply after each update, or None."""
        return self._constraint

    def initialized_value(self) -> Tensor:
        """Its value, or its initial value while it has none: what to initialize another from."""
        inputs = (self._ref, self._initial_value)
        with self.graph.control_dependencies(None):
            return self.graph.create_op(InitializedValue(self._initializer), inputs).outputs[0]

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

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """A tensor that, run, sets the variable and gives its new value.

        The operation alone with ``read_value=False``; likewise below.
        """
        return _changed(assign(self, value, name=name), read_value)

    def assign_add(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """A tensor that, run, adds to the variable and gives its new value."""
        return _changed(assign_add(self, delta, name=name), read_value)

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """A tensor that, run, subtracts from the variable and gives its new value."""
        return _changed(assign_sub(self, delta, name=name), read_value)

    def scatter_add(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """A tensor that, run, adds rows to the variable and gives its new value."""
        return scatter_add(self, *_rows(sparse_delta), name=name)

    def scatter_sub(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """A tensor that, run, subtracts rows from the variable and gives its new value."""
        return scatter_sub(self, *_rows(sparse_delta), name=name)

    def scatter_update(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """A tensor that, run, sets rows of the variable and gives its new value."""
        return scatter_update(self, *_rows(sparse_delta), name=name)

    def scatter_mul(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """A tensor that, run, multiplies rows of the variable and gives its new value."""
        return scatter_mul(self, *_rows(sparse_delta), name=name)

    def scatter_div(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """A tensor that, run, divides rows of the variable and gives its new value."""
        return scatter_div(self, *_rows(sparse_delta), name=name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """A tensor that, run, adds at positions and gives the variable's new value."""
        return scatter_nd_add(self, indices, updates, name=name)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """A tensor that, run, subtracts at positions and gives the variable's new value."""
        return scatter_nd_sub(self, indices, updates, name=name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """A tensor that, run, sets positions and gives the variable's new value."""
        return scatter_nd_update(self, indices, updates, name=name)

    def count_up_to(self, limit: int) -> Tensor:
        """A tensor that, run, gives the value and makes it one larger, until it is `limit`."""
        return count_up_to(self, limit)

    def load(self, value: Any, session: Any = None) -> None:
        """Set the variable in `session` or the default session."""
        self._initializer.run({self._initial_value: value}, session)

    def set_shape(self, shape: Any) -> None:
        self._ref.set_shape(shape)

    def to_proto(self, export_scope: str | None = None) -> dict[str, Any]:
        """The names that make the variable out, as plain data."""
        del export_scope
        return {
            "variable_name": self.name,
            "initial_value_name": self._initial_value.name,
            "initializer_name": self._initializer.name,
            "snapshot_name": self._snapshot.name,
            "trainable": self._trainable,
        }

    @classmethod
    def from_proto(cls, variable_def: Any, import_scope: str | None = None) -> Variable:
        """The variable of the default graph that `to_proto` told of."""
        graph = get_default_graph()
        prefix = f"{import_scope}/" if import_scope else ""
        return cls.from_elements(
            {
                key: graph.as_graph_element(prefix + value) if key.endswith("_name") else value
                for key, value in variable_def.items()
            }
        )

    @classmethod
    def from_elements(cls, elements: Mapping[str, Any]) -> Variable:
        """A variable over operations that are there, under the keys of `to_proto`."""
        made = cls.__new__(cls)
        made._ref = elements["variable_name"]
        made._initial_value = elements["initial_value_name"]
        made._initializer = elements["initializer_name"]
        made._snapshot = elements["snapshot_name"]
        made._trainable = elements["trainable"]
        made._constraint = None
        return made

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


def _changed(result: Tensor, read_value: bool) -> Tensor | Operation:
    return result if read_value else result.op


def _rows(delta: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(delta, IndexedSlices):
        raise TypeError(f"sparse_delta is not IndexedSlices: {delta}")
    return delta.indices, delta.values


def global_variables(scope: str | None = None) -> list[Variable]:
    """The default graph's variables, in the order of making."""
    return get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def local_variables(scope: str | None = None) -> list[Variable]:
    """The default graph's local variables."""
    return get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Variable]:
    """The variables that optimizers change by default."""
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Variable]:
    """The default graph's variables that were put into the collection of model variables."""
    return get_default_graph().get_collection(GraphKeys.MODEL_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Variable]:
    """The variables whose moving averages are kept."""
    return get_default_graph().get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


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

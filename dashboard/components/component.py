"""The base of our Dash components: names its properties, and finds ``window.trainboard.<Type>``."""

from __future__ import annotations

from typing import Any, ClassVar

from dash.development.base_component import Component


class ClientComponent(Component):  # type: ignore[misc]  # Dash ships no types we can subclass
    """A component drawn by ``window.trainboard.<class name>`` in the browser."""

    _namespace = "trainboard"
    _children_props: ClassVar[list[str]] = []
    _base_nodes: ClassVar[list[str]] = ["children"]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._type = cls.__name__

    def __init__(self, **properties: Any) -> None:
        # Dash asks each instance which properties it may carry.
        self._prop_names = list(properties)
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = list(properties)
        self.available_wildcard_properties: list[str] = []
        super().__init__(**properties)

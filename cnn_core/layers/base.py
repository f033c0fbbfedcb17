"""What a layer is: a frozen value that knows its shapes and its arithmetic, and holds no state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from reprlib import repr as shown  # a value from a file may be of any length
from typing import Any, ClassVar, TypeAlias

import numpy as np

from cnn_core.errors import ArchitectureError
from cnn_core.functional.geometry import Allocate, Array, Window
from cnn_core.limits import Limit, check_numbers, plain_number

Shape: TypeAlias = tuple[int, ...]  # without the batch: (H, W, C) or (units,)
Parameters: TypeAlias = Mapping[str, Array]
Gradients: TypeAlias = dict[str, Array]


def _no_generator() -> np.random.Generator:
    raise ValueError("this layer draws random numbers in training: give the context a generator")


@dataclass(slots=True, kw_only=True)
class Context:
    """How a layer is to be run; the same layer runs in many threads, each with a context of its own."""

    training: bool = False
    needs_dx: bool = True  # False for the first layer: nobody asks for the gradient by the images
    may_overwrite: bool = False  # the layer may write its output over its input
    new: Allocate = np.empty  # memory for what must last until backward
    scratch: Allocate = np.empty  # memory for the duration of the call
    generator: Callable[[], np.random.Generator] = _no_generator
    # Where gradients by parameters are wanted, by name; where none is given, anywhere.
    gradients: Parameters = field(default_factory=dict)

    def gradient(self, name: str, parameter: Array) -> Array:
        """Return memory for the gradient by a parameter."""
        # Asked for each time: memory that is used again is given out in the order of what is asked for.
        memory = self.new(parameter.shape, parameter.dtype)
        return self.gradients.get(name, memory)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One step of a network.

    A subclass says what shape comes out of what shape, which parameters it has, and its arithmetic both ways.
    `forward` returns its cache, all that `backward` will need; nothing is stored on the layer.
    """

    # Whether nobody reads the output again once the next layer has: then that one may write over it.
    releases_output: ClassVar[bool] = False
    # Whether every output depends on the whole image.
    sees_all: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The kind of layer, as people call it."""
        return type(self).__name__

    def window(self, input_shape: Shape) -> Window | None:
        """Return the window that the layer slides over its input; None where it has none."""
        return None

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape that comes out; raise ArchitectureError where the input does not fit."""
        return input_shape

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of each parameter."""
        return {}

    def buffer_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of each running statistic."""
        return {}

    def init(
        self, input_shape: Shape, generator: np.random.Generator
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return (parameters, buffers) to start from."""
        return {}, {}

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return the multiplications (each with its addition) that one image costs in the forward pass."""
        return 0

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return (y, cache) for a batch x (N, *input_shape)."""
        raise NotImplementedError

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return (dx, gradients of the parameters); dx is None where it is not needed. dy is used up."""
        raise NotImplementedError


def check_fields(layer: Layer, **limits: Limit) -> None:
    """Raise ArchitectureError where a field is not one number within its limit; make NumPy's plain ones."""
    try:
        check_numbers(layer, limits, f"{layer.name}: ")
    except ValueError as error:
        raise ArchitectureError(str(error)) from None


def check_sizes(layer: Layer, **limits: Limit) -> None:
    """Raise ArchitectureError where a field is neither one whole number nor a (height, width) pair."""
    for name, limit in limits.items():
        value = getattr(layer, name)
        found = f"{layer.name}: {name} is {shown(value)}"
        if isinstance(value, tuple) and len(value) != 2:
            raise ArchitectureError(f"{found}; use one number or (height, width)")
        numbers = value if isinstance(value, tuple) else (value,)
        try:
            plain = tuple(plain_number(number, limit, found) for number in numbers)
        except ValueError as error:
            raise ArchitectureError(str(error)) from None
        object.__setattr__(layer, name, plain if isinstance(value, tuple) else plain[0])


def check_switch(layer: Layer, name: str) -> None:
    """Raise ArchitectureError where a field is neither True nor False."""
    value = getattr(layer, name)
    if not isinstance(value, bool):
        raise ArchitectureError(f"{layer.name}: {name} is {shown(value)}; use True or False")


def need_image(layer: Layer, input_shape: Shape) -> tuple[int, int, int]:
    """Return input_shape as (H, W, C); raise ArchitectureError where it is a vector."""
    if len(input_shape) != 3:
        raise ArchitectureError(
            f"needs images (height, width, channels), but gets a vector of {input_shape[0]:,} numbers; "
            "move it before Flatten, Dense and GlobalAveragePooling2D"
        )
    return input_shape[0], input_shape[1], input_shape[2]

"""Layers on vectors: Dense, Flatten, Dropout."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cnn_core.errors import ArchitectureError
from cnn_core.functional import products
from cnn_core.functional.channels import sum_per_channel
from cnn_core.functional.geometry import Array
from cnn_core.layers.base import Context, Gradients, Layer, Parameters, Shape, check_fields, check_switch
from cnn_core.layers.convolution import LARGEST_COUNT, check_initializer, weight_and_bias


@dataclass(frozen=True, kw_only=True)
class Dense(Layer):
    """Every output is a weighted sum of all inputs: y = x @ weight + bias."""

    units: int
    bias: bool = True
    initializer: str = "he_normal"

    releases_output: ClassVar[bool] = True
    sees_all: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_fields(self, units=(1, LARGEST_COUNT))
        check_switch(self, "bias")
        check_initializer(self, self.initializer)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (units,)."""
        if len(input_shape) != 1:
            shape = "x".join(str(n) for n in input_shape)
            raise ArchitectureError(
                f"needs a vector, but gets {shape} images; put Flatten or GlobalAveragePooling2D before it"
            )
        return (self.units,)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return weight (inputs, units) and bias (units,)."""
        shapes: dict[str, Shape] = {"weight": (input_shape[0], self.units)}
        if self.bias:
            shapes["bias"] = (self.units,)
        return shapes

    def init(
        self, input_shape: Shape, generator: np.random.Generator
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return random weights and a bias of zeros."""
        return weight_and_bias(self.parameter_shapes(input_shape), self.initializer, generator), {}

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return inputs * units."""
        return input_shape[0] * self.units

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return the weighted sums; the cache is x."""
        weight = parameters["weight"]
        y = np.matmul(x, weight, out=context.new((len(x), self.units), x.dtype))
        if "bias" in parameters:
            y += parameters["bias"]
        return y, x

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dx and the gradients of weight and bias."""
        weight = parameters["weight"]
        gradients = {"weight": context.gradient("weight", weight)}
        products.multiply(cache.T, dy, gradients["weight"])
        if self.bias:
            gradients["bias"] = sum_per_channel(dy, context.new)
        if not context.needs_dx:
            return None, gradients
        return np.matmul(dy, weight.T, out=context.new(cache.shape, dy.dtype)), gradients


@dataclass(frozen=True, kw_only=True)
class Flatten(Layer):
    """Lays an image out as one long vector, row by row, pixel by pixel, channels last."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (H * W * C,)."""
        return (int(np.prod(input_shape)),)

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return a view of x; the cache is its shape."""
        return x.reshape(len(x), -1), x.shape

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dy in the shape of the images."""
        return dy.reshape(cache), {}


@dataclass(frozen=True, kw_only=True)
class Dropout(Layer):
    """In training, sets a random part of the values to zero, scaling up the rest (Srivastava et al. 2014)."""

    rate: float = 0.5

    releases_output: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_fields(self, rate=(0.0, 0.99))

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return x with values dropped; the cache is the factor each value was multiplied by."""
        if not context.training or self.rate == 0:
            # A copy where x is not ours: the next layer may write over what this one hands on.
            return x if context.may_overwrite else x.copy(), None
        kept = context.generator().random(x.shape, np.float32) >= self.rate
        factor = kept * x.dtype.type(1 / (1 - self.rate))
        return x * factor, factor

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dy with the same values dropped."""
        return dy if cache is None else np.multiply(dy, cache, out=dy), {}

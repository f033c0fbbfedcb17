"""Activation layers: the same function for every value."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cnn_core import functional as F
from cnn_core.functional.geometry import Array
from cnn_core.layers.base import Context, Gradients, Layer, Parameters, check_fields


def _target(x: Array, context: Context) -> Array:
    return x if context.may_overwrite else context.new(x.shape, x.dtype)


@dataclass(frozen=True, kw_only=True)
class ReLU(Layer):
    """Keeps what is positive: max(x, 0)."""

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return max(x, 0); the cache is the output."""
        y = F.relu(x, out=_target(x, context))
        return y, y

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dy where the output was positive."""
        return F.relu_backward(dy, cache, out=dy, scratch=context.scratch), {}


@dataclass(frozen=True, kw_only=True)
class LeakyReLU(Layer):
    """Keeps what is positive and lets a little of the negative through."""

    negative_slope: float = 0.01

    releases_output: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_fields(self, negative_slope=(0.0, 1.0))

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return x or negative_slope * x; the cache is x."""
        return F.leaky_relu(x, self.negative_slope, out=context.new(x.shape, x.dtype)), x

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dy or negative_slope * dy."""
        return F.leaky_relu_backward(dy, cache, self.negative_slope, out=dy), {}


@dataclass(frozen=True, kw_only=True)
class GELU(Layer):
    """A smooth ReLU: x times the probability that a normal variable is below it, in the tanh form."""

    releases_output: ClassVar[bool] = True

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return gelu(x); the cache is x."""
        return F.gelu(x, out=context.new(x.shape, x.dtype)), x

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dy times the derivative."""
        return F.gelu_backward(dy, cache, out=dy), {}


@dataclass(frozen=True, kw_only=True)
class Sigmoid(Layer):
    """Squeezes any value into 0..1."""

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return 1 / (1 + exp(-x)); the cache is the output."""
        y = F.sigmoid(x, out=_target(x, context))
        return y, y

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dy * y * (1 - y)."""
        return F.sigmoid_backward(dy, cache, out=dy, scratch=context.scratch), {}


@dataclass(frozen=True, kw_only=True)
class Tanh(Layer):
    """Squeezes any value into -1..1."""

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return tanh(x); the cache is the output."""
        y = F.tanh(x, out=_target(x, context))
        return y, y

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return dy * (1 - y^2)."""
        return F.tanh_backward(dy, cache, out=dy, scratch=context.scratch), {}


@dataclass(frozen=True, kw_only=True)
class Softmax(Layer):
    """Turns scores into probabilities: positive, with sum 1 over the last axis."""

    def forward(self, x: Array, parameters: Parameters, context: Context) -> tuple[Array, Any]:
        """Return the probabilities; the cache is the output."""
        y = F.softmax(x)
        return y, y

    def backward(
        self, dy: Array, cache: Any, parameters: Parameters, context: Context
    ) -> tuple[Array | None, Gradients]:
        """Return the gradient by the scores."""
        return np.ascontiguousarray(F.softmax_backward(dy, cache)), {}

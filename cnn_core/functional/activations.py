"""Activation functions, element by element, and their gradients.

`out` may be the input itself. A backward function takes what its formula needs: the output y where the
derivative can be written with it (relu, sigmoid, tanh), else the input x.
"""

import numpy as np

from cnn_core.functional.geometry import Allocate, Array


def relu(x: Array, *, out: Array | None = None) -> Array:
    """Return max(x, 0)."""
    # NumPy 2.4 compares with an array quicker than with one number.
    return np.maximum(x, np.zeros(x.shape[-2:], x.dtype), out=out)


def relu_backward(dy: Array, y: Array, *, out: Array | None = None, scratch: Allocate = np.empty) -> Array:
    """Return dy where y > 0, else 0."""
    return np.multiply(dy, np.greater(y, 0, out=scratch(y.shape, np.bool_)), out=out)


def leaky_relu(x: Array, negative_slope: float = 0.01, *, out: Array | None = None) -> Array:
    """Return x where x > 0, else negative_slope * x."""
    factor = np.where(x > 0, x.dtype.type(1), x.dtype.type(negative_slope))
    return np.multiply(x, factor, out=out)


def leaky_relu_backward(
    dy: Array, x: Array, negative_slope: float = 0.01, *, out: Array | None = None
) -> Array:
    """Return dy where x > 0, else negative_slope * dy."""
    factor = np.where(x > 0, x.dtype.type(1), x.dtype.type(negative_slope))
    return np.multiply(dy, factor, out=out)


def sigmoid(x: Array, *, out: Array | None = None) -> Array:
    """Return 1 / (1 + exp(-x)), computed by way of tanh so that nothing overflows."""
    half = x.dtype.type(0.5)
    y = np.tanh(np.multiply(x, half, out=out), out=out)
    np.multiply(y, half, out=y)
    return np.add(y, half, out=y)


def sigmoid_backward(dy: Array, y: Array, *, out: Array | None = None, scratch: Allocate = np.empty) -> Array:
    """Return dy * y * (1 - y)."""
    slope = np.multiply(y, y, out=scratch(y.shape, y.dtype))
    return np.multiply(dy, np.subtract(y, slope, out=slope), out=out)


def tanh(x: Array, *, out: Array | None = None) -> Array:
    """Return tanh(x)."""
    return np.tanh(x, out=out)


def tanh_backward(dy: Array, y: Array, *, out: Array | None = None, scratch: Allocate = np.empty) -> Array:
    """Return dy * (1 - y^2)."""
    slope = np.multiply(y, y, out=scratch(y.shape, y.dtype))
    return np.multiply(dy, np.subtract(1, slope, out=slope), out=out)


# The tanh form of the Gaussian error linear unit (Hendrycks and Gimpel 2016); NumPy has no error function.
_GELU_SCALE = float(np.sqrt(2 / np.pi))
_GELU_CUBIC = 0.044715


def gelu(x: Array, *, out: Array | None = None) -> Array:
    """Return x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))."""
    t = np.tanh(x * (1 + x * x * x.dtype.type(_GELU_CUBIC)) * x.dtype.type(_GELU_SCALE))
    return np.multiply(x, (1 + t) * x.dtype.type(0.5), out=out)


def gelu_backward(dy: Array, x: Array, *, out: Array | None = None) -> Array:
    """Return dy times the derivative of `gelu` at x."""
    scale, cubic, half = (x.dtype.type(v) for v in (_GELU_SCALE, _GELU_CUBIC, 0.5))
    t = np.tanh(x * (1 + x * x * cubic) * scale)
    inner = (1 + x * x * (3 * cubic)) * scale
    return np.multiply(dy, (1 + t) * half + x * (1 - t * t) * inner * half, out=out)

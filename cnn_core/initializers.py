"""Where weights start: random values whose scale keeps signals from growing or fading from layer to layer.

fan_in is the number of inputs of one output, fan_out the number of outputs that one input reaches.
"""

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


def he_normal(shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator) -> Float:
    """Return normal values of variance 2 / fan_in: right before a ReLU (He et al. 2015)."""
    return _normal(shape, 2 / fan_in, generator)


def he_uniform(shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator) -> Float:
    """Return uniform values of variance 2 / fan_in (He et al. 2015)."""
    return _uniform(shape, 2 / fan_in, generator)


def glorot_normal(shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator) -> Float:
    """Return normal values of variance 2 / (fan_in + fan_out): right before tanh (Glorot and Bengio 2010)."""
    return _normal(shape, 2 / (fan_in + fan_out), generator)


def glorot_uniform(
    shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
) -> Float:
    """Return uniform values of variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""
    return _uniform(shape, 2 / (fan_in + fan_out), generator)


def lecun_normal(shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator) -> Float:
    """Return normal values of variance 1 / fan_in (LeCun et al. 1998)."""
    return _normal(shape, 1 / fan_in, generator)


def zeros(shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator) -> Float:
    """Return zeros. Filters that start alike stay alike: there to be seen failing."""
    return np.zeros(shape, np.float32)


INITIALIZERS = MappingProxyType(
    {f.__name__: f for f in (he_normal, he_uniform, glorot_normal, glorot_uniform, lecun_normal, zeros)}
)


def _normal(shape: tuple[int, ...], variance: float, generator: np.random.Generator) -> Float:
    return generator.standard_normal(shape, dtype=np.float32) * np.float32(variance**0.5)


def _uniform(shape: tuple[int, ...], variance: float, generator: np.random.Generator) -> Float:
    limit = np.float32((3 * variance) ** 0.5)
    return (generator.random(shape, dtype=np.float32) * 2 - 1) * limit

"""Ready architectures to start from."""

from collections.abc import Callable
from types import MappingProxyType

from cnn_core.architecture import Architecture
from cnn_core.layers import (
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    MaxPool2D,
    ReLU,
    Softmax,
    Tanh,
)


def sample() -> Architecture:
    """Two convolutions and two dense layers for 28x28 grey images: the network the program opens with."""
    return Architecture(
        (28, 28, 1),
        (
            *(Conv2D(filters=32), ReLU(), MaxPool2D()),
            *(Conv2D(filters=64), ReLU(), MaxPool2D()),
            *(Flatten(), Dense(units=128), ReLU(), Dense(units=10), Softmax()),
        ),
    )


def sample_batchnorm() -> Architecture:
    """The sample network with batch normalisation after both convolutions and the hidden dense layer."""
    return Architecture(
        (28, 28, 1),
        (
            *(Conv2D(filters=32, bias=False), BatchNorm(), ReLU(), MaxPool2D()),
            *(Conv2D(filters=64, bias=False), BatchNorm(), ReLU(), MaxPool2D()),
            *(Flatten(), Dense(units=128, bias=False), BatchNorm(), ReLU(), Dense(units=10), Softmax()),
        ),
    )


def lenet5() -> Architecture:
    """LeNet-5 with average pooling and tanh (LeCun et al. 1998), every map of C3 seeing all of S2."""
    glorot = "glorot_uniform"
    return Architecture(
        (28, 28, 1),
        (
            *(Conv2D(filters=6, kernel_size=5, padding=2, initializer=glorot), Tanh(), AvgPool2D()),
            *(Conv2D(filters=16, kernel_size=5, initializer=glorot), Tanh(), AvgPool2D()),
            *(Conv2D(filters=120, kernel_size=5, initializer=glorot), Tanh(), Flatten()),
            *(Dense(units=84, initializer=glorot), Tanh(), Dense(units=10, initializer=glorot), Softmax()),
        ),
    )


def tiny() -> Architecture:
    """One small convolution: trains in seconds, and all of it fits on the screen."""
    return Architecture(
        (28, 28, 1),
        (
            *(Conv2D(filters=8, kernel_size=5, stride=2), ReLU(), MaxPool2D()),
            *(Flatten(), Dense(units=10), Softmax()),
        ),
    )


def vgg() -> Architecture:
    """Pairs of 3x3 convolutions for 32x32 colour images (after Simonyan and Zisserman 2015, much smaller)."""

    def conv(filters: int) -> tuple[Layer, ...]:
        return Conv2D(filters=filters, padding="same"), ReLU()

    return Architecture(
        (32, 32, 3),
        (
            *(*conv(32), *conv(32), MaxPool2D()),
            *(*conv(64), *conv(64), MaxPool2D()),
            *(Flatten(), Dense(units=128), ReLU(), Dense(units=10), Softmax()),
        ),
    )


PRESETS: MappingProxyType[str, Callable[[], Architecture]] = MappingProxyType(
    {"sample": sample, "sample-batchnorm": sample_batchnorm, "lenet5": lenet5, "tiny": tiny, "vgg": vgg}
)


def names() -> tuple[str, ...]:
    """Return the names of all presets."""
    return tuple(PRESETS)


def load(name: str) -> Architecture:
    """Return the preset architecture of this name; raise ValueError where there is none."""
    if name not in PRESETS:
        raise ValueError(f"no preset is called {name!r}; use one of {', '.join(PRESETS)}")
    return PRESETS[name]()

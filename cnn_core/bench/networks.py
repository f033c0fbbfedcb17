"""The networks that are measured: small ones of different kinds, as people build them here."""

from collections.abc import Callable
from types import MappingProxyType

from cnn_core import presets
from cnn_core.architecture import Architecture
from cnn_core.layers import (
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    MaxPool2D,
    ReLU,
    Softmax,
)


def tiny_vgg() -> Architecture:
    """Four convolutions of 10 channels on 64x64 colour images."""
    block = (Conv2D(filters=10), ReLU(), Conv2D(filters=10), ReLU(), MaxPool2D())
    return Architecture((64, 64, 3), (*block, *block, Flatten(), Dense(units=10), Softmax()))


def strided() -> Architecture:
    """Convolutions that stride instead of pooling, and a global average."""
    convolutions: list[Layer] = []
    for filters in (32, 64, 128):
        convolutions += [Conv2D(filters=filters, stride=2, padding=1), ReLU()]
    return Architecture((32, 32, 3), (*convolutions, GlobalAveragePooling2D(), Dense(units=10), Softmax()))


def depthwise() -> Architecture:
    """Depthwise convolutions, a filter a channel, each followed by a 1x1 convolution."""

    def separable(channels: int, filters: int) -> tuple[Layer, ...]:
        own = Conv2D(filters=channels, groups=channels, padding="same")
        return own, ReLU(), Conv2D(filters=filters, kernel_size=1), ReLU()

    return Architecture(
        (32, 32, 3),
        (
            *(Conv2D(filters=32, padding="same"), ReLU()),
            *(*separable(32, 64), MaxPool2D()),
            *(*separable(64, 128), MaxPool2D()),
            *(GlobalAveragePooling2D(), Dense(units=10), Softmax()),
        ),
    )


NETWORKS: MappingProxyType[str, Callable[[], Architecture]] = MappingProxyType(
    {
        "sample": presets.sample,
        "sample-batchnorm": presets.sample_batchnorm,
        "lenet5": presets.lenet5,
        "tiny-vgg": tiny_vgg,
        "vgg": presets.vgg,
        "strided": strided,
        "depthwise": depthwise,
    }
)


def training_multiply_adds(architecture: Architecture) -> int:
    """Return one image's multiply-adds in training: forward, and as many for each gradient needed."""
    total, trained = 0, False
    for report in architecture.check():
        # Gradients by the parameters and, unless no layer before has any, by the input.
        total += report.multiply_adds * (1 + (report.parameters > 0) + trained)
        trained = trained or report.parameters > 0
    return total

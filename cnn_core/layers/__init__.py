"""The layers: frozen values, each its own description."""

from types import MappingProxyType

from cnn_core.layers.activations import GELU, LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from cnn_core.layers.base import Context, Layer, Shape
from cnn_core.layers.convolution import Conv2D
from cnn_core.layers.dense import Dense, Dropout, Flatten
from cnn_core.layers.normalization import BatchNorm
from cnn_core.layers.pooling import AvgPool2D, GlobalAveragePooling2D, MaxPool2D

# In the order in which they are offered to people.
LAYERS: MappingProxyType[str, type[Layer]] = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (
            Conv2D,
            MaxPool2D,
            AvgPool2D,
            GlobalAveragePooling2D,
            BatchNorm,
            Dense,
            Flatten,
            Dropout,
            ReLU,
            LeakyReLU,
            GELU,
            Sigmoid,
            Tanh,
            Softmax,
        )
    }
)

__all__ = [
    "GELU",
    "LAYERS",
    "AvgPool2D",
    "BatchNorm",
    "Context",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "Layer",
    "LeakyReLU",
    "MaxPool2D",
    "ReLU",
    "Shape",
    "Sigmoid",
    "Softmax",
    "Tanh",
]

"""A small network and data to train it on, and comparing what comes out."""

import numpy as np

from cnn_core import (
    Architecture,
    BatchNorm,
    Conv2D,
    Dataset,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Network,
    ReLU,
    Softmax,
    Trainer,
)

ARCHITECTURE = Architecture(
    (8, 8, 1),
    (
        *(Conv2D(filters=4, bias=False), BatchNorm(), ReLU(), MaxPool2D(), Dropout(rate=0.2)),
        *(Flatten(), Dense(units=3), Softmax()),
    ),
)


def dataset(count, seed=0, classes=3):
    """Return images whose brightest column tells the class."""
    g = np.random.default_rng(seed)
    labels = g.integers(0, classes, count)
    images = g.integers(0, 120, (count, 8, 8, 1), dtype=np.uint8)
    images[np.arange(count), :, labels * 2 + 1] = 250
    return Dataset(images, labels, tuple("abc"[:classes]))


def trainer(network=None, **arguments):
    network = network or Network.initialize(ARCHITECTURE, seed=4)
    return Trainer(network, **{"train": dataset(50), "batch_size": 16, "seed": 3, **arguments})


def bits(network):
    values = {**network.parameters, **network.buffers}
    return {name: value.copy() for name, value in values.items()}


def assert_same_bits(one, other):
    one, other = (bits(n) if isinstance(n, Network) else n for n in (one, other))
    assert set(one) == set(other)
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


def trained(steps=9, **arguments):
    one = trainer(**arguments)
    for _ in one.run(steps=steps):
        pass
    return one

"""What can be inserted into a network, with settings that make sense at that place."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu

import cnn_core as cnn
from cnn_core import Layer


def default_layers(shape: tuple[int, ...] | None) -> list[list[tuple[Layer, str]]]:
    """Return groups of layers to insert where this shape comes in, each with what it does in a few words."""
    image = shape is None or len(shape) == 3
    channels = shape[-1] if shape else 16
    filters = min(max(16, channels), 512)
    return [
        [
            (cnn.Conv2D(filters=filters, padding="same"), f"{filters} filters of 3×3, keeps the size"),
            (cnn.BatchNorm(), "keeps each channel's mean and spread"),
        ],
        [
            (cnn.MaxPool2D(), "halves the size, keeps the strongest"),
            (cnn.AvgPool2D(), "halves the size, keeps the mean"),
            (cnn.GlobalAveragePooling2D(), "one mean per channel"),
        ],
        [
            (cnn.Flatten(), "maps into one row of numbers"),
            (cnn.Dense(units=64 if image or channels > 64 else channels), "every number sees all before it"),
            (cnn.Dropout(), "drops half of the numbers in training"),
        ],
        [
            (cnn.ReLU(), "negative becomes zero"),
            (cnn.LeakyReLU(), "negative becomes small"),
            (cnn.GELU(), "a smooth ReLU"),
            (cnn.Sigmoid(), "squeezes into 0 to 1"),
            (cnn.Tanh(), "squeezes into −1 to 1"),
            (cnn.Softmax(), "scores into probabilities"),
        ],
    ]


def fits(layer: Layer, shape: tuple[int, ...] | None) -> bool:
    """Return whether a layer can take this input; an unknown shape counts as fitting."""
    if shape is None:
        return True
    try:
        layer.output_shape(shape)
    except cnn.ArchitectureError:
        return False
    return True


def fill(menu: QMenu, shape: tuple[int, ...] | None, choose: Callable[[Layer], None]) -> None:
    """Add an entry for each layer; those that cannot take the input here say so, but may still be chosen."""
    for group in default_layers(shape):
        for layer, words in group:
            note = "" if fits(layer, shape) else " (does not fit here)"
            action = menu.addAction(f"{layer.name}{note}\t{words}")
            action.triggered.connect(lambda checked=False, chosen=layer: choose(chosen))
        menu.addSeparator()


def add_moves(menu: QMenu, layer: int, count: int, move: Callable[[int, int], None]) -> None:
    """Add the entries that move one of `count` layers by one place; move takes (source, target)."""
    left = menu.addAction("Move &left\tCtrl+Left", lambda: move(layer, layer - 1))
    right = menu.addAction("Move &right\tCtrl+Right", lambda: move(layer, layer + 1))
    left.setEnabled(layer > 0)
    right.setEnabled(layer < count - 1)

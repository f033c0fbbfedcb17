"""What a number of a layer was computed from: the region of the layer before, and of the input image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnn_core import Conv2D, Dense, Flatten, Layer
from cnn_core.architecture import LayerReport


@dataclass(frozen=True)
class Region:
    """A block of values of one layer, half-open ranges; units of a flat layer are channels of one value."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    channels: tuple[int, int]


def source(layer: Layer, shape: tuple[int, ...], region: Region) -> Region:
    """Return the part of the layer's input, of this shape, that a part of its output depends on."""
    high, wide, channels = shape if len(shape) == 3 else (1, 1, shape[0])
    everything = Region((0, high), (0, wide), (0, channels))
    if isinstance(layer, Flatten):
        return _unflattened(region, high, wide, channels)
    if isinstance(layer, Dense) or layer.name == "Softmax":
        return everything
    if layer.sees_all:  # global pooling: the whole of the same channel
        return Region(everything.rows, everything.columns, region.channels)
    window = layer.window(shape)
    if window is None:
        return region
    spans = []
    for axis, (first, last), size in ((0, region.rows, high), (1, region.columns, wide)):
        start = first * window.stride[axis] - window.before[axis]
        reach = window.dilation[axis] * (window.kernel[axis] - 1) + 1
        end = (last - 1) * window.stride[axis] - window.before[axis] + reach
        spans.append((min(max(start, 0), size - 1), max(min(end, size), 1)))
    return Region(spans[0], spans[1], _channels(layer, region.channels, channels))


def _channels(layer: Layer, wanted: tuple[int, int], available: int) -> tuple[int, int]:
    """Return the input channels that these output channels read."""
    if not isinstance(layer, Conv2D):
        return wanted
    made, read = layer.filters // layer.groups, available // layer.groups
    return wanted[0] // made * read, ((wanted[1] - 1) // made + 1) * read


def _unflattened(region: Region, high: int, wide: int, channels: int) -> Region:
    """Return the block of maps that units came from: one value for one unit, else all."""
    first, last = region.channels
    if last - first != 1:
        return Region((0, high), (0, wide), (0, channels))
    row, rest = divmod(first, wide * channels)
    column, channel = divmod(rest, channels)
    return Region((row, row + 1), (column, column + 1), (channel, channel + 1))


def on_input(reports: Sequence[LayerReport], layer: int, region: Region) -> Region | None:
    """Return the part of the input image that a region of a layer depends on, None where unknown."""
    for report in reversed(reports[: layer + 1]):
        if report.input_shape is None:
            return None
        region = source(report.layer, report.input_shape, region)
    return region

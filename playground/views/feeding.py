"""What a number of a layer was computed from, and what is computed from it."""

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


def fed(layer: Layer, shape: tuple[int, ...], made: tuple[int, ...], region: Region) -> Region | None:
    """Return the part of the layer's output, of shape `made`, that reads one value of its input.

    None where nothing reads it, as behind the last whole window of a pooling layer.
    """
    high, wide, channels = made if len(made) == 3 else (1, 1, made[0])
    if isinstance(layer, Dense) or layer.name == "Softmax":
        return Region((0, 1), (0, 1), (0, channels))
    if isinstance(layer, Flatten):
        inner = shape if len(shape) == 3 else (1, 1, shape[0])
        unit = (region.rows[0] * inner[1] + region.columns[0]) * inner[2] + region.channels[0]
        return Region((0, 1), (0, 1), (unit, unit + 1))
    if layer.sees_all:
        return Region((0, 1), (0, 1), region.channels)
    window = layer.window(shape)
    if window is None:
        return region
    spans = []
    for axis, (first, last), size in ((0, region.rows, high), (1, region.columns, wide)):
        reach = window.dilation[axis] * (window.kernel[axis] - 1) + 1
        start = -(-(first + window.before[axis] - reach + 1) // window.stride[axis])
        end = (last - 1 + window.before[axis]) // window.stride[axis] + 1
        spans.append((max(start, 0), min(end, size)))
    if any(start >= end for start, end in spans):
        return None
    if not isinstance(layer, Conv2D):
        return Region(spans[0], spans[1], region.channels)
    made_each, read_each = layer.filters // layer.groups, shape[2] // layer.groups
    group = region.channels[0] // read_each
    return Region(spans[0], spans[1], (group * made_each, (group + 1) * made_each))


def on_input(reports: Sequence[LayerReport], layer: int, region: Region) -> Region | None:
    """Return the part of the input image that a region of a layer depends on, None where unknown."""
    for report in reversed(reports[: layer + 1]):
        if report.input_shape is None:
            return None
        region = source(report.layer, report.input_shape, region)
    return region

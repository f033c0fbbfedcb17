"""How one number was computed, in words: the strongest products, all others together, the bias."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnn_core import Conv2D, Dense, Flatten, Layer, Softmax
from playground.views.feeding import Region, source
from playground.views.mosaic import Values
from playground.wording import TIMES, format_number

STRONGEST = 8  # products that are written out of a unit; beside a map there is room for half of them


def of_unit(layer: Layer, unit: int, inputs: Values, weight: Values | None, bias: float) -> str:
    """Return how a unit of a flat layer comes from the layer's input (units,), or (H, W, C) before Flatten.

    `weight` is (in, units), where the layer has some; "" where there is nothing to say.
    """
    if isinstance(layer, Dense) and weight is not None and inputs.shape == weight.shape[:1]:
        head = f"The sum of {format_number(inputs.size)} products of input and weight, and its bias."
        return f"{head}\n\n{_told(inputs, weight[:, unit], lambda at: f'input {at}', bias)}"
    if isinstance(layer, Softmax) and inputs.ndim == 1:
        return _softmax(inputs, unit)
    if isinstance(layer, Flatten) and inputs.ndim == 3:
        place = source(layer, inputs.shape, Region((0, 1), (0, 1), (unit, unit + 1)))
        row, column, channel = place.rows[0], place.columns[0], place.channels[0]
        value = format_number(float(inputs[row, column, channel]))
        return f"Channel {channel}, row {row}, column {column} of its input: {value}"
    if inputs.ndim == 1 and unit < inputs.size and weight is None:
        return f"Its input: {format_number(float(inputs[unit]))}"
    return ""


def of_pixel(layer: Conv2D, place: tuple[int, int, int], inputs: Values, weight: Values, bias: float) -> str:
    """Return how a convolution's number at (channel, row, column) comes from its input (H, W, C).

    `weight` is (KH, KW, C / groups, F). What the kernel meets in the padding is 0 and not mentioned.
    """
    filter_, row, column = place
    window = layer.window(inputs.shape)
    region = source(layer, inputs.shape, Region((row, row + 1), (column, column + 1), (filter_, filter_ + 1)))
    first, last = region.channels
    starts = [
        at * step - pad for at, step, pad in zip((row, column), window.stride, window.before, strict=True)
    ]
    rows, columns = (
        start + np.arange(count) * dilation
        for start, count, dilation in zip(starts, window.kernel, window.dilation, strict=True)
    )
    high, wide = ((at >= 0) & (at < size) for at, size in zip((rows, columns), inputs.shape, strict=False))
    met = inputs[np.ix_(rows[high], columns[wide], np.arange(first, last))]
    kernel = weight[np.ix_(np.flatnonzero(high), np.flatnonzero(wide))][..., filter_]

    def name(at: int) -> str:
        down, right, channel = np.unravel_index(at, met.shape)
        spot = f"({rows[high][down]}, {columns[wide][right]})"
        return spot if inputs.shape[2] == 1 else f"{first + channel} {spot}"

    told = _told(met.ravel(), kernel.ravel(), name, bias, STRONGEST // 2)
    return f"{'' if inputs.shape[2] == 1 else 'channel '}(row, column): value {TIMES} weight\n{told}"


def _told(
    given: Values, weights: Values, name: Callable[[int], str], bias: float, most: int = STRONGEST
) -> str:
    """Return the strongest products by the names of their inputs, the sum of the others, and the bias."""
    products = given * weights
    strongest = np.argsort(-np.abs(products), kind="stable")[:most]
    lines = []
    for at in strongest.tolist():
        one, other, product = (format_number(float(each[at])) for each in (given, weights, products))
        lines.append(f"{name(at)}: {one} {TIMES} {other} = {product}")
    if rest := products.size - strongest.size:
        others = float(np.delete(products, strongest).sum(dtype=np.float64))
        lines.append(f"{format_number(rest)} others: {format_number(others)}")
    return "\n".join((*lines, f"bias: {format_number(bias)}"))


def _softmax(scores: Values, unit: int) -> str:
    largest = float(scores.max())
    powers = np.exp(scores - largest, dtype=np.float64)
    score, most, power = (format_number(float(each)) for each in (scores[unit], largest, powers[unit]))
    total = format_number(float(powers.sum()))
    return (
        f"exp(its score − the largest) = exp({score} − {most}) = {power}\n"
        f"divided by {total}, the sum of the same of all {format_number(scores.size)} scores"
    )

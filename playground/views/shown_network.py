"""The network as it is shown: names, the values that fit, their colour scales, and how places are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cnn_core.architecture import LayerReport
from playground.views.feeding import Region, fed, on_input, source
from playground.views.map_tiles import Spot
from playground.views.mosaic import Scale, Values, first_channels
from playground.views.scales import layer_scales, scale_rules
from playground.views.strip_layout import MOST_CELLS, MOST_TILES
from playground.wording import format_number, layer_names

INPUT = -1  # the input's place among the layers


@dataclass(frozen=True)
class Hover:
    """The number under the pointer; layer -1 is the input, flat layers have row and column 0."""

    layer: int
    channel: int
    row: int
    column: int
    value: float | None
    text: str  # "Conv2D 1, channel 3, row 4, column 7: 1.24"


class ShownNetwork:
    """One architecture, and the latest activations as far as they belong to it."""

    def __init__(self, reports: Sequence[LayerReport], input_shape: tuple[int, ...]) -> None:
        self.reports = tuple(reports)
        self.input_shape = tuple(input_shape)
        self.names = layer_names([report.layer for report in self.reports])
        self.values: list[Values | None] = [None] * len(self.reports)
        self._rules = scale_rules([report.layer for report in self.reports])
        self._strongest: dict[int, NDArray[np.intp]] = {}

    def set_activations(self, activations: Sequence[Values]) -> None:
        """Keep each layer's output, with or without a batch of one in front, where it fits."""
        self.values = [None] * len(self.reports)
        for index, (report, values) in enumerate(zip(self.reports, activations, strict=False)):
            shape = report.output_shape
            if shape is not None and np.shape(values) in (shape, (1, *shape)):
                self.values[index] = np.asarray(values).reshape(shape)

    def scales(self, scope: str) -> list[Scale | None]:
        """Return the colour scale of each layer; scope is "channel", "layer" or "network"."""
        return layer_scales(self._rules, self.values, scope)

    def shape(self, layer: int) -> tuple[int, ...] | None:
        """Return the shape of the input (layer -1) or of a layer's output; None while unknown."""
        return self.input_shape if layer == INPUT else self.reports[layer].output_shape

    # -- which channels ------------------------------------------------------------------------------

    def order(self, layer: int) -> NDArray[np.intp]:
        """Return the channels to show: all, or of very many the strongest; the same until `choose_anew`."""
        shape = self.shape(layer)
        total, limit = (shape[-1], MOST_TILES if len(shape) == 3 else MOST_CELLS) if shape else (0, 0)
        values = self.values[layer]
        if total <= limit:
            return first_channels(total)
        if layer not in self._strongest and values is not None:
            strength = np.abs(values).reshape(-1, total).mean(axis=0)
            strongest = np.argsort(-strength, kind="stable")[:limit]
            self._strongest[layer] = strongest if values.ndim == 3 else np.sort(strongest)
        return self._strongest.get(layer, first_channels(limit))

    @property
    def chosen(self) -> bool:
        """Whether of some layer not all channels are shown."""
        return bool(self._strongest)

    def choose_anew(self) -> None:
        """Forget which channels were the strongest."""
        self._strongest.clear()

    # -- words ---------------------------------------------------------------------------------------

    def labels(self, layer: int, class_names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of a flat layer's numbers: the classes at the network's end, else their places."""
        shape = self.shape(layer)
        if layer == INPUT or shape is None or len(shape) != 1:
            return ()
        return (
            class_names if self._scores(layer, class_names) else tuple(str(unit) for unit in range(shape[0]))
        )

    def is_answer(self, layer: int) -> bool:
        """Whether a layer is the network's last, or the one that Softmax makes the last one of."""
        last = len(self.reports) - 1
        return layer == last or (layer == last - 1 and self.reports[last].layer.name == "Softmax")

    def _scores(self, layer: int, class_names: tuple[str, ...]) -> bool:
        """Whether a layer's numbers stand for the classes."""
        return self.is_answer(layer) and self.shape(layer) == (len(class_names),)

    def channel_text(self, layer: int, channel: int, class_names: tuple[str, ...]) -> str:
        """Return what a channel is called, with its layer: "Conv2D 1, channel 3", "Softmax, class 7"."""
        shape = self.shape(layer)
        name = "Input" if layer == INPUT else self.names[layer]
        if shape is not None and len(shape) == 3:
            return f"{name}, channel {channel}"
        if self._scores(layer, class_names) and channel < len(class_names):
            return f"{name}, class {class_names[channel]}"
        return f"{name}, unit {channel}"

    def spot_text(self, layer: int, spot: Spot, value: float | None, class_names: tuple[str, ...]) -> str:
        """Return the read-out of a number: "Conv2D 1, channel 3, row 4, column 7: 1.24"."""
        channel, row, column = spot
        text = self.channel_text(layer, channel, class_names)
        if len(self.shape(layer) or ()) == 3:
            text += f", row {row}, column {column}"
        return text if value is None else f"{text}: {format_number(value)}"

    @cached_property
    def summary(self) -> str:
        """The size of the network in one line."""
        parameters = sum(report.parameters for report in self.reports)
        operations = sum(report.multiply_adds for report in self.reports)
        return (
            f"{len(self.reports)} layers, {format_number(parameters)} parameters, "
            f"{format_number(operations)} multiply-adds for one image"
        )

    # -- what feeds a number -------------------------------------------------------------------------

    def feeding(self, layer: int, spot: Spot) -> dict[int, Region]:
        """Return what a number depends on: a region of the layer before it, and of the input (-1)."""
        if layer == INPUT:
            return {}
        report, region, found = self.reports[layer], _region(spot), {}
        on_image = on_input(self.reports, layer, region)
        if on_image is not None:
            found[INPUT] = on_image
        if report.input_shape is not None:
            found[layer - 1] = source(report.layer, report.input_shape, region)
        return found

    def fed(self, layer: int, spot: Spot) -> dict[int, Region]:
        """Return what a number is read by: a region of the layer after it."""
        if layer + 1 >= len(self.reports):
            return {}
        report, shape = self.reports[layer + 1], self.shape(layer)
        if shape is None or report.output_shape is None:
            return {}
        region = fed(report.layer, shape, report.output_shape, _region(spot))
        return {} if region is None else {layer + 1: region}


def _region(spot: Spot) -> Region:
    """Return the region of one number."""
    channel, row, column = spot
    return Region((row, row + 1), (column, column + 1), (channel, channel + 1))

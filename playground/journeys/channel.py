"""Channel: the selected channel large, with what it reads and its kernel, down to one number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from playground.main_window import MainWindow
from playground.parts import Parts
from playground.probe import Reading
from playground.selection import Place
from playground.wording import layer_names


class ChannelJourney(QObject):
    """Selection and probe -> channel page; what is clicked there -> selection."""

    def __init__(self, window: MainWindow, parts: Parts) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._tab_before = window.tabs.currentWidget()
        window.channel_view.pixel_selected.connect(self._select_pixel)
        window.channel_view.source_selected.connect(self._select_source)
        window.tabs.currentChanged.connect(lambda _index: self._show(parts.probe.reading))
        parts.selection.changed.connect(self._show_place)
        parts.probe.updated.connect(self._show)

    def _show_place(self, place: Place) -> None:
        tabs, view = self._window.tabs, self._window.channel_view
        if place.channel is None:
            if tabs.currentWidget() is view:
                tabs.setCurrentWidget(self._tab_before)
            view.clear()
            return
        if tabs.currentWidget() is not view:
            self._tab_before = tabs.currentWidget()
            tabs.setCurrentWidget(view)
        self._show(self._parts.probe.reading)

    def _show(self, reading: Reading | None) -> None:
        """Show the channel again; not worth its time while another tab is in front."""
        place, view = self._parts.selection.place, self._window.channel_view
        if self._window.tabs.currentWidget() is not view or place.channel is None or reading is None:
            return
        if place.layer == -1:
            view.set_channel("Input", place.channel, reading.seen)
        elif place.layer is not None:
            self._show_channel(place.layer, place.channel, reading)
        view.set_pixel(place.pixel)

    def _show_channel(self, layer: int, channel: int, reading: Reading) -> None:
        architecture = self._parts.document.content.architecture
        report = architecture.check()[layer]
        network = self._parts.probe.network
        values = _of_layer(reading, layer)
        if values is not None and values.shape != report.output_shape:
            values = None  # computed before the last edit; what belongs to this layer is on its way
        self._window.channel_view.set_channel(
            layer_names(architecture.layers)[layer],
            channel,
            values,
            report=report,
            inputs=_of_layer(reading, layer - 1),
            scale=self._window.network_view.scale(layer),
            weight=None if network is None else network.parameters.get(f"{layer}.weight"),
            bias=None if network is None else network.parameters.get(f"{layer}.bias"),
        )

    def _select_pixel(self, row: int, column: int) -> None:
        place = self._parts.selection.place
        if place.channel is not None:
            self._parts.selection.select(replace(place, pixel=(row, column)))

    def _select_source(self, channel: int) -> None:
        layer = self._parts.selection.place.layer
        if layer is not None:
            self._parts.selection.select(Place(layer - 1, channel))


def _of_layer(reading: Reading, layer: int) -> NDArray[np.float32] | None:
    """What a layer gave, without the batch; layer -1 is the input."""
    if layer == -1:
        return reading.seen
    return reading.activations[layer][0] if 0 <= layer < len(reading.activations) else None

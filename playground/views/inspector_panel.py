"""All about the selected layer: what it is and does, its settings, kernels and how its numbers are spread."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

import cnn_core as cnn
from playground.theme import LIGHT, SPACING, Theme
from playground.views.fact_grid import Reports
from playground.views.inspector_pages import LayerPage, OverviewPage
from playground.wording import layer_names

Values = NDArray[np.float32]

WIDTH = 300  # px
_WEIGHT_NAMES = {"weight": "Weights", "gamma": "Scales (gamma)"}


class InspectorPanel(QScrollArea):
    """Shows one layer, or the whole network when none is selected.

    Emits `layer_edited(index, layer)` from the form, `channel_selected(layer, channel)` from the kernels and
    `layer_selected(index)` from the network's overview.
    """

    layer_edited = Signal(int, object)
    channel_selected = Signal(int, int)
    layer_selected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspectorPanel")
        self.setAccessibleName("Inspector")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes from part to part; page keys scroll from there
        self.setMinimumWidth(WIDTH - 2 * SPACING)
        self._report: cnn.LayerReport | None = None
        self._reports: Reports = ()
        self._parameters: Mapping[str, Values] = {}
        self._activations: Values | None = None
        self._channel: int | None = None
        self._overview = OverviewPage()
        self._layer = LayerPage()
        content = QWidget()
        pages = QVBoxLayout(content)
        pages.setContentsMargins(0, 0, 0, 0)
        pages.addWidget(self._overview)
        pages.addWidget(self._layer)
        self._layer.hide()
        self.setWidget(content)
        content.setAutoFillBackground(False)  # the panel behind shows through
        self.viewport().setAutoFillBackground(False)
        self.set_theme(LIGHT)
        self._layer.form.layer_edited.connect(self.layer_edited)
        self._layer.kernels.filter_selected.connect(self._on_filter_selected)
        self._overview.layers.layer_selected.connect(self.layer_selected)

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        for view in (self._overview.layers, self._layer.kernels, self._layer.weights, self._layer.values):
            view.set_theme(theme)
        frame = f"border: 1px solid {theme.error}; border-radius: 4px; padding: 8px; color: {theme.error};"
        for card in (self._overview.error, self._layer.error):
            card.setStyleSheet(frame)

    def set_overview(self, reports: Reports, input_shape: tuple[int, ...]) -> None:
        """Say what the whole network is; shown while no layer is selected."""
        self._reports = reports
        self._overview.show_network(reports, input_shape)

    def set_layer(self, report: cnn.LayerReport | None, index: int = -1) -> None:
        """Show the report of the layer at an index (default: the report's own), or the overview for None.

        The activations of another layer are forgotten.
        """
        before, self._report = self._report, report
        self._overview.setVisible(report is None)
        self._layer.setVisible(report is not None)
        if report is None or before is None or report.index != before.index:
            self._activations = None
            self.verticalScrollBar().setValue(0)
        if report is not None:
            index = report.index if index < 0 else index
            self._layer.show_report(report, index, self._name(report))
            self._show_weights()
            self._show_values()

    def set_parameters(self, parameters: Mapping[str, Values] | None) -> None:
        """Take the network's parameters, "0.weight" and so on; only those of the layer shown are read."""
        self._parameters = parameters or {}
        self._show_weights()

    def set_activations(self, activations: Values | None) -> None:
        """Take the selected layer's output for the current input, channels last, or nothing."""
        self._activations = activations
        self._show_values()

    def set_channel(self, channel: int | None) -> None:
        """Narrow kernels and histograms down to an output channel, or show the whole layer."""
        if channel != self._channel:
            self._channel = channel
            self._layer.kernels.set_channel(channel)
            self._show_weights()
            self._show_values()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        self._show_weights()
        self._show_values()

    def _show_weights(self) -> None:
        if self._report is None or not self.isVisible():
            return
        own = f"{self._report.index}."
        name = next((name for name in _WEIGHT_NAMES if own + name in self._parameters), "")
        weight = self._parameters.get(own + name)
        kernels = None if weight is None else _as_kernels(weight, self._reports, self._report.index)
        self._layer.show_weights(weight, kernels, _WEIGHT_NAMES.get(name, ""), self._channel)

    def _show_values(self) -> None:
        if self._report is not None and self.isVisible():
            self._layer.show_values(self._activations, self._channel)

    def _name(self, report: cnn.LayerReport) -> str:
        """The layer's name as the network calls it: numbered where its kind occurs more than once."""
        names = layer_names([each.layer for each in self._reports])
        return names[report.index] if report.index < len(names) else report.layer.name

    def _on_filter_selected(self, channel: int) -> None:
        if self._report is not None:
            self.channel_selected.emit(self._report.index, channel)


def _as_kernels(weight: Values, reports: Reports, index: int) -> Values | None:
    """The weights as (H, W, C, outputs) where they look at an image: Conv2D, or Dense after Flatten."""
    if weight.ndim == 4:
        return weight
    before = reports[index - 1] if 0 < index < len(reports) else None
    if before is None or not isinstance(before.layer, cnn.Flatten) or before.input_shape is None:
        return None
    shape = (*before.input_shape, weight.shape[-1])
    return weight.reshape(shape) if np.prod(shape) == weight.size else None

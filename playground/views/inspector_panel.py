"""All about the selected layer: what it is and does, its settings, kernels and how its numbers are spread."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from playground.theme import LIGHT, SPACING, Theme
from playground.views.explanations import EXPLANATIONS
from playground.views.fact_grid import FactGrid, network_facts, report_facts
from playground.views.histogram import Histogram
from playground.views.kernel_panel import KernelPanel
from playground.views.layer_form import LayerForm
from playground.views.network_summary import NetworkSummary

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
        self.setMinimumWidth(WIDTH - 2 * SPACING)
        self._report: Any = None
        self._parameters: dict[str, NDArray[np.float32]] | None = None
        self._activations: NDArray[np.float32] | None = None
        self._channel: int | None = None
        self._overview = _Overview()
        self._layer = _LayerPage()
        content = QWidget()
        pages = QVBoxLayout(content)
        pages.setContentsMargins(0, 0, 0, 0)
        pages.addWidget(self._overview)
        pages.addWidget(self._layer)
        self._layer.hide()
        self.setWidget(content)
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

    def set_overview(self, reports: tuple[Any, ...], input_shape: tuple[int, ...]) -> None:
        """Say what the whole network is; shown while no layer is selected."""
        self._overview.show_network(reports, input_shape)

    def set_layer(self, report: Any, index: int = -1) -> None:
        """Show the report of the layer at an index (default: the report's own), or the overview for None."""
        other = report is None or self._report is None or report.layer.name != self._report.layer.name
        self._report = report
        self._overview.setVisible(report is None)
        self._layer.setVisible(report is not None)
        if report is not None:
            self._layer.show_report(report, report.index if index < 0 else index)
            self._refresh()
        if other:
            self.verticalScrollBar().setValue(0)

    def set_parameters(self, parameters: dict[str, NDArray[np.float32]] | None) -> None:
        """Take the network's parameters, "0.weight" and so on; only those of the layer shown are read."""
        self._parameters = parameters
        self._refresh()

    def set_activations(self, activations: NDArray[np.float32] | None) -> None:
        """Take the selected layer's output for the current input, channels last, or nothing."""
        self._activations = activations
        self._refresh()

    def set_channel(self, channel: int | None) -> None:
        """Narrow kernels and histograms down to an output channel, or show the whole layer."""
        self._channel = channel
        self._layer.kernels.set_channel(channel)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        if self._report is None or not self.isVisible():
            return
        own = f"{self._report.index}."
        parameters = self._parameters or {}
        name = next((name for name in _WEIGHT_NAMES if own + name in parameters), "")
        title = _WEIGHT_NAMES.get(name, "")
        self._layer.show_weights(parameters.get(own + name), title, self._channel)
        self._layer.show_values(self._activations, self._channel)

    def _on_filter_selected(self, channel: int) -> None:
        if self._report is not None:
            self.channel_selected.emit(self._report.index, channel)


class _Overview(QWidget):
    """The page shown while nothing is selected."""

    def __init__(self) -> None:
        super().__init__()
        self._title = _label("Network", "title")
        self.error = _card()
        self._facts = FactGrid()
        self._heading = _label("Layers and their parameters", "section")
        self.layers = NetworkSummary()
        self._hint = _label("Click a layer to see inside it and to change it.", "muted")
        _stack(self, self._title, self.error, self._facts, self._heading, self.layers, self._hint)
        self.show_network((), ())

    def show_network(self, reports: tuple[Any, ...], input_shape: tuple[int, ...]) -> None:
        """Fill the page."""
        self._facts.set_facts(network_facts(reports, input_shape))
        self.layers.set_reports(reports)
        self._heading.setVisible(bool(reports))
        error = next((f"{r.error}" for r in reports if r.error), "")
        self.error.setText(error)
        self.error.setVisible(bool(error))
        empty = "There are no layers yet: press + in the network to insert the first one."
        self._hint.setText("Click a layer to see inside it and to change it." if reports else empty)


class _LayerPage(QWidget):
    """The page of one layer."""

    def __init__(self) -> None:
        super().__init__()
        self._title = _label("", "title")
        self.error = _card()
        self._summary = _label("", "muted")
        self._facts = FactGrid()
        self.form = LayerForm()
        self.kernels = KernelPanel()
        self.weights = Histogram("Weights")
        self.values = Histogram("Activations")
        self._formula = _label("", "strong")
        self._formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._note = _label("", "muted")
        self._kernels_title, self._weights_title = _label("Kernels", "section"), _label("", "section")
        self._values_title, self._settings_title = _label("", "section"), _label("Settings", "section")
        self._weights_about, self._values_about = _label("", "small"), _label("", "small")
        parts: tuple[QWidget, ...] = (self._title, self.error, self._summary, self._facts)
        parts += (self._settings_title, self.form)
        parts += (self._kernels_title, self.kernels, self._weights_title, self.weights, self._weights_about)
        parts += (self._values_title, self.values, self._values_about)
        _stack(self, *parts, _label("Formula", "section"), self._formula, self._note)

    def show_report(self, report: Any, index: int) -> None:
        """Fill in what does not depend on weights."""
        text = EXPLANATIONS.get(report.layer.name)
        self._title.setText(f"{report.layer.name} <span style='font-weight: 400'>· layer {index}</span>")
        self._summary.setText(text.summary if text else "")
        self._formula.setText(text.formula if text else "")
        self._note.setText(text.note if text else "")
        self._facts.set_facts(report_facts(report))
        self.error.setText(report.error or "")
        self.error.setVisible(bool(report.error))
        self.form.set_layer(index, report.layer)

    def show_weights(self, weight: NDArray[np.float32] | None, name: str, channel: int | None) -> None:
        """Show kernels and histogram of the layer's weights, or hide both."""
        is_kernel = weight is not None and weight.ndim == 4
        self._kernels_title.setVisible(is_kernel)
        self.kernels.setVisible(is_kernel)
        for part in (self._weights_title, self.weights, self._weights_about):
            part.setVisible(weight is not None)
        if weight is None:
            return
        if is_kernel:
            self.kernels.set_weight(weight)
        self._weights_title.setText(f"{name}{_of_channel(weight, channel)}")
        self.weights.set_values(_narrowed(weight, channel))
        self._weights_about.setText(self.weights.description())

    def show_values(self, activations: NDArray[np.float32] | None, channel: int | None) -> None:
        """Show how the layer's output is spread."""
        self.values.setVisible(activations is not None)
        if activations is None:
            self._values_title.setText("Activations")
            self._values_about.setText("They appear as soon as there is an input.")
            return
        self._values_title.setText(f"Activations{_of_channel(activations, channel)} for this input")
        self.values.set_values(_narrowed(activations, channel))
        self._values_about.setText(self.values.description())


def _narrowed(values: NDArray[np.float32], channel: int | None) -> NDArray[np.float32]:
    """Only a channel's values, where it exists and holds more than one number."""
    return values[..., channel] if _of_channel(values, channel) else values


def _of_channel(values: NDArray[np.float32], channel: int | None) -> str:
    if channel is None or channel >= values.shape[-1] or values[..., channel].size < 2:
        return ""
    return f" of channel {channel}"


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text, wordWrap=True)
    label.setProperty("role", role)
    return label


def _card() -> QLabel:
    """A framed message for what does not fit."""
    card = _label("", "error")
    card.setAccessibleName("Problem with this layer")
    card.hide()
    return card


def _stack(page: QWidget, *parts: QWidget) -> None:
    """Lay parts out from top to bottom, with more room above each section's title."""
    layout = QVBoxLayout(page)
    layout.setContentsMargins(SPACING + 4, SPACING + 4, SPACING + 4, SPACING + 4)
    layout.setSpacing(SPACING)
    for part in parts:
        if part.property("role") == "section":
            part.setContentsMargins(0, SPACING, 0, 0)
        layout.addWidget(part)
    layout.addStretch(1)

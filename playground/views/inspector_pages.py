"""The two pages of the inspector: the network at a glance, and all about one layer."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

import cnn_core as cnn
from playground.theme import SPACING
from playground.views.explanations import EXPLANATIONS
from playground.views.fact_grid import FactGrid, Reports, network_facts, problem, report_facts
from playground.views.histogram import Histogram
from playground.views.kernel_panel import KernelPanel
from playground.views.layer_form import LayerForm
from playground.views.network_summary import NetworkSummary
from playground.wording import layer_names

Values = NDArray[np.float32]

_NO_INPUT = "They appear as soon as there is an input."


class OverviewPage(QWidget):
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

    def show_network(self, reports: Reports, input_shape: tuple[int, ...]) -> None:
        """Fill the page."""
        self._facts.set_facts(network_facts(reports, input_shape))
        self.layers.set_reports(reports)
        self._heading.setVisible(bool(reports))
        names = layer_names([report.layer for report in reports])
        found = next((report for report in reports if report.error), None)
        error = f"{names[found.index]}: {problem(found)}" if found else ""
        self.error.setText(error)
        self.error.setVisible(bool(error))
        empty = "There are no layers yet: press + in the network to insert the first one."
        self._hint.setText("Click a layer to see inside it and to change it." if reports else empty)


class LayerPage(QWidget):
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
        self._why_no_values = _NO_INPUT
        self._values_title, self._settings_title = _label("", "section"), _label("Settings", "section")
        self._weights_about, self._values_about = _label("", "small"), _label("", "small")
        parts: tuple[QWidget, ...] = (self._title, self.error, self._summary, self._facts)
        parts += (self._settings_title, self.form)
        parts += (self._kernels_title, self.kernels, self._weights_title, self.weights, self._weights_about)
        parts += (self._values_title, self.values, self._values_about)
        _stack(self, *parts, _label("Formula", "section"), self._formula, self._note)

    def show_report(self, report: cnn.LayerReport, index: int, name: str) -> None:
        """Fill in what does not depend on weights."""
        text = EXPLANATIONS.get(report.layer.name)
        self._title.setText(name)
        self._summary.setText(text.summary if text else "")
        self._formula.setText(text.formula if text else "")
        self._note.setText(text.note if text else "")
        self._facts.set_facts(report_facts(report))
        known = report.output_shape is not None
        self._why_no_values = _NO_INPUT if known else "They appear once the network fits together."
        self.error.setText(problem(report))
        self.error.setVisible(bool(report.error))
        self.form.set_layer(index, report.layer)

    def show_weights(
        self, weight: Values | None, kernels: Values | None, name: str, channel: int | None
    ) -> None:
        """Show kernels and histogram of the layer's weights, or hide what there is not."""
        self._kernels_title.setVisible(kernels is not None)
        self.kernels.setVisible(kernels is not None)
        for part in (self._weights_title, self.weights, self._weights_about):
            part.setVisible(weight is not None)
        if weight is None:
            return
        if kernels is not None:
            self._kernels_title.setText("Kernels" if weight.ndim == 4 else "Weights of each unit, as images")
            self.kernels.set_weight(kernels, "filter" if weight.ndim == 4 else "unit")
        self._weights_title.setText(f"{name}{_of_channel(weight, channel)}")
        self.weights.set_values(_narrowed(weight, channel))
        self._weights_about.setText(self.weights.description())

    def show_values(self, activations: Values | None, channel: int | None) -> None:
        """Show how the layer's output is spread."""
        self.values.setVisible(activations is not None)
        if activations is None:
            self._values_title.setText("Activations")
            self._values_about.setText(self._why_no_values)
            return
        self._values_title.setText(f"Activations{_of_channel(activations, channel)} for this input")
        self.values.set_values(_narrowed(activations, channel))
        self._values_about.setText(self.values.description())


def _narrowed(values: Values, channel: int | None) -> Values:
    """Only a channel's values, where it exists and holds more than one number."""
    return values[..., channel] if _of_channel(values, channel) else values


def _of_channel(values: Values, channel: int | None) -> str:
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

"""Look: what is selected in one view is shown by all of them, and there is one way back out."""

from __future__ import annotations

from PySide6.QtCore import QObject

from playground.main_window import MainWindow
from playground.parts import Parts
from playground.probe import Reading
from playground.selection import Place
from playground.wording import layer_names


class LookJourney(QObject):
    """Selection -> network strip, inspector, breadcrumb; hovering -> status bar."""

    def __init__(self, window: MainWindow, parts: Parts) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        view, select = window.network_view, parts.selection.select
        view.layer_selected.connect(lambda layer: select(Place(layer)))
        view.channel_selected.connect(lambda layer, channel: select(Place(layer, channel)))
        view.background_clicked.connect(parts.selection.back)
        view.hovered.connect(lambda hover: window.status.setText(hover.text if hover else ""))
        window.seen_view.hovered.connect(lambda _pixel: window.status.setText(window.seen_view.value_text()))
        window.dataset_browser.hovered.connect(window.status.setText)
        for scope, action in window.actions_.scopes.items():
            action.triggered.connect(lambda _checked=False, scope=scope: view.set_scope(scope))
        window.inspector_panel.layer_selected.connect(lambda layer: select(Place(layer)))
        window.inspector_panel.channel_selected.connect(lambda layer, channel: select(Place(layer, channel)))
        window.prediction_panel.class_selected.connect(self._select_class)
        window.breadcrumb.depth_requested.connect(lambda depth: select(parts.selection.place.cut(depth)))
        window.actions_.back.triggered.connect(parts.selection.back)
        parts.selection.changed.connect(self._show_place)
        parts.document.architecture_changed.connect(self._show_layer)
        parts.probe.updated.connect(self._show_reading)
        self._show_place(parts.selection.place)

    def _select_class(self, index: int) -> None:
        last = len(self._parts.document.content.architecture.layers) - 1
        self._parts.selection.select(Place(last, index))

    def _show_place(self, place: Place) -> None:
        self._window.network_view.set_selection(place.layer, place.channel)
        self._show_layer()

    def _show_layer(self) -> None:
        place = self._parts.selection.place
        self._window.breadcrumb.set_names(self._names(place))
        architecture = self._parts.document.content.architecture
        reports = architecture.check()
        inspector = self._window.inspector_panel
        inspector.set_overview(reports, architecture.input_shape)
        inspector.set_layer(next((report for report in reports if report.index == place.layer), None))
        inspector.set_channel(place.channel)
        if self._parts.probe.reading is not None:
            self._show_reading(self._parts.probe.reading)

    def _show_reading(self, reading: Reading) -> None:
        place = self._parts.selection.place
        network = self._parts.probe.network
        self._window.inspector_panel.set_parameters(None if network is None else network.parameters)
        index, values = place.layer, reading.activations
        own = values[index][0] if index is not None and 0 <= index < len(values) else None
        self._window.inspector_panel.set_activations(own)

    def _names(self, place: Place) -> list[str]:
        names = ["Network"]
        layers = self._parts.document.content.architecture.layers
        if place.layer is not None:
            names.append("Input" if place.layer < 0 else layer_names(layers)[place.layer])
        if place.channel is not None:
            names.append(f"Channel {place.channel}")
        if place.pixel is not None:
            names.append(f"Row {place.pixel[0]}, column {place.pixel[1]}")
        return names

"""Edit: layers inserted, removed, moved and set; each an undo step that keeps the weights it can."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

import cnn_core as cnn
from playground.data import fitted
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.selection import Place
from playground.training_control import TrainingControl
from playground.views import layer_menu
from playground.wording import layer_names


class EditJourney(QObject):
    """Network strip, inspector and the Network menu -> document -> network strip and inspector."""

    def __init__(self, window: MainWindow, parts: Parts, control: TrainingControl) -> None:
        super().__init__(window)
        self._window = window
        self._document = parts.document
        self._selection = parts.selection
        self._control = control
        view = window.network_view
        view.insert_requested.connect(self.insert)
        view.remove_requested.connect(self.remove)
        view.move_requested.connect(self.move)
        window.inspector_panel.layer_edited.connect(self._replace)
        self._fill_menus()
        actions = window.actions_
        actions.remove.triggered.connect(lambda: self._on_selected(self.remove))
        actions.insert.triggered.connect(self._offer_insertion)
        actions.fit_to_data.triggered.connect(self.fit_to_data)
        actions.move_left.triggered.connect(lambda: self._on_selected(lambda i: self.move(i, i - 1)))
        actions.move_right.triggered.connect(lambda: self._on_selected(lambda i: self.move(i, i + 1)))
        self._document.architecture_changed.connect(self._show_architecture)
        self._document.adapted.connect(self._say_what_was_kept)
        self._document.network_changed.connect(self._show_parameters)
        parts.session.snapshot_taken.connect(lambda s: view.set_parameters(s.network.parameters))
        self._selection.changed.connect(lambda _place: self._enable())
        self._show_architecture()
        self._show_parameters()

    def insert(self, index: int, layer: cnn.Layer) -> None:
        """Put a layer before the one at `index` and select it."""
        if self._edit(lambda old: old.inserted(index, layer), f"inserting {layer.name}"):
            self._selection.select(Place(index))

    def remove(self, index: int) -> None:
        """Take a layer out."""
        name = layer_names(self._document.content.architecture.layers)[index]
        self._edit(lambda old: old.removed(index), f"removing {name}")

    def move(self, source: int, target: int) -> None:
        """Take a layer to another index; out of range does nothing."""
        layers = self._document.content.architecture.layers
        if source != target and 0 <= target < len(layers):
            self._edit(lambda old: old.moved(source, target), f"moving {layer_names(layers)[source]}")
            self._selection.select(Place(target))

    def load_preset(self, name: str) -> None:
        """Replace all layers by a ready architecture, made to fit the data in use."""
        self._selection.select(Place())
        self._edit(lambda _old: self._fitted(cnn.presets.load(name)), f"preset {name}", self._data_names())

    def fit_to_data(self) -> None:
        """Give the network the data's input, and one score a class under the class's name."""
        self._edit(self._fitted, "fitting to the data", self._data_names())

    def _edit(
        self,
        change: Callable[[cnn.Architecture], cnn.Architecture],
        text: str,
        names: tuple[str, ...] | None = None,
    ) -> bool:
        """Change the architecture, and the names of the classes where some are given; False, and a notice,
        where there can be no such architecture."""
        try:
            architecture = change(self._document.content.architecture)
            self._document.edit_architecture(architecture, text, class_names=names)
        except (cnn.ArchitectureError, MemoryError) as problem:
            reason = str(problem) or "there is not enough memory for it"
            self._window.notice.say(f"Not done: {reason}.", "error")
            return False
        return True

    def _replace(self, index: int, layer: cnn.Layer) -> None:
        try:
            self._document.replace_layer(index, layer)
        except MemoryError:
            self._window.notice.say("Not done: there is not enough memory for such a layer.", "error")

    def _fitted(self, architecture: cnn.Architecture) -> cnn.Architecture:
        data = self._control.data
        return architecture if data is None else fitted(architecture, data.train)

    def _data_names(self) -> tuple[str, ...] | None:
        """The names of the data's classes; None without data."""
        data = self._control.data
        return None if data is None else data.train.class_names

    def _fill_menus(self) -> None:
        for name in cnn.presets.names():
            action = self._window.menus.presets.addAction(name)
            action.triggered.connect(lambda _checked=False, name=name: self.load_preset(name))
        self._window.menus.insert.aboutToShow.connect(self._fill_insert_menu)

    def _offer_insertion(self) -> None:
        view = self._window.network_view
        self._window.menus.insert.popup(view.mapToGlobal(view.rect().center()))

    def _fill_insert_menu(self) -> None:
        """Offer what fits behind the selected layer."""
        reports = self._document.content.architecture.check()
        index = self._insertion_index()
        shape = reports[index - 1].output_shape if index else self._document.content.architecture.input_shape
        menu = self._window.menus.insert
        menu.clear()
        layer_menu.fill(menu, shape, lambda layer: self.insert(self._insertion_index(), layer))

    def _insertion_index(self) -> int:
        """Behind the selected layer; at the end when none is."""
        selected = self._selection.place.layer
        return len(self._document.content.architecture.layers) if selected is None else selected + 1

    def _on_selected(self, act: Callable[[int], None]) -> None:
        index = self._selection.place.layer
        if index is not None and 0 <= index < len(self._document.content.architecture.layers):
            act(index)

    def _say_what_was_kept(self, kept: int, fresh: list[int]) -> None:
        if not fresh:
            return
        names = layer_names(self._document.content.architecture.layers)
        *first, last = (names[index] for index in fresh)
        few = f"{', '.join(first)} and {last}" if first else last
        which = few if len(fresh) < 4 else f"{len(fresh)} layers"
        start = "starts" if len(fresh) == 1 else "start"
        rest = (
            f"the weights of {kept} {'other' if kept == 1 else 'others'} are kept"
            if kept
            else "nothing is kept"
        )
        text = f"{which} {start} with new weights, {rest}. Undo brings everything back."
        self._window.notice.say(text, action=self._window.actions_.undo)

    def _show_architecture(self) -> None:
        architecture = self._document.content.architecture
        reports = architecture.check()
        self._window.network_view.set_reports(reports, architecture.input_shape)
        self._selection.select(_inside(self._selection.place, reports))
        self._enable()

    def _show_parameters(self) -> None:
        network = self._document.content.network
        self._window.network_view.set_parameters(network.parameters)

    def _enable(self) -> None:
        actions = self._window.actions_
        index, count = self._selection.place.layer, len(self._document.content.architecture.layers)
        chosen = index is not None and 0 <= index < count
        actions.remove.setEnabled(chosen)
        actions.move_left.setEnabled(chosen and index != 0)
        actions.move_right.setEnabled(chosen and index != count - 1)


def _inside(place: Place, reports: tuple[cnn.LayerReport, ...]) -> Place:
    """The place, or the nearest one further out that is still there."""
    if place.layer is None or place.layer < 0:
        return place
    if place.layer >= len(reports):
        return Place()
    shape = reports[place.layer].output_shape
    there = place.channel is None or (shape is not None and place.channel < shape[-1])
    return place if there else place.cut(1)

"""The one thing being edited: architecture, weights at rest, settings, picture, file; with undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

import cnn_core as cnn
from playground.content import Content, checkpoint_of, consistent, content_from
from playground.drawing import Drawing, Picture
from playground.edit_texts import changed_fields, layer_edit, settings_edit
from playground.kept_weights import kept_and_fresh
from playground.resources import comes_along

SUFFIX = ".cnn"


class _Swap(QUndoCommand):
    """Holds the other values of some fields and swaps them in, whichever way it goes.

    Swapping, rather than keeping a before and an after, is what keeps weights trained since the edit: undo
    takes them out of the document and into the command, redo puts them back.
    """

    def __init__(self, document: Document, text: str, values: Mapping[str, Any], key: object) -> None:
        super().__init__(text)
        self._document = document
        self._values = values
        self.key = key

    def redo(self) -> None:
        self._values = self._document._exchange(self._values)

    def undo(self) -> None:
        self._values = self._document._exchange(self._values)

    def id(self) -> int:
        return 1 if self.key is not None else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        # The earlier command already holds the oldest values, so nothing has to be taken over.
        return isinstance(other, _Swap) and other.key == self.key


class Document(QObject):
    """Changes come in as methods, go through the undo stack, and go out as signals without payload.

    `network_about_to_change()` comes before the weights or the architecture are replaced by an edit: whoever
    trains them must hand in what it has (`keep_training`) before it returns.
    """

    network_about_to_change = Signal()
    architecture_changed = Signal()
    network_changed = Signal()
    history_changed = Signal()
    settings_changed = Signal()
    picture_changed = Signal()
    file_changed = Signal()
    adapted = Signal(int, object)  # layers that kept their weights, indexes of those that start anew
    opened = Signal()

    def __init__(self, content: Content, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self._saved = content
        self._era = 0  # edits of different eras do not merge
        self.path: Path | None = None
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(100)

    @property
    def content(self) -> Content:
        """The whole value."""
        return self._content

    @property
    def modified(self) -> bool:
        """True when a file saved now would differ from the one opened or saved last."""
        now, saved = self._content, self._saved
        names = ("settings", "data", "architecture", "class_names")
        same = all(getattr(now, name) == getattr(saved, name) for name in names)
        return now.network is not saved.network or not same

    @property
    def title(self) -> str:
        """The file's name, or what an unsaved network is called."""
        return self.path.name if self.path else "Untitled"

    # Architecture and weights

    def edit_architecture(
        self,
        architecture: cnn.Architecture,
        text: str,
        key: object = None,
        class_names: tuple[str, ...] | None = None,
    ) -> None:
        """Replace the architecture, keeping the weights of layers it has in common with the old one.

        Edits with the same `key`, one straight after the other, are one undo step. `class_names`, if given,
        are what the scores stand for from then on, in the same step.
        """
        named = {} if class_names in (None, self._content.class_names) else {"class_names": class_names}
        if architecture == self._content.architecture:
            if named:
                self._push(text, named)
            return
        self.network_about_to_change.emit()
        values: dict[str, Any] = {"architecture": architecture, **named}
        if architecture.error is None:
            network = self._content.network.adapted_to(architecture, seed=self._content.settings.seed)
            values |= {"network": network, "training": None, "history": (), "calibration": None}
            kept = kept_and_fresh(self._content.network, network)
        self._push(text, values, key)
        if architecture.error is None:
            self.adapted.emit(*kept)

    def replace_layer(self, index: int, layer: cnn.Layer) -> None:
        """Set the fields of one layer; ticks of one field merge."""
        changed = changed_fields(self._content.architecture.layers[index], layer)
        key = ("layer", index, *changed) if len(changed) == 1 else None
        architecture = self._content.architecture.replaced(index, layer)
        self.edit_architecture(architecture, layer_edit(architecture.layers, index, changed), key)

    def reset_weights(self) -> None:
        """The initial weights of this seed again, the curves empty; undo brings the trained ones back."""
        self.network_about_to_change.emit()
        content = self._content
        network = cnn.Network.initialize(content.network.architecture, seed=content.settings.seed)
        values = {"network": network, "training": None, "history": (), "calibration": None}
        self._push("reset of the weights", values)

    def keep_training(
        self, network: cnn.Network, training: cnn.TrainingState, points: tuple[cnn.Progress, ...]
    ) -> None:
        """Take over what a run has reached. Not an undo step by itself.

        Points of steps beyond those of `training` are dropped: the run has gone back.
        """
        self._era += 1
        history = self._content.history + points
        kept = tuple(point for point in history if point.step <= training.step)
        self._content = consistent(
            replace(self._content, network=network, training=training, history=kept, calibration=None)
        )
        if len(kept) < len(history):
            self.history_changed.emit()
        self.network_changed.emit()
        self.file_changed.emit()

    # Settings, data and picture

    def edit_settings(self, settings: cnn.TrainingSettings) -> None:
        """Replace the training settings; ticks of one field merge, but for those where the optimiser comes to
        remember something else: undo brings its memory back too."""
        old, optimizer = self._content.settings, settings.optimizer
        if text := settings_edit(old, settings):
            values: dict[str, Any] = {"settings": settings}
            if optimizer.slot_names() != old.optimizer.slot_names():
                values["training"] = self._content.training
            self._push(text, values, ("settings", optimizer.name, optimizer.slot_names(), text))

    def set_data(self, spec: str) -> None:
        """Note which data is in use. Not an undo step: loading it again is one click."""
        self._content = replace(self._content, data=spec)
        self.file_changed.emit()

    def set_class_names(self, names: tuple[str, ...]) -> None:
        """Note what the network is being taught to tell apart."""
        if names != self._content.class_names:
            self._content = replace(self._content, class_names=names)
            self.network_changed.emit()

    def show_picture(self, picture: Drawing | Picture, text: str) -> None:
        """Put a drawing or an image in front of the network."""
        self._push(text, {"picture": picture})

    def prepare_drawings(self, normalization: cnn.preprocessing.Normalization) -> None:
        """Choose the steps that make the network's input of a drawing. Not part of a file."""
        if normalization != self._content.normalization:
            self._push("preparation of drawings", {"normalization": normalization})

    # File

    def save(self, path: Path) -> None:
        """Write everything to `path`. Raises CheckpointError; a file that was there before then still is."""
        content = self._content
        if content.architecture.error is not None:
            raise cnn.CheckpointError(
                f"The architecture has an error and cannot be saved yet: {content.architecture.error}"
            )
        cnn.checkpoint.save(path, checkpoint_of(content))
        self.path = path
        self._mark_saved()

    def open(self, path: Path) -> None:
        """Replace everything by what `path` holds, or raise CheckpointError and change nothing.

        A network that comes along with the program is opened as one not saved yet.
        """
        content = content_from(cnn.checkpoint.load(path))
        self.restart(content, None if comes_along(path) else path)

    def restart(self, content: Content, path: Path | None = None) -> None:
        """Begin anew with `content` as if it had just been opened; the picture stays as it is shown."""
        self.network_about_to_change.emit()
        self.undo_stack.clear()
        shown = self._content
        self._content = replace(content, picture=shown.picture, normalization=shown.normalization)
        self.path = path
        self._announce({f.name for f in fields(Content)})
        self._mark_saved()
        self.opened.emit()

    # How a change happens

    def _push(self, text: str, values: Mapping[str, Any], key: object = None) -> None:
        merge_key = None if key is None else (self._era, key)
        self.undo_stack.push(_Swap(self, text, values, merge_key))

    def _exchange(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Put `values` in and return what was in their place."""
        if "architecture" in values or "network" in values:
            self.network_about_to_change.emit()
        held = {name: getattr(self._content, name) for name in values}
        content = replace(self._content, **values)
        if "network" not in values and _step(content) != _step(self._content):
            # Trained since: what an optimiser remembers is about weights that are no longer there.
            content = replace(content, training=self._content.training)
        if "settings" in values or "training" in values:
            content = consistent(content)
        self._content = content
        self._announce(set(values))
        return held

    def _announce(self, names: set[str]) -> None:
        if "architecture" in names:
            self.architecture_changed.emit()
        if names & {"network", "architecture", "class_names"}:
            self.network_changed.emit()
        if "history" in names:
            self.history_changed.emit()
        if "settings" in names:
            self.settings_changed.emit()
        if names & {"picture", "normalization"}:
            self.picture_changed.emit()
        self.file_changed.emit()

    def _mark_saved(self) -> None:
        self._era += 1
        self._saved = self._content
        self.file_changed.emit()


def _step(content: Content) -> int:
    """Steps the weights at rest are trained for."""
    return content.training.step if content.training else 0

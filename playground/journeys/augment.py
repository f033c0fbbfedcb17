"""Augment: how training images are changed, seen on what the network looks at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

import cnn_core as cnn
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.qt_images import to_bytes
from playground.training_control import TrainingControl


class AugmentJourney(QObject):
    """Sliders -> settings -> previews, on the drawing or, while there is none, on a training image."""

    def __init__(self, window: MainWindow, parts: Parts, control: TrainingControl) -> None:
        super().__init__(window)
        self._window, self._parts, self._control = window, parts, control
        view, show = window.augmentation_view, window.actions_.show_augmentation
        view.augmentation_edited.connect(self._edit)
        view.image_wanted.connect(self._show_image)
        show.triggered.connect(lambda: window.show_tab(view))
        show.triggered.connect(view.focus_first)
        window.training_panel.augmentation_requested.connect(show.trigger)
        parts.document.settings_changed.connect(self._show_settings)
        parts.probe.updated.connect(lambda _reading: self._show_image())
        control.state_changed.connect(self._show_state)
        self._show_settings()
        self._show_state()

    def _edit(self, augmentation: cnn.Augmentation) -> None:
        document = self._parts.document
        document.edit_settings(replace(document.content.settings, augmentation=augmentation))

    def _show_settings(self) -> None:
        settings = self._parts.document.content.settings
        self._window.augmentation_view.set_augmentation(settings.augmentation, settings.seed)

    def _show_state(self) -> None:
        self._window.augmentation_view.set_running(self._control.running)
        self._show_image()

    def _show_image(self) -> None:
        """Called with each pen move and snapshot: only what is seen is worth the work."""
        if self._window.augmentation_view.isVisible():
            self._window.augmentation_view.set_image(self._image())

    def _image(self) -> NDArray[np.uint8] | None:
        """What the network sees; of an empty canvas a training image, so that there is something to see."""
        reading, data = self._parts.probe.reading, self._control.data
        if reading is not None and reading.seen.any():
            return to_bytes(reading.seen)
        return data.train.images[0] if data is not None else None

"""Draw: a pen move or an image becomes the picture, the network reads it, every view shows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

import cnn_core as cnn
from playground.drawing import Drawing
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.picture import Picture
from playground.probe import Reading
from playground.views.prediction_panel import NOTHING_DRAWN


def as_ink(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The (28, 28, 1) picture a network of digits expects of a scan; dark ink is made bright."""
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    bright_ink = 255 - gray if np.median(border) > 127 else gray
    return (cnn.preprocessing.normalize_drawing(bright_ink) * 255).round().astype(np.uint8)


class DrawJourney(QObject):
    """Canvas -> document (one undo step a stroke) -> probe -> prediction and maps."""

    def __init__(self, window: MainWindow, parts: Parts) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._names: tuple[str, ...] = ()
        window.draw_canvas.drawing_changed.connect(parts.probe.set_picture)
        window.draw_canvas.drawing_edited.connect(self._on_drawn)
        window.draw_canvas.image_dropped.connect(self._on_picture_dropped)
        window.draw_canvas.drop_refused.connect(lambda text: window.notice.say(f"{text}.", "error"))
        self._connect_brush()
        window.actions_.clear_drawing.triggered.connect(self._clear)
        parts.document.picture_changed.connect(self._show_picture)
        parts.document.network_changed.connect(self._use_network_at_rest)
        parts.session.snapshot_taken.connect(
            lambda snapshot: self._use_network(snapshot.network, snapshot.step)
        )
        parts.probe.updated.connect(self._show_reading)
        self._show_picture()
        self._use_network_at_rest()

    def _on_drawn(self, drawing: Drawing) -> None:
        self._parts.document.show_picture(drawing, "stroke")

    def _on_picture_dropped(self, gray: NDArray[np.uint8]) -> None:
        picture = Picture(as_ink(gray), "a picture")
        self._parts.document.show_picture(picture, "picture")

    def _connect_brush(self) -> None:
        """Slider and canvas, in hundredths of the canvas."""
        slider, canvas = self._window.brush, self._window.draw_canvas
        slider.setRange(2, 20)
        slider.setValue(round(100 * canvas.brush_width))
        slider.valueChanged.connect(lambda value: canvas.set_brush_width(value / 100))
        canvas.brush_width_edited.connect(lambda width: slider.setValue(round(100 * width)))

    def _clear(self) -> None:
        if self._parts.document.content.picture != Drawing():
            self._parts.document.show_picture(Drawing(), "clearing of the canvas")

    def _show_picture(self) -> None:
        picture = self._parts.document.content.picture
        canvas = self._window.draw_canvas
        if isinstance(picture, Picture):
            canvas.set_image(picture.pixels)
        else:
            canvas.set_image(None)
            canvas.set_drawing(picture)
        self._window.actions_.clear_drawing.setEnabled(picture != Drawing())
        self._parts.probe.set_picture(picture)

    def _use_network_at_rest(self) -> None:
        content = self._parts.document.content
        self._use_network(content.network, content.training.step if content.training else 0)

    def _use_network(self, network: cnn.Network, step: int) -> None:
        self._parts.probe.set_network(self._parts.document.content.architecture, network, step)

    def _show_reading(self, reading: Reading) -> None:
        window = self._window
        names = self._parts.document.content.class_names
        if names != self._names:
            self._names = names
            window.network_view.set_class_names(names)
        window.seen_view.set_image(reading.seen)
        broken = self._parts.document.content.architecture.error is not None
        why = "The network has an error; mend it to see an answer" if broken else NOTHING_DRAWN
        window.prediction_panel.set_prediction(reading.probabilities, names, why)
        window.network_view.set_activations(reading.seen, reading.activations, reading.step)

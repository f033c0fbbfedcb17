"""Draw: a pen move or an image becomes the picture, the network reads it, every view shows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

import cnn_core as cnn
from cnn_core.calibration import Calibration
from cnn_core.preprocessing import Normalization
from playground.drawing import Drawing, Picture
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.probe import Reading
from playground.run import Snapshot
from playground.views.prediction_panel import NOTHING_DRAWN

STEP_NAMES = {"crop": "crop", "scale": "scale", "smooth": "smooth", "center": "centre"}


def as_ink(scan: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The ink (side, side, 1) of a scan (H, W, C), bright, in the middle of a square sheet."""
    ink = cnn.preprocessing.find_ink(scan)
    side = max(ink.shape)
    margins = [((side - length) // 2, side - length - (side - length) // 2) for length in ink.shape]
    return np.pad(ink, margins)[:, :, None]


def note_on(normalization: Normalization) -> tuple[str, str]:
    """A word or two on the steps that are off, and a sentence; both empty while all are on."""
    off = [name for field, name in STEP_NAMES.items() if not getattr(normalization, field)]
    if not off:
        return "", ""
    note = f"{off[0]} is off" if len(off) == 1 else f"{len(off)} steps are off"
    return note, f"Prepared without: {', '.join(off)}"


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
        window.actions_.paste_picture.triggered.connect(self._paste)
        parts.document.picture_changed.connect(self._show_picture)
        parts.document.network_changed.connect(self._use_network_at_rest)
        parts.session.snapshot_taken.connect(self._use_snapshot)
        parts.probe.updated.connect(self._show_reading)
        self._connect_pipeline()
        self._show_picture()
        self._use_network_at_rest()

    def _on_drawn(self, drawing: Drawing) -> None:
        self._parts.document.show_picture(drawing, "stroke")

    def _on_picture_dropped(self, pixels: NDArray[np.uint8]) -> None:
        """Take it for a drawing, or, where the network sees colours, as it is."""
        gray = self._parts.document.content.architecture.input_shape[2] == 1
        picture = Picture(as_ink(pixels) if gray else pixels, "a picture", as_drawing=gray)
        self._parts.document.show_picture(picture, "picture")

    def _paste(self) -> None:
        self._window.draw_canvas.take(QGuiApplication.clipboard().mimeData(), "the clipboard")

    def _connect_pipeline(self) -> None:
        """The button and the command show the steps; a switch changes what the network gets."""
        window, show = self._window, self._window.actions_.show_pipeline
        window.why_button.clicked.connect(show.trigger)
        show.triggered.connect(lambda: window.show_tab(window.pipeline_view))
        show.triggered.connect(window.pipeline_view.focus_switches)
        window.pipeline_view.normalization_edited.connect(self._parts.document.prepare_drawings)

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
        self._parts.probe.set_normalization(self._parts.document.content.normalization)

    def _use_network_at_rest(self) -> None:
        content = self._parts.document.content
        step = content.training.step if content.training else 0
        self._use_network(content.network, step, content.calibration)

    def _use_snapshot(self, snapshot: Snapshot) -> None:
        """Read it at once: all that a snapshot changes is painted in one frame."""
        self._use_network(snapshot.network, snapshot.step)
        self._parts.probe.run()

    def _use_network(self, network: cnn.Network, step: int, calibration: Calibration | None = None) -> None:
        architecture = self._parts.document.content.architecture
        self._parts.probe.set_network(architecture, network, step, calibration)

    def _show_reading(self, reading: Reading) -> None:
        window = self._window
        names = self._parts.document.content.class_names
        if names != self._names:
            self._names = names
            window.network_view.set_class_names(names)
        window.seen_view.set_image(reading.seen)
        normalization = self._parts.document.content.normalization
        window.seen_view.set_note(*(note_on(normalization) if reading.drawn is not None else ("", "")))
        window.pipeline_view.set_drawing(reading.drawn, normalization)
        broken = self._parts.document.content.architecture.error is not None
        why = "The network has an error; mend it to see an answer" if broken else NOTHING_DRAWN
        picture = self._parts.document.content.picture
        label = picture.label if isinstance(picture, Picture) and reading.drawn is None else ""
        window.prediction_panel.set_prediction(
            reading.probabilities,
            names,
            why,
            familiar=reading.familiar is not False,
            temperature=reading.temperature,
            label=label,  # none as soon as a stroke begins on the image
        )
        window.network_view.set_activations(reading.seen, reading.activations, reading.step)

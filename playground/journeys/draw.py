"""Draw: a pen move or an image becomes the picture, the network reads it, every view shows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

import cnn_core as cnn
from cnn_core.calibration import Calibration
from cnn_core.preprocessing import Normalization
from playground.actions import TAKE_AS_DRAWING, TAKE_AS_IT_IS, set_tip
from playground.data import of_drawings
from playground.drawing import Drawing, Picture
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.probe import Reading
from playground.run import Snapshot
from playground.views.prediction_panel import NOTHING_DRAWN, NOTHING_FITS

STEP_NAMES = {"crop": "crop", "scale": "scale", "smooth": "smooth", "center": "centre"}


def as_ink(scan: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The ink (side, side, 1) of a scan (H, W, C), bright, in the middle of a square sheet."""
    ink = cnn.preprocessing.find_ink(scan)
    side = max(ink.shape)
    margins = [((side - length) // 2, side - length - (side - length) // 2) for length in ink.shape]
    return np.pad(ink, margins)[:, :, None]


def taken(scan: NDArray[np.uint8], *, as_drawing: bool) -> Picture:
    """A picture from outside (H, W, 3): its ink, to be prepared as strokes are, or its pixels unchanged."""
    return Picture(as_ink(scan) if as_drawing else scan, "a picture", as_drawing=as_drawing, scan=scan)


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
        window.actions_.take_otherwise.triggered.connect(self._take_otherwise)
        parts.document.picture_changed.connect(self._show_picture)
        parts.document.network_changed.connect(self._use_network_at_rest)
        parts.document.architecture_changed.connect(self._offer_other_way)
        parts.session.snapshot_taken.connect(self._use_snapshot)
        parts.probe.updated.connect(self._show_reading)
        self._connect_pipeline()
        self._show_picture()
        self._use_network_at_rest()

    def _on_drawn(self, drawing: Drawing) -> None:
        self._parts.document.show_picture(drawing, "stroke")

    def _on_picture_dropped(self, pixels: NDArray[np.uint8]) -> None:
        """Take it for a drawing where the network sees grey and learned from drawings, else as it is."""
        self._parts.document.show_picture(taken(pixels, as_drawing=self._reads_drawings()), "picture")

    def _take_otherwise(self) -> None:
        """Take the picture that came from outside for a drawing rather than as it is, or the other way."""
        picture = self._parts.document.content.picture
        if isinstance(picture, Picture) and picture.scan is not None:
            other = taken(picture.scan, as_drawing=not picture.as_drawing)
            how = "for a drawing" if other.as_drawing else "as it is"
            self._parts.document.show_picture(other, f"taking the picture {how}")

    def _offer_other_way(self) -> None:
        """Offer it in place of the brush, which a picture has no use for. A network that sees colours takes
        pictures as they are."""
        picture, action = self._parts.document.content.picture, self._window.actions_.take_otherwise
        drawn = isinstance(picture, Picture) and picture.as_drawing
        outside = isinstance(picture, Picture) and picture.scan is not None
        text, short, tip = TAKE_AS_IT_IS if drawn else TAKE_AS_DRAWING
        action.setText(text)
        action.setIconText(short)
        set_tip(action, tip)
        action.setEnabled(outside and (drawn or self._sees_grey()))
        self._window.show_brush(not action.isEnabled())

    def _sees_grey(self) -> bool:
        return self._parts.document.content.architecture.input_shape[2] == 1

    def _reads_drawings(self) -> bool:
        content = self._parts.document.content
        return self._sees_grey() and of_drawings(content.data, content.class_names)

    def _show_hint(self) -> None:
        """Say on the empty canvas what the network is made for."""
        digits = all(name.isdecimal() for name in self._parts.document.content.class_names)
        if self._reads_drawings():
            self._window.draw_canvas.set_hint("Draw a digit" if digits else "Draw something")
        else:
            self._window.draw_canvas.set_hint("Drop a picture here", "or draw")

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
        self._offer_other_way()
        self._parts.probe.set_picture(picture)
        self._parts.probe.set_normalization(self._parts.document.content.normalization)

    def _use_network_at_rest(self) -> None:
        content = self._parts.document.content
        step = content.training.step if content.training else 0
        self._use_network(content.network, step, content.calibration)
        self._show_hint()

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
        window.pipeline_view.set_drawing(reading.drawn, normalization, other_pen=reading.other_pen)
        broken = self._parts.document.content.architecture.error is not None
        why = NOTHING_FITS if broken else NOTHING_DRAWN
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

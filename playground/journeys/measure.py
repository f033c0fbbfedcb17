"""Measure: how good the network at rest is on the images held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer

import cnn_core as cnn
from playground.background import Report
from playground.data import Data
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.theme import format_number
from playground.training_control import TrainingControl

BATCH = 500


@dataclass(frozen=True)
class Measured:
    """The class (N,) each image held out is taken for, and the confusion (K, K) this makes."""

    predicted: NDArray[np.int64]
    confusion: NDArray[np.int64]
    step: int


class MeasureJourney(QObject):
    """Network or data changed -> measured in the background -> confusion and browser."""

    def __init__(self, window: MainWindow, parts: Parts, control: TrainingControl) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._control = control
        self._due = QTimer(self, singleShot=True, interval=100)
        self._due.timeout.connect(self._measure)
        for signal in (
            parts.document.network_changed,
            parts.document.architecture_changed,
            control.state_changed,
        ):
            signal.connect(self._due.start)
        control.points_added.connect(self._on_points)
        parts.measuring.done.connect(self._show)
        window.on_close.append(self._stop)
        window.confusion_view.cell_selected.connect(self._show_cell)
        self._measured: tuple[cnn.Network, Data] | None = None
        self._answers: Measured | None = None

    def _stop(self) -> None:
        """For good: the end of a run on closing must not start another measurement."""
        self._due.blockSignals(True)
        self._parts.measuring.finish()

    def _measure(self) -> None:
        control, network = self._control, self._parts.document.content.network
        if control.running or control.reason_against() or self._measured == (network, control.data):
            return
        assert control.data is not None
        images, step = control.data.validation, control.step
        self._measured = (network, control.data)
        self._parts.measuring.start(lambda report: measure(network.copy(), images, step, report))

    def _show(self, measured: Measured) -> None:
        if self._control.data is None or self._control.running:
            return
        self._show_confusion(measured.confusion, measured.step)
        self._answers = measured
        self._window.dataset_browser.set_predictions(measured.predicted)

    def _show_cell(self, truth: int, predicted: int) -> None:
        """Show the images of a cell of the confusion, as the network at rest sees them."""
        answers, data = self._answers, self._control.data
        if answers is None or data is None or len(answers.predicted) != len(data.validation):
            return
        chosen = (data.validation.labels == truth) & (answers.predicted == predicted)
        names = data.validation.class_names
        wrong = names[predicted] if predicted < len(names) else str(predicted)
        reason = f"{names[truth]} taken for {wrong}, after step {format_number(answers.step)}"
        self._window.dataset_browser.show_only(np.flatnonzero(chosen), reason)
        self._window.confusion_view.set_selected(truth, predicted)
        self._window.tabs.setCurrentWidget(self._window.dataset_browser)

    def _on_points(self, points: list[cnn.Progress]) -> None:
        for point in reversed(points):
            if point.validation is not None:
                self._show_confusion(point.validation.confusion, point.step)
                return

    def _show_confusion(self, confusion: NDArray[np.int64], step: int) -> None:
        names = self._control.data.validation.class_names if self._control.data else ()
        # A network may give more scores than there are classes.
        names += tuple(str(index) for index in range(len(names), len(confusion)))
        self._window.confusion_view.set_confusion(confusion, names, step)


def measure(network: cnn.Network, images: cnn.datasets.Dataset, step: int, report: Report) -> Measured:
    """The answers of `network` for all `images`; ends early, with what it has, when nobody waits any more."""
    parts = []
    for pixels, _ in images.batches(BATCH):
        parts.append(network.predict(pixels).argmax(axis=1))
        if not report(BATCH * len(parts), len(images)):
            break
    predicted = np.concatenate(parts)
    classes = network.architecture.classes
    pairs = images.labels[: len(predicted)] * classes + predicted
    confusion = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
    return Measured(predicted, confusion, step)

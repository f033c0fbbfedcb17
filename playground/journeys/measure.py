"""Measure: how good the network at rest is on the images held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer

import cnn_core as cnn
from playground.background import Report
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.training_control import TrainingControl

BATCH = 500


@dataclass(frozen=True)
class Measured:
    """The probabilities (N, classes) for the images held out, and the confusion (K, K) they make."""

    probabilities: NDArray[np.float32]
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
        window.on_close.append(parts.measuring.finish)
        self._measured: tuple[cnn.Network, object] | None = None

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
        names = self._control.data.validation.class_names
        self._window.confusion_view.set_confusion(measured.confusion, names, measured.step)
        self._window.dataset_browser.set_predictions(measured.probabilities)

    def _on_points(self, points: list[cnn.Progress]) -> None:
        for point in reversed(points):
            if point.validation is not None and self._control.data is not None:
                names = self._control.data.validation.class_names
                self._window.confusion_view.set_confusion(point.validation.confusion, names, point.step)
                return


def measure(network: cnn.Network, images: cnn.datasets.Dataset, step: int, report: Report) -> Measured:
    """The answers of `network` for all `images`; ends early, with what it has, when nobody waits any more."""
    parts = []
    for pixels, _ in images.batches(BATCH):
        parts.append(network.predict(pixels))
        if not report(BATCH * len(parts), len(images)):
            break
    probabilities = np.concatenate(parts)
    classes = probabilities.shape[1]
    pairs = images.labels[: len(probabilities)] * classes + probabilities.argmax(axis=1)
    confusion = np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
    return Measured(probabilities, confusion, step)

"""Measure: what the network at rest answers to the images held out, and to those trained on when shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer

import cnn_core as cnn
from cnn_core import functional as F
from cnn_core.calibration import Calibration
from cnn_core.metrics import confusion
from playground.background import Report
from playground.data import Data
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.training_control import TrainingControl
from playground.views.answers import Answers
from playground.views.dataset_browser import HELD_OUT, TRAINING
from playground.wording import format_number

BATCH = 500


@dataclass(frozen=True)
class Measured:
    """What a network answers to N images, and the confusion (K, K) this makes."""

    answers: Answers
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
        parts.document.opened.connect(self._forget)
        control.points_added.connect(self._on_points)
        parts.measuring.progressed.connect(self._tell_progress)
        parts.measuring.done.connect(self._show)
        window.on_close.append(self._stop)
        window.confusion_view.cell_selected.connect(self._show_cell)
        window.dataset_browser.split_changed.connect(self._give_answers)
        self._measured: dict[str, tuple[cnn.Network, Data]] = {}  # of what the answers of a part are
        self._answers: dict[str, Measured] = {}
        self._under_way: tuple[str, cnn.Network, Data] | None = None
        self._confused: Data | None = None  # whose images are in the confusion shown

    def _stop(self) -> None:
        """For good: the end of a run on closing must not start another measurement."""
        self._due.blockSignals(True)
        self._parts.measuring.finish()

    def _forget(self) -> None:
        """What one network answered is not shown as what another one did, while that is being asked."""
        self._parts.measuring.drop()
        self._measured.clear()
        self._answers.clear()
        self._window.confusion_view.set_confusion(None)
        self._window.dataset_browser.set_answers(None)

    def _measure(self) -> None:
        """Measure the next part that has no answers of this network yet; the images held out come first."""
        network = self._parts.document.content.network
        if self._control.running:
            self._parts.measuring.drop()  # of weights that are no longer those of now
            self._window.dataset_browser.set_asked(None)
            return
        data = self._answerable()
        if data is None or data is not self._confused:
            self._confused = None
            self._window.confusion_view.set_confusion(None)
        if data is None:
            return
        parts = {HELD_OUT: data.validation}
        if self._window.dataset_browser.split == TRAINING:
            parts[TRAINING] = data.train
        for split, images in parts.items():
            if self._measured.get(split) == (network, data):
                continue
            wanted = (split, network, data)
            if self._under_way != wanted or not self._parts.measuring.busy:
                self._under_way, step = wanted, self._control.step
                calibration = self._parts.document.content.calibration
                work = partial(measure, network.copy(), images, step, calibration=calibration)
                self._parts.measuring.start(work)
            return

    def _tell_progress(self, done: int, total: int) -> None:
        assert self._under_way is not None
        if self._under_way[0] == self._window.dataset_browser.split:
            self._window.dataset_browser.set_asked(done / total)

    def _answerable(self) -> Data | None:
        """The data in use, where the network as it is can be given its images."""
        content, data = self._parts.document.content, self._control.data
        if data is None or content.architecture.error is not None:
            return None
        try:
            content.network.check_dataset(data.validation)
        except cnn.DatasetError:
            return None
        return data

    def _show(self, measured: Measured) -> None:
        assert self._under_way is not None
        split, network, data = self._under_way
        if self._control.data is not data or self._control.running:
            return
        self._measured[split], self._answers[split] = (network, data), measured
        if split == HELD_OUT:
            self._show_confusion(measured.confusion, measured.step)
        if split == self._window.dataset_browser.split:
            self._window.dataset_browser.set_answers(measured.answers)
        self._due.start()

    def _give_answers(self, split: str) -> None:
        """Give the browser what is known of the part it shows now, or find it out."""
        network, data = self._parts.document.content.network, self._control.data
        if self._measured.get(split) == (network, data):
            self._window.dataset_browser.set_answers(self._answers[split].answers)
        self._due.start()

    def _show_cell(self, truth: int, predicted: int) -> None:
        """Show the images of a cell of the confusion, as the network at rest sees them."""
        answers, data = self._answers.get(HELD_OUT), self._control.data
        if answers is None or data is None or self._measured[HELD_OUT][1] is not data:
            return
        chosen = (data.validation.labels == truth) & (answers.answers.predicted == predicted)
        names = _names(data, max(truth, predicted) + 1)
        reason = f"{names[truth]} taken for {names[predicted]}, after step {format_number(answers.step)}"
        if self._window.dataset_browser.split != HELD_OUT:
            self._window.dataset_browser.show_split(HELD_OUT)
        self._window.dataset_browser.show_only(np.flatnonzero(chosen), reason)
        self._window.confusion_view.set_selected(truth, predicted)
        self._window.tabs.setCurrentWidget(self._window.dataset_browser)

    def _on_points(self, points: list[cnn.Progress]) -> None:
        for point in reversed(points):
            if point.validation is not None:
                self._show_confusion(point.validation.confusion, point.step)
                return

    def _show_confusion(self, confusion: NDArray[np.int64], step: int) -> None:
        self._confused = self._control.data
        if self._confused is not None:
            names = _names(self._confused, len(confusion))
            self._window.confusion_view.set_confusion(confusion, names, step)


def _names(data: Data, count: int) -> tuple[str, ...]:
    """The names of so many classes at least: a network may give more scores than there are classes."""
    names = data.validation.class_names
    return names + tuple(str(index) for index in range(len(names), count))


def measure(
    network: cnn.Network,
    images: cnn.datasets.Dataset,
    step: int,
    report: Report,
    calibration: Calibration | None = None,
) -> Measured:
    """The answers of `network` for all `images`; ends early, with what it has, when nobody waits any more.

    The confidence is the calibrated one where that is known, taking it that all images belong to a class; the
    loss is the network's own.
    """
    predicted, confidence, loss = [], [], []
    for pixels, labels in images.batches(BATCH):
        scores = network.logits(pixels)
        predicted.append(scores.argmax(axis=1))
        loss.append(F.cross_entropy(scores, labels)[0])
        sure = F.softmax(scores) if calibration is None else calibration.probabilities(scores)
        confidence.append(sure.max(axis=1))
        if not report(min(BATCH * len(predicted), len(images)), len(images)):
            break
    answers = Answers(np.concatenate(predicted), np.concatenate(confidence), np.concatenate(loss))
    labels = images.labels[: len(answers.predicted)]
    return Measured(answers, confusion(labels, answers.predicted, network.architecture.classes), step)

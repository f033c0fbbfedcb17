"""Between the document and a run: what starting means, why it is not possible, what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

import cnn_core as cnn
from cnn_core.training import check_training
from playground.background import Background
from playground.data import Data
from playground.document import Document
from playground.run import Outcome
from playground.session import Session
from playground.wording import format_shape, layer_names


class TrainingControl(QObject):
    """Every run starts from the document and ends in it, so pausing and going on is ending and starting.

    Signals: `state_changed()` when running, data or the reason against training changed;
    `points_added(list of Progress)` for new steps; `failed(sentence)` when a run ended by an error;
    `paused_by_edit()` when it ended because the network is about to be replaced.
    """

    state_changed = Signal()
    points_added = Signal(object)
    failed = Signal(str)
    paused_by_edit = Signal()

    def __init__(
        self, document: Document, session: Session, loading: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._session = session
        self._loading = loading
        self._points: list[cnn.Progress] = []
        self._goal = 0  # the step at which the run is to end; 0 while there is none
        self._all_epochs = False  # the run is to do all that are set, not so many steps
        self._going_on = False  # the run was started, and neither paused since nor ended by an error
        self._resting = False  # the run is over for a moment, and goes on
        self._settings_of_run = document.content.settings
        self.data: Data | None = None
        session.progressed.connect(self._on_progress)
        session.ended.connect(self._on_ended)
        document.network_about_to_change.connect(self._on_network_about_to_change)
        document.architecture_changed.connect(self.state_changed)
        document.settings_changed.connect(self._on_settings_changed)

    @property
    def running(self) -> bool:
        """True while a run is on."""
        return self._session.running

    @property
    def history(self) -> tuple[cnn.Progress, ...]:
        """Every step trained so far, those of the run that is on included."""
        return self._document.content.history + tuple(self._points)

    @property
    def step(self) -> int:
        """Steps trained so far, those of the run that is on included."""
        if self._points:
            return self._points[-1].step
        training = self._document.content.training
        return training.step if training else 0

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; 0 without data."""
        if self.data is None:
            return 0
        return -(-len(self.data.train) // self._document.content.settings.batch_size)

    @property
    def planned_epochs(self) -> int:
        """At which epoch training ends: those set, or twice as many when they were done before."""
        epochs = self._document.content.settings.epochs
        if self._goal:
            begun = -(-self._goal // self.steps_per_epoch)
        else:
            begun = self.history[-1].epoch if self.history else 0
        return epochs * max(1, -(-begun // epochs))

    def reason_against(self) -> str:
        """Why training cannot start, as a sentence with the way out; an empty text when it can."""
        content = self._document.content
        if content.architecture.error is not None:
            return named_error(content.architecture)
        if self.data is None:
            return "the data is still being loaded" if self._loading.busy else "there is no data"
        if reason := misfit(content.architecture, self.data):
            return reason
        try:
            check_training(content.network, self.data.train, content.settings.batch_size)
        except ValueError as problem:
            return str(problem)
        return ""

    def use_data(self, data: Data) -> None:
        """Train on `data` from the next start on."""
        self._session.finish()
        self.data = data
        self._document.set_data(data.spec)
        self.state_changed.emit()

    def start(self, steps: int | None = None) -> None:
        """Train `steps` more steps, or all epochs that are set (again when they are done)."""
        if self.running or self.reason_against():
            return
        self._all_epochs = steps is None
        self._run_to(self.step + (self._steps_to_go() if steps is None else steps))

    def finish_epoch(self) -> None:
        """Train until the end of the epoch that has begun, or one whole epoch."""
        if self.steps_per_epoch:
            self.start(self.steps_per_epoch - self.step % self.steps_per_epoch)

    def pause(self) -> None:
        """End the run within its current step; starting again goes on from there."""
        self._going_on = False
        self._session.stop()

    @contextmanager
    def interrupted(self) -> Iterator[None]:
        """Rest the weights in the document; a run that is on, and not about to pause, goes on afterwards to
        where it was going."""
        if not self.running:
            yield
            return
        # Nobody hears of the rest: what waits for the end of the run must not take it for that.
        self._resting = True
        try:
            self._session.finish()
            yield
        finally:
            self._resting = False
            if self._going_on and self.step < self._goal and not self.reason_against():
                self._run_to(self._goal)
            else:
                self._goal = 0
                self.state_changed.emit()

    def _run_to(self, goal: int) -> None:
        assert self.data is not None
        self._document.set_class_names(self.data.train.class_names)
        self._document.set_data(self.data.spec)  # those of its file may not be on this computer
        self._goal, self._going_on = goal, True
        self._settings_of_run = self._document.content.settings
        self._session.start(self._trainer(self.data), goal - self.step)
        self.state_changed.emit()

    def _trainer(self, data: Data) -> cnn.Trainer:
        """A trainer that goes on from the document."""
        content = self._document.content
        settings, network = content.settings, content.network
        arguments = {"train": data.train, "validation": data.validation, **settings.arguments()}
        if content.training is None:
            trainer = cnn.Trainer(network, **arguments)
        else:
            trainer = cnn.Trainer.resume(network, content.training, **arguments)
            trainer.learning_rate = settings.optimizer.learning_rate
        trainer.plan(self.planned_epochs)
        return trainer

    def _steps_to_go(self) -> int:
        total = self._document.content.settings.epochs * self.steps_per_epoch
        return total - self.step % total

    def _on_network_about_to_change(self) -> None:
        if self.running:
            self.paused_by_edit.emit()
            self._session.finish()

    def _on_settings_changed(self) -> None:
        """Whether edited or undone: a run goes on with the new settings from its next step."""
        settings = self._document.content.settings
        if self.running and not _only_rate_differs(self._settings_of_run, settings):
            with self.interrupted():
                if self._all_epochs and self.step < self._goal:  # an epoch may be of another length now
                    self._goal = self.step + self._steps_to_go()
        self._session.set_learning_rate(settings.optimizer.learning_rate)
        self.state_changed.emit()

    def _on_progress(self, points: list[cnn.Progress]) -> None:
        self._points += points
        self.points_added.emit(points)

    def _on_ended(self, outcome: Outcome) -> None:
        points, self._points = tuple(self._points), []
        if points:  # without a step, all is as it was
            self._document.keep_training(outcome.network, outcome.training, points)
        if not self._resting:
            self._goal = 0
            self.state_changed.emit()
        if outcome.error is not None:
            self._going_on = False
            self.failed.emit(outcome.error)


def misfit(architecture: cnn.Architecture, data: Data) -> str:
    """Why a network without an error cannot learn from the data, with the way out; empty when they fit."""
    classes, known = len(data.train.class_names), architecture.classes
    shape, taken = data.train.image_shape, architecture.input_shape
    if shape != taken:
        sizes = f"the images are {format_shape(shape)}, the network takes {format_shape(taken)}"
        return f"{sizes}; fit it to the data"
    if classes > known:
        return f"the data have {classes} classes, the network tells {known} apart; fit it to the data"
    return ""


def named_error(architecture: cnn.Architecture) -> str:
    """The architecture's error with the layer called as in the window: `Conv2D 2`, not `layer 3 (Conv2D)`."""
    error = architecture.error or ""
    failing = next((report for report in architecture.check() if report.error), None)
    if failing is None:
        return error
    name = layer_names(architecture.layers)[failing.index]
    return f"{name}: {error.removeprefix(f'layer {failing.index} ({failing.layer.name}): ')}"


def _only_rate_differs(old: cnn.TrainingSettings, new: cnn.TrainingSettings) -> bool:
    optimizer = replace(new.optimizer, learning_rate=old.optimizer.learning_rate)
    return replace(new, optimizer=optimizer) == old

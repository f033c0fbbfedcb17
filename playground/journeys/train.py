"""Train: buttons and settings -> control -> curves, progress, and the reason when training is off."""

from __future__ import annotations

from PySide6.QtCore import QObject

import cnn_core as cnn
from playground.actions import set_tip
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.training_control import TrainingControl
from playground.wording import format_share


class TrainJourney(QObject):
    """Connects the training panel, the Train menu and the curves with a `TrainingControl`."""

    def __init__(self, window: MainWindow, parts: Parts, control: TrainingControl) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._control = control
        self._error = ""  # how the last run ended, when it was by an error
        self._paused_by_edit = False
        actions, panel = window.actions_, window.training_panel
        actions.train.triggered.connect(self._train_or_pause)
        actions.step.triggered.connect(lambda: control.start(1))
        actions.epoch.triggered.connect(control.finish_epoch)
        actions.reset.triggered.connect(self._reset)
        panel.settings_edited.connect(parts.document.edit_settings)
        control.state_changed.connect(self._show_state)
        control.points_added.connect(self._on_points)
        parts.session.started.connect(self._forget_last_end)
        parts.document.settings_changed.connect(self._forget_last_end)
        control.failed.connect(self._on_failed)
        control.paused_by_edit.connect(self._on_paused_by_edit)
        parts.document.settings_changed.connect(self._show_settings)
        parts.document.history_changed.connect(self._show_history)
        window.on_close.append(parts.session.close)
        parts.session.started.connect(self._show_curves)
        self._show_settings()
        self._show_history()
        if not control.history:
            window.tabs.setCurrentWidget(window.confusion_view)  # there are no curves to see yet

    def _train_or_pause(self) -> None:
        if self._control.running:
            self._control.pause()
        else:
            self._control.start()
        self._show_state()

    def _show_curves(self) -> None:
        """Bring the curves to the front when they begin, unless a person looks at something else."""
        tabs, window = self._window.tabs, self._window
        if not self._control.history and tabs.currentWidget() is window.confusion_view:
            tabs.setCurrentWidget(window.metrics_plot)

    def _forget_last_end(self) -> None:
        self._error, self._paused_by_edit = "", False

    def _on_paused_by_edit(self) -> None:
        self._paused_by_edit = True

    def _reset(self) -> None:
        self._parts.document.reset_weights()
        self._paused_by_edit = False
        self._show_state()
        undo = self._window.actions_.undo
        self._window.notice.say(
            "The initial weights are back. Undo brings the trained ones back.", action=undo
        )

    def _show_state(self) -> None:
        actions, running = self._window.actions_, self._control.running
        reason = self._control.reason_against()
        actions.train.setText("&Pause" if running else "&Train")
        actions.train.setChecked(running)
        actions.train.setEnabled(running or not reason)
        with self._window.training_panel.focus_kept():
            for action in (actions.step, actions.epoch):
                action.setEnabled(not running and not reason)
        tip = "Pause within the current step" if running else "Train until the set number of epochs, or pause"
        set_tip(actions.train, f"Training is off: {reason}" if reason and not running else tip)
        panel = self._window.training_panel
        panel.set_running(running)
        panel.set_status(*self._status(reason))

    def _status(self, reason: str) -> tuple[str, str]:
        """How training stands: a sentence and its kind."""
        if self._control.running:
            return "Training", "running"
        if self._parts.loading.busy and self._control.data is None:
            return "Loading the data…", "idle"
        if reason:
            return f"Training is off: {reason}", "warning"
        if self._error:
            return self._error, "error"
        if self._paused_by_edit:
            return "Paused by the edit: Train goes on with the network as it is now", "paused"
        return self._status_at_rest()

    def _status_at_rest(self) -> tuple[str, str]:
        control, history = self._control, self._control.history
        if not history:
            return "Ready", "idle"
        measured = history[-1].validation
        if measured is None:
            return "Paused", "paused"
        right = f"{format_share(measured.accuracy, 2)} of the images held out are right"
        if control.step == control.planned_epochs * control.steps_per_epoch:
            return f"Finished: {right}", "good"
        return f"Paused: {right}", "paused"

    def _show_settings(self) -> None:
        self._window.training_panel.set_settings(self._parts.document.content.settings)

    def _show_history(self) -> None:
        self._error = ""  # it was about a run that is no longer the last one shown
        history = self._control.history
        self._window.metrics_plot.set_history(history)
        last = history[-1] if history else None
        self._window.training_panel.set_progress(last, self._control.planned_epochs)
        self._show_state()

    def _on_points(self, points: list[cnn.Progress]) -> None:
        self._window.metrics_plot.append(points)
        self._window.training_panel.set_progress(points[-1], self._control.planned_epochs)

    def _on_failed(self, sentence: str) -> None:
        self._error = f"{sentence.rstrip('.')}."
        self._window.notice.say(self._error, "error")
        self._show_state()

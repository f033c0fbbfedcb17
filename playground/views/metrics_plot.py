"""Loss and accuracy over the training: every step, smoothed, and each validation."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QToolButton, QVBoxLayout, QWidget

import cnn_core as cnn
from playground.theme import LIGHT, SPACING, Theme
from playground.views.elided_label import ElidedLabel
from playground.views.metric_history import MetricHistory
from playground.wording import format_number, format_share

if TYPE_CHECKING:
    from playground.views.linked_plots import LinkedPlots

REDRAW_MILLISECONDS = 500  # curves need no more frames, and each takes training time from the processor
AHEAD_MILLISECONDS = 1500  # after it is first seen: the window has opened, and nobody has trained yet
EMPTY = "Press Train to see the loss fall."


class MetricsPlot(QWidget):
    """Two plots of cnn.Progress points, loss at the left, accuracy at the right.

    Hovering or the arrow keys read out one step; wheel and dragging look closer, a double click shows all.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("metricsPlot")
        self.setAccessibleName("Loss and accuracy during training")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme = LIGHT
        self._history = MetricHistory()
        self._steps_per_epoch = 0
        self._hovered: int | None = None  # index of a training step
        self._stale = self._zoomed = False
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAW_MILLISECONDS)
        self._redraw.timeout.connect(self._show)
        self._ahead = QTimer(self)
        self._ahead.setSingleShot(True)
        self._ahead.setInterval(AHEAD_MILLISECONDS)
        self._ahead.timeout.connect(_import_plots)
        self._legend, self._empty = QLabel(), QLabel(EMPTY)
        self._read_out = ElidedLabel(role="small", at_right=True)
        self._read_out.setAccessibleName("Values of the step under the cursor")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "muted")
        self._all_button = QToolButton()
        self._all_button.setText("Show all")
        self._all_button.setToolTip("Show the whole training again (double click in a plot)")
        self._all_button.setAccessibleName("Show the whole training")
        self._all_button.setStyleSheet("QToolButton { padding: 0 8px; min-height: 16px; }")
        self._all_button.hide()
        self._plots: LinkedPlots | None = None
        self._all_button.clicked.connect(self.show_all)
        self._lay_out()
        self.set_theme(LIGHT)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Draw in a theme's colours."""
        self._theme = theme
        if self._plots:
            self._plots.set_theme(theme)
        train, validation = theme.series[0], theme.series[1]
        self._legend.setText(
            f"<span style='color:{train}'>━</span> training, smoothed &nbsp; "
            f"<span style='color:{theme.color('muted').name()}'>─</span> each step &nbsp; "
            f"<span style='color:{validation}'>●</span> validation"
        )

    def append(self, points: Iterable[cnn.Progress]) -> None:
        """Add what the newest steps reported; it is drawn within half a second."""
        for point in points:
            self._steps_per_epoch = point.steps_per_epoch
            self._history.append((point,))
        if not self._redraw.isActive():
            self._redraw.start()

    def set_history(self, points: Iterable[cnn.Progress]) -> None:
        """Show these points instead of all others."""
        self._history = MetricHistory()
        self._hovered = None
        self.append(points)
        self.show_all()

    def clear(self) -> None:
        """Show nothing."""
        self.set_history(())

    @property
    def history(self) -> MetricHistory:
        """All points shown, as arrays."""
        return self._history

    def read_out(self) -> str:
        """The hovered step, or the last one, in words."""
        if not len(self._history):
            return ""
        index = len(self._history) - 1 if self._hovered is None else self._hovered
        step = self._history.training("step")[index]
        loss, accuracy = (self._history.training(name)[index] for name in ("loss", "accuracy"))
        text = f"step {format_number(int(step))}: loss {format_number(loss)}"
        text += f", accuracy {format_share(accuracy, 1)}"
        before = int(np.searchsorted(self._history.validation("step"), step, side="right")) - 1
        if before >= 0:
            at = format_number(int(self._history.validation("step")[before]))
            loss, accuracy = (self._history.validation(name)[before] for name in ("loss", "accuracy"))
            text += f"   validation at {at}: {format_number(loss)}, {format_share(accuracy, 2)}"
        return text

    def show_all(self) -> None:
        """Show the whole training again and follow it."""
        self._zoomed = False
        self._all_button.hide()
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        if self._stale:
            self._show()
        if self._plots is None:
            self._ahead.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right walk the steps, Home and End go to the first and last, Esc ends the read-out."""
        last = len(self._history) - 1
        now = last if self._hovered is None else self._hovered
        targets = {
            Qt.Key.Key_Left: now - 1,
            Qt.Key.Key_Right: now + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        key = Qt.Key(event.key())
        if key in targets and last >= 0:
            self._hover(min(max(targets[key], 0), last))
        elif key == Qt.Key.Key_Escape and self._hovered is not None:
            self._hover(None)
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setSpacing(SPACING * 2)
        header.addWidget(self._legend)
        header.addWidget(self._read_out, 1)
        header.addWidget(self._all_button)
        self._legend.setProperty("role", "small")
        page = QWidget()
        self._inside = QVBoxLayout(page)
        self._inside.setContentsMargins(SPACING, SPACING // 2, SPACING, SPACING // 2)
        self._inside.setSpacing(SPACING // 2)
        self._inside.addLayout(header)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(page)

    @property
    def plots(self) -> LinkedPlots:
        """The plots, made when there is first something to draw: the window opens without pyqtgraph."""
        if self._plots is None:
            from playground.views.linked_plots import LinkedPlots

            self._plots = LinkedPlots()
            self._plots.set_theme(self._theme)
            self._plots.pointed_at.connect(self._on_pointed_at)
            self._plots.double_clicked.connect(self.show_all)
            self._plots.zoomed.connect(self._on_zoomed)
            self._inside.addWidget(self._plots, 1)
        return self._plots

    def _show(self) -> None:
        self._stale = not self.isVisible()
        self._pages.setCurrentIndex(1 if len(self._history) else 0)
        if self._stale:
            return
        if len(self._history):
            self.plots.show_history(self._history, self._steps_per_epoch, self._zoomed)
        self._tell()

    def _on_pointed_at(self, step: float | None) -> None:
        if step is None or not len(self._history):
            self._hover(None)
        else:
            self._hover(_nearest(self._history.training("step"), step))

    def _on_zoomed(self) -> None:
        self._zoomed = True
        self._all_button.show()
        self._show()

    def _hover(self, index: int | None) -> None:
        self._hovered = index
        step = None if index is None else float(self._history.training("step")[index])
        if self._plots:
            self._plots.mark(step)
        self._tell()

    def _tell(self) -> None:
        self._read_out.setText(self.read_out())
        self.setAccessibleDescription(self.read_out())


def _nearest(steps: np.ndarray, step: float) -> int:
    """The index of the step nearest to a position; steps ascend and are not empty."""
    after = min(int(np.searchsorted(steps, step)), len(steps) - 1)
    before = max(after - 1, 0)
    return before if abs(steps[before] - step) <= abs(steps[after] - step) else after


def _import_plots() -> None:
    """Import what plots need in a thread, so that the window does not stand still when training begins."""
    threading.Thread(target=import_module, args=("playground.views.linked_plots",)).start()

"""Loss and accuracy over the training: every step, smoothed, and each validation."""

from collections.abc import Iterable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QToolButton, QVBoxLayout, QWidget

import cnn_core as cnn
from playground.theme import LIGHT, SPACING, Theme, format_number
from playground.views.elided_label import ElidedLabel
from playground.views.metric_curves import Curves
from playground.views.metric_history import MetricHistory

REDRAW_MILLISECONDS = 400  # curves need no more frames, and each takes training time from the processor
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
        self._view = _View()
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.ci.layout.setContentsMargins(0, 0, SPACING, 0)
        self._view.ci.layout.setHorizontalSpacing(SPACING)
        self.loss = Curves(self._view.addPlot(0, 0), "loss", "Loss (cross-entropy)", 1.0)
        self.accuracy = Curves(self._view.addPlot(0, 1), "accuracy", "Accuracy (%)", 100.0)
        self.accuracy.plot.setXLink(self.loss.plot)
        self._lay_out()
        self._connect()
        self.set_theme(LIGHT)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Draw in a theme's colours."""
        self._theme = theme
        self._view.setBackground(theme.color("panel"))
        for curves in (self.loss, self.accuracy):
            curves.set_theme(theme)
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
        text = f"step {format_number(int(step))}: loss {format_number(loss)}, accuracy {accuracy:.1%}"
        before = int(np.searchsorted(self._history.validation("step"), step, side="right")) - 1
        if before >= 0:
            at = format_number(int(self._history.validation("step")[before]))
            loss, accuracy = (self._history.validation(name)[before] for name in ("loss", "accuracy"))
            text += f"   validation at {at}: {format_number(loss)}, {accuracy:.2%}"
        return text.replace("%", " %")

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
        plots = QWidget()
        inside = QVBoxLayout(plots)
        inside.setContentsMargins(SPACING, SPACING // 2, SPACING, SPACING // 2)
        inside.setSpacing(SPACING // 2)
        inside.addLayout(header)
        inside.addWidget(self._view, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(plots)

    def _connect(self) -> None:
        self._all_button.clicked.connect(self.show_all)
        self._view.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self._view.left.connect(lambda: self._hover(None))
        self._view.double_clicked.connect(self.show_all)
        for curves in (self.loss, self.accuracy):
            curves.plot.getViewBox().sigRangeChangedManually.connect(self._on_zoomed)

    def _show(self) -> None:
        self._stale = not self.isVisible()
        self._pages.setCurrentIndex(1 if len(self._history) else 0)
        if self._stale:
            return
        for curves in (self.loss, self.accuracy):
            curves.show_history(self._history, self._steps_per_epoch, self._zoomed)
        # Now, not in the next paint event, where the new ranges would ask for another one (pyqtgraph 0.14).
        self._view.scene().prepareForPaint()
        self._tell()

    def _on_mouse_moved(self, position: QPointF) -> None:
        for curves in (self.loss, self.accuracy):
            if len(self._history) and curves.plot.sceneBoundingRect().contains(position):
                step = curves.plot.getViewBox().mapSceneToView(position).x()
                self._hover(_nearest(self._history.training("step"), step))
                return
        self._hover(None)

    def _on_zoomed(self) -> None:
        self._zoomed = True
        self._all_button.show()
        self._show()

    def _hover(self, index: int | None) -> None:
        self._hovered = index
        step = None if index is None else float(self._history.training("step")[index])
        for curves in (self.loss, self.accuracy):
            curves.mark(step)
        self._tell()

    def _tell(self) -> None:
        self._read_out.setText(self.read_out())
        self.setAccessibleDescription(self.read_out())


class _View(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """The scene of both plots; says when the cursor leaves and when it is double clicked."""

    left = Signal()
    double_clicked = Signal()

    def leaveEvent(self, event: object) -> None:
        """Say so."""
        super().leaveEvent(event)
        self.left.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Say so."""
        super().mouseDoubleClickEvent(event)
        self.double_clicked.emit()


def _nearest(steps: np.ndarray, step: float) -> int:
    """The index of the step nearest to a position; steps ascend and are not empty."""
    after = min(int(np.searchsorted(steps, step)), len(steps) - 1)
    before = max(after - 1, 0)
    return before if abs(steps[before] - step) <= abs(steps[after] - step) else after

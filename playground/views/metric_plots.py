"""The two plots of a training in one scene: loss at the left, accuracy at the right."""

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent

from playground.theme import SPACING, Theme
from playground.views.metric_curves import Curves
from playground.views.metric_history import MetricHistory


class MetricPlots(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Both plots, which show the same steps; says what is done with the mouse."""

    pointed_at = Signal(object)  # the step beneath the cursor (float), None where there is none
    double_clicked = Signal()
    zoomed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.ci.layout.setContentsMargins(0, 0, SPACING, 0)
        self.ci.layout.setHorizontalSpacing(SPACING)
        self.loss = Curves(self.addPlot(0, 0), "loss", "Loss (cross-entropy)", 1.0)
        self.accuracy = Curves(self.addPlot(0, 1), "accuracy", "Accuracy (%)", 100.0)
        self.accuracy.plot.setXLink(self.loss.plot)
        self._both = (self.loss, self.accuracy)
        self.scene().sigMouseMoved.connect(self._on_mouse_moved)
        for curves in self._both:
            curves.plot.getViewBox().sigRangeChangedManually.connect(self.zoomed)

    def set_theme(self, theme: Theme) -> None:
        """Draw in a theme's colours."""
        self.setBackground(theme.color("panel"))
        for curves in self._both:
            curves.set_theme(theme)

    def show_history(self, history: MetricHistory, steps_per_epoch: int, zoomed: bool) -> None:
        """Draw all points, or those in view where somebody zoomed."""
        for curves in self._both:
            curves.show_history(history, steps_per_epoch, zoomed)
        # Now, not in the next paint event, where the new ranges would ask for another one (pyqtgraph 0.14).
        self.scene().prepareForPaint()

    def mark(self, step: float | None) -> None:
        """Draw a line at a step, or none."""
        for curves in self._both:
            curves.mark(step)

    def leaveEvent(self, event: QEvent) -> None:
        """Say that nothing is pointed at."""
        super().leaveEvent(event)
        self.pointed_at.emit(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Say so."""
        super().mouseDoubleClickEvent(event)
        self.double_clicked.emit()

    def _on_mouse_moved(self, position: QPointF) -> None:
        beneath = (c.plot.getViewBox() for c in self._both if c.plot.sceneBoundingRect().contains(position))
        steps = (box.mapSceneToView(position).x() for box in beneath)
        self.pointed_at.emit(next(steps, None))

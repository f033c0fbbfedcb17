"""The two plots of a training in one scene: loss at the left, accuracy at the right."""

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen

from playground.theme import SPACING, Theme
from playground.views.metric_curves import Curves
from playground.views.metric_history import MetricHistory

Tick = tuple[QPen, QPointF, QPointF]


class Axis(pg.AxisItem):  # type: ignore[misc]
    """An axis whose marks and grid are painted quickly."""

    _ratio = 1.0  # screen pixels per px, for which the picture was made

    def paint(self, painter: QPainter, option: object, widget: object) -> None:
        """Make the picture anew for a screen of another ratio."""
        ratio = painter.deviceTransform().m11()
        if ratio != self._ratio:
            self._ratio, self.picture = ratio, None
        super().paint(painter, option, widget)

    def drawPicture(self, painter: QPainter, line: Tick, ticks: Sequence[Tick], texts: object) -> None:
        """Paint marks and grid as rectangles, one screen pixel wide as lines are: to blend a transparent line
        takes Qt 6.11 0.2 ms, a rectangle a few microseconds."""
        super().drawPicture(painter, line, (), texts)
        for pen, start, end in ticks:
            thin = QRectF(start, end).normalized()
            x, y = (0.5 / self._ratio * (not length) for length in (thin.width(), thin.height()))
            painter.fillRect(thin.adjusted(-x, -y, x, y), pen.color())


class StepAxis(Axis):
    """An axis with marks at whole numbers only."""

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """Return the distances between marks and where they start, none of them a part of a step."""
        spacings = super().tickSpacing(minVal, maxVal, size)
        return [each for each in spacings if each[0] >= 1] or [(1.0, 0.0)]


class PercentAxis(Axis):
    """An axis without marks above 100."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Return the distances between marks and their places, also where the room above 100 is in view."""
        found = super().tickValues(minVal, maxVal, size)
        return [(spacing, [value for value in values if value <= 100]) for spacing, values in found]


class LinkedPlots(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Both plots, which show the same steps; says what is done with the mouse."""

    pointed_at = Signal(object)  # the step beneath the cursor (float), None where there is none
    double_clicked = Signal()
    zoomed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.ci.layout.setContentsMargins(0, 0, SPACING, 0)
        self.ci.layout.setHorizontalSpacing(SPACING)
        self.loss = Curves(self._add_plot(0, Axis("left")), "loss", "Loss (cross-entropy)", 1.0)
        accuracy = self._add_plot(1, PercentAxis("left"))
        self.accuracy = Curves(accuracy, "accuracy", "Accuracy (%)", 100.0, most=100.0)
        self.accuracy.plot.setXLink(self.loss.plot)
        self._both = (self.loss, self.accuracy)
        self.scene().sigMouseMoved.connect(self._on_mouse_moved)
        for curves in self._both:
            curves.plot.getViewBox().sigRangeChangedManually.connect(self.zoomed)

    def _add_plot(self, column: int, left: Axis) -> pg.PlotItem:
        """Add a plot over steps, with its other axis."""
        return self.addPlot(0, column, axisItems={"bottom": StepAxis("bottom"), "left": left})

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

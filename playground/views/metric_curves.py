"""The curves of loss or accuracy in one plot, thinned to what can be seen."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from playground import theme as looks
from playground.theme import Theme, format_number
from playground.views.metric_history import Floats, MetricHistory

BUCKETS = 400  # drawn points: about one a pixel, so that a frame costs the same for any length of training


class Curves:
    """The curves of one quantity in one plot; `factor` turns it into the unit of the axis."""

    def __init__(self, plot: pg.PlotItem, name: str, label: str, factor: float) -> None:
        self.plot, self._name, self._factor, self._label = plot, name, factor, label
        self._steps_per_epoch = -1
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(x=True, y=False)
        plot.getViewBox().setLimits(yMin=0)
        self._raw = plot.plot([], [])
        self._smooth = plot.plot([], [], antialias=True)
        self._validation = plot.plot([], [], symbol="o", symbolSize=7)
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.hide()
        plot.addItem(self._line, ignoreBounds=True)

    def set_theme(self, theme: Theme) -> None:
        """Draw in a theme's colours."""
        train, validation = theme.series[0], theme.series[1]
        faint = QColor(train)
        faint.setAlphaF(0.3)
        self._raw.setPen(pg.mkPen(faint, width=1))
        self._smooth.setPen(pg.mkPen(train, width=2))
        self._validation.setPen(pg.mkPen(validation, width=1, style=Qt.PenStyle.DashLine))
        self._validation.setSymbolBrush(validation)
        self._validation.setSymbolPen(pg.mkPen(theme.color("panel"), width=1))
        self._line.setPen(pg.mkPen(theme.color("muted"), width=1, style=Qt.PenStyle.DotLine))
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(theme.color("border")))
            axis.setTextPen(theme.color("muted"))
            axis.setTickFont(looks.font("small"))
            axis.enableAutoSIPrefix(False)
            axis.setStyle(maxTickLevel=int(side == "left"))
        self.plot.showGrid(x=False, y=True, alpha=0.2)
        self.plot.setLabel("left", self._label, color=theme.muted)

    def show_history(self, history: MetricHistory, steps_per_epoch: int) -> None:
        """Draw the points in view."""
        steps = history.training("step")
        in_view = slice(0, len(steps))
        if not self.plot.getViewBox().autoRangeEnabled()[0]:
            in_view = _around(steps, *self.plot.viewRange()[0])
        steps = steps[in_view]
        self._raw.setData(*extremes(steps, history.training(self._name)[in_view] * self._factor))
        self._smooth.setData(*thinned(steps, history.smoothed(self._name)[in_view] * self._factor))
        at = history.validation("step")
        self._validation.setData(at, history.validation(self._name) * self._factor)
        if steps_per_epoch != self._steps_per_epoch:
            self._steps_per_epoch = steps_per_epoch
            self.plot.setLabel("bottom", f"Step ({format_number(steps_per_epoch)} per epoch)")

    def mark(self, step: float | None) -> None:
        """Draw a line at a step, or none."""
        self._line.setVisible(step is not None)
        if step is not None:
            self._line.setValue(step)


def extremes(x: Floats, y: Floats, buckets: int = BUCKETS) -> tuple[Floats, Floats]:
    """Smallest and largest y of each of some buckets, so that no peak is lost; short curves as they are."""
    size = -(-len(x) // buckets)
    if size < 4:
        return x, y
    whole = len(x) // size * size
    parts = y[:whole].reshape(-1, size)
    both = np.stack([parts.min(axis=1), parts.max(axis=1)], axis=1).ravel()
    at = np.repeat(x[:whole:size], 2)
    return np.concatenate([at, x[whole:]]), np.concatenate([both, y[whole:]])


def thinned(x: Floats, y: Floats, most: int = BUCKETS) -> tuple[Floats, Floats]:
    """Every so many points and the last one."""
    size = max(-(-len(x) // most), 1)
    return np.append(x[::size], x[-1:]), np.append(y[::size], y[-1:])


def _around(steps: Floats, low: float, high: float) -> slice:
    """The indices of the steps between two positions and one more on each side."""
    first, last = np.searchsorted(steps, (low, high))
    return slice(max(int(first) - 1, 0), int(last) + 1)

"""The curves of loss or accuracy in one plot, thinned to what can be seen."""

from math import inf

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetricsF

from playground import theme as looks
from playground.theme import Theme
from playground.views.metric_history import Floats, MetricHistory, smoothed
from playground.wording import format_number

BUCKETS = 400  # drawn points: about one a pixel, so that a frame costs the same for any length of training


class Curves:
    """The curves of one quantity in one plot; `factor` turns it into the unit of the axis, up to `most`."""

    def __init__(self, plot: pg.PlotItem, name: str, label: str, factor: float, most: float = inf) -> None:
        self.plot, self._name, self._factor, self._label = plot, name, factor, label
        self._most, self._color = most, looks.LIGHT.muted
        self._steps_per_epoch = -1
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(x=True, y=False)
        plot.getViewBox().setLimits(yMin=0)
        plot.getViewBox().sigResized.connect(self._write_label)
        for side in ("left", "bottom"):  # before there are labels, or pyqtgraph 0.14 would still use a prefix
            plot.getAxis(side).enableAutoSIPrefix(False)
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
            axis.setStyle(maxTickLevel=int(side == "left"), hideOverlappingLabels=False)
        self.plot.showGrid(x=False, y=True, alpha=0.2)
        self._color = theme.muted
        self._write_label()

    def _write_label(self) -> None:
        """Name the axis, without what is in brackets where the plot is lower than that is long."""
        axis = self.plot.getAxis("left")
        wide = QFontMetricsF(axis.label.font()).horizontalAdvance(self._label)
        fits = wide <= self.plot.getViewBox().height()
        label = self._label if fits else self._label.partition(" (")[0]
        axis.setLabel(label, color=self._color)
        axis.resizeEvent()  # puts the label in the middle; pyqtgraph 0.14 does so for a new size alone

    def show_history(self, history: MetricHistory, steps_per_epoch: int, zoomed: bool) -> None:
        """Draw the points in view: all of them, or those of the axis where somebody zoomed."""
        steps, values = history.training("step"), history.training(self._name) * self._factor
        view = _around(steps, *self.plot.viewRange()[0]) if zoomed else slice(0, len(steps))
        some = thinned(view.start, view.stop)
        self._smooth.setData(steps[some], smoothed(values, some))
        steps, values = steps[view], values[view]
        checked, results = history.validation("step"), history.validation(self._name) * self._factor
        self._raw.setData(*extremes(steps, values))
        self._validation.setData(checked, results)
        self._fit(steps, np.concatenate([values, results]), zoomed)
        if steps_per_epoch != self._steps_per_epoch:
            self._steps_per_epoch = steps_per_epoch
            self.plot.setLabel("bottom", f"Step ({format_number(steps_per_epoch)} per epoch)")

    def _fit(self, steps: Floats, values: Floats, zoomed: bool) -> None:
        """Set both ranges at once: automatic ones would be found anew, and painted twice, for each curve."""
        if not len(steps):
            return
        aside = 0.04 * max(float(steps[-1] - steps[0]), 1.0)
        x = (steps[0] - aside, max(steps[-1], steps[0] + 1) + aside)
        room = 0.09 * max(float(np.ptp(values)), 1e-6)
        # Above the most there is only room for a line at it, and for half of the number beside that.
        y = max(float(values.min()) - room, 0.0), min(float(values.max()) + room, self._most + room * 2 / 3)
        x = self.plot.viewRange()[0] if zoomed else x
        self.plot.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)

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


def thinned(first: int, end: int, most: int = BUCKETS) -> NDArray[np.int64]:
    """Positions evenly spread from `first` to before `end`, the last one always among them."""
    spread = np.linspace(first, max(end - 1, first), min(end - first, most))
    return np.round(spread).astype(np.int64)


def _around(steps: Floats, low: float, high: float) -> slice:
    """The indices of the steps between two positions and one more on each side."""
    first, last = np.searchsorted(steps, (low, high))
    return slice(max(int(first) - 1, 0), min(int(last) + 1, len(steps)))

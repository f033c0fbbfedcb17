"""How numbers are spread: a painted histogram with zero marked, and the figures that describe it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground import theme as looks
from playground.theme import LIGHT, Theme
from playground.wording import format_number

BINS = 48
_LABELS = 16  # px, the row of numbers beneath the bars
_READ_OUT = 16  # px, the row of text above them


@dataclass(frozen=True)
class Spread:
    """How the finite, non-zero values fall into equal bins from `low` to `high`, with an edge at zero.

    `mean` and `deviation` are of all finite values; `zeros` and `not_finite` count what the bins leave out.
    """

    counts: NDArray[np.int64]
    low: float
    high: float
    mean: float
    deviation: float
    zeros: int
    not_finite: int
    size: int

    def edges(self, index: int) -> tuple[float, float]:
        """Where a bin begins and ends."""
        width = (self.high - self.low) / len(self.counts)
        return self.low + index * width, self.low + (index + 1) * width


def spread(values: NDArray[np.float32], bins: int = BINS) -> Spread:
    """Count values of any shape into at most `bins` + 1 bins, of which none holds the exact zeros."""
    flat = np.asarray(values).ravel()
    finite = flat[np.isfinite(flat)]
    if not finite.size:
        return Spread(np.zeros(1, np.int64), 0.0, 1.0, 0.0, 0.0, 0, flat.size, flat.size)
    low, high = min(0.0, float(finite.min())), max(0.0, float(finite.max()))
    zeros = int(np.count_nonzero(finite == 0))
    width = (high - low) / (bins - 1) or 1.0
    first, last = math.floor(low / width), max(math.ceil(high / width), math.floor(low / width) + 1)
    indices = np.clip(np.floor(finite / width).astype(np.int64) - first, 0, last - first - 1)
    counts = np.bincount(indices, minlength=last - first)
    counts[min(-first, len(counts) - 1)] -= zeros
    mean, deviation = float(finite.mean(dtype=np.float64)), float(finite.std(dtype=np.float64))
    return Spread(
        counts, first * width, last * width, mean, deviation, zeros, flat.size - finite.size, flat.size
    )


class Histogram(QWidget):
    """Bars of a Spread; hovering or the arrow keys read out one bin."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setToolTip(f"{name}: how often each value occurs; hover a bar for its numbers")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = LIGHT
        self._spread: Spread | None = None
        self._hovered: int | None = None

    def sizeHint(self) -> QSize:
        """As wide as it gets, low."""
        return QSize(240, 72 + _LABELS + _READ_OUT)

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self._theme = theme
        self.update()

    def set_values(self, values: NDArray[np.float32] | None) -> None:
        """Show how values of any shape are spread, or nothing."""
        self._spread = None if values is None else spread(values)
        if self._spread is not None and self._hovered is not None:
            self._hovered = min(self._hovered, len(self._spread.counts) - 1)
        self.setAccessibleDescription(self.description())
        self.update()

    def description(self) -> str:
        """Mean, standard deviation and what the bars leave out, in words."""
        found = self._spread
        if found is None:
            return "no values yet"
        parts = [f"mean {format_number(found.mean)}", f"deviation {format_number(found.deviation)}"]
        if found.zeros:
            parts.append(f"{100 * found.zeros / found.size:.0f} % exactly zero (not drawn)")
        if found.not_finite:
            parts.append(f"{format_number(found.not_finite)} not finite")
        return ", ".join(parts)

    def read_out(self) -> str:
        """The hovered bin in words, or how many values there are."""
        if self._spread is None:
            return "no values yet"
        if self._hovered is None:
            return f"{format_number(self._spread.size)} values"
        begin, end = self._spread.edges(self._hovered)
        count = int(self._spread.counts[self._hovered])
        return f"{format_number(begin)} to {format_number(end)}: {format_number(count)}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read out the bin under the cursor."""
        if self._spread is not None:
            index = int(event.position().x() / self.width() * len(self._spread.counts))
            self._hover(min(max(index, 0), len(self._spread.counts) - 1))

    def leaveEvent(self, event: object) -> None:
        """Forget the hovered bin."""
        self._hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right walk the bins."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or self._spread is None:
            super().keyPressEvent(event)
            return
        count = len(self._spread.counts)
        self._hover(0 if self._hovered is None else min(max(self._hovered + step, 0), count - 1))

    def _hover(self, index: int | None) -> None:
        if index != self._hovered:
            self._hovered = index
            self.setAccessibleDescription(self.description() if index is None else self.read_out())
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint read-out, bars, base line and the numbers at its ends and at zero."""
        painter = QPainter(self)
        painter.setFont(looks.font("small"))
        painter.setPen(self._theme.color("text" if self._hovered is not None else "muted"))
        top = QRectF(0, 0, self.width(), _READ_OUT)
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.read_out())
        bottom = self.height() - _LABELS
        if self._spread is not None:
            self._paint_bars(painter, self._spread, _READ_OUT + 2, bottom)
            self._paint_numbers(painter, self._spread, bottom)
        painter.setPen(QPen(self._theme.color("accent" if self.hasFocus() else "border"), 1))
        painter.drawLine(QPointF(0, bottom + 0.5), QPointF(self.width(), bottom + 0.5))
        painter.end()

    def _paint_bars(self, painter: QPainter, found: Spread, top: int, bottom: int) -> None:
        tallest = max(int(found.counts.max()), 1)
        pitch = self.width() / len(found.counts)
        for index, count in enumerate(found.counts.tolist()):
            if not count:
                continue
            height = max(1.0, (bottom - top) * count / tallest)
            side = self._theme.series[1] if found.edges(index)[0] >= 0 else self._theme.series[0]
            bar = QRectF(index * pitch, bottom - height, max(pitch - 1, 1.0), height)
            painter.fillRect(bar, self._theme.color("text") if index == self._hovered else side)

    def _paint_numbers(self, painter: QPainter, found: Spread, bottom: int) -> None:
        painter.setPen(self._theme.color("muted"))
        line = QRectF(0, bottom + 2, self.width(), _LABELS - 2)
        zero = -found.low / (found.high - found.low) * self.width()
        if found.low < 0:
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft, format_number(found.low))
        if found.high > 0:
            painter.drawText(line, Qt.AlignmentFlag.AlignRight, format_number(found.high))
        beside = 56  # px, room for the numbers at the ends
        if beside < zero < self.width() - beside or zero < 1 or zero > self.width() - 1:
            at = QRectF(min(max(zero - 20, 0), self.width() - 40), bottom + 2, 40, _LABELS - 2)
            side = Qt.AlignmentFlag.AlignLeft if zero < 1 else Qt.AlignmentFlag.AlignHCenter
            painter.drawText(at, Qt.AlignmentFlag.AlignRight if zero > self.width() - 1 else side, "0")
        painter.setPen(QPen(self._theme.color("muted"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(zero, _READ_OUT + 2), QPointF(zero, bottom))

"""The painted matrix of true against predicted classes, for one class up to a hundred."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground import theme as looks
from playground.qt_images import to_picture
from playground.theme import LIGHT, Theme
from playground.wording import format_number, format_share

Counts = NDArray[np.int64]
Cell = tuple[int, int]  # true class, predicted class

_MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_LINE = 16  # px, a row of small text
_SHARE_WIDTH = 52  # px, the column of recalls
_WIDEST_NAME = 96  # px
_NARROWEST_HEAD = 24.0  # px
_WIDEST_CELL, _TALLEST_CELL = 72, 36  # px


class ConfusionMatrix(QWidget):
    """Counts (K, K), rows true, columns predicted; right answers in one hue, wrong ones in another.

    Emits `cell_selected(truth, predicted)` on a click or Enter, `read_out_changed(str)` as the cursor moves.
    """

    cell_selected = Signal(int, int)
    read_out_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Confusion matrix")
        self.setToolTip("Rows are the true class, columns the prediction; click a cell to see its images")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = LIGHT
        self._counts: Counts = np.zeros((0, 0), np.int64)
        self._names: tuple[str, ...] = ()
        self._rows: tuple[str, ...] = ()  # what is written beside the cells
        self._heads: tuple[str, ...] = ()  # and above them
        self._cursor: Cell | None = None
        self._selected: Cell | None = None

    def sizeHint(self) -> QSize:
        """Enough for ten classes."""
        return QSize(420, 220)

    def minimumSizeHint(self) -> QSize:
        """Small enough for the lower half of a small window."""
        return QSize(160, 120)

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self._theme = theme
        self.update()

    def set_counts(self, counts: Counts, names: tuple[str, ...]) -> None:
        """Show counts (K, K) of K named classes."""
        if counts.shape != self._counts.shape:
            self._cursor = self._selected = None
        self._counts, self._names = counts, names
        self._label()
        self._tell()
        self.update()

    def set_selected(self, cell: Cell | None) -> None:
        """Outline a cell, or none."""
        self._selected = cell
        self.update()

    def cell_rect(self, truth: int, predicted: int) -> QRectF:
        """Where a cell is painted."""
        area = self._area()
        width, height = area.width() / len(self._names), area.height() / len(self._names)
        return QRectF(area.x() + predicted * width, area.y() + truth * height, width, height)

    def read_out(self) -> str:
        """The cell under the cursor in words."""
        if self._cursor is None:
            return ""
        truth, predicted = self._cursor
        count, of_class = int(self._counts[truth, predicted]), int(self._counts[truth].sum())
        share = format_share(count / of_class, 1) if of_class else "none"
        images = f"{format_number(count)} of {format_number(of_class)} images ({share})"
        if truth == predicted:
            return f"{self._names[truth]} recognised: {images}"
        return f"{self._names[truth]} taken for {self._names[predicted]}: {images}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read out the cell under the cursor."""
        self._move_to(self._at(event.position()))

    def leaveEvent(self, event: object) -> None:
        """Forget the cursor."""
        self._move_to(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the cell under the cursor."""
        self._move_to(self._at(event.position()))
        self._select()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Part of the click; nothing behind the widget needs it."""
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk the cells, Enter selects."""
        key = Qt.Key(event.key())
        if key in _MOVES and self._names:
            last = len(self._names) - 1
            truth, predicted = self._cursor or (0, 0)
            down, right = _MOVES[key] if self._cursor else (0, 0)
            self._move_to((min(max(truth + down, 0), last), min(max(predicted + right, 0), last)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._select()
        else:
            super().keyPressEvent(event)

    def _select(self) -> None:
        if self._cursor is not None:
            self.set_selected(self._cursor)
            self.cell_selected.emit(*self._cursor)

    def _move_to(self, cell: Cell | None) -> None:
        if cell != self._cursor:
            self._cursor = cell
            self._tell()
            self.update()

    def _tell(self) -> None:
        self.setAccessibleDescription(self.read_out())
        self.read_out_changed.emit(self.read_out())

    def _at(self, position: QPointF) -> Cell | None:
        area = self._area()
        if not self._names or not area.contains(position):
            return None
        last = len(self._names) - 1
        column = int((position.x() - area.x()) / area.width() * len(self._names))
        row = int((position.y() - area.y()) / area.height() * len(self._names))
        return min(row, last), min(column, last)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Names may have room now, or none any more."""
        super().resizeEvent(event)
        self._label()

    def _label(self) -> None:
        """Number the classes where names above the columns would be shortened until they look alike."""
        self._rows = self._heads = self._names
        room = int(max(self._area().width() / max(len(self._names), 1), _NARROWEST_HEAD))
        metrics = QFontMetrics(looks.font("small"))
        shown = {metrics.elidedText(name, Qt.TextElideMode.ElideRight, room) for name in self._names}
        if len(shown) < len(set(self._names)):
            self._heads = tuple(str(number + 1) for number in range(len(self._names)))
            self._rows = tuple(f"{head} {name}" for head, name in zip(self._heads, self._names, strict=True))

    def _name_width(self) -> float:
        metrics = QFontMetricsF(looks.font("small"))
        widest = max((metrics.horizontalAdvance(name) for name in self._rows), default=0)
        return min(widest, _WIDEST_NAME) + 8

    def _area(self) -> QRectF:
        """The cells alone: at the left are names, above too, right and below the shares."""
        left = self._name_width()
        count = max(len(self._names), 1)
        width = min(int(self.width() - left - _SHARE_WIDTH) // count, _WIDEST_CELL)
        height = min((self.height() - 2 * _LINE) // count, _TALLEST_CELL)
        return QRectF(math.ceil(left), _LINE, max(width, 1) * count, max(height, 1) * count)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint cells, counts, names, shares and the outlines of cursor and selection."""
        if not self._names:
            return
        painter = QPainter(self)
        painter.setFont(looks.font("small"))
        self._paint_cells(painter)
        self._paint_edges(painter)
        for cell, meaning, width in ((self._cursor, "text", 1), (self._selected, "accent", 2)):
            if cell is not None:
                painter.setPen(QPen(self._theme.color(meaning), width))
                painter.drawRect(self.cell_rect(*cell).adjusted(0, 0, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRect(self._area().adjusted(-1.5, -1.5, 0.5, 0.5))
        painter.end()

    def _colors(self) -> NDArray[np.uint8]:
        """(K, K, 3): right ones from panel to blue, wrong ones to orange, by share of the row."""
        shares = self._counts / np.maximum(self._counts.sum(axis=1, keepdims=True), 1)
        base, right, wrong = (
            np.array((color.red(), color.green(), color.blue()), np.float64)
            for color in map(QColor, (self._theme.panel, *self._theme.series[:2]))
        )
        # Errors are rare: the square root lets a hundredth be seen.
        on_diagonal = np.eye(len(shares), dtype=bool)
        strength = np.where(on_diagonal, shares, np.minimum(1.6 * np.sqrt(shares), 1.0))[..., None]
        ends = np.where(on_diagonal[..., None], right, wrong)
        colors: NDArray[np.uint8] = (base + (ends - base) * strength).round().astype(np.uint8)
        return colors

    def _paint_cells(self, painter: QPainter) -> None:
        colors = self._colors()
        area = self._area()
        painter.drawImage(area, to_picture(colors))
        count = len(self._names)
        width, height = area.width() / count, area.height() / count
        if min(width, height) >= 6:
            painter.setPen(QPen(self._theme.color("grid"), 1))
            for i in range(count + 1):
                x, y = area.x() + i * width - 0.5, area.y() + i * height - 0.5
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
                painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        widest = painter.fontMetrics().horizontalAdvance(format_number(int(self._counts.max(initial=0))))
        if height >= 11 and width >= widest + 2:
            for truth, predicted in zip(*np.nonzero(self._counts), strict=True):
                bright = float(colors[truth, predicted] @ (0.299, 0.587, 0.114)) > 140
                painter.setPen(QColor("#10151d" if bright else "#ffffff"))
                text = format_number(int(self._counts[truth, predicted]))
                painter.drawText(self.cell_rect(truth, predicted), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_edges(self, painter: QPainter) -> None:
        area, count = self._area(), len(self._names)
        width, height = area.width() / count, area.height() / count
        right = np.diag(self._counts)
        recall = [_percent(n, of) for n, of in zip(right, self._counts.sum(axis=1), strict=True)]
        precision = [_percent(n, of) for n, of in zip(right, self._counts.sum(axis=0), strict=True)]
        end = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        middle = Qt.AlignmentFlag.AlignCenter
        tall, wide = max(height, _LINE), max(width, _NARROWEST_HEAD)
        for i in range(0, count, math.ceil(12 / height)):
            y = area.y() + (i + 0.5) * height - tall / 2
            self._write(painter, QRectF(0, y, area.x() - 6, tall), self._rows[i], end, self._is_at(0, i))
            if height >= 12:
                side = QRectF(area.right() + 2, y, _SHARE_WIDTH - 6, tall)
                self._write(painter, side, recall[i], end, self._is_at(0, i))
        for i in range(0, count, math.ceil(_NARROWEST_HEAD / width)):
            x = area.x() + (i + 0.5) * width - wide / 2
            above = QRectF(x, 0, wide, area.y() - 2)
            self._write(painter, above, self._heads[i], middle, self._is_at(1, i))
            if width >= _NARROWEST_HEAD:
                below = QRectF(x, area.bottom() + 2, wide, _LINE - 2)
                self._write(painter, below, precision[i], middle, self._is_at(1, i))
        if height >= 12:
            corner = QRectF(area.right() + 2, 0, _SHARE_WIDTH - 6, area.y() - 2)
            self._write(painter, corner, "recall", end, False)
        if width >= _NARROWEST_HEAD:
            corner = QRectF(area.right() + 2, area.bottom() + 2, _SHARE_WIDTH - 2, _LINE - 2)
            self._write(painter, corner, "precision", end, False)

    def _is_at(self, axis: int, index: int) -> bool:
        return self._cursor is not None and self._cursor[axis] == index

    def _write(
        self, painter: QPainter, area: QRectF, text: str, align: Qt.AlignmentFlag, strong: bool
    ) -> None:
        painter.setPen(self._theme.color("text" if strong else "muted"))
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, align, elided)


def _percent(part: int, whole: int) -> str:
    """A share in whole percent with one digit where it matters, a dash where there is nothing to share."""
    if not whole:
        return "–"
    share = 100 * part / whole
    return "100" if share == 100 else f"{share:.1f}"

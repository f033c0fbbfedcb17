"""A bar for the probability of each class."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.theme import LIGHT, SPACING, THIN_SPACE, Theme, font

_ROW, _LOW_ROW = 20, 14  # px, height of a row; as low as this where not all classes fit
_ALL_IN_ORDER = 16  # up to so many classes keep their order; more are listed most probable first


def format_percent(probability: float) -> str:
    """Return a probability 0..1 as "98.3 %", always with one decimal so that columns stay aligned."""
    return f"{100 * probability:.1f}{THIN_SPACE}%"


class ClassBars(QWidget):
    """The rows: name, bar, percent."""

    class_selected = Signal(int)
    current_moved = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Probability of each class")
        self.setToolTip("Click a class, or walk with the arrow keys and press Enter, to see it everywhere")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = LIGHT
        self._probabilities: list[float] | None = None
        self._names: tuple[str, ...] = ()
        self._order: list[int] = []
        self._current = 0
        self._hovered = -1
        self._stressed = True
        self._room = 0
        self.row_height = _ROW

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        self.update()

    def set_rows(
        self, probabilities: list[float] | None, names: tuple[str, ...], *, stressed: bool = True
    ) -> None:
        """Show a row for each class, the winner standing out where `stressed`; None: names alone."""
        self._stressed = stressed
        count, self._probabilities, self._names = len(self._names), probabilities, names
        if len(names) != count:
            self._current = 0
            self.set_room(self._room)
        self._order = list(range(len(names)))
        if probabilities is not None and len(names) > _ALL_IN_ORDER:
            self._order.sort(key=lambda index: -probabilities[index])
        self._describe()
        self.update()

    def set_room(self, height: int) -> None:
        """Make the rows lower where that lets all of them fit into this height."""
        self._room = height
        count = max(1, len(self._names))
        self.row_height = _ROW
        if count <= _ALL_IN_ORDER and height > 0:
            self.row_height = min(max(height // count, _LOW_ROW), _ROW)
        self.setFixedHeight(count * self.row_height)

    def sizeHint(self) -> QSize:
        """How large it likes to be."""
        return QSize(200, max(1, len(self._names)) * self.row_height)

    def _row_at(self, position: QPoint) -> int:
        row = position.y() // self.row_height
        return row if 0 <= row < len(self._order) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the row under the pointer."""
        self._hovered = self._row_at(event.position().toPoint())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Mark no row."""
        self._hovered = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the class of the row."""
        row = self._row_at(event.position().toPoint())
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._current = row
            self.class_selected.emit(self._order[row])
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk the rows, Enter chooses one."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        key = Qt.Key(event.key())
        if key in steps and self._order:
            self._current = min(max(self._current + steps[key], 0), len(self._order) - 1)
            self._describe()
            self.current_moved.emit(self._current)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._order:
            self.class_selected.emit(self._order[self._current])
        else:
            super().keyPressEvent(event)

    def _describe(self) -> None:
        """Tell screen readers the row the keyboard is on."""
        if not self._order or self._probabilities is None:
            self.setAccessibleDescription("No probabilities yet")
            return
        index = self._order[self._current]
        self.setAccessibleDescription(f"{self._names[index]}: {format_percent(self._probabilities[index])}")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only the rows in sight."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetrics(font("strong"))
        widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0)
        name_width = min(widest, self.width() * 2 // 5) + SPACING
        percent_width = metrics.horizontalAdvance(format_percent(1.0)) + SPACING
        visible = event.rect()
        winner = int(np.argmax(self._probabilities)) if self._probabilities and self._stressed else -1
        first, last = visible.top() // self.row_height, visible.bottom() // self.row_height + 1
        for row in range(first, min(len(self._order), last)):
            index = self._order[row]
            self._paint_row(painter, row, index, index == winner, name_width, percent_width)

    def _paint_row(
        self, painter: QPainter, row: int, index: int, wins: bool, name_width: int, percent_width: int
    ) -> None:
        theme, high, top = self._theme, self.row_height, row * self.row_height
        whole = QRect(0, top, self.width(), high)
        painter.setPen(Qt.PenStyle.NoPen)
        if row == self._hovered:
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(whole, 3, 3)
        painter.setFont(font("strong" if wins else "body"))
        painter.setPen(theme.color("text" if wins else "muted"))
        middle = Qt.AlignmentFlag.AlignVCenter
        label = painter.fontMetrics().elidedText(
            self._names[index], Qt.TextElideMode.ElideRight, name_width - SPACING
        )
        painter.drawText(QRect(4, top, name_width, high), middle, label)
        track = QRectF(
            name_width + 4,
            top + high // 4,
            self.width() - name_width - percent_width - 8,
            high - 2 * (high // 4),
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("grid"))
        painter.drawRoundedRect(track, 2, 2)
        if self._probabilities is not None:
            share = self._probabilities[index]
            filled = QRectF(track.x(), track.y(), max(track.width() * share, 0.0), track.height())
            painter.setBrush(theme.color("accent" if wins else "muted", 1.0 if wins else 0.6))
            painter.drawRoundedRect(filled, min(2, filled.width() / 2), 2)
            painter.setPen(theme.color("text" if wins else "muted"))
            right = QRect(self.width() - percent_width - 4, top, percent_width, high)
            painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, format_percent(share))
        if self.hasFocus() and row == self._current:
            painter.setPen(theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(whole).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

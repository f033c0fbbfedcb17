"""How many images there are of each class, as one small bar a class."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from playground.theme import LIGHT, Theme, font
from playground.wording import format_number

_WIDEST = 64  # px, of a bar with its gap
_NAME_HEIGHT = 13  # px


class ClassBalance(QWidget):
    """Bars as tall as the count of their class; the names below where they have room.

    Emits `class_selected(int)` when a bar is clicked. What a bar stands for is in its tooltip, and for screen
    readers all of them are in the description.
    """

    class_selected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("classBalance")
        self.setAccessibleName("Images of each class")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._theme = LIGHT
        self._names: tuple[str, ...] = ()
        self._counts: tuple[int, ...] = ()

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self._theme = theme
        self.update()

    def set_counts(self, names: Sequence[str], counts: Sequence[int]) -> None:
        """Show so many images for each class."""
        self._names, self._counts = tuple(names), tuple(counts)
        pairs = zip(self._names, self._counts, strict=True)
        self.setAccessibleDescription(", ".join(f"{name}: {format_number(count)}" for name, count in pairs))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for a comfortable bar a class."""
        return QSize(min(max(len(self._counts), 1) * 20, 320), 34)

    def minimumSizeHint(self) -> QSize:
        """Room to tell that there is something."""
        return QSize(60, 34)

    def read_out(self, index: int) -> str:
        """A class and its count in words."""
        return f"{self._names[index]}: {format_number(self._counts[index])} images"

    def bar_rect(self, index: int) -> QRectF:
        """Where the bar of a class is, with the room above it."""
        return QRectF(index * self._pitch(), 0, self._pitch(), self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the class under the pointer."""
        index = self._at(event.position().x())
        if index is not None:
            self.class_selected.emit(index)

    def event(self, event: QEvent) -> bool:
        """Tell the class and its count under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._at(event.pos().x())
            QToolTip.showText(event.globalPos(), "" if index is None else self.read_out(index), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bars from the bottom, names below."""
        painter = QPainter(self)
        painter.setFont(font("small"))
        pitch, tallest = self._pitch(), max(self._counts, default=0)
        widest = max((painter.fontMetrics().horizontalAdvance(name) for name in self._names), default=0)
        named, gap = widest <= pitch, min(1.0, pitch / 4)
        room = self.height() - (_NAME_HEIGHT if named else 1)
        for index, count in enumerate(self._counts):
            high = max(round(room * count / tallest), 1) if count else 0
            bar = QRectF(index * pitch + gap, room - high, max(pitch - 2 * gap, 1), high)
            painter.fillRect(bar, self._theme.color("accent"))
            if not count:
                painter.fillRect(QRectF(bar.x(), room - 1, bar.width(), 1), self._theme.color("error"))
            if named:
                painter.setPen(self._theme.color("muted"))
                place = QRectF(index * pitch, room, pitch, _NAME_HEIGHT)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._names[index])
        painter.end()

    def _pitch(self) -> float:
        return min(self.width() / max(len(self._counts), 1), _WIDEST)

    def _at(self, x: float) -> int | None:
        index = int(x // self._pitch())
        return index if 0 <= index < len(self._counts) else None

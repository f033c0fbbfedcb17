"""The gap between two columns: click it to insert a layer there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from playground.theme import LIGHT, Theme

_ARM = 3  # px, half the plus sign
_TOP = 7  # px from the top to its middle


class InsertGap(QAbstractButton):
    """A narrow button as high as the columns: a plus sign, under the pointer a line where the layer goes."""

    def __init__(self, place: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(f"Insert a layer at place {place}")
        self.setToolTip("Insert a layer here (Insert puts one after the selected layer)")

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as a gap."""
        return QSize(10, 100)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The plus sign; the line under the pointer."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(self.width() / 2, _TOP)
        aimed = self.underMouse() or self.isDown()
        painter.setPen(QPen(self._theme.color("accent" if aimed else "muted"), 2 if aimed else 1.25))
        painter.drawLine(middle - QPointF(_ARM, 0), middle + QPointF(_ARM, 0))
        painter.drawLine(middle - QPointF(0, _ARM), middle + QPointF(0, _ARM))
        if aimed:
            painter.drawLine(QPointF(middle.x(), _TOP + 8), QPointF(middle.x(), self.height() - 2))

"""A line of plain text that gives way: too long for its room it ends in dots, with all of it as a tooltip."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyleOption

_DOTS = "…"


class ElidedLabel(QLabel):
    """A QLabel for one line, as narrow as it must be; `role` chooses its look from the style sheet.

    Where `before_value` is in the text, the words before its last place give way, not the value after it.
    """

    def __init__(
        self, text: str = "", role: str = "", at_right: bool = False, before_value: str = ""
    ) -> None:
        super().__init__(text)
        self._before_value = before_value
        self.setTextFormat(Qt.TextFormat.PlainText)
        if role:
            self.setProperty("role", role)
        side = Qt.AlignmentFlag.AlignRight if at_right else Qt.AlignmentFlag.AlignLeft
        self.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        """Room for a few letters."""
        return QSize(40, super().minimumSizeHint().height())

    @property
    def fitting(self) -> str:
        """What of the text fits."""
        text, room, metrics = self.text(), self.width(), self.fontMetrics()
        words, mark, value = text.rpartition(self._before_value or "\0")
        left = room - metrics.horizontalAdvance(mark + value)
        if not words or metrics.horizontalAdvance(value) > room or metrics.horizontalAdvance(text) <= room:
            return metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        if left < metrics.horizontalAdvance(_DOTS):
            return value
        return metrics.elidedText(words, Qt.TextElideMode.ElideRight, left) + mark + value

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what fits."""
        painter = QPainter(self)
        option = QStyleOption()
        option.initFrom(self)
        text = self.fitting
        self.setToolTip(self.text() if text != self.text() else "")
        role = self.foregroundRole()
        self.style().drawItemText(
            painter, self.rect(), int(self.alignment()), option.palette, self.isEnabled(), text, role
        )
        painter.end()

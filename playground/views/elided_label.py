"""Plain text that gives way: too long for its room it ends in dots, with all of it as a tooltip."""

from itertools import pairwise

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QTextLayout
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
        self._tip = ""  # the one that shows all; another is left alone
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
        if self.toolTip() == self._tip:
            self._tip = self.text() if text.replace("\n", " ") != self.text() else ""
            self.setToolTip(self._tip)
        role = self.foregroundRole()
        self.style().drawItemText(
            painter, self.rect(), int(self.alignment()), option.palette, self.isEnabled(), text, role
        )
        painter.end()


class ElidedLines(ElidedLabel):
    """The same over as many whole lines as there is room for."""

    def __init__(self, role: str = "") -> None:
        super().__init__(role=role)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)

    @property
    def fitting(self) -> str:
        """What of the text fits, a line each."""
        text, layout, starts = self.text(), QTextLayout(self.text(), self.font()), []
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(self.width())
            starts.append(line.textStart())
        layout.endLayout()
        starts = starts[: max(self.height() // self.fontMetrics().lineSpacing(), 1)]
        whole = [text[at:end].rstrip() for at, end in pairwise(starts)]
        end = text[starts[-1] :] if starts else ""
        return "\n".join(
            (*whole, self.fontMetrics().elidedText(end, Qt.TextElideMode.ElideRight, self.width()))
        )

"""The network at a glance: one row per layer with its shape and its share of the parameters."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

import cnn_core as cnn
from playground import theme as looks
from playground.theme import LIGHT, Theme
from playground.views.fact_grid import Reports, problem
from playground.wording import format_number, format_shape, layer_names

_ROW = 28  # px


class NetworkSummary(QWidget):
    """Rows of layer, output shape and parameters with a bar; a click or Enter sends `layer_selected(int)`."""

    layer_selected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Layers of the network")
        self.setToolTip("Click a layer to see and change it")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = LIGHT
        self._reports: Reports = ()
        self._names: list[str] = []
        self._row: int | None = None

    def sizeHint(self) -> QSize:
        """One row of 28 px per layer."""
        return QSize(240, _ROW * len(self._reports))

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self._theme = theme
        self.update()

    def set_reports(self, reports: Reports) -> None:
        """Show the layer reports of an architecture."""
        self._reports = reports
        self._names = layer_names([report.layer for report in reports])
        self._row = None
        self.setFixedHeight(_ROW * len(reports))
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Highlight the row under the cursor."""
        self._highlight(int(event.position().y()) // _ROW)

    def leaveEvent(self, event: object) -> None:
        """No row is highlighted without cursor."""
        self._row = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the layer under the cursor."""
        self._highlight(int(event.position().y()) // _ROW)
        self._select()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Part of the click; nothing behind the widget needs it."""
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the arrow keys start when the focus came by the keyboard."""
        super().focusInEvent(event)
        if (
            event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
            and self._row is None
        ):
            self._highlight(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down walk the rows, Enter selects."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is not None:
            self._highlight(0 if self._row is None else self._row + step)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._select()
        else:
            super().keyPressEvent(event)

    def _select(self) -> None:
        if self._row is not None:
            self.layer_selected.emit(self._reports[self._row].index)

    def _highlight(self, row: int) -> None:
        if self._reports:
            self._row = min(max(row, 0), len(self._reports) - 1)
            report = self._reports[self._row]
            self.setAccessibleDescription(f"{self._names[self._row]}, {problem(report) or _shape(report)}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        most = max((report.parameters for report in self._reports), default=0) or 1
        for row, report in enumerate(self._reports):
            area = QRectF(0, row * _ROW, self.width(), _ROW)
            if row == self._row:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self._theme.color("raised"))
                painter.drawRoundedRect(area, 4, 4)
            self._paint_row(painter, area, report, report.parameters / most)
        painter.end()

    def _paint_row(self, painter: QPainter, area: QRectF, report: cnn.LayerReport, share: float) -> None:
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        text = area.adjusted(0, 3, 0, -9)
        middle = area.width() * 0.42
        painter.setFont(looks.font("body"))
        painter.setPen(self._theme.color("error" if report.error else "text"))
        name = painter.fontMetrics().elidedText(
            report.layer.name, Qt.TextElideMode.ElideRight, int(middle) - 8
        )
        painter.drawText(text, left | Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(looks.font("small"))
        painter.setPen(self._theme.color("error" if report.error else "muted"))
        shape = _shape(report)
        painter.drawText(text.adjusted(middle, 0, 0, 0), left | Qt.AlignmentFlag.AlignVCenter, shape)
        if report.parameters:
            count = format_number(report.parameters)
            painter.drawText(text, right | Qt.AlignmentFlag.AlignVCenter, count)
            bar = QRectF(area.x(), area.bottom() - 6, max(2.0, area.width() * share), 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("accent", 0.7))
            painter.drawRoundedRect(bar, 1.5, 1.5)


def _shape(report: cnn.LayerReport) -> str:
    if report.error:
        return "does not fit"
    return format_shape(report.output_shape) if report.output_shape else "not known yet"

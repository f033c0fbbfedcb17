"""How far the training is: epoch, bar, step, speed, time left, and a sentence on how things stand."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

import cnn_core as cnn
from playground.theme import LIGHT, SPACING, Theme
from playground.views.elided_label import ElidedLabel
from playground.wording import format_number

# What a status is about, its colour and the shape of its mark: never told by colour alone.
KINDS = {
    "idle": ("muted", "ring"),
    "running": ("accent", "disc"),
    "paused": ("warning", "bars"),
    "good": ("good", "disc"),
    "warning": ("warning", "triangle"),
    "error": ("error", "triangle"),
}
_TRIANGLE = (QPointF(1, 11), QPointF(11, 11), QPointF(6, 1))


class TrainingProgress(QWidget):
    """One line: mark and sentence at the left, figures and bar at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mark = _Mark()
        self._status = ElidedLabel("Ready")
        self._status.setObjectName("trainingStatus")
        self._status.setAccessibleName("Training status")
        self.epoch, self.step = _figure("Epoch", 80), _figure("Steps done", 88)
        self.speed, self.left = _figure("Speed", 104), _figure("Time left", 104)
        self.bar = _Bar()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(self._mark)
        layout.addWidget(self._status, 1)
        for part in (self.epoch, self.bar, self.step, self.speed, self.left):
            layout.addWidget(part)
        self.set_progress(None, 0, 1)

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self._mark.set_theme(theme)
        self.bar.set_theme(theme)

    def set_status(self, text: str, kind: str = "idle") -> None:
        """Say how things stand; `kind` is one of KINDS."""
        self._status.setText(text)
        self._status.setProperty("role", {"error": "error", "warning": "warning"}.get(kind, "body"))
        self._status.style().unpolish(self._status)
        self._status.style().polish(self._status)
        self._mark.set_kind(kind)

    def status(self) -> str:
        """The sentence shown."""
        return self._status.text()

    def set_progress(self, progress: cnn.Progress | None, epochs: int, batch_size: int) -> None:
        """Show the newest step of a run that ends after `epochs` epochs in all; None: nothing done yet."""
        if progress is None:
            self.epoch.setText(f"epoch 0/{format_number(epochs)}" if epochs else "")
            for label in (self.step, self.speed, self.left):
                label.setText("")
            self.bar.set_share(0.0)
            return
        total = max(epochs * progress.steps_per_epoch, progress.step)
        self.epoch.setText(
            f"epoch {format_number(progress.epoch)}/{format_number(max(epochs, progress.epoch))}"
        )
        self.bar.set_share(progress.step / total)
        self.step.setText(f"step {format_number(progress.step)}")
        rate = progress.images_per_second
        self.speed.setText(f"{format_number(round(rate))} images/s" if rate > 0 else "")
        self.left.setText(time_left((total - progress.step) * batch_size / rate) if rate > 0 else "")


class _Mark(QWidget):
    """A small shape in front of the status."""

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._kind = LIGHT, "idle"
        self.setFixedSize(QSize(12, 12))

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self._theme = theme
        self.update()

    def set_kind(self, kind: str) -> None:
        """Choose colour and shape."""
        self._kind = kind
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the shape."""
        meaning, shape = KINDS[self._kind]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = self._theme.color(meaning)
        painter.setPen(color if shape == "ring" else Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush if shape == "ring" else color)
        if shape == "triangle":
            painter.drawPolygon(_TRIANGLE)
        elif shape == "bars":
            painter.drawRect(QRectF(2, 1, 3, 10))
            painter.drawRect(QRectF(7, 1, 3, 10))
        else:
            painter.drawEllipse(QRectF(2, 2, 8, 8))
        painter.end()


class _Bar(QWidget):
    """A thin bar. (QProgressBar repaints at once on each value; this waits for the frame.)"""

    def __init__(self) -> None:
        super().__init__()
        self._theme, self.share = LIGHT, 0.0
        self.setFixedSize(200, 10)
        self.setAccessibleName("Training progress")

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self._theme = theme
        self.update()

    def set_share(self, share: float) -> None:
        """Fill a share of the bar, 0 to 1."""
        self.share = share
        self.setAccessibleDescription(f"{share:.0%}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the groove and what is done."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        groove = self.rect().toRectF().adjusted(0.5, 1.5, -0.5, -1.5)
        painter.setPen(self._theme.color("border"))
        painter.setBrush(self._theme.color("raised"))
        painter.drawRoundedRect(groove, 3.5, 3.5)
        if self.share > 0:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("accent"))
            done = QRectF(groove.x(), groove.y(), max(groove.width() * self.share, 7), groove.height())
            painter.drawRoundedRect(done, 3.5, 3.5)
        painter.end()


def time_left(seconds: float) -> str:
    """A duration as people say it: "12 s left", "3 min 20 s left", "1 h 5 min left"."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s left"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s left"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min left"


def _figure(name: str, width: int) -> QLabel:
    """A number of steady width, so that nothing shifts while it counts."""
    label = QLabel()
    label.setAccessibleName(name)
    label.setMinimumWidth(width)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label

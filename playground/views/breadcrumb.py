"""Where one is in the network, from the whole down to one number; every part but the last leads back."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from playground.theme import Theme


class Breadcrumb(QWidget):
    """Names of the places on the way in; `depth_requested(int)` asks for the one that was pressed."""

    depth_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("breadcrumb")
        self.setAccessibleName("Where you are")
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(28)
        self._names: list[str] = []
        self.set_names(["Network"])

    def set_theme(self, theme: Theme) -> None:
        """Nothing is painted here; the style sheet does it."""

    def set_names(self, names: Sequence[str]) -> None:
        """Show the way from the whole network (first) to the place now (last)."""
        if list(names) == self._names:
            return
        self._names = list(names)
        self._clear()
        for depth, name in enumerate(names[:-1]):
            button = QToolButton()
            button.setText(name)
            button.setProperty("flat", True)
            button.setStyleSheet("QToolButton { padding: 2px 4px; }")
            button.setToolTip(f"Back to {name} (Esc goes back one step)")
            button.setAccessibleName(f"Back to {name}")
            button.clicked.connect(lambda _checked=False, depth=depth: self.depth_requested.emit(depth))
            self._layout.addWidget(button)
            self._layout.addWidget(QLabel("›"))
        here = QLabel(names[-1])
        here.setProperty("role", "title")
        self._layout.addWidget(here)

    def _clear(self) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

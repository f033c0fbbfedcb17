"""All keyboard shortcuts on one page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from playground.theme import SPACING

ELSEWHERE = (
    ("Arrow keys", "Move the pen on the canvas; walk through layers, channels and pixels"),
    ("Space", "Put the pen down on the canvas, or lift it"),
    ("Enter  Space", "On a class in the answer: keep the drawing as it; look at the class"),
    ("[  ]", "Thinner or thicker brush"),
    ("Ctrl+←  Ctrl+→", "Move the layer the keyboard is on"),
    ("Insert  Delete", "Insert a layer after it; remove it"),
    ("Home  End", "First or last layer, image or step; in images also page up and down"),
)


class ShortcutsDialog(QDialog):
    """Reads the keys from the actions, so that it is never out of date."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutsDialog")
        self.setWindowTitle("Keyboard shortcuts")
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * SPACING)
        grid.setVerticalSpacing(SPACING // 2)
        rows = [(_key(action), action.statusTip()) for action in actions if not action.shortcut().isEmpty()]
        rows += ELSEWHERE
        half = -(-len(rows) // 2)
        for number, (key, text) in enumerate(rows):
            column = 2 * (number // half)
            name = QLabel(key)
            name.setProperty("role", "section")
            grid.addWidget(name, number % half, column)
            grid.addWidget(QLabel(text), number % half, column + 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[2 * SPACING] * 4)
        layout.setSpacing(2 * SPACING)
        layout.addLayout(grid)
        layout.addWidget(buttons)


def _key(action: QAction) -> str:
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)

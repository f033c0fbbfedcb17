"""My drawings: all of them, to look through, to take single ones out, and to take away as files."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

import cnn_core as cnn
from playground.theme import LIGHT, SPACING, Theme
from playground.views.thumbnail_grid import ThumbnailGrid
from playground.wording import format_number

NONE_YET = "Nothing kept yet: draw something, then press Keep below the answer."


class MyDrawingsDialog(QDialog):
    """A grid of what was kept; `remove_requested(int)`, `export_requested(str)` with "file" or "folder"."""

    remove_requested = Signal(int)
    export_requested = Signal(str)

    def __init__(self, undo: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("myDrawingsDialog")
        self.setWindowTitle("My drawings")
        self._chosen: int | None = None
        self.about = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.about.setProperty("role", "muted")
        self.grid = ThumbnailGrid()
        self.grid.setAccessibleName("Drawings kept")
        self.grid.setToolTip("Click a drawing to choose it")
        self.grid.image_selected.connect(self._choose)
        self.remove_button = self._button("&Remove", "Take the chosen drawing out (Delete)")
        self.remove_button.clicked.connect(self._remove)
        self.remove_button.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        self.file_button = self._button("Export .&npz…", "Write all drawings and their classes for NumPy")
        self.file_button.clicked.connect(lambda: self.export_requested.emit("file"))
        self.folder_button = self._button("Export &folder…", "Write a folder of .png files for each class")
        self.folder_button.clicked.connect(lambda: self.export_requested.emit("folder"))
        close = self._button("&Close", "Close this page")
        close.clicked.connect(self.reject)
        self.undo_button = QToolButton()
        self.undo_button.setDefaultAction(undo)
        self.undo_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.addAction(undo)
        row = QHBoxLayout()
        row.setSpacing(SPACING)
        for button in (self.remove_button, self.undo_button):
            row.addWidget(button)
        row.addStretch(1)
        for button in (self.file_button, self.folder_button, close):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[2 * SPACING] * 4)
        layout.setSpacing(SPACING)
        layout.addWidget(self.about)
        layout.addWidget(self.grid, 1)
        layout.addLayout(row)
        self.resize(640, 440)
        self.set_theme(LIGHT)
        self.set_drawings(None)

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self.grid.set_theme(theme)

    def set_drawings(self, drawings: cnn.Dataset | None) -> None:
        """Show these, in the order they were kept, the newest first; None: there are none."""
        self._choose(None)
        for part in (self.file_button, self.folder_button):
            part.setEnabled(drawings is not None)
        self.grid.setVisible(drawings is not None)
        if drawings is None:
            self.about.setText(NONE_YET)
            return
        self.grid.set_images(drawings.images, drawings.labels, drawings.class_names)
        self.grid.set_shown(np.arange(len(drawings))[::-1].copy())
        pairs = zip(drawings.class_names, drawings.class_counts.tolist(), strict=True)
        counts = ", ".join(f"{name} ({format_number(count)})" for name, count in pairs if count)
        drawn = f"{format_number(len(drawings))} drawing{'s' if len(drawings) > 1 else ''}"
        self.about.setText(f"{drawn}: {counts}")

    def _choose(self, index: int | None) -> None:
        self._chosen = index
        self.remove_button.setEnabled(index is not None)

    def _remove(self) -> None:
        if self._chosen is not None:
            self.remove_requested.emit(self._chosen)

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        return button

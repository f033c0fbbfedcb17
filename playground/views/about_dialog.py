"""About: what the program is and the versions to name in a report."""

from __future__ import annotations

import platform

import numpy as np
import PySide6
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from playground.theme import SPACING


def versions() -> str:
    """One line for each part: the program, Python, Qt, NumPy, pyqtgraph, the system."""
    return "\n".join(
        (
            f"CNN Playground {_version('cnn-playground')}",
            f"Python {platform.python_version()}",
            f"PySide6 {PySide6.__version__}",
            f"NumPy {np.__version__}",
            f"pyqtgraph {_version('pyqtgraph')}",
            f"{platform.system()} {platform.release()} ({platform.machine()})",
        )
    )


class AboutDialog(QDialog):
    """Says what this is; its versions can be copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("aboutDialog")
        self.setWindowTitle("About CNN Playground")
        title = QLabel("CNN Playground")
        title.setProperty("role", "title")
        purpose = QLabel(
            "See a convolutional network think: draw, look into every number, edit it, train it live. "
            "The engine is NumPy alone and can be read from top to bottom. MIT licence.",
            wordWrap=True,
        )
        self.versions = QLabel(versions())
        self.versions.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.versions.setAccessibleName("Versions")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy versions", QDialogButtonBox.ButtonRole.ActionRole)
        copy.setToolTip("Put the versions on the clipboard")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(versions()))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[2 * SPACING] * 4)
        layout.setSpacing(2 * SPACING)
        for widget in (title, purpose, self.versions, buttons):
            layout.addWidget(widget)
        self.setMinimumWidth(420)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # here: the window opens sooner without

    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed, run from its folder)"

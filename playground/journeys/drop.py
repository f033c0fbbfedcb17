"""Drop: a network or data dropped anywhere on the window is opened, with the questions that belong to it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from playground.dropping import NETWORK
from playground.journeys.data import DataJourney
from playground.journeys.files import FilesJourney
from playground.main_window import MainWindow


class DropJourney(QObject):
    """Window -> files journey for a network, data journey for anything else."""

    def __init__(self, window: MainWindow, files: FilesJourney, data: DataJourney) -> None:
        super().__init__(window)
        self._files, self._data = files, data
        # After the drop is over: the program it came from waits until then, and a question may be asked.
        window.file_dropped.connect(lambda path: QTimer.singleShot(0, self, lambda: self._open(path)))

    def _open(self, path: Path) -> None:
        if path.suffix.lower() == NETWORK:
            self._files.open(path)
        else:
            self._data.open(str(path))

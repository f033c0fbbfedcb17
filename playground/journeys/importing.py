"""Import: a folder or zip file of images is looked through, shown, and read as the person chooses."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt

from playground.background import Background
from playground.importing import LARGEST_SIDE, USUAL_SHARE, Choice, Survey, survey
from playground.journeys.data import DataJourney
from playground.main_window import MainWindow
from playground.views.import_dialog import ImportDialog


class ImportJourney(QObject):
    """Data journey -> looked through in the background -> dialog -> data journey, which reads all of it."""

    def __init__(self, window: MainWindow, data: DataJourney) -> None:
        super().__init__(window)
        self._window, self._data = window, data
        self._looking = Background("import", window)
        self._looking.progressed.connect(self._on_progress)
        self._looking.done.connect(self._show)
        self._looking.failed.connect(self._on_failed)
        self._dialog: ImportDialog | None = None
        data.images_chosen.connect(self.look_through)
        window.on_close.append(self._looking.finish)

    def look_through(self, name: str) -> None:
        """Open the page of a folder or zip file and fill it as soon as that has been looked through."""
        path = Path(name)
        if self._dialog is not None:
            self._dialog.reject()
        dialog = ImportDialog(path.name, LARGEST_SIDE, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.set_theme(self._window.theme)
        dialog.accepted_choice.connect(
            lambda shape, aspect, held_out: self._data.load(
                Choice(shape, aspect, held_out).spec(path), anew=True
            )
        )
        dialog.finished.connect(self._on_closed)
        self._dialog = dialog
        self._looking.start(lambda report: survey(path, report))
        dialog.open()

    def _on_closed(self) -> None:
        self._looking.drop()
        self._dialog = None

    def _on_progress(self, done: int, total: int | None) -> None:
        if self._dialog is not None:
            self._dialog.set_progress(done, total)

    def _show(self, found: Survey) -> None:
        if self._dialog is None:
            return
        problems = [str(problem) for problem in found.problems]
        self._dialog.set_found(
            found.class_counts, problems, found.sizes, found.samples, found.proposed, USUAL_SHARE
        )

    def _on_failed(self, sentence: str) -> None:
        if self._dialog is not None:
            self._dialog.set_error(f"{sentence.rstrip('.')}.")

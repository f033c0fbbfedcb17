"""Files: open, save, export, recent files, and the question about unsaved changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from playground.actions import set_tip
from playground.document import SUFFIX
from playground.exporting import FILTERS, export
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.resources import TRAINED_NETWORKS, TrainedNetwork
from playground.training_control import TrainingControl

NETWORKS = {f"Networks (*{SUFFIX})": SUFFIX, "All files (*)": SUFFIX}


class FilesJourney(QObject):
    """A failing save leaves the file that was there; a failing open changes nothing; both say why."""

    def __init__(self, window: MainWindow, parts: Parts, control: TrainingControl) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._document = parts.document
        self._control = control
        actions = window.actions_
        actions.open.triggered.connect(self.choose_and_open)
        actions.save.triggered.connect(self.save)
        actions.save_as.triggered.connect(self.save_as)
        actions.export.triggered.connect(self.choose_and_export)
        window.menus.recent.aboutToShow.connect(self._fill_recent)
        self._fill_trained()
        window.before_close.append(self.may_discard)
        self._document.file_changed.connect(self._show_title)
        self._show_title()

    def open(self, path: Path) -> bool:
        """Open a file after asking about unsaved changes; True when it is open."""
        if not self._opened(path):
            return False
        self._parts.settings.remember_file(path)
        self._say_open(f"{path.name} is open.")
        return True

    def open_trained(self, network: TrainedNetwork) -> bool:
        """Open a network that comes along, as one not saved yet, after asking; True when it is open."""
        path = network.path
        if path is None or not self._opened(path):
            return False
        self._say_open(f"{network.title} is open. {network.summary}.")
        return True

    def _opened(self, path: Path) -> bool:
        if not self.may_discard():
            return False
        try:
            self._document.open(path)
        except (ValueError, OSError) as problem:
            self._window.notice.say(sentence(problem), "error")
            if not path.exists():
                self._parts.settings.forget_file(path)
            return False
        return True

    def _say_open(self, text: str) -> None:
        """Say so, with a way to get its data where they are not on this computer."""
        action = self._window.actions_.network_data
        self._window.notice.say(text, "good", action=action if action.isEnabled() else None)

    def choose_and_open(self) -> None:
        """Ask for a file, then open it."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Open a network", self._parts.settings.last_folder, ";;".join(NETWORKS)
        )
        if name:
            self.open(Path(name))

    def save(self) -> bool:
        """Save to the file it came from, asking for one the first time; True when it is saved."""
        return self.save_to(self._document.path) if self._document.path else self.save_as()

    def save_as(self) -> bool:
        """Ask for a file, then save; True when it is saved."""
        folder = self._parts.settings.last_folder
        start = str(self._document.path or Path(folder) / f"network{SUFFIX}")
        path = choose_to_write(self._window, "Save the network", start, NETWORKS)
        return path is not None and self.save_to(path)

    def save_to(self, path: Path) -> bool:
        """Save, with the weights of a run that is on, which goes on; True when it worked."""
        with self._control.interrupted():
            return self._save_at_rest(path)

    def _save_at_rest(self, path: Path) -> bool:
        try:
            self._document.save(path)
        except (ValueError, OSError) as problem:
            self._window.notice.say(sentence(problem), "error")
            return False
        self._parts.settings.remember_file(path)
        self._window.notice.say(f"Saved as {path.name}.", "good")
        return True

    def choose_and_export(self) -> None:
        """Ask for a file; its kind decides what is written."""
        start = str(Path(self._parts.settings.last_folder) / "weights.npz")
        if path := choose_to_write(self._window, "Export", start, FILTERS):
            self.export_to(path)

    def export_to(self, path: Path) -> bool:
        """Write weights, curves or a picture, by the suffix; True when it worked."""
        try:
            export(path, self._window, self._window.current_network(), self._control.history)
        except (ValueError, OSError) as problem:
            self._window.notice.say(f"{path.name} was not written: {sentence(problem)}", "error")
            return False
        self._window.notice.say(f"{path.name} is written.", "good")
        return True

    def may_discard(self) -> bool:
        """True when nothing unsaved would be lost, or the person said so, or saved it now."""
        if not (self._document.modified or self._parts.session.running):
            return True
        button = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            "Unsaved changes",
            f"{self._document.title} has changes that are not saved. Save them?",
            button.Save | button.Discard | button.Cancel,
            button.Save,
        )
        return answer == button.Discard or (answer == button.Save and self.save())

    def _fill_recent(self) -> None:
        menu = self._window.menus.recent
        menu.clear()
        for number, path in enumerate(self._parts.settings.recent_files, start=1):
            action = menu.addAction(f"&{number}  {path.name}")
            action.setStatusTip(str(path))
            action.triggered.connect(lambda _checked=False, path=path: self.open(path))
        if menu.isEmpty():
            menu.addAction("No files yet").setEnabled(False)

    def _fill_trained(self) -> None:
        menu = self._window.menus.trained
        for number, network in enumerate(TRAINED_NETWORKS, start=1):
            action = menu.addAction(f"&{number}  {network.title}")
            set_tip(action, network.summary)
            action.setEnabled(network.path is not None)
            action.triggered.connect(lambda _checked=False, network=network: self.open_trained(network))

    def _show_title(self) -> None:
        self._window.setWindowTitle(f"{self._document.title}[*] – CNN Playground")
        self._window.setWindowModified(self._document.modified)


def choose_to_write(parent: QWidget, title: str, start: str, kinds: Mapping[str, str]) -> Path | None:
    """The file a person chooses to write to, with the suffix of one of these kinds; None where there is none.

    The dialog asks before a file is written over, but for the name as it was typed: where a suffix is added,
    that is asked here.
    """
    name, kind = QFileDialog.getSaveFileName(parent, title, start, ";;".join(kinds))
    path = Path(name)
    if not name or path.suffix.lower() in kinds.values():
        return path if name else None
    path = path.with_name(path.name + (kinds.get(kind) or next(iter(kinds.values()))))
    button = QMessageBox.StandardButton
    text = f"{path.name} is there already. Write over it?"
    if not path.exists():
        return path
    answer = QMessageBox.question(parent, title, text, button.Yes | button.No, button.No)
    return path if answer == button.Yes else None


def sentence(problem: Exception) -> str:
    """What went wrong, for people: without the number and path of an OSError, with a full stop."""
    text = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
    return f"{text.rstrip('.')}."

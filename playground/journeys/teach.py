"""Teach: a drawing is kept with its class, taken back, looked through, and taken away as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QUndoCommand
from PySide6.QtWidgets import QFileDialog

import cnn_core as cnn
from playground import my_drawings
from playground.actions import set_tip
from playground.drawing import Drawing, Picture
from playground.journeys.data import DataJourney
from playground.journeys.files import choose_to_write, sentence
from playground.main_window import MainWindow
from playground.my_drawings import EMPTY, Edit, MyDrawings
from playground.parts import Parts
from playground.probe import as_input
from playground.qt_images import to_bytes
from playground.training_control import TrainingControl
from playground.views.my_drawings_dialog import MyDrawingsDialog
from playground.views.teach_panel import keep_text, new_class_dialog


class TeachJourney(QObject):
    """Prediction and its row of buttons -> file of drawings -> data choice; each change an undo step.

    The file is read before each change and written after it, so that two windows do not lose each other's
    drawings.
    """

    def __init__(self, window: MainWindow, parts: Parts, control: TrainingControl, data: DataJourney) -> None:
        super().__init__(window)
        self._window, self._parts, self._control, self._data = window, parts, control, data
        self._drawings = EMPTY
        self._outdated = False  # the data in use holds drawings, and not those of now
        self._kept: str | None = None  # the class that what is on the canvas is kept as
        self._shown: tuple[object, ...] = ()
        actions, panel = window.actions_, window.teach_panel
        actions.keep_drawing.triggered.connect(self._keep_as_answered)
        actions.my_drawings.triggered.connect(self.open_page)
        panel.keep_requested.connect(self.keep)
        window.prediction_panel.class_taught.connect(lambda index: self.keep(self._known()[index]))
        panel.new_class_requested.connect(self._ask_for_class)
        window.prediction_panel.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        window.prediction_panel.customContextMenuRequested.connect(self._open_menu)
        parts.probe.updated.connect(self._show)
        parts.document.picture_changed.connect(self._look_up)
        control.state_changed.connect(self._refresh_data)
        self._page = MyDrawingsDialog(actions.undo, window)
        self._page.remove_requested.connect(self.remove)
        self._page.export_requested.connect(self._export)
        self._take(self._read() or EMPTY)
        self._show()

    def keep(self, text: str) -> bool:
        """Keep what is on the canvas as a class, new or known, and no other; True when that worked."""
        image = image_to_keep(self._parts.document.content.picture)
        try:
            name = text if text in self._known() else my_drawings.clean_name(text)
        except cnn.DatasetError as problem:
            self._window.notice.say(f"The drawing was not kept: {sentence(problem)}", "error")
            return False
        before = self._drawings.class_of(image)
        if not image.any():
            return False
        if before == name:
            self._window.notice.say(f"It is kept as {name} already.")
            return False
        steps = [Edit(image, name)]
        if before is not None:
            steps.insert(0, Edit(image, before, add=False))
        if not self._do(steps, f"keeping as {name}"):
            return False
        self._say_kept(name, before)
        return True

    def remove(self, index: int) -> None:
        """Take one drawing out."""
        image, name = self._drawings.images[index], self._drawings.names[index]
        self._do([Edit(image, name, add=False, position=index)], "removal of a drawing")

    def change(self, steps: Sequence[Edit]) -> bool:
        """Take these steps in the file, all or none; False, and said, when it could not be written."""
        drawings = self._read()
        if drawings is None:
            return False
        try:
            for step in steps:
                drawings = step.taken(drawings)
            my_drawings.write(my_drawings.location(), drawings)
        except (ValueError, OSError) as problem:
            self._window.notice.say(f"My drawings stay as they were: {sentence(problem)}", "error")
            return False
        self._take(drawings)
        self._outdated = self._data.hold_drawings
        self._refresh_data()
        return True

    def _do(self, steps: Sequence[Edit], text: str) -> bool:
        """Take the steps, and make of them one that can be undone."""
        if not self.change(steps):
            return False
        self._parts.document.undo_stack.push(_Change(self, tuple(steps), text))
        return True

    def open_page(self) -> None:
        """Show all drawings."""
        self._page.set_theme(self._window.theme)
        self._page.show()
        self._page.raise_()

    def export_file(self, path: Path) -> None:
        """Write all drawings as .npz."""
        try:
            cnn.datasets.to_npz(self._drawings.dataset(), path)
        except (ValueError, OSError) as problem:
            self._window.notice.say(f"Nothing was written: {sentence(problem)}", "error")
        else:
            self._window.notice.say(f"{path.name} is written.", "good")

    def export_folder(self, parent: Path) -> None:
        """Write a new folder of class folders into `parent`."""
        try:
            folder = my_drawings.export_folder(self._drawings, parent)
        except (ValueError, OSError) as problem:
            self._window.notice.say(f"Not all was written: {sentence(problem)}", "error")
        else:
            self._window.notice.say(f"The folder {folder} is written.", "good")

    def _read(self) -> MyDrawings | None:
        """The drawings in the file; a damaged one is kept under another name. None: nothing can be done."""
        path = my_drawings.location()
        try:
            return my_drawings.read(path)
        except ValueError as problem:
            return self._begin_anew(path, problem)
        except OSError as problem:
            self._window.notice.say(f"My drawings cannot be read: {sentence(problem)}", "error")
            return None

    def _begin_anew(self, path: Path, problem: ValueError) -> MyDrawings | None:
        try:
            aside = my_drawings.set_aside(path)
        except OSError as stuck:
            text = f"My drawings cannot be read, nor kept aside: {sentence(stuck)}"
            self._window.notice.say(text, "error")
            return None
        text = f"My drawings are damaged ({problem}). The file is kept as {aside}; a new collection begins."
        self._window.notice.say(text, "warning")
        return EMPTY

    def _take(self, drawings: MyDrawings) -> None:
        self._drawings = drawings
        self._data.set_my_drawings(len(drawings))
        self._page.set_drawings(drawings.dataset() if len(drawings) else None)
        self._window.teach_panel.set_classes(my_drawings.merged(self._known(), drawings.class_names))
        self._look_up()

    def _look_up(self) -> None:
        """Find out whether what is on the canvas is kept."""
        picture = self._parts.document.content.picture
        drawn = len(self._drawings) > 0 and picture != Drawing()
        self._kept = self._drawings.class_of(image_to_keep(picture)) if drawn else None
        self._show()

    def _refresh_data(self) -> None:
        """Read data that holds drawings once more, when no run uses it."""
        if self._outdated and not self._control.running:
            self._outdated = False
            if self._data.hold_drawings:
                self._data.read_drawings_again()

    def _say_kept(self, name: str, before: str | None) -> None:
        count = len(self._drawings)
        text = f"Kept as {name}: {count} drawing{'s' if count > 1 else ''} of yours."
        if before is not None:
            text = f"Kept as {name} now, no more as {before}."
        if name not in self._known():
            text += (
                f" {name} is new to this network: choose the data with my drawings, "
                "then Network, Fit to the data."
            )
        elif count == 1:
            text += " Train on them by the choice of data above."
        self._window.notice.say(text, "good", action=self._window.actions_.undo)

    def _known(self) -> tuple[str, ...]:
        """The classes of the network, by name."""
        content = self._parts.document.content
        names = content.class_names
        count = content.network.architecture.classes
        return names + tuple(str(index) for index in range(len(names), count))

    def _answer(self) -> str | None:
        """The class the network gives, if it gives one."""
        reading = self._parts.probe.reading
        if reading is None or reading.probabilities is None:
            return None
        return self._known()[int(np.argmax(reading.probabilities))]

    def _keep_as_answered(self) -> None:
        answer, focused = self._answer(), self._window.teach_panel.keep_button.hasFocus()
        if answer is not None and self.keep(answer) and focused:
            # The button is off now, and Qt went on to the next, which says "No, it is".
            self._window.draw_canvas.setFocus()

    def _show(self) -> None:
        """Name the answer on the button; called with each pen move, so only what is new is set."""
        answer, known, label = self._answer(), self._known(), self._label()
        drawn = not label and self._parts.document.content.picture != Drawing()
        if (answer, drawn, label, known, self._kept) == self._shown:
            return
        self._shown = (answer, drawn, label, known, self._kept)
        actions, panel = self._window.actions_, self._window.prediction_panel
        done = answer is not None and answer == self._kept
        actions.keep_drawing.setText("In the data" if label else keep_text(answer, done))
        which = "" if answer is None else f" {answer}"
        tip = f"The answer{which} is right: keep the drawing in My drawings"
        set_tip(
            actions.keep_drawing, f"This image is in the data already, labelled {label}" if label else tip
        )
        actions.keep_drawing.setEnabled(drawn and answer is not None and not done)
        actions.correct_drawing.setEnabled(drawn)
        panel.set_teaching(
            drawn and answer is not None, known.index(self._kept) if self._kept in known else -1
        )
        self._window.teach_panel.set_classes(my_drawings.merged(known, self._drawings.class_names))

    def _label(self) -> str:
        """What the data say that an image of theirs is, which is not kept once more: those held out would be
        learned from. Empty for anything else, and for the person's own drawings, which can be corrected."""
        picture = self._parts.document.content.picture
        return picture.label if isinstance(picture, Picture) and self._kept is None else ""

    def _open_menu(self, place: QPoint) -> None:
        self._window.teach_panel.open_menu(self._window.prediction_panel.mapToGlobal(place))

    def _ask_for_class(self) -> None:
        dialog = new_class_dialog(self._window, self._reason_against)
        dialog.textValueSelected.connect(self.keep)
        dialog.open()

    def _reason_against(self, text: str) -> str:
        """Why a class cannot be called so; an empty text when it can."""
        if text in self._known():
            return ""
        try:
            my_drawings.clean_name(text)
        except cnn.DatasetError as problem:
            return sentence(problem).capitalize()
        return ""

    def _export(self, kind: str) -> None:
        if kind == "folder":
            if name := QFileDialog.getExistingDirectory(self._page, "Export into a new folder in"):
                self.export_folder(Path(name))
            return
        kinds = {"For NumPy (*.npz)": ".npz"}
        if path := choose_to_write(self._page, "Export my drawings", "my-drawings.npz", kinds):
            self.export_file(path)


class _Change(QUndoCommand):
    """Steps in the collection, already taken when this is made.

    Where the file cannot be written, they stay taken, or not, whatever the undo stack says.
    """

    def __init__(self, journey: TeachJourney, steps: tuple[Edit, ...], text: str) -> None:
        super().__init__(text)
        self._journey, self._steps = journey, steps
        self._taken = True

    def redo(self) -> None:
        self._taken = self._taken or self._journey.change(self._steps)

    def undo(self) -> None:
        if self._taken:
            self._taken = not self._journey.change([step.back() for step in reversed(self._steps)])


def image_to_keep(picture: Drawing | Picture) -> NDArray[np.uint8]:
    """The (28, 28, 1) uint8 image that is kept of a picture, as a network of that input sees it; all zero of
    an empty canvas."""
    return to_bytes(as_input(picture, my_drawings.SHAPE))

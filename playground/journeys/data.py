"""Data: a choice is read in the background and, when it is good, replaces the data in use."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog

from playground import dropping
from playground.data import AND_MINE, BUILT_IN, MINE, NAMED, Data, at_hand, base_of, holds_mine, name_of, read
from playground.drawing import Picture
from playground.importing import holds_images
from playground.main_window import MainWindow
from playground.parts import Parts
from playground.training_control import TrainingControl, misfit
from playground.views.dataset_browser import TRAINING
from playground.views.training_panel import OPEN_FOLDER
from playground.wording import format_number, format_share

TOLD_AFTER = 1.0  # seconds of loading after which it is told with a way to cancel it
FILES = f"Data sets ({' '.join(f'*{ending}' for ending in dropping.DATA)});;All files (*)"


class DataJourney(QObject):
    """Menu and training panel -> loading -> training control and data browser -> canvas.

    `images_chosen(path)`: a folder or zip file of images was opened, which is to be looked through first.
    """

    images_chosen = Signal(str)

    def __init__(
        self, window: MainWindow, parts: Parts, control: TrainingControl, wanted: str | None = None
    ) -> None:
        """Begin with the data `wanted`, with those of the document where it is None."""
        super().__init__(window)
        self._window = window
        self._document = parts.document
        self._loading = parts.loading
        self._control = control
        self._wanted = ""  # what is loading, else what is in use
        self._missing = ""  # the data of the file that was opened, where they are not on this computer
        self._said = ""  # the newest notice about data
        self._news = ""  # what is to be said when the data on their way are in use
        self._began, self._told = 0.0, False  # since when it is loading, and whether that was said
        self._base: Data | None = None  # the newest data but for drawings of the person, to mix them in
        self._mine = 0  # how many drawings were kept
        self._ran_out = ""  # data in use until too few drawings were left; nobody moved on since
        self._known = dict(NAMED)  # what can be chosen, and what was opened so far, with their names
        actions = window.actions_
        actions.built_in_data.triggered.connect(lambda: self.load(BUILT_IN))
        actions.open_data_file.triggered.connect(self._choose_file)
        actions.cancel_loading.triggered.connect(self.cancel)
        actions.open_data_folder.triggered.connect(self._choose_folder)
        window.training_panel.dataset_requested.connect(lambda spec: self.load(spec))
        window.training_panel.dataset_open_requested.connect(self._on_open_requested)
        window.dataset_browser.image_selected.connect(self._show_image)
        self._loading.progressed.connect(self._on_progress)
        self._loading.done.connect(self._use)
        self._loading.failed.connect(self._on_failed)
        window.on_close.append(self._loading.finish)
        actions.network_data.triggered.connect(lambda: self.load(self._missing))
        self._document.opened.connect(self._take_up)
        control.state_changed.connect(self._on_state_changed)
        if wanted is None:
            self._take_up()
        else:
            self.load(wanted)

    def load(self, spec: str, anew: bool = False) -> None:
        """Read what `spec` names, `anew` even if it was read before; the data in use stays until then."""
        self._base, self._ran_out, self._news = None if anew else self._base, "", ""
        self._wanted, self._began, self._told = spec, time.monotonic(), False
        known, base = self._document.content.class_names, self._base
        self._loading.start(lambda report: read(spec, report, known, base))
        self._offer(spec)
        self._window.actions_.cancel_loading.setEnabled(True)
        self._control.state_changed.emit()

    def open(self, path: str) -> None:
        """Read a file or folder, anew even if it is the one in use; images are looked through first."""
        if holds_images(Path(path)):
            self.images_chosen.emit(path)
            return
        self.load(path, anew=True)

    def cancel(self) -> None:
        """Stop reading; the data in use stays."""
        self._drop()
        self._window.notice.say("Loading was cancelled.")

    @property
    def hold_drawings(self) -> bool:
        """Whether the data in use hold drawings of the person, or would if enough were left."""
        data = self._control.data
        return data is not None and (self._ran_out != "" or holds_mine(data.spec))

    def read_drawings_again(self) -> None:
        """Read the data in use, which hold drawings of the person, once more: without them where too few are
        left, with them again as soon as there are enough."""
        assert self._control.data is not None
        ran_out = self._ran_out
        spec = ran_out or self._control.data.spec
        if self._mine >= (2 if spec == MINE else 1):
            self.load(spec)
            self._news = f"{name_of(spec)} are in use again." if ran_out else ""
        elif not ran_out:
            base = self._without_mine(spec)
            self.load(base)
            self._ran_out = spec
            self._news = f"Too few drawings of yours are left to train on: back to {name_of(base)}."

    def _drop(self) -> None:
        self._loading.drop()
        self._end_of_loading()

    def _end_of_loading(self) -> None:
        self._window.actions_.cancel_loading.setEnabled(False)
        if self._told:
            self._window.notice.hide()
        self._wanted = self._control.data.spec if self._control.data else ""
        self._offer(self._wanted)
        self._control.state_changed.emit()

    def set_my_drawings(self, count: int) -> None:
        """Offer the person's drawings as data, alone and mixed in, when there are any."""
        self._mine = count
        self._offer(self._wanted)

    def _offer(self, current: str) -> None:
        """Fill the choice of data and mark `current`."""
        known = self._known | ({current: name_of(current)} if current else {})
        if self._mine:
            with_mine = self._without_mine(current) + AND_MINE
            known |= {MINE: f"{name_of(MINE)} ({self._mine:,})", with_mine: name_of(with_mine)}
        self._window.training_panel.set_datasets(list(known.items()), current)

    def _without_mine(self, spec: str) -> str:
        """The data choice without the person's drawings; the newest other data for these alone."""
        newest = self._base.spec if self._base else BUILT_IN
        return newest if spec in ("", MINE) else base_of(spec)

    def _take_up(self) -> None:
        """Go on with the data the file was trained on; what would have to be downloaded is only offered."""
        self._ran_out = ""
        spec, action = self._document.content.data, self._window.actions_.network_data
        action.setEnabled(not at_hand(spec))
        if action.isEnabled():
            self._drop()  # what is on its way belongs to the network of before
            self._missing = spec
            action.setText(f"&Get {name_of(spec)}")
            action.setIconText(f"Get {name_of(spec)}")
            told = f"The network was trained on {name_of(spec)}, which is not on this computer yet."
            self._say(told, "info", action)
        elif self._control.data is None or spec != self._control.data.spec:
            self.load(spec)
        elif self._wanted != spec:
            self._drop()

    def _on_state_changed(self) -> None:
        if self._control.running:
            self._ran_out = ""

    def _on_open_requested(self, kind: str) -> None:
        if kind == OPEN_FOLDER:
            self._choose_folder()
        else:
            self._choose_file()

    def _choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, "Open data", "", FILES)
        if name:
            self.open(name)

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self._window, "Open a folder of images")
        if name:
            self.open(name)

    def _on_progress(self, done: int, total: int | None) -> None:
        share = format_share(done / total) if total else format_number(done)
        text = f"Loading {name_of(self._wanted)}… {share}"
        self._window.training_panel.set_status(text)
        if time.monotonic() - self._began > TOLD_AFTER:
            self._told = True
            self._window.notice.say(text, action=self._window.actions_.cancel_loading)

    def _use(self, data: Data) -> None:
        self._control.use_data(data)
        self._window.actions_.network_data.setEnabled(False)
        if not holds_mine(data.spec):
            self._base = data
            self._known |= {data.spec: data.name}
        self._window.dataset_browser.set_dataset(data.validation, data.train)
        self._end_of_loading()
        mismatch = self._mismatch(data)
        said = " ".join(text for text in (self._news, _remarks(data), mismatch) if text)
        if said:
            fit = self._window.actions_.fit_to_data if mismatch else None
            self._say(said, "info" if said == self._news else "warning", fit)
        elif self._window.notice.text == self._said:
            self._window.notice.hide()  # it was about other data

    def _mismatch(self, data: Data) -> str:
        """Why the network cannot learn from the data as it is; empty when it can, or has an error."""
        architecture = self._document.content.architecture
        reason = "" if architecture.error is not None else misfit(architecture, data)
        return f"{reason[0].upper()}{reason[1:]}." if reason else ""

    def _on_failed(self, sentence: str) -> None:
        self._end_of_loading()
        kept = f" {self._control.data.name} stays in use." if self._control.data else ""
        self._say(f"{sentence.rstrip('.')}.{kept}", "error")

    def _say(self, text: str, kind: str, action: QAction | None = None) -> None:
        self._said = text
        self._window.notice.say(text, kind, action)

    def _show_image(self, index: int) -> None:
        if self._control.data is None:
            return
        training = self._window.dataset_browser.split == TRAINING
        images = self._control.data.train if training else self._control.data.validation
        label = images.class_names[images.labels[index]]
        caption = f"{self._control.data.name}, image {index}: {label}"
        picture = Picture(images.images[index], caption, label=label)
        self._document.show_picture(picture, "image from the data")
        self._window.dataset_browser.set_selected(index)


def _remarks(data: Data) -> str:
    """What was left out or needs a word: the first of it, and how much more there is."""
    if not data.problems:
        return ""
    more = len(data.problems) - 1
    further = f"; {format_number(more)} more {'remark' if more == 1 else 'remarks'}" if more else ""
    return f"{data.problems[0].rstrip('.')}{further}."

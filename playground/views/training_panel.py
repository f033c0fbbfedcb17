"""The training bar: run, pause, step, reset; what to train on and how; how far it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

import cnn_core as cnn
from playground.field_texts import field_text
from playground.theme import LIGHT, SPACING, Theme
from playground.views.augmentation_kinds import summary
from playground.views.field_editors import ChoiceBox, CountBox
from playground.views.further_settings import FurtherSettings
from playground.views.learning_rate import LearningRateEditor
from playground.views.training_progress import TrainingProgress

_AUGMENTATION_TIP = "Changes training images at random: see what each kind does to your drawing (Ctrl+G)"
_WIDEST = 280  # px, of the choice of data and of the learning rate
OPEN_FILE, OPEN_FOLDER = "file", "folder"
_MAIN_BUTTON = """
QToolButton { background: palette(highlight); color: palette(highlighted-text); font-weight: 600;
    min-width: 48px; }
QToolButton:checked { background: palette(button); color: palette(button-text); }
QToolButton:focus { border-color: palette(text); }
QToolButton:disabled { background: palette(window); color: palette(placeholder-text); }
"""
_OPEN_ENTRIES = (("Open a file…", OPEN_FILE), ("Open a folder of images…", OPEN_FOLDER))


class TrainingPanel(QFrame):
    """Shows training settings and progress, and the actions given to it as buttons.

    Emits `settings_edited(TrainingSettings)` on each change of a setting; `dataset_requested(key)`;
    `dataset_open_requested(kind)` with "file" or "folder"; `augmentation_requested()`.
    """

    settings_edited = Signal(object)
    dataset_requested = Signal(str)
    dataset_open_requested = Signal(str)
    augmentation_requested = Signal()

    def __init__(
        self, train: QAction, step: QAction, epoch: QAction, reset: QAction, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("trainingPanel")
        self.setAccessibleName("Training")
        self.setProperty("role", "panel")
        self._settings = cnn.TrainingSettings()
        self._last_of_kind: dict[str, cnn.Optimizer] = {}
        self._key = ""
        self.buttons = [_button(action) for action in (train, step, epoch, reset)]
        self._left: QWidget | None = None  # the button that had the focus when it was switched off
        self.buttons[0].setStyleSheet(_MAIN_BUTTON)
        self._make_editors()
        self.progress = TrainingProgress()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING + 4, SPACING, SPACING + 4, SPACING)
        layout.setSpacing(SPACING)
        layout.addLayout(self._controls())
        layout.addWidget(self.progress)
        self.set_theme(LIGHT)
        self.set_settings(self._settings)
        self.set_progress(None)
        paused_only = (self.dataset_box, self.optimizer_box, self.batch_box, self.epochs_box)
        self._tips = {part: part.toolTip().rstrip(".") for part in (*paused_only, self.further_button)}
        self._connect()

    def set_theme(self, theme: Theme) -> None:
        """Paint in a theme's colours."""
        self.progress.set_theme(theme)

    def set_settings(self, settings: cnn.TrainingSettings) -> None:
        """Show these settings silently."""
        self._settings = settings
        self._last_of_kind[settings.optimizer.name] = settings.optimizer
        self.optimizer_box.set_value(settings.optimizer.name)
        self.learning_rate.set_value(settings.optimizer.learning_rate)
        self.batch_box.set_value(settings.batch_size)
        self.epochs_box.set_value(settings.epochs)
        self.augmentation_button.setText(summary(settings.augmentation).capitalize())
        self.further.set_settings(settings)

    def set_datasets(self, datasets: list[tuple[str, str]], current: str = "") -> None:
        """Offer data sets, (key, label) each, and mark the current one, "" for none; entries to open others
        follow."""
        with QSignalBlocker(self.dataset_box):
            self.dataset_box.clear()
            for key, label in datasets:
                self.dataset_box.addItem(label, key)
            self.dataset_box.insertSeparator(self.dataset_box.count())
            for label, kind in _OPEN_ENTRIES:
                self.dataset_box.addItem(label, (kind,))
        self.set_dataset(current)

    def set_dataset(self, key: str) -> None:
        """Mark a data set as the current one; "": there is none."""
        self._key = key
        with QSignalBlocker(self.dataset_box):
            self.dataset_box.setCurrentIndex(self.dataset_box.findData(key))

    def set_running(self, running: bool) -> None:
        """While training runs, only the learning rate can be changed."""
        for part, tip in self._tips.items():
            part.setEnabled(not running)
            part.setToolTip(f"{tip}. Pause to change it." if running else tip)

    def set_progress(self, progress: cnn.Progress | None, epochs: int | None = None) -> None:
        """Show the newest step of a run that ends after so many epochs in all (default: the setting)."""
        self.progress.set_progress(progress, epochs or self._settings.epochs, self._settings.batch_size)

    def set_status(self, text: str, kind: str = "idle") -> None:
        """Say how training stands; kind: idle, running, paused, good, warning or error."""
        self.progress.set_status(text, kind)

    def _make_editors(self) -> None:
        self.dataset_box = ChoiceBox()
        self.dataset_box.setObjectName("datasetBox")
        self.dataset_box.setPlaceholderText("none yet")
        self.optimizer_box = ChoiceBox(tuple(cnn.OPTIMIZERS))
        self.optimizer_box.setObjectName("optimizerBox")
        self.learning_rate = LearningRateEditor()
        self.batch_box, self.epochs_box = CountBox(1), CountBox(1)
        self.batch_box.setObjectName("batchSizeBox")
        self.epochs_box.setObjectName("epochsBox")
        self.augmentation_button = QToolButton()
        self.augmentation_button.setObjectName("augmentationButton")
        self.augmentation_button.setStyleSheet("QToolButton { padding: 2px 8px; }")
        self.augmentation_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.augmentation_button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.further = FurtherSettings(self)
        self.further_button = QToolButton()
        self.further_button.setText("More…")
        self.further_button.setObjectName("furtherSettingsButton")
        self.further_button.setAccessibleName("Further training settings")
        self.further_button.setToolTip(
            "Momentum, weight decay, schedule, augmentation, label smoothing and seed"
        )
        self.further_button.setStyleSheet("QToolButton { padding: 2px 8px; }")
        self.further_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _controls(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACING)
        for button in self.buttons:
            row.addWidget(button)
        cells = QGridLayout()
        cells.setHorizontalSpacing(SPACING)
        cells.setVerticalSpacing(2)
        batch, epochs = field_text("", "batch_size"), field_text("", "epochs")
        for column, (label, tip, editor, width) in enumerate(
            (
                ("Data", "The images to learn from", self.dataset_box, 100),
                ("Optimizer", "How a step is made of the gradients", self.optimizer_box, 92),
                ("Learning rate", "", self.learning_rate, 128),
                (batch.label, batch.explanation, self.batch_box, 60),
                (epochs.label, epochs.explanation, self.epochs_box, 60),
            )
        ):
            self._add_cell(cells, column, label, tip, editor)
            cells.setColumnMinimumWidth(column, width)
            cells.setColumnStretch(column, {0: 60, 2: 60}.get(column, 0))
        for editor in (self.dataset_box, self.learning_rate):
            editor.setMaximumWidth(_WIDEST)
        cells.setColumnStretch(5, 1)  # takes what a wide window has to spare
        self._add_cell(cells, 6, "Augmentation", _AUGMENTATION_TIP, self.augmentation_button)
        cells.setColumnMinimumWidth(6, 88)
        cells.addWidget(self.further_button, 1, 7)
        row.addSpacing(SPACING)
        row.addLayout(cells, 1)
        return row

    def _add_cell(self, cells: QGridLayout, column: int, label: str, tip: str, editor: QWidget) -> None:
        title = QLabel(label)
        title.setProperty("role", "small")
        title.setBuddy(editor.focusProxy() or editor)
        if tip:
            title.setToolTip(tip)
            editor.setToolTip(tip)
            editor.setAccessibleName(label)
        cells.addWidget(title, 0, column)
        cells.addWidget(editor, 1, column)

    def _connect(self) -> None:
        self.dataset_box.edited.connect(self._on_dataset_chosen)
        self.optimizer_box.edited.connect(self._on_optimizer_chosen)
        self.learning_rate.edited.connect(self._on_learning_rate_edited)
        self.batch_box.edited.connect(lambda: self._edit(batch_size=self.batch_box.value()))
        self.epochs_box.edited.connect(lambda: self._edit(epochs=self.epochs_box.value()))
        self.further.settings_edited.connect(self._accept)
        self.further_button.clicked.connect(lambda: self.further.open_below(self.further_button))
        self.augmentation_button.clicked.connect(self.augmentation_requested)
        self.further.augmentation_requested.connect(self.augmentation_requested)

    @contextmanager
    def focus_kept(self) -> Iterator[None]:
        """Give a button of the panel that is switched off meanwhile the focus back when it is on again.

        Qt would pass it on to the next button, and the next press of a key with it.
        """
        before = QApplication.focusWidget()
        yield
        if before in self.buttons and not before.isEnabled():
            self._left = before
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self._left is not None and self._left.isEnabled():
            if self.hasFocus():
                self._left.setFocus(Qt.FocusReason.OtherFocusReason)
            self._left = None

    def _on_dataset_chosen(self) -> None:
        data = self.dataset_box.currentData()
        if isinstance(data, str):
            if data != self._key:
                self._key = data
                self.dataset_requested.emit(data)
        elif data:
            self.set_dataset(self._key)
            self.dataset_open_requested.emit(data[0])

    def _on_optimizer_chosen(self) -> None:
        name = self.optimizer_box.currentText()
        if name != self._settings.optimizer.name:
            self._edit(optimizer=self._last_of_kind.get(name) or cnn.OPTIMIZERS[name]())

    def _on_learning_rate_edited(self, value: float) -> None:
        self._edit(optimizer=replace(self._settings.optimizer, learning_rate=value))

    def _edit(self, **changes: object) -> None:
        try:
            settings = replace(self._settings, **changes)  # type: ignore[arg-type]
        except ValueError as error:
            self.set_settings(self._settings)
            self.set_status(str(error), "warning")
            return
        self._accept(settings)

    def _accept(self, settings: cnn.TrainingSettings) -> None:
        if settings != self._settings:
            self.set_settings(settings)
            self.settings_edited.emit(settings)


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setMinimumSize(56, 40)
    button.setAccessibleName(action.text().replace("&", ""))
    return button

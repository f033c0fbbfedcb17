"""The training settings needed less often, in a popup: the optimiser's own, schedule, seed and so on."""

from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

import cnn_core as cnn
from playground.theme import SPACING
from playground.views.field_editors import ChoiceBox
from playground.views.value_form import ValueForm

_SCHEDULE_TIP = "How the learning rate changes during the training"
_WIDTH = 560  # px


class FurtherSettings(QFrame):
    """Edits what the bar has no room for; `settings_edited(TrainingSettings)` on each change."""

    settings_edited = Signal(object)
    augmentation_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("furtherSettings")
        self.setAccessibleName("Further training settings")
        self.setProperty("role", "panel")
        self._settings = cnn.TrainingSettings()
        self._optimizer_title = _section("")
        self._optimizer_form = ValueForm(leave_out=("learning_rate",))
        self.schedule_box = ChoiceBox(tuple(cnn.SCHEDULES))
        self.schedule_box.setAccessibleName("Schedule")
        self.schedule_box.setToolTip(_SCHEDULE_TIP)
        self._schedule_form = ValueForm()
        self._other_form = ValueForm(leave_out=("batch_size", "epochs"))
        self._augmentation_form = ValueForm()
        left, right = QVBoxLayout(), QVBoxLayout()
        schedule_title = _section("Learning rate schedule")
        schedule_title.setBuddy(self.schedule_box)
        for part in (self._optimizer_title, self._optimizer_form, schedule_title, self.schedule_box):
            left.addWidget(part)
        for part in (self._schedule_form, _section("Regularisation and chance"), self._other_form):
            left.addWidget(part)
        about = QLabel("Each time it is used, a training image is changed at random by up to:", wordWrap=True)
        about.setProperty("role", "small")
        self.preview_button = QToolButton()
        self.preview_button.setText("See what it does")
        self.preview_button.setAccessibleName("See what augmentation does")
        self.preview_button.setToolTip("Show what each kind does to the drawing, with sliders (Ctrl+G)")
        self.preview_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.preview_button.clicked.connect(self.close)
        self.preview_button.clicked.connect(self.augmentation_requested)
        for row in (_section("Augmentation"), about, self._augmentation_form, self.preview_button):
            right.addWidget(row)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACING * 2, SPACING, SPACING * 2, SPACING * 2)
        layout.setSpacing(SPACING * 3)
        for column in (left, right):
            column.setSpacing(SPACING)
            column.addStretch(1)
            layout.addLayout(column, 1)
        self._optimizer_form.value_edited.connect(lambda value: self._edit(optimizer=value))
        self._schedule_form.value_edited.connect(lambda value: self._edit(schedule=value))
        self._augmentation_form.value_edited.connect(lambda value: self._edit(augmentation=value))
        self._other_form.value_edited.connect(self._accept)
        self.schedule_box.edited.connect(self._on_schedule_chosen)
        self.set_settings(self._settings)

    def set_settings(self, settings: cnn.TrainingSettings) -> None:
        """Show these settings silently."""
        self._settings = settings
        self._optimizer_title.setText(f"Optimizer: {settings.optimizer.name}")

        self._optimizer_form.set_value(settings.optimizer)
        self.schedule_box.set_value(type(settings.schedule).__name__)
        self._schedule_form.set_value(settings.schedule)
        self._augmentation_form.set_value(settings.augmentation)
        self._other_form.set_value(settings)

    def editor(self, field_name: str) -> QWidget:
        """The editor of a field of any of the forms here; KeyError if there is none."""
        for form in (self._optimizer_form, self._schedule_form, self._augmentation_form):
            try:
                return form.editor(field_name)
            except KeyError:
                continue
        return self._other_form.editor(field_name)

    def open_below(self, button: QWidget) -> None:
        """Open under a button, inside the screen, with the focus on the first field."""
        self.setFixedWidth(_WIDTH)
        self.adjustSize()
        room = button.screen().availableGeometry()
        at = button.mapToGlobal(QPoint(button.width() - _WIDTH, button.height() + SPACING // 2))
        at.setX(min(max(at.x(), room.left()), room.right() - _WIDTH))
        at.setY(max(min(at.y(), room.bottom() - self.height()), room.top()))
        self.move(at)
        self.show()
        self.focusNextChild()

    def _on_schedule_chosen(self) -> None:
        name = self.schedule_box.currentText()
        if name != type(self._settings.schedule).__name__:
            warmup = self._settings.schedule.warmup_steps
            self._edit(schedule=cnn.SCHEDULES[name](warmup_steps=warmup))
            self.adjustSize()

    def _edit(self, **changes: object) -> None:
        self._accept(replace(self._settings, **changes))  # type: ignore[arg-type]

    def _accept(self, settings: cnn.TrainingSettings) -> None:
        self.set_settings(settings)
        self.settings_edited.emit(settings)


def _section(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "section")
    label.setContentsMargins(0, SPACING, 0, 0)
    return label

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyleOptionComboBox, QWidget
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground.views.field_editors import CountBox
from playground.views.training_panel import TrainingPanel
from playground.views.training_progress import KINDS, time_left


@pytest.fixture
def panel(qtbot: QtBot) -> TrainingPanel:
    train, step, epoch, reset = (QAction(name) for name in ("&Train", "Step", "Epoch", "Reset"))
    train.setCheckable(True)
    panel = TrainingPanel(train, step, epoch, reset)
    for action in (train, step, epoch, reset):
        action.setParent(panel)
    qtbot.addWidget(panel)
    panel.set_datasets([("digits", "Built-in digits"), ("mnist", "MNIST")], "digits")
    panel.resize(1264, 92)
    panel.show()
    return panel


def settings_of(panel: TrainingPanel) -> list[cnn.TrainingSettings]:
    seen: list[cnn.TrainingSettings] = []
    panel.settings_edited.connect(seen.append)
    return seen


def type_into(box: QWidget, text: str) -> None:
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)


def progress(step: int = 150, **changes: object) -> cnn.Progress:
    first = cnn.Progress(
        step=step,
        epoch=2,
        steps_per_epoch=100,
        loss=0.5,
        accuracy=0.8,
        learning_rate=0.05,
        images_per_second=640.0,
    )
    return replace(first, **changes)  # type: ignore[arg-type]


def test_a_click_on_train_triggers_the_action(panel: TrainingPanel) -> None:
    action = panel.buttons[0].defaultAction()
    QTest.mouseClick(panel.buttons[0], Qt.MouseButton.LeftButton)
    assert action.isChecked()


def test_the_learning_rate_box_sends_number_and_settings(panel: TrainingPanel) -> None:
    seen = settings_of(panel)
    rates: list[float] = []
    panel.learning_rate.edited.connect(rates.append)
    type_into(panel.learning_rate.box, "0.002")
    assert rates == [0.002]
    assert seen == [cnn.TrainingSettings(optimizer=cnn.SGD(learning_rate=0.002))]


def test_the_slider_walks_powers_of_ten(panel: TrainingPanel) -> None:
    panel.learning_rate.set_value(0.01)
    rates: list[float] = []
    panel.learning_rate.edited.connect(rates.append)
    for _ in range(2):
        QTest.keyClick(panel.learning_rate.slider, Qt.Key.Key_PageUp)
    assert rates == pytest.approx([0.032, 0.1], rel=0.02)
    assert panel.learning_rate.box.value() == rates[-1]


@pytest.mark.parametrize("value", [1e-5, 3e-4, 0.05, 1.0, 30.0, 0.0])
def test_any_learning_rate_is_shown_exactly(panel: TrainingPanel, value: float) -> None:
    panel.learning_rate.set_value(value)
    assert panel.learning_rate.value() == value


def test_batch_and_epochs_are_sent(panel: TrainingPanel) -> None:
    seen = settings_of(panel)
    type_into(panel.batch_box, "128")
    type_into(panel.epochs_box, "3")
    assert (seen[-1].batch_size, seen[-1].epochs) == (128, 3)


def test_a_refused_batch_size_is_explained_and_taken_back(panel: TrainingPanel) -> None:
    seen = settings_of(panel)
    type_into(panel.batch_box, "900000")
    assert not seen
    assert panel.batch_box.value() == 64
    assert "batch_size" in panel.progress.status()


def test_an_optimizer_comes_with_its_usual_rate_and_remembers_an_edited_one(panel: TrainingPanel) -> None:
    seen = settings_of(panel)
    type_into(panel.learning_rate.box, "0.2")
    panel.optimizer_box.setFocus()
    QTest.keyClicks(panel.optimizer_box, "AdamW")
    assert seen[-1] == cnn.TrainingSettings(optimizer=cnn.AdamW())
    QTest.keyClick(panel.optimizer_box, Qt.Key.Key_Home)
    assert seen[-1] == cnn.TrainingSettings(optimizer=cnn.SGD(learning_rate=0.2))


def test_showing_settings_sends_nothing(panel: TrainingPanel) -> None:
    seen = settings_of(panel)
    panel.set_settings(
        cnn.TrainingSettings(optimizer=cnn.Adam(), schedule=cnn.Cosine(), batch_size=7, seed=3)
    )
    assert not seen
    assert panel.optimizer_box.currentText() == "Adam"


def test_choosing_a_data_set_asks_for_it(panel: TrainingPanel, qtbot: QtBot) -> None:
    panel.dataset_box.setFocus()
    with qtbot.waitSignal(panel.dataset_requested) as signal:
        QTest.keyClick(panel.dataset_box, Qt.Key.Key_Down)
    assert signal.args == ["mnist"]


def test_without_data_none_is_named_and_any_can_be_chosen(panel: TrainingPanel, qtbot: QtBot) -> None:
    panel.set_datasets([("digits", "Built-in digits"), ("mnist", "MNIST")], "")
    assert (panel.dataset_box.currentText(), panel.dataset_box.placeholderText()) == ("", "none yet")
    panel.dataset_box.setFocus()
    with qtbot.waitSignal(panel.dataset_requested) as signal:
        QTest.keyClick(panel.dataset_box, Qt.Key.Key_Home)
    assert signal.args == ["digits"]


def test_a_name_too_long_for_its_box_ends_in_dots(panel: TrainingPanel) -> None:
    def painted() -> str:
        option = QStyleOptionComboBox()
        panel.dataset_box.initStyleOption(option)
        return option.currentText

    name = "everything that was ever written by hand " * 5
    panel.set_datasets([("digits", "Built-in digits"), ("mine", name)], "digits")
    assert painted() == "Built-in digits"
    panel.set_dataset("mine")
    assert painted().endswith("…") and name.startswith(painted()[:-1])


def test_an_open_entry_asks_and_keeps_the_current_data_set(panel: TrainingPanel, qtbot: QtBot) -> None:
    panel.dataset_box.setFocus()
    with qtbot.waitSignal(panel.dataset_open_requested) as signal:
        QTest.keyClick(panel.dataset_box, Qt.Key.Key_End)
    assert signal.args == ["folder"]
    assert panel.dataset_box.currentText() == "Built-in digits"


def test_while_running_only_the_learning_rate_can_be_changed(panel: TrainingPanel) -> None:
    panel.set_running(True)
    assert not panel.batch_box.isEnabled() and not panel.dataset_box.isEnabled()
    assert panel.batch_box.toolTip().endswith("Pause to change it.")
    assert panel.learning_rate.box.isEnabled() and panel.learning_rate.slider.isEnabled()
    panel.set_running(False)
    assert panel.batch_box.isEnabled() and "Pause" not in panel.batch_box.toolTip()


def test_progress_says_epoch_step_speed_and_time_left(panel: TrainingPanel) -> None:
    panel.set_progress(progress(), epochs=10)
    shown = panel.progress
    assert shown.epoch.text() == "epoch 2/10"
    assert shown.step.text() == "step 150"
    assert shown.speed.text() == "640 images/s"
    assert shown.left.text() == "1 min 25 s left"  # 850 steps of 64 images
    assert shown.bar.share == 0.15


def test_no_progress_clears_the_line(panel: TrainingPanel) -> None:
    panel.set_progress(progress(), epochs=10)
    panel.set_progress(None)
    assert panel.progress.step.text() == "" and panel.progress.bar.share == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s left"), (59, "59 s left"), (200, "3 min 20 s left"), (3900, "1 h 5 min left")],
)
def test_time_left_is_said_as_people_say_it(seconds: float, text: str) -> None:
    assert time_left(seconds) == text


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_status_is_painted(panel: TrainingPanel, kind: str) -> None:
    panel.set_status("how it stands", kind)
    assert panel.progress.status() == "how it stands"
    assert not panel.grab().isNull()


def test_the_popup_opens_and_edits_further_settings(panel: TrainingPanel, qtbot: QtBot) -> None:
    seen = settings_of(panel)
    QTest.mouseClick(panel.further_button, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert panel.further.isVisible()
    type_into(panel.further.editor("momentum"), "0.5")
    assert seen[-1].optimizer == cnn.SGD(momentum=0.5)
    clip = panel.further.editor("clip_norm")
    type_into(clip, "2")
    assert seen[-1].clip_norm == 2.0
    seed = panel.further.editor("seed")
    assert isinstance(seed, CountBox)
    QTest.keyClick(seed, Qt.Key.Key_Up)
    assert seen[-1] == cnn.TrainingSettings(optimizer=cnn.SGD(momentum=0.5), clip_norm=2.0, seed=1)
    QTest.keyClick(panel.further, Qt.Key.Key_Escape)
    assert not panel.further.isVisible()


def test_choosing_a_schedule_shows_its_own_fields(panel: TrainingPanel) -> None:
    seen = settings_of(panel)
    panel.further.open_below(panel.further_button)
    panel.further.schedule_box.setFocus()
    QTest.keyClicks(panel.further.schedule_box, "One")
    assert seen[-1].schedule == cnn.OneCycle()
    type_into(panel.further.editor("rise"), "0.5")
    assert seen[-1].schedule == cnn.OneCycle(rise=0.5)
    panel.further.close()


def test_augmentation_is_edited_in_the_popup(panel: TrainingPanel) -> None:
    seen = settings_of(panel)
    panel.further.open_below(panel.further_button)
    QTest.keyClick(panel.further.editor("rotation"), Qt.Key.Key_Up)
    assert seen[-1].augmentation == replace(cnn.TrainingSettings().augmentation, rotation=5.0)
    for name in vars(seen[-1].augmentation):
        assert not panel.further.editor(name).toolTip().startswith(" Usual"), name
    panel.further.close()


def test_its_button_asks_to_see_augmentation_and_says_what_is_on(panel: TrainingPanel, qtbot: QtBot) -> None:
    assert panel.augmentation_button.text() == "Off"
    panel.set_settings(cnn.TrainingSettings(augmentation=cnn.Augmentation(rotation=5, noise=0.1)))
    assert panel.augmentation_button.text() == "2 kinds"
    with qtbot.waitSignal(panel.augmentation_requested):
        QTest.keyClick(panel.augmentation_button, Qt.Key.Key_Space)


def test_on_a_wide_window_the_learning_rate_stays_near_its_label(panel: TrainingPanel) -> None:
    panel.resize(2400, 92)
    QTest.qWait(1)
    assert panel.learning_rate.width() <= 280
    assert panel.dataset_box.width() <= 280
    panel.resize(960, 92)
    QTest.qWait(1)
    assert panel.further_button.geometry().right() < 960


@pytest.mark.parametrize("optimizer", [kind() for kind in cnn.OPTIMIZERS.values()], ids=lambda o: o.name)
@pytest.mark.parametrize(
    "schedule", [kind() for kind in cnn.SCHEDULES.values()], ids=lambda s: type(s).__name__
)
def test_every_further_setting_is_explained(
    panel: TrainingPanel, optimizer: cnn.Optimizer, schedule: cnn.Schedule
) -> None:
    panel.set_settings(cnn.TrainingSettings(optimizer=optimizer, schedule=schedule))
    for value in (optimizer, schedule):
        for name in vars(value):
            if name != "learning_rate":
                assert not panel.further.editor(name).toolTip().startswith(" Usual"), name


def test_it_fits_the_smallest_window(panel: TrainingPanel) -> None:
    assert panel.minimumSizeHint().width() <= 944
    assert panel.sizeHint().height() <= 104


def test_everything_that_takes_the_focus_has_a_name(panel: TrainingPanel) -> None:
    focusable = [w for w in panel.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert len(focusable) > 10
    nameless = [type(w).__name__ for w in focusable if not w.accessibleName() and not w.isHidden()]
    assert nameless == []

"""Starting, pausing and going on: every run begins from the document and ends in it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from cnn_core.calibration import Calibration
from playground.background import Background
from playground.data import Data
from playground.document import Document
from playground.session import Session
from playground.training_control import TrainingControl

STEPS = 12  # in an epoch of the small data in batches of 8


@pytest.fixture
def control(owner: QObject, document: Document, session: Session, small_data: Data) -> TrainingControl:
    control = TrainingControl(document, session, Background("data", owner), owner)
    control.use_data(small_data)
    return control


def wait(control: TrainingControl, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not control.running, timeout=30_000)


def test_one_step_is_one_batch(control: TrainingControl, document: Document, qtbot: QtBot) -> None:
    control.start(1)
    wait(control, qtbot)
    assert document.content.training is not None
    assert document.content.training.step == 1
    assert len(control.history) == 1


def test_the_epoch_ends_where_it_ends(control: TrainingControl, qtbot: QtBot) -> None:
    control.start(5)
    wait(control, qtbot)
    control.finish_epoch()
    wait(control, qtbot)
    assert control.step == STEPS
    assert control.history[-1].validation is not None
    control.finish_epoch()
    wait(control, qtbot)
    assert control.step == 2 * STEPS


def test_training_goes_to_the_set_epochs_and_once_more_when_they_are_done(
    control: TrainingControl, document: Document, qtbot: QtBot
) -> None:
    document.edit_settings(replace(document.content.settings, epochs=2))
    for steps in (2 * STEPS, 4 * STEPS):
        control.start()
        wait(control, qtbot)
        assert control.step == steps


def test_pausing_and_going_on_gives_the_same_weights(
    control: TrainingControl, document: Document, qtbot: QtBot
) -> None:
    reached = []
    for parts in ((20,), (7, 13)):
        document.reset_weights()
        for steps in parts:
            control.start(steps)
            wait(control, qtbot)
        reached.append(document.content.network.parameters)
    for name, values in reached[0].items():
        assert np.array_equal(values, reached[1][name])


def test_what_interrupts_a_run_that_is_about_to_pause_does_not_start_it_again(
    control: TrainingControl, document: Document
) -> None:
    control.start(1_000_000)
    control.pause()
    document.edit_settings(replace(document.content.settings, label_smoothing=0.1))
    assert not control.running
    control.start(1_000_000)
    with control.interrupted():
        assert not control.running
    assert control.running


def test_a_run_that_rests_for_a_moment_is_not_told_to_have_ended(control: TrainingControl) -> None:
    control.start(1_000_000)
    told: list[bool] = []
    control.state_changed.connect(lambda: told.append(control.running))
    with control.interrupted():
        assert told == []
    assert told == [True]
    control.pause()
    with control.interrupted():
        pass
    assert told == [True, False]


def test_a_run_without_a_step_leaves_the_document_as_it_was(
    control: TrainingControl, document: Document, small_data: Data, tmp_path: Path, qtbot: QtBot
) -> None:
    document.set_class_names(small_data.train.class_names)
    document.restart(replace(document.content, calibration=Calibration(temperature=1.5)))
    before = document.content
    control.start(0)
    wait(control, qtbot)
    assert not document.modified
    assert document.content.calibration is before.calibration is not None
    assert document.content.network is before.network
    assert document.content.training is None


def test_a_file_names_the_data_that_it_was_trained_on_last(
    control: TrainingControl, document: Document, qtbot: QtBot
) -> None:
    document.restart(replace(document.content, data="mnist"))
    control.start(1)
    wait(control, qtbot)
    assert document.content.data == "squares"


def test_training_learns(control: TrainingControl, qtbot: QtBot) -> None:
    control.start(4 * STEPS)
    wait(control, qtbot)
    assert control.history[-1].validation is not None
    assert control.history[-1].validation.accuracy > 0.9


def test_an_edit_during_training_ends_the_run_and_keeps_its_weights(
    control: TrainingControl, document: Document, qtbot: QtBot
) -> None:
    control.start()
    qtbot.waitUntil(lambda: control.step >= 2, timeout=30_000)
    document.replace_layer(3, cnn.Dense(units=4))
    assert not control.running
    trained = document.content.network.parameters["0.weight"]
    initial = cnn.Network.initialize(document.content.architecture, seed=3).parameters["0.weight"]
    assert not np.array_equal(trained, initial)
    assert control.step == 0
    document.undo_stack.undo()
    assert control.step >= 2
    assert len(control.history) == control.step


def test_the_learning_rate_changes_without_ending_the_run(
    control: TrainingControl, document: Document, qtbot: QtBot
) -> None:
    document.edit_settings(replace(document.content.settings, epochs=10_000))
    control.start()
    settings = document.content.settings
    document.edit_settings(replace(settings, optimizer=replace(settings.optimizer, learning_rate=0.001)))
    assert control.running
    qtbot.waitUntil(lambda: control.step > 0 and control.history[-1].learning_rate == 0.001, timeout=30_000)
    control.pause()
    wait(control, qtbot)


def test_other_settings_are_taken_over_by_a_run_that_goes_on(
    control: TrainingControl, document: Document, session: Session, qtbot: QtBot
) -> None:
    document.edit_settings(replace(document.content.settings, epochs=10_000))
    control.start()
    qtbot.waitUntil(lambda: control.step > 2, timeout=30_000)
    document.edit_settings(replace(document.content.settings, optimizer=cnn.Adam()))
    assert control.running
    session.finish()
    training = document.content.training
    assert training is not None
    assert set(training.slots) == {"mean", "square"}
    assert 0 < training.began <= training.step
    control.start(1)
    wait(control, qtbot)
    assert document.content.training is not None
    assert document.content.training.began == training.began


def test_settings_undone_during_a_run_are_taken_over_too(
    control: TrainingControl, document: Document, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    document.edit_settings(replace(document.content.settings, epochs=10_000))
    document.edit_settings(replace(document.content.settings, optimizer=cnn.Adam()))
    control.start()
    qtbot.waitUntil(lambda: control.step > 2, timeout=30_000)
    document.undo_stack.undo()
    assert control.running
    session.finish()
    document.save(tmp_path / "net.cnn")
    opened = cnn.checkpoint.load(tmp_path / "net.cnn")
    assert opened.training is not None
    assert set(opened.training.slots) == {"velocity"}


def test_a_run_does_as_many_epochs_when_another_batch_size_is_undone(
    control: TrainingControl, document: Document, session: Session, qtbot: QtBot
) -> None:
    document.edit_settings(replace(document.content.settings, epochs=10_000))
    document.edit_settings(replace(document.content.settings, batch_size=2))
    control.start()
    qtbot.waitUntil(lambda: control.step > 2, timeout=30_000)
    document.undo_stack.undo()
    assert control.running
    assert control.planned_epochs == 10_000
    session.finish()


def test_what_a_run_was_to_do_is_forgotten_with_it(
    control: TrainingControl, document: Document, session: Session, small_data: Data
) -> None:
    document.edit_settings(replace(document.content.settings, epochs=3))
    control.start()
    session.finish()
    document.reset_weights()
    document.edit_settings(replace(document.content.settings, epochs=1))
    assert control.planned_epochs == 1
    control.use_data(replace(small_data, train=small_data.train.subset(slice(0, 8))))
    assert control.planned_epochs == 1


def test_why_training_is_off(
    control: TrainingControl, document: Document, small_data: Data, owner: QObject
) -> None:
    assert control.reason_against() == ""
    architecture = document.content.architecture
    document.edit_architecture(architecture.replaced(0, cnn.Conv2D(filters=4, kernel_size=20)), "break")
    assert "kernel_size" in control.reason_against()
    control.start()
    assert not control.running
    document.undo_stack.undo()
    document.replace_layer(3, cnn.Dense(units=2))
    assert "3 classes" in control.reason_against()
    document.undo_stack.undo()
    document.edit_architecture(architecture.inserted(4, cnn.BatchNorm()), "normalise")
    document.edit_settings(cnn.TrainingSettings(batch_size=len(small_data.train) - 1))
    assert "one is left over" in control.reason_against()
    control.start()
    assert not control.running
    nothing = TrainingControl(document, Session(owner), Background("data", owner), owner)
    assert nothing.reason_against() == "there is no data"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_divergence_is_told_and_the_good_weights_stay(
    control: TrainingControl, document: Document, qtbot: QtBot
) -> None:
    network = document.content.network.copy()
    for values in network.parameters.values():
        values *= np.float32(1e25)
    document.keep_training(network, cnn.TrainingState(0, None, 0.05, cnn.SGD().slots(network.parameters)), ())
    with qtbot.waitSignal(control.failed, timeout=30_000) as failed:
        control.start()
    assert failed.args is not None
    assert "diverged" in failed.args[0]
    assert all(np.isfinite(values).all() for values in document.content.network.parameters.values())


def test_what_the_network_learns_to_tell_apart_is_noted(
    control: TrainingControl, document: Document, qtbot: QtBot
) -> None:
    control.start(1)
    wait(control, qtbot)
    assert document.content.class_names == ("top", "middle", "bottom")

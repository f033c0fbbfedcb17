"""The document: every edit can be undone, no weights are lost, files are whole or untouched."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from cnn_core.calibration import Calibration
from playground.content import content_from
from playground.document import Document
from playground.drawing import Drawing, Picture, Stroke


def trained(document: Document, value: float) -> cnn.Network:
    """A network of the document's architecture whose numbers are recognisable."""
    network = document.content.network.copy()
    for array in network.parameters.values():
        array[...] = value
    return network


def state(document: Document, step: int) -> cnn.TrainingState:
    """What SGD would have come to."""
    slots = cnn.SGD().slots(document.content.network.parameters)
    return cnn.TrainingState(step, None, 0.05, slots)


def test_an_inserted_layer_is_taken_out_by_undo_and_put_back_by_redo(document: Document) -> None:
    before = document.content.architecture
    document.edit_architecture(before.inserted(2, cnn.Tanh()), "insert")
    assert [layer.name for layer in document.content.architecture.layers][2] == "Tanh"
    document.undo_stack.undo()
    assert document.content.architecture == before
    document.undo_stack.redo()
    assert document.content.architecture.layers[2] == cnn.Tanh()


def test_unchanged_layers_keep_their_weights(document: Document) -> None:
    document.keep_training(trained(document, 0.5), state(document, 7), ())
    document.replace_layer(3, cnn.Dense(units=5))
    parameters = document.content.network.parameters
    assert np.all(parameters["0.weight"] == 0.5)
    assert parameters["3.weight"].shape[1] == 5


def test_names_of_classes_are_an_edit_even_where_no_layer_changes(document: Document) -> None:
    document.edit_architecture(document.content.architecture, "fit", class_names=("a", "b", "c"))
    assert document.content.class_names == ("a", "b", "c")
    assert document.modified
    document.undo_stack.undo()
    assert document.content.class_names == ()
    assert not document.modified


def test_what_starts_anew_is_said(document: Document, qtbot: QtBot) -> None:
    with qtbot.waitSignal(document.adapted) as adapted:
        document.replace_layer(3, cnn.Dense(units=5))
    assert adapted.args == [1, [3]]


def test_undo_of_a_structural_edit_brings_the_trained_weights_back(document: Document) -> None:
    document.keep_training(trained(document, 0.5), state(document, 7), ())
    document.replace_layer(0, cnn.Conv2D(filters=6))
    document.undo_stack.undo()
    assert np.all(document.content.network.parameters["0.weight"] == 0.5)
    assert document.content.training is not None
    assert document.content.training.step == 7


def test_weights_trained_after_an_edit_survive_undo_and_redo(document: Document) -> None:
    document.replace_layer(0, cnn.Conv2D(filters=6))
    document.keep_training(trained(document, 0.25), state(document, 9), ())
    document.undo_stack.undo()
    document.undo_stack.redo()
    assert document.content.network.parameters["0.weight"].shape[-1] == 6
    assert np.all(document.content.network.parameters["0.weight"] == 0.25)


def test_undoing_a_stroke_keeps_weights_trained_after_it(document: Document) -> None:
    document.show_picture(Drawing((Stroke(((0.1, 0.1), (0.5, 0.5))),)), "stroke")
    network = trained(document, 0.5)
    document.keep_training(network, state(document, 1), ())
    document.undo_stack.undo()
    assert document.content.picture == Drawing()
    assert document.content.network is network


def test_ticks_of_one_field_are_one_undo_step(document: Document) -> None:
    for filters in (5, 6, 7):
        document.replace_layer(0, cnn.Conv2D(filters=filters))
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert document.content.architecture.layers[0] == cnn.Conv2D(filters=4, kernel_size=3)
    document.undo_stack.redo()
    assert document.content.architecture.layers[0] == cnn.Conv2D(filters=7)


def test_ticks_of_two_fields_are_two_undo_steps(document: Document) -> None:
    document.replace_layer(0, cnn.Conv2D(filters=5))
    document.replace_layer(0, cnn.Conv2D(filters=5, kernel_size=2))
    assert document.undo_stack.count() == 2


def test_ticks_before_and_after_training_do_not_merge(document: Document) -> None:
    document.replace_layer(0, cnn.Conv2D(filters=5))
    document.keep_training(trained(document, 0.5), state(document, 1), ())
    document.replace_layer(0, cnn.Conv2D(filters=6))
    document.undo_stack.undo()
    assert np.all(document.content.network.parameters["0.weight"] == 0.5)


def test_an_error_keeps_the_last_good_network_and_its_repair_finds_the_weights(document: Document) -> None:
    network = trained(document, 0.5)
    document.keep_training(network, state(document, 1), ())
    architecture = document.content.architecture
    document.edit_architecture(architecture.replaced(0, cnn.Conv2D(filters=4, kernel_size=20)), "break")
    assert document.content.architecture.error is not None
    assert document.content.network is network
    document.edit_architecture(architecture.inserted(2, cnn.Tanh()), "repair")
    assert np.all(document.content.network.parameters["0.weight"] == 0.5)


def test_reset_gives_the_initial_weights_and_can_be_undone(document: Document) -> None:
    document.keep_training(trained(document, 0.5), state(document, 7), ())
    document.reset_weights()
    seed = document.content.settings.seed
    initial = cnn.Network.initialize(document.content.architecture, seed=seed)
    assert np.array_equal(document.content.network.parameters["0.weight"], initial.parameters["0.weight"])
    assert document.content.training is None
    document.undo_stack.undo()
    assert np.all(document.content.network.parameters["0.weight"] == 0.5)


def test_settings_are_undone(document: Document) -> None:
    old = document.content.settings
    document.edit_settings(replace(old, batch_size=16))
    document.undo_stack.undo()
    assert document.content.settings == old


def test_another_optimizer_begins_anew_and_the_file_still_opens(document: Document, tmp_path: Path) -> None:
    document.keep_training(trained(document, 0.5), state(document, 7), ())
    document.edit_settings(replace(document.content.settings, optimizer=cnn.Adam()))
    document.save(tmp_path / "net.cnn")
    opened = content_from(cnn.checkpoint.load(tmp_path / "net.cnn"))
    assert opened.training is not None
    assert (opened.training.step, set(opened.training.slots)) == (7, {"mean", "square"})
    assert opened.training.began == 7
    document.undo_stack.undo()
    assert document.content.training is not None
    assert set(document.content.training.slots) == {"velocity"}


@pytest.mark.parametrize("other", [cnn.Adam(), cnn.SGD(momentum=0.0)], ids=lambda o: o.name)
def test_undo_of_an_optimizer_brings_its_memory_back(document: Document, other: cnn.Optimizer) -> None:
    before = state(document, 7)
    before.slots["velocity"]["0.weight"][...] = 0.25
    document.keep_training(trained(document, 0.5), before, ())
    momentum = cnn.SGD(momentum=0.8)  # a tick of the field before, which the next one does not join
    document.edit_settings(replace(document.content.settings, optimizer=momentum))
    document.edit_settings(replace(document.content.settings, optimizer=other))
    document.undo_stack.undo()
    assert document.content.settings.optimizer == momentum
    assert document.content.training is not None
    assert np.all(document.content.training.slots["velocity"]["0.weight"] == 0.25)


def test_undo_of_an_optimizer_that_has_trained_begins_anew_at_the_step_reached(document: Document) -> None:
    document.keep_training(trained(document, 0.5), state(document, 7), ())
    document.edit_settings(replace(document.content.settings, optimizer=cnn.Adam()))
    slots = cnn.Adam().slots(document.content.network.parameters)
    document.keep_training(trained(document, 0.6), cnn.TrainingState(9, None, 0.001, slots, began=7), ())
    document.undo_stack.undo()
    training = document.content.training
    assert training is not None
    assert (training.step, training.began, set(training.slots)) == (9, 9, {"velocity"})
    document.undo_stack.redo()
    assert document.content.training is not None
    assert (document.content.training.step, document.content.training.began) == (9, 7)


def test_the_state_of_training_follows_settings_that_are_edited_at_rest(document: Document) -> None:
    planned = replace(state(document, 7), planned_steps=20)
    document.restart(replace(document.content, training=planned))
    document.show_picture(Drawing((Stroke(((0.1, 0.1), (0.5, 0.5))),)), "stroke")
    assert document.content.training is planned
    slower = cnn.SGD(learning_rate=0.001)
    document.edit_settings(replace(document.content.settings, epochs=40, optimizer=slower))
    assert document.content.training is not None
    assert (document.content.training.learning_rate, document.content.training.planned_steps) == (0.001, None)


def test_whoever_trains_is_asked_before_the_network_is_replaced(document: Document) -> None:
    late = trained(document, 0.75)
    handed_in: list[bool] = []

    def hand_in() -> None:
        if not handed_in:
            handed_in.append(True)
            document.keep_training(late, state(document, 3), ())

    document.network_about_to_change.connect(hand_in)
    document.replace_layer(3, cnn.Dense(units=5))
    assert np.all(document.content.network.parameters["0.weight"] == 0.75)


def test_save_and_open_give_the_same_document(document: Document, owner: object, tmp_path: Path) -> None:
    document.set_class_names(("a", "b", "c"))
    document.keep_training(trained(document, 0.5), state(document, 7), ())
    document.save(tmp_path / "net.cnn")
    assert not document.modified
    opened = content_from(cnn.checkpoint.load(tmp_path / "net.cnn"))
    assert opened.architecture == document.content.architecture
    assert opened.class_names == ("a", "b", "c")
    assert opened.settings == document.content.settings
    assert opened.training is not None
    assert opened.training.step == 7
    assert np.all(opened.network.parameters["0.weight"] == 0.5)


def test_editing_modifies_and_undo_back_to_the_file_does_not(document: Document) -> None:
    assert not document.modified
    document.replace_layer(0, cnn.Conv2D(filters=5))
    assert document.modified
    document.undo_stack.undo()
    assert not document.modified


def test_drawing_does_not_modify_the_file(document: Document) -> None:
    document.show_picture(Picture(np.zeros((8, 8, 1), np.uint8), "black"), "image")
    assert not document.modified


def test_training_modifies(document: Document) -> None:
    document.keep_training(trained(document, 0.5), state(document, 7), ())
    assert document.modified


def test_a_failing_save_leaves_the_previous_file(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.cnn"
    document.save(path)
    before = path.read_bytes()
    document.replace_layer(0, cnn.Conv2D(filters=5))

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(cnn.CheckpointError, match="No space left"):
        document.save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["net.cnn"]
    assert document.modified


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"hello"])
def test_opening_a_foreign_file_changes_nothing(document: Document, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.cnn"
    path.write_bytes(content)
    before = document.content
    document.replace_layer(0, cnn.Conv2D(filters=5))
    with pytest.raises(cnn.CheckpointError, match="foreign"):
        document.open(path)
    document.undo_stack.undo()
    assert document.content.architecture == before.architecture
    assert document.path is None


def test_opening_empties_the_undo_stack(document: Document, tmp_path: Path) -> None:
    document.save(tmp_path / "net.cnn")
    document.replace_layer(0, cnn.Conv2D(filters=5))
    document.open(tmp_path / "net.cnn")
    assert not document.undo_stack.canUndo()
    assert document.content.architecture.layers[0] == cnn.Conv2D(filters=4, kernel_size=3)


def test_an_architecture_with_an_error_is_not_saved(document: Document, tmp_path: Path) -> None:
    architecture = document.content.architecture
    document.edit_architecture(architecture.removed(3).removed(2), "break")
    with pytest.raises(cnn.CheckpointError, match="cannot be saved"):
        document.save(tmp_path / "net.cnn")


def test_a_calibration_goes_with_its_weights_and_comes_back_with_them(
    document: Document, tmp_path: Path
) -> None:
    known = Calibration(temperature=1.5)
    document.restart(replace(document.content, calibration=known))
    document.reset_weights()
    assert document.content.calibration is None
    document.undo_stack.undo()
    assert document.content.calibration is known
    document.save(tmp_path / "calibrated.cnn")
    document.reset_weights()
    document.open(tmp_path / "calibrated.cnn")
    assert document.content.calibration is not None
    assert document.content.calibration.temperature == 1.5


def test_weights_trained_further_are_not_calibrated(document: Document) -> None:
    document.restart(replace(document.content, calibration=Calibration(temperature=1.5)))
    content = document.content
    slots = content.settings.optimizer.slots(content.network.parameters)
    document.keep_training(content.network.copy(), cnn.TrainingState(1, None, 0.1, slots), ())
    assert document.content.calibration is None


def test_how_drawings_are_prepared_stays_when_a_file_is_opened(document: Document, small_file: Path) -> None:
    off = cnn.preprocessing.Normalization(crop=False)
    document.prepare_drawings(off)
    document.open(small_file)
    assert document.content.normalization == off

"""What edits are called in the undo menu."""

from dataclasses import replace

import pytest

import cnn_core as cnn
from playground.document import Document
from playground.edit_texts import layer_edit, settings_edit

USUAL = cnn.TrainingSettings()


def test_a_layer_that_occurs_once_has_no_number() -> None:
    layers = (cnn.Conv2D(filters=4), cnn.Flatten(), cnn.Dense(units=3))
    assert layer_edit(layers, 2, ["units", "bias"]) == "units, bias of Dense"
    assert layer_edit((*layers, cnn.Dense(units=2)), 2, ["units"]) == "units of Dense 1"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (USUAL, ""),
        (replace(USUAL, optimizer=cnn.SGD(learning_rate=0.5)), "learning rate"),
        (replace(USUAL, optimizer=cnn.SGD(weight_decay=0.5)), "weight decay"),
        (replace(USUAL, optimizer=cnn.Adam()), "optimizer"),
        (replace(USUAL, schedule=cnn.schedules.Cosine()), "learning rate schedule"),
        (replace(USUAL, schedule=cnn.schedules.Constant(warmup_steps=7)), "warm-up steps in the schedule"),
        (replace(USUAL, augmentation=cnn.Augmentation(rotation=9)), "rotation in the augmentation"),
        (replace(USUAL, epochs=3, label_smoothing=0.1), "epochs, label smoothing"),
    ],
)
def test_a_setting_is_called_as_in_its_form(settings: cnn.TrainingSettings, text: str) -> None:
    assert settings_edit(USUAL, settings) == text


def test_two_settings_of_the_optimizer_are_two_undo_steps(document: Document) -> None:
    for changes in ({"learning_rate": 0.02}, {"learning_rate": 0.03}, {"momentum": 0.5}):
        settings = document.content.settings
        document.edit_settings(replace(settings, optimizer=replace(settings.optimizer, **changes)))
    assert document.undo_stack.count() == 2
    assert document.undo_stack.undoText() == "momentum"
    document.undo_stack.undo()
    assert document.content.settings.optimizer == cnn.SGD(learning_rate=0.03)

"""Training settings: as text and back, and what is refused."""

import json

import numpy as np
import pytest

from cnn_core import SGD, Augmentation, OneCycle, TrainingSettings


def test_settings_go_through_json():
    settings = TrainingSettings(
        optimizer=SGD(nesterov=True), schedule=OneCycle(rise=0.2), clip_norm=2.0, epochs=4, seed=7
    )
    assert TrainingSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    assert TrainingSettings.from_json(TrainingSettings().to_json()) == TrainingSettings()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": "many"}, "epochs is 'many'"),
        ({"seed": -1}, "seed is -1"),
        ({"label_smoothing": 1.0}, "label_smoothing is 1.0"),
        ({"clip_norm": 0}, "clip_norm is 0"),
        ({"clip_norm": float("nan")}, "clip_norm is nan"),
        ({"optimizer": None}, "not training settings"),
        ({"optimizer": {"type": "SGD", "nesterov": 3}}, "nesterov is 3"),
        ({"schedule": {"type": "Cosine", "last": 2}}, "last is 2"),
        ({"schedule": []}, "not training settings"),
        ({"speed": 1}, "not training settings.*speed"),
    ],
)
def test_foreign_settings_are_refused(change, text):
    with pytest.raises(ValueError, match=text):
        TrainingSettings.from_json({**TrainingSettings().to_json(), **change})


def test_numbers_of_numpy_become_plain_ones():
    settings = TrainingSettings(
        optimizer=SGD(learning_rate=np.float32(0.25)),
        schedule=OneCycle(warmup_steps=np.int64(3), rise=np.float32(0.5)),
        augmentation=Augmentation(rotation=np.float32(10)),
        **{name: np.int64(7) for name in ("batch_size", "epochs", "seed")},
        label_smoothing=np.float32(0.5),
        clip_norm=np.int64(2),
    )
    assert TrainingSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    assert settings.optimizer.learning_rate == 0.25
    assert type(settings.seed) is int


@pytest.mark.parametrize("value", [None, [], 3, "settings", {}])
def test_what_is_no_settings_at_all_is_refused(value):
    with pytest.raises(ValueError, match="not training settings"):
        TrainingSettings.from_json(value)

"""Training settings: as text and back, and what is refused."""

import json

import pytest

from cnn_core import SGD, OneCycle, TrainingSettings


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


@pytest.mark.parametrize("value", [None, [], 3, "settings", {}])
def test_what_is_no_settings_at_all_is_refused(value):
    with pytest.raises(ValueError, match="not training settings"):
        TrainingSettings.from_json(value)

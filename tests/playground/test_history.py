"""Curves in a file: thinned evenly, epoch ends kept, foreign values refused as a whole."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cnn_core as cnn
from playground import history


def points(count: int, steps_per_epoch: int = 10) -> tuple[cnn.Progress, ...]:
    def end(step: int) -> cnn.Evaluation | None:
        return cnn.Evaluation(0.5, np.array([[step, 1], [2, 3]])) if step % steps_per_epoch == 0 else None

    return tuple(
        cnn.Progress(
            step=step,
            epoch=(step - 1) // steps_per_epoch + 1,
            steps_per_epoch=steps_per_epoch,
            loss=1 / step,
            accuracy=0.5,
            learning_rate=0.05,
            images_per_second=100.0,
            validation=end(step),
        )
        for step in range(1, count + 1)
    )


def test_a_short_history_is_kept_whole() -> None:
    before = points(25)
    after = history.from_json(json.loads(json.dumps(history.to_json(before))))
    assert [point.step for point in after] == list(range(1, 26))
    assert after[9].validation is not None
    assert after[9].validation.confusion.tolist() == [[10, 1], [2, 3]]
    assert after[24].loss == before[24].loss


def test_a_long_history_is_thinned_but_keeps_epoch_ends_and_the_last_point() -> None:
    after = history.from_json(history.to_json(points(50_007, steps_per_epoch=1000)))
    assert len(after) < 2200
    assert sum(point.validation is not None for point in after) == 50
    assert after[-1].step == 50_007


@pytest.mark.parametrize(("classes", "epochs"), [(100, 300), (50, 800), (10, 6000), (101, 3)])
def test_any_training_fits_a_file_with_its_last_confusion(tmp_path: Path, classes: int, epochs: int) -> None:
    confusion = np.full((classes, classes), 60_000)
    steps = [replace(p, validation=cnn.Evaluation(0.5, confusion)) for p in points(epochs, 1)]
    network = cnn.Network.initialize(cnn.Architecture((4, 4, 1), (cnn.Flatten(), cnn.Dense(units=2))))
    path = tmp_path / "long.cnn"
    cnn.checkpoint.save(path, cnn.Checkpoint(network=network, metadata={"history": history.to_json(steps)}))
    after = history.from_json(cnn.checkpoint.load(path).metadata["history"])
    assert after[-1].step == epochs
    assert (after[-1].validation is not None) == (classes <= history.MOST_CLASSES)


GOOD = history.to_json(points(2))[0]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        [1, 2],
        [{}],
        [{**GOOD, "loss": float("nan")}],
        [{**GOOD, "step": -1}],
        [{**GOOD, "loss": "high"}],
        [{**GOOD, "loss": 10**400}],
        [{**GOOD, "step": float("inf")}],
        [{**GOOD, "validation": {"loss": 1.0, "confusion": [[10**30]]}}],
        [GOOD, GOOD],
        [{**GOOD, "validation": {"loss": 1.0, "confusion": [[1, 2]]}}],
        [{**GOOD, "validation": {"loss": 1.0, "confusion": [[1], [2, 3]]}}],
        [{**GOOD, "validation": 3}],
    ],
)
def test_foreign_values_give_no_points(value: object) -> None:
    assert history.from_json(value) == ()

"""Temperature, calibration error and what is unlike anything learned, on numbers made for it."""

import json

import numpy as np
import pytest

import cnn_core as cnn
from cnn_core import functional as F
from cnn_core.calibration import (
    Calibration,
    _limit,
    calibrate,
    calibration_error,
    fit_familiarity,
    fit_temperature,
    hidden_layer,
)


def honest(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores (N, 4), and labels drawn with exactly the probabilities the scores claim."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, (count, 4)).astype(np.float32)
    chance = generator.random((count, 1))
    return logits, (F.softmax(logits).cumsum(axis=1) < chance).sum(axis=1).clip(0, 3)


@pytest.mark.parametrize("factor", [0.4, 1.0, 3.0])
def test_the_temperature_undoes_scores_that_claim_too_much_or_too_little(factor):
    logits, labels = honest(20_000)
    assert fit_temperature(logits * np.float32(factor), labels) == pytest.approx(factor, rel=0.05)


def test_where_everything_is_right_the_temperature_stays_in_its_bounds():
    assert fit_temperature(np.eye(3, dtype=np.float32), np.arange(3)) == pytest.approx(0.05, rel=0.01)


def test_calibration_error_as_counted_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.6, 0.4]])
    labels = np.array([0, 0, 1, 1, 1])
    # four answers at 0.9 of which three are right, one at 0.6 that is wrong
    assert calibration_error(probabilities, labels) == pytest.approx((4 * 0.15 + 0.6) / 5)


def test_a_probability_of_one_belongs_to_the_last_bin_and_of_its_edge_to_the_bin_below():
    sure = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert calibration_error(sure, np.array([0, 1])) == pytest.approx(0.5)
    edge = np.array([[0.5, 0.5], [0.5, 0.5]])
    assert calibration_error(edge, np.array([0, 1]), bins=2) == pytest.approx(0)


def test_temperature_brings_the_calibration_error_down():
    logits, labels = honest(20_000)
    logits *= 3
    scaled = Calibration(temperature=fit_temperature(logits, labels)).probabilities(logits)
    assert calibration_error(F.softmax(logits), labels) > 0.1
    assert calibration_error(scaled, labels) < 0.02


@pytest.mark.parametrize(
    ("preset", "index", "name"),
    [
        ("sample", 7, "Dense"),
        ("sample-batchnorm", 10, "BatchNorm"),
        ("lenet5", 9, "Dense"),
        ("tiny", 3, "Flatten"),
    ],
)
def test_the_hidden_layer_is_what_the_scores_are_made_of_before_its_activation(preset, index, name):
    architecture = cnn.presets.load(preset)
    assert hidden_layer(architecture) == index
    assert architecture.layers[index].name == name


def test_without_a_dense_layer_nothing_is_hidden():
    layers = (cnn.Conv2D(filters=2), cnn.GlobalAveragePooling2D(), cnn.Softmax())
    assert hidden_layer(cnn.Architecture((8, 8, 1), layers)) is None


def test_distances_count_in_units_of_each_class_s_own_spread():
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1], 2000)
    spread = np.where(labels == 0, 1.0, 10.0)[:, None]
    hidden = generator.normal(0, 1, (4000, 3)) * spread + np.where(labels == 0, 0, 100)[:, None]
    known = fit_familiarity(hidden, labels, 2)
    assert known is not None
    near, far = known.distances(np.array([[5.0, 0, 0], [105.0, 100, 100]]))
    assert near == pytest.approx(5, rel=0.2)
    assert far == pytest.approx(0.5, rel=0.2)


def test_what_lies_off_all_directions_kept_is_far_too():
    generator = np.random.default_rng(0)
    hidden = generator.normal(0, 1, (2000, 6)) * np.array([10, 10, 1, 1, 1, 1])
    known = fit_familiarity(hidden, np.arange(2000) % 2, 2, directions=2)
    assert known is not None
    usual, off = known.distances(np.array([[0, 0, 1, 1, 1, 1], [0, 0, 9, 9, 9, 9.0]]))
    assert usual < 2
    assert off > 5


def test_too_few_images_of_a_class_give_no_familiarity():
    assert fit_familiarity(np.random.default_rng(0).normal(size=(50, 8)), np.arange(50) // 49, 2) is None


def test_a_small_group_held_out_counts_as_much_as_a_large_one():
    near, far = np.linspace(0, 1, 10_000), np.linspace(10, 11, 100)
    assert _limit([near]) == pytest.approx(0.98, abs=0.01)
    assert _limit([near, far]) == pytest.approx(10.96, abs=0.01)


@pytest.fixture(scope="module")
def outcome():
    """A small network that tells three bright squares apart, calibrated."""
    images, labels = squares(1200, 0)
    held = cnn.Dataset(*squares(600, 1), ("a", "b", "c"), "held")
    layers = (cnn.Flatten(), cnn.Dense(units=8), cnn.ReLU(), cnn.Dense(units=3), cnn.Softmax())
    train = cnn.Dataset(images, labels, ("a", "b", "c"), "squares")
    network = cnn.Network.initialize(cnn.Architecture((8, 8, 1), layers), seed=1)
    trainer = cnn.Trainer(network, train=train, seed=1)
    for _ in trainer.run(epochs=4):
        pass
    return trainer.network, held, calibrate(trainer.network, train, [held])


def squares(count, seed):
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    images = generator.integers(0, 60, (count, 8, 8, 1), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 3, 2:6] += 180
    return images, labels


def flagged(network, calibration, images):
    hidden = network.activations(images)[calibration.layer]
    return np.mean([calibration.is_familiar(each) is False for each in hidden])


def test_what_was_held_out_is_familiar_and_noise_is_not(outcome):
    network, held, made = outcome
    noise = np.random.default_rng(2).integers(0, 256, (100, 8, 8, 1), dtype=np.uint8)
    assert made.accuracy > 0.95
    assert made.error_after <= made.error_before + 0.01
    assert flagged(network, made.calibration, held.images) <= 0.03
    assert flagged(network, made.calibration, noise) > 0.8


def test_a_calibration_survives_a_file(outcome, tmp_path):
    network, held, made = outcome
    path = tmp_path / "calibrated.cnn"
    cnn.checkpoint.save(path, cnn.Checkpoint(network=network, metadata=made.calibration.to_json()))
    metadata = cnn.checkpoint.load(path).metadata
    read = Calibration.from_json(metadata, network.architecture)
    assert read is not None and read.familiarity is not None
    assert read.temperature == made.calibration.temperature
    hidden = network.activations(held.images)[read.layer]
    np.testing.assert_allclose(
        read.familiarity.distances(hidden), made.calibration.familiarity.distances(hidden), rtol=0.01
    )


@pytest.mark.parametrize("temperature", [None, "1", 0, -1, 1e9, float("nan"), [1]])
def test_a_file_without_a_usable_temperature_has_no_calibration(outcome, temperature):
    assert Calibration.from_json({"temperature": temperature}, outcome[0].architecture) is None


@pytest.mark.parametrize(
    "change",
    [
        {"center": [1.0]},
        {"means": "far"},
        {"directions_kept": 10**6},
        {"directions_kept": None},
        {"limit": float("nan")},
        {"limit": "near"},
        {"whitening": None},
    ],
)
def test_a_familiarity_that_does_not_fit_the_network_is_left_out(outcome, change):
    network, _, made = outcome
    values = json.loads(json.dumps(made.calibration.to_json()))
    values["familiarity"] |= change
    read = Calibration.from_json(values, network.architecture)
    assert read is not None
    assert read.familiarity is None
    assert read.is_familiar(np.zeros(8)) is None


def test_a_value_that_is_no_number_among_many_is_noticed(outcome):
    network, _, made = outcome
    values = json.loads(json.dumps(made.calibration.to_json()))
    values["familiarity"]["means"][3] = None
    read = Calibration.from_json(values, network.architecture)
    assert read is not None and read.familiarity is None

"""Temperature, calibration error and what is unlike anything learned, on numbers made for it."""

import json

import numpy as np
import pytest

import cnn_core as cnn
from cnn_core import functional as F
from cnn_core.calibration import (
    Calibration,
    calibrate,
    calibration_error,
    fit_temperature,
)
from cnn_core.familiarity import hidden_layer


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
    return np.mean(~calibration.answered(network.logits(images), network.activations(images))[1])


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
    activations = network.activations(held.images)
    strangeness = made.calibration.familiarity.strangeness(activations)
    np.testing.assert_allclose(read.familiarity.strangeness(activations), strangeness, rtol=0.02, atol=0.01)


def test_a_file_that_knows_the_hidden_layer_alone_is_read(outcome):
    network, held, made = outcome
    layer = hidden_layer(network.architecture)
    values = json.loads(json.dumps(made.calibration.to_json()))
    of_layer = next(each for each in values["familiarity"]["layers"] if each["layer"] == layer)
    names = ("directions_kept", "center", "directions", "means", "whitening")
    values["familiarity"] = {"limit": 2.5, **{name: of_layer[name] for name in names}}
    read = Calibration.from_json(values, network.architecture)
    spread = next(each for each in made.calibration.familiarity.spreads if each.layer == layer)
    activations = network.activations(held.images)
    np.testing.assert_allclose(
        read.familiarity.strangeness(activations), spread.distances(activations[layer]), rtol=0.02, atol=0.01
    )
    assert read.familiarity.limit == 2.5


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
        {"layer": 99},
        {"layer": -1},
        {"layer": "1"},
        {"deviation": 0},
        {"usual": float("nan")},
        {"whitening": None},
    ],
)
def test_a_layer_that_does_not_fit_the_network_leaves_familiarity_out(outcome, change):
    network, held, made = outcome
    values = json.loads(json.dumps(made.calibration.to_json()))
    values["familiarity"]["layers"][0] |= change
    read = Calibration.from_json(values, network.architecture)
    assert read is not None
    assert read.familiarity is None
    logits = network.logits(held.images)
    probabilities, familiar = read.answered(logits, network.activations(held.images))
    assert familiar is None
    np.testing.assert_array_equal(probabilities, read.probabilities(logits))


@pytest.mark.parametrize(
    "change",
    [{"limit": float("nan")}, {"limit": "near"}, {"layers": []}, {"layers": [{}] * 1000}, {"layers": 7}],
)
def test_a_familiarity_that_does_not_fit_is_left_out(outcome, change):
    network, _, made = outcome
    values = json.loads(json.dumps(made.calibration.to_json()))
    values["familiarity"] |= change
    read = Calibration.from_json(values, network.architecture)
    assert read is not None and read.familiarity is None


def test_a_value_that_is_no_number_among_many_is_noticed(outcome):
    network, _, made = outcome
    values = json.loads(json.dumps(made.calibration.to_json()))
    values["familiarity"]["layers"][0]["means"][3] = None
    read = Calibration.from_json(values, network.architecture)
    assert read is not None and read.familiarity is None


@pytest.fixture(scope="module")
def taught(outcome):
    """The same network, calibrated with images of no class: squares at the right edge, across all rows."""
    network, held, _ = outcome
    train = cnn.Dataset(*squares(1200, 0), ("a", "b", "c"), "squares")
    return network, held, calibrate(network, train, [held], foreign(900, 3)).calibration


def foreign(count, seed):
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 60, (count, 8, 8, 1), dtype=np.uint8)
    for image, row in zip(images, generator.integers(0, 5, count), strict=True):
        image[row : row + 4, 4:] += 180
    return images


def test_what_belongs_to_no_class_is_learned_and_survives_a_file(outcome, taught, tmp_path):
    network, held, made = taught
    path = tmp_path / "taught.cnn"
    cnn.checkpoint.save(path, cnn.Checkpoint(network=network, metadata=made.to_json()))
    read = Calibration.from_json(cnn.checkpoint.load(path).metadata, network.architecture)
    assert read is not None and read.familiarity.outliers is not None
    others = foreign(200, 4)
    assert flagged(network, read, others) >= max(0.9, flagged(network, outcome[2].calibration, others))
    assert flagged(network, read, held.images) <= 0.03
    far = read.familiarity.strangeness(network.activations(held.images)) > read.familiarity.limit
    assert far.mean() == pytest.approx(0.005, abs=0.002)
    noise = np.random.default_rng(2).integers(0, 256, (100, 8, 8, 1), dtype=np.uint8)
    assert flagged(network, read, noise) > 0.7


def test_what_may_belong_to_no_class_is_answered_with_less_but_not_otherwise(taught):
    network, held, made = taught
    for images, least, most in ((held.images, 0.95, 1.0), (foreign(200, 5), 0.3, 0.7)):
        logits, activations = network.logits(images), network.activations(images)
        plain, (doubted, _) = made.probabilities(logits), made.answered(logits, activations)
        np.testing.assert_array_equal(plain.argmax(axis=1), doubted.argmax(axis=1))
        np.testing.assert_allclose(doubted.sum(axis=1), 1, atol=1e-5)
        assert (doubted.max(axis=1) <= plain.max(axis=1) + 1e-6).all()
        assert least < doubted.max(axis=1).mean() / plain.max(axis=1).mean() <= most


def test_where_no_outliers_are_known_activations_change_no_probability(outcome):
    network, held, made = outcome
    logits, activations = network.logits(held.images), network.activations(held.images)
    answered, _ = made.calibration.answered(logits, activations)
    np.testing.assert_array_equal(answered, made.calibration.probabilities(logits))


@pytest.mark.parametrize(
    "change",
    [
        {"weights": [1.0]},
        {"weights": None},
        {"weights": [None] * 1000},
        {"biases": [0.0, float("nan"), 0.0]},
        {"biases": [0.0] * 4},
        {"limit": "far"},
        {"limit": float("inf")},
    ],
)
def test_outliers_that_do_not_fit_leave_familiarity_out(taught, change):
    network, _, made = taught
    values = json.loads(json.dumps(made.to_json()))
    values["familiarity"]["outliers"] |= change
    read = Calibration.from_json(values, network.architecture)
    assert read is not None and read.familiarity is None


@pytest.mark.parametrize("outliers", [7, [], "none", True])
def test_outliers_of_another_kind_leave_familiarity_out(taught, outliers):
    network, _, made = taught
    values = json.loads(json.dumps(made.to_json()))
    values["familiarity"]["outliers"] = outliers
    assert Calibration.from_json(values, network.architecture).familiarity is None

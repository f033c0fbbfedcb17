"""What is unlike anything learned: distances from classes, in several layers, on numbers made for it."""

from dataclasses import replace

import numpy as np
import pytest

import cnn_core as cnn
from cnn_core import familiarity
from cnn_core.familiarity import (
    Familiarity,
    Spread,
    features,
    fit_familiarity,
    fit_spread,
    hidden_layer,
    limit_of,
    watched_layers,
)
from cnn_core.outliers import Outliers


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
    known = fit_spread(1, hidden, labels, 2)
    assert known is not None
    near, far = known.distances(np.array([[5.0, 0, 0], [105.0, 100, 100]]))
    assert near == pytest.approx(5, rel=0.2)
    assert far == pytest.approx(0.5, rel=0.2)


def test_what_lies_off_all_directions_kept_is_far_too():
    generator = np.random.default_rng(0)
    hidden = generator.normal(0, 1, (2000, 6)) * np.array([10, 10, 1, 1, 1, 1])
    known = fit_spread(1, hidden, np.arange(2000) % 2, 2, directions=2)
    assert known is not None
    usual, off = known.distances(np.array([[0, 0, 1, 1, 1, 1], [0, 0, 9, 9, 9, 9.0]]))
    assert usual < 2
    assert off > 5


def test_too_few_images_of_a_class_give_no_familiarity():
    values = np.random.default_rng(0).normal(size=(50, 8))
    assert fit_spread(1, values, np.arange(50) // 49, 2) is None


def test_a_small_group_held_out_counts_as_much_as_a_large_one():
    near, far = np.linspace(0, 1, 10_000), np.linspace(10, 11, 100)
    assert limit_of([near]) == pytest.approx(0.975, abs=0.01)
    assert limit_of([near, far]) == pytest.approx(10.95, abs=0.01)


@pytest.mark.parametrize(
    ("preset", "kinds"),
    [
        ("sample", ("MaxPool2D", "MaxPool2D", "Dense", "Dense")),
        ("sample-batchnorm", ("MaxPool2D", "MaxPool2D", "BatchNorm", "Dense")),
        ("lenet5", ("AvgPool2D", "AvgPool2D", "Conv2D", "Dense", "Dense")),
        ("vgg", ("MaxPool2D", "MaxPool2D", "Dense", "Dense")),
    ],
)
def test_smaller_maps_the_hidden_layer_and_the_scores_are_looked_at(preset, kinds):
    architecture = cnn.presets.load(preset)
    watched = watched_layers(architecture)
    assert tuple(architecture.layers[index].name for index in watched) == kinds
    assert hidden_layer(architecture) in watched


def test_layers_too_wide_are_not_looked_at():
    layers = (cnn.Flatten(), cnn.Dense(units=2000), cnn.ReLU(), cnn.Dense(units=3), cnn.Softmax())
    assert watched_layers(cnn.Architecture((8, 8, 1), layers)) == (3,)


def test_the_features_of_maps_are_their_means():
    maps = np.random.default_rng(0).normal(size=(2, 5, 4, 3))
    np.testing.assert_allclose(features(maps), maps.mean(axis=(1, 2)))
    assert features(maps[:, 0, 0]) is not None
    np.testing.assert_array_equal(features(maps[:, 0, 0]), maps[:, 0, 0])


def around_zero(layer, usual, deviation):
    """One class around zero, in units of one, of two features."""
    return Spread(
        layer=layer,
        center=np.zeros(2),
        directions=np.eye(2),
        means=np.zeros((1, 3)),
        whitening=np.eye(3)[None],
        usual=usual,
        deviation=deviation,
    )


def test_what_each_layer_finds_beyond_the_usual_is_added_up():
    known = Familiarity(spreads=(around_zero(0, 1, 2), around_zero(2, 2, 1)), limit=4.0)
    unused = np.full((3, 5), np.nan)
    first, last = np.array([[7.0, 0], [0.5, 0], [0, 0]]), np.array([[0, 6.0], [0, 5], [0, 0]])
    strangeness = known.strangeness([first, unused, last])
    assert strangeness == pytest.approx([7, 3, 0])


def test_outliers_are_also_told_by_the_distance():
    by_distance = Outliers(weights=np.array([[0, 0, 1.0]]), biases=np.zeros(1), limit=np.log1p(3))
    known = Familiarity(spreads=(around_zero(0, 0, 1),), limit=10.0, outliers=by_distance)
    places = np.array([[2.9, 0], [0, 3.1], [11, 0]])
    assert known.judged([places, np.zeros((3, 1))]).strange.tolist() == [False, True, True]
    inside = replace(by_distance, limit=99.0)
    assert replace(known, outliers=inside).judged([places, np.zeros((3, 1))]).strange.tolist() == [0, 0, 1]


def test_trust_falls_with_the_odds_to_an_even_one_where_both_are_as_likely(monkeypatch):
    monkeypatch.setattr(familiarity, "FOREIGN", 1 / 3)
    by_distance = Outliers(weights=np.array([[0, 0, 1.0]]), biases=np.array([-np.log1p(3)]), limit=5.0)
    known = Familiarity(spreads=(around_zero(0, 0, 1),), limit=10.0, outliers=by_distance)
    places = np.array([[0, 0], [0, 3.0], [7, 0], [30, 0]])  # at the third the odds are two to one
    trust = known.judged([places, np.zeros((4, 1))]).trust
    odds = 1 / 2 * np.array([1, 4, 8, 31]) / 4
    assert trust == pytest.approx(1 / (1 + odds))
    assert trust[2] == pytest.approx(0.5)
    assert replace(known, outliers=None).judged([places, np.zeros((4, 1))]).trust.tolist() == [1] * 4


def test_too_few_images_of_a_class_leave_it_unknown():
    network = cnn.Network.initialize(cnn.presets.load("tiny"), seed=0)
    few = cnn.datasets.digits.generate(200, seed=1)
    assert fit_familiarity(network, few, [few]) is None


def test_more_classes_than_a_file_has_room_for_leave_it_unknown(monkeypatch):
    network = cnn.Network.initialize(cnn.presets.load("tiny"), seed=0)
    digits = cnn.datasets.digits.generate(1000, seed=1)
    assert fit_familiarity(network, digits, [digits]) is not None
    monkeypatch.setattr(familiarity, "MOST_CLASSES", 9)
    assert fit_familiarity(network, digits, [digits]) is None


def test_the_limit_leaves_one_in_forty_outside():
    network = cnn.Network.initialize(cnn.presets.load("tiny"), seed=0)
    train, held = cnn.datasets.digits.generate(1000, seed=1), cnn.datasets.digits.generate(500, seed=2)
    known = fit_familiarity(network, train, [held])
    outside = known.strangeness(network.activations(held.images)) > known.limit
    assert outside.mean() == pytest.approx(0.025, abs=0.0011)
    blank = np.zeros((1, 28, 28, 1), np.uint8)
    assert known.strangeness(network.activations(255 - blank))[0] > known.limit

"""Colours mean the same along a chain, and their range is the one asked for."""

import numpy as np
import pytest

import cnn_core as cnn
from playground.views.scales import layer_scales, scale_rules

LAYERS = (
    *(cnn.Conv2D(filters=2), cnn.ReLU(), cnn.MaxPool2D(), cnn.Flatten()),
    *(cnn.Dense(units=3), cnn.Tanh(), cnn.Dense(units=2), cnn.Softmax()),
)


def activations() -> list[np.ndarray]:
    conv = np.zeros((4, 4, 2), np.float32)
    conv[0, 0] = -6, 1
    conv[2, 2] = 2, 0.5
    relu = np.maximum(conv, 0)
    return [
        *(conv, relu, relu[::2, ::2], relu[::2, ::2].reshape(-1)),
        *(np.float32([3, -1, 0]), np.float32([0.9, -0.7, 0]), np.float32([8, 2]), np.float32([0.9, 0.1])),
    ]


def test_a_relu_reaches_to_what_it_lets_through_and_pooling_inherits_that() -> None:
    scales = layer_scales(scale_rules(LAYERS), activations(), "layer")
    assert [scale.limit for scale in scales[:4]] == [6, 2, 2, 2]
    assert [scale.signed for scale in scales[:4]] == [True, False, False, False]


def test_each_channel_for_itself_inherits_too() -> None:
    scales = layer_scales(scale_rules(LAYERS), activations(), "channel")
    assert [np.asarray(scale.limit).tolist() for scale in scales[:3]] == [[6, 1], [2, 1], [2, 1]]


def test_one_range_for_the_network_leaves_out_what_ends_at_one() -> None:
    scales = layer_scales(scale_rules(LAYERS), activations(), "network")
    assert [scale.limit for scale in scales] == [8, 8, 8, 8, 8, 1, 8, 1]


def test_bounded_activations_know_their_range() -> None:
    scales = layer_scales(scale_rules(LAYERS), activations(), "layer")
    assert (scales[5].limit, scales[5].signed) == (1, True)
    assert (scales[7].limit, scales[7].signed) == (1, False)


@pytest.mark.parametrize("layer", [cnn.LeakyReLU(), cnn.GELU(), cnn.MaxPool2D(), cnn.Dropout()])
def test_what_can_be_negative_stays_signed(layer: cnn.Layer) -> None:
    assert scale_rules((cnn.Conv2D(filters=2), layer))[1].signed


def test_layers_without_values_have_no_scale() -> None:
    scales = layer_scales(scale_rules(LAYERS), [None] * len(LAYERS), "layer")
    assert scales == [None] * len(LAYERS)


def test_numbers_that_are_none_do_not_set_the_range() -> None:
    values = np.float32([np.nan, 2, -np.inf])
    scales = layer_scales(scale_rules((cnn.Dense(units=3),)), [values], "layer")
    assert scales[0].limit == 2


def test_few_loud_channels_do_not_pale_the_others() -> None:
    values = np.random.default_rng(0).uniform(-1, 1, (5, 5, 20)).astype(np.float32)
    values[2, 2, 3] = 9
    layers = (cnn.Conv2D(filters=20), cnn.ReLU())
    convolution, relu = layer_scales(scale_rules(layers), [values, np.maximum(values, 0)], "layer")
    assert 0.9 < convolution.limit <= 1
    assert 0.9 < relu.limit <= 1
    assert convolution.words("1.00") == "±1.00+"
    assert relu.words("1.00") == "0–1.00+"
    (alone,) = layer_scales(scale_rules(layers[:1]), [values[:, :, 4:]], "layer")
    assert alone.limit == np.abs(values[:, :, 4:]).max()
    assert alone.words("1.00") == "±1.00"


def test_the_living_channels_of_a_relu_do_not_pass_for_loud_ones() -> None:
    values = np.zeros((5, 5, 20), np.float32)
    values[2, 2, :3] = 0.1, 2, 3
    (relu,) = layer_scales(scale_rules((cnn.ReLU(),)), [values], "layer")
    assert (relu.limit, relu.cut) == (3, False)

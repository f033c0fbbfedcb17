"""Initialisers: their variances, their limits, and that layers count their inputs and outputs rightly."""

from dataclasses import replace

import numpy as np
import pytest

from cnn_core import INITIALIZERS, Conv2D, Dense

VARIANCES = {
    "he_normal": lambda fan_in, fan_out: 2 / fan_in,
    "he_uniform": lambda fan_in, fan_out: 2 / fan_in,
    "glorot_normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "glorot_uniform": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "lecun_normal": lambda fan_in, fan_out: 1 / fan_in,
    "zeros": lambda fan_in, fan_out: 0,
}
LAYERS = {
    "dense": (Dense(units=300), (200,), 200, 300),
    "convolution": (Conv2D(filters=64, kernel_size=(3, 5)), (9, 9, 20), 300, 960),
    "groups": (Conv2D(filters=64, kernel_size=5, groups=4), (9, 9, 16), 100, 400),
    "depthwise": (Conv2D(filters=512, kernel_size=7, groups=512), (9, 9, 512), 49, 49),
}


def test_every_initializer_is_tested_here():
    assert set(INITIALIZERS) == set(VARIANCES)


@pytest.mark.parametrize("name", VARIANCES)
def test_the_variance_is_as_said_and_the_mean_zero(name):
    fan_in, fan_out = 80, 40
    values = INITIALIZERS[name]((400, 500), fan_in, fan_out, np.random.default_rng(1))
    variance = VARIANCES[name](fan_in, fan_out)
    assert values.dtype == np.float32
    assert values.var() == pytest.approx(variance, rel=0.02)
    assert abs(values.mean()) <= 5 * (variance / values.size) ** 0.5
    if name.endswith("uniform"):
        assert np.abs(values).max() <= (3 * variance) ** 0.5 * (1 + 1e-6)


@pytest.mark.parametrize("name", VARIANCES)
def test_the_same_generator_gives_the_same_values(name):
    one, two = (INITIALIZERS[name]((3, 4), 3, 4, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(("layer", "input_shape", "fan_in", "fan_out"), LAYERS.values(), ids=LAYERS.keys())
@pytest.mark.parametrize("name", ["he_normal", "glorot_uniform"])
def test_layers_count_inputs_and_outputs_of_their_weights(layer, input_shape, fan_in, fan_out, name):
    parameters, _ = replace(layer, initializer=name).init(input_shape, np.random.default_rng(2))
    weight = parameters["weight"]
    assert weight.var() == pytest.approx(VARIANCES[name](fan_in, fan_out), rel=0.05)


def test_biases_start_at_zero():
    parameters, _ = Dense(units=7).init((5,), np.random.default_rng(0))
    assert not parameters["bias"].any()

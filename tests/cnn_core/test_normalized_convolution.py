"""The first convolution and its batch normalisation as one step: the numbers of both, one after the other."""

import numpy as np
import plain_network
import pytest
from some_team import gather

from cnn_core import Architecture, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from cnn_core.execution import Executor
from cnn_core.functional.geometry import window
from cnn_core.functional.normalized_sums import moments_of_sums, window_moments
from cnn_core.layers import Context
from cnn_core.layers.normalized_convolution import NormalizedConv2D
from cnn_core.layers.pooled_normalization import PooledBatchNorm
from cnn_core.plan import CHUNK_BYTES, plan

CONVOLUTIONS = {
    "3x3": (Conv2D(filters=20), (7, 8, 2)),
    "without bias": (Conv2D(filters=20, bias=False), (7, 8, 2)),
    "stride and padding": (Conv2D(filters=13, stride=(2, 1), padding=(1, 2)), (7, 8, 1)),
    "dilation": (Conv2D(filters=9, dilation=2, padding="same"), (7, 8, 1)),
    "1x1 of many channels": (Conv2D(filters=9, kernel_size=1), (6, 6, 7)),
    "3x1 of many channels": (Conv2D(filters=21, kernel_size=(3, 1)), (6, 6, 5)),
}
MINE = {"momentum": 0.3, "epsilon": 0.01}  # not those that a normalisation has where none are given
KINDS = pytest.mark.parametrize(("conv", "input_shape"), CONVOLUTIONS.values(), ids=CONVOLUTIONS)


def parameters_of(conv, input_shape, generator):
    shapes = conv.parameter_shapes(input_shape) | {"gamma": (conv.filters,), "beta": (conv.filters,)}
    found = {name: generator.standard_normal(shape) for name, shape in shapes.items()}
    found["gamma"][1] = 0
    return found


def through(layer, chunks, dys, parameters):
    """Return (y, cache's gradients summed over the chunks, totals) of a normalisation run chunk by chunk."""
    context = Context(training=True)
    measured = [layer.moments(chunk, parameters, context) for chunk in chunks]
    batch = layer.merge([moments for moments, _ in measured])
    ahead = [layer.normalize(kept, batch, parameters, context) for _, kept in measured]
    parts = [
        layer.sums(dy.copy(), cache, parameters, context) for dy, (_, cache) in zip(dys, ahead, strict=True)
    ]
    totals = {name: sum(part[name] for part in parts) for name in parts[0]}
    back = [
        layer.backward_with_sums(dy.copy(), cache, parameters, totals, context)
        for dy, (_, cache) in zip(dys, ahead, strict=True)
    ]
    return np.concatenate([y for y, _ in ahead]), back, totals, batch


@pytest.mark.parametrize("cuts", [(), (2,), (1, 2, 4)])
@pytest.mark.parametrize("pool", [None, MaxPool2D()])
@KINDS
def test_outputs_statistics_and_gradients_are_those_of_the_layers_apart(conv, input_shape, pool, cuts):
    g = np.random.default_rng(3)
    parameters, context = parameters_of(conv, input_shape, g), Context(training=True)
    x = g.standard_normal((5, *input_shape)) + 3
    joined = NormalizedConv2D.join(conv, BatchNorm(**MINE), input_shape)
    apart = BatchNorm(**MINE) if pool is None else PooledBatchNorm(pool=pool, **MINE)
    if pool is not None:
        joined = NormalizedConv2D.with_pooling(joined, pool)
    dy = g.standard_normal((5, *joined.output_shape(input_shape)))
    dys = np.split(dy, cuts)

    y, back, totals, batch = through(joined, np.split(x, cuts), dys, parameters)
    z, cache = conv.forward(x, parameters, context)
    expected, expected_back, expected_totals, statistics = through(apart, [z], [dy], parameters)
    _, gradients = conv.backward(expected_back[0][0], cache, parameters, context)

    np.testing.assert_allclose(batch.mean, statistics.mean, rtol=1e-10)
    np.testing.assert_allclose(batch.squares, statistics.squares, rtol=1e-8)
    # Where gamma is 0, all numbers of a window are equal, and each way may take another one for the largest.
    seen = parameters["gamma"] != 0
    np.testing.assert_allclose(y[..., seen], expected[..., seen], rtol=1e-8, atol=1e-9)
    for name in ("gamma", "beta"):
        np.testing.assert_allclose(totals[name][seen], expected_totals[name][seen], rtol=1e-7, atol=1e-9)
    assert all(dx is None for dx, _ in back)
    for name in conv.parameter_shapes(input_shape):
        found = sum(one[name] for _, one in back)[..., seen]
        np.testing.assert_allclose(found, gradients[name][..., seen], rtol=1e-7, atol=1e-8)


def test_bright_images_that_differ_little_lose_no_precision():
    g = np.random.default_rng(0)
    x = (0.9 + 0.002 * g.standard_normal((8, 9, 9, 1))).astype(np.float32)
    weight = g.standard_normal((3, 3, 1, 16)).astype(np.float32)
    w = window((9, 9), (3, 3))
    found = moments_of_sums(window_moments(x, w), weight, None)
    exact, _ = Conv2D(filters=16, bias=False).forward(
        x.astype(np.float64), {"weight": weight.astype(np.float64)}, Context()
    )
    np.testing.assert_allclose(found.mean, exact.mean(axis=(0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(found.variance, exact.var(axis=(0, 1, 2)), rtol=1e-6)


def test_rounding_makes_no_variance_negative():
    g, w = np.random.default_rng(0), window((9, 9), (3, 3))
    stripes = np.repeat(g.random((3, 1, 9, 2), np.float32), 9, axis=1)
    weight = g.standard_normal((3, 3, 2, 50))
    weight[1], weight[2] = 0, -weight[0]  # sees no difference but those from row to row
    found = moments_of_sums(window_moments(stripes, w), weight, None)
    np.testing.assert_allclose(found.squares, 0, atol=1e-9)
    assert found.squares.min() == 0


def test_images_without_any_difference_have_no_variance_and_give_beta():
    architecture = network_of(Conv2D(filters=16), BatchNorm())
    network = plain_network.random_network(architecture, 1)
    images = np.full((4, *architecture.input_shape), 255, np.uint8)
    with Executor(architecture, 1) as executor:
        result = executor.loss_and_gradients(network.parameters, network.buffers, images, np.arange(4))
    assert np.isfinite(result.loss)
    assert all(np.isfinite(gradient).all() for gradient in result.gradients.values())
    np.testing.assert_allclose(result.buffers["1.running_var"], 0.9 * network.buffers["1.running_var"], 1e-6)


def network_of(*layers):
    return Architecture((8, 8, 1), (*layers, ReLU(), MaxPool2D(), Flatten(), Dense(units=4)))


def joined_in(architecture, training=True):
    steps = [s for part in plan(architecture, training) for s in (*part.steps, part.departure) if s]
    return [s for s in steps if isinstance(s.layer, NormalizedConv2D)]


@pytest.mark.parametrize("before", [(), (Dropout(rate=0.5),), (MaxPool2D(stride=1),)])
def test_the_first_layer_that_learns_takes_its_normalisation_along_in_training_alone(before):
    architecture = network_of(*before, Conv2D(filters=16), BatchNorm())
    (step,) = joined_in(architecture)
    assert (step.first, step.index) == (len(before), len(before) + 1)
    assert step.layer.output_shape((8, 8, 1)) == (3, 3, 16)  # its pooling too
    assert joined_in(architecture, training=False) == []


@pytest.mark.parametrize(
    "layers",
    [
        (Conv2D(filters=2), BatchNorm()),  # a window has 9 numbers: no less work
        (Conv2D(filters=16), ReLU(), BatchNorm()),
        (BatchNorm(), Conv2D(filters=16), BatchNorm()),
        (Conv2D(filters=9, groups=1), Conv2D(filters=9, groups=9), BatchNorm()),
    ],
)
def test_others_are_run_apart(layers):
    assert joined_in(network_of(*layers)) == []


def test_convolutions_in_groups_are_run_apart():
    assert NormalizedConv2D.join(Conv2D(filters=32), BatchNorm(), (8, 8, 2)) is not None
    assert NormalizedConv2D.join(Conv2D(filters=32, groups=2), BatchNorm(), (8, 8, 2)) is None


def test_chunks_hold_as_many_images_as_there_is_room_for_windows():
    layers = (Conv2D(filters=32), BatchNorm(), MaxPool2D(), Flatten(), Dense(units=4))
    measured, normalized, *_ = plan(Architecture((64, 64, 3), layers), True)
    one = 4 * (64 * 64 * 3 + 31 * 31 * 32 + 62 * 62 * 27)  # an image, its pooled outputs and its windows
    assert measured.images == normalized.images == CHUNK_BYTES // one
    assert measured.input_shape == normalized.input_shape == (64, 64, 3)


@pytest.mark.parametrize(
    ("side", "count", "bias", "pool"),
    [
        (12, 70, True, MaxPool2D()),
        (12, 70, False, MaxPool2D(pool_size=3, stride=2)),
        (72, 64, True, MaxPool2D(pool_size=6, stride=5)),  # a shard of 32 takes more than one chunk
    ],
)
def test_a_network_has_the_gradients_of_its_layers_apart_on_any_number_of_processes(side, count, bias, pool):
    architecture = Architecture(
        (side, side, 1),
        (Conv2D(filters=24, bias=bias), BatchNorm(**MINE), ReLU(), pool, Flatten(), Dense(units=4)),
    )
    assert (plan(architecture, True)[0].images < 32) is (side == 72)
    network = plain_network.random_network(architecture, 2)
    images, labels = plain_network.images_and_labels(architecture, count)
    loss, gradients, buffers = plain_network.loss_and_gradients(network, images, labels)
    results = []
    for processes in (1, 2):
        with Executor(architecture, processes) as executor:
            gather(executor)
            results.append(executor.loss_and_gradients(network.parameters, network.buffers, images, labels))
    assert [result.processes for result in results] == [1, 2]
    assert results[0].loss == pytest.approx(loss, rel=1e-5)
    for name, gradient in results[0].gradients.items():
        assert gradient.dtype == np.float32, name
        np.testing.assert_array_equal(gradient, results[1].gradients[name], err_msg=name)
        scale = max(np.abs(gradients[name]).max(), 1e-3)
        np.testing.assert_allclose(gradient, gradients[name], rtol=0, atol=1e-4 * scale, err_msg=name)
    for name, value in results[0].buffers.items():
        assert value.dtype == np.float32, name
        np.testing.assert_allclose(value, buffers[name], rtol=1e-5, atol=1e-6)

"""Every layer, in every setting: gradients against directional differences in float64, shapes and fields."""

from dataclasses import fields

import numpy as np
import pytest
from plain_loops import dirty

from cnn_core import (
    GELU,
    LAYERS,
    ArchitectureError,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from cnn_core.layers import Context
from cnn_core.layers.pooled_normalization import PooledBatchNorm

CASES = [
    ((5, 6, 2), Conv2D(filters=3)),
    ((5, 6, 2), Conv2D(filters=3, bias=False, padding=1)),
    ((6, 7, 2), Conv2D(filters=4, kernel_size=(3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2))),
    ((7, 7, 1), Conv2D(filters=3, kernel_size=5, padding="same", stride=2)),
    ((4, 5, 3), Conv2D(filters=3, kernel_size=(4, 5))),
    ((1, 1, 3), Conv2D(filters=4, kernel_size=1)),
    ((7, 6, 2), Conv2D(filters=3, kernel_size=2, stride=3)),
    ((5, 5, 4), Conv2D(filters=6, groups=2, padding=1)),
    ((5, 5, 3), Conv2D(filters=3, groups=3)),
    ((5, 5, 2), Conv2D(filters=6, groups=2, stride=2, padding="same")),
    ((6, 6, 2), MaxPool2D()),
    ((7, 6, 2), MaxPool2D(pool_size=3, stride=2, padding=1)),
    ((6, 7, 2), MaxPool2D(pool_size=(2, 3), stride=1, padding="same")),
    ((7, 7, 2), MaxPool2D(pool_size=2, stride=3)),
    ((6, 6, 2), AvgPool2D()),
    ((7, 6, 2), AvgPool2D(pool_size=3, stride=2, padding=1)),
    ((6, 7, 2), AvgPool2D(pool_size=(2, 3), stride=(1, 2), padding="same")),
    ((4, 5, 3), GlobalAveragePooling2D()),
    ((7,), Dense(units=4)),
    ((7,), Dense(units=1, bias=False)),
    ((3, 4, 2), Flatten()),
    ((6,), Flatten()),
    ((9,), Dropout(rate=0.4)),
    ((3, 4, 2), Dropout(rate=0.8)),
    ((9,), Dropout(rate=0.0)),
    ((3, 4, 2), ReLU()),
    ((3, 4, 2), LeakyReLU(negative_slope=0.2)),
    ((9,), LeakyReLU()),
    ((3, 4, 2), GELU()),
    ((3, 4, 2), Sigmoid()),
    ((3, 4, 2), Tanh()),
    ((5,), Softmax()),
    ((3, 4, 5), Softmax()),
    ((5, 4, 3), BatchNorm()),
    ((6,), BatchNorm(epsilon=0.1)),
    ((1, 1, 3), BatchNorm()),
]
STEP = 1e-6
IMAGES = 5


def case_name(value):
    return f"{value.name}" if hasattr(value, "name") else "x".join(map(str, value))


def context(**settings):
    return Context(
        training=True,
        new=dirty,
        scratch=dirty,
        generator=lambda: np.random.default_rng(11),
        **settings,
    )


def start(layer, input_shape):
    """Return (x, parameters) in float64."""
    g = np.random.default_rng(7)
    parameters = {k: g.standard_normal(s) for k, s in layer.parameter_shapes(input_shape).items()}
    return g.standard_normal((IMAGES, *input_shape)), parameters


def both_ways(layer, x, parameters, weights, cuts=()):
    """Return (output, dx, gradients) of the loss sum(weights * output), in chunks for BatchNorm."""
    if not isinstance(layer, BatchNorm):
        y, cache = layer.forward(x, parameters, context())
        dx, gradients = layer.backward(weights.copy(), cache, parameters, context())
        return y, dx, gradients
    chunks, dys = np.split(x, cuts), [d.copy() for d in np.split(weights, cuts)]
    measured = [layer.moments(chunk, parameters, context()) for chunk in chunks]
    batch = layer.merge([moments for moments, _ in measured])
    ahead = [layer.normalize(kept, batch, parameters, context()) for _, kept in measured]
    parts = [layer.sums(dy, cache, parameters, context()) for dy, (_, cache) in zip(dys, ahead, strict=True)]
    totals = {name: sum(part[name] for part in parts) for name in parts[0]}
    dxs = [
        layer.backward_with_sums(dy, cache, parameters, totals, context())[0]
        for dy, (_, cache) in zip(dys, ahead, strict=True)
    ]
    return np.concatenate([y for y, _ in ahead]), np.concatenate(dxs), totals


def weights_for(layer, input_shape):
    return np.random.default_rng(8).standard_normal((IMAGES, *layer.output_shape(input_shape)))


def check_along_random_directions(layer, input_shape, cuts=()):
    x, parameters = start(layer, input_shape)
    weights = weights_for(layer, input_shape)
    _, dx, gradients = both_ways(layer, x, parameters, weights, cuts)
    g = np.random.default_rng(9)
    for _ in range(4):
        direction = g.standard_normal(x.shape)
        turns = {k: g.standard_normal(p.shape) for k, p in parameters.items()}

        def loss(step, direction=direction, turns=turns):
            moved = {k: p + step * turns[k] for k, p in parameters.items()}
            y, _, _ = both_ways(layer, x + step * direction, moved, weights, cuts)
            return (weights * y).sum()

        slope = (loss(STEP) - loss(-STEP)) / (2 * STEP)
        expected = (dx * direction).sum() + sum((gradients[k] * turns[k]).sum() for k in parameters)
        assert expected == pytest.approx(slope, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("input_shape", "layer"), CASES, ids=case_name)
def test_gradients_equal_differences_along_random_directions(input_shape, layer):
    check_along_random_directions(layer, input_shape)


@pytest.mark.parametrize("cuts", [(2,), (1, 2), (1, 2, 3, 4)])
@pytest.mark.parametrize("input_shape", [(5, 4, 3), (6,), (1, 1, 3)])
def test_batch_norm_in_chunks_has_the_gradients_of_the_whole_batch(input_shape, cuts):
    check_along_random_directions(BatchNorm(), input_shape, cuts)
    layer, (x, parameters) = BatchNorm(), start(BatchNorm(), input_shape)
    weights = weights_for(layer, input_shape)
    whole, parts = both_ways(layer, x, parameters, weights), both_ways(layer, x, parameters, weights, cuts)
    np.testing.assert_allclose(parts[0], whole[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(parts[1], whole[1], rtol=1e-9, atol=1e-12)
    for name in whole[2]:
        np.testing.assert_allclose(parts[2][name], whole[2][name], rtol=1e-9)


@pytest.mark.parametrize("cuts", [(), (2,), (1, 2)])
@pytest.mark.parametrize("pool", [MaxPool2D(), MaxPool2D(pool_size=(2, 1), stride=1)])
def test_pooled_batch_norm_has_the_gradients_of_differences_along_random_directions(pool, cuts):
    check_along_random_directions(PooledBatchNorm(pool=pool), (5, 4, 3), cuts)


@pytest.mark.parametrize(("input_shape", "layer"), CASES, ids=case_name)
def test_the_output_has_the_shape_that_was_said_and_the_type_of_the_input(input_shape, layer):
    for dtype in (np.float32, np.float64):
        x, parameters = (
            start(layer, input_shape)[0].astype(dtype),
            {k: v.astype(dtype) for k, v in start(layer, input_shape)[1].items()},
        )
        weights = weights_for(layer, input_shape).astype(dtype)
        y, dx, gradients = both_ways(layer, x, parameters, weights)
        assert y.shape == (IMAGES, *layer.output_shape(input_shape))
        assert dx.shape == x.shape
        assert {k: g.shape for k, g in gradients.items()} == layer.parameter_shapes(input_shape)
        assert {a.dtype for a in (y, dx, *gradients.values())} == {np.dtype(dtype)}


@pytest.mark.parametrize(("input_shape", "layer"), CASES, ids=case_name)
def test_inference_gives_the_same_for_each_image_alone(input_shape, layer):
    x, parameters = start(layer, input_shape)
    g = np.random.default_rng(3)
    values = parameters | {k: g.random(s) + 0.5 for k, s in layer.buffer_shapes(input_shape).items()}
    y, _ = layer.forward(x, values, Context())
    for i in range(IMAGES):
        alone, _ = layer.forward(x[i : i + 1], values, Context())
        np.testing.assert_allclose(alone[0], y[i], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("input_shape", "layer"), CASES, ids=case_name)
def test_initial_values_have_the_shapes_that_were_said_and_are_the_same_for_the_same_generator(
    input_shape, layer
):
    parameters, buffers = layer.init(input_shape, np.random.default_rng(1))
    again, _ = layer.init(input_shape, np.random.default_rng(1))
    assert {k: v.shape for k, v in parameters.items()} == layer.parameter_shapes(input_shape)
    assert {k: v.shape for k, v in buffers.items()} == layer.buffer_shapes(input_shape)
    for name, value in parameters.items():
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, again[name])


def test_dropout_drops_about_its_rate_and_scales_the_rest():
    x = np.ones((100, 200), np.float32)
    y, _ = Dropout(rate=0.3).forward(x, {}, context())
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}


def test_dropout_changes_nothing_in_inference():
    x = np.ones((2, 5))
    y, _ = Dropout(rate=0.9).forward(x, {}, Context())
    np.testing.assert_array_equal(x, y)


def test_dropout_without_a_generator_says_what_is_missing():
    with pytest.raises(ValueError, match="give the context a generator"):
        Dropout().forward(np.ones((2, 5)), {}, Context(training=True))


def test_a_gradient_is_where_it_is_wanted_and_memory_for_it_is_asked_for_in_any_case():
    given = []

    def new(shape, dtype):
        given.append(np.empty(shape, dtype))
        return given[-1]

    weight, bias = np.ones((2, 3), np.float32), np.ones(3)
    context = Context(new=new, gradients={"weight": np.empty_like(weight)})
    assert context.gradient("weight", weight) is context.gradients["weight"]
    assert context.gradient("bias", bias) is given[1]
    assert [(each.shape, each.dtype) for each in given] == [((2, 3), np.float32), ((3,), np.float64)]


def test_running_statistics_move_towards_the_batch_with_the_unbiased_variance():
    layer = BatchNorm(momentum=0.25)
    x = np.random.default_rng(2).standard_normal((4, 3, 3, 2)) * 3 + 1
    batch = layer.merge([layer.moments(x, {}, Context())[0]])
    found = layer.updated_buffers(batch, {"running_mean": np.zeros(2), "running_var": np.ones(2)})
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2), ddof=1)
    np.testing.assert_allclose(found["running_mean"], 0.25 * mean, rtol=1e-6)
    np.testing.assert_allclose(found["running_var"], 0.75 + 0.25 * variance, rtol=1e-6)


def test_batch_norm_cannot_be_trained_as_if_chunks_did_not_matter():
    with pytest.raises(ValueError, match="moments"):
        BatchNorm().forward(np.ones((2, 3)), {}, Context(training=True))


@pytest.mark.parametrize("kind", LAYERS.values(), ids=LAYERS.keys())
def test_every_kind_is_a_value_with_a_name_and_a_docstring(kind):
    given = {"filters": 3} if kind is Conv2D else {"units": 3} if kind is Dense else {}
    layer = kind(**given)
    assert layer == kind(**given)
    assert hash(layer) == hash(kind(**given))
    assert layer.name == kind.__name__
    assert kind.__doc__
    for field in fields(layer):
        with pytest.raises(AttributeError):
            setattr(layer, field.name, 1)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Conv2D(filters=0), r"Conv2D: filters is 0; use a whole number from 1 to 65,536"),
        (lambda: Conv2D(filters=2.5), "filters is 2.5"),
        (lambda: Conv2D(filters=True), "filters is True"),
        (lambda: Conv2D(filters="8"), "filters is '8'"),
        (lambda: Conv2D(filters=8, kernel_size=0), "kernel_size is 0"),
        (lambda: Conv2D(filters=8, kernel_size=(3, 0)), r"kernel_size is \(3, 0\)"),
        (lambda: Conv2D(filters=8, kernel_size=(3, 3, 3)), r"use one number or \(height, width\)"),
        (lambda: Conv2D(filters=8, kernel_size=None), "kernel_size is None"),
        (lambda: Conv2D(filters=8, stride=-1), "stride is -1"),
        (lambda: Conv2D(filters=8, dilation=0), "dilation is 0"),
        (lambda: Conv2D(filters=8, padding="full"), 'padding is \'full\'; use "same", "valid" or a number'),
        (lambda: Conv2D(filters=8, padding=-1), "padding is -1"),
        (lambda: Conv2D(filters=8, padding=(1,)), r"padding is \(1,\)"),
        (lambda: Conv2D(filters=8, padding=1.5), "padding is 1.5"),
        (lambda: Conv2D(filters=6, groups=4), "6 filters cannot be shared equally by 4 groups"),
        (lambda: Conv2D(filters=8, bias="no"), "bias is 'no'; use True or False"),
        (lambda: Conv2D(filters=8, initializer="magic"), "initializer is 'magic'; use one of he_normal"),
        (lambda: Conv2D(filters=8, initializer={}), "initializer is {}"),
        (lambda: MaxPool2D(pool_size=0), "MaxPool2D: pool_size is 0"),
        (lambda: MaxPool2D(stride=0), "MaxPool2D: stride is 0"),
        (lambda: AvgPool2D(pool_size=2, padding=2), "padding 2 would make windows of padding alone"),
        (lambda: AvgPool2D(padding="some"), "AvgPool2D: padding is 'some'"),
        (lambda: Dense(units=0), "Dense: units is 0"),
        (lambda: Dense(units=10**9), "use a whole number from 1 to 65,536"),
        (lambda: Dense(units=3, bias=1), "Dense: bias is 1; use True or False"),
        (lambda: Dropout(rate=1.0), r"Dropout: rate is 1.0; use a number from 0 to 0.99"),
        (lambda: Dropout(rate=float("nan")), "rate is nan"),
        (lambda: LeakyReLU(negative_slope=-1), "negative_slope is -1"),
        (lambda: BatchNorm(epsilon=0.0), "epsilon is 0.0"),
        (lambda: BatchNorm(momentum=2), "momentum is 2"),
        (lambda: Conv2D(filters=(3, 3)), r"filters is \(3, 3\)"),
        (lambda: Dense(units=(3, 4)), r"units is \(3, 4\)"),
        (lambda: Dropout(rate=(0.1, 0.2)), r"rate is \(0.1, 0.2\)"),
        (lambda: Conv2D(filters=4, stride=()), r"stride is \(\)"),
    ],
)
def test_illegal_fields_are_refused_with_field_value_and_limit(make, text):
    with pytest.raises(ArchitectureError, match=text):
        make()


def test_numbers_of_numpy_become_plain_ones():
    layer = Conv2D(filters=np.int64(4), kernel_size=(np.int32(3), 2))
    assert layer == Conv2D(filters=4, kernel_size=(3, 2))
    assert type(layer.filters) is int
    assert type(layer.kernel_size[0]) is int
    assert type(Dropout(rate=np.float32(0.5)).rate) is float

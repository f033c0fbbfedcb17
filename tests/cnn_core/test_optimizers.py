"""Optimisers against PyTorch over ten steps, against their formulas, and their values as text."""

import json

import numpy as np
import pytest

from cnn_core import OPTIMIZERS, SGD, Adam, AdamW, RMSprop
from cnn_core.optimizers import Optimizer, clip_gradients

# Ours, the name in PyTorch, and its settings.
SETTINGS = [
    (SGD(learning_rate=0.1, momentum=0.0), "SGD", {"lr": 0.1}),
    (SGD(learning_rate=0.1, momentum=0.9), "SGD", {"lr": 0.1, "momentum": 0.9}),
    (
        SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
        "SGD",
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    ),
    (
        SGD(learning_rate=0.1, momentum=0.8, weight_decay=0.05),
        "SGD",
        {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.05},
    ),
    (
        SGD(learning_rate=0.1, momentum=0.8, nesterov=True, weight_decay=0.05),
        "SGD",
        {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05},
    ),
    (SGD(learning_rate=0.1, momentum=0.0, weight_decay=0.1), "SGD", {"lr": 0.1, "weight_decay": 0.1}),
    (RMSprop(learning_rate=0.01), "RMSprop", {"lr": 0.01}),
    (
        RMSprop(learning_rate=0.01, alpha=0.9, momentum=0.7, epsilon=1e-4),
        "RMSprop",
        {"lr": 0.01, "alpha": 0.9, "momentum": 0.7, "eps": 1e-4},
    ),
    (RMSprop(learning_rate=0.01, weight_decay=0.1), "RMSprop", {"lr": 0.01, "weight_decay": 0.1}),
    (Adam(learning_rate=0.01), "Adam", {"lr": 0.01}),
    (
        Adam(learning_rate=0.02, beta1=0.8, beta2=0.95, epsilon=1e-3),
        "Adam",
        {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-3},
    ),
    (Adam(learning_rate=0.01, weight_decay=0.1), "Adam", {"lr": 0.01, "weight_decay": 0.1}),
    (AdamW(learning_rate=0.01), "AdamW", {"lr": 0.01, "weight_decay": 0.01}),
    (AdamW(learning_rate=0.05, weight_decay=0.3), "AdamW", {"lr": 0.05, "weight_decay": 0.3}),
    (AdamW(learning_rate=0.05, weight_decay=0.0), "AdamW", {"lr": 0.05, "weight_decay": 0.0}),
]
SHAPES = {"0.weight": (3, 2, 4), "0.bias": (4,), "3.weight": (5, 2)}
STEPS = 10


def names(optimizers):
    return [f"{type(o).__name__}-{i}" for i, o in enumerate(optimizers)]


def start(dtype):
    g = np.random.default_rng(1)
    parameters = {k: g.standard_normal(s).astype(dtype) for k, s in SHAPES.items()}
    gradients = [
        {k: (g.standard_normal(s) * 2).astype(dtype) for k, s in SHAPES.items()} for _ in range(STEPS)
    ]
    return parameters, gradients


def run(optimizer, parameters, gradients, clip_norm=None):
    """Take the steps, in place; return the slots."""
    slots = optimizer.slots(parameters)
    for t, each in enumerate(gradients, start=1):
        each = {k: g.copy() for k, g in each.items()}
        if clip_norm is not None:
            clip_gradients(each, clip_norm)
        for k, p in parameters.items():
            mine = {slot: values[k] for slot, values in slots.items()}
            optimizer.update(p, each[k], mine, t, optimizer.learning_rate, np.empty_like(p))
    return slots


@pytest.mark.parametrize("clip_norm", [None, 1.5, 1e3])
@pytest.mark.parametrize(("ours", "kind", "settings"), SETTINGS, ids=names([s[0] for s in SETTINGS]))
def test_ten_steps_equal_pytorch(ours, kind, settings, clip_norm, torch):
    parameters, gradients = start(np.float64)
    theirs = {k: torch.tensor(p, requires_grad=True) for k, p in parameters.items()}
    optimizer = getattr(torch.optim, kind)(theirs.values(), **settings)
    run(ours, parameters, gradients, clip_norm)
    for each in gradients:
        for k, p in theirs.items():
            p.grad = torch.tensor(each[k])
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(theirs.values(), clip_norm)
        optimizer.step()
    for k, p in parameters.items():
        np.testing.assert_allclose(p, theirs[k].detach().numpy(), rtol=1e-9, atol=1e-12, err_msg=k)


@pytest.mark.parametrize("optimizer", [s[0] for s in SETTINGS], ids=names([s[0] for s in SETTINGS]))
def test_float32_steps_stay_close_to_float64_ones(optimizer):
    single, double = start(np.float32), start(np.float64)
    slots = run(optimizer, *single)
    run(optimizer, *double)
    for k, p in single[0].items():
        assert p.dtype == np.float32
        np.testing.assert_allclose(p, double[0][k], rtol=1e-4, atol=1e-5)
    assert all(v.dtype == np.float32 for values in slots.values() for v in values.values())


@pytest.mark.parametrize("optimizer", [s[0] for s in SETTINGS], ids=names([s[0] for s in SETTINGS]))
def test_slots_begin_as_zeros_in_the_parameters_shapes(optimizer):
    parameters, _ = start(np.float32)
    slots = optimizer.slots(parameters)
    assert tuple(slots) == optimizer.slot_names()
    for values in slots.values():
        assert {k: v.shape for k, v in values.items()} == SHAPES
        assert not any(v.any() for v in values.values())


def test_one_step_of_plain_descent_is_learning_rate_times_gradient():
    p, g = np.array([1.0, 2.0]), np.array([10.0, -10.0])
    SGD(momentum=0.0).update(p, g, {}, 1, 0.1, np.empty(2))
    assert p.tolist() == [0, 3]


def test_clipping_scales_all_gradients_by_one_factor():
    gradients = {"a": np.array([3.0]), "b": np.array([[0.0, 4.0]])}
    assert clip_gradients(gradients, 1.0) == 5.0
    np.testing.assert_allclose(gradients["a"], [0.6], rtol=1e-6)
    np.testing.assert_allclose(gradients["b"], [[0.0, 0.8]], rtol=1e-6)


def test_gradients_below_the_limit_are_not_clipped():
    gradients = {"a": np.array([3.0, 4.0], np.float32)}
    assert clip_gradients(gradients, 5.1) == 5.0
    assert gradients["a"].tolist() == [3, 4]


@pytest.mark.parametrize("optimizer", [s[0] for s in SETTINGS], ids=names([s[0] for s in SETTINGS]))
def test_json_round_trip(optimizer):
    assert Optimizer.from_json(json.loads(json.dumps(optimizer.to_json()))) == optimizer


@pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_defaults_are_legal_and_named(kind):
    assert kind().name == kind.__name__
    assert kind().learning_rate > 0


@pytest.mark.parametrize(
    ("kind", "values", "text"),
    [
        (SGD, {"learning_rate": -0.1}, "SGD: learning_rate is -0.1; use a number from 0 to 100"),
        (SGD, {"learning_rate": float("nan")}, "learning_rate is nan"),
        (SGD, {"learning_rate": "fast"}, "learning_rate is 'fast'"),
        (SGD, {"momentum": 1.0}, "momentum is 1.0; use a number from 0 to 0.9999"),
        (SGD, {"momentum": True}, "momentum is True"),
        (SGD, {"nesterov": "yes"}, "nesterov is 'yes'; use True or False"),
        (SGD, {"nesterov": 1}, "nesterov is 1; use True or False"),
        (Adam, {"beta1": 1.0}, "Adam: beta1 is 1.0"),
        (Adam, {"beta2": -1}, "Adam: beta2 is -1"),
        (RMSprop, {"epsilon": 0.0}, "RMSprop: epsilon is 0.0"),
        (AdamW, {"weight_decay": 11}, "AdamW: weight_decay is 11; use a number from 0 to 10"),
    ],
)
def test_illegal_values_are_refused_with_value_and_limit(kind, values, text):
    with pytest.raises(ValueError, match=text):
        kind(**values)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"type": "Newton"}, "no optimizer is called 'Newton'; use one of SGD"),
        ({}, "no optimizer is called None"),
        ({"type": "SGD", "speed": 3}, "SGD: .*speed"),
        ({"type": "SGD", "nesterov": {}}, "nesterov is {}"),
    ],
)
def test_foreign_json_is_refused(value, text):
    with pytest.raises(ValueError, match=text):
        Optimizer.from_json(value)

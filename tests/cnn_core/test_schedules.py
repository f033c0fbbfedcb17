"""Schedules: their values at the points that matter, warm-up, values as text."""

import json

import numpy as np
import pytest

from cnn_core import SCHEDULES, Constant, Cosine, OneCycle, StepDecay
from cnn_core.schedules import Schedule

EXAMPLES = [
    Constant(),
    Constant(warmup_steps=5),
    StepDecay(),
    StepDecay(drops=4, factor_per_drop=0.5, warmup_steps=3),
    Cosine(),
    Cosine(last=0.1, warmup_steps=10),
    OneCycle(),
    OneCycle(rise=0.0),
    OneCycle(rise=1.0),
    OneCycle(rise=0.5, first=0.1, last=0.0),
]


def factors(schedule, total):
    return [schedule.factor(step, total) for step in range(total)]


def test_constant_is_one_all_the_way():
    assert factors(Constant(), 7) == [1] * 7


def test_step_decay_drops_at_equal_distances():
    assert factors(StepDecay(drops=2, factor_per_drop=0.5), 9) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]


def test_cosine_falls_from_one_through_the_middle_to_its_last_value():
    found = factors(Cosine(last=0.2), 101)
    assert found[0] == 1
    assert found[50] == pytest.approx(0.6)
    assert found[-1] == pytest.approx(0.2)
    assert (np.diff(found) < 0).all()


def test_one_cycle_rises_to_one_and_falls():
    found = factors(OneCycle(rise=0.3, first=0.1, last=0.01), 101)
    assert found[0] == pytest.approx(0.1)
    assert found[30] == pytest.approx(1)
    assert found[-1] == pytest.approx(0.01)
    assert (np.diff(found[:31]) > 0).all()
    assert (np.diff(found[30:]) < 0).all()


def test_warm_up_rises_in_equal_parts_before_the_schedule_begins():
    found = factors(Cosine(warmup_steps=4), 15)
    assert found[:5] == pytest.approx([0.25, 0.5, 0.75, 1, 1])
    assert found[-1] == pytest.approx(0)


@pytest.mark.parametrize("schedule", EXAMPLES, ids=repr)
@pytest.mark.parametrize("total", [1, 2, 3, 100])
def test_factors_are_from_zero_to_one_and_stay_at_the_end(schedule, total):
    found = factors(schedule, total)
    assert all(0 <= f <= 1 + 1e-12 for f in found)
    assert schedule.factor(total + 1000, total) == found[-1]


@pytest.mark.parametrize("schedule", EXAMPLES, ids=repr)
def test_json_round_trip(schedule):
    assert Schedule.from_json(json.loads(json.dumps(schedule.to_json()))) == schedule


@pytest.mark.parametrize("kind", SCHEDULES.values(), ids=SCHEDULES.keys())
def test_defaults_are_legal_and_named(kind):
    assert kind().name == kind.__name__


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"type": "Cosine", "last": 1.5}, "Cosine: last is 1.5; use a number from 0 to 1"),
        ({"type": "Cosine", "last": "x"}, "last is 'x'"),
        ({"type": "Cosine", "last": True}, "last is True"),
        ({"type": "Constant", "warmup_steps": -1}, "warmup_steps is -1"),
        ({"type": "Constant", "warmup_steps": 1.5}, "warmup_steps is 1.5"),
        ({"type": "StepDecay", "drops": 101}, "drops is 101"),
        ({"type": "OneCycle", "rise": float("nan")}, "rise is nan"),
        ({"type": "OneCycle", "peak": 1}, "OneCycle: .*peak"),
        ({"type": "Linear"}, "no schedule is called 'Linear'; use one of Constant"),
        ({}, "no schedule is called None"),
    ],
)
def test_foreign_json_is_refused(value, text):
    with pytest.raises(ValueError, match=text):
        Schedule.from_json(value)

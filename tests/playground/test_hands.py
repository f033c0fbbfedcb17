import numpy as np
import pytest

from playground import hands

SEVEN = [[[0, 0], [40, 0], [10, 90]], [[5, 45], [30, 45]]]


@pytest.fixture
def random():
    return np.random.default_rng(3)


@pytest.fixture
def lines():
    return hands.in_unit(SEVEN)


def length(line):
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def everything(lines):
    return np.concatenate(lines)


def test_drawing_units_span_the_longer_side(lines):
    assert everything(lines).min(axis=0).tolist() == [0, 0]
    assert everything(lines).max(axis=0).tolist() == [40 / 90, 1]


@pytest.mark.parametrize("change", [hands.by_another_hand, hands.on_another_device, hands.by_anyone])
def test_what_was_given_stays_and_the_same_seed_changes_it_the_same_way(change, lines):
    before = [line.copy() for line in lines]
    first, again = (change(lines, np.random.default_rng(5)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(lines, before, strict=True))


def test_another_hand_changes_proportions_within_limits(lines, random):
    ratios = []
    for _ in range(200):
        width, height = np.ptp(everything(hands.by_another_hand(lines, random)), axis=0)
        ratios.append(width / height)
    assert 0.2 < min(ratios) < 0.4 < 0.6 < max(ratios) < 1.2


def test_another_device_leaves_more_or_fewer_points_near_the_line(lines, random):
    counts = []
    for _ in range(100):
        made = hands.on_another_device(lines, random)
        counts.append(len(everything(made)))
        assert everything(made).min() > -0.4 and everything(made).max() < 1.4
    assert min(counts) < 20 < 100 < max(counts)


def test_a_gap_takes_a_piece_out_of_the_longest_line(lines, random):
    made = hands._with_gap(lines, random)
    assert len(made) == 3
    missing = sum(map(length, lines)) - sum(map(length, made))
    assert 0.03 <= missing <= 0.12


def test_a_dot_stays_a_dot(random):
    made = hands.on_another_device([np.array([[0.2, 0.3]])], random)
    assert made[0].shape == (1, 2)

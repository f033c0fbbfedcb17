"""One image at the ends of each kind of augmentation."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from cnn_core.datasets.augment import Augmentation
from cnn_core.datasets.augment_ends import TWO_ENDED, at_ends

NAMES = [field.name for field in fields(Augmentation)]


def bar(channels: int = 1) -> np.ndarray:
    image = np.zeros((28, 28, channels), np.uint8)
    image[6:22, 12:16] = 255
    return image


def middle(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(image.shape[:2])
    ink = image[..., 0].astype(float)
    return float((rows * ink).sum() / ink.sum()), float((columns * ink).sum() / ink.sum())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3])
def test_both_ends_differ_from_the_image_and_the_image_stays(name: str, channels: int) -> None:
    image = bar(channels)
    ends = at_ends(name, 0.5 if name in ("scale", "noise") else 8, image, seed=0)
    assert ends.shape == (2, 28, 28, channels)
    assert ends.dtype == np.uint8
    assert all((end != image).any() for end in ends)
    assert (ends[0] != ends[1]).any()
    np.testing.assert_array_equal(image, bar(channels))


@pytest.mark.parametrize("name", NAMES)
def test_off_is_the_image_itself(name: str) -> None:
    for end in at_ends(name, 0.0, bar(), seed=0):
        np.testing.assert_array_equal(end, bar())


def test_the_two_ends_are_as_far_as_is_allowed_and_opposite() -> None:
    there, back = at_ends("shift", 3, bar(), seed=0)
    row, column = middle(bar())
    assert {middle(there), middle(back)} == {(row - 3, column - 3), (row + 3, column + 3)}
    for one, other in (at_ends("rotation", 20, bar(), 0), at_ends("shear", 20, bar(), 0)):
        np.testing.assert_allclose(one[:, ::-1].astype(int), other, atol=1)
    areas = sorted(int(end.astype(int).sum()) for end in at_ends("scale", 0.25, bar(), 0))
    full = int(bar().astype(int).sum())
    assert areas[0] == pytest.approx(full * 0.75**2, rel=0.05)
    assert areas[1] == pytest.approx(full / 0.75**2, rel=0.05)
    inks = sorted(int(end.astype(int).sum()) for end in at_ends("thickness", 2, bar(), 0))
    assert inks[0] < full < inks[1]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TWO_ENDED])
def test_random_kinds_repeat_by_their_seed(name: str) -> None:
    value = 0.3 if name == "noise" else 8
    first, again, other = (at_ends(name, value, bar(), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_large_images_have_ends_too() -> None:
    image = np.full((200, 300, 3), 90, np.uint8)
    for name in ("elastic", "noise", "cutout"):
        assert at_ends(name, 0.3 if name == "noise" else 32, image, seed=0).shape == (2, 200, 300, 3)


def test_ends_are_within_what_training_draws() -> None:
    """The largest shift met in many draws is that of the ends."""
    draws = Augmentation(shift=3).apply(np.repeat(bar()[None], 2000, axis=0), np.random.default_rng(0))
    rows = [middle(draw)[0] for draw in draws]
    ends = [middle(end)[0] for end in at_ends("shift", 3, bar(), 0)]
    assert min(ends) - 0.05 <= min(rows) < min(ends) + 0.3
    assert max(ends) - 0.3 < max(rows) <= max(ends) + 0.05

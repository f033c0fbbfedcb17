"""Drawings that are no digits, to learn from and to measure by: always the same, each of its own."""

import numpy as np
import pytest

from playground import other_drawings, strangers, strokes

KINDS = {
    **other_drawings.KINDS,
    "strange letters": strangers.letters,
    "strange scribbles": strangers.scribbles,
    "strange dots": strangers.dots,
    "strange squares": strangers.shape("squares"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_the_same_for_the_same_seed_and_no_drawing_is_another(qapp: object, kind: str) -> None:
    first, again = (KINDS[kind](6, np.random.default_rng(3)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        for stroke, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(stroke, same)
    random = np.random.default_rng(0)
    images = [strokes.seen(drawing, random) for drawing in first]
    assert all(image.max() > 100 for image in images)
    assert len({image.tobytes() for image in images}) == 6


def test_images_are_as_many_as_asked_for_and_depend_on_the_seed_alone(qapp: object) -> None:
    first, again, other = (other_drawings.images(30, seed) for seed in (1, 1, 2))
    assert first.shape == (30, 28, 28, 1) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_number_s_digits_stand_beside_each_other() -> None:
    for number in other_drawings.several_digits(20, np.random.default_rng(0)):
        points = np.concatenate(number)
        assert np.ptp(points[:, 0]) > 0.6 * np.ptp(points[:, 1])


def test_a_turned_digit_lies_on_its_side() -> None:
    drawings = other_drawings.turned_digits(40, np.random.default_rng(0))
    sizes = np.array([np.ptp(np.concatenate(drawing), axis=0) for drawing in drawings])
    assert np.median(sizes[:, 0] / sizes[:, 1]) > 1.2

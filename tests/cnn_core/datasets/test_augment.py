"""Augmented images: what each setting does, and that nothing else changes."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from cnn_core.datasets.augment import HANDWRITING, Augmentation

NAMES = [field.name for field in fields(Augmentation)]


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def bars(count: int = 200, channels: int = 1) -> np.ndarray:
    """Upright bars, 4 pixels wide and 16 high, in the middle of 28x28."""
    images = np.zeros((count, 28, 28, channels), dtype=np.uint8)
    images[:, 6:22, 12:16] = 255
    return images


def moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean x, mean y and the slope dx/dy of each image."""
    ink = images[..., 0] / images[..., 0].sum(axis=(1, 2), keepdims=True, dtype=np.float64)
    y, x = np.indices(ink.shape[1:])
    mean_x, mean_y = (ink * x).sum(axis=(1, 2)), (ink * y).sum(axis=(1, 2))
    dx, dy = x - mean_x[:, None, None], y - mean_y[:, None, None]
    return mean_x, mean_y, (ink * dx * dy).sum(axis=(1, 2)) / (ink * dy * dy).sum(axis=(1, 2))


def test_the_default_changes_nothing_and_returns_a_copy() -> None:
    images = bars(3)
    result = Augmentation().apply(images, generator())
    np.testing.assert_array_equal(result, images)
    assert not np.shares_memory(result, images)
    assert not Augmentation().active


@pytest.mark.parametrize("name", NAMES)
def test_each_setting_changes_images_but_not_the_source(name: str) -> None:
    images = bars(20)
    images.flags.writeable = False
    result = Augmentation(**{name: 0.5 if name in ("scale", "noise") else 6}).apply(images, generator())
    assert result.shape == images.shape
    assert result.dtype == np.uint8
    assert (result != images).any()
    np.testing.assert_array_equal(images, bars(20))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_generator_gives_the_same_images(name: str) -> None:
    augmentation = Augmentation(**{name: 0.5})
    first, again = (augmentation.apply(bars(70), generator(3)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_a_tiny_warp_leaves_images_as_they_are() -> None:
    images = generator().integers(0, 256, (5, 28, 28, 3), dtype=np.uint8)
    np.testing.assert_array_equal(Augmentation(rotation=1e-6).apply(images, generator()), images)


def test_shift_moves_both_ways_by_at_most_its_pixels() -> None:
    x, y, _ = moments(Augmentation(shift=3).apply(bars(), generator()))
    for moved in (x - 13.5, y - 13.5):
        assert np.abs(moved).max() <= 3.01
        assert moved.max() > 2
        assert moved.min() < -2


@pytest.mark.parametrize("name", ["rotation", "shear"])
def test_turning_and_slanting_keep_to_their_degrees(name: str) -> None:
    _, _, slope = moments(Augmentation(**{name: 15}).apply(bars(), generator()))
    degrees = np.degrees(np.arctan(slope))
    assert 12 < degrees.max() < 16
    assert -16 < degrees.min() < -12


def test_scale_stretches_width_and_height_each_for_itself() -> None:
    result = Augmentation(scale=0.2).apply(bars(), generator())[..., 0] / 255
    widths, heights = result[:, 14].sum(axis=1), result[:, :, 14].sum(axis=1)
    assert 3.1 < widths.min() < 3.5
    assert 4.6 < widths.max() < 5.1
    assert 12.7 < heights.min() < 13.8
    assert abs(np.corrcoef(widths, heights)[0, 1]) < 0.3


def test_thickness_is_the_change_of_a_strokes_width() -> None:
    widths = Augmentation(thickness=2).apply(bars(), generator())[:, 14, :, 0].sum(axis=1) / 255
    assert 2.4 < widths.min() < 3
    assert 5.5 < widths.max() < 6.1


def test_thinning_never_loses_a_line() -> None:
    hairs = np.zeros((200, 28, 28, 1), dtype=np.uint8)
    hairs[:, 4:24, 14] = 255
    result = Augmentation(thickness=2).apply(hairs, generator())
    assert result[:, 14, 14].min() > 60


def test_elastic_moves_parts_smoothly_against_each_other() -> None:
    result = Augmentation(elastic=2).apply(bars(), generator())[..., 0] / 255.0
    rows = result[:, 8:20]
    middles = (rows * np.arange(28)).sum(axis=2) / rows.sum(axis=2)
    assert np.ptp(middles, axis=1).mean() > 0.8
    assert np.abs(np.diff(middles, axis=1)).max() < 1.2
    assert np.abs(middles - 13.5).max() < 4


def test_noise_is_grey_of_at_most_its_deviation() -> None:
    grey = np.full((400, 28, 28, 1), 128, dtype=np.uint8)
    deviations = Augmentation(noise=0.1).apply(grey, generator()).std(axis=(1, 2, 3)) / 255
    assert deviations.max() < 0.11
    assert deviations.min() < 0.01
    assert deviations.mean() == pytest.approx(0.05, abs=0.01)


def test_cutout_blackens_one_rectangle() -> None:
    white = np.full((200, 28, 28, 3), 255, dtype=np.uint8)
    black = Augmentation(cutout=10).apply(white, generator()) == 0
    rows, columns = black.any(axis=(2, 3)).sum(axis=1), black.any(axis=(1, 3)).sum(axis=1)
    assert rows.max() <= 11
    assert rows.max() >= 8
    np.testing.assert_array_equal(black[..., 0].sum(axis=(1, 2)), rows * columns)
    np.testing.assert_array_equal(black[..., 0], black[..., 2])


def test_colour_and_oblong_images_are_warped_alike_in_all_channels() -> None:
    images = np.repeat(bars(10), 3, axis=3)[:, :20]
    result = HANDWRITING.apply(images, generator())
    assert result.shape == (10, 20, 28, 3)
    np.testing.assert_array_equal(result[..., 0], result[..., 1])


def test_no_images_are_no_trouble() -> None:
    assert len(HANDWRITING.apply(bars(0), generator())) == 0


def test_json_keeps_every_value() -> None:
    value = HANDWRITING.to_json()
    assert set(value) == set(NAMES)
    assert Augmentation.from_json(value) == HANDWRITING


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [-1, float("nan"), 1e9, "5", None, True])
def test_values_out_of_range_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{name} is .*; use a number from 0 to"):
        Augmentation.from_json({name: value})


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="not an augmentation"):
        Augmentation.from_json({"sparkle": 1})

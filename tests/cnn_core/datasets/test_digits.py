"""The built-in digits: reproducible, in MNIST's framing, cached."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from cnn_core.datasets import Cancelled, Dataset, digit_rendering, digits
from cnn_core.datasets.digit_curves import POINTS
from cnn_core.datasets.digit_rendering import render
from cnn_core.datasets.digit_strokes import write
from cnn_core.datasets.digit_styles import STYLES, Style
from cnn_core.errors import DatasetError


@pytest.fixture(scope="module")
def some() -> Dataset:
    return digits.generate(1500, seed=4, threads=3)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of its own, small splits made in small blocks."""
    monkeypatch.setattr(digits, "_BLOCK", 20)
    monkeypatch.setattr(digits, "user_cache_dir", lambda name, appauthor: str(tmp_path / name))
    monkeypatch.setattr(digits, "SIZES", {"train": 60, "test": 40})
    return tmp_path / "cnn-playground"


def test_digits_are_28x28_grey_images_of_ten_classes(some: Dataset) -> None:
    assert some.image_shape == (28, 28, 1)
    assert some.class_names == tuple("0123456789")
    assert digits.generate(1000, seed=4).class_counts.tolist() == [100] * 10


def test_the_same_seed_gives_the_same_digits_for_any_number_of_threads(some: Dataset) -> None:
    again = digits.generate(1500, seed=4, threads=1)
    np.testing.assert_array_equal(again.images, some.images)
    np.testing.assert_array_equal(again.labels, some.labels)


def test_another_seed_gives_other_digits(some: Dataset) -> None:
    other = digits.generate(1000, seed=5)
    assert (other.images != some.images[:1000]).any(axis=(1, 2, 3)).all()


def test_a_larger_count_goes_on_where_a_smaller_one_ends(some: Dataset) -> None:
    np.testing.assert_array_equal(digits.generate(30, seed=4).images, some.images[:30])


def test_framing_is_that_of_mnist(some: Dataset) -> None:
    ink = some.images[:, :, :, 0] / 255.0
    rows, columns = (ink > 0.3).any(axis=2).sum(axis=1), (ink > 0.3).any(axis=1).sum(axis=1)
    longest = np.maximum(rows, columns)
    assert np.quantile(longest, 0.02) >= 18
    assert longest.max() <= 21
    mass = ink.sum(axis=(1, 2))
    middle = np.arange(28) + 0.5
    off = np.hypot(ink.sum(axis=2) @ middle / mass - 14, ink.sum(axis=1) @ middle / mass - 14)
    assert np.quantile(off, 0.98) < 0.75


def test_no_digit_is_empty_or_a_blot(some: Dataset) -> None:
    covered = (some.images > 127).mean(axis=(1, 2, 3))
    assert covered.min() > 0.01
    assert covered.max() < 0.5


@pytest.mark.parametrize("style", STYLES, ids=lambda style: f"{style.digit}: {style.strokes[:20]}")
def test_every_style_can_be_written(style: Style) -> None:
    lines = write([style] * 3, np.random.default_rng(0))
    assert lines.points.shape == (3, POINTS, 2)
    assert np.isfinite(lines.points).all()
    assert (lines.pen.sum(axis=1) == POINTS - 1 - style.strokes.count("|")).all()


def test_a_straight_line_is_drawn_as_wide_as_the_pen() -> None:
    points = np.zeros((1, POINTS, 2), dtype=np.float32)
    points[0, :, 1] = np.linspace(0, 1, POINTS)
    one = np.ones((1, POINTS), dtype=np.float32)
    radius, softness = np.array([1.5], dtype=np.float32), np.array([1.0], dtype=np.float32)
    image = render(points, one, np.ones((1, POINTS - 1), dtype=bool), radius, softness)[0, :, :, 0] / 255
    np.testing.assert_allclose(image[8:20].sum(axis=1), 3, atol=0.05)
    assert (image > 0.3).any(axis=1).sum() == 20


def test_a_lifted_pen_leaves_no_ink() -> None:
    points = np.zeros((1, POINTS, 2), dtype=np.float32)
    points[0, :, 0] = np.linspace(0, 1, POINTS)
    pen = np.ones((1, POINTS - 1), dtype=bool)
    pen[0, 30:50] = False
    one = np.ones((1, POINTS), dtype=np.float32)
    half = np.array([1.0], dtype=np.float32)
    image = render(points, one, pen, half, half)[0, :, :, 0]
    assert not image[:, 13:15].any()
    assert image[:, 6].any()
    assert image[:, 20].any()


def test_progress_reaches_the_end_and_can_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "_BLOCK", 100)
    told: list[tuple[int, int | None]] = []
    digits.generate(120, seed=0, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 120), (100, 120), (120, 120)]
    before = threading.active_count()
    with pytest.raises(Cancelled):
        digits.generate(120, seed=0, progress=lambda done, total: done < 100)
    assert threading.active_count() == before


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(DatasetError, match="cannot make -1 digits"):
        digits.generate(-1)


def test_splits_hold_different_digits_and_come_from_the_cache(cache: Path) -> None:
    train, test = digits.load("train"), digits.load("test")
    assert (len(train), len(test)) == (60, 40)
    assert (train.images[:40] != test.images).any()
    cached = sorted(path.name.split("-")[1] for path in cache.iterdir())
    assert cached == ["test", "train"]
    told: list[int] = []
    again = digits.load("train", progress=lambda done, total: told.append(done))
    np.testing.assert_array_equal(again.images, train.images)
    np.testing.assert_array_equal(again.labels, train.labels)
    assert told == []


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + bytes(100)])
def test_a_corrupt_cache_is_made_again(cache: Path, content: bytes) -> None:
    first = digits.load("test")
    (path,) = cache.iterdir()
    path.write_bytes(content)
    np.testing.assert_array_equal(digits.load("test").images, first.images)
    assert path.stat().st_size > len(content)


def test_a_damaged_byte_in_the_cache_is_noticed(cache: Path) -> None:
    first = digits.load("test")
    (path,) = cache.iterdir()
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 3] ^= 0xFF
    path.write_bytes(damaged)
    np.testing.assert_array_equal(digits.load("test").images, first.images)


def test_a_cache_of_another_size_is_made_again(cache: Path) -> None:
    digits.load("test")
    (path,) = cache.iterdir()
    np.savez(path, images=np.zeros((3, 28, 28, 1), dtype=np.uint8), labels=np.zeros(3, dtype=np.int64))
    assert len(digits.load("test")) == 40


def test_caches_of_earlier_versions_are_dropped(cache: Path) -> None:
    cache.mkdir()
    (cache / "digits-test-0-00000000.npz").write_bytes(b"old")
    digits.load("test")
    assert [path.name.split("-")[1] for path in cache.iterdir()] == ["test"]


def test_digits_come_without_a_writable_cache(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert len(digits.load("test")) == 40


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(DatasetError, match="no split 'dev'"):
        digits.load("dev")


def test_small_patches_for_thin_pens_hold_all_the_ink(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = digits.generate(1000, seed=9)
    monkeypatch.setattr(digit_rendering, "_PATCHES", (10,))
    np.testing.assert_array_equal(digits.generate(1000, seed=9).images, expected.images)

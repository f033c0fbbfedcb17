"""What a drawing becomes before the network sees it."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.preprocessing import (
    Normalization,
    find_ink,
    fit_to,
    normalization_steps,
    normalize_drawing,
    resize,
)


def stroke(top: int, left: int, height: int, width: int, side: int = 280) -> np.ndarray:
    canvas = np.zeros((side, side), dtype=np.uint8)
    canvas[top : top + height, left : left + width] = 255
    return canvas


def center_of_mass(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(image.shape) + 0.5
    return float((rows * image).sum() / image.sum()), float((columns * image).sum() / image.sum())


def test_an_empty_drawing_gives_zeros() -> None:
    image = normalize_drawing(np.zeros((280, 280), dtype=np.uint8))
    assert image.shape == (28, 28, 1)
    assert image.dtype == np.float32
    assert not image.any()


def test_the_longer_side_becomes_20_pixels_and_the_aspect_stays() -> None:
    image = normalize_drawing(stroke(10, 200, 100, 50))[:, :, 0]
    assert image.any(axis=1).sum() == 20
    assert image.any(axis=0).sum() == 10
    assert image.max() == 1.0


def test_the_place_and_the_size_of_a_drawing_do_not_matter() -> None:
    small = normalize_drawing(stroke(3, 200, 40, 20))
    large = normalize_drawing(stroke(60, 20, 200, 100))
    np.testing.assert_allclose(small, large, atol=1e-5)


def test_the_centre_of_mass_is_in_the_middle_within_half_a_pixel() -> None:
    seven = stroke(40, 60, 20, 100)
    seven[40:200, 130:150] = 255
    row, column = center_of_mass(normalize_drawing(seven)[:, :, 0])
    assert abs(row - 14) <= 0.5
    assert abs(column - 14) <= 0.5


def test_ink_is_not_pushed_over_the_border_by_its_centre_of_mass() -> None:
    flag = stroke(0, 0, 200, 8)
    flag[190:200, 0:200] = 255
    flag[100:200, 120:200] = 255
    steps = normalization_steps(flag)
    assert steps[3].image.sum() == pytest.approx(steps[2].image.sum(), rel=1e-5)


def test_edges_are_anti_aliased() -> None:
    circle = np.hypot(*(np.indices((280, 280)) - 140)) < 90
    image = normalize_drawing((circle * 255).astype(np.uint8))
    assert ((image > 0.05) & (image < 0.95)).sum() > 20


def test_a_single_dot_and_a_full_canvas_are_drawings_too() -> None:
    assert normalize_drawing(stroke(0, 279, 1, 1)).max() == pytest.approx(1)
    assert normalize_drawing(stroke(0, 0, 280, 280)).sum() == pytest.approx(400)


def test_faint_ink_is_cropped_by_its_own_brightness() -> None:
    faint = stroke(50, 50, 100, 50) // 25
    bright = stroke(50, 50, 100, 50)
    np.testing.assert_array_equal(normalize_drawing(faint) > 0, normalize_drawing(bright) > 0)


def test_drawings_need_not_be_square() -> None:
    canvas = np.zeros((90, 400), dtype=np.uint8)
    canvas[10:70, 300:320] = 255
    assert normalize_drawing(canvas)[:, :, 0].any(axis=1).sum() == 20


@pytest.mark.parametrize("smooth", [True, False])
def test_steps_end_in_what_the_network_sees(smooth: bool) -> None:
    drawing, chosen = ring(), Normalization(smooth=smooth)
    cropped, scaled, smoothed, centered = normalization_steps(drawing, chosen)
    assert cropped.image.shape == (180, 160)
    assert scaled.image.shape == smoothed.image.shape == (20, 18)
    np.testing.assert_array_equal(centered.image[:, :, None], normalize_drawing(drawing, chosen))
    assert all(step.why for step in (cropped, scaled, smoothed, centered))
    assert normalization_steps(np.zeros((280, 280), np.uint8), chosen)[-1].image.sum() == 0


def ring() -> np.ndarray:
    """An oval line, 180 pixels high and 160 wide, all ink or none."""
    rows, columns = np.indices((280, 280)) - 139.5
    distance = np.hypot(rows / 90, columns / 80)
    return ((distance <= 1) & (distance > 0.8)).astype(np.uint8) * 255


def as_mnist_was_made(gray: np.ndarray) -> np.ndarray:
    """Cropped to its ink, 20 pixels high or wide by means of areas, its centre of mass in the middle."""
    rows, columns = (np.flatnonzero(gray.any(axis=axis)) for axis in (1, 0))
    ink = gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) / np.float32(255)
    ratio = 20 / max(ink.shape)
    small = np.minimum(resize(ink, *(max(1, round(side * ratio)) for side in ink.shape)), 1)
    row, column = center_of_mass(small)
    top, left = round(14 - row), round(14 - column)
    field = np.zeros((28, 28), np.float32)
    field[top : top + small.shape[0], left : left + small.shape[1]] = small
    return field


def test_all_steps_together_are_to_the_bit_what_the_shipped_network_learned_from() -> None:
    generator = np.random.default_rng(0)
    for drawing in (ring(), stroke(10, 200, 100, 50), stroke(3, 5, 17, 230)):
        expected = as_mnist_was_made(drawing).tobytes()
        assert normalize_drawing(drawing).tobytes() == expected
        assert normalize_drawing(drawing, Normalization()).tobytes() == expected
    for _ in range(20):
        blots = ring() * (generator.random((280, 280)) < 0.9)
        assert normalize_drawing(blots).tobytes() == as_mnist_was_made(blots).tobytes()


def test_without_smoothing_pixels_are_ink_or_none() -> None:
    jagged = normalize_drawing(ring(), Normalization(smooth=False))
    assert set(np.unique(jagged)) == {0.0, 1.0}
    smooth = normalize_drawing(ring())
    assert ((smooth > 0.05) & (smooth < 0.95)).sum() > 40
    assert abs(jagged.sum() - smooth.sum()) < 0.15 * smooth.sum()


def test_ink_between_the_points_taken_is_lost_without_smoothing() -> None:
    chosen = Normalization(crop=False, scale=False, smooth=False)
    speck = stroke(100, 100, 3, 3)  # points are taken at 5, 15, 25, ...
    assert not normalize_drawing(speck, chosen).any()
    assert normalize_drawing(speck, Normalization(crop=False, scale=False)).any()
    assert normalization_steps(speck, chosen)[-1].image.shape == (28, 28)


def test_without_cropping_a_drawing_in_a_corner_stays_there() -> None:
    everything_off = Normalization(crop=False, scale=False, center=False)
    image = normalize_drawing(stroke(0, 0, 100, 50), everything_off)[:, :, 0]
    np.testing.assert_allclose(image[:10, :5], 1, atol=1e-5)
    assert image.sum() == pytest.approx(50, rel=1e-4)


def test_without_scaling_a_small_drawing_stays_small() -> None:
    image = normalize_drawing(stroke(0, 0, 50, 30), Normalization(scale=False))[:, :, 0]
    assert image.any(axis=1).sum() == 5
    assert image.any(axis=0).sum() == 3


def test_without_centring_the_borders_are_in_the_middle() -> None:
    heavy_left = stroke(0, 0, 200, 40)
    heavy_left[0:20, 0:200] = 255
    image = normalize_drawing(heavy_left, Normalization(center=False))[:, :, 0]
    assert np.flatnonzero(image.any(axis=0)).tolist() == list(range(4, 24))


def test_uncropped_centring_moves_the_ink_to_the_middle() -> None:
    image = normalize_drawing(stroke(0, 0, 100, 50), Normalization(crop=False, scale=False))[:, :, 0]
    row, column = center_of_mass(image)
    assert abs(row - 14) <= 0.5
    assert abs(column - 14) <= 0.5


@pytest.mark.parametrize("size", [(5, 7), (28, 28), (40, 31), (1, 1)])
def test_resizing_keeps_the_mean_of_flat_and_the_size_asked_for(size: tuple[int, int]) -> None:
    resized = resize(np.full((28, 28), 0.5, dtype=np.float32), *size)
    assert resized.shape == size
    np.testing.assert_allclose(resized, 0.5, rtol=1e-6)


def test_growing_is_linear() -> None:
    np.testing.assert_allclose(resize(np.array([[0.0, 1.0]]), 1, 4), [[0, 0.25, 0.75, 1]])


def test_fitting_to_the_same_shape_changes_nothing() -> None:
    image = np.random.default_rng(0).random((28, 28, 1), dtype=np.float32)
    np.testing.assert_array_equal(fit_to(image, (28, 28, 1)), image)


def test_grey_becomes_colour_at_another_size() -> None:
    image = np.random.default_rng(0).random((28, 28, 1), dtype=np.float32)
    fitted = fit_to(image, (32, 32, 3))
    assert fitted.shape == (32, 32, 3)
    np.testing.assert_array_equal(fitted[..., 0], fitted[..., 2])
    assert fitted[..., 0].mean() == pytest.approx(image.mean(), abs=0.01)


def test_colour_becomes_grey_by_brightness() -> None:
    green = np.zeros((4, 4, 3), dtype=np.float32)
    green[..., 1] = 1
    np.testing.assert_allclose(fit_to(green, (4, 4, 1)), 0.587)


def test_fitting_keeps_the_aspect() -> None:
    fitted = fit_to(np.ones((10, 20, 1), dtype=np.float32), (28, 28, 1))[:, :, 0]
    assert fitted.any(axis=0).sum() == 28
    assert fitted.any(axis=1).sum() == 14


@pytest.mark.parametrize("shape", [(20, 20), (20, 20, 1), (20, 20, 3)])
@pytest.mark.parametrize(("ground", "shade"), [(255, 0), (0, 255), (200, 150), (40, 90)])
def test_ink_is_found_on_light_and_on_dark_ground_and_made_as_strong_as_any(
    shape: tuple[int, ...], ground: int, shade: int
) -> None:
    sheet = np.full(shape, ground, np.uint8)
    sheet[8:12, 8:12] = shade
    ink = find_ink(sheet)
    assert ink.shape == (20, 20)
    assert (ink[8:12, 8:12] == 255).all()
    assert ink.sum() == 16 * 255


def test_ink_keeps_its_shades() -> None:
    sheet = np.full((20, 20), 255, np.uint8)
    sheet[5, 5:8] = 0, 100, 200
    assert find_ink(sheet)[5, 5:8].tolist() == [255, 155, 55]


def test_noise_on_an_empty_sheet_is_no_ink() -> None:
    sheet = np.random.default_rng(0).integers(245, 256, (30, 30), dtype=np.uint8)
    assert not find_ink(sheet).any()


@pytest.mark.parametrize("light", [True, False])
def test_grain_and_shadow_of_photographed_paper_are_no_ink(light: bool) -> None:
    generator = np.random.default_rng(0)
    clean = np.zeros((300, 400), np.float32)
    clean[100:200, 180:200] = 1
    paper = np.linspace(190, 176, 400) - 130 * clean + generator.normal(0, 6, clean.shape)
    photo = paper if light else 255 - paper
    seen = normalize_drawing(find_ink(photo.astype(np.uint8)))
    assert np.allclose(seen, normalize_drawing((255 * clean).astype(np.uint8)), atol=0.25)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_the_thin_lines_of_a_picture_are_made_as_wide_as_a_pen(width: int) -> None:
    sheet = np.full((400, 300), 255, np.uint8)
    sheet[50:350, 150 : 150 + width] = 0
    ink = find_ink(sheet)
    assert ink.shape == sheet.shape
    assert np.count_nonzero(ink[200]) == pytest.approx(0.06 * 300, abs=2)
    assert normalize_drawing(ink).max() > 0.9


def test_lines_as_wide_as_a_pen_stay() -> None:
    sheet = np.zeros((400, 300), np.uint8)
    sheet[50:350, 150:170] = 255
    assert np.array_equal(find_ink(sheet), sheet)

"""Values become tiles of one image: right place, right colour, nothing lost."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from playground.theme import GRAY, LIGHT, diverging
from playground.views.mosaic import Canvas, Grid, Scale, packed, tiles

GRID = Grid(count=5, columns=2, tile=(8, 6), gap=2, aside=3)


def levels(colors: np.ndarray) -> np.ndarray:
    """Gray levels of packed colours."""
    return colors & 0xFF


def test_tiles_are_found_again_by_their_middle() -> None:
    for position in range(GRID.count):
        assert GRID.at(GRID.rect(position).center()) == position


def test_beside_the_tiles_there_is_none() -> None:
    assert GRID.at(QPointF(-1, 3)) is None
    assert GRID.at(QPointF(GRID.width + 5, 3)) is None
    assert (
        GRID.at(QPointF(GRID.rect(4).right() + 9, GRID.rect(4).center().y())) is None
    )  # the sixth is missing


def test_on_a_fine_screen_tiles_have_more_pixels_at_the_same_place() -> None:
    fine = Grid(count=5, columns=2, tile=(16, 12), gap=4, aside=6, ratio=2.0)
    assert fine.rect(3) == GRID.rect(3)
    assert fine.pixels == (2 * GRID.pixels[0], 2 * GRID.pixels[1])


def test_signed_values_are_centred_on_zero() -> None:
    values = np.array([[[-2.0, -1.0, 0.0, 1.0, 2.0, 9.0]]], np.float32)
    assert Scale(2.0, True).levels(values).ravel().tolist() == [0, 64, 128, 191, 255, 255]


def test_values_from_zero_use_the_whole_table() -> None:
    values = np.array([[[-1.0, 0.0, 1.0, 2.0]]], np.float32)
    assert Scale(2.0, False).levels(values).ravel().tolist() == [0, 0, 128, 255]


def test_each_channel_may_have_its_own_limit() -> None:
    scale = Scale(np.array([1.0, 4.0], np.float32), False)
    assert scale.levels(np.ones((1, 1, 2), np.float32)).ravel().tolist() == [255, 64]
    assert scale.limit_of(1) == 4


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_broken_numbers_do_not_break_the_picture(wrong: float) -> None:
    values = np.array([[[wrong, 1.0]]], np.float32)
    assert Scale(1.0, True).levels(values)[0, 0, 1] == 255


def test_all_zero_maps_are_all_zero_coloured() -> None:
    drawn = tiles(np.zeros((4, 4, 2), np.float32), Scale(0.0, True), packed(diverging(LIGHT)), (4, 4))
    assert np.unique(drawn).size == 1


def test_large_tiles_show_each_value_as_a_square() -> None:
    values = np.array([[0, 1], [1, 0]], np.float32)[:, :, None]
    drawn = levels(tiles(values, Scale(1.0, False), packed(GRAY), (10, 10)))
    assert drawn.shape == (1, 10, 10)
    assert (drawn[0, :5, :5] == 0).all()
    assert (drawn[0, :5, 5:] == 255).all()


def test_small_tiles_keep_a_single_bright_value() -> None:
    values = np.zeros((26, 26, 1), np.float32)
    values[13, 13] = 1
    drawn = levels(tiles(values, Scale(1.0, False), packed(GRAY), (9, 9)))
    assert drawn.sum() == pytest.approx(255 * 81 / 26**2, abs=8)  # its area, however small


def test_blending_keeps_the_mean() -> None:
    values = np.random.default_rng(0).random((26, 26, 3), np.float32)
    drawn = levels(tiles(values, Scale(1.0, False), packed(GRAY), (17, 17)))
    assert np.allclose(drawn.mean(axis=(1, 2)) / 255, values.mean(axis=(0, 1)), atol=0.02)


def test_placed_tiles_are_in_the_image_where_the_grid_says() -> None:
    canvas = Canvas(GRID, "#ffffff")
    values = (np.arange(5, dtype=np.float32) + 1).reshape(1, 1, 5)
    canvas.place(tiles(values, Scale(5.0, False), packed(GRAY), GRID.tile), GRID.aside)
    image = canvas.image()
    for position in range(5):
        middle = GRID.rect(position).center().toPoint()
        assert image.pixelColor(middle).red() == (position + 1) * 51
    assert image.pixelColor(0, 0).name() == "#ffffff"  # kept free for the kernel

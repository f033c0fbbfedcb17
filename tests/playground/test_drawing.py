"""Strokes become pixels: smooth, in order, ink bright."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from playground.drawing import RASTER_SIZE, Drawing, Stroke, rasterize, stroke_path, with_fitting_pen

LINE = Stroke(points=((0.2, 0.5), (0.8, 0.5)), width=0.1)


def test_an_empty_drawing_is_all_paper() -> None:
    pixels = rasterize(Drawing())
    assert pixels.shape == (RASTER_SIZE, RASTER_SIZE)
    assert pixels.dtype == np.uint8
    assert not pixels.any()


def test_ink_is_bright_and_as_wide_as_the_stroke() -> None:
    column = rasterize(Drawing((LINE,)))[:, 140]
    assert column.max() == 255
    assert (column > 127).sum() == 28


def test_ends_are_round() -> None:
    pixels = rasterize(Drawing((LINE,)))
    assert pixels[140, 56 - 12] > 200  # on the middle line the cap reaches half a width further
    assert pixels[140 - 12, 56 - 12] == 0


def test_edges_are_smooth() -> None:
    diagonal = Stroke(points=((0.2, 0.2), (0.8, 0.7)), width=0.05)
    pixels = rasterize(Drawing((diagonal,)))
    assert np.unique(pixels).size > 20


def test_one_point_makes_a_dot() -> None:
    pixels = rasterize(Drawing((Stroke(points=((0.5, 0.5),), width=0.1),)))
    area = pixels.sum() / 255
    assert abs(area - math.pi * 14**2) < 20


def test_an_erasing_stroke_removes_ink_drawn_before_it_only() -> None:
    eraser = Stroke(points=((0.5, 0.3), (0.5, 0.7)), width=0.1, erase=True)
    assert rasterize(Drawing((LINE, eraser)))[140, 140] == 0
    assert rasterize(Drawing((eraser, LINE)))[140, 140] == 255


def test_sparse_samples_of_a_circle_are_joined_by_curves() -> None:
    samples = [
        (0.5 + 0.3 * math.cos(i * math.pi / 4), 0.5 + 0.3 * math.sin(i * math.pi / 4)) for i in range(17)
    ]
    path = stroke_path(Stroke(points=tuple(samples)), 1.0)
    angles = [path.angleAtPercent(i / 200) for i in range(40, 160)]
    turns = [abs((b - a + 180) % 360 - 180) for a, b in itertools.pairwise(angles)]
    assert max(turns) < 20  # straight joints would turn by 45 degrees at once


def test_a_growing_stroke_gives_the_same_pixels_as_the_finished_one() -> None:
    drawing = Drawing((LINE,))
    stroke = Stroke(points=((0.1, 0.1),))
    for step in range(2, 8):
        rasterize(drawing.with_stroke(stroke))
        stroke = stroke.extended((step / 10, step * step / 100))
    live = rasterize(drawing.with_stroke(stroke))
    assert np.array_equal(live, rasterize(Drawing((LINE, stroke))))


def test_a_drawing_without_strokes_is_false() -> None:
    assert Drawing().with_stroke(LINE)
    assert not Drawing()


def test_the_pen_of_a_small_drawing_is_made_finer_and_its_eraser_is_not() -> None:
    small = Drawing(
        (
            Stroke(((0.1, 0.1), (0.2, 0.1)), width=0.07),
            Stroke(((0.2, 0.1), (0.1, 0.2)), width=0.01),
            Stroke(((0.0, 0.5), (1.0, 0.5)), width=0.11, erase=True),
        )
    )
    assert [stroke.width for stroke in with_fitting_pen(small).strokes] == pytest.approx([0.025, 0.01, 0.11])


def test_hairlines_of_a_large_drawing_are_made_broader() -> None:
    large = Drawing((Stroke(((0.1, 0.1), (0.9, 0.1)), width=0.02),))
    assert with_fitting_pen(large).strokes[0].width == pytest.approx(0.06 * 0.8)


def test_a_usual_pen_and_that_of_a_dot_stay() -> None:
    for strokes in ((), (LINE,), (Stroke(((0.5, 0.5), (0.52, 0.5))),), (replace(LINE, erase=True),)):
        drawing = Drawing(strokes)
        assert with_fitting_pen(drawing) is drawing

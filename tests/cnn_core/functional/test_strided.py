"""What goes back through strides, phase by phase, against plain loops: also where tap by tap is quicker."""

import numpy as np
import plain_loops
import pytest
from plain_loops import TOLERANCE, dirty

from cnn_core.functional import strided
from cnn_core.functional.geometry import window


def sent_back(generator, image, kernel, filters, stride, padding, dtype=np.float64):
    """Return what is found and what plain loops find."""
    w = window(image[1:3], kernel, stride, padding)
    taps = generator.standard_normal((*kernel, image[3], filters)).astype(dtype)
    dy = generator.standard_normal((image[0], *w.output, filters)).astype(dtype)
    dx = dirty(image, dtype)
    strided.send_back(dy, taps, w, dx, dirty)
    x = np.zeros(image, dtype)
    expected, _, _ = plain_loops.conv2d_gradients(dy, x, taps, stride=stride, padding=padding)
    return dx, expected


@pytest.mark.parametrize("stride", [(2, 2), (3, 3), (1, 2), (3, 1), (4, 2)], ids=str)
@pytest.mark.parametrize("kernel", [(1, 1), (2, 2), (3, 3), (5, 5), (2, 5), (4, 1)], ids=str)
@pytest.mark.parametrize("padding", [0, 1, 2, (0, 3), "same"], ids=str)
def test_what_goes_back_equals_plain_loops(generator, kernel, stride, padding):
    found, expected = sent_back(generator, (2, 7, 8, 3), kernel, 2, stride, padding)
    np.testing.assert_allclose(found, expected, **TOLERANCE[np.float64])


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (3, 2), (5, 5)], ids=str)
@pytest.mark.parametrize("padding", [1, 3, 4, (3, 1), (1, 3)], ids=str)  # with 3, some are not read at all
def test_images_may_be_smaller_than_a_stride(generator, size, padding):
    found, expected = sent_back(generator, (2, *size, 2), (3, 3), 3, (4, 4), padding)
    np.testing.assert_allclose(found, expected, **TOLERANCE[np.float64])


@pytest.mark.parametrize("kernel", [(2, 2), (3, 3)], ids=["not padded", "padded"])
def test_dy_may_be_part_of_something_larger(generator, kernel):
    w = window((6, 8), kernel, 2, "same")
    filters, dy = generator.standard_normal((*kernel, 3, 4)), generator.standard_normal((2, *w.output, 4))
    expected, found = np.empty((2, 6, 8, 3)), np.empty((2, 6, 8, 3))
    strided.send_back(dy, filters, w, expected, dirty)
    strided.send_back(np.repeat(dy, 2, axis=3)[..., ::2], filters, w, found, dirty)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("together", [1, 2, 3])
def test_so_it_does_some_images_at_a_time(generator, monkeypatch, together):
    monkeypatch.setattr(strided, "even", lambda count, most: min(count, together))
    found, expected = sent_back(generator, (5, 9, 6, 4), (3, 3), 5, (2, 2), 1, np.float32)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, **TOLERANCE[np.float32])


def test_what_is_copied_of_some_images_fits_a_block(generator, monkeypatch):
    asked = []

    def remembered(shape, dtype):
        asked.append(np.empty(shape, dtype))
        return asked[-1]

    monkeypatch.setattr(strided, "BLOCK_BYTES", 1 << 16)
    w = window((20, 20), 3, 2, 1)
    taps, dy = (generator.standard_normal(shape) for shape in ((3, 3, 8, 8), (12, 10, 10, 8)))
    strided.send_back(dy, taps, w, np.empty((12, 20, 20, 8)), remembered)
    *_, windows, found = asked
    assert 1 << 14 < windows.nbytes + found.nbytes <= 1 << 16


@pytest.mark.parametrize(
    ("settings", "channels", "filters", "expected"),
    [
        ({"kernel": 3, "stride": 2}, 32, 64, True),
        ({"kernel": 3, "stride": (1, 2)}, 32, 64, True),
        ({"kernel": (5, 2), "stride": 2}, 32, 64, True),
        ({"kernel": 3, "stride": 1}, 32, 64, False),
        ({"kernel": 2, "stride": 2}, 32, 64, False),
        ({"kernel": 3, "stride": 2, "dilation": 2}, 32, 64, False),
        ({"kernel": 5, "stride": 4}, 32, 64, True),
        ({"kernel": 9, "stride": 4}, 32, 64, False),
        ({"kernel": 3, "stride": 2}, 16, 63, True),
        ({"kernel": 3, "stride": 2}, 16, 64, False),
    ],
)
def test_where_windows_overlap_phases_are_quicker(settings, channels, filters, expected):
    assert strided.worthwhile(window((20, 20), **settings), channels, filters) is expected

"""Convolution and max-pooling in one, against the one after the other."""

import numpy as np
import pytest
from plain_loops import TOLERANCE, dirty

from cnn_core import functional as F
from cnn_core.functional import im2col, ways
from cnn_core.functional.geometry import window
from cnn_core.functional.pooled_convolution import conv2d_max_pool, conv2d_max_pool_backward
from cnn_core.functional.pooling import max_pool2d_backward, max_pool2d_winners

# channels, filters, stride, padding, dilation, pool_size
CASES = {
    "plain": (6, 5, 1, 0, 1, 2),
    "one channel": (1, 5, 1, 0, 1, 2),
    "few channels": (3, 7, 1, "same", 1, 2),
    "what pooling leaves over": (5, 4, 1, "same", 1, (3, 2)),
    "strided": (5, 4, (1, 2), 1, 1, 2),
    "dilated": (6, 3, 1, "same", 2, 2),
    "pooling of one pixel": (5, 3, 1, 0, 1, 1),
}


@pytest.fixture(params=[1, 2, 5], ids=["an image a block", "two images a block", "one block"])
def _blocks(request, monkeypatch):
    monkeypatch.setattr(im2col, "even", lambda count, most: min(count, request.param))


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
def test_it_equals_one_after_the_other(case, ties):
    channels, count, stride, padding, dilation, pool = case
    generator = np.random.default_rng(7)
    x = generator.standard_normal((5, 9, 10, channels))
    filters, bias = generator.standard_normal((3, 3, channels, count)), generator.standard_normal(count)
    if ties:
        x, filters = np.sign(x), np.ones_like(filters)
    settings = (stride, padding, dilation)

    full = F.conv2d(x, filters, bias, *settings)
    expected, winners = max_pool2d_winners(full, pool)
    dy = generator.standard_normal(expected.shape)
    dfull = max_pool2d_backward(dy, winners, full.shape, pool)
    expected_gradients = F.conv2d_backward(dfull, x, filters, *settings)

    memory = {"new": dirty, "scratch": dirty}
    y, won = conv2d_max_pool(x, filters, bias, *settings, pool, with_winners=True, **memory)
    gradients = conv2d_max_pool_backward(dy, won, x, filters, *settings, pool, **memory)
    np.testing.assert_allclose(y, expected, **TOLERANCE[np.float64])
    np.testing.assert_array_equal(won, winners)
    for mine, theirs in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])
    # The first layer's go another way, without a map between.
    none, *gradients = conv2d_max_pool_backward(
        dy, won, x, filters, *settings, pool, needs_dx=False, **memory
    )
    assert none is None
    for mine, theirs in zip(gradients, expected_gradients[1:], strict=True):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


def test_without_training_nobody_asks_who_won(generator):
    x, filters = generator.standard_normal((2, 8, 8, 5)), generator.standard_normal((3, 3, 5, 4))
    y, won = conv2d_max_pool(x, filters, None, 1, 0, 1, 2, with_winners=False)
    assert won is None
    np.testing.assert_allclose(y, F.max_pool2d(F.conv2d(x, filters), 2), rtol=1e-12)


@pytest.mark.parametrize(
    ("pool", "kind", "unpooled"),
    [(2, "rows of tiles", "rows of tiles"), (3, "windows", "rows of tiles"), (5, "windows", "windows")],
)
def test_a_bias_is_added_once_whichever_way_is_the_quickest(generator, pool, kind, unpooled):
    count = 1 if pool == 5 else 16
    x = generator.standard_normal((count, 20, 20, 4)).astype(np.float32)
    filters = generator.standard_normal((4, 4, 4, 16)).astype(np.float32)
    bias = generator.standard_normal(16).astype(np.float32)
    size = window((20, 20), (4, 4), tile=pool)
    assert ways.quickest(x, filters, size, (pool, pool)).kind == kind
    assert ways.quickest(x, filters, size).kind == unpooled
    y, _ = conv2d_max_pool(x, filters, bias, 1, 0, 1, pool, with_winners=False)
    expected = F.max_pool2d(F.conv2d(x, filters), pool) + bias
    np.testing.assert_allclose(y, expected, **TOLERANCE[np.float32])


@pytest.mark.parametrize("channels", [1, 5])
def test_a_kernel_of_one_pixel_is_pooled_too(generator, channels):
    x, filters = (
        generator.standard_normal((3, 6, 8, channels)),
        generator.standard_normal((1, 1, channels, 4)),
    )
    full = F.conv2d(x, filters)
    expected, winners = max_pool2d_winners(full, 2)
    y, won = conv2d_max_pool(x, filters, None, 1, 0, 1, 2, with_winners=True)
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    dy = generator.standard_normal(y.shape)
    _, dfilters, _ = conv2d_max_pool_backward(dy, won, x, filters, 1, 0, 1, 2, needs_dx=False)
    _, expected, _ = F.conv2d_backward(max_pool2d_backward(dy, winners, full.shape, 2), x, filters)
    np.testing.assert_allclose(dfilters, expected, **TOLERANCE[np.float64])


@pytest.mark.parametrize("channels", [1, 5])
def test_any_memory_order_of_the_input_gives_the_same(generator, channels):
    x = generator.standard_normal((3, channels, 8, 8)).transpose(0, 2, 3, 1)  # stored channels first
    filters, dy = generator.standard_normal((3, 3, channels, 4)), generator.standard_normal((3, 3, 3, 4))

    def all_of(x):
        y, won = conv2d_max_pool(x, filters, None, 1, 0, 1, 2, with_winners=True)
        return y, *conv2d_max_pool_backward(dy, won, x, filters, 1, 0, 1, 2, needs_dx=False)[1:]

    for mine, theirs in zip(all_of(x), all_of(x.copy()), strict=True):
        np.testing.assert_array_equal(mine, theirs)

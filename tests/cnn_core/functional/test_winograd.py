"""Convolution by fewer multiplications, against plain loops, and where it is used."""

from itertools import product

import numpy as np
import plain_loops
import pytest
from plain_loops import TOLERANCE, dirty

from cnn_core import functional as F
from cnn_core.functional import products, tiles, winograd
from cnn_core.functional.geometry import window
from cnn_core.functional.pooled_convolution import conv2d_max_pool, conv2d_max_pool_backward

# image for a kernel of 3x3, as much larger for others; channels, filters, padding
CASES = {
    "one tile": ((4, 4), 3, 2, 0),
    "one output": ((1, 1), 2, 3, 1),
    "whole tiles": ((10, 14), 2, 3, 0),
    "tiles that reach beyond": ((7, 9), 3, 2, 0),
    "beyond one way": ((6, 7), 2, 2, 0),
    "one row": ((3, 8), 2, 3, 0),
    "same": ((8, 8), 3, 2, "same"),
    "same, beyond": ((5, 6), 2, 3, "same"),
    "as much padding as is ever read": ((5, 4), 2, 2, "full"),
    "padding of rows only": ((4, 6), 2, 2, (1, 0)),
    "one channel, one filter": ((6, 6), 1, 1, 1),
    "many channels": ((6, 6), 9, 2, 0),
    "many filters": ((6, 6), 2, 9, 0),
}
IN_PAIRS = {  # where a tile has 5x5 or 3x3 outputs, a pooling window of 2x2 may lie in two of them
    "tiles in pairs": ((12, 22), 2, 3, 0),
    "tiles in pairs, beyond": ((16, 18), 2, 3, 0),
}
NOTHING_LEFT = {("one output", 2), ("one output", 3), ("one row", 2), ("one row", 3), ("one tile", 3)}
POOLED = {
    f"{name}, pool {pool}": (case, pool)
    for name, case in (CASES | IN_PAIRS).items()
    for pool in (2, 3)
    if (name, pool) not in NOTHING_LEFT
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    return request.param


@pytest.fixture(params=winograd.KERNELS, ids=["3x3", "4x4", "5x5"])
def kernel(request):
    return request.param


@pytest.fixture(params=winograd.POINTS, ids=["small tiles", "large tiles"])
def _always(request, monkeypatch):
    """Use these tiles wherever they can be used, for any number of channels and filters."""
    monkeypatch.setattr(winograd, "POINTS", {request.param: winograd.POINTS[request.param]})
    monkeypatch.setattr(winograd, "COPY", 1 << 30)


@pytest.fixture(params=[0, 1, 2, 5], ids=["a row a block", "an image", "two images", "one block"])
def _blocks(request, monkeypatch):
    """Take a row of tiles at a time, or so many images and rows; then last blocks are uneven. Products are
    cut into small ones, on any processor."""
    if request.param:
        monkeypatch.setattr(tiles, "even", lambda count, most: min(count, request.param))
    else:
        monkeypatch.setattr(tiles, "BLOCK_BYTES", 1)
    monkeypatch.setattr(products, "SMALL", 60)
    monkeypatch.setattr(products, "FEWEST_SUMMED", 2)
    monkeypatch.setattr(products, "small_are_quicker", lambda: True)


def arrays(case, kernel=3, dtype=np.float64):
    """Return x, filters and padding."""
    size, channels, count, padding = case
    generator = np.random.default_rng(5)
    shapes = (3, *(n + kernel - 3 for n in size), channels), (kernel, kernel, channels, count)
    x, filters = (generator.standard_normal(shape).astype(dtype) for shape in shapes)
    return x, filters, kernel - 1 if padding == "full" else padding


@pytest.mark.usefixtures("_always", "_blocks")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_outputs_and_gradients_equal_plain_loops(case, kernel, dtype, generator, monkeypatch):
    def never(*_):
        raise AssertionError("windows were laid out")

    x, filters, padding = arrays(case, kernel, dtype)
    expected = plain_loops.conv2d(x, filters, None, padding=padding)
    dy = generator.standard_normal(expected.shape).astype(dtype)
    monkeypatch.setattr("cnn_core.functional.convolution.im2col", never)
    y = F.conv2d(x, filters, padding=padding, new=dirty, scratch=dirty)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, **TOLERANCE[dtype])
    found = F.conv2d_backward(dy, x, filters, padding=padding, new=dirty, scratch=dirty)
    for mine, theirs in zip(
        found, plain_loops.conv2d_gradients(dy, x, filters, padding=padding), strict=True
    ):
        assert mine.dtype == dtype
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[dtype])


@pytest.mark.usefixtures("_always", "_blocks")
@pytest.mark.parametrize(("case", "pool"), POOLED.values(), ids=POOLED.keys())
def test_outputs_and_gradients_of_pooled_ones_equal_those_of_one_after_the_other(
    case, kernel, pool, generator, monkeypatch
):
    x, filters, padding = arrays(case, kernel)
    full = plain_loops.conv2d(x, filters, None, padding=padding)
    expected, winners = F.max_pool2d_winners(full, pool)
    dy = generator.standard_normal(expected.shape)
    dfull = F.max_pool2d_backward(dy, winners, full.shape, pool)

    monkeypatch.setattr("cnn_core.functional.pooled_convolution._outputs", None)
    memory = {"new": dirty, "scratch": dirty}
    y, won = conv2d_max_pool(x, filters, None, 1, padding, 1, pool, with_winners=True, **memory)
    np.testing.assert_allclose(y, expected, **TOLERANCE[np.float64])
    np.testing.assert_array_equal(won, winners)
    found = conv2d_max_pool_backward(dy, won, x, filters, 1, padding, 1, pool, **memory)
    for mine, theirs in zip(
        found, plain_loops.conv2d_gradients(dfull, x, filters, padding=padding), strict=True
    ):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


@pytest.mark.usefixtures("_always")
@pytest.mark.parametrize("pool", [(2, 1), (1, 2), (2, 3)])
def test_windows_of_pooling_that_are_not_square_are_left_to_the_usual_way(pool, generator):
    x, filters, padding = arrays(CASES["whole tiles"])
    full = F.conv2d(x, filters, padding=padding)
    expected, winners = F.max_pool2d_winners(full, pool)
    dy = generator.standard_normal(expected.shape)
    dfull = F.max_pool2d_backward(dy, winners, full.shape, pool)
    y, won = conv2d_max_pool(x, filters, None, 1, padding, 1, pool, with_winners=True)
    np.testing.assert_allclose(y, expected, **TOLERANCE[np.float64])
    found = conv2d_max_pool_backward(dy, won, x, filters, 1, padding, 1, pool)
    for mine, theirs in zip(found, F.conv2d_backward(dfull, x, filters, padding=padding), strict=True):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


@pytest.mark.usefixtures("_always")
@pytest.mark.parametrize("groups", [2, 4])
def test_groups_are_convolved_each_on_its_own(generator, groups):
    x, filters = generator.standard_normal((2, 7, 8, 4)), generator.standard_normal((3, 3, 4 // groups, 8))
    settings = {"padding": 1, "groups": groups}
    y, expected = F.conv2d(x, filters, **settings), plain_loops.conv2d(x, filters, None, **settings)
    np.testing.assert_allclose(y, expected, **TOLERANCE[np.float64])
    dy = generator.standard_normal(y.shape)
    found = F.conv2d_backward(dy, x, filters, **settings)
    for mine, theirs in zip(found, plain_loops.conv2d_gradients(dy, x, filters, **settings), strict=True):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


@pytest.mark.usefixtures("_always")
def test_inputs_are_left_alone(case):
    x, filters, padding = arrays(case)
    dy = F.conv2d(x, filters, padding=padding)
    before = [a.copy() for a in (x, filters, dy)]
    F.conv2d_backward(dy, x, filters, padding=padding)
    for now, then in zip((x, filters, dy), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.usefixtures("_always")
@pytest.mark.parametrize(
    ("case", "pool"), [*((case, 1) for case in CASES.values()), *(p for p in POOLED.values() if p[1] == 2)]
)
def test_what_is_returned_is_not_in_memory_that_others_use_next(case, pool):
    x, filters, padding = arrays(case)
    w = window(x.shape[1:3], 3, padding=padding, tile=pool)
    dy = np.ones((len(x), w.output[0] // pool, w.output[1] // pool, filters.shape[3]))
    borrowed = []

    def scratch(shape, dtype):
        borrowed.append(dirty(shape, dtype))
        return borrowed[-1]

    if pool == 1:
        found = F.conv2d_backward(dy, x, filters, padding=padding, scratch=scratch)
    else:
        _, winners = conv2d_max_pool(x, filters, None, 1, padding, 1, 2, with_winners=True, scratch=scratch)
        found = conv2d_max_pool_backward(dy, winners, x, filters, 1, padding, 1, 2, scratch=scratch)
    for mine in found:
        assert not any(np.shares_memory(mine, each) for each in borrowed)


@pytest.mark.usefixtures("_always")
def test_a_blank_image_gives_zeros(generator):
    y = F.conv2d(np.zeros((2, 8, 8, 3)), generator.standard_normal((3, 3, 3, 4)))
    np.testing.assert_array_equal(y, 0)


@pytest.mark.parametrize("t", winograd.POINTS)
def test_the_matrices_give_the_outputs_of_a_line(generator, kernel, t):
    a, b, g = winograd._matrices(t, kernel, np.float64)
    d, taps = generator.standard_normal(t), generator.standard_normal(kernel)
    y = a.T @ ((g @ taps) * (b.T @ d))
    np.testing.assert_allclose(y, np.correlate(d, taps, "valid"), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("t", "most"), [(6, 0.8e-6), (7, 1.3e-6)])
def test_little_precision_is_lost(t, kernel, most, monkeypatch):
    monkeypatch.setattr(winograd, "POINTS", {t: winograd.POINTS[t]})
    monkeypatch.setattr(winograd, "COPY", 1 << 30)
    generator = np.random.default_rng(0)
    x = generator.standard_normal((8, 18, 18, 32))
    filters = generator.standard_normal((kernel, kernel, 32, 32))
    filters /= np.sqrt(filters[..., 0].size)  # outputs as large as inputs
    found = F.conv2d(x.astype(np.float32), filters.astype(np.float32))
    exact = F.conv2d(x.astype(np.float32).astype(np.float64), filters.astype(np.float32).astype(np.float64))
    # 6 with the points 0, 1, -1, 2, -2, as is usual: 1.3e-6
    assert np.sqrt(np.mean((found - exact) ** 2)) < most


def _settings(size=16, channels=32, filters=32, images=32, pool=(1, 1), kernel=3, **settings):
    taps = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    x, weights = np.empty((images, size, size, channels)), np.empty((*taps, channels, filters))
    return x, weights, window((size, size), kernel, **settings), pool


@pytest.mark.parametrize(
    ("settings", "ahead", "back"),
    [
        ({}, True, True),
        ({"pool": (2, 2)}, True, True),
        ({"pool": (3, 3)}, True, True),
        ({"pool": (2, 1)}, False, False),
        ({"kernel": 2}, False, False),
        ({"kernel": 4}, True, True),
        ({"kernel": 5}, True, True),
        ({"kernel": 6}, False, False),
        ({"kernel": (3, 5)}, False, False),
        ({"kernel": (5, 3)}, False, False),
        ({"stride": 2, "size": 66}, False, False),
        ({"stride": (1, 2), "size": 66}, False, False),
        ({"dilation": 2}, False, False),
        ({"images": 1}, False, False),
        ({"images": 1, "size": 66}, True, True),
        ({"size": 5}, False, False),
        ({"channels": 3}, False, False),
        ({"channels": 8}, False, True),
        ({"channels": 10, "filters": 10}, False, False),
        ({"channels": 16, "filters": 16}, False, True),
        ({"channels": 64, "filters": 16}, True, True),
        ({"channels": 64, "filters": 64}, True, True),
    ],
)
def test_it_is_used_where_it_saves_more_than_it_costs(settings, ahead, back):
    given = _settings(**settings)
    assert winograd.worthwhile(*given) is ahead
    assert winograd.worthwhile(*given, back=True) is back


@pytest.mark.parametrize("pool", [1, 2])
@pytest.mark.parametrize(("channels", "filters", "ways"), [(16, 16, ["back"]), (48, 16, ["ahead", "back"])])
def test_outputs_and_gradients_choose_apart(channels, filters, ways, pool, generator, monkeypatch):
    used = []
    for way, name in (("ahead", "outputs"), ("back", "gradients")):
        original = getattr(winograd, name)
        monkeypatch.setattr(winograd, name, lambda *a, w=way, o=original, **k: used.append(w) or o(*a, **k))
    x, weights, _, _ = _settings(channels=channels, filters=filters)
    x[...], weights[...] = generator.random(x.shape), generator.random(weights.shape)
    y, winners = conv2d_max_pool(x, weights, None, 1, 0, 1, pool, with_winners=True)
    conv2d_max_pool_backward(y, winners, x, weights, 1, 0, 1, pool)
    assert used == ways
    used.clear()
    F.conv2d_backward(F.conv2d(x, weights), x, weights)
    assert used == ways


@pytest.mark.parametrize(
    ("size", "kernel", "m"),
    [
        (12, 3, 5),
        (18, 3, 4),
        (13, 3, 4),
        (15, 3, 5),
        (17, 3, 5),
        (34, 3, 4),
        (12, 4, 3),
        (15, 4, 4),
        (8, 5, 2),
        (10, 5, 3),
    ],
)
def test_tiles_are_those_that_reach_less_far_beyond_the_image(size, kernel, m):
    x, filters, w, _ = _settings(size, kernel=kernel)
    for back in (False, True):
        assert winograd._best_tiling(x, filters, w, back).m == m


@pytest.mark.parametrize(("images", "size"), [(9, 20), (1, 80), (2, 80)], ids=["many", "large", "two large"])
@pytest.mark.parametrize("pool", [1, 2, 3])
def test_as_much_is_taken_at_once_as_a_block_holds(images, size, pool):
    x, filters = np.empty((images, size, size, 64), np.float32), np.empty((3, 3, 64, 64), np.float32)
    w, taken = window((size, size), 3, tile=pool), []

    def scratch(shape, dtype):
        taken.append(np.empty(shape, dtype))
        return taken[-1]

    tiling = winograd._best_tiling(x, filters, w, False)
    found = [place for place, _ in tiles.blocks(tiling, x, filters, (pool, pool), scratch)]
    covered = [
        (i, row)
        for place in found
        for i in range(images)[place.images]
        for row in range(w.output[0] // pool)[place.outputs]
    ]
    assert sorted(covered) == list(product(range(images), range(w.output[0] // pool)))
    assert tiles.BLOCK_BYTES / 3 < sum(a.nbytes for a in taken) <= tiles.BLOCK_BYTES
    assert len(found) > 1

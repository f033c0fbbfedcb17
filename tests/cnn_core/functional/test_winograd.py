"""Convolution by fewer multiplications, by tiles and by rows of tiles, against plain loops."""

from itertools import product

import numpy as np
import plain_loops
import pytest
from plain_loops import TOLERANCE, dirty

from cnn_core import functional as F
from cnn_core.functional import minimal_filtering, products, tiles, ways, winograd_rows
from cnn_core.functional.geometry import pair, window
from cnn_core.functional.pooled_convolution import conv2d_max_pool, conv2d_max_pool_backward
from cnn_core.functional.ways import Way

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
# By kernel: tiles of 6 or 7 pixels, and rows of tiles with as many outputs as there are points for.
WAYS = {
    k: [
        *(Way("tiles", t - k + 1) for t in ways.TILES),
        *(Way("rows of tiles", t - k + 1) for t in minimal_filtering.POINTS if t > k),
    ]
    for k in ways.KERNELS
}
NOTHING_LEFT = {("one output", 2), ("one output", 3), ("one row", 2), ("one row", 3), ("one tile", 3)}
POOLED = {
    f"{name}, pool {pool}, {kernel}x{kernel}, {way.kind} of {way.m}": (case, pool, kernel, way)
    for name, case in (CASES | IN_PAIRS).items()
    for pool, kernel in product((2, 3), ways.KERNELS)
    for way in WAYS[kernel]
    # Of rows of tiles no pooling window may lie in two.
    if (name, pool) not in NOTHING_LEFT and not (way.kind == "rows of tiles" and way.m % pool)
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    return request.param


def go(monkeypatch, way):
    """Go this way whatever it costs."""
    monkeypatch.setattr(ways, "quickest", lambda *_, **__: way)


@pytest.fixture(params=WAYS[3], ids=lambda way: f"{way.kind} of {way.m}")
def way(request, monkeypatch):
    """A way for kernels of 3x3, which is gone."""
    go(monkeypatch, request.param)
    return request.param


@pytest.fixture(
    params=[(k, way) for k in ways.KERNELS for way in WAYS[k]],
    ids=lambda param: f"{param[0]}x{param[0]}, {param[1].kind} of {param[1].m}",
)
def kernel(request, monkeypatch):
    """The size of a kernel, one of whose ways is gone."""
    go(monkeypatch, request.param[1])
    return request.param[0]


@pytest.fixture(params=[0, 1, 2, 5], ids=["a row a block", "an image", "two images", "one block"])
def _blocks(request, monkeypatch):
    """Take a row of tiles at a time, or so many images and rows; then last blocks are uneven. Products are
    cut into small ones, on any processor."""
    for module in (tiles, winograd_rows):
        if request.param:
            monkeypatch.setattr(module, "even", lambda count, most: min(count, request.param))
        else:
            monkeypatch.setattr(module, "BLOCK_BYTES", 1)
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


@pytest.mark.usefixtures("_blocks")
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


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize(("case", "pool", "size", "chosen"), POOLED.values(), ids=POOLED.keys())
def test_outputs_and_gradients_of_pooled_ones_equal_those_of_one_after_the_other(
    case, pool, size, chosen, generator, monkeypatch
):
    go(monkeypatch, chosen)
    x, filters, padding = arrays(case, size)
    full = plain_loops.conv2d(x, filters, None, padding=padding)
    expected, winners = F.max_pool2d_winners(full, pool)
    dy = generator.standard_normal(expected.shape)
    dfull = F.max_pool2d_backward(dy, winners, full.shape, pool)

    monkeypatch.setattr("cnn_core.functional.pooled_convolution.im2col", None)
    memory = {"new": dirty, "scratch": dirty}
    y, won = conv2d_max_pool(x, filters, None, 1, padding, 1, pool, with_winners=True, **memory)
    np.testing.assert_allclose(y, expected, **TOLERANCE[np.float64])
    np.testing.assert_array_equal(won, winners)
    found = conv2d_max_pool_backward(dy, won, x, filters, 1, padding, 1, pool, **memory)
    for mine, theirs in zip(
        found, plain_loops.conv2d_gradients(dfull, x, filters, padding=padding), strict=True
    ):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


@pytest.mark.usefixtures("way")
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


@pytest.mark.usefixtures("way")
def test_inputs_are_left_alone(case):
    x, filters, padding = arrays(case)
    dy = F.conv2d(x, filters, padding=padding)
    before = [a.copy() for a in (x, filters, dy)]
    F.conv2d_backward(dy, x, filters, padding=padding)
    for now, then in zip((x, filters, dy), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize(
    ("case", "pool", "way"),
    [
        *((case, 1, way) for case, way in product(CASES.values(), WAYS[3])),
        *((case, pool, way) for case, pool, kernel, way in POOLED.values() if (pool, kernel) == (2, 3)),
    ],
    indirect=["way"],
)
@pytest.mark.usefixtures("way")
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


@pytest.mark.usefixtures("way")
def test_a_blank_image_gives_zeros(generator):
    y = F.conv2d(np.zeros((2, 8, 8, 3)), generator.standard_normal((3, 3, 3, 4)))
    np.testing.assert_array_equal(y, 0)


LINES = [  # M, K, stride
    each for each in product(range(2, 7), range(2, 8), (1, 2, 3)) if minimal_filtering.multiplications(*each)
]


@pytest.mark.parametrize(("m", "taps", "stride"), LINES)
def test_the_matrices_give_the_outputs_of_a_line(generator, m, taps, stride):
    a, b, g = minimal_filtering.matrices(m, taps, np.float64, stride)
    assert len(a) == minimal_filtering.multiplications(m, taps, stride) <= m * taps
    d, kernel = generator.standard_normal((m - 1) * stride + taps), generator.standard_normal(taps)
    y = a.T @ ((g @ kernel) * (b.T @ d))
    np.testing.assert_allclose(y, np.correlate(d, kernel, "valid")[::stride], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("m", "taps", "stride", "expected"),
    [(4, 3, 1, 6), (2, 7, 1, 8), (4, 3, 2, 9), (4, 5, 2, 11), (2, 3, 3, 6), (7, 3, 1, 0), (2, 3, 1, 0)],
)
def test_outputs_take_as_many_multiplications_as_there_are_points_for(m, taps, stride, expected):
    assert minimal_filtering.multiplications(m, taps, stride) == expected


MOST = {  # of the error, RMS of outputs as large as inputs, by the T of each line
    "tiles": {6: 0.8e-6, 7: 1.3e-6},  # 6 with the points 0, 1, -1, 2, -2, as is usual: 1.3e-6
    "rows of tiles": {5: 0.5e-6, 6: 0.6e-6, 7: 0.8e-6, 8: 1.1e-6},
}


@pytest.mark.parametrize(("size", "chosen"), [(k, way) for k in ways.KERNELS for way in WAYS[k]])
def test_little_precision_is_lost(size, chosen, monkeypatch):
    generator = np.random.default_rng(0)
    x = generator.standard_normal((8, 18, 18, 32)).astype(np.float32)
    filters = generator.standard_normal((size, size, 32, 32))
    filters = (filters / np.sqrt(filters[..., 0].size)).astype(np.float32)
    exact = F.conv2d(x.astype(np.float64), filters.astype(np.float64))
    go(monkeypatch, chosen)
    found = F.conv2d(x, filters)
    assert np.sqrt(np.mean((found - exact) ** 2)) < MOST[chosen.kind][chosen.m + size - 1]


ROWS = {  # image, kernel, stride, channels, filters, padding
    "a column": ((9, 6), (3, 1), 1, 3, 2, 0),
    "wide": ((8, 11), (3, 7), 1, 2, 3, (1, 3)),
    "narrow": ((12, 5), (5, 2), 1, 2, 3, (2, 0)),
    "two rows": ((9, 8), (2, 3), 1, 3, 3, 1),
    "six rows": ((16, 8), (6, 3), 1, 2, 3, (5, 1)),
    "too many filters for pairs": ((8, 8), (3, 3), 1, 2, 17, 1),
    "one of a pair beyond the image": ((8, 7), (3, 3), 1, 5, 4, 1),
    "one column": ((9, 3), (3, 3), 1, 5, 4, (1, 0)),
    "more padding than the kernel is high": ((6, 6), (3, 3), 1, 2, 3, (7, 9)),
    "strided": ((11, 9), (3, 3), 2, 3, 2, 1),
    "strided, some pixels left over": ((14, 10), (3, 3), 2, 3, 2, 0),
    "strided, no two phases alike": ((17, 11), (5, 4), (2, 3), 2, 3, (2, 1)),
    "strided, many phases": ((19, 8), (7, 3), (3, 1), 2, 3, (3, 1)),
    "strided more than the kernel is high": ((13, 8), (3, 3), (5, 1), 2, 3, 1),
    "strided across alone": ((9, 12), (3, 3), (1, 2), 2, 3, 1),
    "strided, more padding than the kernel is high": ((6, 6), (3, 3), 2, 2, 3, (7, 9)),
}


ROWS_BY_OUTPUTS = {
    f"{name}, {m} outputs": (*case, m)
    for (name, case), m in product(ROWS.items(), range(2, 7))
    if minimal_filtering.multiplications(m, case[1][0], pair(case[2])[0])
}


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "channels", "filters", "padding", "m"),
    ROWS_BY_OUTPUTS.values(),
    ids=ROWS_BY_OUTPUTS.keys(),
)
def test_rows_of_tiles_take_kernels_of_any_width_and_strides(
    size, kernel, stride, channels, filters, padding, m, generator, monkeypatch
):
    x = generator.standard_normal((3, *size, channels))
    weights = generator.standard_normal((*kernel, channels, filters))
    settings = {"stride": stride, "padding": padding}
    expected = plain_loops.conv2d(x, weights, None, **settings)
    dy = generator.standard_normal(expected.shape)
    correlates = stride == 1 and max(pair(padding)) < min(kernel)

    def rows(*_, back=False, **__):
        return ways.WINDOWS if back and not correlates else Way("rows of tiles", m)

    monkeypatch.setattr(ways, "quickest", rows)
    y = F.conv2d(x, weights, **settings, new=dirty, scratch=dirty)
    np.testing.assert_allclose(y, expected, **TOLERANCE[np.float64])
    dx, *gradients = plain_loops.conv2d_gradients(dy, x, weights, **settings)
    for needs_dx in (True, False):
        found = F.conv2d_backward(dy, x, weights, **settings, needs_dx=needs_dx, new=dirty, scratch=dirty)
        assert (found[0] is not None) is needs_dx
        for mine, theirs in zip(found[not needs_dx :], [dx, *gradients][not needs_dx :], strict=True):
            np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


@pytest.mark.parametrize("m", [3, 4, 5, 6])
@pytest.mark.parametrize(
    "alone",
    [lambda a: a[..., None], lambda a: a[:, None].transpose(0, 2, 3, 1)],
    ids=["a new axis", "channels first"],
)
def test_a_single_channel_may_have_any_stride(generator, alone, m, monkeypatch):
    x, dy = alone(generator.standard_normal((3, 9, 8))), alone(generator.standard_normal((3, 9, 8)))
    filters = generator.standard_normal((3, 3, 1, 1))
    assert x.flags.c_contiguous
    assert x.strides[3] != x.itemsize
    go(monkeypatch, Way("rows of tiles", m))
    expected = F.conv2d(x.copy(), filters, padding=1)
    np.testing.assert_array_equal(F.conv2d(x, filters, padding=1), expected)
    expected = F.conv2d_backward(dy.copy(), x.copy(), filters, padding=1)
    for mine, theirs in zip(F.conv2d_backward(dy, x, filters, padding=1), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("pool", [(2, 3), (3, 1), (1, 2)])
def test_rows_of_tiles_are_pooled_by_windows_of_any_shape(generator, pool, monkeypatch):
    x, filters = generator.standard_normal((3, 15, 9, 2)), generator.standard_normal((3, 3, 2, 3))
    full = plain_loops.conv2d(x, filters, None)
    expected, winners = F.max_pool2d_winners(full, pool)
    go(monkeypatch, Way("rows of tiles", 6))
    memory = {"new": dirty, "scratch": dirty}
    y, won = conv2d_max_pool(x, filters, None, 1, 0, 1, pool, with_winners=True, **memory)
    np.testing.assert_allclose(y, expected, **TOLERANCE[np.float64])
    np.testing.assert_array_equal(won, winners)
    dy = generator.standard_normal(y.shape)
    dfull = F.max_pool2d_backward(dy, winners, full.shape, pool)
    found = conv2d_max_pool_backward(dy, won, x, filters, 1, 0, 1, pool, **memory)
    for mine, theirs in zip(found, plain_loops.conv2d_gradients(dfull, x, filters), strict=True):
        np.testing.assert_allclose(mine, theirs, **TOLERANCE[np.float64])


BLOCKS = pytest.mark.parametrize(
    ("images", "size"), [(9, 20), (1, 80), (2, 80)], ids=["many", "large", "two large"]
)


@BLOCKS
@pytest.mark.parametrize("pool", [1, 2, 3])
def test_as_much_is_taken_at_once_as_a_block_holds(images, size, pool):
    x, filters = np.empty((images, size, size, 64), np.float32), np.empty((3, 3, 64, 64), np.float32)
    w, taken = window((size, size), 3, tile=pool), []

    def scratch(shape, dtype):
        taken.append(np.empty(shape, dtype))
        return taken[-1]

    tiling = tiles.tiling(w, (size, size), 4)
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


@BLOCKS
def test_as_many_rows_of_tiles_are_taken_at_once_as_a_block_holds(images, size):
    x, w, taken = np.zeros((images, size, size, 64), np.float32), window((size, size), 3), []

    def scratch(shape, dtype):
        taken.append(np.empty(shape, dtype))
        return taken[-1]

    found = list(winograd_rows._blocks(x, w, 4, 64, scratch, False))
    covered = [
        (i, row) for block in found for i in range(images)[block.images] for row in range(99)[block.tiles]
    ]
    assert sorted(covered) == list(product(range(images), range(-(-w.output[0] // 4))))
    assert tiles.BLOCK_BYTES / 3 < sum(a.nbytes for a in taken) <= tiles.BLOCK_BYTES
    assert len(found) > 1

"""Which way a convolution goes: the one that takes least, as reckoned."""

from itertools import product

import numpy as np
import pytest

from cnn_core import functional as F
from cnn_core.functional import minimal_filtering, ways, winograd, winograd_rows
from cnn_core.functional.geometry import window
from cnn_core.functional.pooled_convolution import conv2d_max_pool, conv2d_max_pool_backward


def given(size=16, channels=32, filters=32, images=32, pool=(1, 1), kernel=3, **settings):
    """Return x, filters, window and pool."""
    taps = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    x, weights = np.empty((images, size, size, channels)), np.empty((*taps, channels, filters))
    return x, weights, window((size, size), kernel, **settings), pool


@pytest.mark.parametrize(
    ("settings", "ahead", "back"),
    [
        ({}, "tiles", "tiles"),
        ({"pool": (2, 2)}, "tiles", "tiles"),
        ({"pool": (5, 5), "channels": 10, "filters": 10}, "rows of tiles", "rows of tiles"),
        ({"pool": (7, 7), "channels": 10, "filters": 10}, "windows", "rows of tiles"),
        ({"pool": (2, 1)}, "rows of tiles", "rows of tiles"),
        ({"kernel": 2}, "rows of tiles", "rows of tiles"),
        ({"kernel": 4}, "rows of tiles", "tiles"),
        ({"kernel": 5}, "rows of tiles", "tiles"),
        ({"kernel": 6}, "rows of tiles", "windows"),
        ({"kernel": (3, 5)}, "rows of tiles", "rows of tiles"),
        ({"kernel": (5, 3)}, "rows of tiles", "rows of tiles"),
        ({"kernel": 7}, "rows of tiles", "windows"),
        ({"kernel": 8}, "windows", "windows"),
        ({"kernel": 9}, "windows", "windows"),
        ({"kernel": (1, 3)}, "windows", "windows"),
        ({"kernel": (1, 7), "padding": (0, 3), "filters": 33}, "windows", "windows"),
        ({"stride": 2, "size": 66}, "windows", "windows"),
        ({"stride": (1, 2), "size": 66}, "rows of tiles", "windows"),
        ({"stride": 2, "size": 66, "kernel": 5}, "rows of tiles", "windows"),
        ({"stride": 2, "size": 66, "kernel": 7}, "rows of tiles", "windows"),
        ({"stride": 3, "size": 66}, "windows", "windows"),
        ({"stride": 7, "size": 66, "kernel": 5}, "windows", "windows"),
        ({"dilation": 2}, "windows", "windows"),
        ({"kernel": (3, 4), "padding": (3, 0)}, "rows of tiles", "windows"),
        ({"kernel": (4, 3), "padding": (0, 3)}, "rows of tiles", "windows"),
        ({"images": 1, "size": 8}, "windows", "windows"),
        ({"images": 1, "size": 66}, "tiles", "tiles"),
        ({"size": 5}, "rows of tiles", "windows"),
        ({"size": 4}, "windows", "windows"),
        ({"channels": 1}, "windows", "windows"),
        ({"channels": 3}, "windows", "windows"),
        ({"channels": 8}, "rows of tiles", "tiles"),
        ({"channels": 10, "filters": 10}, "rows of tiles", "rows of tiles"),
        ({"channels": 16, "filters": 16}, "rows of tiles", "rows of tiles"),
        ({"channels": 64, "filters": 64}, "tiles", "tiles"),
    ],
)
def test_the_way_that_takes_least_is_gone(settings, ahead, back):
    assert ways.quickest(*given(**settings)).kind == ahead
    assert ways.quickest(*given(**settings), back=True).kind == back


@pytest.mark.parametrize(
    ("settings", "m"),
    [
        ({"size": 12}, 5),
        ({"size": 18}, 4),
        ({"size": 15, "channels": 64}, 5),
        ({"size": 14, "channels": 10, "filters": 10}, 6),
        ({"size": 12, "channels": 10, "filters": 10}, 5),
        ({"size": 22, "channels": 10, "filters": 10, "pool": (2, 2)}, 4),
        ({"size": 18, "channels": 10, "filters": 10, "pool": (3, 1)}, 6),
    ],
)
def test_tiles_are_those_that_reach_less_far_beyond_the_image(settings, m):
    assert ways.quickest(*given(**settings)).m == m


@pytest.mark.parametrize("pool", [1, 2])
@pytest.mark.parametrize(("size", "channels"), [(8, 1), (16, 10), (16, 32), (16, 64)])
def test_every_way_of_outputs_and_of_gradients_is_gone_where_it_is_chosen(
    size, channels, pool, generator, monkeypatch
):
    used = []
    for module, names in (
        (winograd, ("outputs", "gradients")),
        (winograd_rows, ("correlate", "outputs", "gradients")),
    ):
        for name in names:
            original = getattr(module, name)
            mark = "tiles" if module is winograd else "rows of tiles", name == "gradients"
            monkeypatch.setattr(
                module, name, lambda *a, m=mark, o=original, **k: used.append(m) or o(*a, **k)
            )
    x, weights, w, _ = given(size=size, channels=channels)
    w = window((size, size), 3, tile=pool)
    x[...], weights[...] = generator.random(x.shape), generator.random(weights.shape)
    expected = [
        (kind, back)
        for back in (False, True)
        if (kind := ways.quickest(x, weights, w, (pool, pool), back=back).kind) != "windows"
    ]
    y, winners = conv2d_max_pool(x, weights, None, 1, 0, 1, pool, with_winners=True)
    conv2d_max_pool_backward(y, winners, x, weights, 1, 0, 1, pool)
    assert used == expected
    if pool == 1:
        used.clear()
        F.conv2d_backward(F.conv2d(x, weights), x, weights)
        assert used == expected


def test_every_tile_that_may_be_chosen_has_points_that_differ():
    for t, points in minimal_filtering.POINTS.items():
        assert len(set(points)) == len(points) == t - 1
    for t, kernel in product(ways.TILES, ways.KERNELS):
        assert minimal_filtering.multiplications(t - kernel + 1, kernel) == t

"""Images in overlapping tiles of T x T pixels, each with M x M outputs of its own (see `winograd`).

T is M + 2, as for a kernel of 3x3: a tile begins with the two rows, and columns, that the one before it ends
with. The last ones may reach beyond the image.
"""

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from cnn_core.functional.geometry import Allocate, Array, Pair, Window, even
from cnn_core.functional.im2col import BLOCK_BYTES


class Tiling(NamedTuple):
    """Where the tiles of a window lie, for images of one size."""

    m: int  # outputs of each, both ways
    down: int  # rows of tiles
    right: int  # columns of tiles
    w: Window  # the window, padded as far as its tiles reach


class Block(NamedTuple):
    """Memory for the tiles of some images."""

    pixels: Array  # T, T, n, TH, TW, C
    sums: Array  # T, T, n, TH, TW, F
    outputs: Array  # M, M, n, TH, TW, F
    whole: Array  # outputs place by place in pooling windows: P, P, n, TH * M / P, TW * M / P, F
    phases: Array  # what of that is in the image: P, P, n, OH / P, OW / P, F
    spare: Array  # flat, for what is transformed one way only; also holds `whole`, which for P = M is outputs


class Place(NamedTuple):
    """Where the tiles of a block are."""

    images: slice
    tiles: slice  # rows of tiles
    outputs: slice  # rows of what pooling windows make of their outputs


def tiling(w: Window, size: Pair, m: int) -> Tiling:
    """Return the tiles of M x M outputs for images of this size."""
    down, right = (-(-o // m) for o in w.output)
    missing = [m * k + 2 - b - n for k, b, n in zip((down, right), w.before, size, strict=True)]
    return Tiling(m, down, right, w._replace(after=(max(missing[0], 0), max(missing[1], 0)), taps=()))


def blocks(
    tiles: Tiling, x: Array, filters: Array, pool: Pair, scratch: Allocate
) -> Iterator[tuple[Place, Block]]:
    """Yield (place, memory) for all tiles of x: of some images at a time, or some rows of a large one."""
    n, (c, f), m, t, p = len(x), filters.shape[2:], tiles.m, tiles.m + 2, pool[0]
    numbers = t * t * c, t * t * f, m * m * f, t * max(t * c, m * f)  # of each tile
    most = BLOCK_BYTES // (tiles.right * sum(numbers) * x.itemsize)  # rows of tiles
    together, down = even(n, max(1, most // tiles.down)), even(tiles.down, max(1, most))
    memory = [scratch((together * down * tiles.right * each,), x.dtype) for each in numbers]
    for first, row in product(range(0, n, together), range(0, tiles.down, down)):
        images, rows = slice(first, min(first + together, n)), slice(row, min(row + down, tiles.down))
        found = slice(row * m // p, min(rows.stop * m, tiles.w.output[0]) // p)
        grid = images.stop - first, rows.stop - row, tiles.right
        used = [a[: prod(grid) * k] for a, k in zip(memory, numbers, strict=True)]
        size = found.stop - found.start, tiles.w.output[1] // p
        yield Place(images, rows, found), _block(used, m, p, grid, size)


def _block(memory: list[Array], m: int, p: int, grid: tuple[int, int, int], size: Pair) -> Block:
    """Return the memory of a block for a grid (n, TH, TW) of tiles, and for phases of this size."""
    pixels, sums, outputs, spare = memory
    t, (n, down, right) = m + 2, grid
    whole = outputs if m == p else spare[: outputs.size]
    whole = whole.reshape(p, p, n, down * m // p, right * m // p, -1)
    return Block(
        pixels.reshape(t, t, *grid, -1),
        sums.reshape(t, t, *grid, -1),
        outputs.reshape(m, m, *grid, -1),
        whole,
        whole[:, :, :, : size[0], : size[1]],
        spare,
    )


def cut(padded: Array, place: Place, block: Block) -> None:
    """Fill pixels with the tiles of padded images."""
    images, m, (sn, sh, sw, sc) = padded[place.images], len(block.outputs), padded.strides
    steps, begin = (sh, sw, sn, m * sh, m * sw, sc), m * sh * place.tiles.start
    np.copyto(block.pixels, np.ndarray(block.pixels.shape, padded.dtype, images, begin, steps))


def overlap(tiles: Tiling, place: Place, block: Block, padded: Array) -> None:
    """Fill padded images with the sums of their tiles, the reverse of `cut`; pixels are written over."""
    pixels, (m, _, n, down, right, _) = block.pixels, block.outputs.shape
    np.add(pixels[:2, :, :, 1:], pixels[m:, :, :, :-1], out=pixels[:2, :, :, 1:])
    for row in pixels:  # one by one: NumPy would make a copy where it cannot tell that parts do not overlap
        np.add(row[:2, :, :, 1:], row[m:, :, :, :-1], out=row[:2, :, :, 1:])
    # What is summed: M rows and columns of each tile, and two more where no tile follows.
    first, last, width, c = m * place.tiles.start, m * place.tiles.stop, m * right, padded.shape[3]
    images = padded[place.images]
    seam = images[:, first : first + 2, : width + 2]
    above = seam.copy() if first else None  # what rows of tiles before these have left there
    inside = images[:, first:last, :width].reshape(n, down, m, right, m, c)
    np.copyto(inside, pixels[:m, :m].transpose(2, 3, 0, 4, 1, 5))
    bottom = images[:, last : last + 2, :width].reshape(n, 2, right, m, c)
    np.copyto(bottom, pixels[m:, :m, :, -1].transpose(2, 0, 3, 1, 4))
    side = images[:, first:last, width : width + 2].reshape(n, down, m, 2, c)
    np.copyto(side, pixels[:m, m:, :, :, -1].transpose(2, 3, 0, 1, 4))
    np.copyto(images[:, last : last + 2, width : width + 2], pixels[m:, m:, :, -1, -1].transpose(2, 0, 1, 3))
    if above is not None:
        np.add(seam, above, out=seam)
    if place.tiles.stop == tiles.down:
        images[:, last + 2 :] = 0
        images[:, :, width + 2 :] = 0


def arrange(block: Block) -> None:
    """Fill `whole` from the outputs."""
    if len(block.whole) != len(block.outputs):
        outputs, places = _side_by_side(block)
        np.copyto(places, outputs)


def rearrange(block: Block) -> None:
    """Fill outputs from the phases, the reverse of `arrange`: zeros beyond the image."""
    height, width = block.phases.shape[3:5]
    block.whole[:, :, :, height:] = 0
    block.whole[:, :, :, :, width:] = 0
    if len(block.whole) != len(block.outputs):
        outputs, places = _side_by_side(block)
        np.copyto(outputs, places)


def _side_by_side(block: Block) -> tuple[Array, Array]:
    """Return the outputs, and their places in `whole`: two views M / P, P, M / P, P, n, TH, TW, F.

    Output i of a tile is in phase i % P, there at place i // P.
    """
    (m, _, *grid, f), p = block.outputs.shape, len(block.whole)
    n, down, right = grid
    places = block.whole.reshape(p, p, n, down, m // p, right, m // p, f).transpose(4, 0, 6, 1, 2, 3, 5, 7)
    return block.outputs.reshape(m // p, p, m // p, p, *grid, f), places

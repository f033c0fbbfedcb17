"""Images in overlapping tiles of T x T pixels, each with M x M outputs of its own (see `winograd`).

For a kernel of K x K, T is M + K - 1: a tile begins with the K - 1 rows, and columns, that the one before it
ends with. The last ones may reach beyond the image.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise, product
from math import lcm, prod
from typing import NamedTuple

import numpy as np

from cnn_core.functional.geometry import Allocate, Array, Pair, Window, even
from cnn_core.functional.im2col import BLOCK_BYTES


class Tiling(NamedTuple):
    """Where the tiles of a window lie, for images of one size."""

    m: int  # outputs of each, both ways
    t: int  # pixels of each, both ways
    down: int  # rows of tiles
    right: int  # columns of tiles
    w: Window  # the window, padded as far as its tiles reach


class Block(NamedTuple):
    """Memory for the tiles of some images."""

    pixels: Array  # T, T, n, TH, TW, C
    sums: Array  # T, T, n, TH, TW, F
    outputs: Array  # M, M, n, TH, TW, F; in the memory of the sums, which turn into these and back
    # The same side by side: place by place in pooling windows (Q = P) where each of these lies in one tile,
    # else as in the image (Q = 1).
    joined: Array  # Q, Q, n, TH * M / Q, TW * M / Q, F
    phases: Array  # what of them is in the image, always place by place: P, P, n, OH / P, OW / P, F
    spare: Array  # flat, for what is transformed one way only


class Place(NamedTuple):
    """Where the tiles of a block are."""

    images: slice
    tiles: slice  # rows of tiles
    outputs: slice  # rows of what pooling windows make of their outputs


def tiling(w: Window, size: Pair, m: int) -> Tiling:
    """Return the tiles with M x M outputs each for images of this size."""
    reach = w.kernel[0] - 1
    down, right = (-(-o // m) for o in w.output)
    missing = [m * k + reach - b - n for k, b, n in zip((down, right), w.before, size, strict=True)]
    return Tiling(
        m, m + reach, down, right, w._replace(after=(max(missing[0], 0), max(missing[1], 0)), taps=())
    )


def blocks(
    tiles: Tiling, x: Array, filters: Array, pool: Pair, scratch: Allocate
) -> Iterator[tuple[Place, Block]]:
    """Yield (place, memory) for all tiles of x: of some images at a time, or some rows of a large one."""
    n, (c, f), (m, t, *_), p = len(x), filters.shape[2:], tiles, pool[0]
    numbers = t * t * c, t * t * f, t * max(t * c, m * f)  # of each tile
    most = BLOCK_BYTES // (tiles.right * sum(numbers) * x.itemsize)  # rows of tiles
    apart = lcm(m, p) // m  # rows of tiles after which a pooling window begins
    together = even(n, max(1, most // tiles.down))
    down = tiles.down
    if down > most:
        down = min(even(-(-down // apart), max(1, most // apart)) * apart, down)
    # In one piece: the memory of several smaller ones would be given back to the system each time.
    memory = scratch((together * down * tiles.right * sum(numbers),), x.dtype)
    block: Block | None = None
    for first, row in product(range(0, n, together), range(0, tiles.down, down)):
        images, rows = slice(first, min(first + together, n)), slice(row, min(row + down, tiles.down))
        found = slice(row * m // p, min(rows.stop * m, tiles.w.output[0]) // p)
        grid = images.stop - first, rows.stop - row, tiles.right
        size = found.stop - found.start, tiles.w.output[1] // p
        if block is None or grid != block.pixels.shape[2:5] or size != block.phases.shape[3:5]:
            ends = [prod(grid) * k for k in accumulate(numbers, initial=0)]
            used = [memory[slice(*each)] for each in pairwise(ends)]
            block = _block(used, tiles, p, grid, size)  # most are as large as the one before
        yield Place(images, rows, found), block


def _block(memory: list[Array], tiles: Tiling, p: int, grid: tuple[int, int, int], size: Pair) -> Block:
    """Return the memory of a block for a grid (n, TH, TW) of tiles, and for phases of this size."""
    pixels, sums, spare = memory
    (m, t, *_), (n, down, right) = tiles, grid
    q, outputs = p if m % p == 0 else 1, sums[: sums.size // t**2 * m**2]
    joined = spare[: outputs.size].reshape(q, q, n, down * m // q, right * m // q, -1)
    if p == q:
        phases = joined[:, :, :, : size[0], : size[1]]
    else:  # in the memory of the outputs, which are in `joined` while phases are in use
        shape = p, p, n, *size, joined.shape[-1]
        phases = outputs[: prod(shape)].reshape(shape)
    return Block(
        pixels.reshape(t, t, *grid, -1),
        sums.reshape(t, t, *grid, -1),
        outputs.reshape(m, m, *grid, -1),
        joined,
        phases,
        spare,
    )


def cut(padded: Array, place: Place, block: Block) -> None:
    """Fill pixels with the tiles of padded images."""
    images, m, (sn, sh, sw, sc) = padded[place.images], len(block.outputs), padded.strides
    steps, begin = (sh, sw, sn, m * sh, m * sw, sc), m * sh * place.tiles.start
    np.copyto(block.pixels, np.ndarray(block.pixels.shape, padded.dtype, images, begin, steps))


def overlap(tiles: Tiling, place: Place, block: Block, padded: Array) -> None:
    """Fill padded images with the sums of their tiles, the reverse of `cut`; pixels are written over."""
    pixels, (m, t, *_), (n, down, right, c) = block.pixels, tiles, block.pixels.shape[2:]
    # M rows at a time, the last first, to those of the next tile that they lie on; then columns.
    for start in range((t - 1) // m * m, 0, -m):
        here, there = slice(start, start + m), slice(start - m, min(start, t - m))
        np.add(pixels[there, :, :, 1:], pixels[here, :, :, :-1], out=pixels[there, :, :, 1:])
        columns = pixels[:, there, :, :, 1:]
        # NumPy cannot tell that these do not overlap, and copies: still quicker than row by row.
        np.add(columns, pixels[:, here, :, :, :-1], out=columns)
    # What is summed: M rows and columns of each tile, and as many more as it reaches where no tile follows.
    first, last, width, reach = m * place.tiles.start, m * place.tiles.stop, m * right, t - m
    images = padded[place.images]
    seam = images[:, first : first + reach, : width + reach]
    above = seam.copy() if first else None  # what rows of tiles before these have left there
    inside = images[:, first:last, :width].reshape(n, down, m, right, m, c)
    np.copyto(inside, pixels[:m, :m].transpose(2, 3, 0, 4, 1, 5))
    bottom = images[:, last : last + reach, :width].reshape(n, reach, right, m, c)
    np.copyto(bottom, pixels[m:, :m, :, -1].transpose(2, 0, 3, 1, 4))
    side = images[:, first:last, width : width + reach].reshape(n, down, m, reach, c)
    np.copyto(side, pixels[:m, m:, :, :, -1].transpose(2, 3, 0, 1, 4))
    corner = images[:, last : last + reach, width : width + reach]
    np.copyto(corner, pixels[m:, m:, :, -1, -1].transpose(2, 0, 1, 3))
    if above is not None:
        np.add(seam, above, out=seam)
    if place.tiles.stop == tiles.down:
        images[:, last + reach :] = 0
        images[:, :, width + reach :] = 0


def arrange(block: Block) -> None:
    """Fill phases from the outputs."""
    outputs, places = _side_by_side(block)
    np.copyto(places, outputs)
    if len(block.joined) != len(block.phases):
        np.copyto(block.phases, _by_phase(block))


def rearrange(block: Block) -> None:
    """Fill outputs from the phases, the reverse of `arrange`: zeros beyond the image."""
    (p, _, _, height, width, _), q = block.phases.shape, len(block.joined)
    if p != q:
        np.copyto(_by_phase(block), block.phases)
    block.joined[:, :, :, height * p // q :] = 0
    block.joined[:, :, :, :, width * p // q :] = 0
    outputs, places = _side_by_side(block)
    np.copyto(outputs, places)


def _by_phase(block: Block) -> Array:
    """Return what is joined as the phases are: a view."""
    p, _, n, height, width, f = block.phases.shape
    inside = block.joined[0, 0, :, : height * p, : width * p]
    return inside.reshape(n, height, p, width, p, f).transpose(2, 4, 0, 1, 3, 5)


def _side_by_side(block: Block) -> tuple[Array, Array]:
    """Return the outputs, and their places in `joined`: two views M / Q, Q, M / Q, Q, n, TH, TW, F.

    Output i of a tile is in phase i % Q, there at place i // Q.
    """
    (m, _, *grid, f), q = block.outputs.shape, len(block.joined)
    n, down, right = grid
    places = block.joined.reshape(q, q, n, down, m // q, right, m // q, f).transpose(4, 0, 6, 1, 2, 3, 5, 7)
    return block.outputs.reshape(m // q, q, m // q, q, *grid, f), places

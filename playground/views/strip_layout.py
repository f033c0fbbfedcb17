"""How wide each column of the network becomes: the smallest tiles are enlarged first, as long as all fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from playground.views.mosaic import Grid

MOST_TILES = 96  # more maps than this: the strongest are shown
MOST_CELLS = 4096
SMALLEST, LARGE = 9, 28  # px, sides of a tile: to see all layers at once, or to see into their maps
_READABLE, _LARGEST = 18, 128
_GAP = 2  # px between tiles
_CROWDED = 14  # px; in narrower rows the gap is one px


class Kind(Enum):
    """How the values of a layer are drawn."""

    IMAGE = "image"  # the input
    MAPS = "maps"
    BARS = "bars"  # few numbers, each with its name
    CELLS = "cells"  # many numbers
    NOTHING = "nothing"  # no shape: the layer, or one before it, does not fit


# Widths in px to choose from, each with the tile size it is worth.
_WIDTHS = {
    Kind.IMAGE: ((50, 16), (84, 26), (112, 40), (140, 64)),
    Kind.BARS: ((46, 16), (72, 32), (96, 48), (128, 96)),
    Kind.CELLS: ((36, 24), (56, 48), (72, 96), (96, 128)),
    Kind.NOTHING: ((44, 1000),),
}


@dataclass(frozen=True, kw_only=True)
class ColumnContent:
    """What a column has to show."""

    kind: Kind
    count: int = 0  # tiles, cells or bars
    size: tuple[int, int] = (1, 1)  # values of one map, H and W
    narrowest: int = 36  # px; room for the header at its shortest
    preferred: int = 36  # px; room for all its words
    family: int = -1  # columns of one family get the same grid, so that a channel stays in its row
    kernel: tuple[int, int] | None = None  # its kernels are drawn beside the maps


@dataclass(frozen=True)
class _Option:
    width: int
    worth: float
    columns: int = 1
    tile: int = 0  # px, longer side
    gap: int = _GAP


def arrange(
    contents: Sequence[ColumnContent], width: float, height: float, ratio: float, smallest: int = SMALLEST
) -> list[tuple[int, Grid]]:
    """Return for each column its width in px and the grid of its tiles, `smallest` px or larger.

    The widths add up to `width` or less where that is possible; what is left over goes to the words. Where it
    is not, people have to scroll anyway, and tiles and words get a size that is easy to read.
    """
    groups = _groups(contents)
    options = [_options(contents[members[0]], height, smallest) for members in groups]
    chosen = [0] * len(groups)

    def total(group: int, option: int) -> int:
        return sum(_column_width(contents[i], options[group][option]) for i in groups[group])

    free = width - sum(total(g, 0) for g in range(len(groups)))
    scrolls = free < 0
    if scrolls:
        smallest = max(smallest, _READABLE)
        options = [_options(contents[members[0]], height, smallest) for members in groups]
    growing = set(range(len(groups)))
    while growing:
        group = min(growing, key=lambda g: options[g][chosen[g]].worth)
        following = chosen[group] + 1
        if following == len(options[group]):
            growing.discard(group)
            continue
        cost = total(group, following) - total(group, chosen[group])
        if cost > max(free, 0):
            growing.discard(group)
        else:
            chosen[group], free = following, free - cost
    final = {i: options[group][chosen[group]] for group, members in enumerate(groups) for i in members}
    widths = [_column_width(content, final[i]) for i, content in enumerate(contents)]
    _widen(widths, contents, sum(content.preferred for content in contents) if scrolls else free)
    places = enumerate(zip(contents, widths, strict=True))
    return [(column, _grid(content, final[i], column, height, ratio)) for i, (content, column) in places]


def _widen(widths: list[int], contents: Sequence[ColumnContent], free: float) -> None:
    """Give columns room for all their words, those that lack least first, as far as `free` px go."""
    lacks = [content.preferred - width for content, width in zip(contents, widths, strict=True)]
    for i, lack in sorted(enumerate(lacks), key=lambda pair: pair[1]):
        if 0 < lack <= free:
            widths[i] += lack
            free -= lack


def _groups(contents: Sequence[ColumnContent]) -> list[list[int]]:
    """Return the columns that get the same option: maps of one family, in as many channels."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for i, content in enumerate(contents):
        shared = content.kind is Kind.MAPS
        groups.setdefault((content.family, content.count) if shared else (i, "alone"), []).append(i)
    return list(groups.values())


def _options(content: ColumnContent, height: float, smallest: int) -> list[_Option]:
    """Return the ways to draw a column, from narrow to wide."""
    if content.kind is not Kind.MAPS:
        return [_Option(width, worth) for width, worth in _WIDTHS[content.kind]]
    options: list[_Option] = []
    for columns in range(1, content.count + 1):
        rows = -(-content.count // columns)
        gap = _GAP if height / rows >= _CROWDED else 1
        tile = min(int(height / rows) - gap, _LARGEST)
        if tile >= (smallest if columns < content.count else 1) and (not options or tile > options[-1].tile):
            options.append(_Option(columns * (tile + gap), tile, columns, tile, gap))
    return options


def _kernel_side(tile: int) -> int:
    return min(max(6, min(tile // 2, tile - 10)), 36)


def _column_width(content: ColumnContent, option: _Option) -> int:
    aside = option.columns * (_kernel_side(option.tile) + 2) if content.kernel else 0
    return max(option.width + aside, content.narrowest)


def _grid(content: ColumnContent, option: _Option, width: int, height: float, ratio: float) -> Grid:
    """Return the grid in screen pixels."""
    high, wide = content.size
    if content.kind is Kind.MAPS:
        side, aside = option.tile, _kernel_side(option.tile) + 2 if content.kernel else 0
        tile = _fitted(high, wide, round(side * ratio))
        columns, gap = option.columns, max(1, round(option.gap * ratio))
        return Grid(
            count=content.count, columns=columns, tile=tile, gap=gap, ratio=ratio, aside=round(aside * ratio)
        )
    if content.kind is Kind.IMAGE:
        return Grid(
            count=content.count,
            columns=1,
            tile=_fitted(high, wide, round(min(width, height / content.count) * ratio)),
            gap=round(_GAP * ratio),
            ratio=ratio,
        )
    return _cells(max(1, content.count), int(width * ratio), int(height * ratio), ratio)


def _fitted(high: int, wide: int, side: int) -> tuple[int, int]:
    """Return high x wide scaled so that the longer side is `side`."""
    longer = max(high, wide)
    return max(1, side * high // longer), max(1, side * wide // longer)


def _cells(count: int, width: int, height: int, ratio: float) -> Grid:
    """Return the grid of `count` cells with the largest cells, a little wider than high."""
    best, score = Grid(count=count, columns=count, tile=(1, 1), gap=0, ratio=ratio), 0.0
    for columns in range(1, min(count, width) + 1):
        rows = -(-count // columns)
        pitch_y, pitch_x = min(height // rows, round(20 * ratio)), min(width // columns, round(40 * ratio))
        gap = 1 if min(pitch_x, pitch_y) >= 4 else 0
        if pitch_y - gap < 1 or pitch_x - gap < 1:
            continue
        quality = min(pitch_y, pitch_x / 1.5)
        if quality > score:
            tile = (pitch_y - gap, pitch_x - gap)
            best, score = Grid(count=count, columns=columns, tile=tile, gap=gap, ratio=ratio), quality
    return best

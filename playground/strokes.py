"""Pen drawings in a file, as the canvas would show them: from strokes to a data set.

The file is JSON, plain or gzip: a list of {"label": 7, "strokes": [[[x, y], ...], ...], "writer": "..."}, y
downwards, in any unit. `writer` may be missing.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cnn_core as cnn
from cnn_core.datasets.reading import need_file
from playground import hands
from playground.drawing import Drawing, Stroke, rasterize

GZIP = b"\x1f\x8b"  # how such a file begins
MOST_BYTES = 1 << 28  # unpacked; a thousand times what a class of pupils writes in a year
EXTENT = (0.35, 0.85)  # of the canvas, that a drawing spans
WIDTH = (0.03, 0.13)  # of the canvas, that the pen is wide
STRETCH = 0.15  # natural logarithm of width against height, at most, either way
_SOURCES = {False: "pen drawings", True: "pen drawings as by other hands on other devices"}


def read_drawings(path: Path | str) -> list[dict[str, Any]]:
    """Return the drawings of a file; raise DatasetError where it holds none, OSError where it is not."""
    path = Path(path)
    need_file(path)
    content = path.read_bytes()
    try:
        if content.startswith(GZIP):
            content = gzip.GzipFile(fileobj=io.BytesIO(content)).read(MOST_BYTES)
        drawings = json.loads(content)
        if all(len(d["strokes"]) and int(d["label"]) >= 0 for d in drawings) and drawings:
            return list(drawings)
    except (ValueError, TypeError, KeyError, EOFError, OSError, zlib.error, RecursionError):
        pass
    raise cnn.DatasetError(
        f"{path.name} holds no pen drawings; what is read is a list of "
        '{"label": 7, "strokes": [[[x, y], ...], ...]}'
    )


def split_writers(
    drawings: list[dict[str, Any]], held_out: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the drawings of all writers but the last so many by name, and those of the last ones."""
    writers = sorted({str(d.get("writer")) for d in drawings})
    last = set(writers[len(writers) - held_out :])
    return (
        [d for d in drawings if str(d.get("writer")) not in last],
        [d for d in drawings if str(d.get("writer")) in last],
    )


def from_drawings(
    drawings: list[dict[str, Any]],
    class_names: tuple[str, ...],
    copies: int,
    seed: int,
    *,
    by_anyone: bool = False,
) -> cnn.Dataset:
    """Return each drawing `copies` times, each time with another pen, size, stretch and place.

    With `by_anyone` most of the copies are also as another hand would have drawn it on another device.
    """
    generator = np.random.default_rng(seed)
    images = []
    for drawing in drawings:
        for _ in range(copies):
            lines = hands.in_unit(drawing["strokes"])
            images.append(seen(hands.by_anyone(lines, generator) if by_anyone else lines, generator))
    labels = np.repeat(np.array([d["label"] for d in drawings], np.int64), copies)
    return cnn.Dataset(np.stack(images), labels, class_names, _SOURCES[by_anyone])


def seen(strokes: Sequence[Any], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Return what a network gets to see (28, 28, 1) of strokes in any unit, drawn somewhere on the canvas."""
    lines = hands.in_unit(strokes)
    stretch = np.exp(generator.uniform(-STRETCH, STRETCH))
    scale = generator.uniform(*EXTENT) * np.array([stretch, 1])
    extent = np.max([line.max(axis=0) for line in lines], axis=0)
    corner = (1 - extent * scale) * generator.uniform(0.3, 0.7, 2)
    width = float(np.exp(generator.uniform(*np.log(WIDTH))))
    drawing = Drawing(
        tuple(Stroke(tuple(map(tuple, (line * scale + corner).tolist())), width) for line in lines)
    )
    normalized = cnn.preprocessing.normalize_drawing(rasterize(drawing))
    return np.round(normalized * 255).astype(np.uint8)

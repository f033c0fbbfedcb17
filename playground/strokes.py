"""Pen drawings in a file, as the canvas would show them: from strokes to a data set.

The file is JSON, plain or gzip: a list of {"label": 7, "strokes": [[[x, y], ...], ...], "writer": "..."}, y
downwards, in any unit. `writer` may be missing.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cnn_core as cnn
from playground.drawing import Drawing, Stroke, rasterize

GZIP = b"\x1f\x8b"  # how such a file begins
MOST_BYTES = 1 << 28  # unpacked; a thousand times what a class of pupils writes in a year
EXTENT = (0.45, 0.8)  # of the canvas, that a drawing spans
WIDTH = (0.03, 0.13)  # of the canvas, that the pen is wide
STRETCH = 0.15  # natural logarithm of width against height, at most, either way


def read_drawings(path: Path | str) -> list[dict[str, Any]]:
    """Return the drawings of a file; raise DatasetError where it holds none, OSError where it is not."""
    path = Path(path)
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
    drawings: list[dict[str, Any]], class_names: tuple[str, ...], copies: int, seed: int
) -> cnn.Dataset:
    """Return each drawing `copies` times, each time with another pen, size, stretch and place."""
    generator = np.random.default_rng(seed)
    images = [seen(d["strokes"], generator) for d in drawings for _ in range(copies)]
    labels = np.repeat(np.array([d["label"] for d in drawings], np.int64), copies)
    return cnn.Dataset(np.stack(images), labels, class_names, "pen drawings")


def seen(strokes: Any, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Return what a network gets to see (28, 28, 1) of strokes drawn somewhere on the canvas."""
    points = np.concatenate([np.asarray(stroke, np.float64) for stroke in strokes])
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    stretch = np.exp(generator.uniform(-STRETCH, STRETCH))
    scale = generator.uniform(*EXTENT) / max(float(extent.max()), 1e-9) * np.array([stretch, 1])
    corner = (1 - extent * scale) * generator.uniform(0.3, 0.7, 2)
    width = float(np.exp(generator.uniform(*np.log(WIDTH))))
    drawing = Drawing(
        tuple(
            Stroke(tuple((float(x), float(y)) for x, y in (np.asarray(s) - low) * scale + corner), width)
            for s in strokes
        )
    )
    normalized = cnn.preprocessing.normalize_drawing(rasterize(drawing))
    return np.round(normalized * 255).astype(np.uint8)

"""The built-in digits: handwriting made by our own pen-stroke models, the same for the same seed.

Images are 28x28 in MNIST's framing, so a network trained on them reads MNIST and what people draw.
"""

from __future__ import annotations

import contextlib
import os
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_dir

from cnn_core.datasets.dataset import Dataset
from cnn_core.datasets.digit_rendering import render
from cnn_core.datasets.digit_strokes import Lines, write
from cnn_core.datasets.digit_styles import STYLES, Style
from cnn_core.datasets.progress import OnProgress, report
from cnn_core.errors import DatasetError
from cnn_core.writing import write_whole

CLASS_NAMES = tuple("0123456789")
SIZES = {"train": 60_000, "test": 10_000}
_SEEDS = {"train": 1, "test": 2}
VERSION = 1  # raise when the same seed gives other images; a change of the styles is noticed without
_BLOCK = 1000  # images made from one generator, whatever the number of threads
_SOURCE = "built-in digits"

_Block = tuple[NDArray[np.uint8], NDArray[np.int64]]


def generate(
    count: int, seed: int = 0, progress: OnProgress | None = None, threads: int | None = None
) -> Dataset:
    """Return `count` digits, the ten classes equally often, in random order; the same for the same seed.

    A larger count goes on where a smaller one ends. The number of threads (default: one per core) does not
    change the result. `progress(done, total)` is told of each block; raises Cancelled when it answers False.
    """
    if count < 0:
        raise DatasetError(f"cannot make {count} digits; give 0 or more")
    images = np.empty((count, 28, 28, 1), dtype=np.uint8)
    labels = np.empty(count, dtype=np.int64)
    starts = range(0, count, _BLOCK)
    report(progress, 0, count)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        blocks = [pool.submit(_block, seed, start // _BLOCK) for start in starts]
        try:
            for start, block in zip(starts, blocks, strict=True):
                part = slice(start, min(count, start + _BLOCK))
                images[part], labels[part] = (array[: part.stop - start] for array in block.result())
                report(progress, part.stop, count)
        finally:
            pool.shutdown(cancel_futures=True)
    return Dataset(images, labels, CLASS_NAMES, f"{_SOURCE}, seed {seed}")


def load(split: str = "train", progress: OnProgress | None = None) -> Dataset:
    """Return 60,000 digits to train on or 10,000 others to test on, kept in the user's cache once made."""
    if split not in SIZES:
        raise DatasetError(f"there is no split {split!r}; use 'train' or 'test'")
    path = _cache_path(split)
    arrays = _read(path, SIZES[split])
    if arrays is None:
        made = generate(SIZES[split], _SEEDS[split], progress)
        arrays = made.images, made.labels
        with contextlib.suppress(OSError):  # a full disk or a read-only folder costs time, not the digits
            _save(path, *arrays)
    return Dataset(*arrays, CLASS_NAMES, f"{_SOURCE} ({split})")


def _block(seed: int, index: int) -> _Block:
    random = np.random.default_rng((seed, index))
    labels = random.permutation(np.arange(_BLOCK) % 10)
    lines = write(_choose_styles(labels, random), random)
    radius = _choose_pens(lines, random)
    softness = random.uniform(0.8, 1.5, _BLOCK).astype(np.float32)
    return render(lines.points, lines.width, lines.pen, radius, softness), labels


def _choose_styles(labels: NDArray[np.int64], random: np.random.Generator) -> list[Style]:
    """Return one of its styles for each label, drawn by their weights."""
    chosen = [STYLES[0]] * len(labels)
    for digit in range(10):
        own = [style for style in STYLES if style.digit == digit]
        weights = np.array([style.weight for style in own])
        rows = np.flatnonzero(labels == digit)
        picks = random.choice(len(own), len(rows), p=weights / weights.sum())
        for row, pick in zip(rows.tolist(), picks.tolist(), strict=True):
            chosen[row] = own[pick]
    return chosen


def _choose_pens(lines: Lines, random: np.random.Generator) -> NDArray[np.float32]:
    """Return the radius of each drawing's pen, in pixels, seldom so thick that it fills the loops."""
    points = lines.points
    radius = np.clip(1.3 * np.exp(0.32 * random.standard_normal(len(points))), 0.55, 2.6)
    box = points.max(axis=1) - points.min(axis=1)
    pixels = 17 / box.max(axis=1)
    width, height = (box * pixels[:, None] + 7).T
    length = (np.hypot(*np.diff(points, axis=1).T).T * lines.pen).sum(axis=1) * pixels
    thin: NDArray[np.float32] = np.minimum(radius, 0.22 * width * height / length).astype(np.float32)
    return thin


def _cache_path(split: str) -> Path:
    styles = zlib.crc32(repr(STYLES).encode())
    folder = Path(user_cache_dir("cnn-playground", appauthor=False))
    return folder / f"digits-{split}-{VERSION}-{styles:08x}.npz"


def _read(path: Path, count: int) -> _Block | None:
    """Return the cached arrays, or None when there are none or they are not what was written."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            images, labels = archive["images"], archive["labels"]
    except (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error):
        return None
    fits = images.shape == (count, 28, 28, 1) and labels.shape == (count,)
    return (images, labels) if fits and images.dtype == np.uint8 and labels.dtype == np.int64 else None


def _save(path: Path, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    """Write the arrays so that no reader ever meets half a file, and drop what earlier versions left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: np.savez_compressed(file, images=images, labels=labels))
    split = path.name.split("-")[1]
    for old in path.parent.glob(f"digits-{split}-*.npz"):
        if old != path:
            old.unlink(missing_ok=True)

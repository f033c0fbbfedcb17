"""How well the built-in digits stand for real ones: train on them alone, test on handwriting never seen.

    python -m cnn_core.datasets.digits_check --mnist FOLDER --strokes FILE

FOLDER holds MNIST's IDX files; FILE is JSON, plain or gzip, y downwards: a list of
{"label": 7, "strokes": [[[x, y], ...], ...]}. Ends with status 1 when an accuracy is below what is meant.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_core import presets
from cnn_core.datasets import digits, opening
from cnn_core.datasets.dataset import Dataset
from cnn_core.ending import ended
from cnn_core.errors import DatasetError
from cnn_core.metrics import Evaluation
from cnn_core.network import Network
from cnn_core.optimizers import AdamW
from cnn_core.preprocessing import normalize_drawing
from cnn_core.schedules import OneCycle
from cnn_core.training import Trainer

PROGRAM = "python -m cnn_core.datasets.digits_check"
CANVAS = 280  # side of the canvas the strokes are drawn on, pixels
MEANT = {"MNIST": 0.95, "strokes": 0.94}

Array = NDArray[np.float32]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, test, print; return the exit status."""
    chosen = _parse(arguments)
    tests: dict[str, Dataset] = {}
    if chosen.mnist:
        tests["MNIST"] = opening.open(chosen.mnist)
    if chosen.strokes:
        tests["strokes"] = from_strokes(chosen.strokes)
    network = _train(chosen)
    failed = False
    for name, dataset in tests.items():
        result = network.evaluate(dataset)
        failed |= result.accuracy < MEANT[name]
        print(f"\n{name}: {_percent(result.accuracy)} of {len(dataset):,}, meant: {_percent(MEANT[name])}")
        print(_report(result))
    return int(failed)


def from_strokes(path: str | Path, seed: int = 0) -> Dataset:
    """Return pen drawings as the canvas would show them: a pen of 18 to 22 pixels, 60 to 80 % of its side.

    Raises DatasetError where the file holds something else, OSError where it cannot be read.
    """
    content = Path(path).read_bytes()
    random = np.random.default_rng(seed)
    try:
        drawings = json.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
        images = [_seen(drawing["strokes"], random) for drawing in drawings]
        labels = np.array([drawing["label"] for drawing in drawings], dtype=np.int64)
        return Dataset(np.stack(images), labels, digits.CLASS_NAMES, Path(path).name)
    except (ValueError, TypeError, LookupError, EOFError, OSError, zlib.error):
        raise DatasetError(
            f"{Path(path).name} holds no pen drawings; what is read is a list of "
            '{"label": 7, "strokes": [[[x, y], ...], ...]}'
        ) from None


def rasterize(strokes: Sequence[Array], width: float, side: int = CANVAS) -> NDArray[np.uint8]:
    """Return the (side, side) canvas with strokes, (n, 2) pixels x, y, drawn by a round soft-edged pen."""
    ink = np.zeros((side, side), dtype=np.float32)
    for stroke in strokes:
        points = stroke if len(stroke) > 1 else np.repeat(stroke, 2, axis=0)
        for start, stop in pairwise(points):
            _draw_line(ink, start, stop, width / 2)
    rounded: NDArray[np.uint8] = (ink * 255 + 0.5).astype(np.uint8)
    return rounded


def _draw_line(ink: Array, start: Array, stop: Array, radius: float) -> None:
    low = np.clip(np.floor(np.minimum(start, stop) - radius - 1), 0, len(ink)).astype(int)
    high = np.clip(np.ceil(np.maximum(start, stop) + radius + 1), 0, len(ink)).astype(int)
    x = np.arange(low[0], high[0], dtype=np.float32) + np.float32(0.5) - start[0]
    y = (np.arange(low[1], high[1], dtype=np.float32) + np.float32(0.5) - start[1])[:, None]
    step = stop - start
    share = np.clip((x * step[0] + y * step[1]) / max(float(step @ step), 1e-9), 0, 1)
    distance = np.hypot(x - share * step[0], y - share * step[1])
    window = ink[low[1] : high[1], low[0] : high[0]]
    np.maximum(window, np.clip(radius + 0.5 - distance, 0, 1), out=window)


def _seen(strokes: list[Any], random: np.random.Generator) -> NDArray[np.uint8]:
    lines = [np.asarray(stroke, dtype=np.float32) for stroke in strokes]
    points = np.concatenate(lines)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    scale = CANVAS * random.uniform(0.6, 0.8) / max(float(extent.max()), 1)
    corner = (CANVAS - extent * scale) * random.uniform(0.3, 0.7, 2)
    placed = [((line - low) * scale + corner).astype(np.float32) for line in lines]
    seen = normalize_drawing(rasterize(placed, random.uniform(18, 22)))
    rounded: NDArray[np.uint8] = (seen * 255 + 0.5).astype(np.uint8)
    return rounded


def _train(chosen: argparse.Namespace) -> Network:
    started = time.perf_counter()
    train = digits.generate(chosen.count, seed=chosen.seed)
    print(f"{len(train):,} built-in digits made in {time.perf_counter() - started:.1f} s")
    trainer = Trainer(
        Network.initialize(presets.load(chosen.architecture), seed=chosen.seed),
        train=train,
        validation=digits.generate(min(5000, chosen.count), seed=chosen.seed + 1),
        optimizer=AdamW(learning_rate=0.002, weight_decay=0.02),
        schedule=OneCycle(),
        batch_size=64,
        seed=chosen.seed,
        threads=chosen.threads,
    )
    for progress in trainer.run(epochs=chosen.epochs):
        if progress.validation:
            rate, own = progress.images_per_second, progress.validation.accuracy
            print(f"epoch {progress.epoch}: {_percent(own)} of other built-in digits, {rate:,.0f} images/s")
    return trainer.network


def _report(result: Evaluation) -> str:
    recall = ", ".join(f"{digit}: {_percent(share)}" for digit, share in enumerate(result.recall))
    wrong = result.confusion.copy()
    np.fill_diagonal(wrong, 0)
    most = np.argsort(-wrong, axis=None)[:12]
    pairs = ", ".join(f"{k // 10} as {k % 10}: {wrong.flat[k]}" for k in most.tolist())
    return f"  right: {recall}\n  mistaken: {pairs}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--mnist", help="folder with MNIST's IDX files")
    parser.add_argument("--strokes", help="JSON file of pen drawings")
    parser.add_argument("--architecture", default="sample", choices=presets.names())
    parser.add_argument("--count", type=int, default=60_000, help="digits to train on")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=None)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(ended(PROGRAM, main))

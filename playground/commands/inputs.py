"""What several commands are given: a data set, the images of it that are held out, a saved network."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

import cnn_core as cnn
from cnn_core.datasets.catalog import CATALOG
from cnn_core.datasets.opening import ACCEPTED
from playground.commands.output import Waiting, printable

BUILT_IN = "digits"
NAMES = (BUILT_IN, *CATALOG)
HELD_OUT = 6  # one image in six is kept for validation unless told otherwise: 10,000 of MNIST's 60,000
MOST_THREADS = 256

DATA_HELP = f"the data set: {ACCEPTED}"


@dataclass(frozen=True)
class Chosen:
    """The images to train on and those to validate on, and how a file remembers the choice."""

    train: cnn.Dataset
    validation: cnn.Dataset | None
    metadata: Mapping[str, Any]


def choose(spec: str, validation: str | None = None, held_out: int | None = None) -> Chosen:
    """Read the data set `spec` stands for, and the images to validate on.

    These are the data set `validation` (its test images where it is `spec` again), or the last `held_out`
    images. Where both are None, the built-in digits are validated on their test images, of any other data set
    one image in six is held out.
    """
    if validation is None and held_out is None and spec == BUILT_IN:
        validation = BUILT_IN
    train = open_data(spec)
    chosen: dict[str, Any] = {"class_names": list(train.class_names), "data": lasting(spec)}
    if validation is not None:
        other = open_data(validation, "test" if lasting(validation) == lasting(spec) else "train")
        return Chosen(train, other, {**chosen, "validation": lasting(validation)})
    rest, held = hold_out(train, held_out)
    return Chosen(rest, held, {**chosen, "hold_out": 0 if held is None else len(held)})


def choose_recorded(
    checkpoint: cnn.Checkpoint, spec: str | None, validation: str | None, held_out: int | None
) -> Chosen:
    """As `choose`; what the caller leaves open is as the file remembers it, where the data are the same."""
    remembered = remembered_data(checkpoint)
    if validation is None and held_out is None and (spec is None or lasting(spec) == remembered):
        validation = recorded(checkpoint, "validation", str)
        held_out = recorded(checkpoint, "hold_out", int) if validation is None else None
    return choose(spec or remembered, validation, held_out)


def remembered_data(checkpoint: cnn.Checkpoint) -> str:
    """The spec of the data set a network was trained on; the built-in digits where the file does not say."""
    return recorded(checkpoint, "data", str) or BUILT_IN


def open_data(spec: str, split: str = "train") -> cnn.Dataset:
    """The data set `spec` stands for, with a note on the terminal while it takes long."""
    with Waiting(f"reading {printable(spec)}") as waiting:
        return cnn.datasets.open(spec, split, waiting.progress, read_image)


def hold_out(dataset: cnn.Dataset, count: int | None) -> tuple[cnn.Dataset, cnn.Dataset | None]:
    """Cut off the last `count` images, one in six where None; random ones where they are sorted by class."""
    if count is None:
        count = len(dataset) // HELD_OUT
    if count == 0:
        return dataset, None
    if count >= len(dataset):
        raise cnn.DatasetError(
            f"{count:,} images held out leave nothing of {len(dataset):,} to train on; hold fewer out"
        )
    is_sorted = bool(np.all(np.diff(dataset.labels) >= 0))
    return dataset.split(count, np.random.default_rng(0) if is_sorted else None)


def lasting(spec: str) -> str:
    """The spec with paths made absolute, so that it means the same from any folder."""
    if spec in NAMES:
        return spec
    parts = [spec] if Path(spec).expanduser().exists() else spec.split(",")
    paths = [Path(part.strip()).expanduser() for part in parts]
    return ",".join(str(path.resolve()) for path in paths) if all(p.exists() for p in paths) else spec


T = TypeVar("T")


def recorded(checkpoint: cnn.Checkpoint, key: str, kind: type[T]) -> T | None:
    """A value of the file's metadata; None where it is absent or of another kind: anybody can write one."""
    value = checkpoint.metadata.get(key)
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def class_names(checkpoint: cnn.Checkpoint) -> tuple[str, ...]:
    """One name for each score of the network: the file's, numbers where it has none."""
    classes = checkpoint.network.architecture.classes
    names = checkpoint.metadata.get("class_names")
    known = [printable(str(name))[:60] for name in names[:classes]] if isinstance(names, list) else []
    return tuple(known + [str(index) for index in range(len(known), classes)])


def note_other_classes(checkpoint: cnn.Checkpoint, dataset: cnn.Dataset) -> None:
    """Say so where the network was taught classes of other names than the data set's."""
    taught = class_names(checkpoint)[: len(dataset.class_names)]
    if checkpoint.metadata.get("class_names") and taught != dataset.class_names:
        print(
            f"note: the network was taught the classes {_listed(taught)}, the data set has "
            f"{_listed(dataset.class_names)}; they are compared by their order",
            file=sys.stderr,
        )


def whole(low: int, high: int) -> Callable[[str], int]:
    """An argparse type: a whole number within limits."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value:,} is not from {low:,} to {high:,}")
        return value

    return parse


def read_image(source: Path | bytes) -> NDArray[np.uint8]:
    """Read an image file. Qt is needed for that alone, so nothing else asks for it or for its libraries."""
    from playground import images

    return images.read_image(source)


def _listed(names: Sequence[str], most: int = 4) -> str:
    shown = ", ".join(printable(name) for name in names[:most])
    return f"{shown}, ..." if len(names) > most else shown

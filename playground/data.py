"""Which data is in use: read in the background, split into images to train on and images held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnn_core import datasets
from cnn_core.datasets.catalog import CATALOG
from cnn_core.errors import DatasetError
from playground.images import read_image

HELD_OUT = 6  # one image in six is kept for validation, as 10,000 of MNIST's 60,000 customarily are
BUILT_IN = "digits"
NAMED = {BUILT_IN: "Built-in digits", **{name: remote.title for name, remote in CATALOG.items()}}


@dataclass(frozen=True)
class Data:
    """What a data choice stands for: where it came from, the images to train on and those kept back."""

    spec: str
    train: datasets.Dataset
    validation: datasets.Dataset

    @property
    def name(self) -> str:
        """A short name for people."""
        return name_of(self.spec)


def name_of(spec: str) -> str:
    """What people call a data choice: its title, or the folder's or file's name."""
    if spec in NAMED:
        return NAMED[spec]
    return Path(spec.partition(",")[0]).name or spec


def read(spec: str, progress: datasets.Progress | None = None) -> Data:
    """The data `spec` stands for, split in two. Raises DatasetError or OSError."""
    train = datasets.open(spec, "train", progress, read_image)
    if spec == BUILT_IN:
        return Data(spec, train, datasets.open(spec, "test", progress))
    if len(train) < 2:
        raise DatasetError(f"{spec} holds {len(train)} images; training needs at least 2")
    # A file sorted by class must not lose its last classes to the images held out.
    in_order = bool(np.all(np.diff(train.labels) >= 0))
    generator = np.random.default_rng(0) if in_order else None
    return Data(spec, *train.split(max(1, len(train) // HELD_OUT), generator))

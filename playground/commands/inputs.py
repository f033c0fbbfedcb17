"""What several commands are given: a data set, the images of it that are held out, a saved network."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import cnn_core as cnn
from cnn_core.datasets.opening import ACCEPTED
from cnn_core.datasets.reading import printable
from playground import data, importing
from playground.commands import own_images
from playground.commands.output import Waiting
from playground.commands.own_images import Wishes
from playground.data import BUILT_IN

MOST_THREADS = 256
_MOST_PROBLEMS = 5  # named, of the files left out

DATA_HELP = (
    f"the data set: {ACCEPTED}; {data.MINE} for the drawings kept in the window, "
    f"'SPEC+{data.MINE}' for another data set with them among it"
)
_NO_WISHES = Wishes()


@dataclass(frozen=True)
class Chosen:
    """The images to train on and those to validate on, and how a file remembers the choice."""

    train: cnn.Dataset
    validation: cnn.Dataset | None
    metadata: Mapping[str, Any]


def choose(
    spec: str,
    validation: str | None = None,
    held_out: int | None = None,
    wishes: Wishes = _NO_WISHES,
    taken: tuple[int, ...] | None = None,
    known: Sequence[str] = (),
) -> Chosen:
    """Read the data set `spec` stands for, and the images to validate on.

    These are the data set `validation` (its test images where it is `spec` again), or `held_out` images.
    Where both are None, the built-in digits are validated on their test images, of any other data set one
    image in six is held out. Images of one's own are read as `wishes` say, else in the shape `taken` by the
    network; `known` are its classes.
    """
    if validation is None and held_out is None and spec == BUILT_IN:
        validation = BUILT_IN
    same = validation is not None and data.lasting(validation) == data.lasting(spec)
    spec = data.lasting(own_images.completed(spec, wishes, taken))
    with _waiting(spec) as waiting:
        found = data.read(spec, waiting.progress, known, held_out=0 if validation is not None else held_out)
    _note_problems(found)
    chosen: dict[str, Any] = {"class_names": list(found.train.class_names), "data": spec}
    if validation is not None:
        shape = found.train.image_shape
        other = spec if same else data.lasting(own_images.completed(validation, _NO_WISHES, shape))
        images = renumbered(open_data(other, "test" if same else "train"), found.train.class_names)
        return Chosen(found.train, images, {**chosen, "validation": other})
    if held_out is not None or not data.holds_mine(spec):  # which drawings are held out decides itself
        chosen["hold_out"] = len(found.validation) if held_out is None else held_out
    return Chosen(found.train, found.validation if len(found.validation) else None, chosen)


def choose_recorded(
    checkpoint: cnn.Checkpoint,
    spec: str | None,
    validation: str | None,
    held_out: int | None,
    wishes: Wishes = _NO_WISHES,
) -> Chosen:
    """As `choose`; what the caller leaves open is as the file remembers it, where the data are the same."""
    remembered = remembered_data(checkpoint)
    spec = _as_remembered(spec, remembered)
    if validation is None and held_out is None and data.lasting(spec) == remembered:
        validation = recorded(checkpoint, "validation", str)
        held_out = recorded(checkpoint, "hold_out", int) if validation is None else None
    taken = checkpoint.network.architecture.input_shape
    return choose(spec, validation, held_out, wishes, taken, _known(checkpoint))


def whole(checkpoint: cnn.Checkpoint, spec: str | None, part: str, wishes: Wishes) -> cnn.Dataset:
    """All images of the "train" or "test" part of a data set, of what the file was trained on if None."""
    chosen = _as_remembered(spec, remembered_data(checkpoint))
    taken = checkpoint.network.architecture.input_shape
    return open_data(own_images.completed(chosen, wishes, taken), part, _known(checkpoint))


def remembered_data(checkpoint: cnn.Checkpoint) -> str:
    """The spec of the data set a network was trained on; the built-in digits where the file does not say."""
    return recorded(checkpoint, "data", str) or BUILT_IN


def open_data(spec: str, part: str = "train", known: Sequence[str] = ()) -> cnn.Dataset:
    """All images the data choice stands for, with a note on the terminal while it takes long."""
    with _waiting(spec) as waiting:
        return data.whole(spec, part, waiting.progress, known)


def renumbered(dataset: cnn.Dataset, names: Sequence[str]) -> cnn.Dataset:
    """The data set with its classes numbered as in `names`, by their names, where all are among these."""
    if dataset.class_names == tuple(names) or not set(dataset.class_names) <= set(names):
        return dataset
    return data.by_name(dataset, names)


def _as_remembered(spec: str | None, remembered: str) -> str:
    """The data choice; images of one's own as they were read for the file, where they are the same ones."""
    if spec is None:
        return remembered
    before, now = importing.parse(data.base_of(remembered)), importing.parse(data.base_of(spec))
    if before and not now and data.lasting(data.base_of(spec)) == str(before[0]):
        return before[1].spec(before[0]) + (data.AND_MINE if data.base_of(spec) != spec else "")
    return spec


def _known(checkpoint: cnn.Checkpoint) -> tuple[str, ...]:
    """The names the file gives its classes; none where it gives none."""
    return class_names(checkpoint) if checkpoint.metadata.get("class_names") else ()


def _waiting(spec: str) -> Waiting:
    return Waiting(f"reading {printable(data.name_of(spec))}")


def _note_problems(found: data.Data) -> None:
    """Say what is wrong with files that were left out: of the first few, and how many more there are."""
    for problem in found.problems[:_MOST_PROBLEMS]:
        print(f"note: {printable(problem)}", file=sys.stderr)
    if (more := len(found.problems) - _MOST_PROBLEMS) > 0:
        print(f"note: and {more:,} more like these", file=sys.stderr)


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
    """Say so where the network was taught classes of other names than the data set's.

    Nothing is said where their numbers cannot be compared: that is an error of its own.
    """
    taught = class_names(checkpoint)[: len(dataset.class_names)]
    if len(taught) < len(dataset.class_names):
        return
    if checkpoint.metadata.get("class_names") and taught != dataset.class_names:
        print(
            f"note: the network was taught the classes {_listed(taught)}, the data set has "
            f"{_listed(dataset.class_names)}; they are compared by their order",
            file=sys.stderr,
        )


def whole_number(low: int, high: int) -> Callable[[str], int]:
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


def _listed(names: Sequence[str], most: int = 4) -> str:
    shown = ", ".join(printable(name) for name in names[:most])
    return f"{shown}, ..." if len(names) > most else shown

"""cnn-playground evaluate: how good a saved network is on a data set."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import cnn_core as cnn
from cnn_core.calibration import Calibration, calibration_error
from cnn_core.datasets.reading import printable
from playground import recipes
from playground.commands import inputs, own_images
from playground.commands.output import counted, percent, write_json
from playground.commands.settings import UsageError
from playground.resources import OR_BY_NAME, network_file

_DESCRIPTION = """\
Evaluate a saved network: loss, accuracy, precision and recall of each class, and what is taken for what.

Without --hold-out and --split it is evaluated on the images that train validates on: those the file
remembers, else the test images of the built-in digits, or one image in six of any other data set."""

_LARGEST_MATRIX = 20  # classes whose whole confusion is printed
_MOST_CONFUSIONS = 10
_NAME_WIDTH = 20


def run(arguments: Sequence[str]) -> int:
    """Print the evaluation and return 0."""
    parser = _parser()
    options = parser.parse_args(arguments)
    checkpoint = cnn.checkpoint.load(options.model)
    try:
        dataset = _dataset(checkpoint, options)
    except UsageError as problem:
        parser.error(str(problem))
    inputs.note_other_classes(checkpoint, dataset)
    evaluation = checkpoint.network.evaluate(dataset, options.threads)
    names = inputs.class_names(checkpoint)
    error = _calibration_error(checkpoint, dataset)
    if options.json:
        told = _plain(options.model, dataset, evaluation, names)
        write_json(told if error is None else {**told, "calibration_error": error})
    else:
        print("\n".join(_text(options.model, dataset, evaluation, names, error)))
    return 0


def _calibration_error(checkpoint: cnn.Checkpoint, dataset: cnn.Dataset) -> float | None:
    """The expected calibration error of the calibrated answers, 0..1; None where no calibration is known."""
    known = Calibration.from_json(checkpoint.metadata, checkpoint.network.architecture)
    if known is None:
        return None
    return calibration_error(known.probabilities(checkpoint.network.logits(dataset.images)), dataset.labels)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cnn-playground evaluate",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "model", type=network_file, metavar="MODEL.cnn", help=f"the saved network, {OR_BY_NAME}"
    )
    parser.add_argument("--data", metavar="SPEC", help=f"{inputs.DATA_HELP} [what the file was trained on]")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--hold-out", type=inputs.whole_number(1, 10**9), metavar="N", help="the images train holds out"
    )
    which.add_argument("--split", choices=("train", "test"), help="all images of that part of the data set")
    which.add_argument(
        "--strokes", type=Path, metavar="FILE", help="pen drawings: those of writers train --recipe holds out"
    )
    parser.add_argument(
        "--by-anyone",
        action="store_true",
        help="with --strokes: as other hands on other devices would have drawn them",
    )
    own_images.add_options(parser)
    parser.add_argument(
        "--threads", type=inputs.whole_number(1, inputs.MOST_THREADS), metavar="N", help="[one per core]"
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    return parser


def _dataset(checkpoint: cnn.Checkpoint, options: argparse.Namespace) -> cnn.Dataset:
    """The images to evaluate on, their classes numbered as the network's where these have the same names."""
    if options.by_anyone and not options.strokes:
        raise UsageError("--by-anyone goes with --strokes FILE")
    wishes = own_images.from_options(options)
    if options.strokes:
        if other := "--data" if options.data is not None else wishes.first_option:
            raise UsageError(f"{other} has no meaning with --strokes; leave one of the two out")
        return recipes.held_out(options.strokes, inputs.class_names(checkpoint), by_anyone=options.by_anyone)
    if options.split:
        dataset = inputs.whole(checkpoint, options.data, options.split, wishes)
    else:
        chosen = inputs.choose_recorded(checkpoint, options.data, None, options.hold_out, wishes)
        dataset = chosen.validation or chosen.train
    return inputs.renumbered(dataset, inputs.class_names(checkpoint))


def _plain(
    model: Path, dataset: cnn.Dataset, found: cnn.Evaluation, names: Sequence[str]
) -> dict[str, object]:
    per_class = zip(names, found.confusion.sum(axis=1), found.precision, found.recall, strict=True)
    return {
        "model": str(model),
        "data": dataset.source,
        "images": found.count,
        "loss": found.loss,
        "accuracy": found.accuracy,
        "classes": [
            {"name": name, "images": int(count), "precision": float(precision), "recall": float(recall)}
            for name, count, precision, recall in per_class
        ],
        "confusion": found.confusion.tolist(),
    }


def _text(
    model: Path, dataset: cnn.Dataset, found: cnn.Evaluation, names: Sequence[str], error: float | None
) -> list[str]:
    right = int(np.trace(found.confusion))
    short = [name if len(name) <= _NAME_WIDTH else name[: _NAME_WIDTH - 3] + "..." for name in names]
    return [
        f"{printable(model.name)} on {counted(found.count, 'image')} of {printable(dataset.source)}",
        f"loss {found.loss:.4f}  accuracy {percent(found.accuracy)}  ({right:,} of {found.count:,} right)",
        *([] if error is None else [f"calibration error {percent(error)}"]),
        "",
        *_class_table(found, short),
        "",
        *(_matrix(found, short) if len(names) <= _LARGEST_MATRIX else _worst(found, short)),
    ]


def _class_table(found: cnn.Evaluation, names: Sequence[str]) -> list[str]:
    width = max(len("class"), *map(len, names))
    rows = [f"{'class':{width}}  {'images':>8}  {'precision':>10}  {'recall':>10}"]
    counts = found.confusion.sum(axis=1)
    for name, count, precision, recall in zip(names, counts, found.precision, found.recall, strict=True):
        rows.append(f"{name:{width}}  {count:>8,}  {percent(precision):>10}  {percent(recall):>10}")
    return rows


def _matrix(found: cnn.Evaluation, names: Sequence[str]) -> list[str]:
    """Rows are true classes, columns predicted ones; long names are cut in the columns."""
    first = max(map(len, names))
    cell = max(5, len(f"{found.confusion.max():,}")) + 1
    rows = ["confusion (a row is a true class, a column what it was taken for)"]
    rows.append(" " * first + "".join(f"{name[: cell - 1]:>{cell}}" for name in names))
    for name, counts in zip(names, found.confusion, strict=True):
        rows.append(f"{name:{first}}" + "".join(f"{n:>{cell},}" if n else f"{'.':>{cell}}" for n in counts))
    return rows


def _worst(found: cnn.Evaluation, names: Sequence[str]) -> list[str]:
    """The commonest mistakes, where the whole matrix would fill several screens."""
    wrong = found.confusion.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(wrong, axis=None, kind="stable")[::-1][:_MOST_CONFUSIONS]
    pairs = [divmod(int(place), len(names)) for place in order]
    rows = [f"{wrong[t, p]:>6,}  {names[t]} taken for {names[p]}" for t, p in pairs if wrong[t, p]]
    return ["commonest mistakes", *(rows or ["  none"])]

"""cnn-playground train: train a network on a data set and save it, with all that is needed to go on later."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import cnn_core as cnn
from cnn_core import calibration
from playground import recipes
from playground.commands import inputs, own_images, settings
from playground.commands.progress import Report, make_report
from playground.commands.starting import DEFAULT_OUTPUT, Start, by_recipe, fresh, resumed
from playground.recipes import RECIPES
from playground.resources import OR_BY_NAME, network_file

_MOST_EPOCHS_KEPT = 1000  # in the file's metadata
_DESCRIPTION = """\
Train a network and save it at the end of each epoch. Ctrl+C ends the run and saves what it has reached;
--resume goes on from there, with the same bits as a run that was never stopped.

Without --validation and --hold-out the built-in digits are validated on their test images; of any other data
set one image in six is held out: the last ones, or of each class its share where those would not stand for
all, as in files sorted by class and small ones."""


def run(arguments: Sequence[str]) -> int:
    """Train as the arguments say; return 0, or 130 when it was interrupted and what was reached is saved."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.strokes and not options.recipe:
            raise settings.UsageError("--strokes goes with --recipe")
        begin = resumed if options.resume else by_recipe if options.recipe else fresh
        start = begin(options)
    except settings.UsageError as error:
        parser.error(str(error))
    return _Run(start, make_report(as_json=options.json)).go()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cnn-playground train",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_data(parser)
    _add_beginning(parser)
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE.cnn",
        help=f"[{DEFAULT_OUTPUT}, a new name if taken; the resumed file, unless it comes along]",
    )
    parser.add_argument(
        "--threads", type=inputs.whole_number(1, inputs.MOST_THREADS), metavar="N", help="[one per core]"
    )
    parser.add_argument(
        "--json", action="store_true", help="write one JSON object a line, for other programs"
    )
    own_images.add_options(parser)
    settings.add_options(parser)
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    """Add the options that decide what is learned from."""
    parser.add_argument(
        "--data",
        metavar="SPEC",
        help=f"{inputs.DATA_HELP} [digits; with --resume what the file was trained on]",
    )
    parser.add_argument(
        "--strokes",
        type=Path,
        metavar="FILE",
        help="with --recipe: pen drawings to mix in (JSON, gzip or not)",
    )
    held = parser.add_mutually_exclusive_group()
    held.add_argument(
        "--validation", metavar="SPEC", help="a data set to validate on; the same again: its test images"
    )
    held.add_argument(
        "--hold-out",
        type=inputs.whole_number(0, 10**9),
        metavar="N",
        help="images held out to validate on; 0 for none",
    )


def _add_beginning(parser: argparse.ArgumentParser) -> None:
    """Add the options that decide what training begins with."""
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument(
        "--architecture",
        metavar="NAME|FILE",
        help=f"a preset ({', '.join(cnn.presets.names())}), fitted to the data, or a .json file [sample]",
    )
    begin.add_argument(
        "--recipe",
        choices=RECIPES,
        help="make one of the trained networks that come along: decides architecture, settings and what is "
        "mixed into the data; the file holds the network alone",
    )
    begin.add_argument(
        "--resume",
        type=network_file,
        metavar="FILE.cnn",
        help=f"go on with the network in this file, {OR_BY_NAME}",
    )


class _Run:
    """One training run: what it says, and what it saves."""

    def __init__(self, start: Start, report: Report) -> None:
        self._start, self._report = start, report
        self._epochs = list(start.epochs)
        self._since_epoch: list[cnn.Progress] = []
        self._epoch_began = time.monotonic()
        self._calibration: dict[str, Any] = {}
        self._saved = False

    def go(self) -> int:
        """Train to the end or to an interruption, save, and return the exit code."""
        start = self._start
        self._report.begin(start)
        if (start.trainer.train.labels == start.trainer.train.labels[0]).all():
            self._report.note("only one class: there is nothing to tell apart")
        # Numbers that overflow on the way to a divergence are told by its error.
        with _stopping(start.trainer) as codes, np.errstate(over="ignore", invalid="ignore"):
            try:
                self._calm_down()
                for progress in start.trainer.run(steps=start.steps):
                    self._take(progress)
            except cnn.DivergenceError as error:
                advice = f"{error.advice}. {self._after_divergence()}"
                raise cnn.DivergenceError(error.reason, advice) from None
            finally:
                self._report.clear()
            if not codes:
                self._test()
                self._calibrate()
            self._save()
        if codes:
            self._report.interrupted(start.output, can_go_on=start.can_go_on)
        else:
            self._report.end(start.output)
        return codes[0] if codes else 0

    def _take(self, progress: cnn.Progress) -> None:
        self._report.step(progress)
        self._since_epoch.append(progress)
        if progress.step % progress.steps_per_epoch:
            return
        summary = _summary(self._since_epoch, time.monotonic() - self._epoch_began)
        self._epochs.append(summary)
        self._report.epoch(summary)
        self._since_epoch, self._epoch_began = [], time.monotonic()
        self._calm_down()
        if self._start.steps:  # after the last one it is saved anyway
            try:
                self._save()
            except cnn.CheckpointError as error:  # there may be room again at the next epoch's end
                self._report.note(str(error))

    def _calm_down(self) -> None:
        """In the last epochs of a recipe, change images less: it ends on what it will be shown.

        He et al. 2019, Data augmentation revisited.
        """
        start = self._start
        if 0 < start.steps <= start.last_epochs * start.trainer.steps_per_epoch:
            start.trainer.augmentation = start.last_augmentation

    def _test(self) -> None:
        """Say how the network does on what a recipe holds out beside the validation."""
        for test in self._start.tests:
            accuracy = self._start.trainer.network.evaluate(test).accuracy
            self._report.note(f"{accuracy:.2%} of {len(test):,} {test.source}")

    def _calibrate(self) -> None:
        """Of a recipe: find out, by images held out, how far the answers can be trusted, and say it."""
        start, trainer = self._start, self._start.trainer
        if start.can_go_on or trainer.validation is None:
            return
        others = recipes.no_digits(trainer.train, start.tests)
        held_out = [trainer.validation, *start.tests]
        outcome = calibration.calibrate(trainer.network, trainer.train, held_out, others)
        self._calibration = outcome.calibration.to_json()
        self._report.note(recipes.told(outcome))

    def _save(self) -> None:
        start, trainer = self._start, self._start.trainer
        epochs = self._epochs[-_MOST_EPOCHS_KEPT:]
        metadata = {**start.metadata, "epochs": epochs, **self._calibration}
        checkpoint = cnn.Checkpoint(
            network=trainer.network,
            settings=start.settings if start.can_go_on else None,
            training=trainer.state() if start.can_go_on else None,
            metadata=metadata,
        )
        cnn.checkpoint.save(start.output, checkpoint)
        self._saved = True

    def _after_divergence(self) -> str:
        """Save the network of the step before without writing over a better one, and say where it is."""
        output = self._start.output
        if not self._saved and not output.exists():
            self._save()
            return f"It is in {output}"
        return f"{output} still holds the network saved there before"


def _summary(steps: Sequence[cnn.Progress], seconds: float) -> dict[str, Any]:
    """What an epoch reached, as plain values: means over its steps, then the validation after it."""
    last = steps[-1]
    summary: dict[str, Any] = {
        "epoch": last.epoch,
        "step": last.step,
        "loss": float(np.mean([p.loss for p in steps])),
        "accuracy": float(np.mean([p.accuracy for p in steps])),
        "seconds": seconds,
        "images_per_second": last.images_per_second,
    }
    if last.validation is not None:
        summary |= {"validation_loss": last.validation.loss, "validation_accuracy": last.validation.accuracy}
    return summary


@contextmanager
def _stopping(trainer: cnn.Trainer) -> Iterator[list[int]]:
    """Make Ctrl+C and SIGTERM end the run within a batch; the list then holds the exit code.

    A second one ends it without saving.
    """
    codes: list[int] = []

    def stop(number: int, frame: object) -> None:
        codes.append(128 + number)
        trainer.stop()
        signal.signal(number, signal.default_int_handler)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield codes
    finally:
        for number, action in before.items():
            signal.signal(number, action)

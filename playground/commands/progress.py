"""How a training run tells of itself: in text for people, in JSON lines for programs."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import cnn_core as cnn
from cnn_core.datasets.reading import printable
from playground.commands.output import Line, counted, duration, percent, write_json
from playground.commands.starting import Start

PLAIN_SECONDS = 10.0  # between two lines where there is no terminal


class Report(Protocol):
    """What a run is told to."""

    def begin(self, start: Start) -> None:
        """The run begins."""

    def step(self, progress: cnn.Progress) -> None:
        """A step is done."""

    def epoch(self, summary: dict[str, Any]) -> None:
        """An epoch is done; the summary holds plain values."""

    def note(self, text: str) -> None:
        """Something a person should know, on stderr."""

    def clear(self) -> None:
        """No more steps follow: leave the terminal tidy."""

    def end(self, output: Path) -> None:
        """The network is saved."""

    def interrupted(self, output: Path, *, can_go_on: bool) -> None:
        """The network is saved as far as it has come."""


def make_report(*, as_json: bool) -> Report:
    """The report asked for."""
    return _JsonReport() if as_json else _TextReport()


def _loss(value: float) -> str:
    return f"{value:.4f}" if value < 1000 else f"{value:.3g}"


class _TextReport:
    """One line refreshed on a terminal, a line now and then elsewhere, a line an epoch in both."""

    def __init__(self) -> None:
        self._line = Line(sys.stdout)
        self._epochs = self._first = self._last = 0
        self._began = self._told = time.monotonic()

    def begin(self, start: Start) -> None:
        trainer, network = start.trainer, start.trainer.network
        parameters = sum(value.size for value in network.parameters.values())
        shape = "x".join(str(side) for side in trainer.train.image_shape)
        held = f", validated on {len(trainer.validation):,}" if trainer.validation else ""
        layers = counted(len(network.architecture.layers), "layer")
        print(f"network  {layers}, {counted(parameters, 'parameter')}")
        print(
            f"data     {printable(trainer.train.source)}: {counted(len(trainer.train), 'image')} {shape}, "
            f"{counted(len(trainer.train.class_names), 'class', 'classes')}{held}"
        )
        steps = counted(trainer.steps_per_epoch, "step")
        print(
            f"run      {counted(start.settings.epochs, 'epoch')} of {steps}, "
            f"{start.settings.optimizer.name}, learning rate {trainer.learning_rate:g}, "
            f"batches of {trainer.batch_size:,}" + (f", from step {trainer.step:,}" if trainer.step else ""),
            flush=True,
        )
        self._epochs, self._first = start.settings.epochs, trainer.step
        self._last = trainer.step + start.steps
        self._began = self._told = time.monotonic()

    def step(self, progress: cnn.Progress) -> None:
        now = time.monotonic()
        if not self._line.alive and now - self._told < PLAIN_SECONDS:
            return
        done, left = progress.step - self._first, self._last - progress.step
        text = (
            f"epoch {progress.epoch}/{self._epochs}  "
            f"step {(progress.step - 1) % progress.steps_per_epoch + 1:,}/{progress.steps_per_epoch:,}  "
            f"loss {_loss(progress.loss)}  accuracy {percent(progress.accuracy, 1)}  "
            f"{progress.images_per_second:,.0f} images/s  {duration((now - self._began) / done * left)} left"
        )
        if self._line.alive:
            self._line.show(text)
        else:
            print(text, flush=True)
        self._told = now

    def epoch(self, summary: dict[str, Any]) -> None:
        self._line.clear()
        text = (
            f"epoch {summary['epoch']}/{self._epochs}  loss {_loss(summary['loss'])}  "
            f"accuracy {percent(summary['accuracy'])}"
        )
        if "validation_loss" in summary:
            text += (
                f"  validation loss {_loss(summary['validation_loss'])}  "
                f"accuracy {percent(summary['validation_accuracy'])}"
            )
        rate = f"{summary['images_per_second']:,.0f} images/s"
        print(f"{text}  {summary['seconds']:.1f} s  {rate}", flush=True)
        self._told = time.monotonic()

    def note(self, text: str) -> None:
        self._line.clear()
        print(f"note: {text}", file=sys.stderr)

    def clear(self) -> None:
        self._line.clear()

    def end(self, output: Path) -> None:
        print(f"saved in {printable(str(output))}")

    def interrupted(self, output: Path, *, can_go_on: bool) -> None:
        resume = printable(f"cnn-playground train --resume {shlex.quote(str(output))}")
        way = f", to go on: {resume}" if can_go_on else ""
        print(f"interrupted; saved in {printable(str(output))}{way}")


class _JsonReport:
    """Every event as one JSON object a line on stdout; "event" says which it is."""

    def begin(self, start: Start) -> None:
        trainer = start.trainer
        write_json(
            {
                "event": "begin",
                "data": trainer.train.source,
                "images": len(trainer.train),
                "validation_images": len(trainer.validation) if trainer.validation else 0,
                "classes": list(trainer.train.class_names),
                "parameters": sum(value.size for value in trainer.network.parameters.values()),
                "steps": start.steps,
                "steps_per_epoch": trainer.steps_per_epoch,
                "settings": start.settings.to_json(),
            }
        )

    def step(self, progress: cnn.Progress) -> None:
        names = ("step", "epoch", "loss", "accuracy", "learning_rate", "images_per_second")
        write_json({"event": "step", **{name: getattr(progress, name) for name in names}})

    def epoch(self, summary: dict[str, Any]) -> None:
        write_json({"event": "epoch", **summary})

    def note(self, text: str) -> None:
        print(f"note: {text}", file=sys.stderr)

    def clear(self) -> None:
        pass

    def end(self, output: Path) -> None:
        write_json({"event": "end", "output": str(output)})

    def interrupted(self, output: Path, *, can_go_on: bool) -> None:
        write_json({"event": "interrupted", "output": str(output), "can_go_on": can_go_on})

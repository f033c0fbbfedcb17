"""From the options of train to a run that can start: data, network, settings and where it is saved."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cnn_core as cnn
from cnn_core.datasets.reading import need_file
from cnn_core.writing import need_place
from playground import recipes
from playground.commands import inputs, own_images, settings
from playground.commands.output import counted
from playground.commands.settings import UsageError
from playground.data import BUILT_IN, fitted
from playground.resources import comes_along

DEFAULT_OUTPUT = "trained.cnn"
_LARGEST_JSON = 1_000_000  # bytes; the largest architecture possible takes a twentieth of it


@dataclass(frozen=True)
class Start:
    """A run about to begin or to go on."""

    trainer: cnn.Trainer
    settings: cnn.TrainingSettings
    output: Path
    metadata: Mapping[str, Any]
    epochs: tuple[dict[str, Any], ...] = ()  # what the epochs so far reached, of a run that goes on
    can_go_on: bool = True  # whether the file also holds the state of training
    tests: tuple[cnn.Dataset, ...] = ()  # each tried once at the end
    last_epochs: int = 0  # at the end, in which images are changed by `last_augmentation`
    last_augmentation: cnn.Augmentation = cnn.Augmentation()  # noqa: RUF009 - a frozen value

    @property
    def steps(self) -> int:
        """The steps still to do."""
        return self.settings.epochs * self.trainer.steps_per_epoch - self.trainer.step


def fresh(options: argparse.Namespace) -> Start:
    """A run from random weights. Raises UsageError, OSError and the engine's errors."""
    chosen = settings.from_options(options)
    output = _output(options.output or unused(Path(DEFAULT_OUTPUT)))
    name = options.architecture or "sample"
    given = None if name in cnn.presets.names() else _from_file(name)
    data = _data(options, BUILT_IN, given.input_shape if given else None)
    architecture = given or fitted(cnn.presets.load(name), data.train)
    network = cnn.Network.initialize(architecture, seed=chosen.seed)
    trainer = cnn.Trainer(network, **_arguments(chosen, data, options.threads))
    trainer.plan(chosen.epochs)
    return Start(trainer, chosen, output, data.metadata)


def by_recipe(options: argparse.Namespace) -> Start:
    """A run that makes one of the networks that come along. Raises as `fresh` does."""
    recipe = recipes.RECIPES[options.recipe]
    chosen = settings.by_recipe(recipe.settings, options)
    if options.strokes and not recipe.copies:
        raise UsageError(f"the recipe {options.recipe} takes no pen drawings; leave --strokes out")
    output = _output(options.output or unused(Path(f"{options.recipe}.cnn")))
    data = _data(options, recipe.data)
    train, tests = recipes.mixed(recipe, data.train, options.strokes, all_writers=data.validation is None)
    architecture = fitted(cnn.presets.load(recipe.architecture), train)
    network = cnn.Network.initialize(architecture, seed=chosen.seed)
    trainer = cnn.Trainer(network, **_arguments(chosen, replace(data, train=train), options.threads))
    trainer.plan(chosen.epochs)
    names = list(train.class_names)
    metadata = {"class_names": names, "data": recipe.shown_with, "recipe": options.recipe}
    return Start(
        trainer,
        chosen,
        output,
        metadata,
        can_go_on=False,
        tests=tests,
        last_epochs=recipe.last_epochs,
        last_augmentation=recipe.last_augmentation,
    )


def resumed(options: argparse.Namespace) -> Start:
    """A run that goes on from a file, on its own data unless told otherwise. Raises as `fresh` does.

    Of a file that holds a network alone, the network is where a new run begins.
    """
    checkpoint = cnn.checkpoint.load(options.resume)
    state = checkpoint.training
    if state is None or checkpoint.settings is None:
        chosen = settings.from_options(options)
    else:
        chosen = settings.going_on(checkpoint.settings, options)
    own = unused(Path(options.resume.name)) if comes_along(options.resume) else options.resume
    output = _output(options.output or own)
    data = inputs.choose_recorded(
        checkpoint, options.data, options.validation, options.hold_out, own_images.from_options(options)
    )
    inputs.note_other_classes(checkpoint, data.train)
    arguments = _arguments(chosen, data, options.threads)
    if state is None:
        trainer = cnn.Trainer(checkpoint.network, **arguments)
    else:
        trainer = cnn.Trainer.resume(checkpoint.network, state, **arguments)
        trainer.learning_rate = options.learning_rate or state.learning_rate
    if state is None or state.planned_steps is None or options.epochs is not None:
        trainer.plan(chosen.epochs)
    start = Start(trainer, chosen, output, data.metadata, _recorded_epochs(checkpoint))
    if start.steps <= 0:
        done = counted(trainer.step // trainer.steps_per_epoch, "epoch")
        raise UsageError(
            f"{options.resume.name} is trained for {done} already; to go on, give more with --epochs"
        )
    return start


def _from_file(name: str) -> cnn.Architecture:
    """The architecture in a .json file.

    Raises ArchitectureError, and OSError for a file that cannot be read.
    """
    path = Path(name).expanduser()
    if not path.exists() and path.suffix != ".json":
        known = ", ".join(cnn.presets.names())
        raise UsageError(f"--architecture: there is no preset or file {name!r}; the presets are {known}")
    need_file(path)
    if path.stat().st_size > _LARGEST_JSON:
        raise cnn.ArchitectureError(f"{path.name}: too large for an architecture of {_LARGEST_JSON:,} bytes")
    try:
        return cnn.Architecture.from_json(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise cnn.ArchitectureError(f"{path.name}: not a text file in UTF-8") from None
    except cnn.ArchitectureError as error:
        raise cnn.ArchitectureError(f"{path.name}: {error}") from None


def unused(path: Path) -> Path:
    """The path, with a number added where there is a file of that name already."""
    number, free = 2, path
    while free.exists():
        free, number = path.with_stem(f"{path.stem}-{number}"), number + 1
    return free


def _data(options: argparse.Namespace, usual: str, taken: tuple[int, ...] | None = None) -> inputs.Chosen:
    """The data asked for; images of one's own are read in the shape `taken` by a given architecture."""
    wishes = own_images.from_options(options)
    spec = usual if options.data is None else options.data
    return inputs.choose(spec, options.validation, options.hold_out, wishes, taken)


def _arguments(chosen: cnn.TrainingSettings, data: inputs.Chosen, threads: int | None) -> dict[str, Any]:
    return {**chosen.arguments(), "train": data.train, "validation": data.validation, "threads": threads}


def _output(path: Path) -> Path:
    """The path; raises OSError where nothing can be saved there, before hours are spent on training."""
    need_place(path)
    return path


def _recorded_epochs(checkpoint: cnn.Checkpoint) -> tuple[dict[str, Any], ...]:
    earlier = inputs.recorded(checkpoint, "epochs", list) or []
    return tuple(each for each in earlier if isinstance(each, dict))

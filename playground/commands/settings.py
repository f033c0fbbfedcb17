"""The options of a training run, and the training settings they stand for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import cnn_core as cnn

_SCHEDULES = {
    "constant": cnn.Constant,
    "step": cnn.StepDecay,
    "cosine": cnn.Cosine,
    "one-cycle": cnn.OneCycle,
}
_OPTIMIZERS = {name.lower(): kind for name, kind in cnn.OPTIMIZERS.items()}
_DEFAULTS = cnn.TrainingSettings()

# What a run that goes on cannot change: its state belongs to it, or its next batches follow from it.
FIXED = (
    "optimizer",
    "momentum",
    "nesterov",
    "schedule",
    "warmup_steps",
    "batch_size",
    "label_smoothing",
    "clip_norm",
    "weight_decay",
    "seed",
)


class UsageError(ValueError):
    """Options that do not fit together, or a value out of its limits."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options; all of them are None when not given."""
    group = parser.add_argument_group("how it is trained")
    group.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help=f"passes over the images, in all with --resume [{_DEFAULTS.epochs}]",
    )
    group.add_argument("--optimizer", type=str.lower, choices=_OPTIMIZERS, help="[sgd]")
    group.add_argument(
        "--learning-rate", type=float, metavar="X", help="[the optimizer's: sgd 0.05, else 0.001]"
    )
    group.add_argument("--momentum", type=float, metavar="X", help="of sgd [0.9] and rmsprop [0]")
    group.add_argument(
        "--nesterov", action="store_true", default=None, help="momentum that looks ahead, of sgd"
    )
    group.add_argument("--weight-decay", type=float, metavar="X", help="[0; adamw 0.01]")
    group.add_argument("--schedule", choices=_SCHEDULES, help="of the learning rate [constant]")
    group.add_argument("--warmup-steps", type=int, metavar="N", help="of the schedule [0]")
    group.add_argument("--batch-size", type=int, metavar="N", help=f"[{_DEFAULTS.batch_size}]")
    group.add_argument("--label-smoothing", type=float, metavar="X", help="[0]")
    group.add_argument(
        "--clip-norm", type=float, metavar="X", help="largest norm of the gradients [no limit]"
    )
    group.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="decides first weights, order and dropout [0]: same seed, same bits",
    )


def from_options(options: argparse.Namespace) -> cnn.TrainingSettings:
    """The settings the options describe. Raises UsageError, naming the value and its limits."""
    rates = _given(options, "learning_rate", "momentum", "nesterov", "weight_decay")
    try:
        optimizer = _made(_OPTIMIZERS[options.optimizer or "sgd"], rates)
        schedule = _made(_SCHEDULES[options.schedule or "constant"], _given(options, "warmup_steps"))
        plain = _given(options, "epochs", "batch_size", "label_smoothing", "clip_norm", "seed")
        return cnn.TrainingSettings(optimizer=optimizer, schedule=schedule, **plain)
    except ValueError as error:
        raise UsageError(str(error)) from None


def going_on(settings: cnn.TrainingSettings, options: argparse.Namespace) -> cnn.TrainingSettings:
    """The settings of a run that goes on, with another number of epochs or learning rate where asked for.

    Raises UsageError where the options ask for more than that.
    """
    _refuse(options, FIXED, "the run that goes on")
    try:
        optimizer = replace(settings.optimizer, **_given(options, "learning_rate"))
        return replace(settings, optimizer=optimizer, **_given(options, "epochs"))
    except ValueError as error:
        raise UsageError(str(error)) from None


def by_recipe(settings: cnn.TrainingSettings, options: argparse.Namespace) -> cnn.TrainingSettings:
    """The settings of a recipe, with another number of epochs where asked for.

    Raises UsageError where the options ask for more than that.
    """
    _refuse(options, (*FIXED, "learning_rate"), "the recipe")
    try:
        return replace(settings, **_given(options, "epochs"))
    except ValueError as error:
        raise UsageError(str(error)) from None


def _refuse(options: argparse.Namespace, names: Sequence[str], owner: str) -> None:
    if other := _given(options, *names):
        name = "--" + next(iter(other)).replace("_", "-")
        raise UsageError(f"{name} belongs to {owner} and cannot be changed; leave it out")


def _made(kind: Any, values: dict[str, Any]) -> Any:
    known = {field.name for field in fields(kind)}
    for name in values:
        if name not in known:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{kind.__name__} has no {name.replace('_', ' ')}; leave {option} out")
    return kind(**values)


def _given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}

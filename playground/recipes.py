"""How the trained networks in `assets/` are made: `cnn-playground train --recipe NAME`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

import cnn_core as cnn
from cnn_core.calibration import Calibrated
from cnn_core.datasets.catalog import CATALOG

WRITERS_HELD_OUT = 5
# A small network learns no more than this of all that could be changed; drawings come by other hands beside.
_CHANGED = cnn.Augmentation(rotation=6, shift=0.8, scale=0.06, shear=6, thickness=0.5, elastic=0.7)
_LESS_CHANGED = cnn.Augmentation(rotation=3, shift=0.4, scale=0.03, shear=3, thickness=0.25, elastic=0.3)
_SEED_OF_HELD_OUT = 2
_NO_DIGITS, _SEED_OF_NO_DIGITS = 9000, 5


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """An architecture, data and settings."""

    architecture: str
    data: str
    settings: cnn.TrainingSettings
    built_in: int = 0  # built-in digits mixed in
    copies: int = 0  # how often each pen drawing is mixed in, where there are any
    shown_with: str = "digits"  # the data that the window offers with the network
    last_epochs: int = 0  # at the end, in which images are changed only as follows
    last_augmentation: cnn.Augmentation = cnn.Augmentation()  # noqa: RUF009 - a frozen value


def _digits(architecture: str, learning_rate: float, epochs: int) -> Recipe:
    return Recipe(
        architecture=architecture,
        data="mnist",
        built_in=12_000,
        copies=6,
        last_epochs=3,
        last_augmentation=_LESS_CHANGED,
        settings=cnn.TrainingSettings(
            optimizer=cnn.AdamW(learning_rate=learning_rate, weight_decay=0.03),
            schedule=cnn.OneCycle(),
            batch_size=128,
            epochs=epochs,
            label_smoothing=0.03,
            augmentation=_CHANGED,
            seed=1,
        ),
    )


RECIPES: MappingProxyType[str, Recipe] = MappingProxyType(
    {
        "digits": _digits("sample", 0.003, 88),
        "digits-batchnorm": _digits("sample-batchnorm", 0.003, 10),
        "digits-lenet5": _digits("lenet5", 0.003, 18),
        "fashion-mnist": Recipe(
            architecture="sample",
            data="fashion-mnist",
            shown_with="fashion-mnist",
            settings=cnn.TrainingSettings(
                optimizer=cnn.AdamW(learning_rate=0.002, weight_decay=0.03),
                schedule=cnn.OneCycle(),
                batch_size=128,
                epochs=14,
                label_smoothing=0.05,
                augmentation=cnn.Augmentation(shift=1, scale=0.05, rotation=3),
                seed=1,
            ),
        ),
    }
)


def mixed(
    recipe: Recipe, train: cnn.Dataset, drawings: Path | None, *, all_writers: bool
) -> tuple[cnn.Dataset, tuple[cnn.Dataset, ...]]:
    """Return the images to train on, with what the recipe mixes in, and the drawings of writers held out.

    The latter are two data sets: as they drew them, and as by other hands on other devices.
    """
    names = CATALOG[recipe.data].class_names
    if len(names) == len(train.class_names):  # files of one's own hold numbers alone
        train = replace(train, class_names=names)
    names, seed = train.class_names, recipe.settings.seed
    parts = [train]
    held: tuple[cnn.Dataset, ...] = ()
    if recipe.built_in:
        parts.append(cnn.datasets.digits.generate(recipe.built_in, seed=seed))
    if recipe.copies and drawings is not None:
        from playground import strokes  # paints with Qt, which training does without otherwise

        known = strokes.read_drawings(drawings)
        if not all_writers:
            known, _ = strokes.split_writers(known, WRITERS_HELD_OUT)
            held = tuple(held_out(drawings, names, by_anyone=changed) for changed in (False, True))
        parts.append(strokes.from_drawings(known, names, recipe.copies, seed, by_anyone=True))
    return cnn.datasets.join(parts), held


def held_out(drawings: Path, names: tuple[str, ...], *, by_anyone: bool) -> cnn.Dataset:
    """Return the pen drawings of the writers held out: as drawn, or as anyone would have drawn them."""
    from playground import strokes

    _, unknown = strokes.split_writers(strokes.read_drawings(drawings), WRITERS_HELD_OUT)
    return strokes.from_drawings(unknown, names, 1, _SEED_OF_HELD_OUT, by_anyone=by_anyone)


def no_digits(train: cnn.Dataset, drawings: tuple[cnn.Dataset, ...]) -> NDArray[np.uint8] | None:
    """Return drawings that are no digits, for a network of `drawings` held out; None where there are none.

    Where there is little to train on, there is less of what it is to be told from.
    """
    if not drawings:
        return None
    from playground import other_drawings  # paints with Qt

    return other_drawings.images(min(_NO_DIGITS, len(train) // 2), _SEED_OF_NO_DIGITS)


def told(outcome: Calibrated) -> str:
    """Say what a calibration found, for the terminal and the model card."""
    known = outcome.calibration.familiarity is not None
    limited = "" if known else "; what is unfamiliar is not known: too few images, or too wide a layer"
    return (
        f"validation accuracy {outcome.accuracy:.2%}, temperature {outcome.calibration.temperature:.3f}, "
        f"calibration error {outcome.error_before:.2%} before and {outcome.error_after:.2%} after{limited}"
    )

"""TrainingSettings: how a run trains, as one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn_core.datasets.augment import Augmentation
from cnn_core.optimizers import SGD, Optimizer
from cnn_core.schedules import Constant, Schedule

LARGEST_BATCH = 8192


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """All that decides a run beside architecture and data."""

    optimizer: Optimizer = SGD()  # noqa: RUF009 - a frozen value
    schedule: Schedule = Constant()  # noqa: RUF009 - a frozen value
    batch_size: int = 64
    epochs: int = 10
    label_smoothing: float = 0.0
    clip_norm: float | None = None
    augmentation: Augmentation = Augmentation()  # noqa: RUF009 - a frozen value
    seed: int = 0

    def __post_init__(self) -> None:
        need_number("batch_size", self.batch_size, 1, LARGEST_BATCH)
        need_number("epochs", self.epochs, 1, 100_000)
        need_number("seed", self.seed, 0, 2**32 - 1)
        need_number("label_smoothing", self.label_smoothing, 0.0, 0.9)
        if self.clip_norm is not None:
            need_number("clip_norm", self.clip_norm, 1e-6, 1e6)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        parts = ("optimizer", "schedule", "augmentation")
        return {**vars(self), **{name: getattr(self, name).to_json() for name in parts}}

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of Trainer that these settings stand for: all but the epochs."""
        return {name: value for name, value in vars(self).items() if name != "epochs"}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "TrainingSettings":
        """Return the settings described; raise ValueError where they are none."""
        try:
            parts = {
                "optimizer": Optimizer.from_json(value["optimizer"]),
                "schedule": Schedule.from_json(value["schedule"]),
                "augmentation": Augmentation.from_json(value.get("augmentation", {})),
            }
            return TrainingSettings(**{**value, **parts})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"these are not training settings: {error}") from None


def need_number(name: str, value: Any, low: float, high: float) -> None:
    """Raise ValueError unless `value` is a number between the limits; whole where the lower one is."""
    fits = isinstance(value, (int, np.integer) if isinstance(low, int) else (int, float))
    if not fits or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}; use a number from {low:g} to {high:g}")

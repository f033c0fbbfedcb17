"""TrainingSettings: how a run trains, as one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cnn_core.datasets.augment import Augmentation
from cnn_core.limits import Limit, check_numbers
from cnn_core.optimizers import SGD, Optimizer
from cnn_core.schedules import Constant, Schedule

_LIMITS: dict[str, Limit] = {
    "batch_size": (1, 8192),
    "epochs": (1, 100_000),
    "seed": (0, 2**32 - 1),
    "label_smoothing": (0.0, 0.9),
}


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """All that decides a run beside architecture and data. Raises ValueError for numbers beyond limits."""

    optimizer: Optimizer = SGD()  # noqa: RUF009 - a frozen value
    schedule: Schedule = Constant()  # noqa: RUF009 - a frozen value
    batch_size: int = 64
    epochs: int = 10
    label_smoothing: float = 0.0
    clip_norm: float | None = None
    augmentation: Augmentation = Augmentation()  # noqa: RUF009 - a frozen value
    seed: int = 0

    def __post_init__(self) -> None:
        check_numbers(self, _LIMITS)
        if self.clip_norm is not None:
            check_numbers(self, {"clip_norm": (1e-6, 1e6)})

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

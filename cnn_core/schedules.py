"""Schedules: by what factor the learning rate is multiplied at each step. Frozen values.

`warmup_steps` makes the factor rise from near 0 to the schedule's own over the first steps.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import cos, pi
from types import MappingProxyType
from typing import Any

from cnn_core.limits import Limit, check_numbers


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The factor of the learning rate as a function of the step."""

    warmup_steps: int = 0

    def __post_init__(self) -> None:
        check_numbers(self, {field.name: _LIMITS[field.name] for field in fields(self)}, f"{self.name}: ")

    @property
    def name(self) -> str:
        """What people call it."""
        return type(self).__name__

    def factor(self, step: int, total: int) -> float:
        """Return the factor for `step` (from 0) of `total` planned ones; past the end, the last one's."""
        step = min(step, total - 1)
        warm = min(1.0, (step + 1) / self.warmup_steps) if self.warmup_steps else 1.0
        # From 0 at the first step after the warm-up to 1 at the last step.
        progress = max(0, step - self.warmup_steps) / max(1, total - 1 - self.warmup_steps)
        return warm * self._shape(min(progress, 1.0))

    def _shape(self, progress: float) -> float:
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"type": self.name, **asdict(self)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Schedule":
        """Return the schedule described; raise ValueError where there is none."""
        kind = SCHEDULES.get(str(value.get("type")))
        if kind is None:
            raise ValueError(
                f"no schedule is called {value.get('type')!r}; use one of {', '.join(SCHEDULES)}"
            )
        try:
            return kind(**{k: v for k, v in value.items() if k != "type"})
        except TypeError as error:
            raise ValueError(f"{kind.__name__}: {error}") from None


_LIMITS: dict[str, Limit] = {
    "warmup_steps": (0, 10_000_000),
    "drops": (0, 100),
    "factor_per_drop": (0.0, 1.0),
    "last": (0.0, 1.0),
    "first": (0.0, 1.0),
    "rise": (0.0, 1.0),
}


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """The same learning rate all the way."""

    def _shape(self, progress: float) -> float:
        return 1.0


@dataclass(frozen=True, kw_only=True)
class StepDecay(Schedule):
    """Drops by a factor, `drops` times, at equal distances."""

    drops: int = 2
    factor_per_drop: float = 0.1

    def _shape(self, progress: float) -> float:
        return float(self.factor_per_drop ** min(self.drops, int(progress * (self.drops + 1))))


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Falls along half a cosine from 1 to `last` (Loshchilov and Hutter 2017)."""

    last: float = 0.0

    def _shape(self, progress: float) -> float:
        return self.last + (1 - self.last) * (1 + cos(pi * progress)) / 2


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """Rises along a cosine from `first` to 1 over the part `rise` of the run, then falls to `last` (Smith and
    Topin 2019)."""

    rise: float = 0.3
    first: float = 0.04
    last: float = 0.0001

    def _shape(self, progress: float) -> float:
        if progress < self.rise:
            return self.first + (1 - self.first) * (1 - cos(pi * progress / self.rise)) / 2
        rest = (progress - self.rise) / max(1 - self.rise, 1e-9)
        return self.last + (1 - self.last) * (1 + cos(pi * rest)) / 2


SCHEDULES: MappingProxyType[str, type[Schedule]] = MappingProxyType(
    {"Constant": Constant, "StepDecay": StepDecay, "Cosine": Cosine, "OneCycle": OneCycle}
)

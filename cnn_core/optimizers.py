"""Optimisers: how a step is made of a gradient. Frozen values; what they remember (slots) lives outside.

p  parameter    g  its gradient    lr  learning rate    t  step number, from 1
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from cnn_core.functional.geometry import Array
from cnn_core.limits import check_numbers

Slots: TypeAlias = dict[str, dict[str, Array]]  # by slot name, then by parameter name


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """Turns gradients into steps."""

    learning_rate: float = 0.01
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        names = [field.name for field in fields(self)]
        check_numbers(self, {name: _LIMITS[name] for name in names if name in _LIMITS}, f"{self.name}: ")
        for name in names:
            if name not in _LIMITS and not isinstance(getattr(self, name), bool):  # a switch
                raise ValueError(f"{self.name}: {name} is {getattr(self, name)!r}; use True or False")

    @property
    def name(self) -> str:
        """What people call it."""
        return type(self).__name__

    def slots(self, parameters: Mapping[str, Array]) -> Slots:
        """Return what is remembered from step to step, at the beginning: zeros."""
        return {slot: {k: np.zeros_like(p) for k, p in parameters.items()} for slot in self.slot_names()}

    def slot_names(self) -> tuple[str, ...]:
        """Return the names of what is remembered of each parameter."""
        return ()

    def update(
        self, p: Array, g: Array, slots: Mapping[str, Array], t: int, learning_rate: float, scratch: Array
    ) -> None:
        """Move p and its slots in place. g and scratch (in p's shape) may be overwritten."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"type": self.name, **asdict(self)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Optimizer":
        """Return the optimiser described; raise ValueError where there is none."""
        kind = OPTIMIZERS.get(str(value.get("type")))
        if kind is None:
            raise ValueError(
                f"no optimizer is called {value.get('type')!r}; use one of {', '.join(OPTIMIZERS)}"
            )
        try:
            return kind(**{k: v for k, v in value.items() if k != "type"})
        except TypeError as error:
            raise ValueError(f"{kind.__name__}: {error}") from None


_LIMITS = {
    "learning_rate": (0.0, 100.0),
    "weight_decay": (0.0, 10.0),
    "momentum": (0.0, 0.9999),
    "alpha": (0.0, 0.999999),
    "beta1": (0.0, 0.9999),
    "beta2": (0.0, 0.999999),
    "epsilon": (1e-12, 1.0),
}


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """Steepest descent with momentum (Polyak 1964), or looking ahead (Nesterov 1983).

    v = momentum * v + g;  p -= lr * v, or with Nesterov p -= lr * (g + momentum * v). Weight decay adds to g.
    """

    learning_rate: float = 0.05
    momentum: float = 0.9
    nesterov: bool = False

    def slot_names(self) -> tuple[str, ...]:
        """Return velocity, where there is momentum."""
        return ("velocity",) if self.momentum else ()

    def update(
        self, p: Array, g: Array, slots: Mapping[str, Array], t: int, learning_rate: float, scratch: Array
    ) -> None:
        """Move p and its velocity."""
        _add_decay(p, g, self.weight_decay, scratch)
        if self.momentum:
            v = slots["velocity"]
            v *= p.dtype.type(self.momentum)
            v += g
            if self.nesterov:
                g += np.multiply(v, p.dtype.type(self.momentum), out=scratch)
            else:
                g = v
        p -= np.multiply(g, p.dtype.type(learning_rate), out=scratch)


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    """Each parameter's step is divided by the size of its recent gradients (Tieleman and Hinton 2012).

    s = alpha * s + (1 - alpha) * g^2;  step g / (sqrt(s) + epsilon), with momentum like SGD.
    """

    learning_rate: float = 0.001
    alpha: float = 0.99
    momentum: float = 0.0
    epsilon: float = 1e-8

    def slot_names(self) -> tuple[str, ...]:
        """Return square and, where there is momentum, velocity."""
        return ("square", "velocity") if self.momentum else ("square",)

    def update(
        self, p: Array, g: Array, slots: Mapping[str, Array], t: int, learning_rate: float, scratch: Array
    ) -> None:
        """Move p and its slots."""
        number = p.dtype.type
        _add_decay(p, g, self.weight_decay, scratch)
        _move_towards_square(slots["square"], g, self.alpha, scratch)
        np.sqrt(slots["square"], out=scratch)
        scratch += number(self.epsilon)
        np.divide(g, scratch, out=g)
        if self.momentum:
            slots["velocity"][...] *= number(self.momentum)
            slots["velocity"][...] += g
            g = slots["velocity"]
        p -= np.multiply(g, number(learning_rate), out=scratch)


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Momentum and RMSprop together, both corrected for their start at zero (Kingma and Ba 2015).

    m = beta1 * m + (1 - beta1) * g;  s = beta2 * s + (1 - beta2) * g^2
    p -= lr * m / (1 - beta1^t) / (sqrt(s / (1 - beta2^t)) + epsilon). Weight decay adds to g.
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def slot_names(self) -> tuple[str, ...]:
        """Return mean and square."""
        return ("mean", "square")

    def update(
        self, p: Array, g: Array, slots: Mapping[str, Array], t: int, learning_rate: float, scratch: Array
    ) -> None:
        """Move p and its slots."""
        self._decay(p, g, learning_rate, scratch)
        number = p.dtype.type
        mean, square = slots["mean"], slots["square"]
        mean *= number(self.beta1)
        mean += np.multiply(g, number(1 - self.beta1), out=scratch)
        _move_towards_square(square, g, self.beta2, scratch)
        np.sqrt(square, out=scratch)
        scratch *= number(1 / (1 - self.beta2**t) ** 0.5)
        scratch += number(self.epsilon)
        np.divide(mean, scratch, out=scratch)
        scratch *= number(learning_rate / (1 - self.beta1**t))
        p -= scratch

    def _decay(self, p: Array, g: Array, learning_rate: float, scratch: Array) -> None:
        _add_decay(p, g, self.weight_decay, scratch)


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam with weight decay on the parameter itself, p -= lr * weight_decay * p (Loshchilov and Hutter
    2019)."""

    weight_decay: float = 0.01

    def _decay(self, p: Array, g: Array, learning_rate: float, scratch: Array) -> None:
        if self.weight_decay:
            p *= p.dtype.type(1 - learning_rate * self.weight_decay)


OPTIMIZERS: MappingProxyType[str, type[Optimizer]] = MappingProxyType(
    {kind.__name__: kind for kind in (SGD, RMSprop, Adam, AdamW)}
)


def clip_gradients(gradients: Mapping[str, Array], largest_norm: float) -> float:
    """Scale all gradients, in place, so that their common norm is at most `largest_norm`; return the norm
    before."""
    before = norm(gradients)
    if before > largest_norm:
        for gradient in gradients.values():
            gradient *= gradient.dtype.type(largest_norm / (before + 1e-6))
    return before


def norm(arrays: Mapping[str, Array]) -> float:
    """Return the common norm of all arrays; infinite or nan where their squares are no finite numbers."""
    return float(np.sqrt(sum(float(np.vdot(array, array)) for array in arrays.values())))


def _add_decay(p: Array, g: Array, weight_decay: float, scratch: Array) -> None:
    if weight_decay:
        g += np.multiply(p, p.dtype.type(weight_decay), out=scratch)


def _move_towards_square(square: Array, g: Array, keep: float, scratch: Array) -> None:
    square *= square.dtype.type(keep)
    np.multiply(g, g, out=scratch)
    scratch *= square.dtype.type(1 - keep)
    square += scratch

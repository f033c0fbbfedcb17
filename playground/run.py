"""A run of training on its way: what it reports, and how it ends."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import cnn_core as cnn

SNAPSHOT_SECONDS = 1 / 4  # to hand one over takes both processes time that train
EXPLODED = 2  # times the smallest loss of a run, and one more: beyond, it has begun to diverge
_SHARE = 0.1  # of the time may go into handing over snapshots: those of a large network are fewer


@dataclass(frozen=True)
class Snapshot:
    """A copy of the network as it was after `step`."""

    network: cnn.Network
    step: int


@dataclass(frozen=True)
class Outcome:
    """How a run ended: weights and optimiser state to go on from, and what went wrong."""

    network: cnn.Network
    training: cnn.TrainingState
    error: str | None = None
    traceback: str | None = None  # of an error that nobody foresaw
    points: list[cnn.Progress] = field(default_factory=list)  # steps since the last report


OnStep: TypeAlias = Callable[
    [list[cnn.Progress], Snapshot], None
]  # steps since the last report, and their end


class _Sound:
    """The newest network whose losses had not begun to explode: before a run diverges it goes astray."""

    def __init__(self, trainer: cnn.Trainer) -> None:
        self.kept = self._next = Snapshot(trainer.network.copy(), trainer.step)
        self._smallest = math.inf

    def note(self, points: Sequence[cnn.Progress], snapshot: Snapshot) -> None:
        """Judge the snapshot before by the losses from there on; `snapshot` is where they led."""
        loss = sum(point.loss for point in points) / len(points)
        if loss <= EXPLODED * self._smallest + 1:
            self.kept = self._next
        self._smallest, self._next = min(self._smallest, loss), snapshot

    def outcome(self, trainer: cnn.Trainer, problem: cnn.DivergenceError) -> Outcome:
        """Return the end of a run that goes back to that network; the optimiser begins anew there."""
        network, step = self.kept.network, self.kept.step
        slots = trainer.optimizer.slots(network.parameters)
        state = replace(trainer.state(), step=step, slots=slots, began=step)
        reason = problem.reason[:1].upper() + problem.reason[1:]
        sentence = f"{reason}; the network of step {step:,} is back. {problem.advice}"
        return Outcome(network, state, sentence)


def follow(
    trainer: cnn.Trainer, run: Iterable[cnn.Progress], report: OnStep, until: Callable[[], bool]
) -> Outcome:
    """Take the steps of a trainer's run, to their end or until told to stop.

    A run that diverges goes back to the newest network whose losses were sound.
    """
    error = trace = None
    points: list[cnn.Progress] = []
    due, sound = 0.0, _Sound(trainer)
    try:
        for progress in () if until() else run:
            points.append(progress)
            now = time.monotonic()
            if now >= due:
                snapshot = Snapshot(trainer.network.copy(), progress.step)
                sound.note(points, snapshot)
                report(points, snapshot)
                points = []
                due = now + max(SNAPSHOT_SECONDS, (time.monotonic() - now) / _SHARE)
            if until():
                break
    except cnn.DivergenceError as problem:
        return sound.outcome(trainer, problem)
    except MemoryError:
        error = "There is not enough memory for this step; choose a smaller batch or fewer filters."
    except Exception as problem:
        error, trace = f"{type(problem).__name__}: {problem}", traceback.format_exc()
    return Outcome(trainer.network, trainer.state(), error, trace, points)

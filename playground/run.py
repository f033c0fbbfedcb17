"""A run of training on its way: what it reports, and how it ends."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import cnn_core as cnn

SNAPSHOT_SECONDS = 1 / 10  # each is shown in every layer, and that takes time from training
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


Report: TypeAlias = Callable[
    [list[cnn.Progress], Snapshot], None
]  # steps since the last report, and their end


def follow(
    trainer: cnn.Trainer, run: Iterable[cnn.Progress], report: Report, until: Callable[[], bool]
) -> Outcome:
    """Take the steps of a trainer's run, to their end or until told to stop."""
    error = trace = None
    points: list[cnn.Progress] = []
    due = 0.0
    try:
        for progress in () if until() else run:
            points.append(progress)
            now = time.monotonic()
            if now >= due:
                report(points, Snapshot(trainer.network.copy(), progress.step))
                points = []
                due = now + max(SNAPSHOT_SECONDS, (time.monotonic() - now) / _SHARE)
            if until():
                break
    except cnn.DivergenceError as problem:
        error = str(problem)
    except MemoryError:
        error = "There is not enough memory for this step; choose a smaller batch or fewer filters."
    except Exception as problem:
        error, trace = f"{type(problem).__name__}: {problem}", traceback.format_exc()
    return Outcome(trainer.network, trainer.state(), error, trace, points)

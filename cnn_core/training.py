"""Trainer: a network, data and settings that go on one batch at a time, as a generator of progress.

Everything random is a function of the seed and of a counter: the epoch's number decides the order of images,
the step's number what dropout drops. So the state of a run is small, any moment of it can be gone back to,
and a run that is saved, loaded and continued gives the same bits as one that was never stopped.
"""

import threading
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from math import prod
from typing import Any

import numpy as np

from cnn_core.datasets import Dataset
from cnn_core.datasets.augment import Augmentation
from cnn_core.errors import DatasetError, DivergenceError
from cnn_core.execution import BatchResult, Executor
from cnn_core.functional.geometry import Array
from cnn_core.layers import BatchNorm
from cnn_core.metrics import Evaluation, evaluation
from cnn_core.network import Network
from cnn_core.optimizers import SGD, Optimizer, Slots, clip_gradients, norm
from cnn_core.schedules import Constant, Schedule
from cnn_core.threads import GivenUp
from cnn_core.training_settings import TrainingSettings

_ORDER, _STEP = 0, 1  # what a number is drawn for: keeps the sequences apart
# Norm of all weights beyond which a run has diverged: far from any use, and far from what one step could
# make infinite, so that the weights that are kept are always numbers.
_LARGEST_NORM = 1e15


@dataclass(frozen=True)
class Progress:
    """What one step did."""

    step: int  # steps done, this one included
    epoch: int  # epochs begun
    steps_per_epoch: int
    loss: float  # mean cross-entropy of the batch, before the step
    accuracy: float  # of the batch, before the step
    learning_rate: float  # used in the step
    images_per_second: float  # of the run so far, validation left out
    validation: Evaluation | None = None  # after an epoch's last step
    processes: int = 1  # that have shared the batch: others join this one after the first moments of a run


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Where a run is: with the network and the settings, all that is needed to go on."""

    step: int
    planned_steps: int | None
    learning_rate: float
    slots: Slots
    began: int = 0  # the step at which the slots were zeros: what corrects for that counts from there


class Trainer:
    """Trains a copy of a network. Not thread-safe, but for `stop` and `learning_rate`.

    `train` and `validation` are uint8 images (N, H, W, C) with their class numbers. `schedule` scales the
    optimiser's learning rate from step to step. `label_smoothing` in 0..0.9 is shared among all classes,
    `clip_norm` bounds the common norm of all gradients (None: nothing does), `seed` decides all that is
    random. `threads` says how many cores are used, None all; the numbers are the same for any.

    A trainer can be pickled, between two steps, and goes on in another process.
    """

    def __init__(
        self,
        network: Network,
        *,
        train: Dataset,
        validation: Dataset | None = None,
        optimizer: Optimizer = SGD(),  # noqa: B008 - a frozen value
        schedule: Schedule = Constant(),  # noqa: B008 - a frozen value
        batch_size: int = 64,
        label_smoothing: float = 0.0,
        clip_norm: float | None = None,
        augmentation: Augmentation = Augmentation(),  # noqa: B008 - a frozen value
        seed: int = 0,
        threads: int | None = None,
    ) -> None:
        """Prepare; raises DatasetError where the data do not fit the network, ValueError as settings do."""
        settings = TrainingSettings(
            batch_size=batch_size, label_smoothing=label_smoothing, clip_norm=clip_norm, seed=seed
        )
        check_training(network, train, settings.batch_size)
        if validation is not None:
            _check_images(network, validation, "validate")
        self.network = network.copy()
        self.train, self.validation = train, validation
        self.optimizer, self.schedule, self.augmentation = optimizer, schedule, augmentation
        self.batch_size, self.label_smoothing = settings.batch_size, settings.label_smoothing
        self.clip_norm, self.seed, self.threads = settings.clip_norm, settings.seed, threads
        self.step = 0
        self.learning_rate = optimizer.learning_rate  # before the schedule's factor
        self._slots, self._began = optimizer.slots(self.network.parameters), 0
        self._planned_steps: int | None = None
        self._order: tuple[int, Array] | None = None
        self._stop = threading.Event()

    def __getstate__(self) -> dict[str, Any]:
        """Return all but what belongs to a process, and what is found again."""
        return {**self.__dict__, "_order": None, "_stop": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._stop = threading.Event()

    @classmethod
    def resume(cls, network: Network, state: TrainingState, *, train: Dataset, **arguments: Any) -> "Trainer":
        """Return a trainer that goes on where `state` was taken, given the network as it was and the same
        settings."""
        trainer = cls(network, train=train, **arguments)
        trainer.step, trainer._planned_steps = state.step, state.planned_steps
        trainer.learning_rate = state.learning_rate
        trainer._slots, trainer._began = _copied(state.slots), state.began
        return trainer

    def state(self) -> TrainingState:
        """Return where the run is, as a copy."""
        slots = _copied(self._slots)
        return TrainingState(self.step, self._planned_steps, self.learning_rate, slots, self._began)

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches that hold all training images once, the last one perhaps smaller."""
        return -(-len(self.train) // self.batch_size)

    def plan(self, epochs: int) -> None:
        """Lay the schedule over this many epochs from the run's beginning."""
        self._planned_steps = epochs * self.steps_per_epoch

    def stop(self) -> None:
        """Make `run` end within the current batch, which then does not count, or within the evaluation after
        it, which is then left out. Any thread may call it."""
        self._stop.set()

    def run(self, *, epochs: int | None = None, steps: int | None = None) -> Generator[Progress, None, None]:
        """Yield the progress of each step, for so many epochs or steps, or up to the epoch's end where
        neither is given.

        A caller pauses by not asking for more. At an epoch's end the network is evaluated on the validation
        data, which changes nothing and which `stop` breaks off. Raises DivergenceError where loss, gradients
        or weights have grown beyond bounds.
        """
        self._stop.clear()  # here and not at the first step: a stop asked for in between must count
        if self._planned_steps is None:
            self.plan(epochs or 1)
        begun = self.step // self.steps_per_epoch
        if steps is None:
            return self._run_until((begun + (1 if epochs is None else epochs)) * self.steps_per_epoch)
        return self._run_until(self.step + steps)

    def _run_until(self, last: int) -> Generator[Progress, None, None]:
        per_epoch = self.steps_per_epoch
        clock = _Clock()
        with Executor(self.network.architecture, self.threads) as executor:
            while self.step < last:
                clock.start()
                try:
                    progress = self._one_step(executor)
                except GivenUp:
                    return
                rate = clock.rate(self._batch_images(self.step - 1))
                progress = replace(progress, images_per_second=rate)
                if self.step % per_epoch == 0 and self.validation is not None:
                    with suppress(GivenUp):
                        progress = replace(progress, validation=self._evaluated(executor, self.validation))
                yield progress
                if self._stop.is_set():
                    return

    def _evaluated(self, executor: Executor, dataset: Dataset) -> Evaluation:
        values = {**self.network.parameters, **self.network.buffers}
        return evaluation(executor.logits(values, dataset.images, self._stop.is_set), dataset.labels)

    def _one_step(self, executor: Executor) -> Progress:
        batch = self._batch_rows(self.step)
        network = self.network
        result = executor.loss_and_gradients(
            network.parameters,
            network.buffers,
            self.train.images[batch],
            self.train.labels[batch],
            seed=(self.seed, _STEP, self.step),
            label_smoothing=self.label_smoothing,
            augmentation=self.augmentation if self.augmentation.active else None,
            cancelled=self._stop.is_set,
        )
        rate = self._rate()
        self._move(result, rate, executor)
        self.step += 1
        return Progress(
            step=self.step,
            epoch=(self.step - 1) // self.steps_per_epoch + 1,
            steps_per_epoch=self.steps_per_epoch,
            loss=result.loss,
            accuracy=result.correct / len(batch),
            learning_rate=rate,
            images_per_second=0.0,
            processes=result.processes,
        )

    def _move(self, result: BatchResult, rate: float, executor: Executor) -> None:
        """Take the optimiser's step, in place; nothing is changed where a number is not as it should be."""
        gradients = result.gradients
        self._need(bool(np.isfinite(result.loss)), f"the loss is {result.loss}", rate)
        size = clip_gradients(gradients, np.inf if self.clip_norm is None else self.clip_norm)
        self._need(bool(np.isfinite(size)), "a gradient is not a finite number", rate)
        moved = all(np.isfinite(value).all() for value in result.buffers.values())
        self._need(moved, "a running statistic is not a finite number", rate)
        self._need(norm(self.network.parameters) < _LARGEST_NORM, "the weights are too large", rate)
        parameters = self.network.parameters

        def update(name: str, block: slice) -> None:
            p, g = (values[name].reshape(-1)[block] for values in (parameters, gradients))
            slots = {slot: values[name].reshape(-1)[block] for slot, values in self._slots.items()}
            self.optimizer.update(p, g, slots, self.step + 1 - self._began, rate, np.empty_like(p))

        executor.each_block(parameters, update)
        for name, value in result.buffers.items():
            self.network.buffers[name][...] = value

    def _need(self, sound: bool, otherwise: str, rate: float) -> None:
        if not sound:
            raise DivergenceError(
                f"{otherwise} at step {self.step + 1:,}: training has diverged",
                f"Try a learning rate below {rate:.2g}",
            )

    def _rate(self) -> float:
        return self.learning_rate * self.schedule.factor(self.step, self._planned_steps or 1)

    def _batch_rows(self, step: int) -> Array:
        """Return the numbers of the images in the batch of a step (from 0)."""
        epoch, position = divmod(step, self.steps_per_epoch)
        if self._order is None or self._order[0] != epoch:
            order = np.random.default_rng((self.seed, _ORDER, epoch)).permutation(len(self.train))
            self._order = (epoch, order)
        return self._order[1][position * self.batch_size : (position + 1) * self.batch_size]

    def _batch_images(self, step: int) -> int:
        position = step % self.steps_per_epoch
        return min(self.batch_size, len(self.train) - position * self.batch_size)


class _Clock:
    """Images per second over the time spent in steps, recent steps counting more."""

    def __init__(self) -> None:
        self._began, self._images, self._seconds = 0.0, 0.0, 0.0

    def start(self) -> None:
        self._began = time.perf_counter()

    def rate(self, images: int) -> float:
        keep = 0.98
        self._images = keep * self._images + images
        self._seconds = keep * self._seconds + time.perf_counter() - self._began
        return self._images / max(self._seconds, 1e-9)


def _copied(slots: Slots) -> Slots:
    return {slot: {k: v.copy() for k, v in values.items()} for slot, values in slots.items()}


def check_training(network: Network, dataset: Dataset, batch_size: int) -> None:
    """Raise DatasetError where the network cannot be trained on these images in batches of this size."""
    _check_images(network, dataset, "train")
    smallest = len(dataset) % batch_size or batch_size
    for report in network.architecture.check():
        if not isinstance(report.layer, BatchNorm) or report.input_shape is None:
            continue
        if smallest * prod(report.input_shape[:-1]) < 2:  # one value a channel has no variance
            raise DatasetError(
                f"layer {report.index} (BatchNorm) needs two images in every batch, but of {len(dataset):,} "
                f"images in batches of {batch_size} one is left over; {_evener(len(dataset), batch_size)}"
            )


def _check_images(network: Network, dataset: Dataset, use: str) -> None:
    network.check_dataset(dataset)
    if len(dataset) == 0:
        raise DatasetError(f"there are no images to {use} on")


def _evener(images: int, batch_size: int) -> str:
    """Return which larger batch size leaves no image alone."""
    if images < 2:
        return "use more images"
    size = next(size for size in count(max(2, batch_size + 1)) if images % size != 1)
    return f"use a batch size of {size}"

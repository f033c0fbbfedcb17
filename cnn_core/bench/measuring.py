"""Our side of each measurement: what is repeated, and a function that does so for some seconds and returns a
rate."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from cnn_core.architecture import Architecture
from cnn_core.datasets import Dataset
from cnn_core.datasets.augment import Augmentation
from cnn_core.execution import CLASSIFIED_TOGETHER, INFERENCE_BATCH, Executor
from cnn_core.network import Network
from cnn_core.optimizers import SGD
from cnn_core.plan import parts, plan, shards
from cnn_core.threads import single_threaded_blas
from cnn_core.training import Trainer

LONGEST_START = 20.0  # seconds for other processes to join in
Rate = Callable[[float], float]  # seconds to run for -> images a second
Work = Callable[[], object]  # one batch


def random_dataset(architecture: Architecture, count: int) -> Dataset:
    """Return random images of the right shape with random labels."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (count, *architecture.input_shape), dtype=np.uint8)
    labels = generator.integers(0, architecture.classes, count)
    names = tuple(str(k) for k in range(architecture.classes))
    return Dataset(images=images, labels=labels, class_names=names, source="random")


def rate_of(step: Work, images: int, seconds: float) -> float:
    """Return images a second: repeat `step`, each of so many images, and take the median of its times."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        begun = time.perf_counter()
        step()
        times.append(time.perf_counter() - begun)
    return images / float(np.median(times))


@contextmanager
def training_step(
    architecture: Architecture,
    batch: int,
    threads: int,
    augmentation: Augmentation = Augmentation(),  # noqa: B008 - a frozen value
) -> Iterator[Work]:
    """Give a whole training step: batch, images changed, gradients, optimiser. As many processes share it as
    will."""
    trainer = Trainer(
        Network.initialize(architecture),
        train=random_dataset(architecture, 16 * batch),
        optimizer=SGD(learning_rate=0.001, momentum=0.9),
        batch_size=batch,
        augmentation=augmentation,
        threads=threads,
    )
    steps = trainer.run(epochs=1_000_000)
    all_there = min(threads, len(shards(plan(architecture, True), batch)))
    end = time.perf_counter() + LONGEST_START
    while next(steps).processes < all_there and time.perf_counter() < end:
        pass
    try:
        yield lambda: next(steps)
    finally:
        steps.close()


@contextmanager
def inference_step(architecture: Architecture, batch: int, threads: int) -> Iterator[Work]:
    """Give the classifying of a batch of float32 images. As many processes share it as will."""
    network = Network.initialize(architecture)
    images = np.random.default_rng(0).random((batch, *architecture.input_shape), dtype=np.float32)
    values = {**network.parameters, **network.buffers}
    with Executor(architecture, threads) as executor:
        all_there = min(threads, len(parts(min(batch, INFERENCE_BATCH), CLASSIFIED_TOGETHER)))
        end = time.perf_counter() + LONGEST_START
        executor.logits(values, images)
        while executor.processes < all_there and time.perf_counter() < end:
            executor.logits(values, images)
        yield lambda: executor.logits(values, images)


@contextmanager
def training(architecture: Architecture, batch: int, threads: int) -> Iterator[Rate]:
    """Give the rate of whole training steps."""
    with training_step(architecture, batch, threads) as step:
        yield lambda seconds: rate_of(step, batch, seconds)


@contextmanager
def inference(architecture: Architecture, batch: int, threads: int) -> Iterator[Rate]:
    """Give the rate of classifying batches of float32 images."""
    with inference_step(architecture, batch, threads) as step:
        yield lambda seconds: rate_of(step, batch, seconds)


@contextmanager
def single_image(architecture: Architecture, batch: int, threads: int) -> Iterator[Rate]:
    """Give the rate of running one image with every layer's output kept, as the window does."""
    network = Network.initialize(architecture)
    image = np.random.default_rng(0).random((1, *architecture.input_shape), dtype=np.float32)
    network.activations(image)
    yield lambda seconds: rate_of(lambda: network.activations(image), 1, seconds)


def matrix_product_peak(threads: int, seconds: float = 0.5) -> float:
    """Return the GFLOP/s of large float32 matrix products on so many threads at once."""
    size = 768
    counts = [0] * threads
    matrices = np.random.default_rng(0).random((threads, 3, size, size), dtype=np.float32)

    def work(worker: int, end: float) -> None:
        a, b, out = matrices[worker]
        while time.perf_counter() < end or not counts[worker]:
            np.matmul(a, b, out=out)
            counts[worker] += 1

    with single_threaded_blas():
        begun = time.perf_counter()
        workers = [threading.Thread(target=work, args=(w, begun + seconds)) for w in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        spent = time.perf_counter() - begun
    return sum(counts) * 2 * size**3 / spent / 1e9

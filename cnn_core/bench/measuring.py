"""Our side of each measurement, as a function that runs for about so many seconds and returns a rate."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from cnn_core.architecture import Architecture
from cnn_core.datasets import Dataset
from cnn_core.execution import Executor
from cnn_core.network import Network
from cnn_core.optimizers import SGD
from cnn_core.threads import single_threaded_blas
from cnn_core.training import Trainer

Rate = Callable[[float], float]  # seconds to run for -> images a second


def random_dataset(architecture: Architecture, count: int) -> Dataset:
    """Return random images of the right shape with random labels."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (count, *architecture.input_shape), dtype=np.uint8)
    labels = generator.integers(0, architecture.classes, count)
    names = tuple(str(k) for k in range(architecture.classes))
    return Dataset(images=images, labels=labels, class_names=names, source="random")


def rate_of(step: Callable[[], object], images: int, seconds: float) -> float:
    """Return images a second: repeat `step`, each of so many images, and take the median of its times."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        begun = time.perf_counter()
        step()
        times.append(time.perf_counter() - begun)
    return images / float(np.median(times))


@contextmanager
def training(architecture: Architecture, batch: int, threads: int) -> Iterator[Rate]:
    """Give the rate of whole training steps: batch, gradients, optimiser."""
    network = Network.initialize(architecture)
    trainer = Trainer(
        network,
        train=random_dataset(architecture, 16 * batch),
        optimizer=SGD(learning_rate=0.001, momentum=0.9),
        batch_size=batch,
        threads=threads,
    )
    steps = trainer.run(epochs=1_000_000)
    next(steps)
    try:
        yield lambda seconds: rate_of(lambda: next(steps), batch, seconds)
    finally:
        steps.close()  # type: ignore[attr-defined]


@contextmanager
def inference(architecture: Architecture, batch: int, threads: int) -> Iterator[Rate]:
    """Give the rate of classifying batches of float32 images."""
    network = Network.initialize(architecture)
    images = np.random.default_rng(0).random((batch, *architecture.input_shape), dtype=np.float32)
    values = {**network.parameters, **network.buffers}
    with Executor(architecture, threads) as executor:
        executor.logits(values, images)
        yield lambda seconds: rate_of(lambda: executor.logits(values, images), batch, seconds)


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

    def work(worker: int, end: float) -> None:
        generator = np.random.default_rng(worker)
        a, b = (generator.random((size, size), dtype=np.float32) for _ in range(2))
        out = np.empty_like(a)
        while time.perf_counter() < end:
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


def training_memory(name: str, batch: int, threads: int, steps: int = 20) -> float:
    """Return the MB that a process needs above its imports to train, read off a process of its own."""
    call = f"print_memory({name!r}, {batch}, {threads}, {steps})"
    code = f"from cnn_core.bench.measuring import print_memory; {call}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def print_memory(name: str, batch: int, threads: int, steps: int) -> None:
    """Print the growth of this process's largest memory over some training steps, in MB."""
    from cnn_core.bench.networks import NETWORKS

    architecture = NETWORKS[name]()
    dataset = random_dataset(architecture, batch)
    before = _largest_memory()
    trainer = Trainer(Network.initialize(architecture), train=dataset, batch_size=batch, threads=threads)
    for _ in trainer.run(steps=steps):
        pass
    print(_largest_memory() - before)


def _largest_memory() -> float:
    """Return the most memory that this process has had at once, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux, where getrusage also counts what the parent process had
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    import resource  # not on Windows

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**20 if sys.platform == "darwin" else 2**10)

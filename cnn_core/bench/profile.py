"""What a batch's time is made of: layer by layer on one thread, and what is lost on several."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cnn_core.architecture import Architecture
from cnn_core.bench.alone import COPY, PRODUCT, Alone, Call, Recorder
from cnn_core.bench.measuring import Work, inference_step, training_step
from cnn_core.bench.observed import Clock, Key, Runner, observed
from cnn_core.layers import Layer
from cnn_core.network import Network
from cnn_core.plan import Segment, plan
from cnn_core.shard import by_layer
from cnn_core.threads import single_threaded_blas

ROUNDS = 5  # at least; medians of the rounds count
UNTIMED, TIMED = 3, 7  # whole batches a round


@dataclass(frozen=True)
class LayerCost:
    """What one layer costs one way, in seconds of one thread's processor time for each image."""

    index: int
    layer: Layer
    way: str  # "forward" or "backward"
    seconds: float
    products: float  # of these, its matrix products, run alone
    copies: float  # and its copies of matrices: windows laid out as rows, blocks put in place
    operations: float  # additions and multiplications in products

    @property
    def rest(self) -> float:
        """Passes over single values, calls, and what products and copies take longer for not being alone."""
        return self.seconds - self.products - self.copies


@dataclass(frozen=True)
class WholeCost:
    """What a whole batch costs, in seconds for each image, and on all threads."""

    one_thread: float  # processor time
    threads: int
    all_threads: float  # by the clock
    busy: float  # processor time of this process, one of those that share the batch

    @property
    def slower_together(self) -> float:
        """What is lost to work that takes longer side by side, and to what is not shared."""
        return self.busy - self.one_thread / self.threads

    @property
    def waited(self) -> float:
        """What is lost to waiting for others."""
        return self.all_threads - self.busy


def layer_costs(
    cases: Sequence[tuple[Architecture, int]], training: bool, seconds: float
) -> list[tuple[LayerCost, ...]]:
    """Return the costs of each layer in its order, forward and back, for each architecture with its size of
    batch; all measured in turn for about so many seconds in all."""
    rounds = [LayerRounds(plan(a, training), runner(a, batch, training), training) for a, batch in cases]
    for _ in repeated(seconds):
        for one in rounds:
            one.run()
    return [one.costs() for one in rounds]


def profile(
    architecture: Architecture, batch: int, training: bool, threads: int, seconds: float
) -> tuple[tuple[LayerCost, ...], WholeCost]:
    """Return the costs of each layer and of the whole batch, on one thread and on several, all measured in
    turn."""
    prepare = training_step if training else inference_step
    segments = plan(architecture, training)
    layers = LayerRounds(segments, runner(architecture, batch, training), training)
    found: list[tuple[float, float, float]] = []
    with prepare(architecture, batch, 1) as on_one, prepare(architecture, batch, threads) as on_all:
        for _ in repeated(seconds):
            layers.run()
            found.append((_timed(on_one)[0], *_timed(on_all)))
    one, busy, passed = (float(figure) for figure in np.median(found[1:], axis=0) / batch)
    return layers.costs(), WholeCost(one, threads, passed, busy)


def repeated(seconds: float) -> Iterator[int]:
    """Count rounds for so many seconds, but at least some."""
    end = time.perf_counter() + seconds
    done = 0
    while time.perf_counter() < end or done < ROUNDS:
        yield done
        done += 1


class LayerRounds:
    """Measures a batch on one thread, and the calls in it alone, again and again."""

    def __init__(self, segments: tuple[Segment, ...], runner: Runner, training: bool) -> None:
        self._clocks: list[dict[Key, float]] = []
        self._alone_times: list[dict[object, float]] = []
        self._segments, self._images = segments, len(runner.images)
        self._run = runner.train if training else runner.classify
        recorder = Recorder()
        with single_threaded_blas():
            self._run(observed(segments, recorder))
        self._calls = recorder.calls
        self._different = {call for calls in self._calls.values() for call in calls}
        self._alone = Alone(self._different)

    def run(self) -> None:
        """Measure one round."""
        before, clock = Clock(), Clock()
        with single_threaded_blas():
            for one in (before, clock):  # the first brings what is needed back into the caches
                self._run(observed(self._segments, one))
            self._clocks.append(clock.seconds)
            self._alone_times.append({call: self._alone.seconds(call) for call in self._different})

    def costs(self) -> tuple[LayerCost, ...]:
        """Return the medians of all rounds."""
        layers = {
            step.first: step.layer
            for segment in self._segments
            for step in (*segment.steps, *([segment.departure] if segment.departure else []))
        }
        keys = sorted(self._clocks[0], key=lambda key: (key[0], key[1] == "backward"))
        return tuple(self._cost(key, layers[key[0]]) for key in keys)

    def _cost(self, key: Key, layer: Layer) -> LayerCost:
        kinds = {PRODUCT: 0.0, COPY: 0.0}
        operations = 0.0
        for call, count in self._calls[key].items():
            alone = float(np.median([times[call] for times in self._alone_times]))
            kinds[call.kind] += count * alone / self._images
            operations += count * call.operations / self._images
        seconds = float(np.median([clock[key] for clock in self._clocks])) / self._images
        return LayerCost(key[0], layer, key[1], seconds, kinds[PRODUCT], kinds[COPY], operations)


def runner(architecture: Architecture, batch: int, training: bool) -> Runner:
    """Return a random network and batch, ready to run."""
    network, generator = Network.initialize(architecture), np.random.default_rng(0)
    layers = by_layer({**network.parameters, **network.buffers})
    images = generator.random((batch, *architecture.input_shape), dtype=np.float32)
    return Runner(layers, images, generator.integers(0, architecture.classes, batch))


def peak_rate(size: int = 768, rounds: int = 20) -> float:
    """Return the operations a second, of processor time, of large matrix products on one thread."""
    form = ((size, size), (4 * size, 4), "<f4")
    call = Call(PRODUCT, form, (form, form))
    alone = Alone({call})
    with single_threaded_blas():
        return call.operations / float(np.median([alone.seconds(call) for _ in range(rounds)]))


def _timed(step: Work) -> tuple[float, float]:
    """Return (processor time of this process, time by the clock) of a step, the medians of some.

    Others go before, until caches hold what the steps need again, and other processes are awake.
    """
    times = []
    for _ in range(UNTIMED + TIMED):
        used, begun = time.process_time(), time.perf_counter()
        step()
        times.append((time.process_time() - used, time.perf_counter() - begun))
    busy, passed = np.median(times[UNTIMED:], axis=0)
    return float(busy), float(passed)

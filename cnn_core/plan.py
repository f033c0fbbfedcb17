"""In which order, in which pieces and how many images at a time a network is run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from cnn_core.architecture import Architecture
from cnn_core.errors import ArchitectureError
from cnn_core.functional.geometry import even
from cnn_core.layers import BatchNorm, Conv2D, Dense, Layer, MaxPool2D, ReLU, Shape, Softmax
from cnn_core.layers.normalized_convolution import NormalizedConv2D
from cnn_core.layers.pooled_convolution import PooledConv2D
from cnn_core.layers.pooled_normalization import PooledBatchNorm

# What a chunk of images needs at once should stay in the processor's cache; in smaller chunks more time goes
# into calling NumPy. Constants, not measured at run time: the size of a chunk decides in which order numbers
# are added, and results are to be the same bits every time.
CHUNK_BYTES = 1 << 24
SMALLEST_CHUNK, LARGEST_CHUNK = 2, 128
LEAST_PARTS = 2  # so that cores share even a small batch
SMALLEST_SHARD = 32  # images of a large batch: a core that takes fewer waits more than it works
# Weights larger than this are worth so many images a chunk: each chunk reads all of them.
LARGE_WEIGHT_BYTES = 1 << 18
ENOUGH_IMAGES = 32


@dataclass(frozen=True)
class Step:
    """One layer in its place, or several that are run as one."""

    index: int  # of the layer; of several, the one whose statistics, else whose weights, the step has
    layer: Layer
    may_overwrite: bool  # the layer may write its output over its input
    needs_backward: bool  # it or a layer before it has parameters
    needs_dx: bool  # a layer before it has parameters
    normalization: tuple[int, BatchNorm] | None = None  # folded into this layer's weights, for inference
    convolution: int | None = None  # in training, the layer that this normalisation has taken in

    @property
    def first(self) -> int:
        """The first layer that is run in this step."""
        return self.index if self.convolution is None else self.convolution

    @property
    def learns(self) -> bool:
        """Whether there is something to learn in this step, beside normalisation, or before it."""
        return self.needs_dx or self.convolution is not None


@dataclass(frozen=True)
class Segment:
    """Steps that a chunk of images runs through without looking at other chunks.

    At a batch normalisation all chunks must have arrived before any goes on: it is the `departure` of the
    segment before it, which measures, and the `arrival` of the segment after it, which normalises. A segment
    that `regroups` cuts the batch anew, into chunks of at most `images`.
    """

    arrival: Step | None
    steps: tuple[Step, ...]
    departure: Step | None
    regroups: bool
    joins: bool  # the next segment regroups
    images: int
    input_shape: Shape
    output_shape: Shape

    def chunk_size(self, images: int) -> int:
        """Return the number of images in each chunk of so many, all about as large."""
        return even(images, self.images)


def parts(batch: int, most: int) -> list[slice]:
    """Cut a batch into parts of at most so many images, all about as large: the same ones whatever the number
    of cores that take them."""
    count = max(LEAST_PARTS, -(-batch // most))
    size = -(-batch // (-(-count // LEAST_PARTS) * LEAST_PARTS))  # no core is left waiting for one odd part
    return [slice(start, min(start + size, batch)) for start in range(0, batch, size)]


def shards(segments: Sequence[Segment], batch: int) -> list[slice]:
    """Cut a training batch into what cores take all the way through the network: half of what a chunk might
    be, so that more cores can share."""
    return parts(batch, max(segments[0].images // 2, SMALLEST_SHARD))


@lru_cache(maxsize=32)
def plan(architecture: Architecture, training: bool) -> tuple[Segment, ...]:
    """Return the segments that take a batch from images to logits; raise ArchitectureError where there is no
    way.

    A Softmax at the end is left out: loss and probabilities are computed from its logits.
    """
    if architecture.error:
        raise ArchitectureError(architecture.error)
    shapes = {r.index: r.input_shape or () for r in architecture.check()}
    steps = _steps(architecture, training)
    cuts = _cuts(steps, training, shapes)
    arrivals = [steps[c] if i and _meets(steps[c], training) else None for i, c in enumerate(cuts)]
    regroups = [i == 0 or arrival is None for i, arrival in enumerate(arrivals)]
    between = [
        steps[cut + (arrival is not None) : end]
        for cut, arrival, end in zip(cuts, arrivals, [*cuts[1:], None], strict=True)
    ]
    inputs = [shapes[steps[cut].first] for cut in cuts]
    return tuple(
        Segment(*parts)
        for parts in zip(
            arrivals,
            between,
            [*arrivals[1:], None],
            regroups,
            [*regroups[1:], False],
            _chunk_sizes(steps, cuts, regroups, shapes),
            inputs,
            [*inputs[1:], (architecture.classes,)],
            strict=True,
        )
    )


def _steps(architecture: Architecture, training: bool) -> tuple[Step, ...]:
    layers = list(enumerate(architecture.layers))
    if isinstance(layers[-1][1], Softmax) and len(layers) > 1:
        layers.pop()
    folded = {} if training else _fold_normalizations(layers)
    _pool_before_relu(layers)
    if training:
        _normalize_first(layers, architecture)
        _join_pairs(layers, NormalizedConv2D.with_pooling)
        _join_pairs(layers, PooledBatchNorm.join)
    _join_pairs(layers, PooledConv2D.join)
    steps, previous, trained = [], None, False
    for index, layer in layers:
        has_parameters = bool(layer.parameter_shapes(architecture.check()[index].input_shape or ()))
        overwrite = previous is not None and previous.releases_output
        taken_in = index - 1 if isinstance(layer, NormalizedConv2D) else None
        needs = (overwrite, trained or has_parameters, trained)
        steps.append(Step(index, layer, *needs, normalization=folded.get(index), convolution=taken_in))
        previous, trained = layer, trained or has_parameters
    return tuple(steps)


def _fold_normalizations(layers: list[tuple[int, Layer]]) -> dict[int, tuple[int, BatchNorm]]:
    """Take out each batch normalisation that follows a weighted sum; return it by the index of that layer."""
    folded = {}
    for i in reversed(range(len(layers) - 1)):
        (index, first), (second_index, second) = layers[i : i + 2]
        if isinstance(first, (Conv2D, Dense)) and isinstance(second, BatchNorm):
            folded[index] = (second_index, second)
            del layers[i + 1]
    return folded


def _normalize_first(layers: list[tuple[int, Layer]], architecture: Architecture) -> None:
    """Make one of the first layer that learns and the batch normalisation after it, where `NormalizedConv2D`
    can: in the place of the second, at which shards meet."""
    shapes = {r.index: r.input_shape or () for r in architecture.check()}
    learns = (i for i, (index, layer) in enumerate(layers) if layer.parameter_shapes(shapes[index]))
    i = next(learns, len(layers))
    if i + 1 < len(layers):
        (index, first), (second_index, second) = layers[i : i + 2]
        if (one := NormalizedConv2D.join(first, second, shapes[index])) is not None:
            layers[i : i + 2] = [(second_index, one)]


def _pool_before_relu(layers: list[tuple[int, Layer]]) -> None:
    """Put each MaxPool2D before the ReLU that precedes it.

    The result is the same to the bit, both ways: ReLU keeps the order of numbers, so the largest stays the
    largest, and where two winners are possible both are negative and no gradient passes. The ReLU has a
    quarter of the work to do.
    """
    for i in range(len(layers) - 1):
        if isinstance(layers[i][1], ReLU) and isinstance(layers[i + 1][1], MaxPool2D):
            layers[i], layers[i + 1] = layers[i + 1], layers[i]


def _join_pairs(layers: list[tuple[int, Layer]], join: Callable[[Layer, Layer], Layer | None]) -> None:
    """Replace each two layers that `join` makes one of by that one, in the place of the first."""
    for i in reversed(range(len(layers) - 1)):
        (index, first), (_, second) = layers[i : i + 2]
        if (one := join(first, second)) is not None:
            layers[i : i + 2] = [(index, one)]


def _meets(step: Step, training: bool) -> bool:
    return training and isinstance(step.layer, BatchNorm)


def _cuts(steps: Sequence[Step], training: bool, shapes: dict[int, Shape]) -> list[int]:
    """Return where segments begin: at batch normalisations, and at large weights which too few images would
    come to together."""
    cuts = [0]  # where a batch normalisation comes first, nothing stands before it but its measuring
    regrouped = 0
    for i, step in enumerate(steps):
        if _meets(step, training):
            cuts.append(i)
        elif _has_large_weights(step, shapes) and _chunk_size(steps[regrouped:i], shapes) < ENOUGH_IMAGES:
            cuts.append(i)
            regrouped = i
    return cuts


def _has_large_weights(step: Step, shapes: dict[int, Shape]) -> bool:
    return isinstance(step.layer, Dense) and 4 * shapes[step.index][0] * step.layer.units > LARGE_WEIGHT_BYTES


def _chunk_sizes(
    steps: Sequence[Step], cuts: Sequence[int], regroups: Sequence[bool], shapes: dict[int, Shape]
) -> list[int]:
    """Return each segment's images a chunk: the same for all up to the next one that regroups."""
    starts = [i for i, again in enumerate(regroups) if again]
    sizes: list[int] = []
    for start, stop in zip(starts, [*starts[1:], len(cuts)], strict=True):
        end = cuts[stop] if stop < len(cuts) else len(steps)
        sizes += [_chunk_size(steps[cuts[start] : end], shapes)] * (stop - start)
    return sizes


def _chunk_size(steps: Sequence[Step], shapes: dict[int, Shape]) -> int:
    """Return how many images go through these steps together."""
    most = max((_working_bytes(step.layer, shapes[step.first]) for step in steps), default=1)
    return min(LARGEST_CHUNK, max(SMALLEST_CHUNK, CHUNK_BYTES // most))


def _working_bytes(layer: Layer, shape: Shape) -> int:
    """Return what one image needs at once in this layer: its input, its output and the window's columns."""
    output = layer.output_shape(shape)
    w = layer.window(shape)
    columns = prod(w.output) * prod(w.kernel) * shape[-1] if w and layer.multiply_adds(shape) else 0
    return 4 * (prod(shape) + prod(output) + columns)

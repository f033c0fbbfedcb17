"""Runs a network forward, for the scores of images alone, in memory that is used again."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnn_core.functional.geometry import Array
from cnn_core.layers import Context
from cnn_core.memory import Memory, Scratch
from cnn_core.plan import Segment
from cnn_core.shard import by_layer, scaled
from cnn_core.threads import single_threaded_blas


class Classifier:
    """Runs parts of batches of one network, one part at a time."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        """Prepare for the segments of a plan for inference."""
        self.segments = segments
        self._memory, self._scratch = Memory(), Scratch()

    # A number that grows beyond its type is seen in the result; a warning from each process is noise.
    @np.errstate(over="ignore", invalid="ignore")
    def scores(self, values: Mapping[str, Array], images: Array, rows: Sequence[slice]) -> list[Array]:
        """Return the scores (n, classes) of each of these parts of the images; values are parameters and
        buffers."""
        layers = folded(self.segments, by_layer(values))
        with single_threaded_blas():
            return [self._run(layers, images[part]) for part in rows]

    def _run(self, layers: Mapping[int, dict[str, Array]], x: Array) -> Array:
        """Run all segments, each in chunks of as many images as it takes."""
        for number, segment in enumerate(self.segments):
            out = self._memory.of("output", number)((len(x), *segment.output_shape), np.float32)
            size = segment.chunk_size(len(x))
            for start in range(0, len(x), size):
                chunk = slice(start, start + size)
                out[chunk] = self._through(segment, layers, x[chunk])
            x = out
        return x.copy()

    def _through(self, segment: Segment, layers: Mapping[int, dict[str, Array]], images: Array) -> Array:
        memory = self._memory.of("chunk")
        x = scaled(images, memory)
        for step in segment.steps:
            self._scratch.release()
            context = Context(may_overwrite=step.may_overwrite, new=memory, scratch=self._scratch)
            x, _ = step.layer.forward(x, layers.get(step.index, {}), context)
        return x


def folded(segments: Sequence[Segment], layers: dict[int, dict[str, Array]]) -> dict[int, dict[str, Array]]:
    """Return each layer's values, those of batch normalisation folded into the weights before it, for the
    segments of a plan for inference."""
    for step in (step for segment in segments for step in segment.steps):
        if step.normalization:
            index, layer = step.normalization
            layers[step.index] = layer.folded(layers[step.index], layers[index])
    return layers

"""Architecture: the shape of the input and a chain of layers, as one frozen value."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from reprlib import repr as shown  # a value from a file may be of any length
from typing import Any

from cnn_core.errors import ArchitectureError
from cnn_core.layers import LAYERS, Layer, Shape

FORMAT, VERSION = "cnn-architecture", 1
MOST_LAYERS = 200
MOST_PARAMETERS = 50_000_000  # 200 MB, and as much again for gradients and for the optimiser
MOST_VALUES = 16_000_000  # activations of one layer for one image: 64 MB
MOST_WINDOW_VALUES = 100_000_000  # what all windows of one layer meet in one image: 400 MB
LARGEST_INPUT = 1024


@dataclass(frozen=True, kw_only=True)
class LayerReport:
    """What one layer of an architecture would be; shapes are without the batch."""

    index: int
    layer: Layer
    input_shape: Shape | None  # None after an earlier layer's error
    output_shape: Shape | None = None  # None from the first error on
    parameters: int = 0
    multiply_adds: int = 0  # for one image, forward
    receptive_field: tuple[int, int] | None = (
        None  # rows and columns of the input that one output can depend on
    )
    error: str | None = None


@dataclass(frozen=True)
class Architecture:
    """A network without its numbers: images of `input_shape` (H, W, C) go through `layers` in order.

    The last layer gives one score a class; with Softmax at the end, probabilities. A half-edited architecture
    may not work yet: `check` says what fits and what does not. Editing returns new values.
    """

    input_shape: tuple[int, int, int]
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        shape, layers = tuple(self.input_shape), tuple(self.layers)
        if len(shape) != 3 or not all(
            isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= LARGEST_INPUT for n in shape
        ):
            raise ArchitectureError(
                f"input_shape is {shown(self.input_shape)}; use (height, width, channels), "
                f"each a whole number from 1 to {LARGEST_INPUT:,}"
            )
        if _size(shape) > MOST_VALUES:
            raise ArchitectureError(
                f"input_shape is {shown(self.input_shape)}, {_size(shape):,} values an image; "
                f"use smaller images, of {MOST_VALUES:,} values or fewer"
            )
        for layer in layers:
            if not isinstance(layer, Layer):
                raise ArchitectureError(f"{shown(layer)} is not a layer; use one of {', '.join(LAYERS)}")
        if len(layers) > MOST_LAYERS:
            raise ArchitectureError(f"{len(layers):,} layers are too many; use {MOST_LAYERS} or fewer")
        object.__setattr__(self, "input_shape", shape)
        object.__setattr__(self, "layers", layers)

    # Editing. A negative index counts from the end; IndexError for one beyond.

    def inserted(self, index: int, layer: Layer) -> "Architecture":
        """Return the architecture with `layer` before the layer now at `index`, or after the last one where
        `index` is their number."""
        if index != len(self.layers):
            index = self._place(index)
        return self._with((*self.layers[:index], layer, *self.layers[index:]))

    def removed(self, index: int) -> "Architecture":
        """Return the architecture without the layer at `index`."""
        index = self._place(index)
        return self._with((*self.layers[:index], *self.layers[index + 1 :]))

    def moved(self, source: int, target: int) -> "Architecture":
        """Return the architecture with the layer at `source` moved so that it stands at `target`."""
        return self.removed(source).inserted(self._place(target), self.layers[source])

    def replaced(self, index: int, layer: Layer) -> "Architecture":
        """Return the architecture with `layer` in the place of the one at `index`."""
        index = self._place(index)
        return self._with((*self.layers[:index], layer, *self.layers[index + 1 :]))

    def _place(self, index: int) -> int:
        return range(len(self.layers))[index]

    def _with(self, layers: Iterable[Layer]) -> "Architecture":
        return Architecture(self.input_shape, tuple(layers))

    # Checking

    def check(self) -> tuple[LayerReport, ...]:
        """Return a report on each layer; the first that does not fit carries the error, those after it are
        unknown."""
        return self._reports

    @cached_property  # of a frozen value: asked for many times a second by a window that follows training
    def _reports(self) -> tuple[LayerReport, ...]:
        reports: list[LayerReport] = []
        shape: Shape | None = self.input_shape
        field, jump = (1, 1), (1, 1)
        total = 0
        for index, layer in enumerate(self.layers):
            if shape is None:
                reports.append(LayerReport(index=index, layer=layer, input_shape=None))
                continue
            try:
                field, jump = _receptive_field(layer, shape, field, jump, self.input_shape)
                report = _report(index, layer, shape, field, total)
            except ArchitectureError as error:
                text = f"layer {index} ({layer.name}): {error}"
                report = LayerReport(index=index, layer=layer, input_shape=shape, error=text)
            reports.append(report)
            shape, total = report.output_shape, total + report.parameters
        if reports and shape is not None and len(shape) != 1:
            reports[-1] = _without_scores(reports[-1])
        return tuple(reports)

    @property
    def error(self) -> str | None:
        """Why no network can be made of this, or None."""
        if not self.layers:
            return "the network has no layers; add some, at the end Dense with one unit a class"
        return next((report.error for report in self.check() if report.error), None)

    @property
    def classes(self) -> int:
        """The number of scores that come out; raises ArchitectureError where nothing does."""
        if self.error:
            raise ArchitectureError(self.error)
        shape = self.check()[-1].output_shape
        assert shape is not None
        return shape[0]

    # JSON

    def to_json(self) -> str:
        """Return the architecture as JSON text."""
        layers = [{"type": layer.name, **asdict(layer)} for layer in self.layers]
        value = {"format": FORMAT, "version": VERSION, "input_shape": self.input_shape, "layers": layers}
        return json.dumps(value, indent=1)

    @staticmethod
    def from_json(text: str) -> "Architecture":
        """Return the architecture written by `to_json`; raise ArchitectureError for anything else."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ArchitectureError(f"this is not an architecture: it is not JSON ({error})") from None
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise ArchitectureError(f'this is not an architecture: it lacks "format": "{FORMAT}"')
        if value.get("version") != VERSION:
            raise ArchitectureError(
                f"this architecture has version {shown(value.get('version'))}, this program reads {VERSION}; "
                "update the program"
            )
        shape, layers = value.get("input_shape"), value.get("layers")
        if not isinstance(shape, list) or not isinstance(layers, list):
            raise ArchitectureError('this architecture lacks the lists "input_shape" and "layers"')
        if len(layers) > MOST_LAYERS:
            raise ArchitectureError(f"{len(layers):,} layers are too many; use {MOST_LAYERS} or fewer")
        return Architecture(tuple(shape), tuple(_layer(i, each) for i, each in enumerate(layers)))


def _report(index: int, layer: Layer, shape: Shape, field: tuple[int, int], total: int) -> LayerReport:
    output = layer.output_shape(shape)
    parameters = sum(_size(s) for s in layer.parameter_shapes(shape).values())
    if total + parameters > MOST_PARAMETERS:
        raise ArchitectureError(
            f"{total + parameters:,} parameters up to here are more than the limit of {MOST_PARAMETERS:,}; "
            "use fewer filters or units, or pool the images smaller before"
        )
    if _size(output) > MOST_VALUES:
        raise ArchitectureError(
            f"{_size(output):,} values an image are more than the limit of {MOST_VALUES:,}; "
            "use fewer filters, or a larger stride"
        )
    if (values := _window_values(layer, shape, output)) > MOST_WINDOW_VALUES:
        raise ArchitectureError(
            f"its windows meet {values:,} values of an image, the limit is {MOST_WINDOW_VALUES:,}; "
            "use a smaller window, less padding or a larger stride"
        )
    return LayerReport(
        index=index,
        layer=layer,
        input_shape=shape,
        output_shape=output,
        parameters=parameters,
        multiply_adds=layer.multiply_adds(shape),
        receptive_field=field,
    )


def _without_scores(last: LayerReport) -> LayerReport:
    shape = "x".join(str(n) for n in last.output_shape or ())
    text = (
        f"layer {last.index} ({last.layer.name}): the network ends with {shape} images, "
        "not with one score a class; add Flatten or GlobalAveragePooling2D, then Dense"
    )
    values = {f.name: getattr(last, f.name) for f in fields(last)}
    return LayerReport(**{**values, "error": text})


def _receptive_field(
    layer: Layer, shape: Shape, field: tuple[int, int], jump: tuple[int, int], whole: Shape
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the receptive field after the layer, and the distance on the input of neighbouring outputs."""
    if layer.sees_all:
        return (whole[0], whole[1]), jump
    w = layer.window(shape)
    if w is None:
        return field, jump
    grown = [f + (k - 1) * d * j for f, k, d, j in zip(field, w.kernel, w.dilation, jump, strict=True)]
    # Not more than there is: padding adds nothing to see.
    seen = (min(grown[0], whole[0]), min(grown[1], whole[1]))
    return seen, (jump[0] * w.stride[0], jump[1] * w.stride[1])


def _window_values(layer: Layer, shape: Shape, output: Shape) -> int:
    """Return how many values all windows meet, or the padded image holds if that is more; else 0."""
    w = layer.window(shape)
    if w is None:
        return 0
    padded = _size((shape[0] + w.before[0] + w.after[0], shape[1] + w.before[1] + w.after[1], shape[2]))
    return max(padded, _size((*output[:2], *w.kernel, shape[2])))


def _size(shape: Shape) -> int:
    size = 1
    for n in shape:
        size *= n
    return size


def _layer(index: int, value: Any) -> Layer:
    """Return the layer described by a JSON object."""
    kind = LAYERS.get(str(value.get("type"))) if isinstance(value, dict) else None
    if kind is None:
        shown = str(value.get("type") if isinstance(value, dict) else value)[:40]
        raise ArchitectureError(
            f"layer {index}: no layer is called {shown!r}; use one of {', '.join(LAYERS)}"
        )
    names = {f.name for f in fields(kind)}
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items() if k != "type"}
    if unknown := sorted(set(given) - names):
        known = ", ".join(sorted(names)) or "none"
        raise ArchitectureError(
            f"layer {index} ({kind.__name__}): it has no {unknown[0][:40]!r}; its settings: {known}"
        )
    try:
        return kind(**given)
    except ArchitectureError as error:
        raise ArchitectureError(f"layer {index} ({error})") from None
    except TypeError:
        raise ArchitectureError(
            f"layer {index} ({kind.__name__}): a setting is missing or not a number"
        ) from None

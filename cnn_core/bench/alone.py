"""Which matrix products and copies a layer makes, and how long they take alone.

A layer asks its context for memory. Given arrays that note what is done with them, it does the same work and
leaves a list of calls; each is repeated later on arrays of the same shapes and strides.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any, TypeAlias

import numpy as np

from cnn_core.bench.observed import Key, processor_time
from cnn_core.functional.geometry import Allocate, Array
from cnn_core.layers import Context

PRODUCT, COPY = "product", "copy"
Form: TypeAlias = tuple[tuple[int, ...], tuple[int, ...], str]  # shape, strides, type


@dataclass(frozen=True)
class Call:
    """A matrix product, or a copy of at least a matrix."""

    kind: str
    target: Form
    sources: tuple[Form, ...]

    @property
    def operations(self) -> int:
        """The additions and multiplications of a product; 0 for a copy."""
        return 2 * prod(self.target[0]) * self.sources[0][0][-1] if self.kind == PRODUCT else 0


class Recorder:
    """Notes the calls of each layer, both ways: an observer for a batch on one thread."""

    def __init__(self) -> None:
        self.calls: dict[Key, Counter[Call]] = {}
        self._current: Counter[Call] = Counter()

    def see(self, key: Key, run: Callable[..., Any], *arguments: Any) -> Any:
        """Return run(*arguments), its context giving arrays that tell of their calls."""
        self._current = self.calls.setdefault(key, Counter())
        return run(*(self._noting(a) if isinstance(a, Context) else a for a in arguments))

    def note(self, kind: str, target: Array, *sources: Any) -> None:
        """Count a call; what has no two dimensions, such as sums with a vector of ones, is not counted."""
        arrays = [np.asarray(source) for source in sources]
        if min(a.ndim for a in (target, *arrays)) >= 2:
            self._current[Call(kind, _form(target), tuple(_form(a) for a in arrays))] += 1

    def _noting(self, context: Context) -> Context:
        def noted(allocate: Allocate) -> Allocate:
            def give(shape: tuple[int, ...], dtype: Any) -> Array:
                array = allocate(shape, dtype).view(_Noting)
                array.recorder = self
                return array

            return give

        return replace(context, new=noted(context.new), scratch=noted(context.scratch))


class _Noting(np.ndarray[Any, np.dtype[Any]]):
    """An array that tells its recorder which products and copies it takes part in."""

    recorder: Recorder | None = None

    def __array_finalize__(self, source: Any) -> None:
        self.recorder = getattr(source, "recorder", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.get("out")
        plain = {**options, "out": tuple(_plain(o) for o in out)} if out else options
        result = getattr(ufunc, method)(*(_plain(i) for i in inputs), **plain)
        if ufunc is np.matmul and self.recorder:
            self.recorder.note(PRODUCT, result, *inputs)
        return out[0] if out else result

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if function is np.copyto and self.recorder:
            self.recorder.note(COPY, arguments[0], arguments[1])
        return super().__array_function__(function, types, arguments, options)


class Alone:
    """Repeats recorded calls, one at a time."""

    def __init__(self, calls: set[Call]) -> None:
        """Get memory as large as the largest of them needs: operands lie in the cache as far as they fit."""
        forms = [(call.target, *call.sources) for call in calls]
        sizes = [max((_extent(f[i]) for f in forms if i < len(f)), default=0) for i in range(3)]
        generator = np.random.default_rng(0)
        self._memory = [generator.random(-(-size // 4), dtype=np.float32) for size in sizes]

    def seconds(self, call: Call) -> float:
        """Return the processor time of one such call, the second of two."""
        target, *sources = (
            np.ndarray(form[0], form[2], memory, _start(form), form[1])
            for form, memory in zip((call.target, *call.sources), self._memory, strict=False)
        )
        begun = 0.0
        for _ in range(2):
            begun = processor_time()
            if call.kind == PRODUCT:
                np.matmul(sources[0], sources[1], out=target)
            else:
                np.copyto(target, sources[0])
        return processor_time() - begun


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, _Noting) else value


def _form(array: Array) -> Form:
    return array.shape, array.strides, array.dtype.str


def _extent(form: Form) -> int:
    """Return the bytes from the lowest address to behind the highest."""
    shape, strides, kind = form
    return sum((n - 1) * abs(s) for n, s in zip(shape, strides, strict=True)) + np.dtype(kind).itemsize


def _start(form: Form) -> int:
    """Return how far the first value is from the lowest address: filters are turned by steps backwards."""
    return sum((n - 1) * -s for n, s in zip(form[0], form[1], strict=True) if s < 0)

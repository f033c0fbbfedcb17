"""How the cost of a convolution grows with channels, kernel and image, and why where not with its work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cnn_core.architecture import Architecture
from cnn_core.bench.profile import LayerCost, layer_costs
from cnn_core.layers import Conv2D, Dense, GlobalAveragePooling2D, Softmax
from cnn_core.plan import plan

CHANNELS, KERNELS, SIZES = (4, 8, 16, 32, 64, 128), (1, 3, 5, 7, 9), (8, 16, 32, 64, 128)
BASE = (32, 3, 32)  # channels, kernel, size: what the others are held against
LINEAR = 1.25  # a multiply-add up to so many times as dear or as cheap counts as linear growth
CONVOLUTION = 1  # its place in the network

NAMES = {"products": "products", "copies": "copies", "rest": "passes and calls"}
HEADINGS = ("work", "time", "each", "base = 1", "products", "copies", "rest", "GFLOP/s")
EXPLANATION = f"""
How the cost of a convolution grows. The base has {BASE[0]} channels and filters, a {BASE[1]}x{BASE[1]} kernel
and {BASE[2]}x{BASE[2]} images; one of the three changes at a time, measured in turn with the base: the layer
alone, forward and in training both gradients, on one thread, in two chunks of images as the plan cuts them.

work      million multiply-adds an image, by the definition: fewer will do for most kernels of two to seven
          rows (`functional/ways.py`)
time      microseconds an image (medians of processor time)
each      picoseconds a multiply-add
base = 1  a multiply-add's time with that of the base as 1: 1 is linear growth
products  copies  rest: what that is made of; products and copies are run alone
GFLOP/s   the work by the time of the products alone

Where a multiply-add is more than {LINEAR} times as dear or as cheap, the line says which parts differ by how
much."""
WHY = """
Why: a convolution is a product of a matrix of windows and a matrix of filters. With few filters, or few
numbers in a window, such a product runs at a lower rate even alone: see GFLOP/s. Copying the windows grows
with the channels, multiplying with channels times filters: copies weigh more the fewer filters read them, and
the shorter their runs. Large kernels make a matrix of windows that no cache holds, and from eight rows on
take every multiplication; of smaller ones fewer will do, the fewer the better the tiles fit the image. Passes
and calls weigh most where there is least to multiply."""


@dataclass(frozen=True)
class Point:
    """One convolution: as many filters as channels, square kernel and image, padding "same"."""

    channels: int
    kernel: int
    size: int

    @property
    def architecture(self) -> Architecture:
        """The least network around it: a scale for each channel before, so that the convolution must send
        its gradient back as in the middle of a network, and a classifier after."""
        convolution = Conv2D(filters=self.channels, kernel_size=self.kernel, padding="same")
        scale = Conv2D(filters=self.channels, groups=self.channels, kernel_size=1)
        head = (GlobalAveragePooling2D(), Dense(units=10), Softmax())
        return Architecture((self.size, self.size, self.channels), (scale, convolution, *head))

    def multiply_adds(self, training: bool) -> int:
        """Return those of the convolution for one image; training needs two gradients, each as dear."""
        return self.architecture.check()[CONVOLUTION].multiply_adds * (3 if training else 1)


@dataclass(frozen=True)
class Cost:
    """The convolution's seconds for each multiply-add, and what they are made of."""

    work: int
    seconds: float
    parts: dict[str, float]  # products, copies, rest: they add up to the seconds


def costs(measured: Sequence[Point], training: bool, seconds: float) -> list[Cost]:
    """Measure points in turn, each on two chunks of images as the plan cuts them."""
    cases = [(p.architecture, 2 * plan(p.architecture, training)[0].images) for p in measured]
    found = layer_costs(cases, training, seconds)
    return [
        _cost([c for c in layers if c.index == CONVOLUTION], point.multiply_adds(training))
        for layers, point in zip(found, measured, strict=True)
    ]


def reason(found: Cost, base: Cost) -> str:
    """Return in a few words what makes a multiply-add dearer or cheaper than the base's; "" where it is
    neither."""
    ratio = found.seconds / base.seconds
    if 1 / LINEAR <= ratio <= LINEAR:
        return ""
    gaps = {part: (found.parts[part] - base.parts[part]) / base.seconds for part in found.parts}
    sign = 1 if ratio > 1 else -1
    main = [part for part, gap in sorted(gaps.items(), key=lambda item: -sign * item[1]) if sign * gap > 0.1]
    causes = ", ".join(f"{NAMES[part]} {gaps[part]:+.2f}" for part in main)
    return f"{'dearer' if ratio > 1 else 'cheaper'}: {causes}"


def points() -> Iterator[tuple[str, int, Point]]:
    """Yield (what grows, its value, the convolution), one after the other."""
    channels, kernel, size = BASE
    for value in CHANNELS:
        yield "channels", value, Point(value, kernel, size)
    for value in KERNELS:
        yield "kernel", value, Point(channels, value, size)
    for value in SIZES:
        yield "image", value, Point(channels, kernel, value)


def print_growth(seconds: float) -> list[dict[str, Any]]:
    """Measure every point, each for so many seconds, and print the tables; return them as rows."""
    print(EXPLANATION)
    rows: list[dict[str, Any]] = []
    for training in (True, False):
        print(f"\n{'training' if training else 'classifying'}")
        print(f"{'':14}" + "".join(f"{heading:>10}" for heading in HEADINGS))
        for grows, value, point in points():
            base, *others = costs(list(dict.fromkeys([Point(*BASE), point])), training, seconds)
            found = others[0] if others else base
            row = _row(grows, value, training, found, base)
            rows.append(row)
            print(_line(row), flush=True)
    print(WHY)
    return rows


def _row(grows: str, value: int, training: bool, found: Cost, base: Cost) -> dict[str, Any]:
    return {
        "grows": grows,
        "value": value,
        "figure": "training" if training else "inference",
        "multiply_adds": found.work,
        "seconds": found.seconds * found.work,
        "relative": found.seconds / base.seconds,
        "parts": {part: value / base.seconds for part, value in found.parts.items()},
        "reason": reason(found, base),
    }


def _line(row: dict[str, Any]) -> str:
    each, parts = row["seconds"] / row["multiply_adds"], row["parts"]
    rate = 2 / (parts["products"] * each / row["relative"]) / 1e9
    cells = [f"{row['multiply_adds'] / 1e6:,.2f}", f"{1e6 * row['seconds']:,.1f}", f"{1e12 * each:.1f}"]
    cells += [f"{part:.2f}" for part in (row["relative"], *parts.values())] + [f"{rate:.0f}"]
    line = f"{row['grows']:9}{row['value']:>5}" + "".join(f"{cell:>10}" for cell in cells)
    return f"{line}  {row['reason']}".rstrip()


def _cost(costs: Sequence[LayerCost], work: int) -> Cost:
    parts = {part: sum(getattr(c, part) for c in costs) / work for part in NAMES}
    return Cost(work, sum(c.seconds for c in costs) / work, parts)

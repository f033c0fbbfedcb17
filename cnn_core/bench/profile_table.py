"""The profile of a network, printed."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from cnn_core.bench.networks import NETWORKS
from cnn_core.bench.profile import LayerCost, WholeCost, peak_rate, profile
from cnn_core.layers import BatchNorm, Conv2D, Dense, Layer
from cnn_core.layers.normalized_convolution import NormalizedConv2D
from cnn_core.layers.pooled_convolution import PooledConv2D
from cnn_core.layers.pooled_normalization import PooledBatchNorm

EXPLANATION = """
What a batch is made of: microseconds an image, processor time of one thread, medians.
products: the layer's matrix products, run alone, and their GFLOP/s; copies: its copies of matrices (windows
laid out as rows, blocks put in their places), run alone; rest: passes over single values, the calls
themselves, and what products and copies take longer for not being alone (a little below 0 is noise).
On several cores time is lost as they share caches and memory, to what one does alone (fetching images and
handing them over, adding up gradients, the optimiser), and to waiting for the last to finish."""
NAME = 41  # letters; the longest is a convolution with both that it takes in
HEADINGS = ("time", "share", "products", "GFLOP/s", "copies", "rest")


def print_profiles(
    networks: Sequence[str], batches: Sequence[int], threads: int, seconds: float
) -> list[dict[str, Any]]:
    """Measure and print training and classifying of each; return the figures as rows."""
    print(EXPLANATION)
    peak = peak_rate()
    print(f"Large products reach {peak / 1e9:.0f} GFLOP/s on one thread.")
    rows = []
    for name in networks:
        for batch in batches:
            for training in (True, False):
                architecture = NETWORKS[name]()
                layers, whole = profile(architecture, batch, training, threads, seconds)
                figure = "training" if training else "inference"
                print(f"\n{name}, batch {batch}: {figure}")
                _print(layers, whole, peak)
                rows.append({"network": name, "batch": batch, "figure": figure, **_fields(layers, whole)})
    return rows


def _print(layers: Sequence[LayerCost], whole: WholeCost, peak: float) -> None:
    print(f"{'':{NAME + 10}}" + "".join(f"{heading:>10}" for heading in HEADINGS))
    for cost in layers:
        name = f"{cost.index} {describe(cost.layer)}" if cost.way == "forward" else ""
        print(_line(f"{name:{NAME}} {cost.way:9}", cost.seconds, whole, cost))
    seen = sum(cost.seconds for cost in layers)
    print(_line("images, loss, sums, optimiser, threads", whole.one_thread - seen, whole))
    total = LayerCost(
        -1,
        layers[0].layer,
        "",
        whole.one_thread,
        sum(cost.products for cost in layers),
        sum(cost.copies for cost in layers),
        sum(cost.operations for cost in layers),
    )
    print(_line("all", whole.one_thread, whole, total))
    print(_bound(total, peak), _threads(whole), sep="\n", flush=True)


def _bound(total: LayerCost, peak: float) -> str:
    parts = (total.products, total.copies, total.rest)
    products, copies, rest = (f"{part / total.seconds:.0%}" for part in parts)
    return (
        f"Products are {products}, copies {copies}, all else {rest}. "
        f"At the rate of large products, these would take {1e6 * total.operations / peak:.1f}."
    )


def _line(name: str, seconds: float, whole: WholeCost, cost: LayerCost | None = None) -> str:
    cells = [f"{1e6 * seconds:.1f}", f"{seconds / whole.one_thread:.0%}"]
    if cost:
        rate = f"{cost.operations / cost.products / 1e9:.0f}" if cost.products else ""
        products, copies = (f"{1e6 * part:.1f}" if part else "" for part in (cost.products, cost.copies))
        cells += [products, rate, copies, f"{1e6 * cost.rest:.1f}"]
    return f"{name:{NAME + 10}}" + "".join(f"{cell:>10}" for cell in cells)


def _threads(whole: WholeCost) -> str:
    ideal, found = whole.one_thread / whole.threads, whole.all_threads
    speed = f"{whole.one_thread / found:.2f} times as fast; shared equally it is {1e6 * ideal:.1f}"
    return (
        f"On {whole.threads} cores: {1e6 * found:.1f} by the clock, {speed}.\n"
        f"Lost: {1e6 * whole.slower_together:.1f} as work takes longer side by side or is not shared, "
        f"{1e6 * whole.waited:.1f} waiting for others."
    )


def describe(layer: Layer) -> str:
    """Return the layer's kind and size in a few words."""
    if isinstance(layer, PooledConv2D):
        return f"{describe(layer.conv)}, {layer.pool.name}"
    if isinstance(layer, NormalizedConv2D):
        if isinstance(layer.conv, PooledConv2D):
            return f"{describe(layer.conv.conv)}, {BatchNorm.__name__}, {layer.conv.pool.name}"
        return f"{describe(layer.conv)}, {BatchNorm.__name__}"
    if isinstance(layer, PooledBatchNorm):
        return f"{BatchNorm.__name__}, {layer.pool.name}"
    if isinstance(layer, Conv2D):
        size = layer.kernel_size
        kernel = f"{size}x{size}" if isinstance(size, int) else f"{size[0]}x{size[1]}"
        return f"{layer.name} {layer.filters} of {kernel}" + (" depthwise" if layer.groups > 1 else "")
    return f"{layer.name} {layer.units}" if isinstance(layer, Dense) else layer.name


def _fields(layers: Sequence[LayerCost], whole: WholeCost) -> dict[str, Any]:
    described = [
        {
            "layer": cost.index,
            "kind": describe(cost.layer),
            "way": cost.way,
            "seconds": cost.seconds,
            "products": cost.products,
            "copies": cost.copies,
            "rest": cost.rest,
            "operations": cost.operations,
        }
        for cost in layers
    ]
    lost = {name: getattr(whole, name) for name in ("slower_together", "waited")}
    return {"layers": described, **asdict(whole), **lost}
